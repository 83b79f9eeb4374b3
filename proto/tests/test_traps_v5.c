/* SPDX-License-Identifier: MIT
 *
 * The traps of spec v5 6 that codec, quantised numbers or layout can show, one test each, named by
 * number. The others are tested where the behaviour lives:
 *
 *   1-5, 9, 19, 23-32   key schedule, sealing and signatures (25, 32 also sender and receiver)
 *   10                  here the bytes; the sender refuses any other length
 *   11, 14, 22, 36, 37  receiver: TFMCC, timers
 *   13, 15, 17, 43, 45,
 *   47, 48, 57          sender
 *   21                  here the answer's form; the sender sends "." with size and times 0
 *   33                  here that a body shows as a list; the sender then takes a peer for a proxy
 *   35, 46, 49, 50, 53,
 *   54, 58              receiver (35 and 50 also sender)
 *   44                  receiver
 *   52                  programs: UIDs from addresses
 *   55                  sender: pacing
 *   56                  programs: options
 *   59                  here ANNOUNCE and layout; receiver for FILESEG, sender for STATUS
 *   60                  here lengths; sender for the order of messages
 *   61                  here lengths against their header; key blobs for what is inside
 *   62                  receiver and store: names
 *   63, 64, 66          receiver and sender
 *   65                  key blobs: fingerprints
 */
#include "codec_v5.h"
#include "samples_v5.h"
#include "support.h"
#include <uftp/layout.h>
#include <uftp/quantise.h>

#include <string.h>

static const uftp_wire *const wire = &uftp_wire_v5;

/* Whole messages, packed, to start from. */
static size_t sample(const char *name, uint8_t out[SAMPLE_V5_LEN_MAX])
{
    const sample_v5 *found = sample_v5_find(name);
    assert_non_null(found);
    return sample_v5_bytes(found, out);
}

static int message_at(const uint8_t *bytes, size_t len, uftp_message *out)
{
    uftp_reader r = {.at = bytes, .end = bytes + len};
    return wire->message_read(&r, out);
}

static void trap_06_encrypted_payload_needs_no_padding(void **state)
{
    (void)state;
    for (size_t len = 20; len < 24; len++) {
        uint8_t bytes[12 + 24] = {[11] = (uint8_t)len};
        uftp_reader r = {.at = bytes, .end = bytes + 12 + len};
        uftp_encrypted encrypted;
        assert_int_equal(wire->encrypted_read(&r, &encrypted), UFTP_OK);
        assert_int_equal(encrypted.payload.len, len);
    }
}

static void trap_07_keyinfo_ack_length_field_is_0_and_ignored(void **state)
{
    (void)state;
    uint8_t bytes[SAMPLE_V5_LEN_MAX], out[SAMPLE_V5_LEN_MAX];
    size_t len = sample("keyinfo_ack", bytes), out_len;
    const uftp_message *message = &sample_v5_find("keyinfo_ack")->message;
    assert_int_equal(v5_encode(message, out, sizeof out, &out_len), UFTP_OK);
    assert_int_equal(out[2] << 8 | out[3], 0);
    bytes[2] = 0xff; /* whatever it says */
    bytes[3] = 0xff;
    assert_true(v5_decodes_to(bytes, len, message));
}

static void trap_08_a_group_of_10_is_sent_as_3_times_10(void **state)
{
    (void)state;
    assert_int_equal(uftp_size_quantise(10), 3 << 3 | 1);
    assert_int_equal(uftp_size_expand(3 << 3 | 1), 9);
}

