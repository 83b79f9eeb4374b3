/* SPDX-License-Identifier: MIT
 *
 * The receivers a sender knows: found by UID in a hash, counted by state, and chained in one list
 * per state, so that neither a received datagram nor a resend looks at clients it has nothing to do
 * with. A client owed a message stands in at most one "due" list.
 */
#ifndef UFTP_SESSION_CLIENTS_H
#define UFTP_SESSION_CLIENTS_H

#include "handshake/v4.h"
#include "handshake/v5.h"
#include "session/replay.h"
#include <uftp/sender.h>

/* Messages with a list of UIDs that may be owed to a client. */
typedef enum client_due {
    CLIENT_DUE_NOTHING,
    CLIENT_DUE_KEYINFO,
    CLIENT_DUE_REG_CONF,
    CLIENT_DUE_ANNOUNCE,
    CLIENT_DUE_FILEINFO,
    CLIENT_DUE_DONE,
    CLIENT_DUE_DONE_CONF,
    CLIENT_DUE_ABORT, /* with abort_text */
    CLIENT_DUE_KINDS
} client_due;

/* What version 4 keeps of a client besides. */
typedef struct client_secrets_v4 {
    uftp_v4_client exchange;               /* wiped once the client is confirmed */
    uint8_t public_key[UFTP_KEY_BLOB_MAX]; /* of its CLIENT_KEY: may sign every packet */
    size_t public_key_len;
} client_secrets_v4;

/* What only encrypted sessions need; made with the first usable REGISTER. */
typedef struct client_secrets {
    uint8_t verify_data[UFTP_HASH_LEN_MAX];
    size_t verify_len;
    uftp_replay replay; /* of the client's counters */
    bool ready;         /* verify_data is set, and the keys it proves */

    uftp_traffic server_hs, client_hs; /* version 5 */
    uftp_traffic client_app;
    uftp_v5_client_context *context;   /* until the client is confirmed */
    uint64_t register_us, register_at; /* at a proxy: of a REGISTER whose CLIENT_KEY is awaited */
    client_secrets_v4 *v4;             /* version 4 */
} client_secrets;

typedef struct uftp_client {
    uint32_t uid;
    uint32_t index; /* in order of listing or registration */
    uftp_client_state state;
    client_due due;
    bool is_proxy;
    bool listed;       /* came with the configuration */
    bool confirmed;    /* took part in a file, or proved its keys: clear ABORTs are void */
    bool rtt_measured; /* since the flags were last cleared */
    bool conflict_reported;
    bool vouched;              /* at a proxy: the sender has confirmed it */
    uint16_t slots;            /* at a proxy: where it waits, one bit per slot */
    struct uftp_client *proxy; /* at the sender: what it is behind; NULL: nothing */
    bool has_fingerprint;
    uint8_t fingerprint[UFTP_FINGERPRINT_LEN];
    uftp_address address; /* where it speaks from; family 0 before its first message */
    uint64_t rtt;
    client_secrets *secrets;
    const char *name;  /* own_name, or allocated */
    char own_name[11]; /* "0x%08X" */

    /* Congestion control. */
    uint64_t rate;   /* reported for the current file; UINT64_MAX: not yet */
    bool had_loss;   /* has reported a rate that was not slow start's */
    bool rtt_untold; /* in the queue for the next CONG_CTRL */
    struct uftp_client *untold_next;
    uint32_t told_in; /* number of the CONG_CTRL that listed it last */

    /* The current file. */
    uint8_t status; /* uftp_complete_status */
    bool has_free_space;
    uint64_t free_space;
    uint64_t done_after;
    uint32_t nak_excesses;
    const char *abort_text; /* a literal: why we put it out */

    /* All files. */
    uint32_t copied, overwritten, skipped, rejected;
    uint64_t bytes, time;

    struct uftp_client *state_prev, *state_next;
    struct uftp_client *due_prev, *due_next;
} uftp_client;

typedef struct client_list {
    uftp_client *first, *last;
    uint32_t count;
} client_list;

typedef struct uftp_clients {
    const uftp_allocator *memory;
    uint64_t hash_seed;  /* drawn, so that nobody can choose UIDs that collide */
    uftp_client **table; /* in order of `index` */
    uint32_t count, capacity;
    uint32_t *buckets; /* index + 1, open addressing; 0: free */
    uint32_t bucket_count;
    client_list by_state[UFTP_CLIENT_STATES];
    client_list by_due[CLIENT_DUE_KINDS];
    uint32_t proxies_in[UFTP_CLIENT_STATES];
} uftp_clients;

void uftp_clients_init(uftp_clients *clients, const uftp_allocator *memory,
                       const uftp_random *random);
void uftp_clients_free(uftp_clients *clients);
uftp_client *uftp_clients_find(const uftp_clients *clients, uint32_t uid);
/* A new client in state MUTE; name NULL: "0x%08X". MEMORY, LIMIT (UFTP_CLIENTS_MAX), EXISTS. */
int uftp_clients_add(uftp_clients *clients, uint32_t uid, const char *name, bool is_proxy,
                     uftp_client **out);
/* The only place where a client's state changes. What was due to it in the old state is not any
 * more. */
void uftp_clients_enter(uftp_clients *clients, uftp_client *client, uftp_client_state state);
/* Moves all clients of a state. */
void uftp_clients_enter_all(uftp_clients *clients, uftp_client_state from, uftp_client_state to);
void uftp_clients_set_due(uftp_clients *clients, uftp_client *client, client_due due);
/* Makes a message due to all clients in a state. */
void uftp_clients_set_due_all(uftp_clients *clients, uftp_client_state state, client_due due);
/* Takes the first client that a message is due to, or NULL. */
uftp_client *uftp_clients_take_due(uftp_clients *clients, client_due due);
bool uftp_clients_any_due(const uftp_clients *clients, client_due due);

static inline uint32_t uftp_clients_in(const uftp_clients *clients, uftp_client_state state)
{
    return clients->by_state[state].count;
}

/* Receivers in a state, proxies not counted. */
static inline uint32_t uftp_clients_receivers_in(const uftp_clients *clients,
                                                 uftp_client_state state)
{
    return clients->by_state[state].count - clients->proxies_in[state];
}

/* MUTE, LOST and ABORTED clients take no further part (spec v5 4.1). */
static inline bool uftp_client_failed(const uftp_client *client)
{
    return client->state == UFTP_CLIENT_MUTE || client->state == UFTP_CLIENT_LOST ||
           client->state == UFTP_CLIENT_ABORTED;
}

/* The largest round trip among clients that take part and were measured; 0: none. `clear` forgets
 * the measurements. Walks all clients: once per round, never per datagram. */
uint64_t uftp_clients_rtt_largest(uftp_clients *clients, bool clear);
/* Ends what is left of a client's handshake secrets. */
void uftp_client_drop_context(const uftp_clients *clients, uftp_client *client);

#endif
