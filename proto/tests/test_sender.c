/* SPDX-License-Identifier: MIT */
#include "sender_bench.h"

#include <string.h>

static sender_bench b; /* 64 KB: not for the stack */

/* ---- whole sessions ---- */

static void open_session_announces_robust_times_and_ends_well(void **state)
{
    (void)state;
    bench_init(&b, 3000);
    b.config.robust = 10;
    b.on_message = bench_all_honest;
    bench_start(&b);
    assert_int_equal(bench_run_to_end(&b), UFTP_RESULT_OK);
    assert_int_equal(b.sent[UFTP_MESSAGE_ANNOUNCE], 10); /* spec v5 4.4: all attempts */
    assert_int_equal(b.sent[UFTP_MESSAGE_FILEINFO], 1);
    assert_int_equal(b.sent[UFTP_MESSAGE_FILESEG], 3);
    assert_int_equal(b.sent[UFTP_MESSAGE_DONE], 2);
    assert_true(b.listed[UFTP_MESSAGE_DONE_CONF] >= 2);
    assert_int_equal(bench_stats(&b).clients_in[UFTP_CLIENT_DONE], 2);
    bench_end(&b);
}

static const uftp_member three[] = {
    {.uid = BENCH_A, .name = "a"}, {.uid = BENCH_B, .name = "b"}, {.uid = BENCH_C}};

static void closed_session_ends_the_announcement_when_all_are_there(void **state)
{
    (void)state;
    bench_init(&b, 3000);
    b.config.members = three;
    b.config.member_count = 2;
    b.on_message = bench_all_honest;
    bench_start(&b);
    assert_int_equal(bench_run_to_end(&b), UFTP_RESULT_OK);
    assert_int_equal(b.sent[UFTP_MESSAGE_ANNOUNCE], 1);
    assert_int_equal(b.listed[UFTP_MESSAGE_ANNOUNCE], 2);
    uftp_client_info info;
    uftp_sender_client_get(b.sender, 1, &info);
    assert_string_equal(info.name, "b");
    assert_int_equal(info.copied, 1);
    assert_int_equal(info.bytes, 3000);
    bench_end(&b);
}

static void a_mute_receiver_is_announced_to_and_then_left_out(void **state)
{
    (void)state;
    bench_init(&b, 3000);
    b.config.members = three;
    b.config.member_count = 3;
    b.on_message = bench_all_honest;
    bench_start(&b);
    assert_int_equal(bench_run_to_end(&b), UFTP_RESULT_OK);
    assert_int_equal(b.sent[UFTP_MESSAGE_ANNOUNCE], 20);
    assert_int_equal(b.listed[UFTP_MESSAGE_ANNOUNCE], 3 + 19);
    assert_int_equal(bench_stats(&b).clients_in[UFTP_CLIENT_MUTE], 1);
    bench_end(&b);
}

/* Exit codes 7 to 10 of spec cli 10.1, one session each. */

static void nobody_there_is_result_7_after_robust_announces(void **state)
{
    (void)state;
    bench_init(&b, 3000);
    b.config.robust = 10;
    uint64_t started = b.now;
    bench_start(&b);
    assert_int_equal(bench_run_to_end(&b), UFTP_RESULT_NO_REGISTRATION);
    assert_int_equal(b.sent[UFTP_MESSAGE_ANNOUNCE], 10);
    assert_int_equal(b.sent[UFTP_MESSAGE_DONE], 0); /* a failed session sends no DONE */
    assert_int_equal(b.now - started, 10 * 3 * UFTP_MS(100));
    bench_end(&b);
}

static void registers_only(sender_bench *bench, const uftp_header *header,
                           const uftp_message *message, const uftp_address *to)
{
    (void)to;
    if (message->type == UFTP_MESSAGE_ANNOUNCE)
        bench_honest(bench, BENCH_A, header, message);
}

