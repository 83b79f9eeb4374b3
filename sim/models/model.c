/* SPDX-License-Identifier: MIT */
#include "models/model.h"

#include "base/assert.h"
#include "engine/memory.h"

#include <stdio.h>

/* A packet that waits for its time. */
struct sim_flight {
    sim_timer timer;
    sim_model *model; /* that sent it off */
    sim_packet *packet;
    sim_flight *next, **at; /* in the list of those aloft, or of the spare */
};

void *sim_model_new(sim_medium *medium, const sim_model_type *type, const char *place, size_t size)
{
    sim_model *model = sim_allocate(size);
    model->type = type;
    model->medium = medium;
    model->place = place;
    return model;
}

static void init_random(sim_random *random, const sim_medium *medium, const char *type,
                        const char *place)
{
    char name[256];
    int len = snprintf(name, sizeof name, "%s/%s", type, place);
    UFTP_ASSERT(len > 0 && (size_t)len < sizeof name); /* a cut name would share its luck */
    sim_random_init(random, medium->seed, name);
}

void sim_model_random(const sim_model *model, sim_random *random)
{
    init_random(random, model->medium, model->type->name, model->place);
}

void sim_model_tell(const sim_model *model, sim_tell *tell, void *ctx)
{
    tell(ctx, "seen", model->seen);
    tell(ctx, "dropped", model->dropped);
    if (model->type->tell)
        model->type->tell(model, tell, ctx);
}

void *sim_shared_new(sim_medium *medium, const sim_shared_type *type, const char *name, size_t size)
{
    sim_shared *shared = sim_allocate(size);
    shared->type = type;
    shared->medium = medium;
    shared->name = sim_copy_text(name);
    if (medium->shared_last)
        medium->shared_last->next = shared;
    else
        medium->shared = shared;
    medium->shared_last = shared;
    return shared;
}

void sim_shared_random(const sim_shared *shared, sim_random *random)
{
    init_random(random, shared->medium, shared->type->name, shared->name);
}

void sim_chain_free(sim_model *first, const sim_model *sink)
{
    while (first != sink) {
        sim_model *next = first->next;
        if (first->type->free)
            first->type->free(first);
        sim_release(first);
        first = next;
    }
}

void sim_model_push(sim_model *model, uint64_t now, sim_packet *packet)
{
    model->seen++;
    model->type->push(model, now, packet);
}

void sim_model_forward(sim_model *model, uint64_t now, sim_packet *packet)
{
    sim_model_push(model->next, now, packet);
}

void sim_model_drop(sim_model *model, sim_packet *packet)
{
    model->dropped++;
    if (model->medium->dropped)
        model->medium->dropped(model->medium->ctx, model, packet);
    sim_packet_free(packet);
}

static void land(sim_timer *timer, uint64_t now)
{
    sim_flight *flight = SIM_OWNER(timer, sim_flight, timer);
    sim_model *model = flight->model;
    sim_packet *packet = flight->packet;
    sim_medium *medium = model->medium;
    *flight->at = flight->next;
    if (flight->next)
        flight->next->at = flight->at;
    flight->next = medium->spare;
    medium->spare = flight;
    sim_model_forward(model, now, packet); /* last: it may send off another flight */
}

void sim_model_forward_at(sim_model *model, uint64_t at, sim_packet *packet)
{
    sim_medium *medium = model->medium;
    sim_flight *flight = medium->spare;
    if (flight)
        medium->spare = flight->next;
    else
        flight = sim_allocate(sizeof *flight);
    *flight = (sim_flight){.timer = {.fire = land},
                           .model = model,
                           .packet = packet,
                           .next = medium->aloft,
                           .at = &medium->aloft};
    if (flight->next)
        flight->next->at = &flight->next;
    medium->aloft = flight;
    sim_queue_arm(medium->queue, &flight->timer, at);
}

void sim_medium_prepare(sim_medium *medium, uint64_t until)
{
    for (sim_shared *shared = medium->shared; shared; shared = shared->next)
        if (shared->type->prepare)
            shared->type->prepare(shared, until);
}

void sim_medium_free(sim_medium *medium)
{
    for (sim_flight *flight = medium->aloft, *next; flight; flight = next) {
        next = flight->next;
        sim_queue_cancel(medium->queue, &flight->timer);
        sim_packet_free(flight->packet);
        sim_release(flight);
    }
    for (sim_flight *flight = medium->spare, *next; flight; flight = next) {
        next = flight->next;
        sim_release(flight);
    }
    medium->aloft = medium->spare = NULL;
    for (sim_shared *shared = medium->shared; shared; shared = shared->next)
        if (shared->type->free_chains)
            shared->type->free_chains(shared);
    for (sim_shared *shared = medium->shared, *next; shared; shared = next) {
        next = shared->next;
        if (shared->type->free)
            shared->type->free(shared);
        sim_release(shared->name);
        sim_release(shared);
    }
    medium->shared = medium->shared_last = NULL;
}
