/* SPDX-License-Identifier: MIT
 *
 * Whether two decoded messages mean the same: every field, and what pointers lead to. `whole`
 * members are left out: they show how something was received.
 */
#ifndef UFTP_TESTS_COMPARE_H
#define UFTP_TESTS_COMPARE_H

#include <uftp/message.h>

bool test_header_equal(const uftp_header *a, const uftp_header *b);
bool test_message_equal(const uftp_message *a, const uftp_message *b);

#endif
