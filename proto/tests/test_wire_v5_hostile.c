/* SPDX-License-Identifier: MIT
 *
 * The v5 codec on what is cut off, unknown, contradictory, or does not fit.
 */
#include "codec_v5.h"
#include "samples_v5.h"
#include "support.h"
#include <uftp/wire.h>

#include <stdlib.h>
#include <string.h>

/* A missing check shows as a message that decodes from half of its header, or as a read past the
 * end under a sanitizer. */
static void a_message_cut_inside_its_header_is_truncated_at_every_length(void **state)
{
    (void)state;
    for (size_t i = 0; i < samples_v5_count; i++) {
        uint8_t bytes[SAMPLE_V5_LEN_MAX];
        size_t len = sample_v5_bytes(&samples_v5[i], bytes), header_len = 4 * (size_t)bytes[1];
        for (size_t cut = 0; cut < len; cut++) {
            int err = v5_decode(bytes, cut);
            if (cut < header_len && err != UFTP_ERR_TRUNCATED)
                fail_msg("%s cut to %zu: %d", samples_v5[i].name, cut, err);
            /* A body has no length of its own: cut, it is a shorter body. */
            if (cut >= header_len && v5_decodes_to(bytes, cut, &samples_v5[i].message) &&
                len - cut >= 4)
                fail_msg("%s cut to %zu has lost nothing", samples_v5[i].name, cut);
        }
    }
}

/* Header lengths that promise less than the fixed fields. */
static void a_header_length_below_the_fixed_fields_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < samples_v5_count; i++) {
        uint8_t bytes[SAMPLE_V5_LEN_MAX];
        size_t len = sample_v5_bytes(&samples_v5[i], bytes);
        uint8_t words = bytes[1];
        for (bytes[1] = 0; bytes[1] < words; bytes[1]++) {
            /* Without its extension or behind a shorter list it may be another whole message. */
            if (v5_decodes_to(bytes, len, &samples_v5[i].message))
                fail_msg("%s with a header of %u words", samples_v5[i].name, bytes[1]);
        }
        bytes[1] = 0;
        assert_int_equal(v5_decode(bytes, len), UFTP_ERR_TRUNCATED);
    }
}

static void every_sample_needs_exactly_its_room(void **state)
{
    (void)state;
    for (size_t i = 0; i < samples_v5_count; i++) {
        uint8_t wanted[SAMPLE_V5_LEN_MAX];
        size_t wanted_len = sample_v5_bytes(&samples_v5[i], wanted), len;
        for (size_t room = 0; room <= wanted_len; room++) {
            uint8_t *out = malloc(room ? room : 1); /* exact: a sanitizer sees one byte too many */
            assert_non_null(out);
            int err = v5_encode(&samples_v5[i].message, out, room, &len);
            assert_true(len <= room);
            free(out);
            if (err != (room < wanted_len ? UFTP_ERR_SPACE : UFTP_OK))
                fail_msg("%s into %zu bytes: %d", samples_v5[i].name, room, err);
        }
    }
}

/* Types that v5 does not have: 0, KEY_REQ of v4, the wrapper inside itself, all above 21. */
static void an_unknown_type_is_unsupported(void **state)
{
    (void)state;
    for (int type = 0; type < 256; type++) {
        if (type >= 1 && type <= UFTP_MESSAGE_TYPE_MAX && type != UFTP_MESSAGE_KEY_REQ &&
            type != UFTP_MESSAGE_ENCRYPTED)
            continue;
        const uint8_t bytes[8] = {(uint8_t)type, 2};
        assert_int_equal(v5_decode(bytes, sizeof bytes), UFTP_ERR_UNSUPPORTED);
        uint8_t out[64];
        size_t len;
        const uftp_message message = {.type = (uint8_t)type};
        assert_int_equal(v5_encode(&message, out, sizeof out, &len), UFTP_ERR_UNSUPPORTED);
    }
}

/* A message with `extra` put into its header at `at`. */
static size_t with_extension(const sample_v5 *sample, size_t at, const uint8_t *extra,
                             size_t extra_len, uint8_t out[SAMPLE_V5_LEN_MAX + 16])
{
    uint8_t bytes[SAMPLE_V5_LEN_MAX];
    size_t len = sample_v5_bytes(sample, bytes);
    memcpy(out, bytes, at);
    memcpy(out + at, extra, extra_len);
    memcpy(out + at + extra_len, bytes + at, len - at);
    out[1] = (uint8_t)(out[1] + extra_len / 4);
    return len + extra_len;
}

static size_t sample_header_len(const sample_v5 *sample)
{
    uint8_t bytes[SAMPLE_V5_LEN_MAX];
    sample_v5_bytes(sample, bytes);
    return 4 * (size_t)bytes[1];
}

