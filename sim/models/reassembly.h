/* SPDX-License-Identifier: MIT
 *
 * A host's IP layer puts fragments together. What is not complete in time is dropped. It stands
 * last before a host; datagrams that were never cut pass at once.
 */
#ifndef SIM_REASSEMBLY_H
#define SIM_REASSEMBLY_H

#include "models/model.h"

#define SIM_REASSEMBLY_TIME UFTP_S(30) /* since the first fragment, as Linux has it */

sim_model *sim_reassembly_new(sim_medium *medium, const char *place);

#endif
