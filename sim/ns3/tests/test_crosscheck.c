/* SPDX-License-Identifier: MIT
 *
 * Two engines that share no line of event loop, queue or loss model must tell the same of the same
 * session. Where luck has no part they agree to the byte. Where it has, each run differs and their
 * averages do not: those are compared, within bands of about three standard errors of a difference
 * of averages over RUNS runs (measured over 150 runs of several scenarios: one run's bytes vary by
 * 2 %, its time by 17 %, its passes by one).
 */
#include "harness.h"
#include "reference.h"

/* cmocka wants these first. */
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>

#define RUNS 6
#define BYTES_PERCENT 5
#define TIME_PERCENT 30
#define PASSES_MIN 1 /* or PASSES_PERCENT, whichever is more */
#define PASSES_PERCENT 25
/* Without luck only the headers of IP and UDP differ, which our own simulator has not on the line.
 */
#define TIME_PERCENT_EXACT 1

typedef struct comparison {
    const char *name;
    ns3_scenario scenario;
    uint32_t runs; /* 0: RUNS */
    bool lossless;
} comparison;

#define PPM_PER_PERCENT 10000

static const comparison comparisons[] = {
    {.name = "without_loss_engines_agree_to_the_byte",
     .scenario = {.receivers = 20, .plain = true},
     .lossless = true},
    {.name = "without_loss_engines_agree_on_sealed_sessions",
     .scenario = {.receivers = 50},
     .lossless = true},
    {.name = "without_loss_the_stack_adds_nothing",
     .scenario = {.receivers = 20, .stack = true},
     .lossless = true},
    {.name = "without_loss_one_byte_is_one_pass",
     .scenario = {.receivers = 10, .file_size = 1},
     .lossless = true},
    {.name = "one_receiver_with_little_loss",
     .scenario = {.receivers = 1,
                  .loss_ppm_min = PPM_PER_PERCENT,
                  .loss_ppm_max = PPM_PER_PERCENT}},
    {.name = "plain_session_with_little_loss",
     .scenario =
         {.receivers = 20, .plain = true, .file_size = 500000, .loss_ppm_max = PPM_PER_PERCENT}},
    {.name = "sealed_session_with_little_loss",
     .scenario = {.receivers = 20, .file_size = 500000, .loss_ppm_max = PPM_PER_PERCENT}},
    {.name = "receivers_as_unlike_as_0_and_5_percent",
     .scenario = {.receivers = 50, .file_size = 500000, .loss_ppm_max = 5 * PPM_PER_PERCENT}},
    {.name = "a_fifth_of_everything_is_lost",
     .scenario = {.receivers = 10,
                  .plain = true,
                  .file_size = 300000,
                  .loss_ppm_min = 20 * PPM_PER_PERCENT,
                  .loss_ppm_max = 20 * PPM_PER_PERCENT}},
    {.name = "two_hundred_receivers",
     .scenario =
         {.receivers = 200, .plain = true, .file_size = 300000, .loss_ppm_max = PPM_PER_PERCENT},
     .runs = 3},
    {.name = "a_carrier_slower_than_the_sender",
     .scenario = {.receivers = 20, .carrier_bytes_per_s = 750000, .loss_ppm_max = PPM_PER_PERCENT}},
    {.name = "replies_through_a_narrow_way_back",
     .scenario = {.receivers = 30,
                  .file_size = 500000,
                  .return_bytes_per_s = 2000,
                  .loss_ppm_max = PPM_PER_PERCENT}},
    {.name = "a_line_on_the_ground",
     .scenario = {.receivers = 20,
                  .file_size = 1000000,
                  .rate_bytes_per_s = 5000000,
                  .carrier_bytes_per_s = 6250000,
                  .delay_min = UFTP_MS(5),
                  .delay_max = UFTP_MS(30),
                  .loss_ppm_max = PPM_PER_PERCENT}},
    {.name = "the_stack_with_little_loss",
     .scenario =
         {.receivers = 20, .file_size = 500000, .stack = true, .loss_ppm_max = PPM_PER_PERCENT}},
};
#define COMPARISONS (sizeof comparisons / sizeof *comparisons)

