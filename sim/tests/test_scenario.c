/* SPDX-License-Identifier: MIT
 *
 * Scenario files: what is read from them, and how a mistake is told, with line and column.
 */
#include "expect.h"

#include "engine/trace.h"
#include "run/pcap.h"
#include "run/run.h"
#include "run/sharing.h"
#include "run/timeline.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GOOD \
    "name: test\n" \
    "sender:\n" \
    "  rate: 10MB/s\n" \
    "  cipher: aes256-gcm\n" \
    "  files: {name: f, size: 100kB}\n" \
    "receivers: {count: 3, down: {loss: 2%}}\n"

static void must_refuse(const char *text, const char *message)
{
    char error[SIM_YAML_ERROR_MAX] = "";
    sim_scenario scenario;
    sim_yaml *tree = sim_yaml_parse(text, strlen(text), "s.yaml", error);
    if (tree)
        assert_false(sim_scenario_from_tree(tree, &scenario, error));
    assert_string_equal(error, message);
}

/* A message without its place, or with a wrong one, sends a reader hunting through the file. */
static void mistakes_are_told_with_line_and_column(void **state)
{
    (void)state;
    must_refuse("name: [x", "s.yaml:2:1: did not find expected ',' or ']' while parsing a flow "
                            "sequence");
    must_refuse("", "s.yaml:1:1: the file is empty");
    must_refuse("- a", "s.yaml:1:1: a scenario is written as a mapping of keys to values");
    must_refuse("name: a\nname: b\n", "s.yaml:2:1: 'name' is given twice");
    must_refuse("name: a\nsendr: {}\n",
                "s.yaml:2:1: a scenario has no 'sendr'; is 'sender' meant?");
    must_refuse("name: a\n", "s.yaml:1:1: a scenario needs 'sender'");
    must_refuse("name: a\nsender:\n  files: {name: f, size: 1 furlong}\n",
                "s.yaml:3:26: size: '1 furlong' is not a size, such as 64KiB or 50MB");
    must_refuse("name: a\nsender:\n  files: {name: f, size: 5}\n  rate: 7\n",
                "s.yaml:4:9: rate: '7' is not a rate, such as 500kB/s or 10Mbit/s");
    must_refuse("name: a\nsender:\n  files: {name: f, size: 5}\n  cipher: rot13\n",
                "s.yaml:4:11: cipher: 'rot13' is none of: none, aes128-gcm, aes256-gcm, "
                "aes128-ccm, aes256-ccm");
    must_refuse("name: a\nsender: {files: {name: f, size: 5}}\nreceivers:\n  down: {loss: 101%}\n",
                "s.yaml:4:16: loss: 101% is out of range");
    must_refuse("name: a\nsender: {files: {name: f, size: 5}}\nreceivers: [{count: 2}, {}]\n",
                "s.yaml:3:25: there are receivers named 'plant' before");
    must_refuse("name: a\nsender: {files: {name: f, size: 5}}\nreceivers: {down: {queue: 5}}\n",
                "s.yaml:3:19: a queue needs a rate");
    must_refuse("name: a\nsender: {version: 4, cipher: aes256-gcm, files: {name: f, size: 5}}\n"
                "receivers: {}\n",
                "s.yaml:2:9: version 4 is spoken in plain sessions only");
    must_refuse("name: a\nsender: {rate_max: 1MB/s, files: {name: f, size: 5}}\nreceivers: {}\n",
                "s.yaml:2:9: rate_min, rate_initial and rate_max need congestion control");
}

#define WITH_PROXIES(proxies) \
    "name: a\nsender: {files: {name: f, size: 5}}\nreceivers: {}\nnats: {name: n}\n" \
    "proxies: " proxies "\n"

/* A tunnel that leads nowhere would only show as a session in which nobody answers. */
static void proxies_that_lead_nowhere_are_refused(void **state)
{
    (void)state;
    must_refuse(WITH_PROXIES("[{kind: client}]"), "s.yaml:5:11: a proxy needs 'name'");
    must_refuse(WITH_PROXIES("[{name: c, kind: client}]"),
                "s.yaml:5:11: a client proxy needs an upstream");
    must_refuse(WITH_PROXIES("[{name: c, kind: client, upstream: g}]"),
                "s.yaml:5:45: no other server proxy is named 'g'");
    must_refuse(WITH_PROXIES("[{name: g, kind: server}]"),
                "s.yaml:5:11: 'g' is the upstream of no proxy");
    must_refuse(WITH_PROXIES("[{name: g, kind: server}, {name: c, kind: client, upstream: g, "
                             "nat: n}]"),
                "s.yaml:5:36: behind a nat it needs a heartbeat");
    must_refuse(WITH_PROXIES("[{name: r, kind: response, heartbeat: 1s}]"),
                "s.yaml:5:48: heartbeats go to an upstream");
    must_refuse(WITH_PROXIES("[{name: r, kind: response}, {name: r, kind: response}]"),
                "s.yaml:5:38: two proxies are named 'r'");
}