static void nobody_answering_a_fileinfo_is_result_8(void **state)
{
    (void)state;
    bench_init(&b, 3000);
    b.on_message = registers_only;
    bench_start(&b);
    assert_int_equal(bench_run_to_end(&b), UFTP_RESULT_NO_FILEINFO);
    assert_int_equal(b.sent[UFTP_MESSAGE_FILEINFO], 20);
    assert_int_equal(bench_stats(&b).clients_in[UFTP_CLIENT_LOST], 1);
    bench_end(&b);
}

static void all_lost_in_a_file_is_result_9_after_robust_dones(void **state)
{
    (void)state;
    bench_init(&b, 3000);
    b.on_message = bench_silent_in_transfer;
    bench_start(&b);
    assert_int_equal(bench_run_to_end(&b), UFTP_RESULT_ALL_LOST);
    assert_int_equal(b.sent[UFTP_MESSAGE_DONE], 20);
    assert_int_equal(b.events[UFTP_EVENT_CLIENT_LOST], 1);
    bench_end(&b);
}

static void nothing_to_send_is_result_10(void **state)
{
    (void)state;
    static const char *const operands[] = {"absent", "unreadable"};
    bench_init(&b, 3000);
    b.config.operands = operands;
    b.config.operand_count = 2;
    b.on_message = bench_all_honest;
    bench_start(&b);
    assert_int_equal(bench_run_to_end(&b), UFTP_RESULT_NOTHING_SENT);
    assert_int_equal(b.events[UFTP_EVENT_FILE_SKIPPED], 2);
    assert_int_equal(b.sent[UFTP_MESSAGE_FILEINFO], 0);
    bench_end(&b);
}

static void rejects(sender_bench *bench, const uftp_header *header, const uftp_message *message,
                    const uftp_address *to)
{
    if (message->type != UFTP_MESSAGE_FILEINFO) {
        bench_all_honest(bench, header, message, to);
        return;
    }
    uftp_message reply = {.type = UFTP_MESSAGE_COMPLETE};
    reply.as.complete.file_id = message->as.fileinfo.file_id;
    reply.as.complete.status = UFTP_COMPLETE_REJECTED;
    bench_reply(bench, BENCH_A, &reply);
    bench_reply(bench, BENCH_B, &reply);
}

/* Trap 47: COMPLETE answers a FILEINFO; then no data is sent. All rejected: result 10. */
static void trap_47_complete_answers_a_fileinfo(void **state)
{
    (void)state;
    bench_init(&b, 3000);
    b.on_message = rejects;
    bench_start(&b);
    assert_int_equal(bench_run_to_end(&b), UFTP_RESULT_NOTHING_SENT);
    assert_int_equal(b.sent[UFTP_MESSAGE_FILESEG], 0);
    uftp_client_info info;
    uftp_sender_client_get(b.sender, 0, &info);
    assert_int_equal(info.rejected, 1);
    bench_end(&b);
}

/* ---- repair ---- */

static int naks_left;

/* A lacks blocks 1 and 9 of ten, B block 9: in one pass each is sent once. */
static void lacks_some(sender_bench *bench, const uftp_header *header, const uftp_message *message,
                       const uftp_address *to)
{
    if (message->type != UFTP_MESSAGE_DONE || message->as.done.file_id == 0 || naks_left == 0) {
        bench_all_honest(bench, header, message, to);
        return;
    }
    naks_left--;
    bench_status(bench, BENCH_A, 0, (const uint8_t[]){0x02, 0x02}, 2);
    bench_status(bench, BENCH_B, 0, (const uint8_t[]){0x00, 0x02}, 2);
}

static void what_is_missing_is_sent_again_once_and_only_that(void **state)
{
    (void)state;
    bench_init(&b, 12999); /* ten blocks, the last one short */
    b.on_message = lacks_some;
    naks_left = 1;
    bench_start(&b);
    assert_int_equal(bench_run_to_end(&b), UFTP_RESULT_OK);
    assert_int_equal(b.sent[UFTP_MESSAGE_FILESEG], 12);
    assert_int_equal(bench_stats(&b).blocks_repeated, 2);
    assert_int_equal(b.events[UFTP_EVENT_FILE_PASS], 2);
    bench_end(&b);
}

