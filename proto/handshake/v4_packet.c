/* SPDX-License-Identifier: MIT
 *
 * Encrypted packets of version 4 (spec v4 6.5, 7):
 *   0 header(16)  16 IV counter(8)  24 signature length s(2)  26 payload length p(2)
 *   28 signature(s)  28+s payload(p): ciphertext, with an AEAD cipher its tag
 * CBC is encrypted first and then authenticated over all of it, with zeros for the signature.
 */
#include "handshake/v4_internal.h"

#include "base/assert.h"
#include "crypto/secret.h"

#include <string.h>

#define SOURCE_AT 4
#define COUNTER_AT 16
#define SIGNATURE_LEN_AT 24
#define PAYLOAD_LEN_AT 26
#define FIXED_LEN 28 /* also what an AEAD cipher authenticates beside the plaintext (trap 12) */

size_t uftp_v4_iv_len(uint8_t cipher)
{
    size_t block = uftp_cbc_block_len(cipher);
    return block ? block : UFTP_AEAD_NONCE_LEN;
}

void uftp_v4_iv(uint8_t cipher, const uint8_t salt[4], const uint8_t source[4],
                const uint8_t counter[8], uint8_t out[UFTP_CBC_BLOCK_MAX])
{
    memcpy(out, salt, 4);
    switch (uftp_v4_iv_len(cipher)) {
    case 16: /* salt || source || counter */
        memcpy(out + 4, source, 4);
        memcpy(out + 8, counter, 8);
        break;
    case 12: /* (salt XOR source) || counter */
        for (size_t i = 0; i < 4; i++)
            out[i] ^= source[i];
        memcpy(out + 4, counter, 8);
        break;
    default: /* (salt || source) XOR counter */
        memcpy(out + 4, source, 4);
        for (size_t i = 0; i < 8; i++)
            out[i] ^= counter[i];
    }
}

static bool is_aead(const uftp_v4_sealing *sealing)
{
    return sealing->suite.sigtype == UFTP_SIGTYPE_AUTHENC;
}

void uftp_v4_sealing_init(uftp_v4_sealing *sealing, const uftp_v4_suite *suite,
                          const uftp_v4_keys *group)
{
    UFTP_ASSERT(uftp_v4_suite_check(suite) == UFTP_OK);
    sealing->suite = *suite;
    sealing->keys = *group;
    if (is_aead(sealing))
        (void)uftp_aead_init(&sealing->cipher.aead, suite->cipher, group->key);
    else
        (void)uftp_cbc_init(&sealing->cipher.cbc, suite->cipher, group->key);
}

void uftp_v4_sealing_wipe(uftp_v4_sealing *sealing)
{
    uftp_wipe(sealing, sizeof *sealing);
}

size_t uftp_v4_packet_signature_len(const uftp_v4_sealing *sealing, const uftp_key *signer)
{
    switch ((uftp_sigtype)sealing->suite.sigtype) {
    case UFTP_SIGTYPE_HMAC:
        return uftp_hash_len(sealing->suite.hash);
    case UFTP_SIGTYPE_KEYEX:
        return uftp_signature_len(signer);
    case UFTP_SIGTYPE_AUTHENC:
        break;
    }
    return 0;
}

size_t uftp_v4_packet_payload_len(const uftp_v4_sealing *sealing, size_t plaintext_len)
{
    return is_aead(sealing) ? plaintext_len + UFTP_AEAD_TAG_LEN
                            : uftp_cbc_padded_len(&sealing->cipher.cbc, plaintext_len);
}

static void packet_iv(const uftp_v4_sealing *sealing, const uint8_t *datagram,
                      uint8_t iv[UFTP_CBC_BLOCK_MAX])
{
    uftp_v4_iv(sealing->suite.cipher, sealing->keys.salt, datagram + SOURCE_AT,
               datagram + COUNTER_AT, iv);
}

static size_t load_u16(const uint8_t *bytes)
{
    return (size_t)(bytes[0] << 8 | bytes[1]);
}

/* The HMAC over a packet with zeros for its signature. */
static void packet_hmac(const uftp_v4_sealing *sealing, const uftp_bytes parts[3],
                        uint8_t out[UFTP_HASH_MAX])
{
    uint8_t hash = sealing->suite.hash;
    uftp_hmac_parts(hash, (uftp_bytes){sealing->keys.hmac, uftp_hash_len(hash)}, parts, 3, out);
}

