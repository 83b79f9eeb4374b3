/* SPDX-License-Identifier: MIT
 *
 * What the messages in clear say about the keys of a session, kept until a secret comes along that
 * makes keys of it: the sender's parameters, what every receiver registered with, and the group
 * master as it was sealed for each. Only kept while there are secrets at all.
 */
#ifndef CAP_HANDSHAKE_H
#define CAP_HANDSHAKE_H

#include "handshake/v4.h"
#include "handshake/v5.h"
#include "session.h"

/* More than any path of proxies has; a hostile capture costs no more. */
#define CAP_LEGS_MAX 8
#define CAP_MASTERS_MAX 8

/* Public keys of whoever speaks to receivers: the sender or, towards its own, a proxy. */
typedef struct cap_leg {
    struct cap_leg *next;
    uint8_t public_key[UFTP_KEY_BLOB_MAX];
    size_t public_key_len;
    uint8_t ecdh_key[UFTP_ECDH_BLOB_MAX];
    size_t ecdh_key_len;
    uint8_t context[4 + 1020]; /* v5: a proxy's UID and PROXY_KEY, signature zero */
    size_t context_len;        /* 0: the sender, and all of v4 */
} cap_leg;

typedef struct cap_handshake {
    bool announced; /* what follows is known, and a suite of ours */
    union {
        uftp_v4_server v4;
        struct {
            uftp_suite suite;
            uftp_v5_server_context context;
        } v5;
    } server;
    cap_leg *legs;
    size_t leg_count;
    uint8_t masters[CAP_MASTERS_MAX][UFTP_V4_MASTER_LEN]; /* of the group; in v5 32 bytes each */
    size_t master_count;
    uint32_t log_read; /* the edition of the log whose group masters are among them */
    uint32_t changes;  /* legs and masters that came: keys of receivers may follow */
    size_t dirty;      /* peers of which something came that no secret was tried on */
} cap_handshake;

/* What one receiver, or proxy as a receiver, said and was told; the latest of each. */
typedef struct cap_exchange {
    bool dirty;
    bool registered;
    uint8_t random[UFTP_RANDOM_LEN];
    uint8_t secret[UFTP_OAEP_SEALED_MAX]; /* ECDH blob, or a premaster under an RSA key */
    size_t secret_len;
    bool keyed; /* by a KEYINFO */
    uint32_t key_source;
    uint64_t key_counter;
    uint8_t sealed[UFTP_SEALED_MASTER_LEN];
    uint8_t client_key[1020]; /* v5: CLIENT_KEY, signature zero */
    size_t client_key_len;
    uint8_t public_key[UFTP_KEY_BLOB_MAX]; /* its own: of CLIENT_KEY */
    size_t public_key_len;

    bool solved; /* what follows fits what it was told */
    uint8_t premaster[UFTP_V4_PREMASTER_MAX];
    size_t premaster_len;
    uint8_t master[UFTP_V4_MASTER_LEN];
    const cap_leg *leg; /* v5 */
} cap_exchange;

/* Remembers what a message that could be read says. */
void cap_handshake_take(const cap_packet *packet);
/* v5: what one receiver adds to the session's context, by way of a leg; false: it does not fit. */
bool cap_exchange_context(const cap_exchange *x, uint32_t uid, const cap_leg *leg,
                          uftp_v5_client_context *out);
void cap_handshake_free(cap_handshake *handshake); /* NULL is allowed */
void cap_exchange_free(cap_exchange *exchange);    /* NULL is allowed */

#endif
