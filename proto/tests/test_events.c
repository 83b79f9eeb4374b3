/* SPDX-License-Identifier: MIT */
#include "session/events.h"
#include "support.h"

#include <stdio.h>
#include <string.h>

typedef struct fixture {
    test_memory memory;
    uftp_event_queue queue;
} fixture;

static void open_queue(fixture *f)
{
    test_memory_init(&f->memory);
    uftp_event_queue_init(&f->queue, &f->memory.allocator);
}

static void close_queue(fixture *f)
{
    uftp_event_queue_free(&f->queue);
    assert_int_equal(f->memory.live, 0);
}

static void events_come_out_in_the_order_they_went_in(void **state)
{
    (void)state;
    fixture f;
    open_queue(&f);
    uftp_event out;
    uint32_t pushed = 0, popped = 0;
    for (int round = 0; round < 50; round++) { /* filling faster than draining, then to the end */
        for (int i = 0; i < 7; i++)
            uftp_event_queue_push(&f.queue,
                                  &(uftp_event){.type = UFTP_EVENT_SENT, .count = pushed++});
        for (int i = 0; i < 5; i++) {
            assert_int_equal(uftp_event_queue_pop(&f.queue, &out), 1);
            assert_int_equal(out.count, popped++);
        }
    }
    while (uftp_event_queue_pop(&f.queue, &out))
        assert_int_equal(out.count, popped++);
    assert_int_equal(popped, pushed);
    assert_int_equal(uftp_event_queue_pop(&f.queue, &out), 0);
    close_queue(&f);
}

/* A name often lies in a datagram, which is the driver's again after the call. */
static void strings_are_copies_and_live_until_the_next_pop(void **state)
{
    (void)state;
    fixture f;
    open_queue(&f);
    char name[16], text[16], path[16];
    for (int i = 0; i < 3; i++) {
        snprintf(name, sizeof name, "n\x1b%d", i);
        snprintf(text, sizeof text, "t%d", i);
        snprintf(path, sizeof path, "p%d", i);
        uftp_event_queue_push(&f.queue, &(uftp_event){.type = UFTP_EVENT_FILE_FINISHED,
                                                      .name = name,
                                                      .text = i == 1 ? NULL : text,
                                                      .path = path});
    }
    memset(name, 'x', sizeof name - 1);
    for (int i = 0; i < 3; i++) {
        uftp_event out;
        assert_int_equal(uftp_event_queue_pop(&f.queue, &out), 1);
        snprintf(name, sizeof name, "n\x1b%d", i);
        snprintf(text, sizeof text, "t%d", i);
        snprintf(path, sizeof path, "p%d", i);
        assert_string_equal(out.name, name);
        assert_string_equal(out.path, path);
        if (i == 1)
            assert_null(out.text);
        else
            assert_string_equal(out.text, text);
    }
    close_queue(&f);
}

/* An event that is passed on right after it was taken points into the node that push releases. */
static void an_event_just_taken_can_be_pushed_again(void **state)
{
    (void)state;
    fixture f;
    open_queue(&f);
    uftp_event out;
    uftp_event_queue_push(&f.queue, &(uftp_event){.type = UFTP_EVENT_ABORT, .text = "why"});
    assert_int_equal(uftp_event_queue_pop(&f.queue, &out), 1);
    uftp_event_queue_push(&f.queue, &out);
    assert_int_equal(uftp_event_queue_pop(&f.queue, &out), 1);
    assert_string_equal(out.text, "why");
    close_queue(&f);
}

static void without_memory_an_event_is_dropped_and_counted(void **state)
{
    (void)state;
    fixture f;
    open_queue(&f);
    f.memory.fail_at = 2;
    for (uint32_t i = 1; i <= 3; i++)
        uftp_event_queue_push(&f.queue, &(uftp_event){.type = UFTP_EVENT_GRTT, .count = i});
    uftp_event out;
    assert_int_equal(uftp_event_queue_pop(&f.queue, &out), 1);
    assert_int_equal(out.count, 1);
    assert_int_equal(uftp_event_queue_pop(&f.queue, &out), 1);
    assert_int_equal(out.count, 3);
    assert_int_equal(f.queue.dropped, 1);
    close_queue(&f);
}

static void freeing_releases_what_was_never_taken(void **state)
{
    (void)state;
    fixture f;
    open_queue(&f);
    uftp_event out;
    for (int i = 0; i < 3; i++)
        uftp_event_queue_push(&f.queue, &(uftp_event){.type = UFTP_EVENT_JOIN, .text = "x"});
    uftp_event_queue_pop(&f.queue, &out);
    close_queue(&f);
}

static void every_event_has_its_name(void **state)
{
    (void)state;
    assert_string_equal(uftp_event_name(UFTP_EVENT_NONE), "NONE");
    assert_string_equal(uftp_event_name(UFTP_EVENT_JOIN), "JOIN");
    assert_string_equal(uftp_event_name(UFTP_EVENT_REJECTED), "REJECTED");
    assert_string_equal(uftp_event_name((uftp_event_type)999), "NONE");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_come_out_in_the_order_they_went_in),
        cmocka_unit_test(strings_are_copies_and_live_until_the_next_pop),
        cmocka_unit_test(an_event_just_taken_can_be_pushed_again),
        cmocka_unit_test(without_memory_an_event_is_dropped_and_counted),
        cmocka_unit_test(freeing_releases_what_was_never_taken),
        cmocka_unit_test(every_event_has_its_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
