/* SPDX-License-Identifier: MIT
 *
 * A node's own clocks. The monotonic one, which its core is handed as `now`, starts anywhere and
 * runs fast or slow, but never back. The wall clock runs with it and may be stepped.
 */
#ifndef SIM_CLOCK_H
#define SIM_CLOCK_H

#include <uftp/core.h>

#define SIM_DRIFT_MAX_PPB 500000000 /* half as fast again, or half as fast */

typedef struct sim_clock {
    uint64_t base_world, base_local; /* both showed this when the rate was last set */
    uint64_t rate;                   /* local nanoseconds in a second of the world */
    uint64_t skipped;                /* of the local time, by being set forward */
    int64_t wall_offset_us;
} sim_clock;

void sim_clock_init(sim_clock *clock);
/* What the monotonic clock shows at a time of the world. */
uint64_t sim_clock_local(const sim_clock *clock, uint64_t world);
/* The earliest time of the world at which it shows `local` or more; UFTP_NEVER stays. */
uint64_t sim_clock_world(const sim_clock *clock, uint64_t local);
/* Runs fast by so many parts in a thousand million from `world` on (slow, when negative). */
void sim_clock_drift(sim_clock *clock, uint64_t world, int32_t ppb);
/* The monotonic clock shows `local` at `world`; not earlier than it does. */
void sim_clock_forward(sim_clock *clock, uint64_t world, uint64_t local);
/* `start_us` is what a perfect wall clock shows at time 0 of the world. */
uint64_t sim_clock_wall_us(const sim_clock *clock, uint64_t world, uint64_t start_us);

#endif
