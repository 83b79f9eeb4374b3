/* SPDX-License-Identifier: MIT */
#include "support.h"
#include "transfer/blockmap.h"

#include <string.h>

typedef struct fixture {
    test_memory memory;
    uftp_layout layout;
    uftp_blockmap map;
} fixture;

static void open_map(fixture *f, uint64_t size, uint16_t block_size)
{
    test_memory_init(&f->memory);
    assert_int_equal(uftp_layout_init(&f->layout, size, block_size), UFTP_OK);
    assert_int_equal(uftp_blockmap_init(&f->map, &f->memory.allocator, &f->layout), UFTP_OK);
}

static void close_map(fixture *f)
{
    uftp_blockmap_free(&f->map, &f->memory.allocator);
    assert_int_equal(f->memory.live, 0);
}

/* The reference rejects a STATUS without the extra byte where n is a multiple of 8 (trap 10). */
static void trap_10_a_status_has_one_byte_more_than_it_seems_to_need(void **state)
{
    (void)state;
    static const struct {
        uint32_t blocks;
        size_t len;
    } table[] = {{1, 1}, {7, 1}, {8, 2}, {9, 2}, {15, 2}, {16, 3}, {4096, 513}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        fixture f;
        open_map(&f, (uint64_t)table[i].blocks * 512, 512);
        uftp_bytes naks = uftp_blockmap_naks(&f.map, &f.layout, 0);
        assert_int_equal(naks.len, table[i].len);
        uint32_t bits = 0;
        for (uint32_t b = 0; b < 8 * naks.len; b++)
            bits += naks.data[b / 8] >> b % 8 & 1;
        assert_int_equal(bits, table[i].blocks);
        close_map(&f);
    }
}

/* A block that came and could not be written is asked for again. */
static void block_that_is_put_back_is_missing_again(void **state)
{
    (void)state;
    fixture f;
    open_map(&f, 4097 * 512, 512); /* two sections */
    uint32_t all = f.map.missing, of_section = f.map.counts[1];
    assert_true(uftp_blockmap_take(&f.map, 1, 9));
    assert_false(uftp_blockmap_misses(&f.map, 1, 9));
    assert_true(uftp_blockmap_misses(&f.map, 1, 8));
    uftp_blockmap_put_back(&f.map, 1, 9);
    assert_true(uftp_blockmap_misses(&f.map, 1, 9));
    assert_int_equal(f.map.missing, all);
    assert_int_equal(f.map.counts[1], of_section);
    assert_true(uftp_blockmap_take(&f.map, 1, 9));
    close_map(&f);
}

/* Against a plain array, sections of both sizes. */
static void the_map_agrees_with_a_model(void **state)
{
    (void)state;
    test_random random;
    test_random_init(&random, 3);
    static bool missing[9000];
    static const uint32_t counts[] = {1, 2, 4096, 4097, 8191, 8193};
    for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
        fixture f;
        open_map(&f, (uint64_t)counts[c] * 512, 512);
        memset(missing, 1, sizeof missing);
        for (uint32_t i = 0; i < 3 * counts[c] / 2; i++) {
            uint32_t block = (uint32_t)test_random_below(&random, counts[c]);
            uint16_t section, in_section;
            uftp_layout_locate(&f.layout, block, &section, &in_section);
            assert_int_equal(uftp_blockmap_take(&f.map, section, in_section), missing[block]);
            missing[block] = false;
        }
        uint32_t left = 0;
        for (uint32_t s = 0; s < f.layout.sections; s++) {
            uint32_t in_section = 0, start = uftp_layout_section_start(&f.layout, s);
            uftp_bytes naks = uftp_blockmap_naks(&f.map, &f.layout, s);
            for (uint32_t b = 0; b < 8 * naks.len; b++) {
                bool expected = b < uftp_layout_section_blocks(&f.layout, s) && missing[start + b];
                assert_int_equal(naks.data[b / 8] >> b % 8 & 1, expected);
                in_section += expected;
            }
            assert_int_equal(f.map.counts[s], in_section);
            assert_int_equal(uftp_blockmap_any_missing(&f.map, s, s + 1), in_section > 0);
            left += in_section;
        }
        assert_int_equal(f.map.missing, left);
        close_map(&f);
    }
}

static void an_empty_file_misses_nothing(void **state)
{
    (void)state;
    fixture f;
    open_map(&f, 0, 1300);
    assert_int_equal(f.map.missing, 0);
    assert_false(uftp_blockmap_any_missing(&f.map, 0, 100));
    close_map(&f);
}

static void rows_are_restored_and_damaged_ones_refused(void **state)
{
    (void)state;
    fixture f, g;
    open_map(&f, 4100 * 512, 512); /* sections of 2050 */
    open_map(&g, 4100 * 512, 512);
    for (uint32_t b = 0; b < 2050; b += 3)
        uftp_blockmap_take(&f.map, 1, b);
    size_t len = uftp_blockmap_saved_len(&f.layout);
    assert_int_equal(len, f.map.sections * f.map.stride);
    f.map.rows[f.map.stride - 1] ^= 0x80; /* a block behind the section's end */
    assert_int_equal(uftp_blockmap_restore(&g.map, &g.layout, f.map.rows), UFTP_ERR_FORMAT);
    assert_int_equal(g.map.missing, 4100);
    f.map.rows[f.map.stride - 1] ^= 0x80;
    assert_int_equal(uftp_blockmap_restore(&g.map, &g.layout, f.map.rows), UFTP_OK);
    assert_int_equal(g.map.missing, f.map.missing);
    assert_int_equal(g.map.counts[0], f.map.counts[0]);
    assert_int_equal(g.map.counts[1], f.map.counts[1]);
    assert_memory_equal(g.map.rows, f.map.rows, len);
    close_map(&f);
    close_map(&g);
}

static void without_memory_there_is_no_map_and_no_leak(void **state)
{
    (void)state;
    for (size_t fail_at = 1; fail_at <= 2; fail_at++) {
        fixture f;
        test_memory_init(&f.memory);
        f.memory.fail_at = fail_at;
        assert_int_equal(uftp_layout_init(&f.layout, 100000, 512), UFTP_OK);
        assert_int_equal(uftp_blockmap_init(&f.map, &f.memory.allocator, &f.layout),
                         UFTP_ERR_MEMORY);
        assert_int_equal(f.memory.live, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trap_10_a_status_has_one_byte_more_than_it_seems_to_need),
        cmocka_unit_test(block_that_is_put_back_is_missing_again),
        cmocka_unit_test(the_map_agrees_with_a_model),
        cmocka_unit_test(an_empty_file_misses_nothing),
        cmocka_unit_test(rows_are_restored_and_damaged_ones_refused),
        cmocka_unit_test(without_memory_there_is_no_map_and_no_leak),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
