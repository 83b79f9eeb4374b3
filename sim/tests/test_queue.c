/* SPDX-License-Identifier: MIT
 *
 * The event queue against a model too simple to be wrong, and its speed in numbers of events.
 */
#include "expect.h"

#include "engine/queue.h"

#include <stdio.h>
#include <time.h>

#define TIMERS 200

typedef struct naive {
    uint64_t at, order;
    bool armed;
} naive;

static sim_timer timers[TIMERS];
static naive model[TIMERS];
static int fired_last;

static void note(sim_timer *timer, uint64_t now)
{
    (void)now;
    fired_last = (int)(timer - timers);
}

static int naive_first(void)
{
    int best = -1;
    for (int i = 0; i < TIMERS; i++)
        if (model[i].armed &&
            (best < 0 || model[i].at < model[best].at ||
             (model[i].at == model[best].at && model[i].order < model[best].order)))
            best = i;
    return best;
}

static void step_both(sim_queue *queue)
{
    int expected = naive_first();
    fired_last = -1;
    assert_int_equal(sim_queue_step(queue, UFTP_NEVER - 1), expected >= 0);
    assert_int_equal(fired_last, expected);
    if (expected >= 0) {
        assert_int_equal(queue->now, model[expected].at);
        model[expected].armed = false;
    }
}

/* A wrong sift or a place index that is not kept up shows as the wrong timer, sooner or later. */
static void queue_fires_as_a_sorted_list_would(void **state)
{
    (void)state;
    SIM_EACH_SEED(seed, 1, 20)
    {
        sim_queue queue;
        sim_random random;
        /* The later seeds stay in the table of few, or leave it in the course of things. */
        uint64_t order = 0, used = seed % 20 < 10 ? TIMERS : seed % 20 - 6;
        sim_queue_init(&queue, 5);
        sim_random_init(&random, seed, "test");
        for (int i = 0; i < TIMERS; i++) {
            timers[i] = (sim_timer){.fire = note};
            model[i] = (naive){0};
        }
        for (int round = 0; round < 20000; round++) {
            int i = (int)sim_random_below(&random, used);
            switch (sim_random_below(&random, 4)) {
            case 0:
            case 1: /* few different times, so that many tie */
                model[i] = (naive){.at = queue.now + sim_random_below(&random, 8),
                                   .order = order++,
                                   .armed = true};
                sim_queue_arm(&queue, &timers[i], model[i].at);
                assert_int_equal(sim_queue_due(&queue, &timers[i]), model[i].at);
                break;
            case 2:
                sim_queue_cancel(&queue, &timers[i]);
                model[i].armed = false;
                assert_int_equal(sim_queue_due(&queue, &timers[i]), UFTP_NEVER);
                break;
            default:
                step_both(&queue);
            }
        }
        while (queue.count)
            step_both(&queue);
        assert_int_equal(naive_first(), -1);
        sim_queue_free(&queue);
    }
}

/* Rearming must move an entry, not add one: a receiver rearms with every datagram. */
static void rearming_leaves_nothing_behind(void **state)
{
    (void)state;
    sim_queue queue;
    sim_queue_init(&queue, 0);
    timers[0] = (sim_timer){.fire = note};
    for (uint64_t i = 0; i < 100000; i++)
        sim_queue_arm(&queue, &timers[0], 1000000 - i);
    assert_int_equal(queue.count, 1);
    sim_queue_arm(&queue, &timers[0], UFTP_NEVER);
    assert_int_equal(queue.count, 0);
    assert_int_equal(sim_queue_next(&queue), UFTP_NEVER);
    sim_queue_free(&queue);
}

/* A step must not run past the end, nor move the clock when it does nothing. */
static void step_stops_at_the_end(void **state)
{
    (void)state;
    sim_queue queue;
    sim_queue_init(&queue, 0);
    timers[0] = (sim_timer){.fire = note};
    sim_queue_arm(&queue, &timers[0], 11);
    assert_false(sim_queue_step(&queue, 10));
    assert_int_equal(queue.now, 0);
    sim_queue_advance(&queue, 10);
    assert_int_equal(queue.now, 10);
    assert_true(sim_queue_step(&queue, 11));
    assert_int_equal(queue.now, 11);
    sim_queue_free(&queue);
}

static sim_queue busy;
static sim_random busy_random;
static uint64_t busy_left;

static void again(sim_timer *timer, uint64_t now)
{
    if (busy_left > 0) {
        busy_left--;
        sim_queue_arm(&busy, timer, now + 1 + sim_random_below(&busy_random, 1000000));
    }
}

/* A thousand timers that each arm themselves again. The figure is printed, not judged: the machine
 * may be busy. What is judged is that none is lost. */
static void queue_loses_no_event_of_a_million(void **state)
{
    (void)state;
    static sim_timer many[1000];
    sim_queue_init(&busy, 0);
    sim_random_init(&busy_random, 1, "busy");
    busy_left = 1000000;
    for (size_t i = 0; i < 1000; i++) {
        many[i] = (sim_timer){.fire = again};
        sim_queue_arm(&busy, &many[i], sim_random_below(&busy_random, 1000000));
    }
    clock_t start = clock();
    while (sim_queue_step(&busy, UFTP_NEVER - 1))
        ;
    double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
    assert_int_equal(busy.fired, 1001000);
    print_message("%.1f million events per second\n", 1.001 / (seconds > 0 ? seconds : 1e-6));
    sim_queue_free(&busy);
}

static const struct CMUnitTest tests[] = {
    SIM_TEST(queue_fires_as_a_sorted_list_would),
    SIM_TEST(rearming_leaves_nothing_behind),
    SIM_TEST(step_stops_at_the_end),
    SIM_TEST(queue_loses_no_event_of_a_million),
};

SIM_TEST_MAIN(tests)
