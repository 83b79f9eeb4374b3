/* SPDX-License-Identifier: MIT
 *
 * Large work: what a session costs must not grow with what it carries, except for the maps of
 * blocks (docs/memory.md). Files are generated and checked, so that their size costs time only.
 */
#include "session.h"

#include "transfer/blockmap.h"
#include "transfer/resend.h"
#include "wire/cursor.h"
#include <uftp/layout.h>

#include <stdio.h>
#include <string.h>

#define HUNDRED_GB UINT64_C(100000000000)
#define GROUP 0x11223344U
#define PARTIAL "_group_11223344/huge.~uftp-11223344-0001"
#define MTIME 1700000000U

static sim_entry *file_at_hub(const session *s, const char *path)
{
    sim_entry *entry = NULL;
    sim_tree_resolve(sim_node_source(s->hub)->root, path, false, &entry);
    return entry;
}

/* ---- 100 GB ---- */

/* Bytes of the maps of a file: what docs/memory.md says. */
static uint64_t receiver_map_bytes(const uftp_layout *layout)
{
    return layout->sections * ((uint64_t)layout->big / 8 + 1 + 4);
}

static void maps_of_100_gb_cost_a_bit_per_block(void **state)
{
    (void)state;
    static const struct {
        uint16_t block_size;
        uint32_t sections;
        uint64_t map_mib; /* rounded up */
    } cases[] = {{1300, 7397, 10}, {8800, 174, 2}};
    for (size_t i = 0; i < 2; i++) {
        sim_memory memory;
        sim_memory_init(&memory);
        uftp_layout layout;
        uftp_blockmap map;
        uftp_resend resend;
        assert_int_equal(uftp_layout_init(&layout, HUNDRED_GB, cases[i].block_size), UFTP_OK);
        assert_int_equal(layout.sections, cases[i].sections);
        assert_int_equal(uftp_blockmap_init(&map, &memory.core, &layout), UFTP_OK);
        assert_int_equal(memory.live_bytes, receiver_map_bytes(&layout));
        assert_in_range(memory.live_bytes, (cases[i].map_mib - 1) << 20, cases[i].map_mib << 20);
        uint64_t before = memory.live_bytes;
        assert_int_equal(uftp_resend_init(&resend, &memory.core, layout.blocks, true), UFTP_OK);
        assert_in_range(memory.live_bytes - before, layout.blocks / 8, layout.blocks / 8 + 16);
        /* Every block can be named: the first, the last, and both sides of each border. */
        for (uint32_t section = 0; section < layout.sections; section++) {
            uint32_t last = uftp_layout_section_blocks(&layout, section) - 1;
            assert_true(uftp_blockmap_take(&map, section, 0));
            assert_true(uftp_blockmap_take(&map, section, last));
            uint16_t at_section, at_block;
            uftp_layout_locate(&layout, uftp_layout_section_start(&layout, section) + last,
                               &at_section, &at_block);
            assert_int_equal(at_section, section);
            assert_int_equal(at_block, last);
        }
        assert_int_equal(map.missing, layout.blocks - 2 * layout.sections);
        uftp_resend_free(&resend);
        uftp_blockmap_free(&map, &memory.core);
        assert_int_equal(memory.live, 0);
    }
}

/* The record of an interrupted session in which all but `missing` arrived (receiver_resume.c). */
static void put_record(sim_node *plant, const uftp_layout *layout, const uint32_t *missing,
                       size_t count)
{
    size_t stride = layout->big / 8 + 1, rows = 38;
    size_t len = rows + layout->sections * stride;
    uint8_t *record = sim_allocate(len);
    memset(record, 0, len);
    uftp_writer w = {.at = record, .end = record + len};
    uftp_write_bytes(&w, (const uint8_t *)"UFTPRES\1", 8);
    uftp_write_u32(&w, GROUP);
    uftp_write_u16(&w, 1);
    uftp_write_u16(&w, layout->block_size);
    uftp_write_u64(&w, layout->size);
    uftp_write_u64(&w, MTIME);
    uftp_write_u16(&w, 4);
    uftp_write_bytes(&w, (const uint8_t *)"huge", 4);
    assert_ptr_equal(w.at, record + rows);
    for (size_t i = 0; i < count; i++) {
        uint16_t section, block;
        uftp_layout_locate(layout, missing[i], &section, &block);
        record[rows + section * stride + block / 8] |= (uint8_t)(1U << block % 8);
    }
    sim_store *store = sim_node_store(plant);
    assert_int_equal(store->core.resume_save(store->core.ctx, GROUP, record, len), UFTP_OK);
    sim_store_put(store, UFTP_ROOT_TEMP, PARTIAL, "", 0, MTIME);
    sim_release(record);
}

