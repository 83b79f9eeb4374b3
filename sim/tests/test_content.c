/* SPDX-License-Identifier: MIT */
#include "expect.h"

#include "engine/content.h"

#include <string.h>

/* A generator that depended on where a read begins would send a different file in every pass. */
static void generated_bytes_depend_on_their_offset_only(void **state)
{
    (void)state;
    uint8_t whole[300], part[300];
    sim_generate(7, 1000, whole, sizeof whole);
    for (size_t at = 0; at < 40; at++)
        for (size_t len = 0; len < 40; len++) {
            sim_generate(7, 1000 + at, part, len);
            assert_memory_equal(part, whole + at, len);
        }
    sim_generate(8, 1000, part, sizeof part);
    assert_memory_not_equal(part, whole, sizeof part);
}

static void kept_content_has_holes_that_read_as_zero(void **state)
{
    (void)state;
    sim_content content = {0};
    const uint64_t far = UINT64_C(1) << 46;
    uint8_t bytes[10000], back[10000];
    sim_generate(1, 0, bytes, sizeof bytes);
    sim_content_write(&content, far, bytes, sizeof bytes);
    sim_content_write(&content, 5, bytes, 100);
    assert_int_equal(content.size, far + sizeof bytes);
    assert_true(content.page_count <= 5);
    sim_content_read(&content, far, back, sizeof back);
    assert_memory_equal(back, bytes, sizeof back);
    sim_content_read(&content, 0, back, 200);
    assert_memory_equal(back + 5, bytes, 100);
    for (size_t i = 0; i < 200; i++)
        if (i < 5 || i >= 105)
            assert_int_equal(back[i], 0);
    sim_content_free(&content);
}

#define SIZE (1300 * 20 + 77)

static void write_block(sim_content *content, uint64_t seed, uint32_t index)
{
    uint8_t block[1300];
    uint64_t offset = index * UINT64_C(1300);
    size_t len = SIZE - offset < 1300 ? (size_t)(SIZE - offset) : 1300;
    sim_generate(seed, offset, block, len);
    sim_content_write(content, offset, block, len);
}

/* A check that could be passed with a block missing, twice there or wrong would prove nothing. */
static void checked_content_is_equal_only_when_complete_and_right(void **state)
{
    (void)state;
    sim_content file, expected;
    sim_content_generate(&expected, 9, SIZE);
    sim_content_check(&file, 9, SIZE, 1300);
    for (uint32_t i = 21; i-- > 0;) {
        if (i == 4)
            continue;
        write_block(&file, 9, i);
        write_block(&file, 9, i); /* a duplicate counts once */
        assert_false(sim_content_equal(&file, &expected));
    }
    write_block(&file, 9, 4);
    assert_true(sim_content_equal(&file, &expected));
    assert_true(sim_content_equal(&expected, &file));
    expected.seed = 10;
    assert_false(sim_content_equal(&file, &expected));
    expected.seed = 9;
    write_block(&file, 10, 4); /* overwritten with something else */
    assert_int_equal(file.wrong, 1);
    assert_false(sim_content_equal(&file, &expected));
    sim_content_truncate(&file);
    assert_int_equal(file.size, 0);
    for (uint32_t i = 0; i < 21; i++)
        write_block(&file, 9, i);
    assert_true(sim_content_equal(&file, &expected));
    const uint8_t odd[10] = {0};
    sim_content_write(&file, 13, odd, sizeof odd); /* off the blocks */
    assert_false(sim_content_equal(&file, &expected));
    sim_content_free(&file);
}

static void kept_and_generated_content_compare_by_bytes(void **state)
{
    (void)state;
    sim_content kept = {0}, generated;
    uint8_t bytes[SIZE];
    sim_generate(3, 0, bytes, sizeof bytes);
    sim_content_write(&kept, 0, bytes, sizeof bytes);
    sim_content_generate(&generated, 3, SIZE);
    assert_true(sim_content_equal(&kept, &generated));
    bytes[SIZE - 1] ^= 1;
    sim_content_write(&kept, SIZE - 1, bytes + SIZE - 1, 1);
    assert_false(sim_content_equal(&kept, &generated));
    sim_content_free(&kept);
}

static const struct CMUnitTest tests[] = {
    SIM_TEST(generated_bytes_depend_on_their_offset_only),
    SIM_TEST(kept_content_has_holes_that_read_as_zero),
    SIM_TEST(checked_content_is_equal_only_when_complete_and_right),
    SIM_TEST(kept_and_generated_content_compare_by_bytes),
};

SIM_TEST_MAIN(tests)
