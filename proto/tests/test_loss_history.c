/* SPDX-License-Identifier: MIT
 *
 * The receiver's loss history, by hand-computed cases: which missing numbers are losses, which
 * losses are one event, and what came in lately.
 */
#include "support.h"

#include "transfer/loss_history.h"

#define GRTT UFTP_MS(100)
#define LEN 1000

typedef struct feed {
    uftp_loss_history history;
    uint64_t now, gap;
    uint64_t rtt;
} feed;

static feed feed_new(void)
{
    feed f = {.now = UFTP_S(100), .gap = UFTP_MS(1), .rtt = GRTT};
    uftp_loss_history_init(&f.history);
    return f;
}

static void feed_marked(feed *f, unsigned seq, bool marked)
{
    f->now += f->gap;
    uftp_loss_history_add(&f->history, &(uftp_loss_packet){.seq = (uint16_t)seq,
                                                           .marked = marked,
                                                           .at = f->now,
                                                           .bytes = LEN,
                                                           .grtt = GRTT,
                                                           .rtt = f->rtt});
}

static void feed_one(feed *f, unsigned seq)
{
    feed_marked(f, seq, false);
}

static void feed_range(feed *f, unsigned from, unsigned end)
{
    for (unsigned seq = from; seq < end; seq++)
        feed_one(f, seq);
}

static void expect_lens(const feed *f, size_t count, const uint32_t *lens)
{
    for (size_t i = 0; i < UFTP_LOSS_INTERVALS; i++)
        if (f->history.lens[i] != (i < count ? lens[i] : 0))
            fail_msg("interval %zu: %u", i, f->history.lens[i]);
}
#define EXPECT_LENS(feed, ...) \
    expect_lens(feed, sizeof((const uint32_t[]){__VA_ARGS__}) / 4, (const uint32_t[]){__VA_ARGS__})

/* Reordering by up to five is no loss, neither in the middle nor at the wrap of the numbers. */
static void packets_out_of_order_by_five_are_not_lost(void **state)
{
    (void)state;
    for (unsigned start = 65500; start < 65545; start++) {
        feed f = feed_new();
        feed_range(&f, start, start + 10);
        feed_range(&f, start + 11, start + 16);
        feed_one(&f, start + 10); /* 5 behind */
        feed_range(&f, start + 16, start + 40);
        assert_true(f.history.slow_start);
        assert_int_equal(uftp_loss_history_rate(&f.history).packets, 0);
    }
}

static void number_missing_for_longer_than_five_is_lost(void **state)
{
    (void)state;
    for (unsigned start = 65500; start < 65545; start++) {
        feed f = feed_new();
        feed_range(&f, start, start + 10);
        feed_range(&f, start + 11, start + 16);
        assert_true(f.history.slow_start);
        feed_one(&f, start + 16);
        assert_false(f.history.slow_start);
        assert_int_equal(f.history.lens[0], 6);
        feed_one(&f, start + 10); /* six behind: too late */
        assert_false(f.history.slow_start);
        feed_one(&f, start + 17);
        assert_int_equal(f.history.lens[0], 7);
    }
}

/* What the first packet skipped, nobody can know. */
static void numbers_before_the_first_packet_are_not_lost(void **state)
{
    (void)state;
    feed f = feed_new();
    feed_range(&f, 3, 5);
    feed_one(&f, 2);
    feed_range(&f, 5, 50);
    assert_true(f.history.slow_start);
}

/* Trap 36: a KEYINFO, or any other kind that were left out, would be a hole in the numbers. The
 * receiver enters all kinds (test_receiver_tfmcc); here is what a hole does. */
static void trap_36_one_hole_ends_slow_start(void **state)
{
    (void)state;
    feed f = feed_new();
    feed_range(&f, 0, 2);
    feed_range(&f, 3, 9);
    assert_false(f.history.slow_start);
}

/* All that is lost within one GRTT is one event, and a gap of any length is, too. */
static void losses_within_a_grtt_are_one_event(void **state)
{
    (void)state;
    feed f = feed_new();
    f.rtt = UFTP_MS(1); /* no interval is made up */
    feed_range(&f, 0, 200);
    feed_range(&f, 201, 230); /* 200 is missing since 199 came */
    feed_range(&f, 231, 280);
    feed_range(&f, 295, 298);
    EXPECT_LENS(&f, 97);
    feed_range(&f, 298, 400); /* long after: the next */
    feed_range(&f, 401, 500);
    EXPECT_LENS(&f, 99, 200);
}

