/* SPDX-License-Identifier: MIT
 *
 * ANNOUNCEs that were damaged, or sent in another's name: the genuine session comes about all the
 * same, and what the others cost is bounded.
 */
#include "receiver_bench.h"

#include <string.h>

#define GROUP 0x3d30c238

static receiver_bench b;
static rx_peer peer; /* the genuine sender */
static uftp_server_entry server;

static void open_bench(bool encrypted)
{
    rx_init(&b);
    rx_peer_init(&peer, GROUP);
    if (!encrypted)
        return;
    rx_peer_encrypt(&peer, &b);
    const uftp_bytes blob = uftp_key_blob(peer.key);
    server = (uftp_server_entry){.uid = peer.uid, .has_fingerprint = true};
    uftp_fingerprint(blob.data, blob.len, server.fingerprint);
    b.config.servers = &server;
    b.config.server_count = 1;
    b.config.encrypted_only = true;
}

static void close_bench(void)
{
    rx_peer_free(&peer);
    rx_close(&b);
}

static void genuine_session_works(void)
{
    rx_join(&b, &peer);
    rx_file(&b, &peer, 1, "file", 700);
    rx_end(&b, &peer);
    assert_int_equal(rx_stats(&b).sessions_finished, 1);
}

/* ---- refusals ---- */

/* Any bit of an encrypted ANNOUNCE, wherever: nothing is said, since the sender would put us out
 * for an ABORT, and the next ANNOUNCE is judged as if this one had never been. */
static void a_damaged_bit_shuts_no_session_out(void **state)
{
    (void)state;
    open_bench(true);
    rx_start(&b);
    uint8_t data[UFTP_DATAGRAM_MAX];
    size_t len = 1;
    for (size_t at = 0; at < len; at++) {
        peer.group++;
        rx_write_announce(&b, &peer, data, &len);
        data[at] ^= (uint8_t)(1u << at % 8);
        rx_clear(&b);
        rx_deliver(&b, &peer, data, len);
        if (b.said_count || b.events[UFTP_EVENT_SESSION_REFUSED] || rx_stats(&b).sessions)
            fail_msg("byte %zu: %zu said, %u sessions", at, b.said_count, rx_stats(&b).sessions);
        rx_announce(&b, &peer);
        if (rx_stats(&b).sessions != 1)
            fail_msg("byte %zu: the genuine ANNOUNCE was not taken", at);
        const uftp_message over = rx_msg_abort(0, "next");
        rx_hear_clear(&b, &peer, &over);
        rx_advance(&b, UFTP_MS(200)); /* over, and time for another signature */
        assert_int_equal(rx_stats(&b).sessions, 0);
    }
    assert_in_range(len, 200, 1000);
    close_bench();
}

/* A reason to turn an ANNOUNCE down holds for that one. The same sender, group and source, first in
 * the clear, then with a stranger's key, then with nonsense in it. */
static void what_was_refused_does_not_bind_the_genuine_sender(void **state)
{
    (void)state;
    open_bench(true);
    rx_start(&b);
    rx_peer forger;
    rx_peer_init(&forger, GROUP);
    forger.seq = 500;
    for (int i = 0; i < 3; i++)
        rx_announce(&b, &forger);
    assert_int_equal(b.events[UFTP_EVENT_SESSION_REFUSED], 1);
    rx_peer_encrypt(&forger, &b);
    for (int i = 0; i < 3; i++)
        rx_announce(&b, &forger);
    assert_int_equal(b.events[UFTP_EVENT_SESSION_REFUSED], 2);
    forger.private_address = uftp_address_ipv4(10, 1, 2, 3, 0);
    for (int i = 0; i < 3; i++)
        rx_announce(&b, &forger);
    assert_int_equal(b.events[UFTP_EVENT_SESSION_REFUSED], 3);
    assert_int_equal(rx_stats(&b).sessions, 0);
    genuine_session_works();
    rx_peer_free(&forger);
    close_bench();
}

/* Nobody signs a plain ANNOUNCE: one that is turned down is answered when it comes again, and a
 * duplicate is not that. */
static void what_nothing_proves_is_believed_the_second_time(void **state)
{
    (void)state;
    open_bench(false);
    b.config.encrypted_only = true;
    rx_start(&b);
    uint8_t data[UFTP_DATAGRAM_MAX];
    size_t len;
    rx_write_announce(&b, &peer, data, &len);
    for (int i = 0; i < 3; i++)
        rx_deliver(&b, &peer, data, len);
    assert_int_equal(b.said_count, 0);
    rx_announce(&b, &peer);
    assert_int_equal(rx_said_count(&b, UFTP_MESSAGE_ABORT), 1);
    rx_advance(&b, UFTP_S(1));
    rx_announce(&b, &peer);
    rx_advance(&b, UFTP_S(1));
    assert_int_equal(rx_said_count(&b, UFTP_MESSAGE_ABORT), 1);
    close_bench();
}

