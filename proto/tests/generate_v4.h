/* SPDX-License-Identifier: MIT
 *
 * Random messages that version 4 can carry, made from those of version 5.
 */
#ifndef UFTP_TESTS_GENERATE_V4_H
#define UFTP_TESTS_GENERATE_V4_H

#include "generate_v5.h"

void generate_message_v4(test_random *random, generated_v5 *out);

#endif
