/* SPDX-License-Identifier: MIT
 *
 * What the receiver says. Nothing is queued as bytes: a session has a bit for everything it owes,
 * and a datagram is built when the driver asks for one, so that it carries the latest state. The
 * sessions that owe something stand in a queue and take turns, one datagram each.
 */
#include "session/receiver_internal.h"

static void build(uftp_session *session, const uftp_message *message, bool sealed,
                  uftp_transmit *out)
{
    const uftp_receiver *receiver = session->receiver;
    const uftp_header header = {
        .version = session->wire->version,
        .seq = session->seq++,
        .source = receiver->config.uid,
        .group = session->group,
        .instance = session->instance,
    };
    uftp_aead aead = {0};
    uftp_sealing sealing = {0};
    if (sealed)
        sealing = uftp_session_keys_sealing(session, message->type, &aead);
    int err =
        uftp_packet_write(session->wire, &header, message, sealed ? &sealing : NULL,
                          sealed ? ++session->iv_counter : 0, out->data, out->capacity, &out->len);
    if (sealed)
        uftp_aead_wipe(&aead);
    UFTP_ASSERT(err == UFTP_OK); /* every message of ours fits into UFTP_DATAGRAM_MAX */
    out->segment_len = out->len;
    out->destination = session->peer;
    out->tos = receiver->config.tos;
}

static void push_sent(const uftp_session *session, const uftp_message *message, uint32_t count)
{
    uftp_event event = uftp_session_event(session, UFTP_EVENT_SENT);
    event.message = message->type;
    if (message->type == UFTP_MESSAGE_REGISTER || message->type == UFTP_MESSAGE_CLIENT_KEY) {
        event.attempt = (uint16_t)session->attempts;
        event.repeated = session->attempts > 1;
    }
    if (message->type == UFTP_MESSAGE_STATUS)
        event.section = message->as.status.section;
    event.count = count;
    uftp_session_push(session, &event);
}

static void fill_register(uftp_session *session, uint64_t now, uftp_message *message)
{
    *message =
        (uftp_message){.type = UFTP_MESSAGE_REGISTER,
                       .as.registration = {.timestamp_us = uftp_session_server_us(session, now)}};
    session->attempts++;
    if (!session->keys)
        return;
    uftp_session_keys_register(session, &message->as.registration);
    if (uftp_session_keys_client_auth(session)) /* one follows each REGISTER (spec v5 3.7) */
        uftp_session_owe(session, OWES_CLIENT_KEY);
}

static void fill_complete(const uftp_session *session, uftp_message *message)
{
    const uftp_receiver_file *file = &session->file;
    *message = (uftp_message){.type = UFTP_MESSAGE_COMPLETE,
                              .as.complete = {.file_id = file->id,
                                              .status = file->status,
                                              .has_free_space = file->has_free_space,
                                              .free_space = file->free_space}};
}

/* The next section that misses blocks; false when the last one has been reported, or all have
 * filled up meanwhile. */
static bool fill_status(uftp_session *session, uint64_t now, uftp_message *message)
{
    uftp_receiver_file *file = &session->file;
    uint32_t end =
        session->status_end < file->map.sections ? session->status_end : file->map.sections;
    while (session->status_first < end && file->map.counts[session->status_first] == 0)
        session->status_first++;
    if (session->status_first >= end)
        return false;
    uint32_t section = session->status_first++;
    *message = (uftp_message){
        .type = UFTP_MESSAGE_STATUS,
        .as.status = {.file_id = file->id,
                      .section = (uint16_t)section,
                      .has_tfmcc = session->tfmcc != NULL,
                      .naks = uftp_blockmap_naks(&file->map, &file->layout, section)}};
    if (session->tfmcc)
        uftp_session_congestion_report(session, now, &message->as.status.tfmcc);
    return true;
}

