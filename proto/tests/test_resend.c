/* SPDX-License-Identifier: MIT */
#include "support.h"

#include "transfer/resend.h"

#include <string.h>

#define BLOCKS_MAX 300

/* Random NAKs and sends against one flag per block: the bitmap must agree at every step, also at
 * the borders of its words and of the NAK bitmap's bytes. */
static void agrees_with_one_flag_per_block(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 400; seed++) {
        test_memory memory;
        test_random random;
        test_memory_init(&memory);
        test_random_init(&random, seed);
        uint32_t blocks = (uint32_t)test_random_below(&random, BLOCKS_MAX + 1);
        bool wanted = test_random_below(&random, 2);
        uftp_resend resend;
        assert_int_equal(uftp_resend_init(&resend, &memory.allocator, blocks, wanted), 0);
        bool model[BLOCKS_MAX] = {false};
        for (uint32_t i = 0; i < blocks; i++)
            model[i] = wanted;
        for (int step = 0; step < 50 && blocks > 0; step++) {
            if (test_random_below(&random, 2)) {
                uint32_t start = (uint32_t)test_random_below(&random, blocks);
                uint32_t count = 1 + (uint32_t)test_random_below(&random, blocks - start);
                uint8_t bitmap[BLOCKS_MAX / 8 + 1];
                random.random.fill(&random, sizeof bitmap, bitmap); /* unused bits set, too */
                uint32_t naks = 0;
                for (uint32_t i = 0; i < count; i++)
                    if (bitmap[i / 8] >> (i % 8) & 1) {
                        model[start + i] = true;
                        naks++;
                    }
                assert_int_equal(uftp_resend_add_naks(&resend, start, count, bitmap), naks);
            } else {
                uint32_t block = (uint32_t)test_random_below(&random, blocks);
                uftp_resend_clear(&resend, block);
                model[block] = false;
            }
            uint32_t from = (uint32_t)test_random_below(&random, blocks + 1);
            uint32_t next = from;
            while (next < blocks && !model[next])
                next++;
            assert_int_equal(uftp_resend_next(&resend, from), next);
            uint32_t count = 0;
            for (uint32_t i = 0; i < blocks; i++)
                count += model[i];
            assert_int_equal(resend.count, count);
        }
        uftp_resend_free(&resend);
        assert_int_equal(memory.live, 0);
    }
}

static void out_of_memory_is_told(void **state)
{
    (void)state;
    test_memory memory;
    test_memory_init(&memory);
    memory.fail_at = 1;
    uftp_resend resend;
    assert_int_equal(uftp_resend_init(&resend, &memory.allocator, 10, true), UFTP_ERR_MEMORY);
    uftp_resend_free(&resend);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_one_flag_per_block),
        cmocka_unit_test(out_of_memory_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
