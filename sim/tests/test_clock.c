/* SPDX-License-Identifier: MIT
 *
 * A node's clocks: exact arithmetic, no way back, and timers that fire when the node's own clock
 * says so.
 */
#include "expect.h"

#include "engine/clock.h"
#include "engine/script.h"

static void drift_is_exact_over_days(void **state)
{
    (void)state;
    static const struct {
        int32_t ppb;
        uint64_t world, local;
    } cases[] = {
        {0, UFTP_S(86400), UFTP_S(86400)},
        {50000, UFTP_S(86400), UFTP_S(86400) + UFTP_MS(4320)}, /* 50 ppm: 4.32 s a day */
        {-50000, UFTP_S(86400), UFTP_S(86400) - UFTP_MS(4320)},
        {1, UFTP_S(1), UFTP_S(1) + 1},
        {1, UFTP_S(1) - 1, UFTP_S(1) - 1},
        {-1, UFTP_S(1) - 1, UFTP_S(1) - 2}, /* rounded down */
        {500000000, UFTP_S(10000000) + 1, UFTP_S(15000000) + 1},
        {-500000000, 3, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sim_clock clock;
        sim_clock_init(&clock);
        sim_clock_drift(&clock, 0, cases[i].ppb);
        assert_int_equal(sim_clock_local(&clock, cases[i].world), cases[i].local);
    }
}

/* The timer of a core must fire at the first instant at which its deadline has come: one earlier
 * would make it spin, one later would be late. */
static void deadline_is_met_at_the_first_instant(void **state)
{
    (void)state;
    static const int32_t drifts[] = {
        0, 1, -1, 333333333, -333333333, 50000, -50000, SIM_DRIFT_MAX_PPB, -SIM_DRIFT_MAX_PPB};
    sim_random random;
    sim_random_init(&random, sim_seed(1), "deadlines");
    for (size_t i = 0; i < sizeof drifts / sizeof *drifts; i++) {
        sim_clock clock;
        sim_clock_init(&clock);
        sim_clock_forward(&clock, 0, UFTP_S(77));
        sim_clock_drift(&clock, 12345, drifts[i]);
        for (int n = 0; n < 2000; n++) {
            uint64_t local = clock.base_local + 1 + sim_random_u64(&random) % UFTP_S(1000000);
            uint64_t world = sim_clock_world(&clock, local);
            assert_true(sim_clock_local(&clock, world) >= local);
            assert_true(sim_clock_local(&clock, world - 1) < local);
        }
        assert_true(sim_clock_world(&clock, UFTP_NEVER) == UFTP_NEVER);
    }
}

static void changes_of_drift_never_turn_the_clock_back(void **state)
{
    (void)state;
    sim_clock clock;
    sim_random random;
    sim_random_init(&random, sim_seed(1), "drifts");
    sim_clock_init(&clock);
    uint64_t last = 0;
    for (uint64_t world = 0, n = 0; n < 5000; n++, world += sim_random_below(&random, 5)) {
        uint64_t local = sim_clock_local(&clock, world);
        assert_true(local >= last);
        last = local;
        int64_t ppb = (int64_t)sim_random_below(&random, 1000000001) - 500000000;
        sim_clock_drift(&clock, world, (int32_t)ppb);
        assert_int_equal(sim_clock_local(&clock, world), local);
    }
}

/* The wall clock drifts with the other and is stepped by itself; an uptime does not move it. */
static void steps_move_the_wall_clock_only(void **state)
{
    (void)state;
    sim *world = sim_test_new(1, NULL);
    static const sim_script mute = {0};
    sim_node *node = sim_add_script(world, "node", &mute, NULL);
    sim_set_uptime(node, UFTP_S(5000));
    sim_run_until(world, UFTP_S(10));
    assert_int_equal(sim_node_now(node), UFTP_S(5010));
    assert_int_equal(sim_wall_us(node), SIM_WALL_START_US + 10000000);
    sim_step_clock(node, -3600000000);
    sim_step_clock(node, 1);
    assert_int_equal(sim_node_now(node), UFTP_S(5010));
    assert_int_equal(sim_wall_us(node), SIM_WALL_START_US + 10000000 - 3600000000 + 1);
    sim_set_drift(node, 100000000);
    sim_run_until(world, UFTP_S(20));
    assert_int_equal(sim_node_now(node), UFTP_S(5021));
    assert_int_equal(sim_wall_us(node), SIM_WALL_START_US + 21000000 - 3600000000 + 1);
    sim_free(world);
}

static uint64_t woken_at;

static void note_time(sim_node *node, void *ctx, uint64_t now)
{
    (void)ctx;
    assert_int_equal(now, sim_node_now(node));
    woken_at = sim_now(sim_world(node));
}

/* 10 % fast: what the core wants in a second of its own comes after 0.909 s; and a timer that was
 * armed before the drift changed moves with it. */
static void timers_run_by_the_nodes_own_clock(void **state)
{
    (void)state;
    static const sim_script sleeper = {.on_timer = note_time};
    sim *world = sim_test_new(1, NULL);
    sim_node *node = sim_add_script(world, "node", &sleeper, NULL);
    sim_set_drift(node, 100000000);
    sim_run(world);
    sim_script_wake(node, sim_node_now(node) + UFTP_S(1));
    sim_run(world);
    assert_int_equal(woken_at, 909090910);
    uint64_t start = sim_now(world);
    sim_script_wake(node, sim_node_now(node) + UFTP_MS(2200));
    sim_run_until(world, start + UFTP_S(1)); /* 1.1 s have gone by */
    sim_set_drift(node, -500000000);
    sim_run(world);
    assert_in_range(woken_at - start, UFTP_MS(3200) - 4, UFTP_MS(3200) + 4);
    sim_free(world);
}

static const struct CMUnitTest tests[] = {
    SIM_TEST(drift_is_exact_over_days),
    SIM_TEST(deadline_is_met_at_the_first_instant),
    SIM_TEST(changes_of_drift_never_turn_the_clock_back),
    SIM_TEST(steps_move_the_wall_clock_only),
    SIM_TEST(timers_run_by_the_nodes_own_clock),
};

SIM_TEST_MAIN(tests)
