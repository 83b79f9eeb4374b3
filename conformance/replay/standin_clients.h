/* SPDX-License-Identifier: MIT
 *
 * The captured receivers of an encrypted session, before a sender of ours: what they said is sealed
 * again, since the times that it echoes are other ones now.
 *
 * FULL: the sender has the captured sender's private values, and each receiver its captured keys.
 * OPENED: the sender has keys of its own, and each receiver does its share of the handshake anew:
 * with the captured scalar where it was logged, otherwise with one of its own.
 */
#ifndef REPLAY_STANDIN_CLIENTS_H
#define REPLAY_STANDIN_CLIENTS_H

#include "handshake/v4.h"
#include "keylog.h"
#include "rules.h"
#include "session.h"
#include "tests/support.h"

#include <jansson.h>

enum { STANDIN_CLIENTS_MAX = 16 };

typedef struct standin_client {
    uint32_t uid;
    uftp_key *key;   /* keys/NODE.pem; NULL: none */
    uftp_ecdh *ecdh; /* of the exchange; NULL: its secrets were logged, or not begun */
    bool registered, keyed;
    uftp_v5_client_context context;
    uftp_traffic server_hs, client_hs, client_app;
    uint8_t verify[UFTP_HASH_LEN_MAX];
    uftp_v4_client v4;
} standin_client;

typedef struct standin_clients {
    replay_kind kind;
    const cap_keylog *keylog;
    const char *folder;
    test_memory memory;
    test_random random;
    bool announced;
    uint32_t group;
    uint8_t server_ecdh[UFTP_ECDH_BLOB_MAX];
    size_t server_ecdh_len;
    bool rsa;
    uftp_suite suite;
    uftp_v5_server_context server;
    uftp_v4_server server_v4;
    uftp_v4_sealing sealing_v4;
    bool has_sealing_v4;
    size_t count;
    standin_client clients[STANDIN_CLIENTS_MAX];
} standin_clients;

void standin_clients_open(standin_clients *s, replay_kind kind, const cap_keylog *keylog,
                          const char *folder, const json_t *manifest);
void standin_clients_close(standin_clients *s);

/* A packet of our sender: ANNOUNCE and KEYINFO go into the keys. */
void standin_clients_hear(standin_clients *s, const cap_packet *packet);

/* A receiver's packet for our sender; returns its length. `sealed` and `counter` are as captured.
 * Changes the message where keys are other ones. */
typedef struct standin_words {
    const uftp_wire *wire;
    uftp_header header;
    uftp_message *message;
    bool sealed;
    uint64_t counter;
} standin_words;
size_t standin_clients_write(standin_clients *s, const standin_words *words, uint8_t *out,
                             size_t capacity);

#endif
