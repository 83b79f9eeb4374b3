/* SPDX-License-Identifier: MIT
 *
 * What the files of the proxy share:
 *
 *   proxy.c            the object, its verbs, which side a datagram comes from
 *   proxy_session.c    the table of sessions, how they begin and end, the groups they are in
 *   proxy_relay.c      from the sender's side: passed on, or acted upon
 *   proxy_clients.c    from the receivers' side: who they are, and what they may say
 *   proxy_aggregate.c  many answers become one
 *   proxy_abort.c      who is told that a session, or somebody in it, is at an end
 *   proxy_heartbeat.c  the way through NATs
 *   proxy_keys.c       a session's keys on both legs
 *   proxy_keys_up.c    ... towards the sender, as a receiver has them
 *   proxy_keys_down.c  ... towards the receivers, as a sender has them
 *   proxy_queue.c      what is to be sent
 *
 * Everything a proxy says is built when the reason for it comes, into the queue: between recv() or
 * on_timeout() and the polls of the same turn nothing can change any more.
 *
 * A receiver behind a client or response proxy (uftp_client of clients.h) goes through
 *
 *   MUTE --REGISTER, and CLIENT_KEY where it is asked for--> REGISTERED
 *   REGISTERED --REG_CONF; in encrypted sessions KEYINFO_ACK--> ACTIVE --COMPLETE of file 0--> DONE
 *   MUTE, REGISTERED --the time to set up is over--> ABORTED, as from any state by an ABORT
 *
 * where a REG_CONF of an encrypted session sets `vouched`: it may be handed the keys.
 */
#ifndef UFTP_SESSION_PROXY_INTERNAL_H
#define UFTP_SESSION_PROXY_INTERNAL_H

#include "base/assert.h"
#include "base/memory.h"
#include "session/clients.h"
#include "session/events.h"
#include "session/packet.h"
#include "session/proxy_queue.h"
#include <uftp/proxy.h>
#include <uftp/quantise.h>

#define PROXY_PORT_DEFAULT 1044
#define PROXY_QUEUE_DEFAULT (UINT64_C(4) << 20)
#define PROXY_QUEUE_MIN (UINT64_C(128) << 10)
#define PROXY_HEARTBEAT_DEFAULT UFTP_S(20)
#define PROXY_HEARTBEAT_MIN UFTP_MS(100) /* below, a host would be flooded */
/* As for a receiver: a forged GRTT of 0 must not make us spin. */
#define PROXY_GRTT_MIN UFTP_MS(1)
#define PROXY_BUCKETS 256 /* of the session hash: a power of two above UFTP_SESSIONS_MAX */
#define PROXY_SLOTS 10    /* kinds of answers that are being gathered (spec proxy 5.1) */
/* A session ends when its sender has been silent for so many times ROBUST * GRTT. The reference
 * waits for one, and loses a session when a NAT is restarted; the protocol's text says four. */
#define PROXY_PATIENCE 4
/* Between two KEYINFO packets to a crowd: some 1300 bytes each, so 10 Mbit/s. */
#define PROXY_KEYINFO_GAP UFTP_MS(1)
/* ABORTs to strangers are five times as long as what asked for them: so many at once, and one each
 * interval. The same for signatures in heartbeats, which cost a millisecond to verify. */
#define PROXY_BUCKET_DEPTH 16
#define PROXY_BUCKET_INTERVAL UFTP_MS(50)

typedef struct proxy_session proxy_session;
typedef struct proxy_keys proxy_keys;

/* How often something may happen that strangers can ask for. */
typedef struct proxy_bucket {
    uint64_t full_at; /* when it will be full again; in the past: full */
} proxy_bucket;

