/* SPDX-License-Identifier: MIT */
#include "models/gilbert.h"

#include "base/assert.h"

#define MILLION 1000000

typedef struct gilbert {
    sim_model model;
    sim_gilbert_config config;
    sim_random random;
    bool bad, lost_last;
    uint64_t bad_seen, bursts; /* a burst: packets lost one behind the other */
} gilbert;

static void push(sim_model *model, uint64_t now, sim_packet *packet)
{
    gilbert *g = (gilbert *)model;
    const sim_gilbert_config *c = &g->config;
    bool lost = sim_random_ppm(&g->random, g->bad ? MILLION - c->h_ppm : c->good_loss_ppm);
    g->bad_seen += g->bad;
    g->bursts += lost && !g->lost_last;
    g->lost_last = lost;
    if (sim_random_ppm(&g->random, g->bad ? c->r_ppm : c->p_ppm))
        g->bad = !g->bad;
    if (lost)
        sim_model_drop(model, packet);
    else
        sim_model_forward(model, now, packet);
}

static void gilbert_tell(const sim_model *model, sim_tell *tell, void *ctx)
{
    const gilbert *g = (const gilbert *)model;
    tell(ctx, "seen_in_bad_state", g->bad_seen);
    tell(ctx, "bursts", g->bursts);
}

sim_model *sim_gilbert_new(sim_medium *medium, const char *place, const sim_gilbert_config *config)
{
    static const sim_model_type type = {.name = "gilbert", .push = push, .tell = gilbert_tell};
    UFTP_ASSERT(config->p_ppm <= MILLION && config->r_ppm <= MILLION && config->h_ppm <= MILLION);
    UFTP_ASSERT(config->p_ppm + config->r_ppm > 0);
    gilbert *g = sim_model_new(medium, &type, place, sizeof *g);
    g->config = *config;
    sim_model_random(&g->model, &g->random);
    g->bad = sim_random_chance(&g->random, config->p_ppm, (uint64_t)config->p_ppm + config->r_ppm);
    return &g->model;
}
