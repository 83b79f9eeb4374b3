/* SPDX-License-Identifier: MIT
 *
 * The receiver as a member of sessions: from ANNOUNCE to DONE_CONF, several at once, and every way
 * out. Traps are those of spec v5 6.
 */
#include "receiver_bench.h"

#include <string.h>

#define GROUP 0x3d30c238u

typedef struct fixture {
    receiver_bench bench;
    rx_peer peer;
} fixture;

static fixture f; /* large: its datagrams */

static void open_bench(void)
{
    rx_init(&f.bench);
    rx_peer_init(&f.peer, GROUP);
}

static void close_bench(void)
{
    rx_peer_free(&f.peer);
    rx_close(&f.bench);
}

static void start_plain(void)
{
    open_bench();
    rx_start(&f.bench);
}

static void start_encrypted(bool client_auth)
{
    open_bench();
    rx_peer_encrypt(&f.peer, &f.bench);
    f.peer.client_auth = client_auth;
    rx_start(&f.bench);
}

static void a_plain_session_delivers_a_file(void **state)
{
    (void)state;
    start_plain();
    rx_announce(&f.bench, &f.peer);
    assert_int_equal(f.bench.events[UFTP_EVENT_SESSION_STARTED], 1);
    assert_int_equal(f.bench.events[UFTP_EVENT_JOIN], 1);
    const rx_said *reg = rx_said_last(&f.bench, UFTP_MESSAGE_REGISTER);
    assert_int_equal(reg->message.as.registration.clients.count, 0); /* trap 33 */
    assert_true(uftp_address_equal(&reg->to, &f.peer.address));
    assert_int_equal(reg->header.seq, 0);
    assert_int_equal(reg->header.grtt, 0);
    const uftp_message conf = rx_msg_reg_conf(true);
    rx_hear(&f.bench, &f.peer, &conf);
    assert_int_equal(f.bench.events[UFTP_EVENT_SESSION_READY], 1);
    rx_file(&f.bench, &f.peer, 1, "a/b/file", 5000);
    const memory_entry *file = memory_store_find(&f.bench.files, 0, "a/b/file");
    assert_non_null(file);
    assert_int_equal(file->len, 5000);
    for (size_t i = 0; i < 5000; i++)
        assert_int_equal(file->data[i], rx_content(i));
    assert_int_equal(file->mtime, 1600000000);
    rx_end(&f.bench, &f.peer);
    assert_int_equal(f.bench.events[UFTP_EVENT_SESSION_FINISHED], 1);
    assert_int_equal(f.bench.last[UFTP_EVENT_SESSION_FINISHED].result, UFTP_RESULT_OK);
    assert_int_equal(f.bench.events[UFTP_EVENT_LEAVE], 1);
    assert_int_equal(rx_stats(&f.bench).sessions, 0);
    assert_int_equal(rx_stats(&f.bench).datagrams_rejected, 0);
    assert_int_equal(uftp_receiver_next_deadline(f.bench.receiver), UFTP_NEVER);
    close_bench();
}

/* Both with client authentication and without: context 2 differs. */
static void an_encrypted_session_delivers_a_file(void **state)
{
    (void)state;
    for (int auth = 0; auth < 2; auth++) {
        start_encrypted(auth == 1);
        rx_announce(&f.bench, &f.peer);
        assert_int_equal(rx_said_count(&f.bench, UFTP_MESSAGE_CLIENT_KEY), auth);
        rx_keyinfo(&f.bench, &f.peer);
        const rx_said *ack = rx_said_last(&f.bench, UFTP_MESSAGE_KEYINFO_ACK);
        assert_true(ack->sealed);
        assert_memory_equal(ack->message.as.keyinfo_ack.verify_data.data, f.peer.verify_data, 32);
        rx_file(&f.bench, &f.peer, 1, "file", 1300);
        assert_true(rx_said_last(&f.bench, UFTP_MESSAGE_COMPLETE)->sealed);
        rx_end(&f.bench, &f.peer);
        const memory_entry *file = memory_store_find(&f.bench.files, 0, "file");
        assert_non_null(file);
        for (size_t i = 0; i < 1300; i++)
            assert_int_equal(file->data[i], rx_content(i));
        assert_int_equal(f.bench.last[UFTP_EVENT_SESSION_FINISHED].result, UFTP_RESULT_OK);
        assert_int_equal(rx_stats(&f.bench).datagrams_rejected, 0);
        close_bench();
    }
}

static void two_sessions_at_once_keep_their_files_apart(void **state)
{
    (void)state;
    start_plain();
    rx_peer other;
    rx_peer_init(&other, GROUP + 1);
    other.uid = 0x0a000009;
    other.address = uftp_address_ipv4(10, 0, 0, 9, 5000);
    rx_join(&f.bench, &f.peer);
    rx_join(&f.bench, &other);
    assert_int_equal(rx_stats(&f.bench).sessions, 2);
    rx_open(&f.bench, &f.peer, 1, "one", 2000);
    rx_open(&f.bench, &other, 1, "two", 2000);
    for (uint16_t i = 0; i < 4; i++) {
        rx_block(&f.bench, &f.peer, 1, 0, i, 2000);
        if (i < 3)
            rx_block(&f.bench, &other, 1, 0, i, 2000);
    }
    const uftp_message done = rx_msg_done(1, 0, true);
    rx_hear(&f.bench, &f.peer, &done);
    assert_non_null(memory_store_find(&f.bench.files, 0, "one"));
    assert_null(memory_store_find(&f.bench.files, 0, "two"));
    rx_end(&f.bench, &f.peer);
    assert_int_equal(f.bench.events[UFTP_EVENT_LEAVE], 0); /* the other is in the same group */
    rx_block(&f.bench, &other, 1, 0, 3, 2000);
    rx_hear(&f.bench, &other, &done);
    assert_non_null(memory_store_find(&f.bench.files, 0, "two"));
    rx_end(&f.bench, &other);
    assert_int_equal(f.bench.events[UFTP_EVENT_LEAVE], 1);
    close_bench();
}

