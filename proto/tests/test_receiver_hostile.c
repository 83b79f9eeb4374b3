/* SPDX-License-Identifier: MIT
 *
 * The receiver among datagrams that nobody should send: every message in every state, forgeries
 * that must leave no trace, damage of every kind, and no memory at any moment.
 */
#include "receiver_bench.h"

#include <stdio.h>
#include <string.h>

static receiver_bench b;
static rx_peer peer;

static void open_bench(bool encrypted)
{
    rx_init(&b);
    rx_peer_init(&peer, 0x3d30c238);
    if (encrypted)
        rx_peer_encrypt(&peer, &b);
    rx_start(&b);
}

static void close_bench(void)
{
    rx_peer_free(&peer);
    rx_close(&b);
}

static void hear(uftp_message message)
{
    rx_hear(&b, &peer, &message);
}

/* ---- every state and every message ---- */

typedef enum test_state { NONE, REGISTERED, MIDGROUP, RECEIVING, COMPLETE, STATES } test_state;

static void enter(test_state state)
{
    if (state == REGISTERED)
        rx_announce(&b, &peer);
    if (state >= MIDGROUP)
        rx_join(&b, &peer);
    if (state == RECEIVING)
        rx_open(&b, &peer, 3, "file", 512);
    if (state == COMPLETE)
        hear(rx_msg_done(0, 0, true));
    rx_clear(&b);
}

/* A message of each type that lists us where it can. */
static uftp_message message_of(uint8_t type)
{
    static const uint8_t zeros[32] = {0};
    uftp_message message = {.type = type};
    switch (type) {
    case UFTP_MESSAGE_REG_CONF:
    case UFTP_MESSAGE_DONE_CONF:
        message.as.reg_conf.clients = rx_list(true);
        break;
    case UFTP_MESSAGE_FILEINFO:
        message = rx_msg_fileinfo(&peer, 4, "other", 512);
        break;
    case UFTP_MESSAGE_FILESEG:
        message = rx_msg_fileseg(&peer, 3, 0, 0, 512);
        break;
    case UFTP_MESSAGE_DONE:
        message = rx_msg_done(3, 0, true);
        break;
    case UFTP_MESSAGE_STATUS:
        message.as.status.naks = (uftp_bytes){zeros, 1};
        break;
    case UFTP_MESSAGE_KEYINFO_ACK:
        message.as.keyinfo_ack.verify_data = (uftp_bytes){zeros, 32};
        break;
    case UFTP_MESSAGE_ABORT:
        message = rx_msg_abort(0, "gone");
        break;
    default:
        break;
    }
    return message;
}

/* What is answered (0: nothing), and whether the session is over. */
typedef struct expectation {
    uint8_t answer;
    bool over;
} expectation;

static expectation expected(test_state state, uint8_t type)
{
    switch (type) {
    case UFTP_MESSAGE_FILEINFO:
        if (state == REGISTERED || state == MIDGROUP || state == RECEIVING)
            return (expectation){.answer = UFTP_MESSAGE_FILEINFO_ACK};
        break;
    case UFTP_MESSAGE_DONE_CONF:
        return (expectation){.over = state == COMPLETE};
    case UFTP_MESSAGE_ABORT:
        return (expectation){.over = state != NONE};
    default:
        break;
    }
    return (expectation){0};
}

static void every_message_in_every_state(void **state)
{
    (void)state;
    for (test_state at = NONE; at < STATES; at++)
        for (uint8_t type = UFTP_MESSAGE_REGISTER; type <= UFTP_MESSAGE_TYPE_MAX; type++) {
            if (type == UFTP_MESSAGE_ENCRYPTED || type == UFTP_MESSAGE_KEY_REQ ||
                type == UFTP_MESSAGE_PROXY_KEY || type == UFTP_MESSAGE_HB_REQ ||
                type == UFTP_MESSAGE_KEYINFO || type == UFTP_MESSAGE_CLIENT_KEY)
                continue; /* need blobs, or have tests of their own */
            open_bench(false);
            enter(at);
            hear(message_of(type));
            const expectation e = expected(at, type);
            bool session = at != NONE && !e.over;
            if (b.said_count != (e.answer ? 1 : 0) || rx_stats(&b).sessions != session ||
                (e.answer && b.said[0].message.type != e.answer))
                fail_msg("%s in state %d: %zu said, %u sessions", uftp_message_name(type), at,
                         b.said_count, rx_stats(&b).sessions);
            close_bench();
        }
}

