/* SPDX-License-Identifier: MIT
 *
 * Wire version 5: the common header, the wrapper of encrypted messages, what all message headers
 * share, and the dispatch by type.
 */
#include "wire/v5.h"

#define VERSION_BYTE 0x50
#define HEADER_LEN 16
#define WRAPPER_LEN 12
#define TAG_LEN 16
#define PLAINTEXT_MIN 4 /* the shortest message (spec v5 trap 60) */

/* Common header, spec v5 1.2
 *   0 version  1 type  2 seq(2)  4 source(4)  8 group(4)  12 instance  13 grtt  14 group size
 *   15 reserved */
int uftp_v5_common_read(uftp_reader *r, uint8_t version, uftp_header *out)
{
    out->version = uftp_read_u8(r);
    out->type = uftp_read_u8(r);
    out->seq = uftp_read_u16(r);
    out->source = uftp_read_u32(r);
    out->group = uftp_read_u32(r);
    out->instance = uftp_read_u8(r);
    out->grtt = uftp_read_u8(r);
    out->group_size = uftp_read_u8(r);
    uftp_read_skip(r, 1);
    if (r->failed)
        return UFTP_ERR_TRUNCATED;
    return out->version == version ? UFTP_OK : UFTP_ERR_VERSION;
}

int uftp_v5_common_write(uftp_writer *w, uint8_t version, const uftp_header *in)
{
    uftp_write_u8(w, version);
    uftp_write_u8(w, in->type);
    uftp_write_u16(w, in->seq);
    uftp_write_u32(w, in->source);
    uftp_write_u32(w, in->group);
    uftp_write_u8(w, in->instance);
    uftp_write_u8(w, in->grtt);
    uftp_write_u8(w, in->group_size);
    uftp_write_zeros(w, 1);
    return w->failed ? UFTP_ERR_SPACE : UFTP_OK;
}

static int header_read(uftp_reader *r, uftp_header *out)
{
    return uftp_v5_common_read(r, VERSION_BYTE, out);
}

static int header_write(uftp_writer *w, const uftp_header *in)
{
    return uftp_v5_common_write(w, VERSION_BYTE, in);
}

/* ENCRYPTED, spec v5 1.5: no type or length byte of its own
 *   0 IV counter(8)  8 reserved(2)  10 payload length(2)  12 payload: ciphertext, tag(16) */
static int encrypted_read(uftp_reader *r, uftp_encrypted *out)
{
    out->iv_counter = uftp_read_u64(r);
    out->signature = (uftp_bytes){0};
    uftp_read_skip(r, 2);
    size_t payload_len = uftp_read_u16(r);
    out->payload = uftp_read_rest(r);
    if (r->failed)
        return UFTP_ERR_TRUNCATED;
    if (out->payload.len < payload_len)
        return UFTP_ERR_TRUNCATED;
    if (out->payload.len > payload_len || payload_len < PLAINTEXT_MIN + TAG_LEN)
        return UFTP_ERR_MALFORMED;
    return UFTP_OK;
}

static int encrypted_write(uftp_writer *w, const uftp_encrypted *in)
{
    if (in->payload.len < PLAINTEXT_MIN + TAG_LEN || in->signature.len != 0)
        return UFTP_ERR_MALFORMED;
    if (in->payload.len > UINT16_MAX)
        return UFTP_ERR_LIMIT;
    uftp_write_u64(w, in->iv_counter);
    uftp_write_zeros(w, 2);
    uftp_write_u16(w, (uint16_t)in->payload.len);
    if (in->payload.data)
        uftp_write_bytes(w, in->payload.data, in->payload.len);
    else
        (void)uftp_write_space(w, in->payload.len);
    return w->failed ? UFTP_ERR_SPACE : UFTP_OK;
}

/* Extension, spec v5 1.20: 0 type  1 length in words, all included  2 data
 *
 * Other than the reference we walk the list: an unknown extension may stand before the one that is
 * looked for. One that comes twice has no meaning that two readers would agree on. */
