/* SPDX-License-Identifier: MIT */
#include "session/proxy_queue.h"
#include "support.h"

#include <string.h>

#define CAPACITY 4096

static const uftp_address here = {.family = UFTP_IPV4, .bytes = {10, 0, 0, 1}, .port = 1044};
static const uftp_address there = {.family = UFTP_IPV4, .bytes = {10, 0, 0, 2}, .port = 1044};

typedef struct fixture {
    test_memory memory;
    proxy_queue queue;
    uint8_t out[UFTP_TRAIN_BYTES_MAX];
    uftp_transmit transmit;
} fixture;

static fixture f;

static void open_queue(void)
{
    test_memory_init(&f.memory);
    assert_int_equal(uftp_proxy_queue_init(&f.queue, &f.memory.allocator, CAPACITY), UFTP_OK);
    f.transmit = (uftp_transmit){.data = f.out, .capacity = sizeof f.out};
}

static void close_queue(void)
{
    uftp_proxy_queue_free(&f.queue, &f.memory.allocator);
    assert_int_equal(f.memory.live, 0);
}

static bool put(uint8_t value, size_t len, const uftp_address *to)
{
    uint8_t *room = uftp_proxy_queue_reserve(&f.queue, len);
    if (!room)
        return false;
    memset(room, value, len);
    uftp_proxy_queue_commit(&f.queue, len, to, 0);
    return true;
}

static void expect_all(size_t at, size_t len, uint8_t value)
{
    for (size_t i = 0; i < len; i++)
        assert_int_equal(f.out[at + i], value);
}

static void neighbours_of_one_flow_leave_as_a_train(void **state)
{
    (void)state;
    open_queue();
    assert_true(put(1, 100, &here) && put(2, 100, &here) && put(3, 40, &here));
    assert_true(put(4, 100, &here));  /* behind a shorter one: a train of its own */
    assert_true(put(5, 100, &there)); /* another destination */
    assert_int_equal(uftp_proxy_queue_take(&f.queue, &f.transmit), 1);
    assert_int_equal(f.transmit.len, 240);
    assert_int_equal(f.transmit.segment_len, 100);
    expect_all(0, 100, 1);
    expect_all(100, 100, 2);
    expect_all(200, 40, 3);
    assert_int_equal(uftp_proxy_queue_take(&f.queue, &f.transmit), 1);
    assert_int_equal(f.transmit.len, 100);
    expect_all(0, 100, 4);
    assert_int_equal(uftp_proxy_queue_take(&f.queue, &f.transmit), 1);
    assert_true(uftp_address_equal(&f.transmit.destination, &there));
    assert_int_equal(uftp_proxy_queue_take(&f.queue, &f.transmit), 0);
    close_queue();
}

static void a_train_ends_where_the_room_ends(void **state)
{
    (void)state;
    open_queue();
    assert_true(put(1, 100, &here) && put(2, 100, &here) && put(3, 100, &here));
    f.transmit.capacity = 250;
    assert_int_equal(uftp_proxy_queue_take(&f.queue, &f.transmit), 1);
    assert_int_equal(f.transmit.len, 200);
    assert_int_equal(uftp_proxy_queue_take(&f.queue, &f.transmit), 1);
    assert_int_equal(f.transmit.len, 100);
    expect_all(0, 100, 3);
    close_queue();
}

static void what_finds_it_full_is_dropped_and_counted(void **state)
{
    (void)state;
    open_queue();
    size_t fitted = 0;
    while (put((uint8_t)fitted, 500, &here))
        fitted++;
    assert_in_range(fitted, 6, 8);
    assert_int_equal(f.queue.dropped, 1);
    f.transmit.capacity = 500;
    for (size_t i = 0; i < fitted; i++) {
        assert_int_equal(uftp_proxy_queue_take(&f.queue, &f.transmit), 1);
        expect_all(0, 500, (uint8_t)i);
    }
    assert_int_equal(uftp_proxy_queue_take(&f.queue, &f.transmit), 0);
    assert_true(put(9, 500, &here));
    close_queue();
}

static void room_that_was_not_used_is_none_lost(void **state)
{
    (void)state;
    open_queue();
    for (int i = 0; i < 100; i++)
        assert_non_null(uftp_proxy_queue_reserve(&f.queue, 3000));
    assert_int_equal(uftp_proxy_queue_count(&f.queue), 0);
    assert_true(put(1, 10, &here));
    assert_int_equal(uftp_proxy_queue_take(&f.queue, &f.transmit), 1);
    close_queue();
}

/* Lengths at random, so that the ring wraps in every way, against a plain list. */
static void order_and_bytes_survive_any_wrapping(void **state)
{
    (void)state;
    static size_t lens[64];
    static uint8_t values[64];
    for (uint64_t seed = 0; seed < 50; seed++) {
        test_random random;
        test_random_init(&random, seed);
        open_queue();
        f.transmit.capacity = 1; /* set below: one datagram at a time */
        size_t first = 0, next = 0;
        for (int step = 0; step < 2000; step++) {
            if (test_random_below(&random, 2) && next - first < 64) {
                size_t len = 1 + test_random_below(&random, 700);
                if (!put((uint8_t)next, len, &here))
                    continue;
                lens[next % 64] = len;
                values[next % 64] = (uint8_t)next;
                next++;
            } else if (first < next) {
                f.transmit.capacity = lens[first % 64];
                assert_int_equal(uftp_proxy_queue_take(&f.queue, &f.transmit), 1);
                assert_int_equal(f.transmit.len, lens[first % 64]);
                expect_all(0, f.transmit.len, values[first % 64]);
                first++;
            }
            assert_int_equal(uftp_proxy_queue_count(&f.queue), next - first);
        }
        close_queue();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(neighbours_of_one_flow_leave_as_a_train),
        cmocka_unit_test(a_train_ends_where_the_room_ends),
        cmocka_unit_test(what_finds_it_full_is_dropped_and_counted),
        cmocka_unit_test(room_that_was_not_used_is_none_lost),
        cmocka_unit_test(order_and_bytes_survive_any_wrapping),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
