/* SPDX-License-Identifier: MIT */
#include "engine/script.h"

#include "base/assert.h"

#include <string.h>

typedef struct outgoing {
    struct outgoing *next;
    uftp_address destination;
    size_t len, segment_len;
    uint8_t bytes[];
} outgoing;

typedef struct told {
    struct told *next;
    uftp_event event;
} told;

typedef struct player {
    const sim_script *script;
    void *ctx;
    sim_node *node;
    uint64_t wake;
    outgoing *out, **out_end;
    told *events, **events_end;
} player;

static int start(void *ctx, sim_node *node, uint64_t now)
{
    player *p = ctx;
    p->wake = UFTP_NEVER;
    if (p->script->on_start)
        p->script->on_start(node, p->ctx, now);
    return UFTP_OK;
}

static void stop(void *ctx)
{
    player *p = ctx;
    while (p->out) {
        outgoing *next = p->out->next;
        sim_release(p->out);
        p->out = next;
    }
    while (p->events) {
        told *next = p->events->next;
        sim_release(p->events);
        p->events = next;
    }
    p->out_end = &p->out;
    p->events_end = &p->events;
}

static void recv_trains(void *ctx, uint64_t now, const uftp_datagram *trains, size_t count)
{
    player *p = ctx;
    for (size_t t = 0; p->script->on_datagram && t < count; t++) {
        const uftp_datagram *train = &trains[t];
        size_t step = train->segment_len ? train->segment_len : train->len;
        size_t at = 0;
        do { /* an empty datagram is one, too */
            uftp_datagram one = *train;
            one.data += at;
            one.len = train->len - at < step ? train->len - at : step;
            one.segment_len = 0;
            p->script->on_datagram(p->node, p->ctx, now, &one);
            at += step;
        } while (at < train->len);
    }
}

static int poll_transmit(void *ctx, uint64_t now, uftp_transmit *out)
{
    (void)now;
    player *p = ctx;
    outgoing *first = p->out;
    if (!first)
        return 0;
    UFTP_ASSERT(first->len <= out->capacity);
    memcpy(out->data, first->bytes, first->len);
    out->len = first->len;
    out->segment_len = first->segment_len;
    out->destination = first->destination;
    p->out = first->next;
    if (!p->out)
        p->out_end = &p->out;
    sim_release(first);
    return 1;
}

static uint64_t next_deadline(void *ctx)
{
    return ((player *)ctx)->wake;
}

static void on_timeout(void *ctx, uint64_t now)
{
    player *p = ctx;
    if (now < p->wake)
        return;
    p->wake = UFTP_NEVER;
    if (p->script->on_timer)
        p->script->on_timer(p->node, p->ctx, now);
}

static int poll_event(void *ctx, uftp_event *out)
{
    player *p = ctx;
    told *first = p->events;
    if (!first)
        return 0;
    *out = first->event;
    p->events = first->next;
    if (!p->events)
        p->events_end = &p->events;
    sim_release(first);
    return 1;
}

static const sim_core script_core = {.role = "script",
                                     .start = start,
                                     .stop = stop,
                                     .recv = recv_trains,
                                     .poll_transmit = poll_transmit,
                                     .next_deadline = next_deadline,
                                     .on_timeout = on_timeout,
                                     .poll_event = poll_event,
                                     .free = sim_release};

sim_node *sim_add_script(sim *world, const char *name, const sim_script *script, void *ctx)
{
    player *p = sim_allocate(sizeof *p);
    *p = (player){.script = script, .ctx = ctx, .wake = UFTP_NEVER};
    p->out_end = &p->out;
    p->events_end = &p->events;
    p->node = sim_add_core(world, name, &script_core, p);
    return p->node;
}

void sim_script_send(sim_node *node, const uftp_address *destination, const uint8_t *bytes,
                     size_t len, size_t segment_len)
{
    player *p = sim_ctx(node);
    outgoing *o = sim_allocate(sizeof *o + len);
    o->destination = *destination;
    o->len = len;
    o->segment_len = segment_len ? segment_len : len;
    memcpy(o->bytes, bytes, len);
    *p->out_end = o;
    p->out_end = &o->next;
    sim_touch(node);
}

void sim_script_wake(sim_node *node, uint64_t at)
{
    player *p = sim_ctx(node);
    p->wake = at;
    sim_touch(node);
}

void sim_script_tell(sim_node *node, const uftp_event *event)
{
    player *p = sim_ctx(node);
    told *t = sim_allocate(sizeof *t);
    t->event = *event;
    *p->events_end = t;
    p->events_end = &t->next;
    sim_touch(node);
}
