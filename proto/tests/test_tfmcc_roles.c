/* SPDX-License-Identifier: MIT
 *
 * The two sides of TFMCC alone, without packets: when a receiver speaks, and how the sender's rate
 * follows (spec v5 4.7.1 to 4.7.4).
 */
#include "support.h"

#include "transfer/tfmcc_receiver.h"
#include "transfer/tfmcc_sender.h"
#include <uftp/quantise.h>

#define GRTT UFTP_MS(100)
#define LEN 1000
#define ONE 10000 /* LEN per GRTT */

/* ---- receiver ---- */

static uftp_tfmcc_receiver receiver_new(void)
{
    uftp_tfmcc_receiver receiver;
    uftp_tfmcc_receiver_init(&receiver, LEN);
    return receiver;
}

/* 100 kB/s without loss for a second: a rate of 200 kB/s. */
static void receiver_feed(uftp_tfmcc_receiver *receiver, uint64_t now)
{
    for (unsigned i = 0; i < 100; i++)
        uftp_loss_history_add(&receiver->history, &(uftp_loss_packet){.seq = (uint16_t)i,
                                                                      .at = now + i * UFTP_MS(10),
                                                                      .bytes = LEN,
                                                                      .grtt = GRTT,
                                                                      .rtt = GRTT});
}

static uftp_tfmcc_word word(uint16_t round, uint64_t rate, uint64_t now)
{
    return (uftp_tfmcc_word){.round = round,
                             .rate = uftp_rate_quantise(rate),
                             .now = now,
                             .grtt = GRTT,
                             .group_size = 256,
                             .draw = (1U << 28) - 1}; /* half the round: 3 GRTT */
}

static bool hear(uftp_tfmcc_receiver *receiver, uftp_tfmcc_word heard)
{
    return uftp_tfmcc_receiver_hear(receiver, &heard);
}

static void receiver_asks_for_twice_of_what_arrives_in_slow_start(void **state)
{
    (void)state;
    uftp_tfmcc_receiver receiver = receiver_new();
    receiver_feed(&receiver, UFTP_S(1));
    assert_in_range(uftp_tfmcc_receiver_rate(&receiver, GRTT), 196000, 206000);
    uftp_tfmcc_ack ack;
    uftp_tfmcc_receiver_report(&receiver, GRTT, &ack);
    assert_int_equal(ack.flags, UFTP_TFMCC_START);
    assert_int_equal(ack.cc_rate, uftp_rate_quantise(uftp_tfmcc_receiver_rate(&receiver, GRTT)));
}

static void receiver_speaks_once_in_a_round(void **state)
{
    (void)state;
    uftp_tfmcc_receiver receiver = receiver_new();
    assert_false(hear(&receiver, word(7, UFTP_TFMCC_RATE_ANY, UFTP_S(1))));
    assert_int_equal(receiver.deadline, UFTP_S(1) + 3 * GRTT);
    assert_false(hear(&receiver, word(7, UFTP_TFMCC_RATE_ANY, UFTP_S(1) + GRTT)));
    assert_int_equal(receiver.deadline, UFTP_S(1) + 3 * GRTT);
    assert_true(uftp_tfmcc_receiver_expired(&receiver, UFTP_S(1), GRTT));
    assert_int_equal(receiver.deadline, UFTP_NEVER);
    assert_false(hear(&receiver, word(7, UFTP_TFMCC_RATE_ANY, UFTP_S(2))));
    assert_int_equal(receiver.deadline, UFTP_NEVER);
    hear(&receiver, word(6, UFTP_TFMCC_RATE_ANY, UFTP_S(2))); /* a late packet of the last round */
    assert_int_equal(receiver.deadline, UFTP_NEVER);
    hear(&receiver, word(8, UFTP_TFMCC_RATE_ANY, UFTP_S(2)));
    assert_int_equal(receiver.deadline, UFTP_S(2) + 3 * GRTT);
}

static void rounds_wrap(void **state)
{
    (void)state;
    uftp_tfmcc_receiver receiver = receiver_new();
    hear(&receiver, word(65535, UFTP_TFMCC_RATE_ANY, UFTP_S(1)));
    uftp_tfmcc_receiver_expired(&receiver, UFTP_S(1), GRTT);
    hear(&receiver, word(0, UFTP_TFMCC_RATE_ANY, UFTP_S(2)));
    assert_int_equal(receiver.deadline, UFTP_S(2) + 3 * GRTT);
}

