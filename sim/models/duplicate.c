/* SPDX-License-Identifier: MIT */
#include "models/duplicate.h"

typedef struct duplicate {
    sim_model model;
    sim_duplicate_config config;
    sim_random random;
} duplicate;

static void push(sim_model *model, uint64_t now, sim_packet *packet)
{
    duplicate *d = (duplicate *)model;
    bool twice = sim_random_ppm(&d->random, d->config.chance_ppm);
    sim_packet *copy = twice ? sim_packet_share(packet) : NULL;
    sim_model_forward(model, now, packet);
    if (copy)
        sim_model_forward_at(model, now + d->config.gap, copy);
}

sim_model *sim_duplicate_new(sim_medium *medium, const char *place,
                             const sim_duplicate_config *config)
{
    static const sim_model_type type = {.name = "duplicate", .push = push};
    duplicate *d = sim_model_new(medium, &type, place, sizeof *d);
    d->config = *config;
    sim_model_random(&d->model, &d->random);
    return &d->model;
}