/* Two senders may draw one group ID. Either's datagrams are the other's noise. */
static void equal_group_ids_of_two_senders_are_two_sessions(void **state)
{
    (void)state;
    start_plain();
    rx_peer other;
    rx_peer_init(&other, GROUP);
    other.uid = 0x0a000009;
    other.address = uftp_address_ipv4(10, 0, 0, 9, 5000);
    rx_join(&f.bench, &f.peer);
    rx_join(&f.bench, &other);
    assert_int_equal(rx_stats(&f.bench).sessions, 2);
    rx_open(&f.bench, &f.peer, 1, "same", 1000);
    /* The same name under the same number: each would write into the other's partial file. */
    const uftp_message info = rx_msg_fileinfo(&other, 1, "same", 1000);
    rx_hear(&f.bench, &other, &info);
    assert_int_equal(rx_said_last(&f.bench, UFTP_MESSAGE_COMPLETE)->message.as.complete.status,
                     UFTP_COMPLETE_REJECTED);
    rx_block(&f.bench, &f.peer, 1, 0, 0, 1000);
    rx_block(&f.bench, &f.peer, 1, 0, 1, 1000);
    const uftp_message done = rx_msg_done(1, 0, true);
    rx_hear(&f.bench, &f.peer, &done);
    assert_non_null(memory_store_find(&f.bench.files, 0, "same"));
    close_bench();
}

static void register_is_repeated_until_the_deadline(void **state)
{
    (void)state;
    start_plain();
    rx_announce(&f.bench, &f.peer);
    rx_clear(&f.bench);
    rx_advance(&f.bench, 5 * RX_GRTT + UFTP_MS(30));
    assert_int_equal(rx_said_count(&f.bench, UFTP_MESSAGE_REGISTER), 1);
    /* The timestamp grows by the time the REGISTER was held. */
    const uftp_register *reg =
        &rx_said_last(&f.bench, UFTP_MESSAGE_REGISTER)->message.as.registration;
    assert_in_range(reg->timestamp_us, f.peer.timestamp_us + 250000, f.peer.timestamp_us + 290000);
    rx_advance(&f.bench, UFTP_S(7));
    assert_int_equal(rx_said_count(&f.bench, UFTP_MESSAGE_ABORT), 1);
    assert_string_equal(f.bench.text[UFTP_EVENT_ABORT], "Registration unconfirmed");
    assert_int_equal(rx_stats(&f.bench).sessions, 0);
    assert_int_equal(rx_stats(&f.bench).sessions_failed, 1);
    assert_int_equal(f.bench.events[UFTP_EVENT_LEAVE], 1);
    close_bench();
}

static uint64_t time_until_over(uint64_t limit)
{
    uint64_t started = f.bench.now;
    while (rx_stats(&f.bench).sessions > 0 && f.bench.now - started < limit)
        rx_advance(&f.bench, UFTP_MS(5));
    return f.bench.now - started;
}

/* The published document has "max" and "min" the other way round for REGISTER, and ROBUST * GRTT
 * for COMPLETE. On the wire it is max(1 s, 5 * ROBUST * GRTT) and max(1 s, 4 * ROBUST * GRTT). */
static void trap_14_deadlines_are_those_of_the_programs(void **state)
{
    (void)state;
    start_plain();
    rx_announce(&f.bench, &f.peer);
    uint64_t deadline = 5 * f.peer.robust * RX_GRTT;
    assert_in_range(time_until_over(UFTP_S(60)), deadline, deadline + deadline / 10);
    close_bench();

    start_plain();
    rx_join(&f.bench, &f.peer);
    const uftp_message done = rx_msg_done(0, 0, true);
    rx_hear(&f.bench, &f.peer, &done);
    deadline = 4 * f.peer.robust * RX_GRTT;
    assert_in_range(time_until_over(UFTP_S(60)), deadline, deadline + deadline / 10);
    close_bench();
}

/* Repeats carry the same random and ECDH key (trap 32), and a CLIENT_KEY each. */
static void trap_32_repeated_registers_are_equal(void **state)
{
    (void)state;
    start_encrypted(true);
    rx_announce(&f.bench, &f.peer);
    uint8_t random[32], blob[136];
    const uftp_register *reg =
        &rx_said_last(&f.bench, UFTP_MESSAGE_REGISTER)->message.as.registration;
    memcpy(random, reg->random, 32);
    memcpy(blob, reg->ecdh_key.data, reg->ecdh_key.len);
    rx_clear(&f.bench);
    rx_advance(&f.bench, 6 * RX_GRTT);
    reg = &rx_said_last(&f.bench, UFTP_MESSAGE_REGISTER)->message.as.registration;
    assert_memory_equal(reg->random, random, 32);
    assert_memory_equal(reg->ecdh_key.data, blob, reg->ecdh_key.len);
    assert_int_equal(rx_said_count(&f.bench, UFTP_MESSAGE_CLIENT_KEY), 1);
    rx_keyinfo(&f.bench, &f.peer);
    assert_int_equal(f.bench.events[UFTP_EVENT_SESSION_READY], 1);
    close_bench();
}

