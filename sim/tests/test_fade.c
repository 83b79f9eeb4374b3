/* SPDX-License-Identifier: MIT */
#include "models.h"

#define COUNT 20000

typedef struct fates {
    uint32_t a, b, both; /* lost */
} fates;

/* Two links, one packet after the other to both. */
static fates run(bench *b, sim_fade *over_a, sim_fade *over_b, uint64_t gap)
{
    bench_branch links[2];
    bench_branch_open(b, &links[0], "hub>a", &(sim_link){.fade = over_a});
    bench_branch_open(b, &links[1], "hub>b", &(sim_link){.fade = over_b});
    fates f = {0};
    for (uint32_t i = 1; i <= COUNT; i++) {
        bool lost[2];
        for (int j = 0; j < 2; j++) {
            uint64_t before = links[j].count;
            bench_branch_send(b, &links[j], i * gap, i, 100);
            lost[j] = links[j].count == before;
        }
        f.a += lost[0];
        f.b += lost[1];
        f.both += lost[0] && lost[1];
    }
    bench_branch_close(&links[0]);
    bench_branch_close(&links[1]);
    return f;
}

/* What rain takes from one receiver of the region it takes from the other. */
static void receivers_in_one_fade_lose_together(void **state)
{
    (void)state;
    static const sim_fade_level rain[] = {{.mean = UFTP_S(6)},
                                          {.loss_ppm = 400000, .mean = UFTP_S(2)}};
    SIM_EACH_SEED(seed, 1, 10)
    {
        bench *b = bench_new(seed);
        sim_fade *fade =
            sim_fade_new(&b->medium, "north", &(sim_fade_config){.levels = rain, .level_count = 2});
        fates f = run(b, fade, fade, UFTP_MS(10));
        assert_true(f.a > 0);
        assert_int_equal(f.a, f.b);
        assert_int_equal(f.a, f.both);
        bench_free(b);
    }
}

/* Rain somewhere else is independent: q^2 together. Fades of a single level make that exact:
 * q = 0.3, 1800 of 20000 with a deviation of 40. */
static void receivers_in_two_fades_lose_independently(void **state)
{
    (void)state;
    static const sim_fade_level rain[] = {{.loss_ppm = 300000, .mean = UFTP_S(1)}};
    const sim_fade_config config = {.levels = rain, .level_count = 1};
    SIM_EACH_SEED(seed, 1, 10)
    {
        bench *b = bench_new(seed);
        fates f = run(b, sim_fade_new(&b->medium, "north", &config),
                      sim_fade_new(&b->medium, "south", &config), UFTP_MS(10));
        assert_in_range(f.a, 6000 - 324, 6000 + 324);
        assert_in_range(f.both, 1800 - 202, 1800 + 202);
        bench_free(b);
    }
}

/* A share s that each draws for itself: together (1-s) q + s q^2; s = 0.25, q = 0.3: 24.75 %. */
static void share_that_is_drawn_apart_lowers_the_correlation(void **state)
{
    (void)state;
    static const sim_fade_level rain[] = {{.loss_ppm = 300000, .mean = UFTP_S(1)}};
    const sim_fade_config config = {.levels = rain, .level_count = 1, .apart_ppm = 250000};
    SIM_EACH_SEED(seed, 1, 10)
    {
        bench *b = bench_new(seed);
        sim_fade *fade = sim_fade_new(&b->medium, "north", &config);
        fates f = run(b, fade, fade, UFTP_MS(10));
        assert_in_range(f.a, 6000 - 324, 6000 + 324);
        assert_in_range(f.b, 6000 - 324, 6000 + 324);
        assert_in_range(f.both, 4950 - 305, 4950 + 305); /* deviation 61 */
        bench_free(b);
    }
}

/* Clear for 6 s and faded for 2 s on average: a quarter of the time. 50 runs of 2000 s have 250
 * cycles each; the share of one deviates by 0.25 * 0.75 * sqrt(2 / 250) = 0.0168 (means of
 * exponential times), that of all by 0.0024. */