/* A session of 100 GB that is restarted: the receiver holds all but a few blocks, spread from the
 * first to the last one. What is sent is those, and each lands where it belongs. */
static void session_of_100_gb_sends_what_is_missing(void **state)
{
    (void)state;
    static const char *const operands[] = {"/out/huge"};
    session s = session_new(1, &(session_options){.plants = 1,
                                                  .sender = {.operands = operands,
                                                             .operand_count = 1,
                                                             .group = GROUP,
                                                             .instance = 1,
                                                             .rate_bytes_per_s = 10000000},
                                                  .store = {.temp = true}});
    sim_source_generated(sim_node_source(s.hub), "/out/huge", 4, HUNDRED_GB, MTIME);
    uftp_layout layout;
    assert_int_equal(uftp_layout_init(&layout, HUNDRED_GB, UFTP_BLOCK_SIZE_DEFAULT), UFTP_OK);
    const uint32_t missing[] = {
        0, 10399, 10400, layout.blocks / 2, layout.blocks - 2, layout.blocks - 1};
    const size_t count = sizeof missing / sizeof *missing;
    put_record(s.plants[0], &layout, missing, count);
    sim_expect_quiet_by(s.world, UFTP_S(120));
    sim_expect_result(s.hub, UFTP_RESULT_OK);
    sim_expect_result(s.plants[0], UFTP_RESULT_OK);
    uftp_sender_stats stats;
    uftp_sender_stats_get(sim_sender(s.hub), &stats);
    assert_int_equal(stats.blocks_sent, count);
    const sim_entry *got = sim_store_find(sim_node_store(s.plants[0]), 0, "huge");
    assert_non_null(got);
    assert_int_equal(got->content.size, HUNDRED_GB);
    for (size_t i = 0; i < count; i++) {
        uint8_t want[UFTP_BLOCK_SIZE_DEFAULT], have[UFTP_BLOCK_SIZE_DEFAULT];
        uint64_t offset = (uint64_t)missing[i] * sizeof want;
        size_t len = uftp_layout_block_len(&layout, missing[i]);
        sim_generate(4, offset, want, len);
        sim_content_read(&got->content, offset, have, len);
        assert_memory_equal(have, want, len);
    }
    sim_free(s.world);
}

/* ---- the borders of sections and names ---- */

static void deliver_generated(uint64_t size, uint16_t block_size, const sim_link *link)
{
    static const char *const operands[] = {"/out/one"};
    const sim_expected expected = {.size = size, .seed = 5};
    session s = session_new(
        1, &(session_options){
               .plants = 1,
               .sender = {.operands = operands,
                          .operand_count = 1,
                          .block_size = block_size,
                          .rate_bytes_per_s = 1000000000},
               .store = {.expected = &expected, .expected_count = 1, .block_size = block_size},
               .plants_down = link});
    sim_source_generated(sim_node_source(s.hub), "/out/one", 5, size, MTIME);
    sim_expect_quiet_by(s.world, UFTP_S(600));
    sim_expect_result(s.hub, UFTP_RESULT_OK);
    const sim_entry *got = sim_store_find(sim_node_store(s.plants[0]), 0, "one");
    sim_expect(s.world, s.plants[0],
               got && sim_tree_equal(file_at_hub(&s, "/out/one"), got, true, NULL, 0));
    sim_free(s.world);
}

/* A section at its largest, and the first file that needs two, for block sizes from the smallest
 * allowed to jumbo. The NAK bitmap of the largest section fills a block to its last byte. */
