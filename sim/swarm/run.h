/* SPDX-License-Identifier: MIT
 *
 * One scenario in one world, with all invariants watched.
 */
#ifndef SIM_SWARM_RUN_H
#define SIM_SWARM_RUN_H

#include "engine/world.h"
#include "swarm/scenario.h"

typedef struct swarm_run_options {
    const char *repeat; /* command, for the report */
    /* As in sim_options; `ctx` is its own. */
    void (*on_failure)(void *ctx, const char *report);
    /* What the links lose by chance; may be NULL. */
    void (*on_loss)(void *ctx, const char *place, uint64_t nth);
    void *ctx;
    sim_lane_use lanes;
} swarm_run_options;

typedef struct swarm_outcome {
    char digest[65];
    uint64_t ended; /* ns: the last thing that happened */
    uint64_t steps;
    bool had_to_succeed;
} swarm_outcome;

/* Makes the keys that all runs share: before any of them, and before a process is divided. */
void swarm_keys_make(void);
void swarm_keys_free(void);

/* Comes back only when nothing was wrong. */
swarm_outcome swarm_run(const swarm_scenario *scenario, const swarm_run_options *options);

#endif
