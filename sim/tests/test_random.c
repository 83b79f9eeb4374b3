/* SPDX-License-Identifier: MIT
 *
 * Named streams: fixed numbers on every machine, independent of each other, and fair.
 */
#include "expect.h"

#include "engine/random.h"

#include <string.h>

/* Known values: a change of the generator or of the hash of names would silently give every
 * recorded seed another meaning. */
static void streams_are_the_same_on_every_machine(void **state)
{
    (void)state;
    sim_random random;
    sim_random_init(&random, 1, "loss/hub>plant");
    const uint64_t first = sim_random_u64(&random), second = sim_random_u64(&random);
    assert_int_equal(first, UINT64_C(0x1f2068e6b6b040d6));
    assert_int_equal(second, UINT64_C(0x00606151572101ac));
    uint8_t bytes[11];
    sim_random_init(&random, 1, "loss/hub>plant");
    random.core.fill(random.core.ctx, sizeof bytes, bytes);
    for (size_t i = 0; i < sizeof bytes; i++)
        assert_int_equal(bytes[i], (uint8_t)((i < 8 ? first : second) >> 8 * (i % 8)));
}

/* Two names, or two seeds, that shared a stream would make two links fail together. */
static void every_name_and_seed_has_its_own_stream(void **state)
{
    (void)state;
    static const char *const names[] = {"loss/a>b", "loss/b>a", "loss/a>c", "delay/a>b", "", "l"};
    uint64_t seen[6 * 50];
    size_t count = 0;
    for (size_t n = 0; n < 6; n++)
        for (uint64_t seed = 0; seed < 50; seed++) {
            sim_random random;
            sim_random_init(&random, seed, names[n]);
            seen[count] = sim_random_u64(&random);
            for (size_t i = 0; i < count; i++)
                assert_true(seen[i] != seen[count]);
            count++;
        }
}

/* A biased draw would make every loss rate wrong by a little. */
static void draws_below_a_limit_are_uniform(void **state)
{
    (void)state;
    SIM_EACH_SEED(seed, 1, 20)
    {
        sim_random random;
        unsigned buckets[7] = {0};
        sim_random_init(&random, seed, "uniform");
        for (int i = 0; i < 70000; i++)
            buckets[sim_random_below(&random, 7)]++;
        for (int i = 0; i < 7; i++) /* 10000 expected, standard deviation 93: five of them */
            assert_in_range(buckets[i], 9535, 10465);
    }
}

/* A limit just above 2^63 is where a draw without rejection favours the low half two to one. */
static void draws_below_a_huge_limit_are_not_folded(void **state)
{
    (void)state;
    sim_random random;
    unsigned low = 0;
    const uint64_t limit = (UINT64_C(1) << 63) + (UINT64_C(1) << 62);
    sim_random_init(&random, 1, "huge");
    for (int i = 0; i < 9000; i++) {
        uint64_t value = sim_random_below(&random, limit);
        assert_true(value < limit);
        low += value < limit / 3;
    }
    assert_in_range(low, 2776, 3224); /* 3000, five standard deviations of 44.7 */
}

static void chances_are_met_and_the_extremes_are_certain(void **state)
{
    (void)state;
    SIM_EACH_SEED(seed, 1, 20)
    {
        sim_random random;
        unsigned hits = 0;
        sim_random_init(&random, seed, "chance");
        for (int i = 0; i < 20000; i++) {
            hits += sim_random_chance(&random, 1, 20);
            assert_false(sim_random_chance(&random, 0, 20));
            assert_true(sim_random_chance(&random, 20, 20));
        }
        assert_in_range(hits, 846, 1154); /* 1000, five standard deviations of 30.8 */
    }
}

static const struct CMUnitTest tests[] = {
    SIM_TEST(streams_are_the_same_on_every_machine),
    SIM_TEST(every_name_and_seed_has_its_own_stream),
    SIM_TEST(draws_below_a_limit_are_uniform),
    SIM_TEST(draws_below_a_huge_limit_are_not_folded),
    SIM_TEST(chances_are_met_and_the_extremes_are_certain),
};

SIM_TEST_MAIN(tests)