/* Trap 22: a sender that counts its rounds from 0 again for the second file would get no feedback
 * before the number of the first file's last round is reached. */
static void trap_22_rounds_of_a_new_file_may_start_again(void **state)
{
    (void)state;
    uftp_tfmcc_receiver receiver = receiver_new();
    hear(&receiver, word(500, UFTP_TFMCC_RATE_ANY, UFTP_S(1)));
    uftp_tfmcc_receiver_restart(&receiver);
    assert_int_equal(receiver.deadline, UFTP_NEVER);
    hear(&receiver, word(0, UFTP_TFMCC_RATE_ANY, UFTP_S(2)));
    assert_int_equal(receiver.deadline, UFTP_S(2) + 3 * GRTT);
    uftp_tfmcc_receiver_restart(&receiver); /* and one that goes on counting is heard as well */
    hear(&receiver, word(40000, UFTP_TFMCC_RATE_ANY, UFTP_S(3)));
    assert_int_equal(receiver.deadline, UFTP_S(3) + 3 * GRTT);
}

/* Trap 37: a group of one speaks at once; a timer that is due now would be one too late. */
static void trap_37_lonely_receiver_speaks_at_once(void **state)
{
    (void)state;
    for (uint32_t size = 0; size < 2; size++) {
        uftp_tfmcc_receiver receiver = receiver_new();
        uftp_tfmcc_word heard = word(1, UFTP_TFMCC_RATE_ANY, UFTP_S(1));
        heard.group_size = size;
        assert_true(hear(&receiver, heard));
        assert_int_equal(receiver.deadline, UFTP_NEVER);
        assert_false(hear(&receiver, heard));
    }
}

static void slower_receiver_silences_us_and_a_faster_one_does_not(void **state)
{
    (void)state;
    uftp_tfmcc_receiver receiver = receiver_new();
    receiver_feed(&receiver, UFTP_S(1)); /* 200 kB/s */
    hear(&receiver, word(1, UFTP_TFMCC_RATE_ANY, UFTP_S(2)));
    hear(&receiver, word(1, 250000, UFTP_S(2) + GRTT));
    assert_int_not_equal(receiver.deadline, UFTP_NEVER);
    hear(&receiver, word(1, 180000, UFTP_S(2) + GRTT));
    assert_int_equal(receiver.deadline, UFTP_NEVER);
    /* Who is further away than the group was told of hears of it too late to keep silent. */
    receiver.rtt = 2 * GRTT;
    hear(&receiver, word(2, UFTP_TFMCC_RATE_ANY, UFTP_S(3)));
    hear(&receiver, word(2, 100, UFTP_S(3)));
    assert_int_not_equal(receiver.deadline, UFTP_NEVER);
}

/* The CLR speaks when it is asked, and, when that is lost, unasked: never by the timer of a round.
 */
static void clr_speaks_when_asked_or_after_a_round_trip(void **state)
{
    (void)state;
    uftp_tfmcc_receiver receiver = receiver_new();
    const uftp_cong_item clr = {.flags = UFTP_CONG_CLR | UFTP_CONG_RTT,
                                .rtt = uftp_grtt_quantise(UFTP_MS(50))};
    const uftp_cong_item other = {.flags = UFTP_CONG_RTT, .rtt = clr.rtt};
    assert_true(uftp_tfmcc_receiver_listed(&receiver, &clr, UFTP_S(1), GRTT));
    assert_int_equal(receiver.deadline, UFTP_S(1) + GRTT * 3 / 2);
    hear(&receiver, word(1, UFTP_TFMCC_RATE_ANY, UFTP_S(1) + GRTT / 2));
    hear(&receiver, word(1, 1, UFTP_S(1) + GRTT / 2)); /* its own voice does not silence it */
    assert_int_equal(receiver.deadline, UFTP_S(1) + GRTT * 3 / 2);
    assert_true(uftp_tfmcc_receiver_listed(&receiver, &clr, UFTP_S(1) + GRTT, GRTT));
    assert_int_equal(receiver.deadline, UFTP_S(1) + GRTT * 5 / 2);
    assert_true(uftp_tfmcc_receiver_expired(&receiver, UFTP_S(2), GRTT));
    assert_int_equal(receiver.deadline, UFTP_S(2) + GRTT);
    assert_false(uftp_tfmcc_receiver_listed(&receiver, &other, UFTP_S(2), GRTT));
    assert_int_equal(receiver.deadline, UFTP_NEVER);
    assert_false(uftp_tfmcc_receiver_listed(&receiver, NULL, UFTP_S(2), GRTT));
    hear(&receiver, word(2, UFTP_TFMCC_RATE_ANY, UFTP_S(2)));
    assert_int_equal(receiver.deadline, UFTP_S(2) + 3 * GRTT);
    uftp_tfmcc_receiver_listed(&receiver, &other, UFTP_S(2), GRTT); /* a round's timer runs on */
    assert_int_equal(receiver.deadline, UFTP_S(2) + 3 * GRTT);
}

