/* SPDX-License-Identifier: MIT */
#include "expect.h"

#include "engine/memory.h"

/* What a leak check at the end of a world rests on. */
static void live_blocks_and_bytes_are_counted(void **state)
{
    (void)state;
    sim_memory memory;
    sim_memory_init(&memory);
    const uftp_allocator *core = &memory.core;
    uint8_t *a = core->alloc(core->ctx, 100), *b = core->alloc(core->ctx, 0);
    assert_non_null(a);
    assert_non_null(b);
    assert_int_equal(a[99], 0xa5);
    assert_int_equal(memory.live, 2);
    assert_int_equal(memory.live_bytes, 100);
    core->release(core->ctx, a);
    assert_int_equal(memory.live, 1);
    core->release(core->ctx, b);
    assert_int_equal(memory.live, 0);
    assert_int_equal(memory.live_bytes, 0);
    assert_int_equal(memory.peak_bytes, 100);
}

static void chosen_allocations_fail(void **state)
{
    (void)state;
    for (int onwards = 0; onwards < 2; onwards++) {
        sim_memory memory;
        sim_memory_init(&memory);
        memory.fail_at = 2;
        memory.fail_onwards = onwards == 1;
        for (int i = 1; i <= 3; i++) {
            void *block = memory.core.alloc(memory.core.ctx, 8);
            assert_int_equal(block == NULL, i == 2 || (i == 3 && onwards));
            if (block)
                memory.core.release(memory.core.ctx, block);
        }
        assert_int_equal(memory.live, 0);
    }
}

static const struct CMUnitTest tests[] = {
    SIM_TEST(live_blocks_and_bytes_are_counted),
    SIM_TEST(chosen_allocations_fail),
};

SIM_TEST_MAIN(tests)
