/* SPDX-License-Identifier: MIT
 *
 * Hashes, HMAC and HKDF by their wire numbers. Input is a list of parts, hashed as if they stood
 * one behind the other, so that a context or a signed message need not be put together first.
 */
#ifndef UFTP_CRYPTO_HASH_H
#define UFTP_CRYPTO_HASH_H

#include <uftp/message.h>

#define UFTP_HASH_MAX 64 /* bytes of the longest digest */

/* Bytes of a hash (uftp_hash): 20, 32, 48, 64, or 0 when it is not one of ours. */
size_t uftp_hash_len(uint8_t hash);

/* For all below: `hash` is one of ours, and `out` takes uftp_hash_len(hash) bytes. */
void uftp_hash_parts(uint8_t hash, const uftp_bytes *parts, size_t count, uint8_t *out);
void uftp_hmac_parts(uint8_t hash, uftp_bytes key, const uftp_bytes *parts, size_t count,
                     uint8_t *out);
/* RFC 5869. len is at most 255 times uftp_hash_len(hash). */
void uftp_hkdf_extract(uint8_t hash, uftp_bytes salt, uftp_bytes input, uint8_t *out);
void uftp_hkdf_expand(uint8_t hash, uftp_bytes prk, uftp_bytes info, uint8_t *out, size_t len);

#endif
