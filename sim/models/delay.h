/* SPDX-License-Identifier: MIT
 *
 * Distance: every packet takes a fixed time and up to `jitter` more.
 */
#ifndef SIM_DELAY_H
#define SIM_DELAY_H

#include "models/model.h"

typedef struct sim_delay_config {
    uint64_t delay;
    uint64_t jitter; /* uniform in 0..jitter, drawn for each packet */
    bool reorder;    /* let a packet overtake another; otherwise it arrives no earlier than that */
} sim_delay_config;

sim_model *sim_delay_new(sim_medium *medium, const char *place, const sim_delay_config *config);

#endif
