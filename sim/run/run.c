/* SPDX-License-Identifier: MIT */
#include "run/run.h"

#include "run/command.h"
#include "run/eventlog.h"
#include "run/pcap.h"
#include "run/sharing.h"
#include "run/summary.h"
#include "run/timeline.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
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

static bool write_json(const sim_watch *watch, const char *path, FILE *terminal)
{
    FILE *out = strcmp(path, "-") == 0 ? terminal : fopen(path, "w");
    bool written = out && sim_summary_json(watch, out);
    if (out && out != terminal && fclose(out) != 0)
        written = false;
    if (!written)
        fprintf(stderr, "uftp-sim: %s: %s\n", path, strerror(errno));
    return written;
}

static bool report(const sim_run_options *options, const sim_watch *watch, FILE *out)
{
    bool json_only = options->json && strcmp(options->json, "-") == 0;
    if (options->json && !write_json(watch, options->json, out))
        return false;
    if (json_only)
        return true;
    if (options->quiet)
        fprintf(out, "digest: %s\n", sim_digest(watch->stage->world));
    else
        sim_summary_print(watch, out);
    return true;
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

typedef struct run {
    const sim_run_options *options;
    char *command;
    sim_stage stage;
    sim_watch watch;
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

static bool write_page(const run *r)
{
    FILE *out = fopen(r->options->page, "w");
    bool written = out && sim_page_write(&r->timeline, r->command, out);
    if (out && fclose(out) != 0)
        written = false;
    if (!written)
        fprintf(stderr, "uftp-sim: %s: %s\n", r->options->page, strerror(errno));
    return written;
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
    bool written = report(r->options, &r->watch, out) && (!r->options->page || write_page(r));
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
    r->stage.scenario = scenario;
    r->command = sim_run_command(options, seed);
    sim_watch_init(&r->watch, &r->stage);
    int code = SIM_EXIT_USAGE;
    /* These write down what happens everywhere, in the order of time. */
    bool in_order = options->in_step || options->pcap_count || options->events || options->keylog;
    if (open_files(r)) {
        const sim_options world = {.seed = seed,
                                   .tap =
                                       r->onlookers.count > 1 ? &r->onlookers.tap : &r->watch.tap,
                                   .lanes = in_order ? SIM_LANES_IN_STEP : SIM_LANES_AHEAD,
                                   .threads = thread_count(options),
                                   .share = !options->no_sharing && sim_sharing_linked(),
                                   .repeat = r->command,
                                   .on_failure = broken};
        const uftp_key_log *key_log = options->keylog ? &r->keylog.log : NULL;
        if (sim_stage_new(scenario, &world, key_log, &r->stage, error)) {
            code = perform(r, out);
            sim_stage_free(&r->stage);
        } else {
            fprintf(stderr, "%s\n", error);
        }
    }
    if (!close_files(r) && code == SIM_EXIT_OK)
        code = SIM_EXIT_USAGE;
    sim_watch_free(&r->watch);
    free(r->command);
    sim_release(r);
    return code;
}
