/* SPDX-License-Identifier: MIT
 *
 * The network between the nodes. What a node sends passes
 *
 *     its uplink -> the fork: one copy for each listener -> the link of the pair -> their downlink
 *
 * and each of these is a chain of models that ends in a sink of ours. A NAT stands between a node's
 * access line and the fork; routers take the place of the fork and the pairs (topology.c).
 */
#include "engine/lane.h"
#include "engine/node.h"

#include "base/assert.h"
#include "models/reassembly.h"

#include <stdio.h>
#include <string.h>

/* A chain in its place. */
struct sim_path {
    sim_model sink; /* the chain's end */
    sim_model *first;
    sim *world;
    sim_node *node;     /* up: the sender, else the receiver */
    sim_path *replaced; /* the next in the list of replaced ones */
    char place[];       /* names the luck of the models */
};

/* ---- addresses ---- */

#define FIRST_HOST 1 /* 10.0.0.0 is no host */

uftp_address sim_address(const sim_node *node, uint8_t family)
{
    uint32_t host = node->index + FIRST_HOST;
    UFTP_ASSERT(host < 1u << 24);
    uftp_address address = {.family = family, .port = node->port};
    if (family == UFTP_IPV4) {
        address.bytes[0] = 10;
        for (int i = 0; i < 3; i++)
            address.bytes[3 - i] = (uint8_t)(host >> 8 * i);
    } else {
        address.bytes[0] = 0xfd;
        for (int i = 0; i < 3; i++)
            address.bytes[15 - i] = (uint8_t)(host >> 8 * i);
    }
    return address;
}

