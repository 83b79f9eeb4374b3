/* SPDX-License-Identifier: MIT
 *
 * Reordering: every nth packet is held back while the ones behind it pass.
 */
#ifndef SIM_HOLD_H
#define SIM_HOLD_H

#include "models/model.h"

typedef struct sim_hold_config {
    uint32_t every;      /* packets numbered every, 2 * every, ... are held */
    uint32_t chance_ppm; /* or, when `every` is 0, each one by chance */
    uint64_t time;       /* how long */
} sim_hold_config;

sim_model *sim_hold_new(sim_medium *medium, const char *place, const sim_hold_config *config);

#endif
