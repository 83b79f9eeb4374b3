/* SPDX-License-Identifier: MIT
 *
 * The quantised numbers against every vector of spec v5 2 and against the properties that their
 * users lean on.
 */
#include "support.h"
#include <uftp/quantise.h>

/* spec v5 2.1, encode. Seconds as nanoseconds; decoded values rounded to the nearest. */
static void grtt_vectors_of_the_protocol_text_hold(void **state)
{
    (void)state;
    static const struct {
        uint64_t interval;
        uint8_t byte;
        uint64_t expanded;
    } cases[] = {{0, 0x00, 1000},
                 {1500, 0x00, 1000},
                 {2000, 0x01, 2000},
                 {31000, 0x1e, 31000},
                 {32000, 0x1f, 32000},
                 {32999, 0x1f, 32000}, /* 32.999 us */
                 {33000, 0x20, 35496},
                 {100000, 0x2e, 104203},
                 {UFTP_MS(1), 0x4c, 1047367},
                 {UFTP_MS(5), 0x61, 5268072},
                 {UFTP_MS(10), 0x6a, 10527302},
                 {UFTP_MS(50), 0x7f, 52950457},
                 {UFTP_MS(100), 0x88, 105812050},
                 {UFTP_MS(500), 0x9d, 532215786},
                 {UFTP_S(1), 0xa6, 1063538369},
                 {UFTP_S(5), 0xbb, 5349408790},
                 {UFTP_S(15), 0xc9, 15703900565},
                 {UFTP_S(100), 0xe2, 107445747764},
                 {UFTP_S(999), 0xff, UFTP_S(1000)},
                 {UFTP_S(1000), 0xff, UFTP_S(1000)},
                 {UFTP_S(5000), 0xff, UFTP_S(1000)},
                 {UINT64_MAX, 0xff, UFTP_S(1000)}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(uftp_grtt_quantise(cases[i].interval), cases[i].byte);
        if (uftp_grtt_expand(cases[i].byte) != cases[i].expanded)
            fail_msg("byte %u: %llu", cases[i].byte,
                     (unsigned long long)uftp_grtt_expand(cases[i].byte));
    }
}

static void grtt_further_decodes_of_the_protocol_text_hold(void **state)
{
    (void)state;
    assert_true(uftp_grtt_expand(33) == 38334);
    assert_true(uftp_grtt_expand(100) == 6635497);
    assert_true(uftp_grtt_expand(128) == 57184323);
    assert_true(uftp_grtt_expand(200) == 14541200706);
    assert_true(uftp_grtt_expand(240) == 315421274639);
    assert_true(uftp_grtt_expand(254) == 925961078642);
}

/* The byte changes right behind the exact value of the one before: a table entry that is off by a
 * nanosecond, or a search that is off by one, shows. An expanded value may be up to half a
 * nanosecond above the exact one. */
static void grtt_changes_at_the_exact_values(void **state)
{
    (void)state;
    for (unsigned byte = 32; byte < 255; byte++) {
        uint64_t near = uftp_grtt_expand((uint8_t)byte);
        assert_int_equal(uftp_grtt_quantise(near - 1), byte);
        assert_int_equal(uftp_grtt_quantise(near + 1), byte + 1);
        uint8_t at = uftp_grtt_quantise(near);
        assert_true(at == byte || at == byte + 1);
    }
}

/* Timers rest on it: what a receiver takes for the GRTT is never less than what was meant. */
static void grtt_never_shrinks_on_the_wire(void **state)
{
    (void)state;
    uint8_t last = 0;
    for (uint64_t interval = 33000; interval < UFTP_S(1000); interval += 1 + interval / 1000) {
        uint8_t byte = uftp_grtt_quantise(interval);
        assert_true(byte >= last);
        assert_true(uftp_grtt_expand(byte) >= interval);
        assert_true(uftp_grtt_expand(byte) <= interval + interval / 10); /* at most 8 % more */
        last = byte;
    }
}

static void grtt_counts_microseconds_below_33(void **state)
{
    (void)state;
    for (uint64_t us = 1; us <= 32; us++) {
        assert_int_equal(uftp_grtt_quantise(UFTP_US(us)), us - 1);
        assert_int_equal(uftp_grtt_quantise(UFTP_US(us) + 999), us - 1);
        assert_true(uftp_grtt_expand((uint8_t)(us - 1)) == UFTP_US(us));
    }
}

/* spec v5 2.2 */
static void group_size_vectors_of_the_protocol_text_hold(void **state)
{
    (void)state;
    static const struct {
        uint32_t count;
        uint8_t byte;
        uint32_t expanded;
    } cases[] = {{0, 0x00, 0},   {20, 0x31, 19},       {1, 0x18, 1},   {50, 0x81, 50},
                 {2, 0x30, 2},   {99, 0x1a, 94},       {3, 0x50, 3},   {100, 0x1a, 94},
                 {4, 0x68, 4},   {250, 0x42, 250},     {5, 0x80, 5},   {1000, 0x1b, 938},
                 {8, 0xd0, 8},   {1234, 0x23, 1250},   {9, 0xe8, 9},   {5000, 0x83, 5000},
                 {10, 0x19, 9},  {10000, 0x1c, 9375},  {11, 0x21, 13}, {50000, 0x84, 50000},
                 {15, 0x29, 16}, {100000, 0x1d, 93750}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(uftp_size_quantise(cases[i].count), cases[i].byte);
        assert_int_equal(uftp_size_expand(cases[i].byte), cases[i].expanded);
    }
}

