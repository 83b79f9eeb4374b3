/* SPDX-License-Identifier: MIT
 *
 * Fragments of IPv4 and IPv6: put together in any order, never across a hole, a contradiction or
 * half a minute.
 */
#include "frames.h"

#include <string.h>

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

/* ---- by hand ---- */

/* A whole REGISTER of version 5 in UDP, to be cut at will: 68 bytes. */
enum { DATAGRAM_LEN = 68 };
static uint8_t datagram[DATAGRAM_LEN] = {
    0x04, 0x14, 0x04, 0x14, 0, DATAGRAM_LEN, 0, 0, 0x50, 2, 0, 0, 0, 0, 0, 1, 0, 0, 0, 9, 0,
    0,    0,    0,    2,    11};

static void start_frames(void)
{
    changed.count = 0;
}

/* Bytes from `at` on, as a fragment of packet `id`; the frame is raw IPv4. */
static void add_ipv4(uint16_t id, uint64_t time, size_t at, size_t len, bool more)
{
    const uint8_t header[20] = {0x45, 0, 0, 0, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 2, 10, 0, 0, 1};
    uint8_t *frame = new_frame(time, header, sizeof header);
    put_u16(frame + 2, 20 + len);
    put_u16(frame + 4, id);
    put_u16(frame + 6, (more ? 0x2000u : 0) | at / 8);
    memset(frame + 20, 0, len);
    if (at < DATAGRAM_LEN)
        memcpy(frame + 20, datagram + at, at + len <= DATAGRAM_LEN ? len : DATAGRAM_LEN - at);
    changed.len[changed.count++] = 20 + len;
}

static void add_ipv6(uint32_t id, uint64_t time, size_t at, size_t len, bool more)
{
    uint8_t header[48] = {0x60};
    header[6] = 44;
    header[23] = 2;
    header[39] = 1;
    header[40] = 17;
    uint8_t *frame = new_frame(time, header, sizeof header);
    put_u16(frame + 4, 8 + len);
    put_u16(frame + 42, at | more);
    put_u16(frame + 46, id);
    memcpy(frame + 48, datagram + at, len);
    changed.len[changed.count++] = 48 + len;
}

/* Breaks when the bytes that a packet was put together of can be replaced, or a hole is handed out
 * with whatever lies in memory: a last fragment that ends before another one does. */
static void contradicting_fragments_give_no_packet(void **state)
{
    (void)state;
    static const struct {
        struct {
            size_t at, len;
            bool more;
        } part[3];
        size_t parts;
    } cases[] = {
        {{{16, 8, true}, {8, 4, false}}, 2},                /* the end is before what is there */
        {{{8, 4, false}, {16, 8, true}}, 2},                /* the same the other way round */
        {{{0, 64, true}, {64, 4, false}, {0, 0, true}}, 3}, /* a good one, then an empty one */
        {{{0, 40, true}, {32, 36, false}}, 2},              /* overlap at the end */
        {{{32, 36, false}, {0, 40, true}}, 2},
        {{{0, 24, true}, {16, 8, true}, {24, 44, false}}, 3}, /* within: taken as a repetition */
        {{{0, 40, true}, {40, 28, false}, {40, 20, false}}, 3},
        {{{0, 41, true}, {40, 28, false}}, 2}, /* not a multiple of eight */
        {{{65528, 16, false}}, 1},             /* beyond what IP can hold */
    };
    static const int packets[] = {0, 0, 1, 0, 0, 1, 1, 0, 0};
    static const int damaged[] = {1, 1, 1, 1, 1, 0, 0, 1, 1};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        start_frames();
        for (size_t k = 0; k < cases[i].parts; k++)
            add_ipv4(7, UFTP_S(1), cases[i].part[k].at, cases[i].part[k].len,
                     cases[i].part[k].more);
        outcome got = track(CAP_LINK_RAW, &changed);
        if (got.packets != (uint64_t)packets[i] || got.counts.damaged != (uint64_t)damaged[i])
            fail_msg("case %zu: %d packets, %d damaged", i, (int)got.packets,
                     (int)got.counts.damaged);
    }
}

static void overlapping_fragments_of_ipv6_give_no_packet(void **state)
{
    (void)state;
    start_frames();
    add_ipv6(1, UFTP_S(1), 0, 40, true);
    add_ipv6(1, UFTP_S(1), 32, 36, false);
    outcome got = track(CAP_LINK_RAW, &changed);
    assert_int_equal(got.packets, 0);
    assert_int_equal(got.counts.damaged, 1);
    start_frames();
    add_ipv6(1, UFTP_S(1), 40, 28, false);
    add_ipv6(2, UFTP_S(1), 0, 40, true); /* of another packet */
    add_ipv6(1, UFTP_S(1), 0, 40, true);
    got = track(CAP_LINK_RAW, &changed);
    assert_int_equal(got.packets, 1);
    assert_int_equal(got.counts.incomplete, 1);
}

/* Breaks when identifications that were used again join the halves of two packets. */
static void fragments_wait_half_a_minute(void **state)
{
    (void)state;
    for (int seconds = 29; seconds <= 31; seconds++) {
        start_frames();
        add_ipv4(7, UFTP_S(1), 0, 40, true);
        add_ipv4(7, UFTP_S(1) + UFTP_S((uint64_t)seconds), 40, 28, false);
        outcome got = track(CAP_LINK_RAW, &changed);
        assert_int_equal(got.packets, seconds <= 30);
        assert_int_equal(got.counts.incomplete, seconds <= 30 ? 0 : 2);
    }
    /* Time that goes back takes nothing away. */
    start_frames();
    add_ipv4(7, UFTP_S(100), 0, 40, true);
    add_ipv4(7, UFTP_S(1), 40, 28, false);
    assert_int_equal(track(CAP_LINK_RAW, &changed).packets, 1);
}

/* Breaks when a flood of first fragments takes memory without end, or the newest are lost to it. */
static void more_packets_than_are_kept_give_up_the_oldest(void **state)
{
    (void)state;
    start_frames();
    for (uint16_t id = 0; id < 80; id++)
        add_ipv4(id, UFTP_S(1) + id, 0, 40, true);
    for (uint16_t id = 0; id < 80; id++)
        add_ipv4((uint16_t)(79 - id), UFTP_S(2) + id, 40, 28, false);
    outcome got = track(CAP_LINK_RAW, &changed);
    assert_int_equal(got.packets, 64);
    assert_int_equal(got.counts.incomplete, 32); /* sixteen first parts, sixteen last ones */
}

/* Breaks when a fragment of which the capture lacks bytes is filled up with others. */
static void a_fragment_that_was_cut_short_is_never_used(void **state)
{
    (void)state;
    start_frames();
    add_ipv4(7, UFTP_S(1), 0, 40, true);
    changed.len[0] -= 8;
    add_ipv4(7, UFTP_S(1), 40, 28, false);
    outcome got = track(CAP_LINK_RAW, &changed);
    assert_int_equal(got.packets, 0);
    assert_int_equal(got.counts.damaged, 1);
    assert_int_equal(got.counts.incomplete, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fragments_are_put_together),
        cmocka_unit_test(a_lost_fragment_loses_one_packet),
        cmocka_unit_test(overlapping_fragments_give_no_packet),
        cmocka_unit_test(contradicting_fragments_give_no_packet),
        cmocka_unit_test(overlapping_fragments_of_ipv6_give_no_packet),
        cmocka_unit_test(fragments_wait_half_a_minute),
        cmocka_unit_test(more_packets_than_are_kept_give_up_the_oldest),
        cmocka_unit_test(a_fragment_that_was_cut_short_is_never_used),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
