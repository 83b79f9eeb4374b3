/* SPDX-License-Identifier: MIT
 *
 * What a watch has seen; for the files of the watch only.
 */
#ifndef SIM_INVARIANTS_INTERNAL_H
#define SIM_INVARIANTS_INTERNAL_H

#include "invariants/watch.h"

#include "engine/node.h"

/* An object that a sender has announced. */
typedef struct watch_object {
    uint16_t file_id;
    uint8_t type;
    char *name, *path; /* as sent; in the source */
} watch_object;

/* A session as its sender tells it. */
typedef struct watch_session {
    struct watch_session *next;
    struct watched *sender;
    uint32_t group;
    uint8_t instance;
    bool finished;
    uint8_t phase;
    uint64_t naks; /* blocks that receivers asked for */
    watch_object *objects;
    size_t count, capacity;
} watch_session;

typedef struct watch_result {
    uint16_t file_id;
    bool finished;
    uint8_t status, type;
    int error;
    uint64_t size;
} watch_result;

/* A session as one receiver tells it. */
typedef struct watch_view {
    struct watch_view *next;
    struct watched *receiver;
    uint32_t group;
    uint8_t instance;
    uint32_t incarnation; /* of the receiver */
    bool ready, done, finished;
    uftp_result result;
    uint64_t iv_counter; /* last one seen on the wire */
    watch_result *results;
    size_t count, capacity;
} watch_view;

typedef struct watched {
    struct watched *next;
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
} watched;

typedef struct watch_secret {
    struct watch_secret *next;
    size_t len;
    uint8_t bytes[];
} watch_secret;

struct sim_watch {
    void *owner;
    watched *nodes;
    watch_session *sessions;
    watch_view *views; /* newest first */
    watch_secret *secrets;
    uint64_t (*keys)[4]; /* every sender's key so far */
    size_t key_count, key_capacity;
    bool damaged;
    bool objects_unknown;  /* a sender is forgetful */
    uint64_t grtt_largest; /* that any sender has announced */
    uint8_t robust_largest;
};

/* watch.c */
watched *watch_find(sim_watch *watch, const sim_node *node);
watched *watch_find_uid(sim_watch *watch, uint32_t uid);
watch_session *watch_session_find(const sim_watch *watch, uint32_t group, uint8_t instance);
watch_view *watch_view_find(const sim_watch *watch, const watched *receiver, uint32_t group,
                            uint8_t instance);
watch_result *watch_result_find(const watch_view *view, uint16_t file_id);
const watch_object *watch_object_find(const watch_session *session, uint16_t file_id);
#define watch_fail(who, ...) sim_fail(sim_world((who)->node), (who)->node, __VA_ARGS__)
/* Room for one more element behind an array's `count`. */
void *watch_grow(void *array, size_t count, size_t *capacity, size_t size);

/* wire.c */
void watch_datagram(sim_watch *watch, watched *who, uint64_t now, const sim_packet *packet);
void watch_new_key(sim_watch *watch, watched *sender);

/* files.c */
void watch_remember_store(watched *receiver);
/* After a turn in which the store was changed. */
void watch_store(const sim_watch *watch, watched *receiver);
/* The receiver says that this object is where it belongs. */
void watch_finished_object(const sim_watch *watch, watched *receiver, const uftp_event *event);
/* When its sessions are over: nothing is left that is half done. */
void watch_leftovers(const watched *receiver);

/* views.c */
void watch_client_event(sim_watch *watch, watched *sender, const uftp_event *event);

/* timers.c */
void watch_turn(const sim_watch *watch, watched *who, uint64_t now, uint64_t deadline);

#endif
