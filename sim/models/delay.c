/* SPDX-License-Identifier: MIT */
#include "models/delay.h"

#include "engine/memory.h"

typedef struct underway {
    sim_packet *packet;
    uint64_t arrival;
    uint64_t order; /* of being sent, among all that the queue has to do */
} underway;

/* Where nothing overtakes, the packets on their way stand in a ring, and only the first of them in
 * the event queue: a thousand long lines do not make it long. */
typedef struct delay {
    sim_model model;
    sim_delay_config config;
    sim_random random;
    uint64_t arrival_last; /* of what was sent before */
    sim_timer timer;       /* armed for the first in the ring */
    underway *ring;
    size_t first, count, capacity; /* capacity: a power of two */
} delay;

static void arm(delay *d)
{
    const underway *head = &d->ring[d->first];
    sim_queue_arm_drawn(d->model.medium->queue, &d->timer, head->arrival, head->order);
}

static void land(sim_timer *timer, uint64_t now)
{
    delay *d = SIM_OWNER(timer, delay, timer);
    sim_packet *packet = d->ring[d->first].packet;
    d->first = (d->first + 1) & (d->capacity - 1);
    if (--d->count > 0)
        arm(d);
    sim_model_forward(&d->model, now, packet);
}

static void grow(delay *d)
{
    size_t capacity = d->capacity ? 2 * d->capacity : 8;
    underway *ring = sim_allocate(capacity * sizeof *ring);
    for (size_t i = 0; i < d->count; i++)
        ring[i] = d->ring[(d->first + i) & (d->capacity - 1)];
    sim_release(d->ring);
    d->ring = ring;
    d->capacity = capacity;
    d->first = 0;
}

static void push(sim_model *model, uint64_t now, sim_packet *packet)
{
    delay *d = (delay *)model;
    uint64_t arrival = now + d->config.delay;
    if (d->config.jitter)
        arrival += sim_random_below(&d->random, d->config.jitter + 1);
    if (d->config.reorder) {
        sim_model_forward_at(model, arrival, packet);
        return;
    }
    if (arrival < d->arrival_last)
        arrival = d->arrival_last; /* equal times keep the order of sending */
    d->arrival_last = arrival;
    if (d->count == d->capacity)
        grow(d);
    d->ring[(d->first + d->count++) & (d->capacity - 1)] = (underway){
        .packet = packet, .arrival = arrival, .order = sim_queue_draw(model->medium->queue)};
    if (d->count == 1)
        arm(d);
}

static void delay_free(sim_model *model)
{
    delay *d = (delay *)model;
    sim_queue_cancel(model->medium->queue, &d->timer);
    for (size_t i = 0; i < d->count; i++)
        sim_packet_free(d->ring[(d->first + i) & (d->capacity - 1)].packet);
    sim_release(d->ring);
}

sim_model *sim_delay_new(sim_medium *medium, const char *place, const sim_delay_config *config)
{
    static const sim_model_type type = {.name = "delay", .push = push, .free = delay_free};
    delay *d = sim_model_new(medium, &type, place, sizeof *d);
    d->config = *config;
    d->timer.fire = land;
    sim_model_random(&d->model, &d->random);
    return &d->model;
}
