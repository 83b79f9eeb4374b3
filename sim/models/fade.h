/* SPDX-License-Identifier: MIT
 *
 * Rain over a region: one process of fading that a group of links shares. It wanders over levels of
 * loss, from clear sky upwards, or follows a list of spans. Within a level a packet is lost for all
 * links of the group or for none, except for a share of packets for which every link draws by
 * itself: with a loss of q and the share s, two links lose a packet together with chance
 * (1-s) q + s q^2, that is with a correlation of 1-s.
 */
#ifndef SIM_FADE_H
#define SIM_FADE_H

#include "models/model.h"

#define SIM_FADE_LEVELS_MAX 16

typedef struct sim_fade_level {
    uint32_t loss_ppm;
    uint64_t mean;      /* how long it lasts on average, at least the tick */
    uint32_t worse_ppm; /* chance that the next level is the one above and not the one below; the
                           first always goes up, the last always down */
} sim_fade_level;

typedef struct sim_fade_span {
    uint64_t from, to; /* to: not included */
    uint32_t loss_ppm;
} sim_fade_span;

typedef struct sim_fade_config {
    const sim_fade_level *levels; /* copied; begins at the first */
    size_t level_count;           /* [two: clear 60 s, all lost 5 s], unless there are spans */
    const sim_fade_span *spans; /* in order of time, outlive the fade; elsewhere the sky is clear */
    size_t span_count;
    uint64_t tick;      /* a level may change every so often [100 ms] */
    uint32_t apart_ppm; /* share of packets for which each link draws by itself [0] */
} sim_fade_config;

typedef struct sim_fade sim_fade;

sim_fade *sim_fade_new(sim_medium *medium, const char *name, const sim_fade_config *config);
/* The loss at this time; asked in the order of time. */
uint32_t sim_fade_loss_ppm(sim_fade *fade, uint64_t now);
/* For an onlooker: the worst loss between two times. False: this is no fade. */
bool sim_fade_worst(const sim_shared *shared, uint64_t from, uint64_t to, uint32_t *loss_ppm);

/* A link that the fade lies over. */
sim_model *sim_fade_join(sim_fade *fade, const char *place);

#endif
