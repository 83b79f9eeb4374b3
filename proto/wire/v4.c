/* SPDX-License-Identifier: MIT
 *
 * Wire version 4: the wrapper of encrypted messages and the dispatch by type. What is the same in
 * version 5 is not written twice (wire/v4.h).
 */
#include "wire/v4.h"

#define VERSION_BYTE 0x40
#define HEADER_LEN 16
#define WRAPPER_LEN 12
#define TAG_LEN 16
/* The shortest message has 4 bytes. DES makes a block of 8 of it, an AEAD cipher 20. */
#define PAYLOAD_MIN 8

static int header_read(uftp_reader *r, uftp_header *out)
{
    return uftp_v5_common_read(r, VERSION_BYTE, out);
}

static int header_write(uftp_writer *w, const uftp_header *in)
{
    return uftp_v5_common_write(w, VERSION_BYTE, in);
}

/* ENCRYPTED, spec v4 7: no type or length byte of its own
 *   0 IV counter(8)  8 signature length s(2)  10 payload length(2)  12 signature(s)
 *   12+s payload: ciphertext, with an AEAD cipher its tag(16) */
static int encrypted_read(uftp_reader *r, uftp_encrypted *out)
{
    out->iv_counter = uftp_read_u64(r);
    size_t signature_len = uftp_read_u16(r);
    size_t payload_len = uftp_read_u16(r);
    out->signature = uftp_read_field(r, signature_len);
    out->payload = uftp_read_rest(r);
    if (r->failed)
        return UFTP_ERR_TRUNCATED;
    if (out->payload.len < payload_len)
        return UFTP_ERR_TRUNCATED;
    if (out->payload.len > payload_len || payload_len < PAYLOAD_MIN)
        return UFTP_ERR_MALFORMED;
    return UFTP_OK;
}

static int encrypted_write(uftp_writer *w, const uftp_encrypted *in)
{
    if (in->payload.len < PAYLOAD_MIN)
        return UFTP_ERR_MALFORMED;
    if (in->payload.len > UINT16_MAX || in->signature.len > UINT16_MAX)
        return UFTP_ERR_LIMIT;
    uftp_write_u64(w, in->iv_counter);
    uftp_write_u16(w, (uint16_t)in->signature.len);
    uftp_write_u16(w, (uint16_t)in->payload.len);
    uftp_write_bytes(w, in->signature.data, in->signature.len);
    if (in->payload.data)
        uftp_write_bytes(w, in->payload.data, in->payload.len);
    else
        (void)uftp_write_space(w, in->payload.len);
    return w->failed ? UFTP_ERR_SPACE : UFTP_OK;
}

static int message_read(uftp_reader *r, uftp_message *out)
{
    if (r->failed || uftp_read_left(r) == 0)
        return UFTP_ERR_TRUNCATED;
    uftp_v5_frame f = uftp_v5_frame_read(r, &out->type);
    switch ((uftp_message_type)out->type) {
    case UFTP_MESSAGE_ANNOUNCE:
        return uftp_v4_announce_read(&f, &out->as.announce);
    case UFTP_MESSAGE_REGISTER:
        return uftp_v4_register_read(&f, &out->as.registration);
    case UFTP_MESSAGE_KEYINFO:
        return uftp_v4_keyinfo_read(&f, &out->as.keyinfo);
    case UFTP_MESSAGE_KEYINFO_ACK:
        return uftp_v4_keyinfo_ack_read(&f, &out->as.keyinfo_ack);
    case UFTP_MESSAGE_FILEINFO:
        return uftp_v4_fileinfo_read(&f, &out->as.fileinfo);
    case UFTP_MESSAGE_FILEINFO_ACK:
        return uftp_v4_fileinfo_ack_read(&f, &out->as.fileinfo_ack);
    case UFTP_MESSAGE_STATUS:
        return uftp_v4_status_read(&f, &out->as.status);
    case UFTP_MESSAGE_KEY_REQ:
        return uftp_v4_key_req_read(&f);
    case UFTP_MESSAGE_PROXY_KEY:
        return uftp_v4_proxy_key_read(&f, &out->as.proxy_key);
    case UFTP_MESSAGE_CONG_CTRL:
        return uftp_v4_cong_ctrl_read(&f, &out->as.cong_ctrl);
    case UFTP_MESSAGE_CC_ACK:
        return uftp_v4_cc_ack_read(&f, &out->as.cc_ack);
    case UFTP_MESSAGE_FILESEG: /* the same in both */
    case UFTP_MESSAGE_CLIENT_KEY:
    case UFTP_MESSAGE_REG_CONF:
    case UFTP_MESSAGE_DONE:
    case UFTP_MESSAGE_COMPLETE:
    case UFTP_MESSAGE_DONE_CONF:
    case UFTP_MESSAGE_HB_REQ:
    case UFTP_MESSAGE_HB_RESP:
    case UFTP_MESSAGE_ABORT:
        return uftp_v5_fields_read(&f, out);
    case UFTP_MESSAGE_ENCRYPTED: /* a wrapper, never inside itself */
        break;
    }
    return UFTP_ERR_UNSUPPORTED;
}

