/* SPDX-License-Identifier: MIT
 *
 * The captured sender of an encrypted session, for a receiver that has another ephemeral key than
 * the captured one. It knows the private values of the captured sender (key log, keys/) and does
 * its share of the handshake anew: the entry of our receiver in KEYINFO. Everything else is handed
 * over as it was captured: the group's keys do not depend on a receiver.
 *
 * Where the private key of a version 5 sender was not kept (it was made for the session), a KEYINFO
 * cannot be signed. There another key takes its place, and with it the context of all keys changes:
 * every packet is sealed anew.
 */
#ifndef REPLAY_STANDIN_SERVER_H
#define REPLAY_STANDIN_SERVER_H

#include "handshake/v4.h"
#include "keylog.h"
#include "session.h"
#include "tests/support.h"

typedef struct standin_server {
    const cap_keylog *keylog;
    const char *folder; /* of the scenario */
    uint32_t client;    /* the receiver's UID */
    test_memory memory;
    test_random random;
    bool announced, registered;
    uftp_key *key;
    bool key_replaced;
    uftp_ecdh *ecdh;
    uint8_t master[UFTP_V4_MASTER_LEN];

    uftp_suite suite; /* version 5 */
    uftp_v5_server_context server;
    uftp_v5_client_context context;
    uftp_traffic server_hs, client_hs, server_app;
    uftp_aead server_app_aead;

    uftp_v4_server server_v4;
    uftp_v4_client client_v4;
    uint8_t client_key[UFTP_KEY_BLOB_MAX];
    size_t client_key_len;

    uint8_t datagram[UFTP_DATAGRAM_MAX];
} standin_server;

void standin_server_open(standin_server *s, const cap_keylog *keylog, const char *folder,
                         uint32_t client);
void standin_server_close(standin_server *s);

/* What the receiver is handed for a packet of the captured sender; valid until the next call. */
uftp_bytes standin_server_say(standin_server *s, const cap_packet *packet);
/* A packet of the receiver: REGISTER and CLIENT_KEY go into its keys. False: its KEYINFO_ACK does
 * not prove that it has them. */
bool standin_server_hear(standin_server *s, const cap_packet *packet);

#endif
