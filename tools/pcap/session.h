/* SPDX-License-Identifier: MIT
 *
 * What a capture tells about its sessions: who sends, with which parameters, which files. And one
 * packet of them, taken apart as far as the keys at hand allow.
 */
#ifndef CAP_SESSION_H
#define CAP_SESSION_H

#include "handshake/v4.h"
#include "handshake/v5.h"
#include "map.h"
#include "wire/v3.h"
#include <uftp/layout.h>
#include <uftp/wire.h>

typedef struct cap_file {
    struct cap_file *next; /* in the order of their first FILEINFO */
    uint16_t id;
    uint8_t type; /* uftp_file_type */
    uint64_t size, mtime;
    char *name, *link; /* as on the wire, NUL-terminated; name may be empty, link NULL */
    bool has_layout;
    uftp_layout layout; /* of a regular file */
} cap_file;

/* A key under which packets may be sealed. */
typedef struct cap_key {
    struct cap_key *next;
    union { /* by the session's wire version */
        uftp_v4_sealing v4;
        struct {
            uftp_traffic traffic;
            uftp_aead aead;
        } v5;
    } as;
    uint64_t opened; /* packets */
} cap_key;

/* Whoever sent a packet in a session. */
typedef struct cap_peer {
    struct cap_peer *next; /* in the order of appearance */
    uint32_t uid;
    uftp_address address; /* of the first packet */
    uint64_t packets;
    bool is_server;
    struct cap_exchange *exchange; /* handshake.h; NULL: nothing, or there are no secrets */
    cap_key *keys;                 /* v5: the likeliest first */
    /* What keys were made of: the log, before or after the cipher was known, and the handshake as
     * far as it had come. */
    uint32_t log_used; /* its edition; 0: not yet */
    bool log_used_announced, derived;
    uint32_t derived_at;
} cap_peer;

/* Messages are counted by their number in the header. Those of version 3 are others (wire/v3.h):
 * its ENCRYPTED (80) and ABORT (99) are counted as 18 and 19, which are free there. */
#define CAP_TYPES (UFTP_MESSAGE_TYPE_MAX + 1)
/* "ANNOUNCE", ...; "UNKNOWN". */
const char *cap_type_name(uint8_t version, uint8_t type);

typedef struct cap_session {
    struct cap_session *next; /* in the order of appearance */
    uint32_t index;           /* from 0, by appearance */
    uint8_t version;
    uint32_t group;
    uint8_t instance;
    uint64_t first_time, last_time;

    bool announced; /* what follows is known */
    uint32_t server;
    uint8_t robust, cc_type;
    uint16_t block_size;
    bool sync_mode, sync_preview;
    uftp_address public_address, private_address;
    bool encrypted, client_auth;
    uint8_t cipher, hash;

    struct cap_handshake *handshake; /* handshake.h; NULL: nothing, or there are no secrets */
    cap_key *keys;                   /* v4, where all members have the same */
    uint32_t log_used;               /* its edition; 0: not yet */
    bool log_used_announced;

    cap_map peers;
    cap_peer *first_peer, *last_peer;
    cap_file **pages[256]; /* files by ID: high byte, low byte; the latest of an ID */
    cap_file *first_file, *last_file;

    uint64_t counts[CAP_TYPES]; /* by outer type */
    uint64_t opened[CAP_TYPES]; /* by the type inside ENCRYPTED */
    uint64_t malformed, sealed, no_key, open_failed;
} cap_session;

/* The latest file of an ID, or NULL. */
cap_file *cap_session_file(const cap_session *session, uint16_t id);
cap_peer *cap_session_peer(const cap_session *session, uint32_t uid); /* or NULL */

/* How far a packet could be read. */
typedef enum cap_depth {
    CAP_DEPTH_HEADER,  /* the common header only: `error` says why */
    CAP_DEPTH_WRAPPER, /* sealed, and stays so: no key, or none fits */
    CAP_DEPTH_MESSAGE  /* everything */
} cap_depth;

typedef struct cap_packet {
    uint64_t number, time; /* of the frame that made it whole */
    uftp_address source, destination;
    uint8_t tos;
    bool reassembled;
    bool cut;         /* the capture holds less than was sent: never read beyond the header */
    uftp_bytes bytes; /* the datagram, as captured */

    const uftp_wire *wire; /* NULL: version 3 */
    cap_depth depth;
    int error; /* uftp_error of what could not be read, 0 */
    uftp_header header;
    bool sealed, has_key; /* has_key: there was at least one to try */
    uftp_encrypted encrypted;
    const cap_key *key; /* that opened it */
    uftp_bytes plain;   /* the message's bytes, when MESSAGE */
    uftp_message message;

    /* Version 3: `wire` is NULL and message.type 0; `header` has version, type, group and source
     * only, the source being that of the IP header where the packet has none. */
    bool is_v3;
    uftp_v3_header v3_header;
    uftp_v3_message v3; /* when MESSAGE or, of ENCRYPTED, WRAPPER */

    cap_session *session; /* NULL: a heartbeat, which belongs to none, or no memory */
    cap_peer *peer;       /* its sender, likewise */
    cap_file *file;       /* that it is about, when its FILEINFO was seen */
} cap_packet;

#endif