/* FILEINFO has none; what stands behind KEYINFO_ACK's fields is verify data. */
static bool takes_extensions(const sample_v5 *sample)
{
    return sample->message.type != UFTP_MESSAGE_FILEINFO &&
           sample->message.type != UFTP_MESSAGE_KEYINFO_ACK;
}

/* Extensions of later versions: a reader that takes the body at a fixed offset, or stops at the
 * first type that it does not know, reads garbage. */
static void an_unknown_extension_changes_nothing(void **state)
{
    (void)state;
    const uint8_t unknown[] = {200, 2, 0xde, 0xad, 0xbe, 0xef, 0, 0, 201, 1, 9, 9};
    for (size_t i = 0; i < samples_v5_count; i++) {
        const sample_v5 *sample = &samples_v5[i];
        uint8_t bytes[SAMPLE_V5_LEN_MAX + 16];
        size_t len =
            with_extension(sample, sample_header_len(sample), unknown, sizeof unknown, bytes);
        if (v5_decodes_to(bytes, len, &sample->message) != takes_extensions(sample))
            fail_msg("%s followed by an unknown extension", sample->name);
    }
}

static void a_known_extension_is_found_behind_an_unknown_one(void **state)
{
    (void)state;
    static const struct {
        const char *sample;
        size_t at; /* where the known one stands (spec v5 1.20) */
    } cases[] = {{"announce_encrypted_preview", 24},
                 {"fileseg_tfmcc", 8},
                 {"status_tfmcc", 8},
                 {"cc_ack", 4},
                 {"complete_free_space_from_proxy", 8}};
    const uint8_t unknown[] = {4, 1, 0, 0};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const sample_v5 *sample = sample_v5_find(cases[i].sample);
        uint8_t bytes[SAMPLE_V5_LEN_MAX + 16];
        size_t len = with_extension(sample, cases[i].at, unknown, sizeof unknown, bytes);
        if (!v5_decodes_to(bytes, len, &sample->message))
            fail_msg("%s", sample->name);
    }
}

/* Endless loop, or a walk out of the header. */
static void an_extension_of_length_0_or_beyond_the_header_is_malformed(void **state)
{
    (void)state;
    for (size_t i = 0; i < samples_v5_count; i++) {
        const sample_v5 *sample = &samples_v5[i];
        if (!takes_extensions(sample))
            continue;
        for (unsigned words = 0; words < 256; words += words < 2 ? 2 : 253) {
            const uint8_t bad[] = {200, (uint8_t)words, 0, 0};
            uint8_t bytes[SAMPLE_V5_LEN_MAX + 16];
            size_t len = with_extension(sample, sample_header_len(sample), bad, sizeof bad, bytes);
            if (v5_decode(bytes, len) != UFTP_ERR_MALFORMED)
                fail_msg("%s with an extension of %u words", sample->name, words);
        }
    }
}

/* Two readers might take different ones. */
static void an_extension_that_comes_twice_is_malformed(void **state)
{
    (void)state;
    const sample_v5 *sample = sample_v5_find("fileseg_tfmcc");
    const uint8_t twin[] = {2, 2, 0, 1, 0, 2, 0, 3};
    uint8_t bytes[SAMPLE_V5_LEN_MAX + 16];
    size_t len = with_extension(sample, 8, twin, sizeof twin, bytes);
    assert_int_equal(v5_decode(bytes, len), UFTP_ERR_MALFORMED);
}

/* A known extension shorter than its fields. */
static void an_extension_shorter_than_its_fields_is_malformed(void **state)
{
    (void)state;
    const uint8_t fileseg[] = {9, 3, 0, 1, 0, 0, 0, 0, 2, 1, 0, 0, 0xff};
    assert_int_equal(v5_decode(fileseg, sizeof fileseg), UFTP_ERR_MALFORMED);
    const uint8_t complete[] = {12, 4, 0, 1, 0, 0, 0, 0, 7, 2, 0, 0, 0, 0, 0, 0};
    assert_int_equal(v5_decode(complete, sizeof complete), UFTP_ERR_MALFORMED);
    uint8_t cc_ack[20] = {21, 5, 0, 0, 3, 4};
    assert_int_equal(v5_decode(cc_ack, sizeof cc_ack), UFTP_ERR_MALFORMED);
}

static void a_cc_ack_without_its_extension_is_malformed(void **state)
{
    (void)state;
    const uint8_t bytes[] = {21, 1, 0, 0};
    assert_int_equal(v5_decode(bytes, sizeof bytes), UFTP_ERR_MALFORMED);
}