/* 16 blocks: three bytes, the last one always zero. */
static void trap_10_nak_bitmap_has_floor_n_over_8_plus_1_bytes(void **state)
{
    (void)state;
    uftp_layout layout;
    assert_int_equal(uftp_layout_init(&layout, 20000, 1300), UFTP_OK);
    assert_int_equal(uftp_layout_section_blocks(&layout, 0), 16);
    uint8_t bytes[SAMPLE_V5_LEN_MAX];
    size_t len = sample("status", bytes);
    uftp_message message;
    assert_int_equal(message_at(bytes, len, &message), UFTP_OK);
    assert_int_equal(message.as.status.naks.len, 16 / 8 + 1);
    assert_int_equal(message.as.status.naks.data[0], 1 << 4);  /* block 4, low bit first */
    assert_int_equal(v5_decode(bytes, 8), UFTP_ERR_MALFORMED); /* no number of blocks gives 0 */
    message.as.status.naks.len = 0;
    assert_int_equal(v5_encode(&message, bytes, sizeof bytes, &len), UFTP_ERR_MALFORMED);
}

/* Type 1 no longer exists, but is a number like any other here. */
static void trap_11_any_cc_type_decodes(void **state)
{
    (void)state;
    uint8_t bytes[SAMPLE_V5_LEN_MAX];
    size_t len = sample("announce_open_ipv4", bytes);
    uftp_message message;
    bytes[4] = 1;
    assert_int_equal(message_at(bytes, len, &message), UFTP_OK);
    assert_int_equal(message.as.announce.cc_type, 1);
}

/* Where others read at a fixed offset, ours stands there and at the header's end at once. */
static void trap_12_bodies_read_at_fixed_offsets_stand_there(void **state)
{
    (void)state;
    uint8_t out[SAMPLE_V5_LEN_MAX], bytes[SAMPLE_V5_LEN_MAX];
    size_t len;
    assert_int_equal(v5_encode(&sample_v5_find("done_conf")->message, out, sizeof out, &len),
                     UFTP_OK);
    assert_int_equal(4 * out[1], 4);
    assert_memory_equal(out + 4, "\1\2\3\4", 4);
    assert_int_equal(v5_encode(&sample_v5_find("cong_ctrl")->message, out, sizeof out, &len),
                     UFTP_OK);
    assert_int_equal(4 * out[1], 16);
    assert_memory_equal(out + 16, "\1\2\3\4", 4);
    /* FILEINFO: a header one word longer than its fields. */
    len = sample("fileinfo_symlink", bytes);
    bytes[1]++;
    assert_int_equal(v5_decode(bytes, len + 4), UFTP_ERR_MALFORMED);
}

static void trap_16_encrypted_has_no_signature_field(void **state)
{
    (void)state;
    uint8_t bytes[12 + 20] = {[7] = 9, [8] = 0xff, [9] = 0xff, [11] = 20};
    uftp_reader r = {.at = bytes, .end = bytes + sizeof bytes};
    uftp_encrypted encrypted;
    assert_int_equal(wire->encrypted_read(&r, &encrypted), UFTP_OK); /* once its length: ignored */
    assert_ptr_equal(encrypted.payload.data, bytes + 12);
    memset(bytes, 0xff, sizeof bytes);
    uftp_writer w = {.at = bytes, .end = bytes + sizeof bytes};
    encrypted.payload.data = NULL;
    assert_int_equal(wire->encrypted_write(&w, &encrypted), UFTP_OK);
    assert_int_equal(bytes[8] << 8 | bytes[9], 0);
}

/* In every message that has one: 64 bits of microseconds, not two words of 32. */
static void trap_18_timestamps_are_64_bit_microseconds(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        size_t at;
    } cases[] = {{"announce_open_ipv4", 8},   {"register_plain", 4},    {"fileinfo_regular", 20},
                 {"fileinfo_ack_partial", 8}, {"status_tfmcc", 8 + 12}, {"cong_ctrl", 8},
                 {"cc_ack", 4 + 12}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t bytes[SAMPLE_V5_LEN_MAX];
        size_t len = sample(cases[i].name, bytes);
        memcpy(bytes + cases[i].at, "\xf1\xf2\xf3\xf4\xf5\xf6\xf7\xf8", 8);
        uftp_message m;
        assert_int_equal(message_at(bytes, len, &m), UFTP_OK);
        const uint64_t read[] = {m.as.announce.timestamp_us,     m.as.registration.timestamp_us,
                                 m.as.fileinfo.timestamp_us,     m.as.fileinfo_ack.timestamp_us,
                                 m.as.status.tfmcc.timestamp_us, m.as.cong_ctrl.timestamp_us,
                                 m.as.cc_ack.tfmcc.timestamp_us};
        assert_true(read[i] == UINT64_C(0xf1f2f3f4f5f6f7f8));
    }
}

