/* SPDX-License-Identifier: MIT
 *
 * Wire version 3, read only. Every message has a length of its own, from counts in it, and nothing
 * may follow; there are no extensions. Offsets are from the message's first byte.
 */
#include "wire/v3.h"

#include "wire/cursor.h"

#define NAME_FIELD_LEN 300
#define ABORT_FIELD_LEN 300
#define VERIFY_LEN 12
#define VERSION_WITH_MTIME 0x31

const char *uftp_v3_message_name(uint8_t type)
{
    switch ((uftp_v3_type)type) {
#define NAME_CASE(name, number) \
    case UFTP_V3_##name: \
        return #name;
        UFTP_V3_MESSAGES(NAME_CASE)
#undef NAME_CASE
    }
    return "UNKNOWN";
}

/* spec v3 2: 0 version  1 type  2 length behind the header(2)  4 group(4)  8 source(4)
 *   12 destination(4) */
int uftp_v3_header_read(uftp_reader *r, uftp_v3_header *out)
{
    out->version = uftp_read_u8(r);
    out->type = uftp_read_u8(r);
    out->len = uftp_read_u16(r);
    out->group = uftp_read_u32(r);
    out->source = uftp_read_u32(r);
    out->destination = uftp_read_u32(r);
    if (r->failed)
        return UFTP_ERR_TRUNCATED;
    return uftp_v3_is_version(out->version) ? UFTP_OK : UFTP_ERR_VERSION;
}

/* ---- parts ---- */

/* Reserved bytes: they mean nothing, and should be zero. */
static void reserved(uftp_reader *r, size_t len, uftp_v3_message *m)
{
    const uint8_t *bytes = uftp_read_bytes(r, len);
    for (size_t i = 0; bytes && i < len; i++)
        m->reserved_set |= bytes[i] != 0;
}

static uint8_t flags(uftp_reader *r, uint8_t known, uftp_v3_message *m)
{
    uint8_t value = uftp_read_u8(r);
    m->reserved_set |= (value & ~known) != 0;
    return value;
}

static uftp_uid_list addresses(uftp_reader *r, size_t count)
{
    const uint8_t *bytes = uftp_read_bytes(r, 4 * count);
    return (uftp_uid_list){.bytes = bytes, .count = bytes ? count : 0};
}

static uftp_v3_time time_pair(uftp_reader *r)
{
    uftp_v3_time time = {.seconds = uftp_read_u32(r)};
    time.us = uftp_read_u32(r);
    return time;
}

/* Up to the first NUL. */
static uftp_bytes text(uftp_bytes field)
{
    const uint8_t *end = field.len ? memchr(field.data, 0, field.len) : NULL;
    return (uftp_bytes){field.data, end ? (size_t)(end - field.data) : field.len};
}

/* ---- setting up ---- */

/* ANNOUNCE: 1 flags  2 count(2)  4 announce, 6 status, 8 register, 10 done interval, ms(2 each)
 *   12 announce, 13 status time, s  14 MTU(2)  16 private address(4)  20 client auth
 *   21 signature type  22 hash  23 cipher  24 K(2)  26 reserved(2)  28 exponent(4)  32 random(32)
 *   64 modulus(K)  64+K addresses */
static void announce_read(uftp_reader *r, uftp_v3_message *m)
{
    uftp_v3_announce *out = &m->as.announce;
    uint8_t bits = flags(r, 7, m);
    out->restart = bits & 1;
    out->sync_mode = bits & 2;
    out->sync_preview = bits & 4;
    size_t count = uftp_read_u16(r);
    out->announce_interval_ms = uftp_read_u16(r);
    out->status_interval_ms = uftp_read_u16(r);
    out->register_interval_ms = uftp_read_u16(r);
    out->done_interval_ms = uftp_read_u16(r);
    out->announce_time_s = uftp_read_u8(r);
    out->status_time_s = uftp_read_u8(r);
    out->mtu = uftp_read_u16(r);
    out->private_address = uftp_read_u32(r);
    out->client_auth = uftp_read_u8(r);
    out->sigtype = uftp_read_u8(r);
    out->hash = uftp_read_u8(r);
    out->cipher = uftp_read_u8(r);
    size_t modulus_len = uftp_read_u16(r);
    reserved(r, 2, m);
    out->exponent = uftp_read_u32(r);
    out->random = uftp_read_bytes(r, UFTP_RANDOM_LEN);
    out->modulus = uftp_read_field(r, modulus_len);
    out->members = addresses(r, count);
}

