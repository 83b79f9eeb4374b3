/* SPDX-License-Identifier: MIT
 *
 * A scenario in ns-3. This header is C: the program and the tests are, and only what touches ns-3
 * is C++.
 */
#ifndef SIM_NS3_HARNESS_H
#define SIM_NS3_HARNESS_H

#include "scenario.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The scenario has been checked. May be called again: each run leaves ns-3 as it found it. A core
 * that breaks the driver's contract or keeps memory ends the program with a line that says so. */
void ns3_run(const ns3_scenario *scenario, ns3_outcome *out);

#ifdef __cplusplus
}
#endif
#endif
