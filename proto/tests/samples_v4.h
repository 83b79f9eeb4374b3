/* SPDX-License-Identifier: MIT
 *
 * Messages and their exact bytes in wire version 4, written down by hand from the protocol text:
 * every message that differs from version 5, and enough of the others to see that they do not.
 */
#ifndef UFTP_TESTS_SAMPLES_V4_H
#define UFTP_TESTS_SAMPLES_V4_H

#include <uftp/message.h>

#define SAMPLE_V4_LEN_MAX 512

typedef struct sample_v4 {
    const char *name;
    const char *hex; /* blanks between fields */
    size_t zeros;    /* zero bytes behind them */
    uftp_message message;
} sample_v4;

extern const sample_v4 samples_v4[];
extern const size_t samples_v4_count;

/* The bytes of a sample, from the type byte on; returns how many. */
size_t sample_v4_bytes(const sample_v4 *sample, uint8_t out[SAMPLE_V4_LEN_MAX]);

/* Fails the test when there is none of that name. */
const sample_v4 *sample_v4_find(const char *name);

#endif