/* ---- signatures ---- */

/* A signature takes long to check. A thousand in an instant are not looked at, and a second later
 * the genuine one is. */
static void checks_of_signatures_are_rationed(void **state)
{
    (void)state;
    open_bench(true);
    rx_start(&b);
    uint8_t data[UFTP_DATAGRAM_MAX], copy[UFTP_DATAGRAM_MAX];
    size_t len;
    rx_write_announce(&b, &peer, data, &len);
    for (unsigned i = 0; i < 1000; i++) {
        memcpy(copy, data, len);
        copy[25] ^= (uint8_t)(1 + i % 255); /* the timestamp */
        rx_deliver(&b, &peer, copy, len);
    }
    assert_in_range(rx_stats(&b).rejected[-UFTP_ERR_AUTH], 50, 80);
    assert_int_equal(rx_stats(&b).rejected[-UFTP_ERR_AUTH] + rx_stats(&b).rejected[-UFTP_ERR_LIMIT],
                     1000);
    rx_advance(&b, UFTP_S(1));
    genuine_session_works();
    close_bench();
}

/* A refused session that goes on announcing itself, as most on a shared group do, needs no check
 * but the first. */
static void a_refused_session_costs_one_check(void **state)
{
    (void)state;
    open_bench(true);
    b.config.servers = NULL;
    b.config.server_count = 0;
    b.config.source_specific = true;
    rx_start(&b);
    for (unsigned i = 0; i < 500; i++)
        rx_announce(&b, &peer);
    assert_int_equal(rx_stats(&b).rejected[-UFTP_ERR_LIMIT], 0);
    assert_int_equal(b.events[UFTP_EVENT_SESSION_REFUSED], 1);
    close_bench();
}

/* ---- places ---- */

static rx_peer forger_at(unsigned host, uint32_t group)
{
    rx_peer forger;
    rx_peer_init(&forger, group);
    forger.uid = 0x0b000000 + host;
    forger.address = uftp_address_ipv4(11, 0, (uint8_t)(host >> 8), (uint8_t)host, 4000);
    forger.grtt = uftp_grtt_quantise(UFTP_S(1000));
    forger.robust = 255;
    return forger;
}

/* One host's flood of sessions that never begin takes no place from another's, however long those
 * take to be confirmed: two seconds by way of a satellite. */
static void one_hosts_flood_leaves_the_others_their_places(void **state)
{
    (void)state;
    open_bench(false);
    rx_start(&b);
    peer.grtt = uftp_grtt_quantise(UFTP_S(2));
    for (uint32_t i = 0; i < 200; i++) {
        rx_peer forger = forger_at(1, 0x1000 + i);
        rx_announce(&b, &forger);
        if (i == 20)
            rx_announce(&b, &peer);
        rx_advance(&b, UFTP_MS(10));
    }
    assert_int_equal(rx_stats(&b).sessions, UFTP_SESSIONS_MAX);
    assert_true(b.events[UFTP_EVENT_LEAVE] <= 1);
    const uftp_message confirmed = rx_msg_reg_conf(true);
    rx_clear(&b);
    rx_hear(&b, &peer, &confirmed);
    assert_int_equal(b.events[UFTP_EVENT_SESSION_READY], 1);
    rx_file(&b, &peer, 1, "file", 700);
    close_bench();
}

/* From forged addresses the oldest gives way; whoever is confirmed stays. */
static void a_flood_from_everywhere_gives_way_to_who_comes(void **state)
{
    (void)state;
    open_bench(false);
    rx_start(&b);
    rx_join(&b, &peer);
    rx_open(&b, &peer, 1, "file", 700);
    for (unsigned i = 0; i < 1000; i++) {
        rx_peer forger = forger_at(i, 0x1000 + i);
        rx_announce(&b, &forger);
    }
    assert_int_equal(rx_stats(&b).sessions, UFTP_SESSIONS_MAX);
    rx_peer other;
    rx_peer_init(&other, GROUP + 1);
    rx_clear(&b);
    rx_join(&b, &other);
    rx_block(&b, &peer, 1, 0, 0, 700);
    rx_block(&b, &peer, 1, 0, 1, 700);
    const uftp_message done = rx_msg_done(1, 0, true);
    rx_clear(&b);
    rx_hear(&b, &peer, &done);
    assert_int_equal(rx_said_count(&b, UFTP_MESSAGE_COMPLETE), 1);
    close_bench();
}

