/* SPDX-License-Identifier: MIT
 *
 * The NAT against the terms of RFC 4787: what each kind of mapping and filtering does, time-outs,
 * ports, hairpins; then in its place between a node and the network.
 */
#include "models.h"

#include "engine/script.h"

#include <string.h>

#define IN(port) uftp_address_ipv4(10, 0, 0, 1, port)
#define OUTER uftp_address_ipv4(198, 18, 0, 0, 0)
#define A(port) uftp_address_ipv4(192, 0, 2, 1, port)
#define B(port) uftp_address_ipv4(192, 0, 2, 2, port)

/* The outer port by which this leaves; 0: dropped. */
static uint16_t out(sim_nat *nat, uint64_t now, uftp_address source, uftp_address destination)
{
    if (!sim_nat_out(nat, now, &source, &destination))
        return 0;
    const uftp_address outer = sim_nat_outer(nat);
    assert_true(uftp_address_same_host(&source, &outer));
    return source.port;
}

/* The inner port that this reaches; 0: dropped. */
static uint16_t in(sim_nat *nat, uint64_t now, uftp_address source, uint16_t port)
{
    uftp_address destination = OUTER;
    destination.port = port;
    if (!sim_nat_in(nat, now, &source, &destination))
        return 0;
    const uftp_address inner = IN(0);
    assert_true(uftp_address_same_host(&destination, &inner));
    return destination.port;
}

static sim_nat *make(bench *b, const sim_nat_config *config)
{
    const uftp_address outer = OUTER;
    return sim_nat_new(&b->medium, "home", &outer, config);
}

/* RFC 4787 4.1: which destinations share a mapping. */
static void mapping_depends_on_what_its_kind_says(void **state)
{
    (void)state;
    static const struct {
        sim_nat_behaviour mapping;
        bool same_for_other_port, same_for_other_host;
    } cases[] = {{SIM_NAT_ENDPOINT_INDEPENDENT, true, true},
                 {SIM_NAT_ADDRESS_DEPENDENT, true, false},
                 {SIM_NAT_ADDRESS_AND_PORT_DEPENDENT, false, false}};
    for (size_t i = 0; i < 3; i++) {
        bench *b = bench_new(1);
        sim_nat *nat = make(b, &(sim_nat_config){.mapping = cases[i].mapping});
        uint16_t first = out(nat, 0, IN(2000), A(10));
        assert_int_equal(out(nat, 0, IN(2000), A(10)), first);
        assert_int_equal(out(nat, 0, IN(2000), A(11)) == first, cases[i].same_for_other_port);
        assert_int_equal(out(nat, 0, IN(2000), B(10)) == first, cases[i].same_for_other_host);
        assert_true(out(nat, 0, IN(2001), A(10)) != first); /* REQ-3: no port is shared */
        bench_free(b);
    }
}

/* RFC 4787 5: who may come in once the endpoint has sent to A:10. */
static void filtering_depends_on_what_its_kind_says(void **state)
{
    (void)state;
    static const struct {
        sim_nat_behaviour filtering;
        bool other_port, other_host;
    } cases[] = {{SIM_NAT_ENDPOINT_INDEPENDENT, true, true},
                 {SIM_NAT_ADDRESS_DEPENDENT, true, false},
                 {SIM_NAT_ADDRESS_AND_PORT_DEPENDENT, false, false}};
    for (size_t i = 0; i < 3; i++)
        for (int mapping = 0; mapping < 3; mapping++) {
            bench *b = bench_new(1);
            sim_nat *nat = make(b, &(sim_nat_config){.mapping = (sim_nat_behaviour)mapping,
                                                     .filtering = cases[i].filtering});
            uint16_t port = out(nat, 0, IN(2000), A(10));
            assert_int_equal(in(nat, 0, A(10), port), 2000);
            assert_int_equal(in(nat, 0, A(11), port) != 0, cases[i].other_port);
            assert_int_equal(in(nat, 0, B(10), port) != 0, cases[i].other_host);
            assert_int_equal(sim_nat_count(nat)->filtered,
                             !cases[i].other_port + !cases[i].other_host);
            assert_int_equal(in(nat, 0, A(10), (uint16_t)(port + 1)), 0);
            assert_int_equal(sim_nat_count(nat)->unmapped, 1);
            bench_free(b);
        }
}

