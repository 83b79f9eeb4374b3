/* SPDX-License-Identifier: MIT
 *
 * The world with scripts for nodes: what is delivered to whom and when, the driver's contract, and
 * that a seed says everything.
 */
#include "expect.h"

#include "engine/script.h"
#include "engine/trace.h"

#include <stdio.h>
#include <string.h>

static const uftp_address group_address = {
    .family = UFTP_IPV4, .bytes = {230, 4, 4, 1}, .port = SIM_PORT};

/* What a listener keeps of what it heard. */
typedef struct ear {
    size_t count;
    uint64_t at[4096];
    uint8_t first[4096]; /* bytes[2] of each */
    size_t len[4096];
    uftp_address source, destination; /* of the last one */
} ear;

static void hear(sim_node *node, void *ctx, uint64_t now, const uftp_datagram *datagram)
{
    ear *e = ctx;
    sim_expect(sim_world(node), node, e->count < 4096);
    e->at[e->count] = now;
    e->first[e->count] = datagram->len > 2 ? datagram->data[2] : 0;
    e->len[e->count++] = datagram->len;
    e->source = datagram->source;
    e->destination = datagram->destination;
    datagram->data[0] ^= 0xff; /* as decryption in place does */
}

static void listen_to_group(sim_node *node, void *ctx, uint64_t now)
{
    (void)ctx;
    (void)now;
    sim_join(node, &group_address, NULL);
}

static const sim_script listener = {.on_start = listen_to_group, .on_datagram = hear};
static const sim_script mute = {0};

static void say(sim_node *node, const uftp_address *to, uint8_t type, uint8_t number)
{
    const uint8_t bytes[20] = {0x50, type, number};
    sim_script_send(node, to, bytes, sizeof bytes, 0);
}

/* One listener's change of the bytes must not reach the next one. */
static void multicast_reaches_every_member_with_clean_bytes(void **state)
{
    (void)state;
    static ear ears[3];
    memset(ears, 0, sizeof ears);
    sim *world = sim_test_new(1, NULL);
    sim_node *hub = sim_add_script(world, "hub", &mute, NULL);
    sim_node *plants[3];
    const char *const names[] = {"a", "b", "c"};
    for (int i = 0; i < 3; i++)
        plants[i] = sim_add_script(world, names[i], &listener, &ears[i]);
    sim_connect(hub, plants[1], &(sim_link){.delay = UFTP_MS(270)});
    sim_run_until(world, UFTP_MS(10));
    say(hub, &group_address, UFTP_MESSAGE_ANNOUNCE, 7);
    sim_run(world);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(ears[i].count, 1);
        assert_int_equal(ears[i].first[0], 7);
        assert_int_equal(ears[i].at[0], UFTP_MS(10) + (i == 1 ? UFTP_MS(270) : UFTP_MS(1)));
        const uftp_address source = sim_address(hub, UFTP_IPV4);
        assert_true(uftp_address_equal(&ears[i].source, &source));
        assert_true(uftp_address_equal(&ears[i].destination, &group_address));
        sim_expect_arrived_type(plants[i], UFTP_MESSAGE_ANNOUNCE, 1);
    }
    sim_expect_sent(hub, 1);
    sim_free(world);
}

/* Unicast goes to one node, and to nobody on another port. */
static void unicast_reaches_its_host_and_port_only(void **state)
{
    (void)state;
    static ear ears[2];
    memset(ears, 0, sizeof ears);
    sim *world = sim_test_new(1, NULL);
    sim_node *hub = sim_add_script(world, "hub", &mute, NULL);
    sim_node *a = sim_add_script(world, "a", &listener, &ears[0]);
    sim_add_script(world, "b", &listener, &ears[1]);
    sim_run(world);
    uftp_address to = sim_address(a, UFTP_IPV4);
    say(hub, &to, UFTP_MESSAGE_REG_CONF, 1);
    to = sim_address(a, UFTP_IPV6);
    say(hub, &to, UFTP_MESSAGE_REG_CONF, 2);
    to.port = 9;
    say(hub, &to, UFTP_MESSAGE_REG_CONF, 3);
    to = uftp_address_ipv4(10, 0, 0, 99, SIM_PORT);
    say(hub, &to, UFTP_MESSAGE_REG_CONF, 4);
    sim_run(world);
    assert_int_equal(ears[0].count, 2);
    assert_int_equal(ears[0].first[1], 2);
    assert_int_equal(ears[1].count, 0);
    sim_free(world);
}

