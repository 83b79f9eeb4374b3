/* SPDX-License-Identifier: MIT */
#include "crypto/ecdh.h"

#include "crypto/ec.h"
#include "released.h"
#include "support.h"

#include <string.h>

typedef struct known_answer {
    uftp_curve curve;
    const char *scalar, *x, *y, *shared;
} known_answer;

/* NIST CAVS 14.1, ECC CDH primitive, count 0 of P-256, P-384, P-521, P-192, P-224. */
static const known_answer answers[] = {
    {UFTP_CURVE_SECP256R1, "7d7dc5f71eb29ddaf80d6214632eeae03d9058af1fb6d22ed80badb62bc1a534",
     "700c48f77f56584c5cc632ca65640db91b6bacce3a4df6b42ce7cc838833d287",
     "db71e509e3fd9b060ddb20ba5c51dcc5948d46fbf640dfe0441782cab85fa4ac",
     "46fc62106420ff012e54a434fbdd2d25ccc5852060561e68040dd7778997bd7b"},
    {UFTP_CURVE_SECP384R1,
     "3cc3122a68f0d95027ad38c067916ba0eb8c38894d22e1b1"
     "5618b6818a661774ad463b205da88cf699ab4d43c9cf98a1",
     "a7c76b970c3b5fe8b05d2838ae04ab47697b9eaf52e76459"
     "2efda27fe7513272734466b400091adbf2d68c58e0c50066",
     "ac68f19f2e1cb879aed43a9969b91a0839c4c38a49749b66"
     "1efedf243451915ed0905a32b060992b468c64766fc8437a",
     "5f9d29dc5e31a163060356213669c8ce132e22f57c9a04f4"
     "0ba7fcead493b457e5621e766c40a2e3d4d6a04b25e533f1"},
    {UFTP_CURVE_SECP521R1,
     "017eecc07ab4b329068fba65e56a1f8890aa935e57134ae0ffcce802735151f4ea"
     "c6564f6ee9974c5e6887a1fefee5743ae2241bfeb95d5ce31ddcb6f9edb4d6fc47",
     "00685a48e86c79f0f0875f7bc18d25eb5fc8c0b07e5da4f4370f3a949034085433"
     "4b1e1b87fa395464c60626124a4e70d0f785601d37c09870ebf176666877a2046d",
     "01ba52c56fc8776d9e8f5db4f0cc27636d0b741bbe05400697942e80b739884a83"
     "bde99e0f6716939e632bc8986fa18dccd443a348b6c3e522497955a4f3c302f676",
     "005fc70477c3e63bc3954bd0df3ea0d1f41ee21746ed95fc5e1fdf90930d5e1366"
     "72d72cc770742d1711c3c3a4c334a0ad9759436a4d3c5bf6e74b9578fac148c831"},
    {UFTP_CURVE_SECP192R1, "f17d3fea367b74d340851ca4270dcb24c271f445bed9d527",
     "42ea6dd9969dd2a61fea1aac7f8e98edcc896c6e55857cc0",
     "dfbe5d7c61fac88b11811bde328e8a0d12bf01a9d204b523",
     "803d8ab2e5b6e6fca715737c3a82f7ce3c783124f6d51cd0"},
    {UFTP_CURVE_SECP224R1, "8346a60fc6f293ca5a0d2af68ba71d1dd389e5e40837942df3e43cbd",
     "af33cd0629bc7e996320a3f40368f74de8704fa37b8fab69abaae280",
     "882092ccbba7930f419a8a4f9bb16978bbc3838729992559a6f2e2d7",
     "7d96f9a3bd3c05cf5cc37feb8b9d5209d5c2597464dec3e9983743e8"},
};
#define ANSWERS (sizeof answers / sizeof *answers)