/* REQ-5, REQ-6: outbound traffic keeps a mapping, inbound only where configured. */
static void mapping_times_out_unless_it_is_refreshed(void **state)
{
    (void)state;
    for (int inbound = 0; inbound < 2; inbound++) {
        bench *b = bench_new(1);
        sim_nat *nat = make(b, &(sim_nat_config){.timeout = UFTP_S(120),
                                                 .filtering = SIM_NAT_ADDRESS_DEPENDENT,
                                                 .refresh_inbound = inbound == 1});
        uint16_t port = out(nat, 0, IN(2000), A(10));
        assert_int_equal(in(nat, UFTP_S(100), A(10), port), 2000);
        assert_int_equal(in(nat, UFTP_S(120) - 1, A(10), port), 2000);
        assert_int_equal(in(nat, UFTP_S(120), A(10), port) != 0, inbound == 1);
        bench_free(b);
    }
    bench *b = bench_new(1);
    sim_nat *nat = make(b, &(sim_nat_config){.timeout = UFTP_S(120)});
    uint16_t port = out(nat, 0, IN(2000), A(10));
    assert_int_equal(out(nat, UFTP_S(119), IN(2000), A(10)), port);
    assert_int_equal(in(nat, UFTP_S(238), A(10), port), 2000);
    assert_int_equal(in(nat, UFTP_S(239), A(10), port), 0);
    bench_free(b);
}

/* A mapping that another destination keeps alive must not keep the permission of this one. */
static void permission_times_out_by_itself(void **state)
{
    (void)state;
    bench *b = bench_new(1);
    sim_nat *nat =
        make(b, &(sim_nat_config){.timeout = UFTP_S(120), .filtering = SIM_NAT_ADDRESS_DEPENDENT});
    uint16_t port = out(nat, 0, IN(2000), A(10));
    assert_int_equal(out(nat, UFTP_S(100), IN(2000), B(10)), port);
    assert_int_equal(in(nat, UFTP_S(130), B(10), port), 2000);
    assert_int_equal(in(nat, UFTP_S(130), A(10), port), 0);
    bench_free(b);
}

static void ports_are_kept_where_free_and_run_out(void **state)
{
    (void)state;
    bench *b = bench_new(1);
    sim_nat *nat =
        make(b, &(sim_nat_config){.port_first = 2000, .port_count = 4, .timeout = UFTP_S(10)});
    bool used[4] = {false};
    assert_int_equal(out(nat, 0, IN(2001), A(10)), 2001);
    used[1] = true;
    for (uint16_t i = 0; i < 3; i++) {
        uint16_t port = out(nat, i, IN((uint16_t)(5000 + i)), A(10));
        assert_in_range(port, 2000, 2003);
        assert_false(used[port - 2000]);
        used[port - 2000] = true;
    }
    assert_int_equal(out(nat, UFTP_S(9), IN(6000), A(10)), 0);
    assert_int_equal(sim_nat_count(nat)->exhausted, 1);
    assert_int_equal(sim_nat_count(nat)->mappings_peak, 4);
    assert_int_equal(out(nat, UFTP_S(10), IN(6000), A(10)), 2001); /* has timed out by now */
    bench_free(b);

    b = bench_new(1);
    nat = make(b, &(sim_nat_config){.ports_drawn = true});
    unsigned kept = 0;
    for (uint16_t port = 3000; port < 3100; port++)
        kept += out(nat, 0, IN(port), A(10)) == port;
    assert_in_range(kept, 0, 2);
    bench_free(b);
}

static void rebinding_forgets_all_but_what_is_configured(void **state)
{
    (void)state;
    bench *b = bench_new(1);
    sim_nat *nat = make(b, &(sim_nat_config){.filtering = SIM_NAT_ADDRESS_DEPENDENT});
    const uftp_address inner = IN(1044);
    sim_nat_forward_port(nat, 1044, &inner);
    uint16_t port = out(nat, 0, IN(2000), A(10));
    assert_int_equal(port, 2000);
    sim_nat_rebind(nat);
    assert_int_equal(in(nat, 1, A(10), port), 0);
    uint16_t fresh = out(nat, 1, IN(2000), A(10));
    assert_true(fresh != 0 && fresh != port);       /* or nobody would notice */
    assert_int_equal(in(nat, 2, B(9), 1044), 1044); /* from anyone, at any time */
    assert_int_equal(in(nat, UFTP_S(9999), B(9), 1044), 1044);
    assert_int_equal(out(nat, 2, IN(1044), B(1)), 1044);
    bench_free(b);
}

/* ---- in its place ---- */

typedef struct ear {
    uint32_t count;
    uftp_address source;
} ear;

static void hear(sim_node *node, void *ctx, uint64_t now, const uftp_datagram *datagram)
{
    (void)node;
    (void)now;
    ear *e = ctx;
    e->count++;
    e->source = datagram->source;
}

static const uftp_address group = {.family = UFTP_IPV4, .bytes = {230, 4, 4, 1}, .port = SIM_PORT};

static void join_group(sim_node *node, void *ctx, uint64_t now)
{
    (void)ctx;
    (void)now;
    sim_join(node, &group, NULL);
}

static const sim_script listener = {.on_start = join_group, .on_datagram = hear};

