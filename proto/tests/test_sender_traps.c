/* SPDX-License-Identifier: MIT
 *
 * Traps of spec v5 6 that concern the sender, as far as test_sender.c has not named them.
 */
#include "sender_bench.h"

static sender_bench b; /* 64 KB: not for the stack */

/* Blocks of 1300 bytes, four sections of 10400 or so: NAKs for the section being sent are dropped
 * (they are on their way), those for sections before and behind it count. */
static unsigned early_sections;

static void naks_in_mid_pass(sender_bench *bench, const uftp_header *header,
                             const uftp_message *message, const uftp_address *to)
{
    static const uint8_t first[10400 / 8 + 1] = {0x01};
    if (message->type == UFTP_MESSAGE_FILESEG && message->as.fileseg.section == 1 &&
        message->as.fileseg.block == 5000 && bench->events[UFTP_EVENT_FILE_PASS] == 1) {
        for (uint16_t section = 0; section < 3; section++)
            if (early_sections >> section & 1)
                bench_status(bench, BENCH_A, section, first, sizeof first);
        return;
    }
    bench_all_honest(bench, header, message, to);
}

static uint64_t repeated_after_naks(unsigned sections)
{
    bench_init(&b, UINT64_C(30000) * 1300);
    b.on_message = naks_in_mid_pass;
    early_sections = sections;
    bench_start(&b);
    assert_int_equal(bench_run_to_end(&b), UFTP_RESULT_OK);
    uint64_t sent = bench_stats(&b).blocks_sent;
    assert_int_equal(bench_stats(&b).clients_in[UFTP_CLIENT_LOST], 0);
    bench_end(&b);
    return sent - 30000;
}

static void trap_13_only_the_section_being_sent_is_refused(void **state)
{
    (void)state;
    assert_int_equal(repeated_after_naks(1), 1); /* behind us: once more in the next pass */
    assert_int_equal(repeated_after_naks(2), 0); /* being sent: not taken */
    assert_int_equal(repeated_after_naks(4), 0); /* ahead: taken, and sent in this pass anyway */
}

static void trap_15_lost_receivers_get_no_abort_and_none_names_the_file(void **state)
{
    (void)state;
    bench_init(&b, 3000);
    b.on_message = bench_silent_in_transfer;
    bench_start(&b);
    assert_int_equal(bench_run_to_end(&b), UFTP_RESULT_ALL_LOST);
    assert_int_equal(b.sent[UFTP_MESSAGE_ABORT], 0);
    bench_end(&b);
}

static void trap_17_open_membership_runs_all_attempts_however_many_answer(void **state)
{
    (void)state;
    for (uint8_t robust = 10; robust <= 50; robust = (uint8_t)(robust + 20)) {
        bench_init(&b, 100);
        b.config.robust = robust;
        b.on_message = bench_all_honest;
        bench_start(&b);
        assert_int_equal(bench_run_to_end(&b), UFTP_RESULT_OK);
        assert_int_equal(b.sent[UFTP_MESSAGE_ANNOUNCE], robust);
        bench_end(&b);
    }
}

/* The confirmation is lost: the receiver asks again, and is confirmed again. */
static int completes_left;

static void completes_twice(sender_bench *bench, const uftp_header *header,
                            const uftp_message *message, const uftp_address *to)
{
    bench_all_honest(bench, header, message, to);
    if (message->type == UFTP_MESSAGE_DONE_CONF && completes_left > 0) {
        completes_left--;
        uftp_message reply = {.type = UFTP_MESSAGE_COMPLETE};
        bench_reply(bench, BENCH_A, &reply);
    }
}

static void trap_48_done_conf_is_repeated_when_complete_comes_again(void **state)
{
    (void)state;
    bench_init(&b, 100);
    b.on_message = completes_twice;
    completes_left = 3;
    bench_start(&b);
    assert_int_equal(bench_run_to_end(&b), UFTP_RESULT_OK);
    assert_int_equal(b.listed[UFTP_MESSAGE_DONE_CONF], 2 + 3);
    bench_end(&b);
}

static void trap_50_the_sender_ignores_the_instance_of_what_it_receives(void **state)
{
    (void)state;
    bench_init(&b, 100);
    b.config.instance = 3;
    b.on_message = bench_all_honest; /* the bench's receivers say instance 0 */
    bench_start(&b);
    assert_int_equal(bench_run_to_end(&b), UFTP_RESULT_OK);
    bench_end(&b);
}

/* 1000 Kbps of 1024 bits are 128000 bytes a second, and headers of IP and UDP count: a block of
 * 1300 bytes is 1352 on the wire, so that 74 of them take 0.77 s after the first. */
static uint64_t data_bytes, first_at, last_at;

static void count_times(sender_bench *bench, const uftp_header *header, const uftp_message *message,
                        const uftp_address *to)
{
    bench_all_honest(bench, header, message, to);
    if (message->type != UFTP_MESSAGE_FILESEG)
        return;
    if (data_bytes == 0)
        first_at = bench->now;
    last_at = bench->now;
    data_bytes += message->as.fileseg.data.len;
}

static void trap_55_the_rate_counts_every_header(void **state)
{
    (void)state;
    bench_init(&b, 74 * 1300);
    b.config.rate_bytes_per_s = UINT64_C(1000) * 1024 / 8;
    b.on_message = count_times;
    data_bytes = 0;
    bench_start(&b);
    assert_int_equal(bench_run_to_end(&b), UFTP_RESULT_OK);
    uint64_t expected = UINT64_C(73) * 1352 * UFTP_S(1) / 128000;
    assert_in_range(last_at - first_at, expected - UFTP_MS(11), expected + UFTP_MS(1));
    bench_end(&b);
}

static void trap_58_no_data_follows_an_abort_to_all(void **state)
{
    (void)state;
    bench_init(&b, 13000 * 100);
    b.config.rate_bytes_per_s = 100000;
    b.on_message = bench_all_honest;
    bench_start(&b);
    while (b.sent[UFTP_MESSAGE_FILESEG] < 10)
        bench_run(&b, b.now + UFTP_MS(10));
    uint32_t before = b.sent[UFTP_MESSAGE_FILESEG];
    uftp_sender_interrupt(b.sender, b.now);
    assert_int_equal(bench_run_to_end(&b), UFTP_RESULT_INTERRUPTED);
    assert_int_equal(b.sent[UFTP_MESSAGE_FILESEG], before);
    bench_end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trap_13_only_the_section_being_sent_is_refused),
        cmocka_unit_test(trap_15_lost_receivers_get_no_abort_and_none_names_the_file),
        cmocka_unit_test(trap_17_open_membership_runs_all_attempts_however_many_answer),
        cmocka_unit_test(trap_48_done_conf_is_repeated_when_complete_comes_again),
        cmocka_unit_test(trap_50_the_sender_ignores_the_instance_of_what_it_receives),
        cmocka_unit_test(trap_55_the_rate_counts_every_header),
        cmocka_unit_test(trap_58_no_data_follows_an_abort_to_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