static void trap_20_the_host_of_an_abort_is_a_uid(void **state)
{
    (void)state;
    uint8_t bytes[SAMPLE_V5_LEN_MAX];
    uftp_message message;
    assert_int_equal(message_at(bytes, sample("abort", bytes), &message), UFTP_OK);
    assert_true(message.as.abort.host == 0x0a4d0502);
}

/* Answered by an extension; "cannot say" is 2^63 - 1, which must survive. */
static void trap_21_free_space_is_asked_for_by_a_dot(void **state)
{
    (void)state;
    const uftp_message ask = {.type = UFTP_MESSAGE_FILEINFO,
                              .as.fileinfo = {.file_id = 3,
                                              .file_type = UFTP_FILE_FREE_SPACE,
                                              .name = {(const uint8_t *)".", 1}}};
    uint8_t out[SAMPLE_V5_LEN_MAX];
    size_t len;
    assert_int_equal(v5_encode(&ask, out, sizeof out, &len), UFTP_OK);
    assert_memory_equal(out + 28, ".\0\0\0", 4);
    assert_true(v5_decodes_to(out, len, &ask));
    uftp_message answer;
    len = sample("complete_free_space_from_proxy", out);
    assert_int_equal(message_at(out, len, &answer), UFTP_OK);
    assert_true(answer.as.complete.free_space == (UINT64_C(1) << 63) - 1);
}

static void trap_33_a_body_shows_as_a_list_of_clients(void **state)
{
    (void)state;
    static const char *const alone[] = {"register_encrypted", "fileinfo_ack_partial", "complete"};
    for (size_t i = 0; i < sizeof alone / sizeof *alone; i++) {
        uint8_t bytes[SAMPLE_V5_LEN_MAX + 4] = {0};
        size_t len = sample(alone[i], bytes);
        for (size_t count = 0; count < 2; count++) {
            uftp_message m;
            assert_int_equal(message_at(bytes, len + 4 * count, &m), UFTP_OK);
            const size_t counts[] = {m.as.registration.clients.count,
                                     m.as.fileinfo_ack.clients.count, m.as.complete.clients.count};
            assert_int_equal(counts[i], count);
        }
    }
}

static void trap_34_an_unencrypted_register_has_32_zero_bytes(void **state)
{
    (void)state;
    const uftp_message message = {.type = UFTP_MESSAGE_REGISTER};
    uint8_t out[64];
    size_t len;
    static const uint8_t zeros[32];
    memset(out, 0xa5, sizeof out);
    assert_int_equal(v5_encode(&message, out, sizeof out, &len), UFTP_OK);
    assert_int_equal(wire->header_len + len, 60);
    assert_int_equal(out[1], 11);
    assert_memory_equal(out + 12, zeros, sizeof zeros);
    assert_int_equal(v5_decode(out, 12), UFTP_ERR_TRUNCATED);
}

/* "ab\0d": a name that would be read differently by whoever does not stop. */
static void trap_38_names_end_at_their_field_or_their_first_nul(void **state)
{
    (void)state;
    uint8_t bytes[SAMPLE_V5_LEN_MAX];
    size_t len = sample("fileinfo_regular", bytes);
    uftp_message m;
    assert_int_equal(message_at(bytes, len, &m), UFTP_OK);
    assert_int_equal(m.as.fileinfo.name.len, 12); /* no NUL in its field */
    bytes[28 + 2] = 0;
    assert_int_equal(message_at(bytes, len, &m), UFTP_OK);
    assert_int_equal(m.as.fileinfo.name.len, 2);
    len = sample("fileinfo_symlink", bytes);
    bytes[40] = 0;
    assert_int_equal(message_at(bytes, len, &m), UFTP_OK);
    assert_int_equal(m.as.fileinfo.link.len, 0);
    assert_int_equal(m.as.fileinfo.name.len, 9);
    uint8_t out[SAMPLE_V5_LEN_MAX];
    m = sample_v5_find("fileinfo_regular")->message;
    m.as.fileinfo.name = (uftp_bytes){(const uint8_t *)"ab\0d", 4};
    assert_int_equal(v5_encode(&m, out, sizeof out, &len), UFTP_ERR_MALFORMED);
}

