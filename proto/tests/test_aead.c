/* SPDX-License-Identifier: MIT */
#include "crypto/aead.h"

#include "support.h"

#include <string.h>

#define TAG_LEN UFTP_AEAD_TAG_LEN

typedef struct known_answer {
    uint8_t cipher;
    const char *key, *nonce, *aad, *plain, *sealed;
} known_answer;

#define GCM_KEY "feffe9928665731c6d6a8f9467308308"
#define GCM_NONCE "cafebabefacedbaddecaf888"
#define GCM_AAD "feedfacedeadbeeffeedfacedeadbeefabaddad2"
#define GCM_PLAIN \
    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72" \
    "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
#define ZERO_16 "00000000000000000000000000000000"
#define ZERO_NONCE "000000000000000000000000"
#define CCM_KEY "404142434445464748494a4b4c4d4e4f"
#define CCM_NONCE "101112131415161718191a1b"
#define CCM_AAD "000102030405060708090a0b0c0d0e0f10111213"
#define CCM_PLAIN "202122232425262728292a2b2c2d2e2f3031323334353637"

/* GCM: McGrew and Viega, cases 1, 2, 4, 13, 14, 16. CCM: the input of NIST SP 800-38C example 3,
 * whose tag is shorter than ours, with a 16-byte tag as OpenSSL computes it. */
static const known_answer answers[] = {
    {UFTP_CIPHER_AES128_GCM, ZERO_16, ZERO_NONCE, "", "", "58e2fccefa7e3061367f1d57a4e7455a"},
    {UFTP_CIPHER_AES128_GCM, ZERO_16, ZERO_NONCE, "", ZERO_16,
     "0388dace60b6a392f328c2b971b2fe78ab6e47d42cec13bdf53a67b21257bddf"},
    {UFTP_CIPHER_AES128_GCM, GCM_KEY, GCM_NONCE, GCM_AAD, GCM_PLAIN,
     "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
     "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091"
     "5bc94fbc3221a5db94fae95ae7121a47"},
    {UFTP_CIPHER_AES256_GCM, ZERO_16 ZERO_16, ZERO_NONCE, "", "",
     "530f8afbc74536b9a963b4f1c4cb738b"},
    {UFTP_CIPHER_AES256_GCM, ZERO_16 ZERO_16, ZERO_NONCE, "", ZERO_16,
     "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"},
    {UFTP_CIPHER_AES256_GCM, GCM_KEY GCM_KEY, GCM_NONCE, GCM_AAD, GCM_PLAIN,
     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
     "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
     "76fc6ece0f4e1768cddf8853bb2d551b"},
    {UFTP_CIPHER_AES128_CCM, CCM_KEY, CCM_NONCE, CCM_AAD, CCM_PLAIN,
     "e3b201a9f5b71a7a9b1ceaeccd97e70b6176aad9a4428aa5c87ae488918de93f17dd3e4934347f44"},
    {UFTP_CIPHER_AES128_CCM, CCM_KEY, CCM_NONCE, "", "", "538f76630f36a98a2f502d9b23d86343"},
    {UFTP_CIPHER_AES256_CCM, CCM_KEY "505152535455565758595a5b5c5d5e5f", CCM_NONCE, CCM_AAD,
     CCM_PLAIN, "04f883aeb3bd0730eaf50bb6de4fa2212034e4e41b0e75e59bba3f3a107f3239bd63902923f80371"},
    {UFTP_CIPHER_AES256_CCM, CCM_KEY "505152535455565758595a5b5c5d5e5f", CCM_NONCE, "", "",
     "a5527c0b301c3a15d72d20a423a97630"},
};
#define ANSWERS (sizeof answers / sizeof *answers)

typedef struct sample {
    uftp_aead aead;
    uint8_t nonce[12], aad[32], plain[64], sealed[96];
    size_t aad_len, len;
} sample;

static void load(sample *s, const known_answer *answer)
{
    uint8_t key[32];
    size_t key_len = test_unhex(answer->key, key, sizeof key);
    assert_int_equal(key_len, uftp_cipher_key_len(answer->cipher));
    assert_int_equal(uftp_aead_init(&s->aead, answer->cipher, key), UFTP_OK);
    test_unhex(answer->nonce, s->nonce, sizeof s->nonce);
    s->aad_len = test_unhex(answer->aad, s->aad, sizeof s->aad);
    s->len = test_unhex(answer->plain, s->plain, sizeof s->plain);
    assert_int_equal(test_unhex(answer->sealed, s->sealed, sizeof s->sealed), s->len + TAG_LEN);
}

static void known_answers_are_sealed_and_opened(void **state)
{
    (void)state;
    for (size_t i = 0; i < ANSWERS; i++) {
        sample s;
        uint8_t data[96];
        load(&s, &answers[i]);
        memcpy(data, s.plain, s.len);
        uftp_aead_seal(&s.aead, s.nonce, s.aad, s.aad_len, data, s.len);
        assert_memory_equal(data, s.sealed, s.len + TAG_LEN);
        assert_int_equal(uftp_aead_open(&s.aead, s.nonce, s.aad, s.aad_len, data, s.len), UFTP_OK);
        assert_memory_equal(data, s.plain, s.len);
    }
}

