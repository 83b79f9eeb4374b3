/* SPDX-License-Identifier: MIT */
#include "support.h"

#include "transfer/pacer.h"

/* Sends datagrams of `len` bytes as a driver would, woken up to `late` after each deadline, and
 * returns the bytes that left within `duration`. */
static uint64_t run(uint64_t rate, size_t len, uint64_t late, uint64_t duration)
{
    uftp_pacer pacer;
    uint64_t now = UFTP_S(5), end = now + duration, sent = 0;
    test_random random;
    test_random_init(&random, 1);
    uftp_pacer_init(&pacer, rate, now);
    while (now < end) {
        while (uftp_pacer_ready(&pacer, now)) {
            uint32_t burst = uftp_pacer_burst(&pacer, len, 64);
            assert_in_range(burst, 1, 64);
            uftp_pacer_spend(&pacer, now, burst * len);
            sent += burst * len;
        }
        assert_true(pacer.next > now); /* a driver that asked again would spin */
        now = pacer.next + (late ? test_random_below(&random, late) : 0);
    }
    return sent;
}

/* The rate is kept within 1 % at both ends of the range, also when the driver wakes up late: what
 * is missed is made up for. */
static void rate_is_kept(void **state)
{
    (void)state;
    static const uint64_t rates[] = {1250, 128000, 12500000, 1250000000};
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++)
        for (uint64_t late = 0; late <= UFTP_MS(5); late += UFTP_MS(5)) {
            uint64_t duration = rates[i] < 10000 ? UFTP_S(1000) : UFTP_S(10);
            uint64_t want = rates[i] * (duration / UFTP_S(1));
            uint64_t sent = run(rates[i], 1352, late, duration);
            assert_in_range(sent, want - want / 100 - 1352, want + want / 100 + 64 * 1352);
        }
}

/* After a quiet minute no minute's worth of data may leave at once. */
static void quiet_time_is_no_credit(void **state)
{
    (void)state;
    uftp_pacer pacer;
    uftp_pacer_init(&pacer, 1000000, 0);
    uint64_t now = UFTP_S(60), sent = 0;
    while (uftp_pacer_ready(&pacer, now)) {
        uftp_pacer_spend(&pacer, now, 1000);
        sent += 1000;
    }
    assert_in_range(sent, 1000, 12000); /* 10 ms at this rate, and what is due anyway */
    uftp_pacer_init(&pacer, 1000000, 0);
    uftp_pacer_restart(&pacer, now);
    uftp_pacer_spend(&pacer, now, 1000);
    assert_false(uftp_pacer_ready(&pacer, now));
}

/* Without a rate the driver still gets to look at its sockets: the bursts of one instant end. */
static void unlimited_rate_yields(void **state)
{
    (void)state;
    uftp_pacer pacer;
    uftp_pacer_init(&pacer, UINT64_MAX, 7);
    int bursts = 0;
    while (uftp_pacer_ready(&pacer, 7) && bursts < 1000) {
        assert_int_equal(uftp_pacer_burst(&pacer, 1352, 48), 48);
        uftp_pacer_spend(&pacer, 7, 48 * 1352);
        bursts++;
    }
    assert_in_range(bursts, 1, 16);
    assert_true(uftp_pacer_ready(&pacer, 8));
}

/* A packet at 1 kB/s takes a second; once 10 kB/s are allowed the rest of it takes a tenth, and
 * once it is 500 B/s again, twenty times that. */
static void new_rate_counts_from_now_on(void **state)
{
    (void)state;
    uftp_pacer pacer;
    uftp_pacer_init(&pacer, 1000, UFTP_S(1));
    uftp_pacer_spend(&pacer, UFTP_S(1), 1000);
    assert_int_equal(pacer.next, UFTP_S(2));
    uftp_pacer_set_rate(&pacer, UFTP_MS(1500), 10000);
    assert_int_equal(pacer.next, UFTP_MS(1550));
    uftp_pacer_set_rate(&pacer, UFTP_MS(1500), 500);
    assert_int_equal(pacer.next, UFTP_MS(2500));
    uftp_pacer_set_rate(&pacer, UFTP_S(3), 1000); /* nothing is waited for: nothing changes */
    assert_int_equal(pacer.next, UFTP_MS(2500));
    assert_int_equal(pacer.rate_bytes_per_s, 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(new_rate_counts_from_now_on),
        cmocka_unit_test(rate_is_kept),
        cmocka_unit_test(quiet_time_is_no_credit),
        cmocka_unit_test(unlimited_rate_yields),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
