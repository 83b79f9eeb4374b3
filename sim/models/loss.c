/* SPDX-License-Identifier: MIT */
#include "models/loss.h"

typedef struct loss {
    sim_model model;
    uint32_t loss_ppm;
    sim_random random;
} loss;

static void push(sim_model *model, uint64_t now, sim_packet *packet)
{
    loss *l = (loss *)model;
    if (sim_random_ppm(&l->random, l->loss_ppm))
        sim_model_drop(model, packet);
    else
        sim_model_forward(model, now, packet);
}

sim_model *sim_loss_new(sim_medium *medium, const char *place, uint32_t loss_ppm)
{
    static const sim_model_type type = {.name = "loss", .push = push};
    loss *l = sim_model_new(medium, &type, place, sizeof *l);
    l->loss_ppm = loss_ppm;
    sim_model_random(&l->model, &l->random);
    return &l->model;
}
