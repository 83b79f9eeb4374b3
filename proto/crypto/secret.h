/* SPDX-License-Identifier: MIT
 *
 * Ending the life of secrets. uftp_wipe() is in <uftp/key.h>.
 *
 * What is ours is overwritten before it is released: buffers, key objects and the numbers of GMP.
 * Nettle and GMP take scratch memory of their own during a computation and give it back as it is;
 * that can only be changed for a whole process (mp_set_memory_functions), which is not a library's
 * business. GMP also ends the process when it gets no memory.
 */
#ifndef UFTP_CRYPTO_SECRET_H
#define UFTP_CRYPTO_SECRET_H

#include <nettle/bignum.h>
#include <nettle/ecc.h>

#include <stdbool.h>
#include <stddef.h>

/* Constant-time comparison of secrets. */
bool uftp_secret_equal(const void *a, const void *b, size_t len);

/* A number with room for `bits`: it never has to move, so no copy stays behind. */
void uftp_secret_mpz_init(mpz_t number, size_t bits);
/* Overwrites and clears; the number may be used again only after another init. */
void uftp_secret_mpz_clear(mpz_t number);
void uftp_secret_scalar_clear(struct ecc_scalar *scalar);
void uftp_secret_point_clear(struct ecc_point *point);

#endif