/* REGISTER: 1 reserved(3)  4 count(2)  6 P(2)  8 random(32)  40 premaster(P)  40+P addresses */
static void register_read(uftp_reader *r, uftp_v3_message *m)
{
    uftp_v3_register *out = &m->as.registration;
    reserved(r, 3, m);
    size_t count = uftp_read_u16(r);
    size_t premaster_len = uftp_read_u16(r);
    out->random = uftp_read_bytes(r, UFTP_RANDOM_LEN);
    out->premaster = uftp_read_field(r, premaster_len);
    out->clients = addresses(r, count);
}

/* CLIENT_KEY: 1 reserved(3)  4 K(2)  6 S(2)  8 exponent(4)  12 modulus(K)  12+K signature(S)
 * HB_REQ, PROXY_KEY: the same with a nonce(4) before K. */
static void key_read(uftp_reader *r, bool has_nonce, uftp_v3_message *m)
{
    uftp_v3_key *out = &m->as.key;
    reserved(r, 3, m);
    out->nonce = has_nonce ? uftp_read_u32(r) : 0;
    size_t modulus_len = uftp_read_u16(r);
    size_t signature_len = uftp_read_u16(r);
    out->exponent = uftp_read_u32(r);
    out->modulus = uftp_read_field(r, modulus_len);
    out->signature = uftp_read_field(r, signature_len);
}

/* REG_CONF: 1 reserved  2 count(2)  4 addresses */
static void reg_conf_read(uftp_reader *r, uftp_v3_message *m)
{
    reserved(r, 1, m);
    size_t count = uftp_read_u16(r);
    m->as.reg_conf.clients = addresses(r, count);
}

/* KEYINFO: 1 reserved  2 count, one byte  3 sealed length  4 seconds(4)  8 microseconds(4)
 *   12 per host address(4) and a slot of 48 bytes */
static void keyinfo_read(uftp_reader *r, uftp_v3_message *m)
{
    uftp_v3_keyinfo *out = &m->as.keyinfo;
    reserved(r, 1, m);
    size_t count = uftp_read_u8(r);
    out->master_len = uftp_read_u8(r);
    out->time = time_pair(r);
    out->entries = uftp_read_bytes(r, count * UFTP_KEYINFO_ENTRY_LEN);
    out->entry_count = out->entries ? count : 0;
}

/* ---- files ---- */

/* FILEINFO: 1 file type  2 file ID(2)  4 blocks(4)  8 sections(2)  10 count(2)  12 size(8)
 *   20 (0x31) time(4)  then name(300) and addresses. A link's target stands behind the NUL of its
 *   name in the same field. */
static void fileinfo_read(uftp_reader *r, uint8_t version, uftp_v3_message *m)
{
    uftp_v3_fileinfo *out = &m->as.fileinfo;
    out->file_type = uftp_read_u8(r);
    out->file_id = uftp_read_u16(r);
    out->blocks = uftp_read_u32(r);
    out->sections = uftp_read_u16(r);
    size_t count = uftp_read_u16(r);
    out->size = uftp_read_u64(r);
    out->has_mtime = version == VERSION_WITH_MTIME;
    out->mtime = out->has_mtime ? uftp_read_u32(r) : 0;
    uftp_bytes field = uftp_read_field(r, NAME_FIELD_LEN);
    out->name = text(field);
    out->link = (uftp_bytes){0};
    if (out->file_type == UFTP_FILE_SYMLINK && out->name.len < field.len) {
        size_t at = out->name.len + 1;
        out->link = text((uftp_bytes){field.data + at, field.len - at});
    }
    out->clients = addresses(r, count);
}

