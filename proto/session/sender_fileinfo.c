/* SPDX-License-Identifier: MIT
 *
 * The FILEINFO phase (spec v5 4.5): the next object is announced, and every receiver says whether
 * it wants its data.
 */
#include "session/sender_internal.h"

void uftp_sender_file_release(uftp_sender *sender)
{
    sender_file *file = &sender->file;
    if (file->handle)
        sender->config.source->close(sender->config.source->ctx, file->handle);
    file->handle = NULL;
    uftp_resend_free(&file->resend);
}

static void push_skipped(uftp_sender *sender, const uftp_object *object)
{
    uftp_event event = uftp_sender_event(sender, UFTP_EVENT_FILE_SKIPPED);
    event.name = object->path;
    event.text = object->skipped;
    uftp_sender_push(sender, &event);
}

/* The next object that can be sent, opened; false when there is none left. */
static bool next_object(uftp_sender *sender)
{
    sender_file *file = &sender->file;
    const uftp_source *source = sender->config.source;
    uftp_object *object = &file->object;
    while (uftp_manifest_next(&sender->manifest, object) > 0) {
        uint64_t size = object->file_type == UFTP_FILE_REGULAR ? object->size : 0;
        if (!object->skipped &&
            uftp_layout_init(&file->layout, size, sender->config.block_size) < 0)
            object->skipped = "file is too large for this block size";
        if (!object->skipped && object->file_type == UFTP_FILE_REGULAR) {
            int err =
                source->open(source->ctx, object->path, sender->config.follow_links, &file->handle);
            if (err < 0)
                object->skipped = uftp_strerror(err);
        }
        if (!object->skipped)
            return true;
        push_skipped(sender, object);
    }
    return false;
}

void uftp_sender_file_next(uftp_sender *sender, uint64_t now)
{
    sender_file *file = &sender->file;
    uint16_t last_id = file->id;
    uftp_sender_file_release(sender);
    if (!next_object(sender)) {
        file->id = 0;
        uftp_sender_completion_begin(sender, now);
        return;
    }
    file->id = last_id == UINT16_MAX ? 1 : (uint16_t)(last_id + 1);
    file->started = now;
    file->partial = file->object.file_type == UFTP_FILE_REGULAR && sender->config.instance > 0;
    file->pass = 0;
    file->pass_blocks = file->pass_sent = 0;

    uftp_clients *clients = &sender->clients;
    for (uint32_t i = 0; i < clients->count; i++) {
        uftp_client *client = clients->table[i];
        client->status = UFTP_COMPLETE_NORMAL;
        client->done_after = 0;
        client->has_free_space = false;
        if (file->object.file_type != UFTP_FILE_REGULAR)
            client->nak_excesses = 0;
        if (!uftp_client_failed(client))
            uftp_clients_enter(clients, client,
                               client->is_proxy ? UFTP_CLIENT_ACTIVE : UFTP_CLIENT_REGISTERED);
    }
    uftp_sender_enter(sender, UFTP_SENDER_FILEINFO);
    uftp_event event = uftp_sender_event(sender, UFTP_EVENT_FILE_STARTED);
    event.name = file->object.name;
    event.path = file->object.path;
    event.text = file->object.link;
    event.file_type = file->object.file_type;
    event.size = file->layout.size;
    event.blocks = file->layout.blocks;
    event.sections = file->layout.sections;
    uftp_sender_push(sender, &event);

    sender->attempt = 1;
    uftp_clients_set_due_all(clients, UFTP_CLIENT_REGISTERED, CLIENT_DUE_FILEINFO);
    uftp_sender_round_begin(sender, now);
}

void uftp_sender_fileinfo_ack(uftp_sender *sender, uint64_t now, uftp_client *client,
                              const uftp_fileinfo_ack *message, uint64_t arrival)
{
    (void)now;
    if (message->file_id != sender->file.id)
        return; /* a late one of the file before */
    uftp_sender_measure_rtt(sender, client, message->timestamp_us, arrival);
    uftp_sender_fileinfo_ack_by(sender, client, message);
}

void uftp_sender_fileinfo_ack_by(uftp_sender *sender, uftp_client *client,
                                 const uftp_fileinfo_ack *message)
{
    if (message->file_id != sender->file.id)
        return;
    client->confirmed = true;
    if (client->state != UFTP_CLIENT_REGISTERED)
        return;
    sender->file.partial = sender->file.partial && message->partial;
    uftp_clients_enter(&sender->clients, client, UFTP_CLIENT_ACTIVE);
    uftp_sender_push_client(sender, UFTP_EVENT_CLIENT_CONFIRMED, client, NULL);
}

void uftp_sender_fileinfo_timeout(uftp_sender *sender, uint64_t now)
{
    uftp_clients *clients = &sender->clients;
    if (sender->attempt == sender->config.robust) {
        while (clients->by_state[UFTP_CLIENT_REGISTERED].first) {
            uftp_client *client = clients->by_state[UFTP_CLIENT_REGISTERED].first;
            uftp_sender_push_client(sender, UFTP_EVENT_CLIENT_LOST, client, NULL);
            uftp_clients_enter(clients, client, UFTP_CLIENT_LOST);
        }
        return; /* the check moves on */
    }
    sender->attempt++;
    uftp_sender_recalculate_grtt(sender, true, false);
    uftp_clients_set_due_all(clients, UFTP_CLIENT_REGISTERED, CLIENT_DUE_FILEINFO);
    uftp_sender_round_begin(sender, now);
}

bool uftp_sender_fileinfo_check(uftp_sender *sender, uint64_t now)
{
    const uftp_clients *clients = &sender->clients;
    if (uftp_clients_in(clients, UFTP_CLIENT_REGISTERED) > 0)
        return false;
    uftp_sender_recalculate_grtt(sender, true, true);
    if (uftp_sender_quit_on_dropout(sender, now, UFTP_RESULT_NO_FILEINFO))
        return true;
    uint32_t active = uftp_clients_receivers_in(clients, UFTP_CLIENT_ACTIVE);
    uint32_t done = uftp_clients_receivers_in(clients, UFTP_CLIENT_DONE);
    if (active + done == 0)
        uftp_sender_finish(sender, now, UFTP_RESULT_NO_FILEINFO);
    else if (active == 0)
        uftp_sender_file_finish(sender, now);
    else
        uftp_sender_transfer_begin(sender, now);
    return true;
}