bool sim_same_host(const uftp_address *a, const uftp_address *b)
{
    return a->family == b->family && memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

sim_node *sim_find_host(const sim *world, const uftp_address *address)
{
    if (address->bytes[0] != (address->family == UFTP_IPV4 ? 10 : 0xfd))
        return NULL;
    const uint8_t *low = address->bytes + (address->family == UFTP_IPV4 ? 1 : 13);
    uint32_t host = (uint32_t)low[0] << 16 | (uint32_t)low[1] << 8 | low[2];
    if (host < FIRST_HOST || host - FIRST_HOST >= world->node_count)
        return NULL;
    sim_node *node = world->nodes[host - FIRST_HOST];
    const uftp_address own = sim_address(node, address->family);
    return sim_same_host(&own, address) ? node : NULL;
}

/* ---- membership ---- */

static sim_group *find_group(const sim *world, const uftp_address *address)
{
    for (size_t i = 0; i < world->group_count; i++)
        if (sim_same_host(&world->groups[i].address, address))
            return &world->groups[i];
    return NULL;
}

static sim_group *make_group(sim *world, const uftp_address *address)
{
    if (world->group_count == world->group_capacity) {
        world->group_capacity = world->group_capacity ? 2 * world->group_capacity : 8;
        world->groups =
            sim_reallocate(world->groups, world->group_capacity * sizeof *world->groups);
    }
    sim_group *group = &world->groups[world->group_count++];
    *group = (sim_group){.address = *address};
    return group;
}

/* Where the memberships of a node begin, or would. */
static size_t find_member(const sim_group *group, const sim_node *node)
{
    size_t low = 0, high = group->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (group->members[middle].node->index < node->index)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void sim_join(sim_node *node, const uftp_address *group_address, const uftp_address *source)
{
    if (node->lane) {
        sim_lane_join(node->lane, group_address, source);
        return;
    }
    sim_group *group = find_group(node->world, group_address);
    if (!group)
        group = make_group(node->world, group_address);
    if (group->count == group->capacity) {
        group->capacity = group->capacity ? 2 * group->capacity : 8;
        group->members = sim_reallocate(group->members, group->capacity * sizeof *group->members);
    }
    size_t at = find_member(group, node);
    memmove(&group->members[at + 1], &group->members[at],
            (group->count - at) * sizeof *group->members);
    group->members[at] = (sim_member){.node = node, .source = source ? *source : (uftp_address){0}};
    group->count++;
    if (sim_is_attached(node))
        sim_routing_join(node->world->routing, node->world->queue.now, node->index, group_address);
}

static void remove_member(sim_group *group, size_t at)
{
    const sim_node *node = group->members[at].node;
    if (sim_is_attached(node))
        sim_routing_leave(node->world->routing, node->world->queue.now, node->index,
                          &group->address);
    group->count--;
    memmove(&group->members[at], &group->members[at + 1],
            (group->count - at) * sizeof *group->members);
}

void sim_leave(sim_node *node, const uftp_address *group_address, const uftp_address *source)
{
    const uftp_address any = {0};
    if (!source)
        source = &any;
    if (node->lane && sim_lane_leave(node->lane, group_address, source))
        return;
    sim_group *group = find_group(node->world, group_address);
    size_t at = group ? find_member(group, node) : 0;
    for (; group && at < group->count && group->members[at].node == node; at++) {
        if (sim_same_host(&group->members[at].source, source)) {
            remove_member(group, at);
            return;
        }
    }
    /* An event that found no memory is lost, a JOIN like any other: only then is this no mistake.
     */
    if (!node->memory.fail_at)
        sim_fail(node->world, node, "%s leaves a group that it has not joined", node->name);
}

void sim_network_leave_all(sim_node *node)
{
    if (node->lane)
        sim_lane_leave_all(node->lane);
    for (size_t i = 0; i < node->world->group_count; i++) {
        sim_group *group = &node->world->groups[i];
        size_t at = find_member(group, node);
        while (at < group->count && group->members[at].node == node)
            remove_member(group, at);
    }
}

size_t sim_network_memberships(const sim_node *node)
{
    if (node->lane)
        return sim_lane_membership_count(node->lane);
    size_t count = 0;
    for (size_t i = 0; i < node->world->group_count; i++) {
        const sim_group *group = &node->world->groups[i];
        for (size_t at = find_member(group, node);
             at < group->count && group->members[at].node == node; at++)
            count++;
    }
    return count;
}

static bool member_hears(const sim_member *member, const uftp_address *source)
{
    return member->source.family == 0 || sim_same_host(&member->source, source);
}

bool sim_is_member(const sim_node *node, const uftp_address *group_address,
                   const uftp_address *source)
{
    if (node->lane)
        return sim_lane_is_member(node->lane, group_address, source);
    const sim_group *group = find_group(node->world, group_address);
    if (!group)
        return false;
    for (size_t i = find_member(group, node); i < group->count; i++) {
        if (group->members[i].node != node)
            break;
        if (member_hears(&group->members[i], source))
            return true;
    }
    return false;
}

/* ---- paths ---- */

/* Where a path stands: its models up to the delay, and those behind it with the sink. */
typedef struct ground {
    sim_medium *medium, *behind;
} ground;

/* `host`: at the end fragments are put together. */
static sim_path *make_path(ground on, const sim_model_type *sink, sim_node *node, const char *place,
                           const sim_link *link, bool host)
{
    size_t size = strlen(place) + 1;
    sim_path *path = sim_allocate(sizeof *path + size);
    path->world = node->world;
    path->node = node;
    memcpy(path->place, place, size);
    path->sink = (sim_model){.type = sink, .medium = on.behind, .place = path->place};
    sim_model *last = &path->sink;
    if (host) {
        last = sim_reassembly_new(on.behind, path->place);
        last->next = &path->sink;
    }
    path->first = sim_link_build_across(on.medium, on.behind, path->place, link, last);
    return path;
}

static ground ground_of(sim *world)
{
    return (ground){&world->medium, &world->medium};
}

static void free_path(sim_path *path)
{
    if (!path)
        return;
    sim_chain_free(path->first, &path->sink);
    sim_release(path);
}

static void replace_path(sim_path **slot, sim_path *path)
{
    sim_path *old = *slot;
    if (old) { /* packets may still be on it */
        old->replaced = old->world->paths_replaced;
        old->world->paths_replaced = old;
    }
    *slot = path;
}

static void into_node(sim_model *model, uint64_t now, sim_packet *packet)
{
    sim_node_deliver(SIM_OWNER(model, sim_path, sink)->node, now, packet);
}

void sim_network_arrive(sim_node *node, uint64_t now, sim_packet *packet)
{
    packet = sim_nat_inbound(node, now, packet);
    if (packet)
        sim_model_push(node->down->first, now, packet);
}

static void into_downlink(sim_model *model, uint64_t now, sim_packet *packet)
{
    sim_network_arrive(SIM_OWNER(model, sim_path, sink)->node, now, packet);
}

static sim_path *make_pair(sim_node *from, sim_node *to, const sim_link *link)
{
    static const sim_model_type sink = {.name = "pair", .push = into_downlink};
    char place[256];
    int len = snprintf(place, sizeof place, "%s>%s", from->name, to->name);
    UFTP_ASSERT(len > 0 && (size_t)len < sizeof place);
    ground on = ground_of(from->world);
    if (to->lane)
        on.medium = on.behind = sim_lane_approach(to->lane);
    return make_path(on, &sink, to, place, link, false);
}

static void make_pairs(sim_node *from, size_t count)
{
    from->pairs = sim_reallocate(from->pairs, count * sizeof *from->pairs);
    memset(from->pairs + from->pair_count, 0, (count - from->pair_count) * sizeof *from->pairs);
    from->pair_count = count;
}

static sim_path **pair_slot(sim_node *from, const sim_node *to)
{
    if (to->index >= from->pair_count)
        make_pairs(from,
                   to->index + 1u > 2 * from->pair_count ? to->index + 1u : 2 * from->pair_count);
    return &from->pairs[to->index];
}

void sim_network_prepare_pairs(sim_node *from)
{
    if (from->pair_count < from->world->node_count)
        make_pairs(from, from->world->node_count);
}

void sim_network_fork(sim_node *from, sim_node *to, uint64_t now, sim_packet *packet)
{
    sim_path **pair = pair_slot(from, to);
    if (!*pair)
        *pair = make_pair(from, to, &from->world->link);
    sim_model_push((*pair)->first, now, sim_packet_share(packet));
}

static void fork_to(sim_node *from, sim_node *to, uint64_t now, sim_packet *packet)
{
    if (to->lane)
        sim_lane_send(to->lane, from, now, packet);
    else
        sim_network_fork(from, to, now, packet);
}

/* A copy for each member on this side of the sender's NAT, or on the other. */
static void fork_group(sim_node *from, uint64_t now, sim_packet *packet, bool neighbours)
{
    const sim_group *group = find_group(from->world, &packet->destination);
    const sim_node *last = from; /* a node with two memberships gets one copy */
    for (size_t i = 0; group && i < group->count; i++) {
        const sim_member *member = &group->members[i];
        sim_node *to = member->node;
        if (to == last || to == from || to->port != packet->destination.port ||
            !member_hears(member, &packet->source))
            continue;
        if (sim_are_neighbours(from, to) != neighbours)
            continue;
        if (!neighbours && sim_is_attached(from) && sim_is_attached(to))
            continue; /* by the tree */
        last = to;
        fork_to(from, to, now, packet);
    }
}

static void send_to_group(sim_node *from, uint64_t now, sim_packet *packet)
{
    if (from->nat)
        fork_group(from, now, packet, true);
    packet = sim_nat_outbound(from, now, packet);
    if (!packet)
        return;
    fork_group(from, now, packet, false);
    sim_lanes_send_to_group(from, now, packet);
    sim_tree_send(from, now, packet);
}

static void send_to_host(sim_node *from, uint64_t now, sim_packet *packet)
{
    sim_node *to = sim_find_target(from, now, packet);
    const sim_node *addressed = sim_find_host(from->world, &packet->destination);
    if (to && to == addressed && sim_are_neighbours(from, to)) {
        fork_to(from, to, now, packet); /* past the NAT, in their own network */
        sim_packet_free(packet);
        return;
    }
    /* A NAT maps also what is for nobody. */
    packet = sim_nat_outbound(from, now, packet);
    if (!packet)
        return;
    if (to && sim_is_attached(from) && sim_is_attached(to)) {
        sim_tree_send(from, now, packet);
        return;
    }
    if (to)
        fork_to(from, to, now, packet);
    sim_packet_free(packet);
}

static void into_network(sim_model *model, uint64_t now, sim_packet *packet)
{
    sim_node *from = SIM_OWNER(model, sim_path, sink)->node;
    if (uftp_address_is_multicast(&packet->destination))
        send_to_group(from, now, packet);
    else
        send_to_host(from, now, packet);
}

void sim_connect(sim_node *from, sim_node *to, const sim_link *link)
{
    UFTP_ASSERT(!to->lane);
    replace_path(pair_slot(from, to), make_pair(from, to, link));
}

void sim_uplink(sim_node *node, const sim_link *link)
{
    static const sim_model_type sink = {.name = "up", .push = into_network};
    char place[256];
    int len = snprintf(place, sizeof place, "%s>", node->name);
    UFTP_ASSERT(len > 0 && (size_t)len < sizeof place);
    replace_path(&node->up, make_path(ground_of(node->world), &sink, node, place, link, false));
}

static sim_path *make_down(sim_node *node)
{
    static const sim_model_type sink = {.name = "down", .push = into_node};
    char place[256];
    int len = snprintf(place, sizeof place, ">%s", node->name);
    UFTP_ASSERT(len > 0 && (size_t)len < sizeof place);
    ground on = ground_of(node->world);
    if (node->lane)
        on = (ground){sim_lane_approach(node->lane), sim_lane_medium(node->lane)};
    return make_path(on, &sink, node, place, &node->down_link, true);
}

void sim_downlink(sim_node *node, const sim_link *link)
{
    if (node->lane)
        sim_lane_relink(node->lane, link);
    node->down_link = *link;
    replace_path(&node->down, make_down(node));
}

void sim_set_no_lane(sim_node *node)
{
    UFTP_ASSERT(!node->lane);
    node->no_lane = true;
}

/* Nothing has happened yet: the luck of its models begins anew with the same draws. */
void sim_network_rebuild(sim_node *node)
{
    free_path(node->down);
    node->down = make_down(node);
}

/* ---- sending ---- */

static void send_one(sim_node *node, uint64_t now, const uftp_transmit *train, size_t at,
                     size_t len)
{
    sim_packet *packet = sim_packet_new(train->data + at, len);
    packet->from = node->index;
    packet->sent = now;
    packet->source = sim_address(node, train->destination.family);
    packet->destination = train->destination;
    packet->tos = train->tos;
    uint8_t message = sim_message_of(packet->bytes, len);
    node->counters.sent[message]++;
    node->counters.sent_total++;
    node->counters.sent_bytes += len;
    const sim_tap *tap = node->world->options.tap;
    if (tap && tap->sent)
        tap->sent(tap->ctx, node, now, packet);
    sim_trace_ring_add(
        &node->ring,
        &(sim_trace_line){.at = now, .kind = SIM_TRACE_SENT, .message = message, .len = len});
    const sim_options *options = &node->world->options;
    if (options->on_send)
        options->on_send(options->ctx, node, now, packet);
    if (node->lane)
        sim_lane_post(node->lane, now, packet);
    else
        sim_network_post(node, now, packet);
}

void sim_network_post(sim_node *from, uint64_t now, sim_packet *packet)
{
    sim_model_push(from->up->first, now, packet);
}

void sim_network_send(sim_node *node, uint64_t now, const uftp_transmit *train)
{
    for (size_t at = 0; at < train->len; at += train->segment_len) {
        size_t left = train->len - at;
        send_one(node, now, train, at, left < train->segment_len ? left : train->segment_len);
    }
}

static void note_dropped(sim_node *where, uint64_t now, const sim_model *model,
                         const sim_packet *packet, uint8_t message)
{
    sim_trace_ring_add(&where->ring, &(sim_trace_line){.at = now,
                                                       .kind = SIM_TRACE_DROPPED,
                                                       .message = message,
                                                       .from = packet->from,
                                                       .len = packet->len,
                                                       .by = model->type->name,
                                                       .place = model->place});
    const sim_options *options = &where->world->options;
    if (options->on_drop)
        options->on_drop(options->ctx, model, packet);
}

static uint8_t dropped_message(const sim_packet *packet)
{
    const sim_packet *datagram = packet->whole ? packet->whole : packet;
    return sim_message_of(datagram->bytes, datagram->len);
}

static void count_dropped(void *ctx, const sim_model *model, const sim_packet *packet)
{
    sim *world = ctx;
    sim_node *from = world->nodes[packet->from];
    uint8_t message = dropped_message(packet);
    from->counters.lost[message]++;
    from->counters.lost_total++;
    note_dropped(from, world->queue.now, model, packet, message);
}

/* The sender belongs to the world: it is told later, and the line is the receiver's. */
void sim_network_lane_dropped(void *ctx, const sim_model *model, const sim_packet *packet)
{
    sim_node *to = ctx;
    uint8_t message = dropped_message(packet);
    sim_lane_count_dropped(to->lane, packet, message);
    note_dropped(to, model->medium->queue->now, model, packet, message);
}

/* ---- life ---- */

void sim_network_init(sim *world)
{
    world->medium = (sim_medium){.queue = &world->queue,
                                 .seed = world->options.seed,
                                 .dropped = count_dropped,
                                 .ctx = world};
}

void sim_network_add(sim_node *node)
{
    sim_uplink(node, &(sim_link){0});
    sim_downlink(node, &(sim_link){0});
}

void sim_network_remove(sim_node *node)
{
    free_path(node->up);
    free_path(node->down);
    for (size_t i = 0; i < node->pair_count; i++)
        free_path(node->pairs[i]);
    sim_release(node->pairs);
}

static void visit_path(const sim_path *path, void (*visit)(void *ctx, const sim_model *model),
                       void *ctx)
{
    for (const sim_model *model = path->first; model != &path->sink; model = model->next)
        visit(ctx, model);
}

void sim_network_each_model(const sim_node *node, void (*visit)(void *ctx, const sim_model *model),
                            void *ctx)
{
    visit_path(node->up, visit, ctx);
    for (size_t i = 0; i < node->pair_count; i++)
        if (node->pairs[i])
            visit_path(node->pairs[i], visit, ctx);
    visit_path(node->down, visit, ctx);
}

void sim_network_remove_replaced(sim *world)
{
    for (sim_path *path = world->paths_replaced, *next; path; path = next) {
        next = path->replaced;
        free_path(path);
    }
    world->paths_replaced = NULL;
}

void sim_network_free(sim *world)
{
    sim_medium_free(&world->medium);
    for (size_t i = 0; i < world->group_count; i++)
        sim_release(world->groups[i].members);
    sim_release(world->groups);
    for (size_t i = 0; i < SIM_THREADS_MAX; i++) {
        sim_release(world->desks[i].transmit);
        sim_release(world->desks[i].receive);
    }
}