/* An alias inside itself, or doubled thirty times, would eat the machine. */
static void alias_bombs_are_refused(void **state)
{
    (void)state;
    char error[SIM_YAML_ERROR_MAX], text[4096];
    size_t len = (size_t)snprintf(text, sizeof text, "a0: &a0 [x, x]\n");
    for (int i = 1; i < 40; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "a%d: &a%d [*a%d, *a%d]\n", i, i,
                                i - 1, i - 1);
    assert_null(sim_yaml_parse(text, len, "s.yaml", error));
    assert_non_null(strstr(error, "too much"));
    static const char loop[] = "a: &a [*a]\n";
    assert_null(sim_yaml_parse(loop, strlen(loop), "s.yaml", error));
}

static void values_carry_their_units(void **state)
{
    (void)state;
    static const struct {
        sim_field_kind kind;
        const char *text;
        bool good;
        uint64_t value;
    } table[] = {
        {SIM_FIELD_TIME, "250ms", true, UFTP_MS(250)},
        {SIM_FIELD_TIME, "1.5 s", true, UFTP_MS(1500)},
        {SIM_FIELD_TIME, "0", true, 0},
        {SIM_FIELD_TIME, "5", false, 0},
        {SIM_FIELD_TIME, "-1s", false, 0},
        {SIM_FIELD_TIME, "99999999999d", false, 0},
        {SIM_FIELD_SIZE, "1_000", true, 1000},
        {SIM_FIELD_SIZE, "64KiB", true, 65536},
        {SIM_FIELD_SIZE, "50MB", true, 50000000},
        {SIM_FIELD_RATE, "10Mbit/s", true, 1250000},
        {SIM_FIELD_RATE, "unlimited", true, UINT64_MAX},
        {SIM_FIELD_RATE, "1bit/s", false, 0},
        {SIM_FIELD_SHARE, "1%", true, 10000},
        {SIM_FIELD_SHARE, "0.01", true, 10000},
        {SIM_FIELD_SHARE, "0.0000001", false, 0},
        {SIM_FIELD_COUNT, "10k", true, 10000},
        {SIM_FIELD_COUNT, "", false, 0},
        {SIM_FIELD_COUNT, "18446744073709551616", false, 0},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        uint64_t value = 0;
        assert_int_equal(sim_value_parse(table[i].kind, table[i].text, &value), table[i].good);
        if (table[i].good)
            assert_int_equal(value, table[i].value);
    }
}

static bool set(const char *assignment, sim_scenario *out, char *error)
{
    sim_yaml *tree = sim_yaml_parse(GOOD, strlen(GOOD), "s.yaml", error);
    assert_non_null(tree);
    if (sim_yaml_set(tree, assignment, error))
        return sim_scenario_from_tree(tree, out, error);
    sim_yaml_free(tree);
    return false;
}

static void overrides_reach_every_depth(void **state)
{
    (void)state;
    char error[SIM_YAML_ERROR_MAX];
    sim_scenario s;
    assert_true(set("receivers.down.loss=5%", &s, error));
    assert_int_equal(((sim_receiver_part *)s.receivers.items)->down.loss, 50000);
    sim_scenario_free(&s);
    assert_true(set("receivers.up.delay=3ms", &s, error)); /* nothing was there */
    assert_int_equal(((sim_receiver_part *)s.receivers.items)->up.delay, UFTP_MS(3));
    sim_scenario_free(&s);
    assert_true(set("receivers=[{count: 2}, {name: b, count: 5}]", &s, error));
    assert_int_equal(sim_scenario_receivers(&s), 7);
    sim_scenario_free(&s);
    assert_false(set("receivers.down.los=5%", &s, error));
    assert_string_equal(error, "--set: a link has no 'los'; is 'loss' meant?");
    assert_false(set("receivers.count.x=5", &s, error));
    assert_false(set("=5", &s, error));
    assert_false(set("receivers", &s, error));
}

/* ---- runs ---- */

static sim_scenario scenario_of(const char *text)
{
    char error[SIM_YAML_ERROR_MAX];
    sim_scenario s;
    sim_yaml *tree = sim_yaml_parse(text, strlen(text), "s.yaml", error);
    assert_non_null(tree);
    assert_true(sim_scenario_from_tree(tree, &s, error));
    return s;
}

typedef enum how { PLAINLY, SHARING, WITH_TIMELINE } how;

