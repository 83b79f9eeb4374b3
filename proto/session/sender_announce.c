/* SPDX-License-Identifier: MIT
 *
 * The announce phase (spec v5 4.4): who is there, and, in encrypted sessions, who holds the keys.
 */
#include "session/sender_internal.h"

/* What is repeated each round. */
static void send_round(uftp_sender *sender, uint64_t now)
{
    uftp_clients *clients = &sender->clients;
    if (sender->encrypted)
        uftp_clients_set_due_all(clients, UFTP_CLIENT_REGISTERED, CLIENT_DUE_KEYINFO);
    if (sender->open)
        sender->list_empty_due = true;
    else
        uftp_clients_set_due_all(clients, UFTP_CLIENT_MUTE, CLIENT_DUE_ANNOUNCE);
    sender->answers_open = true;
    uftp_sender_round_begin(sender, now);
}

void uftp_sender_announce_begin(uftp_sender *sender, uint64_t now)
{
    uftp_sender_enter(sender, UFTP_SENDER_ANNOUNCE);
    sender->open = sender->clients.count == 0;
    sender->attempt = 1;
    uftp_event event = uftp_sender_event(sender, UFTP_EVENT_SESSION_STARTED);
    event.peer = sender->config.uid;
    event.address = sender->group_address;
    uftp_sender_push(sender, &event);
    send_round(sender, now);
}

void uftp_sender_announce_timeout(uftp_sender *sender, uint64_t now)
{
    if (sender->late_wait || sender->attempt == sender->config.robust) {
        sender->round_deadline = UFTP_NEVER;
        sender->answers_open = true;
        sender->ending = true; /* once the last answers have left */
        return;
    }
    sender->attempt++;
    uftp_sender_recalculate_grtt(sender, true, false);
    send_round(sender, now);
}

/* Everybody who is going to take part does: the files can begin. */
static void end_phase(uftp_sender *sender, uint64_t now)
{
    uftp_clients *clients = &sender->clients;
    sender->open = false;
    while (clients->by_state[UFTP_CLIENT_REGISTERED].first) {
        uftp_client *client = clients->by_state[UFTP_CLIENT_REGISTERED].first;
        uftp_sender_push_client(sender, UFTP_EVENT_CLIENT_LOST, client, NULL);
        uftp_clients_enter(clients, client, UFTP_CLIENT_LOST);
    }
    uftp_sender_proxies_lost(sender);
    for (uint32_t i = 0; i < clients->count; i++)
        uftp_client_drop_context(clients, clients->table[i]);
    if (uftp_sender_quit_on_dropout(sender, now, UFTP_RESULT_NO_REGISTRATION))
        return;
    if (uftp_clients_receivers_in(clients, UFTP_CLIENT_ACTIVE) == 0) {
        uftp_sender_finish(sender, now, UFTP_RESULT_NO_REGISTRATION);
        return;
    }
    uftp_sender_recalculate_grtt(sender, true, true);
    uftp_sender_file_next(sender, now);
}

bool uftp_sender_announce_check(uftp_sender *sender, uint64_t now)
{
    const uftp_clients *clients = &sender->clients;
    if (sender->ending) {
        if (uftp_sender_emit_owing(sender))
            return false;
        end_phase(sender, now);
        return true;
    }
    if (!sender->open && !sender->late_wait && uftp_clients_in(clients, UFTP_CLIENT_MUTE) == 0 &&
        uftp_clients_in(clients, UFTP_CLIENT_REGISTERED) == 0) {
        uftp_sender_recalculate_grtt(sender, false, false);
        sender->late_wait = true;
        sender->round_deadline = now + uftp_sender_told_grtt(sender);
        return true;
    }
    return false;
}

/* A client has become a member of the session. */
void uftp_sender_announce_confirm(uftp_sender *sender, uftp_client *client)
{
    uftp_clients_enter(&sender->clients, client, UFTP_CLIENT_ACTIVE);
    client->confirmed = true;
    uftp_sender_push_client(sender, UFTP_EVENT_CLIENT_CONFIRMED, client, NULL);
}

/* Its handshake is complete on our side: it is sent the group master. */
static void register_encrypted(uftp_sender *sender, uint64_t now, uftp_client *client)
{
    uftp_sender_keys_ready(sender, client);
    uftp_clients_enter(&sender->clients, client, UFTP_CLIENT_REGISTERED);
    uftp_clients_set_due(&sender->clients, client, CLIENT_DUE_KEYINFO);
    uftp_sender_answer_soon(sender, now);
    if (client->is_proxy)
        uftp_sender_proxy_vouches(sender, now, client);
}

