/* SPDX-License-Identifier: MIT
 *
 * Congestion control in whole sessions: how a rate comes about, who limits it, and that it leaves
 * others their share (spec v5 4.7).
 */
#include "session.h"
#include "tcp.h"

#include <inttypes.h>
#include <stdio.h>

#define LINE 500000           /* bytes per second of the bottleneck: 4 Mbit/s */
#define QUEUE 40000           /* what may wait there: 80 ms */
#define DELAY_MIN UFTP_MS(10) /* one way */
#define JITTER UFTP_MS(2)
#define DATAGRAM 1332 /* of a whole block, without encryption */
#define BIG UINT64_C(400000000)

static const sim_expected expected[] = {{.size = BIG, .seed = 1}};
static const sim_store_options store = {.expected = expected, .expected_count = 1};

/* A hub with a file that takes longer than any of these tests, for plants that it knows. */
static sim_node *add_hub(sim *world, const char *name, const uftp_sender_config *config,
                         size_t first_plant, size_t plants)
{
    static const char *const operands[] = {"/out/big"};
    static uftp_member members[4][PLANTS_MAX];
    static size_t turn;
    uftp_member *own = members[turn++ % 4];
    for (size_t i = 0; i < plants; i++)
        own[i] = (uftp_member){.uid = (uint32_t)(first_plant + i + 1)};
    uftp_sender_config c = *config;
    c.congestion_control = UFTP_CC_TFMCC;
    c.plain = !c.key;
    c.operands = operands;
    c.operand_count = 1;
    c.members = own;
    c.member_count = plants;
    c.grtt_initial = UFTP_MS(100);
    sim_node *hub = sim_add_sender(world, name, &c);
    sim_source_generated(sim_node_source(hub), "/out/big", 1, BIG, 1700000005);
    return hub;
}

static uftp_sender_stats stats_of(sim_node *hub)
{
    uftp_sender_stats stats;
    uftp_sender_stats_get(sim_sender(hub), &stats);
    return stats;
}

/* Bytes of a node that the bottleneck let through so far. All its large packets have one length. */
static uint64_t delivered(sim_node *node)
{
    const sim_counters *counters = sim_count(node);
    return counters->sent_bytes - counters->lost_total * DATAGRAM;
}

static uint64_t rate_between(sim *world, sim_node *node, uint64_t from, uint64_t to)
{
    sim_run_until(world, from);
    uint64_t before = delivered(node);
    sim_run_until(world, to);
    return (delivered(node) - before) * 1000 / ((to - from) / UFTP_MS(1));
}

static void expect_fair(sim *world, const char *what, uint64_t a, uint64_t b)
{
    print_message("    %s: %" PRIu64 " and %" PRIu64 " bytes/s\n", what, a, b);
    if (a > 2 * b || b > 2 * a)
        sim_fail(world, NULL, "%s: %" PRIu64 " and %" PRIu64 " bytes/s", what, a, b);
    if (a + b < LINE * 7 / 10)
        sim_fail(world, NULL, "%s: together only %" PRIu64 " bytes/s", what, a + b);
}

/* The seed chooses the length of the wires. A little jitter, as hosts have it: without any, who
 * finds the queue full is a matter of who comes in step with it (phase effects). */
static uint64_t delay_of(uint64_t seed)
{
    return DELAY_MIN + (seed - 1) % 7 * UFTP_MS(5);
}

/* Receivers tell queues by the sender's clock and their own, which drift apart. 50 ppm is a lot. */
static int32_t drift_of(uint64_t seed)
{
    return (int32_t)(seed % 3) * 50000 - 50000; /* parts per billion */
}

static sim *new_world(uint64_t seed)
{
    static sim_link wire;
    wire = (sim_link){.delay = delay_of(seed), .jitter = JITTER};
    return sim_test_new(seed, &(sim_options){.link = &wire, .events_max = 1000});
}

/* ---- the rate ---- */