/* INFO_ACK: 1 flags  2 file ID(2)  4 count(2)  6 reserved(2)  8 verify data(12)  20 addresses */
static void info_ack_read(uftp_reader *r, uftp_v3_message *m)
{
    uftp_v3_info_ack *out = &m->as.info_ack;
    out->partial = flags(r, 1, m) & 1;
    out->file_id = uftp_read_u16(r);
    size_t count = uftp_read_u16(r);
    reserved(r, 2, m);
    out->verify_data = uftp_read_field(r, VERIFY_LEN);
    out->clients = addresses(r, count);
}

/* FILESEG: 1 reserved  2 file ID(2)  4 pass  5 reserved  6 section(2)  8 block(4)  12 data */
static void fileseg_read(uftp_reader *r, uftp_v3_message *m)
{
    uftp_v3_fileseg *out = &m->as.fileseg;
    reserved(r, 1, m);
    out->file_id = uftp_read_u16(r);
    out->pass = uftp_read_u8(r);
    reserved(r, 1, m);
    out->section = uftp_read_u16(r);
    out->block = uftp_read_u32(r);
    out->data = uftp_read_rest(r);
}

/* DONE: 1 pass  2 section(2)  4 file ID(2)  6 count(2)  8 addresses */
static void done_read(uftp_reader *r, uftp_v3_message *m)
{
    uftp_v3_done *out = &m->as.done;
    out->pass = uftp_read_u8(r);
    out->section = uftp_read_u16(r);
    out->file_id = uftp_read_u16(r);
    size_t count = uftp_read_u16(r);
    out->clients = addresses(r, count);
}

/* STATUS: 1 reserved  2 file ID(2)  4 pass  5 number  6 section(2)  8 count of NAKs(4)  12 bitmap
 * PRSTATUS: the same up to 8, then count(2)  10 reserved(2)  12 addresses */
static void status_read(uftp_reader *r, uftp_v3_message *m)
{
    uftp_v3_status *out = &m->as.status;
    *out = (uftp_v3_status){0};
    reserved(r, 1, m);
    out->file_id = uftp_read_u16(r);
    out->pass = uftp_read_u8(r);
    out->seq = uftp_read_u8(r);
    out->section = uftp_read_u16(r);
    if (m->type == UFTP_V3_STATUS) {
        out->nak_count = uftp_read_u32(r);
        out->naks = uftp_read_rest(r);
        return;
    }
    size_t count = uftp_read_u16(r);
    reserved(r, 2, m);
    out->clients = addresses(r, count);
}

/* COMPLETE: 1 status  2 file ID(2)  4 count(2)  6 reserved(2)  8 addresses; DONE_CONF has a
 * reserved byte for the status. */
static void complete_read(uftp_reader *r, uftp_v3_message *m)
{
    uftp_v3_complete *out = &m->as.complete;
    out->status = uftp_read_u8(r);
    if (m->type == UFTP_V3_DONE_CONF)
        m->reserved_set |= out->status != 0;
    out->file_id = uftp_read_u16(r);
    size_t count = uftp_read_u16(r);
    reserved(r, 2, m);
    out->clients = addresses(r, count);
}

/* ---- the rest ---- */

/* HB_RESP: 1 result  2 reserved(2)  4 nonce(4) */
static void hb_resp_read(uftp_reader *r, uftp_v3_message *m)
{
    m->as.hb_resp.result = uftp_read_u8(r);
    reserved(r, 2, m);
    m->as.hb_resp.nonce = uftp_read_u32(r);
}

