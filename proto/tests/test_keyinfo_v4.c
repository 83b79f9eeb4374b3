/* SPDX-License-Identifier: MIT
 *
 * A sender and a receiver of version 4 and somebody between them who forges KEYINFO, which nobody
 * signs there (spec v4 3.5, 6.4).
 */
#include "memory_store.h"
#include "sender_bench.h"

#include <string.h>
#include <uftp/receiver.h>

#define ENTRY_AT (16 + 12 + 4) /* behind both headers and the UID */

static sender_bench b;
static memory_store store;
static uftp_receiver *receiver;
static uftp_key *key;
static unsigned forged_count; /* per KEYINFO; each is delivered in front of the genuine one */
static unsigned forged_sent;
static uftp_result sender_result, receiver_result;

static void deliver(const uint8_t *data, size_t len)
{
    uint8_t copy[UFTP_DATAGRAM_MAX];
    memcpy(copy, data, len);
    const uftp_datagram datagram = {
        .data = copy, .len = len, .source = uftp_address_ipv4(10, 9, 0, 1, 5000)};
    uftp_receiver_recv(receiver, b.now, &datagram, 1);
}

static void to_receiver(const uint8_t *data, size_t len)
{
    if (data[1] == UFTP_MESSAGE_KEYINFO) {
        uint8_t forged[UFTP_DATAGRAM_MAX];
        memcpy(forged, data, len);
        for (unsigned i = 0; i < forged_count; i++, forged_sent++) {
            memset(forged + ENTRY_AT - 12, 0xff, 8); /* a counter that nothing can follow */
            b.random.random.fill(b.random.random.ctx, UFTP_SEALED_MASTER_LEN, forged + ENTRY_AT);
            deliver(forged, len);
        }
    }
    deliver(data, len);
}

static void drain(void)
{
    uftp_transmit out = {.data = b.buffer, .capacity = sizeof b.buffer};
    uftp_event event;
    bool moved;
    do {
        moved = false;
        while (uftp_sender_poll_transmit(b.sender, b.now, &out) > 0) {
            for (size_t at = 0; at < out.len; at += out.segment_len)
                to_receiver(out.data + at,
                            out.len - at < out.segment_len ? out.len - at : out.segment_len);
            moved = true;
        }
        while (uftp_receiver_poll_transmit(receiver, b.now, &out) > 0) {
            const uftp_datagram datagram = {
                .data = out.data, .len = out.len, .source = uftp_address_ipv4(10, 9, 0, 2, 1044)};
            uftp_sender_recv(b.sender, b.now, &datagram, 1);
            moved = true;
        }
        while (uftp_sender_poll_event(b.sender, &event) > 0)
            if (event.type == UFTP_EVENT_SESSION_FINISHED)
                sender_result = event.result;
        while (uftp_receiver_poll_event(receiver, &event) > 0)
            if (event.type == UFTP_EVENT_SESSION_FINISHED)
                receiver_result = event.result;
    } while (moved);
}

/* Runs a session to its end. */
static void run(unsigned forged)
{
    static const char *const roots[] = {"/in"};
    const uftp_key_spec spec = {.type = UFTP_KEY_EC, .curve = UFTP_CURVE_SECP256R1};
    bench_init(&b, 5000);
    memory_store_init(&store);
    forged_count = forged;
    forged_sent = 0;
    sender_result = receiver_result = UFTP_RESULT_ERROR;
    assert_int_equal(uftp_key_generate(&b.memory.allocator, &b.random.random, &spec, &key), 0);
    const uftp_member member = {.uid = BENCH_A};
    b.config.members = &member;
    b.config.member_count = 1;
    b.config.version = 4;
    b.config.plain = false;
    b.config.key = key;
    assert_int_equal(uftp_sender_create(&b.config, b.now, &b.sender), 0);
    const uftp_receiver_config config = {.memory = &b.memory.allocator,
                                         .random = &b.random.random,
                                         .store = &store.store,
                                         .wall_us = BENCH_WALL_US,
                                         .uid = BENCH_A,
                                         .key = key,
                                         .destinations = roots,
                                         .destination_count = 1};
    assert_int_equal(uftp_receiver_create(&config, b.now, &receiver), 0);
    drain();
    for (unsigned turns = 0; turns < 10000; turns++) {
        uint64_t sender_next = uftp_sender_next_deadline(b.sender);
        uint64_t receiver_next = uftp_receiver_next_deadline(receiver);
        uint64_t next = sender_next < receiver_next ? sender_next : receiver_next;
        if (next == UFTP_NEVER)
            break;
        b.now = next;
        if (sender_next <= b.now)
            uftp_sender_on_timeout(b.sender, b.now);
        if (receiver_next <= b.now)
            uftp_receiver_on_timeout(receiver, b.now);
        drain();
    }
    uftp_receiver_destroy(receiver);
    uftp_key_free(key);
    bench_end(&b);
    memory_store_free(&store);
}

/* Keeps the next test honest: without forgeries the same thing works. */
static void a_session_without_forgeries_ends_well(void **state)
{
    (void)state;
    run(0);
    assert_int_equal(sender_result, UFTP_RESULT_OK);
    assert_int_equal(receiver_result, UFTP_RESULT_OK);
}

/* Of 4000 about 16 look like a group master. Neither they nor their counters may stick. */
static void forged_keyinfos_do_not_keep_the_genuine_one_out(void **state)
{
    (void)state;
    run(4000);
    assert_true(forged_sent >= 4000);
    assert_int_equal(sender_result, UFTP_RESULT_OK);
    assert_int_equal(receiver_result, UFTP_RESULT_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_session_without_forgeries_ends_well),
        cmocka_unit_test(forged_keyinfos_do_not_keep_the_genuine_one_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
