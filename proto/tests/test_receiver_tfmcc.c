/* SPDX-License-Identifier: MIT
 *
 * Congestion control as a receiver takes part in it: what it enters, and what it reports.
 */
#include "receiver_bench.h"

#include <string.h>

#define BLOCKS 400
#define SIZE (BLOCKS * 512)

static receiver_bench b;
static rx_peer peer;
static uint16_t round_now;
static uint64_t slowest;

static void open_session(bool encrypted)
{
    rx_init(&b);
    rx_peer_init(&peer, 0x3d30c238);
    peer.cc_type = UFTP_CC_TFMCC;
    if (encrypted)
        rx_peer_encrypt(&peer, &b);
    round_now = 1;
    slowest = UINT64_C(1) << 48;
    rx_start(&b);
}

static void close_session(void)
{
    rx_peer_free(&peer);
    rx_close(&b);
}

static void send_block(uint16_t file_id, uint16_t block)
{
    uftp_message message = rx_msg_fileseg(&peer, file_id, 0, block, SIZE);
    message.as.fileseg.has_tfmcc = true;
    message.as.fileseg.tfmcc =
        (uftp_tfmcc_data){.cc_seq = round_now, .cc_rate = uftp_rate_quantise(slowest)};
    rx_hear(&b, &peer, &message);
}

/* One block a millisecond. */
static void send_blocks(uint16_t file_id, uint16_t from, uint16_t end)
{
    for (uint16_t block = from; block < end; block++) {
        rx_advance(&b, UFTP_MS(1));
        send_block(file_id, block);
    }
}

/* The item's bytes stay with the function: one message at a time. */
static uftp_message control(uint8_t flags, uint32_t uid, uint64_t rtt)
{
    static uint8_t item[8];
    const uint8_t bytes[] = {(uint8_t)(uid >> 24),
                             (uint8_t)(uid >> 16),
                             (uint8_t)(uid >> 8),
                             (uint8_t)uid,
                             flags,
                             uftp_grtt_quantise(rtt),
                             0,
                             0};
    memcpy(item, bytes, sizeof item);
    return (uftp_message){.type = UFTP_MESSAGE_CONG_CTRL,
                          .as.cong_ctrl = {.cc_seq = round_now,
                                           .cc_rate = uftp_rate_quantise(slowest),
                                           .timestamp_us = peer.timestamp_us += 5000,
                                           .items = item,
                                           .item_count = 1}};
}

static void send_control(uint8_t flags, uint32_t uid, uint64_t rtt)
{
    const uftp_message message = control(flags, uid, rtt);
    rx_hear(&b, &peer, &message);
}

static uftp_tfmcc_ack last_report(void)
{
    assert_true(rx_said_count(&b, UFTP_MESSAGE_CC_ACK) > 0);
    return rx_said_last(&b, UFTP_MESSAGE_CC_ACK)->message.as.cc_ack.tfmcc;
}

/* The CLR answers each CONG_CTRL at once; nobody else does. */
static void clr_reports_at_once_with_an_adjusted_timestamp(void **state)
{
    (void)state;
    open_session(false);
    rx_join(&b, &peer);
    rx_open(&b, &peer, 1, "file", SIZE);
    peer.group_size = uftp_size_quantise(100);
    send_blocks(1, 0, 1);
    rx_clear(&b);
    send_control(UFTP_CONG_RTT, RX_UID, UFTP_MS(20));
    send_control(UFTP_CONG_RTT | UFTP_CONG_CLR, RX_OTHER_UID, UFTP_MS(20));
    assert_int_equal(rx_said_count(&b, UFTP_MESSAGE_CC_ACK), 0);
    send_control(UFTP_CONG_RTT | UFTP_CONG_CLR, RX_UID, UFTP_MS(20));
    const uftp_tfmcc_ack ack = last_report();
    assert_int_equal(ack.client, RX_UID);
    assert_int_equal(ack.cc_seq, round_now);
    assert_int_equal(ack.flags, UFTP_TFMCC_RTT | UFTP_TFMCC_START);
    assert_true(ack.timestamp_us == peer.timestamp_us);
    close_session();
}

/* 540 bytes of a block's datagram, IP, UDP, UFTP and TFMCC headers are 584: at one per millisecond
 * 584 kB/s, and twice that is what the receiver asks for. */
