/* SPDX-License-Identifier: MIT
 *
 * What stands between the nodes besides links: NATs in front of some of them, and a tree of routers
 * that some are attached to.
 */
#include "engine/node.h"

#include "base/assert.h"

/* ---- NATs ---- */

#define NATS_MAX 131072 /* hosts of 198.18.0.0/15 */

sim_nat *sim_add_nat(sim *world, const char *name, const sim_nat_config *config)
{
    UFTP_ASSERT(world->nat_count < NATS_MAX);
    size_t n = world->nat_count;
    const uftp_address outer =
        uftp_address_ipv4(198, (uint8_t)(18 + (n >> 16)), (uint8_t)(n >> 8), (uint8_t)n, 0);
    if ((n & (n - 1)) == 0) /* full at each power of two */
        world->nats = sim_reallocate(world->nats, (n ? 2 * n : 1) * sizeof(sim_nat *));
    sim_nat *nat = sim_nat_new(&world->medium, name, &outer, config);
    world->nats[world->nat_count++] = nat;
    return nat;
}

static sim_nat *find_nat(const sim *world, const uftp_address *address)
{
    const uint8_t *b = address->bytes;
    if (address->family != UFTP_IPV4 || b[0] != 198 || (b[1] & 0xfe) != 18)
        return NULL;
    size_t n = (size_t)(b[1] - 18) << 16 | (size_t)b[2] << 8 | b[3];
    return n < world->nat_count ? world->nats[n] : NULL;
}

void sim_behind(sim_node *node, sim_nat *nat)
{
    UFTP_ASSERT(!node->nat && !node->lane);
    node->nat = nat;
}

sim_nat *sim_node_nat(const sim_node *node)
{
    return node->nat;
}

void sim_expose(sim_node *node)
{
    UFTP_ASSERT(node->nat);
    const uftp_address inner = sim_address(node, UFTP_IPV4);
    sim_nat_forward_port(node->nat, node->port, &inner);
}

bool sim_are_neighbours(const sim_node *a, const sim_node *b)
{
    return a->nat && a->nat == b->nat;
}

sim_packet *sim_nat_outbound(sim_node *from, uint64_t now, sim_packet *packet)
{
    sim_nat *nat = from->nat;
    if (!nat)
        return packet;
    uftp_address source = packet->source;
    bool blocked =
        uftp_address_is_multicast(&packet->destination) && sim_nat_settings(nat)->multicast_blocked;
    if (blocked || !sim_nat_out(nat, now, &source, &packet->destination)) {
        sim_nat_drop(nat, packet);
        return NULL;
    }
    packet = sim_packet_alter(packet);
    packet->source = source;
    return packet;
}

sim_packet *sim_nat_inbound(sim_node *to, uint64_t now, sim_packet *packet)
{
    sim_nat *nat = to->nat;
    if (!nat)
        return packet;
    uftp_address destination = packet->destination;
    if (uftp_address_is_multicast(&destination)) {
        if (sim_nat_settings(nat)->multicast_blocked &&
            !sim_are_neighbours(to->world->nodes[packet->from], to)) {
            sim_nat_drop(nat, packet);
            return NULL;
        }
        return packet;
    }
    if (find_nat(to->world, &destination) != nat)
        return packet; /* from a neighbour, or IPv6 */
    /* While the packet was under way the mapping may have gone, even to another host. */
    if (!sim_nat_in(nat, now, &packet->source, &destination) ||
        sim_find_host(to->world, &destination) != to) {
        sim_nat_drop(nat, packet);
        return NULL;
    }
    packet = sim_packet_alter(packet);
    packet->destination = destination;
    return packet;
}

/* Through a NAT, from outside or as a hairpin. */
static sim_node *find_behind(const sim_node *from, uint64_t now, sim_nat *nat,
                             const sim_packet *packet)
{
    uftp_address inner = packet->destination;
    if (from->nat == nat && !sim_nat_settings(nat)->hairpin)
        return NULL; /* the sender's router drops it in silence */
    if (!sim_nat_owner(nat, now, packet->destination.port, &inner)) {
        (void)sim_nat_in(nat, now, &packet->source, &inner); /* counts it */
        return NULL;
    }
    sim_node *to = sim_find_host(from->world, &inner);
    return to && to->nat == nat && to->port == inner.port ? to : NULL;
}

sim_node *sim_find_target(sim_node *from, uint64_t now, const sim_packet *packet)
{
    sim_nat *nat = find_nat(from->world, &packet->destination);
    if (nat)
        return find_behind(from, now, nat, packet);
    sim_node *to = sim_find_host(from->world, &packet->destination);
    if (!to || to == from || to->port != packet->destination.port)
        return NULL;
    /* The addresses behind a NAT mean nothing elsewhere; it has no part in IPv6. */
    if (to->nat && !sim_are_neighbours(from, to) && packet->destination.family == UFTP_IPV4)
        return NULL;
    return to;
}

/* ---- routers ---- */

static bool takes(const sim_node *node, const sim_packet *packet)
{
    const sim_node *from = node->world->nodes[packet->from];
    return node->port == packet->destination.port && !sim_are_neighbours(from, node) &&
           sim_is_member(node, &packet->destination, &packet->source);
}

static void leave_tree(void *ctx, uint32_t leaf, uint64_t now, sim_packet *packet)
{
    const sim *world = ctx;
    sim_node *node = world->nodes[leaf];
    if (uftp_address_is_multicast(&packet->destination) && !takes(node, packet))
        sim_packet_free(packet);
    else
        sim_network_arrive(node, now, packet);
}

static uint32_t find_leaf(void *ctx, uint64_t now, const sim_packet *packet)
{
    const sim *world = ctx;
    const sim_node *to = sim_find_target(world->nodes[packet->from], now, packet);
    return to ? to->index : SIM_LEAF_NONE;
}

uint32_t sim_add_router(sim *world, const char *name, uint32_t parent, const sim_link *down,
                        const sim_link *up)
{
    if (!world->routing)
        world->routing =
            sim_routing_new(&world->medium, "tree",
                            &(sim_routing_config){.join_latency = world->options.join_latency,
                                                  .leave_latency = world->options.leave_latency,
                                                  .deliver = leave_tree,
                                                  .find = find_leaf,
                                                  .ctx = world});
    return sim_routing_add(world->routing, name, parent, down, up);
}

void sim_attach(sim_node *node, uint32_t router)
{
    UFTP_ASSERT(!node->lane);
    sim_routing_attach(node->world->routing, node->index, router);
}

sim_routing *sim_world_routing(const sim *world)
{
    return world->routing;
}

bool sim_is_attached(const sim_node *node)
{
    const sim *world = node->world;
    return world->routing && sim_routing_router(world->routing, node->index) != SIM_ROUTER_NONE;
}

void sim_tree_send(sim_node *from, uint64_t now, sim_packet *packet)
{
    if (sim_is_attached(from))
        sim_routing_send(from->world->routing, now, from->index, packet);
    else
        sim_packet_free(packet);
}

void sim_topology_free(sim *world)
{
    sim_release(world->nats);
}
