/* SPDX-License-Identifier: MIT
 *
 * The steps of the key schedule one by one, for v5.c and for the tests that compare every
 * intermediate value with the vectors. Each output is as long as the session's hash, if nothing
 * else is said.
 */
#ifndef UFTP_HANDSHAKE_V5_INTERNAL_H
#define UFTP_HANDSHAKE_V5_INTERNAL_H

#include "handshake/v5.h"

#define UFTP_V5_PREMASTER_LEN 32

/* A byte string in pieces: a context or a signed message, never put together in memory. The pieces
 * belong to the arguments they were made from. */
typedef struct uftp_v5_parts {
    uftp_bytes part[6];
    size_t count;
} uftp_v5_parts;

void uftp_v5_server_context_hash(uint8_t hash, const uftp_v5_server_context *server, uint8_t *out);
/* Of Client_HS_Context1 or, with `whole`, Client_HS_Context2. */
void uftp_v5_client_context_hash(uint8_t hash, const uftp_v5_server_context *server,
                                 const uftp_v5_client_context *client, bool whole, uint8_t *out);

/* 3.4, 3.5 */
int uftp_v5_premaster(const uftp_ecdh *own, uftp_bytes peer_blob,
                      uint8_t out[UFTP_V5_PREMASTER_LEN]);
/* HKDF-Extract with the zero salt; 32 bytes in. */
void uftp_v5_extract(uint8_t hash, const uint8_t input[32], uint8_t *out);
/* "UFTP5 " || label || context_hash (3.2), an empty context for context_hash NULL; returns its
 * length. A label has at most 13 characters. */
#define UFTP_V5_INFO_MAX (6 + 13 + UFTP_HASH_LEN_MAX)
size_t uftp_v5_label_info(uint8_t hash, const char *label, const uint8_t *context_hash,
                          uint8_t out[UFTP_V5_INFO_MAX]);
/* Label(secret, label, context_hash, len) */
void uftp_v5_label(uint8_t hash, const uint8_t *secret, const char *label,
                   const uint8_t *context_hash, uint8_t *out, size_t len);
void uftp_v5_traffic(const uftp_suite *suite, const uint8_t *secret, uftp_traffic *out);
/* 3.4 from the premaster on: what a reader of captures does who was told it. The suite is one of
 * ours. */
void uftp_v5_handshake_traffic(const uftp_suite *suite,
                               const uint8_t premaster[UFTP_V5_PREMASTER_LEN],
                               const uftp_v5_server_context *server,
                               const uftp_v5_client_context *client, uftp_traffic *server_hs,
                               uftp_traffic *client_hs);

/* "UFTP 5, group master" || Client_HS_Context2 (3.8); returns its length. */
#define UFTP_V5_MASTER_AAD_MAX (20 + UFTP_V5_SERVER_CONTEXT_MAX + UFTP_V5_CLIENT_CONTEXT_MAX)
size_t uftp_v5_master_aad(const uftp_v5_server_context *server,
                          const uftp_v5_client_context *client,
                          uint8_t out[UFTP_V5_MASTER_AAD_MAX]);

/* What is signed (3.6). False when the signature does not lie inside the message. */
bool uftp_v5_announce_parts(uftp_v5_parts *parts, uftp_bytes datagram, size_t signature_offset,
                            size_t signature_len);
bool uftp_v5_keyinfo_parts(uftp_v5_parts *parts, const uftp_v5_server_context *server,
                           uftp_bytes proxy_context, uftp_bytes datagram, size_t signature_offset,
                           size_t signature_len);
void uftp_v5_client_key_parts(uftp_v5_parts *parts, const uftp_v5_server_context *server,
                              const uftp_v5_client_context *client);

#endif
