/* SPDX-License-Identifier: MIT */
#include "run/run.h"

#include "run/command.h"
#include "run/sharing.h"
#include "run/summary.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

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

int sim_run_one(const sim_run_options *options, const sim_scenario *scenario, uint64_t seed,
                FILE *out)
{
    char error[SIM_YAML_ERROR_MAX];
    sim_stage stage = {.scenario = scenario};
    sim_watch watch;
    sim_watch_init(&watch, &stage);
    char *command = sim_run_command(options, seed);
    const sim_options world = {
        .seed = seed, .tap = &watch.tap, .repeat = command, .on_failure = broken};
    int code = SIM_EXIT_OK;
    if (!sim_stage_new(scenario, &world, &stage, error)) {
        fprintf(stderr, "%s\n", error);
        code = SIM_EXIT_USAGE;
    } else {
        sim_sharing_set(!options->no_sharing);
        sim_run(stage.world);
        sim_sharing_set(false);
        sim_sharing_free();
        sim_watch_finish(&watch);
        const sim_verdict verdict = sim_watch_verdict(&watch);
        if (!report(options, &watch, out))
            code = SIM_EXIT_USAGE;
        else if (!verdict.good) {
            fprintf(stderr, "uftp-sim: not as expected: %s\nto repeat: %s\n", verdict.why, command);
            code = SIM_EXIT_FAILED;
        }
        sim_stage_free(&stage);
    }
    sim_watch_free(&watch);
    free(command);
    return code;
}
