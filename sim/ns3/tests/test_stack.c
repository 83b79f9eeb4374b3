/* SPDX-License-Identifier: MIT
 *
 * Sessions through ns-3's Internet stack: routed multicast, a LAN, ARP, and the queues in front of
 * the satellite. (That it gives the same outcomes as our simulator is test_crosscheck.c's.)
 */
#include "harness.h"

/* cmocka wants these first. */
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static ns3_outcome run(ns3_scenario scenario)
{
    ns3_outcome outcome;
    scenario.stack = true;
    ns3_scenario_complete(&scenario);
    assert_null(ns3_scenario_check(&scenario));
    ns3_run(&scenario, &outcome);
    assert_true(ns3_outcome_good(&scenario, &outcome));
    return outcome;
}

#define SLOW UINT64_C(750000) /* bytes per second: less than the sender's million */

/* A hundred answers at one instant cross one LAN and one router. */
static void a_hundred_receivers_answer_at_once_and_are_all_heard(void **state)
{
    (void)state;
    const ns3_outcome outcome = run((ns3_scenario){.receivers = 100, .file_size = 300000});
    assert_int_equal(outcome.lost, 0);
    assert_int_equal(outcome.dropped, 0);
    assert_int_equal(outcome.passes, 1);
}

static void every_block_that_a_full_queue_drops_is_sent_again(void **state)
{
    (void)state;
    const ns3_outcome outcome =
        run((ns3_scenario){.receivers = 10, .carrier_bytes_per_s = SLOW, .queue_bytes = 50000});
    assert_true(outcome.dropped > 0);
    assert_int_equal(outcome.lost, 0);
    assert_true(outcome.passes > 1);
    assert_true(outcome.bytes_sent > 1000000 + 1300 * outcome.dropped / 2); /* not all are blocks */
}

/* CoDel drops long before its queue is full, while the sender keeps to its rate. Were it not there,
 * or the queue below it not stopped, all would be different. */
static void codel_drops_what_a_long_queue_would_have_kept(void **state)
{
    (void)state;
    const ns3_scenario queue = {.receivers = 10, .carrier_bytes_per_s = SLOW};
    ns3_scenario codel = queue;
    codel.queue = NS3_QUEUE_FQ_CODEL;
    const ns3_outcome with_queue = run(queue), with_codel = run(codel);
    assert_in_range(with_queue.dropped, 1, 20);
    assert_in_range(with_codel.dropped, 2 * with_queue.dropped, 100);
    assert_true(with_codel.bytes_sent > with_queue.bytes_sent);
}

static void codel_leaves_a_sender_below_the_carriers_rate_alone(void **state)
{
    (void)state;
    const ns3_outcome outcome = run((ns3_scenario){.receivers = 10, .queue = NS3_QUEUE_FQ_CODEL});
    assert_int_equal(outcome.dropped, 0);
    assert_int_equal(outcome.passes, 1);
}

static void scenarios_that_cannot_be_are_refused(void **state)
{
    (void)state;
    const ns3_scenario wrong[] = {{.receivers = NS3_RECEIVERS_MAX + 1},
                                  {.receivers = NS3_STACK_RECEIVERS_MAX + 1, .stack = true},
                                  {.queue = NS3_QUEUE_FQ_CODEL}, /* without the stack */
                                  {.delay_min = 2, .delay_max = 1},
                                  {.delay_max = NS3_DELAY_MAX + 1},
                                  {.loss_ppm_min = 2, .loss_ppm_max = 1},
                                  {.loss_ppm_max = 1000001},
                                  {.queue_bytes = 1},
                                  {.seed = NS3_SEED_MAX + 1}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        ns3_scenario scenario = wrong[i];
        ns3_scenario_complete(&scenario);
        assert_non_null(ns3_scenario_check(&scenario));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hundred_receivers_answer_at_once_and_are_all_heard),
        cmocka_unit_test(every_block_that_a_full_queue_drops_is_sent_again),
        cmocka_unit_test(codel_drops_what_a_long_queue_would_have_kept),
        cmocka_unit_test(codel_leaves_a_sender_below_the_carriers_rate_alone),
        cmocka_unit_test(scenarios_that_cannot_be_are_refused),
    };
    return cmocka_run_group_tests_name("ns3_stack", tests, NULL, NULL);
}
