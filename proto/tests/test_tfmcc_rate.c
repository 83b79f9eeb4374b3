/* SPDX-License-Identifier: MIT
 *
 * What TFMCC computes: the arithmetic under it, the rate equation against the vectors of spec v5
 * 4.7.6, and the time a receiver waits before it speaks.
 */
#include "support.h"

#include "base/arith.h"
#include "transfer/tfmcc.h"
#include <uftp/quantise.h>

#include <string.h>

/* A carry lost between the halves, or a digit of the division, shows here. */
static void products_beyond_64_bits_are_divided_exactly(void **state)
{
    (void)state;
    static const struct {
        uint64_t a, b, c, quotient;
    } cases[] = {{0, 5, 7, 0},
                 {6, 7, 5, 8},
                 {UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX},
                 {UINT64_MAX, UINT64_MAX - 1, UINT64_MAX, UINT64_MAX - 1},
                 {UINT64_MAX, 2, 2, UINT64_MAX},
                 {UINT64_MAX, 2, 1, UINT64_MAX}, /* does not fit */
                 {UINT64_C(1) << 63, 2, 3, UINT64_C(6148914691236517205)},
                 {UINT64_C(0xffffffff00000001), UINT64_C(0xfffffffeffffffff),
                  UINT64_C(0xfffffffffffffffe), UINT64_C(0xfffffffe00000002)}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (uftp_mul_div(cases[i].a, cases[i].b, cases[i].c) != cases[i].quotient)
            fail_msg("case %zu", i);
}

/* For any a, b, c: q <= a*b/c < q + 1, checked without wide numbers where b = c * k + r. */
static void products_agree_with_another_way_to_divide_them(void **state)
{
    (void)state;
    test_random random;
    test_random_init(&random, 1);
    for (int i = 0; i < 20000; i++) {
        uint64_t a = test_random_u64(&random) >> test_random_below(&random, 40);
        uint64_t c = (test_random_u64(&random) >> (33 + test_random_below(&random, 20))) + 1;
        uint64_t b = test_random_u64(&random) >> (40 + test_random_below(&random, 20));
        /* a = q c + r: a b / c = q b + r b / c, and r b < 2^55 */
        uint64_t expected = a / c * b + a % c * b / c;
        if (a / c <= UINT64_MAX / (b + 1) && uftp_mul_div(a, b, c) != expected)
            fail_msg("%llu * %llu / %llu", (unsigned long long)a, (unsigned long long)b,
                     (unsigned long long)c);
    }
}

static void roots_are_rounded_down(void **state)
{
    (void)state;
    assert_int_equal(uftp_root(0), 0);
    assert_int_equal(uftp_root(UINT64_MAX), UINT32_MAX);
    for (uint64_t i = 1; i < UINT32_MAX - 40000; i = i * 3 / 2 + 1) {
        assert_true(uftp_root(i * i) == i);
        assert_true(uftp_root(i * i - 1) == i - 1);
        assert_true(uftp_root(i * i + 2 * i) == i);
    }
}

static void logarithms_are_exact_to_two_units(void **state)
{
    (void)state;
    for (unsigned bit = 0; bit < 64; bit++)
        assert_int_equal(uftp_log2(UINT64_C(1) << bit), bit << UFTP_LOG2_BITS);
    /* log2 of 3, 10, 1000, 100000 in units of 2^-24, rounded down */
    static const struct {
        uint64_t value;
        uint32_t log2;
    } cases[] = {{3, 26591258}, {10, 55732705}, {1000, 167198115}, {100000, 278663526}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_in_range(uftp_log2(cases[i].value), cases[i].log2 - 2, cases[i].log2 + 1);
}

/* The vectors of spec v5 4.7.6. Interval lengths, round trip (GRTT 0.05 where unknown), rate. */
static void rate_vectors_of_the_protocol_text_hold(void **state)
{
    (void)state;
    static const struct {
        uint32_t lens[UFTP_LOSS_INTERVALS];
        uint64_t rtt, rate;
        uint16_t word;
    } cases[] = {
        {{100}, UFTP_MS(1), 15277183, 0x2727},
        {{10, 100}, UFTP_MS(10), 1059993, 0x1b26},
        {{8, 6, 5, 40}, UFTP_MS(50), 75263, 0xc0b4},
        {{50, 100, 200, 300, 400, 500, 600, 700, 800}, UFTP_MS(100), 311305, 0x4fb5},
        {{5000, 100, 100, 100, 100, 100, 100, 100, 100}, UFTP_MS(20), 2496990, 0x3ff6},
        {{3, 1, 1, 1, 1, 1, 1, 1, 1}, UFTP_MS(50), 297, 0x4c12},
        {{1, 10, 10, 10, 10, 10, 10, 10, 10}, UFTP_MS(300), 8024, 0xcd73},
        {{0, 1000, 2000, 1500}, UFTP_MS(50), 1282514, 0x20d6},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uftp_loss_history history = {.slow_start = false};
        memcpy(history.lens, cases[i].lens, sizeof history.lens);
        const uftp_loss_rate loss = uftp_loss_history_rate(&history);
        uint64_t rate = uftp_tfmcc_rate(1360, cases[i].rtt, &loss);
        if (rate != cases[i].rate || uftp_rate_quantise(rate) != cases[i].word)
            fail_msg("case %zu: %llu", i, (unsigned long long)rate);
    }
}

/* The ends of every range: no overflow turns a hopeless link into a fast one, or back. */
static void rate_falls_with_loss_and_round_trip_at_all_extremes(void **state)
{
    (void)state;
    static const uint64_t rtts[] = {UFTP_MS(1), UFTP_MS(100), UFTP_S(15), UFTP_S(1000)};
    static const uftp_loss_rate losses[] = {{30, UINT64_C(30) * UINT32_MAX},
                                            {1, UINT32_MAX},
                                            {30, 3000000},
                                            {5, 500},
                                            {30, 300},
                                            {5, 10},
                                            {1, 1}};
    uint64_t above = UINT64_MAX;
    for (size_t r = 0; r < sizeof rtts / sizeof *rtts; r++) {
        uint64_t before = above;
        for (size_t i = 0; i < sizeof losses / sizeof *losses; i++) {
            uint64_t rate = uftp_tfmcc_rate(9000, rtts[r], &losses[i]);
            assert_true(rate <= before);
            before = rate;
            if (i == 0)
                above = rate;
        }
    }
    /* p = 2^-32 at 1 ms: 9 MB/s * sqrt(3/2 * 2^32) */
    assert_in_range(uftp_tfmcc_rate(9000, UFTP_MS(1), &losses[0]) / 1000000, 722300, 722400);
    assert_int_equal(uftp_tfmcc_rate(1360, UFTP_S(1000), &losses[6]), 0);
}

/* Trap 37: ln(1) = 0 is no divisor, and ln(0) no number. */
static void trap_37_group_of_one_or_none_answers_at_once(void **state)
{
    (void)state;
    assert_int_equal(uftp_tfmcc_backoff(UFTP_S(1), 0, 0), 0);
    assert_int_equal(uftp_tfmcc_backoff(UFTP_S(1), 1, 0), 0);
    assert_int_equal(uftp_tfmcc_backoff(UFTP_S(1), 1, UINT32_MAX), 0);
}

static void backoff_is_the_logarithm_of_the_draw(void **state)
{
    (void)state;
    /* u = 1: the whole round; u = 1/n: nothing; u = 1/sqrt(n): half of it */
    assert_int_equal(uftp_tfmcc_backoff(UFTP_S(1), 100, UINT32_MAX), UFTP_S(6));
    assert_int_equal(uftp_tfmcc_backoff(UFTP_S(1), 256, (1U << 24) - 1), 0);
    assert_int_equal(uftp_tfmcc_backoff(UFTP_S(1), 256, 0), 0);
    assert_int_equal(uftp_tfmcc_backoff(UFTP_S(1), 256, (1U << 28) - 1), UFTP_S(3));
    /* u = 1/2 of a group of 10: 6 (1 - ln 2 / ln 10) = 4.193820 s */
    assert_in_range(uftp_tfmcc_backoff(UFTP_S(1), 10, (1U << 31) - 1) / 1000, 4193819, 4193821);
}

/* Of n receivers about one draws 0, and the rest spread over the round. */
static void about_one_receiver_of_a_group_speaks_first(void **state)
{
    (void)state;
    test_random random;
    test_random_init(&random, 7);
    uint32_t at_once = 0;
    for (int i = 0; i < 100000; i++)
        at_once += uftp_tfmcc_backoff(UFTP_S(1), 1000, (uint32_t)test_random_u64(&random)) == 0;
    assert_in_range(at_once, 60, 150); /* 100 of 100000 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(products_beyond_64_bits_are_divided_exactly),
        cmocka_unit_test(products_agree_with_another_way_to_divide_them),
        cmocka_unit_test(roots_are_rounded_down),
        cmocka_unit_test(logarithms_are_exact_to_two_units),
        cmocka_unit_test(rate_vectors_of_the_protocol_text_hold),
        cmocka_unit_test(rate_falls_with_loss_and_round_trip_at_all_extremes),
        cmocka_unit_test(trap_37_group_of_one_or_none_answers_at_once),
        cmocka_unit_test(backoff_is_the_logarithm_of_the_draw),
        cmocka_unit_test(about_one_receiver_of_a_group_speaks_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
