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

#endif