/* The first measurement counts in full, later ones are smoothed: by a half, or a tenth as CLR. */
static void round_trips_are_smoothed_from_the_second_on(void **state)
{
    (void)state;
    uftp_tfmcc_receiver receiver = receiver_new();
    uftp_cong_item item = {.flags = UFTP_CONG_RTT, .rtt = 128}; /* 57.184323 ms */
    uftp_tfmcc_receiver_listed(&receiver, &item, UFTP_S(1), GRTT);
    assert_int_equal(receiver.rtt, 57184323);
    item.rtt = 100; /* 6.635497 ms */
    uftp_tfmcc_receiver_listed(&receiver, &item, UFTP_S(1), GRTT);
    assert_int_equal(receiver.rtt, 57184323 / 2 + 6635497 / 2);
    item.flags |= UFTP_CONG_CLR;
    uftp_tfmcc_receiver_listed(&receiver, &item, UFTP_S(1), GRTT);
    assert_in_range(receiver.rtt, 29382000, 29383000);
    item.flags = 0; /* not valid: left alone */
    uftp_tfmcc_receiver_listed(&receiver, &item, UFTP_S(1), GRTT);
    assert_in_range(receiver.rtt, 29382000, 29383000);
    uftp_tfmcc_ack ack;
    uftp_tfmcc_receiver_report(&receiver, GRTT, &ack);
    assert_int_equal(ack.flags, UFTP_TFMCC_START | UFTP_TFMCC_RTT);
    item = (uftp_cong_item){.flags = UFTP_CONG_RTT, .rtt = 0}; /* a forged microsecond */
    for (int i = 0; i < 200; i++)
        uftp_tfmcc_receiver_listed(&receiver, &item, UFTP_S(1), GRTT);
    assert_true(receiver.rtt > UFTP_US(900));
}

/* One CONG_CTRL per GRTT that waited in the queue for so long, from `*now` on. */
static void receiver_meets_queue(uftp_tfmcc_receiver *receiver, uint64_t *now, unsigned controls,
                                 uint64_t queue)
{
    const uint64_t clocks_differ = UFTP_S(1000);
    for (unsigned i = 0; i < controls; i++) {
        *now += GRTT;
        uftp_tfmcc_receiver_stamped(receiver, (*now - clocks_differ) / 1000, *now + queue, GRTT);
    }
}

static uftp_tfmcc_receiver receiver_behind_a_full_line(uint64_t *now, uint64_t queue)
{
    uftp_tfmcc_receiver receiver = receiver_new();
    receiver_feed(&receiver, UFTP_S(1)); /* 100 kB/s arrive */
    receiver.history.slow_start = false;
    receiver.history.lens[0] = receiver.history.lens[1] = 60;
    receiver.rtt = GRTT;
    receiver.is_clr = true;
    *now = UFTP_S(2);
    receiver_meets_queue(&receiver, now, 1, 0);
    receiver_meets_queue(&receiver, now, 30, queue);
    return receiver;
}

static uint8_t flags_of(const uftp_tfmcc_receiver *receiver)
{
    uftp_tfmcc_ack ack;
    uftp_tfmcc_receiver_report(receiver, GRTT, &ack);
    return ack.flags;
}

/* The queue that was always there is gone: half as much again as arrives is asked for, then what
 * arrives when there is a queue again, until a loss. */