/* 300 bytes are the most for either; no header can hold what the length byte could say. */
static void trap_38_names_over_300_bytes_are_refused(void **state)
{
    (void)state;
    uint8_t bytes[28 + 304] = {7, 7 + 76, 0, 1, [8] = 76}, text[304];
    assert_int_equal(v5_decode(bytes, sizeof bytes), UFTP_ERR_MALFORMED);
    bytes[8] = 0;
    bytes[9] = 76;
    assert_int_equal(v5_decode(bytes, sizeof bytes), UFTP_ERR_MALFORMED);
    bytes[1] = 7 + 75;
    bytes[9] = 75;
    assert_int_equal(v5_decode(bytes, 28 + 300), UFTP_OK);
    memset(text, 'x', sizeof text);
    uint8_t out[1024];
    size_t len;
    for (size_t name_len = 299; name_len < 303; name_len++) {
        const uftp_message m = {.type = UFTP_MESSAGE_FILEINFO,
                                .as.fileinfo = {.file_id = 1, .name = {text, name_len}}};
        assert_int_equal(v5_encode(&m, out, sizeof out, &len),
                         name_len <= 300 ? UFTP_OK : UFTP_ERR_MALFORMED);
    }
}

static void trap_39_a_48_bit_mtime_keeps_its_high_bits(void **state)
{
    (void)state;
    uint8_t bytes[SAMPLE_V5_LEN_MAX];
    uftp_message m;
    size_t len = sample("fileinfo_regular", bytes);
    bytes[6] = 0x12;
    bytes[7] = 0x34;
    assert_int_equal(message_at(bytes, len, &m), UFTP_OK);
    assert_true(m.as.fileinfo.mtime == UINT64_C(0x12346b003372));
    m.as.fileinfo.mtime = UINT64_C(1) << 48; /* what does not fit is not cut in silence */
    assert_int_equal(v5_encode(&m, bytes, sizeof bytes, &len), UFTP_ERR_MALFORMED);
}

/* High halves at 6 and 10, low ones at 16 and 12. */
static void trap_40_size_and_mtime_are_split(void **state)
{
    (void)state;
    const uftp_message m = {.type = UFTP_MESSAGE_FILEINFO,
                            .as.fileinfo = {.file_id = 1,
                                            .size = UINT64_C(0xa1a2a3a4a5a6),
                                            .mtime = UINT64_C(0xb1b2b3b4b5b6)}};
    uint8_t out[64];
    size_t len;
    assert_int_equal(v5_encode(&m, out, sizeof out, &len), UFTP_OK);
    assert_memory_equal(out + 6, "\xb1\xb2", 2);
    assert_memory_equal(out + 10, "\xa1\xa2\xa3\xa4\xa5\xa6\xb3\xb4\xb5\xb6", 10);
    assert_true(v5_decodes_to(out, len, &m));
    uftp_message big = m;
    big.as.fileinfo.size = UINT64_C(1) << 48;
    assert_int_equal(v5_encode(&big, out, sizeof out, &len), UFTP_ERR_MALFORMED);
}

static void trap_41_all_sections_are_small_when_blocks_divide_evenly(void **state)
{
    (void)state;
    uftp_layout layout;
    assert_int_equal(uftp_layout_init(&layout, 13521301, 1300), UFTP_OK);
    assert_int_equal(layout.big_sections, 0);
    assert_int_equal(uftp_layout_section_blocks(&layout, 0), 5201);
    assert_int_equal(uftp_layout_section_blocks(&layout, 1), 5201);
    assert_int_equal(uftp_layout_section_start(&layout, 1), 5201);
}

