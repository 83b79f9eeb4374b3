/* SPDX-License-Identifier: MIT
 *
 * Wire version 4: what sets a session up in another form than version 5. CLIENT_KEY, REG_CONF,
 * HB_REQ and HB_RESP are the same in both.
 */
#include "wire/v4.h"

enum { FLAG_CLIENT_AUTH = 0x01 }; /* of EXT_ENC_INFO (3.1) */

static bool is_aead(uint8_t cipher)
{
    return cipher >= UFTP_CIPHER_AES128_GCM;
}

/* An AEAD cipher and signature type 3 come together or not at all (spec v4 4). */
static bool suite_known(const uftp_enc_info *info)
{
    return info->cipher >= UFTP_CIPHER_DES_CBC && info->cipher <= UFTP_CIPHER_AES256_CCM &&
           info->hash >= UFTP_HASH_SHA1 && info->hash <= UFTP_HASH_SHA512 &&
           info->key_exchange >= UFTP_KEY_EXCHANGE_RSA &&
           info->key_exchange <= UFTP_KEY_EXCHANGE_ECDH_ECDSA &&
           info->sigtype >= UFTP_SIGTYPE_HMAC && info->sigtype <= UFTP_SIGTYPE_AUTHENC &&
           is_aead(info->cipher) == (info->sigtype == UFTP_SIGTYPE_AUTHENC);
}

/* An RSA exchange has no ephemeral key and signs nothing; the others need both. */
static bool keys_fit(const uftp_enc_info *info)
{
    if (info->key_exchange == UFTP_KEY_EXCHANGE_RSA)
        return info->ecdh_key.len == 0 && info->signature.len == 0;
    return info->ecdh_key.len != 0 && info->signature.len != 0;
}

/* EXT_ENC_INFO, spec v4 3.1: 44 bytes and blobs, which fill it exactly
 *   0 type 1  1 length  2 flags  3 key exchange (high nibble), signature type (low)  4 cipher
 *   5 hash  6 K(2)  8 D(2)  10 G(2)  12 random(32)  44 public key(K)  44+K ECDH key(D)
 *   44+K+D signature(G) */
static int enc_info_read(uftp_reader *extension, uftp_enc_info *out)
{
    out->whole = (uftp_bytes){.data = extension->at, .len = uftp_read_left(extension)};
    uftp_read_skip(extension, 2);
    out->client_auth = uftp_read_u8(extension) & FLAG_CLIENT_AUTH;
    uint8_t types = uftp_read_u8(extension);
    out->key_exchange = types >> 4;
    out->sigtype = types & 15;
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
    if (!suite_known(out))
        return UFTP_ERR_UNSUPPORTED;
    return keys_fit(out) ? UFTP_OK : UFTP_ERR_MALFORMED;
}

static size_t enc_info_len(const uftp_enc_info *in)
{
    return UFTP_V5_ENC_INFO_FIXED_LEN + uftp_v5_bounded(in->public_key.len) +
           uftp_v5_bounded(in->ecdh_key.len) + uftp_v5_bounded(in->signature.len);
}

