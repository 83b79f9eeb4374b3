/* SPDX-License-Identifier: MIT
 *
 * Inside a world; for the files of the engine only. world.c owns the nodes and the clock, node.c
 * drives a core, network.c carries what it sends.
 */
#ifndef SIM_NODE_H
#define SIM_NODE_H

#include "engine/clock.h"
#include "engine/trace.h"
#include "engine/world.h"

typedef struct sim_path sim_path;
typedef struct sim_lane sim_lane;
typedef struct sim_lanes sim_lanes;

/* What waits in the socket buffer. */
typedef struct sim_arrival {
    sim_packet *packet;
    uint64_t at; /* by the node's clock, as the kernel stamps it */
} sim_arrival;

typedef struct sim_act sim_act;

struct sim_node {
    sim *world;
    uint32_t index;
    char *name;
    const sim_core *core;
    void *ctx;
    sim_queue *queue; /* the world's, or its lane's: what it does, and what time it is for it */
    sim_lane *lane;   /* or NULL (lane.h) */
    bool no_lane;
    bool running;
    bool in_turn;
    int start_error;
    sim_timer start;    /* armed while the node waits to be started */
    sim_timer turn;     /* armed when something came in, or the node is busy */
    sim_timer deadline; /* of its core: apart, so that a datagram which changes none moves none */
    sim_memory memory;
    sim_random random;
    sim_clock clock;
    uint64_t busy_until; /* takes no turn before, by the world's clock */
    uint16_t port;
    uint32_t joins_to_fail;

    sim_arrival *inbox;
    size_t inbox_count, inbox_capacity, inbox_bytes;
    size_t socket_buffer;

    sim_nat *nat; /* or NULL */
    sim_path *up, *down;
    sim_link down_link; /* what `down` was made from */
    sim_path **pairs;   /* to each other node, by its index; made when first used */
    size_t pair_count;

    sim_event *events;
    size_t event_count, event_capacity;
    uint64_t events_by_type[64];
    sim_counters counters;
    sim_trace trace;
    sim_trace_ring ring;
};

/* Who listens to a group. */
typedef struct sim_member {
    sim_node *node;
    uftp_address source; /* family 0: any */
} sim_member;

typedef struct sim_group {
    uftp_address address;
    sim_member *members; /* ordered by index of the node */
    size_t count, capacity;
} sim_group;

/* What each thread needs to run a node's turn. */
typedef struct sim_desk {
    uint8_t *transmit; /* options.transmit_capacity bytes, and a guard behind them */
    uint8_t *receive;  /* private copies for recv() */
    size_t receive_size;
} sim_desk;

struct sim {
    sim_options options;
    sim_link link;
    sim_queue queue;
    sim_medium medium;
    char digest[SIM_DIGEST_TEXT];
    char *report; /* of the failure, kept here because nobody returns from it */
    size_t report_len;
    sim_node **nodes;
    size_t node_count, node_capacity;
    sim_group *groups;
    size_t group_count, group_capacity;
    sim_path *paths_replaced; /* packets may still be on them */
    sim_nat **nats;           /* by their address */
    size_t nat_count;
    sim_routing *routing; /* or NULL */
    sim_act *acts;        /* to come */
    sim_queue *acts_queue;
    sim_lanes *lanes; /* NULL: not asked for, or nothing has happened yet */
    bool begun;
    sim_desk desks[SIM_THREADS_MAX];
};

/* world.c */
void sim_move_acts(sim *world, sim_queue *queue); /* all that are to come, in their order */

/* node.c */
void sim_node_init(sim_node *node, sim *world, const char *name);
void sim_node_free(sim_node *node);
/* Takes over a reference: the packet is received in the node's next turn, at this instant. */
void sim_node_deliver(sim_node *node, uint64_t now, sim_packet *packet);

/* network.c */
void sim_network_init(sim *world);
void sim_network_free(sim *world);
void sim_network_add(sim_node *node);
void sim_network_remove(sim_node *node); /* frees its paths */
/* Those in whose place others are now: while the lanes that some of them are in still stand. */
void sim_network_remove_replaced(sim *world);
void sim_network_leave_all(sim_node *node);
size_t sim_network_memberships(const sim_node *node); /* that it has now */
void sim_network_each_model(const sim_node *node, void (*visit)(void *ctx, const sim_model *model),
                            void *ctx);
/* Its downlink anew, as a part of its lane. */
void sim_network_rebuild(sim_node *node);
/* Between two nodes, past what is in front of the network's fork. The packet stays the caller's. */
void sim_network_fork(sim_node *from, sim_node *to, uint64_t now, sim_packet *packet);
/* A fork from this node will make no room for pairs. */
void sim_network_prepare_pairs(sim_node *from);
/* What a node with a lane has sent, when the world gets to that time: takes it over. */
void sim_network_post(sim_node *from, uint64_t now, sim_packet *packet);
/* For the media of a lane: `ctx` is the node. */
void sim_network_lane_dropped(void *ctx, const sim_model *model, const sim_packet *packet);
/* A packet has come to the node's access line. */
void sim_network_arrive(sim_node *node, uint64_t now, sim_packet *packet);
bool sim_is_member(const sim_node *node, const uftp_address *group, const uftp_address *source);

/* topology.c: NATs and routers. */
/* What a node sends as the world outside its NAT sees it; takes the packet over, NULL: dropped. */
sim_packet *sim_nat_outbound(sim_node *from, uint64_t now, sim_packet *packet);
/* The same for what reaches a node's NAT from outside. */
sim_packet *sim_nat_inbound(sim_node *to, uint64_t now, sim_packet *packet);
/* Two nodes behind one NAT. */
bool sim_are_neighbours(const sim_node *a, const sim_node *b);
/* The node that a unicast destination leads to, for this sender; NULL: nobody. */
sim_node *sim_find_target(sim_node *from, uint64_t now, const sim_packet *packet);
sim_node *sim_find_host(const sim *world, const uftp_address *address);
bool sim_is_attached(const sim_node *node);
/* Into the tree, when the sender is attached; takes the packet over. */
void sim_tree_send(sim_node *from, uint64_t now, sim_packet *packet);
void sim_topology_free(sim *world);
/* Splits a train into datagrams and sends them off. */
void sim_network_send(sim_node *node, uint64_t now, const uftp_transmit *train);

/* Same family and bytes; ports and scopes do not count. */
bool sim_same_host(const uftp_address *a, const uftp_address *b);

/* The function byte of a datagram's common header, 0 when it has none that is known. */
uint8_t sim_message_of(const uint8_t *bytes, size_t len);

#endif
