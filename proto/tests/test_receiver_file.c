/* SPDX-License-Identifier: MIT
 *
 * Blocks and what is asked for again (spec v5 4.10.3 to 4.10.6).
 */
#include "receiver_bench.h"

#include <string.h>

static receiver_bench b;
static rx_peer peer;

static void open_session(void)
{
    rx_init(&b);
    rx_peer_init(&peer, 0x3d30c238);
    rx_start(&b);
    rx_join(&b, &peer);
}

static void close_session(void)
{
    rx_peer_free(&peer);
    rx_close(&b);
}

static void hear(uftp_message message)
{
    rx_hear(&b, &peer, &message);
}

/* Several datagrams of the peer's in one call of recv(): trains. */
static void deliver_train(const uftp_message *messages, size_t count)
{
    static uint8_t data[64 * 600];
    size_t at = 0, first = 0;
    for (size_t i = 0; i < count; i++) {
        static uint8_t one[UFTP_DATAGRAM_MAX];
        size_t len;
        rx_write(&peer, &messages[i], false, one, &len);
        memcpy(data + at, one, len);
        at += len;
        if (i == 0)
            first = len;
    }
    const uftp_datagram train = {
        .data = data, .len = at, .segment_len = first, .source = peer.address};
    uftp_receiver_recv(b.receiver, b.now, &train, 1);
    rx_turn(&b);
}

static const uftp_status *last_status(void)
{
    return &rx_said_last(&b, UFTP_MESSAGE_STATUS)->message.as.status;
}

/* Every size around the borders of blocks and sections; the last block is short (trap 42). */
static void files_of_every_size_arrive(void **state)
{
    (void)state;
    static const uint64_t sizes[] = {0,    1,    511,   512,           513,
                                     1024, 4097, 51200, 4096 * 512ull, 4096 * 512ull + 1};
    open_session();
    for (uint16_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        rx_file(&b, &peer, (uint16_t)(i + 1), "file", sizes[i]);
        const memory_entry *file = memory_store_find(&b.files, 0, "file");
        assert_non_null(file);
        assert_int_equal(file->len, sizes[i]);
        for (size_t j = 0; j < sizes[i]; j++)
            if (file->data[j] != rx_content(j))
                fail_msg("size %u: byte %zu differs", (unsigned)sizes[i], j);
    }
    assert_int_equal(rx_stats(&b).datagrams_rejected, 0);
    close_session();
}

static void consecutive_blocks_of_one_train_are_one_write(void **state)
{
    (void)state;
    open_session();
    rx_open(&b, &peer, 1, "file", 20 * 512);
    static uint8_t data[20][512];
    uftp_message messages[20];
    for (uint16_t i = 0; i < 20; i++) {
        messages[i] = rx_msg_fileseg(&peer, 1, 0, i, 20 * 512);
        memcpy(data[i], messages[i].as.fileseg.data.data, 512);
        messages[i].as.fileseg.data.data = data[i];
    }
    deliver_train(messages, 8);
    assert_int_equal(b.files.writes, 1);
    assert_int_equal(b.files.slices, 8);
    uftp_message gap[3] = {messages[8], messages[10], messages[9]}; /* out of order: no run */
    deliver_train(gap, 3);
    assert_int_equal(b.files.writes, 4);
    deliver_train(messages + 11, 9);
    hear(rx_msg_done(1, 0, true));
    const memory_entry *file = memory_store_find(&b.files, 0, "file");
    for (size_t j = 0; j < file->len; j++)
        assert_int_equal(file->data[j], rx_content(j));
    close_session();
}

/* A DONE behind the last block in the same train must find the blocks written. */
static void blocks_are_written_before_the_done_behind_them(void **state)
{
    (void)state;
    open_session();
    rx_open(&b, &peer, 1, "file", 512);
    static uint8_t block[512];
    uftp_message messages[2] = {rx_msg_fileseg(&peer, 1, 0, 0, 512), rx_msg_done(1, 0, true)};
    memcpy(block, messages[0].as.fileseg.data.data, 512);
    messages[0].as.fileseg.data.data = block;
    deliver_train(messages, 2);
    const memory_entry *file = memory_store_find(&b.files, 0, "file");
    assert_non_null(file);
    assert_int_equal(file->len, 512);
    assert_int_equal(rx_said_count(&b, UFTP_MESSAGE_COMPLETE), 1);
    close_session();
}

