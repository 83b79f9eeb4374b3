/* SPDX-License-Identifier: MIT */
#include "crypto/sign.h"

#include "crypto/ec.h"
#include "crypto/hash.h"
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct fixture {
    test_memory memory;
    test_random random;
} fixture;

static void fixture_init(fixture *f)
{
    test_memory_init(&f->memory);
    test_random_init(&f->random, 11);
}

static uftp_key *load(fixture *f, const char *file)
{
    char path[512];
    size_t len;
    snprintf(path, sizeof path, "%s/proto/tests/keys/%s", UFTP_SOURCE_DIR, file);
    char *text = test_read_file(path, &len);
    assert_non_null(text);
    uftp_key *key;
    assert_int_equal(uftp_key_parse_pem(&f->memory.allocator, text, len, &key), UFTP_OK);
    free(text);
    return key;
}

static void digest_of(uint8_t hash, const char *message, uint8_t out[UFTP_HASH_MAX])
{
    const uftp_bytes part = {(const uint8_t *)message, strlen(message)};
    uftp_hash_parts(hash, &part, 1, out);
}

/* ---- ECDSA ---- */

#define P256_PUBLIC \
    "02170040" \
    "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6" \
    "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299"
#define P256_R "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
#define P256_S "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"
#define P256_ORDER "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"

static int verify_hex(const char *public_hex, uint8_t hash, const char *signature_hex)
{
    uint8_t public_key[UFTP_KEY_BLOB_MAX], signature[1020], digest[UFTP_HASH_MAX];
    size_t key_len = test_unhex(public_hex, public_key, sizeof public_key);
    size_t len = test_unhex(signature_hex, signature, sizeof signature);
    digest_of(hash, "sample", digest);
    return uftp_verify((uftp_bytes){public_key, key_len}, hash, digest,
                       (uftp_bytes){signature, len});
}

/* RFC 6979 A.2.5. SHA-512 is longer than the order: its leftmost bits count. */
static void published_ecdsa_signatures_verify(void **state)
{
    (void)state;
    assert_int_equal(verify_hex(P256_PUBLIC, UFTP_HASH_SHA256, "00200020" P256_R P256_S), UFTP_OK);
    assert_int_equal(verify_hex(P256_PUBLIC, UFTP_HASH_SHA512,
                                "00200020"
                                "8496a60b5e9b47c825488827e0495b0e3fa109ec4568fd3f8d1097678eb97f00"
                                "2362ab1adbe2b8adf9cb9edab740ea6049c028114f2460f96554f61fae3302fe"),
                     UFTP_OK);
    assert_int_equal(verify_hex(P256_PUBLIC, UFTP_HASH_SHA384, "00200020" P256_R P256_S),
                     UFTP_ERR_AUTH);
}

/* A sender writes fixed lengths, a receiver takes any that fit (3.6). */
static void trap_61_ecdsa_lengths_may_vary_but_must_fit(void **state)
{
    (void)state;
    static const char *const accepted[] = {
        "00210020"
        "00" P256_R P256_S, /* a zero in front, as DER would have it */
        "00200024" P256_R "00000000" P256_S,
        "00200020" P256_R P256_S "00000000", /* padding behind */
        "00200020" P256_R P256_S "ffff",
    };
    static const char *const refused[] = {
        "",
        "00",
        "000000",
        "00000000",
        "00200020",
        "00210020" P256_R P256_S, /* one byte too many is claimed */
        "00200021" P256_R P256_S,
        "ffffffff" P256_R P256_S,
        "ffff0001" P256_R P256_S,
        "0001ffff" P256_R P256_S,
        "00000040" P256_R P256_S, /* r is empty */
        "00400000" P256_R P256_S,
        "00100030" P256_R P256_S, /* cut elsewhere */
        "002000" P256_R P256_S,
    };
    for (size_t i = 0; i < sizeof accepted / sizeof *accepted; i++)
        assert_int_equal(verify_hex(P256_PUBLIC, UFTP_HASH_SHA256, accepted[i]), UFTP_OK);
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        assert_int_equal(verify_hex(P256_PUBLIC, UFTP_HASH_SHA256, refused[i]), UFTP_ERR_AUTH);
}