/* trap 63: in encrypted sessions the same in clear does nothing, but for an ABORT before there are
 * keys. */
static void every_clear_message_in_every_encrypted_state(void **state)
{
    (void)state;
    for (test_state at = REGISTERED; at < STATES; at++)
        for (uint8_t type = UFTP_MESSAGE_REGISTER; type <= UFTP_MESSAGE_TYPE_MAX; type++) {
            if (type == UFTP_MESSAGE_ENCRYPTED || type == UFTP_MESSAGE_KEY_REQ ||
                type == UFTP_MESSAGE_PROXY_KEY || type == UFTP_MESSAGE_HB_REQ ||
                type == UFTP_MESSAGE_KEYINFO || type == UFTP_MESSAGE_CLIENT_KEY)
                continue;
            open_bench(true);
            enter(at);
            uint64_t before = b.digest, deadline = uftp_receiver_next_deadline(b.receiver);
            uftp_message message = message_of(type);
            peer.grtt = uftp_grtt_quantise(UFTP_S(5)); /* would move every timer (trap 63) */
            rx_hear_clear(&b, &peer, &message);
            if (at == REGISTERED && type == UFTP_MESSAGE_ABORT)
                assert_true(uftp_receiver_next_deadline(b.receiver) < deadline);
            else if (b.digest != before || uftp_receiver_next_deadline(b.receiver) != deadline)
                fail_msg("clear %s in state %d left a trace", uftp_message_name(type), at);
            close_bench();
        }
}

/* ---- a rejected datagram changes nothing ---- */

typedef void forge(uint8_t *data, size_t *len, uftp_address *source, unsigned round);

/* trap 63: everything the reference believes before it looks at the source. */
static void forge_header(uint8_t *data, size_t *len, uftp_address *source, unsigned round)
{
    (void)len;
    (void)source;
    static const uint8_t at[] = {2, 3, 13, 14, 15}; /* sequence, GRTT, group size, reserved */
    data[at[round % 5]] ^= (uint8_t)(0x40 + round);
}

static void forge_bits(uint8_t *data, size_t *len, uftp_address *source, unsigned round)
{
    (void)source;
    data[16 + round * 7 % (*len - 16)] ^= (uint8_t)(1u << round % 8);
}

static void forge_length(uint8_t *data, size_t *len, uftp_address *source, unsigned round)
{
    (void)source;
    (void)data;
    *len = round % *len;
}

static void forge_uid(uint8_t *data, size_t *len, uftp_address *source, unsigned round)
{
    (void)len;
    (void)source;
    data[4 + round % 4] ^= (uint8_t)(1 + round);
}

static void forge_instance(uint8_t *data, size_t *len, uftp_address *source, unsigned round)
{
    (void)len;
    (void)source;
    data[12] = (uint8_t)(1 + round % 255); /* trap 50 */
}

static void forge_version(uint8_t *data, size_t *len, uftp_address *source, unsigned round)
{
    (void)len;
    (void)source;
    data[0] = round % 2 ? 0x40 : 0x51;
}

static void forge_source(uint8_t *data, size_t *len, uftp_address *source, unsigned round)
{
    (void)len;
    data[13] ^= (uint8_t)(1 + round);
    data[2] ^= 0x20;
    source->bytes[3] ^= (uint8_t)(1 + round);
}

static unsigned forged_count;

