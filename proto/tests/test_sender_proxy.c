/* SPDX-License-Identifier: MIT
 *
 * A sender and the receivers behind proxies (spec proxy 3.3), in the clear; encrypted sessions are
 * tested with real proxies in sim/tests/test_proxy.c.
 */
#include "sender_bench.h"

#include <string.h>

static sender_bench b; /* 64 KB: not for the stack */

#define PROXY 0x000a0ac1

static const uint8_t both[8] = {0x00, 0x0a, 0x0a, 0x02, 0x00, 0x0a, 0x0a, 0x03}; /* A and B */
static uftp_uid_list listed(void)
{
    return (uftp_uid_list){.bytes = both, .count = 2};
}

static uftp_message registration(void)
{
    return (uftp_message){.type = UFTP_MESSAGE_REGISTER,
                          .as.registration = {.timestamp_us = BENCH_WALL_US, .clients = listed()}};
}

/* on_message: the proxy answers for A and B; a STATUS at first. */
static bool nak_first; /* ... and no COMPLETE before the second pass */
static void proxy_answers(sender_bench *bench, const uftp_header *header,
                          const uftp_message *message, const uftp_address *to)
{
    (void)header;
    (void)to;
    uftp_message answer = {0};
    switch (message->type) {
    case UFTP_MESSAGE_ANNOUNCE:
        answer = registration();
        break;
    case UFTP_MESSAGE_FILEINFO:
        answer = (uftp_message){.type = UFTP_MESSAGE_FILEINFO_ACK,
                                .as.fileinfo_ack = {.file_id = message->as.fileinfo.file_id,
                                                    .timestamp_us = BENCH_WALL_US,
                                                    .clients = listed()}};
        break;
    case UFTP_MESSAGE_DONE:
        if (nak_first && bench->events[UFTP_EVENT_FILE_PASS] < 2) {
            static const uint8_t naks[] = {0x05};
            bench_status(bench, PROXY, 0, naks, sizeof naks);
            return;
        }
        answer = (uftp_message){
            .type = UFTP_MESSAGE_COMPLETE,
            .as.complete = {.file_id = message->as.done.file_id, .clients = listed()}};
        break;
    default:
        return;
    }
    bench_reply(bench, PROXY, &answer);
}

static uftp_client_info client_of(uint32_t uid)
{
    uftp_client_info info = {0};
    for (uint32_t i = 0; i < bench_stats(&b).clients; i++) {
        uftp_sender_client_get(b.sender, i, &info);
        if (info.uid == uid)
            return info;
    }
    fail_msg("no client %08X", uid);
    return info;
}

static void those_behind_a_proxy_take_part(void **state)
{
    (void)state;
    bench_init(&b, 5000);
    b.on_message = proxy_answers;
    nak_first = true;
    bench_start(&b);
    assert_int_equal(bench_run_to_end(&b), UFTP_RESULT_OK);
    nak_first = false;
    assert_int_equal(bench_stats(&b).clients, 3);
    assert_true(client_of(PROXY).is_proxy);
    assert_int_equal(client_of(PROXY).copied, 0); /* it has no files of its own */
    assert_int_equal(client_of(BENCH_A).copied, 1);
    assert_int_equal(client_of(BENCH_B).state, UFTP_CLIENT_DONE);
    assert_int_equal(bench_stats(&b).blocks_repeated, 2); /* what the proxy's STATUS said */
    assert_int_equal(b.events[UFTP_EVENT_CLIENT_LOST], 0);
    /* FILEINFO and DONE_CONF name the receivers alone, REG_CONF in the clear the proxy, too. */
    assert_int_equal(b.listed[UFTP_MESSAGE_FILEINFO], 2 * b.sent[UFTP_MESSAGE_FILEINFO]);
    assert_int_equal(b.listed[UFTP_MESSAGE_DONE_CONF] % 2, 0);
    assert_int_equal(b.listed[UFTP_MESSAGE_REG_CONF] % 3, 0);
    bench_end(&b);
}

static void members(bool proxy_listed, bool as_proxy)
{
    static uftp_member list[3];
    list[0] = (uftp_member){.uid = BENCH_A};
    list[1] = (uftp_member){.uid = BENCH_B};
    list[2] = (uftp_member){.uid = PROXY, .is_proxy = as_proxy};
    b.config.members = list;
    b.config.member_count = proxy_listed ? 3 : 2;
}

static void a_closed_group_takes_listed_proxies_alone(void **state)
{
    (void)state;
    for (int listed_as = 0; listed_as < 3; listed_as++) { /* not, as a receiver, as a proxy */
        bench_init(&b, 5000);
        b.on_message = proxy_answers;
        members(listed_as > 0, listed_as == 2);
        bench_start(&b);
        assert_int_equal(bench_run_to_end(&b),
                         listed_as == 2 ? UFTP_RESULT_OK : UFTP_RESULT_NO_REGISTRATION);
        assert_int_equal(b.events[UFTP_EVENT_CLIENT_REFUSED] > 0, listed_as < 2);
        bench_end(&b);
    }
}

static void a_closed_group_refuses_strangers_behind_a_proxy(void **state)
{
    (void)state;
    static uftp_member list[2];
    bench_init(&b, 5000);
    list[0] = (uftp_member){.uid = BENCH_A};
    list[1] = (uftp_member){.uid = PROXY, .is_proxy = true};
    b.config.members = list;
    b.config.member_count = 2;
    b.on_message = proxy_answers;
    bench_start(&b);
    assert_int_equal(bench_run_to_end(&b), UFTP_RESULT_OK);
    assert_int_equal(client_of(BENCH_A).copied, 1);
    assert_int_equal(bench_stats(&b).clients, 2);
    assert_true(b.sent[UFTP_MESSAGE_ABORT] > 0); /* names B */
    bench_end(&b);
}

