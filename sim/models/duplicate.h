/* SPDX-License-Identifier: MIT
 *
 * Duplication: now and then a packet arrives a second time, `gap` after the first.
 */
#ifndef SIM_DUPLICATE_H
#define SIM_DUPLICATE_H

#include "models/model.h"

typedef struct sim_duplicate_config {
    uint32_t chance_ppm;
    uint64_t gap;
} sim_duplicate_config;

sim_model *sim_duplicate_new(sim_medium *medium, const char *place,
                             const sim_duplicate_config *config);

#endif