/* The genuine datagram, with its forgery before and behind it. */
static void hear_beside(forge *forgery, const uftp_message *message, unsigned round)
{
    static uint8_t data[UFTP_DATAGRAM_MAX], copy[UFTP_DATAGRAM_MAX];
    size_t len;
    rx_write(&peer, message, peer.app_ready, data, &len);
    for (unsigned i = 0; i < 3; i++) {
        if (i == 1) {
            memcpy(copy, data, len);
            rx_deliver(&b, &peer, copy, len);
            continue;
        }
        if (!forgery)
            continue;
        memcpy(copy, data, len);
        size_t copy_len = len;
        uftp_address source = peer.address;
        forgery(copy, &copy_len, &source, round * 2 + i);
        const uftp_datagram datagram = {.data = copy, .len = copy_len, .source = source};
        uint64_t rejected = rx_stats(&b).datagrams_rejected;
        uftp_receiver_recv(b.receiver, b.now, &datagram, 1);
        rx_turn(&b);
        assert_int_equal(rx_stats(&b).datagrams_rejected, rejected + 1);
        forged_count++;
    }
}

/* A session with losses; returns a digest of all it said, reported and stored, and when it would
 * have woken up. */
static uint64_t run_session(bool encrypted, forge *forgery)
{
    const uint64_t size = 40 * 512 - 9;
    open_bench(encrypted);
    rx_join(&b, &peer);
    uint64_t digest = 0;
    unsigned round = 0;
    for (uint16_t id = 1; id <= 2; id++) {
        uftp_message message = rx_msg_fileinfo(&peer, id, "file", size);
        hear_beside(forgery, &message, round++);
        for (uint16_t pass = 0; pass < 2; pass++) {
            for (uint16_t i = 0; i < 40; i++) {
                if ((i % 5 == 2) != (pass == 1))
                    continue;
                message = rx_msg_fileseg(&peer, id, 0, i, size);
                hear_beside(forgery, &message, round++);
                rx_advance(&b, UFTP_MS(3));
                digest = digest * 31 + uftp_receiver_next_deadline(b.receiver);
            }
            message = rx_msg_done(id, 0, true);
            hear_beside(forgery, &message, round++);
            rx_advance(&b, 2 * RX_GRTT);
        }
    }
    uftp_message message = rx_msg_done(0, 0, true);
    hear_beside(forgery, &message, round++);
    rx_advance(&b, UFTP_MS(300));
    message = rx_msg_done_conf(true);
    hear_beside(forgery, &message, round++);
    assert_int_equal(rx_stats(&b).sessions_finished, 1);
    const memory_entry *file = memory_store_find(&b.files, 0, "file");
    for (size_t i = 0; i < size; i++)
        digest = (digest ^ file->data[i]) * 31;
    digest ^= b.digest;
    digest = digest * 31 + b.files.changes;
    close_bench();
    return digest;
}

static void trap_63_a_rejected_datagram_changes_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        forge *forge;
        bool plain; /* can be told from genuine in a plain session, too */
    } forgeries[] = {{"header", forge_header, false},    {"bits", forge_bits, false},
                     {"length", forge_length, false},    {"uid", forge_uid, true},
                     {"instance", forge_instance, true}, {"version", forge_version, true},
                     {"source", forge_source, true}};
    for (int encrypted = 0; encrypted < 2; encrypted++) {
        uint64_t honest = run_session(encrypted, NULL);
        for (size_t i = 0; i < sizeof forgeries / sizeof *forgeries; i++) {
            if (!encrypted && !forgeries[i].plain)
                continue;
            forged_count = 0;
            if (run_session(encrypted, forgeries[i].forge) != honest)
                fail_msg("%s in a%s session left a trace", forgeries[i].name,
                         encrypted ? "n encrypted" : " plain");
            assert_true(forged_count > 150);
        }
    }
}

/* ---- damage ---- */

/* Random damage to genuine datagrams at random times, trains of all shapes: the receiver survives,
 * its timers go forward, and it ends every session some day. */