/* Answers of one kind that wait for company (spec proxy 5.1). */
typedef struct proxy_slot {
    uint8_t type;     /* uftp_message_type; 0: free */
    uint8_t status;   /* COMPLETE */
    uint16_t file_id; /* all but REGISTER */
    uint16_t section; /* STATUS */
    bool partial;     /* FILEINFO_ACK: all of them are */
    uint64_t time_us; /* REGISTER, FILEINFO_ACK: the timestamp of the first ... */
    uint64_t since;   /* ... which came then */
    bool has_tfmcc;   /* STATUS: the report of the slowest, which came then */
    uftp_tfmcc_ack tfmcc;
    uint64_t tfmcc_since;
    uint32_t count; /* receivers in it */
    size_t len;     /* STATUS: bytes of the bitmap */
    uint8_t *data;  /* UIDs, or the bitmap: session->slot_len bytes, made when first used */
} proxy_slot;

/* One datagram on its way in. */
typedef struct proxy_arrival {
    uint64_t now, at; /* at: when it came in */
    const uftp_datagram *train;
} proxy_arrival;

struct proxy_session {
    uftp_proxy *proxy;
    proxy_session *bucket_next;
    uint32_t index; /* in proxy->sessions */

    uint32_t group;
    uint8_t instance;
    uint32_t server;
    uftp_address up; /* where its ANNOUNCE came from */
    /* Where its receivers listen, with their port; zero addresses in a unicast session. */
    uftp_address public_group, private_group;
    bool joined;
    uftp_address joined_group, joined_source;

    uint8_t robust;
    uint16_t block_size;
    uint8_t grtt_byte, group_size_byte; /* as the sender tells them */
    uint64_t grtt;                      /* of grtt_byte, not below PROXY_GRTT_MIN */
    uint64_t started, touched;
    uint64_t announced, announced_grtt; /* at the last ANNOUNCE: the time to set up */

    uint16_t seq;                            /* of our next datagram to the sender */
    uint64_t iv_counter_up, iv_counter_down; /* last ones used */
    proxy_keys *keys;                        /* NULL: plain session */

    uftp_clients clients;
    proxy_slot slots[PROXY_SLOTS];
    size_t slot_len;
    /* Since when these timers run, UFTP_NEVER: they do not. Their lengths follow the GRTT, which
     * may fall from half a second to ten milliseconds while they run. */
    uint64_t flush_since;   /* the slots are sent after one */
    uint64_t keyinfo_since; /* KEYINFO is sent again after two, or soon when a packet was full */
    uint8_t *scratch;       /* KEYINFO entries of one packet: block_size bytes */
};

typedef struct proxy_membership {
    uftp_address group, source;
    uint32_t users; /* sessions; 0: to be left, if the driver was told to join */
    bool told;      /* the driver knows that we want it */
    uint32_t session_group;
    uint8_t session_instance;
} proxy_membership;
/* One per session, and as many again that wait to be left. */
#define PROXY_MEMBERSHIPS(proxy) (2U * (proxy)->config.sessions_max)

struct uftp_proxy {
    uftp_proxy_config config;     /* its lists are copies */
    uftp_downstream *downstreams; /* as configured; `address` is where they are now */
    uftp_address *heartbeat_hosts;
    uftp_server_entry *servers;
    uftp_member *clients; /* in order of their UIDs */
    uftp_key *own_key;    /* when none was given */

    proxy_session **sessions; /* in no order; sessions[i]->index == i */
    uint32_t session_count;
    proxy_session *buckets[PROXY_BUCKETS];
    proxy_membership *memberships; /* PROXY_MEMBERSHIPS */
    uint32_t membership_count;
    bool membership_changed; /* poll_event() has to look */

    uint32_t nonce; /* that a heartbeat must sign; not 0 */
    uint64_t heartbeat_deadline;
    proxy_bucket verifications, strangers;

    proxy_queue queue;
    uftp_event_queue events;
    uftp_proxy_stats stats;
};

/* ---- proxy.c ---- */
uftp_event uftp_proxy_event(const proxy_session *session, uftp_event_type type);
void uftp_proxy_push(uftp_proxy *proxy, const uftp_event *event);
void uftp_proxy_push_client(const proxy_session *session, uftp_event_type type,
                            const uftp_client *client, const char *text);