static void say(sim_node *node, uftp_address to)
{
    const uint8_t bytes[4] = {0x50, 1};
    sim_script_send(node, &to, bytes, sizeof bytes, 0);
    sim_run(sim_world(node));
}

static void node_behind_a_nat_is_seen_and_reached_by_its_outer_address(void **state)
{
    (void)state;
    ear hub_ear = {0}, plant_ear = {0}, sibling_ear = {0};
    sim *world = sim_test_new(1, NULL);
    sim_node *hub = sim_add_script(world, "hub", &listener, &hub_ear);
    sim_node *plant = sim_add_script(world, "plant", &listener, &plant_ear);
    sim_node *sibling = sim_add_script(world, "sibling", &listener, &sibling_ear);
    sim_nat *nat = sim_add_nat(world, "home",
                               &(sim_nat_config){.filtering = SIM_NAT_ADDRESS_AND_PORT_DEPENDENT});
    sim_behind(plant, nat);
    sim_behind(sibling, nat);
    sim_run(world);
    uftp_address outer = sim_nat_outer(nat);
    outer.port = SIM_PORT;

    say(hub, sim_address(plant, UFTP_IPV4)); /* means nothing out there */
    say(hub, outer);                         /* nobody has asked for it */
    assert_int_equal(plant_ear.count, 0);
    say(plant, sim_address(hub, UFTP_IPV4));
    assert_int_equal(hub_ear.count, 1);
    assert_true(uftp_address_equal(&hub_ear.source, &outer));
    say(hub, hub_ear.source);
    assert_int_equal(plant_ear.count, 1);

    say(plant, sim_address(sibling, UFTP_IPV4)); /* within their network */
    const uftp_address inner = sim_address(plant, UFTP_IPV4);
    assert_int_equal(sibling_ear.count, 1);
    assert_true(uftp_address_equal(&sibling_ear.source, &inner));
    say(sibling, outer); /* no hairpin */
    assert_int_equal(plant_ear.count, 1);

    say(plant, group); /* the sibling sees the inner source, the hub the outer one */
    assert_int_equal(sibling_ear.count, 2);
    assert_true(uftp_address_equal(&sibling_ear.source, &inner));
    assert_int_equal(hub_ear.count, 2);
    assert_true(uftp_address_equal(&hub_ear.source, &outer));
    say(hub, group);
    assert_int_equal(plant_ear.count, 2);
    say(hub, sim_address(plant, UFTP_IPV6)); /* past the NAT */
    assert_int_equal(plant_ear.count, 3);
    sim_free(world);
}

/* REQ-9, and with it that what comes back by the hairpin shows the outer source. */
static void check_settings(bool hairpin)
{
    ear hub_ear = {0}, plant_ear = {0}, sibling_ear = {0};
    sim *world = sim_test_new(1, NULL);
    sim_node *hub = sim_add_script(world, "hub", &listener, &hub_ear);
    sim_node *plant = sim_add_script(world, "plant", &listener, &plant_ear);
    sim_node *sibling = sim_add_script(world, "sibling", &listener, &sibling_ear);
    sim_nat *nat = sim_add_nat(world, "home",
                               &(sim_nat_config){.hairpin = hairpin, .multicast_blocked = true});
    sim_behind(plant, nat);
    sim_behind(sibling, nat);
    sim_run(world);
    sim_expose(plant);
    uftp_address outer = sim_nat_outer(nat);
    outer.port = SIM_PORT;
    say(sibling, outer);
    assert_int_equal(plant_ear.count, hairpin);
    if (hairpin)
        assert_true(uftp_address_same_host(&plant_ear.source, &outer));
    say(plant, group);
    assert_int_equal(sibling_ear.count, 1);
    assert_int_equal(hub_ear.count, 0);
    say(hub, group);
    assert_int_equal(plant_ear.count, hairpin);
    assert_int_equal(sim_count(hub)->lost_total, 2);
    sim_free(world);
}

static void hairpin_and_blocked_multicast_are_settings(void **state)
{
    (void)state;
    check_settings(true);
    check_settings(false);
}

static const struct CMUnitTest tests[] = {
    SIM_TEST(mapping_depends_on_what_its_kind_says),
    SIM_TEST(filtering_depends_on_what_its_kind_says),
    SIM_TEST(mapping_times_out_unless_it_is_refreshed),
    SIM_TEST(permission_times_out_by_itself),
    SIM_TEST(ports_are_kept_where_free_and_run_out),
    SIM_TEST(rebinding_forgets_all_but_what_is_configured),
    SIM_TEST(node_behind_a_nat_is_seen_and_reached_by_its_outer_address),
    SIM_TEST(hairpin_and_blocked_multicast_are_settings),
};

SIM_TEST_MAIN(tests)
