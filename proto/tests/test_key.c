/* SPDX-License-Identifier: MIT
 *
 * Key files and names. keys/ holds files as OpenSSL writes them; ec256, ec521 and rsa2048 are of
 * the reference implementation, which logged the fingerprints below.
 */
#include <uftp/key.h>

#include "crypto/key_der.h"
#include "crypto/key_internal.h"
#include "released.h"
#include "support.h"

#include <nettle/base64.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *read_key_file(const char *file, size_t *len)
{
    char path[512];
    snprintf(path, sizeof path, "%s/proto/tests/keys/%s", UFTP_SOURCE_DIR, file);
    char *text = test_read_file(path, len);
    if (!text)
        fail_msg("cannot read %s", path);
    return text;
}

static int parse_file(const uftp_allocator *memory, const char *file, uftp_key **out)
{
    size_t len;
    char *text = read_key_file(file, &len);
    int err = uftp_key_parse_pem(memory, text, len, out);
    free(text);
    return err;
}

static const struct {
    const char *file, *fingerprint;
    uftp_key_spec spec;
    bool traditional;
} known_keys[] = {
    {"ec256.pem",
     "D5:52:E9:7A:A6:11:2D:4D:E1:5D:04:83:84:16:88:8F:C5:87:89:3C",
     {.type = UFTP_KEY_EC, .curve = UFTP_CURVE_SECP256R1},
     true},
    {"ec256_pkcs8.pem",
     "D5:52:E9:7A:A6:11:2D:4D:E1:5D:04:83:84:16:88:8F:C5:87:89:3C",
     {.type = UFTP_KEY_EC, .curve = UFTP_CURVE_SECP256R1},
     false},
    {"ec256_with_parameters.pem",
     "D5:52:E9:7A:A6:11:2D:4D:E1:5D:04:83:84:16:88:8F:C5:87:89:3C",
     {.type = UFTP_KEY_EC, .curve = UFTP_CURVE_SECP256R1},
     false},
    {"ec521.pem",
     "11:57:86:DC:02:8A:71:5F:E1:A9:46:BB:BB:86:6B:DD:3F:78:9A:4E",
     {.type = UFTP_KEY_EC, .curve = UFTP_CURVE_SECP521R1},
     true},
    {"rsa2048.pem",
     "A0:3D:67:AE:CB:17:E9:03:0C:7A:E6:CD:D7:DD:25:31:D4:03:F6:C5",
     {.type = UFTP_KEY_RSA, .bits = 2048},
     true},
    {"rsa2048_pkcs8.pem",
     "A0:3D:67:AE:CB:17:E9:03:0C:7A:E6:CD:D7:DD:25:31:D4:03:F6:C5",
     {.type = UFTP_KEY_RSA, .bits = 2048},
     false},
};
#define KNOWN_KEYS (sizeof known_keys / sizeof *known_keys)

/* Also that we write what OpenSSL writes, byte for byte. */
static void trap_65_fingerprints_are_sha1_of_the_blob_and_keys_are_written_alike(void **state)
{
    (void)state;
    test_memory memory;
    test_memory_init(&memory);
    for (size_t i = 0; i < KNOWN_KEYS; i++) {
        uftp_key *key;
        assert_int_equal(parse_file(&memory.allocator, known_keys[i].file, &key), UFTP_OK);
        uftp_key_spec spec;
        uftp_key_describe(key, &spec);
        assert_int_equal(spec.type, known_keys[i].spec.type);
        assert_int_equal(spec.bits, known_keys[i].spec.bits);
        assert_int_equal(spec.curve, known_keys[i].spec.curve);
        uint8_t fingerprint[UFTP_FINGERPRINT_LEN];
        char text[UFTP_FINGERPRINT_TEXT_MAX], pem[UFTP_KEY_PEM_MAX];
        uftp_bytes blob = uftp_key_blob(key);
        uftp_fingerprint(blob.data, blob.len, fingerprint);
        assert_string_equal(uftp_fingerprint_format(fingerprint, text), known_keys[i].fingerprint);
        size_t len, file_len;
        assert_int_equal(uftp_key_write_pem(key, pem, sizeof pem, &len), UFTP_OK);
        if (known_keys[i].traditional) {
            char *file = read_key_file(known_keys[i].file, &file_len);
            assert_int_equal(len, file_len);
            assert_memory_equal(pem, file, len);
            free(file);
        }
        uftp_key_free(key);
    }
    assert_int_equal(memory.live, 0);
}

