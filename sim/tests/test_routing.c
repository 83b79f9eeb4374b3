/* SPDX-License-Identifier: MIT
 *
 * The tree of routers: multicast goes where members are and nowhere else, and wishes take time.
 *
 *              core (0)
 *             /        \
 *        west (1)     east (2)
 *        /      \         \
 *   north (3)  south (4)  far (5)
 */
#include "expect.h"

#include "engine/script.h"

#include <string.h>

enum { CORE, WEST, EAST, NORTH, SOUTH, FAR };

static const uftp_address group = {.family = UFTP_IPV4, .bytes = {230, 4, 4, 1}, .port = SIM_PORT};

typedef struct ear {
    uint32_t count;
    uint64_t at;
} ear;

static void hear(sim_node *node, void *ctx, uint64_t now, const uftp_datagram *datagram)
{
    (void)node;
    (void)datagram;
    ear *e = ctx;
    e->count++;
    e->at = now;
}

static const sim_script listener = {.on_datagram = hear};

typedef struct net {
    sim *world;
    sim_node *nodes[6]; /* one at each router */
    ear ears[6];
} net;

static void net_open(net *n, const sim_options *options)
{
    static const char *const routers[] = {"core", "west", "east", "north", "south", "far"};
    static const char *const names[] = {"n0", "n1", "n2", "n3", "n4", "n5"};
    static const uint32_t parents[] = {SIM_ROUTER_NONE, CORE, CORE, WEST, WEST, EAST};
    const sim_link link = {.delay = UFTP_MS(10)};
    memset(n, 0, sizeof *n);
    n->world = sim_test_new(1, options);
    for (uint32_t i = 0; i < 6; i++)
        assert_int_equal(sim_add_router(n->world, routers[i], parents[i], &link, &link), i);
    for (uint32_t i = 0; i < 6; i++) {
        n->nodes[i] = sim_add_script(n->world, names[i], &listener, &n->ears[i]);
        sim_attach(n->nodes[i], i);
    }
    sim_run(n->world);
}

static void say(net *n, uint32_t from, uftp_address to)
{
    const uint8_t bytes[4] = {0x50, 1};
    sim_script_send(n->nodes[from], &to, bytes, sizeof bytes, 0);
    sim_run(n->world);
}

static uint64_t carried(const net *n, uint32_t from, uint32_t to)
{
    return sim_routing_carried(sim_world_routing(n->world), from, to);
}

static void branch_without_members_carries_nothing(void **state)
{
    (void)state;
    net n;
    net_open(&n, NULL);
    sim_join(n.nodes[NORTH], &group, NULL);
    sim_join(n.nodes[EAST], &group, NULL);
    sim_run(n.world);
    uint64_t start = sim_now(n.world);
    say(&n, CORE, group);
    assert_int_equal(n.ears[NORTH].count, 1);
    assert_int_equal(n.ears[NORTH].at - start, UFTP_MS(20));
    assert_int_equal(n.ears[EAST].at - start, UFTP_MS(10));
    assert_int_equal(carried(&n, CORE, WEST), 1);
    assert_int_equal(carried(&n, WEST, NORTH), 1);
    assert_int_equal(carried(&n, CORE, EAST), 1);
    assert_int_equal(carried(&n, WEST, SOUTH), 0);
    assert_int_equal(carried(&n, EAST, FAR), 0);
    for (uint32_t i = 0; i < 6; i++)
        assert_int_equal(n.ears[i].count, i == NORTH || i == EAST);
    /* From a leaf of the tree: up, across and down; not back to who sent it. */
    say(&n, NORTH, group);
    assert_int_equal(n.ears[EAST].count, 2);
    assert_int_equal(n.ears[NORTH].count, 1);
    assert_int_equal(carried(&n, NORTH, WEST), 1);
    assert_int_equal(carried(&n, WEST, CORE), 1);
    /* With nobody elsewhere, nothing leaves the router. */
    sim_leave(n.nodes[EAST], &group, NULL);
    sim_run(n.world);
    say(&n, NORTH, group);
    assert_int_equal(carried(&n, NORTH, WEST), 1);
    say(&n, FAR, group);
    assert_int_equal(n.ears[NORTH].count, 2);
    sim_free(n.world);
}

/* 30 ms per hop to join: from south over west, core and east a member is heard of at far after 120
 * ms; leaving takes 200 ms per hop, and packets go on into the branch until then. */
