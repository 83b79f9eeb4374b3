/* SPDX-License-Identifier: MIT
 *
 * "swarm": many scenarios, on all processors.
 */
#include "swarm/child.h"
#include "swarm/command.h"

#include "engine/memory.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define JOBS_MAX 256

typedef struct swarm_options {
    uint64_t seed, count, jobs, failures;
    const char *set;
    bool show, quiet, plain;
} swarm_options;

typedef struct swarm {
    swarm_options options;
    uint64_t *next; /* shared: the next seed to be run */
    swarm_slot *slots;
    pid_t pids[JOBS_MAX];
    size_t running;
    uint64_t failed;
    char *repeat; /* what stands behind the seed in the command that repeats a run */
} swarm;

/* ---- command line ---- */

bool swarm_read_number(const char *text, uint64_t *out)
{
    char *end;
    errno = 0;
    if (*text < '0' || *text > '9')
        return false;
    *out = strtoull(text, &end, 10);
    return !errno && *end == '\0';
}

bool swarm_set_allowed(const char *set)
{
    swarm_scenario scenario = {.drops = sim_allocate(SWARM_DROPS_MAX * sizeof(swarm_drop))};
    bool good = swarm_set(&scenario, set);
    sim_release(scenario.drops);
    return good;
}

void swarm_make_plain(uint64_t seed, swarm_scenario *out)
{
    swarm_drop *drops = out->drops;
    *out = (swarm_scenario){.seed = seed, .drops = drops};
    for (int i = 0; i < SWARM_FIELD_COUNT; i++)
        out->value[i] = swarm_field_plain((swarm_field)i);
}

void swarm_make(const swarm_wish *wish, swarm_scenario *out)
{
    if (wish->plain)
        swarm_make_plain(wish->seed, out);
    else
        swarm_draw(wish->seed, out);
    if (*wish->set)
        swarm_set(out, wish->set);
    swarm_normalise(out);
}

static int usage(FILE *out, int code)
{
    fputs("usage: uftp-sim swarm [--seed N] [--count N] [--plain] [--set NAME=VALUE,...]\n"
          "                      [--jobs N] [--failures N] [--show] [--quiet]\n\n"
          "Runs random scenarios, one per seed, with all invariants watched.\n\n"
          "  --seed N       the first one [1]; alone: only this one\n"
          "  --count N      how many [2000]\n"
          "  --plain        nothing is left to chance but the network's and the nodes' luck\n"
          "  --set ...      numbers of the scenario that are not left to chance\n"
          "  --jobs N       processes [one per processor]\n"
          "  --failures N   stop after so many [1]\n"
          "  --show         print the scenarios instead of running them\n"
          "  --quiet        of a failure only one line\n\n"
          "What a scenario is made of:\n\n",
          out);
    for (int i = 0; i < SWARM_FIELD_COUNT; i++)
        fprintf(out, "  %-14s %s\n", swarm_field_name((swarm_field)i),
                swarm_field_text((swarm_field)i));
    fputs("  drop           PLACE:N, the Nth datagram lost at \"hub>\", \">plant-1\" or "
          "\"plant-1>\"\n",
          out);
    return code;
}

static bool parse(int argc, char **argv, swarm_options *o)
{
    bool has_seed = false;
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    *o = (swarm_options){
        .seed = 1, .jobs = processors > 0 ? (uint64_t)processors : 1, .failures = 1, .set = ""};
    for (int i = 1; i < argc; i++) {
        const char *name = argv[i], *value = i + 1 < argc ? argv[i + 1] : "";
        bool *flag = strcmp(name, "--show") == 0    ? &o->show
                     : strcmp(name, "--quiet") == 0 ? &o->quiet
                     : strcmp(name, "--plain") == 0 ? &o->plain
                                                    : NULL;
        if (flag) {
            *flag = true;
            continue;
        }
        i++;
        bool seed = strcmp(name, "--seed") == 0;
        has_seed |= seed;
        if (strcmp(name, "--set") == 0) {
            if (!swarm_set_allowed(value))
                return false;
            o->set = value;
            continue;
        }
        uint64_t *number = seed                              ? &o->seed
                           : strcmp(name, "--count") == 0    ? &o->count
                           : strcmp(name, "--jobs") == 0     ? &o->jobs
                           : strcmp(name, "--failures") == 0 ? &o->failures
                                                             : NULL;
        if (!number || !swarm_read_number(value, number))
            return false;
    }
    if (!o->count)
        o->count = has_seed ? 1 : 2000;
    if (o->jobs > o->count)
        o->jobs = o->count;
    return o->jobs > 0 && o->jobs <= JOBS_MAX && o->failures > 0 &&
           o->count <= UINT64_MAX - o->seed;
}

/* ---- children ---- */

static void work(const swarm *s, swarm_slot *slot)
{
    swarm_scenario scenario = {.drops = sim_allocate(SWARM_DROPS_MAX * sizeof(swarm_drop))};
    const uint64_t end = s->options.seed + s->options.count;
    uint64_t seed;
    while ((seed = __atomic_fetch_add(s->next, 1, __ATOMIC_RELAXED)) < end) {
        slot->seed = seed;
        slot->busy = true;
        swarm_make(&(swarm_wish){.seed = seed, .plain = s->options.plain, .set = s->options.set},
                   &scenario);
        swarm_run_in_child(slot, &scenario, s->repeat, false);
        slot->busy = false;
    }
    sim_release(scenario.drops);
    sim_release(s->repeat);
    swarm_keys_free();
    exit(0);
}