static void trap_34_a_plain_register_has_zeros_for_random(void **state)
{
    (void)state;
    start_plain();
    rx_announce(&f.bench, &f.peer);
    const rx_said *reg = rx_said_last(&f.bench, UFTP_MESSAGE_REGISTER);
    assert_int_equal(reg->len, 60);
    const uint8_t zeros[32] = {0};
    assert_memory_equal(reg->bytes + 16 + 12, zeros, 32);
    close_bench();
}

/* An open group may be a thousand receivers: their REGISTERs must not meet. */
static void an_open_group_is_answered_after_a_random_delay(void **state)
{
    (void)state;
    start_plain();
    f.peer.open = true;
    rx_announce(&f.bench, &f.peer);
    assert_int_equal(rx_said_count(&f.bench, UFTP_MESSAGE_REGISTER), 0);
    rx_advance(&f.bench, RX_GRTT / 4);
    assert_int_equal(rx_said_count(&f.bench, UFTP_MESSAGE_REGISTER), 1);
    close_bench();
}

/* A GRTT byte of 0 (1 us) would have the reference repeat REGISTER thousands of times a second. */
static void a_tiny_grtt_does_not_make_us_flood(void **state)
{
    (void)state;
    start_plain();
    f.peer.grtt = 0;
    rx_announce(&f.bench, &f.peer);
    rx_clear(&f.bench);
    rx_advance(&f.bench, UFTP_S(3));
    assert_in_range(rx_stats(&f.bench).datagrams_sent, 2, 21); /* 20 REGISTERs and an ABORT */
    assert_int_equal(rx_stats(&f.bench).sessions, 0);
    close_bench();

    start_plain(); /* the same with COMPLETE, and a GRTT that shrinks in mid-session */
    rx_join(&f.bench, &f.peer);
    f.peer.grtt = 0;
    uint64_t before = rx_stats(&f.bench).datagrams_sent;
    const uftp_message done = rx_msg_done(0, 0, true);
    rx_hear(&f.bench, &f.peer, &done);
    uint64_t deadline = uftp_receiver_next_deadline(f.bench.receiver);
    assert_true(deadline >= f.bench.now + UFTP_MS(4));
    rx_advance(&f.bench, UFTP_S(3));
    assert_in_range(rx_stats(&f.bench).datagrams_sent - before, 2, 20);
    assert_int_equal(rx_stats(&f.bench).sessions_finished, 1);
    close_bench();
}

/* trap 35: a sender that has counted past 32767 when we join is heard. */
static void trap_35_a_counter_that_is_far_when_we_join_is_understood(void **state)
{
    (void)state;
    for (unsigned start = 0; start < 65536; start += 8191) {
        start_plain();
        f.peer.seq = (uint16_t)start;
        rx_join(&f.bench, &f.peer);
        rx_file(&f.bench, &f.peer, 1, "file", 3000);
        close_bench();
    }
}

static void trap_35_a_counter_that_jumps_is_followed_after_a_while(void **state)
{
    (void)state;
    start_plain();
    rx_join(&f.bench, &f.peer);
    rx_open(&f.bench, &f.peer, 1, "file", 200000);
    f.peer.seq = (uint16_t)(f.peer.seq + 40000);
    for (uint16_t i = 0; i < 300; i++)
        rx_block(&f.bench, &f.peer, 1, 0, i, 200000);
    assert_in_range(rx_stats(&f.bench).blocks_received, 190, 299);
    close_bench();
}

static void late_datagrams_of_a_plain_session_are_dropped(void **state)
{
    (void)state;
    start_plain();
    rx_join(&f.bench, &f.peer);
    rx_open(&f.bench, &f.peer, 1, "file", 20000);
    f.peer.seq = (uint16_t)(f.peer.seq + 10);
    rx_block(&f.bench, &f.peer, 1, 0, 0, 20000);
    uint16_t newest = (uint16_t)(f.peer.seq - 1);
    f.peer.seq = (uint16_t)(newest - 6);
    rx_block(&f.bench, &f.peer, 1, 0, 1, 20000);
    assert_int_equal(rx_stats(&f.bench).blocks_received, 1);
    assert_int_equal(rx_stats(&f.bench).rejected[-UFTP_ERR_EXISTS], 1);
    f.peer.seq = (uint16_t)(newest - 5);
    rx_block(&f.bench, &f.peer, 1, 0, 2, 20000);
    assert_int_equal(rx_stats(&f.bench).blocks_received, 2);
    close_bench();
}

/* trap 44: the reference takes any DONE for the end of the session when no file was announced. */
static void trap_44_done_of_an_unknown_file_is_not_the_end(void **state)
{
    (void)state;
    start_plain();
    rx_join(&f.bench, &f.peer);
    const uftp_message done = rx_msg_done(7, 3, true);
    rx_hear(&f.bench, &f.peer, &done);
    assert_int_equal(f.bench.said_count, 0);
    rx_file(&f.bench, &f.peer, 8, "file", 600);
    rx_clear(&f.bench);
    rx_hear(&f.bench, &f.peer, &done);
    assert_int_equal(f.bench.said_count, 0);
    assert_int_equal(rx_stats(&f.bench).sessions, 1);
    close_bench();
}

