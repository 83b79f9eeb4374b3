/* SPDX-License-Identifier: MIT
 *
 * The transfer phase (spec v5 4.6): passes over the blocks that are wanted, a DONE at the end of
 * each, and from the receivers' NAKs what the next pass repeats.
 */
#include "session/sender_internal.h"

static void begin_pass(uftp_sender *sender, uint64_t now)
{
    sender_file *file = &sender->file;
    file->pass++;
    file->position = 0;
    file->section_reported = UINT32_MAX;
    file->end_of_pass = false;
    file->got_naks = false;
    file->dones_sent = 0;
    file->done_deadline = UFTP_NEVER;
    file->rewind_deadline = UFTP_NEVER;
    file->pass_blocks = file->resend.count;
    file->pass_sent = 0;
    /* The wait before a pass is no credit: the reference bursts here (spec v5 4.6.2). */
    uftp_pacer_restart(&sender->pacer, now);
    uftp_event event = uftp_sender_event(sender, UFTP_EVENT_FILE_PASS);
    event.pass = file->pass;
    event.count = file->resend.count;
    uftp_sender_push(sender, &event);
}

/* time_max_percent: that share of the time the rate allows (spec v5 4.6.3). */
static uint64_t time_limit(const uftp_sender *sender, uint64_t now)
{
    const uftp_sender_config *config = &sender->config;
    if (config->time_max_percent == 0 || uftp_sender_congestion_controlled(sender) ||
        config->rate_bytes_per_s == UFTP_RATE_UNLIMITED)
        return UFTP_NEVER;
    /* size < 2^48, so that size / 100 * percent stays below 2^56. */
    uint64_t seconds =
        sender->file.layout.size / 100 * config->time_max_percent / config->rate_bytes_per_s;
    return seconds ? now + UFTP_S(seconds) : UFTP_NEVER;
}

void uftp_sender_transfer_begin(uftp_sender *sender, uint64_t now)
{
    sender_file *file = &sender->file;
    uftp_sender_enter(sender, UFTP_SENDER_TRANSFER);
    /* Whoever continues a file says what it lacks: then the first pass is only a DONE. */
    if (uftp_resend_init(&file->resend, sender->config.memory, file->layout.blocks,
                         !file->partial) < 0) {
        uftp_sender_abort_all(sender, now, "Server is out of memory", UFTP_RESULT_ERROR);
        return;
    }
    file->pass = 0;
    file->grtt = uftp_sender_told_grtt(sender);
    file->limit_deadline = time_limit(sender, now);
    uftp_sender_congestion_begin(sender, now);
    begin_pass(sender, now);
}

static uint32_t count_bits(uftp_bytes bitmap, uint32_t bits)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < bits / 8; i++)
        count += (uint32_t)__builtin_popcount(bitmap.data[i]);
    if (bits % 8)
        count += (uint32_t)__builtin_popcount(bitmap.data[bits / 8] & ((1U << (bits % 8)) - 1));
    return count;
}

/* Whether so many NAKs put a client out; counts the excess (spec v5 4.6.3). */
static bool excessive(const uftp_sender *sender, uftp_client *client, uint32_t naks,
                      uint32_t blocks)
{
    if (!sender->config.nak_limited ||
        (uint64_t)naks * 100 / blocks <= sender->config.nak_percent_max)
        return false;
    return ++client->nak_excesses >= sender->config.nak_count_max;
}

/* A block of the section is still ahead in this pass: what is missing of it is on its way. */
static bool being_sent(const sender_file *file, uint32_t section)
{
    if (file->end_of_pass || file->position >= file->layout.blocks)
        return false;
    uint16_t current, block;
    uftp_layout_locate(&file->layout, file->position, &current, &block);
    return current == section;
}

/* The next pass waits for everybody's NAKs: three round trips, or one once all have spoken (their
 * further sections are right behind). */
static void plan_rewind(uftp_sender *sender, uint64_t now)
{
    sender_file *file = &sender->file;
    bool all = uftp_clients_in(&sender->clients, UFTP_CLIENT_ACTIVE) == 0;
    uint64_t deadline = now + (all ? 1 : 3) * file->grtt;
    if (file->rewind_deadline > deadline)
        file->rewind_deadline = deadline;
}

