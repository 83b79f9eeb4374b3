/* SPDX-License-Identifier: MIT
 *
 * A world: nodes, the network between them, and a virtual clock. Each node runs one core behind the
 * five verbs; the world is its driver and holds it to the driver's contract in every turn. Nothing
 * here reads a real clock or real entropy: equal seed and equal calls give an equal digest.
 */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include "engine/memory.h"
#include "engine/random.h"
#include "models/link.h"
#include "models/nat.h"
#include "models/routing.h"
#include <uftp/datagram.h>
#include <uftp/event.h>

typedef struct sim sim;
typedef struct sim_node sim_node;

/* An onlooker: measures, captures, draws. It sees everything and changes nothing; each function may
 * be NULL. */
typedef struct sim_tap {
    void (*sent)(void *ctx, const sim_node *node, uint64_t now, const sim_packet *packet);
    /* At the socket of the node. */
    void (*arrived)(void *ctx, const sim_node *node, uint64_t now, const sim_packet *packet);
    void (*event)(void *ctx, const sim_node *node, uint64_t now, const uftp_event *event);
    void *ctx;
} sim_tap;

/* 2026-01-01 00:00 UTC. */
#define SIM_WALL_START_US UINT64_C(1767225600000000)
#define SIM_PORT 1044

/* Whether receivers at the end of a long way (a satellite's) are run apart from the rest of the
 * world, each for a stretch of time at once (lane.h). Much faster, but the order in which onlookers
 * see what happens at different nodes is then not that of time: a receiver is ahead of the world's
 * clock by up to the length of its way, which means that receivers know earlier than senders, never
 * later. What happens, and the digest, are the same with SIM_LANES_IN_STEP, where all goes in the
 * order of time.
 */
typedef enum sim_lane_use { SIM_LANES_NONE, SIM_LANES_IN_STEP, SIM_LANES_AHEAD } sim_lane_use;

/* A field left at zero means the default in brackets. */
typedef struct sim_options {
    uint64_t seed;
    uint64_t end;           /* nothing happens after this time [24 h] */
    uint64_t wall_start_us; /* wall clock at time 0, us since the epoch [SIM_WALL_START_US] */
    const sim_link *link;   /* between nodes that were not connected [a delay of 1 ms]; outlives the
                               world, like the lists in it */
    uint64_t join_latency, leave_latency; /* of routers, per hop [0] */
    bool join_trains; /* datagrams of one flow and size that arrive at one instant are delivered as
                         one train, as UDP GRO does; otherwise each by itself */
    sim_lane_use lanes; /* AHEAD: taps and hooks are called with the nodes' own times, for one node
                           in their order and never twice at once, but for different receivers from
                           several threads, ahead of the senders; and no sim_run_until_event() */
    unsigned threads;   /* that run lanes, with the one that runs the world [1] */
    bool share; /* receivers of one datagram are handed the same bytes, where that saves work: only
                   in a program that is linked for it (run/sharing.c). Otherwise each has its own,
                   which are spoilt when the call is over, to show who keeps a pointer */
    size_t transmit_capacity; /* room given to poll_transmit [UFTP_TRAIN_BYTES_MAX] */
    size_t trace_lines;       /* kept per node for failure reports [40] */
    size_t events_max;        /* recorded per node, later ones are only counted [100000] */
    const sim_tap *tap;       /* outlives the world; may be NULL */
    const char *repeat;       /* the command that repeats this run, for failure reports */
    /* Called with the whole report when a contract is broken; does not return. [print, abort()] */
    void (*on_failure)(void *ctx, const char *report);
    /* Sees every event as it happens; may be NULL. */
    void (*on_event)(void *ctx, sim_node *node, uint64_t now, const uftp_event *event);
    /* See every datagram as it leaves a node, each turn when it is over (`deadline`: when the core
     * wants the next, by the world's time), each core as it starts, and what a link model drops;
     * each may be NULL. */
    void (*on_send)(void *ctx, sim_node *node, uint64_t now, const sim_packet *packet);
    void (*on_turn)(void *ctx, sim_node *node, uint64_t now, uint64_t deadline);
    void (*on_start)(void *ctx, sim_node *node, uint64_t now);
    void (*on_drop)(void *ctx, const sim_model *model, const sim_packet *packet);
    void *ctx; /* of all of these */
} sim_options;

sim *sim_new(const sim_options *options);
/* Stops all nodes; fails when a core has kept memory. */
void sim_free(sim *world);

