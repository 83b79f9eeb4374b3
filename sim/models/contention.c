/* SPDX-License-Identifier: MIT */
#include "models/contention.h"

#include "base/assert.h"
#include "engine/memory.h"

typedef struct waiting {
    sim_packet *packet;
    struct waiting *next;
} waiting;

/*   IDLE --packet--> WAITING --its time--> ON_AIR --end--> IDLE, or WAITING for a packet that is
 *                                                           next, or to be tried again */
typedef enum station_state { STATION_IDLE, STATION_WAITING, STATION_ON_AIR } station_state;

typedef struct station {
    sim_model model;
    sim_contention *channel;
    sim_random random;
    station_state state;
    sim_timer timer; /* armed unless idle */
    waiting *first, **end;
    uint64_t waiting_bytes, queue_peak_bytes;
    uint32_t tries; /* of the first packet */
    bool collided;
    uint64_t air_end;
    struct station *next; /* on air */
} station;

struct sim_contention {
    sim_shared shared;
    sim_contention_config config;
    sim_contention_counters counters;
    station *on_air;
};

static uint64_t size_of(const station *s, const sim_packet *packet)
{
    return packet->len + s->channel->config.overhead_bytes;
}

static uint64_t air_time(const station *s, const sim_packet *packet)
{
    const sim_contention_config *c = &s->channel->config;
    uint64_t time =
        (size_of(s, packet) * UFTP_S(1) + c->rate_bytes_per_s - 1) / c->rate_bytes_per_s;
    return c->slot ? (time + c->slot - 1) / c->slot * c->slot : time;
}

static void wait_until(station *s, uint64_t at)
{
    uint64_t slot = s->channel->config.slot;
    s->state = STATION_WAITING;
    sim_queue_arm(s->model.medium->queue, &s->timer, slot ? (at + slot - 1) / slot * slot : at);
}

static void begin(station *s, uint64_t now)
{
    sim_contention *channel = s->channel;
    uint64_t time = air_time(s, s->first->packet);
    s->state = STATION_ON_AIR;
    s->collided = false;
    s->air_end = now + time;
    for (station *other = channel->on_air; other; other = other->next)
        if (other->air_end > now) /* one that ends at this instant does no harm */
            other->collided = s->collided = true;
    s->next = channel->on_air;
    channel->on_air = s;
    channel->counters.transmissions++;
    channel->counters.air_time += time;
    sim_queue_arm(s->model.medium->queue, &s->timer, s->air_end);
}

static void leave_air(station *s)
{
    station **at = &s->channel->on_air;
    while (*at != s)
        at = &(*at)->next;
    *at = s->next;
}

static sim_packet *take_first(station *s)
{
    waiting *head = s->first;
    sim_packet *packet = head->packet;
    s->first = head->next;
    if (!s->first)
        s->end = &s->first;
    s->waiting_bytes -= size_of(s, packet);
    sim_release(head);
    return packet;
}

static void finish(station *s, uint64_t now)
{
    sim_contention *channel = s->channel;
    const sim_contention_config *c = &channel->config;
    bool collided = s->collided;
    leave_air(s);
    channel->counters.collided += collided;
    if (collided && ++s->tries < c->tries_max) {
        wait_until(s, now + c->feedback + sim_random_below(&s->random, c->backoff + 1));
        return;
    }
    sim_packet *packet = take_first(s);
    s->tries = 0;
    s->state = STATION_IDLE;
    if (s->first)
        wait_until(s, now);
    if (collided) {
        channel->counters.given_up++;
        sim_model_drop(&s->model, packet);
    } else {
        channel->counters.passed++;
        sim_model_forward(&s->model, now, packet);
    }
}

static void fire(sim_timer *timer, uint64_t now)
{
    station *s = SIM_OWNER(timer, station, timer);
    if (s->state == STATION_WAITING)
        begin(s, now);
    else
        finish(s, now);
}

static void push(sim_model *model, uint64_t now, sim_packet *packet)
{
    station *s = (station *)model;
    uint64_t size = size_of(s, packet);
    if (s->first && size > s->channel->config.queue_bytes - s->waiting_bytes) {
        sim_model_drop(model, packet);
        return;
    }
    waiting *tail = sim_allocate(sizeof *tail);
    tail->packet = packet;
    *s->end = tail;
    s->end = &tail->next;
    s->waiting_bytes += size;
    if (s->waiting_bytes > s->queue_peak_bytes)
        s->queue_peak_bytes = s->waiting_bytes;
    if (s->state == STATION_IDLE)
        wait_until(s, now);
}

static void station_free(sim_model *model)
{
    station *s = (station *)model;
    sim_queue_cancel(model->medium->queue, &s->timer);
    if (s->state == STATION_ON_AIR)
        leave_air(s);
    while (s->first)
        sim_packet_free(take_first(s));
}

static void station_tell(const sim_model *model, sim_tell *tell, void *ctx)
{
    tell(ctx, "queue_peak_bytes", ((const station *)model)->queue_peak_bytes);
}

sim_model *sim_contention_join(sim_contention *contention, const char *place)
{
    static const sim_model_type type = {
        .name = "contention", .push = push, .free = station_free, .tell = station_tell};
    station *s = sim_model_new(contention->shared.medium, &type, place, sizeof *s);
    s->channel = contention;
    s->timer.fire = fire;
    s->end = &s->first;
    sim_model_random(&s->model, &s->random);
    return &s->model;
}

static void contention_tell(const sim_shared *shared, sim_tell *tell, void *ctx)
{
    const sim_contention_counters *c = &((const sim_contention *)shared)->counters;
    tell(ctx, "transmissions", c->transmissions);
    tell(ctx, "collided", c->collided);
    tell(ctx, "passed", c->passed);
    tell(ctx, "given_up", c->given_up);
    tell(ctx, "air_time", c->air_time);
}

sim_contention *sim_contention_new(sim_medium *medium, const char *name,
                                   const sim_contention_config *config)
{
    static const sim_shared_type type = {.name = "contention", .tell = contention_tell};
    UFTP_ASSERT(config->rate_bytes_per_s != 0);
    sim_contention *contention = sim_shared_new(medium, &type, name, sizeof *contention);
    contention->config = *config;
    if (!contention->config.queue_bytes)
        contention->config.queue_bytes = 65536;
    return contention;
}

const sim_contention_counters *sim_contention_count(const sim_contention *contention)
{
    return &contention->counters;
}
