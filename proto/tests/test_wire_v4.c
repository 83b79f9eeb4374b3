/* SPDX-License-Identifier: MIT
 *
 * The v4 codec: what is written and read, byte by byte, and what hostile bytes do. Traps of the
 * protocol text are in test_traps_v4.c.
 */
#include "codec_v4.h"
#include "compare.h"
#include "generate_v4.h"
#include "samples_v4.h"
#include "support.h"

#include <stdlib.h>
#include <string.h>

#define PROPERTY_SEED UINT64_C(0x5eed0040)
#define PROPERTY_ROUNDS 10000
#define MUTATION_ROUNDS 40000

/* Breaks with any change of layout, order, byte order or padding. */
static void every_sample_encodes_to_its_exact_bytes(void **state)
{
    (void)state;
    for (size_t i = 0; i < samples_v4_count; i++) {
        uint8_t wanted[SAMPLE_V4_LEN_MAX], out[SAMPLE_V4_LEN_MAX];
        size_t wanted_len = sample_v5_bytes(&samples_v4[i], wanted), len;
        int err = v4_encode(&samples_v4[i].message, out, sizeof out, &len);
        if (err < 0 || len != wanted_len || memcmp(out, wanted, len) != 0)
            fail_msg("%s: error %d, %zu bytes for %zu", samples_v4[i].name, err, len, wanted_len);
    }
}

static void every_sample_decodes_to_its_values(void **state)
{
    (void)state;
    for (size_t i = 0; i < samples_v4_count; i++) {
        uint8_t bytes[SAMPLE_V4_LEN_MAX];
        size_t len = sample_v5_bytes(&samples_v4[i], bytes);
        if (!v4_decodes_to(bytes, len, &samples_v4[i].message))
            fail_msg("%s decodes to something else, or not at all", samples_v4[i].name);
    }
}

static void every_message_type_has_a_sample(void **state)
{
    (void)state;
    bool seen[UFTP_MESSAGE_TYPE_MAX + 1] = {false};
    for (size_t i = 0; i < samples_v4_count; i++)
        seen[samples_v4[i].message.type] = true;
    for (int type = 1; type <= UFTP_MESSAGE_TYPE_MAX; type++)
        assert_int_equal(seen[type], type != UFTP_MESSAGE_ENCRYPTED);
}

/* Also under a sanitizer: nothing behind the end is read. A cut in the body may leave a shorter
 * list; a cut in the header may not pass. */
static void a_message_cut_inside_its_header_is_refused_at_every_length(void **state)
{
    (void)state;
    for (size_t i = 0; i < samples_v4_count; i++) {
        uint8_t bytes[SAMPLE_V4_LEN_MAX];
        size_t full = sample_v5_bytes(&samples_v4[i], bytes);
        for (size_t len = 0; len < full; len++) {
            int err = v4_decode(bytes, len);
            if (err == UFTP_OK && len < 4 * (size_t)bytes[1])
                fail_msg("%s passes with %zu bytes", samples_v4[i].name, len);
        }
    }
}

static void a_buffer_that_is_too_small_is_told_at_every_length(void **state)
{
    (void)state;
    uint8_t out[SAMPLE_V4_LEN_MAX];
    for (size_t i = 0; i < samples_v4_count; i++) {
        size_t full = sample_v5_bytes(&samples_v4[i], out), len;
        for (size_t room = 0; room < full; room++)
            assert_int_equal(v4_encode(&samples_v4[i].message, out, room, &len), UFTP_ERR_SPACE);
    }
}

static void a_type_that_is_no_message_is_unsupported(void **state)
{
    (void)state;
    uint8_t bytes[64] = {0, 4};
    for (unsigned type = 0; type <= UINT8_MAX; type++) {
        if (type >= 1 && type <= UFTP_MESSAGE_TYPE_MAX && type != UFTP_MESSAGE_ENCRYPTED)
            continue;
        bytes[0] = (uint8_t)type;
        assert_int_equal(v4_decode(bytes, sizeof bytes), UFTP_ERR_UNSUPPORTED);
        size_t len;
        const uftp_message empty = {.type = (uint8_t)type};
        assert_int_equal(v4_encode(&empty, bytes, sizeof bytes, &len), UFTP_ERR_UNSUPPORTED);
    }
}