int uftp_sender_transfer_status(uftp_sender *sender, uint64_t now, uftp_client *client,
                                const uftp_status *message)
{
    sender_file *file = &sender->file;
    if (message->file_id != file->id || client->state == UFTP_CLIENT_DONE)
        return UFTP_OK;
    /* Trap 59: no such section, or a file without blocks, must not reach the bitmap. */
    uint32_t blocks = uftp_layout_section_blocks(&file->layout, message->section);
    if (blocks == 0 || message->naks.len < blocks / 8 + 1)
        return UFTP_ERR_MALFORMED;
    if (being_sent(file, message->section))
        return UFTP_OK;
    uint32_t naks = count_bits(message->naks, blocks);
    uftp_event event = uftp_sender_event(sender, UFTP_EVENT_CLIENT_NAKS);
    event.peer = client->uid;
    event.name = client->name;
    event.section = message->section;
    event.count = naks;
    uftp_sender_push(sender, &event);
    if (excessive(sender, client, naks, blocks)) {
        uftp_sender_put_out(sender, now, client, "Excessive NAKs received");
        return UFTP_OK;
    }
    uint32_t start = uftp_layout_section_start(&file->layout, message->section);
    uftp_resend_add_naks(&file->resend, start, blocks, message->naks.data);
    if (naks == 0)
        return UFTP_OK; /* a word without content: the DONE still stands */
    file->got_naks = true;
    uftp_clients_enter(&sender->clients, client, UFTP_CLIENT_ACTIVE_NAK);
    if (file->end_of_pass)
        plan_rewind(sender, now);
    return UFTP_OK;
}

uint64_t uftp_sender_transfer_deadline(const uftp_sender *sender)
{
    const sender_file *file = &sender->file;
    uint64_t deadline = file->done_deadline;
    if (file->rewind_deadline < deadline)
        deadline = file->rewind_deadline;
    if (file->limit_deadline < deadline)
        deadline = file->limit_deadline;
    uint64_t congestion = uftp_sender_congestion_deadline(sender);
    return congestion < deadline ? congestion : deadline;
}

static void rewind(uftp_sender *sender, uint64_t now)
{
    uftp_clients *clients = &sender->clients;
    if (sender->file.pass < sender->config.passes_max) {
        uftp_clients_enter_all(clients, UFTP_CLIENT_ACTIVE_NAK, UFTP_CLIENT_ACTIVE);
        begin_pass(sender, now);
        return;
    }
    sender->file.rewind_deadline = UFTP_NEVER;
    static const uftp_client_state unfinished[] = {UFTP_CLIENT_ACTIVE, UFTP_CLIENT_ACTIVE_NAK};
    for (size_t i = 0; i < 2; i++)
        while (clients->by_state[unfinished[i]].first && sender->phase == UFTP_SENDER_TRANSFER)
            uftp_sender_put_out(sender, now, clients->by_state[unfinished[i]].first,
                                "Max passes exceeded");
}

void uftp_sender_transfer_timeout(uftp_sender *sender, uint64_t now)
{
    sender_file *file = &sender->file;
    if (uftp_sender_congestion_timeout(sender, now))
        return;
    if (now >= file->limit_deadline) {
        uftp_sender_abort_all(sender, now, "Max file transfer time exceeded", UFTP_RESULT_ALL_LOST);
        return;
    }
    if (now >= file->rewind_deadline) {
        rewind(sender, now);
        return;
    }
    if (now < file->done_deadline)
        return;
    file->done_deadline = UFTP_NEVER;
    if (file->dones_sent < sender->config.robust) {
        uftp_sender_transfer_done_due(sender);
    } else if (file->rewind_deadline == UFTP_NEVER) {
        /* Silent to the last DONE, its full interval included: lost. */
        uftp_sender_file_finish(sender, now);
    }
}

void uftp_sender_transfer_done_due(uftp_sender *sender)
{
    uftp_clients *clients = &sender->clients;
    sender->packet = 0;
    if (uftp_clients_in(clients, UFTP_CLIENT_ACTIVE) > 0)
        uftp_clients_set_due_all(clients, UFTP_CLIENT_ACTIVE, CLIENT_DUE_DONE);
    else
        sender->list_empty_due = true;
    sender->file.dones_sent++;
    sender->attempt = sender->file.dones_sent;
}

void uftp_sender_transfer_pass_over(uftp_sender *sender, uint64_t now)
{
    /* Counts as "at the end" before the DONE leaves, so that no answer to it is turned down as
     * being for the section that is being sent (trap 57). */
    sender->file.end_of_pass = true;
    uftp_sender_transfer_done_due(sender);
    /* Who sent NAKs while the pass was under way is not asked again in it: without a next pass it
     * would wait in vain (sim: sessions_survive_loss_both_ways, seed 17). */
    if (sender->file.got_naks)
        plan_rewind(sender, now);
}