/* (0, 0) verified for any message in more than one implementation. */
static void ecdsa_values_out_of_range_are_refused(void **state)
{
    (void)state;
    static const char zero[] = "0000000000000000000000000000000000000000000000000000000000000000";
    const char *const values[] = {
        zero, P256_ORDER, "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"};
    char signature[3 * 64 + 16];
    for (size_t i = 0; i < 3; i++) {
        snprintf(signature, sizeof signature, "00200020%s%s", values[i], P256_S);
        assert_int_equal(verify_hex(P256_PUBLIC, UFTP_HASH_SHA256, signature), UFTP_ERR_AUTH);
        snprintf(signature, sizeof signature, "00200020%s%s", P256_R, values[i]);
        assert_int_equal(verify_hex(P256_PUBLIC, UFTP_HASH_SHA256, signature), UFTP_ERR_AUTH);
        snprintf(signature, sizeof signature, "00200020%s%s", values[i], values[i]);
        assert_int_equal(verify_hex(P256_PUBLIC, UFTP_HASH_SHA256, signature), UFTP_ERR_AUTH);
    }
    /* r and s as long as a header allows: refused before any arithmetic on them. */
    uint8_t blob[UFTP_KEY_BLOB_MAX], digest[UFTP_HASH_MAX], huge[1020];
    size_t len = test_unhex(P256_PUBLIC, blob, sizeof blob);
    digest_of(UFTP_HASH_SHA256, "sample", digest);
    memset(huge, 0xff, sizeof huge);
    huge[0] = huge[2] = 0x01;
    huge[1] = huge[3] = 0xfc; /* 508 and 508 */
    assert_int_equal(uftp_verify((uftp_bytes){blob, len}, UFTP_HASH_SHA256, digest,
                                 (uftp_bytes){huge, sizeof huge}),
                     UFTP_ERR_AUTH);
}

static void keys_off_the_curve_are_refused(void **state)
{
    (void)state;
    uint8_t blob[UFTP_KEY_BLOB_MAX], digest[UFTP_HASH_MAX] = {0};
    size_t len = test_unhex(P256_PUBLIC, blob, sizeof blob);
    const uint8_t signature[68] = {0, 32, 0, 32, 1};
    assert_int_equal(uftp_public_key_check((uftp_bytes){blob, len}), UFTP_OK);
    for (size_t at = 4; at < len; at++) {
        blob[at] ^= 0x40;
        assert_int_equal(uftp_public_key_check((uftp_bytes){blob, len}), UFTP_ERR_KEY);
        assert_int_equal(uftp_verify((uftp_bytes){blob, len}, UFTP_HASH_SHA256, digest,
                                     (uftp_bytes){signature, sizeof signature}),
                         UFTP_ERR_KEY);
        blob[at] ^= 0x40;
    }
    for (size_t cut = 0; cut < len; cut++)
        assert_int_not_equal(uftp_public_key_check((uftp_bytes){blob, cut}), UFTP_OK);
    blob[1] = 22; /* a curve that is not ours */
    assert_int_equal(uftp_public_key_check((uftp_bytes){blob, len}), UFTP_ERR_UNSUPPORTED);
    blob[0] = 3;
    assert_int_equal(uftp_public_key_check((uftp_bytes){blob, len}), UFTP_ERR_UNSUPPORTED);
}

/* ---- RSA ---- */

/* PKCS#1 v1.5 has one signature per message: compare with OpenSSL's (the SHA-2 others are in the
 * recorded sessions). */
static void rsa_signatures_equal_those_of_openssl(void **state)
{
    (void)state;
    static const struct {
        uint8_t hash;
        const char *signature;
    } cases[] = {
        {UFTP_HASH_SHA1,
         "24baca57f5f912b91d6bc024e53260d278307df6632635723c937793873ee59f45c91f88e28f6048a72f88db"
         "9121ac0844e3ca68e17e0ee5a3c6f9a9d6609b38b4cf2e8a08a1b0cb85d7fa36402e1e7da817179a6df85308"
         "ca3c7fb7c3488d780f2c29388f56f186aa2822e84e906335f60999ab03ebefbbcc9dac7dbaed4dbf"},
        {UFTP_HASH_SHA512,
         "936634442359e52aa7454d626e3cae1b2551979e6212e6740f330729fe95e74edac5b81b5bf4de03e6350a25"
         "fdcf7a825ee9d584caed57bcb60741d2aac1f20fcf94121ee5c2566502b079c6f2b689e5314597bb75c3e295"
         "4e26b0ee3a6f24be0830ffcbbea16df587386daf95e8692b2629d304507a3ceb5127ccf8d3930613"},
    };
    fixture f;
    fixture_init(&f);
    uftp_key *key = load(&f, "rsa1024.pem");
    assert_int_equal(uftp_signature_len(key), 128);
    for (size_t i = 0; i < 2; i++) {
        uint8_t expected[128], signature[UFTP_SIGNATURE_MAX], digest[UFTP_HASH_MAX];
        test_unhex(cases[i].signature, expected, sizeof expected);
        digest_of(cases[i].hash, "abc", digest);
        assert_int_equal(uftp_sign(key, &f.random.random, cases[i].hash, digest, signature),
                         UFTP_OK);
        assert_memory_equal(signature, expected, sizeof expected);
        assert_int_equal(
            uftp_verify(uftp_key_blob(key), cases[i].hash, digest, (uftp_bytes){signature, 128}),
            UFTP_OK);
    }
    uftp_key_free(key);
    assert_int_equal(f.memory.live, 0);
}

