/* SPDX-License-Identifier: MIT
 *
 * One object after the other: FILEINFO, the blocks, DONE, what is asked for again, and the end of
 * the session (spec v5 4.10.3 to 4.10.6).
 */
#include "session/receiver_internal.h"

static bool lists_us(const uftp_session *session, const uftp_uid_list *clients)
{
    return uftp_uid_list_contains(clients, session->receiver->config.uid);
}

/* ---- events ---- */

static void push_file_started(const uftp_session *session)
{
    const uftp_receiver_file *file = &session->file;
    uftp_event event = uftp_session_event(session, UFTP_EVENT_FILE_STARTED);
    event.name = file->name;
    event.text = file->type == UFTP_FILE_SYMLINK ? file->link : NULL;
    event.file_type = file->type;
    event.size = file->size;
    event.blocks = file->layout.blocks;
    event.sections = file->layout.sections;
    uftp_session_push(session, &event);
}

void uftp_session_push_file_finished(const uftp_session *session, uint64_t now, int error)
{
    const uftp_receiver_file *file = &session->file;
    uftp_event event = uftp_session_event(session, UFTP_EVENT_FILE_FINISHED);
    event.name = file->name;
    event.path = file->path;
    event.root = file->root;
    event.file_type = file->type;
    event.status = file->status;
    event.error = error;
    event.size = file->size;
    event.duration = now - file->started;
    event.has_free_space = file->has_free_space;
    event.free_space = file->free_space;
    uftp_session_push(session, &event);
}

/* ---- FILEINFO ---- */

static void copy_text(uftp_bytes text, char out[UFTP_NAME_MAX + 1])
{
    UFTP_ASSERT(text.len <= UFTP_NAME_MAX); /* the codec lets no longer one pass */
    if (text.len)
        memcpy(out, text.data, text.len);
    out[text.len] = '\0';
}

static void describe(uftp_session *session, const uftp_fileinfo *message, uint64_t now)
{
    uftp_receiver_file *file = &session->file;
    *file = (uftp_receiver_file){.id = message->file_id,
                                 .type = message->file_type,
                                 .size = message->size,
                                 .mtime = message->mtime,
                                 .started = now,
                                 .partial_id = message->file_id,
                                 .nak_deadline = UFTP_NEVER};
    copy_text(message->name, file->name);
    copy_text(message->link, file->link);
    session->owes &= ~(unsigned)(OWES_FILEINFO_ACK | OWES_COMPLETE | OWES_CC_ACK |
                                 OWES_STATUS); /* of the last */
    if (session->tfmcc)
        uftp_tfmcc_receiver_restart(session->tfmcc);
}

static int begin_file(uftp_session *session, const uftp_fileinfo *message,
                      const uftp_arrival *arrival)
{
    uint64_t now = arrival->now;
    describe(session, message, now);
    session->server_us = message->timestamp_us;
    session->server_us_at = arrival->at;
    int error = UFTP_OK;
    const char *why = NULL;
    uftp_file_outcome outcome = uftp_session_store_begin(session, &error, &why);
    push_file_started(session);
    switch (outcome) {
    case FILE_FATAL:
        uftp_session_push_file_finished(session, now, error);
        uftp_session_fail(session, now, why, FAREWELL_ABORT);
        break;
    case FILE_ANSWERED:
        uftp_session_push_file_finished(session, now, error);
        uftp_session_owe(session, OWES_COMPLETE);
        break;
    case FILE_OPENED:
        uftp_session_enter(session, now, SESSION_RECEIVING);
        uftp_session_owe(session, OWES_FILEINFO_ACK);
        break;
    }
    return UFTP_OK;
}

int uftp_session_on_fileinfo(uftp_session *session, const uftp_fileinfo *message,
                             const uftp_arrival *arrival)
{
    uint64_t now = arrival->now;
    bool listed = lists_us(session, &message->clients);
    if (session->state == SESSION_COMPLETE || (session->state == SESSION_REGISTERED && !listed))
        return UFTP_OK;
    if (session->state == SESSION_REGISTERED) /* plain, and the REG_CONF was lost */
        uftp_session_confirm(session, now);
    uftp_session_touch(session, now);
    if (!listed)
        return UFTP_OK;
    bool receiving = session->state == SESSION_RECEIVING;
    bool repeated = receiving || message->file_id == session->file.id;
    uftp_session_push_received(session, UFTP_MESSAGE_FILEINFO, repeated);
    if (repeated) {
        uftp_session_owe(session, receiving ? OWES_FILEINFO_ACK : OWES_COMPLETE);
        return UFTP_OK;
    }
    /* A datagram that took a detour: to begin an old file again would miss the current one. */
    if (session->file.id != 0 && !uftp_seq_newer(message->file_id, session->file.id))
        return UFTP_OK;
    return begin_file(session, message, arrival);
}

/* ---- FILESEG ---- */

static bool is_current(const uftp_session *session, uint16_t file_id)
{
    return session->state == SESSION_RECEIVING && session->file.id == file_id;
}

