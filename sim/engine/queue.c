/* SPDX-License-Identifier: MIT */
#include "engine/queue.h"

#include "base/assert.h"
#include "engine/memory.h"

#define PLACE_IN_LINE (SIZE_MAX / 2)
#define ARITY 4 /* four children share a cache line or two; half the depth of a binary heap */

void sim_queue_init(sim_queue *queue, uint64_t now)
{
    *queue = (sim_queue){.now = now};
}

void sim_queue_free(sim_queue *queue)
{
    for (size_t i = 0; i < queue->count; i++)
        (queue->many ? queue->entries : queue->few)[i].timer->slot = 0;
    for (size_t i = queue->line_first; i < queue->line_end; i++)
        if (queue->line[i])
            queue->line[i]->slot = 0;
    sim_release(queue->entries);
    sim_release(queue->line);
    sim_release(queue->places);
    sim_release(queue->slots_free);
    *queue = (sim_queue){0};
}

static bool earlier(const sim_queue_entry *a, const sim_queue_entry *b)
{
    return a->at < b->at || (a->at == b->at && a->order < b->order);
}

/* ---- few ---- */

static uint32_t earliest_of_few(const sim_queue *queue)
{
    uint32_t first = 0;
    for (uint32_t i = 1; i < queue->count; i++)
        if (earlier(&queue->few[i], &queue->few[first]))
            first = i;
    return first;
}

static void put_among_few(sim_queue *queue, uint32_t index, uint64_t at, uint64_t order)
{
    bool was_first = queue->first_known && queue->first == index;
    sim_queue_entry *entry = &queue->few[index];
    entry->at = at;
    entry->order = order;
    if (queue->count == 1) {
        queue->first = 0;
        queue->first_known = true;
    } else if (was_first) {
        queue->first_known = false; /* it may be later now */
    } else if (queue->first_known && earlier(entry, &queue->few[queue->first])) {
        queue->first = index;
    }
}

static void cancel_of_few(sim_queue *queue, sim_timer *timer)
{
    uint32_t index = timer->slot - 1, last = (uint32_t)--queue->count;
    timer->slot = 0;
    if (queue->first_known && queue->first == index)
        queue->first_known = false;
    if (index == last)
        return;
    queue->few[index] = queue->few[last];
    queue->few[index].timer->slot = index + 1;
    if (queue->first_known && queue->first == last)
        queue->first = index;
}

/* Nothing is ever in line here: what is armed now has a higher order than all that is due now. */
static void become_many(sim_queue *queue)
{
    size_t count = queue->count;
    queue->many = true;
    queue->first_known = false;
    queue->count = 0;
    for (size_t i = 0; i < count; i++) {
        sim_queue_entry *entry = &queue->few[i];
        entry->timer->slot = 0;
        sim_queue_arm_drawn(queue, entry->timer, entry->at, entry->order);
    }
}

/* ---- many ---- */

