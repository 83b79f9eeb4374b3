/* SPDX-License-Identifier: MIT
 *
 * A path over satellites in low orbit. One passes at a time: the delay falls from the horizon to
 * the highest point and rises again, with the square of the distance from it; then the next one is
 * taken, and for a gap nothing passes. Every pass begins with its gap.
 */
#ifndef SIM_ORBIT_H
#define SIM_ORBIT_H

#include "models/model.h"

typedef struct sim_orbit_config {
    uint64_t pass; /* time between two hand-overs; 0 leaves the model out of a link */
    uint64_t delay_min, delay_max; /* at the highest point, at the horizon */
    uint64_t gap;                  /* less than `pass` */
    bool hold;      /* what comes in a gap waits until its end; otherwise it is lost */
    bool reorder;   /* a packet over the next, nearer satellite may overtake */
    uint64_t phase; /* at time 0 the pass is this old */
} sim_orbit_config;

/* The delay of what is sent at `now`, outside a gap. */
uint64_t sim_orbit_delay(const sim_orbit_config *config, uint64_t now);

sim_model *sim_orbit_new(sim_medium *medium, const char *place, const sim_orbit_config *config);

#endif
