/* SPDX-License-Identifier: MIT
 *
 * Wire version 5: the messages that set a session up, and those between proxies. Blobs are handed
 * out as they stand; what is inside them is the key module's business.
 */
#include "wire/v5.h"

enum { /* flags of ANNOUNCE (1.6) */
       FLAG_SYNC_MODE = 0x01,
       FLAG_SYNC_PREVIEW = 0x02,
       FLAG_IPV6 = 0x04
};
enum { FLAG_CLIENT_AUTH = 0x01 }; /* of EXT_ENC_INFO (1.7) */

static bool suite_known(uint8_t cipher, uint8_t hash)
{
    return cipher >= UFTP_CIPHER_AES128_GCM && cipher <= UFTP_CIPHER_AES256_CCM &&
           hash >= UFTP_HASH_SHA256 && hash <= UFTP_HASH_SHA512;
}

/* EXT_ENC_INFO, spec v5 1.7: 44 bytes and blobs, which fill it exactly
 *   0 type 1  1 length  2 flags  3 reserved  4 cipher  5 hash  6 K(2)  8 D(2)  10 G(2)
 *   12 random(32)  44 public key(K)  44+K ECDH key(D)  44+K+D signature(G) */
static int enc_info_read(uftp_reader *extension, uftp_enc_info *out)
{
    out->whole = (uftp_bytes){.data = extension->at, .len = uftp_read_left(extension)};
    uftp_read_skip(extension, 2);
    out->client_auth = uftp_read_u8(extension) & FLAG_CLIENT_AUTH;
    uftp_read_skip(extension, 1);
    out->cipher = uftp_read_u8(extension);
    out->hash = uftp_read_u8(extension);
    size_t public_key_len = uftp_read_u16(extension);
    size_t ecdh_key_len = uftp_read_u16(extension);
    size_t signature_len = uftp_read_u16(extension);
    out->random = uftp_read_bytes(extension, UFTP_RANDOM_LEN);
    out->public_key = uftp_read_field(extension, public_key_len);
    out->ecdh_key = uftp_read_field(extension, ecdh_key_len);
    out->signature = uftp_read_field(extension, signature_len);
    if (extension->failed || uftp_read_left(extension) != 0)
        return UFTP_ERR_MALFORMED;
    return suite_known(out->cipher, out->hash) ? UFTP_OK : UFTP_ERR_UNSUPPORTED;
}

static size_t enc_info_len(const uftp_enc_info *in)
{
    return UFTP_V5_ENC_INFO_FIXED_LEN + uftp_v5_bounded(in->public_key.len) +
           uftp_v5_bounded(in->ecdh_key.len) + uftp_v5_bounded(in->signature.len);
}

int uftp_v5_enc_info_write(uftp_writer *w, const uftp_enc_info *in)
{
    if (!suite_known(in->cipher, in->hash))
        return UFTP_ERR_UNSUPPORTED;
    int err = uftp_v5_start_write(w, UFTP_V5_EXT_ENC_INFO, enc_info_len(in));
    if (err < 0)
        return err;
    uftp_write_u8(w, in->client_auth ? FLAG_CLIENT_AUTH : 0);
    uftp_write_zeros(w, 1);
    uftp_write_u8(w, in->cipher);
    uftp_write_u8(w, in->hash);
    uftp_write_u16(w, (uint16_t)in->public_key.len);
    uftp_write_u16(w, (uint16_t)in->ecdh_key.len);
    uftp_write_u16(w, (uint16_t)in->signature.len);
    uftp_write_bytes(w, in->random, UFTP_RANDOM_LEN);
    uftp_write_bytes(w, in->public_key.data, in->public_key.len);
    uftp_write_bytes(w, in->ecdh_key.data, in->ecdh_key.len);
    uftp_write_bytes(w, in->signature.data, in->signature.len);
    return uftp_v5_end_write(w);
}

static size_t address_len(uint8_t family)
{
    return family == UFTP_IPV6 ? 16 : 4;
}

static uftp_address address_read(uftp_reader *r, uint8_t family)
{
    uftp_address address = {.family = family};
    size_t len = address_len(family);
    const uint8_t *bytes = uftp_read_bytes(r, len);
    if (bytes)
        memcpy(address.bytes, bytes, len);
    return address;
}

/* From these follow every size and every timer of a session: it cannot be run without (trap 59). */
static bool announce_usable(const uftp_announce *announce)
{
    return announce->robust != 0 && announce->block_size >= UFTP_BLOCK_SIZE_MIN &&
           announce->block_size <= UFTP_BLOCK_SIZE_MAX;
}