static int message_write(uftp_writer *w, const uftp_message *in)
{
    switch ((uftp_message_type)in->type) {
    case UFTP_MESSAGE_ANNOUNCE:
        return uftp_v4_announce_write(w, &in->as.announce);
    case UFTP_MESSAGE_REGISTER:
        return uftp_v4_register_write(w, &in->as.registration);
    case UFTP_MESSAGE_KEYINFO:
        return uftp_v4_keyinfo_write(w, &in->as.keyinfo);
    case UFTP_MESSAGE_KEYINFO_ACK:
        return uftp_v4_keyinfo_ack_write(w, &in->as.keyinfo_ack);
    case UFTP_MESSAGE_FILEINFO:
        return uftp_v4_fileinfo_write(w, &in->as.fileinfo);
    case UFTP_MESSAGE_FILEINFO_ACK:
        return uftp_v4_fileinfo_ack_write(w, &in->as.fileinfo_ack);
    case UFTP_MESSAGE_STATUS:
        return uftp_v4_status_write(w, &in->as.status);
    case UFTP_MESSAGE_KEY_REQ:
        return uftp_v4_key_req_write(w);
    case UFTP_MESSAGE_PROXY_KEY:
        return uftp_v4_proxy_key_write(w, &in->as.proxy_key);
    case UFTP_MESSAGE_CONG_CTRL:
        return uftp_v4_cong_ctrl_write(w, &in->as.cong_ctrl);
    case UFTP_MESSAGE_CC_ACK:
        return uftp_v4_cc_ack_write(w, &in->as.cc_ack);
    case UFTP_MESSAGE_FILESEG: /* the same in both */
    case UFTP_MESSAGE_CLIENT_KEY:
    case UFTP_MESSAGE_REG_CONF:
    case UFTP_MESSAGE_DONE:
    case UFTP_MESSAGE_COMPLETE:
    case UFTP_MESSAGE_DONE_CONF:
    case UFTP_MESSAGE_HB_REQ:
    case UFTP_MESSAGE_HB_RESP:
    case UFTP_MESSAGE_ABORT:
        return uftp_v5_message_write(w, in);
    case UFTP_MESSAGE_ENCRYPTED:
        break;
    }
    return UFTP_ERR_UNSUPPORTED;
}

const uftp_wire uftp_wire_v4 = {
    .version = VERSION_BYTE,
    .header_read = header_read,
    .header_write = header_write,
    .encrypted_read = encrypted_read,
    .encrypted_write = encrypted_write,
    .message_read = message_read,
    .message_write = message_write,
    .enc_info_write = uftp_v4_enc_info_write,
    .header_len = HEADER_LEN,
    .encrypted_overhead = WRAPPER_LEN + TAG_LEN,
    .fileseg_header_len = 8,
    .fileseg_tfmcc_len = UFTP_V5_TFMCC_DATA_LEN,
    .register_patience = 4,
};