/* Not the last one of each section. */
static void trap_42_only_the_last_block_of_the_file_is_short(void **state)
{
    (void)state;
    uftp_layout layout;
    assert_int_equal(uftp_layout_init(&layout, 13520001, 1300), UFTP_OK);
    assert_int_equal(uftp_layout_block_len(&layout, 5200), 1300); /* ends section 0 */
    assert_int_equal(uftp_layout_block_len(&layout, 10399), 1300);
    assert_int_equal(uftp_layout_block_len(&layout, 10400), 1);
}

static void trap_51_a_zero_uid_ends_the_search(void **state)
{
    (void)state;
    const uint8_t bytes[] = {0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2};
    const uftp_uid_list list = {.bytes = bytes, .count = 3};
    assert_true(uftp_uid_list_contains(&list, 1));
    assert_false(uftp_uid_list_contains(&list, 2));
    assert_false(uftp_uid_list_contains(&list, 0));
}

/* Block sizes and robustness from which no session can be run, or that divide by zero. */
static void trap_59_an_announce_without_block_size_or_robust_is_malformed(void **state)
{
    (void)state;
    static const struct {
        uint16_t block_size;
        uint8_t robust;
        int wanted;
    } cases[] = {{0, 20, UFTP_ERR_MALFORMED},
                 {511, 20, UFTP_ERR_MALFORMED},
                 {512, 20, UFTP_OK},
                 {8800, 20, UFTP_OK},
                 {8801, 20, UFTP_ERR_MALFORMED},
                 {65535, 20, UFTP_ERR_MALFORMED},
                 {1300, 0, UFTP_ERR_MALFORMED},
                 {1300, 1, UFTP_OK},
                 {1300, 255, UFTP_OK}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t bytes[SAMPLE_V5_LEN_MAX];
        size_t len = sample("announce_open_ipv4", bytes);
        bytes[3] = cases[i].robust;
        bytes[6] = (uint8_t)(cases[i].block_size >> 8);
        bytes[7] = (uint8_t)cases[i].block_size;
        assert_int_equal(v5_decode(bytes, len), cases[i].wanted);
        uftp_message m = sample_v5_find("announce_open_ipv4")->message;
        m.as.announce.block_size = cases[i].block_size;
        m.as.announce.robust = cases[i].robust;
        assert_int_equal(v5_encode(&m, bytes, sizeof bytes, &len), cases[i].wanted);
    }
}

/* IPv6 said, IPv4 sent: the reference reads past the header. The UIDs behind it are not addresses.
 */
static void trap_59_an_announce_header_too_short_for_its_family_is_truncated(void **state)
{
    (void)state;
    uint8_t bytes[SAMPLE_V5_LEN_MAX] = {0};
    size_t len = sample("announce_open_ipv4", bytes) + 32;
    bytes[2] |= 0x04;
    for (bytes[1] = 6; bytes[1] < 12; bytes[1]++)
        assert_int_equal(v5_decode(bytes, len), UFTP_ERR_TRUNCATED);
    assert_int_equal(v5_decode(bytes, len), UFTP_OK);
}

/* What FILESEG and STATUS are checked against holds no block for them. */
static void trap_59_sections_of_an_empty_file_have_no_blocks(void **state)
{
    (void)state;
    uftp_layout layout;
    assert_int_equal(uftp_layout_init(&layout, 0, 1300), UFTP_OK);
    assert_int_equal(uftp_layout_section_blocks(&layout, 0), 0);
    assert_int_equal(uftp_layout_init(&layout, 1301, 1300), UFTP_OK);
    assert_int_equal(uftp_layout_section_blocks(&layout, 1), 0);
    assert_int_equal(uftp_layout_section_blocks(&layout, 65535), 0);
    assert_int_equal(uftp_layout_init(&layout, 1, 0), UFTP_ERR_ARGUMENT);
}

