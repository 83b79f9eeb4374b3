/* SPDX-License-Identifier: MIT
 *
 * A bench for one link model: numbered packets in, what comes out is written down.
 */
#ifndef SIM_TESTS_MODELS_H
#define SIM_TESTS_MODELS_H

#include "expect.h"

#include "models/link.h"

#define BENCH_MAX 20000

typedef struct bench {
    sim_queue queue;
    sim_medium medium;
    sim_model sink;
    uint32_t number[BENCH_MAX]; /* what came out, in order */
    uint64_t at[BENCH_MAX];     /* and when */
    size_t count;
} bench;

/* One at a time: it is large and lies in static memory. */
bench *bench_new(uint64_t seed);
/* Puts the model in front of the bench's sink; the bench owns it. */
void bench_link(bench *b, const sim_link *link);
/* Sends packets numbered from `first` on, `gap` apart from `start` on, of `len` bytes each, the
 * number in the first four; then runs until all is quiet. */
void bench_send(bench *b, uint32_t first, uint32_t count, uint64_t start, uint64_t gap, size_t len);
void bench_free(bench *b);

/* For models that several links share: a link of its own, with a sink that counts. */
typedef struct bench_branch {
    sim_model sink;
    sim_model *first;
    uint64_t count, bytes;
    uint32_t number; /* of the last one */
    uint64_t at;     /* and its time */
} bench_branch;

void bench_branch_open(bench *b, bench_branch *branch, const char *place, const sim_link *link);
/* The packet with this number, at a time not before the last one. */
void bench_branch_send(bench *b, bench_branch *branch, uint64_t at, uint32_t number, size_t len);
void bench_run_until(bench *b, uint64_t at);
void bench_run(bench *b);
void bench_branch_close(bench_branch *branch);

/* Keeps the figure that is told under the name that it is asked for. */
typedef struct bench_figure {
    const char *name;
    uint64_t value;
    bool found;
} bench_figure;
void bench_take_figure(void *ctx, const char *name, uint64_t value);
uint64_t bench_figure_of(const sim_model *model, const char *name);
uint64_t bench_figure_of_shared(const sim_shared *shared, const char *name);

#endif
