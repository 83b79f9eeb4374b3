/* SPDX-License-Identifier: MIT
 *
 * OAEP on blocks that are made here, so that every part of one can be wrong. That it is the padding
 * of other programs is shown by test_handshake_v4.c: it opens what they sealed.
 */
#include "crypto/oaep.h"

#include "crypto/key_internal.h"
#include "v4_session.h"

#include <nettle/nettle-meta.h>
#include <nettle/pss-mgf1.h>
#include <nettle/sha1.h>

#include <string.h>

#define SIZE 128 /* RSA-1024 */
#define DATA_LEN (SIZE - 21)

typedef struct bench {
    v4_session session;
    uftp_key *key;
} bench;

static int setup(void **state)
{
    static bench b;
    v4_session_open(&b.session, "v4-rsa-aes256cbc-sha1.txt");
    b.key = v4_server_key(&b.session);
    *state = &b;
    return 0;
}

static int teardown(void **state)
{
    bench *b = *state;
    uftp_key_free(b->key);
    v4_session_close(&b->session);
    return 0;
}

static int decrypt(bench *b, const uint8_t *sealed, size_t len, uint8_t message[48])
{
    return uftp_oaep_decrypt(b->key, &b->session.random.random, (uftp_bytes){sealed, len}, message);
}

static void what_is_sealed_opens_with_its_key(void **state)
{
    bench *b = *state;
    uint8_t message[48], sealed[UFTP_OAEP_SEALED_MAX], again[UFTP_OAEP_SEALED_MAX], opened[48];
    uftp_bytes blob = uftp_key_blob(b->key);
    assert_int_equal(uftp_oaep_sealed_len(blob), SIZE);
    for (int round = 0; round < 50; round++) {
        const uftp_random *random = &b->session.random.random;
        random->fill(random->ctx, sizeof message, message);
        assert_int_equal(uftp_oaep_encrypt(blob, random, message, sealed), SIZE);
        assert_int_equal(uftp_oaep_encrypt(blob, random, message, again), SIZE);
        assert_memory_not_equal(sealed, again, SIZE); /* the seed is new each time */
        assert_int_equal(decrypt(b, sealed, SIZE, opened), UFTP_OK);
        assert_memory_equal(opened, message, sizeof message);
    }
}

/* The block is as long as the modulus, whatever that is. */
static void a_modulus_of_an_uncommon_length_works(void **state)
{
    bench *b = *state;
    const uftp_key_spec spec = {.type = UFTP_KEY_RSA, .bits = 1056}; /* no power of two */
    uftp_key *key;
    uint8_t message[48] = {7}, sealed[UFTP_OAEP_SEALED_MAX], opened[48];
    const uftp_random *random = &b->session.random.random;
    assert_int_equal(uftp_key_generate(&b->session.memory.allocator, random, &spec, &key), UFTP_OK);
    int len = uftp_oaep_encrypt(uftp_key_blob(key), random, message, sealed);
    assert_int_equal(len, 132);
    assert_int_equal(uftp_oaep_decrypt(key, random, (uftp_bytes){sealed, 132}, opened), UFTP_OK);
    assert_memory_equal(opened, message, sizeof message);
    uftp_key_free(key);
}

/* ---- blocks of our own making ---- */

typedef struct block {
    uint8_t first, seed[20], data[DATA_LEN]; /* not masked */
} block;

static block valid_block(void)
{
    block made = {.first = 0, .seed = {1, 2, 3}};
    struct sha1_ctx hash;
    sha1_init(&hash);
    sha1_digest(&hash, 20, made.data);
    made.data[DATA_LEN - 49] = 1;
    memset(made.data + DATA_LEN - 48, 0x77, 48);
    return made;
}

static void mask(const uint8_t *seed, size_t seed_len, uint8_t *out, size_t len)
{
    struct sha1_ctx hash;
    uint8_t bytes[SIZE];
    sha1_init(&hash);
    sha1_update(&hash, seed_len, seed);
    pss_mgf1(&hash, &nettle_sha1, len, bytes);
    for (size_t i = 0; i < len; i++)
        out[i] ^= bytes[i];
}

static int decrypt_block(bench *b, const block *plain, uint8_t message[48])
{
    block masked = *plain;
    mask(masked.seed, 20, masked.data, DATA_LEN);
    mask(masked.data, DATA_LEN, masked.seed, 20);
    mpz_t number;
    nettle_mpz_init_set_str_256_u(number, sizeof masked, (const uint8_t *)&masked);
    mpz_powm(number, number, b->key->rsa.open.e, b->key->rsa.open.n);
    uint8_t sealed[SIZE];
    nettle_mpz_get_str_256(SIZE, sealed, number);
    mpz_clear(number);
    return decrypt(b, sealed, SIZE, message);
}

