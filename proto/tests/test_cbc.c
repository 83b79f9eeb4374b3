/* SPDX-License-Identifier: MIT */
#include "crypto/cbc.h"

#include "support.h"

#include <string.h>

typedef struct known_answer {
    uint8_t cipher;
    const char *key, *iv, *plain, *sealed;
} known_answer;

/* DES: FIPS 81, CBC example. AES: NIST SP 800-38A F.2.1 and F.2.5, two blocks. 3DES with three
 * equal keys is DES; with different ones the vectors of version 4 show it. */
static const known_answer answers[] = {
    {UFTP_CIPHER_DES_CBC, "0123456789abcdef", "1234567890abcdef",
     "4e6f77206973207468652074696d6520666f7220616c6c20",
     "e5c7cdde872bf27c43e934008c389c0f683788499a7c05f6"},
    {UFTP_CIPHER_3DES_CBC, "0123456789abcdef0123456789abcdef0123456789abcdef", "1234567890abcdef",
     "4e6f77206973207468652074696d6520666f7220616c6c20",
     "e5c7cdde872bf27c43e934008c389c0f683788499a7c05f6"},
    {UFTP_CIPHER_AES128_CBC, "2b7e151628aed2a6abf7158809cf4f3c", "000102030405060708090a0b0c0d0e0f",
     "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51",
     "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2"},
    {UFTP_CIPHER_AES256_CBC, "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
     "000102030405060708090a0b0c0d0e0f",
     "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51",
     "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d"},
};
#define ANSWERS (sizeof answers / sizeof *answers)

static void init(const known_answer *answer, uftp_cbc *cbc, uint8_t iv[UFTP_CBC_BLOCK_MAX])
{
    uint8_t key[UFTP_CBC_KEY_MAX];
    assert_int_equal(test_unhex(answer->key, key, sizeof key), uftp_cbc_key_len(answer->cipher));
    assert_int_equal(test_unhex(answer->iv, iv, UFTP_CBC_BLOCK_MAX),
                     uftp_cbc_block_len(answer->cipher));
    assert_int_equal(uftp_cbc_init(cbc, answer->cipher, key), UFTP_OK);
}

static void known_answers_are_met_and_aligned_text_gets_a_block_of_padding(void **state)
{
    (void)state;
    for (size_t i = 0; i < ANSWERS; i++) {
        uftp_cbc cbc;
        uint8_t iv[UFTP_CBC_BLOCK_MAX], plain[32], sealed[32], data[64];
        init(&answers[i], &cbc, iv);
        size_t len = test_unhex(answers[i].plain, plain, sizeof plain), opened = 0;
        (void)test_unhex(answers[i].sealed, sealed, sizeof sealed);
        size_t block = uftp_cbc_block_len(answers[i].cipher);
        memcpy(data, plain, len);
        assert_int_equal(uftp_cbc_padded_len(&cbc, len), len + block);
        assert_int_equal(uftp_cbc_encrypt(&cbc, iv, data, len), len + block);
        assert_memory_equal(data, sealed, len);
        assert_int_equal(uftp_cbc_decrypt(&cbc, iv, data, len + block, &opened), UFTP_OK);
        assert_int_equal(opened, len);
        assert_memory_equal(data, plain, len);
    }
}

static void every_length_comes_back_as_it_was(void **state)
{
    (void)state;
    test_random random;
    test_random_init(&random, 5);
    for (size_t i = 0; i < ANSWERS; i++) {
        uftp_cbc cbc;
        uint8_t iv[UFTP_CBC_BLOCK_MAX], plain[70], data[70 + UFTP_CBC_BLOCK_MAX];
        init(&answers[i], &cbc, iv);
        for (size_t len = 0; len < sizeof plain; len++) {
            random.random.fill(random.random.ctx, len, plain);
            memcpy(data, plain, len);
            size_t sealed = uftp_cbc_encrypt(&cbc, iv, data, len), opened = 0;
            assert_int_equal(sealed, uftp_cbc_padded_len(&cbc, len));
            assert_int_equal(uftp_cbc_decrypt(&cbc, iv, data, sealed, &opened), UFTP_OK);
            assert_int_equal(opened, len);
            assert_memory_equal(data, plain, len);
        }
    }
}