/* Who shows the pinned key need not be confirmed to keep its place. */
static void a_session_signed_with_the_pinned_key_keeps_its_place(void **state)
{
    (void)state;
    open_bench(true);
    server.uid = peer.uid;
    uftp_server_entry servers[2] = {server, {.uid = 0x0b000001}};
    b.config.servers = servers;
    b.config.server_count = 2;
    b.config.encrypted_only = false;
    rx_start(&b);
    rx_announce(&b, &peer);
    assert_int_equal(rx_said_count(&b, UFTP_MESSAGE_REGISTER), 1);
    for (unsigned i = 0; i < 300; i++) {
        rx_peer forger = forger_at(i, 0x1000 + i);
        forger.uid = 0x0b000001;
        rx_announce(&b, &forger);
    }
    assert_int_equal(rx_stats(&b).sessions, UFTP_SESSIONS_MAX);
    rx_keyinfo(&b, &peer);
    assert_int_equal(b.events[UFTP_EVENT_SESSION_READY], 1);
    close_bench();
}

/* 5 * ROBUST * GRTT would be two weeks. */
static void nobody_waits_for_days_for_a_confirmation(void **state)
{
    (void)state;
    open_bench(false);
    rx_start(&b);
    rx_peer forger = forger_at(1, GROUP);
    rx_announce(&b, &forger);
    rx_advance(&b, UFTP_S(1790));
    assert_int_equal(rx_stats(&b).sessions, 1);
    rx_advance(&b, UFTP_S(20));
    assert_int_equal(rx_stats(&b).sessions, 0);
    close_bench();
}

/* The same sender and group, announced from elsewhere and first. */
static void a_rival_of_the_same_name_does_not_shut_the_genuine_sender_out(void **state)
{
    (void)state;
    for (int encrypted = 0; encrypted < 2; encrypted++) {
        open_bench(encrypted);
        rx_start(&b);
        rx_peer forger = peer;
        forger.address = uftp_address_ipv4(11, 0, 0, 7, 4000);
        rx_announce(&b,
                    &forger); /* the encrypted one is a replay: it cannot be told from genuine */
        assert_int_equal(rx_said_count(&b, UFTP_MESSAGE_REGISTER), 1);
        peer.seq += 3;
        rx_clear(&b);
        rx_announce(&b, &peer);
        assert_int_equal(rx_said_count(&b, UFTP_MESSAGE_REGISTER), 1);
        assert_true(
            uftp_address_equal(&rx_said_last(&b, UFTP_MESSAGE_REGISTER)->to, &peer.address));
        const uftp_message confirmed = rx_msg_reg_conf(true);
        if (encrypted)
            rx_keyinfo(&b, &peer);
        else
            rx_hear(&b, &peer, &confirmed);
        assert_int_equal(rx_stats(&b).sessions, 1);
        rx_announce(&b, &forger); /* too late */
        assert_int_equal(rx_stats(&b).sessions, 1);
        rx_file(&b, &peer, 1, "file", 700);
        rx_end(&b, &peer);
        assert_int_equal(rx_stats(&b).sessions_finished, 1);
        close_bench();
    }
}

/* A session that nobody confirmed is forgotten; its name is free for the genuine one. */
static void an_unconfirmed_session_leaves_no_memory(void **state)
{
    (void)state;
    open_bench(false);
    rx_start(&b);
    rx_announce(&b, &peer);
    rx_advance(&b, UFTP_S(20));
    assert_int_equal(rx_stats(&b).sessions, 0);
    rx_clear(&b);
    genuine_session_works();
    close_bench();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_damaged_bit_shuts_no_session_out),
        cmocka_unit_test(what_was_refused_does_not_bind_the_genuine_sender),
        cmocka_unit_test(what_nothing_proves_is_believed_the_second_time),
        cmocka_unit_test(checks_of_signatures_are_rationed),
        cmocka_unit_test(a_refused_session_costs_one_check),
        cmocka_unit_test(one_hosts_flood_leaves_the_others_their_places),
        cmocka_unit_test(a_flood_from_everywhere_gives_way_to_who_comes),
        cmocka_unit_test(a_session_signed_with_the_pinned_key_keeps_its_place),
        cmocka_unit_test(nobody_waits_for_days_for_a_confirmation),
        cmocka_unit_test(a_rival_of_the_same_name_does_not_shut_the_genuine_sender_out),
        cmocka_unit_test(an_unconfirmed_session_leaves_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
