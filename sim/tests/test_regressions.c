/* SPDX-License-Identifier: MIT
 *
 * Faults that implementations of this protocol have had, by their published change logs: each is
 * played here once, so that it stays mended. Those of a single module are tested beside it; the
 * list with all places is in conformance/features.md.
 */
#include "session.h"

#include <stdio.h>
#include <string.h>

#define LIMIT UFTP_S(600)

/* One generated file of `size`, whose arrival is checked without being kept. */
typedef struct one_file {
    uint64_t size;
    uint64_t rate_bytes_per_s;
    uint16_t block_size;
    size_t plants;
    const sim_link *plants_down;
} one_file;

static session one_file_session(const one_file *what, sim_expected *expected)
{
    static const char *const operands[] = {"/out/one"};
    *expected = (sim_expected){.size = what->size, .seed = 5};
    session s = session_new(
        1, &(session_options){
               .plants = what->plants ? what->plants : 1,
               .sender = {.operands = operands,
                          .operand_count = 1,
                          .rate_bytes_per_s = what->rate_bytes_per_s,
                          .block_size = what->block_size},
               .store = {.expected = expected, .expected_count = 1, .block_size = what->block_size},
               .plants_down = what->plants_down});
    sim_source_generated(sim_node_source(s.hub), "/out/one", 5, what->size, 1700000000);
    return s;
}

static void expect_one_file(session *s, uint64_t limit)
{
    sim_entry *sent = NULL;
    sim_expect_quiet_by(s->world, limit);
    sim_expect_result(s->hub, UFTP_RESULT_OK);
    sim_tree_resolve(sim_node_source(s->hub)->root, "/out/one", false, &sent);
    for (size_t i = 0; i < s->plant_count; i++) {
        const sim_entry *got = sim_store_find(sim_node_store(s->plants[i]), 0, "one");
        sim_expect(s->world, s->plants[i], got && sim_tree_equal(sent, got, true, NULL, 0));
        sim_expect_event_count(s->plants[i], UFTP_EVENT_SESSION_FINISHED, 1);
    }
    sim_free(s->world);
}

static uint64_t deliver(const one_file *what, uint64_t limit)
{
    sim_expected expected;
    session s = one_file_session(what, &expected);
    assert_true(sim_run_until_event(s.world, s.hub, UFTP_EVENT_FILE_PASS));
    uint64_t begun = sim_now(s.world);
    assert_true(sim_run_until_event(s.world, s.plants[0], UFTP_EVENT_FILE_FINISHED));
    uint64_t took = sim_now(s.world) - begun;
    expect_one_file(&s, limit);
    return took;
}

/* Nothing to send was taken for nothing received; a single byte for an empty file. */
static void regression_empty_and_one_byte_files(void **state)
{
    (void)state;
    for (uint64_t size = 0; size <= 1; size++) {
        sim_expected expected;
        session s = one_file_session(&(one_file){.size = size, .plants = 3}, &expected);
        expect_one_file(&s, UFTP_S(60));
    }
}

/* The last section was thought short, or one too many was counted. */
static void regression_exact_multiples_of_a_section(void **state)
{
    (void)state;
    const uint64_t section = UINT64_C(8) * 512 * 512; /* bytes, with blocks of 512 */
    static const int64_t around[] = {-512, -1, 0, 1, 512};
    const sim_link lossy = {.loss_ppm = 2000};
    for (uint64_t count = 1; count <= 2; count++)
        for (size_t i = 0; i < sizeof around / sizeof *around; i++)
            (void)deliver(&(one_file){.size = count * section + (uint64_t)around[i],
                                      .block_size = 512,
                                      .rate_bytes_per_s = 10000000,
                                      .plants_down = &lossy},
                          LIMIT);
}

/* At 1 kbit/s a wait between two blocks is longer than the timeouts that ought to hold the session:
 * 13 s for one of 1300 bytes. */
