/* SPDX-License-Identifier: MIT
 *
 * A scenario in a process of its own, so that whatever it does ends only that process: a broken
 * invariant, an assertion, a sanitizer's report, an endless loop.
 */
#ifndef SIM_SWARM_CHILD_H
#define SIM_SWARM_CHILD_H

#include "swarm/run.h"

#define SWARM_REPORT_SIZE 65536
#define SWARM_SECONDS_MAX 60 /* of real time for one scenario; a thousand times the usual */

/* What a child leaves; in memory that it shares with its parent. */
typedef struct swarm_slot {
    uint64_t seed; /* of the scenario that is being run */
    bool busy;
    uint64_t runs, had_to_succeed; /* without failure */
    uint64_t steps, simulated_ms;
    uint64_t digest; /* sum over all runs: the order does not count */
    char report[SWARM_REPORT_SIZE];
    uint32_t drop_count; /* what was lost by chance, when that is asked for */
    swarm_drop drops[SWARM_DROPS_MAX];
} swarm_slot;

swarm_slot *swarm_slots_new(size_t count); /* ends the program when there is no memory */
void swarm_slots_free(swarm_slot *slots, size_t count);

/* In a child: runs the scenario, or writes the report into the slot and ends the process. `how`:
 * what stands behind the seed in the command that repeats it. */
void swarm_run_in_child(swarm_slot *slot, const swarm_scenario *scenario, const char *how,
                        bool record_losses);
/* How a child ended, in one line: the first of its report, or its signal. Digits are replaced when
 * `masked`, so that failures of one kind are equal. */
void swarm_failure_line(const swarm_slot *slot, int status, bool masked, char *out, size_t size);

#endif