/* Without a loss the rate grows until a bound is reached, and by enough: a receiver that measured
 * too little, or a sender that took a step for a slow start, would never get there. */
static void slow_start_reaches_its_bound_without_losing_anything(void **state)
{
    (void)state;
    sim *world = new_world(1);
    sim_node *plant = sim_add_receiver(world, "plant", NULL, &store);
    sim_node *hub = add_hub(world, "hub", &(uftp_sender_config){.rate_max = LINE}, 0, 1);
    sim_downlink(plant, &(sim_link){.rate_bytes_per_s = LINE * 11 / 10, .queue_bytes = QUEUE});
    uint64_t reached = 0;
    for (uint64_t at = UFTP_MS(300); at < UFTP_S(10) && !reached; at += UFTP_MS(10)) {
        sim_run_until(world, at);
        if (stats_of(hub).rate_bytes_per_s == LINE)
            reached = at;
    }
    print_message("    %u kB/s after %" PRIu64 " ms\n", LINE / 1000, reached / UFTP_MS(1));
    assert_in_range(reached, 1, UFTP_S(3));
    assert_in_range(rate_between(world, hub, UFTP_S(5), UFTP_S(15)), LINE * 9 / 10, LINE * 11 / 10);
    assert_int_equal(sim_count(hub)->lost_total, 0);
    sim_free(world);
}

/* The rate that the operator chose to begin with lasts where there is room for it, and where there
 * is not the first losses end it. */
static void initial_rate_is_kept(void **state)
{
    (void)state;
    for (unsigned narrow = 0; narrow < 2; narrow++)
        SIM_EACH_SEED(seed, 1, 6)
        {
            sim *world = new_world(seed);
            sim_node *plant = sim_add_receiver(world, "plant", NULL, &store);
            sim_node *hub = add_hub(
                world, "hub", &(uftp_sender_config){.rate_initial = 2 * LINE, .rate_max = 4 * LINE},
                0, 1);
            if (narrow)
                sim_downlink(plant, &(sim_link){.rate_bytes_per_s = LINE, .queue_bytes = QUEUE});
            while (sim_count(hub)->sent[UFTP_MESSAGE_FILESEG] == 0)
                sim_run_until(world, sim_now(world) + UFTP_MS(1));
            uint64_t start = sim_now(world);
            for (uint64_t at = start; !narrow && at < start + UFTP_S(2); at += UFTP_MS(5)) {
                sim_run_until(world, at);
                sim_expect(world, hub, stats_of(hub).rate_bytes_per_s >= 2 * LINE);
            }
            sim_run_until(world, start + UFTP_S(2));
            uint64_t rate = stats_of(hub).rate_bytes_per_s;
            sim_expect(world, hub, narrow ? rate < LINE * 11 / 10 : rate == 4 * LINE);
            sim_free(world);
        }
}

static void unbounded_session_uses_the_line(void **state)
{
    (void)state;
    SIM_EACH_SEED(seed, 1, 4)
    {
        sim *world = new_world(seed);
        sim_node *plant = sim_add_receiver(world, "plant", NULL, &store);
        sim_node *hub = add_hub(world, "hub", &(uftp_sender_config){0}, 0, 1);
        sim_downlink(plant, &(sim_link){.rate_bytes_per_s = LINE, .queue_bytes = QUEUE});
        uint64_t rate = rate_between(world, hub, UFTP_S(10), UFTP_S(60));
        print_message("    %" PRIu64 " bytes/s of %u, %" PRIu64 " of %" PRIu64 " lost\n", rate,
                      LINE, sim_count(hub)->lost_total, sim_count(hub)->sent_total);
        sim_expect(world, hub, rate > LINE * 7 / 10);
        sim_expect(world, hub, sim_count(hub)->lost_total * 20 < sim_count(hub)->sent_total);
        sim_free(world);
    }
}

/* Half the capacity is gone from one moment to the next: within ten GRTTs the rate must be below
 * what is left. */