static void time_in_a_fade_is_the_ratio_of_the_means(void **state)
{
    (void)state;
    static const sim_fade_level rain[] = {{.mean = UFTP_S(6)},
                                          {.loss_ppm = 1000000, .mean = UFTP_S(2)}};
    uint64_t faded = 0;
    SIM_EACH_SEED(seed, 1, 50)
    {
        bench *b = bench_new(seed);
        sim_fade *fade =
            sim_fade_new(&b->medium, "north", &(sim_fade_config){.levels = rain, .level_count = 2});
        for (uint64_t at = 0; at < UFTP_S(2000); at += UFTP_MS(100))
            faded += sim_fade_loss_ppm(fade, at) > 0;
        sim_queue_advance(&b->queue, UFTP_S(2000));
        assert_in_range(bench_figure_of_shared(b->medium.shared, "time_faded"), UFTP_S(330),
                        UFTP_S(670));
        bench_free(b);
    }
    assert_in_range(faded, 250000 - 12000, 250000 + 12000);
}

/* Three levels: what comes behind the middle one is told by its chance; the ends turn back. */
static void levels_are_climbed_step_by_step(void **state)
{
    (void)state;
    static const sim_fade_level rain[] = {
        {.loss_ppm = 0, .mean = UFTP_S(1)},
        {.loss_ppm = 100000, .mean = UFTP_S(1), .worse_ppm = 500000},
        {.loss_ppm = 900000, .mean = UFTP_S(1)}};
    bench *b = bench_new(sim_seed(3));
    sim_fade *fade =
        sim_fade_new(&b->medium, "north", &(sim_fade_config){.levels = rain, .level_count = 3});
    uint32_t last = sim_fade_loss_ppm(fade, 0), seen[3] = {0};
    for (uint64_t at = 0; at < UFTP_S(4000); at += UFTP_MS(100)) {
        uint32_t loss = sim_fade_loss_ppm(fade, at);
        assert_false((last == 0 && loss == 900000) || (last == 900000 && loss == 0));
        seen[loss == 0 ? 0 : loss == 100000 ? 1 : 2]++;
        last = loss;
    }
    /* Times 1:2:1 in the long run; 1000 visits of the middle make 5 deviations about 12 %. */
    assert_in_range(seen[0], 8000, 12000);
    assert_in_range(seen[1], 17500, 22500);
    assert_in_range(seen[2], 8000, 12000);
    bench_free(b);
}

static void spans_say_exactly_when_it_rains(void **state)
{
    (void)state;
    static const sim_fade_span spans[] = {{UFTP_MS(10), UFTP_MS(20), 1000000},
                                          {UFTP_MS(20), UFTP_MS(30), 0},
                                          {UFTP_MS(30), UFTP_MS(31), 1000000}};
    bench *b = bench_new(1);
    sim_fade *fade =
        sim_fade_new(&b->medium, "north", &(sim_fade_config){.spans = spans, .span_count = 3});
    bench_branch link;
    bench_branch_open(b, &link, "hub>a", &(sim_link){.fade = fade});
    for (uint32_t i = 0; i < 40; i++) {
        uint64_t before = link.count;
        bench_branch_send(b, &link, i * UFTP_MS(1), i, 100);
        assert_int_equal(link.count == before, (i >= 10 && i < 20) || i == 30);
    }
    bench_branch_close(&link);
    bench_free(b);
}

static const struct CMUnitTest tests[] = {
    SIM_TEST(receivers_in_one_fade_lose_together),
    SIM_TEST(receivers_in_two_fades_lose_independently),
    SIM_TEST(share_that_is_drawn_apart_lowers_the_correlation),
    SIM_TEST(time_in_a_fade_is_the_ratio_of_the_means),
    SIM_TEST(levels_are_climbed_step_by_step),
    SIM_TEST(spans_say_exactly_when_it_rains),
};

SIM_TEST_MAIN(tests)