int uftp_v5_extensions_read(uftp_reader *header, uint8_t type, uftp_reader *found)
{
    *found = (uftp_reader){0};
    if (header->failed)
        return UFTP_ERR_TRUNCATED;
    if (uftp_read_left(header) % 4 != 0)
        return UFTP_ERR_MALFORMED; /* fields that do not end at a word leave a torn extension */
    while (header->at < header->end) {
        size_t len = 4 * (size_t)header->at[1];
        if (len == 0)
            return UFTP_ERR_MALFORMED;
        uftp_reader extension = uftp_read_part(header, len);
        if (header->failed)
            return UFTP_ERR_MALFORMED;
        if (type == UFTP_V5_EXT_NONE || extension.at[0] != type)
            continue;
        if (found->at)
            return UFTP_ERR_MALFORMED;
        *found = extension;
    }
    return UFTP_OK;
}

int uftp_v5_extensions_skip(uftp_reader *header)
{
    uftp_reader none;
    return uftp_v5_extensions_read(header, UFTP_V5_EXT_NONE, &none);
}

int uftp_v5_end_read(uftp_v5_frame *f)
{
    int err = uftp_v5_extensions_skip(&f->header);
    if (err < 0)
        return err;
    return uftp_read_left(&f->body) == 0 ? UFTP_OK : UFTP_ERR_MALFORMED;
}

int uftp_v5_start_write(uftp_writer *w, uint8_t type, size_t header_len)
{
    if (header_len > UFTP_V5_HEADER_MAX)
        return UFTP_ERR_LIMIT;
    if (header_len % 4 != 0)
        return UFTP_ERR_MALFORMED;
    uftp_write_u8(w, type);
    uftp_write_u8(w, (uint8_t)(header_len / 4));
    return UFTP_OK;
}

int uftp_v5_end_write(const uftp_writer *w)
{
    return w->failed ? UFTP_ERR_SPACE : UFTP_OK;
}

/* Message header, spec v5 1.3: 0 type  1 header length in words  2 fields, then extensions; the
 * body follows. */
uftp_v5_frame uftp_v5_frame_read(uftp_reader *r, uint8_t *type)
{
    uftp_v5_frame f = {.whole = {.data = r->at}};
    *type = uftp_read_u8(r);
    f.whole.len = 4 * (size_t)uftp_read_u8(r);
    if (f.whole.len < 4)
        r->failed = true; /* ends before its own length byte does */
    f.header = uftp_read_part(r, f.whole.len - 2);
    f.body = uftp_read_part(r, uftp_read_left(r));
    return f;
}

int uftp_v5_fields_read(uftp_v5_frame *f, uftp_message *out)
{
    switch ((uftp_message_type)out->type) {
    case UFTP_MESSAGE_FILESEG:
        return uftp_v5_fileseg_read(f, &out->as.fileseg);
    case UFTP_MESSAGE_ANNOUNCE:
        return uftp_v5_announce_read(f, &out->as.announce);
    case UFTP_MESSAGE_REGISTER:
        return uftp_v5_register_read(f, &out->as.registration);
    case UFTP_MESSAGE_CLIENT_KEY:
        return uftp_v5_client_key_read(f, &out->as.client_key);
    case UFTP_MESSAGE_REG_CONF:
        return uftp_v5_uid_message_read(f, &out->as.reg_conf);
    case UFTP_MESSAGE_KEYINFO:
        return uftp_v5_keyinfo_read(f, &out->as.keyinfo);
    case UFTP_MESSAGE_KEYINFO_ACK:
        return uftp_v5_keyinfo_ack_read(f, &out->as.keyinfo_ack);
    case UFTP_MESSAGE_FILEINFO:
        return uftp_v5_fileinfo_read(f, &out->as.fileinfo);
    case UFTP_MESSAGE_FILEINFO_ACK:
        return uftp_v5_fileinfo_ack_read(f, &out->as.fileinfo_ack);
    case UFTP_MESSAGE_DONE:
        return uftp_v5_done_read(f, &out->as.done);
    case UFTP_MESSAGE_STATUS:
        return uftp_v5_status_read(f, &out->as.status);
    case UFTP_MESSAGE_COMPLETE:
        return uftp_v5_complete_read(f, &out->as.complete);
    case UFTP_MESSAGE_DONE_CONF:
        return uftp_v5_uid_message_read(f, &out->as.done_conf);
    case UFTP_MESSAGE_HB_REQ:
        return uftp_v5_hb_req_read(f, &out->as.hb_req);
    case UFTP_MESSAGE_HB_RESP:
        return uftp_v5_hb_resp_read(f, &out->as.hb_resp);
    case UFTP_MESSAGE_PROXY_KEY:
        return uftp_v5_proxy_key_read(f, &out->as.proxy_key);
    case UFTP_MESSAGE_ABORT:
        return uftp_v5_abort_read(f, &out->as.abort);
    case UFTP_MESSAGE_CONG_CTRL:
        return uftp_v5_cong_ctrl_read(f, &out->as.cong_ctrl);
    case UFTP_MESSAGE_CC_ACK:
        return uftp_v5_cc_ack_read(f, &out->as.cc_ack);
    case UFTP_MESSAGE_KEY_REQ:   /* of v4 */
    case UFTP_MESSAGE_ENCRYPTED: /* a wrapper, never inside itself */
        break;
    }
    return UFTP_ERR_UNSUPPORTED;
}

