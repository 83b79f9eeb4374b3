/* SPDX-License-Identifier: MIT
 *
 * What the delivery of one datagram to one receiver costs the simulator, for few receivers and for
 * many: behind a satellite, encrypted, 1 % lost, as in satellite-1000.yaml. Counted is the
 * processor time of all threads while the file is transferred; the public keys of the beginning are
 * left out. What the sender and the carrier do for a datagram is shared by all who get it: the
 * first row, with one receiver, tells it, and the last column what each further delivery costs.
 *
 *     uftp-sim-bench [THREADS [RECEIVERS...]]
 */
#include "run/sharing.h"
#include "run/watch.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

/* About so many deliveries in each row, as far as a file of at most BYTES_MAX gives them. */
#define DELIVERIES 8000000
#define BYTES_MAX 50000000
#define BYTES_MIN 1000000
#define BLOCK 1300

typedef struct row {
    uint64_t receivers, bytes, datagrams, deliveries, simulated;
    double cpu, wall; /* s */
} row;

static double seconds(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void read_scenario(const row *r, sim_scenario *out)
{
    char text[600], error[SIM_YAML_ERROR_MAX];
    int len = snprintf(text, sizeof text,
                       "name: bench\n"
                       "satellite: {forward: 10Mbit/s, return: 10Mbit/s}\n"
                       "sender:\n"
                       "  {rate: 9.5Mbit/s, grtt: 1s, cipher: aes256-gcm, robust: 50,\n"
                       "   files: {name: f, size: %" PRIu64 "}}\n"
                       "receivers: {count: %" PRIu64 ", down: {loss: 1%%}}\n",
                       r->bytes, r->receivers);
    sim_yaml *tree = sim_yaml_parse(text, (size_t)len, "bench", error);
    if (!tree || !sim_scenario_from_tree(tree, out, error)) {
        fprintf(stderr, "%s\n", error);
        exit(1);
    }
}

/* Runs until the sender is past a phase. */
static void run_past(sim_watch *watch, uftp_sender_phase phase)
{
    sim *world = watch->stage->world;
    while (watch->senders_left > 0 && watch->senders[0].phase <= phase &&
           sim_next(world) != UFTP_NEVER)
        sim_run_until(world, sim_now(world) + UFTP_MS(500));
}

static void measure(row *r, unsigned threads)
{
    char error[SIM_YAML_ERROR_MAX];
    sim_scenario scenario;
    sim_stage stage = {.scenario = &scenario};
    sim_watch watch;
    read_scenario(r, &scenario);
    stage.scenario = &scenario;
    sim_watch_init(&watch, &stage);
    const sim_options options = {.seed = 1,
                                 .tap = &watch.tap,
                                 .lanes = SIM_LANES_AHEAD,
                                 .threads = threads,
                                 .share = sim_sharing_linked()};
    if (!sim_stage_new(&scenario, &options, &(sim_stage_logs){0}, &stage, error)) {
        fprintf(stderr, "%s\n", error);
        exit(1);
    }
    run_past(&watch, UFTP_SENDER_FILEINFO);
    const sim_counters sent = sim_watch_count(&stage, true), got = sim_watch_count(&stage, false);
    uint64_t simulated = sim_now(stage.world);
    double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID), wall = seconds(CLOCK_MONOTONIC);
    run_past(&watch, UFTP_SENDER_ENDED);
    r->cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    r->wall = seconds(CLOCK_MONOTONIC) - wall;
    r->simulated = sim_now(stage.world) - simulated;
    r->datagrams = sim_watch_count(&stage, true).sent_total - sent.sent_total;
    r->deliveries = sim_watch_count(&stage, false).arrived_total - got.arrived_total;
    sim_stage_free(&stage);
    sim_watch_free(&watch);
    sim_scenario_free(&scenario);
}

static void print(const row *r, const row *one)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("%9" PRIu64 " %9" PRIu64 " %11" PRIu64 " %8.2f %8.2f %9.1f %8ld %11.0f", r->receivers,
           r->datagrams, r->deliveries, r->cpu, r->wall, (double)r->simulated / 1e9 / r->wall,
           usage.ru_maxrss / 1024, r->cpu * 1e9 / (double)r->deliveries);
    if (r->receivers > 1) {
        double each = r->cpu / (double)r->datagrams - one->cpu / (double)one->datagrams;
        double more = (double)r->deliveries / (double)r->datagrams -
                      (double)one->deliveries / (double)one->datagrams;
        printf(" %11.0f", each * 1e9 / more);
    }
    printf("\n");
    fflush(stdout);
}

int main(int argc, char **argv)
{
    static const char *usual[] = {"10", "100", "1000", "10000"};
    const char *const *counts = argc > 2 ? (const char *const *)argv + 2 : usual;
    size_t rows = argc > 2 ? (size_t)argc - 2 : sizeof usual / sizeof *usual;
    unsigned threads = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 1;
    if (threads < 1 || threads > SIM_THREADS_MAX) {
        fprintf(stderr, "usage: %s [THREADS [RECEIVERS...]]\n", argv[0]);
        return 1;
    }
    printf("%9s %9s %11s %8s %8s %9s %8s %11s %11s\n", "receivers", "datagrams", "deliveries",
           "CPU s", "wall s", "x real", "peak MiB", "ns/delivery", "ns/further");
    row one = {.receivers = 1, .bytes = 10000000};
    measure(&one, threads);
    print(&one, &one);
    for (size_t i = 0; i < rows; i++) {
        row r = {.receivers = strtoull(counts[i], NULL, 10)};
        if (r.receivers < 2) {
            fprintf(stderr, "%s: two receivers or more\n", counts[i]);
            return 1;
        }
        r.bytes = (uint64_t)DELIVERIES / r.receivers * BLOCK;
        r.bytes = r.bytes < BYTES_MIN ? BYTES_MIN : r.bytes > BYTES_MAX ? BYTES_MAX : r.bytes;
        measure(&r, threads);
        print(&r, &one);
    }
    return 0;
}
