/* SPDX-License-Identifier: MIT
 *
 * Many answers become one (spec proxy 5): the first of a kind waits one GRTT for the others, so
 * that a sender hears a branch of a hundred receivers as it hears one.
 */
#include "session/proxy_internal.h"

static unsigned bit_of(const proxy_session *session, const proxy_slot *slot)
{
    return 1U << (slot - session->slots);
}

/* ---- sending ---- */

static uint64_t held_us(uint64_t since, uint64_t now)
{
    return now > since ? (now - since) / 1000 : 0;
}

static void fill(const proxy_session *session, const proxy_slot *slot, uint64_t now,
                 uftp_message *out)
{
    const uftp_uid_list list = {.bytes = slot->data, .count = slot->count};
    uint64_t time_us = slot->time_us + held_us(slot->since, now);
    *out = (uftp_message){.type = slot->type};
    switch (slot->type) {
    case UFTP_MESSAGE_REGISTER:
        out->as.registration = (uftp_register){.timestamp_us = time_us, .clients = list};
        if (session->keys)
            uftp_proxy_keys_fill_register(session, &out->as.registration);
        break;
    case UFTP_MESSAGE_FILEINFO_ACK:
        out->as.fileinfo_ack = (uftp_fileinfo_ack){.file_id = slot->file_id,
                                                   .partial = slot->partial,
                                                   .timestamp_us = time_us,
                                                   .clients = list};
        break;
    case UFTP_MESSAGE_STATUS:
        out->as.status = (uftp_status){.file_id = slot->file_id,
                                       .section = slot->section,
                                       .has_tfmcc = slot->has_tfmcc,
                                       .tfmcc = slot->tfmcc,
                                       .naks = {slot->data, slot->len}};
        out->as.status.tfmcc.timestamp_us += held_us(slot->tfmcc_since, now);
        break;
    default:
        UFTP_ASSERT(slot->type == UFTP_MESSAGE_COMPLETE);
        out->as.complete =
            (uftp_complete){.file_id = slot->file_id, .status = slot->status, .clients = list};
        break;
    }
}

/* Nobody waits in it any more. */
static void release(proxy_session *session, proxy_slot *slot)
{
    unsigned bit = bit_of(session, slot);
    const uftp_uid_list list = {.bytes = slot->data, .count = slot->count};
    for (size_t i = 0; slot->type != UFTP_MESSAGE_STATUS && i < list.count; i++) {
        uftp_client *client = uftp_clients_find(&session->clients, uftp_uid_list_get(&list, i));
        client->slots = (uint16_t)(client->slots & ~bit);
    }
    *slot = (proxy_slot){.data = slot->data};
}

static void send(proxy_session *session, proxy_slot *slot, uint64_t now)
{
    uftp_message message;
    fill(session, slot, now, &message);
    uftp_proxy_send_up(session, &message);
    session->proxy->stats.aggregates++;
    if (slot->type == UFTP_MESSAGE_REGISTER && session->keys &&
        uftp_proxy_keys_client_auth(session))
        uftp_proxy_keys_send_client_key(session);
    release(session, slot);
}

void uftp_proxy_flush(proxy_session *session, uint64_t now)
{
    session->flush_since = UFTP_NEVER;
    session->touched = now;
    for (size_t i = 0; i < PROXY_SLOTS; i++)
        if (session->slots[i].type)
            send(session, &session->slots[i], now);
}

void uftp_proxy_slots_free(proxy_session *session)
{
    for (size_t i = 0; i < PROXY_SLOTS; i++)
        uftp_release(session->proxy->config.memory, session->slots[i].data);
}

/* ---- gathering ---- */

static bool fits(const proxy_slot *slot, const proxy_slot *like)
{
    return slot->type == like->type && slot->file_id == like->file_id &&
           slot->section == like->section && slot->status == like->status;
}

/* The slot for such an answer, fresh ones filled in; NULL without memory: the receiver will say it
 * again. */
static proxy_slot *choose(proxy_session *session, const proxy_slot *like, uint64_t now)
{
    proxy_slot *slot = NULL;
    for (size_t i = 0; i < PROXY_SLOTS; i++) {
        if (fits(&session->slots[i], like))
            return &session->slots[i];
        if (!session->slots[i].type && !slot)
            slot = &session->slots[i];
    }
    if (!slot) {
        uftp_proxy_flush(session, now);
        slot = &session->slots[0];
    }
    if (!slot->data)
        slot->data = uftp_alloc(session->proxy->config.memory, session->slot_len, 1);
    if (!slot->data)
        return NULL;
    uint8_t *data = slot->data;
    *slot = *like;
    slot->data = data;
    if (session->flush_since == UFTP_NEVER)
        session->flush_since = now;
    return slot;
}

