/* SPDX-License-Identifier: MIT */
#include "crypto/ecdh.h"

#include "base/memory.h"
#include "crypto/ec.h"
#include "crypto/secret.h"

_Static_assert(UFTP_ECDH_BLOB_MAX == UFTP_EC_BLOB_MAX, "the longest blob");
_Static_assert(UFTP_ECDH_SHARED_MAX == UFTP_EC_COORDINATE_MAX, "the longest coordinate");

struct uftp_ecdh {
    uftp_allocator memory; /* a copy, to free with */
    const uftp_ec_curve *curve;
    struct ecc_scalar scalar;
    uint8_t blob[UFTP_ECDH_BLOB_MAX];
    size_t blob_len;
};

/* A key whose scalar is not set yet. */
static int create(const uftp_allocator *memory, uftp_curve number, uftp_ecdh **out)
{
    const uftp_ec_curve *curve = uftp_ec_curve_find(number);
    if (!curve)
        return UFTP_ERR_UNSUPPORTED;
    uftp_ecdh *key = uftp_alloc(memory, 1, sizeof *key);
    if (!key)
        return UFTP_ERR_MEMORY;
    key->memory = *memory;
    key->curve = curve;
    ecc_scalar_init(&key->scalar, uftp_ec_curve_nettle(curve));
    *out = key;
    return UFTP_OK;
}

static void derive_public(uftp_ecdh *key)
{
    struct ecc_point point;
    ecc_point_init(&point, key->scalar.ecc);
    ecc_point_mul_g(&point, &key->scalar);
    key->blob_len = uftp_ec_blob_write(key->curve, &point, key->blob);
    ecc_point_clear(&point);
}

int uftp_ecdh_generate(const uftp_allocator *memory, const uftp_random *random, uftp_curve curve,
                       uftp_ecdh **out)
{
    int err = create(memory, curve, out);
    if (err < 0)
        return err;
    ecc_scalar_random(&(*out)->scalar, random->ctx, random->fill);
    derive_public(*out);
    return UFTP_OK;
}

int uftp_ecdh_import(const uftp_allocator *memory, uftp_curve curve, const uint8_t *scalar,
                     size_t len, uftp_ecdh **out)
{
    uftp_ecdh *key;
    int err = create(memory, curve, &key);
    if (err < 0)
        return err;
    err = len == key->curve->coordinate_len
              ? uftp_ec_scalar_read(key->curve, (uftp_bytes){scalar, len}, &key->scalar)
              : UFTP_ERR_KEY;
    if (err < 0) {
        uftp_ecdh_free(key);
        return err;
    }
    derive_public(key);
    *out = key;
    return UFTP_OK;
}

void uftp_ecdh_free(uftp_ecdh *key)
{
    if (!key)
        return;
    uftp_allocator memory = key->memory;
    uftp_secret_scalar_clear(&key->scalar);
    uftp_wipe(key, sizeof *key);
    uftp_release(&memory, key);
}

uftp_curve uftp_ecdh_curve(const uftp_ecdh *key)
{
    return key->curve->number;
}

uftp_bytes uftp_ecdh_blob(const uftp_ecdh *key)
{
    return (uftp_bytes){key->blob, key->blob_len};
}

uftp_curve uftp_ecdh_blob_curve(uftp_bytes blob)
{
    const uftp_ec_curve *curve = uftp_ec_blob_curve(blob);
    return curve ? curve->number : (uftp_curve)0;
}

int uftp_ecdh_shared(const uftp_ecdh *own, uftp_bytes peer_blob, uint8_t out[UFTP_ECDH_SHARED_MAX])
{
    struct ecc_point point;
    ecc_point_init(&point, own->scalar.ecc);
    int err = uftp_ec_blob_read(peer_blob, own->curve, &point);
    if (err == UFTP_OK) {
        ecc_point_mul(&point, &own->scalar, &point);
        mpz_t x;
        uftp_secret_mpz_init(x, UFTP_EC_COORDINATE_BITS);
        ecc_point_get(&point, x, NULL);
        nettle_mpz_get_str_256(own->curve->coordinate_len, out, x);
        uftp_secret_mpz_clear(x);
    }
    uftp_secret_point_clear(&point);
    return err < 0 ? err : (int)own->curve->coordinate_len;
}
