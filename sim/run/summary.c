/* SPDX-License-Identifier: MIT */
#include "run/summary.h"

#include <inttypes.h>
#include <string.h>

const char *const sim_phase_names[SIM_PHASES] = {"announce", "fileinfo", "transfer", "completion",
                                                 "ended"};

char *sim_time_text(uint64_t time, char out[SIM_TIME_TEXT])
{
    uint64_t ms = (time + UFTP_US(500)) / UFTP_MS(1);
    snprintf(out, SIM_TIME_TEXT, "%" PRIu64 ".%03" PRIu64 " s", ms / 1000, ms % 1000);
    return out;
}

char *sim_bytes_text(uint64_t bytes, char out[SIM_TIME_TEXT])
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
    uint64_t unit = 1;
    size_t i = 0;
    while (i < 4 && bytes / unit >= 1000) {
        unit *= 1000;
        i++;
    }
    if (i == 0)
        snprintf(out, SIM_TIME_TEXT, "%" PRIu64 " B", bytes);
    else
        snprintf(out, SIM_TIME_TEXT, "%" PRIu64 ".%" PRIu64 " %s", bytes / unit,
                 bytes % unit * 10 / unit, units[i]);
    return out;
}

static void print_head(const sim_watch *watch, FILE *out)
{
    const sim_stage *stage = watch->stage;
    char bytes[SIM_TIME_TEXT];
    size_t files = 0;
    for (size_t i = 0; i < stage->sender_count; i++)
        files += stage->senders[i].path_count;
    fprintf(out, "%s\n", stage->scenario->name);
    fprintf(out, "  seed %" PRIu64 ", %zu sender%s, %zu receiver%s, %zu file%s, %s\n",
            sim_world_seed(stage->world), stage->sender_count, stage->sender_count == 1 ? "" : "s",
            stage->receiver_count, stage->receiver_count == 1 ? "" : "s", files,
            files == 1 ? "" : "s", sim_bytes_text(stage->bytes, bytes));
}

static void print_senders(const sim_watch *watch, FILE *out)
{
    char text[SIM_TIME_TEXT];
    for (size_t i = 0; i < watch->stage->sender_count; i++) {
        const sim_watch_sender *sender = &watch->senders[i];
        if (sender->finished == UFTP_NEVER) {
            fprintf(out, "%-12s  has not finished\n", sim_name(watch->stage->senders[i].node));
            continue;
        }
        fprintf(out, "%-12s  %s:", sim_name(watch->stage->senders[i].node),
                sim_time_text(sender->finished - sender->started, text));
        for (size_t phase = 0; phase < UFTP_SENDER_ENDED; phase++)
            fprintf(out, "%s %s %s", phase ? "," : "", sim_phase_names[phase],
                    sim_time_text(sender->phase_time[phase], text));
        fprintf(out, "; result %d, %" PRIu32 " passes", (int)sender->result, sender->passes);
        if (sender->lost || sender->aborted)
            fprintf(out, ", %" PRIu32 " lost, %" PRIu32 " aborted", sender->lost, sender->aborted);
        fputc('\n', out);
    }
}

static void print_receivers(const sim_watch *watch, FILE *out)
{
    static const unsigned permille[] = {0, 100, 500, 900, 990, 1000};
    static const char *const names[] = {"first", "p10", "p50", "p90", "p99", "last"};
    size_t count;
    uint64_t *times = sim_watch_times(watch, &count);
    char text[SIM_TIME_TEXT];
    if (count > 0) {
        fputs("receivers   ", out);
        for (size_t i = 0; i < sizeof permille / sizeof *permille; i++)
            fprintf(out, "  %s %s", names[i],
                    sim_time_text(sim_percentile(times, count, permille[i]), text));
        fputs("\ngoodput     ", out);
        for (size_t i = 0; i < sizeof permille / sizeof *permille; i++)
            fprintf(out, "  %s %s/s", names[i],
                    sim_bytes_text(
                        sim_rate_of(watch->stage->bytes, sim_percentile(times, count, permille[i])),
                        text));
        fputc('\n', out);
    }
    sim_release(times);
}

static void print_messages(const sim_watch *watch, FILE *out)
{
    const sim_counters down = sim_watch_count(watch->stage, true);
    const sim_counters up = sim_watch_count(watch->stage, false);
    fprintf(out, "%-14s %12s %12s %12s | %12s %12s %12s\n", "datagrams", "senders sent", "arrived",
            "lost", "receivers' ", "arrived", "lost");
    for (size_t type = 0; type <= UFTP_MESSAGE_TYPE_MAX; type++)
        if (down.sent[type] || up.sent[type])
            fprintf(out,
                    "  %-12s %12" PRIu64 " %12" PRIu64 " %12" PRIu64 " | %12" PRIu64 " %12" PRIu64
                    " %12" PRIu64 "\n",
                    uftp_message_name((uint8_t)type), down.sent[type], up.arrived[type],
                    down.lost[type], up.sent[type], down.arrived[type], up.lost[type]);
    fputs("messages      ", out); /* inside the encryption; the blocks are not among them */
    for (size_t type = 0; type <= UFTP_MESSAGE_TYPE_MAX; type++) {
        uint64_t by_senders = watch->messages.by_senders[type];
        uint64_t by_receivers = watch->messages.by_receivers[type];
        if (by_senders || by_receivers)
            fprintf(out, "%s %" PRIu64 "  ", uftp_message_name((uint8_t)type),
                    by_senders + by_receivers);
    }
    fputc('\n', out);
}

static void print_repair(const sim_watch *watch, FILE *out)
{
    const sim_repair repair = sim_watch_repair(watch->stage);
    char text[SIM_TIME_TEXT];
    if (repair.blocks) {
        uint64_t first = repair.blocks - repair.repeated;
        uint64_t permille = first ? repair.repeated * 1000 / first : 0;
        fprintf(out,
                "repair        %" PRIu64 ".%" PRIu64 "%%: %" PRIu64 " blocks, %" PRIu64
                " repeated\n",
                permille / 10, permille % 10, first, repair.repeated);
    }
    fprintf(out,
            "feedback      %" PRIu64 " datagrams to the senders, at most %" PRIu64
            " within 100 ms, at %s\n",
            watch->feedback_total, watch->feedback_peak,
            sim_time_text(watch->feedback_peak_at, text));
}

void sim_summary_print(const sim_watch *watch, FILE *out)
{
    const sim_verdict verdict = sim_watch_verdict(watch);
    print_head(watch, out);
    fprintf(out, "%s: %" PRIu64 " of %zu receivers have everything%s%s\n",
            verdict.good ? "as expected" : "NOT AS EXPECTED", verdict.complete,
            watch->stage->receiver_count, verdict.good ? "" : "; ", verdict.why);
    print_senders(watch, out);
    print_receivers(watch, out);
    print_repair(watch, out);
    print_messages(watch, out);
    fprintf(out, "digest: %s\n", sim_digest(watch->stage->world));
}
