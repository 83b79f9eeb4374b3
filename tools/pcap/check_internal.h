/* SPDX-License-Identifier: MIT
 *
 * What the rules remember, by session and by node. Rules of the handshake stand in
 * check_handshake.c, those of files in check_files.c, those of version 3 in check_v3.c, all others
 * in check.c.
 */
#ifndef CAP_CHECK_INTERNAL_H
#define CAP_CHECK_INTERNAL_H

#include "check.h"

#include <string.h>

/* The last packets of a node: enough to tell one that was sent twice from a number used twice. */
enum { RECENT_MAX = 64 };
typedef struct recent {
    uint64_t number[RECENT_MAX]; /* sequence number or IV counter */
    uint64_t digest[RECENT_MAX]; /* of the datagram */
    uint32_t count;              /* ever put in */
} recent;

typedef struct check_peer {
    struct check_peer *next;
    recent sequences, counters;
    bool sealed_seen;
    uint16_t sealed_seq; /* of the last sealed packet */
    uint64_t sealed_counter;
    bool is_proxy;          /* it speaks for others */
    bool registered, ended; /* a REGISTER, a COMPLETE(0) of it was seen */
    uint8_t random[UFTP_RANDOM_LEN];
    uint8_t ecdh_key[1020]; /* in version 4 also a secret under an RSA key */
    size_t ecdh_key_len;
    uint64_t client_key_number; /* v4: the packet of its CLIENT_KEY, 0: none */
    uint8_t client_key_signature[UFTP_SIGNATURE_MAX];
    size_t client_key_signature_len;
    size_t proxy_context_len; /* a proxy's: UID and PROXY_KEY, signature zero */
    uint8_t proxy_context[4 + 1020];
    uint8_t proxy_key[UFTP_KEY_BLOB_MAX]; /* its public key */
    size_t proxy_key_len;
} check_peer;

typedef struct check_session {
    struct check_session *next;
    bool has_proxies; /* a PROXY_KEY was seen */

    bool announced;
    uint64_t announce_digest; /* of what must not change */
    uint16_t announce_seq;
    uint64_t announce_time, announce_grtt;
    uint32_t announces;
    bool open_membership;
    uint8_t key_exchange; /* v4 */
    bool signs;           /* v4: each packet bears its sender's signature */
    uint8_t server_key[UFTP_KEY_BLOB_MAX];
    size_t server_key_len;
    bool has_context;
    uftp_v5_server_context context;

    bool file_seen;
    uint16_t file_id;     /* announced last */
    uint64_t file_digest; /* of its FILEINFO, without list and timestamp */
    bool end_asked;       /* DONE(0) was seen */
    uint8_t pass;         /* v3: of that file, the latest */

    bool stamp_seen; /* the sender's latest timestamp, and when it was captured */
    uint16_t stamp_seq;
    uint64_t stamp_us, stamp_time;
} check_session;

struct cap_check {
    cap_map sessions, peers; /* by the addresses of what they are about */
    check_session *session_list;
    check_peer *peer_list;
    cap_breaks breaks[CAP_RULE_COUNT];
    uint8_t scratch[UINT16_MAX + 1];
};

/* A packet with what is known of its session and sender. */
typedef struct check_case {
    cap_check *check;
    const cap_packet *packet;
    check_session *session;
    check_peer *peer;
} check_case;

/* Notes that the packet breaks a rule, unless it `holds`. */
void cap_rule_expect(const check_case *c, cap_rule rule, bool holds);
/* The same of an earlier packet, which only this one shows to break it. */
void cap_rule_expect_of(const check_case *c, uint64_t packet, cap_rule rule, bool holds);
/* A 64-bit digest for comparing, chained through `seed`. */
uint64_t cap_digest(uint64_t seed, const void *bytes, size_t len);
/* Of another node in the session; NULL when nothing of it was seen. */
check_peer *cap_check_other(const check_case *c, uint32_t uid);

void cap_check_handshake(const check_case *c);
void cap_check_files(const check_case *c);
void cap_check_v3(const check_case *c);

#endif
