/* SPDX-License-Identifier: MIT
 *
 * The v4 codec: what is written and read, byte by byte, and what hostile bytes do. Traps of the
 * protocol text are in test_traps_v4.c.
 */
#include "codec_v4.h"
#include "samples_v4.h"
#include "support.h"

#include <string.h>

/* Breaks with any change of layout, order, byte order or padding. */
static void every_sample_encodes_to_its_exact_bytes(void **state)
{
    (void)state;
    for (size_t i = 0; i < samples_v4_count; i++) {
        uint8_t wanted[SAMPLE_V4_LEN_MAX], out[SAMPLE_V4_LEN_MAX];
        size_t wanted_len = sample_v4_bytes(&samples_v4[i], wanted), len;
        int err = v4_encode(&samples_v4[i].message, out, sizeof out, &len);
        if (err < 0 || len != wanted_len || memcmp(out, wanted, len) != 0)
            fail_msg("%s: error %d, %zu bytes for %zu", samples_v4[i].name, err, len, wanted_len);
    }
}

/* With the test above: what is read is what was written. */
static void every_sample_decodes_to_what_encodes_to_the_same_bytes(void **state)
{
    (void)state;
    static uint8_t again[UFTP_DATAGRAM_MAX];
    for (size_t i = 0; i < samples_v4_count; i++) {
        uint8_t bytes[SAMPLE_V4_LEN_MAX];
        size_t len = sample_v4_bytes(&samples_v4[i], bytes), again_len = 0;
        int err = v4_reencode(bytes, len, again, &again_len);
        if (err < 0 || again_len != len || memcmp(again, bytes, len) != 0)
            fail_msg("%s: error %d, %zu bytes for %zu", samples_v4[i].name, err, again_len, len);
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

/* What a sample says in its own fields, not only in bytes: catches a pair of errors that cancel. */
static void times_are_microseconds_and_types_stand_in_nibbles(void **state)
{
    (void)state;
    uint8_t bytes[SAMPLE_V4_LEN_MAX];
    uftp_message message;
    const sample_v4 *sample = sample_v4_find("announce_ecdh_ecdsa_keyex");
    assert_int_equal(v4_decode(bytes, sample_v4_bytes(sample, bytes), &message), UFTP_OK);
    const uftp_announce *announce = &message.as.announce;
    assert_int_equal(announce->timestamp_us, UINT64_C(1795175313427750));
    assert_int_equal(announce->enc_info.key_exchange, UFTP_KEY_EXCHANGE_ECDH_ECDSA);
    assert_int_equal(announce->enc_info.sigtype, UFTP_SIGTYPE_KEYEX);
    assert_int_equal(announce->enc_info.cipher, UFTP_CIPHER_3DES_CBC);
    assert_int_equal(announce->enc_info.hash, UFTP_HASH_SHA512);
    assert_true(announce->enc_info.client_auth);
    assert_int_equal(announce->enc_info.whole.len, 60);
    assert_int_equal(announce->members.count, 1);
    sample = sample_v4_find("proxy_key_ecdh");
    assert_int_equal(v4_decode(bytes, sample_v4_bytes(sample, bytes), &message), UFTP_OK);
    assert_int_equal(message.as.proxy_key.nonce, 0xdeadbeef);
    assert_int_equal(message.as.proxy_key.ecdh_key.data[0], 9);
    sample = sample_v4_find("status_tfmcc");
    assert_int_equal(v4_decode(bytes, sample_v4_bytes(sample, bytes), &message), UFTP_OK);
    assert_int_equal(message.as.status.tfmcc.timestamp_us, UINT64_C(1795175313427750));
}

/* Also under a sanitizer: nothing behind the end is read. A cut in the body may leave a shorter
 * list; a cut in the header may not pass. */
static void a_message_cut_inside_its_header_is_refused_at_every_length(void **state)
{
    (void)state;
    static uint8_t again[UFTP_DATAGRAM_MAX];
    for (size_t i = 0; i < samples_v4_count; i++) {
        uint8_t bytes[SAMPLE_V4_LEN_MAX];
        size_t full = sample_v4_bytes(&samples_v4[i], bytes), again_len;
        for (size_t len = 0; len < full; len++) {
            int err = v4_reencode(bytes, len, again, &again_len);
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
        size_t full = sample_v4_bytes(&samples_v4[i], out), len;
        for (size_t room = 0; room < full; room++)
            assert_int_equal(v4_encode(&samples_v4[i].message, out, room, &len), UFTP_ERR_SPACE);
    }
}

static void a_type_that_is_no_message_is_unsupported(void **state)
{
    (void)state;
    uint8_t bytes[64] = {0, 4};
    uftp_message message;
    for (unsigned type = 0; type <= UINT8_MAX; type++) {
        if (type >= 1 && type <= UFTP_MESSAGE_TYPE_MAX && type != UFTP_MESSAGE_ENCRYPTED)
            continue;
        bytes[0] = (uint8_t)type;
        assert_int_equal(v4_decode(bytes, sizeof bytes, &message), UFTP_ERR_UNSUPPORTED);
        size_t len;
        const uftp_message empty = {.type = (uint8_t)type};
        assert_int_equal(v4_encode(&empty, bytes, sizeof bytes, &len), UFTP_ERR_UNSUPPORTED);
    }
}

/* Whatever is accepted has one meaning: it can be written, and what was written reads the same. */
static void what_is_read_from_damaged_bytes_can_be_written_and_read_again(void **state)
{
    (void)state;
    static uint8_t once[UFTP_DATAGRAM_MAX], twice[UFTP_DATAGRAM_MAX];
    test_random random;
    test_random_init(&random, 4);
    int accepted = 0;
    for (int round = 0; round < 100000; round++) {
        const sample_v4 *sample = &samples_v4[test_random_below(&random, samples_v4_count)];
        uint8_t bytes[SAMPLE_V4_LEN_MAX];
        size_t len = sample_v4_bytes(sample, bytes), once_len, twice_len = 0;
        for (size_t count = 1 + test_random_below(&random, 4); count > 0; count--)
            bytes[test_random_below(&random, len < 48 ? len : 48)] =
                (uint8_t)test_random_u64(&random);
        if (v4_reencode(bytes, len, once, &once_len) < 0)
            continue;
        accepted++;
        assert_int_equal(v4_reencode(once, once_len, twice, &twice_len), UFTP_OK);
        assert_int_equal(once_len, twice_len);
        assert_memory_equal(once, twice, once_len);
    }
    assert_true(accepted > 10000); /* the damage is not all of the same kind */
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

/* Sender and receiver of this build would answer such a packet with keys of version 5. */
static void a_session_does_not_find_the_v4_codec_yet(void **state)
{
    (void)state;
    assert_null(uftp_wire_find(0x40));
    assert_ptr_equal(uftp_wire_find(0x50), &uftp_wire_v5);
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
        cmocka_unit_test(every_sample_decodes_to_what_encodes_to_the_same_bytes),
        cmocka_unit_test(every_message_type_has_a_sample),
        cmocka_unit_test(times_are_microseconds_and_types_stand_in_nibbles),
        cmocka_unit_test(a_message_cut_inside_its_header_is_refused_at_every_length),
        cmocka_unit_test(a_buffer_that_is_too_small_is_told_at_every_length),
        cmocka_unit_test(a_type_that_is_no_message_is_unsupported),
        cmocka_unit_test(what_is_read_from_damaged_bytes_can_be_written_and_read_again),
        cmocka_unit_test(the_header_has_version_40_and_no_other),
        cmocka_unit_test(a_session_does_not_find_the_v4_codec_yet),
        cmocka_unit_test(the_wrapper_carries_a_signature_between_lengths_and_payload),
        cmocka_unit_test(a_wrapper_whose_lengths_do_not_fill_the_datagram_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
