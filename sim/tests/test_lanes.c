/* SPDX-License-Identifier: MIT
 *
 * Worlds whose receivers are run apart (engine/lane.h) give the digest of the same worlds run in
 * the order of time, by however many threads.
 */
#include "expect.h"

#include "engine/lane.h"
#include "engine/node.h"
#include "engine/script.h"

#include <stdio.h>
#include <string.h>

#define NODES_MAX 12
#define GROUPS 3
#define ACTS 6
#define CHATTER_END UFTP_MS(400)

/* A node that talks, listens, joins and leaves as its own luck has it. */
typedef struct talker {
    sim_node *node;
    sim_random random;
    bool joined[GROUPS];
    uint32_t sent;
} talker;

typedef struct act {
    talker *who;
    uint32_t deed;
    uint64_t lasts;
} act;

typedef struct babel {
    sim *world;
    talker talkers[NODES_MAX];
    size_t count;
    act acts[ACTS];
    size_t lanes; /* nodes that have one */
    uint64_t arrived, steps, ended;
    char digest[SIM_DIGEST_TEXT];
} babel;

static uint64_t below(talker *t, uint64_t limit)
{
    return sim_random_below(&t->random, limit);
}

static uftp_address group_of(uint64_t index)
{
    return uftp_address_ipv4(239, 1, 1, (uint8_t)index, SIM_PORT);
}

/* To a group, or to one of the others. */
static void say(sim_node *node, talker *t)
{
    uint8_t bytes[2000];
    const sim *world = sim_world(node);
    uint64_t to = below(t, GROUPS + 2);
    const uftp_address address =
        to < GROUPS ? group_of(to)
                    : sim_address(world->nodes[below(t, world->node_count)], UFTP_IPV4);
    size_t len = 20 + (size_t)below(t, below(t, 8) ? 100 : 1900);
    memset(bytes, (int)below(t, 256), len);
    t->sent++;
    sim_script_send(node, &address, bytes, len, 0);
}

static void started(sim_node *node, void *ctx, uint64_t now)
{
    talker *t = ctx;
    memset(t->joined, 0, sizeof t->joined);
    for (uint64_t g = 0; g < GROUPS; g++)
        if (below(t, 2)) {
            const uftp_address group = group_of(g);
            sim_join(node, &group, NULL);
            t->joined[g] = true;
        }
    sim_script_wake(node, now + UFTP_MS(below(t, 10)));
}

static void change_group(sim_node *node, talker *t)
{
    uint64_t g = below(t, GROUPS);
    const uftp_address group = group_of(g);
    if (t->joined[g])
        sim_leave(node, &group, NULL);
    else
        sim_join(node, &group, NULL);
    t->joined[g] = !t->joined[g];
}

/* Whole milliseconds, so that much falls on one instant. */
static void woken(sim_node *node, void *ctx, uint64_t now)
{
    talker *t = ctx;
    if (node->queue->now > CHATTER_END)
        return;
    if (below(t, 3) == 0)
        change_group(node, t);
    for (uint64_t i = below(t, 3); i > 0; i--)
        say(node, t);
    sim_script_wake(node, now + UFTP_MS(1 + below(t, 20)));
}

static void heard(sim_node *node, void *ctx, uint64_t now, const uftp_datagram *datagram)
{
    talker *t = ctx;
    (void)now;
    (void)datagram;
    if (t->sent < 300 && below(t, 6) == 0)
        say(node, t); /* at once */
}

static void do_act(void *ctx, uint64_t now)
{
    const act *a = ctx;
    sim_node *node = a->who->node;
    switch (a->deed) {
    case 0:
        if (sim_running(node))
            sim_stop(node);
        sim_start_at(node, now + a->lasts);
        break;
    case 1:
        sim_freeze(node, now + a->lasts);
        break;
    case 2:
        sim_set_drift(node, (int32_t)(a->lasts % 1000000));
        break;
    case 3:
        sim_touch(node);
        break;
    default:
        if (sim_running(node))
            say(node, a->who);
        break;
    }
}