static void rate_follows_a_step_in_capacity(void **state)
{
    (void)state;
    SIM_EACH_SEED(seed, 1, 6)
    {
        sim *world = new_world(seed);
        sim_node *plant = sim_add_receiver(world, "plant", NULL, &store);
        sim_node *hub = add_hub(world, "hub", &(uftp_sender_config){0}, 0, 1);
        sim_downlink(plant, &(sim_link){.rate_bytes_per_s = LINE, .queue_bytes = QUEUE});
        uint64_t step = UFTP_S(20) + seed * UFTP_MS(700);
        uint64_t before = rate_between(world, hub, step - UFTP_S(5), step);
        sim_downlink(plant, &(sim_link){.rate_bytes_per_s = LINE / 2, .queue_bytes = QUEUE / 2});
        uint64_t followed = 0; /* after so many tenths of a GRTT, which itself changes meanwhile */
        for (uint64_t i = 1, at = step; i <= 200 && !followed; i++) {
            at += stats_of(hub).grtt / 10;
            sim_run_until(world, at);
            if (stats_of(hub).rate_bytes_per_s <= LINE / 2)
                followed = i;
        }
        uint64_t down = rate_between(world, hub, step + UFTP_S(5), step + UFTP_S(15));
        step += UFTP_S(20);
        sim_run_until(world, step);
        sim_downlink(plant, &(sim_link){.rate_bytes_per_s = LINE, .queue_bytes = QUEUE});
        uint64_t up = rate_between(world, hub, step + UFTP_S(15), step + UFTP_S(25));
        print_message("    %" PRIu64 " -> %" PRIu64 " after %" PRIu64 ".%" PRIu64
                      " GRTT -> %" PRIu64 " bytes/s\n",
                      before, down, followed / 10, followed % 10, up);
        sim_expect(world, hub, followed > 0 && followed <= 100);
        /* What waits in the queue has been delivered, too, for this measure. */
        sim_expect(world, hub, down > LINE / 2 * 6 / 10 && down <= LINE / 2 * 103 / 100);
        sim_expect(world, hub, up > LINE * 6 / 10);
        sim_free(world);
    }
}

/* After how many tenths of a GRTT, which itself changes meanwhile, the rate has reached a bound. */
static uint64_t rises_within(sim *world, sim_node *hub, uint64_t step, uint64_t bound)
{
    for (uint64_t i = 1, at = step; i <= 200; i++) {
        at += stats_of(hub).grtt / 10;
        sim_run_until(world, at);
        if (stats_of(hub).rate_bytes_per_s >= bound)
            return i;
    }
    return 0;
}

/* The line becomes `times` as wide from one moment to the next. */
static void expect_step_up_followed(uint64_t seed, uint64_t line, unsigned times)
{
    sim *world = new_world(seed);
    const uint64_t queue = line * 8 / 100; /* 80 ms */
    sim_node *plant = sim_add_receiver(world, "plant", NULL, &store);
    sim_node *hub = add_hub(world, "hub", &(uftp_sender_config){0}, 0, 1);
    sim_downlink(plant,
                 &(sim_link){.rate_bytes_per_s = line / times, .queue_bytes = queue / times});
    uint64_t step = UFTP_S(20) + seed * UFTP_MS(700);
    uint64_t before = rate_between(world, hub, step - UFTP_S(5), step);
    sim_downlink(plant, &(sim_link){.rate_bytes_per_s = line, .queue_bytes = queue});
    uint64_t followed = rises_within(world, hub, step, line / 10 * 8);
    uint64_t up = rate_between(world, hub, step + UFTP_S(5), step + UFTP_S(15));
    print_message("    x%u: %" PRIu64 " -> %" PRIu64 " bytes/s, after %" PRIu64 ".%" PRIu64
                  " GRTT\n",
                  times, before, up, followed / 10, followed % 10);
    sim_expect(world, hub, followed > 0 && followed <= 100);
    sim_expect(world, hub, up > line / 10 * 9 && up <= line / 10 * 11);
    sim_free(world);
}