static void rate_in_slow_start_counts_every_byte_on_the_wire(void **state)
{
    (void)state;
    open_session(false);
    rx_join(&b, &peer);
    rx_open(&b, &peer, 1, "file", SIZE);
    send_blocks(1, 0, BLOCKS - 1);
    rx_clear(&b);
    send_control(UFTP_CONG_CLR, RX_UID, 0);
    const uftp_tfmcc_ack ack = last_report();
    assert_int_equal(ack.flags, UFTP_TFMCC_START);
    assert_in_range(uftp_rate_expand(ack.cc_rate), 1130000, 1160000);
    close_session();
}

/* One block that never came ends slow start for good, and STATUS says the same as CC_ACK. */
static void loss_ends_slow_start_in_every_report(void **state)
{
    (void)state;
    open_session(false);
    rx_join(&b, &peer);
    rx_open(&b, &peer, 1, "file", SIZE);
    send_blocks(1, 0, 100);
    peer.seq++;
    send_blocks(1, 101, 105);
    rx_clear(&b);
    send_control(UFTP_CONG_CLR, RX_UID, 0); /* five behind: it may still come */
    assert_int_equal(last_report().flags, UFTP_TFMCC_START);
    send_blocks(1, 105, 106);
    send_control(UFTP_CONG_CLR, RX_UID, 0);
    const uftp_tfmcc_ack ack = last_report();
    assert_int_equal(ack.flags, 0);
    assert_true(uftp_rate_expand(ack.cc_rate) < 600000);
    rx_clear(&b);
    const uftp_message done = rx_msg_done(1, 0, true);
    rx_hear(&b, &peer, &done);
    rx_advance(&b, 2 * RX_GRTT);
    assert_true(rx_said_count(&b, UFTP_MESSAGE_STATUS) == 1);
    const uftp_status *status = &rx_said_last(&b, UFTP_MESSAGE_STATUS)->message.as.status;
    assert_true(status->has_tfmcc);
    assert_int_equal(status->tfmcc.client, RX_UID);
    assert_int_equal(status->tfmcc.flags, 0);
    close_session();
}

/* Trap 36: every kind of packet fills its number. KEYINFO and ANNOUNCE come in the clear before the
 * first sealed packet; DONE, CONG_CTRL and the FILEINFO of others come between the blocks. */
static void trap_36_no_kind_of_packet_looks_lost(void **state)
{
    (void)state;
    for (int encrypted = 0; encrypted < 2; encrypted++) {
        open_session(encrypted);
        rx_announce(&b, &peer);
        if (encrypted) {
            rx_keyinfo(&b, &peer);
            rx_keyinfo(&b, &peer);
            rx_keyinfo(&b, &peer);
        } else {
            const uftp_message confirmed = rx_msg_reg_conf(true);
            rx_hear(&b, &peer, &confirmed);
            rx_hear(&b, &peer, &confirmed);
        }
        rx_announce(&b, &peer);
        rx_open(&b, &peer, 1, "file", SIZE);
        send_blocks(1, 0, 10);
        const uftp_message others[] = {rx_msg_done(1, 0, false), rx_msg_done_conf(false),
                                       rx_msg_abort(RX_OTHER_UID, "not you")};
        for (size_t i = 0; i < 3; i++)
            rx_hear(&b, &peer, &others[i]);
        send_control(0, RX_OTHER_UID, UFTP_MS(1));
        send_blocks(1, 10, 30);
        rx_clear(&b);
        send_control(UFTP_CONG_CLR, RX_UID, 0);
        assert_int_equal(last_report().flags, UFTP_TFMCC_START);
        close_session();
    }
}

/* When the network drops packets it drops the CONG_CTRLs, too: the CLR does not wait for them. */
static void clr_reports_a_loss_and_a_missing_control_unasked(void **state)
{
    (void)state;
    open_session(false);
    rx_join(&b, &peer);
    rx_open(&b, &peer, 1, "file", SIZE);
    send_blocks(1, 0, 20);
    send_control(UFTP_CONG_CLR, RX_UID, 0);
    rx_clear(&b);
    peer.seq++;
    send_blocks(1, 21, 26);
    assert_int_equal(rx_said_count(&b, UFTP_MESSAGE_CC_ACK), 0);
    send_blocks(1, 26, 27);
    assert_int_equal(rx_said_count(&b, UFTP_MESSAGE_CC_ACK), 1);
    assert_int_equal(last_report().flags, 0);
    rx_clear(&b);
    send_blocks(1, 27, 100); /* 73 ms: less than 1.5 GRTT after the last control */
    assert_int_equal(rx_said_count(&b, UFTP_MESSAGE_CC_ACK), 0);
    send_blocks(1, 100, 140);
    assert_int_equal(rx_said_count(&b, UFTP_MESSAGE_CC_ACK), 1);
    send_control(0, RX_OTHER_UID, UFTP_MS(1)); /* not the CLR any more */
    rx_clear(&b);
    peer.seq++;
    send_blocks(1, 161, 200);
    assert_int_equal(rx_said_count(&b, UFTP_MESSAGE_CC_ACK), 0);
    close_session();
}

