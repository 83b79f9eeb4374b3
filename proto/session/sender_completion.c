/* SPDX-License-Identifier: MIT
 *
 * The completion phase (spec v5 4.8): everybody confirms the end of the session, and is told that
 * the confirmation was heard.
 */
#include "session/sender_internal.h"

void uftp_sender_completion_begin(uftp_sender *sender, uint64_t now)
{
    uftp_clients *clients = &sender->clients;
    uftp_sender_enter(sender, UFTP_SENDER_COMPLETION);
    for (uint32_t i = 0; i < clients->count; i++)
        if (!uftp_client_failed(clients->table[i]))
            uftp_clients_enter(clients, clients->table[i], UFTP_CLIENT_ACTIVE);
    sender->attempt = 1;
    uftp_clients_set_due_all(clients, UFTP_CLIENT_ACTIVE, CLIENT_DUE_DONE);
    uftp_sender_round_begin(sender, now);
}

void uftp_sender_completion_timeout(uftp_sender *sender, uint64_t now)
{
    uftp_clients *clients = &sender->clients;
    if (sender->late_wait || sender->attempt == sender->config.robust) {
        sender->round_deadline = UFTP_NEVER;
        sender->answers_open = true;
        sender->ending = true; /* once the last confirmations have left */
        return;
    }
    sender->attempt++;
    uftp_sender_recalculate_grtt(sender, true, false);
    sender->answers_open = true;
    uftp_clients_set_due_all(clients, UFTP_CLIENT_ACTIVE, CLIENT_DUE_DONE);
    uftp_sender_round_begin(sender, now);
}

bool uftp_sender_completion_check(uftp_sender *sender, uint64_t now)
{
    uftp_clients *clients = &sender->clients;
    if (sender->ending) {
        if (uftp_sender_emit_owing(sender))
            return false;
        while (clients->by_state[UFTP_CLIENT_ACTIVE].first) {
            uftp_client *client = clients->by_state[UFTP_CLIENT_ACTIVE].first;
            if (client->is_proxy) { /* it has nothing to confirm for itself */
                uftp_clients_enter(clients, client, UFTP_CLIENT_DONE);
                continue;
            }
            uftp_sender_push_client(sender, UFTP_EVENT_CLIENT_LOST, client, NULL);
            uftp_clients_enter(clients, client, UFTP_CLIENT_LOST);
        }
        uftp_sender_finish(sender, now,
                           sender->stats.files_sent ? UFTP_RESULT_OK : UFTP_RESULT_NOTHING_SENT);
        return true;
    }
    if (!sender->late_wait && uftp_clients_receivers_in(clients, UFTP_CLIENT_ACTIVE) == 0) {
        uftp_sender_recalculate_grtt(sender, true, false);
        sender->late_wait = true;
        sender->round_deadline = now + uftp_sender_told_grtt(sender);
        return true;
    }
    return false;
}