int uftp_v4_enc_info_write(uftp_writer *w, const uftp_enc_info *in)
{
    if (!suite_known(in))
        return UFTP_ERR_UNSUPPORTED;
    if (!keys_fit(in))
        return UFTP_ERR_MALFORMED;
    int err = uftp_v5_start_write(w, UFTP_V5_EXT_ENC_INFO, enc_info_len(in));
    if (err < 0)
        return err;
    uftp_write_u8(w, in->client_auth ? FLAG_CLIENT_AUTH : 0);
    uftp_write_u8(w, (uint8_t)(in->key_exchange << 4 | in->sigtype));
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

/* ANNOUNCE, spec v4 3.1; A = 4 or 16
 *   0 type  1 length  2 flags  3 robust  4 CC type  5 reserved  6 block size(2)  8 seconds(4)
 *   12 microseconds(4)  16 public address(A)  16+A private address(A)  16+2A extensions; body:
 *   UIDs. Older programs look at the first extension only, so EXT_ENC_INFO is written first. */
int uftp_v4_announce_read(uftp_v5_frame *f, uftp_announce *out)
{
    uftp_reader extension;
    int err = uftp_v5_announce_fields_read(f, out, &extension);
    out->timestamp_us = uftp_v4_time_from_pair(out->timestamp_us);
    if (err < 0 || !out->encrypted)
        return err;
    return enc_info_read(&extension, &out->enc_info);
}

int uftp_v4_announce_write(uftp_writer *w, const uftp_announce *in)
{
    uftp_announce message = *in;
    int err = uftp_v4_time_to_pair(&message.timestamp_us);
    if (err == UFTP_OK)
        err = uftp_v5_announce_fields_write(w, &message,
                                            in->encrypted ? enc_info_len(&in->enc_info) : 0);
    if (err == UFTP_OK && in->encrypted)
        err = uftp_v4_enc_info_write(w, &in->enc_info);
    if (err < 0)
        return err;
    uftp_v5_uids_write(w, &in->members);
    return uftp_v5_end_write(w);
}

/* KEYINFO, spec v4 3.5: 0 type  1 length  2 reserved(2)  4 IV counter(8); body: UID(4), encrypted
 * group master(48). Nothing is signed. */
int uftp_v4_keyinfo_read(uftp_v5_frame *f, uftp_keyinfo *out)
{
    uftp_reader *h = &f->header;
    uftp_read_skip(h, 2);
    out->iv_counter = uftp_read_u64(h);
    out->signature = (uftp_bytes){0};
    out->entry_count = uftp_read_left(&f->body) / UFTP_KEYINFO_ENTRY_LEN;
    out->entries = uftp_read_bytes(&f->body, out->entry_count * UFTP_KEYINFO_ENTRY_LEN);
    return uftp_v5_extensions_skip(h);
}

int uftp_v4_keyinfo_write(uftp_writer *w, const uftp_keyinfo *in)
{
    if (in->signature.len != 0)
        return UFTP_ERR_MALFORMED;
    return uftp_v5_keyinfo_write(w, in);
}

/* KEYINFO_ACK, spec v4 3.6: 0 type  1 length  2 reserved(2)  4 verify data(12) */
int uftp_v4_keyinfo_ack_read(uftp_v5_frame *f, uftp_keyinfo_ack *out)
{
    uftp_read_skip(&f->header, 2);
    out->verify_data = uftp_read_field(&f->header, UFTP_V4_VERIFY_LEN);
    return uftp_v5_end_read(f);
}

int uftp_v4_keyinfo_ack_write(uftp_writer *w, const uftp_keyinfo_ack *in)
{
    if (in->verify_data.len != UFTP_V4_VERIFY_LEN)
        return UFTP_ERR_MALFORMED;
    return uftp_v5_keyinfo_ack_write(w, in);
}

/* KEY_REQ, spec v4 3.16: 0 type  1 length  2 reserved(2) */
int uftp_v4_key_req_read(uftp_v5_frame *f)
{
    uftp_read_skip(&f->header, 2);
    return uftp_v5_end_read(f);
}

int uftp_v4_key_req_write(uftp_writer *w)
{
    int err = uftp_v5_start_write(w, UFTP_MESSAGE_KEY_REQ, 4);
    if (err < 0)
        return err;
    uftp_write_zeros(w, 2);
    return uftp_v5_end_write(w);
}

/* PROXY_KEY, spec v4 3.16
 *   0 type  1 length  2 K(2)  4 D(2)  6 G(2)  8 nonce(4)  12 public key(K)  12+K ECDH key(D)
 *   12+K+D signature(G) */
int uftp_v4_proxy_key_read(uftp_v5_frame *f, uftp_proxy_key *out)
{
    uftp_reader *h = &f->header;
    size_t public_key_len = uftp_read_u16(h);
    size_t ecdh_key_len = uftp_read_u16(h);
    size_t signature_len = uftp_read_u16(h);
    out->nonce = uftp_read_u32(h);
    out->public_key = uftp_read_field(h, public_key_len);
    out->ecdh_key = uftp_read_field(h, ecdh_key_len);
    out->signature = uftp_read_field(h, signature_len);
    out->whole = f->whole;
    return uftp_v5_end_read(f);
}

int uftp_v4_proxy_key_write(uftp_writer *w, const uftp_proxy_key *in)
{
    int err = uftp_v5_start_write(w, UFTP_MESSAGE_PROXY_KEY,
                                  12 + uftp_v5_bounded(in->public_key.len) +
                                      uftp_v5_bounded(in->ecdh_key.len) +
                                      uftp_v5_bounded(in->signature.len));
    if (err < 0)
        return err;
    uftp_write_u16(w, (uint16_t)in->public_key.len);
    uftp_write_u16(w, (uint16_t)in->ecdh_key.len);
    uftp_write_u16(w, (uint16_t)in->signature.len);
    uftp_write_u32(w, in->nonce);
    uftp_write_bytes(w, in->public_key.data, in->public_key.len);
    uftp_write_bytes(w, in->ecdh_key.data, in->ecdh_key.len);
    uftp_write_bytes(w, in->signature.data, in->signature.len);
    return uftp_v5_end_write(w);
}