/* A member of one source must not hear another; leaving must end it. */
static void membership_follows_source_and_leave(void **state)
{
    (void)state;
    static ear e;
    memset(&e, 0, sizeof e);
    sim *world = sim_test_new(1, NULL);
    sim_node *hub = sim_add_script(world, "hub", &mute, NULL);
    sim_node *other = sim_add_script(world, "other", &mute, NULL);
    const sim_script quiet_ear = {.on_datagram = hear};
    sim_node *plant = sim_add_script(world, "plant", &quiet_ear, &e);
    sim_run(world);
    uftp_address source = sim_address(hub, UFTP_IPV4);
    const uftp_event join = {.type = UFTP_EVENT_JOIN, .address = group_address, .source = source};
    sim_script_tell(plant, &join);
    sim_run(world);
    say(hub, &group_address, UFTP_MESSAGE_DONE, 1);
    say(other, &group_address, UFTP_MESSAGE_DONE, 2);
    sim_run(world);
    assert_int_equal(e.count, 1);
    assert_int_equal(e.first[0], 1);
    sim_leave(plant, &group_address, &source);
    say(hub, &group_address, UFTP_MESSAGE_DONE, 3);
    sim_run(world);
    assert_int_equal(e.count, 1);
    sim_expect_event_count(plant, UFTP_EVENT_JOIN, 1);
    sim_free(world);
}

/* A loss before the fork is everyone's, one behind it only one's. */
static void uplink_loss_is_shared_and_downlink_loss_is_not(void **state)
{
    (void)state;
    static ear ears[2];
    memset(ears, 0, sizeof ears);
    sim *world = sim_test_new(1, NULL);
    sim_node *hub = sim_add_script(world, "hub", &mute, NULL);
    sim_node *a = sim_add_script(world, "a", &listener, &ears[0]);
    sim_add_script(world, "b", &listener, &ears[1]);
    sim_uplink(hub, &(sim_link){.drop_nth = (const uint32_t[]){2, 0}});
    const sim_drop first_done = SIM_DROP_FIRST(UFTP_MESSAGE_DONE);
    sim_downlink(a, &(sim_link){.drops = &first_done, .drop_count = 1});
    sim_run(world);
    for (uint8_t i = 1; i <= 4; i++)
        say(hub, &group_address, i == 3 ? UFTP_MESSAGE_DONE : UFTP_MESSAGE_FILESEG, i);
    sim_run(world);
    assert_int_equal(ears[0].count, 2);
    assert_int_equal(ears[0].first[1], 4);
    assert_int_equal(ears[1].count, 3);
    assert_int_equal(ears[1].first[1], 3);
    assert_int_equal(sim_count(hub)->lost_total, 2);
    assert_int_equal(sim_count(hub)->lost[UFTP_MESSAGE_DONE], 1);
    sim_free(world);
}

/* Each datagram of a train is lost by itself, and what is left is joined again when asked. */
static void trains_are_split_on_the_way_and_joined_on_arrival(void **state)
{
    (void)state;
    for (int joined = 0; joined < 2; joined++) {
        static ear e;
        memset(&e, 0, sizeof e);
        sim *world = sim_test_new(1, &(sim_options){.join_trains = joined == 1});
        sim_node *hub = sim_add_script(world, "hub", &mute, NULL);
        sim_node *plant = sim_add_script(world, "plant", &listener, &e);
        sim_uplink(hub, &(sim_link){.drop_nth = (const uint32_t[]){2, 0}});
        sim_run(world);
        uint8_t train[4 * 100 + 30];
        for (size_t i = 0; i < sizeof train; i++)
            train[i] = (uint8_t)(i / 100);
        sim_script_send(hub, &group_address, train, sizeof train, 100);
        sim_run(world);
        const uint8_t expected[] = {0, 2, 3, 4};
        assert_int_equal(e.count, 4);
        assert_memory_equal(e.first, expected, 4);
        assert_int_equal(e.len[3], 30);
        assert_int_equal(sim_count(plant)->trains_arrived, joined ? 1 : 4);
        sim_free(world);
    }
}

/* Only the last of a train may be shorter: whoever takes it apart by equal steps would otherwise
 * cut in the wrong places. */
