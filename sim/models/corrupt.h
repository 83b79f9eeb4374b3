/* SPDX-License-Identifier: MIT
 *
 * Damage that the UDP checksum did not see: bits of the payload are flipped and the packet arrives.
 */
#ifndef SIM_CORRUPT_H
#define SIM_CORRUPT_H

#include "models/model.h"

typedef struct sim_corrupt_config {
    uint32_t chance_ppm;
    uint32_t bits; /* flipped in a packet, each anywhere in it; two may hit one place [1] */
    uint32_t from; /* bytes before this one are spared, and packets that end before it [0] */
} sim_corrupt_config;

sim_model *sim_corrupt_new(sim_medium *medium, const char *place, const sim_corrupt_config *config);

#endif
