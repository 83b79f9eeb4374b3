/* SPDX-License-Identifier: MIT
 *
 * The keys of a proxy's session, for the files that make them. The proxy is a client towards the
 * sender and a sender towards its clients; the group master goes through unchanged, so that what
 * the sender seals is never opened on the way (spec proxy 4).
 */
#ifndef UFTP_SESSION_PROXY_KEYS_H
#define UFTP_SESSION_PROXY_KEYS_H

#include "session/proxy_internal.h"

struct proxy_keys {
    uftp_suite suite;
    bool client_auth;
    bool established; /* the group master is known */
    uint8_t server_key[UFTP_KEY_BLOB_MAX];
    size_t server_key_len;
    uftp_v5_server_context server; /* S */
    uint8_t group_master[UFTP_GROUP_MASTER_LEN];

    struct { /* towards the sender */
        uftp_ecdh *ecdh;
        uint8_t random[UFTP_RANDOM_LEN];
        uftp_v5_client_context context;
        uint8_t signature[UFTP_SIGNATURE_MAX]; /* of CLIENT_KEY: made once, sent with each */
        size_t signature_len;
        uftp_traffic server_hs, client_hs, app;
        uint8_t verify_data[UFTP_HASH_LEN_MAX];
    } up;

    struct { /* towards the receivers */
        uftp_ecdh *ecdh;
        uftp_v5_proxy_context context;         /* P */
        uint8_t signature[UFTP_SIGNATURE_MAX]; /* of PROXY_KEY: the same each time */
        size_t signature_len;
    } down;
};

void uftp_proxy_keys_log(const proxy_session *session, const char *label, uint32_t uid,
                         const uftp_traffic *traffic);
/* An ephemeral key and what follows from it. */
int uftp_proxy_keys_begin_up(proxy_session *session, const uftp_enc_info *info);
int uftp_proxy_keys_begin_down(proxy_session *session, const uftp_enc_info *info);
/* The message, as it is sent each time. */
uftp_message uftp_proxy_keys_proxy_key(const proxy_session *session);
/* The group master has become known: the receivers' keys follow. */
void uftp_proxy_keys_all_ready(proxy_session *session);

#endif
