/* SPDX-License-Identifier: MIT
 *
 * One session in every form in which a capture may hold it: other link layers, VLAN tags, trains,
 * cut short, out of order, on other ports. What comes out is compared with what the plain capture
 * gives. Fragments are in test_pcap_fragments.c, files in test_pcap_files.c.
 */
#include "frames.h"

#include <stdlib.h>
#include <string.h>

/* Replaces the first `cut` bytes of every frame by others. */
static void replace_front(size_t cut, const uint8_t *front, size_t len)
{
    changed = original;
    for (size_t i = 0; i < changed.count; i++) {
        memmove(changed.bytes[i] + len, changed.bytes[i] + cut, changed.len[i] - cut);
        memcpy(changed.bytes[i], front, len);
        changed.len[i] += len - cut;
    }
}

static void expect_front(size_t cut, const char *hex, cap_link link)
{
    uint8_t front[32];
    size_t len = test_unhex(hex, front, sizeof front);
    outcome wanted = track(CAP_LINK_ETHERNET, &original);
    replace_front(cut, front, len);
    outcome got = track(link, &changed);
    expect_same(&wanted, &got);
}

/* Breaks when a link layer's header is taken to be longer or shorter than it is. */
static void every_link_layer_gives_the_same_packets(void **state)
{
    (void)state;
    load(CAPTURES "v5-loss5/session.pcap", &original);
    assert_int_equal(original.count, 276);
    outcome plain = track(CAP_LINK_ETHERNET, &original);
    assert_int_equal(plain.packets, 276);
    expect_front(14, "", CAP_LINK_RAW);
    expect_front(14, "02000000", CAP_LINK_NULL);
    expect_front(14, "00000002", CAP_LINK_NULL);
    expect_front(14,
                 "000000010006525400123456"
                 "0000"
                 "0800",
                 CAP_LINK_SLL);
    expect_front(14,
                 "0800"
                 "0000"
                 "00000003"
                 "0001"
                 "00"
                 "06"
                 "5254001234560000",
                 CAP_LINK_SLL2);
    expect_front(12,
                 "01005e050537525400123456"
                 "81000064",
                 CAP_LINK_ETHERNET);
    expect_front(12,
                 "01005e050537525400123456"
                 "88a80064"
                 "81000065",
                 CAP_LINK_ETHERNET);
    /* The tag under which providers stack others once was another; and one behind cooked. */
    expect_front(12,
                 "01005e050537525400123456"
                 "9100000a"
                 "8100000b"
                 "8100000c",
                 CAP_LINK_ETHERNET);
    expect_front(14,
                 "0000000100065254001234560000"
                 "8100"
                 "0064"
                 "0800",
                 CAP_LINK_SLL);
    load(CAPTURES "v5-ipv6/session.pcap", &original);
    expect_front(14, "", CAP_LINK_RAW);
    expect_front(14, "1e000000", CAP_LINK_NULL);
    expect_front(14, "0000001c", CAP_LINK_NULL);
}

/* Puts bytes between what stands before `at` and what follows, in every frame. */
static void insert(size_t at, const char *hex, void (*mend)(uint8_t *frame, size_t added))
{
    uint8_t bytes[64];
    size_t len = test_unhex(hex, bytes, sizeof bytes);
    changed = original;
    for (size_t i = 0; i < changed.count; i++) {
        uint8_t *frame = changed.bytes[i];
        memmove(frame + at + len, frame + at, changed.len[i] - at);
        memcpy(frame + at, bytes, len);
        changed.len[i] += len;
        mend(frame, len);
    }
}

static void mend_ipv4(uint8_t *frame, size_t added)
{
    put_u16(frame + 16, (size_t)(frame[16] << 8 | frame[17]) + added);
    frame[14] = (uint8_t)(0x40 | (5 + added / 4));
}

static uint8_t next_header; /* of the first one inserted */

static void mend_ipv6(uint8_t *frame, size_t added)
{
    put_u16(frame + 18, (size_t)(frame[18] << 8 | frame[19]) + added);
    frame[20] = next_header;
}

static void expect_inserted(size_t at, const char *hex, void (*mend)(uint8_t *frame, size_t added))
{
    insert(at, hex, mend);
    outcome wanted = track(CAP_LINK_ETHERNET, &original);
    outcome got = track(CAP_LINK_ETHERNET, &changed);
    expect_same(&wanted, &got);
}