uint64_t sim_now(const sim *world);
uint64_t sim_world_seed(const sim *world);
/* When something is going to happen next; UFTP_NEVER: nothing is. */
uint64_t sim_next(const sim *world);
/* Runs until nothing is left to happen, or the end. Returns the time of the last happening. */
uint64_t sim_run(sim *world);
/* Runs what is due up to and including `time`, where the clock then stands. */
void sim_run_until(sim *world, uint64_t time);
/* Runs until the node's next event of this type; false when the run ends without one. */
bool sim_run_until_event(sim *world, sim_node *node, uftp_event_type type);
#define SIM_DIGEST_TEXT 65 /* 64 hex digits and the NUL */
/* The traces of all nodes so far, 64 hex digits; valid until the next call. */
const char *sim_digest(sim *world);
/* Timers fired so far: the measure of a world's work. */
uint64_t sim_steps(const sim *world);

/* Reports a failure of the world with seed, digest, time, the last lines of `node` (NULL: of all)
 * and the command that repeats it. Does not return. */
_Noreturn void sim_fail(sim *world, sim_node *node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same about two nodes. */
_Noreturn void sim_fail_between(sim *world, sim_node *node, sim_node *other, const char *format,
                                ...) __attribute__((format(printf, 4, 5)));

/* ---- nodes ---- */

/* What a node runs. `ctx` is what was given with it; `now` is the node's own time. */
typedef struct sim_core {
    const char *role; /* "sender": for reports */
    /* Creates the core with the node's memory, randomness and wall clock; anew after each stop. */
    int (*start)(void *ctx, sim_node *node, uint64_t now);
    void (*stop)(void *ctx); /* destroys it without a word, as a crash does */
    void (*recv)(void *ctx, uint64_t now, const uftp_datagram *trains, size_t count);
    int (*poll_transmit)(void *ctx, uint64_t now, uftp_transmit *out);
    uint64_t (*next_deadline)(void *ctx);
    void (*on_timeout)(void *ctx, uint64_t now);
    int (*poll_event)(void *ctx, uftp_event *out);
    void (*join_failed)(void *ctx, uint64_t now, const uftp_address *group); /* may be NULL */
    /* How long the work of the turn that ends at `now` (of the world) keeps the node from its next
     * one: a slow disk. May be NULL. */
    uint64_t (*busy)(void *ctx, uint64_t now);
    void (*free)(void *ctx); /* at the end of the world, stopped before; may be NULL */
} sim_core;

/* The node starts when the world next runs. `name` is copied; it also names the node's luck. */
sim_node *sim_add_core(sim *world, const char *name, const sim_core *core, void *ctx);

/* A crash: the core is gone at once, with all its timers and what waited to be received. */
void sim_stop(sim_node *node);
/* A stopped node's core is created again with the same configuration when the world next runs. */
void sim_start(sim_node *node);
bool sim_running(const sim_node *node);
int sim_start_error(const sim_node *node); /* what the core's creation returned last */
/* After a direct call to the core (interrupt, shutdown): its polls are drained at this instant. */
void sim_touch(sim_node *node);

const char *sim_name(const sim_node *node);
uint32_t sim_index(const sim_node *node); /* 0 for the first node added */
sim *sim_world(const sim_node *node);
void *sim_ctx(const sim_node *node); /* as handed to sim_add_core() */
sim_memory *sim_node_memory(sim_node *node);
sim_random *sim_node_random(sim_node *node);

/* ---- the node's clocks (clock.h) ---- */

/* What its monotonic clock shows: the `now` of its core. */
uint64_t sim_node_now(const sim_node *node);
uint64_t sim_wall_us(const sim_node *node);
void sim_set_clock_offset(sim_node *node, int64_t offset_us); /* of the wall clock, in all */
void sim_step_clock(sim_node *node, int64_t step_us);         /* of the wall clock, once more */
void sim_set_drift(sim_node *node, int32_t ppb);              /* of both, from now on */
void sim_set_uptime(sim_node *node, uint64_t uptime); /* of the monotonic one; not back in time */

/* ---- the node's troubles ---- */

/* Takes no turn before this time of the world, like a process that is not scheduled. What arrives
 * waits in the socket buffer, and what does not fit there is lost. */
void sim_freeze(sim_node *node, uint64_t until);
void sim_set_socket_buffer(sim_node *node, size_t bytes); /* [SIM_SOCKET_BUFFER_DEFAULT] */
#define SIM_SOCKET_BUFFER_DEFAULT 262144                  /* the programs' -B */
/* A node that does not run starts at this time of the world, instead of at once. */
void sim_start_at(sim_node *node, uint64_t at);

/* Calls `act` at a time of the world: the faults of a scenario. Everything in this header may be
 * called from there. Actions of one instant happen in the order in which they were asked for. */
void sim_at(sim *world, uint64_t at, void (*act)(void *ctx, uint64_t now), void *ctx);

/* ---- network ---- */

/* 10.x.y.z or fd00::x:y:z with the node's port; family is UFTP_IPV4 or UFTP_IPV6. */
uftp_address sim_address(const sim_node *node, uint8_t family);
void sim_set_port(sim_node *node, uint16_t port); /* [SIM_PORT] */

/* Replaces the link from one node to another: one way. Packets under way on the old one arrive. */
void sim_connect(sim_node *from, sim_node *to, const sim_link *link);
/* The node's own access line, passed before the network forks (a loss here is everyone's), and
 * after it has joined. Nothing by default. */
void sim_uplink(sim_node *node, const sim_link *link);
void sim_downlink(sim_node *node, const sim_link *link);

/* Its NAT or router, or links to it will be changed once the world runs, or its downlink to one
 * that has no delay or that others share: it is not run ahead (sim_options.lanes). */
void sim_set_no_lane(sim_node *node);

/* Membership of a group, whatever its port; from one source only, unless that has family 0 or is
 * NULL. JOIN and LEAVE events do this by themselves. A node does not hear itself. */
void sim_join(sim_node *node, const uftp_address *group, const uftp_address *source);
void sim_leave(sim_node *node, const uftp_address *group, const uftp_address *source);
/* The next `count` JOIN events of the node cannot be carried out. */
void sim_fail_joins(sim_node *node, uint32_t count);

/* Where shared objects of models are made (fade.h, carrier.h, satellite.h, ...); they live as long
 * as the world. */
sim_medium *sim_world_medium(sim *world);

/* A NAT with an address of its own in 198.18.0.0/15, and the nodes behind it, which are to be put
 * there before they send. They reach each other directly. */
sim_nat *sim_add_nat(sim *world, const char *name, const sim_nat_config *config);
void sim_behind(sim_node *node, sim_nat *nat);
sim_nat *sim_node_nat(const sim_node *node); /* or NULL */
/* The node's port leads through its NAT, from anywhere. */
void sim_expose(sim_node *node);

/* Routers (routing.h), and the nodes that are attached to one: what passes between two such nodes
 * goes through the tree in place of the link of the pair. Before the world runs. */
uint32_t sim_add_router(sim *world, const char *name, uint32_t parent, const sim_link *down,
                        const sim_link *up);
void sim_attach(sim_node *node, uint32_t router);
sim_routing *sim_world_routing(const sim *world); /* NULL without routers */

/* For reports: each model of each link that has been used, in a fixed order; and what is shared. */
void sim_each_model(const sim *world, void (*visit)(void *ctx, const sim_model *model), void *ctx);
void sim_each_shared(const sim *world, void (*visit)(void *ctx, const sim_shared *shared),
                     void *ctx);

/* ---- what was seen ---- */

typedef struct sim_event {
    uint64_t at;
    uftp_event event; /* its texts are copies, valid as long as the world */
} sim_event;

const sim_event *sim_events(const sim_node *node, size_t *count);
uint64_t sim_event_count(const sim_node *node, uftp_event_type type);
/* The last event of a type, or NULL. */
const sim_event *sim_event_last(const sim_node *node, uftp_event_type type);

/* Datagrams by the function byte of their common header (ENCRYPTED where sealed); a byte that is no
 * message counts as 0. `arrived` counts what reached the node's socket, `lost` what was sent by the
 * node and dropped on the way; fragments are counted one by one, as what they are a part of. */
typedef struct sim_counters {
    uint64_t sent[UFTP_MESSAGE_TYPE_MAX + 1], sent_total, sent_bytes;
    uint64_t arrived[UFTP_MESSAGE_TYPE_MAX + 1], arrived_total, arrived_bytes;
    uint64_t lost[UFTP_MESSAGE_TYPE_MAX + 1], lost_total;
    uint64_t trains_arrived; /* calls' worth of trains; less than arrived_total when joined */
    uint64_t turns;
    uint64_t refused;    /* came while the node was down */
    uint64_t overflowed; /* found the socket buffer full */
    uint64_t late_max;   /* longest that a turn was put off, frozen or busy */
} sim_counters;

const sim_counters *sim_count(const sim_node *node);

/* For links: drops the first datagram of a message type. */
#define SIM_DROP_FIRST(message) ((sim_drop){.offset = 1, .value = (uint8_t)(message)})

#endif