/* A's NAK reaches the sender when the second pass, which B asked for, has begun:
 * A is not asked again in that pass, and was left waiting until the sender gave it up (found
 * by the simulator). */
static void lacks_late(sender_bench *bench, const uftp_header *header, const uftp_message *message,
                       const uftp_address *to)
{
    if (message->type == UFTP_MESSAGE_FILESEG && bench->events[UFTP_EVENT_FILE_PASS] == 2 &&
        naks_left == 1) {
        naks_left = 0;
        bench_status(bench, BENCH_A, 0, (const uint8_t[]){0x02, 0x00}, 2);
        return;
    }
    if (message->type == UFTP_MESSAGE_DONE && naks_left == 2) {
        naks_left = 1;
        bench_status(bench, BENCH_B, 0, (const uint8_t[]){0xfe, 0x03}, 2);
        return;
    }
    if (message->type == UFTP_MESSAGE_DONE && naks_left == 1)
        return;
    bench_all_honest(bench, header, message, to);
}

static void a_nak_that_comes_in_mid_pass_is_not_forgotten(void **state)
{
    (void)state;
    bench_init(&b, 12999);
    b.config.rate_bytes_per_s = 100000; /* the pass takes longer than the answer */
    b.on_message = lacks_late;
    naks_left = 2;
    bench_start(&b);
    assert_int_equal(bench_run_to_end(&b), UFTP_RESULT_OK);
    assert_int_equal(bench_stats(&b).clients_in[UFTP_CLIENT_LOST], 0);
    bench_end(&b);
}

static void passes_max_puts_out_who_is_not_done(void **state)
{
    (void)state;
    bench_init(&b, 12999);
    b.config.passes_max = 3;
    b.on_message = lacks_some;
    naks_left = 1000;
    bench_start(&b);
    assert_int_equal(bench_run_to_end(&b), UFTP_RESULT_ALL_LOST);
    assert_int_equal(b.events[UFTP_EVENT_FILE_PASS], 3);
    assert_int_equal(b.sent[UFTP_MESSAGE_ABORT], 2); /* one to each, by UID */
    assert_int_equal(bench_stats(&b).clients_in[UFTP_CLIENT_ABORTED], 2);
    bench_end(&b);
}

static void excessive_naks_put_a_receiver_out(void **state)
{
    (void)state;
    bench_init(&b, 12999);
    b.config.nak_limited = true;
    b.config.nak_percent_max = 10; /* A lacks 20 %, B 10 %: strictly more counts */
    b.on_message = lacks_some;
    naks_left = 1;
    bench_start(&b);
    assert_int_equal(bench_run_to_end(&b), UFTP_RESULT_OK);
    assert_int_equal(bench_stats(&b).clients_in[UFTP_CLIENT_ABORTED], 1);
    assert_int_equal(bench_stats(&b).clients_in[UFTP_CLIENT_DONE], 1);
    assert_int_equal(b.sent[UFTP_MESSAGE_FILESEG], 11); /* only what B lacks */
    bench_end(&b);
}

/* Traps 10 and 59: bitmaps that are too short, sections that do not exist and files without blocks
 * are counted and change nothing. */
static void bad_status(sender_bench *bench, const uftp_header *header, const uftp_message *message,
                       const uftp_address *to)
{
    if (message->type == UFTP_MESSAGE_DONE && message->as.done.file_id && naks_left > 0) {
        naks_left--;
        static const uint8_t ones[1200] = {0xff, 0xff};
        bench_status(bench, BENCH_A, 0, ones, 1); /* 16 blocks need three bytes */
        bench_status(bench, BENCH_A, 0, ones, 2);
        bench_status(bench, BENCH_A, 1, ones, 3); /* there is one section only */
        bench_status(bench, BENCH_A, 65535, ones, 3);
        return;
    }
    bench_all_honest(bench, header, message, to);
}

