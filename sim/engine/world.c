/* SPDX-License-Identifier: MIT */
#include "engine/world.h"

#include "base/assert.h"
#include "engine/lane.h"
#include "engine/node.h"

#include <inttypes.h>
#include <nettle/sha2.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

sim *sim_new(const sim_options *options)
{
    sim *world = sim_allocate(sizeof *world);
    sim_options *o = &world->options;
    *o = *options;
    if (!o->end)
        o->end = UFTP_S(24 * 3600);
    if (!o->wall_start_us)
        o->wall_start_us = SIM_WALL_START_US;
    if (!o->transmit_capacity)
        o->transmit_capacity = UFTP_TRAIN_BYTES_MAX;
    if (!o->trace_lines)
        o->trace_lines = 40;
    if (!o->events_max)
        o->events_max = 100000;
    world->link = o->link ? *o->link : (sim_link){.delay = UFTP_MS(1)};
    sim_queue_init(&world->queue, 0);
    world->acts_queue = &world->queue;
    sim_network_init(world);
    return world;
}

/* An action to come. */
struct sim_act {
    sim_timer timer;
    sim_queue *queue;
    void (*act)(void *ctx, uint64_t now);
    void *ctx;
    sim_act *next, **at;
};

static void end_act(sim_act *a)
{
    sim_queue_cancel(a->queue, &a->timer);
    *a->at = a->next;
    if (a->next)
        a->next->at = a->at;
    sim_release(a);
}

static void act_now(sim_timer *timer, uint64_t now)
{
    const sim_act a = *SIM_OWNER(timer, sim_act, timer);
    end_act(SIM_OWNER(timer, sim_act, timer));
    a.act(a.ctx, now);
}

void sim_at(sim *world, uint64_t at, void (*act)(void *ctx, uint64_t now), void *ctx)
{
    sim_act *a = sim_allocate(sizeof *a);
    *a = (sim_act){.timer = {.fire = act_now},
                   .act = act,
                   .ctx = ctx,
                   .next = world->acts,
                   .at = &world->acts};
    if (a->next)
        a->next->at = &a->next;
    world->acts = a;
    a->queue = world->acts_queue;
    sim_queue_arm(a->queue, &a->timer, at);
}

/* The list of acts begins with the one that was asked for last. */
void sim_move_acts(sim *world, sim_queue *queue)
{
    sim_act *last = world->acts;
    while (last && last->next)
        last = last->next;
    for (sim_act *a = last; a; a = a->at == &world->acts ? NULL : SIM_OWNER(a->at, sim_act, next)) {
        uint64_t at = sim_queue_due(a->queue, &a->timer);
        sim_queue_cancel(a->queue, &a->timer);
        a->queue = queue;
        sim_queue_arm(queue, &a->timer, at);
    }
    world->acts_queue = queue;
}

void sim_free(sim *world)
{
    for (size_t i = 0; i < world->node_count; i++) {
        sim_node *node = world->nodes[i];
        sim_stop(node);
        if (node->memory.live)
            sim_fail(world, node, "%s kept %" PRIu64 " blocks of memory, %" PRIu64 " bytes",
                     node->name, node->memory.live, node->memory.live_bytes);
    }
    for (size_t i = 0; i < world->node_count; i++)
        sim_network_remove(world->nodes[i]);
    sim_network_remove_replaced(world);
    while (world->acts)
        end_act(world->acts);
    sim_lanes_free(world);
    for (size_t i = 0; i < world->node_count; i++)
        sim_node_free(world->nodes[i]);
    sim_network_free(world);
    sim_topology_free(world);
    sim_queue_free(&world->queue);
    sim_release(world->nodes);
    sim_release(world->report);
    sim_release(world);
}

sim_node *sim_add_core(sim *world, const char *name, const sim_core *core, void *ctx)
{
    for (size_t i = 0; i < world->node_count; i++)
        UFTP_ASSERT(strcmp(world->nodes[i]->name, name) != 0); /* they would share their luck */
    if (world->node_count == world->node_capacity) {
        world->node_capacity = world->node_capacity ? 2 * world->node_capacity : 16;
        world->nodes = sim_reallocate(world->nodes, world->node_capacity * sizeof *world->nodes);
    }
    sim_node *node = sim_allocate(sizeof *node);
    node->index = (uint32_t)world->node_count;
    node->core = core;
    node->ctx = ctx;
    world->nodes[world->node_count++] = node;
    sim_node_init(node, world, name);
    sim_network_add(node);
    sim_start(node);
    return node;
}

uint64_t sim_now(const sim *world)
{
    return world->queue.now;
}

uint64_t sim_next(const sim *world)
{
    return world->lanes ? sim_lanes_next(world) : sim_queue_next(&world->queue);
}

uint64_t sim_world_seed(const sim *world)
{
    return world->options.seed;
}

uint64_t sim_steps(const sim *world)
{
    return world->queue.fired + (world->lanes ? sim_lanes_steps(world) : 0);
}