/* RFC 4654 alone would have it take up to 90 GRTTs: docs/protocol-notes.md. */
static void rate_follows_a_step_up_within_ten_grtts(void **state)
{
    (void)state;
    for (unsigned times = 2; times <= 4; times += 2)
        SIM_EACH_SEED(seed, 1, 12)
    expect_step_up_followed(seed, LINE, times);
    SIM_EACH_SEED(seed, 1, 3)
    expect_step_up_followed(seed, 10 * LINE, 4);
}

/* Both want the new room, and neither may have it alone. */
static void step_up_is_shared_fairly_with_tcp(void **state)
{
    (void)state;
    SIM_EACH_SEED(seed, 1, 6)
    {
        sim *world = new_world(seed);
        sim_node *host = tcp_add_host(world, "host", &store);
        sim_node *hub = add_hub(world, "hub", &(uftp_sender_config){0}, 0, 1);
        sim_node *tcp = tcp_add_source(world, "tcp", host);
        const uint64_t times = seed % 2 ? 2 : 4;
        sim_downlink(host,
                     &(sim_link){.rate_bytes_per_s = LINE / times, .queue_bytes = QUEUE / times});
        sim_run_until(world, UFTP_S(30));
        sim_downlink(host, &(sim_link){.rate_bytes_per_s = LINE, .queue_bytes = QUEUE});
        uint64_t before = delivered(tcp);
        uint64_t own = rate_between(world, hub, UFTP_S(30), UFTP_S(60));
        expect_fair(world, "session and TCP", own, (delivered(tcp) - before) / 30);
        sim_free(world);
    }
}

/* ---- others on the line ---- */

static void two_sessions_share_a_line_fairly(void **state)
{
    (void)state;
    SIM_EACH_SEED(seed, 1, 4)
    {
        sim *world = new_world(seed);
        sim_node *plant = sim_add_receiver(world, "plant", NULL, &store);
        sim_node *one = add_hub(world, "one", &(uftp_sender_config){.group = 1}, 0, 1);
        sim_node *two = add_hub(world, "two", &(uftp_sender_config){.group = 2}, 0, 1);
        sim_downlink(plant, &(sim_link){.rate_bytes_per_s = LINE, .queue_bytes = QUEUE});
        sim_run_until(world, UFTP_S(30));
        uint64_t before = delivered(two);
        uint64_t first = rate_between(world, one, UFTP_S(30), UFTP_S(150));
        expect_fair(world, "two sessions", first, (delivered(two) - before) / 120);
        sim_free(world);
    }
}

static void session_shares_a_line_fairly_with_tcp(void **state)
{
    (void)state;
    static const uint64_t queues[] = {QUEUE / 2, QUEUE, 2 * QUEUE};
    SIM_EACH_SEED(seed, 1, 9)
    {
        sim *world = new_world(seed);
        sim_node *host = tcp_add_host(world, "host", &store);
        sim_node *hub = add_hub(world, "hub", &(uftp_sender_config){0}, 0, 1);
        sim_node *tcp = tcp_add_source(world, "tcp", host);
        sim_set_drift(host, drift_of(seed / 3));
        sim_downlink(host, &(sim_link){.rate_bytes_per_s = LINE, .queue_bytes = queues[seed % 3]});
        sim_run_until(world, UFTP_S(30));
        uint64_t before = delivered(tcp);
        uint64_t own = rate_between(world, hub, UFTP_S(30), UFTP_S(150));
        expect_fair(world, "session and TCP", own, (delivered(tcp) - before) / 120);
        assert_true(tcp_host_segments(host) > 1000);
        sim_free(world);
    }
}

/* ---- who limits ---- */

