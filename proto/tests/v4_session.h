/* SPDX-License-Identifier: MIT
 *
 * An encrypted session of version 4 rebuilt from a vector file: what its packets tell, through the
 * codec, and the private keys that the file gives.
 */
#ifndef UFTP_TESTS_V4_SESSION_H
#define UFTP_TESTS_V4_SESSION_H

#include "handshake/v4_internal.h"
#include "support.h"
#include "vectors.h"
#include <uftp/wire.h>

typedef struct v4_session {
    test_vectors *vectors;
    test_memory memory;
    test_random random;
    uftp_key *server_key;   /* NULL when no file gives it */
    uftp_bytes server_blob; /* of the ANNOUNCE */
    uftp_bytes server_ecdh; /* empty with RSA */
    uftp_bytes client_blob; /* of the CLIENT_KEY; empty when there was none */
    uint32_t server_uid, client_uid;
    uftp_v4_server server;
    uftp_v4_client client; /* its random number; the rest is for the test to make */
} v4_session;

void v4_session_open(v4_session *s, const char *file);
void v4_session_close(v4_session *s);

/* The RSA key of 1024 bits that several vector files give. To be freed. */
uftp_key *v4_server_key(v4_session *s);

uftp_header v4_header(uftp_bytes datagram);
/* A whole plain datagram; fails the test when it is none. Points into it. */
uftp_message v4_message(uftp_bytes datagram);
uint32_t v4_u32(uftp_bytes bytes);
/* What an ANNOUNCE tells of its session. */
uftp_v4_server v4_server(uftp_bytes announce_datagram);

#endif
