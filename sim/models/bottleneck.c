/* SPDX-License-Identifier: MIT */
#include "models/bottleneck.h"

#include "base/assert.h"
#include "engine/memory.h"
#include <uftp/datagram.h>

typedef struct waiting {
    sim_packet *packet;
    struct waiting *next;
} waiting;

typedef struct bottleneck {
    sim_model model;
    sim_bottleneck_config config;
    sim_timer line; /* armed while a packet is on the line */
    sim_packet *sending;
    waiting *first, **end;
    uint64_t waiting_bytes;
    uint64_t remainder; /* of the last division, so that no rounding adds up */
} bottleneck;

static uint64_t size_of(const bottleneck *b, const sim_packet *packet)
{
    return packet->len + b->config.overhead_bytes;
}

static void start(bottleneck *b, uint64_t now, sim_packet *packet)
{
    uint64_t work = size_of(b, packet) * UFTP_S(1) + b->remainder;
    b->remainder = work % b->config.rate_bytes_per_s;
    b->sending = packet;
    sim_queue_arm(b->model.medium->queue, &b->line, now + work / b->config.rate_bytes_per_s);
}

static void line_free(sim_timer *timer, uint64_t now)
{
    bottleneck *b = SIM_OWNER(timer, bottleneck, line);
    sim_packet *sent = b->sending;
    b->sending = NULL;
    if (b->first) {
        waiting *head = b->first;
        b->first = head->next;
        if (!b->first)
            b->end = &b->first;
        b->waiting_bytes -= size_of(b, head->packet);
        start(b, now, head->packet);
        sim_release(head);
    } else {
        b->remainder = 0; /* the line has rested */
    }
    sim_model_forward(&b->model, now, sent);
}

/* Others may share the packet: the mark goes on a copy. */
static sim_packet *mark(sim_packet *packet)
{
    sim_packet *copy = sim_packet_new(packet->bytes, packet->len);
    copy->from = packet->from;
    copy->sent = packet->sent;
    copy->hash = packet->hash;
    copy->source = packet->source;
    copy->destination = packet->destination;
    copy->tos = packet->tos | UFTP_ECN_MARKED;
    sim_packet_free(packet);
    return copy;
}

static void push(sim_model *model, uint64_t now, sim_packet *packet)
{
    bottleneck *b = (bottleneck *)model;
    if (!b->sending) {
        start(b, now, packet);
        return;
    }
    uint64_t size = size_of(b, packet);
    if (size > b->config.queue_bytes - b->waiting_bytes) {
        sim_model_drop(model, packet);
        return;
    }
    if (b->config.mark_bytes && b->waiting_bytes >= b->config.mark_bytes &&
        packet->tos & UFTP_ECN_MASK)
        packet = mark(packet);
    waiting *tail = sim_allocate(sizeof *tail);
    tail->packet = packet;
    *b->end = tail;
    b->end = &tail->next;
    b->waiting_bytes += size;
}

static void bottleneck_free(sim_model *model)
{
    bottleneck *b = (bottleneck *)model;
    sim_queue_cancel(model->medium->queue, &b->line);
    if (b->sending)
        sim_packet_free(b->sending);
    while (b->first) {
        waiting *head = b->first;
        b->first = head->next;
        sim_packet_free(head->packet);
        sim_release(head);
    }
}

sim_model *sim_bottleneck_new(sim_medium *medium, const char *place,
                              const sim_bottleneck_config *config)
{
    static const sim_model_type type = {
        .name = "bottleneck", .push = push, .free = bottleneck_free};
    UFTP_ASSERT(config->rate_bytes_per_s != 0);
    bottleneck *b = sim_model_new(medium, &type, place, sizeof *b);
    b->config = *config;
    b->line.fire = line_free;
    b->end = &b->first;
    return &b->model;
}
