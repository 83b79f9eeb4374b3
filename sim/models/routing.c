/* SPDX-License-Identifier: MIT */
#include "models/routing.h"

#include "base/assert.h"
#include "engine/memory.h"

#include <stdio.h>
#include <string.h>

#define NO_SLOT UINT32_MAX

/* A link from one router to its neighbour, at a slot of the first. */
typedef struct way {
    sim_model sink; /* the end of the chain: at the neighbour */
    sim_model *first;
    sim_routing *routing;
    uint32_t to, back_slot; /* the neighbour, and the slot there that leads back */
    uint64_t carried;
    char *place;
} way;

typedef struct router {
    char *name;
    uint32_t parent;
    way **ways; /* by slot; the parent's first */
    uint32_t way_count;
    uint32_t *leaves;
    uint32_t leaf_count, leaf_capacity;
} router;

/* What a router has told a neighbour about a group, and what of that has arrived. */
typedef struct wish {
    sim_timer timer;
    struct group_state *group;
    uint32_t router, slot;
    bool told, effective;
} wish;

typedef struct group_state {
    struct group_state *next;
    sim_routing *routing;
    uftp_address address;
    uint32_t *members; /* by leaf: how often it has joined */
    uint32_t *local;   /* by router: leaves that have joined */
    wish **wishes;     /* by router, then slot */
} group_state;

struct sim_routing {
    sim_shared shared;
    sim_routing_config config;
    router *routers;
    uint32_t router_count;
    uint32_t *leaf_router; /* by leaf */
    uint32_t leaf_count;
    group_state *groups;
    uint64_t joins, prunes;
};

/* ---- wishes ---- */

static bool neighbour_wants(const group_state *g, uint32_t at, uint32_t slot)
{
    const way *w = g->routing->routers[at].ways[slot];
    return g->wishes[w->to][w->back_slot].effective;
}

/* Tells each neighbour whether anyone on this side of it wants the group. */
static void tell_neighbours(group_state *g, uint32_t at, uint64_t now)
{
    sim_routing *routing = g->routing;
    const router *r = &routing->routers[at];
    uint32_t wanting = g->local[at] > 0;
    for (uint32_t slot = 0; slot < r->way_count; slot++)
        wanting += neighbour_wants(g, at, slot);
    for (uint32_t slot = 0; slot < r->way_count; slot++) {
        wish *w = &g->wishes[at][slot];
        bool wants = wanting > neighbour_wants(g, at, slot); /* someone else does */
        if (wants == w->told)
            continue;
        w->told = wants;
        routing->joins += wants;
        routing->prunes += !wants;
        /* One wish at a time is on its way: a newer one takes the place of the older. */
        uint64_t latency = wants ? routing->config.join_latency : routing->config.leave_latency;
        sim_queue_arm(routing->shared.medium->queue, &w->timer,
                      wants == w->effective ? UFTP_NEVER : now + latency);
    }
}

static void wish_arrives(sim_timer *timer, uint64_t now)
{
    wish *w = SIM_OWNER(timer, wish, timer);
    w->effective = w->told;
    tell_neighbours(w->group, w->group->routing->routers[w->router].ways[w->slot]->to, now);
}

static group_state *find_group(const sim_routing *routing, const uftp_address *address)
{
    group_state *g = routing->groups;
    while (g && !uftp_address_same_host(&g->address, address))
        g = g->next;
    return g;
}

static group_state *make_group(sim_routing *routing, const uftp_address *address)
{
    group_state *g = sim_allocate(sizeof *g);
    g->routing = routing;
    g->address = *address;
    g->members = sim_allocate(routing->leaf_count * sizeof *g->members);
    g->local = sim_allocate(routing->router_count * sizeof *g->local);
    g->wishes = sim_allocate(routing->router_count * sizeof *g->wishes);
    for (uint32_t r = 0; r < routing->router_count; r++) {
        uint32_t count = routing->routers[r].way_count;
        g->wishes[r] = sim_allocate(count * sizeof *g->wishes[r] + 1);
        for (uint32_t slot = 0; slot < count; slot++)
            g->wishes[r][slot] =
                (wish){.timer = {.fire = wish_arrives}, .group = g, .router = r, .slot = slot};
    }
    g->next = routing->groups;
    routing->groups = g;
    return g;
}

void sim_routing_join(sim_routing *routing, uint64_t now, uint32_t leaf, const uftp_address *group)
{
    uint32_t at = sim_routing_router(routing, leaf);
    UFTP_ASSERT(at != SIM_ROUTER_NONE);
    group_state *g = find_group(routing, group);
    if (!g)
        g = make_group(routing, group);
    if (g->members[leaf]++ > 0)
        return;
    g->local[at]++;
    tell_neighbours(g, at, now);
}