static void regression_rates_below_10_kilobits(void **state)
{
    (void)state;
    for (uint64_t rate = 125; rate <= 1000; rate *= 2) {
        uint64_t took = deliver(&(one_file){.size = 13000, .rate_bytes_per_s = rate}, UFTP_S(3600));
        assert_in_range(took, 9 * 1300 * UFTP_S(1) / rate, 12 * 1400 * UFTP_S(1) / rate);
    }
}

/* 1 Tbit/s: the wait between blocks is shorter than a clock tick and must not become endless, zero
 * for ever, or negative. */
static void regression_rate_of_a_terabit(void **state)
{
    (void)state;
    const uint64_t rate = UINT64_C(125000000000);
    uint64_t took = deliver(&(one_file){.size = 50000000, .rate_bytes_per_s = rate}, UFTP_S(60));
    assert_in_range(took, UFTP_MS(1) / 4, UFTP_MS(100)); /* 400 us, and a link of 1 ms */
}

/* The rate counts what a datagram weighs: with blocks of 8800 bytes no other than with small ones.
 */
static void regression_rate_holds_for_jumbo_blocks(void **state)
{
    (void)state;
    static const uint16_t sizes[] = {512, 1300, 8800};
    for (size_t i = 0; i < 3; i++) {
        const uint64_t size = 20000000, rate = 1000000;
        uint64_t took = deliver(
            &(one_file){.size = size, .rate_bytes_per_s = rate, .block_size = sizes[i]}, LIMIT);
        uint64_t wire = size + size / sizes[i] * 52; /* FILESEG, UFTP, UDP and IPv4 headers */
        assert_in_range(took, wire * 98 / 100 * 1000, wire * 102 / 100 * 1000);
    }
}

/* Counters of microseconds in 32 bits end after 35 or 71 minutes. */
static void regression_sessions_over_half_an_hour(void **state)
{
    (void)state;
    const sim_link lossy = {.loss_ppm = 10000};
    uint64_t took = deliver(
        &(one_file){.size = 6000000, .rate_bytes_per_s = 1250, .plants_down = &lossy, .plants = 2},
        UFTP_S(10000));
    assert_true(took > UFTP_S(4500));
}

/* Every group of 65536 datagrams: blocks behind the wrap were taken for late ones, and the loss of
 * the datagram at the wrap for the loss of all. */
static void regression_sequence_number_wraps_at_a_loss(void **state)
{
    (void)state;
    static const uint32_t lost[] = {65530, 65531, 65532, 65533, 65534, 65535, 65536,
                                    65537, 65538, 65539, 65540, 65541, 65542, 0};
    const sim_link link = {.drop_nth = lost};
    (void)deliver(&(one_file){.size = UINT64_C(70000) * 512,
                              .block_size = 512,
                              .rate_bytes_per_s = 20000000,
                              .plants_down = &link},
                  LIMIT);
}

/* Round trips far below the least GRTT, and above the greatest: neither may make timers run dry. */
static void regression_round_trips_outside_the_limits(void **state)
{
    (void)state;
    static const sim_link near = {.delay = 1000}, far = {.delay = UFTP_MS(900)};
    const sim_link *links[] = {&near, &far};
    for (size_t i = 0; i < 2; i++) {
        session s = session_new(1, &(session_options){.sender = {.grtt_initial = UFTP_MS(500),
                                                                 .grtt_min = UFTP_MS(10),
                                                                 .grtt_max = UFTP_MS(1000)},
                                                      .plants_down = links[i],
                                                      .plants_up = links[i]});
        session_expect_success(&s, LIMIT);
        const sim_event *last = sim_event_last(s.hub, UFTP_EVENT_GRTT);
        assert_non_null(last);
        assert_in_range(last->event.duration, UFTP_MS(10), UFTP_MS(1000));
        sim_free(s.world);
    }
}

