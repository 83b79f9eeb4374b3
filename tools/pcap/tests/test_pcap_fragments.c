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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fragments_are_put_together),
        cmocka_unit_test(a_lost_fragment_loses_one_packet),
        cmocka_unit_test(overlapping_fragments_give_no_packet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
