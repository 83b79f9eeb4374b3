/* SPDX-License-Identifier: MIT
 *
 *   block = 00 || seed XOR MGF1(data) || data        data is masked with MGF1(seed):
 *   data  = SHA-1("") || zeros || 01 || message
 *
 * The message has one length, so `data` has one prefix that is right: it is compared as a whole,
 * and no byte of it decides where the next one is looked for.
 */
#include "crypto/oaep.h"

#include "crypto/key_internal.h"
#include "crypto/secret.h"

#include <nettle/nettle-meta.h>
#include <nettle/pss-mgf1.h>
#include <nettle/sha1.h>

#include <string.h>

#define SEED_LEN SHA1_DIGEST_SIZE
#define DATA_AT (1 + SEED_LEN)
#define DATA_MAX (UFTP_OAEP_SEALED_MAX - DATA_AT)

_Static_assert(UFTP_RSA_BITS_MIN / 8 >= DATA_AT + SHA1_DIGEST_SIZE + 1 + UFTP_OAEP_MESSAGE_LEN,
               "the shortest modulus takes the message");

/* XORs MGF1(seed) into `out`. */
static void mask(const uint8_t *seed, size_t seed_len, uint8_t *out, size_t len)
{
    struct sha1_ctx state;
    uint8_t mask_bytes[DATA_MAX];
    sha1_init(&state);
    sha1_update(&state, seed_len, seed);
    pss_mgf1(&state, &nettle_sha1, len, mask_bytes);
    for (size_t i = 0; i < len; i++)
        out[i] ^= mask_bytes[i];
    uftp_wipe(&state, sizeof state);
    uftp_wipe(mask_bytes, sizeof mask_bytes);
}

/* All of `data` in front of the message. Returns its length. */
static size_t prefix(size_t data_len, uint8_t *out)
{
    size_t len = data_len - UFTP_OAEP_MESSAGE_LEN;
    struct sha1_ctx state;
    sha1_init(&state);
    memset(out, 0, len);
    sha1_digest(&state, SHA1_DIGEST_SIZE, out);
    out[len - 1] = 1;
    return len;
}

size_t uftp_oaep_sealed_len(uftp_bytes public_key)
{
    struct rsa_public_key key;
    rsa_public_key_init(&key);
    size_t len = uftp_rsa_blob_read(public_key, &key) == UFTP_OK ? key.size : 0;
    rsa_public_key_clear(&key);
    return len;
}

static void encrypt(const struct rsa_public_key *key, const uftp_random *random,
                    const uint8_t *message, uint8_t *out)
{
    uint8_t block[UFTP_OAEP_SEALED_MAX];
    size_t data_len = key->size - DATA_AT;
    block[0] = 0;
    random->fill(random->ctx, SEED_LEN, block + 1);
    size_t prefix_len = prefix(data_len, block + DATA_AT);
    memcpy(block + DATA_AT + prefix_len, message, UFTP_OAEP_MESSAGE_LEN);
    mask(block + 1, SEED_LEN, block + DATA_AT, data_len);
    mask(block + DATA_AT, data_len, block + 1, SEED_LEN);
    mpz_t number;
    uftp_secret_mpz_init(number, (size_t)2 * UFTP_RSA_BITS_MAX);
    nettle_mpz_set_str_256_u(number, key->size, block);
    mpz_powm_sec(number, number, key->e, key->n);
    nettle_mpz_get_str_256(key->size, out, number);
    uftp_secret_mpz_clear(number);
    uftp_wipe(block, sizeof block);
}

int uftp_oaep_encrypt(uftp_bytes public_key, const uftp_random *random,
                      const uint8_t message[UFTP_OAEP_MESSAGE_LEN],
                      uint8_t out[UFTP_OAEP_SEALED_MAX])
{
    struct rsa_public_key key;
    rsa_public_key_init(&key);
    int result = uftp_rsa_blob_read(public_key, &key);
    if (result == UFTP_OK) {
        encrypt(&key, random, message, out);
        result = (int)key.size;
    }
    rsa_public_key_clear(&key);
    return result;
}

/* The block inside a ciphertext. False when that is no number below the modulus, which anybody can
 * see, or when the computation failed. */
static bool open_block(const uftp_key *key, const uftp_random *random, uftp_bytes sealed,
                       uint8_t *block)
{
    mpz_t number, root;
    nettle_mpz_init_set_str_256_u(number, sealed.len, sealed.data);
    uftp_secret_mpz_init(root, UFTP_RSA_BITS_MAX);
    bool opened = mpz_cmp(number, key->rsa.open.n) < 0;
    /* Blinded, of constant time, and checked against a fault in the computation. */
    if (opened)
        opened = rsa_compute_root_tr(&key->rsa.open, &key->rsa.secret, random->ctx, random->fill,
                                     root, number);
    if (opened)
        nettle_mpz_get_str_256(key->rsa.open.size, block, root);
    uftp_secret_mpz_clear(root);
    mpz_clear(number);
    return opened;
}

int uftp_oaep_decrypt(const uftp_key *key, const uftp_random *random, uftp_bytes sealed,
                      uint8_t message[UFTP_OAEP_MESSAGE_LEN])
{
    if (key->type != UFTP_KEY_RSA)
        return UFTP_ERR_KEY;
    size_t size = key->rsa.open.size, data_len = size - DATA_AT;
    uint8_t block[UFTP_OAEP_SEALED_MAX], wanted[DATA_AT + DATA_MAX];
    if (sealed.len != size || !open_block(key, random, sealed, block))
        return UFTP_ERR_AUTH;
    mask(block + DATA_AT, data_len, block + 1, SEED_LEN);
    mask(block + 1, SEED_LEN, block + DATA_AT, data_len);
    /* The first byte is part of the one comparison; the seed is free, so it stands for itself. */
    wanted[0] = 0;
    memcpy(wanted + 1, block + 1, SEED_LEN);
    size_t wanted_len = DATA_AT + prefix(data_len, wanted + DATA_AT);
    bool valid = uftp_secret_equal(block, wanted, wanted_len);
    if (valid)
        memcpy(message, block + wanted_len, UFTP_OAEP_MESSAGE_LEN);
    uftp_wipe(block, sizeof block);
    uftp_wipe(wanted, sizeof wanted);
    return valid ? UFTP_OK : UFTP_ERR_AUTH;
}
