/* SPDX-License-Identifier: MIT */
#include "models/reassembly.h"

#include "base/assert.h"
#include "engine/memory.h"

#include <string.h>

#define UNIT 8 /* fragments begin at multiples of it */

/* A datagram of which something has come. */
typedef struct partial {
    sim_timer timer;
    struct reassembly *owner;
    struct partial *next, **at;
    sim_packet *packet; /* what is to be handed on; its bytes are filled in as they come */
    sim_packet *whole;  /* names the datagram, as IP's identification does */
    size_t units_left;
    uint8_t have[]; /* one bit per unit */
} partial;

typedef struct reassembly {
    sim_model model;
    partial *first;
    uint64_t assembled, expired;
} reassembly;

static void end_partial(partial *p)
{
    sim_queue_cancel(p->owner->model.medium->queue, &p->timer);
    *p->at = p->next;
    if (p->next)
        p->next->at = p->at;
    sim_packet_free(p->whole);
    sim_release(p);
}

static void expire(sim_timer *timer, uint64_t now)
{
    (void)now;
    partial *p = SIM_OWNER(timer, partial, timer);
    p->owner->expired++;
    sim_model_drop(&p->owner->model, p->packet);
    end_partial(p);
}

static partial *find_partial(reassembly *r, const sim_packet *fragment)
{
    partial *p = r->first;
    while (p && (p->whole != fragment->whole ||
                 !uftp_address_equal(&p->packet->destination, &fragment->destination)))
        p = p->next;
    return p;
}

static size_t units(size_t len)
{
    return (len + UNIT - 1) / UNIT;
}

static partial *make_partial(reassembly *r, uint64_t now, const sim_packet *fragment)
{
    const sim_packet *whole = fragment->whole;
    partial *p = sim_allocate(sizeof *p + units(whole->len) / 8 + 1);
    p->owner = r;
    p->timer.fire = expire;
    p->whole = sim_packet_share(fragment->whole);
    p->packet = sim_packet_new(whole->bytes, whole->len);
    p->packet->from = whole->from;
    p->packet->sent = whole->sent;
    p->packet->source = fragment->source; /* as a NAT has written them */
    p->packet->destination = fragment->destination;
    p->packet->tos = fragment->tos;
    p->units_left = units(whole->len);
    p->next = r->first;
    p->at = &r->first;
    if (p->next)
        p->next->at = &p->next;
    r->first = p;
    sim_queue_arm(r->model.medium->queue, &p->timer, now + SIM_REASSEMBLY_TIME);
    return p;
}

static void fill(partial *p, const sim_packet *fragment)
{
    UFTP_ASSERT(fragment->offset % UNIT == 0);
    UFTP_ASSERT(fragment->offset + fragment->len <= p->packet->len);
    memcpy(p->packet->bytes + fragment->offset, fragment->bytes, fragment->len);
    for (size_t u = fragment->offset / UNIT; u < units(fragment->offset + fragment->len); u++) {
        uint8_t bit = (uint8_t)(1u << u % 8);
        p->units_left -= !(p->have[u / 8] & bit);
        p->have[u / 8] |= bit;
    }
}

static void push(sim_model *model, uint64_t now, sim_packet *packet)
{
    reassembly *r = (reassembly *)model;
    if (!packet->whole) {
        sim_model_forward(model, now, packet);
        return;
    }
    partial *p = find_partial(r, packet);
    if (!p)
        p = make_partial(r, now, packet);
    fill(p, packet);
    sim_packet_free(packet);
    if (p->units_left > 0)
        return;
    sim_packet *complete = p->packet;
    end_partial(p);
    sim_packet_rehash(complete); /* a fragment may have been damaged */
    r->assembled++;
    sim_model_forward(model, now, complete);
}

static void reassembly_free(sim_model *model)
{
    reassembly *r = (reassembly *)model;
    while (r->first) {
        sim_packet_free(r->first->packet);
        end_partial(r->first);
    }
}

static void reassembly_tell(const sim_model *model, sim_tell *tell, void *ctx)
{
    const reassembly *r = (const reassembly *)model;
    tell(ctx, "assembled", r->assembled);
    tell(ctx, "expired", r->expired);
}

sim_model *sim_reassembly_new(sim_medium *medium, const char *place)
{
    static const sim_model_type type = {
        .name = "reassembly", .push = push, .free = reassembly_free, .tell = reassembly_tell};
    reassembly *r = sim_model_new(medium, &type, place, sizeof *r);
    return &r->model;
}
