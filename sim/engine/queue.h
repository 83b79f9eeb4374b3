/* SPDX-License-Identifier: MIT
 *
 * The virtual clock and what is going to happen on it: a 4-ary heap of timers ordered by (time,
 * order of arming), so that what falls on one instant happens in one fixed order. A timer is
 * embedded in its owner and leads to its place in the heap: arming it again moves it, and nothing
 * stale is ever left behind. The places stand together in a table: the owners are large and far
 * apart, and a heap that wrote into them at each step would be slow. What is armed for this very
 * instant waits in a line beside the heap: everything in the heap that is due now was armed before
 * it.
 *
 * A queue that never had more than a few timers, as that of a receiver with a lane, is only a short
 * table in no order: to look through it costs less than to keep a heap.
 */
#ifndef SIM_QUEUE_H
#define SIM_QUEUE_H

#include <uftp/core.h>

/* The struct of `type` whose `member` is at `pointer`. */
#define SIM_OWNER(pointer, type, member) \
    ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

typedef struct sim_timer sim_timer;
typedef void sim_timer_fire(sim_timer *timer, uint64_t now);

struct sim_timer {
    sim_timer_fire *fire; /* called once per arming; may arm the timer again */
    uint32_t slot;        /* 1 + index of its place (sim_queue); 0 while idle */
};

typedef struct sim_queue_entry {
    uint64_t at, order;
    sim_timer *timer;
    uint32_t slot;
} sim_queue_entry;

#define SIM_QUEUE_FEW 8

typedef struct sim_queue {
    uint64_t now;      /* ns; moves only in sim_queue_step() and sim_queue_advance() */
    uint64_t order[2]; /* armings so far, by `early` */
    bool early;        /* what is armed now comes before all at its time that is armed otherwise */
    uint64_t fired;    /* timers fired so far */
    bool many;         /* there was once no room in the table */
    bool first_known;  /* `first` is the earliest in the table */
    uint32_t first;
    sim_queue_entry few[SIM_QUEUE_FEW]; /* the table; a timer's slot is 1 + the index in it */
    sim_queue_entry *entries;           /* the heap */
    size_t count, capacity;             /* of either */
    size_t *places; /* by slot: an index in the heap, or SIM_PLACE_IN_LINE and one in the line */
    uint32_t *slots_free;
    uint32_t slot_count, slot_capacity, slot_free_count;
    sim_timer **line; /* due now, in order; NULL where one was cancelled */
    size_t line_first, line_end, line_capacity;
} sim_queue;

void sim_queue_init(sim_queue *queue, uint64_t now);
/* Timers still armed are forgotten; their owners free themselves. */
void sim_queue_free(sim_queue *queue);

/* `at` is not before the queue's now. UFTP_NEVER cancels. */
void sim_queue_arm(sim_queue *queue, sim_timer *timer, uint64_t at);
/* In the place of something that was to be armed earlier: `order` was drawn then. */
static inline uint64_t sim_queue_draw(sim_queue *queue)
{
    return queue->order[queue->early]++ | (uint64_t)!queue->early << 63;
}
void sim_queue_arm_drawn(sim_queue *queue, sim_timer *timer, uint64_t at, uint64_t order);
void sim_queue_cancel(sim_queue *queue, sim_timer *timer); /* an idle timer is fine */
static inline bool sim_timer_armed(const sim_timer *timer)
{
    return timer->slot != 0;
}
uint64_t sim_queue_due_of_many(const sim_queue *queue, const sim_timer *timer);
/* When an armed timer is due; UFTP_NEVER for an idle one. */
static inline uint64_t sim_queue_due(const sim_queue *queue, const sim_timer *timer)
{
    if (!timer->slot)
        return UFTP_NEVER;
    return queue->many ? sim_queue_due_of_many(queue, timer) : queue->few[timer->slot - 1].at;
}

uint64_t sim_queue_search(const sim_queue *queue);
/* The earliest time in the queue, UFTP_NEVER when it is empty. */
static inline uint64_t sim_queue_next(const sim_queue *queue)
{
    if (!queue->many && queue->first_known)
        return queue->few[queue->first].at;
    return sim_queue_search(queue);
}
/* Moves the clock to the earliest timer and fires it, unless that is later than `end`. */
bool sim_queue_step(sim_queue *queue, uint64_t end);
/* Moves the clock forward where nothing is due before `now`. */
void sim_queue_advance(sim_queue *queue, uint64_t now);

#endif
