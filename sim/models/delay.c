/* SPDX-License-Identifier: MIT */
#include "models/delay.h"

typedef struct delay {
    sim_model model;
    sim_delay_config config;
    sim_random random;
    uint64_t arrival_last; /* of what was sent before */
} delay;

static void push(sim_model *model, uint64_t now, sim_packet *packet)
{
    delay *d = (delay *)model;
    uint64_t arrival = now + d->config.delay;
    if (d->config.jitter)
        arrival += sim_random_below(&d->random, d->config.jitter + 1);
    if (!d->config.reorder) {
        if (arrival < d->arrival_last)
            arrival = d->arrival_last; /* equal times keep the order of sending */
        d->arrival_last = arrival;
    }
    sim_model_forward_at(model, arrival, packet);
}

sim_model *sim_delay_new(sim_medium *medium, const char *place, const sim_delay_config *config)
{
    static const sim_model_type type = {.name = "delay", .push = push};
    delay *d = sim_model_new(medium, &type, place, sizeof *d);
    d->config = *config;
    sim_model_random(&d->model, &d->random);
    return &d->model;
}