/* Builds a datagram into the queue. `sealing` NULL: in the clear. */
void uftp_proxy_send(uftp_proxy *proxy, const uftp_header *header, const uftp_message *message,
                     const uftp_sealing *sealing, uint64_t counter,
                     const uftp_address *destination);
/* A message of ours to the sender of a session: sealed where the session's keys allow it. */
void uftp_proxy_send_up(proxy_session *session, const uftp_message *message);
/* A message of ours to the receivers, in the clear. */
void uftp_proxy_send_down(proxy_session *session, const uftp_message *message,
                          const uftp_address *group);
/* Passes a datagram on as it came. False when the queue is full. */
bool uftp_proxy_pass_on(uftp_proxy *proxy, const uftp_packet *packet, const proxy_arrival *arrival,
                        const uftp_address *destination);
/* Whether it may happen once more at `now`; counts it. */
bool uftp_proxy_bucket_take(proxy_bucket *bucket, uint64_t now);

/* ---- proxy_session.c ---- */
proxy_session *uftp_proxy_session_find(const uftp_proxy *proxy, uint32_t group, uint8_t instance);
/* The first ANNOUNCE. */
int uftp_proxy_session_start(uftp_proxy *proxy, const uftp_packet *packet,
                             const proxy_arrival *arrival, proxy_session **out);
void uftp_proxy_session_free(proxy_session *session); /* without a word */
/* SESSION_FINISHED, and the end. `text` says why when it failed. */
void uftp_proxy_session_end(proxy_session *session, uint64_t now, uftp_result result,
                            const char *text);
uint64_t uftp_proxy_session_deadline(const proxy_session *session);
void uftp_proxy_session_on_timeout(proxy_session *session, uint64_t now);
/* Until then receivers of an encrypted session may register. */
uint64_t uftp_proxy_session_setup_end(const proxy_session *session);
/* The next JOIN or LEAVE that the driver has not been told of: 1 or 0. */
int uftp_proxy_poll_membership(uftp_proxy *proxy, uftp_event *out);
void uftp_proxy_session_join_failed(proxy_session *session, uint64_t now);
static inline bool proxy_gathers(const uftp_proxy *proxy)
{
    return proxy->config.kind != UFTP_PROXY_SERVER;
}

/* ---- proxy_relay.c ---- */
int uftp_proxy_on_announce(uftp_proxy *proxy, proxy_session *session, const uftp_packet *packet,
                           const proxy_arrival *arrival);
/* From the session's sender, ANNOUNCE aside. */
int uftp_proxy_on_downstream(proxy_session *session, uftp_packet *packet,
                             const proxy_arrival *arrival);
/* From the other side, at a server proxy. */
int uftp_proxy_relay_up(proxy_session *session, const uftp_packet *packet,
                        const proxy_arrival *arrival);

/* ---- proxy_clients.c ---- */
/* From the receivers' side, at a client or response proxy. */
int uftp_proxy_on_upstream(proxy_session *session, uftp_packet *packet,
                           const proxy_arrival *arrival);
/* REG_CONF: the sender takes these for members. */
void uftp_proxy_clients_confirmed(proxy_session *session, uint64_t now, const uftp_uid_list *list);
/* The client has all that it needs. */
void uftp_proxy_client_ready(proxy_session *session, uftp_client *client);

/* ---- proxy_aggregate.c ---- */
void uftp_proxy_gather_register(proxy_session *session, uint64_t now, uftp_client *client,
                                uint64_t timestamp_us, uint64_t at);
void uftp_proxy_gather_fileinfo_ack(proxy_session *session, uint64_t now, uftp_client *client,
                                    const uftp_fileinfo_ack *message, uint64_t at);
void uftp_proxy_gather_status(proxy_session *session, uint64_t now, uftp_client *client,
                              const uftp_status *message, uint64_t at);