/* A clear datagram in an encrypted session is anybody's: its number must not move the history. */
static void forged_numbers_do_not_make_an_encrypted_session_crawl(void **state)
{
    (void)state;
    open_session(true);
    rx_join(&b, &peer);
    rx_open(&b, &peer, 1, "file", SIZE);
    send_blocks(1, 0, 20);
    uint16_t seq = peer.seq;
    for (int i = 0; i < 20; i++) {
        peer.seq = (uint16_t)(seq + 1000 * i);
        rx_announce(&b, &peer);
        const uftp_message confirmed = rx_msg_reg_conf(true);
        rx_hear_clear(&b, &peer, &confirmed);
    }
    peer.seq = seq;
    send_blocks(1, 20, 40);
    rx_clear(&b);
    send_control(UFTP_CONG_CLR, RX_UID, 0);
    assert_int_equal(last_report().flags, UFTP_TFMCC_START);
    close_session();
}

static void congestion_marked_by_the_network_counts_as_loss(void **state)
{
    (void)state;
    open_session(false);
    rx_join(&b, &peer);
    rx_open(&b, &peer, 1, "file", SIZE);
    peer.tos = 0xb8 | UFTP_ECN_CAPABLE;
    send_blocks(1, 0, 50);
    rx_clear(&b);
    send_control(UFTP_CONG_CLR, RX_UID, 0);
    assert_int_equal(last_report().flags, UFTP_TFMCC_START);
    peer.tos |= UFTP_ECN_MARKED;
    send_blocks(1, 50, 51);
    send_control(UFTP_CONG_CLR, RX_UID, 0);
    assert_int_equal(last_report().flags, 0);
    close_session();
}

/* Trap 22: the sender's rounds start at 0 again with the second file. */
static void trap_22_second_file_is_reported_on(void **state)
{
    (void)state;
    open_session(false);
    rx_join(&b, &peer);
    round_now = 30;
    rx_open(&b, &peer, 1, "one", SIZE);
    send_blocks(1, 0, BLOCKS);
    const uftp_message done = rx_msg_done(1, 0, true);
    rx_hear(&b, &peer, &done);
    round_now = 0;
    rx_open(&b, &peer, 2, "two", SIZE);
    send_blocks(2, 0, 20);
    rx_advance(&b, 7 * RX_GRTT);
    assert_int_equal(rx_said_count(&b, UFTP_MESSAGE_CC_ACK), 1);
    assert_int_equal(last_report().cc_seq, 0);
    close_session();
}

/* Trap 37: alone in the group, the answer to a new round is due at once (a timer that is due now
 * would be a broken contract with the driver). */
static void trap_37_only_receiver_of_a_group_reports_at_once(void **state)
{
    (void)state;
    for (uint8_t size = 0; size < 2; size++) {
        open_session(false);
        rx_join(&b, &peer);
        rx_open(&b, &peer, 1, "file", SIZE);
        peer.group_size = uftp_size_quantise(size);
        send_block(1, 0);
        assert_int_equal(rx_said_count(&b, UFTP_MESSAGE_CC_ACK), 1);
        send_block(1, 1);
        assert_int_equal(rx_said_count(&b, UFTP_MESSAGE_CC_ACK), 1);
        round_now++;
        send_block(1, 2);
        assert_int_equal(rx_said_count(&b, UFTP_MESSAGE_CC_ACK), 2);
        close_session();
    }
}

