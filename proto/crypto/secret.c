/* SPDX-License-Identifier: MIT */
#include "crypto/secret.h"

#include <uftp/key.h>

#include <nettle/memops.h>

#include <string.h>

void uftp_wipe(void *data, size_t len)
{
    if (!len)
        return; /* memset wants a valid pointer even then */
    memset(data, 0, len);
    /* Claims to read what was written, so that the memset is not a dead store. */
    __asm__ __volatile__("" : : "r"(data) : "memory");
}

bool uftp_secret_equal(const void *a, const void *b, size_t len)
{
    return memeql_sec(a, b, len) != 0;
}

void uftp_secret_mpz_init(mpz_t number, size_t bits)
{
    mpz_init2(number, bits);
}

void uftp_secret_mpz_clear(mpz_t number)
{
    /* All that was allocated, not only what the present value fills. */
    uftp_wipe(number->_mp_d, (size_t)number->_mp_alloc * sizeof(mp_limb_t));
    mpz_clear(number);
}

void uftp_secret_scalar_clear(struct ecc_scalar *scalar)
{
    uftp_wipe(scalar->p, (size_t)ecc_size(scalar->ecc) * sizeof(mp_limb_t));
    ecc_scalar_clear(scalar);
}

void uftp_secret_point_clear(struct ecc_point *point)
{
    uftp_wipe(point->p, (size_t)ecc_size_a(point->ecc) * sizeof(mp_limb_t));
    ecc_point_clear(point);
}
