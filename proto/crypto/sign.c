/* SPDX-License-Identifier: MIT */
#include "crypto/sign.h"

#include "crypto/hash.h"
#include "crypto/key_internal.h"
#include "crypto/secret.h"

#include <nettle/ecdsa.h>

#include <string.h>

#define RSA_BLOB_HEADER_LEN 8 /* type, 0, modulus length, exponent (1.19) */
#define ECDSA_HEADER_LEN 4    /* two lengths (3.6) */
#define DIGEST_INFO_PREFIX_MAX 19

size_t uftp_signature_len(const uftp_key *key)
{
    if (key->type == UFTP_KEY_RSA)
        return key->rsa.open.size;
    return ECDSA_HEADER_LEN + 2 * key->ec.curve->coordinate_len; /* a multiple of 4: no padding */
}

/* ---- RSA ---- */

/* The DER in front of a digest (RFC 8017 9.2). Nettle has no public function for SHA-384, so all
 * take this way. Returns the length of the whole. */
static size_t digest_info(uint8_t hash, const uint8_t *digest, uint8_t *out)
{
    static const uint8_t sha1[] = {0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e,
                                   0x03, 0x02, 0x1a, 0x05, 0x00, 0x04, 0x14};
    /* 2.16.840.1.101.3.4.2.x; the lengths and x are filled in below. */
    static const uint8_t sha2[DIGEST_INFO_PREFIX_MAX] = {0x30, 0x00, 0x30, 0x0d, 0x06, 0x09, 0x60,
                                                         0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02,
                                                         0x00, 0x05, 0x00, 0x04, 0x00};
    size_t len = uftp_hash_len(hash);
    if (hash == UFTP_HASH_SHA1) {
        memcpy(out, sha1, sizeof sha1);
        memcpy(out + sizeof sha1, digest, len);
        return sizeof sha1 + len;
    }
    memcpy(out, sha2, sizeof sha2);
    out[1] = (uint8_t)(sizeof sha2 - 2 + len);
    out[14] = (uint8_t)(hash - UFTP_HASH_SHA256 + 1); /* SHA-256, 384, 512 are 1, 2, 3 there too */
    out[18] = (uint8_t)len;
    memcpy(out + sizeof sha2, digest, len);
    return sizeof sha2 + len;
}

static int sign_rsa(const uftp_key *key, const uftp_random *random, uint8_t hash,
                    const uint8_t *digest, uint8_t *out)
{
    uint8_t info[DIGEST_INFO_PREFIX_MAX + UFTP_HASH_MAX];
    size_t info_len = digest_info(hash, digest, info);
    mpz_t signature;
    mpz_init(signature);
    /* Blinded against timing, and checked before it leaves, against a fault in the computation. */
    int signed_well = rsa_pkcs1_sign_tr(&key->rsa.open, &key->rsa.secret, random->ctx, random->fill,
                                        info_len, info, signature);
    if (signed_well)
        nettle_mpz_get_str_256(key->rsa.open.size, out, signature);
    mpz_clear(signature);
    return signed_well ? UFTP_OK : UFTP_ERR_KEY;
}

int uftp_rsa_blob_read(uftp_bytes blob, struct rsa_public_key *key)
{
    if (blob.len < RSA_BLOB_HEADER_LEN || blob.data[0] != UFTP_KEY_RSA || blob.data[1] != 0)
        return UFTP_ERR_KEY;
    size_t len = (size_t)(blob.data[2] << 8 | blob.data[3]);
    /* The length before the numbers, so that a huge one is never read in. */
    if (blob.len - RSA_BLOB_HEADER_LEN != len || len > UFTP_RSA_BITS_MAX / 8 || len == 0 ||
        blob.data[RSA_BLOB_HEADER_LEN] == 0)
        return UFTP_ERR_KEY;
    nettle_mpz_set_str_256_u(key->e, 4, blob.data + 4);
    nettle_mpz_set_str_256_u(key->n, len, blob.data + RSA_BLOB_HEADER_LEN);
    if (uftp_rsa_public_check(key) < 0 || !rsa_public_key_prepare(key))
        return UFTP_ERR_KEY;
    return UFTP_OK;
}

static int verify_rsa(uftp_bytes public_key, uint8_t hash, const uint8_t *digest,
                      uftp_bytes signature)
{
    struct rsa_public_key key;
    rsa_public_key_init(&key);
    int err = uftp_rsa_blob_read(public_key, &key);
    if (err == UFTP_OK && signature.len != key.size)
        err = UFTP_ERR_AUTH;
    if (err == UFTP_OK) {
        uint8_t info[DIGEST_INFO_PREFIX_MAX + UFTP_HASH_MAX];
        size_t info_len = digest_info(hash, digest, info);
        mpz_t s;
        nettle_mpz_init_set_str_256_u(s, signature.len, signature.data);
        /* Compares with the one valid encoding; nothing of the padding is parsed. */
        if (!rsa_pkcs1_verify(&key, info_len, info, s))
            err = UFTP_ERR_AUTH;
        mpz_clear(s);
    }
    rsa_public_key_clear(&key);
    return err;
}