static void missing_blocks_are_asked_for_after_done(void **state)
{
    (void)state;
    open_session();
    rx_open(&b, &peer, 1, "file", 16 * 512);
    for (uint16_t i = 0; i < 16; i++)
        if (i != 4)
            rx_block(&b, &peer, 1, 0, i, 16 * 512);
    hear(rx_msg_done(1, 0, true));
    assert_int_equal(b.said_count, 0); /* what overtook it may still come */
    rx_advance(&b, RX_GRTT + UFTP_MS(5));
    assert_int_equal(b.said_count, 1);
    const uint8_t bitmap[3] = {0x10, 0, 0};
    assert_int_equal(last_status()->file_id, 1);
    assert_int_equal(last_status()->section, 0);
    assert_int_equal(last_status()->naks.len, 3);
    assert_memory_equal(last_status()->naks.data, bitmap, 3);
    rx_clear(&b);
    rx_block(&b, &peer, 1, 0, 4, 16 * 512);
    hear(rx_msg_done(1, 0, true));
    assert_int_equal(rx_said_count(&b, UFTP_MESSAGE_COMPLETE), 1);
    assert_int_equal(b.events[UFTP_EVENT_FILE_FINISHED], 1);
    close_session();
}

/* A section's gaps are reported one GRTT after the sender has left it, without a DONE; the section
 * that is under way is not touched. */
static void leaving_a_section_with_gaps_reports_it(void **state)
{
    (void)state;
    const uint64_t size = 3 * 4096 * 512ull;
    open_session();
    rx_open(&b, &peer, 1, "file", size);
    for (uint16_t i = 0; i < 10; i++)
        rx_block(&b, &peer, 1, 0, i, size);
    rx_block(&b, &peer, 1, 1, 0, size);
    rx_advance(&b, RX_GRTT + UFTP_MS(5));
    assert_int_equal(b.said_count, 1);
    assert_int_equal(last_status()->section, 0);
    assert_int_equal(last_status()->naks.len, 513);
    rx_clear(&b);
    rx_advance(&b, 5 * RX_GRTT); /* once is enough until the sender asks */
    assert_int_equal(b.said_count, 0);
    hear(rx_msg_done(1, 2, false)); /* others are asked, but the position is news */
    rx_advance(&b, RX_GRTT + UFTP_MS(5));
    assert_int_equal(b.said_count, 2);
    assert_int_equal(b.said[0].message.as.status.section, 1);
    assert_int_equal(b.said[1].message.as.status.section, 2);
    close_session();
}

/* The DONE arrives while a section's timer is running: neither's sections are forgotten. */
static void a_done_takes_over_the_timer_of_a_section(void **state)
{
    (void)state;
    const uint64_t size = 4097 * 512ull;
    open_session();
    rx_open(&b, &peer, 1, "file", size);
    rx_block(&b, &peer, 1, 0, 5, size);
    rx_block(&b, &peer, 1, 1, 5, size);
    hear(rx_msg_done(1, 1, true));
    rx_advance(&b, RX_GRTT + UFTP_MS(5));
    assert_int_equal(b.said_count, 2);
    assert_int_equal(b.said[0].message.as.status.section, 0);
    assert_int_equal(b.said[1].message.as.status.section, 1);
    close_session();
}

/* Everything behind the position is in order, but something further back is not. */
static void a_done_without_news_asks_for_the_sections_further_back(void **state)
{
    (void)state;
    const uint64_t size = 4097 * 512ull; /* sections of 2049 and 2048 */
    open_session();
    rx_open(&b, &peer, 1, "file", size);
    for (uint16_t i = 1; i < 2049; i++)
        rx_block(&b, &peer, 1, 0, i, size);
    for (uint16_t i = 0; i < 2048; i++)
        rx_block(&b, &peer, 1, 1, i, size);
    rx_advance(&b, 2 * RX_GRTT);
    rx_clear(&b);
    hear(rx_msg_done(1, 1, true)); /* sections [1, 2): nothing missing, so [0, 1) */
    rx_advance(&b, RX_GRTT + UFTP_MS(5));
    assert_int_equal(b.said_count, 1);
    assert_int_equal(last_status()->section, 0);
    rx_clear(&b);
    hear(rx_msg_done(1, 1, true)); /* [2, 2) is empty, so all of it */
    rx_advance(&b, RX_GRTT + UFTP_MS(5));
    assert_int_equal(b.said_count, 1);
    assert_int_equal(last_status()->section, 0);
    close_session();
}