static void gap_of_any_length_is_one_event(void **state)
{
    (void)state;
    feed f = feed_new();
    f.rtt = UFTP_MS(1);
    feed_range(&f, 0, 100);
    feed_one(&f, 30100);
    EXPECT_LENS(&f, 30000);
    f.now += UFTP_S(1);
    feed_range(&f, 30101, 30110);
    feed_one(&f, 62000);
    EXPECT_LENS(&f, 62000 - 30110, 30010);
}

/* ECN: a marked packet counts as if it had been lost, though it came. */
static void marks_are_losses_that_arrived(void **state)
{
    (void)state;
    feed f = feed_new();
    f.rtt = UFTP_MS(1);
    feed_range(&f, 0, 100);
    feed_marked(&f, 100, true);
    assert_false(f.history.slow_start);
    feed_range(&f, 101, 120);
    feed_marked(&f, 120, true); /* the same event */
    feed_range(&f, 121, 300);
    EXPECT_LENS(&f, 199);
    feed_marked(&f, 300, true);
    EXPECT_LENS(&f, 0, 200);
    feed_one(&f, 301);
    EXPECT_LENS(&f, 1, 200);
}

/* A mark on the very packet that is looked at: no interval at all is no division by zero. */
static void mark_right_after_the_start_is_the_worst_rate(void **state)
{
    (void)state;
    feed f = feed_new();
    f.rtt = UFTP_MS(1);
    feed_one(&f, 0);
    feed_marked(&f, 1, true);
    const uftp_loss_rate rate = uftp_loss_history_rate(&f.history);
    assert_int_equal(rate.events, 1);
    assert_int_equal(rate.packets, 1);
}

/* 100 packets a GRTT came before the first loss: the interval that is made up for the time before
 * is the one that gives half of that, 100^2 / 6, and less when our own round trip is shorter. */
static void first_interval_stands_for_half_the_rate_before(void **state)
{
    (void)state;
    feed f = feed_new();
    feed_range(&f, 0, 1000);
    feed_range(&f, 1001, 1007);
    assert_int_equal(f.history.lens[0], 6);
    assert_in_range(f.history.lens[1], 98 * 98 / 6,
                    102 * 102 / 6); /* counted by grains of 1.6 ms */
    f = feed_new();
    f.rtt = GRTT / 4;
    feed_range(&f, 0, 1000);
    feed_range(&f, 1001, 1007);
    assert_in_range(f.history.lens[1], 24 * 24 / 6, 26 * 26 / 6);
}

/* Nine intervals are kept. Their weights: 1 1 1 1 .8 .6 .4 .2, in fifths. */
static void nine_intervals_are_kept_and_the_oldest_goes(void **state)
{
    (void)state;
    feed f = feed_new();
    f.rtt = UFTP_MS(1);
    unsigned seq = 0;
    for (unsigned i = 0; i < 12; i++) {
        feed_range(&f, seq, seq + 200 + i);
        seq += 201 + i;
    }
    feed_range(&f, seq, seq + 50);
    EXPECT_LENS(&f, 50, 212, 211, 210, 209, 208, 207, 206, 205);
    const uftp_loss_rate rate = uftp_loss_history_rate(&f.history);
    assert_int_equal(rate.events, 30);
    assert_int_equal(rate.packets, 5 * (212 + 211 + 210 + 209) + 4 * 208 + 3 * 207 + 2 * 206 + 205);
    /* The open one counts as soon as that makes the rate lower. */
    feed_range(&f, seq + 50, seq + 1000);
    assert_int_equal(uftp_loss_history_rate(&f.history).packets,
                     5 * (1000 + 212 + 211 + 210) + 4 * 209 + 3 * 208 + 2 * 207 + 206);
}