static void trap_59_status_out_of_range_changes_nothing(void **state)
{
    (void)state;
    static const uint64_t sizes[] = {16 * 1300, 0};
    for (size_t i = 0; i < 2; i++) {
        bench_init(&b, sizes[i]);
        b.on_message = bad_status;
        naks_left = 1;
        bench_start(&b);
        assert_int_equal(bench_run_to_end(&b), UFTP_RESULT_OK);
        assert_int_equal(b.sent[UFTP_MESSAGE_FILESEG], i ? 0 : 16);
        assert_int_equal(bench_stats(&b).datagrams_rejected, 4);
        bench_end(&b);
    }
}

/* Trap 57: the STATUS that answers the first DONE arrives while the sender is at the end: it must
 * not be turned down as being for the section that is being sent. One DONE suffices. */
static void trap_57_status_right_after_done_is_taken(void **state)
{
    (void)state;
    bench_init(&b, 12999);
    b.on_message = lacks_some;
    naks_left = 1;
    bench_start(&b);
    assert_int_equal(bench_run_to_end(&b), UFTP_RESULT_OK);
    assert_int_equal(b.sent[UFTP_MESSAGE_DONE], 3); /* pass 1, pass 2, end of session */
    bench_end(&b);
}

/* Trap 45: a COMPLETE needs no DONE: with everybody complete the rest of the file is not sent. */
static void completes_early(sender_bench *bench, const uftp_header *header,
                            const uftp_message *message, const uftp_address *to)
{
    if (message->type == UFTP_MESSAGE_FILESEG && message->as.fileseg.block == 0) {
        uftp_message reply = {.type = UFTP_MESSAGE_COMPLETE};
        reply.as.complete.file_id = 1;
        bench_reply(bench, BENCH_A, &reply);
        bench_reply(bench, BENCH_B, &reply);
    }
    bench_all_honest(bench, header, message, to);
}

static void trap_45_complete_without_done_ends_the_file(void **state)
{
    (void)state;
    bench_init(&b, 13000 * 100);
    b.config.rate_bytes_per_s = 100000;
    b.on_message = completes_early;
    bench_start(&b);
    assert_int_equal(bench_run_to_end(&b), UFTP_RESULT_OK);
    assert_in_range(b.sent[UFTP_MESSAGE_FILESEG], 1, 3);
    assert_int_equal(b.sent[UFTP_MESSAGE_DONE], 1);
    bench_end(&b);
}

/* ---- who may speak ---- */

static void strangers_are_told_and_not_too_often(void **state)
{
    (void)state;
    bench_init(&b, 3000);
    b.config.members = three;
    b.config.member_count = 1;
    bench_start(&b);
    uftp_message reply = {.type = UFTP_MESSAGE_REGISTER};
    reply.as.registration.timestamp_us = BENCH_WALL_US;
    for (uint32_t i = 0; i < 200; i++) /* ABORT is five times as long: no reflector */
        bench_reply(&b, 0xdead0000 + i, &reply);
    bench_turn(&b);
    bench_run(&b, b.now + UFTP_S(1));
    assert_int_equal(b.events[UFTP_EVENT_CLIENT_REFUSED], 200);
    assert_int_equal(b.sent[UFTP_MESSAGE_ABORT], 16);
    assert_int_equal(bench_stats(&b).clients, 1);
    bench_end(&b);
}

