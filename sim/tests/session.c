/* SPDX-License-Identifier: MIT */
#include "session.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define TREE "/out/tree"

void session_fill(sim_node *hub, const char *path, uint64_t big_size)
{
    sim_source *source = sim_node_source(hub);
    char name[128];
    uint8_t block[UFTP_BLOCK_SIZE_DEFAULT];
    sim_generate(2, 0, block, sizeof block);
#define AT(leaf) (snprintf(name, sizeof name, "%s/%s", path, leaf), name)
    sim_source_file(source, AT("empty"), "", 0, 1700000001);
    sim_source_file(source, AT("small"), "hello", 5, 1700000002);
    sim_source_file(source, AT("one-block"), block, sizeof block, 1700000003);
    sim_source_file(source, AT("dir/nested/file"), block, 700, 1700000004);
    sim_source_dir(source, AT("dir/empty"));
    sim_source_link(source, AT("link"), "small");
    sim_source_link(source, AT("dir/dangling"), "nowhere");
    sim_source_generated(source, AT("large"), 1, big_size, 1700000005);
#undef AT
}

static void add_plants(session *s, const session_options *o)
{
    s->plant_count = o->plants ? o->plants : 3;
    for (size_t i = 0; i < s->plant_count; i++) {
        char name[32];
        snprintf(name, sizeof name, "plant-%zu", i);
        s->plants[i] = sim_add_receiver(s->world, name, &o->receiver, &o->store);
        if (o->plants_down)
            sim_downlink(s->plants[i], o->plants_down);
        if (o->plants_up)
            sim_uplink(s->plants[i], o->plants_up);
    }
}

session session_new(uint64_t seed, const session_options *options)
{
    static const char *const operands[] = {TREE};
    static uftp_member members[PLANTS_MAX];
    const session_options o = options ? *options : (session_options){0};
    session s = {.world = sim_test_new(seed, &o.world)};
    uftp_sender_config config = o.sender;
    if (!config.operand_count) {
        config.operands = operands;
        config.operand_count = 1;
    }
    if (!config.rate_bytes_per_s)
        config.rate_bytes_per_s = 500000;
    if (!config.key)
        config.plain = true;
    if (o.closed) {
        for (size_t i = 0; i < PLANTS_MAX; i++) /* the hub is node 0 with UID 1 */
            members[i] = (uftp_member){.uid = (uint32_t)i + 2};
        config.members = members;
        config.member_count = o.plants ? o.plants : 3;
    }
    s.hub = sim_add_sender(s.world, "hub", &config);
    if (o.hub_up)
        sim_uplink(s.hub, o.hub_up);
    if (o.hub_down)
        sim_downlink(s.hub, o.hub_down);
    add_plants(&s, &o);
    session_fill(s.hub, TREE, o.big_size ? o.big_size : 150000);
    return s;
}

void session_expect_same(const session *s, sim_node *plant)
{
    char where[256] = "";
    sim_entry *sent = NULL;
    sim_tree_resolve(sim_node_source(s->hub)->root, TREE, false, &sent);
    const sim_entry *got = sim_store_find(sim_node_store(plant), 0, "tree");
    if (!got || !sim_tree_equal(sent, got, true, where, sizeof where))
        sim_fail(s->world, plant, "%s: not the same as was sent: %s", sim_name(plant),
                 got ? where : "nothing is there");
}

void session_expect_success(session *s, uint64_t limit)
{
    sim_expect_quiet_by(s->world, limit);
    sim_expect_result(s->hub, UFTP_RESULT_OK);
    for (size_t i = 0; i < s->plant_count; i++) {
        sim_expect_result(s->plants[i], UFTP_RESULT_OK);
        sim_expect_event_count(s->plants[i], UFTP_EVENT_SESSION_FINISHED, 1);
        session_expect_same(s, s->plants[i]);
        sim_expect(s->world, s->plants[i],
                   sim_event_count(s->plants[i], UFTP_EVENT_JOIN) ==
                       sim_event_count(s->plants[i], UFTP_EVENT_LEAVE));
    }
    sim_expect_event_count(s->hub, UFTP_EVENT_CLIENT_LOST, 0);
}

void session_must_succeed(uint64_t seed, const session_options *options, uint64_t limit)
{
    session s = session_new(seed, options);
    session_expect_success(&s, limit);
    sim_free(s.world);
}

/* ---- keys ---- */

#define KEYS_MAX 8

static struct {
    sim_memory memory;
    struct {
        uftp_key_type type;
        uftp_curve curve;
        uftp_key *key;
    } keys[KEYS_MAX];
    size_t count;
} ring;

const uftp_key *session_key(uftp_key_type type, uftp_curve curve)
{
    for (size_t i = 0; i < ring.count; i++)
        if (ring.keys[i].type == type && ring.keys[i].curve == curve)
            return ring.keys[i].key;
    if (ring.count == 0)
        sim_memory_init(&ring.memory);
    assert_true(ring.count < KEYS_MAX);
    sim_random random;
    char name[32];
    snprintf(name, sizeof name, "key/%d/%d", (int)type, (int)curve);
    sim_random_init(&random, 1, name);
    const uftp_key_spec spec = {.type = type, .bits = 2048, .curve = curve};
    uftp_key *key = NULL;
    assert_int_equal(uftp_key_generate(&ring.memory.core, &random.core, &spec, &key), UFTP_OK);
    ring.keys[ring.count].type = type;
    ring.keys[ring.count].curve = curve;
    ring.keys[ring.count++].key = key;
    return key;
}

void session_keys_free(void)
{
    while (ring.count > 0)
        uftp_key_free(ring.keys[--ring.count].key);
    assert_int_equal(ring.memory.live, 0);
}
