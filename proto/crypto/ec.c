/* SPDX-License-Identifier: MIT */
#include "crypto/ec.h"

#include "crypto/secret.h"
#include <uftp/key.h>

#include <nettle/ecc-curve.h>

#include <string.h>

#define BLOB_HEADER_LEN 4 /* type, curve, length of both coordinates */

const uftp_ec_curve *uftp_ec_curve_find(unsigned number)
{
    static const uftp_ec_curve curves[] = {
        {UFTP_CURVE_SECP192R1, "prime192v1", 24, {0}, 0}, /* no key files on these two: no OID */
        {UFTP_CURVE_SECP224R1, "secp224r1", 28, {0}, 0},
        {UFTP_CURVE_SECP256R1,
         "prime256v1",
         32,
         {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07}, /* 1.2.840.10045.3.1.7 */
         8},
        {UFTP_CURVE_SECP384R1,
         "secp384r1",
         48,
         {0x2b, 0x81, 0x04, 0x00, 0x22},
         5}, /* 1.3.132.0.34 */
        {UFTP_CURVE_SECP521R1,
         "secp521r1",
         66,
         {0x2b, 0x81, 0x04, 0x00, 0x23},
         5}, /* 1.3.132.0.35 */
    };
    for (size_t i = 0; i < sizeof curves / sizeof *curves; i++)
        if ((unsigned)curves[i].number == number)
            return &curves[i];
    return NULL;
}

const uftp_ec_curve *uftp_ec_curve_find_oid(uftp_bytes oid)
{
    for (unsigned number = UFTP_CURVE_SECP256R1; number <= UFTP_CURVE_SECP521R1; number++) {
        const uftp_ec_curve *curve = uftp_ec_curve_find(number);
        if (curve->oid_len == oid.len && memcmp(curve->oid, oid.data, oid.len) == 0)
            return curve;
    }
    return NULL;
}

const struct ecc_curve *uftp_ec_curve_nettle(const uftp_ec_curve *curve)
{
    switch (curve->number) {
    case UFTP_CURVE_SECP192R1:
        return nettle_get_secp_192r1();
    case UFTP_CURVE_SECP224R1:
        return nettle_get_secp_224r1();
    case UFTP_CURVE_SECP256R1:
        return nettle_get_secp_256r1();
    case UFTP_CURVE_SECP384R1:
        return nettle_get_secp_384r1();
    case UFTP_CURVE_SECP521R1:
        return nettle_get_secp_521r1();
    }
    return NULL;
}

const uftp_ec_curve *uftp_ec_blob_curve(uftp_bytes blob)
{
    if (blob.len < BLOB_HEADER_LEN || blob.data[0] != UFTP_KEY_EC)
        return NULL;
    const uftp_ec_curve *curve = uftp_ec_curve_find(blob.data[1]);
    size_t point_len = (size_t)(blob.data[2] << 8 | blob.data[3]);
    if (!curve || point_len != 2 * curve->coordinate_len || blob.len - BLOB_HEADER_LEN < point_len)
        return NULL;
    return curve;
}

int uftp_ec_blob_read(uftp_bytes blob, const uftp_ec_curve *curve, struct ecc_point *point)
{
    if (!curve || uftp_ec_blob_curve(blob) != curve)
        return UFTP_ERR_KEY;
    size_t len = curve->coordinate_len;
    mpz_t x, y;
    nettle_mpz_init_set_str_256_u(x, len, blob.data + BLOB_HEADER_LEN);
    nettle_mpz_init_set_str_256_u(y, len, blob.data + BLOB_HEADER_LEN + len);
    /* Refuses coordinates of p or more and points off the curve. The infinite point has no such
     * form, and the cofactor is 1: every other point is of full order. */
    int on_curve = ecc_point_set(point, x, y);
    mpz_clear(x);
    mpz_clear(y);
    return on_curve ? UFTP_OK : UFTP_ERR_KEY;
}

size_t uftp_ec_blob_write(const uftp_ec_curve *curve, const struct ecc_point *point, uint8_t *out)
{
    size_t len = curve->coordinate_len;
    mpz_t x, y;
    mpz_init(x);
    mpz_init(y);
    ecc_point_get(point, x, y);
    out[0] = UFTP_KEY_EC;
    out[1] = (uint8_t)curve->number;
    out[2] = (uint8_t)(2 * len >> 8);
    out[3] = (uint8_t)(2 * len);
    nettle_mpz_get_str_256(len, out + BLOB_HEADER_LEN, x);
    nettle_mpz_get_str_256(len, out + BLOB_HEADER_LEN + len, y);
    mpz_clear(x);
    mpz_clear(y);
    return BLOB_HEADER_LEN + 2 * len; /* a multiple of 4 on every curve: no padding */
}

int uftp_ec_scalar_read(const uftp_ec_curve *curve, uftp_bytes bytes, struct ecc_scalar *scalar)
{
    if (bytes.len > curve->coordinate_len)
        return UFTP_ERR_KEY;
    mpz_t value;
    uftp_secret_mpz_init(value, UFTP_EC_COORDINATE_BITS);
    nettle_mpz_set_str_256_u(value, bytes.len, bytes.data);
    int in_range = ecc_scalar_set(scalar, value);
    uftp_secret_mpz_clear(value);
    return in_range ? UFTP_OK : UFTP_ERR_KEY;
}
