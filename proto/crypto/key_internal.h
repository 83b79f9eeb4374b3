/* SPDX-License-Identifier: MIT
 *
 * What a signing key holds, for the files of this folder.
 */
#ifndef UFTP_CRYPTO_KEY_INTERNAL_H
#define UFTP_CRYPTO_KEY_INTERNAL_H

#include "crypto/ec.h"
#include <uftp/key.h>

#include <nettle/rsa.h>

struct uftp_key {
    uftp_allocator memory; /* a copy, to free with */
    uftp_key_type type;
    struct {
        struct rsa_public_key open;
        struct rsa_private_key secret;
    } rsa;
    struct {
        const uftp_ec_curve *curve;
        struct ecc_scalar scalar;
        struct ecc_point point;
    } ec;
    uint8_t blob[UFTP_KEY_BLOB_MAX];
    size_t blob_len;
};

/* An empty key, its numbers initialised; `curve` is NULL for RSA. MEMORY. */
int uftp_key_create(const uftp_allocator *memory, const uftp_ec_curve *curve, uftp_key **out);

/* Both take a key whose secret numbers are set and make it complete: they check that the numbers
 * fit together, derive what is missing and write the blob. KEY, LIMIT. */
int uftp_key_complete_rsa(uftp_key *key);
int uftp_key_complete_ec(uftp_key *key);

/* An RSA public key from its blob (1.19), within its limits. `key` is initialised by the caller.
 * KEY. */
int uftp_rsa_blob_read(uftp_bytes blob, struct rsa_public_key *key);

/* The limits of an RSA public key, from a peer or from a file (1.19). KEY, LIMIT. */
int uftp_rsa_public_check(const struct rsa_public_key *key);

#endif
