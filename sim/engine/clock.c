/* SPDX-License-Identifier: MIT */
#include "engine/clock.h"

#include "base/assert.h"

void sim_clock_init(sim_clock *clock)
{
    *clock = (sim_clock){.rate = UFTP_S(1)};
}

/* time * multiplier / divisor, rounded down or up. Exact without 128 bits: both factors of the rest
 * are below 2^31. */
static uint64_t scale(uint64_t time, uint64_t multiplier, uint64_t divisor, bool up)
{
    uint64_t rest = time % divisor * multiplier;
    return time / divisor * multiplier + rest / divisor + (up && rest % divisor != 0);
}

uint64_t sim_clock_local(const sim_clock *clock, uint64_t world)
{
    if (clock->rate == UFTP_S(1)) /* nearly all are right, and a division is slow */
        return clock->base_local + (world - clock->base_world);
    return clock->base_local + scale(world - clock->base_world, clock->rate, UFTP_S(1), false);
}

uint64_t sim_clock_world(const sim_clock *clock, uint64_t local)
{
    if (local <= clock->base_local)
        return clock->base_world;
    uint64_t elapsed = local - clock->base_local;
    if (elapsed > UFTP_NEVER / 4) /* three hundred years are for ever, at any rate */
        return UFTP_NEVER;
    if (clock->rate == UFTP_S(1))
        return clock->base_world + elapsed;
    return clock->base_world + scale(elapsed, UFTP_S(1), clock->rate, true);
}

static void rebase(sim_clock *clock, uint64_t world)
{
    clock->base_local = sim_clock_local(clock, world);
    clock->base_world = world;
}

void sim_clock_drift(sim_clock *clock, uint64_t world, int32_t ppb)
{
    UFTP_ASSERT(ppb >= -SIM_DRIFT_MAX_PPB && ppb <= SIM_DRIFT_MAX_PPB);
    rebase(clock, world);
    clock->rate = (uint64_t)((int64_t)UFTP_S(1) + ppb);
}

void sim_clock_forward(sim_clock *clock, uint64_t world, uint64_t local)
{
    rebase(clock, world);
    UFTP_ASSERT(local >= clock->base_local);
    clock->skipped += local - clock->base_local;
    clock->base_local = local;
}

uint64_t sim_clock_wall_us(const sim_clock *clock, uint64_t world, uint64_t start_us)
{
    uint64_t run = sim_clock_local(clock, world) - clock->skipped;
    return start_us + run / UFTP_US(1) + (uint64_t)clock->wall_offset_us;
}
