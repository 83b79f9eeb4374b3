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
                "aes128-ccm, aes256-ccm, des-cbc, 3des-cbc, aes128-cbc, aes256-cbc");
    must_refuse("name: a\nsender: {files: {name: f, size: 5}}\nreceivers:\n  down: {loss: 101%}\n",
                "s.yaml:4:16: loss: 101% is out of range");
    must_refuse("name: a\nsender: {files: {name: f, size: 5}}\nreceivers: [{count: 2}, {}]\n",
                "s.yaml:3:25: there are receivers named 'plant' before");
    must_refuse("name: a\nsender: {files: {name: f, size: 5}}\nreceivers: {down: {queue: 5}}\n",
                "s.yaml:3:19: a queue needs a rate");
    must_refuse("name: a\nsender: {cipher: aes256-cbc, files: {name: f, size: 5}}\nreceivers: {}\n",
                "s.yaml:2:9: exchange, signature, legacy, CBC and SHA-1 need version 4");
    must_refuse("name: a\nsender: {version: 4, cipher: aes256-cbc, files: {name: f, size: 5}}\n"
                "receivers: {}\n",
                "s.yaml:2:9: CBC, SHA-1 and the RSA exchange need legacy");
    must_refuse("name: a\nsender: {version: 4, cipher: aes256-gcm, exchange: ecdh-rsa,\n"
                "  files: {name: f, size: 5}}\nreceivers: {}\n",
                "s.yaml:2:9: the exchange needs another key");
    must_refuse("name: a\nsender: {drift: 11%, files: {name: f, size: 5}}\nreceivers: {}\n",
                "s.yaml:2:17: drift: 11% is out of range");
    must_refuse("name: a\nsender: {files: {name: f, size: 5}}\nreceivers: {clock_offset: -1}\n",
                "s.yaml:3:27: clock_offset: '-1' is not a time that may be negative, such as 250ms "
                "or -9h");
    must_refuse(
        "name: a\nsender: {files: {name: f, size: 5}}\n"
        "receivers: {failures: {call: wriet}}\n",
        "s.yaml:3:30: call: 'wriet' is none of: lookup, create, write, sync, commit, mkdir, "
        "move, remove, resume-save, resume-load");
    must_refuse("name: a\nsender: {files: {name: f, size: 5}}\n"
                "receivers: {down: {loss_trace_once: true}}\n",
                "s.yaml:3:19: there is no loss_trace");
    must_refuse("name: a\nsender: {files: {name: f, size: 5}}\nreceivers: {down: {mark: 5kB}}\n",
                "s.yaml:3:19: mark and overhead need a rate");
    must_refuse("name: a\nsender: {files: {name: f, size: 5}}\nreceivers: {}\n"
                "events: {at: 1s, node: hub, do: line, down: {reorder: true}}\n",
                "s.yaml:4:45: reorder needs a jitter");
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
    const sim_options options = {
        .seed = seed, .tap = &watch.tap, .share = way == SHARING && sim_sharing_linked()};
    assert_true(sim_stage_new(s, &options, NULL, &stage, error));
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
    assert_true(sim_sharing_linked());
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
        {GOOD "events: {at: 1s, node: hub, do: cut}\n", "s.yaml:7:33: needs 'for'"},
        {GOOD "events: {at: 1s, node: hub, do: crash, step: 1s}\n",
         "s.yaml:7:33: only 'clock-step' steps"},
        {GOOD "events: {at: 1s, node: hub, do: line, up: {channel: x}}\n",
         "s.yaml:7:53: no channel is named 'x'"},
        {"name: a\nsender: {continues: x, files: {name: f, size: 5}}\nreceivers: {}\n",
         "s.yaml:2:21: no sender 'x' stands before this one"},
        {"name: a\nsender: {files: {name: f, size: 5}}\n"
         "receivers: {down: {loss_trace: none.trace}}\n",
         "s.yaml:3:32: none.trace cannot be read"},
        {"name: a\nfades: {name: f, spans: [{from: 2s, to: 1s, loss: 1%}]}\n"
         "sender: {files: {name: f, size: 5}}\nreceivers: {}\n",
         "s.yaml:2:26: spans follow each other in time and are not empty"},
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

