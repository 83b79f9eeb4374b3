/* SPDX-License-Identifier: MIT
 *
 * Signatures in the layouts of the wire (spec v5 3.6): RSASSA-PKCS1-v1_5, and ECDSA with two length
 * fields in front. Both work on a digest.
 */
#ifndef UFTP_CRYPTO_SIGN_H
#define UFTP_CRYPTO_SIGN_H

#include <uftp/key.h>

/* A signature's length for a key: what to reserve on the wire. */
size_t uftp_signature_len(const uftp_key *key);

/* `digest` is as long as the hash; `out` takes uftp_signature_len(key) bytes. UNSUPPORTED for an
 * unknown hash; KEY when the key turns out to be damaged. */
int uftp_sign(const uftp_key *key, const uftp_random *random, uint8_t hash, const uint8_t *digest,
              uint8_t *out);

/* With a peer's public blob. AUTH, KEY (the blob is not one of ours), UNSUPPORTED (hash). */
int uftp_verify(uftp_bytes public_key, uint8_t hash, const uint8_t *digest, uftp_bytes signature);

/* Whether a public blob is one we can verify with (type, size, curve, point). KEY, UNSUPPORTED. */
int uftp_public_key_check(uftp_bytes blob);

#endif