/* decode(encode(x)) = x. The seed of a round alone reproduces it. */
static void a_random_message_decodes_to_what_was_encoded(void **state)
{
    (void)state;
    static generated_v5 generated;
    static uint8_t out[GENERATED_V5_LEN_MAX], again[GENERATED_V5_LEN_MAX];
    for (uint64_t round = 0; round < PROPERTY_ROUNDS; round++) {
        test_random random;
        test_random_init(&random, PROPERTY_SEED + round);
        generate_message_v4(&random, &generated);
        const uftp_message *message = &generated.message;
        uint8_t *memory = NULL;
        size_t len, again_len;
        uftp_message decoded;
        if (v4_encode(message, out, sizeof out, &len) < 0 ||
            v4_read(out, len, &decoded, &memory) < 0 || !test_message_equal(message, &decoded) ||
            v4_encode(&decoded, again, sizeof again, &again_len) < 0 || again_len != len ||
            memcmp(out, again, len) != 0)
            fail_msg("seed %#llx: %s", (unsigned long long)(PROPERTY_SEED + round),
                     uftp_message_name(message->type));
        free(memory);
    }
}

/* Damaged samples: whatever decodes can be encoded, in no more bytes, and means the same again. */
static void what_decodes_from_damaged_bytes_can_be_encoded(void **state)
{
    (void)state;
    int decoded_count = 0;
    for (uint64_t round = 0; round < MUTATION_ROUNDS; round++) {
        test_random random;
        test_random_init(&random, PROPERTY_SEED ^ round << 32);
        uint8_t bytes[SAMPLE_V4_LEN_MAX], out[SAMPLE_V4_LEN_MAX];
        const sample_v4 *sample = &samples_v4[test_random_below(&random, samples_v4_count)];
        size_t len = sample_v5_bytes(sample, bytes), out_len;
        for (uint64_t hits = 1 + test_random_below(&random, 4); hits > 0; hits--)
            bytes[test_random_below(&random, len < 48 ? len : 48)] =
                (uint8_t)test_random_u64(&random);
        uftp_message message;
        uint8_t *memory;
        if (v4_read(bytes, len, &message, &memory) == UFTP_OK) {
            decoded_count++;
            if (v4_encode(&message, out, len, &out_len) < 0 ||
                !v4_decodes_to(out, out_len, &message))
                fail_msg("seed %#llx: %s", (unsigned long long)(PROPERTY_SEED ^ round << 32),
                         sample->name);
        }
        free(memory);
    }
    assert_true(decoded_count > MUTATION_ROUNDS / 10); /* or nothing was tested */
}

/* ---- header and wrapper ---- */

static void the_header_has_version_40_and_no_other(void **state)
{
    (void)state;
    uint8_t bytes[16];
    uftp_writer w = {.at = bytes, .end = bytes + sizeof bytes};
    const uftp_header header = {.type = UFTP_MESSAGE_DONE,
                                .seq = 0x1234,
                                .source = 0x0a4d0501,
                                .group = 0x3d30c238,
                                .instance = 2,
                                .grtt = 0x6a,
                                .group_size = 0x18};
    assert_int_equal(uftp_wire_v4.header_write(&w, &header), UFTP_OK);
    static const uint8_t wanted[16] = {0x40, 10,   0x12, 0x34, 0x0a, 0x4d, 0x05, 0x01,
                                       0x3d, 0x30, 0xc2, 0x38, 2,    0x6a, 0x18, 0};
    assert_memory_equal(bytes, wanted, sizeof wanted);
    for (unsigned version = 0; version <= UINT8_MAX; version++) {
        bytes[0] = (uint8_t)version;
        uftp_reader r = {.at = bytes, .end = bytes + sizeof bytes};
        uftp_header got;
        assert_int_equal(uftp_wire_v4.header_read(&r, &got),
                         version == 0x40 ? UFTP_OK : UFTP_ERR_VERSION);
        assert_int_equal(got.group_size, 0x18);
    }
}