/* Before each run: what was done to nodes in the meantime counts. */
static void begin(sim *world)
{
    if (!world->begun && world->options.lanes != SIM_LANES_NONE)
        sim_lanes_form(world);
    world->begun = true;
    if (world->lanes)
        sim_lanes_begin(world);
}

static bool step(sim *world, uint64_t end)
{
    return world->lanes ? sim_lanes_step(world, end) : sim_queue_step(&world->queue, end);
}

/* All clocks stand at `now`, up to which everything has happened. */
static void arrive(sim *world, uint64_t now)
{
    if (world->lanes)
        sim_lanes_advance(world, now);
    else
        sim_queue_advance(&world->queue, now);
    sim_medium_prepare(&world->medium, now); /* reports tell of the weather until now */
}

uint64_t sim_run(sim *world)
{
    begin(world);
    while (step(world, world->options.end))
        ;
    arrive(world, world->lanes ? sim_lanes_latest(world) : world->queue.now);
    return world->queue.now;
}

void sim_run_until(sim *world, uint64_t time)
{
    if (time > world->options.end)
        time = world->options.end;
    begin(world);
    while (step(world, time))
        ;
    arrive(world, time);
}

sim_medium *sim_world_medium(sim *world)
{
    return &world->medium;
}

void sim_each_model(const sim *world, void (*visit)(void *ctx, const sim_model *model), void *ctx)
{
    for (size_t i = 0; i < world->node_count; i++)
        sim_network_each_model(world->nodes[i], visit, ctx);
    if (world->routing)
        sim_routing_each_model(world->routing, visit, ctx);
}

void sim_each_shared(const sim *world, void (*visit)(void *ctx, const sim_shared *shared),
                     void *ctx)
{
    for (const sim_shared *shared = world->medium.shared; shared; shared = shared->next)
        visit(ctx, shared);
}

bool sim_run_until_event(sim *world, sim_node *node, uftp_event_type type)
{
    UFTP_ASSERT(world->options.lanes != SIM_LANES_AHEAD);
    uint64_t before = sim_event_count(node, type);
    begin(world);
    while (sim_event_count(node, type) == before)
        if (!step(world, world->options.end))
            return false;
    return true;
}

static void hash_number(struct sha256_ctx *sha, uint64_t value)
{
    uint8_t bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(value >> 8 * i);
    sha256_update(sha, sizeof bytes, bytes);
}

const char *sim_digest(sim *world)
{
    static const char digits[] = "0123456789abcdef";
    struct sha256_ctx sha;
    uint8_t digest[SHA256_DIGEST_SIZE];
    sha256_init(&sha);
    for (size_t i = 0; i < world->node_count; i++) {
        const sim_trace *trace = &world->nodes[i]->trace;
        hash_number(&sha, trace->records);
        hash_number(&sha, trace->a);
        hash_number(&sha, trace->b);
    }
    sha256_digest(&sha, sizeof digest, digest);
    for (size_t i = 0; i < sizeof digest; i++) {
        world->digest[2 * i] = digits[digest[i] >> 4];
        world->digest[2 * i + 1] = digits[digest[i] & 15];
    }
    return world->digest;
}

static void print_report(sim *world, const sim_node *node, const sim_node *other,
                         const char *message, FILE *out)
{
    fprintf(out, "sim: %s\n", message);
    fprintf(out, "sim: seed %" PRIu64 ", time %" PRIu64 ".%09" PRIu64 " s, digest %s\n",
            world->options.seed, world->queue.now / UFTP_S(1), world->queue.now % UFTP_S(1),
            sim_digest(world));
    if (world->options.repeat)
        fprintf(out, "sim: to repeat: %s\n", world->options.repeat);
    for (size_t i = 0; i < world->node_count; i++) {
        const sim_node *each = world->nodes[i];
        /* A world of a thousand would bury the message. */
        if (node ? each != node && each != other && i > 0 : i >= 8)
            continue;
        fprintf(out, "node %" PRIu32 " \"%s\" (%s)\n", each->index, each->name, each->core->role);
        sim_trace_ring_print(&each->ring, out);
    }
}

_Noreturn static void fail(sim *world, const sim_node *node, const sim_node *other,
                           const char *message)
{
    if (!world->options.on_failure) {
        print_report(world, node, other, message, stderr);
        abort();
    }
    FILE *out = open_memstream(&world->report, &world->report_len);
    if (out) {
        print_report(world, node, other, message, out);
        fclose(out);
    }
    world->options.on_failure(world->options.ctx, world->report ? world->report : message);
    abort(); /* it must not come back: the world is broken */
}

void sim_fail(sim *world, sim_node *node, const char *format, ...)
{
    char message[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    fail(world, node, NULL, message);
}

void sim_fail_between(sim *world, sim_node *node, sim_node *other, const char *format, ...)
{
    char message[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    fail(world, node, other, message);
}