/* Messages that end with their header; a body there is not what an honest program sends. */
static void a_body_where_none_belongs_is_malformed(void **state)
{
    (void)state;
    static const char *const names[] = {
        "client_key", "keyinfo_ack", "hb_req_signed", "hb_resp_challenge",
        "proxy_key",  "abort",       "cc_ack"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        uint8_t bytes[SAMPLE_V5_LEN_MAX + 1] = {0};
        size_t len = sample_v5_bytes(sample_v5_find(names[i]), bytes);
        assert_int_equal(v5_decode(bytes, len), UFTP_OK);
        assert_int_equal(v5_decode(bytes, len + 1), UFTP_ERR_MALFORMED);
    }
}

/* spec v5 1.3: count = floor(body / 4); likewise entries and items. */
static void what_remains_behind_a_list_is_ignored(void **state)
{
    (void)state;
    static const char *const names[] = {
        "done",      "reg_conf",         "keyinfo",
        "cong_ctrl", "fileinfo_regular", "announce_closed_ipv6_tfmcc"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const sample_v5 *sample = sample_v5_find(names[i]);
        uint8_t bytes[SAMPLE_V5_LEN_MAX + 3] = {0};
        size_t len = sample_v5_bytes(sample, bytes);
        for (size_t more = 1; more < 4; more++)
            assert_true(v5_decodes_to(bytes, len + more, &sample->message));
    }
}

static void reserved_bytes_and_unknown_flags_are_ignored(void **state)
{
    (void)state;
    static const struct {
        const char *sample;
        size_t at;
        uint8_t bits;
    } cases[] = {{"announce_open_ipv4", 2, 0xf8},
                 {"announce_open_ipv4", 5, 0xff},
                 {"announce_encrypted_preview", 26, 0xfe},
                 {"announce_encrypted_preview", 27, 0xff},
                 {"client_key", 2, 0xff},
                 {"reg_conf", 3, 0xff},
                 {"fileinfo_regular", 5, 0xff},
                 {"fileinfo_ack_partial", 4, 0xfe},
                 {"fileinfo_ack_partial", 7, 0xff},
                 {"done", 6, 0xff},
                 {"status_tfmcc", 11, 0xff},
                 {"complete", 5, 0xff},
                 {"hb_resp_challenge", 3, 0xff},
                 {"abort", 2, 0xfe},
                 {"abort", 3, 0xff},
                 {"cong_ctrl", 2, 0xff}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const sample_v5 *sample = sample_v5_find(cases[i].sample);
        uint8_t bytes[SAMPLE_V5_LEN_MAX];
        size_t len = sample_v5_bytes(sample, bytes);
        bytes[cases[i].at] |= cases[i].bits;
        if (!v5_decodes_to(bytes, len, &sample->message))
            fail_msg("%s, byte %zu", cases[i].sample, cases[i].at);
    }
}

/* Numbers whose meaning the codec does not judge. */
static void an_unknown_file_type_or_status_decodes(void **state)
{
    (void)state;
    uint8_t bytes[SAMPLE_V5_LEN_MAX];
    size_t len = sample_v5_bytes(sample_v5_find("fileinfo_regular"), bytes);
    bytes[4] = 99;
    assert_int_equal(v5_decode(bytes, len), UFTP_OK);
    len = sample_v5_bytes(sample_v5_find("complete"), bytes);
    bytes[4] = 99;
    assert_int_equal(v5_decode(bytes, len), UFTP_OK);
}

/* A session with a cipher or hash that is not ours cannot be joined (spec v5 1.7). */
static void an_unknown_cipher_or_hash_is_unsupported(void **state)
{
    (void)state;
    const sample_v5 *sample = sample_v5_find("announce_encrypted_preview");
    for (unsigned value = 0; value < 256; value++) {
        uint8_t bytes[SAMPLE_V5_LEN_MAX], out[SAMPLE_V5_LEN_MAX];
        size_t len = sample_v5_bytes(sample, bytes), out_len;
        uftp_message message = sample->message;
        message.as.announce.enc_info.cipher = bytes[28] = (uint8_t)value;
        int wanted = value >= 5 && value <= 8 ? UFTP_OK : UFTP_ERR_UNSUPPORTED;
        assert_int_equal(v5_decode(bytes, len), wanted);
        assert_int_equal(v5_encode(&message, out, sizeof out, &out_len), wanted);
        message = sample->message;
        sample_v5_bytes(sample, bytes);
        message.as.announce.enc_info.hash = bytes[29] = (uint8_t)value;
        wanted = value >= 3 && value <= 5 ? UFTP_OK : UFTP_ERR_UNSUPPORTED;
        assert_int_equal(v5_decode(bytes, len), wanted);
        assert_int_equal(v5_encode(&message, out, sizeof out, &out_len), wanted);
    }
}