/* ANNOUNCE, spec v5 1.6; A = 4 or 16
 *   0 type  1 length  2 flags  3 robust  4 CC type  5 reserved  6 block size(2)  8 timestamp(8)
 *   16 public address(A)  16+A private address(A)  16+2A extensions; body: UIDs */
int uftp_v5_announce_fields_read(uftp_v5_frame *f, uftp_announce *out, uftp_reader *extension)
{
    uftp_reader *h = &f->header;
    uint8_t flags = uftp_read_u8(h);
    /* Preview implies the mode; a lone preview flag is taken for both. */
    out->sync_preview = flags & FLAG_SYNC_PREVIEW;
    out->sync_mode = flags & (FLAG_SYNC_MODE | FLAG_SYNC_PREVIEW);
    out->robust = uftp_read_u8(h);
    out->cc_type = uftp_read_u8(h);
    uftp_read_skip(h, 1);
    out->block_size = uftp_read_u16(h);
    out->timestamp_us = uftp_read_u64(h);
    uint8_t family = flags & FLAG_IPV6 ? UFTP_IPV6 : UFTP_IPV4;
    out->public_address = address_read(h, family);
    out->private_address = address_read(h, family);
    out->members = uftp_v5_uids_read(&f->body);
    int err = uftp_v5_extensions_read(h, UFTP_V5_EXT_ENC_INFO, extension);
    if (err < 0)
        return err;
    if (!announce_usable(out))
        return UFTP_ERR_MALFORMED;
    out->encrypted = extension->at != NULL;
    out->enc_info = (uftp_enc_info){0};
    return UFTP_OK;
}

int uftp_v5_announce_read(uftp_v5_frame *f, uftp_announce *out)
{
    uftp_reader extension;
    int err = uftp_v5_announce_fields_read(f, out, &extension);
    if (err < 0 || !out->encrypted)
        return err;
    return enc_info_read(&extension, &out->enc_info);
}

int uftp_v5_announce_fields_write(uftp_writer *w, const uftp_announce *in, size_t extension_len)
{
    uint8_t family = in->public_address.family;
    if ((family != UFTP_IPV4 && family != UFTP_IPV6) ||
        (in->private_address.family != family && in->private_address.family != 0))
        return UFTP_ERR_MALFORMED;
    if (!announce_usable(in))
        return UFTP_ERR_MALFORMED;
    int err =
        uftp_v5_start_write(w, UFTP_MESSAGE_ANNOUNCE, 16 + 2 * address_len(family) + extension_len);
    if (err < 0)
        return err;
    uftp_write_u8(w, (uint8_t)((in->sync_mode || in->sync_preview ? FLAG_SYNC_MODE : 0) |
                               (in->sync_preview ? FLAG_SYNC_PREVIEW : 0) |
                               (family == UFTP_IPV6 ? FLAG_IPV6 : 0)));
    uftp_write_u8(w, in->robust);
    uftp_write_u8(w, in->cc_type);
    uftp_write_zeros(w, 1);
    uftp_write_u16(w, in->block_size);
    uftp_write_u64(w, in->timestamp_us);
    uftp_write_bytes(w, in->public_address.bytes, address_len(family));
    uftp_write_bytes(w, in->private_address.bytes, address_len(family));
    return UFTP_OK;
}

int uftp_v5_announce_write(uftp_writer *w, const uftp_announce *in)
{
    int err = uftp_v5_announce_fields_write(w, in, in->encrypted ? enc_info_len(&in->enc_info) : 0);
    if (err < 0)
        return err;
    if (in->encrypted) {
        err = uftp_v5_enc_info_write(w, &in->enc_info);
        if (err < 0)
            return err;
    }
    uftp_v5_uids_write(w, &in->members);
    return uftp_v5_end_write(w);
}

/* REGISTER, spec v5 1.8
 *   0 type  1 length  2 D(2)  4 timestamp(8)  12 random(32)  44 ECDH key(D); body: UIDs */
int uftp_v5_register_read(uftp_v5_frame *f, uftp_register *out)
{
    uftp_reader *h = &f->header;
    size_t ecdh_key_len = uftp_read_u16(h);
    out->timestamp_us = uftp_read_u64(h);
    out->random = uftp_read_bytes(h, UFTP_RANDOM_LEN);
    out->ecdh_key = uftp_read_field(h, ecdh_key_len);
    out->clients = uftp_v5_uids_read(&f->body);
    return uftp_v5_extensions_skip(h);
}