static void unusable_key_files_say_why(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        int err;
    } cases[] = {
        {"ec_foreign_curve.pem", UFTP_ERR_UNSUPPORTED},
        {"ec_explicit.pem", UFTP_ERR_UNSUPPORTED},
        {"ed25519.pem", UFTP_ERR_UNSUPPORTED},
        {"rsa_encrypted.pem", UFTP_ERR_UNSUPPORTED},
        {"pkcs8_encrypted.pem", UFTP_ERR_UNSUPPORTED},
        {"rsa_three_primes.pem", UFTP_ERR_UNSUPPORTED},
        {"rsa512.pem", UFTP_ERR_LIMIT},
        {"rsa4128.pem", UFTP_ERR_LIMIT},
        {"rsa1040.pem", UFTP_ERR_KEY},           /* the modulus does not fill words */
        {"rsa_long_exponent.pem", UFTP_ERR_KEY}, /* does not fit the blob */
    };
    test_memory memory;
    test_memory_init(&memory);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uftp_key *key = NULL;
        int err = parse_file(&memory.allocator, cases[i].file, &key);
        if (err != cases[i].err)
            fail_msg("%s: %s", cases[i].file, uftp_strerror(err));
        assert_null(key);
    }
    assert_int_equal(memory.live, 0);
}

static void text_without_a_whole_key_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "-----BEGIN ",
        "-----BEGIN EC PRIVATE KEY-----",
        "-----BEGIN EC PRIVATE KEY-----\n-----END EC PRIVATE KEY-----\n",
        "-----BEGIN EC PRIVATE KEY-----\nMA==\n-----END EC PRIVATE KEY-----\n",
        "-----BEGIN EC PRIVATE KEY-----\nM\n-----END EC PRIVATE KEY-----\n",
        "-----BEGIN EC PRIVATE KEY-----\n!!!!\n-----END EC PRIVATE KEY-----\n",
        "-----BEGIN RSA PRIVATE KEY-----\nMAA=\n-----END RSA PRIVATE KEY-----\n",
        "-----BEGIN RSA PRIVATE KEY-----\nMAMCAQA=\n-----END RSA PRIVATE KEY-----\n",
        "-----BEGIN PRIVATE KEY-----\nMAMCAQA=\n-----END PRIVATE KEY-----\n",
        "-----BEGIN CERTIFICATE-----\nMAMCAQA=\n-----END CERTIFICATE-----\n",
        "-----BEGIN PRIVATE KEY-----\nMAMCAQA=\n-----END RSA PRIVATE KEY-----\n",
    };
    test_memory memory;
    test_memory_init(&memory);
    uftp_key *key = NULL;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_int_equal(uftp_key_parse_pem(&memory.allocator, texts[i], strlen(texts[i]), &key),
                         UFTP_ERR_FORMAT);
    for (size_t i = 0; i < KNOWN_KEYS; i++) {
        size_t len;
        char *text = read_key_file(known_keys[i].file, &len);
        for (size_t cut = 0; cut < len - 1; cut++)
            assert_int_equal(uftp_key_parse_pem(&memory.allocator, text, cut, &key),
                             UFTP_ERR_FORMAT);
        free(text);
    }
    assert_null(key);
    assert_int_equal(memory.live, 0);
}

/* A file of any size may be handed in; what is decoded has a bound. */
static void a_body_beyond_any_key_is_refused(void **state)
{
    (void)state;
    static char text[3 * UFTP_KEY_PEM_MAX];
    memset(text, 'A', sizeof text);
    memcpy(text, "-----BEGIN EC PRIVATE KEY-----\n", 31);
    memcpy(text + sizeof text - 30, "\n-----END EC PRIVATE KEY-----\n", 30);
    test_memory memory;
    test_memory_init(&memory);
    uftp_key *key = NULL;
    assert_int_equal(uftp_key_parse_pem(&memory.allocator, text, sizeof text, &key),
                     UFTP_ERR_LIMIT);
    assert_null(key);
}

