/* SPDX-License-Identifier: MIT
 *
 * ALOHA against its throughput. The slot and the packet time are a millisecond, loads are given in
 * packets per packet time.
 */
#include "models.h"

#include <stdio.h>

#define STATIONS 100
#define TIMES 20000 /* packet times in a run */

static bench_branch stations[STATIONS];

static sim_contention *open_channel(bench *b, const sim_contention_config *config)
{
    sim_contention *channel = sim_contention_new(&b->medium, "return", config);
    for (int i = 0; i < STATIONS; i++) {
        static char places[STATIONS][16];
        snprintf(places[i], sizeof places[i], "site-%d>", i);
        bench_branch_open(b, &stations[i], places[i], &(sim_link){.contention = channel});
    }
    return channel;
}

static void close_channel(void)
{
    for (int i = 0; i < STATIONS; i++)
        bench_branch_close(&stations[i]);
}

/* What gets through in thousandths of the packet times. Each station begins with the chance
 * load/100 in each slot; the packets come somewhere within the slot before. */
static uint64_t slotted_throughput(uint64_t seed, uint32_t load_ppm)
{
    bench *b = bench_new(seed);
    const sim_contention *channel =
        open_channel(b, &(sim_contention_config){.rate_bytes_per_s = 1000000, .slot = UFTP_MS(1)});
    sim_random random;
    sim_random_init(&random, seed, "arrivals");
    for (uint64_t slot = 1; slot <= TIMES; slot++) {
        uint64_t at = slot * UFTP_MS(1) - UFTP_US(500);
        for (int i = 0; i < STATIONS; i++)
            if (sim_random_chance(&random, load_ppm, UINT64_C(1000000) * STATIONS))
                bench_branch_send(b, &stations[i], at, 0, 1000);
    }
    bench_run(b);
    const sim_contention_counters *c = sim_contention_count(channel);
    assert_int_equal(c->passed + c->given_up, c->transmissions);
    uint64_t passed = c->passed;
    close_channel();
    bench_free(b);
    return passed * 1000 / TIMES;
}

/* G (1-G/n)^(n-1), and G e^-G for many stations: 0.3050 and 0.3033 at 0.5, 0.3697 and 0.3679 at 1,
 * 0.2707 and 0.2707 at 2. One slot in a run of 20000 deviates by at most 0.5: 5 * 0.5/141 = 0.018.
 */
static void slotted_aloha_passes_g_e_to_the_minus_g(void **state)
{
    (void)state;
    SIM_EACH_SEED(seed, 1, 3)
    {
        assert_in_range(slotted_throughput(seed, 500000), 305 - 17, 305 + 17);
        assert_in_range(slotted_throughput(seed, 1000000), 369 - 18, 369 + 18);
        assert_in_range(slotted_throughput(seed, 2000000), 270 - 17, 270 + 17);
    }
}

/* One packet may come in each hundredth of a packet time, from one station after the other: it gets
 * through when none comes in the 99 hundredths before and behind it, g (1-g/100)^198. */
static uint64_t pure_throughput(uint64_t seed, uint32_t load_ppm)
{
    bench *b = bench_new(seed);
    const sim_contention *channel =
        open_channel(b, &(sim_contention_config){.rate_bytes_per_s = 1000000});
    sim_random random;
    sim_random_init(&random, seed, "arrivals");
    uint32_t next = 0;
    for (uint64_t tick = 1; tick <= 100 * TIMES; tick++)
        if (sim_random_chance(&random, load_ppm, 100000000))
            bench_branch_send(b, &stations[next++ % STATIONS], tick * UFTP_US(10), 0, 1000);
    bench_run(b);
    uint64_t passed = sim_contention_count(channel)->passed;
    close_channel();
    bench_free(b);
    return passed * 1000 / TIMES;
}

/* G e^-2G: 0.1516 at 0.25, 0.1839 at 0.5 (its peak), 0.1353 at 1. */
static void pure_aloha_passes_g_e_to_the_minus_2g(void **state)
{
    (void)state;
    SIM_EACH_SEED(seed, 1, 3)
    {
        assert_in_range(pure_throughput(seed, 250000), 152 - 14, 152 + 14);
        assert_in_range(pure_throughput(seed, 500000), 184 - 16, 184 + 16);
        assert_in_range(pure_throughput(seed, 1000000), 136 - 16, 136 + 16);
    }
}