static void put(sim_queue *queue, size_t index, sim_queue_entry entry)
{
    queue->entries[index] = entry;
    queue->places[entry.slot] = index;
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

/* ---- slots ---- */

static uint32_t take_slot(sim_queue *queue, sim_timer *timer)
{
    if (queue->slot_free_count == 0) {
        if (queue->slot_count == queue->slot_capacity) {
            uint32_t capacity = queue->slot_capacity ? 2 * queue->slot_capacity : 64;
            UFTP_ASSERT(capacity > queue->slot_capacity);
            queue->places = sim_reallocate(queue->places, capacity * sizeof *queue->places);
            queue->slots_free =
                sim_reallocate(queue->slots_free, capacity * sizeof *queue->slots_free);
            queue->slot_capacity = capacity;
        }
        queue->slots_free[queue->slot_free_count++] = queue->slot_count++;
    }
    uint32_t slot = queue->slots_free[--queue->slot_free_count];
    timer->slot = slot + 1;
    return slot;
}

static size_t place_of(const sim_queue *queue, const sim_timer *timer)
{
    return queue->places[timer->slot - 1];
}

/* ---- the line of what is due now ---- */

static void join_line(sim_queue *queue, sim_timer *timer)
{
    sim_queue_cancel(queue, timer);
    if (queue->line_end == queue->line_capacity) {
        queue->line_capacity = queue->line_capacity ? 2 * queue->line_capacity : 64;
        queue->line = sim_reallocate(queue->line, queue->line_capacity * sizeof *queue->line);
    }
    uint32_t slot = take_slot(queue, timer);
    queue->places[slot] = PLACE_IN_LINE + queue->line_end;
    queue->line[queue->line_end++] = timer;
}

/* The first in the line, or NULL when it is empty. */
static sim_timer *line_head(sim_queue *queue)
{
    while (queue->line_first < queue->line_end) {
        if (queue->line[queue->line_first])
            return queue->line[queue->line_first];
        queue->line_first++;
    }
    queue->line_first = queue->line_end = 0;
    return NULL;
}

/* ---- arming ---- */

void sim_queue_arm_drawn(sim_queue *queue, sim_timer *timer, uint64_t at, uint64_t order)
{
    UFTP_ASSERT(at >= queue->now);
    if (!queue->many) {
        if (!timer->slot && queue->count < SIM_QUEUE_FEW) {
            queue->few[queue->count++].timer = timer;
            timer->slot = (uint32_t)queue->count;
        }
        if (timer->slot) {
            put_among_few(queue, timer->slot - 1, at, order);
            return;
        }
        become_many(queue);
    }
    if (timer->slot && place_of(queue, timer) >= PLACE_IN_LINE)
        sim_queue_cancel(queue, timer);
    sim_queue_entry entry = {.at = at, .order = order, .timer = timer};
    if (timer->slot) {
        entry.slot = timer->slot - 1;
        settle(queue, place_of(queue, timer), entry);
        return;
    }
    if (queue->count == queue->capacity) {
        queue->capacity = queue->capacity ? 2 * queue->capacity : 64;
        queue->entries = sim_reallocate(queue->entries, queue->capacity * sizeof *queue->entries);
    }
    entry.slot = take_slot(queue, timer);
    sift_up(queue, queue->count++, entry);
}

void sim_queue_arm(sim_queue *queue, sim_timer *timer, uint64_t at)
{
    if (at == UFTP_NEVER)
        sim_queue_cancel(queue, timer);
    else if (at == queue->now && queue->many)
        join_line(queue, timer);
    else
        sim_queue_arm_drawn(queue, timer, at, sim_queue_draw(queue));
}

void sim_queue_cancel(sim_queue *queue, sim_timer *timer)
{
    if (!timer->slot)
        return;
    if (!queue->many) {
        cancel_of_few(queue, timer);
        return;
    }
    size_t place = place_of(queue, timer);
    queue->slots_free[queue->slot_free_count++] = timer->slot - 1;
    timer->slot = 0;
    if (place >= PLACE_IN_LINE) {
        queue->line[place - PLACE_IN_LINE] = NULL;
        return;
    }
    sim_queue_entry last = queue->entries[--queue->count];
    if (place < queue->count)
        settle(queue, place, last);
}

uint64_t sim_queue_due_of_many(const sim_queue *queue, const sim_timer *timer)
{
    size_t place = place_of(queue, timer);
    return place >= PLACE_IN_LINE ? queue->now : queue->entries[place].at;
}

uint64_t sim_queue_search(const sim_queue *queue)
{
    if (!queue->many)
        return queue->count ? queue->few[earliest_of_few(queue)].at : UFTP_NEVER;
    for (size_t i = queue->line_first; i < queue->line_end; i++)
        if (queue->line[i])
            return queue->now;
    return queue->count ? queue->entries[0].at : UFTP_NEVER;
}

static bool step_of_few(sim_queue *queue, uint64_t end)
{
    if (queue->count == 0)
        return false;
    if (!queue->first_known) {
        queue->first = earliest_of_few(queue);
        queue->first_known = true;
    }
    const sim_queue_entry *entry = &queue->few[queue->first];
    if (entry->at > end)
        return false;
    sim_timer *timer = entry->timer;
    queue->now = entry->at;
    cancel_of_few(queue, timer);
    queue->fired++;
    timer->fire(timer, queue->now);
    return true;
}

bool sim_queue_step(sim_queue *queue, uint64_t end)
{
    if (!queue->many)
        return step_of_few(queue, end);
    sim_timer *timer = line_head(queue);
    if (queue->count && (!timer || queue->entries[0].at == queue->now))
        timer = queue->entries[0].timer;
    if (!timer || sim_queue_due(queue, timer) > end)
        return false;
    queue->now = sim_queue_due(queue, timer);
    sim_queue_cancel(queue, timer);
    if (queue->count)
        __builtin_prefetch(queue->entries[0].timer); /* what is large and far apart comes slowly */
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
