/* SPDX-License-Identifier: MIT */
#include "models.h"

static void held_packets_are_overtaken_by_those_behind(void **state)
{
    (void)state;
    bench *b = bench_new(1);
    bench_link(b, &(sim_link){.hold_every = 3, .hold_time = UFTP_US(2500)});
    bench_send(b, 1, 6, 0, UFTP_MS(1), 100);
    const uint32_t numbers[] = {1, 2, 4, 5, 3, 6};
    assert_int_equal(b->count, 6);
    assert_memory_equal(b->number, numbers, sizeof numbers);
    assert_int_equal(b->at[4], UFTP_US(4500));
    assert_int_equal(b->at[5], UFTP_US(7500));
    bench_free(b);
}

static void holding_by_chance_loses_nothing(void **state)
{
    (void)state;
    SIM_EACH_SEED(seed, 1, 10)
    {
        bench *b = bench_new(seed);
        bench_link(b, &(sim_link){.hold_ppm = 100000, .hold_time = UFTP_MS(50)});
        bench_send(b, 0, 2000, 0, UFTP_US(100), 100);
        unsigned late = 0;
        for (size_t i = 0; i < b->count; i++)
            late += b->at[i] > b->number[i] * UFTP_US(100);
        assert_int_equal(b->count, 2000);
        assert_in_range(late, 133, 267); /* 200, five standard deviations of 13.4 */
        bench_free(b);
    }
}

static const struct CMUnitTest tests[] = {
    SIM_TEST(held_packets_are_overtaken_by_those_behind),
    SIM_TEST(holding_by_chance_loses_nothing),
};

SIM_TEST_MAIN(tests)
