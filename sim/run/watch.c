/* SPDX-License-Identifier: MIT */
#include "run/watch.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- looking on ---- */

static void merge_short_spans(sim_spans *spans)
{
    size_t kept = 1; /* the first has none before it */
    for (size_t i = 1; i < spans->count; i++) {
        bool last = i + 1 == spans->count;
        if (last || spans->items[i + 1].begin - spans->items[i].begin >= spans->least)
            spans->items[kept++] = spans->items[i];
    }
    spans->count = kept;
}

static void begin_span(sim_spans *spans, const sim_span *span)
{
    if (spans->count > 0 && spans->items[spans->count - 1].begin == span->begin)
        spans->count--; /* it lasted no time */
    while (spans->count == SIM_SPANS_MAX) {
        spans->least = spans->least ? 2 * spans->least : UFTP_MS(1);
        merge_short_spans(spans);
    }
    spans->items[spans->count++] = *span;
}

uint64_t sim_span_end(const sim_watch_sender *sender, size_t span, uint64_t now)
{
    return span + 1 < sender->spans.count ? sender->spans.items[span + 1].begin : now;
}

static void enter_phase(sim_watch_sender *sender, uint8_t phase, uint64_t now)
{
    if (sender->phase < SIM_PHASES)
        sender->phase_time[sender->phase] += now - sender->phase_since;
    begin_span(&sender->spans, &(sim_span){.begin = now, .phase = phase});
    sender->phase = phase;
    sender->phase_since = now;
}

static void enter_pass(sim_watch_sender *sender, uint64_t now, const uftp_event *event)
{
    sender->passes++;
    begin_span(&sender->spans, &(sim_span){.begin = now,
                                           .phase = sender->phase,
                                           .pass = event->pass,
                                           .file_id = event->file_id});
}

static void uftp_sender_event(sim_watch *watch, sim_watch_sender *sender, uint64_t now,
                              const uftp_event *event)
{
    if (event->type == UFTP_EVENT_SENT)
        watch->messages.by_senders[event->message]++;
    else if (event->type == UFTP_EVENT_PHASE)
        enter_phase(sender, event->phase, now);
    else if (event->type == UFTP_EVENT_FILE_PASS)
        enter_pass(sender, now, event);
    else if (event->type == UFTP_EVENT_CLIENT_LOST)
        sender->lost++;
    else if (event->type == UFTP_EVENT_CLIENT_ABORTED)
        sender->aborted++;
    else if (event->type == UFTP_EVENT_SESSION_FINISHED) {
        watch->senders_left -= sender->finished == UFTP_NEVER;
        watch->active = now;
        sender->finished = now;
        if (now > watch->ended)
            watch->ended = now;
        sender->result = event->result;
    }
}

static void receiver_event(sim_watch_receiver *receiver, uint64_t now, const uftp_event *event)
{
    if (event->type == UFTP_EVENT_SENT) {
        receiver->messages[event->message]++;
        receiver->naks += event->message == UFTP_MESSAGE_STATUS;
    } else if (event->type == UFTP_EVENT_FILE_FINISHED && !event->error) {
        receiver->files++;
        receiver->file_bytes += event->size;
        receiver->finished = now;
    } else if (event->type == UFTP_EVENT_SESSION_FINISHED) {
        receiver->failed_sessions += event->result != UFTP_RESULT_OK;
        receiver->ended = now;
    }
}

static void on_event(void *ctx, const sim_node *node, uint64_t now, const uftp_event *event)
{
    sim_watch *watch = ctx;
    const sim_stage *stage = watch->stage;
    size_t receiver = sim_stage_receiver_of(stage, node);
    if (receiver < stage->receiver_count)
        receiver_event(&watch->receivers[receiver], now, event);
    else if (sim_stage_is_sender(stage, node))
        uftp_sender_event(watch, &watch->senders[sim_index(node)], now, event);
}

static void on_arrived(void *ctx, const sim_node *node, uint64_t now, const sim_packet *packet)
{
    sim_watch *watch = ctx;
    (void)packet;
    if (!sim_stage_is_sender(watch->stage, node))
        return;
    uint64_t window = now / SIM_FEEDBACK_WINDOW;
    if (window != watch->feedback_window) {
        watch->feedback_window = window;
        watch->feedback_count = 0;
    }
    watch->feedback_total++;
    if (++watch->feedback_count > watch->feedback_peak) {
        watch->feedback_peak = watch->feedback_count;
        watch->feedback_peak_at = window * SIM_FEEDBACK_WINDOW;
    }
}

void sim_watch_init(sim_watch *watch, const sim_stage *stage)
{
    const sim_scenario *s = stage->scenario;
    const sim_sender_part *parts = s->senders.items;
    *watch = (sim_watch){.stage = stage, .senders_left = s->senders.count};
    watch->tap = (sim_tap){.arrived = on_arrived, .event = on_event, .ctx = watch};
    watch->senders = sim_allocate(s->senders.count * sizeof *watch->senders);
    watch->receivers = sim_allocate(sim_scenario_receivers(s) * sizeof *watch->receivers);
    for (size_t i = 0; i < s->senders.count; i++) {
        sim_watch_sender *sender = &watch->senders[i];
        *sender = (sim_watch_sender){
            .started = parts[i].start, .finished = UFTP_NEVER, .phase_since = parts[i].start};
        begin_span(&sender->spans, &(sim_span){.begin = parts[i].start});
    }
    for (uint64_t i = 0; i < sim_scenario_receivers(s); i++)
        watch->receivers[i].finished = UFTP_NEVER;
}