void sim_routing_leave(sim_routing *routing, uint64_t now, uint32_t leaf, const uftp_address *group)
{
    group_state *g = find_group(routing, group);
    UFTP_ASSERT(g && g->members[leaf] > 0);
    if (--g->members[leaf] > 0)
        return;
    uint32_t at = routing->leaf_router[leaf];
    g->local[at]--;
    tell_neighbours(g, at, now);
}

/* ---- packets ---- */

static void enter(way *w, uint64_t now, sim_packet *packet)
{
    w->carried++;
    sim_model_push(w->first, now, packet);
}

static void distribute(sim_routing *routing, uint32_t at, uint32_t from_slot, uint32_t from_leaf,
                       uint64_t now, sim_packet *packet)
{
    const group_state *g = find_group(routing, &packet->destination);
    const router *r = &routing->routers[at];
    for (uint32_t slot = 0; g && slot < r->way_count; slot++)
        if (slot != from_slot && neighbour_wants(g, at, slot))
            enter(r->ways[slot], now, sim_packet_share(packet));
    for (uint32_t i = 0; g && g->local[at] > 0 && i < r->leaf_count; i++)
        if (r->leaves[i] != from_leaf && g->members[r->leaves[i]] > 0)
            routing->config.deliver(routing->config.ctx, r->leaves[i], now,
                                    sim_packet_share(packet));
    sim_packet_free(packet);
}

/* The slot of `at` that leads towards another router. */
static uint32_t next_hop(const sim_routing *routing, uint32_t at, uint32_t goal)
{
    uint32_t x = goal;
    while (x != SIM_ROUTER_NONE && routing->routers[x].parent != at)
        x = routing->routers[x].parent;
    for (uint32_t slot = 0; x != SIM_ROUTER_NONE; slot++)
        if (routing->routers[at].ways[slot]->to == x)
            return slot;
    return 0; /* not below us: up to the parent */
}

static void pass_on(sim_routing *routing, uint32_t at, uint64_t now, sim_packet *packet)
{
    uint32_t leaf = routing->config.find(routing->config.ctx, now, packet);
    uint32_t goal = leaf == SIM_LEAF_NONE ? SIM_ROUTER_NONE : sim_routing_router(routing, leaf);
    if (goal == SIM_ROUTER_NONE)
        sim_packet_free(packet);
    else if (goal == at)
        routing->config.deliver(routing->config.ctx, leaf, now, packet);
    else
        enter(routing->routers[at].ways[next_hop(routing, at, goal)], now, packet);
}

static void arrive(sim_model *sink, uint64_t now, sim_packet *packet)
{
    const way *w = SIM_OWNER(sink, way, sink);
    if (uftp_address_is_multicast(&packet->destination))
        distribute(w->routing, w->to, w->back_slot, SIM_LEAF_NONE, now, packet);
    else
        pass_on(w->routing, w->to, now, packet);
}

void sim_routing_send(sim_routing *routing, uint64_t now, uint32_t leaf, sim_packet *packet)
{
    uint32_t at = sim_routing_router(routing, leaf);
    UFTP_ASSERT(at != SIM_ROUTER_NONE);
    if (uftp_address_is_multicast(&packet->destination))
        distribute(routing, at, NO_SLOT, leaf, now, packet);
    else
        pass_on(routing, at, now, packet);
}

/* ---- the tree ---- */

static way *make_way(sim_routing *routing, uint32_t from, uint32_t to, const sim_link *link)
{
    static const sim_model_type sink = {.name = "way", .push = arrive};
    char place[256];
    int len = snprintf(place, sizeof place, "%s/%s>%s", routing->shared.name,
                       routing->routers[from].name, routing->routers[to].name);
    UFTP_ASSERT(len > 0 && (size_t)len < sizeof place);
    way *w = sim_allocate(sizeof *w);
    w->routing = routing;
    w->to = to;
    w->place = sim_copy_text(place);
    w->sink = (sim_model){.type = &sink, .medium = routing->shared.medium, .place = w->place};
    w->first = sim_link_build(routing->shared.medium, w->place, link, &w->sink);
    router *r = &routing->routers[from];
    r->ways = sim_reallocate(r->ways, (r->way_count + 1) * sizeof(way *));
    r->ways[r->way_count++] = w;
    return w;
}

uint32_t sim_routing_add(sim_routing *routing, const char *name, uint32_t parent,
                         const sim_link *down, const sim_link *up)
{
    uint32_t index = routing->router_count;
    UFTP_ASSERT(!routing->groups);
    UFTP_ASSERT(index == 0 ? parent == SIM_ROUTER_NONE : parent < index);
    routing->routers = sim_reallocate(routing->routers, (index + 1) * sizeof *routing->routers);
    routing->routers[index] = (router){.name = sim_copy_text(name), .parent = parent};
    routing->router_count++;
    if (parent == SIM_ROUTER_NONE)
        return index;
    way *to_parent = make_way(routing, index, parent, up);
    way *to_child = make_way(routing, parent, index, down);
    to_parent->back_slot = routing->routers[parent].way_count - 1;
    to_child->back_slot = 0;
    return index;
}