/* The peer's blob of an answer. */
static size_t peer_blob(const known_answer *answer, uint8_t blob[UFTP_ECDH_BLOB_MAX])
{
    size_t len = test_unhex(answer->x, blob + 4, UFTP_EC_COORDINATE_MAX);
    len += test_unhex(answer->y, blob + 4 + len, UFTP_EC_COORDINATE_MAX);
    blob[0] = 2;
    blob[1] = (uint8_t)answer->curve;
    blob[2] = 0;
    blob[3] = (uint8_t)len;
    return 4 + len;
}

static uftp_ecdh *import(test_memory *memory, const known_answer *answer)
{
    uint8_t scalar[UFTP_EC_COORDINATE_MAX];
    size_t len = test_unhex(answer->scalar, scalar, sizeof scalar);
    uftp_ecdh *key;
    assert_int_equal(uftp_ecdh_import(&memory->allocator, answer->curve, scalar, len, &key),
                     UFTP_OK);
    return key;
}

static void shared_secrets_equal_the_published_ones(void **state)
{
    (void)state;
    test_memory memory;
    test_memory_init(&memory);
    for (size_t i = 0; i < ANSWERS; i++) {
        uint8_t blob[UFTP_ECDH_BLOB_MAX], expected[UFTP_ECDH_SHARED_MAX];
        uint8_t shared[UFTP_ECDH_SHARED_MAX];
        size_t blob_len = peer_blob(&answers[i], blob);
        size_t len = test_unhex(answers[i].shared, expected, sizeof expected);
        uftp_ecdh *key = import(&memory, &answers[i]);
        assert_int_equal(uftp_ecdh_curve(key), answers[i].curve);
        assert_int_equal(uftp_ecdh_shared(key, (uftp_bytes){blob, blob_len}, shared), len);
        assert_memory_equal(shared, expected, len);
        uftp_ecdh_free(key);
    }
    assert_int_equal(memory.live, 0);
}

static void both_sides_of_generated_keys_agree(void **state)
{
    (void)state;
    test_memory memory;
    test_random random;
    test_memory_init(&memory);
    test_random_init(&random, 7);
    for (uftp_curve curve = UFTP_CURVE_SECP256R1; curve <= UFTP_CURVE_SECP521R1; curve++) {
        uftp_ecdh *a, *b;
        uint8_t one[UFTP_ECDH_SHARED_MAX], other[UFTP_ECDH_SHARED_MAX];
        assert_int_equal(uftp_ecdh_generate(&memory.allocator, &random.random, curve, &a), UFTP_OK);
        assert_int_equal(uftp_ecdh_generate(&memory.allocator, &random.random, curve, &b), UFTP_OK);
        uftp_bytes blob_a = uftp_ecdh_blob(a), blob_b = uftp_ecdh_blob(b);
        assert_int_equal(uftp_ecdh_blob_curve(blob_a), curve);
        assert_int_equal(blob_a.len, blob_b.len);
        assert_memory_not_equal(blob_a.data, blob_b.data, blob_a.len);
        int len = uftp_ecdh_shared(a, blob_b, one);
        assert_true(len > 0);
        assert_int_equal(uftp_ecdh_shared(b, blob_a, other), len);
        assert_memory_equal(one, other, (size_t)len);
        uftp_ecdh_free(a);
        uftp_ecdh_free(b);
    }
    assert_int_equal(memory.live, 0);
}

/* A point off the curve would leak the scalar bit by bit (invalid curve attack). */
static void points_off_the_curve_are_refused(void **state)
{
    (void)state;
    test_memory memory;
    test_memory_init(&memory);
    for (size_t i = 0; i < ANSWERS; i++) {
        uint8_t blob[UFTP_ECDH_BLOB_MAX], shared[UFTP_ECDH_SHARED_MAX];
        size_t len = peer_blob(&answers[i], blob), c = (len - 4) / 2;
        uftp_ecdh *key = import(&memory, &answers[i]);
        const uftp_bytes bytes = {blob, len};
        for (size_t at = 4; at < len; at += 5) {
            blob[at] ^= 1;
            assert_int_equal(uftp_ecdh_shared(key, bytes, shared), UFTP_ERR_KEY);
            blob[at] ^= 1;
        }
        assert_true(uftp_ecdh_shared(key, bytes, shared) > 0);
        memset(blob + 4, 0, 2 * c); /* a common way to write the infinite point */
        assert_int_equal(uftp_ecdh_shared(key, bytes, shared), UFTP_ERR_KEY);
        memset(blob + 4, 0xff, 2 * c); /* coordinates beyond the field */
        assert_int_equal(uftp_ecdh_shared(key, bytes, shared), UFTP_ERR_KEY);
        uftp_ecdh_free(key);
    }
    assert_int_equal(memory.live, 0);
}

