/* SPDX-License-Identifier: MIT
 *
 * What a guard has seen; for the files of the guard only.
 */
#ifndef SIM_INVARIANTS_INTERNAL_H
#define SIM_INVARIANTS_INTERNAL_H

#include "invariants/guard.h"

#include "engine/node.h"

/* An object that a sender has announced. */
typedef struct guard_object {
    uint16_t file_id;
    uint8_t type;
    char *name, *path; /* as sent; in the source */
} guard_object;

/* A session as its sender tells it. */
typedef struct guard_session {
    struct guard_session *next;
    struct guarded *sender;
    uint32_t group;
    uint8_t instance;
    bool finished;
    uint8_t phase;
    uint64_t naks; /* blocks that receivers asked for */
    guard_object *objects;
    size_t count, capacity;
} guard_session;

typedef struct guard_result {
    uint16_t file_id;
    bool finished;
    uint8_t status, type;
    int error;
    uint64_t size;
} guard_result;

/* A session as one receiver tells it. */
typedef struct guard_view {
    struct guard_view *next;
    struct guarded *receiver;
    uint32_t group;
    uint8_t instance;
    uftp_address host; /* of the sender: until one confirms, several may claim a session's name */
    uint32_t incarnation; /* of the receiver */
    bool ready, done, finished;
    uftp_result result;
    uint64_t iv_counter; /* last one seen on the wire */
    guard_result *results;
    size_t count, capacity;
} guard_view;

typedef struct guarded {
    struct guarded *next;
    sim_node *node;
    bool is_sender;
    bool forgetful;
    uint32_t incarnation; /* starts so far */

    uftp_sender_config config; /* sender */
    sim_source *source;
    uint64_t iv_counter;
    bool seq_known;
    uint16_t seq;
    uint64_t paid_until; /* what it has sent takes until then at its rate */
    uint8_t key[32];     /* of the last incarnation */
    bool key_known;

    sim_store *store; /* receiver */
    size_t groups;    /* it is in when it starts */
    uint64_t store_calls;
    uint64_t *known; /* hashes of what was there before */
    size_t known_count, known_capacity;

    uint32_t open;   /* sessions begun and not finished, this incarnation */
    uint64_t events; /* told */
    uint64_t effects, idle_turns;
} guarded;

typedef struct guard_secret {
    struct guard_secret *next;
    size_t len;
    uint8_t bytes[];
} guard_secret;

struct sim_guard {
    void *owner;
    guarded *nodes;
    guard_session *sessions;
    guard_view *views; /* newest first */
    guard_secret *secrets;
    uint64_t (*keys)[4]; /* every sender's key so far */
    size_t key_count, key_capacity;
    bool damaged;
    bool objects_unknown;  /* a sender is forgetful */
    uint64_t grtt_largest; /* that any sender has announced */
    uint8_t robust_largest;
};

/* guard.c */
guarded *guard_find(sim_guard *guard, const sim_node *node);
guarded *guard_find_uid(sim_guard *guard, uint32_t uid);
guard_session *guard_session_find(const sim_guard *guard, uint32_t group, uint8_t instance);
/* NULL for the host: the one that was confirmed, if any was. */
guard_view *guard_view_find(const sim_guard *guard, const guarded *receiver, uint32_t group,
                            uint8_t instance, const uftp_address *host);
guard_result *guard_result_find(const guard_view *view, uint16_t file_id);
const guard_object *guard_object_find(const guard_session *session, uint16_t file_id);
#define guard_fail(who, ...) sim_fail(sim_world((who)->node), (who)->node, __VA_ARGS__)
/* Room for one more element behind an array's `count`. */
void *guard_grow(void *array, size_t count, size_t *capacity, size_t size);

/* wire.c */
void guard_datagram(sim_guard *guard, guarded *who, uint64_t now, const sim_packet *packet);
void guard_new_key(sim_guard *guard, guarded *sender);

/* files.c */
void guard_remember_store(guarded *receiver);
/* After a turn in which the store was changed. */
void guard_store(const sim_guard *guard, guarded *receiver);
/* The receiver says that this object is where it belongs. */
void guard_finished_object(const sim_guard *guard, guarded *receiver, const uftp_event *event);
/* When its sessions are over: nothing is left that is half done. */
void guard_leftovers(const guarded *receiver);

/* views.c */
void guard_client_event(sim_guard *guard, guarded *sender, const uftp_event *event);

/* timers.c */
void guard_turn(const sim_guard *guard, guarded *who, uint64_t now, uint64_t deadline);

#endif
