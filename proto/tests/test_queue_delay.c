/* SPDX-License-Identifier: MIT
 *
 * What the sender's timestamps tell of the queues on the way, with clocks that differ and drift.
 */
#include "support.h"

#include "transfer/queue_delay.h"

#define WAY UFTP_MS(30) /* without a queue */

/* The sender's clock is behind ours by this, and may be ahead as well: only differences count. */
static uint64_t clocks_differ;

static uint64_t arrive(uftp_queue_delay *delay, uint64_t at, uint64_t queue)
{
    uftp_queue_delay_add(delay, (at - queue - WAY - clocks_differ) / 1000, at);
    return delay->now;
}

static void delay_is_what_a_packet_took_longer_than_another(void **state)
{
    (void)state;
    static const uint64_t differences[] = {0, UFTP_S(50), UFTP_S(100)};
    for (size_t i = 0; i < 3; i++) {
        clocks_differ = differences[i];
        uftp_queue_delay delay = {0};
        assert_int_equal(arrive(&delay, UFTP_S(200), UFTP_MS(40)),
                         0); /* the first: not known yet */
        assert_int_equal(arrive(&delay, UFTP_S(201), UFTP_MS(10)), 0); /* a shorter way */
        assert_int_equal(arrive(&delay, UFTP_S(202), UFTP_MS(40)), UFTP_MS(30));
        assert_int_equal(arrive(&delay, UFTP_S(203), 0), 0);
        assert_int_equal(arrive(&delay, UFTP_S(204), UFTP_MS(40)), UFTP_MS(40));
    }
}

static void usual_delay_follows_within_some_ten_packets(void **state)
{
    (void)state;
    clocks_differ = 0;
    uftp_queue_delay delay = {0};
    arrive(&delay, UFTP_S(1), 0);
    for (unsigned i = 0; i < 30; i++)
        arrive(&delay, UFTP_S(2) + UFTP_MS(100) * i, UFTP_MS(80));
    assert_in_range(delay.usual, UFTP_MS(76), UFTP_MS(80));
    for (unsigned i = 0; i < 10; i++)
        arrive(&delay, UFTP_S(6) + UFTP_MS(100) * i, 0);
    assert_in_range(delay.usual, UFTP_MS(15), UFTP_MS(30));
}

/* A route that has become longer for good is what counts after twenty minutes, and a queue that
 * stands for ten is still one. */
static void shortest_way_is_remembered_for_ten_minutes_and_forgotten_after_twenty(void **state)
{
    (void)state;
    clocks_differ = 0;
    uftp_queue_delay delay = {0};
    arrive(&delay, UFTP_S(1), 0);
    for (unsigned i = 2; i <= 600; i++)
        assert_int_equal(arrive(&delay, UFTP_S(i), UFTP_MS(50)), UFTP_MS(50));
    for (unsigned i = 601; i <= 1300; i++)
        arrive(&delay, UFTP_S(i), UFTP_MS(50));
    assert_int_equal(delay.now, 0);
}

/* 50 ppm for an hour. Our clock the faster one: a queue is seen where none is, of 60 ms at most.
 * The slower one: none is overlooked. */
static void drifting_clocks_do_not_hide_a_queue(void **state)
{
    (void)state;
    uftp_queue_delay fast = {0}, slow = {0};
    for (unsigned i = 1; i <= 3600; i++) {
        const uint64_t at = UFTP_S(1000 + i);
        clocks_differ = UFTP_US(50) * i;
        assert_true(arrive(&fast, at, 0) <= UFTP_MS(61));
        clocks_differ = UFTP_S(1) - UFTP_US(50) * i;
        const uint64_t queue = i % 10 == 0 ? 0 : UFTP_MS(20);
        const uint64_t seen = arrive(&slow, at, queue);
        if (i > 10)
            assert_in_range(seen, queue > UFTP_MS(1) ? queue - UFTP_MS(1) : 0, queue + UFTP_MS(1));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(delay_is_what_a_packet_took_longer_than_another),
        cmocka_unit_test(usual_delay_follows_within_some_ten_packets),
        cmocka_unit_test(shortest_way_is_remembered_for_ten_minutes_and_forgotten_after_twenty),
        cmocka_unit_test(drifting_clocks_do_not_hide_a_queue),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