static void vanished_queue_begins_a_probe_and_a_loss_ends_it(void **state)
{
    (void)state;
    uint64_t now;
    uftp_tfmcc_receiver receiver = receiver_behind_a_full_line(&now, UFTP_MS(50));
    uint64_t rate = uftp_tfmcc_receiver_rate(&receiver, GRTT);
    receiver_meets_queue(&receiver, &now, 1, 0); /* one may be chance */
    receiver_meets_queue(&receiver, &now, 1, UFTP_MS(50));
    receiver_meets_queue(&receiver, &now, 1, 0);
    assert_int_equal(flags_of(&receiver), UFTP_TFMCC_RTT);
    receiver_meets_queue(&receiver, &now, 1, 0);
    assert_int_equal(flags_of(&receiver), UFTP_TFMCC_RTT | UFTP_TFMCC_START);
    assert_in_range(uftp_tfmcc_receiver_rate(&receiver, GRTT), 150000, 170000);
    receiver_meets_queue(&receiver, &now, 1, UFTP_MS(30));
    assert_in_range(uftp_tfmcc_receiver_rate(&receiver, GRTT), 100000, 115000);
    receiver_meets_queue(&receiver, &now, 1, 0); /* chance again */
    assert_in_range(uftp_tfmcc_receiver_rate(&receiver, GRTT), 100000, 115000);
    /* The history gives more than two thirds of that: it keeps the word. */
    assert_in_range(rate, 75000, 85000);
    uftp_tfmcc_receiver_congested(&receiver, GRTT);
    assert_int_equal(flags_of(&receiver), UFTP_TFMCC_RTT);
    assert_int_equal(uftp_tfmcc_receiver_rate(&receiver, GRTT), rate);
}

/* A probe that led to much more than the history knows makes it begin anew. */
static void history_of_a_narrower_network_is_forgotten(void **state)
{
    (void)state;
    uint64_t now;
    uftp_tfmcc_receiver receiver = receiver_behind_a_full_line(&now, UFTP_MS(50));
    receiver.history.lens[0] = receiver.history.lens[1] = receiver.history.lens[2] = 10;
    assert_true(uftp_tfmcc_receiver_rate(&receiver, GRTT) < 30000);
    receiver_meets_queue(&receiver, &now, 2, 0);
    receiver.history.lens[0] = 1;
    uftp_tfmcc_receiver_congested(&receiver, GRTT);
    assert_in_range(uftp_tfmcc_receiver_rate(&receiver, GRTT), 60000, 110000);
    assert_int_equal(receiver.history.lens[2], 0);
}

/* No probe without a reason: losses that no queue precedes, jitter, slow start, another one that
 * limits. */
static void nothing_is_probed_without_a_queue_that_vanished(void **state)
{
    (void)state;
    uint64_t now;
    uftp_tfmcc_receiver receiver = receiver_behind_a_full_line(&now, UFTP_MS(10)); /* jitter */
    receiver_meets_queue(&receiver, &now, 20, 0);
    assert_false(receiver.probing);
    receiver = receiver_behind_a_full_line(&now, UFTP_MS(50));
    receiver_meets_queue(&receiver, &now, 20, UFTP_MS(20)); /* shorter, but there */
    assert_false(receiver.probing);
    receiver = receiver_behind_a_full_line(&now, UFTP_MS(50));
    receiver.is_clr = false;
    receiver_meets_queue(&receiver, &now, 3, 0);
    assert_false(receiver.probing);
    receiver = receiver_behind_a_full_line(&now, UFTP_MS(50));
    receiver.history.slow_start = true;
    receiver_meets_queue(&receiver, &now, 3, 0);
    assert_false(receiver.probing);
    receiver = receiver_behind_a_full_line(&now, UFTP_MS(50));
    receiver_meets_queue(&receiver, &now, 2, 0);
    assert_true(receiver.probing);
    uftp_tfmcc_receiver_listed(&receiver, NULL, now, GRTT); /* another limits now */
    assert_false(receiver.probing);
}

/* ---- sender ---- */

static uftp_tfmcc_sender sender_new(uint64_t min, uint64_t initial, uint64_t max)
{
    uftp_tfmcc_sender sender;
    uftp_tfmcc_sender_init(
        &sender, &(uftp_tfmcc_config){
                     .packet_len = LEN, .rate_min = min, .rate_initial = initial, .rate_max = max});
    uftp_tfmcc_sender_begin(&sender, UFTP_S(1), GRTT);
    return sender;
}

