/* SPDX-License-Identifier: MIT
 *
 * Ephemeral Diffie-Hellman keys on the NIST curves (spec v5 3.4).
 */
#ifndef UFTP_CRYPTO_ECDH_H
#define UFTP_CRYPTO_ECDH_H

#include <uftp/key.h>

/* A key pair; opaque, wiped when freed. */
typedef struct uftp_ecdh uftp_ecdh;

#define UFTP_ECDH_BLOB_MAX 136
#define UFTP_ECDH_SHARED_MAX 66

int uftp_ecdh_generate(const uftp_allocator *memory, const uftp_random *random, uftp_curve curve,
                       uftp_ecdh **out);
/* For known-answer tests: the scalar, big-endian, as long as a coordinate. KEY when out of range.
 */
int uftp_ecdh_import(const uftp_allocator *memory, uftp_curve curve, const uint8_t *scalar,
                     size_t len, uftp_ecdh **out);
void uftp_ecdh_free(uftp_ecdh *key); /* NULL is allowed */
uftp_curve uftp_ecdh_curve(const uftp_ecdh *key);
/* The public blob (1.19), valid as long as the key. */
uftp_bytes uftp_ecdh_blob(const uftp_ecdh *key);
/* The curve a blob names, 0 when it is no EC blob of ours. */
uftp_curve uftp_ecdh_blob_curve(uftp_bytes blob);
/* The X coordinate at full field width; returns its length, or KEY. */
int uftp_ecdh_shared(const uftp_ecdh *own, uftp_bytes peer_blob, uint8_t out[UFTP_ECDH_SHARED_MAX]);

#endif
