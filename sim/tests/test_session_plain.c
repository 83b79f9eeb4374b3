/* SPDX-License-Identifier: MIT
 *
 * Whole sessions without encryption: real senders and receivers in a world that loses, doubles and
 * reorders. Every test asks for the outcome: the same files, the right results, an end in bounded
 * time, and all memory returned.
 */
#include "session.h"

#include <stdio.h>
#include <string.h>

#define LIMIT UFTP_S(600)

static void session_over_a_perfect_network_delivers_everything(void **state)
{
    (void)state;
    session s = session_new(1, NULL);
    session_expect_success(&s, UFTP_S(30));
    /* Nothing was lost, so nothing need be sent twice. */
    uftp_sender_stats stats;
    uftp_sender_stats_get(sim_sender(s.hub), &stats);
    assert_int_equal(stats.blocks_repeated, 0);
    sim_free(s.world);
}

static void sender_alone_gives_up_in_time(void **state)
{
    (void)state;
    sim *world = sim_test_new(1, NULL);
    static const char *const operands[] = {"/out/tree"};
    sim_node *hub = sim_add_sender(
        world, "hub",
        &(uftp_sender_config){.plain = true, .operands = operands, .operand_count = 1});
    session_fill(hub, "/out/tree", 1000);
    sim_expect_quiet_by(world, UFTP_S(60));
    sim_expect_result(hub, UFTP_RESULT_NO_REGISTRATION);
    sim_free(world);
}

static void any_number_of_receivers_in_open_and_closed_groups(void **state)
{
    (void)state;
    static const size_t counts[] = {1, 3, 50};
    for (size_t i = 0; i < 3; i++)
        for (int closed = 0; closed < 2; closed++)
            session_must_succeed(7, &(session_options){.plants = counts[i], .closed = closed == 1},
                                 UFTP_S(60));
}

/* Each of these must be repeated by whoever misses its answer. A type that does not occur in such a
 * session would make the test empty, so the loss itself is asserted. */
static void losing_any_message_of_the_sender_once_does_no_harm(void **state)
{
    (void)state;
    static const uftp_message_type types[] = {UFTP_MESSAGE_ANNOUNCE, UFTP_MESSAGE_REG_CONF,
                                              UFTP_MESSAGE_FILEINFO, UFTP_MESSAGE_FILESEG,
                                              UFTP_MESSAGE_DONE,     UFTP_MESSAGE_DONE_CONF};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        for (uint32_t nth = 1; nth <= 2; nth++) {
            const sim_drop drop = {.offset = 1, .value = (uint8_t)types[i], .first = nth};
            session s = session_new(
                1, &(session_options){.hub_up = &(sim_link){.drops = &drop, .drop_count = 1}});
            session_expect_success(&s, UFTP_S(90));
            if (nth == 1 || types[i] == UFTP_MESSAGE_FILESEG)
                assert_int_equal(sim_count(s.hub)->lost[types[i]], 1);
            sim_free(s.world);
        }
}

static void losing_any_message_of_a_receiver_once_does_no_harm(void **state)
{
    (void)state;
    static const uftp_message_type types[] = {UFTP_MESSAGE_REGISTER, UFTP_MESSAGE_FILEINFO_ACK,
                                              UFTP_MESSAGE_STATUS, UFTP_MESSAGE_COMPLETE};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        for (uint32_t nth = 1; nth <= 2; nth++) {
            const sim_drop drop = {.offset = 1, .value = (uint8_t)types[i], .first = nth};
            /* Something must be missing for a STATUS to be sent. */
            const sim_drop segment = {.offset = 1, .value = UFTP_MESSAGE_FILESEG, .first = 20};
            session s = session_new(
                1, &(session_options){.hub_up = &(sim_link){.drops = &segment, .drop_count = 1},
                                      .plants_up = &(sim_link){.drops = &drop, .drop_count = 1}});
            session_expect_success(&s, UFTP_S(90));
            if (nth == 1)
                assert_int_equal(sim_count(s.plants[0])->lost[types[i]], 1);
            sim_free(s.world);
        }
}

static void sessions_survive_loss_both_ways(void **state)
{
    (void)state;
    static const uint32_t rates[] = {50000, 200000};
    for (size_t i = 0; i < 2; i++) {
        const sim_link lossy = {.loss_ppm = rates[i]};
        SIM_EACH_SEED(seed, 1, 25)
        session_must_succeed(seed, &(session_options){.plants_down = &lossy, .plants_up = &lossy},
                             LIMIT);
    }
}

