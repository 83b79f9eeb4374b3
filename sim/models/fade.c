/* SPDX-License-Identifier: MIT */
#include "models/fade.h"

#include "base/assert.h"

#include <string.h>

#define MILLION 1000000

struct sim_fade {
    sim_shared shared;
    sim_fade_config config;
    sim_fade_level levels[SIM_FADE_LEVELS_MAX];
    sim_random random;
    uint64_t key;       /* of the luck that all links share */
    size_t level, span; /* now */
    uint64_t tick_next;
    uint64_t changes;                             /* of the level */
    uint64_t ticks_in_level[SIM_FADE_LEVELS_MAX]; /* so far */
};

typedef struct fading {
    sim_model model;
    sim_fade *fade;
    sim_random random;
} fading;

static void tick(sim_fade *f)
{
    const sim_fade_level *level = &f->levels[f->level];
    f->ticks_in_level[f->level]++;
    bool leaves = sim_random_chance(&f->random, f->config.tick, level->mean);
    bool worse = sim_random_chance(&f->random, level->worse_ppm, MILLION);
    f->tick_next += f->config.tick;
    if (!leaves || f->config.level_count == 1)
        return;
    if (f->level == 0 || (worse && f->level + 1 < f->config.level_count))
        f->level++;
    else
        f->level--;
    f->changes++;
}

uint32_t sim_fade_loss_ppm(sim_fade *f, uint64_t now)
{
    if (f->config.span_count > 0) {
        while (f->span < f->config.span_count && now >= f->config.spans[f->span].to)
            f->span++;
        bool inside = f->span < f->config.span_count && now >= f->config.spans[f->span].from;
        return inside ? f->config.spans[f->span].loss_ppm : 0;
    }
    while (now >= f->tick_next)
        tick(f);
    return f->levels[f->level].loss_ppm;
}

/* A number that all links draw alike for one packet, whenever and in which order they see it. */
static uint64_t common_draw(const sim_fade *f, const sim_packet *packet, uint64_t purpose)
{
    uint64_t value = sim_mix(f->key ^ packet->hash);
    value = sim_mix(value + packet->sent);
    return sim_mix(value + packet->from + (purpose << 32)) % MILLION; /* bias: 1e6 of 2^64 */
}

static void push(sim_model *model, uint64_t now, sim_packet *packet)
{
    fading *link = (fading *)model;
    sim_fade *f = link->fade;
    uint32_t loss_ppm = sim_fade_loss_ppm(f, now);
    bool own = sim_random_chance(&link->random, loss_ppm, MILLION);
    bool common = common_draw(f, packet, 0) < loss_ppm;
    bool apart = common_draw(f, packet, 1) < f->config.apart_ppm;
    if (apart ? own : common)
        sim_model_drop(model, packet);
    else
        sim_model_forward(model, now, packet);
}

sim_model *sim_fade_join(sim_fade *fade, const char *place)
{
    static const sim_model_type type = {.name = "fade", .push = push};
    fading *link = sim_model_new(fade->shared.medium, &type, place, sizeof *link);
    link->fade = fade;
    sim_model_random(&link->model, &link->random);
    return &link->model;
}

static void fade_tell(const sim_shared *shared, sim_tell *tell, void *ctx)
{
    const sim_fade *f = (const sim_fade *)shared;
    uint64_t faded = 0;
    for (size_t i = 1; i < f->config.level_count; i++)
        faded += f->ticks_in_level[i] * f->config.tick;
    tell(ctx, "level_changes", f->changes);
    tell(ctx, "time_clear", f->ticks_in_level[0] * f->config.tick);
    tell(ctx, "time_faded", faded);
}

static const sim_shared_type fade_type = {.name = "rain", .tell = fade_tell};

bool sim_fade_look(const sim_shared *shared, uint64_t now, uint32_t *loss_ppm)
{
    if (shared->type != &fade_type)
        return false;
    sim_fade copy = *(const sim_fade *)shared; /* wanders ahead in place of the fade itself */
    *loss_ppm = sim_fade_loss_ppm(&copy, now);
    return true;
}

sim_fade *sim_fade_new(sim_medium *medium, const char *name, const sim_fade_config *config)
{
    static const sim_fade_level levels_default[] = {{.loss_ppm = 0, .mean = UFTP_S(60)},
                                                    {.loss_ppm = MILLION, .mean = UFTP_S(5)}};
    sim_fade *f = sim_shared_new(medium, &fade_type, name, sizeof *f);
    f->config = *config;
    if (!f->config.tick)
        f->config.tick = UFTP_MS(100);
    if (!f->config.level_count) {
        f->config.levels = levels_default;
        f->config.level_count = 2;
    }
    UFTP_ASSERT(f->config.level_count <= SIM_FADE_LEVELS_MAX);
    memcpy(f->levels, f->config.levels, f->config.level_count * sizeof *f->levels);
    for (size_t i = 0; i < f->config.level_count; i++)
        UFTP_ASSERT(f->levels[i].mean >= f->config.tick && f->levels[i].loss_ppm <= MILLION);
    f->tick_next = f->config.tick;
    sim_shared_random(&f->shared, &f->random);
    f->key = sim_random_u64(&f->random);
    return f;
}
