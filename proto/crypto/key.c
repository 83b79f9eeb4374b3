/* SPDX-License-Identifier: MIT
 *
 * The life of a signing key, and the names of key kinds.
 */
#include "crypto/key_internal.h"

#include "base/memory.h"
#include "crypto/secret.h"

#define RSA_EXPONENT 65537

int uftp_key_create(const uftp_allocator *memory, const uftp_ec_curve *curve, uftp_key **out)
{
    uftp_key *key = uftp_alloc(memory, 1, sizeof *key);
    if (!key)
        return UFTP_ERR_MEMORY;
    key->memory = *memory;
    if (curve) {
        key->type = UFTP_KEY_EC;
        key->ec.curve = curve;
        ecc_scalar_init(&key->ec.scalar, uftp_ec_curve_nettle(curve));
        ecc_point_init(&key->ec.point, uftp_ec_curve_nettle(curve));
    } else {
        key->type = UFTP_KEY_RSA;
        rsa_public_key_init(&key->rsa.open);
        rsa_private_key_init(&key->rsa.secret);
    }
    *out = key;
    return UFTP_OK;
}

void uftp_key_free(uftp_key *key)
{
    if (!key)
        return;
    uftp_allocator memory = key->memory;
    if (key->type == UFTP_KEY_EC) {
        uftp_secret_scalar_clear(&key->ec.scalar);
        ecc_point_clear(&key->ec.point);
    } else {
        rsa_public_key_clear(&key->rsa.open);
        /* Each number of rsa_private_key_clear(), with its limbs overwritten first. */
        struct rsa_private_key *secret = &key->rsa.secret;
        mpz_ptr numbers[] = {secret->d, secret->p, secret->q, secret->a, secret->b, secret->c};
        for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
            uftp_secret_mpz_clear(numbers[i]);
    }
    uftp_wipe(key, sizeof *key);
    uftp_release(&memory, key);
}

/* ---- generation ---- */

int uftp_key_complete_ec(uftp_key *key)
{
    ecc_point_mul_g(&key->ec.point, &key->ec.scalar);
    key->blob_len = uftp_ec_blob_write(key->ec.curve, &key->ec.point, key->blob);
    return UFTP_OK;
}

static int generate_ec(const uftp_allocator *memory, const uftp_random *random, uftp_curve number,
                       uftp_key **out)
{
    const uftp_ec_curve *curve = uftp_ec_curve_find(number);
    if (!curve || !uftp_ec_curve_in_v5(number)) /* the others have no name in a key file */
        return UFTP_ERR_UNSUPPORTED;
    int err = uftp_key_create(memory, curve, out);
    if (err < 0)
        return err;
    ecc_scalar_random(&(*out)->ec.scalar, random->ctx, random->fill);
    return uftp_key_complete_ec(*out);
}

static bool rsa_bits_allowed(unsigned bits)
{
    return bits >= UFTP_RSA_BITS_MIN && bits <= UFTP_RSA_BITS_MAX && bits % 32 == 0;
}

static int generate_rsa(const uftp_allocator *memory, const uftp_random *random, unsigned bits,
                        uftp_key **out)
{
    if (!rsa_bits_allowed(bits))
        return UFTP_ERR_LIMIT;
    uftp_key *key;
    int err = uftp_key_create(memory, NULL, &key);
    if (err < 0)
        return err;
    mpz_set_ui(key->rsa.open.e, RSA_EXPONENT);
    if (rsa_generate_keypair(&key->rsa.open, &key->rsa.secret, random->ctx, random->fill, NULL,
                             NULL, bits, 0))
        err = uftp_key_complete_rsa(key);
    else
        err = UFTP_ERR_KEY;
    if (err < 0) {
        uftp_key_free(key);
        return err;
    }
    *out = key;
    return UFTP_OK;
}

int uftp_key_generate(const uftp_allocator *memory, const uftp_random *random,
                      const uftp_key_spec *spec, uftp_key **out)
{
    switch (spec->type) {
    case UFTP_KEY_RSA:
        return generate_rsa(memory, random, spec->bits, out);
    case UFTP_KEY_EC:
        return generate_ec(memory, random, spec->curve, out);
    }
    return UFTP_ERR_UNSUPPORTED;
}

void uftp_key_describe(const uftp_key *key, uftp_key_spec *out)
{
    *out = (uftp_key_spec){.type = key->type};
    if (key->type == UFTP_KEY_EC)
        out->curve = key->ec.curve->number;
    else
        out->bits = (uint16_t)mpz_sizeinbase(key->rsa.open.n, 2);
}

uftp_bytes uftp_key_blob(const uftp_key *key)
{
    return (uftp_bytes){key->blob, key->blob_len};
}

/* ---- names ---- */

uftp_curve uftp_curve_parse(const char *name)
{
    if (strcmp(name, "secp256r1") == 0) /* beside the name below, its other one */
        return UFTP_CURVE_SECP256R1;
    for (unsigned number = UFTP_CURVE_SECP256R1; number <= UFTP_CURVE_SECP521R1; number++)
        if (strcmp(name, uftp_ec_curve_find(number)->name) == 0)
            return (uftp_curve)number;
    return (uftp_curve)0;
}

const char *uftp_curve_name(uftp_curve curve)
{
    const uftp_ec_curve *found = uftp_ec_curve_find(curve);
    return found ? found->name : "unknown";
}

/* Decimal digits and nothing else. */
static int bits_parse(const char *text, uftp_key_spec *out)
{
    unsigned bits = 0;
    size_t digits = 0;
    for (; text[digits]; digits++) {
        if (text[digits] < '0' || text[digits] > '9')
            return UFTP_ERR_FORMAT;
        if (bits <= UFTP_RSA_BITS_MAX) /* no further: a long number must not wrap into range */
            bits = bits * 10 + (unsigned)(text[digits] - '0');
    }
    if (digits == 0)
        return UFTP_ERR_FORMAT;
    if (!rsa_bits_allowed(bits))
        return UFTP_ERR_LIMIT;
    *out = (uftp_key_spec){.type = UFTP_KEY_RSA, .bits = (uint16_t)bits};
    return UFTP_OK;
}

int uftp_key_spec_parse(const char *text, uftp_key_spec *out)
{
    if (strncmp(text, "rsa:", 4) == 0)
        return bits_parse(text + 4, out);
    if (strncmp(text, "ec:", 3) != 0)
        return UFTP_ERR_FORMAT;
    uftp_curve curve = uftp_curve_parse(text + 3);
    if (!curve)
        return UFTP_ERR_FORMAT;
    *out = (uftp_key_spec){.type = UFTP_KEY_EC, .curve = curve};
    return UFTP_OK;
}