static uftp_tfmcc_report report(uint64_t rate, bool slow_start, bool from_clr)
{
    return (uftp_tfmcc_report){.rate = rate,
                               .slow_start = slow_start,
                               .has_rtt = true,
                               .from_clr = from_clr,
                               .rtt = GRTT / 2,
                               .grtt = GRTT,
                               .now = UFTP_S(2)};
}

static bool tell(uftp_tfmcc_sender *sender, uftp_tfmcc_report told)
{
    return uftp_tfmcc_sender_report(sender, &told);
}

static void sender_begins_with_one_packet_per_grtt_or_as_told(void **state)
{
    (void)state;
    uftp_tfmcc_sender sender = sender_new(0, 0, 0);
    assert_int_equal(sender.rate, ONE);
    assert_true(sender.slow_start);
    assert_int_equal(sender.adv_grtt, GRTT);
    assert_int_equal(sender.control_deadline, UFTP_S(1) + GRTT); /* behind one at once */
    assert_int_equal(sender.round_deadline, UFTP_S(1) + 6 * GRTT);
    assert_int_equal(sender.round, 0);
    sender = sender_new(0, 500000, 0);
    assert_int_equal(sender.rate, 500000);
    sender = sender_new(20000, 0, 0);
    assert_int_equal(sender.rate, 20000);
    sender = sender_new(0, 0, 2000); /* a packet in five GRTTs: the limit is a promise */
    assert_int_equal(sender.rate, 2000);
    assert_int_equal(sender.adv_grtt, 5 * GRTT);
}

/* Trap 22, the other side: the rounds of a second file are new ones to any receiver. */
static void trap_22_rounds_are_counted_on_from_file_to_file(void **state)
{
    (void)state;
    uftp_tfmcc_sender sender = sender_new(0, 0, 0);
    for (int i = 0; i < 5; i++)
        uftp_tfmcc_sender_next_round(&sender, UFTP_S(2), GRTT);
    assert_int_equal(sender.round, 5);
    uftp_tfmcc_sender_begin(&sender, UFTP_S(3), GRTT);
    assert_int_equal(sender.round, 6);
}

static void sender_follows_the_clr_up_in_steps_and_down_at_once(void **state)
{
    (void)state;
    uftp_tfmcc_sender sender = sender_new(0, 0, 0);
    tell(&sender, report(80000, true, true)); /* slow start: all the way */
    assert_int_equal(sender.rate, 80000);
    uftp_tfmcc_report later = report(200000, false, true);
    later.now += GRTT;
    tell(&sender, later); /* over: one packet per GRTT and report */
    assert_false(sender.slow_start);
    assert_int_equal(sender.rate, 80000 + ONE);
    tell(&sender, later); /* who reports more often gains nothing */
    assert_int_equal(sender.rate, 80000 + ONE);
    later.now += GRTT / 2;
    tell(&sender, later);
    assert_int_equal(sender.rate, 80000 + ONE + ONE / 2);
    later.now += 10 * GRTT;
    later.rate = 96000;
    tell(&sender, later);
    assert_int_equal(sender.rate, 96000);
    later.rate = 92000;
    tell(&sender, later);
    assert_int_equal(sender.rate, 92000);
    tell(&sender, report(30000, false, true));
    assert_int_equal(sender.rate, 30000);
    tell(&sender, report(5, false, true)); /* no lower than one packet, and then anew */
    assert_int_equal(sender.rate, ONE);
    assert_true(sender.slow_start);
    assert_int_equal(sender.clr_heard, UFTP_S(2));
}

/* In the first round a receiver has not had the time to measure what the sender began with. A loss
 * is another matter. */
static void initial_rate_outlasts_the_first_reports(void **state)
{
    (void)state;
    uftp_tfmcc_sender sender = sender_new(0, 500000, 0);
    uftp_tfmcc_report early = report(30000, true, true);
    early.now = UFTP_S(1) + 5 * GRTT;
    tell(&sender, early);
    assert_int_equal(sender.rate, 500000);
    early.rate = 800000;
    tell(&sender, early);
    assert_int_equal(sender.rate, 800000);
    early.slow_start = false;
    early.rate = 200000;
    tell(&sender, early);
    assert_int_equal(sender.rate, 200000);
    sender = sender_new(0, 500000, 0);
    early = report(30000, true, true);
    early.now = UFTP_S(1) + 6 * GRTT; /* measured in full */
    tell(&sender, early);
    assert_int_equal(sender.rate, 30000);
}

