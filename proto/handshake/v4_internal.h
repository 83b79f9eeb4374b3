/* SPDX-License-Identifier: MIT
 *
 * The steps of the key schedule one by one, for its own files and for the tests that compare every
 * intermediate value with the vectors.
 */
#ifndef UFTP_HANDSHAKE_V4_INTERNAL_H
#define UFTP_HANDSHAKE_V4_INTERNAL_H

#include "handshake/v4.h"

#define UFTP_V4_KEY_BLOCK_MAX (UFTP_HASH_MAX + UFTP_CBC_KEY_MAX + UFTP_V4_SALT_LEN)
#define UFTP_V4_REGISTER_STRING_MAX (4 + 16 + 2 * UFTP_RANDOM_LEN + UFTP_V4_PREMASTER_MAX)

/* Key bytes of any cipher of version 4. */
size_t uftp_v4_key_len(uint8_t cipher);
/* The cipher of KEYINFO: an AEAD cipher gives way to CBC with its key length (6.4). */
uint8_t uftp_v4_keyinfo_cipher(uint8_t cipher);
/* The length of an IV: 8, 12 or 16. */
size_t uftp_v4_iv_len(uint8_t cipher);
/* 6.5; `source` and `counter` as they stand on the wire. */
void uftp_v4_iv(uint8_t cipher, const uint8_t salt[4], const uint8_t source[4],
                const uint8_t counter[8], uint8_t out[UFTP_CBC_BLOCK_MAX]);

void uftp_v4_master_secret(const uftp_v4_server *server, const uftp_v4_client *client,
                           uint8_t out[UFTP_V4_MASTER_LEN]);
/* PRF(master, "key expansion", seed), hash length + key length + 4 bytes; returns how many. */
size_t uftp_v4_key_block(const uftp_v4_suite *suite, const uint8_t master[UFTP_V4_MASTER_LEN],
                         uftp_bytes seed, uint8_t out[UFTP_V4_KEY_BLOCK_MAX]);
/* R of 6.6; returns its length. */
size_t uftp_v4_register_string(const uftp_v4_server *server, const uftp_v4_client *client,
                               uint8_t out[UFTP_V4_REGISTER_STRING_MAX]);
/* hash(R || client key || group master) */
void uftp_v4_verify_hash(const uftp_v4_server *server, const uftp_v4_client *client,
                         uftp_bytes client_key, const uint8_t master[UFTP_V4_MASTER_LEN],
                         uint8_t out[UFTP_HASH_MAX]);

/* A message in three parts, with zeros in place of its signature; nothing is copied. False when the
 * signature does not lie inside. */
bool uftp_v4_signed_parts(uftp_bytes message, size_t signature_offset, size_t signature_len,
                          uftp_bytes parts[3]);

#endif
