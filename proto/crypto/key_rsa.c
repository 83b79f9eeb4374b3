/* SPDX-License-Identifier: MIT
 *
 * Which RSA numbers make a key. Everything that is asked for here is what Nettle relies on without
 * asking (odd factors of equal size, residues in range), or what the wire can express.
 */
#include "crypto/key_internal.h"

#include "crypto/secret.h"

#define SCRATCH_BITS 8192 /* a product of two of the longest numbers */
#define BLOB_HEADER_LEN 8 /* type, 0, modulus length, exponent (1.19) */

_Static_assert(SCRATCH_BITS >= 2 * UFTP_RSA_BITS_MAX, "no number has to move");

int uftp_rsa_public_check(const struct rsa_public_key *key)
{
    if (mpz_sgn(key->n) <= 0 || mpz_sgn(key->e) <= 0)
        return UFTP_ERR_KEY;
    size_t bits = mpz_sizeinbase(key->n, 2);
    size_t len = (bits + 7) / 8;
    /* Whole bytes are what a peer's blob tells, so 1017 bits count as 1024. */
    if (len < UFTP_RSA_BITS_MIN / 8 || len > UFTP_RSA_BITS_MAX / 8)
        return UFTP_ERR_LIMIT;
    if (len % 4 != 0 || mpz_even_p(key->n))
        return UFTP_ERR_KEY;
    /* 32 bits on the wire; that also bounds what verifying for a stranger costs. */
    if (mpz_sizeinbase(key->e, 2) > 32 || mpz_even_p(key->e) || mpz_cmp_ui(key->e, 3) < 0)
        return UFTP_ERR_KEY;
    return UFTP_OK;
}

/* 0 < x < limit */
static bool in_range(const mpz_t x, const mpz_t limit)
{
    return mpz_sgn(x) > 0 && mpz_cmp(x, limit) < 0;
}

/* x * y = 1 modulo m */
static bool inverse(const mpz_t x, const mpz_t y, const mpz_t m, mpz_t scratch)
{
    mpz_mul(scratch, x, y);
    mpz_mod(scratch, scratch, m);
    return mpz_cmp_ui(scratch, 1) == 0;
}

/* Sizes are checked before any arithmetic on them: what reaches here may be a hostile file. */
static bool factors_fit(const struct rsa_public_key *open, const struct rsa_private_key *secret,
                        mpz_t scratch)
{
    if (mpz_sgn(secret->p) <= 0 || mpz_sgn(secret->q) <= 0)
        return false;
    size_t bits = mpz_sizeinbase(secret->p, 2);
    if (bits != mpz_sizeinbase(secret->q, 2) || bits > UFTP_RSA_BITS_MAX / 2)
        return false;
    if (mpz_even_p(secret->p) || mpz_even_p(secret->q))
        return false;
    mpz_mul(scratch, secret->p, secret->q);
    return mpz_cmp(scratch, open->n) == 0;
}

static bool exponents_fit(const struct rsa_public_key *open, const struct rsa_private_key *secret,
                          mpz_t p1, mpz_t q1, mpz_t scratch)
{
    mpz_sub_ui(p1, secret->p, 1);
    mpz_sub_ui(q1, secret->q, 1);
    return in_range(secret->d, open->n) && in_range(secret->a, p1) && in_range(secret->b, q1) &&
           in_range(secret->c, secret->p) && inverse(secret->d, open->e, p1, scratch) &&
           inverse(secret->d, open->e, q1, scratch) && inverse(secret->a, open->e, p1, scratch) &&
           inverse(secret->b, open->e, q1, scratch) &&
           inverse(secret->c, secret->q, secret->p, scratch);
}

static bool secret_fits(const struct rsa_public_key *open, const struct rsa_private_key *secret)
{
    mpz_t p1, q1, scratch;
    uftp_secret_mpz_init(p1, UFTP_RSA_BITS_MAX);
    uftp_secret_mpz_init(q1, UFTP_RSA_BITS_MAX);
    uftp_secret_mpz_init(scratch, SCRATCH_BITS);
    bool fits = factors_fit(open, secret, scratch) && exponents_fit(open, secret, p1, q1, scratch);
    uftp_secret_mpz_clear(p1);
    uftp_secret_mpz_clear(q1);
    uftp_secret_mpz_clear(scratch);
    return fits;
}

static void write_blob(uftp_key *key)
{
    size_t len = key->rsa.open.size;
    key->blob[0] = UFTP_KEY_RSA;
    key->blob[1] = 0;
    key->blob[2] = (uint8_t)(len >> 8);
    key->blob[3] = (uint8_t)len;
    nettle_mpz_get_str_256(4, key->blob + 4, key->rsa.open.e);
    nettle_mpz_get_str_256(len, key->blob + BLOB_HEADER_LEN, key->rsa.open.n);
    key->blob_len = BLOB_HEADER_LEN + len;
}

int uftp_key_complete_rsa(uftp_key *key)
{
    int err = uftp_rsa_public_check(&key->rsa.open);
    if (err < 0)
        return err;
    if (!secret_fits(&key->rsa.open, &key->rsa.secret))
        return UFTP_ERR_KEY;
    if (!rsa_public_key_prepare(&key->rsa.open) || !rsa_private_key_prepare(&key->rsa.secret))
        return UFTP_ERR_KEY;
    write_blob(key);
    return UFTP_OK;
}