/* Breaks when IP is taken to have headers of one length. */
static void options_and_extension_headers_are_passed_over(void **state)
{
    (void)state;
    load(CAPTURES "v5-loss5/session.pcap", &original);
    expect_inserted(34, "94040000", mend_ipv4); /* router alert, as IGMP's */
    expect_inserted(34,
                    "0101010101010101010101010101010101010101010101010101010101010101"
                    "0101010101010100",
                    mend_ipv4); /* as many as there can be */
    load(CAPTURES "v5-ipv6/session.pcap", &original);
    next_header = 0; /* hop by hop, then UDP */
    expect_inserted(54, "1100010400000000", mend_ipv6);
    next_header = 60; /* destination options, routing, an atomic fragment, UDP */
    expect_inserted(54,
                    "2b00010400000000"
                    "2c00000000000000"
                    "1100000012345678",
                    mend_ipv6);
    /* One that is longer than the packet, and ESP, of which nothing is known. */
    next_header = 0;
    insert(54, "11ff010400000000", mend_ipv6);
    outcome got = track(CAP_LINK_ETHERNET, &changed);
    assert_true(got.packets == 0 && got.counts.damaged == original.count);
    next_header = 50;
    insert(54, "1100010400000000", mend_ipv6);
    got = track(CAP_LINK_ETHERNET, &changed);
    assert_true(got.packets == 0 && got.counts.other == original.count);
}

/* ---- trains ---- */

/* Joins the blocks that follow each other into frames of up to three, as a sending machine's
 * capture has them. */
static void join_trains(size_t udp_at)
{
    size_t payload_at = udp_at + 8, joined = 0, full = 0;
    changed.count = 0;
    for (size_t i = 0; i < original.count; i++) {
        const uint8_t *frame = original.bytes[i];
        size_t len = original.len[i] - payload_at;
        bool block = frame[payload_at + 1] == 9 ||
                     (frame[payload_at + 1] == 18 && len > 1300); /* FILESEG, in clear or not */
        if (block && joined > 0 && joined < 3 && len <= full) {
            uint8_t *train = changed.bytes[changed.count - 1];
            size_t *train_len = &changed.len[changed.count - 1];
            memcpy(train + *train_len, frame + payload_at, len);
            *train_len += len;
            put_u16(train + 16, *train_len - 14);
            put_u16(train + udp_at + 4, *train_len - udp_at);
            joined = len == full ? joined + 1 : 0;
            continue;
        }
        memcpy(new_frame(original.time[i], frame, original.len[i]), frame, original.len[i]);
        changed.len[changed.count++] = original.len[i];
        joined = block;
        full = len;
    }
}

/* Breaks when a capture taken on the sending machine shows one damaged packet for each train. */
static void trains_are_taken_apart(void **state)
{
    (void)state;
    static const char *const captures[] = {
        CAPTURES "v5-loss5/session.pcap",     CAPTURES "v5-tfmcc/session.pcap",
        CAPTURES "v4-loss5/session.pcap",     CAPTURES "v4-enc-aes256-cbc-sha1-hmac/session.pcap",
        CAPTURES "v4-enc-loss5/session.pcap", CAPTURES "v5-enc-loss5/session.pcap"};
    for (size_t i = 0; i < sizeof captures / sizeof *captures; i++) {
        load(captures[i], &original);
        join_trains(34);
        outcome wanted = track(CAP_LINK_ETHERNET, &original);
        outcome got = track(CAP_LINK_ETHERNET, &changed);
        assert_true(got.counts.trains > 60);
        assert_int_equal(got.counts.malformed, 0);
        expect_same(&wanted, &got);
    }
}

/* ---- damage ---- */

/* Breaks when a length is believed that the bytes do not bear out: the sanitizers watch. */
static void frames_cut_anywhere_are_counted_not_fatal(void **state)
{
    (void)state;
    load(CAPTURES "v5-enc-ipv6/session.pcap", &original);
    changed = original;
    for (size_t i = 0; i < changed.count; i++)
        changed.len[i] = original.len[i] * i / changed.count;
    outcome got = track(CAP_LINK_ETHERNET, &changed);
    assert_int_equal(got.counts.frames, changed.count);
    assert_true(got.counts.cut > 0 && got.counts.damaged > 0);
    assert_int_equal(got.counts.malformed, 0); /* a short capture is not a faulty sender */
    for (size_t len = 0; len < original.len[0]; len++) {
        changed.count = 1;
        changed.len[0] = len;
        got = track(CAP_LINK_ETHERNET, &changed);
        assert_true(got.counts.damaged + got.counts.cut + got.counts.other == 1);
    }
}