/* Less than a tag, less than a tag and a message; longer or shorter than the datagram. */
static void trap_60_an_encrypted_payload_holds_a_tag_and_a_message(void **state)
{
    (void)state;
    for (size_t len = 0; len < 24; len++) {
        uint8_t bytes[12 + 24] = {[11] = (uint8_t)len};
        uftp_reader r = {.at = bytes, .end = bytes + 12 + len};
        uftp_encrypted encrypted;
        assert_int_equal(wire->encrypted_read(&r, &encrypted),
                         len < 20 ? UFTP_ERR_MALFORMED : UFTP_OK);
    }
    uint8_t bytes[12 + 24] = {[11] = 22};
    uftp_encrypted encrypted;
    uftp_reader r = {.at = bytes, .end = bytes + 12 + 21};
    assert_int_equal(wire->encrypted_read(&r, &encrypted), UFTP_ERR_TRUNCATED);
    r = (uftp_reader){.at = bytes, .end = bytes + 12 + 23};
    assert_int_equal(wire->encrypted_read(&r, &encrypted), UFTP_ERR_MALFORMED);
    encrypted = (uftp_encrypted){.payload.len = 19};
    uftp_writer w = {.at = bytes, .end = bytes + sizeof bytes};
    assert_int_equal(wire->encrypted_write(&w, &encrypted), UFTP_ERR_MALFORMED);
}

static void trap_60_a_message_of_less_than_4_bytes_is_truncated(void **state)
{
    (void)state;
    for (int type = 1; type <= UFTP_MESSAGE_TYPE_MAX; type++) {
        if (type == UFTP_MESSAGE_KEY_REQ || type == UFTP_MESSAGE_ENCRYPTED)
            continue;
        for (uint8_t words = 0; words < 2; words++) {
            const uint8_t bytes[4] = {(uint8_t)type, words};
            for (size_t len = 0; len < 4; len++)
                assert_int_equal(v5_decode(bytes, len), UFTP_ERR_TRUNCATED);
        }
    }
}

/* Each of the three, one word too long or too short for the extension, and as long as can be said.
 */
static void trap_61_enc_info_lengths_fill_the_extension_exactly(void **state)
{
    (void)state;
    for (size_t field = 24 + 6; field <= 24 + 10; field += 2) {
        uint8_t bytes[SAMPLE_V5_LEN_MAX];
        size_t len = sample("announce_encrypted_preview", bytes);
        bytes[field + 1] = (uint8_t)(bytes[field + 1] + 4);
        assert_int_equal(v5_decode(bytes, len), UFTP_ERR_MALFORMED);
        bytes[field + 1] = (uint8_t)(bytes[field + 1] - 8);
        assert_int_equal(v5_decode(bytes, len), UFTP_ERR_MALFORMED);
        bytes[field] = bytes[field + 1] = 0xff;
        assert_int_equal(v5_decode(bytes, len), UFTP_ERR_MALFORMED);
    }
    /* An extension that swallows what stands behind the header. */
    uint8_t bytes[SAMPLE_V5_LEN_MAX];
    size_t len = sample("announce_encrypted_preview", bytes);
    bytes[25]++;
    assert_int_equal(v5_decode(bytes, len), UFTP_ERR_MALFORMED);
}

static void trap_61_key_and_signature_lengths_end_inside_their_header(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        size_t at; /* of a 16-bit length */
    } cases[] = {
        {"register_encrypted", 2}, {"client_key", 4},    {"client_key", 6}, {"keyinfo", 2},
        {"hb_req_signed", 4},      {"hb_req_signed", 6}, {"proxy_key", 2},  {"proxy_key", 4},
        {"proxy_key", 6}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t bytes[SAMPLE_V5_LEN_MAX + 8] = {0};
        size_t len = sample(cases[i].name, bytes);
        bytes[cases[i].at + 1] = (uint8_t)(bytes[cases[i].at + 1] + 4);
        /* The bytes are there, but they are the body's. */
        assert_int_equal(v5_decode(bytes, len + 8), UFTP_ERR_TRUNCATED);
        bytes[cases[i].at] = 0xff;
        assert_int_equal(v5_decode(bytes, len), UFTP_ERR_TRUNCATED);
    }
}