/* Trap 61: lengths, types and curves that do not go together. Reads no byte beyond the blob. */
static void trap_61_malformed_blobs_are_refused(void **state)
{
    (void)state;
    test_memory memory;
    test_memory_init(&memory);
    uint8_t blob[UFTP_ECDH_BLOB_MAX + 4] = {0}, shared[UFTP_ECDH_SHARED_MAX];
    size_t len = peer_blob(&answers[0], blob);
    uftp_ecdh *key = import(&memory, &answers[0]);
    for (size_t cut = 0; cut < len; cut++) {
        assert_int_equal(uftp_ecdh_blob_curve((uftp_bytes){blob, cut}), 0);
        assert_int_equal(uftp_ecdh_shared(key, (uftp_bytes){blob, cut}, shared), UFTP_ERR_KEY);
    }
    /* Padding behind it is the reference's to accept (1.19), so it is ours. */
    assert_int_equal(uftp_ecdh_shared(key, (uftp_bytes){blob, len + 4}, shared), 32);
    static const struct {
        size_t at;
        uint8_t value;
    } changes[] = {{0, 0},   {0, 1}, {0, 3}, {0, 4},  {1, 0},  {1, 22}, {1, 24}, {1, 26},
                   {1, 255}, {2, 1}, {3, 0}, {3, 63}, {3, 65}, {3, 68}, {3, 132}};
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        uint8_t kept = blob[changes[i].at];
        blob[changes[i].at] = changes[i].value;
        assert_int_equal(uftp_ecdh_blob_curve((uftp_bytes){blob, len}), 0);
        assert_int_equal(uftp_ecdh_shared(key, (uftp_bytes){blob, len}, shared), UFTP_ERR_KEY);
        blob[changes[i].at] = kept;
    }
    len = peer_blob(&answers[1], blob); /* fine, but another curve than our key's */
    assert_int_equal(uftp_ecdh_blob_curve((uftp_bytes){blob, len}), UFTP_CURVE_SECP384R1);
    assert_int_equal(uftp_ecdh_shared(key, (uftp_bytes){blob, len}, shared), UFTP_ERR_KEY);
    uftp_ecdh_free(key);
    assert_int_equal(memory.live, 0);
}

static void scalars_out_of_range_are_refused(void **state)
{
    (void)state;
    test_memory memory;
    test_memory_init(&memory);
    uint8_t scalar[UFTP_EC_COORDINATE_MAX + 1];
    uftp_ecdh *key = NULL;
    for (uftp_curve curve = UFTP_CURVE_SECP256R1; curve <= UFTP_CURVE_SECP521R1; curve++) {
        size_t len = uftp_ec_curve_find(curve)->coordinate_len;
        memset(scalar, 0, sizeof scalar);
        assert_int_equal(uftp_ecdh_import(&memory.allocator, curve, scalar, len, &key),
                         UFTP_ERR_KEY);
        memset(scalar, 0xff, sizeof scalar);
        assert_int_equal(uftp_ecdh_import(&memory.allocator, curve, scalar, len, &key),
                         UFTP_ERR_KEY);
        memset(scalar, 0, sizeof scalar);
        scalar[len - 1] = 1; /* the least one; but only at the full length */
        assert_int_equal(uftp_ecdh_import(&memory.allocator, curve, scalar, len - 1, &key),
                         UFTP_ERR_KEY);
        assert_int_equal(uftp_ecdh_import(&memory.allocator, curve, scalar, len + 1, &key),
                         UFTP_ERR_KEY);
        assert_null(key);
        assert_int_equal(uftp_ecdh_import(&memory.allocator, curve, scalar, len, &key), UFTP_OK);
        uftp_ecdh_free(key);
        key = NULL;
    }
    /* The group order of secp256r1 itself, then one less. */
    size_t len = test_unhex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
                            scalar, sizeof scalar);
    assert_int_equal(uftp_ecdh_import(&memory.allocator, UFTP_CURVE_SECP256R1, scalar, len, &key),
                     UFTP_ERR_KEY);
    scalar[31]--;
    assert_int_equal(uftp_ecdh_import(&memory.allocator, UFTP_CURVE_SECP256R1, scalar, len, &key),
                     UFTP_OK);
    uftp_ecdh_free(key);
    assert_int_equal(memory.live, 0);
}

