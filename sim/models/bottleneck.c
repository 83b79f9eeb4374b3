/* SPDX-License-Identifier: MIT */
#include "models/bottleneck.h"

typedef struct bottleneck {
    sim_model model;
    sim_line line;
} bottleneck;

static void push(sim_model *model, uint64_t now, sim_packet *packet)
{
    sim_line_push(&((bottleneck *)model)->line, now, model, packet);
}

static void bottleneck_free(sim_model *model)
{
    sim_line_free(&((bottleneck *)model)->line);
}

static void bottleneck_tell(const sim_model *model, sim_tell *tell, void *ctx)
{
    sim_line_tell(&((const bottleneck *)model)->line, tell, ctx);
}

static const sim_model_type bottleneck_type = {
    .name = "bottleneck", .push = push, .free = bottleneck_free, .tell = bottleneck_tell};

sim_model *sim_bottleneck_new(sim_medium *medium, const char *place, const sim_line_config *config)
{
    bottleneck *b = sim_model_new(medium, &bottleneck_type, place, sizeof *b);
    sim_line_init(&b->line, medium, config);
    return &b->model;
}

const sim_line *sim_bottleneck_line(const sim_model *model)
{
    return model->type == &bottleneck_type ? &((const bottleneck *)model)->line : NULL;
}