/* trap 46: COMPLETE(0) is repeated on our own timer, and at the deadline we are content. */
static void trap_46_complete_of_the_session_is_repeated_until_the_deadline(void **state)
{
    (void)state;
    start_plain();
    rx_join(&f.bench, &f.peer);
    const uftp_message done = rx_msg_done(0, 0, true);
    rx_hear(&f.bench, &f.peer, &done);
    rx_clear(&f.bench);
    rx_advance(&f.bench, 4 * RX_GRTT + UFTP_MS(20));
    assert_int_equal(rx_said_count(&f.bench, UFTP_MESSAGE_COMPLETE), 1);
    rx_hear(&f.bench, &f.peer, &done); /* ours was lost */
    assert_int_equal(rx_said_count(&f.bench, UFTP_MESSAGE_COMPLETE), 2);
    rx_advance(&f.bench, UFTP_S(5));
    assert_int_equal(rx_stats(&f.bench).sessions, 0);
    assert_int_equal(rx_stats(&f.bench).sessions_finished, 1);
    assert_int_equal(rx_said_count(&f.bench, UFTP_MESSAGE_ABORT), 0);
    close_bench();
}

/* trap 48: after DONE_CONF nothing is owed, whatever the sender repeats. */
static void trap_48_a_finished_session_answers_no_more(void **state)
{
    (void)state;
    start_plain();
    rx_join(&f.bench, &f.peer);
    rx_end(&f.bench, &f.peer);
    rx_clear(&f.bench);
    const uftp_message done = rx_msg_done(0, 0, true), conf = rx_msg_done_conf(true);
    rx_hear(&f.bench, &f.peer, &done);
    rx_hear(&f.bench, &f.peer, &conf);
    assert_int_equal(f.bench.said_count, 0);
    close_bench();
}

/* A late ANNOUNCE must not start the session afresh; a later session under the same number may. */
static void only_a_newer_announce_starts_a_finished_session_again(void **state)
{
    (void)state;
    start_plain();
    rx_announce(&f.bench, &f.peer);
    uint64_t early = f.peer.timestamp_us;
    const uftp_message conf = rx_msg_reg_conf(true);
    rx_hear(&f.bench, &f.peer, &conf);
    rx_advance(&f.bench, UFTP_MS(500));
    rx_end(&f.bench, &f.peer);
    f.peer.timestamp_us = early + 1000;
    rx_announce(&f.bench, &f.peer);
    assert_int_equal(rx_stats(&f.bench).sessions, 0);
    f.peer.timestamp_us = early + 600000;
    rx_announce(&f.bench, &f.peer);
    assert_int_equal(rx_stats(&f.bench).sessions, 1);
    close_bench();
}

static void trap_49_clear_aborts_do_not_end_an_established_session(void **state)
{
    (void)state;
    start_encrypted(false);
    rx_join(&f.bench, &f.peer);
    const uftp_message gone = rx_msg_abort(0, "forged");
    rx_hear_clear(&f.bench, &f.peer, &gone);
    assert_int_equal(rx_stats(&f.bench).sessions, 1);
    assert_int_equal(rx_stats(&f.bench).rejected[-UFTP_ERR_AUTH], 1);
    rx_hear(&f.bench, &f.peer, &gone);
    assert_int_equal(rx_stats(&f.bench).sessions, 0);
    assert_string_equal(f.bench.text[UFTP_EVENT_SESSION_FINISHED], "forged");
    close_bench();
}

/* Before there are keys an ABORT is believed, but not at once: a KEYINFO proves it forged. */
static void trap_66_a_clear_abort_during_registration_waits_for_a_keyinfo(void **state)
{
    (void)state;
    for (int genuine = 0; genuine < 2; genuine++) {
        start_encrypted(false);
        rx_announce(&f.bench, &f.peer);
        const uftp_message gone = rx_msg_abort(RX_UID, "Not in host list");
        rx_hear_clear(&f.bench, &f.peer, &gone);
        assert_int_equal(rx_stats(&f.bench).sessions, 1);
        if (genuine) {
            rx_advance(&f.bench, RX_GRTT * 2);
            assert_int_equal(rx_stats(&f.bench).sessions, 0);
            assert_int_equal(rx_said_count(&f.bench, UFTP_MESSAGE_ABORT), 0);
            assert_string_equal(f.bench.text[UFTP_EVENT_SESSION_FINISHED], "Not in host list");
        } else {
            rx_keyinfo(&f.bench, &f.peer);
            rx_advance(&f.bench, RX_GRTT * 2);
            rx_file(&f.bench, &f.peer, 1, "file", 100);
        }
        close_bench();
    }
}

static void aborts_for_others_and_for_the_current_file_are_not_ours(void **state)
{
    (void)state;
    start_plain();
    rx_join(&f.bench, &f.peer);
    uftp_message message = rx_msg_abort(RX_OTHER_UID, "not you");
    rx_hear(&f.bench, &f.peer, &message);
    message = rx_msg_abort(0, "between files");
    message.as.abort.current_file = true;
    rx_hear(&f.bench, &f.peer, &message);
    assert_int_equal(rx_stats(&f.bench).sessions, 1);
    rx_open(&f.bench, &f.peer, 1, "file", 1000);
    rx_hear(&f.bench, &f.peer, &message);
    assert_int_equal(rx_stats(&f.bench).sessions, 0);
    assert_int_equal(memory_store_count(&f.bench.files, UFTP_STAT_REGULAR), 0);
    assert_int_equal(rx_said_count(&f.bench, UFTP_MESSAGE_ABORT), 0);
    close_bench();
}

