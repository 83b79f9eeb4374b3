/* SPDX-License-Identifier: MIT
 *
 * The report for programs. Times are nanoseconds, rates bytes per second, sizes bytes.
 */
#include "run/summary.h"

#include <jansson.h>

static json_t *number(uint64_t value)
{
    return value == UFTP_NEVER ? json_null() : json_integer((json_int_t)value);
}

static json_t *make_senders(const sim_watch *watch)
{
    json_t *list = json_array();
    for (size_t i = 0; i < watch->stage->sender_count; i++) {
        const sim_watch_sender *sender = &watch->senders[i];
        json_t *phases = json_object();
        for (size_t phase = 0; phase < UFTP_SENDER_ENDED; phase++)
            json_object_set_new(phases, sim_phase_names[phase], number(sender->phase_time[phase]));
        json_array_append_new(
            list, json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "name",
                            sim_name(watch->stage->senders[i].node), "started",
                            number(sender->started), "finished", number(sender->finished), "result",
                            sender->finished == UFTP_NEVER ? json_null()
                                                           : json_integer((int)sender->result),
                            "phases", phases, "passes", number(sender->passes), "lost",
                            number(sender->lost), "aborted", number(sender->aborted)));
    }
    return list;
}

static json_t *make_receivers(const sim_watch *watch)
{
    json_t *list = json_array();
    uint64_t begin = sim_watch_begin(watch);
    for (size_t i = 0; i < watch->stage->receiver_count; i++) {
        const sim_watch_receiver *r = &watch->receivers[i];
        const sim_node *node = watch->stage->receivers[i].node;
        const sim_counters *count = sim_count(node);
        uint64_t time = r->finished == UFTP_NEVER ? UFTP_NEVER : r->finished - begin;
        json_array_append_new(
            list, json_pack("{s:s, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "name", sim_name(node),
                            "complete", (int)r->complete, "time", number(time), "goodput",
                            r->complete && time != UFTP_NEVER
                                ? number(sim_rate_of(watch->stage->bytes, time))
                                : json_null(),
                            "files", number(r->files), "sessions_failed",
                            number(r->failed_sessions), "status_sent", number(r->naks), "arrived",
                            number(count->arrived_total), "sent", number(count->sent_total)));
    }
    return list;
}

static json_t *make_messages(const uint64_t counts[UFTP_MESSAGE_TYPE_MAX + 1])
{
    json_t *map = json_object();
    for (size_t type = 0; type <= UFTP_MESSAGE_TYPE_MAX; type++)
        if (counts[type])
            json_object_set_new(map, uftp_message_name((uint8_t)type), number(counts[type]));
    return map;
}

static json_t *make_direction(const sim_stage *stage, bool senders)
{
    const sim_counters from = sim_watch_count(stage, senders);
    const sim_counters to = sim_watch_count(stage, !senders);
    return json_pack("{s:o, s:o, s:o, s:o}", "sent", make_messages(from.sent), "arrived",
                     make_messages(to.arrived), "lost", make_messages(from.lost), "sent_bytes",
                     number(from.sent_bytes));
}

static void tell(void *ctx, const char *name, uint64_t value)
{
    json_object_set_new(ctx, name, number(value));
}

static void visit_shared(void *ctx, const sim_shared *shared)
{
    json_t *figures = json_object();
    if (shared->type->tell)
        shared->type->tell(shared, tell, figures);
    json_array_append_new(ctx, json_pack("{s:s, s:s, s:o}", "kind", shared->type->name, "name",
                                         shared->name, "figures", figures));
}

static json_t *make_percentiles(const sim_watch *watch)
{
    static const unsigned permille[] = {0, 10, 100, 500, 900, 990, 1000};
    static const char *const names[] = {"p0", "p1", "p10", "p50", "p90", "p99", "p100"};
    json_t *map = json_object();
    size_t count;
    uint64_t *times = sim_watch_times(watch, &count);
    for (size_t i = 0; i < sizeof permille / sizeof *permille && count > 0; i++)
        json_object_set_new(map, names[i], number(sim_percentile(times, count, permille[i])));
    sim_release(times);
    return map;
}

bool sim_summary_json(const sim_watch *watch, FILE *out)
{
    const sim_stage *stage = watch->stage;
    const sim_verdict verdict = sim_watch_verdict(watch);
    const sim_repair repair = sim_watch_repair(stage);
    json_t *shared = json_array();
    sim_each_shared(stage->world, visit_shared, shared);
    json_t *root = json_object();
    json_object_set_new(root, "scenario", json_string(stage->scenario->name));
    json_object_set_new(root, "seed", number(sim_world_seed(stage->world)));
    json_object_set_new(root, "digest", json_string(sim_digest(stage->world)));
    json_object_set_new(root, "as_expected", json_boolean(verdict.good));
    json_object_set_new(root, "why", verdict.good ? json_null() : json_string(verdict.why));
    json_object_set_new(root, "complete", number(verdict.complete));
    json_object_set_new(root, "bytes", number(stage->bytes));
    json_object_set_new(root, "ended", number(watch->ended));
    json_object_set_new(root, "times", make_percentiles(watch));
    json_object_set_new(root, "blocks", number(repair.blocks - repair.repeated));
    json_object_set_new(root, "blocks_repeated", number(repair.repeated));
    json_object_set_new(root, "feedback",
                        json_pack("{s:o, s:o, s:o, s:o}", "arrived", number(watch->feedback_total),
                                  "window", number(SIM_FEEDBACK_WINDOW), "peak",
                                  number(watch->feedback_peak), "peak_at",
                                  number(watch->feedback_peak_at)));
    json_object_set_new(root, "from_senders", make_direction(stage, true));
    json_object_set_new(root, "from_receivers", make_direction(stage, false));
    json_object_set_new(root, "messages_of_senders", make_messages(watch->messages.by_senders));
    json_object_set_new(root, "messages_of_receivers", make_messages(watch->messages.by_receivers));
    json_object_set_new(root, "senders", make_senders(watch));
    json_object_set_new(root, "receivers", make_receivers(watch));
    json_object_set_new(root, "shared", shared);
    bool written = root && json_dumpf(root, out, JSON_INDENT(1)) == 0 && fputc('\n', out) != EOF;
    json_decref(root);
    return written && fflush(out) == 0;
}