static void run_for_digest(const sim_scenario *s, uint64_t seed, how way, char out[SIM_DIGEST_TEXT])
{
    char error[SIM_YAML_ERROR_MAX];
    sim_stage stage = {.scenario = s};
    sim_watch watch;
    sim_watch_init(&watch, &stage);
    assert_true(
        sim_stage_new(s, &(sim_options){.seed = seed, .tap = &watch.tap}, NULL, &stage, error));
    sim_sharing_set(way == SHARING);
    if (way == WITH_TIMELINE) {
        sim_timeline *timeline = sim_allocate(sizeof *timeline);
        sim_timeline_init(timeline, &stage, &watch);
        sim_timeline_run(timeline);
        FILE *page = tmpfile();
        assert_non_null(page);
        sim_watch_finish(&watch);
        assert_true(sim_page_write(timeline, "command", page));
        assert_true(ftell(page) > 5000);
        fclose(page);
        sim_timeline_free(timeline);
        sim_release(timeline);
    } else {
        sim_run(stage.world);
    }
    sim_sharing_set(false);
    sim_sharing_free();
    sim_watch_finish(&watch);
    assert_true(sim_watch_verdict(&watch).good);
    strcpy(out, sim_digest(stage.world));
    sim_stage_free(&stage);
    sim_watch_free(&watch);
}

/* Whoever looks on, or saves the processor work, must not change what happens. */
static void digest_is_the_same_however_it_is_run(void **state)
{
    (void)state;
    char first[SIM_DIGEST_TEXT], other[SIM_DIGEST_TEXT];
    sim_scenario s = scenario_of(GOOD);
    run_for_digest(&s, 7, PLAINLY, first);
    run_for_digest(&s, 7, PLAINLY, other);
    assert_string_equal(first, other);
    run_for_digest(&s, 7, SHARING, other);
    assert_string_equal(first, other);
    run_for_digest(&s, 7, WITH_TIMELINE, other);
    assert_string_equal(first, other);
    run_for_digest(&s, 8, PLAINLY, other);
    assert_string_not_equal(first, other);
    sim_scenario_free(&s);
}

static void unmet_expectation_is_a_failure(void **state)
{
    (void)state;
    char error[SIM_YAML_ERROR_MAX];
    sim_scenario s = scenario_of(GOOD "expect: {within: 10ms}\n");
    sim_stage stage = {.scenario = &s};
    sim_watch watch;
    sim_watch_init(&watch, &stage);
    assert_true(
        sim_stage_new(&s, &(sim_options){.seed = 1, .tap = &watch.tap}, NULL, &stage, error));
    sim_run(stage.world);
    sim_watch_finish(&watch);
    const sim_verdict verdict = sim_watch_verdict(&watch);
    assert_false(verdict.good);
    assert_int_equal(verdict.complete, 3);
    assert_string_equal(verdict.why, "it took longer than expected");
    sim_stage_free(&stage);
    sim_watch_free(&watch);
    sim_scenario_free(&s);
}

static void names_that_nothing_has_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } table[] = {
        {GOOD "events: {at: 1s, node: nobody, do: crash}\n",
         "s.yaml:7:24: no node is named 'nobody'"},
        {GOOD "events: {at: 1s, node: plant-0, do: interrupt}\n",
         "s.yaml:7:37: only a sender can be interrupted"},
        {"name: a\nsender: {files: {name: f, size: 5}}\nreceivers: {down: {fade: rain}}\n",
         "s.yaml:3:26: no fade is named 'rain'"},
        {"name: a\nsender: {files: {name: f, size: 5}}\nreceivers: {nat: home}\n",
         "s.yaml:3:18: no nat is named 'home'"},
        {"name: a\nsender: {files: {name: f, size: 5}}\nreceivers: {router: r}\n",
         "s.yaml:3:21: no router is named 'r'"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char error[SIM_YAML_ERROR_MAX];
        sim_scenario s = scenario_of(table[i].text);
        sim_stage stage;
        assert_false(sim_stage_new(&s, &(sim_options){.seed = 1}, NULL, &stage, error));
        assert_string_equal(error, table[i].message);
        sim_scenario_free(&s);
    }
}

static const struct CMUnitTest tests[] = {
    SIM_TEST(mistakes_are_told_with_line_and_column),
    SIM_TEST(proxies_that_lead_nowhere_are_refused),
    SIM_TEST(alias_bombs_are_refused),
    SIM_TEST(values_carry_their_units),
    SIM_TEST(overrides_reach_every_depth),
    SIM_TEST(digest_is_the_same_however_it_is_run),
    SIM_TEST(unmet_expectation_is_a_failure),
    SIM_TEST(names_that_nothing_has_are_refused),
};

SIM_TEST_MAIN(tests)