/* One of three is behind a thin line: it is the one whose reports count, and the others wait. */
static void slowest_receiver_sets_the_rate(void **state)
{
    (void)state;
    sim *world = new_world(1);
    sim_node *plants[3];
    for (size_t i = 0; i < 3; i++) {
        char name[] = "plant-0";
        name[6] = (char)('0' + i);
        plants[i] = sim_add_receiver(world, name, NULL, &store);
        sim_downlink(plants[i], &(sim_link){.rate_bytes_per_s = i == 2 ? LINE / 5 : LINE,
                                            .queue_bytes = QUEUE});
    }
    sim_node *hub = add_hub(world, "hub", &(uftp_sender_config){0}, 0, 3);
    sim_run_until(world, UFTP_S(10));
    uint64_t before = sim_count(hub)->sent_bytes;
    sim_run_until(world, UFTP_S(40));
    uint64_t rate = (sim_count(hub)->sent_bytes - before) / 30;
    print_message("    %" PRIu64 " bytes/s\n", rate);
    assert_in_range(rate, LINE / 5 * 6 / 10, LINE / 5 * 11 / 10);
    sim_free(world);
}

/* Loss on the way to one receiver, without any queue: TCP's rate under 3 % is what may be sent,
 * 1360 / RTT / (sqrt(2/3 * 0.03) * (1 + 9 * 0.03 + 288 * 0.03^3)) = 7526 bytes / RTT. */
static void lossy_receiver_sets_the_rate_of_the_equation(void **state)
{
    (void)state;
    SIM_EACH_SEED(seed, 1, 3)
    {
        sim *world = new_world(seed);
        sim_add_receiver(world, "good", NULL, &store);
        sim_node *bad = sim_add_receiver(world, "bad", NULL, &store);
        sim_downlink(bad, &(sim_link){.loss_ppm = 30000});
        sim_node *hub = add_hub(world, "hub", &(uftp_sender_config){0}, 0, 2);
        sim_run_until(world, UFTP_S(20));
        uint64_t before = sim_count(hub)->sent_bytes;
        sim_run_until(world, UFTP_S(80));
        uint64_t rate = (sim_count(hub)->sent_bytes - before) / 60;
        print_message("    %" PRIu64 " bytes/s\n", rate);
        uint64_t equation = 7526 * UFTP_S(1) / (2 * delay_of(seed));
        sim_expect(world, hub, rate > equation * 7 / 10 && rate < equation * 14 / 10);
        sim_free(world);
    }
}

/* The slow one crashes, or is shut down: the others must not pay for it for long. */
static void rate_recovers_when_the_slowest_receiver_leaves(void **state)
{
    (void)state;
    for (int crash = 0; crash < 2; crash++) {
        sim *world = new_world(1);
        sim_node *fast = sim_add_receiver(world, "fast", NULL, &store);
        sim_node *slow = sim_add_receiver(world, "slow", NULL, &store);
        sim_downlink(fast, &(sim_link){.rate_bytes_per_s = LINE, .queue_bytes = QUEUE});
        sim_downlink(slow, &(sim_link){.rate_bytes_per_s = LINE / 10, .queue_bytes = QUEUE / 4});
        sim_node *hub = add_hub(world, "hub", &(uftp_sender_config){0}, 0, 2);
        sim_run_until(world, UFTP_S(15));
        assert_true(stats_of(hub).rate_bytes_per_s < LINE / 5);
        if (crash)
            sim_stop(slow);
        else
            sim_shutdown(slow);
        sim_run_until(world, UFTP_S(45));
        uint64_t before = sim_count(hub)->sent_bytes;
        sim_run_until(world, UFTP_S(65));
        uint64_t rate = (sim_count(hub)->sent_bytes - before) / 20;
        print_message("    %s: %" PRIu64 " bytes/s\n", crash ? "crash" : "shut down", rate);
        sim_expect(world, hub, rate > LINE * 6 / 10);
        sim_free(world);
    }
}

#define CONTROL UFTP_MESSAGE_CONG_CTRL