/* trap 45: after the timer of a section a file may turn out to be complete. */
static void trap_45_complete_may_come_without_a_done(void **state)
{
    (void)state;
    const uint64_t size = 4097 * 512ull;
    open_session();
    rx_open(&b, &peer, 1, "file", size);
    for (uint16_t i = 0; i < 2049; i++)
        rx_block(&b, &peer, 1, 0, i, size);
    for (uint16_t i = 0; i < 2048; i++)
        rx_block(&b, &peer, 1, 1, i, size);
    rx_advance(&b, RX_GRTT + UFTP_MS(5));
    assert_int_equal(rx_said_count(&b, UFTP_MESSAGE_COMPLETE), 1);
    assert_non_null(memory_store_find(&b.files, 0, "file"));
    close_session();
}

/* trap 43: empty files, too, are opened, and end with a DONE for section 0. */
static void trap_43_an_empty_file_is_acknowledged_then_completed(void **state)
{
    (void)state;
    open_session();
    rx_open(&b, &peer, 1, "empty", 0);
    assert_null(memory_store_find(&b.files, 0, "empty"));
    hear(rx_msg_done(1, 0, true));
    assert_int_equal(rx_said_count(&b, UFTP_MESSAGE_COMPLETE), 1);
    assert_int_equal(memory_store_find(&b.files, 0, "empty")->len, 0);
    close_session();
}

/* Late questions about the last file are answered with its status again. */
static void the_last_file_is_remembered(void **state)
{
    (void)state;
    open_session();
    rx_file(&b, &peer, 1, "file", 600);
    rx_clear(&b);
    hear(rx_msg_done(1, 0, true));
    assert_int_equal(rx_said_count(&b, UFTP_MESSAGE_COMPLETE), 1);
    hear(rx_msg_fileinfo(&peer, 1, "file", 600));
    assert_int_equal(rx_said_count(&b, UFTP_MESSAGE_COMPLETE), 2);
    assert_int_equal(b.events[UFTP_EVENT_FILE_STARTED], 0);
    hear(rx_msg_done(1, 0, false));
    assert_int_equal(rx_said_count(&b, UFTP_MESSAGE_COMPLETE), 2);
    /* A FILEINFO that comes late must not begin an older file again. */
    rx_file(&b, &peer, 2, "next", 600);
    rx_clear(&b);
    hear(rx_msg_fileinfo(&peer, 1, "file", 600));
    assert_int_equal(b.said_count, 0);
    assert_int_equal(b.events[UFTP_EVENT_FILE_STARTED], 0);
    close_session();
}

/* IDs wrap from 65535 to 1. */
static void file_ids_wrap(void **state)
{
    (void)state;
    open_session();
    rx_file(&b, &peer, 65535, "last", 600);
    rx_file(&b, &peer, 1, "first", 600);
    assert_non_null(memory_store_find(&b.files, 0, "first"));
    close_session();
}

static void a_repeated_fileinfo_is_acknowledged_again(void **state)
{
    (void)state;
    open_session();
    rx_open(&b, &peer, 1, "file", 1000);
    rx_block(&b, &peer, 1, 0, 0, 1000);
    uint64_t accepted = peer.timestamp_us;
    rx_advance(&b, UFTP_MS(30));
    hear(rx_msg_fileinfo(&peer, 1, "file", 1000));
    const uftp_fileinfo_ack *ack =
        &rx_said_last(&b, UFTP_MESSAGE_FILEINFO_ACK)->message.as.fileinfo_ack;
    /* Timed from the FILEINFO that was accepted, with the time held since (spec v5 4.3). */
    assert_int_equal(ack->timestamp_us, accepted + 30000);
    assert_false(ack->partial);
    rx_block(&b, &peer, 1, 0, 1, 1000); /* nothing was begun again */
    hear(rx_msg_done(1, 0, true));
    assert_int_equal(rx_said_count(&b, UFTP_MESSAGE_COMPLETE), 1);
    close_session();
}

static void a_fileinfo_for_others_is_only_a_sign_of_life(void **state)
{
    (void)state;
    open_session();
    uftp_message message = rx_msg_fileinfo(&peer, 1, "file", 1000);
    message.as.fileinfo.clients = rx_list(false);
    rx_advance(&b, UFTP_MS(900));
    hear(message);
    assert_int_equal(b.said_count, 0);
    rx_advance(&b, UFTP_MS(900));
    assert_int_equal(rx_stats(&b).sessions, 1);
    close_session();
}

