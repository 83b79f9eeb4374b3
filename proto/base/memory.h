/* SPDX-License-Identifier: MIT
 *
 * The caller's allocator and randomness, as the core uses them.
 */
#ifndef UFTP_BASE_MEMORY_H
#define UFTP_BASE_MEMORY_H

#include <uftp/core.h>

#include <string.h>

/* count * size zeroed bytes, or NULL (also when the product overflows). */
void *uftp_alloc(const uftp_allocator *memory, size_t count, size_t size);
/* NULL is allowed. */
void uftp_release(const uftp_allocator *memory, void *ptr);

/* Uniform in 0..limit-1; limit is not 0. */
uint64_t uftp_random_below(const uftp_random *random, uint64_t limit);

#endif
