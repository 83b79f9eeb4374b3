/* SPDX-License-Identifier: MIT */
#include "models/hold.h"

typedef struct hold {
    sim_model model;
    sim_hold_config config;
    sim_random random;
} hold;

static void push(sim_model *model, uint64_t now, sim_packet *packet)
{
    hold *h = (hold *)model;
    bool held = h->config.every ? model->seen % h->config.every == 0
                                : sim_random_ppm(&h->random, h->config.chance_ppm);
    if (held)
        sim_model_forward_at(model, now + h->config.time, packet);
    else
        sim_model_forward(model, now, packet);
}

sim_model *sim_hold_new(sim_medium *medium, const char *place, const sim_hold_config *config)
{
    static const sim_model_type type = {.name = "hold", .push = push};
    hold *h = sim_model_new(medium, &type, place, sizeof *h);
    h->config = *config;
    sim_model_random(&h->model, &h->random);
    return &h->model;
}