int uftp_v4_seal(const uftp_v4_sealing *sealing, const uftp_key *signer, const uftp_random *random,
                 uint8_t *datagram, size_t plaintext_len)
{
    size_t signature_len = load_u16(datagram + SIGNATURE_LEN_AT);
    UFTP_ASSERT(signature_len == uftp_v4_packet_signature_len(sealing, signer));
    UFTP_ASSERT(load_u16(datagram + PAYLOAD_LEN_AT) ==
                uftp_v4_packet_payload_len(sealing, plaintext_len));
    uint8_t *signature = datagram + FIXED_LEN, *payload = signature + signature_len;
    uint8_t iv[UFTP_CBC_BLOCK_MAX];
    packet_iv(sealing, datagram, iv);
    if (is_aead(sealing)) {
        uftp_aead_seal(&sealing->cipher.aead, iv, datagram, FIXED_LEN, payload, plaintext_len);
        return UFTP_OK;
    }
    size_t payload_len = uftp_cbc_encrypt(&sealing->cipher.cbc, iv, payload, plaintext_len);
    uftp_bytes parts[3];
    const uftp_bytes packet = {datagram, FIXED_LEN + signature_len + payload_len};
    bool inside = uftp_v4_signed_parts(packet, FIXED_LEN, signature_len, parts);
    UFTP_ASSERT(inside);
    uint8_t digest[UFTP_HASH_MAX];
    if (sealing->suite.sigtype == UFTP_SIGTYPE_HMAC) {
        packet_hmac(sealing, parts, digest);
        memcpy(signature, digest, signature_len);
        return UFTP_OK;
    }
    uftp_hash_parts(sealing->suite.hash, parts, 3, digest);
    return uftp_sign(signer, random, sealing->suite.hash, digest, signature);
}

/* AUTH, also when the signature's length is not the one it must have. */
static int signature_check(const uftp_v4_sealing *sealing, uftp_bytes signer, uftp_bytes packet,
                           uftp_bytes signature)
{
    uftp_bytes parts[3];
    uint8_t digest[UFTP_HASH_MAX];
    size_t hash_len = uftp_hash_len(sealing->suite.hash);
    if (!uftp_v4_signed_parts(packet, FIXED_LEN, signature.len, parts))
        return UFTP_ERR_AUTH;
    if (sealing->suite.sigtype == UFTP_SIGTYPE_HMAC) {
        if (signature.len != hash_len)
            return UFTP_ERR_AUTH;
        packet_hmac(sealing, parts, digest);
        bool valid = uftp_secret_equal(digest, signature.data, hash_len);
        uftp_wipe(digest, sizeof digest); /* of a forged packet it would be the valid one */
        return valid ? UFTP_OK : UFTP_ERR_AUTH;
    }
    uftp_hash_parts(sealing->suite.hash, parts, 3, digest);
    return uftp_verify(signer, sealing->suite.hash, digest, signature) == UFTP_OK ? UFTP_OK
                                                                                  : UFTP_ERR_AUTH;
}

int uftp_v4_open(const uftp_v4_sealing *sealing, uftp_bytes signer, uint8_t *datagram, size_t len,
                 uftp_bytes *plaintext)
{
    if (len < FIXED_LEN)
        return UFTP_ERR_TRUNCATED;
    size_t signature_len = load_u16(datagram + SIGNATURE_LEN_AT);
    size_t payload_len = load_u16(datagram + PAYLOAD_LEN_AT);
    if (len - FIXED_LEN != signature_len + payload_len)
        return UFTP_ERR_MALFORMED;
    uint8_t *payload = datagram + FIXED_LEN + signature_len;
    uint8_t iv[UFTP_CBC_BLOCK_MAX];
    packet_iv(sealing, datagram, iv);
    plaintext->data = payload;
    if (is_aead(sealing)) {
        if (signature_len != 0 || payload_len < UFTP_AEAD_TAG_LEN)
            return UFTP_ERR_AUTH;
        plaintext->len = payload_len - UFTP_AEAD_TAG_LEN;
        return uftp_aead_open(&sealing->cipher.aead, iv, datagram, FIXED_LEN, payload,
                              plaintext->len);
    }
    int err = signature_check(sealing, signer, (uftp_bytes){datagram, len},
                              (uftp_bytes){datagram + FIXED_LEN, signature_len});
    if (err < 0)
        return err;
    return uftp_cbc_decrypt(&sealing->cipher.cbc, iv, payload, payload_len, &plaintext->len);
}