void uftp_proxy_gather_complete(proxy_session *session, uint64_t now, uftp_client *client,
                                const uftp_complete *message);
/* Sends what has been gathered. */
void uftp_proxy_flush(proxy_session *session, uint64_t now);
void uftp_proxy_slots_free(proxy_session *session);

/* ---- proxy_abort.c ---- */
/* An ABORT of the sender's, in the clear. Returns false when the session is gone. */
bool uftp_proxy_abort_from_sender(proxy_session *session, uint64_t now, const uftp_abort *message);
/* An ABORT of a receiver's. */
void uftp_proxy_abort_from_client(proxy_session *session, uftp_client *client,
                                  const uftp_abort *message);
/* We put a receiver out: both sides are told. */
void uftp_proxy_abort_client(proxy_session *session, uftp_client *client, const char *text);
/* A receiver that is not let in is told, as far as strangers may make us speak. */
void uftp_proxy_abort_stranger(proxy_session *session, uint64_t now, uint32_t uid,
                               const char *text);
/* A session that we cannot take up: the sender is told. */
void uftp_proxy_refuse_session(uftp_proxy *proxy, const uftp_packet *packet,
                               const proxy_arrival *arrival, const char *text);

/* ---- proxy_heartbeat.c ---- */
void uftp_proxy_heartbeat_begin(uftp_proxy *proxy, uint64_t now);
void uftp_proxy_heartbeat_timeout(uftp_proxy *proxy, uint64_t now);
int uftp_proxy_on_heartbeat(uftp_proxy *proxy, const uftp_packet *packet,
                            const proxy_arrival *arrival);
int uftp_proxy_on_heartbeat_answer(uftp_proxy *proxy, const uftp_packet *packet,
                                   const proxy_arrival *arrival);

/* ---- proxy_keys.c: in encrypted sessions only, but for the first ---- */
/* Checks the ANNOUNCE, then makes session->keys: contexts, an ephemeral key for each leg, the
 * PROXY_KEY. `*why` is the text of the ABORT, NULL when none is due. */
int uftp_proxy_keys_begin(proxy_session *session, const uftp_packet *packet,
                          const uftp_announce *announce, const char **why);
void uftp_proxy_keys_free(proxy_session *session);
/* PROXY_KEY, also of a plain session. */
void uftp_proxy_keys_announce(proxy_session *session);
/* The group master is known. */
bool uftp_proxy_keys_established(const proxy_session *session);
/* A KEYINFO of the sender's. */
int uftp_proxy_keys_on_keyinfo(proxy_session *session, uint64_t now, const uftp_packet *packet,
                               const uftp_keyinfo *message);
/* Our share of the exchange with the sender goes into a REGISTER; CLIENT_KEY follows it. */
void uftp_proxy_keys_fill_register(const proxy_session *session, uftp_register *out);
void uftp_proxy_keys_send_client_key(proxy_session *session);
bool uftp_proxy_keys_client_auth(const proxy_session *session);
/* What we say to the sender is sealed with this; the caller wipes *aead. */
uftp_sealing uftp_proxy_keys_sealing_up(const proxy_session *session, bool handshake,
                                        uftp_aead *aead);
/* First REGISTER of a receiver: its secrets. CLIENT_KEY: its key is checked. */
int uftp_proxy_keys_register(proxy_session *session, uftp_client *client,
                             const uftp_register *message);
int uftp_proxy_keys_client_key(proxy_session *session, uftp_client *client,
                               const uftp_client_key *message);
bool uftp_proxy_keys_verify(const proxy_session *session, const uftp_client *client,
                            uftp_bytes data);
/* Opens what a receiver has sealed, in place. AUTH. */
int uftp_proxy_keys_open(const proxy_session *session, uftp_client *client, uftp_packet *packet,
                         bool handshake);
/* Some receivers are to be sent the group master now: the next packet of them, and again later. */
void uftp_proxy_keys_send_keyinfo(proxy_session *session, uint64_t now);

#endif
