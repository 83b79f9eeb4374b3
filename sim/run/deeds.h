/* SPDX-License-Identifier: MIT
 *
 * What happens in a scenario at its time ("events"): to a node, or to its line.
 */
#ifndef SIM_RUN_DEEDS_H
#define SIM_RUN_DEEDS_H

#include "run/stage.h"

/* Plans all of them, before the world runs. False, with line and column, when one cannot be. */
bool sim_deeds_plan(sim_stage *stage, char error[SIM_YAML_ERROR_MAX]);

#endif
