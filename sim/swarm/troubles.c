/* SPDX-License-Identifier: MIT
 *
 * What happens to the nodes of a scenario at its time.
 */
#include "swarm/world.h"

static void be_calm(void *ctx, uint64_t now)
{
    (void)now;
    swarm_world *w = ctx;
    w->calm = true;
    swarm_links_lay(w);
}

static void cut(void *ctx, uint64_t now)
{
    (void)now;
    swarm_world *w = ctx;
    w->cut = !w->cut;
    swarm_links_lay_plant(w, get(w, cut) - 1);
}

static void crash(void *ctx, uint64_t now)
{
    swarm_world *w = ctx;
    sim_node *plant = w->plants[get(w, crash) - 1];
    if (!sim_running(plant))
        return;
    if (get(w, crash_how))
        (void)sim_crash(plant, get(w, crash_how) == 2);
    else
        sim_stop(plant);
    if (get(w, crash_back))
        sim_start_at(plant, now + UFTP_MS(get(w, crash_back)));
}

static void crash_hub(void *ctx, uint64_t now)
{
    swarm_world *w = ctx;
    if (!sim_running(w->hub))
        return;
    sim_stop(w->hub);
    if (get(w, hub_back))
        sim_start_at(w->hub, now + UFTP_MS(get(w, hub_back)));
}

static void interrupt(void *ctx, uint64_t now)
{
    (void)now;
    swarm_world *w = ctx;
    if (sim_running(w->hub))
        sim_interrupt(w->hub);
}

static void shut_down(void *ctx, uint64_t now)
{
    (void)now;
    swarm_world *w = ctx;
    sim_node *plant = w->plants[get(w, shutdown) - 1];
    if (sim_running(plant))
        sim_shutdown(plant);
}

static void freeze(void *ctx, uint64_t now)
{
    swarm_world *w = ctx;
    sim_freeze(w->plants[get(w, freeze) - 1], now + UFTP_MS(get(w, freeze_for)));
}

static void freeze_hub(void *ctx, uint64_t now)
{
    swarm_world *w = ctx;
    sim_freeze(w->hub, now + UFTP_MS(get(w, hub_freeze_for)));
}

static void step_clock(void *ctx, uint64_t now)
{
    (void)now;
    swarm_world *w = ctx;
    int64_t us = (int64_t)get(w, step_by) * 1000;
    sim_node *node = get(w, step) == 1 ? w->hub : w->plants[get(w, step) - 2];
    sim_step_clock(node, get(w, step_back) ? -us : us);
}

static void rebind(void *ctx, uint64_t now)
{
    (void)now;
    swarm_world *w = ctx;
    sim_nat_rebind(w->nat);
}

void swarm_troubles_plan(swarm_world *w)
{
    sim *world = w->world;
    /* A receiver that is not there any more has no trouble. */
#define MEANT(field) (get(w, field) && get(w, field) <= w->plant_count)
    if (MEANT(crash))
        sim_at(world, UFTP_MS(get(w, crash_at)), crash, w);
    if (MEANT(shutdown))
        sim_at(world, UFTP_MS(get(w, shutdown_at)), shut_down, w);
    if (MEANT(freeze))
        sim_at(world, UFTP_MS(get(w, freeze_at)), freeze, w);
    if (MEANT(cut)) {
        sim_at(world, UFTP_MS(get(w, cut_at)), cut, w);
        sim_at(world, UFTP_MS(get(w, cut_at) + get(w, cut_for)), cut, w);
    }
    if (MEANT(join_fails))
        sim_fail_joins(w->plants[get(w, join_fails) - 1], 1);
#undef MEANT
    if (w->nat && get(w, nat_rebind))
        sim_at(world, UFTP_MS(get(w, nat_rebind)), rebind, w);
    if (get(w, step) && get(w, step) <= w->plant_count + 1)
        sim_at(world, UFTP_MS(get(w, step_at)), step_clock, w);
    if (get(w, hub_freeze_at))
        sim_at(world, UFTP_MS(get(w, hub_freeze_at)), freeze_hub, w);
    if (get(w, hub_crash_at))
        sim_at(world, UFTP_MS(get(w, hub_crash_at)), crash_hub, w);
    if (get(w, interrupt))
        sim_at(world, UFTP_MS(get(w, interrupt)), interrupt, w);
    sim_at(world, UFTP_MS(get(w, calm)), be_calm, w);
}