/* The window is the four GRTTs before the newest number came; the first packet only opens it. */
static void speed_is_of_the_last_four_grtts(void **state)
{
    (void)state;
    feed f = feed_new();
    feed_one(&f, 0);
    assert_int_equal(uftp_loss_history_speed(&f.history, GRTT), 0);
    feed_range(&f, 1, 101);
    assert_int_equal(uftp_loss_history_speed(&f.history, GRTT), 100 * LEN * 10 / 4);
    feed_range(&f, 101, 2000); /* one a millisecond: 401 in 400 ms, both ends included */
    assert_in_range(uftp_loss_history_speed(&f.history, GRTT), 995000, 1005000);
    f.gap = UFTP_MS(10);
    feed_range(&f, 2000, 2100);
    assert_in_range(uftp_loss_history_speed(&f.history, GRTT), 99000, 103000);
    f.now += UFTP_S(2); /* silence: not the time of asking counts */
    assert_in_range(uftp_loss_history_speed(&f.history, GRTT), 99000, 103000);
}

/* At a hundred thousand packets a second the ring must neither overflow nor cost more. */
static void speed_is_right_at_any_rate_and_with_a_growing_grtt(void **state)
{
    (void)state;
    feed f = feed_new();
    f.gap = UFTP_US(10);
    feed_range(&f, 0, 200000);
    assert_in_range(uftp_loss_history_speed(&f.history, GRTT), 99600000, 100400000);
    /* The window is four times as long from now on, and still full of packets. */
    for (unsigned seq = 200000; seq < 400000; seq++) {
        f.now += f.gap;
        uftp_loss_history_add(
            &f.history,
            &(uftp_loss_packet){
                .seq = (uint16_t)seq, .at = f.now, .bytes = LEN, .grtt = 4 * GRTT, .rtt = GRTT});
    }
    assert_in_range(uftp_loss_history_speed(&f.history, 4 * GRTT), 99600000, 100400000);
    assert_true(f.history.slow_start);
}

static void duplicates_do_not_count(void **state)
{
    (void)state;
    feed f = feed_new();
    feed_range(&f, 0, 50);
    uint64_t bytes = f.history.window_bytes;
    feed_range(&f, 45, 50);
    assert_int_equal(f.history.window_bytes, bytes);
    feed_one(&f, 50);
    assert_true(f.history.slow_start);
}

/* After an outage of more than 32767 packets everything looks late. It must not for long. */
static void jump_of_more_than_half_the_numbers_is_survived(void **state)
{
    (void)state;
    feed f = feed_new();
    f.rtt = UFTP_MS(1);
    feed_range(&f, 0, 100);
    feed_range(&f, 40000, 40000 + UFTP_LOSS_LATE_MAX + 20);
    assert_false(f.history.slow_start);
    assert_int_equal(f.history.newest - f.history.first, 40000 + UFTP_LOSS_LATE_MAX + 19);
}

/* Anything at all: intervals stay within the numbers seen, and nothing traps. */
static void random_numbers_do_no_harm(void **state)
{
    (void)state;
    test_random random;
    test_random_init(&random, 3);
    for (int round = 0; round < 50; round++) {
        feed f = feed_new();
        for (int i = 0; i < 5000; i++) {
            f.gap = test_random_below(&random, 3) ? UFTP_US(200) : test_random_below(&random, GRTT);
            feed_marked(&f, (unsigned)test_random_u64(&random),
                        test_random_below(&random, 50) == 0);
            const uftp_loss_rate rate = uftp_loss_history_rate(&f.history);
            assert_true(rate.packets == 0 || rate.events <= rate.packets);
            assert_true(uftp_loss_history_speed(&f.history, GRTT) <= UINT64_C(5000) * LEN * 10);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packets_out_of_order_by_five_are_not_lost),
        cmocka_unit_test(number_missing_for_longer_than_five_is_lost),
        cmocka_unit_test(numbers_before_the_first_packet_are_not_lost),
        cmocka_unit_test(trap_36_one_hole_ends_slow_start),
        cmocka_unit_test(losses_within_a_grtt_are_one_event),
        cmocka_unit_test(gap_of_any_length_is_one_event),
        cmocka_unit_test(marks_are_losses_that_arrived),
        cmocka_unit_test(mark_right_after_the_start_is_the_worst_rate),
        cmocka_unit_test(first_interval_stands_for_half_the_rate_before),
        cmocka_unit_test(nine_intervals_are_kept_and_the_oldest_goes),
        cmocka_unit_test(speed_is_of_the_last_four_grtts),
        cmocka_unit_test(speed_is_right_at_any_rate_and_with_a_growing_grtt),
        cmocka_unit_test(duplicates_do_not_count),
        cmocka_unit_test(jump_of_more_than_half_the_numbers_is_survived),
        cmocka_unit_test(random_numbers_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