/* A receiver counts once in each slot. */
static void add_client(proxy_session *session, proxy_slot *slot, uftp_client *client, uint64_t now)
{
    unsigned bit = bit_of(session, slot);
    session->proxy->stats.gathered++;
    if (client->slots & bit)
        return;
    client->slots = (uint16_t)(client->slots | bit);
    uint8_t *at = slot->data + 4 * (size_t)slot->count++;
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(client->uid >> (24 - 8 * i));
    if (slot->count == session->block_size / 4U)
        send(session, slot, now);
}

void uftp_proxy_gather_register(proxy_session *session, uint64_t now, uftp_client *client,
                                uint64_t timestamp_us, uint64_t at)
{
    const proxy_slot like = {.type = UFTP_MESSAGE_REGISTER, .time_us = timestamp_us, .since = at};
    proxy_slot *slot = choose(session, &like, now);
    if (slot)
        add_client(session, slot, client, now);
}

void uftp_proxy_gather_fileinfo_ack(proxy_session *session, uint64_t now, uftp_client *client,
                                    const uftp_fileinfo_ack *message, uint64_t at)
{
    const proxy_slot like = {.type = UFTP_MESSAGE_FILEINFO_ACK,
                             .file_id = message->file_id,
                             .partial = true,
                             .time_us = message->timestamp_us,
                             .since = at};
    proxy_slot *slot = choose(session, &like, now);
    if (!slot)
        return;
    slot->partial = slot->partial && message->partial;
    add_client(session, slot, client, now);
}

/* Whose report stands for all: the slowest is who may have to limit the rate. */
static void take_report(proxy_slot *slot, const uftp_tfmcc_ack *report, uint64_t at)
{
    if (slot->has_tfmcc && slot->tfmcc.client != report->client &&
        uftp_rate_expand(slot->tfmcc.cc_rate) <= uftp_rate_expand(report->cc_rate))
        return;
    slot->has_tfmcc = true;
    slot->tfmcc = *report;
    slot->tfmcc_since = at;
}

/* Only bytes that were sent count: a receiver's bitmap may be shorter than the longest. */
void uftp_proxy_gather_status(proxy_session *session, uint64_t now, uftp_client *client,
                              const uftp_status *message, uint64_t at)
{
    const proxy_slot like = {
        .type = UFTP_MESSAGE_STATUS, .file_id = message->file_id, .section = message->section};
    (void)client;
    proxy_slot *slot = choose(session, &like, now);
    if (!slot)
        return;
    size_t len = message->naks.len < session->slot_len ? message->naks.len : session->slot_len;
    if (len > slot->len) {
        memset(slot->data + slot->len, 0, len - slot->len);
        slot->len = len;
    }
    for (size_t i = 0; i < len; i++)
        slot->data[i] |= message->naks.data[i];
    if (message->has_tfmcc)
        take_report(slot, &message->tfmcc, at);
    slot->count++;
    session->proxy->stats.gathered++;
}

/* Free space is one receiver's alone: a message for each, at once (spec proxy 12). */
static void pass_free_space(proxy_session *session, const uftp_client *client,
                            const uftp_complete *message)
{
    uint8_t uid[4];
    for (int i = 0; i < 4; i++)
        uid[i] = (uint8_t)(client->uid >> (24 - 8 * i));
    uftp_message alone = {.type = UFTP_MESSAGE_COMPLETE, .as.complete = *message};
    alone.as.complete.clients = (uftp_uid_list){.bytes = uid, .count = 1};
    uftp_proxy_send_up(session, &alone);
    session->proxy->stats.gathered++;
    session->proxy->stats.aggregates++;
}

void uftp_proxy_gather_complete(proxy_session *session, uint64_t now, uftp_client *client,
                                const uftp_complete *message)
{
    if (message->file_id == 0 && client->state == UFTP_CLIENT_ACTIVE)
        uftp_clients_enter(&session->clients, client, UFTP_CLIENT_DONE);
    if (message->has_free_space) {
        pass_free_space(session, client, message);
        return;
    }
    const proxy_slot like = {
        .type = UFTP_MESSAGE_COMPLETE, .file_id = message->file_id, .status = message->status};
    proxy_slot *slot = choose(session, &like, now);
    if (slot)
        add_client(session, slot, client, now);
}
