/* SPDX-License-Identifier: MIT
 *
 * Congestion control at the sender, packet by packet: what CONG_CTRL and FILESEG say, whose reports
 * count, and what hostile ones do.
 */
#include "sender_bench.h"

#include <uftp/quantise.h>

#include <string.h>

#define A 0x000a0a02
#define B 0x000a0a03
#define C 0x000a0a04

static sender_bench b;
static const uftp_member members[] = {{.uid = A}, {.uid = B}, {.uid = C}};

/* What the receivers of a test say, by index of `members`. */
static struct {
    uint64_t rate[3]; /* of each report; 0: it keeps silent */
    uint8_t flags;
    bool all_report; /* not only the CLR */
    uftp_cong_ctrl last;
    uftp_cong_item items[200];
    unsigned controls;
    uint16_t round;
    unsigned rounds_seen;
    uftp_tfmcc_data data;
    bool done; /* DONE is answered with COMPLETE */
} play;

static void report(uint32_t uid, uint64_t rate, uint64_t timestamp_us)
{
    uftp_message reply = {.type = UFTP_MESSAGE_CC_ACK};
    reply.as.cc_ack.tfmcc = (uftp_tfmcc_ack){.flags = play.flags,
                                             .cc_seq = play.round,
                                             .cc_rate = uftp_rate_quantise(rate),
                                             .client = uid,
                                             .timestamp_us = timestamp_us};
    bench_reply(&b, uid, &reply);
}

static void on_control(const uftp_cong_ctrl *control)
{
    play.controls++;
    play.last = *control;
    assert_true(control->item_count <= 200);
    for (size_t i = 0; i < control->item_count; i++)
        play.items[i] = uftp_cong_ctrl_item(control, i);
    play.rounds_seen += control->cc_seq != play.round;
    play.round = control->cc_seq;
    for (size_t i = 0; i < 3; i++)
        if (play.rate[i] &&
            (play.all_report || (control->item_count && play.items[0].client == members[i].uid)))
            report(members[i].uid, play.rate[i], control->timestamp_us);
}

static void on_message(sender_bench *bench, const uftp_header *header, const uftp_message *message,
                       const uftp_address *to)
{
    (void)to;
    if (message->type == UFTP_MESSAGE_CONG_CTRL)
        on_control(&message->as.cong_ctrl);
    if (message->type == UFTP_MESSAGE_FILESEG) {
        assert_true(message->as.fileseg.has_tfmcc);
        play.data = message->as.fileseg.tfmcc;
    }
    if (message->type == UFTP_MESSAGE_DONE && message->as.done.file_id && !play.done)
        return;
    for (size_t i = 0; i < 3; i++)
        bench_honest(bench, members[i].uid, header, message);
}

static void start(uint64_t file_size)
{
    memset(&play, 0, sizeof play);
    play.rate[0] = play.rate[1] = play.rate[2] = 1000000;
    play.flags = UFTP_TFMCC_RTT;
    bench_init(&b, file_size);
    b.config.congestion_control = UFTP_CC_TFMCC;
    b.config.members = members;
    b.config.member_count = 3;
    b.on_message = on_message;
}

static void run_to_transfer(void)
{
    bench_start(&b);
    while (b.sent[UFTP_MESSAGE_CONG_CTRL] == 0 && b.now < UFTP_S(110))
        bench_run(&b, b.now + UFTP_MS(1));
    assert_int_equal(bench_stats(&b).phase, UFTP_SENDER_TRANSFER);
}

static void session_under_congestion_control_ends_well(void **state)
{
    (void)state;
    start(300000);
    play.done = true;
    bench_start(&b);
    bench_run(&b, UFTP_NEVER);
    assert_int_equal(bench_stats(&b).result, UFTP_RESULT_OK);
    assert_int_equal(bench_stats(&b).files_sent, 1);
    assert_true(b.sent[UFTP_MESSAGE_CONG_CTRL] > 3);
    bench_end(&b);
}

/* The header of every FILESEG says the rate that the pacer keeps, and the round. */
static void blocks_say_rate_and_round(void **state)
{
    (void)state;
    start(50000000);
    run_to_transfer();
    bench_run(&b, b.now + UFTP_S(2));
    assert_int_equal(play.data.send_rate, uftp_rate_quantise(bench_stats(&b).rate_bytes_per_s));
    assert_true(play.data.cc_seq == play.round && play.rounds_seen > 3);
    assert_int_equal(play.data.cc_rate, 0x481e); /* nobody but the CLR has spoken */
    bench_end(&b);
}

