/* SPDX-License-Identifier: MIT
 *
 * The proxy without I/O: what carries UFTP sessions of version 5 through networks that pass no
 * multicast, and through NATs. Three kinds:
 *
 *   server proxy    beside the sender: hears its groups and relays them by unicast to the proxies
 *                   behind it, and their answers back. It opens nothing.
 *   client proxy    beside the receivers: relays what comes by unicast to the groups of its own
 *                   network, gathers the answers of many receivers into few, and in encrypted
 *                   sessions hands the receivers the keys under a key of its own.
 *   response proxy  like a client proxy, for receivers that hear the sender's groups themselves:
 *                   only the answers pass it.
 *
 * A proxy behind a NAT keeps its way in open with heartbeats, which prove by its key who it is: a
 * server proxy that knows only the fingerprint learns the address from them, and again after the
 * NAT has mapped it anew.
 *
 * The driver's turn is that of the sender (sender.h). It joins the public groups of server and
 * response proxies by itself and carries out JOIN and LEAVE events for private ones. What is
 * relayed waits in a queue inside between recv() and poll_transmit(), which are to be called in the
 * same turn; what finds it full is dropped, as by any router, and counted.
 *
 * Sessions of version 4 are not relayed: their datagrams are dropped and counted in
 * stats.version4_dropped, and a REJECTED event names each ANNOUNCE among them.
 */
#ifndef UFTP_PROXY_H
#define UFTP_PROXY_H

#include <uftp/receiver.h>
#include <uftp/sender.h>

#ifdef __cplusplus
extern "C" {
#endif

#define UFTP_PROXY_CLIENTS_MAX 1000 /* of one session */
#define UFTP_PROXY_DOWNSTREAMS_MAX 100
#define UFTP_HEARTBEAT_HOSTS_MAX 100

typedef enum uftp_proxy_kind {
    UFTP_PROXY_SERVER = 1,
    UFTP_PROXY_CLIENT,
    UFTP_PROXY_RESPONSE
} uftp_proxy_kind;

/* Where a server proxy relays to: a fixed address, or whoever proves with heartbeats to hold the
 * key of this fingerprint. */
typedef struct uftp_downstream {
    uftp_address address; /* family 0: to be learnt */
    bool has_fingerprint;
    uint8_t fingerprint[UFTP_FINGERPRINT_LEN];
} uftp_downstream;

/* Everything is copied, except what the tables and keys point at. Zero means the default in
 * brackets. */
typedef struct uftp_proxy_config {
    const uftp_allocator *memory; /* required, outlives the proxy */
    const uftp_random *random;    /* required, outlives the proxy */

    uftp_proxy_kind kind; /* required */
    uint32_t uid;         /* required, not 0; nobody else's, not even of a receiver on this host */
    const uftp_key *key;  /* signs heartbeats and what the receivers are told; NULL: a secp256r1 key
                             is made at creation */
    const uftp_key_log *key_log; /* NULL: none, as it should be; outlives the proxy */
    uint8_t tos;   /* traffic class; the ECN bits of what is relayed stay as they are */
    uint16_t port; /* of the receivers: client and response proxies [1044] */

    const uftp_downstream *downstreams; /* server proxy: at least one */
    size_t downstream_count;

    const uftp_address *heartbeat_hosts; /* proxies that are to know where we are */
    size_t heartbeat_count;
    uint64_t heartbeat_interval; /* [20 s]; shorter than a NAT's patience, and than that of the
                                    receivers when a session is to survive a NAT's restart */

    const uftp_server_entry *servers; /* senders allowed; none: any. `proxy` is not used */
    size_t server_count;
    const uftp_member
        *clients; /* receivers allowed; none: any. `name` and `is_proxy` are not used */
    size_t client_count;
    bool source_specific; /* private groups must be SSM */

    uint16_t sessions_max; /* [UFTP_SESSIONS_MAX] */
    uint16_t clients_max;  /* of one session [UFTP_PROXY_CLIENTS_MAX] */
    size_t queue_bytes;    /* what may wait to be sent [4 MiB]; at least 128 KiB */
} uftp_proxy_config;

typedef struct uftp_proxy uftp_proxy;

/* ARGUMENT, MEMORY, KEY. */
int uftp_proxy_create(const uftp_proxy_config *config, uint64_t now, uftp_proxy **out);
void uftp_proxy_destroy(uftp_proxy *proxy); /* NULL is allowed */

/* Consumes trains. What cannot be used is counted and dropped; never an error. */
void uftp_proxy_recv(uftp_proxy *proxy, uint64_t now, const uftp_datagram *trains, size_t count);
/* 1 when `out` was filled, 0 when nothing is due at `now`. */
int uftp_proxy_poll_transmit(uftp_proxy *proxy, uint64_t now, uftp_transmit *out);
uint64_t uftp_proxy_next_deadline(const uftp_proxy *proxy);
void uftp_proxy_on_timeout(uftp_proxy *proxy, uint64_t now);
/* 1 when `out` was filled, 0 when there is none. */
int uftp_proxy_poll_event(uftp_proxy *proxy, uftp_event *out);

/* The driver could not join the group of a JOIN event: the sessions on it are given up. */
void uftp_proxy_join_failed(uftp_proxy *proxy, uint64_t now, const uftp_address *group);

typedef struct uftp_proxy_stats {
    uint32_t sessions; /* now open */
    uint32_t clients;  /* of all of them */
    uint64_t datagrams_received, datagrams_rejected;
    uint64_t rejected[32]; /* by -uftp_error */
    uint64_t version4_dropped;
    uint64_t relayed_down, relayed_up; /* datagrams passed on as they came */
    uint64_t datagrams_sent;           /* relayed and our own */
    uint64_t queue_dropped;            /* found the queue full */
    uint64_t unestablished;            /* for a downstream whose address is not known yet */
    uint64_t gathered;                 /* answers of receivers taken into messages of ours */
    uint64_t aggregates;               /* those messages */
    uint64_t heartbeats_sent, heartbeats_received, heartbeats_refused;
    uint64_t sessions_started, sessions_refused;
} uftp_proxy_stats;

void uftp_proxy_stats_get(const uftp_proxy *proxy, uftp_proxy_stats *out);
/* Where a downstream is now; family 0 while it is not known. index < downstream_count. */
void uftp_proxy_downstream_get(const uftp_proxy *proxy, size_t index, uftp_address *out);

#ifdef __cplusplus
}
#endif
#endif
