/* SPDX-License-Identifier: MIT */
#include "support.h"

#include "transfer/grtt.h"

/* Spec v5 4.3: rises at once, falls by a tenth per recalculation, stays within its bounds. */
static void grtt_follows_the_table(void **state)
{
    (void)state;
    static const struct {
        uint64_t rtt;
        bool final;
        uint64_t expected;
    } steps[] = {
        {0, true, UFTP_MS(500)},            /* nobody measured: nothing changes */
        {UFTP_MS(20), false, UFTP_MS(20)},  /* not set yet: falls freely */
        {UFTP_MS(400), true, UFTP_MS(400)}, /* rises at once */
        {UFTP_MS(1), true, UFTP_MS(360)},   /* set: a tenth less at the most */
        {UFTP_MS(350), true, UFTP_MS(350)}, /* within the tenth: taken as it is */
        {UFTP_S(100), true, UFTP_S(15)},    /* upper bound */
        {UFTP_US(1), true, UFTP_MS(13500)},
    };
    uftp_grtt grtt;
    uftp_grtt_init(&grtt, UFTP_MS(500), UFTP_MS(10), UFTP_S(15));
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        uftp_grtt_update(&grtt, steps[i].rtt, steps[i].final);
        assert_int_equal(grtt.value, steps[i].expected);
    }
    for (int i = 0; i < 200; i++)
        uftp_grtt_update(&grtt, UFTP_US(1), true);
    /* The lower bound is applied before the tenth (spec v5 4.3), and holds in the end. */
    assert_int_equal(grtt.value, UFTP_MS(10));
}

/* A clock that stepped back gives a negative round trip; a hostile echo a huge one. */
static void rtt_is_clamped(void **state)
{
    (void)state;
    uftp_grtt grtt;
    uftp_grtt_init(&grtt, UFTP_MS(500), UFTP_MS(10), UFTP_S(15));
    assert_int_equal(uftp_grtt_clamp_rtt(&grtt, -5), UFTP_MS(1));
    assert_int_equal(uftp_grtt_clamp_rtt(&grtt, 0), UFTP_MS(1));
    assert_int_equal(uftp_grtt_clamp_rtt(&grtt, (int64_t)UFTP_MS(7)), UFTP_MS(7));
    assert_int_equal(uftp_grtt_clamp_rtt(&grtt, INT64_MAX), UFTP_S(15));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grtt_follows_the_table),
        cmocka_unit_test(rtt_is_clamped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