static sim_link draw_link(sim_random *random, sim_fade *fade, bool down)
{
    sim_link link = {0};
    if (sim_random_below(random, 3) == 0)
        link.loss_ppm = 100000;
    if (sim_random_below(random, 5) == 0)
        link.duplicate_ppm = 200000, link.duplicate_gap = UFTP_MS(sim_random_below(random, 4));
    if (sim_random_below(random, 5) == 0)
        link.corrupt_ppm = 50000;
    if (sim_random_below(random, 4) == 0)
        link.mtu = 600;
    if (sim_random_below(random, 5) == 0)
        link.rate_bytes_per_s = 200000, link.queue_bytes = 6000;
    if (sim_random_below(random, 5) == 0)
        link.hold_ppm = 100000, link.hold_time = UFTP_MS(7);
    if (sim_random_below(random, 3) == 0)
        link.fade = fade;
    if (down ? sim_random_below(random, 4) > 0 : sim_random_below(random, 2))
        link.delay = UFTP_MS(5 + sim_random_below(random, 30));
    if (link.delay && sim_random_below(random, 4) == 0)
        link.jitter = UFTP_MS(6), link.reorder = sim_random_below(random, 2);
    return link;
}

static void make_nodes(babel *b, sim_random *random)
{
    static const sim_script script = {.on_start = started, .on_datagram = heard, .on_timer = woken};
    static const sim_fade_level levels[] = {{.loss_ppm = 0, .mean = UFTP_MS(150)},
                                            {.loss_ppm = 700000, .mean = UFTP_MS(100)}};
    sim_fade *fade =
        sim_fade_new(sim_world_medium(b->world), "rain",
                     &(sim_fade_config){.levels = levels, .level_count = 2, .apart_ppm = 300000});
    b->count = 2 + (size_t)sim_random_below(random, NODES_MAX - 1);
    for (size_t i = 0; i < b->count; i++) {
        talker *t = &b->talkers[i];
        char name[32];
        snprintf(name, sizeof name, "talker-%zu", i);
        t->node = sim_add_script(b->world, name, &script, t);
        sim_random_init(&t->random, sim_world_seed(b->world), name);
        const sim_link down = draw_link(random, fade, true), up = draw_link(random, fade, false);
        sim_downlink(t->node, &down);
        sim_uplink(t->node, &up);
    }
}

static void run(babel *b, uint64_t seed, sim_lane_use lanes, unsigned threads)
{
    *b = (babel){0};
    sim_random random;
    sim_random_init(&random, seed, "babel");
    const sim_link link = {.delay = UFTP_MS(sim_random_below(&random, 3)),
                           .loss_ppm = sim_random_below(&random, 2) ? 20000 : 0};
    b->world =
        sim_new(&(sim_options){.seed = seed, .link = &link, .lanes = lanes, .threads = threads});
    make_nodes(b, &random);
    for (size_t i = 0; i < ACTS; i++) {
        b->acts[i] = (act){.who = &b->talkers[sim_random_below(&random, b->count)],
                           .deed = (uint32_t)sim_random_below(&random, 6),
                           .lasts = UFTP_MS(1 + sim_random_below(&random, 60))};
        sim_at(b->world, UFTP_MS(sim_random_below(&random, 400)), do_act, &b->acts[i]);
    }
    /* In pieces, as a report does it. */
    sim_run_until(b->world, UFTP_MS(sim_random_below(&random, 100)));
    sim_run_until(b->world, UFTP_MS(100 + sim_random_below(&random, 300)));
    b->ended = sim_run(b->world);
    b->steps = sim_steps(b->world);
    for (size_t i = 0; i < b->count; i++) {
        const sim_counters *c = sim_count(b->talkers[i].node);
        b->lanes += b->talkers[i].node->lane != NULL;
        b->arrived += c->arrived_total + 1000003 * c->lost_total + c->refused + c->overflowed;
    }
    strcpy(b->digest, sim_digest(b->world));
    sim_free(b->world);
}