static void each_version_byte_finds_its_codec_and_no_other_any(void **state)
{
    (void)state;
    for (unsigned version = 0; version <= UINT8_MAX; version++)
        assert_ptr_equal(uftp_wire_find((uint8_t)version), version == 0x40   ? &uftp_wire_v4
                                                           : version == 0x50 ? &uftp_wire_v5
                                                                             : NULL);
}

static int wrapper_read(const uint8_t *bytes, size_t len, uftp_encrypted *out)
{
    uftp_reader r = {.at = bytes, .end = bytes + len};
    return uftp_wire_v4.encrypted_read(&r, out);
}

static void the_wrapper_carries_a_signature_between_lengths_and_payload(void **state)
{
    (void)state;
    static const uint8_t signature[] = {1, 2, 3}, payload[] = {4, 5, 6, 7, 8, 9, 10, 11};
    uint8_t bytes[23];
    uftp_writer w = {.at = bytes, .end = bytes + sizeof bytes};
    const uftp_encrypted in = {.iv_counter = UINT64_C(0x0102030405060708),
                               .signature = {signature, 3},
                               .payload = {payload, 8}};
    assert_int_equal(uftp_wire_v4.encrypted_write(&w, &in), UFTP_OK);
    static const uint8_t wanted[] = {1, 2, 3, 4, 5, 6, 7, 8, 0, 3,  0, 8,
                                     1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
    assert_memory_equal(bytes, wanted, sizeof wanted);
    uftp_encrypted out;
    assert_int_equal(wrapper_read(bytes, sizeof bytes, &out), UFTP_OK);
    assert_int_equal(out.iv_counter, in.iv_counter);
    assert_ptr_equal(out.signature.data, bytes + 12);
    assert_int_equal(out.signature.len, 3);
    assert_ptr_equal(out.payload.data, bytes + 15);
    assert_int_equal(out.payload.len, 8);
    for (size_t len = 0; len < sizeof bytes; len++)
        assert_int_equal(wrapper_read(bytes, len, &out), UFTP_ERR_TRUNCATED);
    for (size_t room = 0; room < sizeof bytes; room++) {
        w = (uftp_writer){.at = bytes, .end = bytes + room};
        assert_int_equal(uftp_wire_v4.encrypted_write(&w, &in), UFTP_ERR_SPACE);
    }
}

static void a_wrapper_whose_lengths_do_not_fill_the_datagram_is_refused(void **state)
{
    (void)state;
    uint8_t bytes[12 + 20 + 1] = {[9] = 20};
    uftp_encrypted out;
    bytes[11] = 1; /* one byte of payload is no block of any cipher */
    assert_int_equal(wrapper_read(bytes, sizeof bytes, &out), UFTP_ERR_MALFORMED);
    bytes[9] = 12;
    bytes[11] = 8; /* a byte too many */
    assert_int_equal(wrapper_read(bytes, sizeof bytes, &out), UFTP_ERR_MALFORMED);
    bytes[8] = bytes[10] = 0xff;
    assert_int_equal(wrapper_read(bytes, sizeof bytes, &out), UFTP_ERR_TRUNCATED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_sample_encodes_to_its_exact_bytes),
        cmocka_unit_test(every_sample_decodes_to_its_values),
        cmocka_unit_test(every_message_type_has_a_sample),
        cmocka_unit_test(a_message_cut_inside_its_header_is_refused_at_every_length),
        cmocka_unit_test(a_buffer_that_is_too_small_is_told_at_every_length),
        cmocka_unit_test(a_type_that_is_no_message_is_unsupported),
        cmocka_unit_test(a_random_message_decodes_to_what_was_encoded),
        cmocka_unit_test(what_decodes_from_damaged_bytes_can_be_encoded),
        cmocka_unit_test(the_header_has_version_40_and_no_other),
        cmocka_unit_test(each_version_byte_finds_its_codec_and_no_other_any),
        cmocka_unit_test(the_wrapper_carries_a_signature_between_lengths_and_payload),
        cmocka_unit_test(a_wrapper_whose_lengths_do_not_fill_the_datagram_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