/* A DONE that comes twice must neither count as a second end nor ask for the blocks twice. */
static void regression_duplicate_done(void **state)
{
    (void)state;
    const sim_drop segment = {.offset = 1, .value = UFTP_MESSAGE_FILESEG, .first = 20};
    const sim_link twice = {.duplicate_ppm = 1000000, .duplicate_gap = UFTP_MS(3)};
    session s =
        session_new(1, &(session_options){.hub_up = &(sim_link){.drops = &segment, .drop_count = 1},
                                          .plants_down = &twice});
    session_expect_success(&s, UFTP_S(90));
    uftp_sender_stats stats;
    uftp_sender_stats_get(sim_sender(s.hub), &stats);
    assert_int_equal(stats.blocks_repeated, 1);
    sim_free(s.world);
}

/* More receivers than fit one list of UIDs, or an old table: all are served, and nobody twice. */
static void regression_many_hundred_receivers(void **state)
{
    (void)state;
    enum { COUNT = 700 };
    static const char *const operands[] = {"/out/tree"};
    sim *world = sim_test_new(3, NULL);
    sim_node *hub = sim_add_sender(world, "hub",
                                   &(uftp_sender_config){.plain = true,
                                                         .block_size = 512, /* 128 UIDs in a list */
                                                         .rate_bytes_per_s = 2000000,
                                                         .operands = operands,
                                                         .operand_count = 1});
    sim_source_generated(sim_node_source(hub), "/out/tree/file", 1, 20000, 1700000000);
    sim_node *plants[COUNT];
    const sim_link lossy = {.loss_ppm = 10000};
    for (int i = 0; i < COUNT; i++) {
        char name[32];
        snprintf(name, sizeof name, "plant-%d", i);
        plants[i] = sim_add_receiver(world, name, NULL, NULL);
        sim_downlink(plants[i], &lossy);
    }
    sim_expect_quiet_by(world, LIMIT);
    sim_expect_result(hub, UFTP_RESULT_OK);
    sim_expect_event_count(hub, UFTP_EVENT_CLIENT_LOST, 0);
    for (int i = 0; i < COUNT; i++) {
        sim_expect_result(plants[i], UFTP_RESULT_OK);
        sim_expect_event_count(plants[i], UFTP_EVENT_FILE_FINISHED, 1);
    }
    sim_free(world);
}

/* Leaving a session's group must not deafen another session on the same group. */
static void regression_group_used_by_two_sessions(void **state)
{
    (void)state;
    static const char *const operands[] = {"/out/other"};
    session s = session_new(1, &(session_options){.plants = 2});
    sim_node *second = sim_add_sender(
        s.world, "hub-2",
        &(uftp_sender_config){
            .plain = true, .rate_bytes_per_s = 100000, .operands = operands, .operand_count = 1});
    sim_source_generated(sim_node_source(second), "/out/other", 9, 3000000, 1700000009);
    sim_expect_quiet_by(s.world, LIMIT);
    sim_expect_result(s.hub, UFTP_RESULT_OK);
    sim_expect_result(second, UFTP_RESULT_OK);
    for (size_t i = 0; i < s.plant_count; i++) {
        sim_expect(s.world, s.plants[i],
                   sim_event_count(s.plants[i], UFTP_EVENT_JOIN) == 1 &&
                       sim_event_count(s.plants[i], UFTP_EVENT_LEAVE) == 1);
        session_expect_same(&s, s.plants[i]);
        const sim_entry *other = sim_store_find(sim_node_store(s.plants[i]), 0, "other");
        sim_expect(s.world, s.plants[i], other && other->content.size == 3000000);
    }
    sim_free(s.world);
}

/* ---- what a session has to live through ---- */

static session session_in_mid_file(void)
{
    session s = session_new(1, &(session_options){.big_size = 2000000});
    assert_true(sim_run_until_event(s.world, s.hub, UFTP_EVENT_FILE_PASS));
    sim_run_until(s.world, sim_now(s.world) + UFTP_S(1));
    return s;
}

