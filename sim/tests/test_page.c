/* SPDX-License-Identifier: MIT
 *
 * The report as a page: that it is one, whatever names a scenario has, and that it tells what
 * happened. How it looks no test can say.
 */
#include "expect.h"

#include "run/run.h"
#include "run/sharing.h"
#include "run/timeline.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct shown {
    sim_scenario scenario;
    sim_stage stage;
    sim_watch watch;
    sim_timeline timeline;
    char *page;
    size_t len;
} shown;

static shown *show(const char *text, uint64_t seed)
{
    char error[SIM_YAML_ERROR_MAX] = "";
    shown *s = sim_allocate(sizeof *s);
    sim_yaml *tree = sim_yaml_parse(text, strlen(text), "s.yaml", error);
    if (!tree || !sim_scenario_from_tree(tree, &s->scenario, error))
        fail_msg("%s", error);
    s->stage.scenario = &s->scenario;
    sim_watch_init(&s->watch, &s->stage);
    const sim_options options = {.seed = seed, .tap = &s->watch.tap, .share = sim_sharing_linked()};
    const sim_stage_logs logs = {0};
    if (!sim_stage_new(&s->scenario, &options, &logs, &s->stage, error))
        fail_msg("%s", error);
    sim_timeline_init(&s->timeline, &s->stage, &s->watch);
    sim_timeline_run(&s->timeline);
    sim_watch_finish(&s->watch);
    FILE *out = open_memstream(&s->page, &s->len);
    assert_non_null(out);
    assert_true(sim_page_write(&s->timeline, "uftp-sim run 'a<b>.yaml'", out));
    fclose(out);
    return s;
}

static void forget(shown *s)
{
    free(s->page);
    sim_timeline_free(&s->timeline);
    sim_stage_free(&s->stage);
    sim_watch_free(&s->watch);
    sim_scenario_free(&s->scenario);
    sim_release(s);
}

/* ---- is it a page? ---- */

#define TAG 16

static bool is_void(const char *tag)
{
    return strcmp(tag, "meta") == 0 || strcmp(tag, "br") == 0;
}

/* Tags are closed in order, and only those that the page itself uses appear. */
static void must_be_well_formed(const char *page)
{
    static const char known[] =
        " html head meta title style body main h1 h2 p div b span section ul li i svg g path "
        "polyline polygon em table tr th td footer code br script ";
    char stack[32][TAG];
    size_t depth = 0, scripts = 0;
    const char *at = strstr(page, "<html");
    assert_non_null(at);
    while ((at = strchr(at, '<'))) {
        bool closes = at[1] == '/';
        char tag[TAG] = "", padded[TAG + 2];
        size_t len = strspn(at += 1 + closes, "abcdefghijklmnopqrstuvwxyz0123456789");
        assert_true(len > 0 && len < TAG);
        memcpy(tag, at, len);
        snprintf(padded, sizeof padded, " %s ", tag);
        if (!strstr(known, padded))
            fail_msg("<%s> is no tag of the page", tag);
        const char *end = strchr(at, '>');
        assert_non_null(end);
        for (const char *c = at; c < end; c++)
            assert_true(*c != '<');
        at = end;
        if (closes) {
            assert_true(depth > 0);
            assert_string_equal(stack[--depth], tag);
        } else if (!is_void(tag) && end[-1] != '/') {
            assert_true(depth < 32);
            strcpy(stack[depth++], tag);
        }
        if (!closes && (strcmp(tag, "script") == 0 || strcmp(tag, "style") == 0)) {
            scripts += strcmp(tag, "script") == 0;
            at = strstr(at, "</"); /* what is inside is no HTML */
            assert_non_null(at);
        }
    }
    assert_int_equal(depth, 0);
    assert_int_equal(scripts, 2);
    assert_null(strstr(page, "://")); /* nothing is loaded from anywhere */
}

/* The numbers under the pointer: as many as there are points in time, all of them numbers. */
static size_t must_have_data(const char *page)
{
    const char *from = strstr(page, "id='data'>");
    assert_non_null(from);
    from += strlen("id='data'>");
    const char *to = strstr(from, "</script>");
    assert_non_null(to);
    json_error_t error;
    json_t *data = json_loadb(from, (size_t)(to - from), 0, &error), *plot, *series;
    if (!data)
        fail_msg("%s", error.text);
    assert_true(json_number_value(json_object_get(data, "span")) > 0);
    size_t plots = json_array_size(json_object_get(data, "plots")), i, k;
    json_array_foreach(json_object_get(data, "plots"), i, plot)
    {
        size_t points = json_array_size(json_object_get(plot, "t"));
        assert_true(points > 0 && points <= SIM_MOMENTS_MAX);
        json_array_foreach(json_object_get(plot, "series"), k, series)
            assert_int_equal(json_array_size(json_object_get(series, "v")), points);
    }
    json_decref(data);
    return plots;
}

