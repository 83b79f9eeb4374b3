/* SPDX-License-Identifier: MIT
 *
 * A line of limited rate with a drop-tail queue that one link has to itself.
 */
#ifndef SIM_BOTTLENECK_H
#define SIM_BOTTLENECK_H

#include "models/line.h"

sim_model *sim_bottleneck_new(sim_medium *medium, const char *place, const sim_line_config *config);
/* For reports: the line of a model of this type; NULL for another. */
const sim_line *sim_bottleneck_line(const sim_model *model);

#endif