/* Behind another extension it is still seen: an encrypted session is not taken for a plain one. */
static void trap_67_enc_info_is_found_behind_another_extension(void **state)
{
    (void)state;
    uint8_t bytes[SAMPLE_V5_LEN_MAX], moved[SAMPLE_V5_LEN_MAX + 8];
    size_t len = sample("announce_encrypted_preview", bytes);
    memcpy(moved, bytes, 24);
    memcpy(moved + 24, "\x63\x02......", 8);
    memcpy(moved + 32, bytes + 24, len - 24);
    moved[1] = (uint8_t)(moved[1] + 2);
    uftp_message m;
    assert_int_equal(message_at(moved, len + 8, &m), UFTP_OK);
    assert_true(m.as.announce.encrypted);
    assert_ptr_equal(m.as.announce.enc_info.whole.data, moved + 32);
    /* Written, it comes first, where the reference looks for it. */
    uint8_t out[SAMPLE_V5_LEN_MAX];
    size_t out_len;
    assert_int_equal(v5_encode(&m, out, sizeof out, &out_len), UFTP_OK);
    assert_int_equal(out_len, len);
    assert_memory_equal(out, bytes, len);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trap_06_encrypted_payload_needs_no_padding),
        cmocka_unit_test(trap_07_keyinfo_ack_length_field_is_0_and_ignored),
        cmocka_unit_test(trap_08_a_group_of_10_is_sent_as_3_times_10),
        cmocka_unit_test(trap_10_nak_bitmap_has_floor_n_over_8_plus_1_bytes),
        cmocka_unit_test(trap_11_any_cc_type_decodes),
        cmocka_unit_test(trap_12_bodies_read_at_fixed_offsets_stand_there),
        cmocka_unit_test(trap_16_encrypted_has_no_signature_field),
        cmocka_unit_test(trap_18_timestamps_are_64_bit_microseconds),
        cmocka_unit_test(trap_20_the_host_of_an_abort_is_a_uid),
        cmocka_unit_test(trap_21_free_space_is_asked_for_by_a_dot),
        cmocka_unit_test(trap_33_a_body_shows_as_a_list_of_clients),
        cmocka_unit_test(trap_34_an_unencrypted_register_has_32_zero_bytes),
        cmocka_unit_test(trap_38_names_end_at_their_field_or_their_first_nul),
        cmocka_unit_test(trap_38_names_over_300_bytes_are_refused),
        cmocka_unit_test(trap_39_a_48_bit_mtime_keeps_its_high_bits),
        cmocka_unit_test(trap_40_size_and_mtime_are_split),
        cmocka_unit_test(trap_41_all_sections_are_small_when_blocks_divide_evenly),
        cmocka_unit_test(trap_42_only_the_last_block_of_the_file_is_short),
        cmocka_unit_test(trap_51_a_zero_uid_ends_the_search),
        cmocka_unit_test(trap_59_an_announce_without_block_size_or_robust_is_malformed),
        cmocka_unit_test(trap_59_an_announce_header_too_short_for_its_family_is_truncated),
        cmocka_unit_test(trap_59_sections_of_an_empty_file_have_no_blocks),
        cmocka_unit_test(trap_60_an_encrypted_payload_holds_a_tag_and_a_message),
        cmocka_unit_test(trap_60_a_message_of_less_than_4_bytes_is_truncated),
        cmocka_unit_test(trap_61_enc_info_lengths_fill_the_extension_exactly),
        cmocka_unit_test(trap_61_key_and_signature_lengths_end_inside_their_header),
        cmocka_unit_test(trap_67_enc_info_is_found_behind_another_extension),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
