/* SPDX-License-Identifier: MIT */
#include "models.h"

#include <uftp/datagram.h>

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

static unsigned marked_count;

static void count_marked(sim_model *model, uint64_t now, sim_packet *packet)
{
    (void)model;
    (void)now;
    marked_count += packet->tos == (0xb8 | UFTP_ECN_MARKED);
    assert_int_equal(packet->from, 7);
    sim_packet_free(packet);
}

/* Packets that find a queue are marked instead of dropped, if they can be; who shares one does not
 * see the mark. */
static void queue_marks_what_can_be_marked(void **state)
{
    (void)state;
    static const sim_model_type counter = {.name = "counter", .push = count_marked};
    bench *b = bench_new(1);
    sim_model sink = {.type = &counter, .medium = &b->medium};
    sim_model *line = sim_bottleneck_new(
        &b->medium, "x",
        &(sim_line_config){.rate_bytes_per_s = 1000, .queue_bytes = 10000, .mark_bytes = 3000});
    line->next = &sink;
    for (int capable = 0; capable < 2; capable++) {
        static const uint8_t bytes[1000];
        sim_packet *packet = sim_packet_new(bytes, sizeof bytes);
        packet->from = 7;
        packet->tos = (uint8_t)(0xb8 | (capable ? UFTP_ECN_CAPABLE : 0));
        marked_count = 0;
        for (int i = 0; i < 8; i++) /* one on the line, three that wait, four that find them */
            sim_model_push(line, b->queue.now, sim_packet_share(packet));
        while (sim_queue_step(&b->queue, UFTP_NEVER - 1))
            ;
        assert_int_equal(marked_count, capable ? 4 : 0);
        assert_int_equal(packet->references, 1);
        assert_int_equal(packet->tos & 1, 0);
        sim_packet_free(packet);
    }
    sim_chain_free(line, &sink);
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

/* Poisson arrivals, constant service (M/D/1): the mean wait is rho / (2 (1 - rho)) service times,
 * half of one at rho = 0.5. Arrivals are drawn once in a thousandth of the service time. Ten runs
 * of 20000 packets deviate by about 1 % together. */
static void mean_wait_is_that_of_an_m_d_1_queue(void **state)
{
    (void)state;
    uint64_t sum = 0;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        bench *b = bench_new(seed);
        sim_random random;
        sim_random_init(&random, seed, "arrivals");
        bench_branch link;
        bench_branch_open(b, &link, "a>b",
                          &(sim_link){.rate_bytes_per_s = 1000000, .queue_bytes = 1000000});
        uint64_t at = 0;
        for (uint32_t i = 0; i < 20000; i++) {
            do
                at += UFTP_US(10);
            while (!sim_random_chance(&random, 1, 200));
            bench_branch_send(b, &link, at, i, 1000);
        }
        bench_run(b);
        assert_int_equal(link.count, 20000);
        sum += bench_figure_of(link.first, "wait_mean");
        bench_branch_close(&link);
        bench_free(b);
    }
    assert_in_range(sum / 10, UFTP_US(470), UFTP_US(520));
}

/* A hundred packets of a millisecond at once: the last one waits for 99. */
static void queue_figures_are_those_of_a_burst(void **state)
{
    (void)state;
    bench *b = bench_new(1);
    bench_branch link;
    bench_branch_open(
        b, &link, "a>b",
        &(sim_link){.rate_bytes_per_s = 1000000, .queue_bytes = 99000, .overhead_bytes = 28});
    for (uint32_t i = 0; i < 100; i++)
        bench_branch_send(b, &link, UFTP_MS(5), i, 972);
    bench_run(b);
    assert_int_equal(bench_figure_of(link.first, "queue_peak_bytes"), 99000);
    assert_int_equal(bench_figure_of(link.first, "queue_peak_count"), 99);
    assert_int_equal(bench_figure_of(link.first, "wait_max"), UFTP_MS(99));
    assert_int_equal(bench_figure_of(link.first, "wait_mean"), UFTP_US(49500));
    assert_int_equal(bench_figure_of(link.first, "passed_bytes"), 100000);
    assert_int_equal(bench_figure_of(link.first, "queue_dropped"), 0);
    bench_branch_close(&link);
    bench_free(b);
}

/* Two links, one carrier: packets leave in the order of arrival at the rate of one line, each to
 * its own link; a link that goes away takes its packets out of the queue, and no others. */
static void links_share_a_carrier(void **state)
{
    (void)state;
    bench *b = bench_new(1);
    sim_carrier *carrier = sim_carrier_new(
        &b->medium, "sky", &(sim_line_config){.rate_bytes_per_s = 1000000, .queue_bytes = 10000});
    bench_branch links[2];
    bench_branch_open(b, &links[0], "hub>a", &(sim_link){.carrier = carrier});
    bench_branch_open(b, &links[1], "hub>b", &(sim_link){.carrier = carrier});
    for (uint32_t i = 0; i < 4; i++)
        bench_branch_send(b, &links[i % 2], 0, i, 1000);
    bench_run(b);
    assert_int_equal(links[0].count, 2);
    assert_int_equal(links[0].at, UFTP_MS(3));
    assert_int_equal(links[1].at, UFTP_MS(4));
    for (uint32_t i = 4; i < 8; i++)
        bench_branch_send(b, &links[i % 2], UFTP_MS(10), i, 1000);
    bench_branch_close(&links[0]); /* one of its packets is on the line, one waits */
    bench_run(b);
    assert_int_equal(links[1].count, 4);
    assert_int_equal(links[1].at, UFTP_MS(13));
    assert_int_equal(sim_carrier_line(carrier)->waiting_bytes, 0);
    bench_branch_close(&links[1]);
    bench_free(b);
}

static const struct CMUnitTest tests[] = {
    SIM_TEST(packets_leave_at_the_rate_of_the_line),
    SIM_TEST(full_queue_drops_its_tail),
    SIM_TEST(overload_passes_the_rate_and_no_more),
    SIM_TEST(queue_marks_what_can_be_marked),
    SIM_TEST(what_still_waits_is_freed_with_the_line),
    SIM_TEST(mean_wait_is_that_of_an_m_d_1_queue),
    SIM_TEST(queue_figures_are_those_of_a_burst),
    SIM_TEST(links_share_a_carrier),
};

SIM_TEST_MAIN(tests)
