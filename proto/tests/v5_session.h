/* SPDX-License-Identifier: MIT
 *
 * An encrypted session rebuilt from a vector file: the private keys put in, the contexts made with
 * the code under test.
 */
#ifndef UFTP_TESTS_V5_SESSION_H
#define UFTP_TESTS_V5_SESSION_H

#include "handshake/v5_internal.h"
#include "vectors.h"

#define V5_SESSION_P256 "v5-p256-aes256gcm-sha256-tfmcc.txt"
#define V5_SESSION_P521_AUTH "v5-p521-aes256ccm-sha512-clientauth.txt"
#define V5_SESSION_RSA2048 "v5-rsa2048-aes128ccm-sha384.txt"
#define V5_SESSION_RSA3072_AUTH "v5-rsa3072-aes128gcm-sha256-clientauth.txt"
#define V5_SESSION_ABORT "v5-abort-encrypted.txt"

typedef struct v5_session {
    test_vectors *vectors;
    test_memory memory;
    test_random random;
    uftp_suite suite;
    size_t hash_len, key_len;
    bool client_auth;
    uftp_key *server_sign, *client_sign; /* client_sign NULL without client authentication */
    uftp_ecdh *server_ecdh, *client_ecdh;
    uftp_bytes group_master;
    uftp_v5_server_context server;
    uftp_v5_client_context client;
    uftp_traffic server_hs, client_hs, server_app, client_app;
    uint8_t verify_data[UFTP_HASH_LEN_MAX];
} v5_session;

void v5_session_open(v5_session *s, const char *file);
void v5_session_close(v5_session *s);

/* Where an extension or message header has its signature. */
typedef struct v5_signature {
    size_t offset, len;
} v5_signature;

v5_signature v5_enc_info_signature(const uint8_t *enc_info);
v5_signature v5_announce_signature(uftp_bytes datagram); /* IPv4 */
v5_signature v5_keyinfo_signature(uftp_bytes datagram);
v5_signature v5_client_key_signature(uftp_bytes plaintext);

/* The first packet of this type; for encrypted ones the type inside. Fails when there is none. */
size_t v5_session_find(v5_session *s, uint8_t type);
const uftp_traffic *v5_session_traffic(const v5_session *s, const char *key);
uint64_t v5_read_u64(const uint8_t *bytes);

#endif
