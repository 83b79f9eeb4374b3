/* SPDX-License-Identifier: MIT */
#include "models.h"

static void fixed_delay_is_exact(void **state)
{
    (void)state;
    bench *b = bench_new(1);
    bench_link(b, &(sim_link){.delay = UFTP_MS(270)});
    bench_send(b, 0, 100, UFTP_MS(5), UFTP_US(10), 100);
    assert_int_equal(b->count, 100);
    for (uint32_t i = 0; i < 100; i++) {
        assert_int_equal(b->number[i], i);
        assert_int_equal(b->at[i], UFTP_MS(275) + i * UFTP_US(10));
    }
    bench_free(b);
}

/* A jitter that reorders unasked would show as loss in a receiver that is right. */
static void jitter_keeps_the_order_unless_asked(void **state)
{
    (void)state;
    SIM_EACH_SEED(seed, 1, 10)
    {
        for (int reorder = 0; reorder < 2; reorder++) {
            bench *b = bench_new(seed);
            bench_link(b, &(sim_link){
                              .delay = UFTP_MS(10), .jitter = UFTP_MS(3), .reorder = reorder == 1});
            bench_send(b, 0, 1000, 0, UFTP_US(100), 100);
            unsigned inversions = 0;
            assert_int_equal(b->count, 1000);
            for (uint32_t i = 0; i < 1000; i++) {
                uint64_t sent = b->number[i] * UFTP_US(100);
                assert_in_range(b->at[i] - sent, UFTP_MS(10), UFTP_MS(13));
                inversions += i > 0 && b->number[i] < b->number[i - 1];
            }
            if (reorder)
                assert_true(inversions > 100);
            else
                assert_int_equal(inversions, 0);
            bench_free(b);
        }
    }
}

static const struct CMUnitTest tests[] = {
    SIM_TEST(fixed_delay_is_exact),
    SIM_TEST(jitter_keeps_the_order_unless_asked),
};

SIM_TEST_MAIN(tests)