static void a_block_made_by_hand_opens(void **state)
{
    uint8_t message[48];
    const block made = valid_block();
    assert_int_equal(sizeof made, SIZE);
    assert_int_equal(decrypt_block(*state, &made, message), UFTP_OK);
    for (size_t i = 0; i < sizeof message; i++)
        assert_int_equal(message[i], 0x77);
}

/* Manger's attack lives on a difference between these. */
static void whatever_is_wrong_in_a_block_gives_the_same_error(void **state)
{
    uint8_t message[48];
    block made = valid_block();
    made.first = 1;
    assert_int_equal(decrypt_block(*state, &made, message), UFTP_ERR_AUTH);
    for (size_t at = 0; at <= DATA_LEN - 49; at++)
        for (unsigned bit = 1; bit < 256; bit <<= 1) {
            made = valid_block();
            made.data[at] ^= (uint8_t)bit;
            assert_int_equal(decrypt_block(*state, &made, message), UFTP_ERR_AUTH);
        }
}

/* A message of another length is none: 47 bytes have their 01 one place further on, 49 before. */
static void messages_of_other_lengths_are_refused(void **state)
{
    uint8_t message[48];
    for (int shift = -1; shift <= 1; shift += 2) {
        block made = valid_block();
        made.data[DATA_LEN - 49] = 0;
        made.data[(size_t)(DATA_LEN - 49 + shift)] = 1;
        if (shift < 0)
            made.data[DATA_LEN - 49] = 0x77;
        assert_int_equal(decrypt_block(*state, &made, message), UFTP_ERR_AUTH);
    }
}

static void damaged_and_foreign_ciphertexts_are_refused(void **state)
{
    bench *b = *state;
    uint8_t message[48] = {1}, sealed[UFTP_OAEP_SEALED_MAX + 1] = {0}, opened[48];
    const uftp_random *random = &b->session.random.random;
    assert_int_equal(uftp_oaep_encrypt(uftp_key_blob(b->key), random, message, sealed), SIZE);
    for (size_t len = 0; len < SIZE + 2; len++)
        if (len != SIZE)
            assert_int_equal(decrypt(b, sealed, len, opened), UFTP_ERR_AUTH);
    for (size_t at = 0; at < SIZE; at++) {
        sealed[at] ^= 0x10;
        assert_int_equal(decrypt(b, sealed, SIZE, opened), UFTP_ERR_AUTH);
        sealed[at] ^= 0x10;
    }
    memset(sealed, 0xff, SIZE); /* not below the modulus */
    assert_int_equal(decrypt(b, sealed, SIZE, opened), UFTP_ERR_AUTH);
    memset(sealed, 0, SIZE);
    assert_int_equal(decrypt(b, sealed, SIZE, opened), UFTP_ERR_AUTH);
    sealed[SIZE - 1] = 1;
    assert_int_equal(decrypt(b, sealed, SIZE, opened), UFTP_ERR_AUTH);
}

static void keys_that_are_not_rsa_are_told(void **state)
{
    bench *b = *state;
    const uftp_key_spec spec = {.type = UFTP_KEY_EC, .curve = UFTP_CURVE_SECP256R1};
    const uftp_random *random = &b->session.random.random;
    uint8_t message[48] = {0}, sealed[UFTP_OAEP_SEALED_MAX];
    uftp_key *key;
    assert_int_equal(uftp_key_generate(&b->session.memory.allocator, random, &spec, &key), UFTP_OK);
    assert_int_equal(uftp_oaep_encrypt(uftp_key_blob(key), random, message, sealed), UFTP_ERR_KEY);
    assert_int_equal(uftp_oaep_sealed_len(uftp_key_blob(key)), 0);
    assert_int_equal(uftp_oaep_decrypt(key, random, (uftp_bytes){sealed, 64}, message),
                     UFTP_ERR_KEY);
    assert_int_equal(uftp_oaep_encrypt((uftp_bytes){0}, random, message, sealed), UFTP_ERR_KEY);
    uftp_key_free(key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_sealed_opens_with_its_key),
        cmocka_unit_test(a_modulus_of_an_uncommon_length_works),
        cmocka_unit_test(a_block_made_by_hand_opens),
        cmocka_unit_test(whatever_is_wrong_in_a_block_gives_the_same_error),
        cmocka_unit_test(messages_of_other_lengths_are_refused),
        cmocka_unit_test(damaged_and_foreign_ciphertexts_are_refused),
        cmocka_unit_test(keys_that_are_not_rsa_are_told),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