/* ---- ECDSA ---- */

static int sign_ec(const uftp_key *key, const uftp_random *random, uint8_t hash,
                   const uint8_t *digest, uint8_t *out)
{
    size_t len = key->ec.curve->coordinate_len;
    struct dsa_signature signature;
    dsa_signature_init(&signature);
    ecdsa_sign(&key->ec.scalar, random->ctx, random->fill, uftp_hash_len(hash), digest, &signature);
    out[0] = out[2] = (uint8_t)(len >> 8);
    out[1] = out[3] = (uint8_t)len;
    nettle_mpz_get_str_256(len, out + ECDSA_HEADER_LEN, signature.r);
    nettle_mpz_get_str_256(len, out + ECDSA_HEADER_LEN + len, signature.s);
    dsa_signature_clear(&signature);
    return UFTP_OK;
}

/* Any lengths that fit are accepted (3.6); values out of range fail in ecdsa_verify(). */
static int ecdsa_read(uftp_bytes bytes, struct dsa_signature *signature)
{
    if (bytes.len < ECDSA_HEADER_LEN)
        return UFTP_ERR_AUTH;
    size_t r_len = (size_t)(bytes.data[0] << 8 | bytes.data[1]);
    size_t s_len = (size_t)(bytes.data[2] << 8 | bytes.data[3]);
    size_t room = bytes.len - ECDSA_HEADER_LEN;
    if (r_len > room || s_len > room - r_len)
        return UFTP_ERR_AUTH;
    const uint8_t *r = bytes.data + ECDSA_HEADER_LEN;
    nettle_mpz_set_str_256_u(signature->r, r_len, r);
    nettle_mpz_set_str_256_u(signature->s, s_len, r + r_len);
    return UFTP_OK;
}

static int verify_ec(uftp_bytes public_key, uint8_t hash, const uint8_t *digest,
                     uftp_bytes signature)
{
    const uftp_ec_curve *curve = uftp_ec_blob_curve(public_key);
    if (!curve)
        return UFTP_ERR_KEY;
    struct ecc_point point;
    struct dsa_signature values;
    ecc_point_init(&point, uftp_ec_curve_nettle(curve));
    dsa_signature_init(&values);
    int err = uftp_ec_blob_read(public_key, curve, &point);
    if (err == UFTP_OK)
        err = ecdsa_read(signature, &values);
    /* A digest longer than the order counts with its leftmost bits: Nettle does that. */
    if (err == UFTP_OK && !ecdsa_verify(&point, uftp_hash_len(hash), digest, &values))
        err = UFTP_ERR_AUTH;
    dsa_signature_clear(&values);
    ecc_point_clear(&point);
    return err;
}

/* ---- both ---- */

int uftp_sign(const uftp_key *key, const uftp_random *random, uint8_t hash, const uint8_t *digest,
              uint8_t *out)
{
    if (!uftp_hash_len(hash))
        return UFTP_ERR_UNSUPPORTED;
    if (key->type == UFTP_KEY_RSA)
        return sign_rsa(key, random, hash, digest, out);
    return sign_ec(key, random, hash, digest, out);
}

int uftp_verify(uftp_bytes public_key, uint8_t hash, const uint8_t *digest, uftp_bytes signature)
{
    if (!uftp_hash_len(hash))
        return UFTP_ERR_UNSUPPORTED;
    if (public_key.len > 0 && public_key.data[0] == UFTP_KEY_RSA)
        return verify_rsa(public_key, hash, digest, signature);
    return verify_ec(public_key, hash, digest, signature); /* KEY for any other type */
}

int uftp_public_key_check(uftp_bytes blob)
{
    if (blob.len == 0)
        return UFTP_ERR_KEY;
    if (blob.data[0] == UFTP_KEY_RSA) {
        struct rsa_public_key key;
        rsa_public_key_init(&key);
        int err = uftp_rsa_blob_read(blob, &key);
        rsa_public_key_clear(&key);
        return err;
    }
    if (blob.data[0] != UFTP_KEY_EC)
        return UFTP_ERR_UNSUPPORTED;
    const uftp_ec_curve *curve = uftp_ec_blob_curve(blob);
    if (!curve)
        return blob.len > 1 && !uftp_ec_curve_find(blob.data[1]) ? UFTP_ERR_UNSUPPORTED
                                                                 : UFTP_ERR_KEY;
    struct ecc_point point;
    ecc_point_init(&point, uftp_ec_curve_nettle(curve));
    int err = uftp_ec_blob_read(blob, curve, &point);
    ecc_point_clear(&point);
    return err;
}