static void trap_51_a_zero_uid_ends_a_list(void **state)
{
    (void)state;
    start_plain();
    static const uint8_t hidden[] = {0x0a, 0, 0, 3, 0, 0, 0, 0, 0x0a, 0, 0, 2};
    rx_announce(&f.bench, &f.peer);
    uftp_message conf = rx_msg_reg_conf(true);
    conf.as.reg_conf.clients = (uftp_uid_list){.bytes = hidden, .count = 3};
    rx_hear(&f.bench, &f.peer, &conf);
    assert_int_equal(f.bench.events[UFTP_EVENT_SESSION_READY], 0);
    close_bench();
}

/* trap 53: others may be receiving for longer than our patience. */
static void trap_53_any_traffic_keeps_a_session_between_files_alive(void **state)
{
    (void)state;
    for (int encrypted = 0; encrypted < 2; encrypted++) {
        encrypted ? start_encrypted(false) : start_plain();
        rx_join(&f.bench, &f.peer);
        for (int i = 0; i < 8; i++) {
            rx_advance(&f.bench, UFTP_MS(700)); /* patience is 1 s */
            rx_block(&f.bench, &f.peer, 5, 0, (uint16_t)i, 100000);
        }
        assert_int_equal(rx_stats(&f.bench).sessions, 1);
        rx_clear(&f.bench);
        rx_advance(&f.bench, UFTP_S(2));
        assert_int_equal(rx_said_count(&f.bench, UFTP_MESSAGE_ABORT), 1);
        assert_string_equal(f.bench.text[UFTP_EVENT_ABORT], "Transfer timed out");
        assert_int_equal(rx_stats(&f.bench).sessions, 0);
        close_bench();
    }
}

/* In an encrypted announce phase there is nothing but clear datagrams to live by: their signature
 * has to be good. */
static void signed_announces_keep_an_encrypted_session_alive(void **state)
{
    (void)state;
    for (int forged = 0; forged < 2; forged++) {
        start_encrypted(false);
        rx_join(&f.bench, &f.peer);
        for (int i = 0; i < 4; i++) {
            rx_advance(&f.bench, UFTP_MS(700));
            uint8_t data[UFTP_DATAGRAM_MAX];
            size_t len;
            rx_write_announce(&f.bench, &f.peer, data, &len);
            data[20] ^= (uint8_t)forged; /* inside the signed part: the CC type */
            rx_deliver(&f.bench, &f.peer, data, len);
        }
        assert_int_equal(rx_stats(&f.bench).sessions, forged ? 0 : 1);
        close_bench();
    }
}

/* The sender finds that the group is further away than it thought, and pauses for longer. What it
 * signs is believed. */
static void a_signed_announce_lengthens_our_patience(void **state)
{
    (void)state;
    start_encrypted(false);
    rx_join(&f.bench, &f.peer);
    rx_advance(&f.bench, UFTP_MS(700));
    f.peer.grtt = uftp_grtt_quantise(UFTP_S(1));
    rx_announce(&f.bench, &f.peer);
    rx_advance(&f.bench, UFTP_S(18)); /* a second was its patience, 20 GRTTs it is */
    assert_int_equal(rx_stats(&f.bench).sessions, 1);
    rx_advance(&f.bench, UFTP_S(4));
    assert_int_equal(rx_stats(&f.bench).sessions, 0);
    close_bench();
}

static void trap_54_what_cannot_be_opened_keeps_nothing_alive(void **state)
{
    (void)state;
    start_encrypted(false);
    rx_join(&f.bench, &f.peer);
    rx_open(&f.bench, &f.peer, 1, "file", 10000);
    for (int i = 0; i < 4; i++) {
        rx_advance(&f.bench, UFTP_MS(400));
        uint8_t data[UFTP_DATAGRAM_MAX];
        size_t len;
        const uftp_message block = rx_msg_fileseg(&f.peer, 1, 0, 0, 10000);
        rx_write(&f.peer, &block, true, data, &len);
        data[len - 1] ^= 1;
        rx_deliver(&f.bench, &f.peer, data, len);
    }
    assert_int_equal(rx_stats(&f.bench).sessions, 0);
    close_bench();
}

/* trap 64: duplicates of sealed datagrams change nothing, reordered ones count. */
static void trap_64_a_replayed_datagram_changes_nothing(void **state)
{
    (void)state;
    start_encrypted(false);
    rx_join(&f.bench, &f.peer);
    rx_open(&f.bench, &f.peer, 1, "file", 10000);
    static uint8_t old[40][UFTP_DATAGRAM_MAX], copy[UFTP_DATAGRAM_MAX];
    size_t len[40];
    for (uint16_t i = 0; i < 20; i++) {
        const uftp_message block = rx_msg_fileseg(&f.peer, 1, 0, i, 10000);
        rx_write(&f.peer, &block, true, old[i], &len[i]);
    }
    for (size_t i = 20; i-- > 0;) { /* backwards: all of them are accepted */
        memcpy(copy, old[i], len[i]);
        rx_deliver(&f.bench, &f.peer, copy, len[i]);
    }
    assert_int_equal(rx_stats(&f.bench).blocks_received, 20);
    uftp_message done = rx_msg_done(1, 0, true);
    uint8_t replay[UFTP_DATAGRAM_MAX];
    size_t replay_len;
    rx_write(&f.peer, &done, true, replay, &replay_len);
    memcpy(copy, replay, replay_len);
    rx_deliver(&f.bench, &f.peer, copy, replay_len);
    assert_int_equal(rx_said_count(&f.bench, UFTP_MESSAGE_COMPLETE), 1);
    rx_clear(&f.bench);
    for (size_t i = 0; i < 20; i++) {
        memcpy(copy, old[i], len[i]);
        rx_deliver(&f.bench, &f.peer, copy, len[i]);
    }
    memcpy(copy, replay, replay_len);
    rx_deliver(&f.bench, &f.peer, copy, replay_len);
    assert_int_equal(f.bench.said_count, 0);
    assert_int_equal(rx_stats(&f.bench).rejected[-UFTP_ERR_EXISTS], 21);
    close_bench();
}