static void damaged_datagrams_are_survived(void **state)
{
    (void)state;
    static uint8_t data[3 * UFTP_DATAGRAM_MAX];
    for (uint64_t seed = 0; seed < 60; seed++) {
        open_bench(seed % 4 == 0);
        test_random random;
        test_random_init(&random, seed);
        rx_join(&b, &peer);
        for (int i = 0; i < 400; i++) {
            uint8_t type = (uint8_t)test_random_below(&random, 22);
            uftp_message message = message_of(type);
            size_t len = 0;
            if (type == UFTP_MESSAGE_ANNOUNCE || type < 2 || type == UFTP_MESSAGE_KEY_REQ ||
                type == UFTP_MESSAGE_ENCRYPTED || type == UFTP_MESSAGE_PROXY_KEY ||
                type == UFTP_MESSAGE_HB_REQ || type == UFTP_MESSAGE_CLIENT_KEY ||
                type == UFTP_MESSAGE_KEYINFO)
                rx_write_announce(&b, &peer, data, &len);
            else
                rx_write(&peer, &message, peer.app_ready && test_random_below(&random, 2), data,
                         &len);
            unsigned flips = (unsigned)test_random_below(&random, 4);
            for (unsigned j = 0; j < flips; j++)
                data[test_random_below(&random, len)] ^=
                    (uint8_t)(1u << test_random_below(&random, 8));
            if (test_random_below(&random, 8) == 0)
                len = (size_t)test_random_below(&random, len + 1);
            const uftp_datagram train = {.data = data,
                                         .len = len,
                                         .segment_len = (size_t)test_random_below(&random, 700),
                                         .source = peer.address,
                                         .arrival = test_random_below(&random, b.now * 2)};
            uftp_receiver_recv(b.receiver, b.now, &train, 1);
            b.peer = NULL; /* what is said now may be for a session we know nothing of */
            rx_turn(&b);
            if (test_random_below(&random, 4) == 0)
                rx_advance(&b, test_random_below(&random, UFTP_MS(100)));
        }
        for (int i = 0; i < 400 && rx_stats(&b).sessions; i++)
            rx_advance(&b, UFTP_S(3600));
        assert_int_equal(rx_stats(&b).sessions, 0);
        close_bench();
    }
}

/* ---- no memory ---- */

/* Whichever allocation fails: nothing leaks, nothing breaks, and either the session ends well or it
 * is given up. */
static void memory_may_be_out_at_any_moment(void **state)
{
    (void)state;
    for (int encrypted = 0; encrypted < 2; encrypted++) {
        bool failed = true;
        for (size_t fail_at = 1; failed; fail_at++) {
            assert_true(fail_at < 500);
            rx_init(&b);
            rx_peer_init(&peer, 0x3d30c238);
            b.config.temp_directory = true;
            if (encrypted)
                rx_peer_encrypt(&peer, &b);
            b.memory.allocations = 0; /* the peer's keys are not what is tested */
            b.memory.fail_at = fail_at;
            int err = uftp_receiver_create(&b.config, b.now, &b.receiver);
            if (err == UFTP_OK) {
                for (int i = 0; i < 3 && rx_stats(&b).sessions == 0; i++)
                    rx_announce(&b, &peer);
                if (rx_said_count(&b, UFTP_MESSAGE_REGISTER)) {
                    if (encrypted)
                        rx_keyinfo(&b, &peer);
                    else
                        hear(rx_msg_reg_conf(true));
                    hear(rx_msg_fileinfo(&peer, 1, "a/file", 512));
                    hear(rx_msg_fileseg(&peer, 1, 0, 0, 512));
                    hear(rx_msg_done(1, 0, true));
                    hear(rx_msg_fileinfo(&peer, 2, "open", 1024));
                    hear(rx_msg_abort(0, "interrupted"));
                }
                rx_advance(&b, UFTP_S(30));
                assert_int_equal(rx_stats(&b).sessions, 0);
            } else {
                assert_int_equal(err, UFTP_ERR_MEMORY);
                assert_null(b.receiver);
            }
            failed = b.memory.allocations >= fail_at;
            uftp_receiver_destroy(b.receiver);
            b.receiver = NULL;
            close_bench();
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_message_in_every_state),
        cmocka_unit_test(every_clear_message_in_every_encrypted_state),
        cmocka_unit_test(trap_63_a_rejected_datagram_changes_nothing),
        cmocka_unit_test(damaged_datagrams_are_survived),
        cmocka_unit_test(memory_may_be_out_at_any_moment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
