/* SPDX-License-Identifier: MIT */
#include "crypto/hash.h"

#include "support.h"

#include <string.h>

static uftp_bytes unhex(const char *hex, uint8_t buffer[128])
{
    return (uftp_bytes){buffer, test_unhex(hex, buffer, 128)};
}

/* FIPS 180-4's "abc", whole and in parts. */
static void hashes_equal_the_published_ones(void **state)
{
    (void)state;
    static const struct {
        uint8_t hash;
        const char *digest;
    } cases[] = {
        {UFTP_HASH_SHA1, "a9993e364706816aba3e25717850c26c9cd0d89d"},
        {UFTP_HASH_SHA256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {UFTP_HASH_SHA384, "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
                           "8086072ba1e7cc2358baeca134c825a7"},
        {UFTP_HASH_SHA512, "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                           "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
    };
    const uint8_t *abc = (const uint8_t *)"abc";
    const uftp_bytes whole = {abc, 3};
    const uftp_bytes parts[] = {{abc, 1}, {NULL, 0}, {abc + 1, 2}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t expected[128], out[UFTP_HASH_MAX];
        size_t len = unhex(cases[i].digest, expected).len;
        assert_int_equal(uftp_hash_len(cases[i].hash), len);
        uftp_hash_parts(cases[i].hash, &whole, 1, out);
        assert_memory_equal(out, expected, len);
        uftp_hash_parts(cases[i].hash, parts, 3, out);
        assert_memory_equal(out, expected, len);
    }
}

static void unknown_hashes_have_no_length(void **state)
{
    (void)state;
    for (unsigned hash = 0; hash < 256; hash++)
        assert_int_equal(uftp_hash_len((uint8_t)hash) != 0,
                         hash >= UFTP_HASH_SHA1 && hash <= UFTP_HASH_SHA512);
}

/* RFC 2202 and RFC 4231, case 2. */
static void hmac_equals_the_published_ones(void **state)
{
    (void)state;
    static const struct {
        uint8_t hash;
        const char *mac;
    } cases[] = {
        {UFTP_HASH_SHA1, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"},
        {UFTP_HASH_SHA256, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
        {UFTP_HASH_SHA384, "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e"
                           "8e2240ca5e69e2c78b3239ecfab21649"},
        {UFTP_HASH_SHA512, "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
                           "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"},
    };
    const uftp_bytes key = {(const uint8_t *)"Jefe", 4};
    const uftp_bytes parts[] = {{(const uint8_t *)"what do ya want ", 16},
                                {(const uint8_t *)"for nothing?", 12}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t expected[128], out[UFTP_HASH_MAX];
        size_t len = unhex(cases[i].mac, expected).len;
        uftp_hmac_parts(cases[i].hash, key, parts, 2, out);
        assert_memory_equal(out, expected, len);
    }
}

/* RFC 5869 A.1 to A.4: one block, several blocks, no salt and no info, SHA-1. */
static void hkdf_equals_the_published_ones(void **state)
{
    (void)state;
    uint8_t ascending[256];
    for (size_t i = 0; i < sizeof ascending; i++)
        ascending[i] = (uint8_t)i;
    uint8_t repeated[22];
    memset(repeated, 0x0b, sizeof repeated);
    const struct {
        uint8_t hash;
        uftp_bytes input, salt, info;
        const char *out;
    } cases[] = {
        {UFTP_HASH_SHA256,
         {repeated, 22},
         {ascending, 13},
         {ascending + 0xf0, 10},
         "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"},
        {UFTP_HASH_SHA256,
         {ascending, 80},
         {ascending + 0x60, 80},
         {ascending + 0xb0, 80},
         "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c6"
         "5e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87"},
        {UFTP_HASH_SHA256,
         {repeated, 22},
         {NULL, 0},
         {NULL, 0},
         "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"},
        {UFTP_HASH_SHA1,
         {repeated, 11},
         {ascending, 13},
         {ascending + 0xf0, 10},
         "085a01ea1b10f36933068b56efa5ad81a4f14b822f5b091568a9cdd4f155fda2c22e422478d305f3f896"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t expected[128], prk[UFTP_HASH_MAX], out[129];
        size_t len = unhex(cases[i].out, expected).len;
        uftp_hkdf_extract(cases[i].hash, cases[i].salt, cases[i].input, prk);
        memset(out, 0x5a, sizeof out);
        uftp_hkdf_expand(cases[i].hash, (uftp_bytes){prk, uftp_hash_len(cases[i].hash)},
                         cases[i].info, out, len);
        assert_memory_equal(out, expected, len);
        assert_int_equal(out[len], 0x5a); /* nothing beyond what was asked for */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hashes_equal_the_published_ones),
        cmocka_unit_test(unknown_hashes_have_no_length),
        cmocka_unit_test(hmac_equals_the_published_ones),
        cmocka_unit_test(hkdf_equals_the_published_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
