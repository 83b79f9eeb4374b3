/* SPDX-License-Identifier: MIT
 *
 * Loss in bursts after Gilbert and Elliott: a good and a bad state, each with its own loss. With
 * the letters of the literature: p good to bad, r bad to good, both per packet; h and 1-k below.
 *
 *     in the bad state       p / (p + r) of the time, for 1/r packets on average
 *     lost on average        (p (1-h) + r (1-k)) / (p + r)
 */
#ifndef SIM_GILBERT_H
#define SIM_GILBERT_H

#include "models/model.h"

/* All in packets of a million. */
typedef struct sim_gilbert_config {
    uint32_t p_ppm;         /* good to bad; 0 leaves the model out of a link */
    uint32_t r_ppm;         /* bad to good */
    uint32_t h_ppm;         /* of the packets in the bad state so many pass [0: Gilbert's model] */
    uint32_t good_loss_ppm; /* 1-k: of the packets in the good state so many are lost [0] */
} sim_gilbert_config;

/* The state of the first packet is drawn as it would be after a long time. */
sim_model *sim_gilbert_new(sim_medium *medium, const char *place, const sim_gilbert_config *config);

#endif
