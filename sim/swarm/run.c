/* SPDX-License-Identifier: MIT */
#include "swarm/run.h"

#include "swarm/world.h"

#include <inttypes.h>
#include <string.h>

/* ---- the end ---- */

static bool is_undisturbed(const swarm_world *w)
{
    return !(get(w, loss_hub) || get(w, loss_down) || get(w, loss_up) || get(w, duplicate) ||
             get(w, hold) || get(w, jitter)) &&
           w->scenario->drop_count == 0 && !get(w, bottleneck) && !get(w, freeze) && !get(w, cut) &&
           !get(w, drift) && !get(w, drift_hub) && !get(w, satellite) && !get(w, mtu) &&
           !get(w, fade) && !get(w, proxies) && !get(w, disk_rate) && !get(w, hub_freeze_at);
}

static void expect_success(const swarm_world *w, sim_node *sender)
{
    const sim_event *last = sim_event_last(sender, UFTP_EVENT_SESSION_FINISHED);
    bool sent_any = get(w, file1) || get(w, file2) || get(w, file3) || get(w, file4);
    if (sent_any && (!last || last->event.result != UFTP_RESULT_OK))
        sim_fail(w->world, sender, "%s ended with %d, with no reason to fail", sim_name(sender),
                 last ? (int)last->event.result : -1);
    uftp_sender_stats stats;
    uftp_sender_stats_get(sim_sender(sender), &stats);
    if (is_undisturbed(w) && stats.blocks_repeated)
        sim_fail(w->world, sender, "%s repeated %" PRIu64 " blocks, and none was lost",
                 sim_name(sender), stats.blocks_repeated);
}

static void check_end(const swarm_world *w, swarm_outcome *outcome)
{
    sim *world = w->world;
    if (sim_next(world) != UFTP_NEVER)
        sim_fail(world, NULL, "something still goes on %" PRIu64 " s after the last fault",
                 (world->queue.now - swarm_calm(w->scenario)) / UFTP_S(1));
    if (sim_start_error(w->hub) < 0 && get(w, memory) != 1)
        sim_fail(world, w->hub, "hub could not be created: %s",
                 uftp_strerror(sim_start_error(w->hub)));
    sim_guard_end(w->guard);
    outcome->had_to_succeed = swarm_any_must_succeed(w->scenario);
    if (!outcome->had_to_succeed)
        return;
    expect_success(w, w->hub);
    for (size_t i = 0; i + 1 < get(w, senders); i++)
        expect_success(w, w->others[i]);
    for (size_t i = 0; i < w->plant_count; i++)
        if (swarm_must_succeed(w->scenario, i + 1))
            sim_guard_got_it(w->guard, w->plants[i]);
}

/* ---- the run ---- */

static void on_drop(void *ctx, const sim_model *model, const sim_packet *packet)
{
    (void)packet;
    /* The hooks share one context, that of the guard; it knows whose it is. */
    const swarm_world *w = sim_guard_owner(ctx);
    bool chance =
        strcmp(model->type->name, "loss") == 0 || strcmp(model->type->name, "gilbert") == 0;
    if (w->options->on_loss && chance && !w->calm)
        w->options->on_loss(w->options->ctx, model->place, model->seen);
}

static void on_failure(void *ctx, const char *report)
{
    const swarm_world *w = sim_guard_owner(ctx);
    w->options->on_failure(w->options->ctx, report);
}

swarm_outcome swarm_run(const swarm_scenario *scenario, const swarm_run_options *options)
{
    swarm_world *w = sim_allocate(sizeof *w);
    w->scenario = scenario;
    w->options = options;
    w->plant_count = (size_t)swarm_get(scenario, receivers);
    w->guard = sim_guard_new();
    sim_guard_set_owner(w->guard, w);
    w->key_log = sim_guard_key_log(w->guard, NULL);
    const sim_link direct = {0};
    sim_options with = {.seed = scenario->seed,
                        .end = swarm_calm(scenario) + swarm_bound(scenario),
                        .link = &direct,
                        .lanes = options->lanes,
                        .join_latency = UFTP_MS(swarm_get(scenario, join_latency)),
                        .join_trains = swarm_get(scenario, join_trains),
                        .transmit_capacity = (size_t)swarm_get(scenario, room),
                        .repeat = options->repeat,
                        .on_failure = options->on_failure ? on_failure : NULL};
    sim_guard_hooks(w->guard, &with);
    with.on_drop = on_drop;
    w->world = sim_new(&with);
    if (swarm_get(scenario, cipher)) {
        sim_guard_secret_name(w->guard, swarm_marker_name);
        sim_guard_secret(w->guard, "the content of a file", swarm_marker_bytes,
                         sizeof swarm_marker_bytes);
    }
    if (swarm_get(scenario, corrupt))
        sim_guard_damaged(w->guard);
    swarm_links_prepare(w);
    swarm_nodes_add(w);
    swarm_proxies_add(w);
    swarm_links_attach(w);
    swarm_links_lay(w);
    swarm_troubles_plan(w);

    swarm_outcome outcome = {.ended = sim_run(w->world), .steps = sim_steps(w->world)};
    check_end(w, &outcome);
    memcpy(outcome.digest, sim_digest(w->world), sizeof outcome.digest);
    sim_free(w->world);
    sim_guard_free(w->guard);
    for (size_t i = 0; i < SWARM_ECHO_COPIES; i++)
        if (w->copies[i])
            sim_packet_free(w->copies[i]);
    swarm_links_free(w);
    sim_release(w);
    return outcome;
}