static size_t occurrences(const char *page, const char *text)
{
    size_t count = 0;
    for (; (page = strstr(page, text)); page++)
        count++;
    return count;
}

/* ---- tests ---- */

#define SMALL \
    "name: small\nsender:\n  rate: 10MB/s\n  files: {name: f, size: 300kB}\n" \
    "receivers: {count: 3, down: {loss: 2%}}\n"

static void page_is_the_same_for_the_same_run(void **state)
{
    (void)state;
    shown *first = show(SMALL, 5), *again = show(SMALL, 5), *other = show(SMALL, 6);
    assert_string_equal(first->page, again->page);
    assert_string_not_equal(first->page, other->page);
    must_be_well_formed(first->page);
    assert_true(must_have_data(first->page) >= 4);
    assert_non_null(strstr(first->page, "3 of 3"));
    forget(first);
    forget(again);
    forget(other);
}

/* Whoever reads a scenario of somebody else's opens its page, too. */
static void names_of_users_stay_text(void **state)
{
    (void)state;
#define EVIL "</script></title><script>alert(1)</script>'\\\" onload=x &amp;<b>"
    shown *s = show("name: \"" EVIL "\"\nabout: \"" EVIL "\"\n"
                    "carriers: {name: \"" EVIL "\", rate: 400kbit/s, queue: 20kB}\n"
                    "fades: {name: \"" EVIL "f\", levels: [{loss: 0, lasts: 1s}, "
                    "{loss: 50%, lasts: 1s}]}\n"
                    "sender: {name: \"" EVIL "s\", rate: 500kbit/s, up: {carrier: \"" EVIL "\"}, "
                    "files: {name: f, size: 90kB}}\n"
                    "receivers: [{name: \"" EVIL "1\", down: {fade: \"" EVIL "f\"}}, "
                    "{name: \"" EVIL "2\", down: {rate: 300kbit/s, queue: 9kB}}]\n"
                    "events: {at: 100ms, node: \"" EVIL "1\", do: crash, for: 50ms}\n",
                    1);
    must_be_well_formed(s->page);
    (void)must_have_data(s->page);
    assert_null(strstr(s->page, "<script>alert"));
    assert_null(strstr(s->page, "' onload"));
    assert_null(strstr(s->page, "\" onload"));
    assert_true(occurrences(s->page, "&lt;script&gt;alert(1)") >= 8);
    forget(s);
}

/* A plain link with a rate has a queue like any carrier; what is dropped is not lost in the
 * thinning out of moments. */
static void queue_of_each_link_is_followed(void **state)
{
    (void)state;
    shown *s = show("name: narrow\nsender:\n  rate: 2Mbit/s\n  files: {name: f, size: 2MB}\n"
                    "receivers:\n  - {name: wide, count: 2}\n"
                    "  - {name: narrow, down: {rate: 1.5Mbit/s, queue: 32kB}}\n",
                    1);
    const sim_queues *queues = &s->timeline.queues;
    assert_int_equal(queues->count, 1);
    const sim_queue_watch *queue = &queues->items[0];
    assert_non_null(queue->points);
    uint64_t peak = 0, dropped = 0;
    for (size_t i = 0; i < s->timeline.count; i++) {
        dropped += queue->points[i].dropped;
        if (queue->points[i].peak_bytes > peak)
            peak = queue->points[i].peak_bytes;
    }
    assert_true(s->timeline.step > SIM_STEP_FIRST);
    assert_true(dropped > 0);
    assert_int_equal(dropped, queue->line->dropped);
    assert_int_equal(peak, queue->line->queue_peak_bytes);
    assert_non_null(strstr(s->page, "Queue: narrow, down"));
    must_be_well_formed(s->page);
    forget(s);
}

static void most_loaded_queues_are_drawn_and_the_others_counted(void **state)
{
    (void)state;
    shown *s =
        show("name: many\nsender:\n  rate: 2Mbit/s\n  files: {name: f, size: 300kB}\n"
             "receivers:\n  - {name: easy, count: 20, down: {rate: 1.95Mbit/s, queue: 40kB}}\n"
             "  - {name: hard, count: 1, down: {rate: 1.2Mbit/s, queue: 10kB}}\n"
             "expect: {complete: 20}\n",
             1);
    assert_int_equal(s->timeline.queues.count, 21);
    assert_string_equal(s->timeline.queues.items[0].name, ">hard");
    assert_int_equal(occurrences(s->page, "<h2>Queue: "), 6);
    assert_non_null(strstr(s->page, "The 6 most loaded of 21."));
    forget(s);
}