int uftp_v5_register_write(uftp_writer *w, const uftp_register *in)
{
    int err = uftp_v5_start_write(w, UFTP_MESSAGE_REGISTER, 44 + uftp_v5_bounded(in->ecdh_key.len));
    if (err < 0)
        return err;
    uftp_write_u16(w, (uint16_t)in->ecdh_key.len);
    uftp_write_u64(w, in->timestamp_us);
    uftp_write_bytes(w, in->random, UFTP_RANDOM_LEN);
    uftp_write_bytes(w, in->ecdh_key.data, in->ecdh_key.len);
    uftp_v5_uids_write(w, &in->clients);
    return uftp_v5_end_write(w);
}

/* CLIENT_KEY, spec v5 1.9
 *   0 type  1 length  2 reserved(2)  4 K(2)  6 G(2)  8 public key(K)  8+K signature(G) */
int uftp_v5_client_key_read(uftp_v5_frame *f, uftp_client_key *out)
{
    uftp_reader *h = &f->header;
    uftp_read_skip(h, 2);
    size_t public_key_len = uftp_read_u16(h);
    size_t signature_len = uftp_read_u16(h);
    out->public_key = uftp_read_field(h, public_key_len);
    out->signature = uftp_read_field(h, signature_len);
    out->whole = f->whole;
    return uftp_v5_end_read(f);
}

int uftp_v5_client_key_write(uftp_writer *w, const uftp_client_key *in)
{
    int err = uftp_v5_start_write(w, UFTP_MESSAGE_CLIENT_KEY,
                                  8 + uftp_v5_bounded(in->public_key.len) +
                                      uftp_v5_bounded(in->signature.len));
    if (err < 0)
        return err;
    uftp_write_zeros(w, 2);
    uftp_write_u16(w, (uint16_t)in->public_key.len);
    uftp_write_u16(w, (uint16_t)in->signature.len);
    uftp_write_bytes(w, in->public_key.data, in->public_key.len);
    uftp_write_bytes(w, in->signature.data, in->signature.len);
    return uftp_v5_end_write(w);
}

/* REG_CONF 1.10, DONE_CONF 1.16: 0 type  1 length  2 reserved(2); body: UIDs. The reference takes
 * the body of DONE_CONF at offset 4 whatever the header length says, so we never write a longer
 * header (trap 12). */
int uftp_v5_uid_message_read(uftp_v5_frame *f, uftp_uid_message *out)
{
    uftp_read_skip(&f->header, 2);
    out->clients = uftp_v5_uids_read(&f->body);
    return uftp_v5_extensions_skip(&f->header);
}

int uftp_v5_uid_message_write(uftp_writer *w, uint8_t type, const uftp_uid_message *in)
{
    int err = uftp_v5_start_write(w, type, 4);
    if (err < 0)
        return err;
    uftp_write_zeros(w, 2);
    uftp_v5_uids_write(w, &in->clients);
    return uftp_v5_end_write(w);
}

/* KEYINFO, spec v5 1.11
 *   0 type  1 length  2 G(2)  4 IV counter(8)  12 signature(G); body: UID(4), sealed master(48) */
int uftp_v5_keyinfo_read(uftp_v5_frame *f, uftp_keyinfo *out)
{
    uftp_reader *h = &f->header;
    size_t signature_len = uftp_read_u16(h);
    out->iv_counter = uftp_read_u64(h);
    out->signature = uftp_read_field(h, signature_len);
    out->entry_count = uftp_read_left(&f->body) / UFTP_KEYINFO_ENTRY_LEN;
    out->entries = uftp_read_bytes(&f->body, out->entry_count * UFTP_KEYINFO_ENTRY_LEN);
    return uftp_v5_extensions_skip(h);
}

int uftp_v5_keyinfo_write(uftp_writer *w, const uftp_keyinfo *in)
{
    int err = uftp_v5_start_write(w, UFTP_MESSAGE_KEYINFO, 12 + uftp_v5_bounded(in->signature.len));
    if (err < 0)
        return err;
    uftp_write_u16(w, (uint16_t)in->signature.len);
    uftp_write_u64(w, in->iv_counter);
    uftp_write_bytes(w, in->signature.data, in->signature.len);
    uftp_write_bytes(w, in->entries, in->entry_count * UFTP_KEYINFO_ENTRY_LEN);
    return uftp_v5_end_write(w);
}

/* KEYINFO_ACK, spec v5 1.12: 0 type  1 length  2 zero(2)  4 verify data, to the header's end. The
 * length field is 0 on the wire and means nothing (trap 7). */
int uftp_v5_keyinfo_ack_read(uftp_v5_frame *f, uftp_keyinfo_ack *out)
{
    uftp_read_skip(&f->header, 2);
    out->verify_data = uftp_read_rest(&f->header);
    return uftp_v5_end_read(f);
}

