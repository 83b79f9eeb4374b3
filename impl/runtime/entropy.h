/* SPDX-License-Identifier: MIT
 *
 * Randomness of cryptographic quality from the kernel (getrandom), a small stock at a time.
 */
#ifndef UFTP_RUNTIME_ENTROPY_H
#define UFTP_RUNTIME_ENTROPY_H

#include <uftp/core.h>

#define UFTP_ENTROPY_STOCK 256 /* what getrandom() delivers without being interruptible */

/* Hand out &entropy->random. Must stay where it is while in use, and must not be used on both sides
 * of a fork(): a daemon initialises it after it has forked. Every byte is handed out once and wiped
 * from the stock. When the kernel has none the program ends with a message: there is no safe way to
 * go on. */
typedef struct uftp_entropy {
    uftp_random random;
    uint8_t stock[UFTP_ENTROPY_STOCK];
    size_t left; /* bytes of the stock not yet handed out: the first `left` */
} uftp_entropy;

void uftp_entropy_init(uftp_entropy *entropy);
/* Forgets the stock. */
void uftp_entropy_wipe(uftp_entropy *entropy);

#endif
