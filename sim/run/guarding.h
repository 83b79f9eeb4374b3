/* SPDX-License-Identifier: MIT
 *
 * The invariants (invariants/guard.h) over a scenario: whatever it does to its nodes, they must
 * hold.
 */
#ifndef SIM_RUN_GUARDING_H
#define SIM_RUN_GUARDING_H

#include "invariants/guard.h"
#include "run/stage.h"

/* Puts all nodes of a stage under guard, before it runs. */
void sim_guarding_begin(sim_guard *guard, const sim_stage *stage);
/* After the run: what can be asked when all is quiet. */
void sim_guarding_end(sim_guard *guard, const sim_stage *stage);
/* A violation by what was written about the run: false, when `path` cannot be read. */
bool sim_guarding_file(const sim_guard *guard, const sim_stage *stage, const char *path);
void sim_guarding_text(const sim_guard *guard, const sim_stage *stage, const char *name,
                       const char *text, size_t len);

#endif
