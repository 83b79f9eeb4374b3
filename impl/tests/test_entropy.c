/* SPDX-License-Identifier: MIT */
#include "runtime/entropy.h"
#include "runtime/heap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* Lengths below, at and above the stock, and its end in the middle of a draw. */
static void every_length_is_filled_exactly(void **state)
{
    (void)state;
    uftp_entropy entropy;
    uftp_entropy_init(&entropy);
    for (size_t len = 0; len <= 2 * UFTP_ENTROPY_STOCK + 3; len++) {
        uint8_t bytes[2 * UFTP_ENTROPY_STOCK + 8] = {0}, seen = 0;
        /* The last byte must be drawn: it is 0 in all of 16 draws once in 2^128. */
        for (int i = 0; i < 16; i++) {
            entropy.random.fill(entropy.random.ctx, len, bytes);
            if (len)
                seen |= bytes[len - 1];
            for (size_t j = len; j < sizeof bytes; j++)
                assert_int_equal(bytes[j], 0);
        }
        assert_true(!len || seen);
    }
}

static void no_byte_is_handed_out_twice(void **state)
{
    (void)state;
    uftp_entropy entropy;
    uftp_entropy_init(&entropy);
    uint8_t draws[100][16], after[UFTP_ENTROPY_STOCK];
    for (size_t i = 0; i < 100; i++) {
        entropy.random.fill(entropy.random.ctx, 16, draws[i]);
        for (size_t j = 0; j < i; j++)
            assert_memory_not_equal(draws[i], draws[j], 16);
        /* What was handed out is no longer in the stock. */
        memcpy(after, entropy.stock, sizeof after);
        for (size_t at = 0; at + 16 <= sizeof after; at++)
            assert_memory_not_equal(after + at, draws[i], 16);
    }
    uftp_entropy_wipe(&entropy);
    static const uint8_t zeros[UFTP_ENTROPY_STOCK];
    assert_memory_equal(entropy.stock, zeros, sizeof zeros);
    entropy.random.fill(entropy.random.ctx, 16, draws[0]); /* not from the wiped stock */
    assert_memory_not_equal(draws[0], zeros, 16);
}

static void the_heap_gives_memory_even_for_nothing(void **state)
{
    (void)state;
    void *none = uftp_heap.alloc(uftp_heap.ctx, 0);
    void *some = uftp_heap.alloc(uftp_heap.ctx, 100);
    assert_non_null(none); /* NULL would mean that there is no memory */
    assert_non_null(some);
    memset(some, 1, 100);
    uftp_heap.release(uftp_heap.ctx, none);
    uftp_heap.release(uftp_heap.ctx, some);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_length_is_filled_exactly),
        cmocka_unit_test(no_byte_is_handed_out_twice),
        cmocka_unit_test(the_heap_gives_memory_even_for_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
