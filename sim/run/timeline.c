/* SPDX-License-Identifier: MIT */
#include "run/timeline.h"

#include <string.h>

/* ---- what there is to look at ---- */

static void add_sky(void *ctx, const sim_shared *shared)
{
    sim_timeline *timeline = ctx;
    uint32_t loss;
    if (timeline->sky_count < SIM_SKIES_MAX && sim_fade_worst(shared, 0, 0, &loss))
        timeline->skies[timeline->sky_count++] = shared;
}

static size_t at_most(size_t value, size_t max)
{
    return value < max ? value : max;
}

void sim_timeline_init(sim_timeline *timeline, const sim_stage *stage, const sim_watch *watch)
{
    const sim_scenario *s = stage->scenario;
    *timeline = (sim_timeline){.stage = stage,
                               .watch = watch,
                               .begin = sim_watch_begin(watch),
                               .step = SIM_STEP_FIRST,
                               .rows = at_most(stage->receiver_count, SIM_ROWS_MAX),
                               .senders = at_most(stage->sender_count, SIM_SENDERS_MAX)};
    if (s->receivers.count <= SIM_KINDS_MAX)
        timeline->kinds = s->receivers.count;
    timeline->have = sim_allocate(stage->receiver_count * sizeof *timeline->have);
    timeline->lost = sim_allocate(stage->receiver_count * sizeof *timeline->lost);
    timeline->sorted = sim_allocate(stage->receiver_count * sizeof *timeline->sorted);
    sim_queues_init(&timeline->queues, stage->world, stage->names, s->carriers.count + 2);
    sim_each_shared(stage->world, add_sky, timeline);
}

void sim_timeline_free(sim_timeline *timeline)
{
    sim_release(timeline->have);
    sim_release(timeline->lost);
    sim_release(timeline->sorted);
    sim_queues_free(&timeline->queues);
}

/* ---- receivers ---- */

/* A crash takes what was not yet a whole file, where there is no place to keep it. */
static void count_crashes(sim_timeline *timeline, uint64_t after, uint64_t now)
{
    const sim_stage *stage = timeline->stage;
    const sim_deed_part *deeds = stage->scenario->deeds.items;
    for (size_t d = 0; d < stage->scenario->deeds.count; d++) {
        if ((deeds[d].deed != SIM_DEED_CRASH && deeds[d].deed != SIM_DEED_POWER) ||
            deeds[d].at <= after || deeds[d].at > now)
            continue;
        for (size_t i = 0; i < stage->receiver_count; i++) {
            sim_node *node = stage->receivers[i].node;
            uint64_t written = sim_node_store(node)->bytes_written;
            uint64_t kept = timeline->watch->receivers[i].file_bytes;
            if (!stage->receivers[i].part->temp && kept < written &&
                strcmp(sim_name(node), deeds[d].node) == 0)
                timeline->lost[i] = written - kept;
        }
    }
}

/* 0 only for nothing, 100 only for everything. */
static uint8_t percent_of(uint64_t part, uint64_t all)
{
    if (part == all)
        return 100;
    uint64_t percent = part / (all / 100 + 1);
    return part > 0 && percent == 0 ? 1 : (uint8_t)percent;
}

static void look_at_receivers(sim_timeline *timeline, sim_moment *moment)
{
    static const unsigned permille[SIM_BANDS] = {0, 100, 500, 900, 1000};
    const sim_stage *stage = timeline->stage;
    const size_t count = stage->receiver_count;
    for (size_t i = 0; i < count; i++) {
        const sim_store *store = sim_node_store(stage->receivers[i].node);
        const bool keeps = stage->receivers[i].part->temp; /* all but what was not on the disk */
        const uint64_t lost = keeps ? store->lost_bytes : timeline->lost[i];
        uint64_t bytes = store->bytes_written > lost ? store->bytes_written - lost : 0;
        timeline->have[i] = bytes < stage->bytes ? bytes : stage->bytes;
    }
    for (size_t row = 0; row < timeline->rows; row++) {
        uint64_t least = stage->bytes;
        for (size_t i = sim_timeline_row(timeline, row); i < sim_timeline_row(timeline, row + 1);
             i++)
            if (timeline->have[i] < least)
                least = timeline->have[i];
        moment->row[row] = percent_of(least, stage->bytes);
    }
    memcpy(timeline->sorted, timeline->have, count * sizeof *timeline->sorted);
    const sim_receiver_part *parts = stage->scenario->receivers.items;
    for (size_t k = 0, first = 0; k < timeline->kinds; first += parts[k++].count) {
        sim_sort(timeline->sorted + first, parts[k].count);
        moment->kind[k] = sim_percentile(timeline->sorted + first, parts[k].count, 500);
    }
    sim_sort(timeline->sorted, count);
    for (size_t i = 0; i < SIM_BANDS; i++)
        moment->band[i] = sim_percentile(timeline->sorted, count, permille[i]);
}

size_t sim_timeline_row(const sim_timeline *timeline, size_t row)
{
    return row * timeline->stage->receiver_count / timeline->rows;
}