/* CLR first, then the others; RTTs valid, and START as long as it lasts. */
static void control_lists_the_clr_first_and_everybody_once(void **state)
{
    (void)state;
    start(50000000);
    play.flags |= UFTP_TFMCC_START;
    run_to_transfer();
    bench_run(&b, b.now + UFTP_MS(300));
    assert_int_equal(play.last.item_count, 3);
    assert_int_equal(play.items[0].flags, UFTP_CONG_CLR | UFTP_CONG_RTT | UFTP_CONG_START);
    for (size_t i = 1; i < 3; i++)
        assert_int_equal(play.items[i].flags, UFTP_CONG_RTT | UFTP_CONG_START);
    assert_int_equal(play.items[0].client ^ play.items[1].client ^ play.items[2].client, A ^ B ^ C);
    assert_int_equal(play.items[0].rtt, uftp_grtt_quantise(UFTP_MS(2))); /* as the bench plays it */
    play.flags = UFTP_TFMCC_RTT;                                         /* a loss somewhere */
    bench_run(&b, b.now + UFTP_MS(100));
    assert_int_equal(play.items[0].flags, UFTP_CONG_CLR | UFTP_CONG_RTT);
    bench_end(&b);
}

static void slowest_report_takes_the_rate_and_the_clr(void **state)
{
    (void)state;
    start(50000000);
    play.all_report = true;
    play.rate[1] = 300000;
    b.config.rate_initial = 500000;
    run_to_transfer();
    bench_run(&b, b.now + UFTP_S(1));
    assert_int_equal(play.items[0].client, B);
    assert_in_range(bench_stats(&b).rate_bytes_per_s, 295000, 301000);
    assert_in_range(uftp_rate_expand(play.last.cc_rate), 890000, 902000); /* 0.9 of the others' */
    bench_end(&b);
}

static void complete_from(uint32_t uid)
{
    const uftp_message message = {.type = UFTP_MESSAGE_COMPLETE, .as.complete = {.file_id = 1}};
    bench_reply(&b, uid, &message);
}

/* The CLR is through: the next slowest is named in the very next CONG_CTRL, and the rate stays. */
static void clr_that_is_through_is_replaced_at_once(void **state)
{
    (void)state;
    start(50000000);
    play.all_report = true;
    play.rate[1] = 300000;
    play.rate[2] = 400000;
    b.config.rate_initial = 500000;
    run_to_transfer();
    bench_run(&b, b.now + UFTP_S(1));
    assert_int_equal(play.items[0].client, B);
    complete_from(B);
    bench_run(&b, b.now + UFTP_MS(50));
    assert_int_equal(play.items[0].client, C);
    assert_true(play.items[0].flags & UFTP_CONG_CLR);
    assert_int_equal(play.last.item_count, 2); /* and B is not listed any more */
    assert_true(bench_stats(&b).rate_bytes_per_s > 290000);
    bench_run(&b, b.now + UFTP_S(1));
    assert_in_range(bench_stats(&b).rate_bytes_per_s, 395000, 401000);
    bench_end(&b);
}

/* More receivers than a packet holds: all get their turn. */
static void control_takes_turns_over_many_receivers(void **state)
{
    (void)state;
    enum { MANY = 200 };
    static uftp_member many[MANY];
    for (uint32_t i = 0; i < MANY; i++)
        many[i] = (uftp_member){.uid = A + i};
    start(50000000);
    b.config.members = many;
    b.config.member_count = MANY;
    b.config.block_size = 512; /* 64 items */
    b.on_message = NULL;
    bench_start(&b);
    for (uint32_t i = 0; i < MANY; i++) {
        const uftp_message message = {.type = UFTP_MESSAGE_REGISTER,
                                      .as.registration.timestamp_us = BENCH_WALL_US};
        bench_reply(&b, many[i].uid, &message);
    }
    b.on_message = on_message;
    bench_run(&b, b.now + UFTP_MS(50));
    for (int turn = 0; turn < 200 && b.sent[UFTP_MESSAGE_FILEINFO] < 2; turn++)
        bench_run(&b, b.now + UFTP_MS(10));
    for (uint32_t i = 0; i < MANY; i++) {
        const uftp_message message = {
            .type = UFTP_MESSAGE_FILEINFO_ACK,
            .as.fileinfo_ack = {.file_id = 1, .timestamp_us = BENCH_WALL_US}};
        bench_reply(&b, many[i].uid, &message);
    }
    static bool seen[MANY];
    memset(seen, 0, sizeof seen);
    unsigned controls = 0;
    for (int turn = 0; turn < 400 && controls < 6; turn++) {
        bench_run(&b, b.now + UFTP_MS(5));
        if (play.controls == controls)
            continue;
        controls = play.controls;
        assert_int_equal(play.last.item_count, 64);
        for (size_t i = 0; i < 64; i++)
            seen[play.items[i].client - A] = true;
    }
    for (uint32_t i = 0; i < MANY; i++)
        if (!seen[i])
            fail_msg("receiver %u was never listed", (unsigned)i);
    bench_end(&b);
}

