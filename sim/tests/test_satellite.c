/* SPDX-License-Identifier: MIT
 *
 * Satellites: distances, the shared carriers of a geostationary one, hand-overs of low ones.
 */
#include "models.h"

#include "models/satellite.h"

#include <stdio.h>

/* Each site has its own distance, the same both ways and in every run of a seed, and no site's
 * depends on which others there are. 1000 of them: the mean of a uniform draw of 240..280 ms is
 * 260 ms with a deviation of 40/sqrt(12)/sqrt(1000) = 0.365 ms. */
static void sites_are_240_to_280_ms_away(void **state)
{
    (void)state;
    SIM_EACH_SEED(seed, 1, 5)
    {
        bench *b = bench_new(seed);
        const sim_satellite *sat = sim_satellite_new(
            &b->medium, "geo", &(sim_satellite_config){.forward_rate_bytes_per_s = 1000000});
        uint64_t sum = 0;
        for (int i = 0; i < 1000; i++) {
            char site[16];
            snprintf(site, sizeof site, "site-%d", i);
            uint64_t delay = sim_satellite_down(sat, site).delay;
            assert_in_range(delay, UFTP_MS(240), UFTP_MS(280));
            assert_int_equal(delay, sim_satellite_return(sat, site).delay);
            sum += delay;
        }
        assert_in_range(sum / 1000, UFTP_US(260000 - 1830), UFTP_US(260000 + 1830));
        bench_free(b);
    }
}

/* What any site sends back waits for what the others send. */
static void sites_share_the_return_channel(void **state)
{
    (void)state;
    bench *b = bench_new(1);
    const sim_satellite *sat =
        sim_satellite_new(&b->medium, "geo",
                          &(sim_satellite_config){.forward_rate_bytes_per_s = 1000000,
                                                  .return_rate_bytes_per_s = 10000,
                                                  .delay_min = UFTP_MS(250),
                                                  .delay_max = UFTP_MS(250)});
    bench_branch sites[2];
    const sim_link first = sim_satellite_return(sat, "a"), second = sim_satellite_return(sat, "b");
    bench_branch_open(b, &sites[0], "a>", &first);
    bench_branch_open(b, &sites[1], "b>", &second);
    bench_branch_send(b, &sites[0], 0, 1, 100); /* 10 ms of channel each */
    bench_branch_send(b, &sites[1], 0, 2, 100);
    bench_run(b);
    assert_int_equal(sites[0].at, UFTP_MS(260));
    assert_int_equal(sites[1].at, UFTP_MS(270));
    assert_int_equal(sim_satellite_return_line(sat)->passed, 2);
    bench_branch_close(&sites[0]);
    bench_branch_close(&sites[1]);
    bench_free(b);
}

static void sites_contend_for_the_return_channel(void **state)
{
    (void)state;
    bench *b = bench_new(1);
    const sim_satellite *sat = sim_satellite_new(
        &b->medium, "geo",
        &(sim_satellite_config){
            .forward_rate_bytes_per_s = 1000000, .access = SIM_SATELLITE_SLOTTED, .tries_max = 1});
    assert_null(sim_satellite_return_line(sat));
    bench_branch sites[2];
    const sim_link first = sim_satellite_return(sat, "a"), second = sim_satellite_return(sat, "b");
    bench_branch_open(b, &sites[0], "a>", &first);
    bench_branch_open(b, &sites[1], "b>", &second);
    bench_branch_send(b, &sites[0], 1, 1, 100);
    bench_branch_send(b, &sites[1], 2, 2, 100); /* one slot: both are lost */
    bench_branch_send(b, &sites[0], UFTP_S(1), 3, 100);
    bench_run(b);
    assert_int_equal(sites[0].count + sites[1].count, 1);
    assert_int_equal(sim_satellite_contention(sat)->collided, 2);
    bench_branch_close(&sites[0]);
    bench_branch_close(&sites[1]);
    bench_free(b);
}

/* ---- low orbits ---- */

static const sim_orbit_config leo = {
    .pass = UFTP_S(600), .delay_min = UFTP_MS(20), .delay_max = UFTP_MS(40), .gap = UFTP_MS(500)};

static void delay_falls_to_the_zenith_and_rises_again(void **state)
{
    (void)state;
    assert_int_equal(sim_orbit_delay(&leo, 0), UFTP_MS(40));
    assert_int_equal(sim_orbit_delay(&leo, UFTP_S(300)), UFTP_MS(20));
    /* Half way the square is a quarter: 25 ms. */
    assert_int_equal(sim_orbit_delay(&leo, UFTP_S(150)), UFTP_MS(25));
    assert_int_equal(sim_orbit_delay(&leo, UFTP_S(450)), UFTP_MS(25));
    assert_int_equal(sim_orbit_delay(&leo, UFTP_S(6000)), UFTP_MS(40));
    sim_orbit_config later = leo;
    later.phase = UFTP_S(300);
    assert_int_equal(sim_orbit_delay(&later, 0), UFTP_MS(20));
    /* The longest pass and delay that are allowed do not overflow. */
    const sim_orbit_config long_one = {.pass = (UINT64_C(1) << 43) - 1,
                                       .delay_max = (UINT64_C(1) << 43) - 1};
    assert_int_equal(sim_orbit_delay(&long_one, 0), long_one.delay_max);
}

static void hand_over_loses_or_holds_what_comes_in_its_gap(void **state)
{
    (void)state;
    for (int hold = 0; hold < 2; hold++) {
        bench *b = bench_new(1);
        sim_orbit_config config = leo;
        config.hold = hold == 1;
        bench_branch link;
        bench_branch_open(b, &link, "a>b", &(sim_link){.orbit = config});
        bench_branch_send(b, &link, UFTP_S(599), 1, 100);
        bench_branch_send(b, &link, UFTP_S(600), 2, 100);
        bench_branch_send(b, &link, UFTP_MS(600499), 3, 100);
        bench_run(b);
        assert_int_equal(link.count, hold ? 3 : 1);
        if (hold)
            assert_int_equal(link.at, UFTP_MS(600500) + sim_orbit_delay(&config, UFTP_MS(600500)));
        bench_branch_send(b, &link, UFTP_MS(601000), 4, 100);
        bench_run(b);
        assert_int_equal(link.number, 4);
        bench_branch_close(&link);
        bench_free(b);
    }
}

/* The next satellite is nearer: with an infinite slope in the delay packets would overtake. */
static void packets_overtake_only_where_asked(void **state)
{
    (void)state;
    for (int reorder = 0; reorder < 2; reorder++) {
        bench *b = bench_new(1);
        bench_link(b, &(sim_link){.orbit = {.pass = UFTP_MS(100),
                                            .delay_max = UFTP_S(1),
                                            .reorder = reorder == 1}});
        bench_send(b, 0, 100, 0, UFTP_MS(1), 100);
        bool ordered = true;
        for (size_t i = 1; i < b->count; i++)
            ordered = ordered && b->number[i] > b->number[i - 1];
        assert_int_equal(b->count, 100);
        assert_int_equal(ordered, reorder == 0);
        bench_free(b);
    }
}

static const struct CMUnitTest tests[] = {
    SIM_TEST(sites_are_240_to_280_ms_away),
    SIM_TEST(sites_share_the_return_channel),
    SIM_TEST(sites_contend_for_the_return_channel),
    SIM_TEST(delay_falls_to_the_zenith_and_rises_again),
    SIM_TEST(hand_over_loses_or_holds_what_comes_in_its_gap),
    SIM_TEST(packets_overtake_only_where_asked),
};

SIM_TEST_MAIN(tests)
