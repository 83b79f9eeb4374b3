/* SPDX-License-Identifier: MIT
 *
 * A run in ns-3 is the same every time, also after others in the same process: ns-3 keeps counters
 * of its own (addresses, packets, automatic random streams) that must not reach a session.
 */
#include "harness.h"

/* cmocka wants these first. */
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static ns3_outcome run(ns3_scenario scenario)
{
    ns3_outcome outcome;
    ns3_scenario_complete(&scenario);
    assert_null(ns3_scenario_check(&scenario));
    ns3_run(&scenario, &outcome);
    assert_true(ns3_outcome_good(&scenario, &outcome));
    return outcome;
}

static ns3_scenario lossy(void)
{
    return (ns3_scenario){
        .receivers = 8, .file_size = 200000, .loss_ppm_min = 10000, .loss_ppm_max = 50000};
}

/* An automatic random stream or an order by address would show here. */
static void equal_scenarios_give_equal_digests_in_one_process(void **state)
{
    (void)state;
    ns3_scenario bare = lossy(), stack = lossy();
    stack.stack = true;
    stack.queue = NS3_QUEUE_FQ_CODEL;
    stack.carrier_bytes_per_s = 800000; /* so that the queues have something to decide */
    const ns3_outcome first_bare = run(bare), first_stack = run(stack);
    const ns3_outcome again_stack = run(stack), again_bare = run(bare);
    assert_string_equal(first_bare.digest, again_bare.digest);
    assert_string_equal(first_stack.digest, again_stack.digest);
    assert_int_equal(first_bare.time, again_bare.time);
    assert_int_equal(first_stack.dropped, again_stack.dropped);
}

/* Else a sweep would be one run many times. */
static void another_run_or_seed_is_another_day(void **state)
{
    (void)state;
    for (int stack = 0; stack < 2; stack++) {
        ns3_scenario scenario = lossy();
        scenario.stack = stack;
        const ns3_outcome first = run(scenario);
        scenario.run = 2;
        assert_string_not_equal(first.digest, run(scenario).digest);
        scenario.run = 1;
        scenario.seed = 2;
        assert_string_not_equal(first.digest, run(scenario).digest);
    }
}

static void one_more_receiver_changes_nobody_elses_lot(void **state)
{
    (void)state;
    ns3_scenario few = lossy(), more = lossy();
    more.receivers++;
    ns3_scenario_complete(&few);
    ns3_scenario_complete(&more);
    bool differ = false;
    for (uint32_t i = 0; i < few.receivers; i++) {
        const uint64_t delay = ns3_scenario_delay(&few, i);
        const uint32_t loss_ppm = ns3_scenario_loss_ppm(&few, i);
        assert_int_equal(delay, ns3_scenario_delay(&more, i));
        assert_int_equal(loss_ppm, ns3_scenario_loss_ppm(&more, i));
        assert_in_range(delay, few.delay_min, few.delay_max);
        assert_in_range(loss_ppm, few.loss_ppm_min, few.loss_ppm_max);
        differ = differ || delay != ns3_scenario_delay(&few, 0);
    }
    assert_true(differ);
}

/* What it counts must be what happened, or the digest covers something else. */
static void every_datagram_that_is_sent_is_delivered_when_nothing_is_lost(void **state)
{
    (void)state;
    const ns3_outcome outcome =
        run((ns3_scenario){.receivers = 1, .file_size = 100000, .plain = true});
    assert_int_equal(outcome.lost, 0);
    assert_int_equal(outcome.dropped, 0);
    assert_true(outcome.deliveries > outcome.datagrams_sent); /* the replies */
    assert_in_range(outcome.deliveries, outcome.datagrams_sent, outcome.datagrams_sent + 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_scenarios_give_equal_digests_in_one_process),
        cmocka_unit_test(another_run_or_seed_is_another_day),
        cmocka_unit_test(one_more_receiver_changes_nobody_elses_lot),
        cmocka_unit_test(every_datagram_that_is_sent_is_delivered_when_nothing_is_lost),
    };
    return cmocka_run_group_tests_name("ns3_repeat", tests, NULL, NULL);
}