void sim_watch_finish(sim_watch *watch)
{
    for (size_t i = 0; i < watch->stage->receiver_count; i++) {
        sim_watch_receiver *receiver = &watch->receivers[i];
        receiver->complete = sim_stage_has_all(watch->stage, i);
        if (receiver->ended > watch->ended)
            watch->ended = receiver->ended;
    }
    sim_watch_replies(watch, watch->messages.by_receivers);
}

void sim_watch_free(sim_watch *watch)
{
    sim_release(watch->senders);
    sim_release(watch->receivers);
}

/* ---- figures ---- */

void sim_watch_replies(const sim_watch *watch, uint64_t out[UFTP_MESSAGE_TYPE_MAX + 1])
{
    memset(out, 0, (UFTP_MESSAGE_TYPE_MAX + 1) * sizeof *out);
    for (size_t i = 0; i < watch->stage->receiver_count; i++)
        for (size_t type = 0; type <= UFTP_MESSAGE_TYPE_MAX; type++)
            out[type] += watch->receivers[i].messages[type];
}

uint64_t sim_watch_active(const sim_watch *watch)
{
    uint64_t active = watch->active;
    for (size_t i = 0; i < watch->stage->receiver_count; i++) {
        uint64_t finished = watch->receivers[i].finished;
        if (finished != UFTP_NEVER && finished > active)
            active = finished;
    }
    return active;
}

sim_verdict sim_watch_verdict(const sim_watch *watch)
{
    const sim_stage *stage = watch->stage;
    const sim_expect_part *expect = &stage->scenario->expect;
    sim_verdict verdict = {0};
    for (size_t i = 0; i < stage->receiver_count; i++)
        verdict.complete += watch->receivers[i].complete;
    for (size_t i = 0; i < stage->sender_count; i++) {
        const sim_watch_sender *sender = &watch->senders[i];
        const char *name = sim_name(stage->senders[i].node);
        if (sim_stage_is_continued(stage, &stage->senders[i]))
            continue; /* how the last of the row ends is what counts */
        if (sender->finished == UFTP_NEVER)
            snprintf(verdict.why, sizeof verdict.why, "%.60s has not finished", name);
        else if (expect->result >= 0 && (int)sender->result != expect->result)
            snprintf(verdict.why, sizeof verdict.why, "%.60s ended with %d instead of %d", name,
                     (int)sender->result, expect->result);
        if (verdict.why[0])
            return verdict;
    }
    if (verdict.complete < expect->complete)
        snprintf(verdict.why, sizeof verdict.why,
                 "%" PRIu64 " receivers have everything, expected %" PRIu64, verdict.complete,
                 expect->complete);
    else if (expect->within && watch->ended > expect->within)
        snprintf(verdict.why, sizeof verdict.why, "it took longer than expected");
    verdict.good = !verdict.why[0];
    return verdict;
}

sim_counters sim_watch_count(const sim_stage *stage, bool senders)
{
    sim_counters sum = {0};
    size_t count = senders ? stage->sender_count : stage->receiver_count;
    for (size_t i = 0; i < count; i++) {
        const sim_counters *c =
            sim_count(senders ? stage->senders[i].node : stage->receivers[i].node);
        for (size_t type = 0; type <= UFTP_MESSAGE_TYPE_MAX; type++) {
            sum.sent[type] += c->sent[type];
            sum.arrived[type] += c->arrived[type];
            sum.lost[type] += c->lost[type];
        }
        sum.sent_total += c->sent_total;
        sum.sent_bytes += c->sent_bytes;
        sum.arrived_total += c->arrived_total;
        sum.arrived_bytes += c->arrived_bytes;
        sum.lost_total += c->lost_total;
    }
    return sum;
}

sim_repair sim_watch_repair(const sim_stage *stage)
{
    sim_repair repair = {0};
    for (size_t i = 0; i < stage->sender_count; i++) {
        uftp_sender_stats stats;
        if (!sim_running(stage->senders[i].node))
            continue;
        uftp_sender_stats_get(sim_sender(stage->senders[i].node), &stats);
        repair.repeated += stats.blocks_repeated;
        repair.blocks += stats.blocks_sent;
    }
    return repair;
}

static int compare(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

void sim_sort(uint64_t *values, size_t count)
{
    qsort(values, count, sizeof *values, compare);
}

uint64_t sim_watch_begin(const sim_watch *watch)
{
    uint64_t begin = UFTP_NEVER;
    for (size_t i = 0; i < watch->stage->sender_count; i++)
        if (watch->senders[i].started < begin)
            begin = watch->senders[i].started;
    return begin;
}

uint64_t *sim_watch_times(const sim_watch *watch, size_t *count)
{
    uint64_t begin = sim_watch_begin(watch);
    uint64_t *times = sim_allocate(watch->stage->receiver_count * sizeof *times + 1);
    *count = 0;
    for (size_t i = 0; i < watch->stage->receiver_count; i++) {
        const sim_watch_receiver *receiver = &watch->receivers[i];
        if (receiver->complete && receiver->finished != UFTP_NEVER)
            times[(*count)++] = receiver->finished - begin;
    }
    sim_sort(times, *count);
    return times;
}

uint64_t sim_percentile(const uint64_t *sorted, size_t count, unsigned permille)
{
    return sorted[(count - 1) * permille / 1000];
}

uint64_t sim_rate_of(uint64_t bytes, uint64_t time)
{
    uint64_t us = time / UFTP_US(1);
    if (us == 0)
        return 0;
    return bytes / us * 1000000 + bytes % us * 1000000 / us;
}
