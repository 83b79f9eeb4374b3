/* SPDX-License-Identifier: MIT
 *
 * Sections and blocks (spec v5 4.6.1). If both ends did not compute the same, NAKs would ask for
 * the wrong blocks and files would be torn.
 */
#include "support.h"
#include <uftp/layout.h>

static void the_table_of_the_protocol_text_holds(void **state)
{
    (void)state;
    static const struct {
        uint64_t size;
        uint16_t block_size;
        uint32_t blocks, sections, small, big, big_sections;
    } cases[] = {{0, 1300, 0, 0, 0, 0, 0},
                 {1, 1300, 1, 1, 1, 1, 0},
                 {1301, 1300, 2, 1, 2, 2, 0},
                 {13520000, 1300, 10400, 1, 10400, 10400, 0},
                 {13520001, 1300, 10401, 2, 5200, 5201, 1},
                 {13521301, 1300, 10402, 2, 5201, 5201, 0},
                 {100000000, 1300, 76924, 8, 9615, 9616, 4},
                 {1000000000, 1300, 769231, 74, 10395, 10396, 1},
                 {4294967296, 1300, 3303821, 318, 10389, 10390, 119},
                 {2097664, 512, 4097, 2, 2048, 2049, 1},
                 {576716800, 8800, 65536, 1, 65536, 65536, 0},
                 {576716801, 8800, 65537, 2, 32768, 32769, 1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uftp_layout layout;
        assert_int_equal(uftp_layout_init(&layout, cases[i].size, cases[i].block_size), UFTP_OK);
        assert_int_equal(layout.blocks, cases[i].blocks);
        assert_int_equal(layout.sections, cases[i].sections);
        assert_int_equal(layout.small, cases[i].small);
        assert_int_equal(layout.big, cases[i].big);
        assert_int_equal(layout.big_sections, cases[i].big_sections);
    }
}

/* Walks all blocks in order and counts sections along: independent of the arithmetic under test. */
static void check_every_block(uint64_t size, uint16_t block_size)
{
    uftp_layout layout;
    assert_int_equal(uftp_layout_init(&layout, size, block_size), UFTP_OK);
    uint32_t section = 0, in_section = 0;
    uint64_t bytes = 0;
    for (uint32_t block = 0; block < layout.blocks; block++) {
        if (in_section == uftp_layout_section_blocks(&layout, section)) {
            section++;
            in_section = 0;
        }
        uint16_t found_section, found_block;
        uftp_layout_locate(&layout, block, &found_section, &found_block);
        assert_int_equal(found_section, section);
        assert_int_equal(found_block, in_section);
        assert_int_equal(uftp_layout_section_start(&layout, section) + in_section, block);
        size_t len = uftp_layout_block_len(&layout, block);
        assert_true(len > 0 && len <= block_size);
        bytes += len;
        in_section++;
    }
    assert_true(bytes == size);
    assert_int_equal(layout.blocks == 0 ? 0 : section + 1, layout.sections);
    assert_int_equal(in_section,
                     layout.blocks == 0 ? 0 : uftp_layout_section_blocks(&layout, section));
    assert_int_equal(uftp_layout_section_start(&layout, layout.sections), layout.blocks);
}

static void every_block_has_one_place_and_they_add_up_to_the_file(void **state)
{
    (void)state;
    static const uint64_t sizes[] = {
        0, 1, 511, 512, 513, 4096 * 512, 4097 * 512, 8193 * 512, 12289 * 512 + 7, 100000};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        check_every_block(sizes[i], 512);
    check_every_block(13520001, 1300);
    check_every_block(577000000, 8800);
}

/* Sections that do not exist: asked for by a hostile FILESEG or STATUS. */
static void a_section_that_does_not_exist_has_no_blocks(void **state)
{
    (void)state;
    uftp_layout layout;
    assert_int_equal(uftp_layout_init(&layout, 13520001, 1300), UFTP_OK);
    assert_int_equal(uftp_layout_section_blocks(&layout, 2), 0);
    assert_int_equal(uftp_layout_section_blocks(&layout, UINT32_MAX), 0);
    assert_int_equal(uftp_layout_section_start(&layout, UINT32_MAX), layout.blocks);
    assert_int_equal(uftp_layout_init(&layout, 0, 1300), UFTP_OK);
    assert_int_equal(uftp_layout_section_blocks(&layout, 0), 0);
}

/* The largest file a block size allows, and one byte more. Overflow shows as a small layout. */
static void a_file_of_more_than_65535_sections_is_refused(void **state)
{
    (void)state;
    static const uint16_t block_sizes[] = {1, 512, 1300, 8191, 8192, 8800, 65535};
    for (size_t i = 0; i < sizeof block_sizes / sizeof *block_sizes; i++) {
        uint32_t section_max = block_sizes[i] < 8192 ? 8u * block_sizes[i] : 65536;
        uint64_t largest = UINT64_C(65535) * section_max * block_sizes[i];
        uftp_layout layout;
        assert_int_equal(uftp_layout_init(&layout, largest, block_sizes[i]), UFTP_OK);
        assert_int_equal(layout.sections, 65535);
        assert_int_equal(layout.blocks, UINT64_C(65535) * section_max);
        assert_int_equal(layout.small, section_max);
        assert_int_equal(uftp_layout_section_start(&layout, 65534), 65534 * section_max);
        uint16_t section, block;
        uftp_layout_locate(&layout, layout.blocks - 1, &section, &block);
        assert_int_equal(section, 65534);
        assert_int_equal(block, section_max - 1);
        assert_int_equal(uftp_layout_block_len(&layout, layout.blocks - 1), block_sizes[i]);
        assert_int_equal(uftp_layout_init(&layout, largest + 1, block_sizes[i]), UFTP_ERR_LIMIT);
    }
    uftp_layout layout;
    assert_int_equal(uftp_layout_init(&layout, (UINT64_C(1) << 48) - 1, 1300), UFTP_ERR_LIMIT);
    assert_int_equal(uftp_layout_init(&layout, UINT64_MAX, 1), UFTP_ERR_LIMIT);
    assert_int_equal(uftp_layout_init(&layout, UINT64_MAX, 65535), UFTP_ERR_LIMIT);
}

static void a_block_size_of_0_is_refused(void **state)
{
    (void)state;
    uftp_layout layout;
    assert_int_equal(uftp_layout_init(&layout, 1000, 0), UFTP_ERR_ARGUMENT);
    assert_int_equal(uftp_layout_init(&layout, 0, 0), UFTP_ERR_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_of_the_protocol_text_holds),
        cmocka_unit_test(every_block_has_one_place_and_they_add_up_to_the_file),
        cmocka_unit_test(a_section_that_does_not_exist_has_no_blocks),
        cmocka_unit_test(a_file_of_more_than_65535_sections_is_refused),
        cmocka_unit_test(a_block_size_of_0_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