/* Whatever the nodes do, and however much falls on one instant. */
static void lanes_change_nothing_that_happens(void **state)
{
    (void)state;
    size_t lanes = 0;
    uint64_t arrived = 0;
    SIM_EACH_SEED(seed, 1, 400)
    {
        babel first, other;
        run(&first, seed, SIM_LANES_IN_STEP, 1);
        lanes += first.lanes;
        arrived += first.arrived % 1000003;
        run(&other, seed, SIM_LANES_AHEAD, 1);
        assert_string_equal(first.digest, other.digest);
        assert_int_equal(first.arrived, other.arrived);
        assert_int_equal(first.steps, other.steps);
        assert_int_equal(first.ended, other.ended);
        if (seed % 8)
            continue;
        run(&other, seed, SIM_LANES_AHEAD, 3);
        assert_string_equal(first.digest, other.digest);
        assert_int_equal(first.arrived, other.arrived);
    }
    assert_true(lanes > 1000); /* it was about something */
    assert_true(arrived > 100000);
}

/* Another order of the same things at one node is another digest. */
static void digest_knows_the_order_at_a_node(void **state)
{
    (void)state;
    sim_trace one = {0}, other = {0};
    sim_trace_mark(&one, 5, SIM_TRACE_STARTED);
    sim_trace_mark(&one, 5, SIM_TRACE_STOPPED);
    sim_trace_mark(&other, 5, SIM_TRACE_STOPPED);
    sim_trace_mark(&other, 5, SIM_TRACE_STARTED);
    assert_true(one.a != other.a && one.b != other.b);
}

/* ---- who gets a lane ---- */

static const sim_script silent = {0};

static void only_long_ways_that_nobody_shares_have_lanes(void **state)
{
    (void)state;
    sim *world = sim_new(&(sim_options){.seed = 1, .lanes = SIM_LANES_AHEAD});
    sim_medium *medium = sim_world_medium(world);
    sim_carrier *carrier =
        sim_carrier_new(medium, "c", &(sim_line_config){.rate_bytes_per_s = 1, .queue_bytes = 1});
    const sim_link links[] = {{.delay = UFTP_MS(250)},
                              {.delay = UFTP_MS(1)},
                              {.delay = UFTP_MS(250), .carrier = carrier},
                              {.delay = UFTP_MS(250)},
                              {.delay = UFTP_MS(250)},
                              {.delay = UFTP_MS(250)}};
    static const bool has_lane[] = {true, false, false, false, false, false};
    sim_node *nodes[6];
    for (size_t i = 0; i < 6; i++) {
        char name[8];
        snprintf(name, sizeof name, "n%zu", i);
        nodes[i] = sim_add_script(world, name, &silent, NULL);
        sim_downlink(nodes[i], &links[i]);
    }
    sim_behind(nodes[3], sim_add_nat(world, "nat", &(sim_nat_config){0}));
    sim_connect(nodes[0], nodes[4], &(sim_link){0});
    sim_set_no_lane(nodes[5]);
    sim_run(world);
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(nodes[i]->lane != NULL, has_lane[i]);
    sim_free(world);
}

/* ---- threads ---- */

static void add_one(void *ctx, size_t index)
{
    ((uint32_t *)ctx)[index]++;
}

static void pool_does_each_piece_once(void **state)
{
    (void)state;
    for (unsigned threads = 1; threads <= 4; threads++) {
        sim_pool *pool = sim_pool_new(threads);
        uint32_t done[1000] = {0};
        for (size_t count = 0; count < 200; count++)
            sim_pool_run(pool, add_one, done, count * 5);
        sim_pool_free(pool);
        for (size_t i = 0; i < 1000; i++)
            assert_int_equal(done[i], 199 - i / 5);
    }
}

static const struct CMUnitTest tests[] = {
    SIM_TEST(lanes_change_nothing_that_happens),
    SIM_TEST(digest_knows_the_order_at_a_node),
    SIM_TEST(only_long_ways_that_nobody_shares_have_lanes),
    SIM_TEST(pool_does_each_piece_once),
};

SIM_TEST_MAIN(tests)
