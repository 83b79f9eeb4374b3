/* SPDX-License-Identifier: MIT */
#include "models.h"

/* Copies share their bytes: a wrong count of references shows under the address sanitizer. */
static void copies_follow_after_the_gap(void **state)
{
    (void)state;
    bench *b = bench_new(1);
    bench_link(b, &(sim_link){.duplicate_ppm = 1000000, .duplicate_gap = UFTP_MS(2)});
    bench_send(b, 0, 3, 0, UFTP_MS(1), 100);
    const uint32_t numbers[] = {0, 1, 0, 2, 1, 2};
    const uint64_t times[] = {0, UFTP_MS(1), UFTP_MS(2), UFTP_MS(2), UFTP_MS(3), UFTP_MS(4)};
    assert_int_equal(b->count, 6);
    assert_memory_equal(b->number, numbers, sizeof numbers);
    assert_memory_equal(b->at, times, sizeof times);
    bench_free(b);
}

static void duplicates_come_at_their_rate(void **state)
{
    (void)state;
    SIM_EACH_SEED(seed, 1, 20)
    {
        bench *b = bench_new(seed);
        bench_link(b, &(sim_link){.duplicate_ppm = 100000, .duplicate_gap = 1});
        bench_send(b, 0, 10000, 0, 10, 100);
        assert_in_range(b->count - 10000, 850, 1150); /* 1000, five standard deviations of 30 */
        bench_free(b);
    }
}

static const struct CMUnitTest tests[] = {
    SIM_TEST(copies_follow_after_the_gap),
    SIM_TEST(duplicates_come_at_their_rate),
};

SIM_TEST_MAIN(tests)