/* Past what the byte can say the largest value stands, it does not wrap. */
static void group_size_stops_at_its_largest_value(void **state)
{
    (void)state;
    assert_int_equal(uftp_size_expand(0xff), 96875000);
    assert_int_equal(uftp_size_quantise(96875000), 0xff);
    assert_int_equal(uftp_size_quantise(100000000), 0xff);
    assert_int_equal(uftp_size_quantise(UINT32_MAX), 0xff);
    for (uint64_t count = 1; count <= 96875000; count += 1 + count / 50) {
        uint64_t back = uftp_size_expand(uftp_size_quantise((uint32_t)count));
        assert_true(back <= count + count / 5 && back + count / 5 >= count); /* trap 8: 20 % */
    }
}

/* Exact halves are rare: 109375 = 3.5 * 31250, 821 * 5^13 = 410.5 / 4096 * 10^13. */
static void halves_round_up(void **state)
{
    (void)state;
    assert_int_equal(uftp_size_quantise(109375), 4 << 3 | 5);
    assert_int_equal(uftp_size_quantise(109374), 3 << 3 | 5);
    assert_int_equal(uftp_rate_quantise(821 * UINT64_C(1220703125)), 411 << 4 | 12);
    assert_int_equal(uftp_rate_quantise(821 * UINT64_C(1220703125) - 1), 410 << 4 | 12);
}

/* spec v5 2.3 */
static void rate_vectors_of_the_protocol_text_hold(void **state)
{
    (void)state;
    static const struct {
        uint64_t rate;
        uint16_t word;
        uint64_t expanded;
    } cases[] = {{0, 0x0000, 0},
                 {1, 0x19a0, 1},
                 {2, 0x3330, 1},
                 {9, 0xe660, 8},
                 {10, 0x19a1, 10},
                 {11, 0x1c31, 11},
                 {100, 0x19a2, 100},
                 {999, 0xffc2, 999},
                 {1000, 0x19a3, 1000},
                 {1360, 0x22d3, 1359},
                 {14080, 0x2414, 14086},
                 {128000, 0x20c5, 127929},
                 {131072, 0x2195, 131103},
                 {1000000, 0x19a6, 1000976},
                 {1310720, 0x2196, 1311035},
                 {9999999, 0x19a7, 10009765},
                 {12500000, 0x2007, 12500000},
                 {125000000, 0x2008, 125000000},
                 {1250000000, 0x2009, 1250000000},
                 {134217728000, 0x226b, 134277343750},
                 {281474976710655, 0x481e, 281494140625000},
                 {125000, 0x2005, 125000}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(uftp_rate_quantise(cases[i].rate), cases[i].word);
        assert_true(uftp_rate_expand(cases[i].word) == cases[i].expanded);
    }
}

/* Where rate * 4096 would not fit 64 bits, and past the largest word. */
static void rate_holds_up_to_its_largest_value(void **state)
{
    (void)state;
    assert_true(uftp_rate_expand(0xffff) == UINT64_C(9997558593750000));
    assert_int_equal(uftp_rate_quantise(UINT64_C(9997558593750000)), 0xffff);
    assert_int_equal(uftp_rate_quantise(UINT64_C(10000000000000000)), 0xffff);
    assert_int_equal(uftp_rate_quantise(UINT64_MAX), 0xffff);
    for (uint64_t rate = 100; rate < UINT64_C(9997558593750000); rate += 1 + rate / 300) {
        uint64_t back = uftp_rate_expand(uftp_rate_quantise(rate));
        /* Mantissas go down to 409 of 4096: half a step of that is 0.13 %. */
        assert_true(back <= rate + rate / 700 + 1 && back + rate / 700 + 1 >= rate);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grtt_vectors_of_the_protocol_text_hold),
        cmocka_unit_test(grtt_further_decodes_of_the_protocol_text_hold),
        cmocka_unit_test(grtt_changes_at_the_exact_values),
        cmocka_unit_test(grtt_never_shrinks_on_the_wire),
        cmocka_unit_test(grtt_counts_microseconds_below_33),
        cmocka_unit_test(group_size_vectors_of_the_protocol_text_hold),
        cmocka_unit_test(group_size_stops_at_its_largest_value),
        cmocka_unit_test(halves_round_up),
        cmocka_unit_test(rate_vectors_of_the_protocol_text_hold),
        cmocka_unit_test(rate_holds_up_to_its_largest_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