int uftp_v5_keyinfo_ack_write(uftp_writer *w, const uftp_keyinfo_ack *in)
{
    int err =
        uftp_v5_start_write(w, UFTP_MESSAGE_KEYINFO_ACK, 4 + uftp_v5_bounded(in->verify_data.len));
    if (err < 0)
        return err;
    uftp_write_zeros(w, 2);
    uftp_write_bytes(w, in->verify_data.data, in->verify_data.len);
    return uftp_v5_end_write(w);
}

/* HB_REQ, spec v5 1.18
 *   0 type  1 length  2 reserved(2)  4 K(2)  6 G(2)  8 nonce(4)  12 public key(K)
 *   12+K signature(G) */
int uftp_v5_hb_req_read(uftp_v5_frame *f, uftp_hb_req *out)
{
    uftp_reader *h = &f->header;
    uftp_read_skip(h, 2);
    size_t public_key_len = uftp_read_u16(h);
    size_t signature_len = uftp_read_u16(h);
    out->nonce = uftp_read_u32(h);
    out->public_key = uftp_read_field(h, public_key_len);
    out->signature = uftp_read_field(h, signature_len);
    return uftp_v5_end_read(f);
}

int uftp_v5_hb_req_write(uftp_writer *w, const uftp_hb_req *in)
{
    int err = uftp_v5_start_write(w, UFTP_MESSAGE_HB_REQ,
                                  12 + uftp_v5_bounded(in->public_key.len) +
                                      uftp_v5_bounded(in->signature.len));
    if (err < 0)
        return err;
    uftp_write_zeros(w, 2);
    uftp_write_u16(w, (uint16_t)in->public_key.len);
    uftp_write_u16(w, (uint16_t)in->signature.len);
    uftp_write_u32(w, in->nonce);
    uftp_write_bytes(w, in->public_key.data, in->public_key.len);
    uftp_write_bytes(w, in->signature.data, in->signature.len);
    return uftp_v5_end_write(w);
}

/* HB_RESP, spec v5 1.18: 0 type  1 length  2 result  3 reserved  4 nonce(4) */
int uftp_v5_hb_resp_read(uftp_v5_frame *f, uftp_hb_resp *out)
{
    uftp_reader *h = &f->header;
    out->result = uftp_read_u8(h);
    uftp_read_skip(h, 1);
    out->nonce = uftp_read_u32(h);
    return uftp_v5_end_read(f);
}

int uftp_v5_hb_resp_write(uftp_writer *w, const uftp_hb_resp *in)
{
    int err = uftp_v5_start_write(w, UFTP_MESSAGE_HB_RESP, 8);
    if (err < 0)
        return err;
    uftp_write_u8(w, in->result);
    uftp_write_zeros(w, 1);
    uftp_write_u32(w, in->nonce);
    return uftp_v5_end_write(w);
}

/* PROXY_KEY, spec v5 1.18
 *   0 type  1 length  2 K(2)  4 D(2)  6 G(2)  8 public key(K)  8+K ECDH key(D)
 *   8+K+D signature(G); all three empty in a session without encryption */
int uftp_v5_proxy_key_read(uftp_v5_frame *f, uftp_proxy_key *out)
{
    uftp_reader *h = &f->header;
    size_t public_key_len = uftp_read_u16(h);
    size_t ecdh_key_len = uftp_read_u16(h);
    size_t signature_len = uftp_read_u16(h);
    out->public_key = uftp_read_field(h, public_key_len);
    out->ecdh_key = uftp_read_field(h, ecdh_key_len);
    out->signature = uftp_read_field(h, signature_len);
    out->whole = f->whole;
    out->nonce = 0;
    return uftp_v5_end_read(f);
}

int uftp_v5_proxy_key_write(uftp_writer *w, const uftp_proxy_key *in)
{
    int err = uftp_v5_start_write(w, UFTP_MESSAGE_PROXY_KEY,
                                  8 + uftp_v5_bounded(in->public_key.len) +
                                      uftp_v5_bounded(in->ecdh_key.len) +
                                      uftp_v5_bounded(in->signature.len));
    if (err < 0)
        return err;
    uftp_write_u16(w, (uint16_t)in->public_key.len);
    uftp_write_u16(w, (uint16_t)in->ecdh_key.len);
    uftp_write_u16(w, (uint16_t)in->signature.len);
    uftp_write_bytes(w, in->public_key.data, in->public_key.len);
    uftp_write_bytes(w, in->ecdh_key.data, in->ecdh_key.len);
    uftp_write_bytes(w, in->signature.data, in->signature.len);
    return uftp_v5_end_write(w);
}
