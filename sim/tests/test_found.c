/* SPDX-License-Identifier: MIT
 *
 * What the swarm has found, as it was left by "uftp-sim shrink": each scenario once broke an
 * invariant and is never to do so again. Written from the plain scenario, so that they stay what
 * they are whatever the swarm draws one day.
 */
#include "expect.h"

#include "swarm/command.h"
#include "swarm/run.h"

static void fail_test(void *ctx, const char *report)
{
    (void)ctx;
    fprintf(stderr, "\n%s", report);
    fail();
}

static void must_be_fine(uint64_t seed, const char *set)
{
    static swarm_drop drops[SWARM_DROPS_MAX];
    swarm_scenario scenario = {.drops = drops};
    assert_true(swarm_set_allowed(set));
    swarm_make(&(swarm_wish){.seed = seed, .plain = true, .set = set}, &scenario);
    swarm_run(&scenario, &(swarm_run_options){.on_failure = fail_test});
}

/* A block whose write failed was noted as received. A later instance of the session continued the
 * file, did not ask for that block, and called the file complete with a hole in it. */
static void block_that_could_not_be_written_is_asked_for_again_after_a_restart(void **state)
{
    (void)state;
    must_be_fine(5021, "closed=1,temp=1,file1=2,resume=3,store_op=3,store_nth=1");
}

static const struct CMUnitTest tests[] = {
    SIM_TEST(block_that_could_not_be_written_is_asked_for_again_after_a_restart),
};

static int make_keys(void **state)
{
    (void)state;
    swarm_keys_make();
    return 0;
}

static int free_keys(void **state)
{
    (void)state;
    swarm_keys_free();
    return 0;
}

int main(int argc, char **argv)
{
    if (!sim_test_options(argc, argv))
        return 2;
    return cmocka_run_group_tests_name(argv[0], tests, make_keys, free_keys);
}