static uint64_t reports_of(sim_node *const *plants, size_t count)
{
    uint64_t reports = 0;
    for (size_t i = 0; i < count; i++)
        reports += sim_count(plants[i])->sent[UFTP_MESSAGE_CC_ACK];
    return reports;
}

/* With a hundred thousand there would be no bandwidth for every voice. Fifty is enough to see it:
 * a report of each in each round would be hundreds more. */
static void few_of_many_receivers_report(void **state)
{
    (void)state;
    enum { MANY = 50 };
    sim *world = new_world(1);
    sim_node *plants[MANY];
    for (size_t i = 0; i < MANY; i++) {
        char name[16];
        snprintf(name, sizeof name, "plant-%zu", i);
        plants[i] = sim_add_receiver(world, name, NULL, &store);
    }
    sim_node *hub = add_hub(world, "hub", &(uftp_sender_config){0}, 0, MANY);
    sim_uplink(hub,
               &(sim_link){.rate_bytes_per_s = LINE, .queue_bytes = QUEUE}); /* all lose alike */
    sim_run_until(world, UFTP_S(10));
    uint64_t before = reports_of(plants, MANY), controls = sim_count(hub)->sent[CONTROL];
    sim_run_until(world, UFTP_S(40));
    uint64_t reports = reports_of(plants, MANY) - before;
    controls = sim_count(hub)->sent[CONTROL] - controls;
    uint64_t rounds = controls / 6;
    print_message("    %" PRIu64 " reports in %" PRIu64 " rounds, %" PRIu64 " CONG_CTRLs\n",
                  reports, rounds, controls);
    sim_expect(world, hub, reports < controls + rounds * 10); /* the CLR answers each */
    sim_expect(world, hub, reports > controls * 9 / 10);
    sim_free(world);
}

/* Nobody says anything any more: the sender gives up by itself. */
static void sender_gives_up_when_all_fall_silent(void **state)
{
    (void)state;
    sim *world = new_world(1);
    sim_node *plant = sim_add_receiver(world, "plant", NULL, &store);
    sim_node *hub = add_hub(world, "hub", &(uftp_sender_config){.rate_max = LINE}, 0, 1);
    sim_run_until(world, UFTP_S(5));
    sim_stop(plant);
    sim_expect_quiet_by(world, UFTP_S(40));
    sim_expect_result(hub, UFTP_RESULT_ALL_LOST);
    sim_expect_event_count(hub, UFTP_EVENT_CLIENT_LOST, 1);
    sim_free(world);
}

/* ---- ECN ---- */

/* Where the network marks early, nothing is lost after the start, and the line is used all the
 * same. */
static void marked_packets_slow_the_sender_before_any_is_lost(void **state)
{
    (void)state;
    SIM_EACH_SEED(seed, 1, 3)
    {
        sim *world = new_world(seed);
        sim_node *plant = sim_add_receiver(world, "plant", NULL, &store);
        sim_node *hub = add_hub(world, "hub", &(uftp_sender_config){.tos = 0xb8}, 0, 1);
        sim_downlink(plant, &(sim_link){.rate_bytes_per_s = LINE,
                                        .queue_bytes = 4 * QUEUE,
                                        .mark_bytes = QUEUE / 2});
        uint64_t rate = rate_between(world, hub, UFTP_S(10), UFTP_S(60));
        print_message("    %" PRIu64 " bytes/s, %" PRIu64 " lost\n", rate,
                      sim_count(hub)->lost_total);
        sim_expect(world, hub, sim_count(hub)->lost_total == 0);
        sim_expect(world, hub, rate > LINE * 6 / 10);
        sim_free(world);
    }
}

/* ---- whole sessions ---- */

static session_options whole(void)
{
    return (session_options){
        .closed = true, .sender = {.congestion_control = UFTP_CC_TFMCC}, .big_size = 600000};
}

/* Several files, several passes, losses both ways: everything arrives, with and without
 * encryption. */