/* The DER of a PEM text of ours. */
static size_t decode(const char *text, uint8_t der[UFTP_KEY_DER_MAX])
{
    const char *body = strchr(text, '\n') + 1;
    size_t len = 0;
    struct base64_decode_ctx base64;
    base64_decode_init(&base64);
    assert_true(
        base64_decode_update(&base64, &len, der, (size_t)(strstr(body, "-----END") - body), body));
    return len;
}

/* Each number is tied to another one: a damaged file must not become a key that signs nonsense, or
 * that leaks its factors by a wrong CRT signature. */
static void no_single_bit_of_a_key_can_be_changed(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        uftp_key_form form;
        size_t step; /* a bit in so many: RSA is slow */
    } cases[] = {{"ec256.pem", UFTP_KEY_SEC1, 1},
                 {"rsa1024.pem", UFTP_KEY_PKCS1, 7},
                 {"ec521.pem", UFTP_KEY_SEC1, 3}};
    test_memory memory;
    test_memory_init(&memory);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t text_len;
        char *text = read_key_file(cases[i].file, &text_len);
        uint8_t der[UFTP_KEY_DER_MAX];
        size_t len = decode(text, der);
        free(text);
        uftp_key *intact;
        size_t accepted = 0;
        assert_int_equal(
            uftp_key_read_der(&memory.allocator, cases[i].form, (uftp_bytes){der, len}, &intact),
            UFTP_OK);
        for (size_t bit = 0; bit < len * 8; bit += cases[i].step) {
            uftp_key *key = NULL;
            der[bit / 8] ^= (uint8_t)(1 << bit % 8);
            int err =
                uftp_key_read_der(&memory.allocator, cases[i].form, (uftp_bytes){der, len}, &key);
            der[bit / 8] ^= (uint8_t)(1 << bit % 8);
            /* A compressed public point is left unread, so the bit that says so may change; the
             * scalar makes the key, which is the same then. */
            if (err == UFTP_OK) {
                assert_int_equal(cases[i].form, UFTP_KEY_SEC1);
                assert_memory_equal(uftp_key_blob(key).data, uftp_key_blob(intact).data,
                                    uftp_key_blob(intact).len);
                accepted++;
            }
            uftp_key_free(key);
        }
        for (size_t cut = 0; cut < len; cut++) {
            uftp_key *key = NULL;
            assert_int_equal(
                uftp_key_read_der(&memory.allocator, cases[i].form, (uftp_bytes){der, cut}, &key),
                UFTP_ERR_FORMAT);
        }
        assert_true(accepted <= 8);
        uftp_key_free(intact);
    }
    assert_int_equal(memory.live, 0);
}

/* ---- generation ---- */

static const uftp_key_spec generated[] = {{.type = UFTP_KEY_EC, .curve = UFTP_CURVE_SECP256R1},
                                          {.type = UFTP_KEY_EC, .curve = UFTP_CURVE_SECP384R1},
                                          {.type = UFTP_KEY_EC, .curve = UFTP_CURVE_SECP521R1},
                                          {.type = UFTP_KEY_RSA, .bits = 1024},
                                          {.type = UFTP_KEY_RSA, .bits = 1056}};
#define GENERATED (sizeof generated / sizeof *generated)

static void generated_keys_survive_writing_and_reading(void **state)
{
    (void)state;
    test_memory memory;
    test_random random;
    test_memory_init(&memory);
    test_random_init(&random, 3);
    for (size_t i = 0; i < GENERATED; i++) {
        uftp_key *key, *again;
        char pem[UFTP_KEY_PEM_MAX], pem_again[UFTP_KEY_PEM_MAX];
        size_t len, len_again;
        assert_int_equal(uftp_key_generate(&memory.allocator, &random.random, &generated[i], &key),
                         UFTP_OK);
        uftp_key_spec spec;
        uftp_key_describe(key, &spec);
        assert_int_equal(spec.type, generated[i].type);
        assert_int_equal(spec.bits, generated[i].bits);
        assert_int_equal(spec.curve, generated[i].curve);
        assert_int_equal(uftp_key_write_pem(key, pem, sizeof pem, &len), UFTP_OK);
        assert_int_equal(uftp_key_parse_pem(&memory.allocator, pem, len, &again), UFTP_OK);
        assert_int_equal(uftp_key_blob(key).len, uftp_key_blob(again).len);
        assert_memory_equal(uftp_key_blob(key).data, uftp_key_blob(again).data,
                            uftp_key_blob(key).len);
        assert_int_equal(uftp_key_write_pem(again, pem_again, sizeof pem_again, &len_again),
                         UFTP_OK);
        assert_int_equal(len, len_again);
        assert_memory_equal(pem, pem_again, len);
        uftp_key_free(key);
        uftp_key_free(again);
    }
    assert_int_equal(memory.live, 0);
}

