/* SPDX-License-Identifier: MIT */
#include "runtime/clock.h"
#include "runtime/loop.h"
#include "runtime/resolve.h"

#include "isolated.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>

/* A toy object behind the five verbs: answers each datagram, sends what it is told to, and stops
 * the loop when it has seen enough. */
typedef struct uftp_toy {
    uftp_loop *loop;
    uftp_socket *socket;
    uint64_t now;      /* last one seen */
    uint64_t deadline; /* UFTP_NEVER: none */
    uint64_t timeout_at;
    uint64_t wakeup;
    uftp_address peer; /* where to send */
    size_t to_send;    /* datagrams still to go to `peer` */
    size_t heard, timeouts, events, signals, send_errors;
    size_t left_at_hearing; /* to_send when the first datagram came */
    size_t stop_after_heard, stop_after_events;
    bool stop_at_timeout, stop_at_signal, farewell_at_stop;
    int signal_number, send_error;
    size_t pending_events;
} uftp_toy;

static void see_time(uftp_toy *toy, uint64_t now)
{
    assert_true(now >= toy->now); /* the clock never goes back */
    toy->now = now;
}

static void uftp_toy_recv(uftp_toy *toy, uint64_t now, const uftp_datagram *trains, size_t count)
{
    see_time(toy, now);
    for (size_t i = 0; i < count; i++)
        assert_true(trains[i].arrival <= now);
    if (!toy->heard)
        toy->left_at_hearing = toy->to_send;
    toy->heard += count;
    toy->pending_events++;
    if (!toy->peer.family) { /* an answer to the first who asks */
        toy->peer = trains[0].source;
        toy->to_send = 1;
    }
}

static int uftp_toy_poll_transmit(uftp_toy *toy, uint64_t now, uftp_transmit *out)
{
    see_time(toy, now);
    if (!toy->to_send)
        return 0;
    toy->to_send--;
    memset(out->data, 'a', 2000);
    out->len = out->segment_len = 2000;
    out->destination = toy->peer;
    return 1;
}

static uint64_t uftp_toy_next_deadline(const uftp_toy *toy)
{
    return toy->deadline;
}

static void uftp_toy_on_timeout(uftp_toy *toy, uint64_t now)
{
    see_time(toy, now);
    toy->timeout_at = now;
    toy->timeouts++;
    toy->deadline = UFTP_NEVER;
    toy->pending_events++;
    if (toy->stop_at_timeout)
        uftp_loop_stop(toy->loop, 3);
}

UFTP_LOOP_VERBS(toy);

static size_t on_events(void *ctx, uint64_t now)
{
    uftp_toy *toy = ctx;
    see_time(toy, now);
    size_t count = toy->pending_events;
    toy->pending_events = 0;
    toy->events++;
    if (toy->stop_after_heard && toy->heard >= toy->stop_after_heard)
        uftp_loop_stop(toy->loop, 4);
    if (toy->stop_after_events && toy->events >= toy->stop_after_events) {
        toy->to_send += toy->farewell_at_stop && toy->events == toy->stop_after_events;
        uftp_loop_stop(toy->loop, 5);
    }
    return count;
}

static void on_signal(void *ctx, uint64_t now, int number)
{
    uftp_toy *toy = ctx;
    see_time(toy, now);
    toy->signals++;
    toy->signal_number = number;
    if (toy->peer.family)
        toy->to_send = 1; /* the farewell */
    if (toy->stop_at_signal)
        uftp_loop_stop(toy->loop, 6);
}

static void on_send_error(void *ctx, const uftp_socket_error *error)
{
    uftp_toy *toy = ctx;
    toy->send_errors++;
    toy->send_error = error->system_error;
}

static uint64_t next_wakeup(void *ctx)
{
    const uftp_toy *toy = ctx;
    return toy->now < toy->wakeup ? toy->wakeup : UFTP_NEVER;
}

typedef struct bench {
    uftp_toy toy;
    uftp_socket *other;
    uftp_address toy_address, other_address;
} bench;

static uftp_socket *open_socket(uftp_address *address)
{
    uftp_socket *s = NULL;
    assert_int_equal(uftp_socket_open(&(uftp_socket_config){.family = UFTP_IPV4}, &s, NULL), 0);
    assert_int_equal(uftp_resolve_numeric("127.0.0.1", address), 0);
    address->port = uftp_socket_port(s);
    return s;
}