/* NTP steps the sender's clock by an hour in either direction, in mid-session. */
static void regression_clock_of_the_sender_steps(void **state)
{
    (void)state;
    static const int64_t steps[] = {3600 * INT64_C(1000000), -3600 * INT64_C(1000000)};
    for (size_t i = 0; i < 2; i++) {
        session s = session_in_mid_file();
        sim_set_clock_offset(s.hub, steps[i]);
        sim_set_clock_offset(s.plants[1], -steps[i]);
        session_expect_success(&s, UFTP_S(120));
        sim_free(s.world);
    }
}

/* Deaf and dumb for less than the patience of both sides, then back: nothing may be missing. */
static void regression_receiver_falls_silent_and_returns(void **state)
{
    (void)state;
    session s = session_in_mid_file();
    const sim_link dead = {.loss_ppm = 1000000}, alive = {.delay = UFTP_MS(1)};
    sim_downlink(s.plants[0], &dead);
    sim_uplink(s.plants[0], &dead);
    sim_run_until(s.world, sim_now(s.world) + UFTP_MS(800));
    sim_downlink(s.plants[0], &alive);
    sim_uplink(s.plants[0], &alive);
    session_expect_success(&s, UFTP_S(120));
    sim_free(s.world);
}

/* A receiver that was restarted in mid-session has the UID of one that is in it, but not its state:
 * it is given up, the others end well, and it takes part in the next session. */
static void regression_receiver_restarts_with_the_same_uid(void **state)
{
    (void)state;
    session s = session_in_mid_file();
    sim_stop(s.plants[1]);
    sim_start(s.plants[1]);
    sim_expect_quiet_by(s.world, LIMIT);
    sim_expect_result(s.hub, UFTP_RESULT_OK);
    sim_expect_event_count(s.hub, UFTP_EVENT_CLIENT_LOST, 1);
    session_expect_same(&s, s.plants[0]);
    session_expect_same(&s, s.plants[2]);
    sim_stop(s.hub);
    sim_start(s.hub);
    sim_expect_quiet_by(s.world, sim_now(s.world) + LIMIT);
    sim_expect_result(s.hub, UFTP_RESULT_OK);
    session_expect_same(&s, s.plants[1]);
    sim_free(s.world);
}

/* One that comes up while the session is being announced is still taken in. */
static void regression_late_register(void **state)
{
    (void)state;
    session s = session_new(1, NULL);
    sim_run_until(s.world, 1);
    sim_stop(s.plants[2]);
    sim_run_until(s.world, UFTP_MS(800)); /* half of the announces */
    sim_expect_event_count(s.hub, UFTP_EVENT_CLIENT_REGISTERED, 2);
    sim_start(s.plants[2]);
    session_expect_success(&s, UFTP_S(120));
    sim_free(s.world);
}

static const struct CMUnitTest tests[] = {
    SIM_TEST(regression_empty_and_one_byte_files),
    SIM_TEST(regression_exact_multiples_of_a_section),
    SIM_TEST(regression_rates_below_10_kilobits),
    SIM_TEST(regression_rate_of_a_terabit),
    SIM_TEST(regression_rate_holds_for_jumbo_blocks),
    SIM_TEST(regression_sessions_over_half_an_hour),
    SIM_TEST(regression_sequence_number_wraps_at_a_loss),
    SIM_TEST(regression_round_trips_outside_the_limits),
    SIM_TEST(regression_duplicate_done),
    SIM_TEST(regression_many_hundred_receivers),
    SIM_TEST(regression_group_used_by_two_sessions),
    SIM_TEST(regression_clock_of_the_sender_steps),
    SIM_TEST(regression_receiver_falls_silent_and_returns),
    SIM_TEST(regression_receiver_restarts_with_the_same_uid),
    SIM_TEST(regression_late_register),
};

SIM_TEST_MAIN(tests)