static void sessions_under_congestion_control_deliver(void **state)
{
    (void)state;
    const sim_link bad = {.delay = UFTP_MS(20), .loss_ppm = 30000};
    SIM_EACH_SEED(seed, 1, 8)
    {
        session_options o = whole();
        o.closed = seed % 2;
        o.sender.key = seed % 4 < 2 ? session_key(UFTP_KEY_EC, UFTP_CURVE_SECP256R1) : NULL;
        o.sender.client_auth = seed % 8 == 1;
        o.receiver.key = o.sender.key;
        o.world.join_trains = seed % 3 == 0;
        o.plants_down = &bad;
        o.plants_up = &bad;
        session_must_succeed(seed, &o, UFTP_S(300));
    }
}

/* Trap 36: in an encrypted session the KEYINFOs must not end the slow start of our receivers. */
static void trap_36_encrypted_session_grows_like_a_plain_one(void **state)
{
    (void)state;
    uint64_t took[2];
    for (int encrypted = 0; encrypted < 2; encrypted++) {
        session_options o = whole();
        o.plants = 2;
        o.big_size = 3000000;
        o.sender.rate_max = LINE;
        o.sender.key = encrypted ? session_key(UFTP_KEY_EC, UFTP_CURVE_SECP256R1) : NULL;
        session s = session_new(1, &o);
        session_expect_success(&s, UFTP_S(60));
        took[encrypted] = sim_now(s.world);
        sim_free(s.world);
    }
    print_message("    plain %" PRIu64 " ms, encrypted %" PRIu64 " ms\n", took[0] / UFTP_MS(1),
                  took[1] / UFTP_MS(1));
    assert_in_range(took[1], took[0] / 100 * 95, took[0] / 100 * 112);
}

/* The operator's bounds. */
static void minimum_holds_against_any_loss(void **state)
{
    (void)state;
    sim *world = new_world(1);
    sim_node *plant = sim_add_receiver(world, "plant", NULL, &store);
    sim_downlink(plant, &(sim_link){.loss_ppm = 300000});
    sim_node *hub = add_hub(
        world, "hub", &(uftp_sender_config){.rate_min = 200000, .rate_initial = 300000}, 0, 1);
    sim_run_until(world, UFTP_S(10));
    uint64_t before = sim_count(hub)->sent_bytes;
    sim_run_until(world, UFTP_S(20));
    assert_in_range((sim_count(hub)->sent_bytes - before) / 10, 180000, 210000);
    sim_free(world);
}

static int teardown(void **state)
{
    (void)state;
    session_keys_free();
    return 0;
}

static const struct CMUnitTest tests[] = {
    SIM_TEST(slow_start_reaches_its_bound_without_losing_anything),
    SIM_TEST(unbounded_session_uses_the_line),
    SIM_TEST(rate_follows_a_step_in_capacity),
    SIM_TEST(rate_follows_a_step_up_within_ten_grtts),
    SIM_TEST(step_up_is_shared_fairly_with_tcp),
    SIM_TEST(initial_rate_is_kept),
    SIM_TEST(two_sessions_share_a_line_fairly),
    SIM_TEST(session_shares_a_line_fairly_with_tcp),
    SIM_TEST(slowest_receiver_sets_the_rate),
    SIM_TEST(lossy_receiver_sets_the_rate_of_the_equation),
    SIM_TEST(rate_recovers_when_the_slowest_receiver_leaves),
    SIM_TEST(few_of_many_receivers_report),
    SIM_TEST(sender_gives_up_when_all_fall_silent),
    SIM_TEST(marked_packets_slow_the_sender_before_any_is_lost),
    SIM_TEST(sessions_under_congestion_control_deliver),
    SIM_TEST(trap_36_encrypted_session_grows_like_a_plain_one),
    SIM_TEST(minimum_holds_against_any_loss),
};

SIM_TEST_MAIN_TEARDOWN(tests, teardown)