static void joins_and_prunes_take_their_time_hop_by_hop(void **state)
{
    (void)state;
    net n;
    net_open(&n, &(sim_options){.join_latency = UFTP_MS(30), .leave_latency = UFTP_MS(200)});
    sim_join(n.nodes[SOUTH], &group, NULL);
    sim_run_until(n.world, sim_now(n.world) + UFTP_MS(119));
    say(&n, FAR, group); /* runs on, but what is pruned on the first hop is lost */
    assert_int_equal(n.ears[SOUTH].count, 0);
    assert_int_equal(sim_now(n.world), UFTP_MS(120));
    say(&n, FAR, group);
    assert_int_equal(n.ears[SOUTH].count, 1);

    sim_leave(n.nodes[SOUTH], &group, NULL);
    sim_run_until(n.world, sim_now(n.world) + UFTP_MS(159));
    uint64_t before = carried(&n, WEST, SOUTH);
    say(&n, CORE, group); /* 10 ms to west: 169 ms after the leave */
    assert_int_equal(carried(&n, WEST, SOUTH), before + 1);
    assert_int_equal(n.ears[SOUTH].count, 1); /* but nobody is there */
    say(&n, CORE, group);
    assert_int_equal(carried(&n, WEST, SOUTH), before + 1);
    assert_int_equal(carried(&n, CORE, WEST), 2);
    sim_free(n.world);
}

/* A member that comes back before the prune has arrived must not be cut off by it. */
static void prune_that_is_taken_back_in_time_cuts_nothing(void **state)
{
    (void)state;
    net n;
    net_open(&n, &(sim_options){.join_latency = UFTP_MS(1), .leave_latency = UFTP_MS(200)});
    sim_join(n.nodes[SOUTH], &group, NULL);
    sim_run(n.world);
    sim_leave(n.nodes[SOUTH], &group, NULL);
    sim_run_until(n.world, sim_now(n.world) + UFTP_MS(199));
    sim_join(n.nodes[SOUTH], &group, NULL);
    for (uint32_t i = 1; i <= 3; i++) {
        say(&n, FAR, group);
        assert_int_equal(n.ears[SOUTH].count, i);
    }
    sim_free(n.world);
}

/* The last member counts, not the first that leaves; a crash leaves everything. */
static void branch_is_pruned_with_its_last_member(void **state)
{
    (void)state;
    net n;
    net_open(&n, NULL);
    const uftp_address source = sim_address(n.nodes[CORE], UFTP_IPV4);
    sim_join(n.nodes[NORTH], &group, NULL);
    sim_join(n.nodes[SOUTH], &group, NULL);
    sim_join(n.nodes[SOUTH], &group, &source); /* twice */
    sim_run(n.world);
    sim_leave(n.nodes[NORTH], &group, NULL);
    sim_leave(n.nodes[SOUTH], &group, NULL);
    sim_run(n.world);
    say(&n, CORE, group);
    assert_int_equal(n.ears[SOUTH].count, 1);
    assert_int_equal(carried(&n, WEST, NORTH), 0);
    say(&n, EAST, group); /* from another source: not heard, but carried */
    assert_int_equal(n.ears[SOUTH].count, 1);
    sim_stop(n.nodes[SOUTH]);
    sim_run(n.world);
    uint64_t before = carried(&n, CORE, WEST);
    say(&n, CORE, group);
    assert_int_equal(carried(&n, CORE, WEST), before);
    assert_int_equal(sim_routing_joins(sim_world_routing(n.world)),
                     sim_routing_prunes(sim_world_routing(n.world)));
    sim_free(n.world);
}

static void unicast_takes_the_way_through_the_tree(void **state)
{
    (void)state;
    net n;
    net_open(&n, NULL);
    for (uint32_t from = 0; from < 6; from++)
        for (uint32_t to = 0; to < 6; to++) {
            static const uint32_t hops[6][6] = {{0, 1, 1, 2, 2, 2}, {1, 0, 2, 1, 1, 3},
                                                {1, 2, 0, 3, 3, 1}, {2, 1, 3, 0, 2, 4},
                                                {2, 1, 3, 2, 0, 4}, {2, 3, 1, 4, 4, 0}};
            uint32_t before = n.ears[to].count;
            uint64_t start = sim_now(n.world);
            say(&n, from, sim_address(n.nodes[to], UFTP_IPV4));
            assert_int_equal(n.ears[to].count, before + (from != to));
            if (from != to)
                assert_int_equal(n.ears[to].at - start, hops[from][to] * UFTP_MS(10));
        }
    say(&n, CORE, uftp_address_ipv4(10, 9, 9, 9, SIM_PORT)); /* nobody */
    sim_free(n.world);
}

static const struct CMUnitTest tests[] = {
    SIM_TEST(branch_without_members_carries_nothing),
    SIM_TEST(joins_and_prunes_take_their_time_hop_by_hop),
    SIM_TEST(prune_that_is_taken_back_in_time_cuts_nothing),
    SIM_TEST(branch_is_pruned_with_its_last_member),
    SIM_TEST(unicast_takes_the_way_through_the_tree),
};

SIM_TEST_MAIN(tests)