/* Two that overlap are both lost, by one nanosecond or by all; two that touch are not. */
static void only_what_overlaps_collides(void **state)
{
    (void)state;
    static const struct {
        uint64_t second_at, passed;
    } cases[] = {{0, 0}, {UFTP_MS(1) - 1, 0}, {UFTP_MS(1), 2}, {UFTP_MS(1) + 1, 2}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bench *b = bench_new(1);
        const sim_contention *channel =
            open_channel(b, &(sim_contention_config){.rate_bytes_per_s = 1000000});
        bench_branch_send(b, &stations[0], 0, 1, 1000);
        bench_branch_send(b, &stations[1], cases[i].second_at, 2, 1000);
        bench_run(b);
        assert_int_equal(sim_contention_count(channel)->passed, cases[i].passed);
        close_channel();
        bench_free(b);
    }
}

/* The same where the second one has been waiting since before the first began: two collide, the
 * shorter one is tried again from 10 to 11 ms, the longer one from 11 ms on. */
static void transmission_that_follows_at_once_does_not_collide(void **state)
{
    (void)state;
    bench *b = bench_new(1);
    const sim_contention *channel =
        open_channel(b, &(sim_contention_config){
                            .rate_bytes_per_s = 1000000, .tries_max = 2, .feedback = UFTP_MS(9)});
    bench_branch_send(b, &stations[0], 0, 1, 1000);
    bench_branch_send(b, &stations[1], 0, 2, 2000);
    bench_run(b);
    assert_int_equal(stations[0].at, UFTP_MS(11));
    assert_int_equal(stations[1].at, UFTP_MS(13));
    assert_int_equal(sim_contention_count(channel)->collided, 2);
    close_channel();
    bench_free(b);
}

/* Everyone begins at once, and everyone gets through in the end. */
static void stations_try_again_after_a_drawn_pause(void **state)
{
    (void)state;
    bench *b = bench_new(sim_seed(1));
    const sim_contention *channel =
        open_channel(b, &(sim_contention_config){.rate_bytes_per_s = 1000000,
                                                 .slot = UFTP_MS(1),
                                                 .tries_max = 100,
                                                 .feedback = UFTP_MS(250),
                                                 .backoff = UFTP_MS(500)});
    for (int i = 0; i < STATIONS; i++)
        for (uint32_t n = 0; n < 3; n++)
            bench_branch_send(b, &stations[i], 0, n, 1000);
    bench_run(b);
    for (int i = 0; i < STATIONS; i++) {
        assert_int_equal(stations[i].count, 3);
        assert_int_equal(stations[i].number, 2); /* in order */
        assert_true(stations[i].at >= UFTP_MS(251));
        assert_int_equal(stations[i].at % UFTP_MS(1), 0);
    }
    assert_int_equal(sim_contention_count(channel)->given_up, 0);
    close_channel();
    bench_free(b);
}

/* Two in step with no pause to draw collide until they give up; a full queue drops. */
static void tries_and_queue_have_an_end(void **state)
{
    (void)state;
    bench *b = bench_new(1);
    const sim_contention *channel = open_channel(
        b,
        &(sim_contention_config){
            .rate_bytes_per_s = 1000000, .tries_max = 3, .queue_bytes = 2500, .slot = UFTP_MS(1)});
    for (uint32_t n = 0; n < 4; n++)
        for (int i = 0; i < 2; i++)
            bench_branch_send(b, &stations[i], 0, n, 1000);
    assert_int_equal(stations[0].first->dropped, 2);
    bench_run(b);
    const sim_contention_counters *c = sim_contention_count(channel);
    assert_int_equal(c->transmissions, 12);
    assert_int_equal(c->given_up, 4);
    assert_int_equal(b->queue.now, UFTP_MS(6));
    bench_branch_send(b, &stations[0], UFTP_MS(10), 9, 1000); /* on air as its link goes */
    bench_run_until(b, UFTP_MS(10));
    close_channel();
    bench_free(b);
}

static const struct CMUnitTest tests[] = {
    SIM_TEST(slotted_aloha_passes_g_e_to_the_minus_g),
    SIM_TEST(pure_aloha_passes_g_e_to_the_minus_2g),
    SIM_TEST(only_what_overlaps_collides),
    SIM_TEST(transmission_that_follows_at_once_does_not_collide),
    SIM_TEST(stations_try_again_after_a_drawn_pause),
    SIM_TEST(tries_and_queue_have_an_end),
};

SIM_TEST_MAIN(tests)