static void a_fileseg_without_any_data_is_malformed(void **state)
{
    (void)state;
    const uint8_t bytes[] = {9, 2, 0, 1, 0, 0, 0, 0};
    assert_int_equal(v5_decode(bytes, sizeof bytes), UFTP_ERR_MALFORMED);
    uint8_t out[16];
    size_t len;
    const uftp_message message = {.type = UFTP_MESSAGE_FILESEG};
    assert_int_equal(v5_encode(&message, out, sizeof out, &len), UFTP_ERR_MALFORMED);
}

/* Lengths that no header can hold, up to where a sum of them wraps. */
static void a_header_over_255_words_is_refused(void **state)
{
    (void)state;
    static const uint8_t blob[2048];
    static uint8_t out[4096];
    const size_t lens[] = {1016, 1020, 2000, 65536 + 8, SIZE_MAX, SIZE_MAX - 3, SIZE_MAX / 2};
    size_t len;
    for (size_t i = 0; i < sizeof lens / sizeof *lens; i++) {
        const uftp_bytes big = {blob, lens[i]};
        const uftp_message messages[] = {
            {.type = UFTP_MESSAGE_CLIENT_KEY, .as.client_key = {big, big, {0}}},
            {.type = UFTP_MESSAGE_REGISTER, .as.registration = {.ecdh_key = big}},
            {.type = UFTP_MESSAGE_KEYINFO, .as.keyinfo = {.signature = big}},
            {.type = UFTP_MESSAGE_HB_REQ, .as.hb_req = {0, big, big}},
            {.type = UFTP_MESSAGE_PROXY_KEY,
             .as.proxy_key = {.public_key = big, .ecdh_key = big, .signature = big}},
            {.type = UFTP_MESSAGE_ANNOUNCE,
             .as.announce = {.robust = 20,
                             .block_size = 1300,
                             .public_address.family = UFTP_IPV4,
                             .encrypted = true,
                             .enc_info = {.cipher = 5, .hash = 3, .public_key = big}}},
        };
        for (size_t m = 0; m < sizeof messages / sizeof *messages; m++)
            assert_int_equal(v5_encode(&messages[m], out, sizeof out, &len), UFTP_ERR_LIMIT);
    }
    const uftp_message ack = {.type = UFTP_MESSAGE_KEYINFO_ACK,
                              .as.keyinfo_ack.verify_data = {blob, 1020}};
    assert_int_equal(v5_encode(&ack, out, sizeof out, &len), UFTP_ERR_LIMIT);
}

/* Key lengths that do not end at a word: the header's length cannot say them. */
static void blobs_that_do_not_end_at_a_word_are_malformed(void **state)
{
    (void)state;
    static const uint8_t blob[8];
    uint8_t out[128];
    size_t len;
    const uftp_message message = {.type = UFTP_MESSAGE_REGISTER,
                                  .as.registration.ecdh_key = {blob, 6}};
    assert_int_equal(v5_encode(&message, out, sizeof out, &len), UFTP_ERR_MALFORMED);
    uint8_t bytes[SAMPLE_V5_LEN_MAX];
    len = sample_v5_bytes(sample_v5_find("register_encrypted"), bytes);
    bytes[3] = 10; /* of 12 */
    assert_int_equal(v5_decode(bytes, len), UFTP_ERR_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_cut_inside_its_header_is_truncated_at_every_length),
        cmocka_unit_test(a_header_length_below_the_fixed_fields_is_refused),
        cmocka_unit_test(every_sample_needs_exactly_its_room),
        cmocka_unit_test(an_unknown_type_is_unsupported),
        cmocka_unit_test(an_unknown_extension_changes_nothing),
        cmocka_unit_test(a_known_extension_is_found_behind_an_unknown_one),
        cmocka_unit_test(an_extension_of_length_0_or_beyond_the_header_is_malformed),
        cmocka_unit_test(an_extension_that_comes_twice_is_malformed),
        cmocka_unit_test(an_extension_shorter_than_its_fields_is_malformed),
        cmocka_unit_test(a_cc_ack_without_its_extension_is_malformed),
        cmocka_unit_test(a_body_where_none_belongs_is_malformed),
        cmocka_unit_test(what_remains_behind_a_list_is_ignored),
        cmocka_unit_test(reserved_bytes_and_unknown_flags_are_ignored),
        cmocka_unit_test(an_unknown_file_type_or_status_decodes),
        cmocka_unit_test(an_unknown_cipher_or_hash_is_unsupported),
        cmocka_unit_test(a_fileseg_without_any_data_is_malformed),
        cmocka_unit_test(a_header_over_255_words_is_refused),
        cmocka_unit_test(blobs_that_do_not_end_at_a_word_are_malformed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