static void unknown_curves_and_missing_memory_are_told(void **state)
{
    (void)state;
    test_memory memory;
    test_random random;
    test_memory_init(&memory);
    test_random_init(&random, 1);
    uftp_ecdh *key = NULL;
    for (unsigned curve = 0; curve < 256; curve++)
        if (!uftp_ec_curve_in_v5(curve) && curve != UFTP_CURVE_SECP192R1 &&
            curve != UFTP_CURVE_SECP224R1)
            assert_int_equal(
                uftp_ecdh_generate(&memory.allocator, &random.random, (uftp_curve)curve, &key),
                UFTP_ERR_UNSUPPORTED);
    memory.fail_at = memory.allocations + 1;
    assert_int_equal(
        uftp_ecdh_generate(&memory.allocator, &random.random, UFTP_CURVE_SECP256R1, &key),
        UFTP_ERR_MEMORY);
    assert_null(key);
    assert_int_equal(memory.live, 0);
    uftp_ecdh_free(NULL);
}

/* The scalar lies in GMP's memory, the rest in ours. */
static void a_freed_key_leaves_no_scalar_behind(void **state)
{
    (void)state;
    uint8_t scalar[UFTP_EC_COORDINATE_MAX];
    for (size_t i = 0; i < ANSWERS; i++) {
        size_t len = test_unhex(answers[i].scalar, scalar, sizeof scalar);
        uftp_ecdh *key;
        released_start(); /* from the import on: no copy on the way either */
        assert_int_equal(uftp_ecdh_import(&released_allocator, answers[i].curve, scalar, len, &key),
                         UFTP_OK);
        uftp_ecdh_free(key);
        released_stop();
        assert_true(released_len() > len);
        assert_false(released_contains(scalar, len));
    }
}

static void the_shared_secret_is_only_in_the_output(void **state)
{
    (void)state;
    test_memory memory;
    test_memory_init(&memory);
    for (size_t i = 0; i < ANSWERS; i++) {
        uint8_t blob[UFTP_ECDH_BLOB_MAX], shared[UFTP_ECDH_SHARED_MAX];
        size_t blob_len = peer_blob(&answers[i], blob);
        uftp_ecdh *key = import(&memory, &answers[i]);
        released_start();
        int len = uftp_ecdh_shared(key, (uftp_bytes){blob, blob_len}, shared);
        released_stop();
        assert_true(len > 0);
        assert_false(released_contains(shared, (size_t)len));
        uftp_ecdh_free(key);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shared_secrets_equal_the_published_ones),
        cmocka_unit_test(both_sides_of_generated_keys_agree),
        cmocka_unit_test(points_off_the_curve_are_refused),
        cmocka_unit_test(trap_61_malformed_blobs_are_refused),
        cmocka_unit_test(scalars_out_of_range_are_refused),
        cmocka_unit_test(unknown_curves_and_missing_memory_are_told),
        cmocka_unit_test(a_freed_key_leaves_no_scalar_behind),
        cmocka_unit_test(the_shared_secret_is_only_in_the_output),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