/* Whatever a report says: no rate beyond the bounds, no division by zero, no end of the session. */
static void hostile_reports_do_no_harm(void **state)
{
    (void)state;
    start(500000000);
    play.done = true;
    b.config.rate_max = 2000000;
    run_to_transfer();
    test_random random;
    test_random_init(&random, 5);
    for (int i = 0; i < 4000; i++) {
        uftp_message message = {.type = UFTP_MESSAGE_CC_ACK};
        uftp_tfmcc_ack *ack = &message.as.cc_ack.tfmcc;
        *ack = (uftp_tfmcc_ack){.flags = (uint8_t)test_random_u64(&random),
                                .cc_seq = (uint16_t)test_random_u64(&random),
                                .cc_rate = (uint16_t)test_random_u64(&random),
                                .client = (uint32_t)test_random_u64(&random),
                                .timestamp_us = test_random_u64(&random)};
        if (i % 3 == 0)
            ack->timestamp_us = BENCH_WALL_US + test_random_below(&random, 200000000);
        if (i % 5 == 0) {
            message.type = UFTP_MESSAGE_STATUS;
            message.as.status = (uftp_status){.file_id = 1, .has_tfmcc = true, .tfmcc = *ack};
            message.as.status.naks = (uftp_bytes){.data = (const uint8_t *)"", .len = 1};
        }
        bench_reply(&b, test_random_below(&random, 4) ? A : A + 77, &message);
        bench_run(&b, b.now + UFTP_MS(3));
        uftp_sender_stats stats = bench_stats(&b);
        if (stats.phase != UFTP_SENDER_TRANSFER)
            break;
        assert_in_range(stats.rate_bytes_per_s, 1, 2000000);
        assert_in_range(stats.grtt, UFTP_MS(10), UFTP_S(15));
    }
    assert_int_equal(bench_stats(&b).phase, UFTP_SENDER_TRANSFER);
    bench_end(&b);
}

/* Echoed timestamps that are no time of this session measure nothing: a round trip of 0 must not be
 * computed with. */
static void timeless(sender_bench *bench, const uftp_header *header, const uftp_message *message,
                     const uftp_address *to)
{
    (void)header;
    (void)to;
    uftp_message reply = {0};
    if (message->type == UFTP_MESSAGE_ANNOUNCE) {
        reply.type = UFTP_MESSAGE_REGISTER;
    } else if (message->type == UFTP_MESSAGE_FILEINFO) {
        reply.type = UFTP_MESSAGE_FILEINFO_ACK;
        reply.as.fileinfo_ack.file_id = 1;
    } else if (message->type == UFTP_MESSAGE_CONG_CTRL) {
        reply.type = UFTP_MESSAGE_CC_ACK;
        reply.as.cc_ack.tfmcc.cc_rate = uftp_rate_quantise(1000000);
        play.controls++;
        assert_false(uftp_cong_ctrl_item(&message->as.cong_ctrl, 0).flags & UFTP_CONG_RTT);
    }
    if (reply.type)
        bench_reply(bench, A, &reply);
}

static void receiver_without_a_round_trip_may_report(void **state)
{
    (void)state;
    start(50000000);
    b.config.member_count = 1;
    b.on_message = timeless;
    run_to_transfer();
    bench_run(&b, b.now + UFTP_S(1));
    assert_true(play.controls > 3);
    assert_int_equal(bench_stats(&b).phase, UFTP_SENDER_TRANSFER);
    bench_end(&b);
}

/* A stranger's ABORT goes to it alone: its number must not be missing for the others, who would
 * take that for a loss. (The bench checks that the numbers follow each other.) */
