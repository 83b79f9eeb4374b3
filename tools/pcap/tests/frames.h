/* SPDX-License-Identifier: MIT
 *
 * A capture in memory that a test changes frame by frame, and what the tracker makes of it.
 */
#ifndef CAP_TESTS_FRAMES_H
#define CAP_TESTS_FRAMES_H

#include "tests/support.h"
#include "tracker.h"

#define CAPTURES UFTP_SOURCE_DIR "/conformance/captures/"
enum { FRAMES_MAX = 400, FRAME_MAX = 10000 };

typedef struct frames {
    size_t count;
    size_t len[FRAMES_MAX];
    uint64_t time[FRAMES_MAX];
    uint8_t bytes[FRAMES_MAX][FRAME_MAX];
} frames;

/* What the tracker makes of frames: a digest over all packets, in order. */
typedef struct outcome {
    uint64_t packets, digest;
    cap_counts counts;
} outcome;

/* What was captured, and what a test makes of it. */
extern frames original, changed;

/* Fails the test when the file cannot be read, or holds too much. */
void load(const char *path, frames *out);
outcome track(cap_link link, const frames *in);
void expect_same(const outcome *a, const outcome *b);

void put_u16(uint8_t *at, size_t value); /* in network order */
/* A frame behind the last of `changed` that begins with `len` bytes of another; its length is for
 * the caller to set, and to count it. */
uint8_t *new_frame(uint64_t time, const uint8_t *front, size_t len);

#endif