static void shorter_datagram_ends_its_train(void **state)
{
    (void)state;
    static ear e;
    memset(&e, 0, sizeof e);
    static const size_t lens[] = {100, 100, 30, 100, 30, 30, 40};
    sim *world = sim_test_new(1, &(sim_options){.join_trains = true});
    sim_node *hub = sim_add_script(world, "hub", &mute, NULL);
    sim_node *plant = sim_add_script(world, "plant", &listener, &e);
    sim_run(world);
    for (uint8_t i = 0; i < 7; i++) {
        const uint8_t bytes[100] = {0x50, UFTP_MESSAGE_FILESEG, i};
        sim_script_send(hub, &group_address, bytes, lens[i], 0);
    }
    sim_run(world);
    assert_int_equal(e.count, 7);
    assert_memory_equal(e.len, lens, sizeof lens);
    for (uint8_t i = 0; i < 7; i++)
        assert_int_equal(e.first[i], i);
    assert_int_equal(sim_count(plant)->trains_arrived, 4); /* 100 100 30, 100 30, 30, 40 */
    sim_free(world);
}

/* A crash loses what was on its way and all memberships; a start begins anew. */
static void stopped_node_hears_nothing_until_started(void **state)
{
    (void)state;
    static ear e;
    memset(&e, 0, sizeof e);
    sim *world = sim_test_new(1, NULL);
    sim_node *hub = sim_add_script(world, "hub", &mute, NULL);
    sim_node *plant = sim_add_script(world, "plant", &listener, &e);
    sim_run(world);
    say(hub, &group_address, UFTP_MESSAGE_DONE, 1);
    sim_run_until(world, UFTP_US(500)); /* half way */
    sim_stop(plant);
    sim_run(world);
    assert_int_equal(e.count, 0);
    sim_start(plant);
    sim_run(world);
    say(hub, &group_address, UFTP_MESSAGE_DONE, 2);
    sim_run(world);
    assert_int_equal(e.count, 1);
    assert_int_equal(e.first[0], 2);
    sim_free(world);
}

/* ---- determinism ---- */

/* Sends 200 datagrams, one a millisecond. */
static void chatter(sim_node *node, void *ctx, uint64_t now)
{
    unsigned *left = ctx;
    uint8_t bytes[64];
    sim_node_random(node)->core.fill(sim_node_random(node), sizeof bytes, bytes);
    sim_script_send(node, &group_address, bytes, sizeof bytes, 0);
    if (--*left > 0)
        sim_script_wake(node, now + UFTP_MS(1));
}

static const sim_script chatterer = {.on_start = chatter, .on_timer = chatter};

static void run_chatter(uint64_t seed, unsigned plants, char *digest, ear *first)
{
    static ear ears[8];
    memset(ears, 0, sizeof ears);
    unsigned left = 200;
    const sim_link link = {.delay = UFTP_MS(20), .jitter = UFTP_MS(5), .loss_ppm = 200000};
    sim *world = sim_test_new(seed, &(sim_options){.link = &link});
    sim_add_script(world, "hub", &chatterer, &left);
    for (unsigned i = 0; i < plants; i++) {
        char name[16];
        snprintf(name, sizeof name, "plant-%u", i);
        sim_add_script(world, name, &listener, &ears[i]);
    }
    sim_run(world);
    if (digest)
        strcpy(digest, sim_digest(world));
    if (first)
        *first = ears[0];
    sim_free(world);
}

/* Anything taken from an address, a clock or memory that was not set would show here. */
static void equal_seeds_give_equal_digests_and_others_do_not(void **state)
{
    (void)state;
    char one[SIM_DIGEST_TEXT], again[SIM_DIGEST_TEXT], other[SIM_DIGEST_TEXT];
    SIM_EACH_SEED(seed, 1, 10)
    {
        run_chatter(seed, 3, one, NULL);
        run_chatter(seed, 3, again, NULL);
        run_chatter(seed + 1, 3, other, NULL);
        assert_string_equal(one, again);
        assert_string_not_equal(one, other);
    }
}

/* Otherwise no scenario could be cut down: taking a node away would change everything else. */
static void adding_a_node_changes_nobody_elses_luck(void **state)
{
    (void)state;
    static ear small, large;
    SIM_EACH_SEED(seed, 1, 10)
    {
        run_chatter(seed, 1, NULL, &small);
        run_chatter(seed, 8, NULL, &large);
        assert_true(small.count > 100 && small.count < 200);
        assert_memory_equal(&small, &large, sizeof small);
    }
}

/* ---- the driver's contract ---- */

static jmp_buf caught;
static char caught_report[4096];

static void catch_failure(void *ctx, const char *report)
{
    (void)ctx;
    snprintf(caught_report, sizeof caught_report, "%s", report);
    longjmp(caught, 1);
}

typedef enum rogue_fault {
    SPINS,
    LIES_ABOUT_LENGTH,
    WRITES_BEHIND,
    SENDS_WITHOUT_END,
    KEEPS_MEMORY
} rogue_fault;

typedef struct rogue {
    rogue_fault fault;
    bool done;
    void *kept;
} rogue;

