/* SPDX-License-Identifier: MIT
 *
 * What a guard has seen; for the files of the guard only.
 */
#ifndef SIM_INVARIANTS_INTERNAL_H
#define SIM_INVARIANTS_INTERNAL_H

#include "invariants/guard.h"

#include "engine/node.h"
#include "invariants/secrets.h"

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
    uint64_t iv_first, iv_counter; /* first and last one seen on the wire; 0: none */
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
    bool seq_known, seq_may_repeat;
    uint16_t seq;
    uint64_t rate;       /* bytes/s */
    uint64_t paid_until; /* what it has sent takes until then at its rate */
    uint64_t blocks;     /* that it had sent when it was last looked at */

    const sim_guard *guard; /* receiver */
    sim_store *store;
    bool unflushed;
    guard_view *views; /* newest first */
    size_t groups;     /* it is in when it starts */
    uint64_t *known;   /* hashes of what was there before */
    size_t known_count, known_capacity;

    uint32_t open;   /* sessions begun and not finished, this incarnation */
    uint64_t events; /* told */
    uint64_t effects, idle_turns;
    uint64_t heard, heard_at; /* datagrams, and when the last of them was noticed */
} guarded;

struct sim_guard {
    void *owner;
    guarded *nodes;
    guarded **by_index; /* of the node */
    size_t index_count;
    guard_session *sessions;
    sim_secrets secrets;
    uftp_key_log key_log;
    const uftp_key_log *key_log_next;
    bool damaged;
    bool proxied;          /* receivers may be behind proxies, which speak for them */
    bool objects_unknown;  /* a sender is forgetful */
    uint64_t grtt_largest; /* that any sender has announced */
    uint8_t robust_largest;
};

/* guard.c */
bool guard_is_core(const guarded *who); /* of a sender, and no part that a test plays */
guarded *guard_find(const sim_guard *guard, const sim_node *node);
guarded *guard_find_uid(const sim_guard *guard, uint32_t uid);
guard_session *guard_session_find(const sim_guard *guard, uint32_t group, uint8_t instance);
/* NULL for the host: the one that was confirmed, if any was. */
guard_view *guard_view_find(const guarded *receiver, uint32_t group, uint8_t instance,
                            const uftp_address *host);
guard_result *guard_result_find(const guard_view *view, uint16_t file_id);
const guard_object *guard_object_find(const guard_session *session, uint16_t file_id);
#define guard_fail(who, ...) sim_fail(sim_world((who)->node), (who)->node, __VA_ARGS__)
#define guard_fail_between(who, other, ...) \
    sim_fail_between(sim_world((who)->node), (who)->node, (other)->node, __VA_ARGS__)
/* Room for one more element behind an array's `count`. */
void *guard_grow(void *array, size_t count, size_t *capacity, size_t size);

/* wire.c */
void guard_datagram(sim_guard *guard, guarded *who, uint64_t now, const sim_packet *packet);
/* A sender under congestion control may have another rate by now. */
void guard_follow_rate(guarded *who, uint64_t now);
/* Time that so many bytes take at the sender's rate. */
uint64_t guard_wire_interval(const guarded *sender, size_t len);

/* files.c */
void guard_remember_store(guarded *receiver);
/* From now on whatever gets a name there is looked at. */
void guard_watch_store(const sim_guard *guard, guarded *receiver);
/* All that lies there. */
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