/* on_message: A speaks for itself, and the proxy claims it, too. */
static void claimed(sender_bench *bench, const uftp_header *header, const uftp_message *message,
                    const uftp_address *to)
{
    (void)to;
    bench_honest(bench, BENCH_A, header, message);
    if (message->type == UFTP_MESSAGE_ANNOUNCE) {
        const uftp_message answer = registration();
        bench_reply(bench, PROXY, &answer);
    }
    if (message->type == UFTP_MESSAGE_FILEINFO) {
        const uftp_message abort = {
            .type = UFTP_MESSAGE_ABORT,
            .as.abort = {.host = BENCH_A, .text = {(const uint8_t *)"x", 1}}};
        bench_reply(bench, PROXY, &abort);
    }
}

static void a_proxy_does_not_speak_for_those_who_speak_themselves(void **state)
{
    (void)state;
    bench_init(&b, 5000);
    b.on_message = claimed;
    bench_start(&b);
    assert_int_equal(bench_run_to_end(&b), UFTP_RESULT_OK);
    assert_int_equal(client_of(BENCH_A).copied, 1); /* the proxy's ABORT for it was void */
    assert_int_equal(client_of(BENCH_B).state, UFTP_CLIENT_LOST);
    bench_end(&b);
}

/* on_message: the proxy says that B gave up. */
static void one_aborts(sender_bench *bench, const uftp_header *header, const uftp_message *message,
                       const uftp_address *to)
{
    if (message->type == UFTP_MESSAGE_FILESEG && bench->events[UFTP_EVENT_CLIENT_ABORTED] == 0) {
        const uftp_message abort = {
            .type = UFTP_MESSAGE_ABORT,
            .as.abort = {.host = BENCH_B, .text = {(const uint8_t *)"full", 4}}};
        bench_reply(bench, PROXY, &abort);
        return;
    }
    proxy_answers(bench, header, message, to);
}

static void an_abort_through_a_proxy_names_its_receiver(void **state)
{
    (void)state;
    bench_init(&b, 5000);
    b.on_message = one_aborts;
    nak_first = false;
    bench_start(&b);
    assert_int_equal(bench_run_to_end(&b), UFTP_RESULT_OK);
    assert_int_equal(client_of(BENCH_B).state, UFTP_CLIENT_ABORTED);
    assert_int_equal(client_of(BENCH_A).copied, 1);
    assert_int_equal(client_of(PROXY).state, UFTP_CLIENT_DONE);
    bench_end(&b);
}

/* on_message: the proxy itself gives up. */
static void proxy_aborts(sender_bench *bench, const uftp_header *header,
                         const uftp_message *message, const uftp_address *to)
{
    if (message->type == UFTP_MESSAGE_FILESEG) {
        const uftp_message abort = {.type = UFTP_MESSAGE_ABORT};
        bench_reply(bench, PROXY, &abort);
        return;
    }
    proxy_answers(bench, header, message, to);
}

static void who_is_behind_a_proxy_that_aborts_goes_with_it(void **state)
{
    (void)state;
    bench_init(&b, 5000);
    b.on_message = proxy_aborts;
    bench_start(&b);
    assert_int_equal(bench_run_to_end(&b), UFTP_RESULT_ALL_LOST);
    assert_int_equal(client_of(BENCH_A).state, UFTP_CLIENT_ABORTED);
    assert_int_equal(client_of(BENCH_B).state, UFTP_CLIENT_ABORTED);
    bench_end(&b);
}

/* on_message: A is a receiver, and lists B in its answers. */
static void pretends(sender_bench *bench, const uftp_header *header, const uftp_message *message,
                     const uftp_address *to)
{
    (void)to;
    if (message->type == UFTP_MESSAGE_FILEINFO) {
        const uftp_message answer = {
            .type = UFTP_MESSAGE_FILEINFO_ACK,
            .as.fileinfo_ack = {.file_id = 1, .clients = {.bytes = both + 4, .count = 1}}};
        bench_reply(bench, BENCH_A, &answer);
        return;
    }
    bench_all_honest(bench, header, message, to);
}

static void a_receiver_cannot_answer_for_others(void **state)
{
    (void)state;
    bench_init(&b, 5000);
    b.on_message = pretends;
    bench_start(&b);
    assert_int_equal(bench_run_to_end(&b), UFTP_RESULT_NO_FILEINFO);
    assert_true(bench_stats(&b).datagrams_rejected > 0);
    bench_end(&b);
}

static void version_4_takes_no_proxies(void **state)
{
    (void)state;
    bench_init(&b, 5000);
    b.config.version = 4;
    b.on_message = proxy_answers;
    bench_start(&b);
    assert_int_equal(bench_run_to_end(&b), UFTP_RESULT_NO_REGISTRATION);
    assert_true(b.events[UFTP_EVENT_CLIENT_REFUSED] > 0);
    bench_end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(those_behind_a_proxy_take_part),
        cmocka_unit_test(a_closed_group_takes_listed_proxies_alone),
        cmocka_unit_test(a_closed_group_refuses_strangers_behind_a_proxy),
        cmocka_unit_test(a_proxy_does_not_speak_for_those_who_speak_themselves),
        cmocka_unit_test(an_abort_through_a_proxy_names_its_receiver),
        cmocka_unit_test(who_is_behind_a_proxy_that_aborts_goes_with_it),
        cmocka_unit_test(a_receiver_cannot_answer_for_others),
        cmocka_unit_test(version_4_takes_no_proxies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