/* Replay and simulation rest on this: equal randomness, equal keys. */
static void equal_randomness_gives_equal_keys(void **state)
{
    (void)state;
    test_memory memory;
    test_memory_init(&memory);
    for (size_t i = 0; i < GENERATED; i++) {
        uftp_key *keys[2];
        for (size_t j = 0; j < 2; j++) {
            test_random random;
            test_random_init(&random, 99);
            assert_int_equal(
                uftp_key_generate(&memory.allocator, &random.random, &generated[i], &keys[j]),
                UFTP_OK);
        }
        assert_memory_equal(uftp_key_blob(keys[0]).data, uftp_key_blob(keys[1]).data,
                            uftp_key_blob(keys[0]).len);
        uftp_key_free(keys[0]);
        uftp_key_free(keys[1]);
    }
}

static void specs_out_of_range_are_refused(void **state)
{
    (void)state;
    static const struct {
        uftp_key_spec spec;
        int err;
    } cases[] = {
        {{.type = UFTP_KEY_RSA, .bits = 512}, UFTP_ERR_LIMIT},
        {{.type = UFTP_KEY_RSA, .bits = 992}, UFTP_ERR_LIMIT},
        {{.type = UFTP_KEY_RSA, .bits = 1040}, UFTP_ERR_LIMIT},
        {{.type = UFTP_KEY_RSA, .bits = 4128}, UFTP_ERR_LIMIT},
        {{.type = UFTP_KEY_EC, .curve = (uftp_curve)0}, UFTP_ERR_UNSUPPORTED},
        {{.type = UFTP_KEY_EC, .curve = (uftp_curve)26}, UFTP_ERR_UNSUPPORTED},
        {{.type = (uftp_key_type)0}, UFTP_ERR_UNSUPPORTED},
    };
    test_memory memory;
    test_random random;
    test_memory_init(&memory);
    test_random_init(&random, 3);
    uftp_key *key = NULL;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(uftp_key_generate(&memory.allocator, &random.random, &cases[i].spec, &key),
                         cases[i].err);
    assert_null(key);
    assert_int_equal(memory.live, 0);
}

/* ---- memory ---- */

static void each_failing_allocation_is_told_and_leaks_nothing(void **state)
{
    (void)state;
    test_memory memory;
    test_random random;
    test_random_init(&random, 3);
    for (size_t i = 0; i < GENERATED + KNOWN_KEYS; i++) {
        int err = UFTP_ERR_MEMORY;
        for (size_t fail_at = 1; err == UFTP_ERR_MEMORY; fail_at++) {
            uftp_key *key = NULL;
            test_memory_init(&memory);
            memory.fail_at = fail_at;
            err = i < GENERATED
                      ? uftp_key_generate(&memory.allocator, &random.random, &generated[i], &key)
                      : parse_file(&memory.allocator, known_keys[i - GENERATED].file, &key);
            if (err == UFTP_ERR_MEMORY)
                assert_null(key);
            else
                assert_true(fail_at > 1); /* something was made to fail */
            uftp_key_free(key);
            assert_int_equal(memory.live, 0);
        }
        assert_int_equal(err, UFTP_OK);
    }
}

