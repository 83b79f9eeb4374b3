/* SPDX-License-Identifier: MIT
 *
 * The same scenario in our own simulator, for comparison.
 */
#ifndef SIM_NS3_REFERENCE_H
#define SIM_NS3_REFERENCE_H

#include "scenario.h"

/* The scenario has been checked. */
void ns3_reference_run(const ns3_scenario *scenario, ns3_outcome *out);

#endif