static void repeated_keyinfo_is_acknowledged_again(void **state)
{
    (void)state;
    start_encrypted(false);
    rx_join(&f.bench, &f.peer);
    rx_keyinfo(&f.bench, &f.peer);
    assert_int_equal(rx_said_count(&f.bench, UFTP_MESSAGE_KEYINFO_ACK), 1);
    close_bench();
}

/* The reference aborts on a bad signature: one forged KEYINFO would end the session. */
static void a_keyinfo_with_a_bad_signature_is_only_dropped(void **state)
{
    (void)state;
    start_encrypted(false);
    rx_announce(&f.bench, &f.peer);
    uint8_t data[UFTP_DATAGRAM_MAX];
    size_t len;
    rx_write_keyinfo(&f.bench, &f.peer, data, &len);
    data[40] ^= 1;
    rx_clear(&f.bench);
    rx_deliver(&f.bench, &f.peer, data, len);
    assert_int_equal(f.bench.said_count, 0);
    assert_int_equal(f.bench.events[UFTP_EVENT_SESSION_READY], 0);
    rx_keyinfo(&f.bench, &f.peer);
    assert_int_equal(f.bench.events[UFTP_EVENT_SESSION_READY], 1);
    close_bench();
}

static void a_lost_reg_conf_is_made_good_by_fileinfo(void **state)
{
    (void)state;
    start_plain();
    rx_announce(&f.bench, &f.peer);
    rx_clear(&f.bench);
    rx_file(&f.bench, &f.peer, 1, "file", 700);
    rx_end(&f.bench, &f.peer);
    assert_int_equal(rx_stats(&f.bench).sessions_finished, 1);
    close_bench();
}

/* ---- refusals ---- */

static void expect_refusal(const char *text)
{
    for (int i = 0; i < 3; i++) { /* one ABORT for each session, not one per ANNOUNCE */
        rx_announce(&f.bench, &f.peer);
        rx_advance(&f.bench, UFTP_MS(150));
    }
    assert_int_equal(f.bench.said_count, 1);
    const rx_said *said = rx_said_last(&f.bench, UFTP_MESSAGE_ABORT);
    assert_false(said->sealed);
    assert_int_equal(said->message.as.abort.host, 0);
    assert_int_equal(said->message.as.abort.text.len, strlen(text));
    assert_memory_equal(said->message.as.abort.text.data, text, strlen(text));
    assert_int_equal(f.bench.events[UFTP_EVENT_SESSION_REFUSED], 1);
    assert_int_equal(rx_stats(&f.bench).sessions, 0);
    assert_int_equal(rx_stats(&f.bench).sessions_refused, 1);
    assert_int_equal(f.bench.events[UFTP_EVENT_JOIN], 0);
    close_bench();
}

static void a_plain_session_is_refused_when_only_encrypted_ones_are_wanted(void **state)
{
    (void)state;
    open_bench();
    f.bench.config.encrypted_only = true;
    rx_start(&f.bench);
    expect_refusal("No unencrypted transfers allowed");
}

static void a_server_that_is_not_listed_is_refused(void **state)
{
    (void)state;
    open_bench();
    const uftp_server_entry server = {.uid = 0x0a0000ff};
    f.bench.config.servers = &server;
    f.bench.config.server_count = 1;
    rx_start(&f.bench);
    expect_refusal("Server not in server list");
}

static void a_wrong_fingerprint_is_refused_and_the_right_one_is_not(void **state)
{
    (void)state;
    for (int right = 0; right < 2; right++) {
        open_bench();
        rx_peer_encrypt(&f.peer, &f.bench);
        uftp_server_entry server = {.uid = f.peer.uid, .has_fingerprint = true};
        const uftp_bytes blob = uftp_key_blob(f.peer.key);
        uftp_fingerprint(blob.data, blob.len, server.fingerprint);
        if (!right)
            server.fingerprint[19] ^= 1;
        f.bench.config.servers = &server;
        f.bench.config.server_count = 1;
        rx_start(&f.bench);
        if (!right) {
            expect_refusal("Failed to verify server key fingerprint");
            continue;
        }
        rx_join(&f.bench, &f.peer);
        close_bench();
    }
}

/* trap 67: leaving EXT_ENC_INFO out must not get round a pinned key. */
static void trap_67_a_pinned_server_cannot_be_downgraded(void **state)
{
    (void)state;
    open_bench();
    const uftp_server_entry server = {.uid = f.peer.uid, .has_fingerprint = true};
    f.bench.config.servers = &server;
    f.bench.config.server_count = 1;
    rx_start(&f.bench);
    expect_refusal("Failed to verify server key fingerprint");
}

/* The reference refuses the session: one forged or damaged ANNOUNCE would shut the genuine one out,
 * and the sender would put us out for the ABORT. */