void sim_routing_attach(sim_routing *routing, uint32_t leaf, uint32_t router_index)
{
    UFTP_ASSERT(router_index < routing->router_count && !routing->groups);
    UFTP_ASSERT(sim_routing_router(routing, leaf) == SIM_ROUTER_NONE);
    if (leaf >= routing->leaf_count) {
        uint32_t count = leaf + 1 > 2 * routing->leaf_count ? leaf + 1 : 2 * routing->leaf_count;
        routing->leaf_router =
            sim_reallocate(routing->leaf_router, count * sizeof *routing->leaf_router);
        while (routing->leaf_count < count)
            routing->leaf_router[routing->leaf_count++] = SIM_ROUTER_NONE;
    }
    routing->leaf_router[leaf] = router_index;
    router *r = &routing->routers[router_index];
    if (r->leaf_count == r->leaf_capacity) {
        r->leaf_capacity = r->leaf_capacity ? 2 * r->leaf_capacity : 8;
        r->leaves = sim_reallocate(r->leaves, r->leaf_capacity * sizeof *r->leaves);
    }
    r->leaves[r->leaf_count++] = leaf;
}

uint32_t sim_routing_router(const sim_routing *routing, uint32_t leaf)
{
    return leaf < routing->leaf_count ? routing->leaf_router[leaf] : SIM_ROUTER_NONE;
}

uint64_t sim_routing_carried(const sim_routing *routing, uint32_t from, uint32_t to)
{
    const router *r = &routing->routers[from];
    for (uint32_t slot = 0; slot < r->way_count; slot++)
        if (r->ways[slot]->to == to)
            return r->ways[slot]->carried;
    return 0;
}

uint64_t sim_routing_joins(const sim_routing *routing)
{
    return routing->joins;
}

uint64_t sim_routing_prunes(const sim_routing *routing)
{
    return routing->prunes;
}

void sim_routing_each_model(const sim_routing *routing,
                            void (*visit)(void *ctx, const sim_model *model), void *ctx)
{
    for (uint32_t r = 0; r < routing->router_count; r++)
        for (uint32_t slot = 0; slot < routing->routers[r].way_count; slot++) {
            const way *w = routing->routers[r].ways[slot];
            for (const sim_model *model = w->first; model != &w->sink; model = model->next)
                visit(ctx, model);
        }
}

/* ---- life ---- */

static void free_group(sim_routing *routing, group_state *g)
{
    for (uint32_t r = 0; r < routing->router_count; r++) {
        for (uint32_t slot = 0; slot < routing->routers[r].way_count; slot++)
            sim_queue_cancel(routing->shared.medium->queue, &g->wishes[r][slot].timer);
        sim_release(g->wishes[r]);
    }
    sim_release(g->wishes);
    sim_release(g->local);
    sim_release(g->members);
    sim_release(g);
}

static void routing_free_chains(sim_shared *shared)
{
    sim_routing *routing = (sim_routing *)shared;
    for (uint32_t r = 0; r < routing->router_count; r++)
        for (uint32_t slot = 0; slot < routing->routers[r].way_count; slot++) {
            way *w = routing->routers[r].ways[slot];
            sim_chain_free(w->first, &w->sink);
            w->first = &w->sink;
        }
}

static void free_router(router *r)
{
    for (uint32_t slot = 0; slot < r->way_count; slot++) {
        sim_release(r->ways[slot]->place);
        sim_release(r->ways[slot]);
    }
    sim_release(r->ways);
    sim_release(r->leaves);
    sim_release(r->name);
}

static void routing_free(sim_shared *shared)
{
    sim_routing *routing = (sim_routing *)shared;
    for (group_state *g = routing->groups, *next; g; g = next) {
        next = g->next;
        free_group(routing, g);
    }
    for (uint32_t r = 0; r < routing->router_count; r++)
        free_router(&routing->routers[r]);
    sim_release(routing->routers);
    sim_release(routing->leaf_router);
}

static void routing_tell(const sim_shared *shared, sim_tell *tell, void *ctx)
{
    const sim_routing *routing = (const sim_routing *)shared;
    uint64_t carried = 0;
    for (uint32_t r = 0; r < routing->router_count; r++)
        for (uint32_t slot = 0; slot < routing->routers[r].way_count; slot++)
            carried += routing->routers[r].ways[slot]->carried;
    tell(ctx, "carried", carried);
    tell(ctx, "joins", routing->joins);
    tell(ctx, "prunes", routing->prunes);
}

sim_routing *sim_routing_new(sim_medium *medium, const char *name, const sim_routing_config *config)
{
    static const sim_shared_type type = {.name = "routing",
                                         .free_chains = routing_free_chains,
                                         .free = routing_free,
                                         .tell = routing_tell};
    sim_routing *routing = sim_shared_new(medium, &type, name, sizeof *routing);
    routing->config = *config;
    return routing;
}