/* A tag compared only in part, or a length left out of the computation, would show here. */
static void no_single_bit_can_be_changed(void **state)
{
    (void)state;
    for (size_t i = 0; i < ANSWERS; i++) {
        sample s;
        load(&s, &answers[i]);
        for (size_t bit = 0; bit < (s.len + TAG_LEN) * 8; bit++) {
            s.sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
            assert_int_equal(uftp_aead_open(&s.aead, s.nonce, s.aad, s.aad_len, s.sealed, s.len),
                             UFTP_ERR_AUTH);
            s.sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        for (size_t bit = 0; bit < s.aad_len * 8; bit++) {
            s.aad[bit / 8] ^= (uint8_t)(1 << bit % 8);
            assert_int_equal(uftp_aead_open(&s.aead, s.nonce, s.aad, s.aad_len, s.sealed, s.len),
                             UFTP_ERR_AUTH);
            s.aad[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        for (size_t bit = 0; bit < sizeof s.nonce * 8; bit++) {
            s.nonce[bit / 8] ^= (uint8_t)(1 << bit % 8);
            assert_int_equal(uftp_aead_open(&s.aead, s.nonce, s.aad, s.aad_len, s.sealed, s.len),
                             UFTP_ERR_AUTH);
            s.nonce[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        /* Only now: every refusal above has left the bytes as they were. */
        assert_int_equal(uftp_aead_open(&s.aead, s.nonce, s.aad, s.aad_len, s.sealed, s.len),
                         UFTP_OK);
        assert_memory_equal(s.sealed, s.plain, s.len);
    }
}

/* In the announce phase a packet is tried with the handshake key, then with the application key. */
static void a_second_key_can_be_tried_on_the_same_bytes(void **state)
{
    (void)state;
    static const uint8_t ciphers[] = {UFTP_CIPHER_AES128_GCM, UFTP_CIPHER_AES256_GCM,
                                      UFTP_CIPHER_AES128_CCM, UFTP_CIPHER_AES256_CCM};
    const uint8_t right[32] = {1}, wrong[32] = {2}, nonce[12] = {3};
    for (size_t i = 0; i < sizeof ciphers; i++) {
        uint8_t data[45 + TAG_LEN] = "not a multiple of the block size, by one bit";
        uftp_aead one, other;
        assert_int_equal(uftp_aead_init(&one, ciphers[i], right), UFTP_OK);
        assert_int_equal(uftp_aead_init(&other, ciphers[i], wrong), UFTP_OK);
        uftp_aead_seal(&one, nonce, NULL, 0, data, 45);
        assert_int_equal(uftp_aead_open(&other, nonce, NULL, 0, data, 45), UFTP_ERR_AUTH);
        assert_int_equal(uftp_aead_open(&one, nonce, NULL, 0, data, 45), UFTP_OK);
        assert_string_equal((const char *)data, "not a multiple of the block size, by one bit");
    }
}

/* State left from one message in the context would change the next. */
static void a_context_has_no_memory_of_earlier_messages(void **state)
{
    (void)state;
    for (size_t i = 0; i < ANSWERS; i++) {
        sample s;
        uint8_t other[100], data[96];
        load(&s, &answers[i]);
        memset(other, 1, sizeof other);
        uftp_aead_seal(&s.aead, s.plain, other, 7, other, 83);
        memcpy(data, s.plain, s.len);
        uftp_aead_seal(&s.aead, s.nonce, s.aad, s.aad_len, data, s.len);
        assert_memory_equal(data, s.sealed, s.len + TAG_LEN);
    }
}

static void unknown_ciphers_are_refused(void **state)
{
    (void)state;
    const uint8_t key[32] = {0};
    uftp_aead aead;
    for (unsigned cipher = 0; cipher < 256; cipher++) {
        bool ours = cipher >= UFTP_CIPHER_AES128_GCM && cipher <= UFTP_CIPHER_AES256_CCM;
        assert_int_equal(uftp_aead_init(&aead, (uint8_t)cipher, key),
                         ours ? UFTP_OK : UFTP_ERR_UNSUPPORTED);
        assert_int_equal(uftp_cipher_key_len((uint8_t)cipher) != 0, ours);
    }
}

static void a_wiped_context_holds_no_key(void **state)
{
    (void)state;
    static const uint8_t key[32] = {1, 2, 3};
    static const uint8_t zeros[sizeof(uftp_aead)];
    uftp_aead aead;
    assert_int_equal(uftp_aead_init(&aead, UFTP_CIPHER_AES256_GCM, key), UFTP_OK);
    uftp_aead_wipe(&aead);
    assert_memory_equal(&aead, zeros, sizeof aead);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_answers_are_sealed_and_opened),
        cmocka_unit_test(no_single_bit_can_be_changed),
        cmocka_unit_test(a_second_key_can_be_tried_on_the_same_bytes),
        cmocka_unit_test(a_context_has_no_memory_of_earlier_messages),
        cmocka_unit_test(unknown_ciphers_are_refused),
        cmocka_unit_test(a_wiped_context_holds_no_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
