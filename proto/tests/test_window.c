/* SPDX-License-Identifier: MIT */
#include "session/window.h"
#include "support.h"

#include <string.h>

/* Whatever the order, no counter passes twice, and within the tolerance every one passes once. */
static void no_counter_passes_twice(void **state)
{
    (void)state;
    enum { COUNT = 20000 };
    static uint8_t used[COUNT + 1];
    test_random random;
    test_random_init(&random, 11);
    uftp_window window = {0};
    uint64_t newest = 0;
    for (int i = 0; i < 200000; i++) {
        uint64_t around = (uint64_t)i * COUNT / 200000 + 1;
        uint64_t counter = around + test_random_below(&random, 3000);
        if (counter > COUNT)
            counter = COUNT;
        bool fresh = uftp_window_fresh(&window, counter);
        if (used[counter])
            assert_false(fresh);
        else if (counter + UFTP_WINDOW_BITS - 64 > newest)
            assert_true(fresh);
        if (!fresh)
            continue;
        uftp_window_mark(&window, counter);
        used[counter] = 1;
        newest = counter > newest ? counter : newest;
        assert_int_equal(window.newest, newest);
    }
}

static void the_edges_of_the_window(void **state)
{
    (void)state;
    uftp_window window = {0};
    assert_false(uftp_window_fresh(&window, 0)); /* never used by a sender */
    uftp_window_mark(&window, 1);
    uftp_window_mark(&window, UINT64_MAX); /* a jump clears everything on its way */
    assert_false(uftp_window_fresh(&window, UINT64_MAX));
    assert_true(uftp_window_fresh(&window, UINT64_MAX - 1));
    assert_true(uftp_window_fresh(&window, UINT64_MAX - (UFTP_WINDOW_BITS - 65)));
    assert_false(uftp_window_fresh(&window, UINT64_MAX - (UFTP_WINDOW_BITS - 64)));
    assert_false(uftp_window_fresh(&window, 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_counter_passes_twice),
        cmocka_unit_test(the_edges_of_the_window),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
