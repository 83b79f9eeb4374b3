/* SPDX-License-Identifier: MIT
 *
 * Expectations about a world, for cmocka tests, and the seeds that they run with. A failure prints
 * the seed, the digest and the command that repeats exactly that run:
 *
 *     test_sim_session_plain --test NAME --seed N
 */
#ifndef SIM_EXPECT_H
#define SIM_EXPECT_H

#include "engine/world.h"

/* cmocka wants these first. */
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* A world for this test and seed, whose failures fail the test. `options` may be NULL; its seed is
 * replaced. */
sim *sim_test_new(uint64_t seed, const sim_options *options);

/* Runs its body once for each of `count` seeds from `first` on, or once with the seed that was
 * given on the command line. */
#define SIM_EACH_SEED(seed, first, count) \
    for (uint64_t seed = sim_seed(first), seed##_end = sim_seed_end(first, count); \
         seed < seed##_end; seed++)
uint64_t sim_seed(uint64_t seed); /* `seed`, unless another was given */
uint64_t sim_seed_end(uint64_t first, uint64_t count);

/* An entry of a test table. It knows its name, for the command that repeats a failure. */
#define SIM_TEST(function) \
    cmocka_unit_test_prestate_setup_teardown(function, sim_test_setup, NULL, (void *)#function)
int sim_test_setup(void **state);

/* The main() of a test program: --test NAME (with wildcards), --seed N. */
#define SIM_TEST_MAIN(tests) SIM_TEST_MAIN_TEARDOWN(tests, NULL)
#define SIM_TEST_MAIN_TEARDOWN(tests, teardown) \
    int main(int argc, char **argv) \
    { \
        if (!sim_test_options(argc, argv)) \
            return 2; \
        return cmocka_run_group_tests_name(argv[0], tests, NULL, teardown); \
    }
bool sim_test_options(int argc, char **argv);

/* Each fails the test with a report of the node's last lines. */
#define sim_expect(world, node, condition) \
    ((condition) ? (void)0 \
                 : sim_fail(world, node, "%s:%d: not true: %s", __FILE__, __LINE__, #condition))
void sim_expect_event(sim_node *node, uftp_event_type type);
void sim_expect_no_event(sim_node *node, uftp_event_type type);
void sim_expect_event_count(sim_node *node, uftp_event_type type, uint64_t count);
/* The result of the last SESSION_FINISHED. */
void sim_expect_result(sim_node *node, uftp_result result);
void sim_expect_sent(sim_node *node, uint64_t count);
void sim_expect_sent_type(sim_node *node, uftp_message_type type, uint64_t count);
void sim_expect_arrived_type(sim_node *node, uftp_message_type type, uint64_t count);
/* Nothing is left to happen, and the last thing happened by `time`. */
void sim_expect_quiet_by(sim *world, uint64_t time);

#endif
