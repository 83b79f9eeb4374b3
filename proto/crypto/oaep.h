/* SPDX-License-Identifier: MIT
 *
 * RSAES-OAEP with SHA-1, MGF1 and an empty label (RFC 8017 7.1), for one length of message: the
 * premaster secret of an RSA key exchange (spec v4 6.2). Moduli below UFTP_RSA_BITS_MIN, for which
 * version 4 has another padding, are not among our keys.
 */
#ifndef UFTP_CRYPTO_OAEP_H
#define UFTP_CRYPTO_OAEP_H

#include <uftp/key.h>

#define UFTP_OAEP_MESSAGE_LEN 48
#define UFTP_OAEP_SEALED_MAX (UFTP_RSA_BITS_MAX / 8)

/* The length a public blob's ciphertexts have; 0 when it is no RSA blob of ours. */
size_t uftp_oaep_sealed_len(uftp_bytes public_key);

/* Returns the length of what was written, or KEY. */
int uftp_oaep_encrypt(uftp_bytes public_key, const uftp_random *random,
                      const uint8_t message[UFTP_OAEP_MESSAGE_LEN],
                      uint8_t out[UFTP_OAEP_SEALED_MAX]);
/* AUTH whatever is wrong with the ciphertext: that must not be told apart (Manger's attack). KEY
 * when `key` is not RSA. */
int uftp_oaep_decrypt(const uftp_key *key, const uftp_random *random, uftp_bytes sealed,
                      uint8_t message[UFTP_OAEP_MESSAGE_LEN]);

#endif