static void sessions_survive_shared_loss(void **state)
{
    (void)state;
    const sim_link lossy = {.loss_ppm = 100000};
    SIM_EACH_SEED(seed, 1, 20)
    session_must_succeed(
        seed, &(session_options){.hub_up = &lossy, .hub_down = &lossy, .closed = seed % 2 == 0},
        LIMIT);
}

static void duplicates_change_nothing(void **state)
{
    (void)state;
    const sim_link twice = {.duplicate_ppm = 300000, .duplicate_gap = UFTP_MS(7)};
    SIM_EACH_SEED(seed, 1, 10)
    {
        session s =
            session_new(seed, &(session_options){.plants_down = &twice, .plants_up = &twice});
        session_expect_success(&s, LIMIT);
        sim_free(s.world);
    }
}

/* 150 ms at 500 kB/s are 57 blocks: more than a section of this file, so blocks of one section
 * arrive behind the DONE of it. */
static void reordering_over_sections_changes_nothing(void **state)
{
    (void)state;
    const sim_link late = {.hold_ppm = 200000, .hold_time = UFTP_MS(150)};
    const sim_link jitter = {.delay = UFTP_MS(20), .jitter = UFTP_MS(40), .reorder = true};
    SIM_EACH_SEED(seed, 1, 10)
    {
        session_must_succeed(seed, &(session_options){.plants_down = &late, .plants_up = &late},
                             LIMIT);
        session_must_succeed(seed, &(session_options){.plants_down = &jitter, .plants_up = &jitter},
                             LIMIT);
    }
}

static void everything_at_once_over_a_satellite_hop(void **state)
{
    (void)state;
    const sim_link down = {.delay = UFTP_MS(270),
                           .jitter = UFTP_MS(10),
                           .loss_ppm = 50000,
                           .duplicate_ppm = 20000,
                           .duplicate_gap = UFTP_MS(90),
                           .hold_ppm = 20000,
                           .hold_time = UFTP_MS(400)};
    SIM_EACH_SEED(seed, 1, 15)
    session_must_succeed(seed,
                         &(session_options){.plants = 5,
                                            .plants_down = &down,
                                            .plants_up = &down,
                                            .world = {.join_trains = seed % 2 == 0}},
                         LIMIT);
}

/* Room for one datagram only, and trains on arrival: neither may change what is received. */
static void trains_and_single_datagrams_deliver_the_same(void **state)
{
    (void)state;
    for (int joined = 0; joined < 2; joined++)
        for (int small = 0; small < 2; small++) {
            const sim_options world = {.join_trains = joined == 1,
                                       .transmit_capacity = small ? UFTP_DATAGRAM_MAX : 0};
            const uftp_sender_config fast = {.rate_bytes_per_s = 50000000};
            session_must_succeed(
                1, &(session_options){.world = world, .sender = fast, .big_size = 2000000},
                UFTP_S(30));
        }
}

static void unlimited_rate_ends_without_loss(void **state)
{
    (void)state;
    const uftp_sender_config fast = {.rate_bytes_per_s = UFTP_RATE_UNLIMITED};
    session_must_succeed(1, &(session_options){.sender = fast, .big_size = 3000000}, UFTP_S(30));
}

/* Congestion as a cable makes it: the queue drops what does not fit. */
static void bottleneck_slows_down_but_does_not_break(void **state)
{
    (void)state;
    const sim_link line = {.rate_bytes_per_s = 300000, .queue_bytes = 20000, .delay = UFTP_MS(20)};
    session_must_succeed(1, &(session_options){.plants_down = &line}, LIMIT);
}

/* Two hubs on one public group, their private groups apart. */
static void receivers_take_part_in_two_sessions_at_once(void **state)
{
    (void)state;
    const sim_link lossy = {.loss_ppm = 50000};
    SIM_EACH_SEED(seed, 1, 5)
    {
        session s = session_new(seed, &(session_options){.plants_down = &lossy});
        static const char *const operands[] = {"/out/other"};
        sim_node *second = sim_add_sender(
            s.world, "second",
            &(uftp_sender_config){.plain = true,
                                  .rate_bytes_per_s = 400000,
                                  .private_address = uftp_address_ipv4(230, 5, 5, 2, SIM_PORT),
                                  .operands = operands,
                                  .operand_count = 1});
        session_fill(second, "/out/other", 120000);
        sim_expect_quiet_by(s.world, LIMIT);
        sim_expect_result(second, UFTP_RESULT_OK);
        sim_expect_result(s.hub, UFTP_RESULT_OK);
        sim_entry *sent = NULL;
        sim_tree_resolve(sim_node_source(second)->root, "/out/other", false, &sent);
        for (size_t i = 0; i < s.plant_count; i++) {
            sim_expect_event_count(s.plants[i], UFTP_EVENT_SESSION_FINISHED, 2);
            session_expect_same(&s, s.plants[i]);
            const sim_entry *got = sim_store_find(sim_node_store(s.plants[i]), 0, "other");
            sim_expect(s.world, s.plants[i], got && sim_tree_equal(sent, got, true, NULL, 0));
        }
        sim_free(s.world);
    }
}