/* ---- what can be set has its effect ---- */

typedef struct effect {
    sim_scenario scenario;
    sim_stage stage;
} effect;

#define SMALL "name: test\nsender: {rate: 1MB/s, files: {name: f, size: 100kB}}\n"

static effect *run_text(const char *text)
{
    effect *e = sim_allocate(sizeof *e);
    char error[SIM_YAML_ERROR_MAX];
    e->scenario = scenario_of(text);
    if (!sim_stage_new(&e->scenario, &(sim_options){.seed = 1}, NULL, &e->stage, error))
        fail_msg("%s", error);
    sim_run(e->stage.world);
    return e;
}

static sim_store *store_of(const effect *e, size_t receiver)
{
    return sim_node_store(e->stage.receivers[receiver].node);
}

static void end_effect(effect *e)
{
    sim_stage_free(&e->stage);
    sim_scenario_free(&e->scenario);
    sim_release(e);
}

static void disks_are_slow_fail_and_lose_as_they_are_told(void **state)
{
    (void)state;
    effect *e =
        run_text(SMALL "receivers:\n"
                       "- {name: slow, disk_rate: 100kB/s, disk_cache: 10kB}\n"
                       "- {name: failing, failures: {call: write, nth: 3, error: no-space}}\n"
                       "- {name: lazy, temp: true}\n"
                       "- {name: careful, temp: true, flush: true}\n"
                       "events:\n"
                       "- {at: 2100ms, node: lazy, do: power-failure}\n"
                       "- {at: 2100ms, node: careful, do: crash}\n");
    assert_true(store_of(e, 0)->busy_total > UFTP_MS(500));
    assert_true(sim_stage_has_all(&e->stage, 0));
    assert_int_equal(store_of(e, 1)->calls[SIM_STORE_WRITE], 3);
    assert_false(sim_stage_has_all(&e->stage, 1));
    assert_true(store_of(e, 2)->lost_bytes > 0);
    assert_int_equal(store_of(e, 3)->lost_bytes, 0); /* killed, and what it wrote is there */
    assert_true(store_of(e, 3)->bytes_written > 0);
    end_effect(e);
}

static void clocks_are_wrong_either_way(void **state)
{
    (void)state;
    effect *e = run_text(SMALL "receivers:\n"
                               "- {name: behind, clock_offset: -2h, drift: -1%}\n"
                               "- {name: ahead, clock_offset: 3h, drift: 1%}\n"
                               "events:\n"
                               "- {at: 1s, node: behind, do: clock-step, step: -1h}\n"
                               "- {at: 1s, node: ahead, do: drift, drift: 0}\n"
                               "- {at: 10s, node: hub, do: start}\n");
    const sim_node *behind = e->stage.receivers[0].node, *ahead = e->stage.receivers[1].node;
    const uint64_t right = SIM_WALL_START_US + sim_now(e->stage.world) / UFTP_US(1);
    assert_int_equal(sim_now(e->stage.world), UFTP_S(10));
    assert_in_range(right - sim_wall_us(behind), UINT64_C(3) * 3600 * 1000000,
                    UINT64_C(3) * 3600 * 1000000 + 200000);
    assert_in_range(sim_wall_us(ahead) - right, UINT64_C(3) * 3600 * 1000000,
                    UINT64_C(3) * 3600 * 1000000 + 20000);
    assert_in_range(sim_now(e->stage.world) - sim_node_now(behind), UFTP_MS(99), UFTP_MS(101));
    end_effect(e);
}