/* A client that is not in the table yet, if it may come in; NULL when it was turned away. */
static uftp_client *admit(uftp_sender *sender, uint32_t uid, const uftp_address *address,
                          bool is_proxy)
{
    uftp_client *client;
    if (!sender->open || uid == 0) {
        uftp_sender_refuse(sender, uid, address, "Not in host list");
        return NULL;
    }
    int err = uftp_clients_add(&sender->clients, uid, NULL, is_proxy, &client);
    if (err < 0) {
        uftp_sender_refuse(sender, uid, address,
                           err == UFTP_ERR_LIMIT ? "Max destinations exceeded" : "Out of memory");
        return NULL;
    }
    client->address = *address;
    return client;
}

void uftp_sender_announce_register(uftp_sender *sender, uint64_t now, const uftp_datagram *datagram,
                                   uint32_t source, const uftp_register *message)
{
    uftp_client *client = uftp_clients_find(&sender->clients, source);
    bool lists = message->clients.count > 0;
    if (lists && (sender->wire != &uftp_wire_v5 || (client && !client->is_proxy))) {
        uftp_sender_refuse(sender, source, &datagram->source,
                           "specified multiple clients but not a proxy");
        return;
    }
    if (!client)
        client = admit(sender, source, &datagram->source, lists);
    if (!client || sender->phase != UFTP_SENDER_ANNOUNCE || client->state == UFTP_CLIENT_ABORTED)
        return; /* too late, or out: its own deadline ends it (spec v5 4.4) */
    if (client->proxy)
        return; /* it takes part behind a proxy already */

    uint64_t arrival = datagram->arrival && datagram->arrival < now ? datagram->arrival : now;
    bool first = client->state == UFTP_CLIENT_MUTE && !client->secrets;
    uftp_sender_measure_rtt(sender, client, message->timestamp_us, arrival);
    if (first && sender->encrypted) {
        int err = uftp_sender_keys_register(sender, client, message);
        if (err < 0) {
            uftp_sender_push_client(sender, UFTP_EVENT_CLIENT_REFUSED, client,
                                    "its key exchange cannot be used");
            return; /* stays MUTE and may try again */
        }
    }
    if (first)
        uftp_sender_push_client(sender, UFTP_EVENT_CLIENT_REGISTERED, client, NULL);
    if (lists)
        uftp_sender_proxy_register(sender, now, client, &message->clients);
    if (!sender->encrypted) {
        if (client->state == UFTP_CLIENT_MUTE)
            uftp_sender_announce_confirm(sender, client);
        /* Also when it asks again: then it has not heard the first answer. */
        uftp_clients_set_due(&sender->clients, client, CLIENT_DUE_REG_CONF);
        uftp_sender_answer_soon(sender, now);
    } else if (client->state == UFTP_CLIENT_REGISTERED) {
        uftp_clients_set_due(&sender->clients, client, CLIENT_DUE_KEYINFO);
        uftp_sender_answer_soon(sender, now);
    } else if (client->state == UFTP_CLIENT_MUTE && !sender->config.client_auth) {
        register_encrypted(sender, now, client);
    }
}

void uftp_sender_announce_client_key(uftp_sender *sender, uint64_t now, uftp_client *client,
                                     const uftp_client_key *message)
{
    if (client->state != UFTP_CLIENT_MUTE || !client->secrets || !sender->config.client_auth)
        return; /* repeated, or before its REGISTER (trap 60) */
    if (uftp_sender_keys_client_key(sender, client, message) < 0) {
        uftp_sender_push_client(sender, UFTP_EVENT_CLIENT_REFUSED, client,
                                "its key or signature is not the expected one");
        return; /* no ABORT: it stays MUTE and may try again (spec v5 3.7) */
    }
    register_encrypted(sender, now, client);
}

void uftp_sender_announce_keyinfo_ack(uftp_sender *sender, uint64_t now, uftp_client *client,
                                      const uftp_keyinfo_ack *message)
{
    (void)now;
    if (client->state != UFTP_CLIENT_REGISTERED)
        return;
    if (uftp_sender_keys_verify(sender, client, message->verify_data))
        uftp_sender_announce_confirm(sender, client);
}
