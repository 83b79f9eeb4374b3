/* SPDX-License-Identifier: MIT
 *
 * A tree of routers that distributes multicast to where its members are, in both directions of each
 * link, and nowhere else: a router forwards a group over a link only while the router at the other
 * end has asked for it. That wish travels hop by hop and takes its time: with the first member
 * behind a link it is sent, with the last one it is taken back. Unicast takes the way through the
 * tree, too.
 *
 * Hosts ("leaves") are numbers of the caller's; they are small and dense.
 */
#ifndef SIM_ROUTING_H
#define SIM_ROUTING_H

#include "models/link.h"

#define SIM_ROUTER_NONE UINT32_MAX
#define SIM_LEAF_NONE UINT32_MAX

typedef struct sim_routing_config {
    uint64_t join_latency;  /* per hop, until a wish takes effect */
    uint64_t leave_latency; /* per hop, until its end does */
    /* A packet has come to the router of this leaf, which is the one it is for or a member of its
     * group. Takes over the reference. */
    void (*deliver)(void *ctx, uint32_t leaf, uint64_t now, sim_packet *packet);
    /* The leaf that a unicast packet is for, SIM_LEAF_NONE for nobody. */
    uint32_t (*find)(void *ctx, uint64_t now, const sim_packet *packet);
    void *ctx;
} sim_routing_config;

typedef struct sim_routing sim_routing;

sim_routing *sim_routing_new(sim_medium *medium, const char *name,
                             const sim_routing_config *config);
/* A router below `parent` (SIM_ROUTER_NONE for the first one, the root), with the link down to it
 * and the one back up. Returns its number: 0, 1, ... All routers are there before anyone joins. */
uint32_t sim_routing_add(sim_routing *routing, const char *name, uint32_t parent,
                         const sim_link *down, const sim_link *up);
/* Where a leaf is; once for each, before it joins or sends. */
void sim_routing_attach(sim_routing *routing, uint32_t leaf, uint32_t router);
uint32_t sim_routing_router(const sim_routing *routing, uint32_t leaf); /* or SIM_ROUTER_NONE */

/* Membership, counted: a leaf that joined twice leaves twice. The port of the group is ignored. */
void sim_routing_join(sim_routing *routing, uint64_t now, uint32_t leaf, const uftp_address *group);
void sim_routing_leave(sim_routing *routing, uint64_t now, uint32_t leaf,
                       const uftp_address *group);

/* A packet enters the tree at the router of the leaf that sent it, and does not come back to that
 * leaf. Takes over the reference. */
void sim_routing_send(sim_routing *routing, uint64_t now, uint32_t leaf, sim_packet *packet);

/* Packets that have entered the link from one router to a neighbour. */
uint64_t sim_routing_carried(const sim_routing *routing, uint32_t from, uint32_t to);
/* Wishes sent, and taken back. */
uint64_t sim_routing_joins(const sim_routing *routing);
uint64_t sim_routing_prunes(const sim_routing *routing);
/* The models of all links of the tree, for reports. */
void sim_routing_each_model(const sim_routing *routing,
                            void (*visit)(void *ctx, const sim_model *model), void *ctx);

#endif