/* A receiver that probes is followed in large steps, but none doubles the rate by its word alone.
 */
static void probing_receiver_is_followed_up_to_twice_the_rate(void **state)
{
    (void)state;
    uftp_tfmcc_sender sender = sender_new(0, 100000, 0);
    tell(&sender, report(100000, false, true));
    uftp_tfmcc_report probing = report(150000, true, true);
    probing.probing = true;
    tell(&sender, probing);
    assert_int_equal(sender.rate, 150000);
    probing.rate = UFTP_TFMCC_RATE_ANY;
    tell(&sender, probing);
    assert_int_equal(sender.rate, 300000);
    probing.rate = 200000;
    tell(&sender, probing);
    assert_int_equal(sender.rate, 200000);
}

static void bounds_hold_whatever_is_reported(void **state)
{
    (void)state;
    uftp_tfmcc_sender sender = sender_new(50000, 60000, 100000);
    tell(&sender, report(UFTP_TFMCC_RATE_ANY * 100, true, true));
    assert_int_equal(sender.rate, 100000);
    assert_false(sender.slow_start);
    tell(&sender, report(0, false, true));
    assert_int_equal(sender.rate, 50000);
    tell(&sender, report(0, false, false));
    assert_int_equal(sender.rate, 50000);
    sender.rate = 100000;
    for (int i = 1; i < 100; i++)
        uftp_tfmcc_sender_control(&sender, UFTP_S(1) + (uint64_t)i * GRTT, GRTT, 20);
    assert_int_equal(sender.rate, 50000);
}

static void slower_receiver_becomes_clr_and_a_faster_one_does_not(void **state)
{
    (void)state;
    uftp_tfmcc_sender sender = sender_new(0, 100000, 0);
    assert_false(tell(&sender, report(150000, true, false)));
    assert_int_equal(sender.rate, 100000);
    assert_int_equal(sender.slowest, 135000); /* nine tenths: others as slow keep silent */
    assert_true(tell(&sender, report(70000, false, false)));
    assert_int_equal(sender.rate, 70000);
    assert_int_equal(sender.slowest, 63000);
    assert_false(tell(&sender, report(90000, false, false)));
    assert_int_equal(sender.slowest, 63000);
    uftp_tfmcc_report lonely = report(90000, false, false);
    lonely.no_clr = true;
    assert_true(tell(&sender, lonely));
    uftp_tfmcc_sender_next_round(&sender, UFTP_S(3), GRTT);
    assert_int_equal(sender.slowest, UFTP_TFMCC_RATE_ANY);
    assert_int_equal(sender.round_deadline, UFTP_S(3) + 6 * GRTT);
}

/* Who does not know its own round trip computed with the GRTT; the sender knows better. */
static void rate_computed_with_the_grtt_is_corrected(void **state)
{
    (void)state;
    uftp_tfmcc_sender sender = sender_new(0, 100000, 0);
    uftp_tfmcc_report told = report(40000, false, false);
    told.has_rtt = false;
    assert_true(tell(&sender, told));
    assert_int_equal(sender.rate, 80000); /* RTT = GRTT / 2 */
    told = report(40000, true, true);     /* in slow start the RTT is in no equation */
    told.has_rtt = false;
    tell(&sender, told);
    assert_int_equal(sender.rate, 40000);
}

/* Silence of the CLR: half the rate with each round trip after the fourth, another CLR after
 * ROBUST, the end after twice that, but not before five seconds. */
static void silent_clr_slows_the_sender_and_is_dropped(void **state)
{
    (void)state;
    uftp_tfmcc_sender sender = sender_new(0, 1000000, 0);
    const uint64_t start = UFTP_S(1);
    for (unsigned i = 1; i <= 4; i++)
        assert_int_equal(uftp_tfmcc_sender_control(&sender, start + i * GRTT, GRTT, 10),
                         UFTP_TFMCC_HEARD);
    assert_int_equal(sender.rate, 1000000);
    uftp_tfmcc_sender_control(&sender, start + 5 * GRTT, GRTT, 10);
    assert_int_equal(sender.rate, 500000);
    uftp_tfmcc_sender_control(&sender, start + 6 * GRTT, GRTT, 10);
    assert_int_equal(sender.rate, 250000);
    for (unsigned i = 7; i <= 10; i++)
        assert_int_equal(uftp_tfmcc_sender_control(&sender, start + i * GRTT, GRTT, 10),
                         UFTP_TFMCC_HEARD);
    assert_int_equal(sender.rate, 15625);
    assert_int_equal(uftp_tfmcc_sender_control(&sender, start + 11 * GRTT, GRTT, 10),
                     UFTP_TFMCC_CLR_SILENT);
    assert_int_equal(sender.rate, ONE);
    assert_int_equal(uftp_tfmcc_sender_control(&sender, start + UFTP_S(5), GRTT, 10),
                     UFTP_TFMCC_CLR_SILENT);
    assert_int_equal(uftp_tfmcc_sender_control(&sender, start + UFTP_S(5) + 1, GRTT, 10),
                     UFTP_TFMCC_ALL_SILENT);
}