int uftp_session_check_fileseg(const uftp_session *session, const uftp_fileseg *message)
{
    const uftp_receiver_file *file = &session->file;
    if (!is_current(session, message->file_id))
        return UFTP_OK;
    if (message->block >= uftp_layout_section_blocks(&file->layout, message->section))
        return UFTP_ERR_MALFORMED; /* no such block, or no such section */
    uint32_t block = uftp_layout_section_start(&file->layout, message->section) + message->block;
    return message->data.len == uftp_layout_block_len(&file->layout, block) ? UFTP_OK
                                                                            : UFTP_ERR_MALFORMED;
}

static void arm_nak(uftp_session *session, uint64_t now, uint32_t end)
{
    uftp_receiver_file *file = &session->file;
    bool at_once = file->resumed && !file->data_seen;
    file->nak_first = file->last_section;
    file->nak_end = end;
    file->nak_deadline = at_once ? now : now + session->grtt;
}

/* The sender has moved on to a later section: what lies behind it is not coming any more in this
 * pass, give or take what overtook it within one GRTT. */
static void follow_position(uftp_session *session, uint32_t section, uint64_t now)
{
    uftp_receiver_file *file = &session->file;
    if (section > file->last_section && file->nak_deadline == UFTP_NEVER) {
        arm_nak(session, now, section);
        file->got_done = false;
    }
    file->last_section = section; /* also back to the start, with a new pass */
}

/* Makes room in the run for a block that belongs at `offset`: false when the write of what stood
 * there has failed, and the session with it. */
static bool make_way(uftp_session *session, uint64_t offset, uint64_t now)
{
    uftp_receiver *receiver = session->receiver;
    const uftp_gather *run = &receiver->gather;
    if (run->count && (run->session != session || run->offset + run->len != offset ||
                       run->count == UFTP_TRAIN_SEGMENTS_MAX))
        uftp_receiver_flush(receiver, now);
    return session->state == SESSION_RECEIVING;
}

/* A block goes from the driver's datagram into the store's write; nothing is copied between. */
static void gather(uftp_session *session, uint64_t offset, uftp_bytes data)
{
    uftp_gather *run = &session->receiver->gather;
    if (run->count == 0) { /* one by one: to clear the slices, too, would cost more than the rest */
        run->session = session;
        run->offset = offset;
        run->len = 0;
    }
    run->slices[run->count++] =
        (uftp_slice){.data = (uint8_t *)(uintptr_t)data.data, .len = data.len};
    run->len += data.len;
}

int uftp_session_on_fileseg(uftp_session *session, const uftp_fileseg *message, bool newest,
                            uint64_t now)
{
    uftp_receiver *receiver = session->receiver;
    uftp_receiver_file *file = &session->file;
    if (!is_current(session, message->file_id))
        return UFTP_OK; /* someone else's file */
    uftp_session_touch(session, now);
    file->data_seen = true;
    if (message->has_tfmcc)
        uftp_session_congestion_hear(session, message->tfmcc.cc_seq, message->tfmcc.cc_rate, now);
    if (newest)
        follow_position(session, message->section, now);
    if (!uftp_blockmap_misses(&file->map, message->section, message->block)) {
        receiver->stats.blocks_duplicate++;
        return UFTP_OK;
    }
    uint32_t block = uftp_layout_section_start(&file->layout, message->section) + message->block;
    uint64_t offset = (uint64_t)block * file->layout.block_size;
    if (!make_way(session, offset, now))
        return UFTP_OK;
    uftp_blockmap_take(&file->map, message->section, message->block);
    receiver->stats.blocks_received++;
    gather(session, offset, message->data);
    return UFTP_OK;
}

static const char *write_failure(int err)
{
    switch (err) {
    case UFTP_ERR_NO_SPACE:
        return "Not enough disk space";
    case UFTP_ERR_ACCESS:
        return "Write failed: permission denied";
    case UFTP_ERR_LIMIT:
        return "Write failed: limit exceeded";
    default:
        return "Write failed: input/output error";
    }
}

/* What could not be written has not been received: a later instance that continues the file is to
 * ask for it (sim: test_found.c, seed 5021). */
static void put_back(const uftp_gather *run)
{
    uftp_receiver_file *file = &run->session->file;
    uint32_t first = (uint32_t)(run->offset / file->layout.block_size);
    for (uint32_t i = 0; i < run->count; i++) {
        uint16_t section, block;
        uftp_layout_locate(&file->layout, first + i, &section, &block);
        uftp_blockmap_put_back(&file->map, section, block);
    }
}

void uftp_receiver_flush(uftp_receiver *receiver, uint64_t now)
{
    uftp_gather *run = &receiver->gather;
    if (run->count == 0)
        return;
    uftp_session *session = run->session;
    const uftp_store *store = receiver->config.store;
    int err = store->write(store->ctx, session->file.handle, run->offset, run->slices, run->count);
    if (err < 0)
        put_back(run);
    run->count = 0;
    if (err < 0) {
        session->file.error = err;
        uftp_session_fail(session, now, write_failure(err), FAREWELL_ABORT);
        return;
    }
    receiver->stats.bytes_written += run->len;
}