/* A power cut at one plant is that plant's loss only. */
static void crashed_receiver_is_given_up_and_the_others_finish(void **state)
{
    (void)state;
    session s = session_new(1, &(session_options){.big_size = 1000000});
    assert_true(sim_run_until_event(s.world, s.hub, UFTP_EVENT_FILE_PASS));
    sim_run_until(s.world, sim_now(s.world) + UFTP_MS(500));
    sim_stop(s.plants[1]);
    sim_expect_quiet_by(s.world, LIMIT);
    sim_expect_result(s.hub, UFTP_RESULT_OK);
    sim_expect_event_count(s.hub, UFTP_EVENT_CLIENT_LOST, 1);
    session_expect_same(&s, s.plants[0]);
    session_expect_same(&s, s.plants[2]);
    sim_free(s.world);
}

static void crashed_sender_leaves_receivers_that_end_by_themselves(void **state)
{
    (void)state;
    session s = session_new(1, &(session_options){.big_size = 1000000});
    assert_true(sim_run_until_event(s.world, s.hub, UFTP_EVENT_FILE_PASS));
    sim_run_until(s.world, sim_now(s.world) + UFTP_MS(500));
    sim_stop(s.hub);
    sim_expect_quiet_by(s.world, LIMIT);
    for (size_t i = 0; i < s.plant_count; i++) {
        sim_expect_result(s.plants[i], UFTP_RESULT_FAILED);
        uftp_receiver_stats stats;
        uftp_receiver_stats_get(sim_receiver(s.plants[i]), &stats);
        assert_int_equal(stats.sessions, 0);
    }
    sim_free(s.world);
}

static void interrupted_sender_ends_every_session(void **state)
{
    (void)state;
    session s = session_new(1, &(session_options){.big_size = 1000000});
    assert_true(sim_run_until_event(s.world, s.hub, UFTP_EVENT_FILE_PASS));
    sim_run_until(s.world, sim_now(s.world) + UFTP_MS(500));
    sim_interrupt(s.hub);
    sim_expect_quiet_by(s.world, sim_now(s.world) + UFTP_S(60));
    sim_expect_result(s.hub, UFTP_RESULT_INTERRUPTED);
    for (size_t i = 0; i < s.plant_count; i++)
        sim_expect_result(s.plants[i], UFTP_RESULT_FAILED);
    sim_free(s.world);
}

static void receiver_that_shuts_down_tells_the_sender(void **state)
{
    (void)state;
    session s = session_new(1, &(session_options){.big_size = 1000000});
    assert_true(sim_run_until_event(s.world, s.hub, UFTP_EVENT_FILE_PASS));
    sim_run_until(s.world, sim_now(s.world) + UFTP_MS(500));
    sim_shutdown(s.plants[0]);
    sim_expect_quiet_by(s.world, LIMIT);
    sim_expect_event_count(s.hub, UFTP_EVENT_CLIENT_ABORTED, 1);
    session_expect_same(&s, s.plants[1]);
    session_expect_same(&s, s.plants[2]);
    sim_free(s.world);
}

/* The group cannot be joined: the plant must not take part deaf. */
static void failed_join_ends_the_session_of_that_receiver(void **state)
{
    (void)state;
    session s = session_new(1, NULL);
    sim_fail_joins(s.plants[0], UINT32_MAX);
    sim_expect_quiet_by(s.world, LIMIT);
    sim_expect_result(s.hub, UFTP_RESULT_OK);
    session_expect_same(&s, s.plants[1]);
    assert_null(sim_store_find(sim_node_store(s.plants[0]), 0, "tree"));
    sim_free(s.world);
}

/* ---- the machine's troubles ---- */

static void full_disk_is_one_receivers_trouble(void **state)
{
    (void)state;
    session s = session_new(1, NULL);
    sim_node_store(s.plants[0])->options.capacity = 60000;
    sim_expect_quiet_by(s.world, LIMIT);
    session_expect_same(&s, s.plants[1]);
    session_expect_same(&s, s.plants[2]);
    assert_null(sim_store_find(sim_node_store(s.plants[0]), 0, "tree/large"));
    sim_free(s.world);
}

