/* SPDX-License-Identifier: MIT */
#include "session_internal.h"

#include "handshake.h"

#include <stdlib.h>
#include <string.h>

const char *cap_type_name(uint8_t version, uint8_t type)
{
    if (!uftp_v3_is_version(version))
        return uftp_message_name(type);
    return uftp_v3_message_name(type == UFTP_MESSAGE_ENCRYPTED ? UFTP_V3_ENCRYPTED
                                : type == UFTP_MESSAGE_ABORT   ? UFTP_V3_ABORT
                                                               : type);
}

cap_file *cap_session_file(const cap_session *session, uint16_t id)
{
    cap_file *const *page = session->pages[id >> 8];
    return page ? page[id & 0xff] : NULL;
}

cap_peer *cap_session_peer(const cap_session *session, uint32_t uid)
{
    return cap_map_get(&session->peers, uid);
}

static void file_free(cap_file *file)
{
    free(file->name);
    free(file->link);
    free(file);
}

static void keys_free(cap_key *keys)
{
    for (cap_key *key = keys, *next; key; key = next) {
        next = key->next;
        uftp_wipe(key, sizeof *key);
        free(key);
    }
}

void cap_session_free(cap_session *session)
{
    keys_free(session->keys);
    cap_handshake_free(session->handshake);
    for (cap_peer *peer = session->first_peer, *next; peer; peer = next) {
        next = peer->next;
        keys_free(peer->keys);
        cap_exchange_free(peer->exchange);
        free(peer);
    }
    for (cap_file *file = session->first_file, *next; file; file = next) {
        next = file->next;
        file_free(file);
    }
    for (size_t i = 0; i < 256; i++)
        free(session->pages[i]);
    cap_map_free(&session->peers);
    free(session);
}

cap_peer *cap_session_add_peer(cap_session *session, uint32_t uid, const uftp_address *address)
{
    cap_peer *peer = calloc(1, sizeof *peer);
    if (!peer || !cap_map_put(&session->peers, uid, peer)) {
        free(peer);
        return NULL;
    }
    peer->uid = uid;
    peer->address = *address;
    if (session->last_peer)
        session->last_peer->next = peer;
    else
        session->first_peer = peer;
    session->last_peer = peer;
    return peer;
}

static void take_announce(cap_session *session, const cap_packet *packet)
{
    const uftp_announce *announce = &packet->message.as.announce;
    if (session->announced)
        return; /* repeated; one that says something else is for the rules to find */
    session->announced = true;
    session->server = packet->header.source;
    session->robust = announce->robust;
    session->cc_type = announce->cc_type;
    session->block_size = announce->block_size;
    session->sync_mode = announce->sync_mode;
    session->sync_preview = announce->sync_preview;
    session->public_address = announce->public_address;
    session->private_address = announce->private_address;
    session->encrypted = announce->encrypted;
    if (announce->encrypted) {
        session->client_auth = announce->enc_info.client_auth;
        session->cipher = announce->enc_info.cipher;
        session->hash = announce->enc_info.hash;
    }
    if (packet->peer)
        packet->peer->is_server = true;
}

static char *copy_text(uftp_bytes bytes)
{
    char *text = malloc(bytes.len + 1);
    if (text) {
        if (bytes.len)
            memcpy(text, bytes.data, bytes.len);
        text[bytes.len] = '\0';
    }
    return text;
}

static bool text_is(const char *text, uftp_bytes bytes)
{
    return strlen(text) == bytes.len &&
           (bytes.len == 0 || memcmp(text, bytes.data, bytes.len) == 0);
}

static bool same_file(const cap_file *file, const uftp_fileinfo *info)
{
    return file->type == info->file_type && file->size == info->size &&
           file->mtime == info->mtime && text_is(file->name, info->name);
}

static cap_file *file_new(const uftp_fileinfo *info, const uftp_layout *layout)
{
    cap_file *file = calloc(1, sizeof *file);
    if (!file)
        return NULL;
    file->id = info->file_id;
    file->type = info->file_type;
    file->size = info->size;
    file->mtime = info->mtime;
    file->name = copy_text(info->name);
    if (info->file_type == UFTP_FILE_SYMLINK)
        file->link = copy_text(info->link);
    if (!file->name || (info->file_type == UFTP_FILE_SYMLINK && !file->link)) {
        file_free(file);
        return NULL;
    }
    file->has_layout = layout != NULL;
    if (layout)
        file->layout = *layout;
    return file;
}

void cap_session_add_file(cap_session *session, const uftp_fileinfo *info,
                          const uftp_layout *layout)
{
    const cap_file *known = cap_session_file(session, info->file_id);
    if (known && same_file(known, info))
        return;
    cap_file ***page = &session->pages[info->file_id >> 8];
    if (!*page)
        *page = calloc(256, sizeof **page);
    cap_file *file = *page ? file_new(info, layout) : NULL;
    if (!file)
        return;
    (*page)[info->file_id & 0xff] = file;
    if (session->last_file)
        session->last_file->next = file;
    else
        session->first_file = file;
    session->last_file = file;
}

static void take_fileinfo(cap_session *session, const uftp_fileinfo *info)
{
    uftp_layout layout;
    bool laid_out = session->announced && info->file_type == UFTP_FILE_REGULAR &&
                    uftp_layout_init(&layout, info->size, session->block_size) == UFTP_OK;
    cap_session_add_file(session, info, laid_out ? &layout : NULL);
}

/* The file ID a message names; 0: none. */
static uint16_t file_id_of(const uftp_message *message)
{
    switch (message->type) {
    case UFTP_MESSAGE_FILEINFO:
        return message->as.fileinfo.file_id;
    case UFTP_MESSAGE_FILEINFO_ACK:
        return message->as.fileinfo_ack.file_id;
    case UFTP_MESSAGE_FILESEG:
        return message->as.fileseg.file_id;
    case UFTP_MESSAGE_DONE:
        return message->as.done.file_id;
    case UFTP_MESSAGE_STATUS:
        return message->as.status.file_id;
    case UFTP_MESSAGE_COMPLETE:
        return message->as.complete.file_id;
    default:
        return 0;
    }
}

void cap_session_take(cap_session *session, cap_packet *packet)
{
    if (packet->is_v3) {
        cap_v3_session_take(session, packet);
        return;
    }
    if (packet->message.type == UFTP_MESSAGE_ANNOUNCE)
        take_announce(session, packet);
    else if (packet->message.type == UFTP_MESSAGE_FILEINFO &&
             (!session->announced || packet->header.source == session->server))
        take_fileinfo(session, &packet->message.as.fileinfo);
    uint16_t id = file_id_of(&packet->message);
    packet->file = id ? cap_session_file(session, id) : NULL;
}
