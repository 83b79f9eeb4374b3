/* SPDX-License-Identifier: MIT
 *
 * Looks into memory at the moment it is given back, to see whether a secret is still in it: blocks
 * of an allocator to hand to the core, and the numbers of GMP.
 */
#ifndef UFTP_TESTS_RELEASED_H
#define UFTP_TESTS_RELEASED_H

#include "support.h"

/* One at a time: GMP's hooks are of the whole process. */
extern const uftp_allocator released_allocator;

/* From here on, what is released is kept; stop gives GMP its functions back. */
void released_start(void);
void released_stop(void);
size_t released_len(void); /* bytes kept */
/* Whether 8 bytes in a row of the secret were seen, in this order or (GMP's) the other way. */
bool released_contains(const uint8_t *secret, size_t len);

#endif