static void receiver_of_a_group_reports_within_the_round_unless_silenced(void **state)
{
    (void)state;
    unsigned spoke = 0;
    open_session(false);
    rx_join(&b, &peer);
    rx_open(&b, &peer, 1, "file", SIZE);
    peer.group_size = uftp_size_quantise(100);
    send_blocks(1, 0, 200);
    rx_advance(&b, 7 * RX_GRTT);
    for (uint16_t i = 0; i < 20; i++) {
        rx_clear(&b);
        round_now++;
        send_block(1, (uint16_t)(200 + i));
        rx_advance(&b, 7 * RX_GRTT);
        assert_int_equal(rx_said_count(&b, UFTP_MESSAGE_CC_ACK), 1);
    }
    slowest = 10; /* somebody is much slower than we are */
    for (uint16_t i = 0; i < 20; i++) {
        rx_clear(&b);
        round_now++;
        send_block(1, (uint16_t)(220 + 2 * i));
        send_block(1, (uint16_t)(221 + 2 * i));
        rx_advance(&b, 7 * RX_GRTT);
        spoke += rx_said_count(&b, UFTP_MESSAGE_CC_ACK) > 0;
    }
    assert_in_range(spoke, 0, 5); /* about one in a hundred draws no delay at all */
    close_session();
}

/* Whoever has all blocks would otherwise still hold the others to its rate. */
static void finished_receiver_keeps_silent(void **state)
{
    (void)state;
    open_session(false);
    rx_join(&b, &peer);
    rx_open(&b, &peer, 1, "file", SIZE);
    peer.group_size = uftp_size_quantise(100);
    send_control(UFTP_CONG_CLR, RX_UID, 0);
    send_blocks(1, 0, BLOCKS);
    round_now++;
    send_block(1, 0);
    rx_clear(&b);
    /* Both in one turn: the report that the first one asks for is void after the second. */
    static uint8_t data[2][UFTP_DATAGRAM_MAX];
    uftp_datagram both[2] = {{.data = data[0], .source = peer.address},
                             {.data = data[1], .source = peer.address}};
    const uftp_message asked = control(UFTP_CONG_CLR, RX_UID, 0);
    rx_write(&peer, &asked, false, data[0], &both[0].len);
    const uftp_message done = rx_msg_done(1, 0, true);
    rx_write(&peer, &done, false, data[1], &both[1].len);
    uftp_receiver_recv(b.receiver, b.now, both, 2);
    rx_turn(&b);
    assert_int_equal(rx_said_count(&b, UFTP_MESSAGE_COMPLETE), 1);
    send_control(UFTP_CONG_CLR, RX_UID, 0);
    rx_advance(&b, 7 * RX_GRTT);
    assert_int_equal(rx_said_count(&b, UFTP_MESSAGE_CC_ACK), 0);
    close_session();
}

/* Extensions and CONG_CTRL in a session that was announced without congestion control. */
static void session_without_congestion_control_reports_nothing(void **state)
{
    (void)state;
    open_session(false);
    peer.cc_type = UFTP_CC_NONE;
    rx_join(&b, &peer);
    rx_open(&b, &peer, 1, "file", SIZE);
    send_block(1, 0);
    send_control(UFTP_CONG_CLR, RX_UID, 0);
    const uftp_message done = rx_msg_done(1, 0, true);
    rx_hear(&b, &peer, &done);
    rx_advance(&b, 7 * RX_GRTT);
    assert_int_equal(rx_said_count(&b, UFTP_MESSAGE_CC_ACK), 0);
    assert_false(rx_said_last(&b, UFTP_MESSAGE_STATUS)->message.as.status.has_tfmcc);
    close_session();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clr_reports_at_once_with_an_adjusted_timestamp),
        cmocka_unit_test(rate_in_slow_start_counts_every_byte_on_the_wire),
        cmocka_unit_test(loss_ends_slow_start_in_every_report),
        cmocka_unit_test(clr_reports_a_loss_and_a_missing_control_unasked),
        cmocka_unit_test(trap_36_no_kind_of_packet_looks_lost),
        cmocka_unit_test(forged_numbers_do_not_make_an_encrypted_session_crawl),
        cmocka_unit_test(congestion_marked_by_the_network_counts_as_loss),
        cmocka_unit_test(trap_22_second_file_is_reported_on),
        cmocka_unit_test(trap_37_only_receiver_of_a_group_reports_at_once),
        cmocka_unit_test(receiver_of_a_group_reports_within_the_round_unless_silenced),
        cmocka_unit_test(finished_receiver_keeps_silent),
        cmocka_unit_test(session_without_congestion_control_reports_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