static void lines_are_cut_and_changed_for_a_while(void **state)
{
    (void)state;
    effect *e = run_text(SMALL "receivers:\n"
                               "- {name: cut, down: {delay: 1ms}}\n"
                               "- {name: narrow, down: {delay: 1ms}}\n"
                               "events:\n"
                               "- {at: 2090ms, node: cut, do: cut, for: 20ms}\n"
                               "- {at: 2090ms, node: narrow, do: line, for: 20ms,\n"
                               "   down: {rate: 1kB/s, queue: 3kB}}\n");
    for (size_t i = 0; i < 2; i++) {
        const sim_counters *count = sim_count(e->stage.receivers[i].node);
        const sim_counters *sent = sim_count(e->stage.senders[0].node);
        assert_in_range(sent->sent[UFTP_MESSAGE_FILESEG] - count->arrived[UFTP_MESSAGE_FILESEG], 10,
                        30);
        assert_true(sim_stage_has_all(&e->stage, i));
    }
    end_effect(e);
}

static void trace_is_found_beside_the_scenario(void **state)
{
    (void)state;
    char directory[] = "/tmp/uftp-trace.XXXXXX", path[64], file[64];
    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/s.yaml", directory);
    snprintf(file, sizeof file, "%s/ten.trace", directory);
    FILE *out = fopen(file, "w");
    assert_non_null(out);
    fputs("runs 40 10 1000000\n", out); /* the first forty pass, the next ten do not */
    fclose(out);
    out = fopen(path, "w");
    assert_non_null(out);
    fputs(SMALL "receivers: {count: 2, down: {loss_trace: ten.trace, loss_trace_once: true}}\n",
          out);
    fclose(out);
    char error[SIM_YAML_ERROR_MAX];
    effect *e = sim_allocate(sizeof *e);
    assert_true(sim_scenario_read(path, NULL, 0, &e->scenario, error));
    assert_true(sim_stage_new(&e->scenario, &(sim_options){.seed = 1}, NULL, &e->stage, error));
    sim_run(e->stage.world);
    assert_int_equal(sim_count(e->stage.senders[0].node)->lost_total, 2 * 10);
    end_effect(e);
    remove(file);
    remove(path);
    remove(directory);
}

static void ports_of_a_nat_run_out(void **state)
{
    (void)state;
    effect *e = run_text("name: test\nnats: {name: n, ports: 2}\n"
                         "sender: {rate: 1MB/s, files: {name: f, size: 10kB}}\n"
                         "receivers: {count: 3, nat: n}\n");
    const sim_nat_counters *count = sim_nat_count(sim_node_nat(e->stage.receivers[0].node));
    assert_true(count->exhausted > 0);
    assert_int_equal(count->mappings_peak, 2);
    end_effect(e);
}

static void session_is_continued_by_another_sender(void **state)
{
    (void)state;
    effect *e = run_text("name: test\nsender:\n"
                         "- {name: a, rate: 100kB/s, files: {name: f, size: 500kB}}\n"
                         "- {name: b, continues: a, start: 20s, rate: 1MB/s,\n"
                         "   files: {name: f, size: 500kB}}\n"
                         "receivers: {temp: true}\n"
                         "events: {at: 5s, node: a, do: interrupt}\n");
    sim_node *a = e->stage.senders[0].node, *b = e->stage.senders[1].node;
    assert_int_equal(uftp_sender_group(sim_sender(a)), uftp_sender_group(sim_sender(b)));
    const sim_counters *first = sim_count(a), *second = sim_count(b);
    /* What came of the first is not sent again. */
    uint64_t blocks = first->sent[UFTP_MESSAGE_FILESEG] + second->sent[UFTP_MESSAGE_FILESEG];
    assert_in_range(blocks, 385, 400);
    assert_true(sim_stage_has_all(&e->stage, 0));
    end_effect(e);
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
    SIM_TEST(disks_are_slow_fail_and_lose_as_they_are_told),
    SIM_TEST(clocks_are_wrong_either_way),
    SIM_TEST(lines_are_cut_and_changed_for_a_while),
    SIM_TEST(trace_is_found_beside_the_scenario),
    SIM_TEST(ports_of_a_nat_run_out),
    SIM_TEST(session_is_continued_by_another_sender),
};

SIM_TEST_MAIN(tests)
