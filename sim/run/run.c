/* SPDX-License-Identifier: MIT */
#include "run/run.h"

#include "run/command.h"
#include "run/eventlog.h"
#include "run/guarding.h"
#include "run/pcap.h"
#include "run/sharing.h"
#include "run/summary.h"
#include "run/timeline.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

/* ---- the command that repeats a run ---- */

/* In single quotes where a shell would see more than a word. */
static void put_word(FILE *out, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "0123456789-_./=%:,+@";
    if (*word && strspn(word, plain) == strlen(word)) {
        fputs(word, out);
        return;
    }
    fputc('\'', out);
    for (; *word; word++)
        fputs(*word == '\'' ? "'\\''" : (char[]){*word, '\0'}, out);
    fputc('\'', out);
}

char *sim_run_command(const sim_run_options *options, uint64_t seed)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    if (!out)
        return NULL;
    fputs("uftp-sim run ", out);
    put_word(out, options->file);
    fprintf(out, " --seed %" PRIu64, seed);
    for (size_t i = 0; i < options->set_count; i++) {
        fputs(" --set ", out);
        put_word(out, options->sets[i]);
    }
    fclose(out);
    return text;
}

/* ---- one run ---- */

static void broken(void *ctx, const char *report)
{
    (void)ctx;
    fflush(stdout);
    fputs(report, stderr);
    exit(SIM_EXIT_FAILED);
}

/* ---- onlookers ---- */

/* Several behind the one tap of the world. */
typedef struct onlookers {
    const sim_tap *taps[2 + SIM_PCAPS_MAX];
    size_t count;
    sim_tap tap;
} onlookers;

static void all_sent(void *ctx, const sim_node *node, uint64_t now, const sim_packet *packet)
{
    const onlookers *all = ctx;
    for (size_t i = 0; i < all->count; i++)
        if (all->taps[i]->sent)
            all->taps[i]->sent(all->taps[i]->ctx, node, now, packet);
}

static void all_arrived(void *ctx, const sim_node *node, uint64_t now, const sim_packet *packet)
{
    const onlookers *all = ctx;
    for (size_t i = 0; i < all->count; i++)
        if (all->taps[i]->arrived)
            all->taps[i]->arrived(all->taps[i]->ctx, node, now, packet);
}

static void all_events(void *ctx, const sim_node *node, uint64_t now, const uftp_event *event)
{
    const onlookers *all = ctx;
    for (size_t i = 0; i < all->count; i++)
        if (all->taps[i]->event)
            all->taps[i]->event(all->taps[i]->ctx, node, now, event);
}

/* ---- a run from beginning to end ---- */

static double monotonic(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

typedef struct run {
    const sim_run_options *options;
    char *command;
    sim_stage stage;
    sim_watch watch;
    sim_guard *guard; /* NULL: none */
    double begun;     /* s, of the real clock */
    onlookers onlookers;
    sim_pcap pcaps[SIM_PCAPS_MAX];
    sim_keylog keylog;
    sim_eventlog events;
    sim_timeline timeline;
} run;

static bool open_files(run *r)
{
    const sim_run_options *o = r->options;
    r->onlookers.tap = (sim_tap){
        .sent = all_sent, .arrived = all_arrived, .event = all_events, .ctx = &r->onlookers};
    r->onlookers.taps[r->onlookers.count++] = &r->watch.tap;
    for (size_t i = 0; i < o->pcap_count; i++) {
        if (!sim_pcap_open(&r->pcaps[i], o->pcaps[i], &r->stage))
            return false;
        r->onlookers.taps[r->onlookers.count++] = &r->pcaps[i].tap;
    }
    if (o->events) {
        if (!sim_eventlog_open(&r->events, o->events))
            return false;
        r->onlookers.taps[r->onlookers.count++] = &r->events.tap;
    }
    return !o->keylog || sim_keylog_open(&r->keylog, o->keylog);
}

static bool close_files(run *r)
{
    bool written = sim_keylog_close(&r->keylog);
    written = sim_eventlog_close(&r->events) && written;
    for (size_t i = 0; i < r->options->pcap_count; i++)
        written = sim_pcap_close(&r->pcaps[i]) && written;
    return written;
}

/* ---- reports ---- */

static bool write_json(const run *r, FILE *out)
{
    return sim_summary_json(&r->watch, out);
}

static bool write_page(const run *r, FILE *out)
{
    return sim_page_write(&r->timeline, r->command, out);
}

static bool write_words(const run *r, FILE *out)
{
    if (r->options->quiet)
        return fprintf(out, "digest: %s\n", sim_digest(r->stage.world)) > 0;
    sim_summary_print(&r->watch, out);
    return true;
}

/* By way of memory: what a report tells is looked at before anybody can read it. */
static bool write_report(const run *r, const char *path, bool (*write)(const run *r, FILE *out),
                         FILE *terminal)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    bool written = out && write(r, out);
    if (out && fclose(out) != 0)
        written = false;
    if (written && r->guard)
        sim_guarding_text(r->guard, &r->stage, path, text, len);
    if (written) {
        bool to_terminal = strcmp(path, "-") == 0;
        FILE *file = to_terminal ? terminal : fopen(path, "w");
        written = file && fwrite(text, 1, len, file) == len;
        if (file && !to_terminal && fclose(file) != 0)
            written = false;
    }
    free(text);
    if (!written)
        fprintf(stderr, "uftp-sim: %s: %s\n", path, strerror(errno));
    return written;
}

