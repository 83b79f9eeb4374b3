/* SPDX-License-Identifier: MIT
 *
 * Reads the vector files of conformance/vectors: lines `name = hex` and `meta.name = text`. It
 * keeps count of what was looked at, so that a test can prove that it left nothing out.
 */
#ifndef UFTP_TESTS_VECTORS_H
#define UFTP_TESTS_VECTORS_H

#include "support.h"

typedef struct test_vectors test_vectors;

/* Fails the test when the file is not there or not understood. */
test_vectors *test_vectors_open(const char *file);
void test_vectors_close(test_vectors *vectors);

/* Fail the test when there is no such name. What they return is valid until the close. */
uftp_bytes test_vector(test_vectors *vectors, const char *name);
const char *test_vector_text(test_vectors *vectors, const char *name);
bool test_vector_exists(const test_vectors *vectors, const char *name);
/* The names in the order of the file; NULL behind the last one. */
const char *test_vector_name(const test_vectors *vectors, size_t index);

/* Compares, and names the vector in a failure. */
void test_vector_equals(test_vectors *vectors, const char *name, const uint8_t *data, size_t len);

/* A part of packet `index`: "raw", "plain", "iv", "aad" (hex), or "key" (text). */
uftp_bytes test_packet(test_vectors *vectors, size_t index, const char *part);
bool test_packet_exists(const test_vectors *vectors, size_t index, const char *part);
void test_packet_equals(test_vectors *vectors, size_t index, const char *part, const uint8_t *data,
                        size_t len);
const char *test_packet_key(test_vectors *vectors, size_t index);
size_t test_packet_count(const test_vectors *vectors);

/* Fails and names the first hex value that was neither read nor compared. */
void test_vectors_all_seen(const test_vectors *vectors);

#endif