/* Breaks when damage inside UFTP's part is not told from damage around it. */
static void a_damaged_message_is_counted_as_malformed(void **state)
{
    (void)state;
    load(CAPTURES "v5-loss5/session.pcap", &original);
    changed = original;
    changed.bytes[0][14 + 20 + 8 + 17] = 255; /* header length of the ANNOUNCE */
    outcome got = track(CAP_LINK_ETHERNET, &changed);
    assert_int_equal(got.packets, 276);
    assert_int_equal(got.counts.malformed, 1);
}

/* Breaks when order is taken for granted. */
static void frames_out_of_order_are_told(void **state)
{
    (void)state;
    load(CAPTURES "v5-loss5/session.pcap", &original);
    changed = original;
    changed.time[10] = changed.time[9] - 1000;
    changed.time[11] = changed.time[9] + 1;
    outcome got = track(CAP_LINK_ETHERNET, &changed);
    assert_int_equal(got.counts.backwards, 1);
    assert_int_equal(got.packets, 276);
}

static void expect_any_port(const char *capture)
{
    load(capture, &original);
    size_t count = original.count;
    changed = original;
    for (size_t i = 0; i < changed.count; i++)
        put_u16(changed.bytes[i] + 36, 5353), put_u16(changed.bytes[i] + 34, 40000);
    outcome got = track(CAP_LINK_ETHERNET, &changed);
    assert_int_equal(got.packets, count);
    for (size_t i = 0; i < changed.count; i++)
        memset(changed.bytes[i] + 43, 0xee, 17);
    got = track(CAP_LINK_ETHERNET, &changed);
    assert_int_equal(got.packets, 0);
    assert_int_equal(got.counts.other, count);
}

/* Breaks when a stranger's port decides: content does. */
static void ports_do_not_matter_and_other_udp_is_left_alone(void **state)
{
    (void)state;
    expect_any_port(CAPTURES "v5-loss5/session.pcap");
    expect_any_port(CAPTURES "v4-loss5/session.pcap");
    expect_any_port(CAPTURES "v4-enc-aes256-cbc-sha1-hmac/session.pcap");
}

/* ---- key logs ---- */

/* Breaks when a line that is none is swallowed, or one of a newer writer is refused. */
static void key_logs_are_read_strictly(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        long result;
    } cases[] = {
        {"", 0},
        {"# comment\n\nSERVER_APP_KEY 0000ABCD 0a4d0001 00ff\r\n", 0},
        {"FUTURE_SECRET whatever it says\n", 0},
        {"\xd4\xc3\xb2\xa1 some other file\n", 1},
        {"SERVER_APP_KEY 0000ABCD 0A4D0001 00ff", 0},
        {"SERVER_APP_KEY 0000ABCD 0A4D0001\n", 1},
        {"\nSERVER_APP_KEY 0000ABCD 0A4D0001 0\n", 2},
        {"SERVER_APP_KEY 0000ABC 0A4D0001 00\n", 1},
        {"SERVER_APP_KEY 0000ABCD 0A4D0001 0g\n", 1},
        {"SERVER_APP_KEY 0000ABCD 0A4D0001 00 more\n", 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cap_keylog log = {0};
        assert_int_equal(cap_keylog_add(&log, cases[i].text, strlen(cases[i].text)),
                         cases[i].result);
        cap_keylog_free(&log);
    }
    cap_keylog log = {0};
    char line[40 + 2 * (CAP_KEYLOG_VALUE_MAX + 1)] = "PREMASTER 00000001 00000002 ";
    size_t at = strlen(line);
    memset(line + at, 'a', sizeof line - at);
    assert_int_equal(cap_keylog_add(&log, line, at + 2 * CAP_KEYLOG_VALUE_MAX), 0);
    assert_int_equal(cap_keylog_add(&log, line, at + 2 * CAP_KEYLOG_VALUE_MAX + 2), 1);
    size_t count;
    assert_non_null(cap_keylog_find(&log, CAP_KEYLOG_PREMASTER, 1, 2, &count));
    assert_int_equal(count, 1);
    assert_null(cap_keylog_find(&log, CAP_KEYLOG_PREMASTER, 1, 3, &count));
    assert_int_equal(log.entries[0].len, CAP_KEYLOG_VALUE_MAX);
    cap_keylog_free(&log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_link_layer_gives_the_same_packets),
        cmocka_unit_test(options_and_extension_headers_are_passed_over),
        cmocka_unit_test(trains_are_taken_apart),
        cmocka_unit_test(frames_cut_anywhere_are_counted_not_fatal),
        cmocka_unit_test(a_damaged_message_is_counted_as_malformed),
        cmocka_unit_test(frames_out_of_order_are_told),
        cmocka_unit_test(ports_do_not_matter_and_other_udp_is_left_alone),
        cmocka_unit_test(key_logs_are_read_strictly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
