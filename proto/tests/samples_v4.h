/* SPDX-License-Identifier: MIT
 *
 * Messages and their exact bytes in wire version 4, written down by hand from the protocol text:
 * every message that differs from version 5, and enough of the others to see that they do not.
 */
#ifndef UFTP_TESTS_SAMPLES_V4_H
#define UFTP_TESTS_SAMPLES_V4_H

#include "samples_v5.h"

/* In the form of the samples of version 5; sample_v5_bytes() gives the bytes. */
typedef sample_v5 sample_v4;
#define SAMPLE_V4_LEN_MAX SAMPLE_V5_LEN_MAX

extern const sample_v4 samples_v4[];
extern const size_t samples_v4_count;

/* Fails the test when there is none of that name. */
const sample_v4 *sample_v4_find(const char *name);

#endif