/* The most urgent message owed, taken off the list; false when nothing is owed after all. */
static bool fill_next(uftp_session *session, uint64_t now, uftp_message *message, uint32_t *count)
{
    const uftp_receiver_file *file = &session->file;
    unsigned due = session->owes & -session->owes;
    if (due != OWES_STATUS)
        session->owes &= ~due;
    switch (due) {
    case OWES_ABORT:
        *message = (uftp_message){.type = UFTP_MESSAGE_ABORT};
        message->as.abort.text = (uftp_bytes){.data = (const uint8_t *)session->abort_text,
                                              .len = strlen(session->abort_text)};
        return true;
    case OWES_REGISTER:
        fill_register(session, now, message);
        return true;
    case OWES_CLIENT_KEY:
        *message = (uftp_message){.type = UFTP_MESSAGE_CLIENT_KEY};
        uftp_session_keys_client_key(session, &message->as.client_key);
        return true;
    case OWES_KEYINFO_ACK:
        *message = (uftp_message){.type = UFTP_MESSAGE_KEYINFO_ACK};
        message->as.keyinfo_ack.verify_data = uftp_session_keys_verify_data(session);
        return true;
    case OWES_FILEINFO_ACK:
        *message = (uftp_message){
            .type = UFTP_MESSAGE_FILEINFO_ACK,
            .as.fileinfo_ack = {.file_id = file->id,
                                .partial = file->resumed,
                                .timestamp_us = uftp_session_server_us(session, now)}};
        return true;
    case OWES_COMPLETE:
        session->attempts++;
        fill_complete(session, message);
        return true;
    case OWES_CC_ACK:
        *message = (uftp_message){.type = UFTP_MESSAGE_CC_ACK};
        uftp_session_congestion_report(session, now, &message->as.cc_ack.tfmcc);
        return true;
    case OWES_STATUS:
        if (fill_status(session, now, message)) {
            *count = file->map.counts[message->as.status.section];
            return true;
        }
        session->owes &= ~due;
        return false;
    default:
        return false;
    }
}

static bool send_next(uftp_session *session, uint64_t now, uftp_transmit *out)
{
    uftp_message message;
    uint32_t count = 0;
    if (!fill_next(session, now, &message, &count))
        return false;
    build(session, &message, session->keys && uftp_session_keys_seals(session, message.type), out);
    push_sent(session, &message, count);
    return true;
}

/* A clear ABORT for a session that we never took up. */
static bool send_refusal(uftp_receiver *receiver, uint64_t now, uftp_transmit *out)
{
    if (receiver->refusal_count == 0 || now < receiver->refusal_next)
        return false;
    const uftp_refusal refusal = receiver->refusals[0];
    receiver->refusal_count--;
    memmove(receiver->refusals, receiver->refusals + 1,
            receiver->refusal_count * sizeof *receiver->refusals);
    receiver->refusal_next = now + RECEIVER_REFUSAL_INTERVAL;

    const uftp_header header = {.version = refusal.wire->version,
                                .source = receiver->config.uid,
                                .group = refusal.group,
                                .instance = refusal.instance};
    const uftp_message message = {
        .type = UFTP_MESSAGE_ABORT,
        .as.abort.text = {.data = (const uint8_t *)refusal.text, .len = strlen(refusal.text)}};
    int err = uftp_packet_write(refusal.wire, &header, &message, NULL, 0, out->data, out->capacity,
                                &out->len);
    UFTP_ASSERT(err == UFTP_OK);
    out->segment_len = out->len;
    out->destination = refusal.peer;
    out->tos = receiver->config.tos;
    return true;
}

static uftp_session *take_ready(uftp_receiver *receiver)
{
    uftp_session *session = receiver->ready_first;
    if (!session)
        return NULL;
    receiver->ready_first = session->ready_next;
    if (!receiver->ready_first)
        receiver->ready_last = NULL;
    session->ready = false;
    return session;
}

int uftp_receiver_poll_transmit(uftp_receiver *receiver, uint64_t now, uftp_transmit *out)
{
    UFTP_ASSERT(out->capacity >= UFTP_DATAGRAM_MAX);
    bool sent = send_refusal(receiver, now, out);
    uftp_session *session;
    while (!sent && (session = take_ready(receiver))) {
        sent = send_next(session, now, out);
        if (session->owes)
            uftp_session_owe(session, 0); /* to the end of the queue */
        else if (session->state == SESSION_LEAVING)
            uftp_session_free(session);
    }
    if (sent)
        receiver->stats.datagrams_sent++;
    return sent;
}
