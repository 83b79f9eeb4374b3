/* SPDX-License-Identifier: MIT
 *
 * Key schedule of wire version 5 (spec v5 3): from an ephemeral ECDH exchange to traffic keys. It
 * works on bytes as they stand on the wire and knows no message struct. Every object holds secrets
 * and is wiped when it ends.
 */
#ifndef UFTP_HANDSHAKE_V5_H
#define UFTP_HANDSHAKE_V5_H

#include "crypto/aead.h"
#include "crypto/ecdh.h"
#include "crypto/secret.h" /* uftp_secret_equal() */
#include "crypto/sign.h"   /* uftp_public_key_check() */
#include <uftp/key.h>

#define UFTP_IV_LEN 12
#define UFTP_HASH_LEN_MAX 64
#define UFTP_TAG_LEN 16

/* One direction of traffic: the raw secrets. Small enough to keep one per client; the expanded
 * cipher context (uftp_aead) is made when it is used, or kept where it is used a lot. */
typedef struct uftp_traffic {
    uint8_t key[32];
    uint8_t iv[UFTP_IV_LEN];
} uftp_traffic;

typedef struct uftp_suite {
    uint8_t cipher; /* uftp_cipher */
    uint8_t hash;   /* uftp_hash */
} uftp_suite;

/* nonce = iv with its last 8 bytes XOR counter (3.9) */
void uftp_v5_nonce(const uftp_traffic *traffic, uint64_t counter, uint8_t nonce[UFTP_IV_LEN]);

/* Seals a datagram in place: datagram[0..28) is header and ENCRYPTED wrapper, complete; then
 * plaintext_len bytes of plaintext; then room for the tag (3.11). `aead` holds traffic->key. */
void uftp_v5_seal(const uftp_aead *aead, const uftp_traffic *traffic, uint64_t counter,
                  uint8_t *datagram, size_t plaintext_len);
/* Opens in place. datagram_len counts header, wrapper, ciphertext and tag. AUTH: nothing may be
 * used. Constant time in the tag. */
int uftp_v5_open(const uftp_aead *aead, const uftp_traffic *traffic, uint64_t counter,
                 uint8_t *datagram, size_t datagram_len);

/* ---- the contexts of section 3.3, as a growing byte string ---- */

/* group || instance || server UID || nosig(ENC_INFO): one per session. */
#define UFTP_V5_SERVER_CONTEXT_MAX (9 + 1020)
typedef struct uftp_v5_server_context {
    uint8_t bytes[UFTP_V5_SERVER_CONTEXT_MAX];
    size_t len;
} uftp_v5_server_context;

/* `enc_info` is the extension as on the wire; its signature, at signature_offset for signature_len
 * bytes, counts as zeros. LIMIT. */
int uftp_v5_server_context_init(uftp_v5_server_context *context, uint32_t group, uint8_t instance,
                                uint32_t server, uftp_bytes enc_info, size_t signature_offset,
                                size_t signature_len);

/* What one client adds: Proxy_HS_Context || client UID || ECDH blob || random || nosig(CLIENT_KEY).
 * Kept only until the client is confirmed. */
#define UFTP_V5_CLIENT_CONTEXT_MAX (4 + 1020 + 4 + 136 + 32 + 1020)
typedef struct uftp_v5_client_context {
    size_t proxy_len; /* bytes of Proxy_HS_Context at the front */
    size_t len1;      /* up to Client_HS_Context1 */
    size_t len;       /* up to Client_HS_Context2; equal to len1 while no CLIENT_KEY was seen */
    uint8_t bytes[UFTP_V5_CLIENT_CONTEXT_MAX];
} uftp_v5_client_context;

/* proxy UID || nosig(PROXY_KEY): what a proxy adds for the clients behind it (spec proxy 4.1). */
#define UFTP_V5_PROXY_CONTEXT_MAX (4 + 1020)
typedef struct uftp_v5_proxy_context {
    uint8_t bytes[UFTP_V5_PROXY_CONTEXT_MAX];
    size_t len;
} uftp_v5_proxy_context;

/* `proxy_key` is the message header, from its type byte on. LIMIT. */
int uftp_v5_proxy_context_init(uftp_v5_proxy_context *context, uint32_t proxy, uftp_bytes proxy_key,
                               size_t signature_offset, size_t signature_len);

int uftp_v5_client_context_init(uftp_v5_client_context *context, uftp_bytes proxy_context,
                                uint32_t client, uftp_bytes ecdh_blob, const uint8_t random[32]);
/* Appends nosig(CLIENT_KEY): `client_key` is the message header, signature at the offset. LIMIT. */
int uftp_v5_client_context_add_key(uftp_v5_client_context *context, uftp_bytes client_key,
                                   size_t signature_offset, size_t signature_len);