static void abort_to_a_stranger_leaves_no_hole_in_the_numbers(void **state)
{
    (void)state;
    start(50000000);
    run_to_transfer();
    bench_run(&b, b.now + UFTP_S(1));
    report(A + 99, 5, BENCH_WALL_US);
    uint32_t blocks = b.sent[UFTP_MESSAGE_FILESEG];
    bench_run(&b, b.now + UFTP_MS(500));
    assert_int_equal(b.sent[UFTP_MESSAGE_ABORT], 1);
    assert_true(b.sent[UFTP_MESSAGE_FILESEG] > blocks + 10);
    bench_end(&b);
}

static void bounds_that_contradict_each_other_are_refused(void **state)
{
    (void)state;
    static const struct {
        uint8_t kind;
        uint64_t min, initial, max;
        int err;
    } cases[] = {{UFTP_CC_TFMCC, 0, 0, 0, UFTP_OK},
                 {UFTP_CC_TFMCC, 100, 100, 100, UFTP_OK},
                 {UFTP_CC_TFMCC, 100, 0, 50, UFTP_ERR_ARGUMENT},
                 {UFTP_CC_TFMCC, 100, 50, 0, UFTP_ERR_ARGUMENT},
                 {UFTP_CC_TFMCC, 0, 50, 40, UFTP_ERR_ARGUMENT},
                 {1, 0, 0, 0, UFTP_ERR_ARGUMENT},
                 {3, 0, 0, 0, UFTP_ERR_ARGUMENT}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        start(1000);
        b.config.congestion_control = cases[i].kind;
        b.config.rate_min = cases[i].min;
        b.config.rate_initial = cases[i].initial;
        b.config.rate_max = cases[i].max;
        assert_int_equal(uftp_sender_create(&b.config, b.now, &b.sender), cases[i].err);
        if (cases[i].err < 0)
            b.sender = NULL;
        bench_end(&b);
    }
}

/* spec v5 4.7.7 and 4.6.2: ECT(0) on everything beside the DSCP; between files 128 kB/s or less. */
static void packets_can_be_marked_and_announcements_are_slow(void **state)
{
    (void)state;
    start(5000);
    b.config.tos = 0xb8;
    b.config.rate_initial = 64000;
    assert_int_equal(uftp_sender_create(&b.config, b.now, &b.sender), UFTP_OK);
    uftp_transmit out = {.data = b.buffer, .capacity = sizeof b.buffer};
    assert_int_equal(uftp_sender_poll_transmit(b.sender, b.now, &out), 1);
    assert_int_equal(out.tos, 0xb8 | UFTP_ECN_CAPABLE);
    assert_int_equal(bench_stats(&b).rate_bytes_per_s, 64000);
    bench_end(&b);
    start(5000);
    b.config.rate_min = b.config.rate_initial = 10000000;
    assert_int_equal(uftp_sender_create(&b.config, b.now, &b.sender), UFTP_OK);
    assert_int_equal(bench_stats(&b).rate_bytes_per_s, 128000);
    bench_end(&b);
}

/* The time limit is a share of size / rate (spec cli 2, -W): without a rate there is none. */
static void time_limit_does_not_apply(void **state)
{
    (void)state;
    start(3000000);
    play.done = true;
    b.config.time_max_percent = 110;
    b.config.rate_max = 20000; /* 150 s; at rate_bytes_per_s it would be over in less than one */
    bench_start(&b);
    bench_run(&b, UFTP_NEVER);
    assert_int_equal(bench_stats(&b).result, UFTP_RESULT_OK);
    bench_end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(session_under_congestion_control_ends_well),
        cmocka_unit_test(blocks_say_rate_and_round),
        cmocka_unit_test(control_lists_the_clr_first_and_everybody_once),
        cmocka_unit_test(slowest_report_takes_the_rate_and_the_clr),
        cmocka_unit_test(clr_that_is_through_is_replaced_at_once),
        cmocka_unit_test(control_takes_turns_over_many_receivers),
        cmocka_unit_test(hostile_reports_do_no_harm),
        cmocka_unit_test(receiver_without_a_round_trip_may_report),
        cmocka_unit_test(abort_to_a_stranger_leaves_no_hole_in_the_numbers),
        cmocka_unit_test(bounds_that_contradict_each_other_are_refused),
        cmocka_unit_test(packets_can_be_marked_and_announcements_are_slow),
        cmocka_unit_test(time_limit_does_not_apply),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