/* After a CLR was dropped, the next one does not take over at once: the slowest of the round. */
static void successor_of_a_silent_clr_rules_from_the_next_round_on(void **state)
{
    (void)state;
    uftp_tfmcc_sender sender = sender_new(0, 1000000, 0);
    assert_int_equal(uftp_tfmcc_sender_control(&sender, UFTP_S(3), GRTT, 10),
                     UFTP_TFMCC_CLR_SILENT);
    uint64_t before = sender.rate;
    uftp_tfmcc_report told = report(before / 4, false, false);
    told.no_clr = true;
    assert_true(tell(&sender, told));
    assert_int_equal(sender.rate, before);
    uftp_tfmcc_sender_next_round(&sender, UFTP_S(3), GRTT);
    assert_int_equal(sender.rate, before / 4);
}

/* One packet in two GRTTs: whoever waits for a GRTT must wait for the packet. */
static void advertised_grtt_covers_the_time_between_packets(void **state)
{
    (void)state;
    uftp_tfmcc_sender sender = sender_new(0, 0, 50000);
    assert_int_equal(sender.adv_grtt, GRTT);
    uftp_tfmcc_report told = report(20000, false, true);
    told.grtt = 3 * GRTT; /* it has grown: at once */
    tell(&sender, told);
    assert_int_equal(sender.adv_grtt, 3 * GRTT);
    told.grtt = GRTT; /* and it shrinks with the round */
    tell(&sender, told);
    assert_int_equal(sender.adv_grtt, 3 * GRTT);
    uftp_tfmcc_sender_next_round(&sender, UFTP_S(3), GRTT);
    assert_int_equal(sender.adv_grtt, GRTT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(receiver_asks_for_twice_of_what_arrives_in_slow_start),
        cmocka_unit_test(receiver_speaks_once_in_a_round),
        cmocka_unit_test(rounds_wrap),
        cmocka_unit_test(trap_22_rounds_of_a_new_file_may_start_again),
        cmocka_unit_test(trap_37_lonely_receiver_speaks_at_once),
        cmocka_unit_test(slower_receiver_silences_us_and_a_faster_one_does_not),
        cmocka_unit_test(clr_speaks_when_asked_or_after_a_round_trip),
        cmocka_unit_test(vanished_queue_begins_a_probe_and_a_loss_ends_it),
        cmocka_unit_test(history_of_a_narrower_network_is_forgotten),
        cmocka_unit_test(nothing_is_probed_without_a_queue_that_vanished),
        cmocka_unit_test(round_trips_are_smoothed_from_the_second_on),
        cmocka_unit_test(sender_begins_with_one_packet_per_grtt_or_as_told),
        cmocka_unit_test(trap_22_rounds_are_counted_on_from_file_to_file),
        cmocka_unit_test(sender_follows_the_clr_up_in_steps_and_down_at_once),
        cmocka_unit_test(initial_rate_outlasts_the_first_reports),
        cmocka_unit_test(probing_receiver_is_followed_up_to_twice_the_rate),
        cmocka_unit_test(bounds_hold_whatever_is_reported),
        cmocka_unit_test(slower_receiver_becomes_clr_and_a_faster_one_does_not),
        cmocka_unit_test(rate_computed_with_the_grtt_is_corrected),
        cmocka_unit_test(silent_clr_slows_the_sender_and_is_dropped),
        cmocka_unit_test(successor_of_a_silent_clr_rules_from_the_next_round_on),
        cmocka_unit_test(advertised_grtt_covers_the_time_between_packets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