static void begin(swarm *s, size_t job)
{
    fflush(NULL);
    pid_t pid = fork();
    if (pid < 0) {
        perror("fork");
        exit(1);
    }
    if (pid == 0)
        work(s, &s->slots[job]);
    s->pids[job] = pid;
    s->running++;
}

static void report(const swarm *s, const swarm_slot *slot, int status)
{
    char line[512];
    swarm_failure_line(slot, status, false, line, sizeof line);
    printf("swarm: seed %" PRIu64 ": %s\n", slot->seed, line);
    if (s->options.quiet)
        return;
    if (*slot->report)
        fputs(slot->report, stdout);
    printf("swarm: to cut it down: uftp-sim shrink --seed %" PRIu64 "%s\n", slot->seed, s->repeat);
}

static void reap(swarm *s)
{
    int status;
    pid_t pid = wait(&status);
    size_t job = 0;
    while (job < s->options.jobs && s->pids[job] != pid)
        job++;
    if (pid < 0 || job == s->options.jobs)
        return;
    s->pids[job] = 0;
    s->running--;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return;
    swarm_slot *slot = &s->slots[job];
    report(s, slot, status);
    if (!slot->busy) { /* not a scenario's doing: a leak that a sanitizer found at the end */
        s->failed = s->options.failures;
        return;
    }
    *slot->report = '\0';
    if (++s->failed < s->options.failures)
        begin(s, job);
}

static void stop_all(swarm *s)
{
    for (size_t job = 0; job < s->options.jobs; job++)
        if (s->pids[job])
            kill(s->pids[job], SIGKILL);
    while (s->running && wait(NULL) > 0)
        s->running--;
}

static double seconds(const struct timespec *from)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - from->tv_sec) + (double)(now.tv_nsec - from->tv_nsec) / 1e9;
}

static int explore(swarm *s)
{
    struct timespec start;
    clock_gettime(CLOCK_MONOTONIC, &start);
    size_t size = strlen(s->options.set) + 32;
    s->repeat = sim_allocate(size);
    snprintf(s->repeat, size, "%s%s%s", s->options.plain ? " --plain" : "",
             *s->options.set ? " --set " : "", s->options.set);
    swarm_keys_make();
    s->slots = swarm_slots_new(s->options.jobs);
    s->next =
        mmap(NULL, sizeof *s->next, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (s->next == MAP_FAILED) {
        perror("mmap");
        return 1;
    }
    *s->next = s->options.seed;
    for (size_t job = 0; job < s->options.jobs; job++)
        begin(s, job);
    while (s->running && s->failed < s->options.failures)
        reap(s);
    stop_all(s);
    uint64_t runs = 0, succeeded = 0, steps = 0, simulated_ms = 0, digest = 0;
    for (size_t job = 0; job < s->options.jobs; job++) {
        runs += s->slots[job].runs;
        succeeded += s->slots[job].had_to_succeed;
        steps += s->slots[job].steps;
        simulated_ms += s->slots[job].simulated_ms;
        digest += s->slots[job].digest;
    }
    double took = seconds(&start);
    printf("swarm: %" PRIu64 " scenarios were fine, %" PRIu64 " of them had to end well; %" PRIu64
           " failed\n"
           "swarm: %" PRIu64 " steps, %" PRIu64 " simulated s, digest %016" PRIX64
           "; %.1f s, %.2f ms for each of %" PRIu64 " processes\n",
           runs, succeeded, s->failed, steps, simulated_ms / 1000, digest, took,
           runs ? took * 1000 * (double)s->options.jobs / (double)runs : 0, s->options.jobs);
    swarm_slots_free(s->slots, s->options.jobs);
    munmap(s->next, sizeof *s->next);
    sim_release(s->repeat);
    swarm_keys_free();
    return s->failed ? 2 : 0;
}

static int show(const swarm_options *o)
{
    swarm_scenario scenario = {.drops = sim_allocate(SWARM_DROPS_MAX * sizeof(swarm_drop))};
    swarm_scenario plain = {0};
    swarm_make_plain(0, &plain);
    for (uint64_t seed = o->seed; seed < o->seed + o->count; seed++) {
        swarm_make(&(swarm_wish){.seed = seed, .plain = o->plain, .set = o->set}, &scenario);
        printf("%" PRIu64 "%s ", seed, swarm_any_must_succeed(&scenario) ? "!" : "");
        swarm_print(&scenario, &plain, stdout);
        putchar('\n');
    }
    sim_release(scenario.drops);
    return 0;
}

int swarm_command_swarm(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--help") == 0)
        return usage(stdout, 0);
    swarm *s = sim_allocate(sizeof *s);
    int code = 1;
    if (!parse(argc, argv, &s->options))
        usage(stderr, 1);
    else
        code = s->options.show ? show(&s->options) : explore(s);
    sim_release(s);
    return code;
}
