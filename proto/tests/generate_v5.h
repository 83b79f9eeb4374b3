/* SPDX-License-Identifier: MIT
 *
 * Random messages that version 5 can carry, edges more often than chance would have them.
 */
#ifndef UFTP_TESTS_GENERATE_V5_H
#define UFTP_TESTS_GENERATE_V5_H

#include "support.h"
#include <uftp/message.h>

/* What the pointers of a generated message lead to. */
typedef struct generated_v5 {
    uint8_t bytes[UFTP_DATAGRAM_MAX];
    uint8_t text[UFTP_NAME_MAX]; /* no NUL */
    uftp_message message;
} generated_v5;

/* The longest encoding: a full header and a full body. */
#define GENERATED_V5_LEN_MAX (1020 + UFTP_DATAGRAM_MAX)

void generate_header_v5(test_random *random, uftp_header *out);
void generate_message_v5(test_random *random, generated_v5 *out);

#endif
