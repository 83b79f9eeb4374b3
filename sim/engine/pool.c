/* SPDX-License-Identifier: MIT */
#include "engine/pool.h"

#include "base/assert.h"
#include "engine/memory.h"
#include "engine/view.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

/* Taken at a time: few enough that the last one does not keep the others waiting. */
#define CHUNK 4

typedef struct worker {
    sim_pool *pool;
    unsigned number;
    pthread_t thread;
} worker;

struct sim_pool {
    unsigned threads;
    bool started;
    pthread_mutex_t mutex;
    pthread_cond_t begun, ended;
    uint64_t round; /* of work; the workers wait for it to change */
    unsigned busy;  /* workers that are not through with the round */
    bool leaving;
    void (*work)(void *ctx, size_t index);
    void *ctx;
    size_t count;
    atomic_size_t next;
    worker workers[SIM_THREADS_MAX];
};

static void take_part(sim_pool *pool)
{
    for (;;) {
        size_t first = atomic_fetch_add(&pool->next, CHUNK);
        if (first >= pool->count)
            return;
        for (size_t i = first; i < first + CHUNK && i < pool->count; i++)
            pool->work(pool->ctx, i);
    }
}

static void *run_worker(void *ctx)
{
    const worker *w = ctx;
    sim_pool *pool = w->pool;
    sim_thread = w->number;
    uint64_t seen = 0;
    pthread_mutex_lock(&pool->mutex);
    for (;;) {
        while (pool->round == seen && !pool->leaving)
            pthread_cond_wait(&pool->begun, &pool->mutex);
        if (pool->leaving)
            break;
        seen = pool->round;
        pthread_mutex_unlock(&pool->mutex);
        take_part(pool);
        pthread_mutex_lock(&pool->mutex);
        if (--pool->busy == 0)
            pthread_cond_signal(&pool->ended);
    }
    pthread_mutex_unlock(&pool->mutex);
    return NULL;
}

sim_pool *sim_pool_new(unsigned threads)
{
    UFTP_ASSERT(threads >= 1 && threads <= SIM_THREADS_MAX);
    sim_pool *pool = sim_allocate(sizeof *pool);
    pool->threads = threads;
    int err = pthread_mutex_init(&pool->mutex, NULL);
    err |= pthread_cond_init(&pool->begun, NULL);
    err |= pthread_cond_init(&pool->ended, NULL);
    UFTP_ASSERT(err == 0);
    return pool;
}

static void start(sim_pool *pool)
{
    pool->started = true;
    for (unsigned i = 1; i < pool->threads; i++) {
        worker *w = &pool->workers[i];
        *w = (worker){.pool = pool, .number = i};
        int err = pthread_create(&w->thread, NULL, run_worker, w);
        UFTP_ASSERT(err == 0);
    }
}

void sim_pool_run(sim_pool *pool, void (*work)(void *ctx, size_t index), void *ctx, size_t count)
{
    if (pool->threads == 1) {
        for (size_t i = 0; i < count; i++)
            work(ctx, i);
        return;
    }
    if (!pool->started)
        start(pool);
    pthread_mutex_lock(&pool->mutex);
    pool->work = work;
    pool->ctx = ctx;
    pool->count = count;
    atomic_store(&pool->next, 0);
    pool->busy = pool->threads - 1;
    pool->round++;
    pthread_cond_broadcast(&pool->begun);
    pthread_mutex_unlock(&pool->mutex);
    take_part(pool);
    pthread_mutex_lock(&pool->mutex);
    while (pool->busy > 0)
        pthread_cond_wait(&pool->ended, &pool->mutex);
    pthread_mutex_unlock(&pool->mutex);
}

void sim_pool_free(sim_pool *pool)
{
    if (!pool)
        return;
    if (pool->started) {
        pthread_mutex_lock(&pool->mutex);
        pool->leaving = true;
        pthread_cond_broadcast(&pool->begun);
        pthread_mutex_unlock(&pool->mutex);
        for (unsigned i = 1; i < pool->threads; i++)
            pthread_join(pool->workers[i].thread, NULL);
    }
    pthread_cond_destroy(&pool->ended);
    pthread_cond_destroy(&pool->begun);
    pthread_mutex_destroy(&pool->mutex);
    sim_release(pool);
}