/* The private numbers of a file's DER must not be in anything that was given back. */
static void a_freed_key_leaves_no_secret_behind(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        size_t secret_at; /* the scalar; everything from d on */
        size_t secret_len;
    } cases[] = {{"ec256.pem", 7, 32}, {"ec521.pem", 8, 66}, {"rsa1024.pem", 141, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t text_len, len;
        char *text = read_key_file(cases[i].file, &text_len);
        uint8_t der[UFTP_KEY_DER_MAX];
        len = decode(text, der);
        uftp_key *key;
        released_start();
        assert_int_equal(uftp_key_parse_pem(&released_allocator, text, text_len, &key), UFTP_OK);
        char pem[UFTP_KEY_PEM_MAX];
        assert_int_equal(uftp_key_write_pem(key, pem, sizeof pem, &text_len), UFTP_OK);
        uftp_key_free(key);
        released_stop();
        free(text);
        assert_true(released_len() > 0);
        size_t secret_len = cases[i].secret_len ? cases[i].secret_len : len - cases[i].secret_at;
        assert_false(released_contains(der + cases[i].secret_at, secret_len));
    }
}

static void a_short_buffer_is_refused_and_holds_no_half_key(void **state)
{
    (void)state;
    test_memory memory;
    test_memory_init(&memory);
    uftp_key *key;
    assert_int_equal(parse_file(&memory.allocator, "ec256.pem", &key), UFTP_OK);
    char pem[UFTP_KEY_PEM_MAX];
    size_t whole, len = 0;
    assert_int_equal(uftp_key_write_pem(key, pem, sizeof pem, &whole), UFTP_OK);
    for (size_t capacity = 0; capacity < whole; capacity++) {
        memset(pem, 0, sizeof pem);
        assert_int_equal(uftp_key_write_pem(key, pem, capacity, &len), UFTP_ERR_SPACE);
        for (size_t i = 0; i < sizeof pem; i++)
            assert_int_equal(pem[i], 0);
    }
    assert_int_equal(len, 0);
    assert_int_equal(uftp_key_write_pem(key, pem, whole, &len), UFTP_OK);
    assert_int_equal(len, whole);
    uftp_key_free(key);
}

static void wiped_bytes_are_zero(void **state)
{
    (void)state;
    uint8_t bytes[40];
    memset(bytes, 0xaa, sizeof bytes);
    uftp_wipe(bytes + 4, 32);
    for (size_t i = 0; i < sizeof bytes; i++)
        assert_int_equal(bytes[i], i < 4 || i >= 36 ? 0xaa : 0);
    uftp_wipe(NULL, 0);
}

/* ---- names ---- */

static void key_specs_are_parsed(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int err;
        uftp_key_spec spec;
    } cases[] = {
        {"rsa:1024", UFTP_OK, {.type = UFTP_KEY_RSA, .bits = 1024}},
        {"rsa:4096", UFTP_OK, {.type = UFTP_KEY_RSA, .bits = 4096}},
        {"ec:secp256r1", UFTP_OK, {.type = UFTP_KEY_EC, .curve = UFTP_CURVE_SECP256R1}},
        {"ec:prime256v1", UFTP_OK, {.type = UFTP_KEY_EC, .curve = UFTP_CURVE_SECP256R1}},
        {"ec:secp384r1", UFTP_OK, {.type = UFTP_KEY_EC, .curve = UFTP_CURVE_SECP384R1}},
        {"ec:secp521r1", UFTP_OK, {.type = UFTP_KEY_EC, .curve = UFTP_CURVE_SECP521R1}},
        {"rsa:512", UFTP_ERR_LIMIT, {0}},
        {"rsa:4097", UFTP_ERR_LIMIT, {0}},
        {"rsa:2047", UFTP_ERR_LIMIT, {0}},
        {"rsa:0", UFTP_ERR_LIMIT, {0}},
        {"rsa:4294969344", UFTP_ERR_LIMIT, {0}}, /* 2048 modulo 2^32 */
        {"rsa:99999999999999999999999999", UFTP_ERR_LIMIT, {0}},
        {"rsa:", UFTP_ERR_FORMAT, {0}},
        {"rsa:-2048", UFTP_ERR_FORMAT, {0}},
        {"rsa:2048 ", UFTP_ERR_FORMAT, {0}},
        {"rsa:0x800", UFTP_ERR_FORMAT, {0}},
        {"rsa", UFTP_ERR_FORMAT, {0}},
        {"RSA:2048", UFTP_ERR_FORMAT, {0}},
        {"ec:", UFTP_ERR_FORMAT, {0}},
        {"ec:secp256k1", UFTP_ERR_FORMAT, {0}},
        {"dsa:1024", UFTP_ERR_FORMAT, {0}},
        {"", UFTP_ERR_FORMAT, {0}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uftp_key_spec spec = {0};
        int err = uftp_key_spec_parse(cases[i].text, &spec);
        if (err != cases[i].err)
            fail_msg("%s: %s", cases[i].text, uftp_strerror(err));
        assert_int_equal(spec.type, cases[i].spec.type);
        assert_int_equal(spec.bits, cases[i].spec.bits);
        assert_int_equal(spec.curve, cases[i].spec.curve);
    }
}

