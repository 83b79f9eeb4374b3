/* SPDX-License-Identifier: MIT
 *
 * The troubles of a machine: frozen, late, with a slow disk, without power.
 */
#include "expect.h"

#include "engine/memory_store.h"
#include "engine/receiver_node.h"
#include "engine/script.h"

#include <string.h>

/* ---- frozen and late ---- */

typedef struct ear {
    uint32_t count;
    uint64_t last_now, first_arrival;
} ear;

static void hear(sim_node *node, void *ctx, uint64_t now, const uftp_datagram *datagram)
{
    (void)node;
    ear *e = ctx;
    assert_true(datagram->arrival <= now);
    if (e->count++ == 0)
        e->first_arrival = datagram->arrival;
    e->last_now = now;
}

static const sim_script listener = {.on_datagram = hear};
static const sim_script mute = {0};

static void say(sim_node *from, const sim_node *to, size_t len)
{
    const uint8_t bytes[1000] = {0x50, 1};
    const uftp_address address = sim_address(to, UFTP_IPV4);
    sim_script_send(from, &address, bytes, len, 0);
}

/* What comes while the node is frozen is received as it wakes, with the time of its arrival, as far
 * as the socket buffer held it. */
static void frozen_node_wakes_to_what_its_socket_kept(void **state)
{
    (void)state;
    ear e = {0};
    sim *world = sim_test_new(1, NULL);
    sim_node *hub = sim_add_script(world, "hub", &mute, NULL);
    sim_node *plant = sim_add_script(world, "plant", &listener, &e);
    sim_set_socket_buffer(plant, 2500);
    sim_run(world);
    sim_freeze(plant, UFTP_S(3));
    for (uint64_t i = 1; i <= 4; i++) {
        say(hub, plant, 1000);
        sim_run_until(world, i * UFTP_MS(500));
    }
    assert_int_equal(e.count, 0);
    sim_run(world);
    assert_int_equal(e.count, 2);
    assert_int_equal(e.last_now, UFTP_S(3));
    assert_int_equal(e.first_arrival, UFTP_MS(1));
    assert_int_equal(sim_count(plant)->overflowed, 2);
    assert_int_equal(sim_count(plant)->late_max, UFTP_S(3) - UFTP_MS(1));
    say(hub, plant, 1000);
    sim_run(world);
    assert_int_equal(e.count, 3);
    for (int i = 0; i < 5; i++) /* a node that is free keeps up with any burst */
        say(hub, plant, 1000);
    sim_run(world);
    assert_int_equal(e.count, 8);
    sim_free(world);
}

static void start_late(void *ctx, uint64_t now)
{
    assert_int_equal(now, UFTP_S(2));
    sim_freeze(ctx, UFTP_S(4));
}

static void late_node_misses_what_came_before(void **state)
{
    (void)state;
    ear e = {0};
    sim *world = sim_test_new(1, NULL);
    sim_node *hub = sim_add_script(world, "hub", &mute, NULL);
    sim_node *plant = sim_add_script(world, "plant", &listener, &e);
    sim_start_at(plant, UFTP_S(1));
    sim_at(world, UFTP_S(2), start_late, plant);
    for (uint64_t at = UFTP_MS(500); at <= UFTP_MS(2500); at += UFTP_S(1)) {
        sim_run_until(world, at);
        say(hub, plant, 10);
    }
    assert_int_equal(sim_count(plant)->refused, 1);
    assert_int_equal(e.count, 1);
    sim_run(world);
    assert_int_equal(e.count, 2);
    assert_int_equal(e.last_now, UFTP_S(4));
    sim_at(world, UFTP_S(99), start_late, plant); /* never comes: freed with the world */
    sim_free(world);
}

/* ---- the disk ---- */

static uftp_store_file *create(sim_store *store, const char *name, uint64_t size, bool keep)
{
    uftp_store_file *file = NULL;
    const uftp_place place = {.name = name};
    assert_int_equal(store->core.create(store->core.ctx, &place, size, keep, &file), UFTP_OK);
    return file;
}

static void write_at(sim_store *store, uftp_store_file *file, uint64_t offset, uint8_t value,
                     size_t len)
{
    static uint8_t bytes[100000];
    memset(bytes, value, len);
    const uftp_slice slice = {.data = bytes, .len = len};
    assert_int_equal(store->core.write(store->core.ctx, file, offset, &slice, 1), UFTP_OK);
}

static void commit(sim_store *store, uftp_store_file *file, const char *name, bool sync)
{
    const uftp_place place = {.name = name};
    assert_int_equal(store->core.commit(store->core.ctx, file, &place, 0, sync), UFTP_OK);
}

static uint64_t crash(sim_store *store, bool power)
{
    sim_store_die(store);
    return sim_store_recover(store, power);
}

static void expect_bytes(sim_store *store, const char *name, uint64_t offset, uint8_t value,
                         size_t len)
{
    static uint8_t bytes[100000];
    sim_content_read(&sim_store_find(store, 0, name)->content, offset, bytes, len);
    for (size_t i = 0; i < len; i++)
        assert_int_equal(bytes[i], value);
}

/* 10 kB/s behind a cache of 5 kB: the cache takes what it holds at once, then each byte its time;
 * while the node rests, the cache is emptied. */
