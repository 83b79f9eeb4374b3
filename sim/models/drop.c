/* SPDX-License-Identifier: MIT */
#include "models/drop.h"

#include "engine/memory.h"

typedef struct drop {
    sim_model model;
    sim_drop_config config;
    uint32_t *matched; /* per rule: packets it has matched so far */
} drop;

static bool rule_matches(const sim_drop *rule, const sim_packet *packet)
{
    if (rule->match)
        return rule->match(rule->ctx, packet->bytes, packet->len);
    return rule->offset < packet->len && packet->bytes[rule->offset] == rule->value;
}

/* Every rule counts every packet, also one that another rule drops: their numbers are then those of
 * what was sent, as a capture at the sender shows it. */
static bool rules_drop(drop *d, const sim_packet *packet)
{
    bool dropped = false;
    for (size_t i = 0; i < d->config.rule_count; i++) {
        const sim_drop *rule = &d->config.rules[i];
        if (!rule_matches(rule, packet))
            continue;
        uint32_t number = ++d->matched[i], first = rule->first ? rule->first : 1;
        uint32_t count = rule->count ? rule->count : 1;
        dropped |= number >= first && number - first < count;
    }
    return dropped;
}

static void push(sim_model *model, uint64_t now, sim_packet *packet)
{
    drop *d = (drop *)model;
    bool dropped = rules_drop(d, packet);
    if (d->config.nth && *d->config.nth && *d->config.nth == model->seen) {
        d->config.nth++;
        dropped = true;
    }
    if (dropped)
        sim_model_drop(model, packet);
    else
        sim_model_forward(model, now, packet);
}

static void drop_free(sim_model *model)
{
    sim_release(((drop *)model)->matched);
}

sim_model *sim_drop_new(sim_medium *medium, const char *place, const sim_drop_config *config)
{
    static const sim_model_type type = {.name = "drop", .push = push, .free = drop_free};
    drop *d = sim_model_new(medium, &type, place, sizeof *d);
    d->config = *config;
    d->matched = sim_allocate(config->rule_count * sizeof *d->matched);
    return &d->model;
}