static void a_second_host_with_the_same_uid_is_refused_once(void **state)
{
    (void)state;
    bench_init(&b, 3000);
    bench_start(&b);
    uftp_message reply = {.type = UFTP_MESSAGE_REGISTER};
    reply.as.registration.timestamp_us = BENCH_WALL_US;
    bench_reply(&b, BENCH_A, &reply);
    for (int i = 0; i < 3; i++) {
        bench_reply(&b, BENCH_A, &reply);
        b.replies[b.reply_count - 1].source = uftp_address_ipv4(10, 99, 99, 99, 1044);
    }
    bench_turn(&b);
    assert_int_equal(b.events[UFTP_EVENT_CLIENT_REGISTERED], 1);
    assert_int_equal(b.events[UFTP_EVENT_CLIENT_REFUSED], 1);
    assert_int_equal(bench_stats(&b).datagrams_rejected, 3);
    bench_end(&b);
}

static void abort_of_one(sender_bench *bench, const uftp_header *header,
                         const uftp_message *message, const uftp_address *to)
{
    bench_all_honest(bench, header, message, to);
    if (message->type == UFTP_MESSAGE_FILESEG && message->as.fileseg.block == 2) {
        uftp_message reply = {.type = UFTP_MESSAGE_ABORT};
        reply.as.abort.text = (uftp_bytes){(const uint8_t *)"disk full", 9};
        bench_reply(bench, BENCH_A, &reply);
    }
}

static void one_receiver_aborting_leaves_the_others(void **state)
{
    (void)state;
    bench_init(&b, 12999);
    b.on_message = abort_of_one;
    bench_start(&b);
    assert_int_equal(bench_run_to_end(&b), UFTP_RESULT_OK);
    assert_int_equal(bench_stats(&b).clients_in[UFTP_CLIENT_ABORTED], 1);
    assert_int_equal(b.sent[UFTP_MESSAGE_ABORT], 0);
    bench_end(&b);
}

static void quit_on_error_ends_it_for_all(void **state)
{
    (void)state;
    bench_init(&b, 12999);
    b.config.quit_on_error = true;
    b.on_message = abort_of_one;
    bench_start(&b);
    assert_int_equal(bench_run_to_end(&b), UFTP_RESULT_ALL_LOST);
    assert_int_equal(b.sent[UFTP_MESSAGE_ABORT], 1);
    assert_int_equal(b.events[UFTP_EVENT_CLIENT_ABORTED], 2);
    bench_end(&b);
}

static void quit_on_error_wants_every_listed_receiver(void **state)
{
    (void)state;
    bench_init(&b, 12999);
    b.config.quit_on_error = true;
    b.config.members = three;
    b.config.member_count = 3;
    b.on_message = bench_all_honest;
    bench_start(&b);
    assert_int_equal(bench_run_to_end(&b), UFTP_RESULT_NO_REGISTRATION);
    bench_end(&b);
}

static void interrupt_tells_everybody_and_ends(void **state)
{
    (void)state;
    bench_init(&b, 13000 * 100);
    b.config.rate_bytes_per_s = 100000;
    b.on_message = bench_all_honest;
    bench_start(&b);
    while (b.sent[UFTP_MESSAGE_FILESEG] < 10)
        bench_run(&b, b.now + UFTP_MS(10));
    uftp_sender_interrupt(b.sender, b.now);
    assert_int_equal(bench_run_to_end(&b), UFTP_RESULT_INTERRUPTED);
    assert_int_equal(b.sent[UFTP_MESSAGE_ABORT], 1);
    uftp_sender_interrupt(b.sender, b.now); /* a second signal does no harm */
    bench_end(&b);
}

static void a_file_that_cannot_be_read_any_more_ends_the_session(void **state)
{
    (void)state;
    bench_init(&b, 13000 * 100);
    b.config.rate_bytes_per_s = 100000;
    b.on_message = bench_all_honest;
    bench_start(&b);
    while (b.sent[UFTP_MESSAGE_FILESEG] < 10)
        bench_run(&b, b.now + UFTP_MS(10));
    b.read_error = UFTP_ERR_IO;
    b.seq_known = false; /* numbers drawn for the train that never left */
    assert_int_equal(bench_run_to_end(&b), UFTP_RESULT_ERROR);
    assert_int_equal(b.sent[UFTP_MESSAGE_ABORT], 1);
    bench_end(&b);
}

