/* SPDX-License-Identifier: MIT */
#include "frames.h"

#include <stdlib.h>
#include <string.h>

frames original, changed;

void load(const char *path, frames *out)
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

outcome track(cap_link link, const frames *in)
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

void expect_same(const outcome *a, const outcome *b)
{
    assert_int_equal(a->packets, b->packets);
    assert_true(a->digest == b->digest);
}

void put_u16(uint8_t *at, size_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

uint8_t *new_frame(uint64_t time, const uint8_t *front, size_t len)
{
    assert_true(changed.count < FRAMES_MAX);
    uint8_t *frame = changed.bytes[changed.count];
    memcpy(frame, front, len);
    changed.time[changed.count] = time;
    return frame;
}
