/* SPDX-License-Identifier: MIT */
#include "expect.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One test program, one command line, one test at a time. */
static struct {
    const char *program, *test;
    bool has_seed;
    uint64_t seed;
    char repeat[512];
} run = {.program = "", .test = "*"};

static void fail_test(void *ctx, const char *report)
{
    (void)ctx;
    fprintf(stderr, "\n%s", report); /* cmocka's own message would be cut */
    fail();
    abort();
}

int sim_test_setup(void **state)
{
    run.test = *state;
    return 0;
}

sim *sim_test_new(uint64_t seed, const sim_options *options)
{
    sim_options with = options ? *options : (sim_options){0};
    with.seed = seed;
    with.on_failure = fail_test;
    snprintf(run.repeat, sizeof run.repeat, "%s --test %s --seed %" PRIu64, run.program, run.test,
             seed);
    with.repeat = run.repeat;
    return sim_new(&with);
}

uint64_t sim_seed(uint64_t seed)
{
    return run.has_seed ? run.seed : seed;
}

uint64_t sim_seed_end(uint64_t first, uint64_t count)
{
    return run.has_seed ? run.seed + 1 : first + count;
}

static bool parse_seed(const char *text)
{
    char *end = NULL;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 0);
    if (errno || end == text || *end)
        return false;
    run.seed = value;
    run.has_seed = true;
    return true;
}

bool sim_test_options(int argc, char **argv)
{
    run.program = argv[0];
    for (int i = 1; i < argc; i += 2) {
        if (i + 1 < argc && strcmp(argv[i], "--seed") == 0 && parse_seed(argv[i + 1]))
            continue;
        if (i + 1 < argc && strcmp(argv[i], "--test") == 0) {
            cmocka_set_test_filter(argv[i + 1]);
            continue;
        }
        fprintf(stderr, "usage: %s [--test NAME] [--seed N]\n", argv[0]);
        return false;
    }
    return true;
}

void sim_expect_event(sim_node *node, uftp_event_type type)
{
    if (sim_event_count(node, type) == 0)
        sim_fail(sim_world(node), node, "%s: no event %s", sim_name(node), uftp_event_name(type));
}

void sim_expect_no_event(sim_node *node, uftp_event_type type)
{
    sim_expect_event_count(node, type, 0);
}

void sim_expect_event_count(sim_node *node, uftp_event_type type, uint64_t count)
{
    uint64_t seen = sim_event_count(node, type);
    if (seen != count)
        sim_fail(sim_world(node), node, "%s: %" PRIu64 " events %s, expected %" PRIu64,
                 sim_name(node), seen, uftp_event_name(type), count);
}

void sim_expect_result(sim_node *node, uftp_result result)
{
    const sim_event *last = sim_event_last(node, UFTP_EVENT_SESSION_FINISHED);
    if (!last)
        sim_fail(sim_world(node), node, "%s: the session has not finished", sim_name(node));
    if (last->event.result != result)
        sim_fail(sim_world(node), node, "%s: the session ended with %d (%s), expected %d",
                 sim_name(node), last->event.result, last->event.text ? last->event.text : "",
                 result);
}

static void expect_count(sim_node *node, const char *what, uint64_t seen, uint64_t count)
{
    if (seen != count)
        sim_fail(sim_world(node), node, "%s: %" PRIu64 " %s, expected %" PRIu64, sim_name(node),
                 seen, what, count);
}

void sim_expect_sent(sim_node *node, uint64_t count)
{
    expect_count(node, "datagrams sent", sim_count(node)->sent_total, count);
}

void sim_expect_sent_type(sim_node *node, uftp_message_type type, uint64_t count)
{
    char what[64];
    snprintf(what, sizeof what, "%s sent", uftp_message_name((uint8_t)type));
    expect_count(node, what, sim_count(node)->sent[type], count);
}

void sim_expect_arrived_type(sim_node *node, uftp_message_type type, uint64_t count)
{
    char what[64];
    snprintf(what, sizeof what, "%s arrived", uftp_message_name((uint8_t)type));
    expect_count(node, what, sim_count(node)->arrived[type], count);
}

void sim_expect_quiet_by(sim *world, uint64_t time)
{
    uint64_t now = sim_run(world);
    if (now > time)
        sim_fail(world, NULL,
                 "something still happened at %" PRIu64 " ms, expected quiet by %" PRIu64 " ms",
                 now / UFTP_MS(1), time / UFTP_MS(1));
}