bool uftp_sender_transfer_check(uftp_sender *sender, uint64_t now)
{
    const uftp_clients *clients = &sender->clients;
    if (uftp_clients_receivers_in(clients, UFTP_CLIENT_ACTIVE) +
            uftp_clients_receivers_in(clients, UFTP_CLIENT_ACTIVE_NAK) >
        0)
        return false;
    uftp_sender_file_finish(sender, now);
    return true;
}

void uftp_sender_complete(uftp_sender *sender, uint64_t now, uftp_client *client,
                          const uftp_complete *message)
{
    if (message->file_id != sender->file.id)
        return; /* a late one; at the end of the session the file ID is 0 */
    bool completion = sender->phase == UFTP_SENDER_COMPLETION;
    bool first = client->state != UFTP_CLIENT_DONE;
    client->confirmed = true;
    if (first) {
        uftp_clients_enter(&sender->clients, client, UFTP_CLIENT_DONE);
        if (!completion) {
            client->status = message->status;
            client->done_after = now - sender->file.started;
            client->has_free_space = message->has_free_space;
            client->free_space = message->free_space;
        }
        uftp_event event = uftp_sender_event(sender, UFTP_EVENT_CLIENT_COMPLETE);
        event.peer = client->uid;
        event.name = client->name;
        event.status = message->status;
        event.has_free_space = message->has_free_space;
        event.free_space = message->free_space;
        uftp_sender_push(sender, &event);
    }
    if (completion) { /* also when it asks again: it has not heard the confirmation */
        uftp_clients_set_due(&sender->clients, client, CLIENT_DUE_DONE_CONF);
        uftp_sender_answer_soon(sender, now);
    }
}

/* Adds a finished object to a client's account. */
static bool account(const sender_file *file, uftp_client *client)
{
    switch ((uftp_complete_status)client->status) {
    case UFTP_COMPLETE_NORMAL:
        client->copied++;
        break;
    case UFTP_COMPLETE_OVERWRITE:
        client->overwritten++;
        break;
    case UFTP_COMPLETE_SKIPPED:
        client->skipped++;
        return true;
    case UFTP_COMPLETE_REJECTED:
        client->rejected++;
        return false;
    }
    client->bytes += file->layout.size;
    client->time += client->done_after;
    return true;
}

void uftp_sender_file_finish(uftp_sender *sender, uint64_t now)
{
    uftp_clients *clients = &sender->clients;
    sender_file *file = &sender->file;
    static const uftp_client_state unfinished[] = {UFTP_CLIENT_ACTIVE, UFTP_CLIENT_ACTIVE_NAK};
    uftp_sender_congestion_end(sender, now);
    bool dropped = false;
    for (size_t i = 0; i < 2; i++)
        while (clients->by_state[unfinished[i]].first) {
            uftp_client *client = clients->by_state[unfinished[i]].first;
            if (client->is_proxy) {
                uftp_clients_enter(clients, client, UFTP_CLIENT_DONE);
                continue;
            }
            dropped = true;
            uftp_sender_push_client(sender, UFTP_EVENT_CLIENT_LOST, client, NULL);
            uftp_clients_enter(clients, client, UFTP_CLIENT_LOST);
        }
    bool got = false; /* somebody has it now */
    for (uftp_client *c = clients->by_state[UFTP_CLIENT_DONE].first; c; c = c->state_next)
        got |= !c->is_proxy && account(file, c);
    sender->stats.files_sent += got;

    uftp_event event = uftp_sender_event(sender, UFTP_EVENT_FILE_FINISHED);
    event.name = file->object.name;
    event.path = file->object.path;
    event.file_type = file->object.file_type;
    event.size = file->layout.size;
    event.pass = file->pass;
    event.duration = now - file->started;
    uftp_sender_push(sender, &event);

    if (dropped && sender->config.quit_on_error)
        uftp_sender_abort_all(sender, now, "A client dropped out, aborting all",
                              UFTP_RESULT_ALL_LOST);
    else if (uftp_clients_receivers_in(clients, UFTP_CLIENT_DONE) == 0)
        uftp_sender_finish(sender, now, UFTP_RESULT_ALL_LOST);
    else
        uftp_sender_file_next(sender, now);
}