static int message_read(uftp_reader *r, uftp_message *out)
{
    if (r->failed || uftp_read_left(r) == 0)
        return UFTP_ERR_TRUNCATED;
    uftp_v5_frame f = uftp_v5_frame_read(r, &out->type);
    return uftp_v5_fields_read(&f, out);
}

int uftp_v5_message_write(uftp_writer *w, const uftp_message *in)
{
    switch ((uftp_message_type)in->type) {
    case UFTP_MESSAGE_FILESEG:
        return uftp_v5_fileseg_write(w, &in->as.fileseg);
    case UFTP_MESSAGE_ANNOUNCE:
        return uftp_v5_announce_write(w, &in->as.announce);
    case UFTP_MESSAGE_REGISTER:
        return uftp_v5_register_write(w, &in->as.registration);
    case UFTP_MESSAGE_CLIENT_KEY:
        return uftp_v5_client_key_write(w, &in->as.client_key);
    case UFTP_MESSAGE_REG_CONF:
        return uftp_v5_uid_message_write(w, UFTP_MESSAGE_REG_CONF, &in->as.reg_conf);
    case UFTP_MESSAGE_KEYINFO:
        return uftp_v5_keyinfo_write(w, &in->as.keyinfo);
    case UFTP_MESSAGE_KEYINFO_ACK:
        return uftp_v5_keyinfo_ack_write(w, &in->as.keyinfo_ack);
    case UFTP_MESSAGE_FILEINFO:
        return uftp_v5_fileinfo_write(w, &in->as.fileinfo);
    case UFTP_MESSAGE_FILEINFO_ACK:
        return uftp_v5_fileinfo_ack_write(w, &in->as.fileinfo_ack);
    case UFTP_MESSAGE_DONE:
        return uftp_v5_done_write(w, &in->as.done);
    case UFTP_MESSAGE_STATUS:
        return uftp_v5_status_write(w, &in->as.status);
    case UFTP_MESSAGE_COMPLETE:
        return uftp_v5_complete_write(w, &in->as.complete);
    case UFTP_MESSAGE_DONE_CONF:
        return uftp_v5_uid_message_write(w, UFTP_MESSAGE_DONE_CONF, &in->as.done_conf);
    case UFTP_MESSAGE_HB_REQ:
        return uftp_v5_hb_req_write(w, &in->as.hb_req);
    case UFTP_MESSAGE_HB_RESP:
        return uftp_v5_hb_resp_write(w, &in->as.hb_resp);
    case UFTP_MESSAGE_PROXY_KEY:
        return uftp_v5_proxy_key_write(w, &in->as.proxy_key);
    case UFTP_MESSAGE_ABORT:
        return uftp_v5_abort_write(w, &in->as.abort);
    case UFTP_MESSAGE_CONG_CTRL:
        return uftp_v5_cong_ctrl_write(w, &in->as.cong_ctrl);
    case UFTP_MESSAGE_CC_ACK:
        return uftp_v5_cc_ack_write(w, &in->as.cc_ack);
    case UFTP_MESSAGE_KEY_REQ:
    case UFTP_MESSAGE_ENCRYPTED:
        break;
    }
    return UFTP_ERR_UNSUPPORTED;
}

const uftp_wire uftp_wire_v5 = {
    .version = VERSION_BYTE,
    .header_read = header_read,
    .header_write = header_write,
    .encrypted_read = encrypted_read,
    .encrypted_write = encrypted_write,
    .message_read = message_read,
    .message_write = uftp_v5_message_write,
    .enc_info_write = uftp_v5_enc_info_write,
    .header_len = HEADER_LEN,
    .encrypted_overhead = WRAPPER_LEN + TAG_LEN,
    .fileseg_header_len = 8,
    .fileseg_tfmcc_len = UFTP_V5_TFMCC_DATA_LEN,
    .register_patience = 5,
};
