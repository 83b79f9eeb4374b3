/* SPDX-License-Identifier: MIT
 *
 * A line of limited rate that several links share: the forward carrier of a satellite, an uplink of
 * a site. Whatever passes any of the links waits in the one queue.
 */
#ifndef SIM_CARRIER_H
#define SIM_CARRIER_H

#include "models/line.h"

typedef struct sim_carrier sim_carrier;

sim_carrier *sim_carrier_new(sim_medium *medium, const char *name, const sim_line_config *config);
const sim_line *sim_carrier_line(const sim_carrier *carrier); /* its counters */

/* A link's share in it. */
sim_model *sim_carrier_join(sim_carrier *carrier, const char *place);

#endif
