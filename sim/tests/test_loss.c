/* SPDX-License-Identifier: MIT */
#include "models.h"

#include <string.h>

static void loss_rate_is_met_for_every_seed(void **state)
{
    (void)state;
    SIM_EACH_SEED(seed, 1, 50)
    {
        bench *b = bench_new(seed);
        bench_link(b, &(sim_link){.loss_ppm = 50000});
        bench_send(b, 0, 10000, 0, 1, 100);
        assert_in_range(10000 - b->count, 391, 609); /* 500, five standard deviations of 21.8 */
        bench_free(b);
    }
}

/* Independent means that the chance is the same right behind a loss. */
static void losses_do_not_come_in_bursts(void **state)
{
    (void)state;
    bench *b = bench_new(3);
    bench_link(b, &(sim_link){.loss_ppm = 200000});
    bench_send(b, 0, 20000, 0, 1, 100);
    static bool lost[20000];
    memset(lost, 1, sizeof lost);
    for (size_t i = 0; i < b->count; i++)
        lost[b->number[i]] = false;
    unsigned singles = 0, pairs = 0;
    for (size_t i = 1; i < 20000; i++) {
        singles += lost[i - 1];
        pairs += lost[i - 1] && lost[i];
    }
    assert_in_range(pairs * 1000 / singles, 168, 232); /* 0.2, five standard deviations */
    bench_free(b);
}

static void certain_loss_and_none(void **state)
{
    (void)state;
    bench *b = bench_new(1);
    bench_link(b, &(sim_link){.loss_ppm = 1000000});
    bench_send(b, 0, 100, 0, 1, 100);
    assert_int_equal(b->count, 0);
    bench_link(b, &(sim_link){0});
    bench_send(b, 0, 100, 200, 1, 100);
    assert_int_equal(b->count, 100);
    bench_free(b);
}

static const struct CMUnitTest tests[] = {
    SIM_TEST(loss_rate_is_met_for_every_seed),
    SIM_TEST(losses_do_not_come_in_bursts),
    SIM_TEST(certain_loss_and_none),
};

SIM_TEST_MAIN(tests)