static void time_limit_aborts_all(void **state)
{
    (void)state;
    bench_init(&b, 1000000);
    b.config.rate_bytes_per_s = 100000;
    b.config.time_max_percent = 110; /* 11 s for 10 s of data; the answer never comes */
    b.on_message = bench_silent_in_transfer;
    b.config.grtt_min = UFTP_MS(100); /* 20 DONEs take longer than the limit */
    bench_start(&b);
    assert_int_equal(bench_run_to_end(&b), UFTP_RESULT_ALL_LOST);
    assert_int_equal(b.sent[UFTP_MESSAGE_ABORT], 1);
    bench_end(&b);
}

/* ---- shape of what is sent ---- */

static uint64_t data_bytes;
static uint64_t first_at, last_at;

static void count_data(sender_bench *bench, const uftp_header *header, const uftp_message *message,
                       const uftp_address *to)
{
    bench_all_honest(bench, header, message, to);
    bool announce = message->type == UFTP_MESSAGE_ANNOUNCE;
    assert_int_equal(to->bytes[1], announce ? 4 : 5); /* public or private group */
    assert_int_equal(to->port, 1044);
    if (message->type != UFTP_MESSAGE_FILESEG)
        return;
    if (data_bytes == 0)
        first_at = bench->now;
    last_at = bench->now;
    /* The bench's content is its offset: the right bytes stand in the right block. */
    const uftp_fileseg *fileseg = &message->as.fileseg;
    uint32_t block = (uint32_t)fileseg->section * 5201 + fileseg->block;
    if (fileseg->section > 0) /* 10402 blocks in sections of 5201 (spec v5 4.6.1) */
        block = 5201 + fileseg->block;
    assert_int_equal(fileseg->data.data[0], (uint8_t)((uint64_t)block * 1300));
    data_bytes += fileseg->data.len;
}

static void data_leaves_whole_and_at_the_rate(void **state)
{
    (void)state;
    bench_init(&b, 13521301);
    b.config.rate_bytes_per_s = 12500000;
    b.on_message = count_data;
    data_bytes = 0;
    bench_start(&b);
    assert_int_equal(bench_run_to_end(&b), UFTP_RESULT_OK);
    assert_int_equal(data_bytes, 13521301);
    /* 10402 datagrams of 1352 bytes on the wire at 12.5 MB/s: 1.125 s */
    assert_in_range(last_at - first_at, UFTP_MS(1113), UFTP_MS(1137));
    bench_end(&b);
}

static void trap_35_sequence_numbers_start_at_zero(void **state)
{
    (void)state;
    bench_init(&b, 3000);
    bench_start(&b);
    assert_int_equal(b.seq, 1); /* one ANNOUNCE, number 0, has left */
    bench_end(&b);
}

static void a_thousand_receivers_are_answered_in_full_packets(void **state)
{
    (void)state;
    bench_init(&b, 3000);
    bench_start(&b);
    uftp_message reply = {.type = UFTP_MESSAGE_REGISTER};
    reply.as.registration.timestamp_us = BENCH_WALL_US;
    for (uint32_t i = 0; i < 1000; i++) {
        bench_reply(&b, 1 + i, &reply);
        if (b.reply_count == 200)
            bench_turn(&b);
    }
    b.config.robust = 1;
    bench_run(&b, b.now + UFTP_MS(50));
    assert_int_equal(bench_stats(&b).clients, 1000);
    assert_int_equal(b.listed[UFTP_MESSAGE_REG_CONF], 1000);
    assert_in_range(b.sent[UFTP_MESSAGE_REG_CONF], 4, 6); /* 325 UIDs in 1300 bytes */
    bench_end(&b);
}