static void slow_disk_keeps_its_node_busy(void **state)
{
    (void)state;
    sim_store store;
    sim_store_init(&store, &(sim_store_options){.rate_bytes_per_s = 10000,
                                                .cache_bytes = 5000,
                                                .sync_time = UFTP_MS(20)});
    uftp_store_file *file = create(&store, "file", 20000, false);
    write_at(&store, file, 0, 1, 5000);
    assert_int_equal(sim_store_busy(&store, 0), 0);
    write_at(&store, file, 5000, 1, 3000);
    assert_int_equal(sim_store_busy(&store, 0), UFTP_MS(300));
    write_at(&store, file, 8000, 1, 1000); /* the cache is full again */
    assert_int_equal(sim_store_busy(&store, UFTP_MS(300)), UFTP_MS(100));
    assert_int_equal(sim_store_busy(&store, UFTP_MS(400)), 0);
    write_at(&store, file, 9000, 1, 6000); /* it has been empty for long */
    assert_int_equal(sim_store_busy(&store, UFTP_S(10)), UFTP_MS(100));
    commit(&store, file, "file", true); /* a sync waits for all of it */
    assert_int_equal(sim_store_busy(&store, UFTP_MS(10100)), UFTP_MS(520));
    assert_int_equal(store.busy_total, UFTP_MS(1020));
    sim_store_free(&store);
}

/* Thirds of a byte's time must not get lost: 3000 bytes at 3 bytes a second. */
static void disk_time_does_not_round_away(void **state)
{
    (void)state;
    sim_store store;
    sim_store_init(&store, &(sim_store_options){.rate_bytes_per_s = 3});
    uftp_store_file *file = create(&store, "file", 3000, false);
    uint64_t now = 0;
    for (uint64_t i = 0; i < 3000; i++) {
        write_at(&store, file, i, 1, 1);
        now += sim_store_busy(&store, now);
    }
    assert_int_equal(now, UFTP_S(1000));
    commit(&store, file, "file", false);
    sim_store_free(&store);
}

static void power_failure_loses_exactly_what_was_not_synced(void **state)
{
    (void)state;
    sim_store store;
    sim_store_init(&store, NULL);
    uftp_store_file *file = create(&store, "safe", 70000, false);
    write_at(&store, file, 0, 1, 70000);
    commit(&store, file, "safe", true);
    file = create(&store, "unsafe", 50000, false);
    write_at(&store, file, 0, 2, 50000);
    commit(&store, file, "unsafe", false);
    /* Over what is safe: in the middle of a page, over a border, and at the end. */
    file = create(&store, "safe", 80000, true);
    write_at(&store, file, 100, 3, 50);
    write_at(&store, file, 65000, 3, 1000);
    write_at(&store, file, 70000, 3, 10000);
    commit(&store, file, "safe", false);
    assert_int_equal(store.used, 130000);
    assert_int_equal(crash(&store, true), 50000 + 50 + 1000 + 10000);
    assert_int_equal(store.used, 70000);
    assert_int_equal(sim_store_find(&store, 0, "safe")->content.size, 70000);
    expect_bytes(&store, "safe", 0, 1, 70000);
    assert_int_equal(sim_store_find(&store, 0, "unsafe")->content.size, 0); /* the name stays */
    assert_int_equal(crash(&store, true), 0); /* and the next one finds nothing more to lose */
    expect_bytes(&store, "safe", 0, 1, 70000);
    sim_store_free(&store);
}

static void killed_process_loses_nothing(void **state)
{
    (void)state;
    sim_store store;
    sim_store_init(&store, NULL);
    uftp_store_file *file = create(&store, "file", 100, false);
    write_at(&store, file, 0, 1, 100);
    sim_store_die(&store);
    store.core.discard(store.core.ctx, file, false); /* nobody hears the core's last words */
    assert_int_equal(sim_store_recover(&store, false), 0);
    expect_bytes(&store, "file", 0, 1, 100);
    sim_store_sync(&store);
    assert_int_equal(crash(&store, true), 0);
    expect_bytes(&store, "file", 0, 1, 100);
    sim_store_free(&store);
}

static void checked_file_loses_its_unsynced_blocks(void **state)
{
    (void)state;
    static const sim_expected expected = {.size = 10000, .seed = 5};
    sim_store store;
    sim_store_init(&store, &(sim_store_options){
                               .expected = &expected, .expected_count = 1, .block_size = 1000});
    uftp_store_file *file = create(&store, "file", 10000, false);
    uint8_t bytes[10000];
    sim_generate(5, 0, bytes, sizeof bytes);
    const uftp_slice first = {.data = bytes, .len = 4000},
                     rest = {.data = bytes + 4000, .len = 6000};
    assert_int_equal(store.core.write(store.core.ctx, file, 0, &first, 1), UFTP_OK);
    sim_store_sync(&store);
    assert_int_equal(store.core.write(store.core.ctx, file, 4000, &rest, 1), UFTP_OK);
    commit(&store, file, "file", false);
    assert_int_equal(crash(&store, true), 6000);
    const sim_content *content = &sim_store_find(&store, 0, "file")->content;
    assert_int_equal(content->have_bytes, 4000);
    assert_int_equal(content->size, 4000);
    assert_int_equal(content->have[0], 0x0f);
    sim_store_free(&store);
}

static const struct CMUnitTest tests[] = {
    SIM_TEST(frozen_node_wakes_to_what_its_socket_kept),
    SIM_TEST(late_node_misses_what_came_before),
    SIM_TEST(slow_disk_keeps_its_node_busy),
    SIM_TEST(disk_time_does_not_round_away),
    SIM_TEST(power_failure_loses_exactly_what_was_not_synced),
    SIM_TEST(killed_process_loses_nothing),
    SIM_TEST(checked_file_loses_its_unsynced_blocks),
};

SIM_TEST_MAIN(tests)
