/* SPDX-License-Identifier: MIT
 *
 * One session in every form in which a capture may hold it: other link layers, VLAN tags,
 * fragments, compressed, as pcapng, cut off, out of order. What comes out is compared with what
 * the plain capture gives.
 */
#include "tests/support.h"
#include "tracker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#define CAPTURES UFTP_SOURCE_DIR "/conformance/captures/"
enum { FRAMES_MAX = 400, FRAME_MAX = 10000 };

typedef struct frames {
    size_t count;
    size_t len[FRAMES_MAX];
    uint64_t time[FRAMES_MAX];
    uint8_t bytes[FRAMES_MAX][FRAME_MAX];
} frames;

static frames original, changed;

static void load(const char *path, frames *out)
{
    char error[CAP_INPUT_ERROR_MAX] = "";
    cap_input *input = cap_input_open(&(cap_input_config){.path = path}, error);
    if (!input)
        fail_msg("%s", error);
    cap_frame frame;
    out->count = 0;
    while (cap_input_next(input, &frame) == CAP_NEXT_FRAME) {
        assert_true(out->count < FRAMES_MAX && frame.bytes.len <= FRAME_MAX);
        out->len[out->count] = frame.bytes.len;
        out->time[out->count] = frame.time;
        memcpy(out->bytes[out->count++], frame.bytes.data, frame.bytes.len);
    }
    cap_input_close(input);
}

/* What the tracker makes of frames: a digest over all packets, in order. */
typedef struct outcome {
    uint64_t packets, digest;
    cap_counts counts;
} outcome;

static void mix(outcome *o, const void *bytes, size_t len)
{
    const uint8_t *at = bytes;
    for (size_t i = 0; i < len; i++)
        o->digest = (o->digest ^ at[i]) * UINT64_C(0x100000001b3);
}

static void note(outcome *o, const cap_packet *packet)
{
    o->packets++;
    mix(o, packet->bytes.data, packet->bytes.len);
    mix(o, packet->source.bytes, sizeof packet->source.bytes);
    mix(o, packet->destination.bytes, sizeof packet->destination.bytes);
    mix(o, &packet->destination.port, sizeof packet->destination.port);
}

/* Each frame is handed over in memory of exactly its length, so that a sanitizer sees one byte too
 * many. */
static void take(cap_tracker *tracker, cap_link link, const frames *in, size_t i, outcome *o)
{
    uint8_t *exact = malloc(in->len[i] ? in->len[i] : 1);
    assert_non_null(exact);
    memcpy(exact, in->bytes[i], in->len[i]);
    const cap_frame frame = {.number = i + 1, .time = in->time[i], .bytes = {exact, in->len[i]}};
    const cap_packet *packet;
    for (bool got = cap_tracker_take(tracker, link, &frame, &packet); got;
         got = cap_tracker_next(tracker, &packet))
        note(o, packet);
    free(exact);
}

static outcome track(cap_link link, const frames *in)
{
    outcome o = {0};
    cap_tracker *tracker = cap_tracker_new(NULL);
    assert_non_null(tracker);
    for (size_t i = 0; i < in->count; i++)
        take(tracker, link, in, i, &o);
    cap_tracker_counts(tracker, &o.counts);
    cap_tracker_free(tracker);
    return o;
}

static void expect_same(const outcome *a, const outcome *b)
{
    assert_int_equal(a->packets, b->packets);
    assert_true(a->digest == b->digest);
}

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
    load(CAPTURES "v5-ipv6/session.pcap", &original);
    expect_front(14, "", CAP_LINK_RAW);
    expect_front(14, "1e000000", CAP_LINK_NULL);
}

/* ---- fragments ---- */