/* One every 10 ms, as through the return channel of a satellite, for ten GRTTs. */
static void receivers_that_come_one_by_one_share_answers(void **state)
{
    (void)state;
    bench_init(&b, 3000);
    bench_start(&b);
    uftp_message reply = {.type = UFTP_MESSAGE_REGISTER};
    reply.as.registration.timestamp_us = BENCH_WALL_US;
    const uint64_t grtt = bench_stats(&b).grtt, start = b.now;
    const uint32_t count = (uint32_t)(10 * grtt / UFTP_MS(10));
    for (uint32_t i = 0; i < count; i++) {
        bench_run(&b, start + i * UFTP_MS(10));
        bench_reply(&b, 1 + i, &reply);
        bench_turn(&b);
    }
    bench_run(&b, b.now + UFTP_MS(300));
    assert_int_equal(b.listed[UFTP_MESSAGE_REG_CONF], count);
    assert_in_range(b.sent[UFTP_MESSAGE_REG_CONF], 20, 90); /* one in each eighth of a GRTT */
    bench_end(&b);
}

/* When all that are expected have come there is nobody to wait for. */
static void last_receiver_of_a_closed_group_is_answered_at_once(void **state)
{
    (void)state;
    bench_init(&b, 3000);
    b.config.members = three;
    b.config.member_count = 2;
    bench_start(&b);
    uftp_message reply = {.type = UFTP_MESSAGE_REGISTER};
    reply.as.registration.timestamp_us = BENCH_WALL_US;
    bench_reply(&b, BENCH_A, &reply);
    bench_turn(&b);
    assert_int_equal(b.sent[UFTP_MESSAGE_REG_CONF], 0);
    bench_reply(&b, BENCH_B, &reply);
    bench_run(&b, b.now + UFTP_MS(5)); /* as the rate allows */
    assert_int_equal(b.sent[UFTP_MESSAGE_REG_CONF], 1);
    assert_int_equal(b.listed[UFTP_MESSAGE_REG_CONF], 2);
    bench_end(&b);
}

/* ---- robustness ---- */

/* Every message at every phase, from a member and from a stranger, with plausible and absurd
 * numbers: no crash, and an honest session still ends well. */
static uint64_t chaos_state;

static void chaos(sender_bench *bench, const uftp_header *header, const uftp_message *message,
                  const uftp_address *to)
{
    test_random random = {.state = chaos_state++};
    uint8_t junk[400];
    for (int i = 0; i < 3; i++) {
        uint8_t type = (uint8_t)test_random_below(&random, 24);
        size_t len = 16 + test_random_below(&random, sizeof junk - 16);
        for (size_t j = 0; j < len; j++)
            junk[j] = (uint8_t)(test_random_below(&random, 3) ? 0 : test_random_u64(&random));
        uint32_t uid = test_random_below(&random, 2) ? BENCH_C : 0x77000000;
        memcpy(junk,
               (const uint8_t[]){0x50, type, 0, 1, (uint8_t)(uid >> 24), (uint8_t)(uid >> 16),
                                 (uint8_t)(uid >> 8), (uint8_t)uid, 1, 2, 3, 4},
               12);
        if (len > 18) {
            junk[16] = type;
            junk[17] = (uint8_t)test_random_below(&random, len / 4);
        }
        if (bench->reply_count < 200)
            bench_reply_raw(bench, junk, len);
    }
    bench_all_honest(bench, header, message, to);
    bench_honest(bench, BENCH_C, header, message);
}

static void any_message_at_any_time_leaves_the_others_a_session(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 300; seed++) {
        bench_init(&b, 30000);
        b.config.robust = 10;
        b.config.rate_bytes_per_s = 1000000;
        b.on_message = chaos;
        chaos_state = seed * 100000;
        bench_start(&b);
        uftp_result result = bench_run_to_end(&b);
        if (result != UFTP_RESULT_OK)
            fail_msg("seed %u: result %d", (unsigned)seed, (int)result);
        bench_end(&b);
    }
}