static void sections_at_their_largest(void **state)
{
    (void)state;
    static const uint16_t sizes[] = {512, 1300, 1452};
    const sim_link lossy = {.loss_ppm = 5000};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (uint64_t more = 0; more < 2; more++)
            deliver_generated(UINT64_C(8) * sizes[i] * sizes[i] + more, sizes[i], &lossy);
    /* 65536 blocks: the limit is the number of a block now, not the bitmap. */
    deliver_generated(UINT64_C(65536) * 8800 + 1, 8800, &lossy);
}

/* 299 bytes are the limit, for the name sent and for the path at the receiver ("/in/" and the
 * name). One byte more is left out here, turned down there, and the rest of the session goes on. */
static void names_at_their_limit(void **state)
{
    (void)state;
    static const int lens[] = {295, 296, 299, 300};
    static const char *const operands[] = {"/out/names"};
    char leaf[301], path[400];
    session s =
        session_new(1, &(session_options){.sender = {.operands = operands, .operand_count = 1}});
    memset(leaf, 'n', sizeof leaf);
    for (int i = 0; i < 4; i++) {
        snprintf(path, sizeof path, "/out/names/%.99s/%.*s", leaf, lens[i] - 106, leaf);
        assert_int_equal(strlen(path) - strlen("/out/"), lens[i]);
        sim_source_file(sim_node_source(s.hub), path, "x", 1, MTIME);
    }
    sim_expect_quiet_by(s.world, UFTP_S(60));
    sim_expect_result(s.hub, UFTP_RESULT_OK);
    sim_expect_event_count(s.hub, UFTP_EVENT_FILE_SKIPPED, 1);
    for (size_t i = 0; i < s.plant_count; i++) {
        sim_expect_event_count(s.plants[i], UFTP_EVENT_FILE_FINISHED, 3);
        for (int k = 0; k < 4; k++) {
            snprintf(path, sizeof path, "names/%.99s/%.*s", leaf, lens[k] - 106, leaf);
            sim_expect(s.world, s.plants[i],
                       (sim_store_find(sim_node_store(s.plants[i]), 0, path) != NULL) == (k == 0));
        }
    }
    sim_free(s.world);
}

/* ---- many files ---- */

/* The memory of both sides after many files is that after a few. */
static void thousands_of_files_in_one_session(void **state)
{
    (void)state;
    enum { FEW = 10, MANY = 5000 };
    static const char *const operands[] = {"/out/many"};
    uint64_t peaks[2][2];
    for (int run = 0; run < 2; run++) {
        int count = run ? MANY : FEW;
        session s = session_new(1, &(session_options){.plants = 2,
                                                      .sender = {.operands = operands,
                                                                 .operand_count = 1,
                                                                 .rate_bytes_per_s = 10000000}});
        for (int i = 0; i < count; i++) {
            char path[64], text[16];
            snprintf(path, sizeof path, "/out/many/%02d/%05d", i % 50, i);
            snprintf(text, sizeof text, "%d", i);
            sim_source_file(sim_node_source(s.hub), path, text, strlen(text), MTIME);
        }
        sim_expect_quiet_by(s.world, UFTP_S(3600));
        sim_expect_result(s.hub, UFTP_RESULT_OK);
        for (size_t i = 0; i < s.plant_count; i++) {
            sim_expect_event_count(s.plants[i], UFTP_EVENT_FILE_FINISHED, (uint64_t)count);
            const sim_entry *got = sim_store_find(sim_node_store(s.plants[i]), 0, "many");
            sim_expect(s.world, s.plants[i],
                       got && sim_tree_equal(file_at_hub(&s, "/out/many"), got, true, NULL, 0));
        }
        peaks[run][0] = sim_node_memory(s.hub)->peak_bytes;
        peaks[run][1] = sim_node_memory(s.plants[0])->peak_bytes;
        sim_free(s.world);
    }
    assert_in_range(peaks[1][0], 1, peaks[0][0] + 4096);
    assert_in_range(peaks[1][1], 1, peaks[0][1] + 4096);
}

static const struct CMUnitTest tests[] = {
    SIM_TEST(maps_of_100_gb_cost_a_bit_per_block),
    SIM_TEST(session_of_100_gb_sends_what_is_missing),
    SIM_TEST(sections_at_their_largest),
    SIM_TEST(names_at_their_limit),
    SIM_TEST(thousands_of_files_in_one_session),
};

SIM_TEST_MAIN(tests)