static void an_announce_with_a_bad_signature_is_only_dropped(void **state)
{
    (void)state;
    start_encrypted(false);
    uint8_t data[UFTP_DATAGRAM_MAX];
    size_t len;
    rx_write_announce(&f.bench, &f.peer, data, &len);
    data[25] ^= 1; /* the timestamp */
    rx_deliver(&f.bench, &f.peer, data, len);
    assert_int_equal(rx_stats(&f.bench).sessions, 0);
    assert_int_equal(f.bench.said_count, 0);
    assert_int_equal(f.bench.events[UFTP_EVENT_SESSION_REFUSED], 0);
    rx_announce(&f.bench, &f.peer); /* the genuine one */
    assert_int_equal(f.bench.events[UFTP_EVENT_SESSION_STARTED], 1);
    close_bench();
}

static void sync_and_restart_together_are_refused(void **state)
{
    (void)state;
    open_bench();
    f.bench.config.temp_directory = true;
    f.peer.instance = 1;
    f.peer.sync_mode = true;
    rx_start(&f.bench);
    expect_refusal("Sync mode and restart mode incompatible");
}

static void a_private_group_that_is_none_is_refused(void **state)
{
    (void)state;
    start_plain();
    f.peer.private_address = uftp_address_ipv4(10, 1, 2, 3, 0);
    expect_refusal("Invalid multicast address");
    open_bench();
    f.bench.config.source_specific = true;
    rx_start(&f.bench);
    expect_refusal("Invalid source specific multicast address");
}

/* Forged source addresses: the ABORTs to them are few. */
static void refusals_cannot_be_turned_into_a_flood(void **state)
{
    (void)state;
    open_bench();
    f.bench.config.encrypted_only = true;
    rx_start(&f.bench);
    for (uint32_t i = 0; i < 1000; i++) {
        f.peer.group = 0x1000 + i;
        rx_announce(&f.bench, &f.peer);
        rx_announce(&f.bench, &f.peer); /* the first one alone may have been damaged */
    }
    rx_advance(&f.bench, UFTP_S(10));
    assert_in_range(f.bench.said_count, 1, 17);
    assert_int_equal(rx_stats(&f.bench).sessions_refused, 1000);
    close_bench();
}

static void an_announce_for_others_is_ignored(void **state)
{
    (void)state;
    open_bench();
    f.bench.config.uid = 0x0a000004;
    rx_start(&f.bench);
    rx_announce(&f.bench, &f.peer);
    assert_int_equal(f.bench.said_count, 0);
    assert_int_equal(rx_stats(&f.bench).sessions, 0);
    assert_int_equal(rx_stats(&f.bench).datagrams_rejected, 0);
    close_bench();
}

static void no_more_sessions_than_the_limit_are_opened(void **state)
{
    (void)state;
    open_bench();
    f.bench.config.sessions_max = 3;
    rx_start(&f.bench);
    for (uint32_t i = 0; i < 5; i++) {
        f.peer.group = 0x1000 + i;
        rx_announce(&f.bench, &f.peer);
        const uftp_message confirmed = rx_msg_reg_conf(true);
        if (i < 3)
            rx_hear(&f.bench, &f.peer, &confirmed);
    }
    assert_int_equal(rx_stats(&f.bench).sessions, 3);
    assert_int_equal(rx_stats(&f.bench).rejected[-UFTP_ERR_LIMIT], 2);
    close_bench();
}

/* ---- membership and the program's wishes ---- */

static void the_public_group_is_not_joined_again(void **state)
{
    (void)state;
    start_plain();
    f.peer.private_address = uftp_address_ipv4(230, 4, 4, 1, 0);
    rx_join(&f.bench, &f.peer);
    rx_end(&f.bench, &f.peer);
    assert_int_equal(f.bench.events[UFTP_EVENT_JOIN] + f.bench.events[UFTP_EVENT_LEAVE], 0);
    close_bench();
}

static void source_specific_joins_name_the_source(void **state)
{
    (void)state;
    open_bench();
    f.bench.config.source_specific = true;
    f.peer.private_address = uftp_address_ipv4(232, 1, 1, 1, 0);
    rx_start(&f.bench);
    rx_announce(&f.bench, &f.peer);
    assert_int_equal(f.bench.events[UFTP_EVENT_JOIN], 1);
    assert_true(uftp_address_same_host(&f.bench.last[UFTP_EVENT_JOIN].source, &f.peer.address));
    close_bench();
}

static void a_failed_join_ends_the_sessions_of_that_group(void **state)
{
    (void)state;
    start_plain();
    rx_peer other;
    rx_peer_init(&other, GROUP + 1);
    other.private_address = uftp_address_ipv4(230, 5, 5, 6, 0);
    rx_join(&f.bench, &f.peer);
    rx_join(&f.bench, &other);
    uftp_receiver_join_failed(f.bench.receiver, f.bench.now, &f.peer.private_address);
    rx_turn(&f.bench);
    assert_int_equal(rx_said_count(&f.bench, UFTP_MESSAGE_ABORT), 1);
    assert_string_equal(f.bench.text[UFTP_EVENT_ABORT], "Error joining multicast group");
    assert_int_equal(rx_stats(&f.bench).sessions, 1);
    close_bench();
}