static void bench_open(bench *b, bool with_signals)
{
    *b = (bench){.toy.deadline = UFTP_NEVER, .toy.wakeup = 0};
    b->toy.socket = open_socket(&b->toy_address);
    b->other = open_socket(&b->other_address);
    uftp_loop_config config = {.socket = b->toy.socket,
                               .verbs = &toy_verbs,
                               .object = &b->toy,
                               .ctx = &b->toy,
                               .on_events = on_events,
                               .on_signal = with_signals ? on_signal : NULL,
                               .on_send_error = on_send_error,
                               .next_wakeup = next_wakeup};
    assert_int_equal(uftp_loop_create(&config, &b->toy.loop), UFTP_OK);
}

static int bench_run(bench *b)
{
    alarm(20); /* a loop that never stops is a failure */
    int status = uftp_loop_run(b->toy.loop);
    alarm(0);
    return status;
}

static void bench_close(bench *b)
{
    uftp_loop_destroy(b->toy.loop);
    uftp_socket_close(b->toy.socket);
    uftp_socket_close(b->other);
}

static void say_to_toy(bench *b)
{
    uftp_transmit *slot = uftp_socket_slot(b->other);
    memset(slot->data, 'q', 100);
    slot->len = slot->segment_len = 100;
    slot->destination = b->toy_address;
    uftp_socket_push(b->other);
    assert_int_equal(uftp_socket_flush(b->other), 0);
}

static size_t heard_by_other(bench *b, int wait_ms)
{
    size_t count = 0;
    for (;;) {
        struct pollfd fd = {.fd = uftp_socket_fd(b->other), .events = POLLIN};
        const uftp_datagram *trains;
        if (poll(&fd, 1, wait_ms) <= 0)
            return count;
        int got = uftp_socket_receive(b->other, uftp_clock_now(), &trains);
        for (int i = 0; i < got; i++)
            count += trains[i].len / 2000;
    }
}

static void a_datagram_is_handed_in_and_the_answer_leaves(void **state)
{
    (void)state;
    bench b;
    bench_open(&b, true);
    b.toy.stop_after_heard = 1;
    say_to_toy(&b);
    assert_int_equal(bench_run(&b), 4);
    assert_int_equal(heard_by_other(&b, 100), 1);
    bench_close(&b);
}

/* Pacing stands on this: not early, and late only by what the machine is busy with. */
static void a_deadline_is_kept(void **state)
{
    (void)state;
    uint64_t best = UINT64_MAX;
    for (int i = 0; i < 100 && best >= UFTP_MS(2); i++) {
        bench b;
        bench_open(&b, true);
        uint64_t deadline = uftp_clock_now() + UFTP_MS(5);
        b.toy.deadline = deadline;
        b.toy.stop_at_timeout = true;
        assert_int_equal(bench_run(&b), 3);
        assert_int_equal(b.toy.timeouts, 1);
        assert_true(b.toy.timeout_at >= deadline);
        uint64_t late = b.toy.timeout_at - deadline;
        best = late < best ? late : best;
        bench_close(&b);
    }
    assert_true(best < UFTP_MS(2)); /* in one of many tries: the machine does other things, too */
}

static void a_deadline_in_the_past_is_served_at_once(void **state)
{
    (void)state;
    bench b;
    bench_open(&b, true);
    b.toy.deadline = 1;
    b.toy.stop_at_timeout = true;
    assert_int_equal(bench_run(&b), 3);
    bench_close(&b);
}

static void the_program_can_ask_for_turns_of_its_own(void **state)
{
    (void)state;
    bench b;
    bench_open(&b, true);
    uint64_t start = uftp_clock_now();
    b.toy.wakeup = start + UFTP_MS(5);
    b.toy.stop_after_events = 2; /* once at the start, once when it is woken */
    assert_int_equal(bench_run(&b), 5);
    assert_true(b.toy.now >= start + UFTP_MS(5));
    assert_int_equal(b.toy.timeouts, 0);
    bench_close(&b);
}

/* More than a queue holds, with an answer waiting at the door: all leaves, and the answer is heard
 * long before the end. */