/* Opens a block that ends in `count` bytes of value `pad`, with another one before them. */
static int open_padding(const known_answer *answer, uint8_t pad, size_t count, size_t *len)
{
    uftp_cbc cbc;
    uint8_t iv[UFTP_CBC_BLOCK_MAX], data[2 * UFTP_CBC_BLOCK_MAX];
    init(answer, &cbc, iv);
    size_t block = uftp_cbc_block_len(answer->cipher);
    memset(data, pad ^ 0x55, block);
    for (size_t i = 0; i < count && i < block; i++)
        data[block - 1 - i] = pad;
    (void)uftp_cbc_encrypt(&cbc, iv, data, block);
    return uftp_cbc_decrypt(&cbc, iv, data, block, len); /* without the padding of our own */
}

static void only_padding_that_is_right_in_every_byte_opens(void **state)
{
    (void)state;
    for (size_t i = 0; i < ANSWERS; i++) {
        size_t block = uftp_cbc_block_len(answers[i].cipher);
        for (unsigned pad = 0; pad < 256; pad++)
            for (size_t count = 1; count <= block; count++) {
                size_t len = 99;
                int err = open_padding(&answers[i], (uint8_t)pad, count, &len);
                bool right = pad >= 1 && pad <= block && count >= pad;
                assert_int_equal(err, right ? UFTP_OK : UFTP_ERR_AUTH);
                assert_int_equal(len, right ? block - pad : block);
            }
    }
}

static void what_is_no_whole_number_of_blocks_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < ANSWERS; i++) {
        uftp_cbc cbc;
        uint8_t iv[UFTP_CBC_BLOCK_MAX], data[33] = {0};
        init(&answers[i], &cbc, iv);
        for (size_t len = 0; len < sizeof data; len++) {
            size_t opened;
            if (len == 0 || len % uftp_cbc_block_len(answers[i].cipher) != 0)
                assert_int_equal(uftp_cbc_decrypt(&cbc, iv, data, len, &opened), UFTP_ERR_AUTH);
        }
    }
}

/* An AEAD cipher here, or one of these there, would be used with the wrong mode. */
static void other_ciphers_are_not_these(void **state)
{
    (void)state;
    uftp_cbc cbc;
    static const uint8_t key[UFTP_CBC_KEY_MAX];
    for (unsigned cipher = 0; cipher < 256; cipher++) {
        if (cipher >= UFTP_CIPHER_DES_CBC && cipher <= UFTP_CIPHER_AES256_CBC)
            continue;
        assert_int_equal(uftp_cbc_init(&cbc, (uint8_t)cipher, key), UFTP_ERR_UNSUPPORTED);
        assert_int_equal(uftp_cbc_key_len((uint8_t)cipher), 0);
        assert_int_equal(uftp_cbc_block_len((uint8_t)cipher), 0);
    }
}

/* All zeros is a weak key of DES; Nettle says so, and sets it. */
static void a_weak_key_is_used_like_any_other(void **state)
{
    (void)state;
    uftp_cbc cbc;
    static const uint8_t zeros[UFTP_CBC_KEY_MAX];
    uint8_t data[8] = "seven..";
    size_t len = 0;
    assert_int_equal(uftp_cbc_init(&cbc, UFTP_CIPHER_DES_CBC, zeros), UFTP_OK);
    assert_int_equal(uftp_cbc_encrypt(&cbc, zeros, data, 7), 8);
    assert_memory_not_equal(data, "seven..", 7);
    assert_int_equal(uftp_cbc_decrypt(&cbc, zeros, data, 8, &len), UFTP_OK);
    assert_memory_equal(data, "seven..", 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_answers_are_met_and_aligned_text_gets_a_block_of_padding),
        cmocka_unit_test(every_length_comes_back_as_it_was),
        cmocka_unit_test(only_padding_that_is_right_in_every_byte_opens),
        cmocka_unit_test(what_is_no_whole_number_of_blocks_is_refused),
        cmocka_unit_test(other_ciphers_are_not_these),
        cmocka_unit_test(a_weak_key_is_used_like_any_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
