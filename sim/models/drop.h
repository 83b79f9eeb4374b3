/* SPDX-License-Identifier: MIT
 *
 * Scripted loss: exactly these packets, and no chance. What a failing run is cut down to.
 */
#ifndef SIM_DROP_H
#define SIM_DROP_H

#include "models/model.h"

/* Among the packets whose byte at `offset` is `value`, or for which `match` says so, the ones
 * numbered first, first + 1, ... are dropped, `count` of them. */
typedef struct sim_drop {
    bool (*match)(void *ctx, const uint8_t *bytes, size_t len); /* NULL: go by offset and value */
    void *ctx;
    size_t offset;
    uint8_t value;
    uint32_t first; /* counted from 1; 0 means 1 */
    uint32_t count; /* 0 means 1; UINT32_MAX: all from then on */
} sim_drop;

typedef struct sim_drop_config {
    const uint32_t *nth; /* which packets of the link, from 1, rising, ended by 0; NULL: none */
    const sim_drop *rules;
    size_t rule_count;
} sim_drop_config;

/* The lists stay the caller's and outlive the model. */
sim_model *sim_drop_new(sim_medium *medium, const char *place, const sim_drop_config *config);

#endif
