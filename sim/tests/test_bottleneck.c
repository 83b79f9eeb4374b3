/* SPDX-License-Identifier: MIT */
#include "models.h"

/* Ten packets at once: one every third of a millisecond, and no rounding that adds up. */
static void packets_leave_at_the_rate_of_the_line(void **state)
{
    (void)state;
    bench *b = bench_new(1);
    bench_link(b, &(sim_link){.rate_bytes_per_s = 3000000, .queue_bytes = 100000});
    bench_send(b, 0, 10, 0, 0, 1000);
    assert_int_equal(b->count, 10);
    for (uint32_t i = 0; i < 10; i++) {
        assert_int_equal(b->number[i], i);
        assert_int_equal(b->at[i], (i + 1) * UFTP_S(1) / 3000);
    }
    bench_free(b);
}

/* The one on the line and those that fit behind it pass; the tail is dropped. */
static void full_queue_drops_its_tail(void **state)
{
    (void)state;
    bench *b = bench_new(1);
    bench_link(b, &(sim_link){.rate_bytes_per_s = 1000000, .queue_bytes = 3500});
    bench_send(b, 0, 10, 0, 0, 1000);
    const uint32_t numbers[] = {0, 1, 2, 3};
    assert_int_equal(b->count, 4);
    assert_memory_equal(b->number, numbers, sizeof numbers);
    bench_send(b, 10, 2, UFTP_S(1), 0, 1000); /* and it recovers */
    assert_int_equal(b->count, 6);
    assert_int_equal(b->at[4], UFTP_S(1) + UFTP_MS(1));
    bench_free(b);
}

/* Sent faster than the line carries, the line's rate comes out and the rest is lost. */
static void overload_passes_the_rate_and_no_more(void **state)
{
    (void)state;
    bench *b = bench_new(1);
    bench_link(b, &(sim_link){.rate_bytes_per_s = 1000000, .queue_bytes = 20000});
    bench_send(b, 0, 2000, 0, UFTP_US(500), 1000); /* twice the rate, one second long */
    assert_in_range(b->count, 1015, 1025);
    bench_free(b);
}

/* Packets still on the line or waiting when the world ends belong to the model. */
static void what_still_waits_is_freed_with_the_line(void **state)
{
    (void)state;
    bench *b = bench_new(1);
    sim_model *line = sim_bottleneck_new(
        &b->medium, "x", &(sim_line_config){.rate_bytes_per_s = 1, .queue_bytes = 1000});
    line->next = &b->sink;
    for (int i = 0; i < 3; i++)
        sim_model_push(line, 0, sim_packet_new((const uint8_t *)"four", 4));
    sim_chain_free(line, &b->sink);
    assert_int_equal(b->queue.count, 0);
    bench_free(b);
}

static const struct CMUnitTest tests[] = {
    SIM_TEST(packets_leave_at_the_rate_of_the_line),
    SIM_TEST(full_queue_drops_its_tail),
    SIM_TEST(overload_passes_the_rate_and_no_more),
    SIM_TEST(what_still_waits_is_freed_with_the_line),
};

SIM_TEST_MAIN(tests)
