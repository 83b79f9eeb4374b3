/* SPDX-License-Identifier: MIT
 *
 * One table of messages and their exact bytes in wire version 5, written down by hand from the
 * protocol text, for unit tests and as seeds of fuzzers.
 */
#ifndef UFTP_TESTS_SAMPLES_V5_H
#define UFTP_TESTS_SAMPLES_V5_H

#include <uftp/message.h>

#define SAMPLE_V5_LEN_MAX 512

typedef struct sample_v5 {
    const char *name;
    const char *hex; /* blanks between fields */
    size_t zeros;    /* zero bytes behind them */
    uftp_message message;
} sample_v5;

extern const sample_v5 samples_v5[];
extern const size_t samples_v5_count;

/* The bytes of a sample, from the type byte on; returns how many. */
size_t sample_v5_bytes(const sample_v5 *sample, uint8_t out[SAMPLE_V5_LEN_MAX]);

/* NULL when there is none of that name. */
const sample_v5 *sample_v5_find(const char *name);

/* The common header of whole sample datagrams: type 0, to be set. Its bytes are
 * 50 TT 1234 0a4d0501 3d30c238 02 6a 18 00. */
extern const uftp_header sample_v5_header;

#endif
