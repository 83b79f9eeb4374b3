/* SPDX-License-Identifier: MIT
 *
 * A capture file to be written: pcap, with times in nanoseconds.
 */
#ifndef CAP_OUTPUT_H
#define CAP_OUTPUT_H

#include "input.h"

typedef struct cap_output cap_output;

typedef struct cap_output_config {
    const char *path;       /* "-" for stdout */
    const char *input_path; /* must not be the same file; NULL: none */
    int datalink;           /* cap_input_datalink() */
} cap_output_config;

/* NULL: `error`, CAP_INPUT_ERROR_MAX bytes, says why. What is written there was encrypted: nobody
 * but the owner may read the file. */
cap_output *cap_output_open(const cap_output_config *config, char *error);
void cap_output_write(cap_output *output, const cap_frame *frame);
/* False when not all could be written; NULL is allowed. */
bool cap_output_close(cap_output *output);

#endif