static int rogue_start(void *ctx, sim_node *node, uint64_t now)
{
    (void)now;
    rogue *r = ctx;
    if (r->fault == KEEPS_MEMORY) {
        const uftp_allocator *memory = &sim_node_memory(node)->core;
        r->kept = memory->alloc(memory->ctx, 100);
        return r->kept ? UFTP_OK : UFTP_ERR_MEMORY;
    }
    return UFTP_OK;
}

static void rogue_stop(void *ctx)
{
    (void)ctx;
}

static void rogue_recv(void *ctx, uint64_t now, const uftp_datagram *trains, size_t count)
{
    (void)ctx;
    (void)now;
    (void)trains;
    (void)count;
}

static int rogue_poll_transmit(void *ctx, uint64_t now, uftp_transmit *out)
{
    (void)now;
    rogue *r = ctx;
    if (r->done || r->fault == SPINS || r->fault == KEEPS_MEMORY)
        return 0;
    r->done = r->fault != SENDS_WITHOUT_END;
    out->len = r->fault == LIES_ABOUT_LENGTH ? out->capacity + 1 : 20;
    out->segment_len = out->len;
    out->destination = group_address;
    if (r->fault == WRITES_BEHIND)
        out->data[out->capacity] = 1;
    return 1;
}

static uint64_t rogue_next_deadline(void *ctx)
{
    return ((rogue *)ctx)->fault == SPINS ? 0 : UFTP_NEVER;
}

static void rogue_on_timeout(void *ctx, uint64_t now)
{
    (void)ctx;
    (void)now;
}

static int rogue_poll_event(void *ctx, uftp_event *out)
{
    (void)ctx;
    (void)out;
    return 0;
}

static const sim_core rogue_core = {.role = "rogue",
                                    .start = rogue_start,
                                    .stop = rogue_stop,
                                    .recv = rogue_recv,
                                    .poll_transmit = rogue_poll_transmit,
                                    .next_deadline = rogue_next_deadline,
                                    .on_timeout = rogue_on_timeout,
                                    .poll_event = rogue_poll_event};

/* Runs a rogue until the world complains; the world is left behind, as a failed test leaves it. */
static void run_rogue(sim *world, rogue *r)
{
    caught_report[0] = '\0';
    sim_add_core(world, "villain", &rogue_core, r);
    if (setjmp(caught) == 0) {
        sim_run(world);
        sim_free(world);
    }
}

/* A world that does not notice would let a core through that hangs or corrupts a real driver. */
static void broken_contracts_are_reported_with_seed_and_command(void **state)
{
    (void)state;
    static const struct {
        rogue_fault fault;
        const char *message;
    } cases[] = {{SPINS, "make its driver spin"},
                 {LIES_ABOUT_LENGTH, "impossible length"},
                 {WRITES_BEHIND, "wrote behind the buffer"},
                 {SENDS_WITHOUT_END, "sends without end"},
                 {KEEPS_MEMORY, "kept 1 blocks of memory, 100 bytes"}};
    static sim *worlds[5]; /* kept in reach, so that they are no leak to a sanitizer */
    static rogue rogues[5];
    for (size_t i = 0; i < 5; i++) {
        rogues[i] = (rogue){.fault = cases[i].fault};
        worlds[i] = sim_new(
            &(sim_options){.seed = 4711, .on_failure = catch_failure, .repeat = "do-it-again"});
        run_rogue(worlds[i], &rogues[i]);
        assert_non_null(strstr(caught_report, cases[i].message));
        assert_non_null(strstr(caught_report, "seed 4711"));
        assert_non_null(strstr(caught_report, "digest "));
        assert_non_null(strstr(caught_report, "do-it-again"));
    }
}

static const struct CMUnitTest tests[] = {
    SIM_TEST(multicast_reaches_every_member_with_clean_bytes),
    SIM_TEST(unicast_reaches_its_host_and_port_only),
    SIM_TEST(membership_follows_source_and_leave),
    SIM_TEST(uplink_loss_is_shared_and_downlink_loss_is_not),
    SIM_TEST(trains_are_split_on_the_way_and_joined_on_arrival),
    SIM_TEST(shorter_datagram_ends_its_train),
    SIM_TEST(stopped_node_hears_nothing_until_started),
    SIM_TEST(equal_seeds_give_equal_digests_and_others_do_not),
    SIM_TEST(adding_a_node_changes_nobody_elses_luck),
    SIM_TEST(broken_contracts_are_reported_with_seed_and_command),
};

SIM_TEST_MAIN(tests)
