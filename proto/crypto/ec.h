/* SPDX-License-Identifier: MIT
 *
 * The NIST curves of spec v5 1.19 and their public blobs: for ECDH and for ECDSA. Version 4 has two
 * more, shorter ones: they are understood from a peer, and never chosen for a key of our own.
 */
#ifndef UFTP_CRYPTO_EC_H
#define UFTP_CRYPTO_EC_H

#include <uftp/message.h>

#include <nettle/ecc.h>

#define UFTP_EC_COORDINATE_MAX 66 /* secp521r1 */
#define UFTP_EC_COORDINATE_BITS 528
#define UFTP_EC_BLOB_MAX (4 + 2 * UFTP_EC_COORDINATE_MAX)

typedef struct uftp_ec_curve {
    uftp_curve number;
    const char *name; /* as the reference prints it */
    size_t coordinate_len;
    uint8_t oid[8]; /* contents of the DER object identifier */
    uint8_t oid_len;
} uftp_ec_curve;

/* Whether version 5 has the curve too. */
static inline bool uftp_ec_curve_in_v5(unsigned number)
{
    return number >= UFTP_CURVE_SECP256R1 && number <= UFTP_CURVE_SECP521R1;
}

/* NULL for a number or identifier that is not one of ours. */
const uftp_ec_curve *uftp_ec_curve_find(unsigned number);
const uftp_ec_curve *uftp_ec_curve_find_oid(uftp_bytes oid);
const struct ecc_curve *uftp_ec_curve_nettle(const uftp_ec_curve *curve);

/* The curve of a blob whose type and lengths are right; NULL otherwise. The point is not looked
 * at. Trailing padding is accepted. */
const uftp_ec_curve *uftp_ec_blob_curve(uftp_bytes blob);
/* KEY unless the blob holds a point on `curve`. `point` is initialised by the caller, on it. */
int uftp_ec_blob_read(uftp_bytes blob, const uftp_ec_curve *curve, struct ecc_point *point);
/* Returns the length; `out` takes UFTP_EC_BLOB_MAX bytes. */
size_t uftp_ec_blob_write(const uftp_ec_curve *curve, const struct ecc_point *point, uint8_t *out);

/* Big-endian, any length up to a coordinate's; KEY unless it is in 1..order-1. `scalar` is
 * initialised by the caller, on `curve`. */
int uftp_ec_scalar_read(const uftp_ec_curve *curve, uftp_bytes bytes, struct ecc_scalar *scalar);

#endif