/* ABORT: 1 flags  2 reserved(2)  4 host(4)  8 text(300) */
static void abort_read(uftp_reader *r, uftp_v3_message *m)
{
    m->as.abort.current_file = flags(r, 1, m) & 1;
    reserved(r, 2, m);
    m->as.abort.host = uftp_read_u32(r);
    m->as.abort.text = text(uftp_read_field(r, ABORT_FIELD_LEN));
}

/* ENCRYPTED, without a type byte: 0 seconds(4)  4 microseconds(4)  8 S(2)  10 P(2)
 *   12 signature(S)  12+S payload(P) */
static void encrypted_read(uftp_reader *r, uftp_v3_message *m)
{
    uftp_v3_encrypted *out = &m->as.encrypted;
    out->time = time_pair(r);
    size_t signature_len = uftp_read_u16(r);
    size_t payload_len = uftp_read_u16(r);
    out->signature = uftp_read_field(r, signature_len);
    out->payload = uftp_read_field(r, payload_len);
}

static int body_read(uftp_reader *r, uint8_t version, uftp_v3_message *m)
{
    switch ((uftp_v3_type)m->type) {
    case UFTP_V3_ANNOUNCE:
        announce_read(r, m);
        return UFTP_OK;
    case UFTP_V3_REGISTER:
        register_read(r, m);
        return UFTP_OK;
    case UFTP_V3_CLIENT_KEY:
        key_read(r, false, m);
        return UFTP_OK;
    case UFTP_V3_REG_CONF:
        reg_conf_read(r, m);
        return UFTP_OK;
    case UFTP_V3_FILEINFO:
        fileinfo_read(r, version, m);
        return UFTP_OK;
    case UFTP_V3_KEYINFO:
        keyinfo_read(r, m);
        return UFTP_OK;
    case UFTP_V3_INFO_ACK:
        info_ack_read(r, m);
        return UFTP_OK;
    case UFTP_V3_FILESEG:
        fileseg_read(r, m);
        return UFTP_OK;
    case UFTP_V3_DONE:
        done_read(r, m);
        return UFTP_OK;
    case UFTP_V3_STATUS:
    case UFTP_V3_PRSTATUS:
        status_read(r, m);
        return UFTP_OK;
    case UFTP_V3_COMPLETE:
    case UFTP_V3_DONE_CONF:
        complete_read(r, m);
        return UFTP_OK;
    case UFTP_V3_HB_REQ:
    case UFTP_V3_PROXY_KEY:
        key_read(r, true, m);
        return UFTP_OK;
    case UFTP_V3_HB_RESP:
        hb_resp_read(r, m);
        return UFTP_OK;
    case UFTP_V3_KEY_REQ: /* 1 reserved(3) */
        reserved(r, 3, m);
        return UFTP_OK;
    case UFTP_V3_ENCRYPTED:
        encrypted_read(r, m);
        return UFTP_OK;
    case UFTP_V3_ABORT:
        abort_read(r, m);
        return UFTP_OK;
    }
    return UFTP_ERR_UNSUPPORTED;
}

int uftp_v3_message_read(uftp_reader *r, const uftp_v3_header *header, uftp_v3_message *out)
{
    *out = (uftp_v3_message){.type = header->type};
    if (header->len != uftp_read_left(r))
        return header->len > uftp_read_left(r) ? UFTP_ERR_TRUNCATED : UFTP_ERR_MALFORMED;
    if (header->type != UFTP_V3_ENCRYPTED && uftp_read_u8(r) != header->type)
        return r->failed ? UFTP_ERR_TRUNCATED : UFTP_ERR_MALFORMED;
    int err = body_read(r, header->version, out);
    if (err < 0)
        return err;
    if (r->failed)
        return UFTP_ERR_TRUNCATED;
    return uftp_read_left(r) == 0 ? UFTP_OK : UFTP_ERR_MALFORMED;
}