static void curves_have_the_names_of_the_reference(void **state)
{
    (void)state;
    assert_string_equal(uftp_curve_name(UFTP_CURVE_SECP256R1), "prime256v1");
    assert_string_equal(uftp_curve_name(UFTP_CURVE_SECP384R1), "secp384r1");
    assert_string_equal(uftp_curve_name(UFTP_CURVE_SECP521R1), "secp521r1");
    assert_string_equal(uftp_curve_name((uftp_curve)99), "unknown");
    assert_int_equal(uftp_curve_parse("secp521r1 "), 0);
    assert_int_equal(uftp_curve_parse(""), 0);
}

static void fingerprints_are_parsed_as_hosts_lists_have_them(void **state)
{
    (void)state;
    static const char *const refused[] = {
        "",
        ":",
        "1",
        "1:2:3:4:5:6:7:8:9:a:b:c:d:e:f:10:11:12:13",
        "1:2:3:4:5:6:7:8:9:a:b:c:d:e:f:10:11:12:13:",
        "1:2:3:4:5:6:7:8:9:a:b:c:d:e:f:10:11:12:13:14:15",
        "1:2:3:4:5:6:7:8:9:a:b:c:d:e:f:10:11:12:13:14:",
        "1:2:3:4:5:6:7:8:9:a:b:c:d:e:f:10:11:12:13:014",
        "1:2:3:4:5:6:7:8:9:a:b:c:d:e:f:10:11:12:13:g",
        "1::3:4:5:6:7:8:9:a:b:c:d:e:f:10:11:12:13:14",
        " 1:2:3:4:5:6:7:8:9:a:b:c:d:e:f:10:11:12:13:14",
        "1 2 3 4 5 6 7 8 9 a b c d e f 10 11 12 13 14",
    };
    uint8_t parsed[UFTP_FINGERPRINT_LEN];
    char text[UFTP_FINGERPRINT_TEXT_MAX];
    assert_int_equal(
        uftp_fingerprint_parse("1:02:3:4:5:6:7:8:9:A:0b:c:d:e:F:10:11:12:fE:14", parsed), UFTP_OK);
    assert_string_equal(uftp_fingerprint_format(parsed, text),
                        "01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:10:11:12:FE:14");
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        assert_int_equal(uftp_fingerprint_parse(refused[i], parsed), UFTP_ERR_FORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trap_65_fingerprints_are_sha1_of_the_blob_and_keys_are_written_alike),
        cmocka_unit_test(unusable_key_files_say_why),
        cmocka_unit_test(text_without_a_whole_key_is_refused),
        cmocka_unit_test(a_body_beyond_any_key_is_refused),
        cmocka_unit_test(no_single_bit_of_a_key_can_be_changed),
        cmocka_unit_test(generated_keys_survive_writing_and_reading),
        cmocka_unit_test(equal_randomness_gives_equal_keys),
        cmocka_unit_test(specs_out_of_range_are_refused),
        cmocka_unit_test(each_failing_allocation_is_told_and_leaks_nothing),
        cmocka_unit_test(a_freed_key_leaves_no_secret_behind),
        cmocka_unit_test(a_short_buffer_is_refused_and_holds_no_half_key),
        cmocka_unit_test(wiped_bytes_are_zero),
        cmocka_unit_test(key_specs_are_parsed),
        cmocka_unit_test(curves_have_the_names_of_the_reference),
        cmocka_unit_test(fingerprints_are_parsed_as_hosts_lists_have_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
