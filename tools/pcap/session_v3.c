/* SPDX-License-Identifier: MIT
 *
 * Version 3 of the protocol: what its packets tell about a session. It is read and not decrypted:
 * nobody has a capture that would show whether a decoder is right (spec v3 5).
 */
#include "session_internal.h"

#include <string.h>

#define FILESEG_HEADER_LEN 12
#define WRAPPER_LEN 12
#define IP_UDP_LEN 28 /* version 3 knows IPv4 only */

/* ---- reading ---- */

static uint32_t ip_source(const cap_packet *packet)
{
    const uint8_t *b = packet->source.bytes;
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

bool cap_v3_header_read(cap_packet *packet)
{
    uftp_reader r = {.at = packet->bytes.data, .end = packet->bytes.data + packet->bytes.len};
    uftp_v3_header *v3 = &packet->v3_header;
    if (uftp_v3_header_read(&r, v3) < 0 || strcmp(uftp_v3_message_name(v3->type), "UNKNOWN") == 0)
        return false;
    packet->is_v3 = true;
    packet->wire = NULL;
    packet->header = (uftp_header){.version = v3->version, .type = v3->type, .group = v3->group};
    packet->header.source = v3->source ? v3->source : ip_source(packet);
    if (v3->type == UFTP_V3_ENCRYPTED)
        packet->header.type = UFTP_MESSAGE_ENCRYPTED;
    if (v3->type == UFTP_V3_ABORT)
        packet->header.type = UFTP_MESSAGE_ABORT;
    return true;
}

void cap_v3_body_read(cap_packet *packet)
{
    packet->depth = CAP_DEPTH_HEADER;
    packet->sealed = packet->v3_header.type == UFTP_V3_ENCRYPTED;
    if (packet->cut) {
        packet->error = UFTP_ERR_TRUNCATED;
        return;
    }
    uftp_reader r = {.at = packet->bytes.data + UFTP_V3_HEADER_LEN,
                     .end = packet->bytes.data + packet->bytes.len};
    packet->error = uftp_v3_message_read(&r, &packet->v3_header, &packet->v3);
    if (packet->error < 0)
        return;
    packet->depth = packet->sealed ? CAP_DEPTH_WRAPPER : CAP_DEPTH_MESSAGE;
    packet->plain = (uftp_bytes){packet->bytes.data + UFTP_V3_HEADER_LEN,
                                 packet->bytes.len - UFTP_V3_HEADER_LEN};
    if (packet->sealed)
        packet->encrypted = (uftp_encrypted){.signature = packet->v3.as.encrypted.signature,
                                             .payload = packet->v3.as.encrypted.payload};
}

/* ---- sessions ---- */

/* It is not announced: it is what remains of the MTU (spec v3 6). */
static uint16_t block_size(const uftp_v3_announce *m)
{
    static const uint8_t hash_lens[] = {0, 16, 20, 32};
    size_t signature_len = m->sigtype == 1 && m->hash < sizeof hash_lens ? hash_lens[m->hash]
                           : m->sigtype == 2                             ? m->modulus.len
                                                                         : 0;
    size_t overhead = IP_UDP_LEN + UFTP_V3_HEADER_LEN + FILESEG_HEADER_LEN;
    if (m->cipher)
        overhead += WRAPPER_LEN + 16 + signature_len; /* 16: for the cipher's padding */
    return m->mtu > overhead ? (uint16_t)(m->mtu - overhead) : 0;
}

static uftp_address ipv4(uint32_t address)
{
    uftp_address out = {.family = UFTP_IPV4};
    for (size_t i = 0; i < 4; i++)
        out.bytes[i] = (uint8_t)(address >> (24 - 8 * i));
    return out;
}

static void take_announce(cap_session *session, const cap_packet *packet)
{
    const uftp_v3_announce *m = &packet->v3.as.announce;
    if (session->announced)
        return;
    session->announced = true;
    session->server = packet->header.source;
    session->block_size = block_size(m);
    session->sync_mode = m->sync_mode;
    session->sync_preview = m->sync_preview;
    session->public_address = ipv4(packet->v3_header.destination);
    session->private_address = ipv4(m->private_address);
    session->encrypted = m->cipher != 0;
    session->client_auth = m->client_auth;
    session->cipher = m->cipher;
    session->hash = m->hash;
    if (packet->peer)
        packet->peer->is_server = true;
}

/* Full sections of eight blocks per byte of a bitmap, and what is left (spec v3 6): other than in
 * later versions, which level their sections. False when the counts contradict the size. */
static bool lay_out(const uftp_v3_fileinfo *m, uint16_t block, uftp_layout *out)
{
    if (m->file_type != UFTP_FILE_REGULAR || block == 0)
        return false;
    uint32_t section = 8u * block;
    uint64_t blocks = m->size / block + (m->size % block != 0);
    uint64_t sections = blocks / section + (blocks % section != 0);
    /* An empty file has a section all the same, for its one DONE. */
    if (blocks != m->blocks || (sections != m->sections && blocks != 0))
        return false;
    *out = (uftp_layout){.size = m->size, .block_size = block, .blocks = m->blocks};
    out->sections = (uint32_t)sections;
    out->big = section;
    out->big_sections = sections ? out->sections - 1 : 0;
    out->small = out->blocks - out->big_sections * section;
    return true;
}

static void take_fileinfo(cap_session *session, const uftp_v3_fileinfo *m)
{
    const uftp_fileinfo info = {.file_id = m->file_id,
                                .file_type = m->file_type,
                                .size = m->size,
                                .mtime = m->mtime,
                                .name = m->name,
                                .link = m->link};
    uftp_layout layout;
    bool laid_out = session->announced && lay_out(m, session->block_size, &layout);
    cap_session_add_file(session, &info, laid_out ? &layout : NULL);
}

static uint16_t file_id_of(const uftp_v3_message *m)
{
    switch ((uftp_v3_type)m->type) {
    case UFTP_V3_FILEINFO:
        return m->as.fileinfo.file_id;
    case UFTP_V3_INFO_ACK:
        return m->as.info_ack.file_id;
    case UFTP_V3_FILESEG:
        return m->as.fileseg.file_id;
    case UFTP_V3_DONE:
        return m->as.done.file_id;
    case UFTP_V3_STATUS:
    case UFTP_V3_PRSTATUS:
        return m->as.status.file_id;
    case UFTP_V3_COMPLETE:
        return m->as.complete.file_id;
    default:
        return 0;
    }
}

void cap_v3_session_take(cap_session *session, cap_packet *packet)
{
    if (packet->v3.type == UFTP_V3_ANNOUNCE)
        take_announce(session, packet);
    else if (packet->v3.type == UFTP_V3_FILEINFO &&
             (!session->announced || packet->header.source == session->server))
        take_fileinfo(session, &packet->v3.as.fileinfo);
    uint16_t id = file_id_of(&packet->v3);
    packet->file = id ? cap_session_file(session, id) : NULL;
}
