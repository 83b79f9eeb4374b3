/* SPDX-License-Identifier: MIT
 *
 * A receiver and senders of version 4: it answers in the version that it hears (spec v4 8).
 */
#include "receiver_bench.h"

#include <string.h>

static receiver_bench b;
static rx_peer peer;

static void start(void)
{
    rx_init(&b);
    rx_start(&b);
    rx_peer_init(&peer, 0x4000);
    peer.wire = &uftp_wire_v4;
    peer.timestamp_us = UINT64_C(1795175313000000);
}

static void all_said_is_version_4(void)
{
    for (size_t i = 0; i < b.said_count; i++)
        assert_int_equal(b.said[i].bytes[0], 0x40);
}

static void a_plain_session_of_version_4_brings_its_files(void **state)
{
    (void)state;
    start();
    rx_join(&b, &peer);
    rx_file(&b, &peer, 1, "one.bin", 0);
    all_said_is_version_4();
    rx_file(&b, &peer, 2, "two.bin", 20000);
    all_said_is_version_4();
    rx_end(&b, &peer);
    all_said_is_version_4();
    assert_int_equal(b.last[UFTP_EVENT_SESSION_FINISHED].result, UFTP_RESULT_OK);
    rx_close(&b);
}

/* 3.2: the time in two halves, and what was held added to it with the carry. */
static void the_senders_time_comes_back_in_seconds_and_microseconds(void **state)
{
    (void)state;
    start();
    peer.timestamp_us += 998999; /* the ANNOUNCE adds 1000: one microsecond short of a second */
    uint8_t data[UFTP_DATAGRAM_MAX];
    size_t len;
    rx_write_announce(&b, &peer, data, &len);
    static const uint8_t announced[] = {0x6b, 0x00, 0x33, 0x91, 0x00, 0x0f, 0x42, 0x3f};
    assert_memory_equal(data + 16 + 8, announced, sizeof announced);
    rx_deliver(&b, &peer, data, len);
    rx_advance(&b, UFTP_MS(400)); /* REGISTER again after some GRTT of 50 ms */
    assert_true(rx_said_count(&b, UFTP_MESSAGE_REGISTER) >= 2);
    const rx_said *last = rx_said_last(&b, UFTP_MESSAGE_REGISTER);
    static const uint8_t next_second[] = {0x6b, 0x00, 0x33, 0x92};
    assert_memory_equal(last->bytes + 16 + 4, next_second, sizeof next_second);
    assert_true(last->message.as.registration.timestamp_us > peer.timestamp_us);
    rx_close(&b);
}

/* Its keys would come from a schedule that the receiver does not run: it says so once, in the
 * version of the sender, and keeps nothing. */
static void an_encrypted_session_of_version_4_is_turned_down(void **state)
{
    (void)state;
    start();
    static const uint8_t bytes[136] = {2, 23, 0, 64};
    const uftp_message announce = {
        .type = UFTP_MESSAGE_ANNOUNCE,
        .as.announce = {.robust = 20,
                        .block_size = 512,
                        .timestamp_us = peer.timestamp_us,
                        .public_address = uftp_address_ipv4(230, 4, 4, 1, 0),
                        .private_address = peer.private_address,
                        .encrypted = true,
                        .enc_info = {.key_exchange = UFTP_KEY_EXCHANGE_ECDH_ECDSA,
                                     .sigtype = UFTP_SIGTYPE_AUTHENC,
                                     .cipher = UFTP_CIPHER_AES256_GCM,
                                     .hash = UFTP_HASH_SHA256,
                                     .random = bytes,
                                     .public_key = {bytes, 68},
                                     .ecdh_key = {bytes, 68},
                                     .signature = {bytes, 68}}}};
    for (int i = 0; i < 3; i++)
        rx_hear(&b, &peer, &announce);
    rx_advance(&b, UFTP_MS(500));
    assert_int_equal(b.events[UFTP_EVENT_SESSION_REFUSED], 1);
    assert_int_equal(b.events[UFTP_EVENT_SESSION_STARTED], 0);
    assert_int_equal(b.said_count, 1);
    assert_int_equal(rx_said_count(&b, UFTP_MESSAGE_ABORT), 1);
    all_said_is_version_4();
    rx_close(&b);
}

/* Nobody outside can take a session over by speaking the other version, encrypted or not. */
static void a_datagram_of_the_other_version_is_of_no_session(void **state)
{
    (void)state;
    start();
    rx_join(&b, &peer);
    rx_open(&b, &peer, 1, "one.bin", 600);
    peer.wire = &uftp_wire_v5;
    const uftp_message abort = rx_msg_abort(0, "no");
    rx_hear(&b, &peer, &abort);
    assert_int_equal(b.events[UFTP_EVENT_SESSION_FINISHED], 0);
    peer.wire = &uftp_wire_v4;
    /* ENCRYPTED of version 4 with the shortest payload there is, in a session without keys. */
    uint8_t sealed[16 + 12 + 8] = {0x40, UFTP_MESSAGE_ENCRYPTED, 0, 99, 0x0a, 0, 0, 1, 0, 0, 0x40,
                                   0};
    sealed[27] = 8;
    rx_deliver(&b, &peer, sealed, sizeof sealed);
    rx_block(&b, &peer, 1, 0, 0, 600);
    rx_block(&b, &peer, 1, 0, 1, 600);
    const uftp_message done = rx_msg_done(1, 0, true);
    rx_hear(&b, &peer, &done);
    assert_int_equal(rx_said_count(&b, UFTP_MESSAGE_COMPLETE), 1);
    rx_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_session_of_version_4_brings_its_files),
        cmocka_unit_test(the_senders_time_comes_back_in_seconds_and_microseconds),
        cmocka_unit_test(an_encrypted_session_of_version_4_is_turned_down),
        cmocka_unit_test(a_datagram_of_the_other_version_is_of_no_session),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
