/* SPDX-License-Identifier: MIT
 *
 * The loss in bursts against its closed form. Bounds are five standard deviations, those of the
 * chain: losses in a row are correlated with (1-p-r), so a count of n has the variance
 * n q (1-q) (1+c)/(1-c), and not n q (1-q).
 */
#include "models.h"

#include <string.h>

#define COUNT 20000
#define SEEDS 50

typedef struct losses {
    uint64_t lost, bursts;
} losses;

static losses run(uint64_t seed, const sim_gilbert_config *config)
{
    static bool lost[COUNT];
    bench *b = bench_new(seed);
    bench_link(b, &(sim_link){.gilbert = *config});
    bench_send(b, 0, COUNT, 0, 1, 100);
    memset(lost, 1, sizeof lost);
    for (size_t i = 0; i < b->count; i++)
        lost[b->number[i]] = false;
    losses l = {0};
    for (size_t i = 0; i < COUNT; i++) {
        l.lost += lost[i];
        l.bursts += lost[i] && (i == 0 || !lost[i - 1]);
    }
    bench_free(b);
    return l;
}

/* p = 0.01, r = 0.2: p/(p+r) = 4.762 % lost, in bursts of 1/r = 5. For one seed the deviation is
 * 88 packets; all seeds together have 9524 bursts, whose mean deviates by 0.0458. */
static void losses_come_at_the_rate_and_in_the_bursts_of_gilberts_model(void **state)
{
    (void)state;
    const sim_gilbert_config config = {.p_ppm = 10000, .r_ppm = 200000};
    losses all = {0};
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        losses l = run(seed, &config);
        assert_in_range(l.lost, 952 - 440, 952 + 440);
        all.lost += l.lost;
        all.bursts += l.bursts;
    }
    assert_in_range(all.lost, 47619 - 3110, 47619 + 3110);
    assert_in_range(all.lost * 1000 / all.bursts, 5000 - 229, 5000 + 229);
}

/* h = 0.3, 1-k = 0.02: (p (1-h) + r (1-k)) / (p + r) = 13.333 %, deviation 644 of a million. */
static void losses_in_both_states_follow_elliott(void **state)
{
    (void)state;
    const sim_gilbert_config config = {
        .p_ppm = 50000, .r_ppm = 250000, .h_ppm = 300000, .good_loss_ppm = 20000};
    losses all = {0};
    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        all.lost += run(seed, &config).lost;
    assert_in_range(all.lost, 133333 - 3220, 133333 + 3220);
}

/* p + r = 1 is the independent case: bursts of 1/(1-q). */
static void chain_without_memory_is_bernoulli(void **state)
{
    (void)state;
    const sim_gilbert_config config = {.p_ppm = 200000, .r_ppm = 800000};
    losses all = {0};
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        losses l = run(seed, &config);
        all.lost += l.lost;
        all.bursts += l.bursts;
    }
    assert_in_range(all.lost, 200000 - 2000, 200000 + 2000);
    assert_in_range(all.lost * 1000 / all.bursts, 1250 - 7, 1250 + 7); /* 160000 bursts, 0.0014 */
}

/* r = 0: once bad, for ever. */
static void bad_state_without_a_way_out_loses_all(void **state)
{
    (void)state;
    assert_int_equal(run(1, &(sim_gilbert_config){.p_ppm = 1}).lost, COUNT);
}

static const struct CMUnitTest tests[] = {
    SIM_TEST(losses_come_at_the_rate_and_in_the_bursts_of_gilberts_model),
    SIM_TEST(losses_in_both_states_follow_elliott),
    SIM_TEST(chain_without_memory_is_bernoulli),
    SIM_TEST(bad_state_without_a_way_out_loses_all),
};

SIM_TEST_MAIN(tests)