/* The receivers come hours after all is over: the page is about what happened before. */
static void nothing_to_show_is_told(void **state)
{
    (void)state;
    shown *s = show("name: nobody\nsender: {rate: 1Mbit/s, files: {name: f, size: 10kB}}\n"
                    "receivers: {count: 2, start: 5h, expected: false}\n"
                    "expect: {result: no-registration}\n",
                    1);
    must_be_well_formed(s->page);
    assert_non_null(strstr(s->page, "Nothing: no receiver got any part of a file."));
    assert_true(s->timeline.count > 100);
    assert_true(sim_timeline_end(&s->timeline) < UFTP_S(60));
    forget(s);
}

/* A sender that never ends, for two days: as many moments as ever, and the page is no longer. */
static void long_run_takes_no_more_room(void **state)
{
    (void)state;
    shown *s = show("name: long\nend: 2d\nsender: {rate: 100B/s, files: {name: f, size: 20MB}}\n"
                    "receivers: {count: 70}\nexpect: {complete: 0}\n",
                    1);
    assert_true(s->timeline.count > SIM_MOMENTS_MAX / 2 - 2 &&
                s->timeline.count <= SIM_MOMENTS_MAX);
    assert_true(s->len < 250000);
    assert_non_null(strstr(s->page, "has not finished"));
    must_be_well_formed(s->page);
    forget(s);
}

/* What a crash takes from a receiver is gone from its progress, too. */
static void progress_goes_back_with_a_crash(void **state)
{
    (void)state;
    shown *s = show("name: crash\nsender: {rate: 1Mbit/s, files: {name: f, size: 1MB}}\n"
                    "receivers: [{name: well}, {name: ill, expected: false}]\n"
                    "events: {at: 8s, node: ill, do: crash}\nexpect: {result: any}\n",
                    1);
    uint64_t most = 0, last = 0;
    for (size_t i = 0; i < s->timeline.count; i++) {
        last = s->timeline.moments[i].row[1];
        most = last > most ? last : most;
    }
    assert_true(most > 10);
    assert_int_equal(last, 0);
    assert_int_equal(s->timeline.moments[s->timeline.count - 1].row[0], 100);
    forget(s);
}

/* Short phases are added to those before, so that no number of files takes more room. */
static void phases_are_counted_however_many(void **state)
{
    (void)state;
    shown *s = show("name: files\nsender: {rate: 10MB/s, files: {name: f, count: 200, size: 5kB}}\n"
                    "receivers: {count: 2}\n",
                    1);
    const sim_spans *spans = &s->watch.senders[0].spans;
    assert_true(spans->count <= SIM_SPANS_MAX && spans->count > SIM_SPANS_MAX / 4);
    for (size_t i = 1; i < spans->count; i++)
        assert_true(spans->items[i].begin > spans->items[i - 1].begin);
    assert_int_equal(spans->items[spans->count - 1].phase, UFTP_SENDER_ENDED);
    forget(s);
}

/* A line that is replaced in mid-run is followed by another of the same name; all that was dropped
 * on either is there. */
static void queues_of_replaced_lines_stay(void **state)
{
    (void)state;
    shown *s = show("name: lines\nsender:\n  rate: 2Mbit/s\n  files: {name: f, size: 2MB}\n"
                    "receivers:\n  - {name: r, count: 3, down: {rate: 1.8Mbit/s, queue: 20kB}}\n"
                    "events:\n  - {at: 5s, node: r-1, do: line, "
                    "down: {rate: 1.6Mbit/s, queue: 20kB}, for: 2s}\n"
                    "  - {at: 6s, node: r-2, do: cut, for: 200ms}\n",
                    1);
    const sim_queues *queues = &s->timeline.queues;
    size_t of_r1 = 0;
    for (size_t i = 0; i < queues->count; i++) {
        uint64_t dropped = 0;
        of_r1 += strcmp(queues->items[i].name, ">r-1") == 0;
        for (size_t m = 0; queues->items[i].points && m < s->timeline.count; m++)
            dropped += queues->items[i].points[m].dropped;
        assert_int_equal(dropped, queues->items[i].line->dropped);
    }
    assert_int_equal(of_r1, 3); /* as it was, the narrow one, and as it was again */
    assert_non_null(strstr(s->page, "r-1 gets another line"));
    assert_non_null(strstr(s->page, "r-2 is cut off"));
    must_be_well_formed(s->page);
    forget(s);
}

static const struct CMUnitTest tests[] = {
    SIM_TEST(page_is_the_same_for_the_same_run),
    SIM_TEST(names_of_users_stay_text),
    SIM_TEST(queue_of_each_link_is_followed),
    SIM_TEST(most_loaded_queues_are_drawn_and_the_others_counted),
    SIM_TEST(queues_of_replaced_lines_stay),
    SIM_TEST(nothing_to_show_is_told),
    SIM_TEST(long_run_takes_no_more_room),
    SIM_TEST(progress_goes_back_with_a_crash),
    SIM_TEST(phases_are_counted_however_many),
};

SIM_TEST_MAIN(tests)
