/* SPDX-License-Identifier: MIT */
#include "engine/receiver_node.h"

#include "engine/sender_node.h"

#include <inttypes.h>

typedef struct receiver_node {
    uftp_receiver_config config;
    sim_store store;
    sim_node *node;
    uftp_receiver *receiver;
    uftp_address public_group; /* family 0: none */
} receiver_node;

static int start(void *ctx, sim_node *node, uint64_t now)
{
    receiver_node *r = ctx;
    uftp_receiver_config config = r->config;
    config.wall_us = config.wall_us ? config.wall_us : sim_wall_us(node);
    int err = uftp_receiver_create(&config, now, &r->receiver);
    if (!err && r->public_group.family)
        sim_join(node, &r->public_group, NULL);
    return err;
}

static void stop(void *ctx)
{
    receiver_node *r = ctx;
    uftp_receiver_destroy(r->receiver);
    r->receiver = NULL;
    if (r->store.open_count)
        sim_fail(sim_world(r->node), r->node, "%s left %" PRIu32 " files open", sim_name(r->node),
                 r->store.open_count);
}

static void recv_trains(void *ctx, uint64_t now, const uftp_datagram *trains, size_t count)
{
    uftp_receiver_recv(((receiver_node *)ctx)->receiver, now, trains, count);
}

static int poll_transmit(void *ctx, uint64_t now, uftp_transmit *out)
{
    return uftp_receiver_poll_transmit(((receiver_node *)ctx)->receiver, now, out);
}

static uint64_t next_deadline(void *ctx)
{
    return uftp_receiver_next_deadline(((receiver_node *)ctx)->receiver);
}

static void on_timeout(void *ctx, uint64_t now)
{
    uftp_receiver_on_timeout(((receiver_node *)ctx)->receiver, now);
}

static int poll_event(void *ctx, uftp_event *out)
{
    return uftp_receiver_poll_event(((receiver_node *)ctx)->receiver, out);
}

static void join_failed(void *ctx, uint64_t now, const uftp_address *group)
{
    uftp_receiver_join_failed(((receiver_node *)ctx)->receiver, now, group);
}

static void receiver_node_free(void *ctx)
{
    receiver_node *r = ctx;
    sim_store_free(&r->store);
    sim_release(r);
}

static uint64_t busy(void *ctx, uint64_t now)
{
    return sim_store_busy(&((receiver_node *)ctx)->store, now);
}

static const sim_core receiver_core = {.role = "receiver",
                                       .start = start,
                                       .stop = stop,
                                       .recv = recv_trains,
                                       .poll_transmit = poll_transmit,
                                       .next_deadline = next_deadline,
                                       .on_timeout = on_timeout,
                                       .poll_event = poll_event,
                                       .join_failed = join_failed,
                                       .busy = busy,
                                       .free = receiver_node_free};

sim_node *sim_add_receiver(sim *world, const char *name, const uftp_receiver_config *config,
                           const sim_store_options *options)
{
    receiver_node *r = sim_allocate(sizeof *r);
    sim_store_init(&r->store, options);
    r->node = sim_add_core(world, name, &receiver_core, r);
    r->public_group = sim_public_group();
    r->config = config ? *config : (uftp_receiver_config){0};
    uftp_receiver_config *c = &r->config;
    if (!c->memory)
        c->memory = &sim_node_memory(r->node)->core;
    if (!c->random)
        c->random = &sim_node_random(r->node)->core;
    if (!c->store)
        c->store = &r->store.core;
    if (!c->uid)
        c->uid = sim_index(r->node) + 1;
    if (!c->destination_count) {
        c->destinations = r->store.options.destinations;
        c->destination_count = r->store.options.destination_count;
    }
    c->temp_directory = c->temp_directory || r->store.options.temp;
    return r->node;
}

uftp_receiver *sim_receiver(sim_node *node)
{
    return ((receiver_node *)sim_ctx(node))->receiver;
}

sim_store *sim_node_store(sim_node *node)
{
    return &((receiver_node *)sim_ctx(node))->store;
}

void sim_listen(sim_node *node, const uftp_address *group)
{
    receiver_node *r = sim_ctx(node);
    if (sim_running(node) && r->public_group.family)
        sim_leave(node, &r->public_group, NULL);
    r->public_group = group ? *group : (uftp_address){0};
    if (sim_running(node) && group)
        sim_join(node, group, NULL);
}

uint64_t sim_crash(sim_node *node, bool power)
{
    sim_store *store = sim_node_store(node);
    sim_store_die(store);
    sim_stop(node);
    return sim_store_recover(store, power);
}

void sim_shutdown(sim_node *node)
{
    uftp_receiver_shutdown(sim_receiver(node), sim_node_now(node));
    sim_touch(node);
}