/* ---- secrets ---- */

/* 3.4: handshake keys of both directions, from our ephemeral key and the peer's blob. KEY when the
 * point is not on our key's curve, or not on the curve at all; UNSUPPORTED for a suite that is not
 * ours. The functions below take a suite that has passed here. */
int uftp_v5_handshake_keys(const uftp_suite *suite, const uftp_ecdh *own, uftp_bytes peer_blob,
                           const uftp_v5_server_context *server,
                           const uftp_v5_client_context *client, uftp_traffic *server_hs,
                           uftp_traffic *client_hs);
/* 3.5: the sender's application key, shared by the group. */
void uftp_v5_server_app_keys(const uftp_suite *suite, const uint8_t group_master[32],
                             const uftp_v5_server_context *server, uftp_traffic *server_app);
/* 3.5: one client's application key and the verify data of its KEYINFO_ACK (hash length bytes). */
void uftp_v5_client_app_keys(const uftp_suite *suite, const uint8_t group_master[32],
                             const uftp_v5_server_context *server,
                             const uftp_v5_client_context *client, uftp_traffic *client_app,
                             uint8_t verify_data[UFTP_HASH_LEN_MAX]);
/* 3.8: the group master for one client. */
void uftp_v5_master_seal(const uftp_suite *suite, const uftp_traffic *server_hs, uint64_t counter,
                         const uftp_v5_server_context *server, const uftp_v5_client_context *client,
                         const uint8_t group_master[32], uint8_t sealed[48]);
int uftp_v5_master_open(const uftp_suite *suite, const uftp_traffic *server_hs, uint64_t counter,
                        const uftp_v5_server_context *server, const uftp_v5_client_context *client,
                        const uint8_t sealed[48], uint8_t group_master[32]);

/* Tells a key log, which may be NULL, of one direction's traffic keys: as LABEL_KEY and LABEL_IV.
 * Labels are short: "SERVER_APP". */
void uftp_v5_log_traffic(const uftp_key_log *log, const uftp_suite *suite, const char *label,
                         uint32_t group, uint32_t uid, const uftp_traffic *traffic);

/* ---- signatures (3.6) ---- */

/* A signature's length for a key: what to reserve on the wire. */
size_t uftp_v5_signature_len(const uftp_key *key);

/* ANNOUNCE: over the whole datagram; the signature lies at `signature` inside it and is filled in
 * (sign) or counts as zeros (verify; the datagram is left as it was). AUTH, KEY, UNSUPPORTED. */
int uftp_v5_announce_sign(const uftp_key *key, const uftp_random *random, uint8_t hash,
                          uint8_t *datagram, size_t len, size_t signature_offset);
int uftp_v5_announce_verify(uftp_bytes public_key, uint8_t hash, const uint8_t *datagram,
                            size_t len, size_t signature_offset, size_t signature_len);
/* KEYINFO: over "UFTP 5, KEYINFO" || Server_HS_Context || Proxy_HS_Context || datagram. */
int uftp_v5_keyinfo_sign(const uftp_key *key, const uftp_random *random, uint8_t hash,
                         const uftp_v5_server_context *server, uftp_bytes proxy_context,
                         uint8_t *datagram, size_t len, size_t signature_offset);
int uftp_v5_keyinfo_verify(uftp_bytes public_key, uint8_t hash,
                           const uftp_v5_server_context *server, uftp_bytes proxy_context,
                           const uint8_t *datagram, size_t len, size_t signature_offset,
                           size_t signature_len);
/* CLIENT_KEY: over "UFTP 5, CLIENT_KEY" || Client_HS_Context1. `out` takes signature_len bytes. */
int uftp_v5_client_key_sign(const uftp_key *key, const uftp_random *random, uint8_t hash,
                            const uftp_v5_server_context *server,
                            const uftp_v5_client_context *client, uint8_t *out);
int uftp_v5_client_key_verify(uftp_bytes public_key, uint8_t hash,
                              const uftp_v5_server_context *server,
                              const uftp_v5_client_context *client, uftp_bytes signature);
/* PROXY_KEY: over "UFTP 5, PROXY_KEY" || Server_HS_Context || Proxy_HS_Context. `out` takes
 * signature_len bytes. */
int uftp_v5_proxy_key_sign(const uftp_key *key, const uftp_random *random, uint8_t hash,
                           const uftp_v5_server_context *server, const uftp_v5_proxy_context *proxy,
                           uint8_t *out);
int uftp_v5_proxy_key_verify(uftp_bytes public_key, uint8_t hash,
                             const uftp_v5_server_context *server,
                             const uftp_v5_proxy_context *proxy, uftp_bytes signature);

#endif