static void rsa_signatures_of_a_wrong_length_are_refused(void **state)
{
    (void)state;
    fixture f;
    fixture_init(&f);
    uftp_key *key = load(&f, "rsa1024.pem");
    uint8_t padded[130] = {0}, digest[UFTP_HASH_MAX];
    digest_of(UFTP_HASH_SHA256, "abc", digest);
    assert_int_equal(uftp_sign(key, &f.random.random, UFTP_HASH_SHA256, digest, padded + 1),
                     UFTP_OK);
    uftp_bytes blob = uftp_key_blob(key);
    static const struct {
        size_t at, len;
        int expected;
    } cases[] = {{1, 128, UFTP_OK},       {0, 129, UFTP_ERR_AUTH}, {1, 129, UFTP_ERR_AUTH},
                 {1, 127, UFTP_ERR_AUTH}, {0, 128, UFTP_ERR_AUTH}, {0, 0, UFTP_ERR_AUTH}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(uftp_verify(blob, UFTP_HASH_SHA256, digest,
                                     (uftp_bytes){padded + cases[i].at, cases[i].len}),
                         cases[i].expected);
    memset(padded, 0xff, sizeof padded); /* beyond the modulus */
    assert_int_equal(uftp_verify(blob, UFTP_HASH_SHA256, digest, (uftp_bytes){padded, 128}),
                     UFTP_ERR_AUTH);
    memset(padded, 0, sizeof padded);
    assert_int_equal(uftp_verify(blob, UFTP_HASH_SHA256, digest, (uftp_bytes){padded, 128}),
                     UFTP_ERR_AUTH);
    uftp_key_free(key);
}

static int check_rsa(size_t declared, size_t actual, uint32_t exponent, uint8_t first, uint8_t last)
{
    static uint8_t blob[2048];
    memset(blob, 0x5b, sizeof blob);
    const uint8_t header[] = {1,
                              0,
                              (uint8_t)(declared >> 8),
                              (uint8_t)declared,
                              (uint8_t)(exponent >> 24),
                              (uint8_t)(exponent >> 16),
                              (uint8_t)(exponent >> 8),
                              (uint8_t)exponent};
    memcpy(blob, header, sizeof header);
    blob[8] = first;
    blob[8 + actual - 1] = last;
    return uftp_public_key_check((uftp_bytes){blob, 8 + actual});
}

/* What a stranger sends decides what verifying costs, and whether the arithmetic is defined. */
static void rsa_keys_outside_the_limits_are_refused(void **state)
{
    (void)state;
    assert_int_equal(check_rsa(128, 128, 65537, 0x80, 1), UFTP_OK);
    assert_int_equal(check_rsa(512, 512, 65537, 0x80, 1), UFTP_OK);
    assert_int_equal(check_rsa(128, 128, 3, 0x01, 1), UFTP_OK);
    assert_int_equal(check_rsa(128, 128, UINT32_MAX, 0x80, 1), UFTP_OK);
    assert_int_equal(check_rsa(124, 124, 65537, 0x80, 1), UFTP_ERR_KEY); /* short */
    assert_int_equal(check_rsa(516, 516, 65537, 0x80, 1), UFTP_ERR_KEY); /* long */
    assert_int_equal(check_rsa(130, 130, 65537, 0x80, 1), UFTP_ERR_KEY); /* not words */
    assert_int_equal(check_rsa(128, 128, 65537, 0x00, 1), UFTP_ERR_KEY); /* leading zero */
    assert_int_equal(check_rsa(128, 128, 65537, 0x80, 2), UFTP_ERR_KEY); /* even modulus */
    assert_int_equal(check_rsa(128, 128, 65536, 0x80, 1), UFTP_ERR_KEY); /* even exponent */
    assert_int_equal(check_rsa(128, 128, 1, 0x80, 1), UFTP_ERR_KEY);     /* signs anything */
    assert_int_equal(check_rsa(128, 128, 0, 0x80, 1), UFTP_ERR_KEY);
    assert_int_equal(check_rsa(128, 132, 65537, 0x80, 1), UFTP_ERR_KEY); /* lengths differ */
    assert_int_equal(check_rsa(132, 128, 65537, 0x80, 1), UFTP_ERR_KEY);
    assert_int_equal(check_rsa(65535, 1012, 65537, 0x80, 1), UFTP_ERR_KEY);
    assert_int_equal(check_rsa(0, 1, 65537, 0x80, 1), UFTP_ERR_KEY);
    /* Four zeros in front: a good modulus with another length, and so another fingerprint. */
    uint8_t padded[8 + 132] = {1, 0, 0, 132, 0, 1, 0, 1, 0, 0, 0, 0, 0x80};
    padded[sizeof padded - 1] = 1;
    assert_int_equal(uftp_public_key_check((uftp_bytes){padded, sizeof padded}), UFTP_ERR_KEY);
    const uint8_t head[8] = {1, 0, 0, 0, 0, 1, 0, 1};
    for (size_t len = 0; len <= sizeof head; len++)
        assert_int_equal(uftp_public_key_check((uftp_bytes){head, len}), UFTP_ERR_KEY);
}

/* ---- every kind with every hash ---- */

static void every_kind_of_key_verifies_what_it_signs(void **state)
{
    (void)state;
    static const uftp_key_spec specs[] = {{.type = UFTP_KEY_RSA, .bits = 1024},
                                          {.type = UFTP_KEY_EC, .curve = UFTP_CURVE_SECP256R1},
                                          {.type = UFTP_KEY_EC, .curve = UFTP_CURVE_SECP384R1},
                                          {.type = UFTP_KEY_EC, .curve = UFTP_CURVE_SECP521R1}};
    fixture f;
    fixture_init(&f);
    for (size_t i = 0; i < sizeof specs / sizeof *specs; i++) {
        uftp_key *key;
        assert_int_equal(uftp_key_generate(&f.memory.allocator, &f.random.random, &specs[i], &key),
                         UFTP_OK);
        assert_int_equal(uftp_public_key_check(uftp_key_blob(key)), UFTP_OK);
        for (uint8_t hash = UFTP_HASH_SHA1; hash <= UFTP_HASH_SHA512; hash++) {
            uint8_t signature[UFTP_SIGNATURE_MAX], digest[UFTP_HASH_MAX];
            digest_of(hash, "message", digest);
            assert_int_equal(uftp_sign(key, &f.random.random, hash, digest, signature), UFTP_OK);
            const uftp_bytes bytes = {signature, uftp_signature_len(key)};
            assert_int_equal(uftp_verify(uftp_key_blob(key), hash, digest, bytes), UFTP_OK);
            digest[0] ^= 0x80;
            assert_int_equal(uftp_verify(uftp_key_blob(key), hash, digest, bytes), UFTP_ERR_AUTH);
        }
        uint8_t out[UFTP_SIGNATURE_MAX] = {0};
        assert_int_equal(uftp_sign(key, &f.random.random, 6, out, out), UFTP_ERR_UNSUPPORTED);
        assert_int_equal(uftp_verify(uftp_key_blob(key), 6, out, (uftp_bytes){out, 68}),
                         UFTP_ERR_UNSUPPORTED);
        uftp_key_free(key);
    }
    assert_int_equal(f.memory.live, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_ecdsa_signatures_verify),
        cmocka_unit_test(trap_61_ecdsa_lengths_may_vary_but_must_fit),
        cmocka_unit_test(ecdsa_values_out_of_range_are_refused),
        cmocka_unit_test(keys_off_the_curve_are_refused),
        cmocka_unit_test(rsa_signatures_equal_those_of_openssl),
        cmocka_unit_test(rsa_signatures_of_a_wrong_length_are_refused),
        cmocka_unit_test(rsa_keys_outside_the_limits_are_refused),
        cmocka_unit_test(every_kind_of_key_verifies_what_it_signs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