/* Every kind of store call fails once, early and late: no crash, no leak, no half a file under its
 * final name, and the others are not disturbed. */
static void every_failing_store_call_is_survived(void **state)
{
    (void)state;
    for (int op = 0; op < SIM_STORE_OPS; op++)
        for (uint64_t first = 1; first <= 41; first += 8) {
            session s = session_new(1, NULL);
            sim_node_store(s.plants[0])->faults[op] = (sim_store_fault){.first = first};
            sim_expect_quiet_by(s.world, LIMIT);
            session_expect_same(&s, s.plants[1]);
            const sim_entry *large = sim_store_find(sim_node_store(s.plants[0]), 0, "tree/large");
            sim_content sent;
            sim_content_generate(&sent, 1, 150000);
            if (large)
                sim_expect(s.world, s.plants[0], sim_content_equal(&large->content, &sent));
            sim_free(s.world);
        }
}

static void unreadable_file_ends_in_a_result(void **state)
{
    (void)state;
    for (uint64_t nth = 1; nth < 100; nth += 11) {
        session s = session_new(1, NULL);
        sim_node_source(s.hub)->read_fail_at = nth;
        sim_expect_quiet_by(s.world, LIMIT);
        sim_expect_event(s.hub, UFTP_EVENT_SESSION_FINISHED);
        sim_free(s.world);
    }
}

/* The kth allocation of either side fails, once or from then on: whatever becomes of the session,
 * it ends, and everything is returned. */
static void failing_allocations_leak_nothing(void **state)
{
    (void)state;
    for (int who = 0; who < 2; who++)
        for (int onwards = 0; onwards < 2; onwards++)
            for (uint64_t nth = 1; nth <= 60; nth++) {
                session s = session_new(1, &(session_options){.plants = 1, .big_size = 20000});
                sim_memory *memory = sim_node_memory(who ? s.hub : s.plants[0]);
                memory->fail_at = nth;
                memory->fail_onwards = onwards == 1;
                sim_expect_quiet_by(s.world, LIMIT);
                sim_free(s.world);
            }
}

/* ---- repeatability ---- */

static void real_sessions_repeat_bit_for_bit(void **state)
{
    (void)state;
    const sim_link lossy = {.delay = UFTP_MS(30), .jitter = UFTP_MS(9), .loss_ppm = 50000};
    char digests[3][65];
    SIM_EACH_SEED(seed, 1, 5)
    {
        for (uint64_t i = 0; i < 3; i++) {
            session s = session_new(seed + i / 2,
                                    &(session_options){.plants_down = &lossy, .plants_up = &lossy});
            session_expect_success(&s, LIMIT);
            strcpy(digests[i], sim_digest(s.world));
            sim_free(s.world);
        }
        assert_string_equal(digests[0], digests[1]);
        assert_string_not_equal(digests[0], digests[2]);
    }
}

static const struct CMUnitTest tests[] = {
    SIM_TEST(session_over_a_perfect_network_delivers_everything),
    SIM_TEST(sender_alone_gives_up_in_time),
    SIM_TEST(any_number_of_receivers_in_open_and_closed_groups),
    SIM_TEST(losing_any_message_of_the_sender_once_does_no_harm),
    SIM_TEST(losing_any_message_of_a_receiver_once_does_no_harm),
    SIM_TEST(sessions_survive_loss_both_ways),
    SIM_TEST(sessions_survive_shared_loss),
    SIM_TEST(duplicates_change_nothing),
    SIM_TEST(reordering_over_sections_changes_nothing),
    SIM_TEST(everything_at_once_over_a_satellite_hop),
    SIM_TEST(trains_and_single_datagrams_deliver_the_same),
    SIM_TEST(unlimited_rate_ends_without_loss),
    SIM_TEST(bottleneck_slows_down_but_does_not_break),
    SIM_TEST(receivers_take_part_in_two_sessions_at_once),
    SIM_TEST(crashed_receiver_is_given_up_and_the_others_finish),
    SIM_TEST(crashed_sender_leaves_receivers_that_end_by_themselves),
    SIM_TEST(interrupted_sender_ends_every_session),
    SIM_TEST(receiver_that_shuts_down_tells_the_sender),
    SIM_TEST(failed_join_ends_the_session_of_that_receiver),
    SIM_TEST(full_disk_is_one_receivers_trouble),
    SIM_TEST(every_failing_store_call_is_survived),
    SIM_TEST(unreadable_file_ends_in_a_result),
    SIM_TEST(failing_allocations_leak_nothing),
    SIM_TEST(real_sessions_repeat_bit_for_bit),
};

SIM_TEST_MAIN(tests)