static void a_long_transmission_does_not_make_it_deaf(void **state)
{
    (void)state;
    bench b;
    bench_open(&b, true);
    enum { DATAGRAMS = 2000 };
    b.toy.peer = b.toy_address; /* it talks to itself: what is sent comes back */
    b.toy.to_send = DATAGRAMS;
    b.toy.deadline = UFTP_NEVER;
    b.toy.stop_after_heard = DATAGRAMS;
    assert_int_equal(bench_run(&b), 4);
    assert_int_equal(b.toy.to_send, 0);
    assert_true(b.toy.left_at_hearing > DATAGRAMS * 3 / 4);
    bench_close(&b);
}

static void a_signal_is_an_event_and_the_farewell_still_leaves(void **state)
{
    (void)state;
    bench b;
    bench_open(&b, true);
    b.toy.peer = b.other_address;
    b.toy.stop_at_signal = true;
    raise(SIGTERM); /* blocked: waits for the loop */
    assert_int_equal(bench_run(&b), 6);
    assert_int_equal(b.toy.signals, 1);
    assert_int_equal(b.toy.signal_number, SIGTERM);
    assert_int_equal(heard_by_other(&b, 100), 1);
    bench_close(&b);
}

/* The program decides to stop, and the object says good-bye to its peers, without an event. */
static void what_is_said_while_stopping_still_leaves(void **state)
{
    (void)state;
    bench b;
    bench_open(&b, true);
    b.toy.peer = b.other_address;
    b.toy.stop_after_events = 1;
    b.toy.farewell_at_stop = true;
    assert_int_equal(bench_run(&b), 5);
    assert_int_equal(heard_by_other(&b, 100), 1);
    bench_close(&b);
}

static void without_a_handler_a_signal_stops_the_loop(void **state)
{
    (void)state;
    bench b;
    bench_open(&b, false);
    raise(SIGINT);
    assert_int_equal(bench_run(&b), 128 + SIGINT);
    bench_close(&b);
}

static bool blocks(int number)
{
    sigset_t mask;
    sigprocmask(SIG_BLOCK, NULL, &mask);
    return sigismember(&mask, number);
}

/* A post-receive program that cannot be interrupted would be a nuisance. */
static void a_child_and_the_time_after_have_the_signals_as_before(void **state)
{
    (void)state;
    bench b;
    struct sigaction pipe;
    bench_open(&b, true);
    assert_true(blocks(SIGINT) && blocks(SIGTERM));
    sigaction(SIGPIPE, NULL, &pipe);
    assert_true(pipe.sa_handler == SIG_IGN);
    uftp_loop_child(b.toy.loop); /* as if in the child */
    assert_false(blocks(SIGINT) || blocks(SIGTERM));
    bench_close(&b);
    assert_false(blocks(SIGINT) || blocks(SIGTERM));
    sigaction(SIGPIPE, NULL, &pipe);
    assert_true(pipe.sa_handler == SIG_DFL);
}

static void a_send_error_reaches_the_program_once(void **state)
{
    (void)state;
    bench b;
    bench_open(&b, true);
    assert_int_equal(uftp_resolve_numeric("::1", &b.toy.peer), UFTP_OK); /* an IPv4 socket */
    b.toy.peer.port = 9;
    b.toy.to_send = 100;
    b.toy.deadline = 1;
    b.toy.stop_at_timeout = true;
    assert_int_equal(bench_run(&b), 3);
    assert_int_equal(b.toy.send_errors, 1);
    assert_int_equal(b.toy.send_error, EAFNOSUPPORT);
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_datagram_is_handed_in_and_the_answer_leaves),
        cmocka_unit_test(a_deadline_is_kept),
        cmocka_unit_test(a_deadline_in_the_past_is_served_at_once),
        cmocka_unit_test(the_program_can_ask_for_turns_of_its_own),
        cmocka_unit_test(a_long_transmission_does_not_make_it_deaf),
        cmocka_unit_test(a_signal_is_an_event_and_the_farewell_still_leaves),
        cmocka_unit_test(what_is_said_while_stopping_still_leaves),
        cmocka_unit_test(without_a_handler_a_signal_stops_the_loop),
        cmocka_unit_test(a_child_and_the_time_after_have_the_signals_as_before),
        cmocka_unit_test(a_send_error_reaches_the_program_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
