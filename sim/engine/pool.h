/* SPDX-License-Identifier: MIT
 *
 * A few threads that do one piece of work after the other, which the caller's own thread shares in.
 */
#ifndef SIM_POOL_H
#define SIM_POOL_H

#include <stddef.h>

typedef struct sim_pool sim_pool;

/* `threads`: with the caller's, 1 to SIM_THREADS_MAX (view.h); they are started when first needed,
 * and each knows its number as sim_thread. */
sim_pool *sim_pool_new(unsigned threads);
void sim_pool_free(sim_pool *pool); /* NULL is allowed */
/* Calls work(ctx, i) once for each i below `count`, from all threads, and returns when it is done.
 */
void sim_pool_run(sim_pool *pool, void (*work)(void *ctx, size_t index), void *ctx, size_t count);

#endif
