/* SPDX-License-Identifier: MIT */
#include "engine/sender_node.h"

#include <inttypes.h>

typedef struct sender_node {
    uftp_sender_config config;
    sim_source source;
    sim_node *node;
    uftp_sender *sender;
} sender_node;

uftp_address sim_public_group(void)
{
    return uftp_address_ipv4(230, 4, 4, 1, SIM_PORT);
}

uftp_address sim_private_group(void)
{
    return uftp_address_ipv4(230, 5, 5, 1, SIM_PORT);
}

static int start(void *ctx, sim_node *node, uint64_t now)
{
    sender_node *s = ctx;
    uftp_sender_config config = s->config;
    config.wall_us = config.wall_us ? config.wall_us : sim_wall_us(node);
    return uftp_sender_create(&config, now, &s->sender);
}

static void stop(void *ctx)
{
    sender_node *s = ctx;
    uftp_sender_destroy(s->sender);
    s->sender = NULL;
    if (s->source.open_count)
        sim_fail(sim_world(s->node), s->node, "%s left %" PRIu32 " files open", sim_name(s->node),
                 s->source.open_count);
}

static void recv_trains(void *ctx, uint64_t now, const uftp_datagram *trains, size_t count)
{
    uftp_sender_recv(((sender_node *)ctx)->sender, now, trains, count);
}

static int poll_transmit(void *ctx, uint64_t now, uftp_transmit *out)
{
    return uftp_sender_poll_transmit(((sender_node *)ctx)->sender, now, out);
}

static uint64_t next_deadline(void *ctx)
{
    return uftp_sender_next_deadline(((sender_node *)ctx)->sender);
}

static void on_timeout(void *ctx, uint64_t now)
{
    uftp_sender_on_timeout(((sender_node *)ctx)->sender, now);
}

static int poll_event(void *ctx, uftp_event *out)
{
    return uftp_sender_poll_event(((sender_node *)ctx)->sender, out);
}

static void sender_node_free(void *ctx)
{
    sender_node *s = ctx;
    sim_source_free(&s->source);
    sim_release(s);
}

static const sim_core sender_core = {.role = "sender",
                                     .start = start,
                                     .stop = stop,
                                     .recv = recv_trains,
                                     .poll_transmit = poll_transmit,
                                     .next_deadline = next_deadline,
                                     .on_timeout = on_timeout,
                                     .poll_event = poll_event,
                                     .free = sender_node_free};

sim_node *sim_add_sender(sim *world, const char *name, const uftp_sender_config *config)
{
    sender_node *s = sim_allocate(sizeof *s);
    sim_source_init(&s->source);
    s->node = sim_add_core(world, name, &sender_core, s);
    s->config = *config;
    uftp_sender_config *c = &s->config;
    if (!c->memory)
        c->memory = &sim_node_memory(s->node)->core;
    if (!c->random)
        c->random = &sim_node_random(s->node)->core;
    if (!c->source)
        c->source = &s->source.core;
    if (!c->uid)
        c->uid = sim_index(s->node) + 1;
    if (!c->public_address.family)
        c->public_address = sim_public_group();
    if (!c->private_address.family && c->public_address.family == UFTP_IPV4)
        c->private_address = sim_private_group();
    return s->node;
}

void sim_sender_aim(sim_node *node, const uftp_address *address)
{
    ((sender_node *)sim_ctx(node))->config.public_address = *address;
}

uftp_sender *sim_sender(sim_node *node)
{
    return ((sender_node *)sim_ctx(node))->sender;
}

sim_source *sim_node_source(sim_node *node)
{
    return &((sender_node *)sim_ctx(node))->source;
}

void sim_interrupt(sim_node *node)
{
    uftp_sender_interrupt(sim_sender(node), sim_node_now(node));
    sim_touch(node);
}