static bool report(const run *r, FILE *out)
{
    const sim_run_options *o = r->options;
    bool json_only = o->json && strcmp(o->json, "-") == 0;
    return (!o->json || write_report(r, o->json, write_json, out)) &&
           (json_only || write_report(r, "-", write_words, out)) &&
           (!o->page || write_report(r, o->page, write_page, out));
}

/* What was written while it ran. */
static bool check_files(const run *r)
{
    const sim_run_options *o = r->options;
    bool good = !o->events || sim_guarding_file(r->guard, &r->stage, o->events);
    for (size_t i = 0; i < o->pcap_count && good; i++)
        good = sim_guarding_file(r->guard, &r->stage, r->pcaps[i].path);
    if (!good)
        fprintf(stderr, "uftp-sim: what was written cannot be read again: %s\n", strerror(errno));
    return good;
}

/* How fast that was; no part of the report, which is the same on any machine. */
static void tell_pace(const run *r)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    double took = monotonic() - r->begun, simulated = (double)sim_now(r->stage.world) / 1e9;
    uint64_t deliveries = sim_watch_count(&r->stage, false).arrived_total;
    fprintf(stderr,
            "simulated %.0f s in %.2f s (%.1f times real time), %.1f million datagrams received, "
            "%ld MiB\n",
            simulated, took, simulated / took, (double)deliveries / 1e6, usage.ru_maxrss / 1024);
}

/* With the stage set: returns an exit code. */
static int perform(run *r, FILE *out)
{
    for (size_t i = 0; i < r->options->pcap_count; i++)
        if (!sim_pcap_names_exist(&r->pcaps[i]))
            return SIM_EXIT_USAGE;
    if (r->options->page) {
        sim_timeline_init(&r->timeline, &r->stage, &r->watch);
        sim_timeline_run(&r->timeline);
    } else {
        sim_run(r->stage.world);
    }
    sim_watch_finish(&r->watch);
    if (r->guard)
        sim_guarding_end(r->guard, &r->stage);
    if (!r->options->quiet)
        tell_pace(r);
    bool written = report(r, out) && close_files(r) && (!r->guard || check_files(r));
    if (r->options->page)
        sim_timeline_free(&r->timeline);
    const sim_verdict verdict = sim_watch_verdict(&r->watch);
    if (!verdict.good)
        fprintf(stderr, "uftp-sim: not as expected: %s\nto repeat: %s\n", verdict.why, r->command);
    return !verdict.good ? SIM_EXIT_FAILED : written ? SIM_EXIT_OK : SIM_EXIT_USAGE;
}

static unsigned thread_count(const sim_run_options *options)
{
    long cores = options->threads ? (long)options->threads : sysconf(_SC_NPROCESSORS_ONLN);
    return cores < 1 ? 1 : cores > SIM_THREADS_MAX ? SIM_THREADS_MAX : (unsigned)cores;
}

int sim_run_one(const sim_run_options *options, const sim_scenario *scenario, uint64_t seed,
                FILE *out)
{
    char error[SIM_YAML_ERROR_MAX];
    run *r = sim_allocate(sizeof *r);
    r->options = options;
    r->begun = monotonic();
    r->stage.scenario = scenario;
    r->command = sim_run_command(options, seed);
    r->guard = options->no_invariants ? NULL : sim_guard_new();
    sim_watch_init(&r->watch, &r->stage);
    int code = SIM_EXIT_USAGE;
    /* These write down what happens everywhere, in the order of time. */
    bool in_order = options->in_step || options->pcap_count || options->events || options->keylog;
    if (open_files(r)) {
        sim_options world = {.seed = seed,
                             .tap = r->onlookers.count > 1 ? &r->onlookers.tap : &r->watch.tap,
                             .lanes = in_order ? SIM_LANES_IN_STEP : SIM_LANES_AHEAD,
                             .threads = thread_count(options),
                             .share = !options->no_sharing && sim_sharing_linked(),
                             .repeat = r->command,
                             .on_failure = broken};
        sim_stage_logs logs = {0};
        if (options->keylog)
            logs.senders = logs.receivers = &r->keylog.log;
        if (r->guard) {
            sim_guard_hooks(r->guard, &world);
            logs.senders = sim_guard_key_log(r->guard, logs.senders);
        }
        if (sim_stage_new(scenario, &world, &logs, &r->stage, error)) {
            if (r->guard)
                sim_guarding_begin(r->guard, &r->stage);
            code = perform(r, out);
            sim_stage_free(&r->stage);
        } else {
            fprintf(stderr, "%s\n", error);
        }
    }
    if (!close_files(r) && code == SIM_EXIT_OK)
        code = SIM_EXIT_USAGE;
    if (r->guard)
        sim_guard_free(r->guard);
    sim_watch_free(&r->watch);
    free(r->command);
    sim_release(r);
    return code;
}
