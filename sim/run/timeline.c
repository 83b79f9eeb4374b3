/* SPDX-License-Identifier: MIT */
#include "run/timeline.h"

#include <stdlib.h>

#define STEP_FIRST UFTP_MS(1)

void sim_timeline_init(sim_timeline *timeline, const sim_stage *stage, const sim_watch *watch)
{
    *timeline = (sim_timeline){.stage = stage, .watch = watch, .step = STEP_FIRST};
    timeline->line_count = sim_names_lines(stage->names, timeline->lines, SIM_QUEUES_MAX);
    timeline->sorted = sim_allocate(stage->receiver_count * sizeof *timeline->sorted);
}

void sim_timeline_free(sim_timeline *timeline)
{
    sim_release(timeline->sorted);
}

static int compare(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

static void look(sim_timeline *timeline, uint64_t now)
{
    static const unsigned permille[SIM_BANDS] = {0, 100, 500, 900, 1000};
    const sim_stage *stage = timeline->stage;
    sim_moment *moment = &timeline->moments[timeline->count++];
    *moment = (sim_moment){.at = now, .feedback = timeline->watch->feedback_total};
    for (size_t i = 0; i < stage->receiver_count; i++) {
        const sim_store *store = sim_node_store(stage->receivers[i].node);
        uint64_t bytes = store->bytes_written < stage->bytes ? store->bytes_written : stage->bytes;
        timeline->sorted[i] = bytes;
        moment->complete += bytes == stage->bytes;
        moment->naks += timeline->watch->receivers[i].naks;
    }
    qsort(timeline->sorted, stage->receiver_count, sizeof *timeline->sorted, compare);
    for (size_t i = 0; i < SIM_BANDS; i++)
        moment->band[i] = sim_percentile(timeline->sorted, stage->receiver_count, permille[i]);
    for (size_t i = 0; i < stage->sender_count; i++)
        moment->sent_bytes += sim_count(stage->senders[i].node)->sent_bytes;
    for (size_t i = 0; i < timeline->line_count; i++)
        moment->queue[i] = timeline->lines[i].line->waiting_bytes;
}

static void thin_out(sim_timeline *timeline)
{
    size_t kept = 0;
    for (size_t i = 1; i < timeline->count; i += 2) /* the last one stays */
        timeline->moments[kept++] = timeline->moments[i];
    timeline->count = kept;
    timeline->step *= 2;
}

void sim_timeline_run(sim_timeline *timeline)
{
    sim *world = timeline->stage->world;
    const uint64_t end = timeline->stage->scenario->end;
    while (sim_next(world) <= end) {
        if (timeline->count == SIM_MOMENTS_MAX)
            thin_out(timeline);
        uint64_t last = timeline->count ? timeline->moments[timeline->count - 1].at : 0;
        uint64_t at = last + timeline->step;
        sim_run_until(world, at < end ? at : end);
        look(timeline, sim_now(world));
    }
}
