/* SPDX-License-Identifier: MIT */
#include "models/fade.h"

#include "base/assert.h"
#include "engine/memory.h"

#include <string.h>

#define MILLION 1000000

/* The level from a time on. */
typedef struct change {
    uint64_t from;
    size_t level;
} change;

/* The weather is known up to `tick_next`. It is kept as a list of changes, which links read each at
 * a place of its own: when receivers are run one after the other through the same stretch of time,
 * each of them asks for it anew. */
struct sim_fade {
    sim_shared shared;
    sim_fade_config config;
    sim_fade_level levels[SIM_FADE_LEVELS_MAX];
    sim_random random;
    uint64_t key; /* of the luck that all links share */
    uint64_t tick_next;
    change *changes; /* the first is clear sky from the beginning */
    size_t change_count, change_capacity;
    size_t at; /* of who asks without a link */
};

typedef struct fading {
    sim_model model;
    sim_fade *fade;
    sim_random random;
    size_t at; /* in the changes, or in the spans */
} fading;

static void change_to(sim_fade *f, uint64_t from, size_t level)
{
    if (f->change_count == f->change_capacity) {
        f->change_capacity = f->change_capacity ? 2 * f->change_capacity : 16;
        f->changes = sim_reallocate(f->changes, f->change_capacity * sizeof *f->changes);
    }
    f->changes[f->change_count++] = (change){.from = from, .level = level};
}

static void tick(sim_fade *f)
{
    size_t at = f->changes[f->change_count - 1].level;
    const sim_fade_level *level = &f->levels[at];
    bool leaves = sim_random_chance(&f->random, f->config.tick, level->mean);
    bool worse = sim_random_chance(&f->random, level->worse_ppm, MILLION);
    if (leaves && f->config.level_count > 1)
        change_to(f, f->tick_next,
                  at == 0 || (worse && at + 1 < f->config.level_count) ? at + 1 : at - 1);
    f->tick_next += f->config.tick;
}

static void prepare(sim_shared *shared, uint64_t until)
{
    sim_fade *f = (sim_fade *)shared;
    while (f->config.span_count == 0 && until >= f->tick_next)
        tick(f);
}

static uint32_t loss_of_spans(const sim_fade *f, uint64_t now, size_t *at)
{
    while (*at < f->config.span_count && now >= f->config.spans[*at].to)
        ++*at;
    bool inside = *at < f->config.span_count && now >= f->config.spans[*at].from;
    return inside ? f->config.spans[*at].loss_ppm : 0;
}

/* `at` is kept by who asks, in the order of time. */
static uint32_t loss_at(sim_fade *f, uint64_t now, size_t *at)
{
    if (f->config.span_count > 0)
        return loss_of_spans(f, now, at);
    if (now >= f->tick_next)
        prepare(&f->shared, now);
    while (*at + 1 < f->change_count && now >= f->changes[*at + 1].from)
        ++*at;
    return f->levels[f->changes[*at].level].loss_ppm;
}

uint32_t sim_fade_loss_ppm(sim_fade *f, uint64_t now)
{
    return loss_at(f, now, &f->at);
}

/* A number that all links draw alike for one packet, whenever and in which order they see it. */
static uint64_t common_draw(const sim_fade *f, const sim_packet *packet, uint64_t purpose)
{
    uint64_t value = sim_mix(f->key ^ packet->hash);
    value = sim_mix(value + packet->sent);
    return sim_mix(value + packet->from + (purpose << 32)) % MILLION; /* bias: 1e6 of 2^64 */
}

static bool is_lost(fading *link, uint32_t loss_ppm, const sim_packet *packet)
{
    const sim_fade *f = link->fade;
    bool own = sim_random_ppm(&link->random, loss_ppm);
    if (loss_ppm == 0)
        return false;
    bool apart = f->config.apart_ppm && common_draw(f, packet, 1) < f->config.apart_ppm;
    return apart ? own : common_draw(f, packet, 0) < loss_ppm;
}

static void push(sim_model *model, uint64_t now, sim_packet *packet)
{
    fading *link = (fading *)model;
    if (is_lost(link, loss_at(link->fade, now, &link->at), packet))
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

/* Up to the present, however far the weather is known. */
static void fade_tell(const sim_shared *shared, sim_tell *tell, void *ctx)
{
    const sim_fade *f = (const sim_fade *)shared;
    uint64_t now = shared->medium->queue->now, clear = 0, changes = 0;
    for (size_t i = 0; i < f->change_count && f->changes[i].from <= now; i++) {
        bool last = i + 1 == f->change_count || f->changes[i + 1].from > now;
        if (f->changes[i].level == 0)
            clear += (last ? now : f->changes[i + 1].from) - f->changes[i].from;
        changes += i > 0;
    }
    tell(ctx, "level_changes", changes);
    tell(ctx, "time_clear", clear);
    tell(ctx, "time_faded", now - clear);
}

static void fade_free(sim_shared *shared)
{
    sim_release(((sim_fade *)shared)->changes);
}

static const sim_shared_type fade_type = {
    .name = "rain", .free = fade_free, .tell = fade_tell, .prepare = prepare};

/* That the weather is known further than anybody needs it changes nothing: hence const. */
bool sim_fade_worst(const sim_shared *shared, uint64_t from, uint64_t to, uint32_t *loss_ppm)
{
    if (shared->type != &fade_type)
        return false;
    const sim_fade *f = (const sim_fade *)shared;
    prepare((sim_shared *)shared, to);
    *loss_ppm = 0;
    for (size_t i = 0; i < f->config.span_count; i++)
        if (f->config.spans[i].from <= to && f->config.spans[i].to > from &&
            f->config.spans[i].loss_ppm > *loss_ppm)
            *loss_ppm = f->config.spans[i].loss_ppm;
    for (size_t i = 0; f->config.span_count == 0 && i < f->change_count; i++) {
        const uint32_t loss = f->levels[f->changes[i].level].loss_ppm;
        bool over = i + 1 < f->change_count && f->changes[i + 1].from <= from;
        if (f->changes[i].from <= to && !over && loss > *loss_ppm)
            *loss_ppm = loss;
    }
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
    change_to(f, 0, 0);
    f->tick_next = f->config.tick;
    sim_shared_random(&f->shared, &f->random);
    f->key = sim_random_u64(&f->random);
    return f;
}