/* Sums over the runs of one engine. */
typedef struct totals {
    uint64_t bytes, time, passes, arrived;
} totals;

static void add(totals *sums, const ns3_scenario *scenario, const ns3_outcome *outcome)
{
    assert_int_equal(outcome->identical, scenario->receivers);
    assert_true(ns3_outcome_good(scenario, outcome));
    sums->bytes += outcome->bytes_sent;
    sums->time += outcome->time;
    sums->passes += outcome->passes;
    sums->arrived += outcome->deliveries + outcome->ignored;
}

/* Both may be tens of minutes in ns: far from an overflow. */
static void expect_within(const char *what, uint64_t a, uint64_t b, uint64_t difference)
{
    if ((a > b ? a - b : b - a) > difference)
        fail_msg("%s: ns-3 %" PRIu64 ", our own %" PRIu64 ", allowed difference %" PRIu64, what, a,
                 b, difference);
}

/* What came where its group was not joined any more, in sessions without loss. */
static uint64_t ignored;

static void compare(void **state)
{
    const comparison *c = *state;
    const uint32_t runs = c->lossless ? 1 : c->runs ? c->runs : RUNS;
    totals ns3 = {0}, own = {0};
    for (uint32_t run = 1; run <= runs; run++) {
        ns3_scenario scenario = c->scenario;
        ns3_outcome outcome;
        scenario.run = run;
        ns3_scenario_complete(&scenario);
        assert_null(ns3_scenario_check(&scenario));
        ns3_run(&scenario, &outcome);
        if (c->lossless && !scenario.stack)
            ignored += outcome.ignored;
        add(&ns3, &scenario, &outcome);
        assert_true(c->lossless == (outcome.lost == 0)); /* or the wrong thing is compared */
        ns3_reference_run(&scenario, &outcome);
        add(&own, &scenario, &outcome);
    }
    print_message("%s: time %.1f / %.1f s, %.1f / %.1f passes, %" PRIu64 " / %" PRIu64 " bytes\n",
                  c->name, (double)ns3.time / runs / 1e9, (double)own.time / runs / 1e9,
                  (double)ns3.passes / runs, (double)own.passes / runs, ns3.bytes / runs,
                  own.bytes / runs);
    if (c->lossless) {
        assert_int_equal(ns3.bytes, own.bytes);
        assert_int_equal(ns3.passes, own.passes);
        assert_int_equal(ns3.arrived, own.arrived);
        expect_within("time", ns3.time, own.time, own.time * TIME_PERCENT_EXACT / 100);
        return;
    }
    uint64_t passes_allowed = own.passes * PASSES_PERCENT / 100;
    if (passes_allowed < PASSES_MIN * runs)
        passes_allowed = PASSES_MIN * runs;
    expect_within("bytes", ns3.bytes, own.bytes, own.bytes * BYTES_PERCENT / 100);
    expect_within("passes", ns3.passes, own.passes, passes_allowed);
    expect_within("time", ns3.time, own.time, own.time * TIME_PERCENT / 100);
}

/* After the others. Those near by leave while the last word to others is under way to them, too;
 * one datagram that speaks to all is the exception. Was there none, nothing was compared in this.
 */
static void some_left_before_the_last_word(void **state)
{
    (void)state;
    assert_true(ignored > 0);
}

int main(void)
{
    struct CMUnitTest tests[COMPARISONS + 1];
    for (size_t i = 0; i < COMPARISONS; i++)
        tests[i] = (struct CMUnitTest){.name = comparisons[i].name,
                                       .test_func = compare,
                                       .initial_state = (void *)&comparisons[i]};
    tests[COMPARISONS] = (struct CMUnitTest)cmocka_unit_test(some_left_before_the_last_word);
    return cmocka_run_group_tests_name("ns3_crosscheck", tests, NULL, NULL);
}
