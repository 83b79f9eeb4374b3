/* SPDX-License-Identifier: MIT
 *
 * One run of a scenario: what the command line asks for, and doing it.
 */
#ifndef SIM_RUN_RUN_H
#define SIM_RUN_RUN_H

#include "run/watch.h"

#include <stdio.h>

#define SIM_SETS_MAX 64
#define SIM_PCAPS_MAX 8

typedef struct sim_run_options {
    const char *file;
    const char *sets[SIM_SETS_MAX];
    size_t set_count;
    bool seed_given;
    uint64_t seed_first, seed_last; /* the same, unless several are asked for */
    unsigned jobs;                  /* processes side by side [as many as there are cores] */
    const char *json;               /* a file; NULL: none; "-": the terminal, in place of words */
    const char *page;               /* a file for the report as a page; NULL: none */
    const char *keylog;             /* NULL: none */
    const char *events;             /* NULL: none */
    char *pcaps[SIM_PCAPS_MAX];
    size_t pcap_count;
    bool no_sharing;
    bool in_step;     /* all in the order of time, even what may be run apart */
    unsigned threads; /* that run one world [as many as there are cores, at most SIM_THREADS_MAX] */
    bool no_invariants;
    bool quiet; /* only the digest */
} sim_run_options;

/* Everything about one seed; returns an exit code. What it has to say goes to `out`. */
int sim_run_one(const sim_run_options *options, const sim_scenario *scenario, uint64_t seed,
                FILE *out);
/* Runs seeds in processes side by side until one fails. */
int sim_run_seeds(const sim_run_options *options, const sim_scenario *scenario);

/* "uftp-sim run FILE --seed N --set ...": what repeats a run; the caller frees. */
char *sim_run_command(const sim_run_options *options, uint64_t seed);

#endif