static void every_failed_allocation_is_survived(void **state)
{
    (void)state;
    for (size_t fail_at = 1; fail_at < 60; fail_at++) {
        bench_init(&b, 13000);
        b.memory.fail_at = fail_at;
        b.on_message = bench_all_honest;
        if (uftp_sender_create(&b.config, b.now, &b.sender) < 0) {
            b.sender = NULL;
        } else {
            bench_turn(&b);
            bench_run(&b, UFTP_NEVER);
            assert_int_equal(bench_stats(&b).phase, UFTP_SENDER_ENDED);
        }
        bench_end(&b);
    }
}

static void contradictory_configurations_are_refused(void **state)
{
    (void)state;
    static const uftp_member twice[] = {{.uid = BENCH_A}, {.uid = BENCH_A}};
    bench_init(&b, 1);
    uftp_sender_config bad[9];
    for (size_t i = 0; i < 9; i++)
        bad[i] = b.config;
    bad[0].uid = 0;
    bad[1].block_size = 511;
    bad[2].block_size = 8801;
    bad[3].private_address = (uftp_address){0};
    bad[4].public_address.port = 0;
    bad[5].plain = false; /* without a key */
    bad[6].members = twice;
    bad[6].member_count = 2;
    bad[7].grtt_min = UFTP_S(1); /* above the initial value */
    bad[8].private_address = uftp_address_ipv4(10, 0, 0, 1, 0);
    for (size_t i = 0; i < 9; i++)
        assert_int_equal(uftp_sender_create(&bad[i], b.now, &b.sender), UFTP_ERR_ARGUMENT);
    assert_int_equal(b.memory.live, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(open_session_announces_robust_times_and_ends_well),
        cmocka_unit_test(closed_session_ends_the_announcement_when_all_are_there),
        cmocka_unit_test(a_mute_receiver_is_announced_to_and_then_left_out),
        cmocka_unit_test(nobody_there_is_result_7_after_robust_announces),
        cmocka_unit_test(nobody_answering_a_fileinfo_is_result_8),
        cmocka_unit_test(all_lost_in_a_file_is_result_9_after_robust_dones),
        cmocka_unit_test(nothing_to_send_is_result_10),
        cmocka_unit_test(trap_47_complete_answers_a_fileinfo),
        cmocka_unit_test(what_is_missing_is_sent_again_once_and_only_that),
        cmocka_unit_test(a_nak_that_comes_in_mid_pass_is_not_forgotten),
        cmocka_unit_test(passes_max_puts_out_who_is_not_done),
        cmocka_unit_test(excessive_naks_put_a_receiver_out),
        cmocka_unit_test(trap_59_status_out_of_range_changes_nothing),
        cmocka_unit_test(trap_57_status_right_after_done_is_taken),
        cmocka_unit_test(trap_45_complete_without_done_ends_the_file),
        cmocka_unit_test(strangers_are_told_and_not_too_often),
        cmocka_unit_test(a_second_host_with_the_same_uid_is_refused_once),
        cmocka_unit_test(one_receiver_aborting_leaves_the_others),
        cmocka_unit_test(quit_on_error_ends_it_for_all),
        cmocka_unit_test(quit_on_error_wants_every_listed_receiver),
        cmocka_unit_test(interrupt_tells_everybody_and_ends),
        cmocka_unit_test(a_file_that_cannot_be_read_any_more_ends_the_session),
        cmocka_unit_test(time_limit_aborts_all),
        cmocka_unit_test(data_leaves_whole_and_at_the_rate),
        cmocka_unit_test(trap_35_sequence_numbers_start_at_zero),
        cmocka_unit_test(a_thousand_receivers_are_answered_in_full_packets),
        cmocka_unit_test(receivers_that_come_one_by_one_share_answers),
        cmocka_unit_test(last_receiver_of_a_closed_group_is_answered_at_once),
        cmocka_unit_test(any_message_at_any_time_leaves_the_others_a_session),
        cmocka_unit_test(every_failed_allocation_is_survived),
        cmocka_unit_test(contradictory_configurations_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