/* ---- senders ---- */

static void look_at_senders(sim_timeline *timeline, sim_moment *moment)
{
    const sim_stage *stage = timeline->stage;
    for (size_t i = 0; i < stage->sender_count; i++) {
        sim_node *node = stage->senders[i].node;
        size_t told = at_most(i, SIM_SENDERS_MAX - 1);
        moment->sent_bytes[told] += sim_count(node)->sent_bytes;
        if (!sim_running(node))
            continue;
        uftp_sender_stats stats;
        uftp_sender_stats_get(sim_sender(node), &stats);
        moment->blocks += stats.blocks_sent;
        moment->blocks_repeated += stats.blocks_repeated;
        if (stats.phase != UFTP_SENDER_ENDED && stats.rate_bytes_per_s != UINT64_MAX)
            moment->allowed[told] += stats.rate_bytes_per_s;
    }
}

static void look_at_replies(const sim_timeline *timeline, sim_moment *moment)
{
    static const sim_reply kinds[UFTP_MESSAGE_TYPE_MAX + 1] = {
        [UFTP_MESSAGE_FILEINFO_ACK] = SIM_REPLY_FILEINFO_ACK,
        [UFTP_MESSAGE_STATUS] = SIM_REPLY_STATUS,
        [UFTP_MESSAGE_COMPLETE] = SIM_REPLY_COMPLETE,
        [UFTP_MESSAGE_CC_ACK] = SIM_REPLY_CC_ACK,
        [UFTP_MESSAGE_ABORT] = SIM_REPLY_OTHER,
        [UFTP_MESSAGE_HB_REQ] = SIM_REPLY_OTHER,
        [UFTP_MESSAGE_KEY_REQ] = SIM_REPLY_OTHER}; /* the rest has to do with registering */
    uint64_t messages[UFTP_MESSAGE_TYPE_MAX + 1];
    sim_watch_replies(timeline->watch, messages);
    for (size_t type = 0; type <= UFTP_MESSAGE_TYPE_MAX; type++)
        moment->replies[kinds[type]] += messages[type];
    moment->feedback = timeline->watch->feedback_total;
}

/* ---- moments ---- */

static void look(sim_timeline *timeline, uint64_t now)
{
    uint64_t after = timeline->count ? timeline->moments[timeline->count - 1].at : 0;
    sim_moment *moment = &timeline->moments[timeline->count];
    *moment = (sim_moment){.at = now};
    count_crashes(timeline, after, now);
    look_at_receivers(timeline, moment);
    look_at_senders(timeline, moment);
    look_at_replies(timeline, moment);
    for (size_t i = 0; i < timeline->sky_count; i++)
        (void)sim_fade_worst(timeline->skies[i], after, now, &moment->loss_ppm[i]);
    sim_queues_look(&timeline->queues, timeline->count);
    timeline->count++;
}

static void thin_out(sim_timeline *timeline)
{
    for (size_t m = 0; m < timeline->count / 2; m++) {
        const sim_moment *first = &timeline->moments[2 * m];
        sim_moment both = first[1];
        for (size_t i = 0; i < timeline->sky_count; i++)
            if (first->loss_ppm[i] > both.loss_ppm[i])
                both.loss_ppm[i] = first->loss_ppm[i];
        timeline->moments[m] = both;
    }
    sim_queues_thin_out(&timeline->queues, timeline->count);
    timeline->count /= 2;
    timeline->step *= 2;
}

uint64_t sim_timeline_end(const sim_timeline *timeline)
{
    const sim_watch *watch = timeline->watch;
    if (watch->senders_left == 0 && sim_watch_active(watch) > timeline->begin)
        return sim_watch_active(watch);
    if (timeline->count > 0)
        return timeline->moments[timeline->count - 1].at;
    return timeline->begin + UFTP_S(1);
}

void sim_timeline_run(sim_timeline *timeline)
{
    sim *world = timeline->stage->world;
    const sim_watch *watch = timeline->watch;
    const uint64_t end = timeline->stage->scenario->end;
    sim_run_until(world, timeline->begin < end ? timeline->begin : end);
    while (sim_next(world) <= end) {
        uint64_t last =
            timeline->count ? timeline->moments[timeline->count - 1].at : timeline->begin;
        if (watch->senders_left == 0 && last >= sim_watch_active(watch)) {
            /* Nothing more is drawn, unless a receiver still finds something to finish. */
            uint64_t active = sim_watch_active(watch), next = sim_next(world);
            sim_run_until(world, next);
            if (sim_watch_active(watch) == active)
                continue;
            if (timeline->count == SIM_MOMENTS_MAX)
                thin_out(timeline);
            look(timeline, sim_now(world));
            continue;
        }
        if (timeline->count == SIM_MOMENTS_MAX) {
            thin_out(timeline);
            continue;
        }
        const uint64_t at = last + timeline->step;
        sim_run_until(world, at < end ? at : end);
        look(timeline, sim_now(world));
    }
    sim_queues_rank(&timeline->queues);
}
