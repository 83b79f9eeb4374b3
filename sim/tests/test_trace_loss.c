/* SPDX-License-Identifier: MIT */
#include "models.h"

#include <string.h>

static sim_loss_trace parse(const char *text)
{
    sim_loss_trace trace;
    unsigned line;
    assert_int_equal(sim_loss_trace_parse(text, strlen(text), &trace, &line), UFTP_OK);
    return trace;
}

static void expect_passed(const sim_link *link, uint32_t sent, const uint32_t *numbers,
                          size_t count)
{
    bench *b = bench_new(1);
    bench_link(b, link);
    bench_send(b, 0, sent, 0, 1, 100);
    assert_int_equal(b->count, count);
    assert_memory_equal(b->number, numbers, count * sizeof *numbers);
    bench_free(b);
}

static void exactly_the_recorded_packets_are_lost_and_the_trace_begins_anew(void **state)
{
    (void)state;
    sim_loss_trace trace = parse("1001 # four\n0\n");
    assert_int_equal(trace.packets, 5);
    assert_int_equal(trace.lost, 2);
    expect_passed(&(sim_link){.loss_trace = &trace}, 11, (const uint32_t[]){1, 2, 4, 6, 7, 9}, 6);
    expect_passed(&(sim_link){.loss_trace = &trace, .loss_trace_once = true}, 9,
                  (const uint32_t[]){1, 2, 4, 5, 6, 7, 8}, 7);
    expect_passed(&(sim_link){.loss_trace = &trace, .loss_trace_start = 13}, 5,
                  (const uint32_t[]){1, 3, 4}, 3); /* begins at the 1 in the middle */
    sim_loss_trace_free(&trace);
}

static void runs_and_digits_say_the_same(void **state)
{
    (void)state;
    sim_loss_trace runs = parse("runs 0 2 3 0 1 1"), digits = parse("11 0000 1");
    assert_int_equal(runs.packets, digits.packets);
    const uint32_t numbers[] = {2, 3, 4, 5};
    expect_passed(&(sim_link){.loss_trace = &runs}, 9, numbers, 4);
    expect_passed(&(sim_link){.loss_trace = &digits}, 9, numbers, 4);
    sim_loss_trace_free(&runs);
    sim_loss_trace_free(&digits);
}

static void malformed_traces_are_refused_with_their_line(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned line;
    } bad[] = {{"", 1},
               {"# nothing\n", 2},
               {"01\n012", 2},
               {"runs 1 x", 1},
               {"runs 0 0", 1},
               {"runs", 1},
               {"runs 3 -1", 1},
               {"runs 1\n\n99999999999999999999", 3},
               {"runs 18446744073709551600 20", 1}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        sim_loss_trace trace;
        unsigned line = 0;
        assert_int_equal(sim_loss_trace_parse(bad[i].text, strlen(bad[i].text), &trace, &line),
                         UFTP_ERR_MALFORMED);
        assert_int_equal(line, bad[i].line);
    }
}

static void trace_is_read_from_a_file(void **state)
{
    (void)state;
    sim_loss_trace trace;
    unsigned line;
    assert_int_equal(
        sim_loss_trace_load(UFTP_SOURCE_DIR "/sim/tests/data/bursts.trace", &trace, &line),
        UFTP_OK);
    assert_int_equal(trace.packets, 11);
    assert_int_equal(trace.lost, 3);
    expect_passed(&(sim_link){.loss_trace = &trace}, 11, (const uint32_t[]){0, 1, 2, 3, 4, 7, 8, 9},
                  8);
    sim_loss_trace_free(&trace);
    assert_int_equal(sim_loss_trace_load(UFTP_SOURCE_DIR "/no/such/trace", &trace, &line),
                     UFTP_ERR_IO);
}

static const struct CMUnitTest tests[] = {
    SIM_TEST(exactly_the_recorded_packets_are_lost_and_the_trace_begins_anew),
    SIM_TEST(runs_and_digits_say_the_same),
    SIM_TEST(malformed_traces_are_refused_with_their_line),
    SIM_TEST(trace_is_read_from_a_file),
};

SIM_TEST_MAIN(tests)