static void shutdown_says_goodbye_in_every_session(void **state)
{
    (void)state;
    start_encrypted(false);
    rx_join(&f.bench, &f.peer);
    rx_open(&f.bench, &f.peer, 1, "file", 1000);
    rx_peer plain;
    rx_peer_init(&plain, GROUP + 1);
    rx_join(&f.bench, &plain);
    f.bench.peer = &f.peer;
    uftp_receiver_shutdown(f.bench.receiver, f.bench.now);
    rx_turn(&f.bench);
    assert_int_equal(rx_said_count(&f.bench, UFTP_MESSAGE_ABORT), 2);
    unsigned sealed = 0;
    for (size_t i = 0; i < f.bench.said_count; i++)
        sealed += f.bench.said[i].sealed;
    assert_int_equal(sealed, 1);
    assert_int_equal(rx_stats(&f.bench).sessions, 0);
    assert_int_equal(memory_store_count(&f.bench.files, UFTP_STAT_REGULAR), 0);
    plain.group++;
    rx_announce(&f.bench, &plain);
    assert_int_equal(rx_stats(&f.bench).sessions, 0);
    close_bench();
}

static void a_configuration_that_cannot_work_is_refused(void **state)
{
    (void)state;
    open_bench();
    const uftp_receiver_config good = f.bench.config;
    f.bench.config.uid = 0;
    assert_int_equal(uftp_receiver_create(&f.bench.config, 0, &f.bench.receiver),
                     UFTP_ERR_ARGUMENT);
    f.bench.config = good;
    f.bench.config.destination_count = 0;
    assert_int_equal(uftp_receiver_create(&f.bench.config, 0, &f.bench.receiver),
                     UFTP_ERR_ARGUMENT);
    f.bench.config = good;
    f.bench.config.sessions_max = UFTP_SESSIONS_MAX + 1;
    assert_int_equal(uftp_receiver_create(&f.bench.config, 0, &f.bench.receiver),
                     UFTP_ERR_ARGUMENT);
    f.bench.config = good;
    const uftp_proxy_entry nobody = {.uid = 0};
    f.bench.config.proxies = &nobody;
    f.bench.config.proxy_count = 1;
    assert_int_equal(uftp_receiver_create(&f.bench.config, 0, &f.bench.receiver),
                     UFTP_ERR_ARGUMENT);
    assert_null(f.bench.receiver);
    close_bench();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_session_delivers_a_file),
        cmocka_unit_test(an_encrypted_session_delivers_a_file),
        cmocka_unit_test(two_sessions_at_once_keep_their_files_apart),
        cmocka_unit_test(equal_group_ids_of_two_senders_are_two_sessions),
        cmocka_unit_test(register_is_repeated_until_the_deadline),
        cmocka_unit_test(trap_14_deadlines_are_those_of_the_programs),
        cmocka_unit_test(trap_32_repeated_registers_are_equal),
        cmocka_unit_test(trap_34_a_plain_register_has_zeros_for_random),
        cmocka_unit_test(an_open_group_is_answered_after_a_random_delay),
        cmocka_unit_test(a_tiny_grtt_does_not_make_us_flood),
        cmocka_unit_test(trap_35_a_counter_that_is_far_when_we_join_is_understood),
        cmocka_unit_test(trap_35_a_counter_that_jumps_is_followed_after_a_while),
        cmocka_unit_test(late_datagrams_of_a_plain_session_are_dropped),
        cmocka_unit_test(trap_44_done_of_an_unknown_file_is_not_the_end),
        cmocka_unit_test(trap_46_complete_of_the_session_is_repeated_until_the_deadline),
        cmocka_unit_test(trap_48_a_finished_session_answers_no_more),
        cmocka_unit_test(only_a_newer_announce_starts_a_finished_session_again),
        cmocka_unit_test(trap_49_clear_aborts_do_not_end_an_established_session),
        cmocka_unit_test(trap_66_a_clear_abort_during_registration_waits_for_a_keyinfo),
        cmocka_unit_test(aborts_for_others_and_for_the_current_file_are_not_ours),
        cmocka_unit_test(trap_51_a_zero_uid_ends_a_list),
        cmocka_unit_test(trap_53_any_traffic_keeps_a_session_between_files_alive),
        cmocka_unit_test(signed_announces_keep_an_encrypted_session_alive),
        cmocka_unit_test(a_signed_announce_lengthens_our_patience),
        cmocka_unit_test(trap_54_what_cannot_be_opened_keeps_nothing_alive),
        cmocka_unit_test(trap_64_a_replayed_datagram_changes_nothing),
        cmocka_unit_test(repeated_keyinfo_is_acknowledged_again),
        cmocka_unit_test(a_keyinfo_with_a_bad_signature_is_only_dropped),
        cmocka_unit_test(a_lost_reg_conf_is_made_good_by_fileinfo),
        cmocka_unit_test(a_plain_session_is_refused_when_only_encrypted_ones_are_wanted),
        cmocka_unit_test(a_server_that_is_not_listed_is_refused),
        cmocka_unit_test(a_wrong_fingerprint_is_refused_and_the_right_one_is_not),
        cmocka_unit_test(trap_67_a_pinned_server_cannot_be_downgraded),
        cmocka_unit_test(an_announce_with_a_bad_signature_is_only_dropped),
        cmocka_unit_test(sync_and_restart_together_are_refused),
        cmocka_unit_test(a_private_group_that_is_none_is_refused),
        cmocka_unit_test(refusals_cannot_be_turned_into_a_flood),
        cmocka_unit_test(an_announce_for_others_is_ignored),
        cmocka_unit_test(no_more_sessions_than_the_limit_are_opened),
        cmocka_unit_test(the_public_group_is_not_joined_again),
        cmocka_unit_test(source_specific_joins_name_the_source),
        cmocka_unit_test(a_failed_join_ends_the_sessions_of_that_group),
        cmocka_unit_test(shutdown_says_goodbye_in_every_session),
        cmocka_unit_test(a_configuration_that_cannot_work_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
