/* SPDX-License-Identifier: MIT */
#include "models/orbit.h"

#include "base/assert.h"

typedef struct orbit {
    sim_model model;
    sim_orbit_config config;
    uint64_t arrival_last;
    uint64_t held, delay_max_seen;
} orbit;

static uint64_t age(const sim_orbit_config *config, uint64_t now)
{
    return (now + config->phase) % config->pass;
}

#define ONE_BITS 20 /* fixed point: 1 is 2^20, so that no product passes 64 bits */

uint64_t sim_orbit_delay(const sim_orbit_config *config, uint64_t now)
{
    uint64_t twice = 2 * age(config, now);
    uint64_t off = twice > config->pass ? twice - config->pass : config->pass - twice;
    uint64_t share = (off << ONE_BITS) / config->pass; /* of the way from the top to the horizon */
    uint64_t span = config->delay_max - config->delay_min;
    return config->delay_min + ((span * share >> ONE_BITS) * share >> ONE_BITS);
}

static void push(sim_model *model, uint64_t now, sim_packet *packet)
{
    orbit *o = (orbit *)model;
    const sim_orbit_config *c = &o->config;
    uint64_t leaves = now, passed = age(c, now);
    if (passed < c->gap) {
        if (!c->hold) {
            sim_model_drop(model, packet);
            return;
        }
        leaves = now + (c->gap - passed);
        o->held++;
    }
    uint64_t arrival = leaves + sim_orbit_delay(c, leaves);
    if (!c->reorder && arrival < o->arrival_last)
        arrival = o->arrival_last;
    o->arrival_last = arrival;
    if (arrival - now > o->delay_max_seen)
        o->delay_max_seen = arrival - now;
    sim_model_forward_at(model, arrival, packet);
}

static void orbit_tell(const sim_model *model, sim_tell *tell, void *ctx)
{
    const orbit *o = (const orbit *)model;
    tell(ctx, "held", o->held);
    tell(ctx, "delay_max", o->delay_max_seen);
}

sim_model *sim_orbit_new(sim_medium *medium, const char *place, const sim_orbit_config *config)
{
    static const sim_model_type type = {.name = "orbit", .push = push, .tell = orbit_tell};
    UFTP_ASSERT(config->pass > config->gap && config->pass < UINT64_C(1) << 43); /* 2.4 h */
    UFTP_ASSERT(config->delay_max >= config->delay_min && config->delay_max < UINT64_C(1) << 43);
    orbit *o = sim_model_new(medium, &type, place, sizeof *o);
    o->config = *config;
    return &o->model;
}
