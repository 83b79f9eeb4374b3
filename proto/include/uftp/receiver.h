/* SPDX-License-Identifier: MIT
 *
 * The receiver (UFTP's client) without I/O (spec v5 4.10, 4.11). One object takes part in any
 * number of sessions at once, up to a limit. The driver's turn is that of the sender (sender.h); it
 * also carries out JOIN and LEAVE events for private groups, and joins the public groups by itself.
 */
#ifndef UFTP_RECEIVER_H
#define UFTP_RECEIVER_H

#include <uftp/datagram.h>
#include <uftp/event.h>
#include <uftp/key.h>
#include <uftp/store.h>
#include <uftp/wire.h>

#ifdef __cplusplus
extern "C" {
#endif

#define UFTP_SESSIONS_MAX 100 /* spec v5 5 */
#define UFTP_DESTINATIONS_MAX 10
#define UFTP_PATH_MAX 300 /* of a destination and a name together, as in the reference */

/* A sender that is allowed (uftpd -S). */
typedef struct uftp_server_entry {
    uint32_t uid;
    uftp_address address; /* for source-specific joins; family 0: any */
    uint32_t proxy;       /* UID of the proxy in between, 0: none */
    bool has_fingerprint;
    uint8_t fingerprint[UFTP_FINGERPRINT_LEN];
} uftp_server_entry;

/* The key of a proxy that servers are heard through (uftpd -R). */
typedef struct uftp_proxy_entry {
    uint32_t uid;
    bool has_fingerprint;
    uint8_t fingerprint[UFTP_FINGERPRINT_LEN];
} uftp_proxy_entry;

/* Everything is copied, except what the tables and keys point at. Zero means the default in
 * brackets. */
typedef struct uftp_receiver_config {
    const uftp_allocator *memory; /* required, outlives the receiver */
    const uftp_random *random;    /* required, outlives the receiver */
    const uftp_store *store;      /* required, outlives the receiver */
    uint64_t wall_us;             /* wall clock, us since the epoch, at creation: dates backups */

    uint32_t uid;        /* required, not 0 */
    const uftp_key *key; /* for senders that ask for client authentication; NULL: a secp256r1 key
                            is made at creation, as the reference does */
    const uftp_key_log *key_log; /* NULL: none, as it should be; outlives the receiver */
    uint8_t tos;                 /* traffic class of replies */

    const char *const *destinations; /* absolute names of the store's roots, at least one: absolute
                                        names on the wire are matched against them */
    size_t destination_count;
    bool temp_directory; /* the store has UFTP_ROOT_TEMP: sessions are received there and moved at
                            the end, and can be restarted (uftpd -T) */
    bool move_individually; /* at the end of a session merge directories file by file (-i) */
    bool backup;            /* keep what is replaced or deleted (-A) */
    bool sync_to_disk;      /* flush each file before it is reported COMPLETE */

    bool encrypted_only;              /* refuse plain sessions (-E) */
    bool legacy_crypto;               /* take part in sessions of version 4 with CBC ciphers, SHA-1
                                         or RSA key exchange, which are broken */
    bool refuse_delete;               /* answer delete requests with "rejected" */
    bool source_specific;             /* private groups must be SSM (-o) */
    const uftp_server_entry *servers; /* senders allowed; none: any */
    size_t server_count;
    const uftp_proxy_entry *proxies; /* keys of the proxies that `servers` names; who is not in the
                                        list may have any key */
    size_t proxy_count;

    uint16_t sessions_max; /* [UFTP_SESSIONS_MAX] */
} uftp_receiver_config;

typedef struct uftp_receiver uftp_receiver;

/* ARGUMENT, MEMORY, KEY. */
int uftp_receiver_create(const uftp_receiver_config *config, uint64_t now, uftp_receiver **out);
void uftp_receiver_destroy(uftp_receiver *receiver); /* NULL is allowed */

void uftp_receiver_recv(uftp_receiver *receiver, uint64_t now, const uftp_datagram *trains,
                        size_t count);
int uftp_receiver_poll_transmit(uftp_receiver *receiver, uint64_t now, uftp_transmit *out);
uint64_t uftp_receiver_next_deadline(const uftp_receiver *receiver);
void uftp_receiver_on_timeout(uftp_receiver *receiver, uint64_t now);
int uftp_receiver_poll_event(uftp_receiver *receiver, uftp_event *out);

/* The driver could not join the group of a JOIN event: the sessions on it are given up. */
void uftp_receiver_join_failed(uftp_receiver *receiver, uint64_t now, const uftp_address *group);
/* Ends all sessions with an ABORT "Client shutting down". */
void uftp_receiver_shutdown(uftp_receiver *receiver, uint64_t now);

typedef struct uftp_receiver_stats {
    uint32_t sessions; /* now open */
    uint64_t datagrams_received, datagrams_rejected, datagrams_sent;
    uint64_t rejected[32]; /* by -uftp_error */
    uint64_t blocks_received, blocks_duplicate;
    uint64_t bytes_written;
    uint64_t sessions_finished, sessions_failed, sessions_refused;
} uftp_receiver_stats;

void uftp_receiver_stats_get(const uftp_receiver *receiver, uftp_receiver_stats *out);

/* One open session, for a progress display. index < stats.sessions. */
typedef struct uftp_session_info {
    uint32_t group;
    uint8_t instance;
    uint32_t server;
    uint16_t file_id;
    const char *name; /* current file, NULL between files; valid until the next call */
    uint64_t file_size;
    uint32_t blocks, blocks_missing;
} uftp_session_info;

void uftp_receiver_session_get(const uftp_receiver *receiver, uint32_t index,
                               uftp_session_info *out);

#ifdef __cplusplus
}
#endif
#endif