/* trap 59: blocks and sections that do not exist, and lengths that do not fit. */
static void trap_59_a_block_that_does_not_fit_its_file_is_dropped(void **state)
{
    (void)state;
    const uint64_t size = 4097 * 512ull - 100; /* sections of 2049 and 2048, last block 412 */
    open_session();
    rx_open(&b, &peer, 1, "file", size);
    static uint8_t data[600];
    static const struct {
        uint16_t section, block;
        size_t len;
    } bad[] = {{2, 0, 512},     {65535, 0, 512}, {0, 2049, 512}, {1, 2048, 512},
               {1, 65535, 512}, {0, 0, 511},     {0, 0, 513},    {1, 2047, 512},
               {1, 2047, 411},  {1, 2047, 413},  {0, 2048, 412}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        hear((uftp_message){.type = UFTP_MESSAGE_FILESEG,
                            .as.fileseg = {.file_id = 1,
                                           .section = bad[i].section,
                                           .block = bad[i].block,
                                           .data = {data, bad[i].len}}});
    assert_int_equal(rx_stats(&b).rejected[-UFTP_ERR_MALFORMED], sizeof bad / sizeof *bad);
    assert_int_equal(rx_stats(&b).blocks_received, 0);
    assert_int_equal(b.files.writes, 0);
    close_session();
}

static void duplicates_are_counted_and_written_once(void **state)
{
    (void)state;
    open_session();
    rx_open(&b, &peer, 1, "file", 5000);
    for (int i = 0; i < 3; i++)
        rx_block(&b, &peer, 1, 0, 2, 5000);
    assert_int_equal(b.files.writes, 1);
    assert_int_equal(rx_stats(&b).blocks_received, 1);
    assert_int_equal(rx_stats(&b).blocks_duplicate, 2);
    close_session();
}

static void a_full_disk_ends_the_session_and_leaves_nothing(void **state)
{
    (void)state;
    open_session();
    rx_open(&b, &peer, 1, "file", 5000);
    rx_block(&b, &peer, 1, 0, 0, 5000);
    b.files.write_error = UFTP_ERR_NO_SPACE;
    rx_block(&b, &peer, 1, 0, 1, 5000);
    const uftp_abort *gone = &rx_said_last(&b, UFTP_MESSAGE_ABORT)->message.as.abort;
    assert_memory_equal(gone->text.data, "Not enough disk space", gone->text.len);
    assert_int_equal(b.last[UFTP_EVENT_FILE_FINISHED].error, UFTP_ERR_NO_SPACE);
    assert_int_equal(b.events[UFTP_EVENT_FILE_FINISHED], 1);
    assert_int_equal(memory_store_count(&b.files, UFTP_STAT_REGULAR), 0);
    assert_int_equal(rx_stats(&b).sessions, 0);
    close_session();
}

/* The write fails while a train is still being read: what is left of it finds a dead session. */
static void a_write_that_fails_in_mid_train_is_survived(void **state)
{
    (void)state;
    open_session();
    rx_open(&b, &peer, 1, "file", 5000);
    b.files.write_error = UFTP_ERR_IO;
    static uint8_t block[512];
    uftp_message messages[4] = {rx_msg_fileseg(&peer, 1, 0, 0, 5000),
                                rx_msg_fileseg(&peer, 1, 0, 5, 5000),
                                rx_msg_fileseg(&peer, 1, 0, 7, 5000), rx_msg_done(1, 0, true)};
    for (int i = 0; i < 3; i++)
        messages[i].as.fileseg.data.data = block;
    deliver_train(messages, 4);
    assert_int_equal(rx_said_count(&b, UFTP_MESSAGE_ABORT), 1);
    assert_int_equal(b.said_count, 1);
    assert_int_equal(rx_stats(&b).sessions, 0);
    close_session();
}

/* The blocks are only written because a DONE follows, which then has nothing to complete. */
static void a_write_that_fails_before_a_done_is_survived(void **state)
{
    (void)state;
    open_session();
    rx_open(&b, &peer, 1, "file", 512);
    b.files.write_error = UFTP_ERR_NO_SPACE;
    static uint8_t block[512];
    uftp_message messages[2] = {rx_msg_fileseg(&peer, 1, 0, 0, 512), rx_msg_done(1, 0, true)};
    messages[0].as.fileseg.data.data = block;
    deliver_train(messages, 2);
    assert_int_equal(rx_said_count(&b, UFTP_MESSAGE_ABORT), 1);
    assert_int_equal(b.said_count, 1);
    assert_int_equal(memory_store_count(&b.files, UFTP_STAT_REGULAR), 0);
    close_session();
}

/* What ends a session may arrive before the driver has asked for what it owes. */
static void a_session_that_ends_owing_something_is_forgotten(void **state)
{
    (void)state;
    open_session();
    const uftp_message messages[2] = {rx_msg_done(0, 0, true), rx_msg_done_conf(true)};
    deliver_train(messages, 2);
    assert_int_equal(b.said_count, 0);
    assert_int_equal(rx_stats(&b).sessions_finished, 1);
    close_session();
}

/* The reference forgets the file when it hears DONE(0), listed or not. */
static void done_of_the_session_for_others_loses_no_file(void **state)
{
    (void)state;
    open_session();
    rx_open(&b, &peer, 1, "file", 512);
    hear(rx_msg_done(0, 0, false));
    rx_block(&b, &peer, 1, 0, 0, 512);
    hear(rx_msg_done(1, 0, true));
    assert_non_null(memory_store_find(&b.files, 0, "file"));
    close_session();
}

static void done_of_the_session_for_us_drops_an_open_file(void **state)
{
    (void)state;
    open_session();
    rx_open(&b, &peer, 1, "file", 1024);
    rx_block(&b, &peer, 1, 0, 0, 1024);
    rx_end(&b, &peer);
    assert_int_equal(memory_store_count(&b.files, UFTP_STAT_REGULAR), 0);
    assert_int_equal(b.events[UFTP_EVENT_FILE_FINISHED], 1);
    assert_int_equal(b.last[UFTP_EVENT_FILE_FINISHED].error, UFTP_ERR_INCOMPLETE);
    assert_int_equal(rx_stats(&b).sessions_finished, 1);
    close_session();
}

/* A new pass begins at section 0 again: going backwards is no news. */
static void a_second_pass_is_followed(void **state)
{
    (void)state;
    const uint64_t size = 4097 * 512ull;
    open_session();
    rx_open(&b, &peer, 1, "file", size);
    rx_block(&b, &peer, 1, 0, 5, size);
    rx_block(&b, &peer, 1, 1, 5, size);
    rx_advance(&b, 2 * RX_GRTT);
    rx_clear(&b);
    rx_block(&b, &peer, 1, 0, 6, size);
    rx_advance(&b, 2 * RX_GRTT);
    assert_int_equal(b.said_count, 0);
    rx_block(&b, &peer, 1, 1, 6, size);
    rx_advance(&b, 2 * RX_GRTT);
    assert_int_equal(b.said_count, 1);
    assert_int_equal(last_status()->section, 0);
    close_session();
}

/* Timers run on the GRTT that is now in force, those under way included. */
static void a_new_grtt_stretches_running_timers(void **state)
{
    (void)state;
    open_session();
    rx_advance(&b, UFTP_MS(500));
    peer.grtt = uftp_grtt_quantise(UFTP_MS(500));
    rx_block(&b, &peer, 9, 0, 0, 1000);
    assert_int_equal(b.events[UFTP_EVENT_GRTT], 1);
    rx_advance(&b, UFTP_S(9));
    assert_int_equal(rx_stats(&b).sessions, 1); /* patience is now 20 * 0.5 s */
    close_session();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_of_every_size_arrive),
        cmocka_unit_test(consecutive_blocks_of_one_train_are_one_write),
        cmocka_unit_test(blocks_are_written_before_the_done_behind_them),
        cmocka_unit_test(missing_blocks_are_asked_for_after_done),
        cmocka_unit_test(leaving_a_section_with_gaps_reports_it),
        cmocka_unit_test(a_done_takes_over_the_timer_of_a_section),
        cmocka_unit_test(a_done_without_news_asks_for_the_sections_further_back),
        cmocka_unit_test(trap_45_complete_may_come_without_a_done),
        cmocka_unit_test(trap_43_an_empty_file_is_acknowledged_then_completed),
        cmocka_unit_test(the_last_file_is_remembered),
        cmocka_unit_test(file_ids_wrap),
        cmocka_unit_test(a_repeated_fileinfo_is_acknowledged_again),
        cmocka_unit_test(a_fileinfo_for_others_is_only_a_sign_of_life),
        cmocka_unit_test(trap_59_a_block_that_does_not_fit_its_file_is_dropped),
        cmocka_unit_test(duplicates_are_counted_and_written_once),
        cmocka_unit_test(a_full_disk_ends_the_session_and_leaves_nothing),
        cmocka_unit_test(a_write_that_fails_in_mid_train_is_survived),
        cmocka_unit_test(a_write_that_fails_before_a_done_is_survived),
        cmocka_unit_test(a_session_that_ends_owing_something_is_forgotten),
        cmocka_unit_test(done_of_the_session_for_others_loses_no_file),
        cmocka_unit_test(done_of_the_session_for_us_drops_an_open_file),
        cmocka_unit_test(a_second_pass_is_followed),
        cmocka_unit_test(a_new_grtt_stretches_running_timers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