static void put_u16(uint8_t *at, size_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static uint8_t *new_frame(uint64_t time, const uint8_t *front, size_t len)
{
    assert_true(changed.count < FRAMES_MAX);
    uint8_t *frame = changed.bytes[changed.count];
    memcpy(frame, front, len);
    changed.time[changed.count] = time;
    return frame;
}

/* Cuts an IPv4 frame into pieces of 512 bytes, the last piece first. */
static void fragment_ipv4(size_t i)
{
    const uint8_t *frame = original.bytes[i], *payload = frame + 34;
    size_t len = (size_t)(frame[16] << 8 | frame[17]) - 20;
    for (size_t at = (len - 1) / 512 * 512;; at -= 512) {
        size_t part = len - at < 512 ? len - at : 512;
        uint8_t *out = new_frame(original.time[i], frame, 34);
        put_u16(out + 16, 20 + part);
        put_u16(out + 18, i);
        put_u16(out + 20, (at + part < len ? 0x2000 : 0) | at / 8);
        memcpy(out + 34, payload + at, part);
        changed.len[changed.count++] = 34 + part;
        if (at == 0)
            return;
    }
}

static void fragment_ipv6(size_t i)
{
    const uint8_t *frame = original.bytes[i], *payload = frame + 54;
    size_t len = (size_t)(frame[18] << 8 | frame[19]);
    for (size_t at = 0; at < len; at += 512) {
        size_t part = len - at < 512 ? len - at : 512;
        uint8_t *out = new_frame(original.time[i], frame, 54);
        put_u16(out + 18, 8 + part);
        out[20] = 44;
        memset(out + 54, 0, 8);
        out[54] = 17;
        put_u16(out + 56, at | (at + part < len));
        put_u16(out + 60, i);
        memcpy(out + 62, payload + at, part);
        changed.len[changed.count++] = 62 + part;
    }
}

static void fragment_first(size_t count, void (*fragment)(size_t i))
{
    original.count = count;
    changed.count = 0;
    for (size_t i = 0; i < original.count; i++)
        fragment(i);
}

/* Breaks when an offset, a "more" flag or an identification is misread. */
static void fragments_are_put_together(void **state)
{
    (void)state;
    load(CAPTURES "v5-loss5/session.pcap", &original);
    fragment_first(100, fragment_ipv4);
    outcome wanted = track(CAP_LINK_ETHERNET, &original), got = track(CAP_LINK_ETHERNET, &changed);
    assert_true(got.counts.frames > 200);
    assert_int_equal(got.counts.incomplete, 0);
    expect_same(&wanted, &got);
    load(CAPTURES "v5-ipv6/session.pcap", &original);
    fragment_first(60, fragment_ipv6);
    wanted = track(CAP_LINK_ETHERNET, &original);
    got = track(CAP_LINK_ETHERNET, &changed);
    expect_same(&wanted, &got);
}

/* Breaks when a packet with a hole is handed out, or its loss is not told. */
static void a_lost_fragment_loses_one_packet(void **state)
{
    (void)state;
    load(CAPTURES "v5-loss5/session.pcap", &original);
    fragment_first(100, fragment_ipv4);
    outcome whole = track(CAP_LINK_ETHERNET, &changed);
    size_t victim = changed.count - 1; /* the first piece of the last packet */
    assert_true(changed.len[victim] == 34 + 512);
    changed.count = victim;
    outcome got = track(CAP_LINK_ETHERNET, &changed);
    assert_int_equal(got.packets, whole.packets - 1);
    assert_int_equal(got.counts.incomplete, 1);
}

/* Breaks when an attacker can have a fragment replaced after it was accepted (RFC 5722). */
static void overlapping_fragments_give_no_packet(void **state)
{
    (void)state;
    load(CAPTURES "v5-loss5/session.pcap", &original);
    fragment_first(100, fragment_ipv4);
    size_t first = changed.count - 3; /* three pieces of the last packet, last piece first */
    changed.count -= 1;               /* its beginning is still to come */
    uint8_t *evil = new_frame(original.time[99], changed.bytes[first + 1], 34 + 512);
    put_u16(evil + 20, 0x2000 | (512 - 256) / 8);
    changed.len[changed.count++] = 34 + 512;
    outcome got = track(CAP_LINK_ETHERNET, &changed);
    assert_int_equal(got.packets, 99);
    assert_int_equal(got.counts.damaged, 1);
    assert_int_equal(got.counts.incomplete, 1);
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
    static const char *const captures[] = {CAPTURES "v5-loss5/session.pcap",
                                           CAPTURES "v5-tfmcc/session.pcap",
                                           CAPTURES "v5-enc-loss5/session.pcap"};
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

/* Breaks when a stranger's port decides: content does. */
static void ports_do_not_matter_and_other_udp_is_left_alone(void **state)
{
    (void)state;
    load(CAPTURES "v5-loss5/session.pcap", &original);
    changed = original;
    for (size_t i = 0; i < changed.count; i++)
        put_u16(changed.bytes[i] + 36, 5353), put_u16(changed.bytes[i] + 34, 40000);
    outcome got = track(CAP_LINK_ETHERNET, &changed);
    assert_int_equal(got.packets, 276);
    for (size_t i = 0; i < changed.count; i++)
        memset(changed.bytes[i] + 43, 0xee, 17);
    got = track(CAP_LINK_ETHERNET, &changed);
    assert_int_equal(got.packets, 0);
    assert_int_equal(got.counts.other, 276);
}

/* ---- files ---- */

static char scratch[64];

static void write_file(const void *bytes, size_t len, bool compressed)
{
    snprintf(scratch, sizeof scratch, "/tmp/uftp-pcap-test.XXXXXX");
    int fd = mkstemp(scratch);
    assert_true(fd >= 0);
    if (compressed) {
        gzFile file = gzdopen(fd, "wb");
        assert_true(file && gzwrite(file, bytes, (unsigned)len) == (int)len);
        assert_int_equal(gzclose(file), Z_OK);
    } else {
        assert_int_equal(write(fd, bytes, len), (ssize_t)len);
        close(fd);
    }
}

/* Frames of the scratch file; *how says how it ended. */
static size_t count_frames(cap_next *how)
{
    char error[CAP_INPUT_ERROR_MAX] = "";
    cap_input *input = cap_input_open(&(cap_input_config){.path = scratch}, error);
    *how = CAP_NEXT_BROKEN;
    size_t count = 0;
    if (input) {
        cap_frame frame;
        while ((*how = cap_input_next(input, &frame)) == CAP_NEXT_FRAME)
            count++;
        if (*how == CAP_NEXT_BROKEN)
            assert_true(*cap_input_error(input));
    } else {
        assert_true(*error);
    }
    cap_input_close(input);
    return count;
}

/* Breaks when compression is not recognised, or its end is not. */
static void compressed_captures_read_the_same(void **state)
{
    (void)state;
    size_t len;
    char *bytes = test_read_file(CAPTURES "v5-loss5/session.pcap", &len);
    assert_non_null(bytes);
    cap_next how;
    write_file(bytes, len, true);
    assert_int_equal(count_frames(&how), 276);
    assert_int_equal(how, CAP_NEXT_END);
    /* The compressed file loses its second half. */
    FILE *file = fopen(scratch, "rb");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    long half = ftell(file) / 2;
    fclose(file);
    assert_int_equal(truncate(scratch, half), 0);
    size_t count = count_frames(&how);
    assert_true(count > 50 && count < 276);
    assert_int_equal(how, CAP_NEXT_BROKEN);
    unlink(scratch);
    free(bytes);
}

/* Breaks when what stands before the cut is lost, or the cut is not told. */
static void a_capture_that_breaks_off_gives_what_it_has(void **state)
{
    (void)state;
    size_t len;
    char *bytes = test_read_file(CAPTURES "v5-loss5/session.pcap", &len);
    assert_non_null(bytes);
    cap_next how;
    write_file(bytes, len - 1, false);
    assert_int_equal(count_frames(&how), 275);
    assert_int_equal(how, CAP_NEXT_BROKEN);
    for (int cut = 0; cut < 300; cut++) {
        assert_int_equal(truncate(scratch, 300 - cut), 0);
        assert_true(count_frames(&how) < 4);
    }
    unlink(scratch);
    free(bytes);
}

static void put_u32(uint8_t *at, size_t value)
{
    for (size_t i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> 8 * i); /* little endian */
}

/* One block of pcapng around a body that is padded to 4 bytes. */
static size_t put_block(uint8_t *at, uint32_t type, const uint8_t *body, size_t len)
{
    size_t padded = (len + 3) / 4 * 4;
    memset(at, 0, padded + 12);
    put_u32(at, type);
    put_u32(at + 4, padded + 12);
    memcpy(at + 8, body, len);
    put_u32(at + 8 + padded, padded + 12);
    return padded + 12;
}

/* Breaks when libpcap's reading of the newer format is not asked for. */
static void pcapng_captures_read_the_same(void **state)
{
    (void)state;
    load(CAPTURES "v5-loss5/session.pcap", &original);
    static uint8_t file[FRAMES_MAX * 2048], body[FRAME_MAX + 20];
    size_t len = 0;
    uint8_t section[16], interface[8] = {1, 0, 0, 0, 0, 0, 0, 0};
    memset(section, 0xff, sizeof section);
    put_u32(section, 0x1a2b3c4d);
    put_u32(section + 4, 1);
    len += put_block(file + len, 0x0a0d0d0a, section, sizeof section);
    len += put_block(file + len, 1, interface, sizeof interface);
    for (size_t i = 0; i < original.count; i++) {
        uint64_t us = original.time[i] / 1000;
        put_u32(body, 0);
        put_u32(body + 4, us >> 32);
        put_u32(body + 8, us & UINT32_MAX);
        put_u32(body + 12, original.len[i]);
        put_u32(body + 16, original.len[i]);
        memcpy(body + 20, original.bytes[i], original.len[i]);
        len += put_block(file + len, 6, body, 20 + original.len[i]);
    }
    write_file(file, len, false);
    outcome wanted = track(CAP_LINK_ETHERNET, &original);
    load(scratch, &changed);
    unlink(scratch);
    outcome got = track(CAP_LINK_ETHERNET, &changed);
    expect_same(&wanted, &got);
    assert_true(memcmp(original.time, changed.time, original.count * sizeof *original.time) == 0);
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
        cmocka_unit_test(fragments_are_put_together),
        cmocka_unit_test(a_lost_fragment_loses_one_packet),
        cmocka_unit_test(overlapping_fragments_give_no_packet),
        cmocka_unit_test(trains_are_taken_apart),
        cmocka_unit_test(frames_cut_anywhere_are_counted_not_fatal),
        cmocka_unit_test(a_damaged_message_is_counted_as_malformed),
        cmocka_unit_test(frames_out_of_order_are_told),
        cmocka_unit_test(ports_do_not_matter_and_other_udp_is_left_alone),
        cmocka_unit_test(compressed_captures_read_the_same),
        cmocka_unit_test(a_capture_that_breaks_off_gives_what_it_has),
        cmocka_unit_test(pcapng_captures_read_the_same),
        cmocka_unit_test(key_logs_are_read_strictly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
