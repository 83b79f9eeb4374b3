/* SPDX-License-Identifier: MIT */
#include "models/carrier.h"

struct sim_carrier {
    sim_shared shared;
    sim_line line;
};

typedef struct share {
    sim_model model;
    sim_carrier *carrier;
} share;

static void push(sim_model *model, uint64_t now, sim_packet *packet)
{
    sim_line_push(&((share *)model)->carrier->line, now, model, packet);
}

static void share_free(sim_model *model)
{
    sim_line_withdraw(&((share *)model)->carrier->line, model);
}

sim_model *sim_carrier_join(sim_carrier *carrier, const char *place)
{
    static const sim_model_type type = {.name = "carrier", .push = push, .free = share_free};
    share *s = sim_model_new(carrier->shared.medium, &type, place, sizeof *s);
    s->carrier = carrier;
    return &s->model;
}

static void carrier_free(sim_shared *shared)
{
    sim_line_free(&((sim_carrier *)shared)->line);
}

static void carrier_tell(const sim_shared *shared, sim_tell *tell, void *ctx)
{
    sim_line_tell(&((const sim_carrier *)shared)->line, tell, ctx);
}

sim_carrier *sim_carrier_new(sim_medium *medium, const char *name, const sim_line_config *config)
{
    static const sim_shared_type type = {
        .name = "carrier", .free = carrier_free, .tell = carrier_tell};
    sim_carrier *carrier = sim_shared_new(medium, &type, name, sizeof *carrier);
    sim_line_init(&carrier->line, medium, config);
    return carrier;
}

const sim_line *sim_carrier_line(const sim_carrier *carrier)
{
    return &carrier->line;
}
