/* SPDX-License-Identifier: MIT */
#include "engine/queue.h"

#include "base/assert.h"
#include "engine/memory.h"

#define ARITY 4 /* four children share a cache line or two; half the depth of a binary heap */

void sim_queue_init(sim_queue *queue, uint64_t now)
{
    *queue = (sim_queue){.now = now};
}

void sim_queue_free(sim_queue *queue)
{
    for (size_t i = 0; i < queue->count; i++)
        queue->entries[i].timer->place = 0;
    sim_release(queue->entries);
    *queue = (sim_queue){0};
}

static bool earlier(const sim_queue_entry *a, const sim_queue_entry *b)
{
    return a->at < b->at || (a->at == b->at && a->order < b->order);
}

static void put(sim_queue *queue, size_t index, sim_queue_entry entry)
{
    queue->entries[index] = entry;
    entry.timer->place = index + 1;
}

static void sift_up(sim_queue *queue, size_t index, sim_queue_entry entry)
{
    while (index > 0) {
        size_t parent = (index - 1) / ARITY;
        if (!earlier(&entry, &queue->entries[parent]))
            break;
        put(queue, index, queue->entries[parent]);
        index = parent;
    }
    put(queue, index, entry);
}

static void sift_down(sim_queue *queue, size_t index, sim_queue_entry entry)
{
    for (;;) {
        size_t first = index * ARITY + 1, best = first;
        if (first >= queue->count)
            break;
        for (size_t child = first + 1; child < first + ARITY && child < queue->count; child++)
            if (earlier(&queue->entries[child], &queue->entries[best]))
                best = child;
        if (!earlier(&queue->entries[best], &entry))
            break;
        put(queue, index, queue->entries[best]);
        index = best;
    }
    put(queue, index, entry);
}

/* Puts an entry where another one was, or was appended. */
static void settle(sim_queue *queue, size_t index, sim_queue_entry entry)
{
    if (index > 0 && earlier(&entry, &queue->entries[(index - 1) / ARITY]))
        sift_up(queue, index, entry);
    else
        sift_down(queue, index, entry);
}

void sim_queue_arm(sim_queue *queue, sim_timer *timer, uint64_t at)
{
    if (at == UFTP_NEVER) {
        sim_queue_cancel(queue, timer);
        return;
    }
    UFTP_ASSERT(at >= queue->now);
    const sim_queue_entry entry = {.at = at, .order = queue->order++, .timer = timer};
    if (timer->place) {
        settle(queue, timer->place - 1, entry);
        return;
    }
    if (queue->count == queue->capacity) {
        queue->capacity = queue->capacity ? 2 * queue->capacity : 64;
        queue->entries = sim_reallocate(queue->entries, queue->capacity * sizeof *queue->entries);
    }
    sift_up(queue, queue->count++, entry);
}

void sim_queue_cancel(sim_queue *queue, sim_timer *timer)
{
    if (!timer->place)
        return;
    size_t index = timer->place - 1;
    timer->place = 0;
    sim_queue_entry last = queue->entries[--queue->count];
    if (index < queue->count)
        settle(queue, index, last);
}

uint64_t sim_queue_due(const sim_queue *queue, const sim_timer *timer)
{
    return timer->place ? queue->entries[timer->place - 1].at : UFTP_NEVER;
}

uint64_t sim_queue_next(const sim_queue *queue)
{
    return queue->count ? queue->entries[0].at : UFTP_NEVER;
}

bool sim_queue_step(sim_queue *queue, uint64_t end)
{
    if (!queue->count || queue->entries[0].at > end)
        return false;
    sim_timer *timer = queue->entries[0].timer;
    queue->now = queue->entries[0].at;
    sim_queue_cancel(queue, timer);
    queue->fired++;
    timer->fire(timer, queue->now);
    return true;
}

void sim_queue_advance(sim_queue *queue, uint64_t now)
{
    UFTP_ASSERT(now <= sim_queue_next(queue));
    if (now > queue->now)
        queue->now = now;
}
