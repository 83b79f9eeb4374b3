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

/* DONE was repeated every three round trips, and each one put the receiver's NAK timer off by the
 * GRTT that it told, which is no shorter than the gap between two blocks. At a low rate and on a
 * short way the timer never ran out: one lost block, and the receiver was given up. */
static void repeated_done_does_not_put_off_the_naks(void **state)
{
    (void)state;
    must_be_fine(2052, "closed=1,rate=30000,file1=1302,calm=60,drop=>plant-1:5");
    must_be_fine(353, "receivers=2,block_size=512,rate=30000,grtt_min=1,file3=32770,delay=0,"
                      "calm=1566,drop=>plant-1:89");
}

/* Blocks told the bare GRTT. A receiver's patience is ROBUST of those, or a second: at a rate of
 * two blocks a second one that was lost made it give up. */
static void one_lost_block_at_a_low_rate_is_no_silence(void **state)
{
    (void)state;
    must_be_fine(1, "closed=1,rate=2000,grtt_initial=10,file1=4000,calm=60000,drop=>plant-1:5");
}

/* CLIENT_KEY overtook REGISTER. The receiver repeats by the GRTT it is told, 0.36 s at this rate;
 * the sender's rounds went by its own, and were over within a second. */
static void announcement_lasts_until_a_registration_can_be_repeated(void **state)
{
    (void)state;
    must_be_fine(300172, "receivers=2,cipher=5,client_auth=1,rate=4000,jitter=1,reorder=1,calm=25");
}

/* Both sides measure by the same GRTT: with DONEs in the sender's own, ten were out before the
 * first NAK timer of a receiver could expire. */
static void last_done_leaves_time_for_the_naks(void **state)
{
    (void)state;
    must_be_fine(1, "closed=1,rate=2000,grtt_initial=10,robust=10,file1=4000,calm=60000,"
                    "drop=>plant-1:6");
}

/* A file that begins when the last receiver that did not answer has been given up begins in the
 * midst of a turn. Congestion control wanted its first CONG_CTRL then and there, and the driver was
 * sent round for nothing. */
static void congestion_control_that_begins_late_makes_no_driver_spin(void **state)
{
    (void)state;
    must_be_fine(210, "receivers=2,congestion=1,cut=1,cut_at=302,cut_for=1000");
}

/* In version 4 CLIENT_KEY is in the clear, and when it overtook its REGISTER it came from a
 * stranger who was told to leave. The receiver did. */
static void client_key_that_overtakes_its_registration_is_no_stranger_s(void **state)
{
    (void)state;
    must_be_fine(7125, "version=4,cipher=1,client_auth=1,jitter=1,reorder=1,calm=23");
    must_be_fine(5374, "receivers=5,version=4,cipher=1,client_auth=1,hold=12775,calm=13");
}

/* The sender had found the group to be a millisecond away, and was through with its announcements
 * before a receiver, going by the first ANNOUNCE's half second, repeated the REGISTER that was
 * lost. In an encrypted session later ones were not believed. */
static void lost_register_is_repeated_in_time_when_the_group_is_near(void **state)
{
    (void)state;
    must_be_fine(905266, "receivers=2,senders=2,cipher=5,grtt_min=1,delay=0,calm=20,"
                         "drop=plant-2>:1");
}

static const struct CMUnitTest tests[] = {
    SIM_TEST(repeated_done_does_not_put_off_the_naks),
    SIM_TEST(one_lost_block_at_a_low_rate_is_no_silence),
    SIM_TEST(announcement_lasts_until_a_registration_can_be_repeated),
    SIM_TEST(congestion_control_that_begins_late_makes_no_driver_spin),
    SIM_TEST(client_key_that_overtakes_its_registration_is_no_stranger_s),
    SIM_TEST(last_done_leaves_time_for_the_naks),
    SIM_TEST(lost_register_is_repeated_in_time_when_the_group_is_near),
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
