/* SPDX-License-Identifier: MIT */
#include "models.h"

static void expect_numbers(const bench *b, const uint32_t *numbers, size_t count)
{
    assert_int_equal(b->count, count);
    assert_memory_equal(b->number, numbers, count * sizeof *numbers);
}

static void nth_packets_are_dropped_and_no_others(void **state)
{
    (void)state;
    bench *b = bench_new(1);
    bench_link(b, &(sim_link){.drop_nth = (const uint32_t[]){1, 2, 5, 0}});
    bench_send(b, 1, 7, 0, 1, 100);
    expect_numbers(b, (const uint32_t[]){3, 4, 6, 7}, 4);
    bench_free(b);
}

/* Rules count what they match, not what others left over; byte 50 is always zero here. */
static void rules_count_the_packets_that_they_match(void **state)
{
    (void)state;
    const sim_drop rules[] = {
        {.offset = 0, .value = 3},                          /* the first one numbered 3 */
        {.offset = 50, .value = 0, .first = 5, .count = 2}, /* the 5th and 6th of all */
        {.offset = 200, .value = 0},                        /* behind the end: none */
    };
    bench *b = bench_new(1);
    bench_link(b, &(sim_link){.drops = rules, .drop_count = 3});
    bench_send(b, 1, 8, 0, 1, 100);
    bench_send(b, 3, 1, 20, 1, 100); /* a second number 3 passes */
    expect_numbers(b, (const uint32_t[]){1, 2, 4, 7, 8, 3}, 6);
    bench_free(b);
}

static bool is_even(void *ctx, const uint8_t *bytes, size_t len)
{
    ++*(unsigned *)ctx;
    return len > 0 && bytes[0] % 2 == 0;
}

static void predicate_decides_until_the_end_of_time(void **state)
{
    (void)state;
    unsigned asked = 0;
    const sim_drop rule = {.match = is_even, .ctx = &asked, .count = UINT32_MAX};
    bench *b = bench_new(1);
    bench_link(b, &(sim_link){.drops = &rule, .drop_count = 1});
    bench_send(b, 1, 6, 0, 1, 100);
    expect_numbers(b, (const uint32_t[]){1, 3, 5}, 3);
    assert_int_equal(asked, 6);
    bench_free(b);
}

static const struct CMUnitTest tests[] = {
    SIM_TEST(nth_packets_are_dropped_and_no_others),
    SIM_TEST(rules_count_the_packets_that_they_match),
    SIM_TEST(predicate_decides_until_the_end_of_time),
};

SIM_TEST_MAIN(tests)
