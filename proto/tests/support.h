/* SPDX-License-Identifier: MIT
 *
 * What the core's tests hand in: memory that is counted and can fail, and repeatable randomness.
 */
#ifndef UFTP_TESTS_SUPPORT_H
#define UFTP_TESTS_SUPPORT_H

#include <uftp/core.h>

/* cmocka wants these first. */
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

typedef struct test_memory {
    uftp_allocator allocator; /* hand out &memory->allocator */
    size_t live;              /* blocks not yet released: 0 at the end of a test */
    size_t allocations;       /* ever made */
    size_t fail_at;           /* the allocation with this number (from 1) fails; 0: none */
} test_memory;

void test_memory_init(test_memory *memory);

/* A splitmix64 stream: equal seeds give equal bytes on every machine. Not for secrets. */
typedef struct test_random {
    uftp_random random; /* hand out &random->random */
    uint64_t state;
} test_random;

void test_random_init(test_random *random, uint64_t seed);
uint64_t test_random_u64(test_random *random);
uint64_t test_random_below(test_random *random, uint64_t limit);

/* Hex to bytes; returns the count. Fails the test on a bad digit or when it does not fit. */
size_t test_unhex(const char *hex, uint8_t *out, size_t capacity);

/* A whole file as bytes with a NUL behind it, to be freed; NULL when it cannot be read. */
char *test_read_file(const char *path, size_t *len);

#endif