/* ---- what is missing ---- */

/* Nothing is missing: the file takes its place, and only then is it said to be complete. */
static void complete_file(uftp_session *session, uint64_t now)
{
    int err = uftp_session_store_commit(session);
    /* No report either: it would hold the others to our rate. */
    session->owes &= ~(unsigned)(OWES_FILEINFO_ACK | OWES_CC_ACK | OWES_STATUS);
    uftp_session_enter(session, now, SESSION_MIDGROUP);
    uftp_session_push_file_finished(session, now, err);
    uftp_session_owe(session, OWES_COMPLETE);
}

/* STATUS for each of the sections that misses blocks, together with those not yet reported. */
static void report(uftp_session *session, uint32_t first, uint32_t end)
{
    if (session->owes & OWES_STATUS) {
        first = first < session->status_first ? first : session->status_first;
        end = end > session->status_end ? end : session->status_end;
    }
    session->status_first = first;
    session->status_end = end;
    uftp_session_owe(session, OWES_STATUS);
}

void uftp_session_nak_expired(uftp_session *session, uint64_t now)
{
    uftp_receiver_file *file = &session->file;
    file->nak_deadline = UFTP_NEVER;
    if (file->map.missing == 0)
        complete_file(session, now);
    else if (uftp_blockmap_any_missing(&file->map, file->nak_first, file->nak_end))
        report(session, file->nak_first, file->nak_end);
    else if (file->got_done) /* asked for the whole file: then it is something further back */
        report(session, 0, file->nak_first);
    if (session->state == SESSION_RECEIVING)
        uftp_session_resume_note(session, now);
}

/* ---- DONE ---- */

static void on_file_done(uftp_session *session, const uftp_done *message, bool listed, uint64_t now)
{
    uftp_receiver_file *file = &session->file;
    uint32_t end = message->section + UINT32_C(1);
    if (!listed) {
        follow_position(session, end, now);
        return;
    }
    uftp_session_push_received(session, UFTP_MESSAGE_DONE, file->got_done);
    if (file->map.missing == 0) {
        complete_file(session, now);
        return;
    }
    /* Repeated DONEs must not put the timer off: a slow sender with a short round trip sends them
     * faster than the GRTT it tells with them (sim: test_found.c, seed 2052). */
    if (file->nak_deadline != UFTP_NEVER && file->got_done)
        return;
    if (file->nak_deadline != UFTP_NEVER) /* a section's timer runs: take it over */
        file->last_section = file->nak_first;
    arm_nak(session, now, end);
    file->got_done = true;
    file->last_section = end;
}

/* The sender is through. A file that is still open is lost: nobody is going to send its rest. What
 * was received takes its final place before we say that we are through, too: for a sender that has
 * heard that we are served, and will not serve us again. (The reference moves it at DONE_CONF.) */
static void on_session_done(uftp_session *session, uint64_t now)
{
    bool repeated = session->state == SESSION_COMPLETE;
    if (!repeated) {
        if (session->state == SESSION_RECEIVING) {
            uftp_session_push_file_finished(session, now, UFTP_ERR_INCOMPLETE);
            uftp_session_store_abandon(session);
            uftp_session_enter(session, now, SESSION_MIDGROUP);
        }
        if (uftp_session_store_deliver(session) < 0) {
            uftp_session_fail(session, now, "Moving the received files failed", FAREWELL_ABORT);
            return;
        }
        session->owes = 0;
        session->file.id = 0;
        session->file.status = UFTP_COMPLETE_NORMAL;
        session->file.has_free_space = false;
        uftp_session_enter(session, now, SESSION_COMPLETE);
    }
    uftp_session_push_received(session, UFTP_MESSAGE_DONE, repeated); /* of no file any more */
    uftp_session_owe(session, OWES_COMPLETE);
}

int uftp_session_on_done(uftp_session *session, const uftp_done *message, uint64_t now)
{
    bool listed = lists_us(session, &message->clients);
    if (session->state == SESSION_REGISTERED)
        return UFTP_OK;
    if (message->file_id == 0) {
        if (session->state == SESSION_RECEIVING)
            uftp_session_touch(session, now);
        if (listed)
            on_session_done(session, now);
        return UFTP_OK;
    }
    /* A file we do not know is not the end of the session, as it is for the reference (trap 44). */
    if (message->file_id != session->file.id || session->state == SESSION_COMPLETE)
        return UFTP_OK;
    if (session->state == SESSION_MIDGROUP) {
        if (listed)
            uftp_session_owe(session, OWES_COMPLETE);
        return UFTP_OK;
    }
    uftp_session_touch(session, now);
    on_file_done(session, message, listed, now);
    return UFTP_OK;
}

int uftp_session_on_done_conf(uftp_session *session, const uftp_uid_message *message, uint64_t now)
{
    if (session->state != SESSION_COMPLETE || !lists_us(session, &message->clients))
        return UFTP_OK;
    uftp_session_push_received(session, UFTP_MESSAGE_DONE_CONF, false);
    uftp_session_finish(session, now);
    return UFTP_OK;
}
