/* SPDX-License-Identifier: MIT
 *
 * The report as a page to look at: plots of the run over time, nothing to load. Everything is drawn
 * to one scale of time, so that one looks from plot to plot.
 */
#include "run/page.h"
#include "run/summary.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- the head ---- */

static void put_tile(const sim_report *page, const char *name, const char *value)
{
    fprintf(page->out, "<div class='tile'><b>%s</b><span>%s</span></div>", value, name);
}

static void put_tiles(const sim_report *page)
{
    const sim_watch *watch = page->timeline->watch;
    char text[96], bytes[SIM_TIME_TEXT], note[96];
    size_t count;
    uint64_t *times = sim_watch_times(watch, &count);
    const sim_repair repair = sim_watch_repair(watch->stage);
    const sim_verdict verdict = sim_watch_verdict(watch);
    fputs("<div class='tiles'>", page->out);
    snprintf(text, sizeof text, "%" PRIu64 " of %zu", verdict.complete,
             watch->stage->receiver_count);
    put_tile(page, "receivers have it all", text);
    put_tile(page, "from start to end", sim_time_text(page->end - page->begin, text));
    if (count > 0) {
        uint64_t middle = sim_percentile(times, count, 500);
        put_tile(page, "middle receiver through", sim_time_text(middle, text));
        snprintf(text, sizeof text, "%s/s",
                 sim_bytes_text(sim_rate_of(watch->stage->bytes, middle), bytes));
        put_tile(page, "its goodput", text);
    }
    if (repair.blocks > repair.repeated) {
        snprintf(text, sizeof text, "%.1f %%",
                 100 * (double)repair.repeated / (double)(repair.blocks - repair.repeated));
        put_tile(page, "of blocks sent again", text);
    }
    snprintf(text, sizeof text, "%" PRIu64, watch->feedback_total);
    snprintf(note, sizeof note, "datagrams came back, at most %" PRIu64 " in 100 ms",
             watch->feedback_peak);
    put_tile(page, note, text);
    fputs("</div>\n", page->out);
    sim_release(times);
}

static void put_facts(const sim_report *page)
{
    const sim_stage *stage = page->timeline->stage;
    char bytes[SIM_TIME_TEXT];
    size_t files = 0;
    for (size_t i = 0; i < stage->sender_count; i++)
        files += stage->senders[i].path_count;
    fprintf(page->out,
            "<p class='facts'>%zu sender%s, %zu receiver%s, %zu file%s, %s; seed %" PRIu64 "</p>\n",
            stage->sender_count, stage->sender_count == 1 ? "" : "s", stage->receiver_count,
            stage->receiver_count == 1 ? "" : "s", files, files == 1 ? "" : "s",
            sim_bytes_text(stage->bytes, bytes), sim_world_seed(stage->world));
}

static void put_lines(FILE *out, const char *const *lines)
{
    for (; *lines; lines++)
        fputs(*lines, out);
}

static void put_head(const sim_report *page)
{
    const sim_scenario *scenario = page->timeline->stage->scenario;
    const sim_verdict verdict = sim_watch_verdict(page->timeline->watch);
    fputs("<!doctype html>\n<html lang='en'><head><meta charset='utf-8'>"
          "<meta name='viewport' content='width=device-width,initial-scale=1'><title>",
          page->out);
    sim_page_text(page, scenario->name);
    fputs("</title>\n<style>\n", page->out);
    put_lines(page->out, sim_page_css);
    fputs("</style></head>\n<body><main><h1>", page->out);
    sim_page_text(page, scenario->name);
    fputs("</h1>\n", page->out);
    if (scenario->about) {
        fputs("<p class='about'>", page->out);
        sim_page_text(page, scenario->about);
        fputs("</p>\n", page->out);
    }
    put_facts(page);
    fprintf(page->out, "<p class='verdict%s'>", verdict.good ? "" : " bad");
    fputs(verdict.good ? "&#10003; ended as expected" : "&#10007; not as expected: ", page->out);
    sim_page_text(page, verdict.why);
    fputs("</p>\n", page->out);
    put_tiles(page);
}

/* ---- tables ---- */

static void put_count(const sim_report *page, uint64_t value)
{
    fprintf(page->out, "<td%s>%" PRIu64 "</td>", value ? "" : " class='zero'", value);
}

static void put_time(const sim_report *page, uint64_t time)
{
    char text[SIM_TIME_TEXT];
    fprintf(page->out, "<td>%s</td>", sim_time_text(time, text));
}

static const char *result_name(uftp_result result)
{
    switch (result) {
    case UFTP_RESULT_OK:
        return "ok";
    case UFTP_RESULT_INTERRUPTED:
        return "interrupted";
    case UFTP_RESULT_NO_REGISTRATION:
        return "nobody registered";
    case UFTP_RESULT_NO_FILEINFO:
        return "nobody answered FILEINFO";
    case UFTP_RESULT_ALL_LOST:
        return "all receivers lost";
    case UFTP_RESULT_NOTHING_SENT:
        return "nothing was sent";
    case UFTP_RESULT_FAILED:
        return "failed";
    case UFTP_RESULT_ERROR:
        return "an error";
    }
    return "?";
}

#define ROWS_MAX 50 /* of a table */

static void put_senders(const sim_report *page)
{
    const sim_stage *stage = page->timeline->stage;
    fputs("<section><h2>Senders</h2><div class='wide'><table><tr><th>sender</th><th>ended "
          "with</th><th>time</th>",
          page->out);
    for (size_t phase = 0; phase < UFTP_SENDER_ENDED; phase++)
        fprintf(page->out, "<th>%s</th>", sim_phase_names[phase]);
    fputs("<th>passes</th><th>receivers lost</th><th>aborted</th></tr>\n", page->out);
    for (size_t i = 0; i < stage->sender_count && i < ROWS_MAX; i++) {
        const sim_watch_sender *sender = &page->timeline->watch->senders[i];
        fputs("<tr><td>", page->out);
        sim_page_text(page, sim_name(stage->senders[i].node));
        if (sender->finished == UFTP_NEVER) {
            fputs("</td><td>has not finished</td><td></td>", page->out);
        } else {
            fprintf(page->out, "</td><td>%s</td>", result_name(sender->result));
            put_time(page, sender->finished - sender->started);
        }
        for (size_t phase = 0; phase < UFTP_SENDER_ENDED; phase++)
            put_time(page, sender->phase_time[phase]);
        put_count(page, sender->passes);
        put_count(page, sender->lost);
        put_count(page, sender->aborted);
        fputs("</tr>\n", page->out);
    }
    fputs("</table></div>", page->out);
    if (stage->sender_count > ROWS_MAX)
        fprintf(page->out, "<p class='note'>The first %d of %zu.</p>", ROWS_MAX,
                stage->sender_count);
    fputs("</section>\n", page->out);
}

static void put_kind(const sim_report *page, const sim_receiver_part *part, size_t first,
                     uint64_t *times)
{
    const sim_watch *watch = page->timeline->watch;
    size_t through = 0;
    uint64_t naks = 0, lost = 0, complete = 0;
    for (size_t i = first; i < first + part->count; i++) {
        const sim_watch_receiver *r = &watch->receivers[i];
        naks += r->naks;
        lost += r->failed_sessions;
        complete += r->complete;
        if (r->complete && r->finished != UFTP_NEVER)
            times[through++] = r->finished - page->begin;
    }
    sim_sort(times, through);
    fputs("<tr><td>", page->out);
    sim_page_text(page, part->name);
    fprintf(page->out, "</td><td>%" PRIu64 "</td>", part->count);
    put_count(page, complete);
    static const unsigned permille[] = {0, 500, 1000};
    for (size_t i = 0; i < sizeof permille / sizeof *permille; i++)
        if (through)
            put_time(page, sim_percentile(times, through, permille[i]));
        else
            fputs("<td class='zero'>never</td>", page->out);
    put_count(page, naks);
    put_count(page, lost);
    fputs("</tr>\n", page->out);
}

static void put_kinds(const sim_report *page)
{
    const sim_list *kinds = &page->timeline->stage->scenario->receivers;
    const sim_receiver_part *parts = kinds->items;
    uint64_t *times = sim_allocate(page->timeline->stage->receiver_count * sizeof *times);
    fputs("<section><h2>Receivers</h2><div class='wide'><table><tr><th>receivers</th>"
          "<th>count</th><th>have everything</th><th>first through</th><th>middle</th>"
          "<th>last</th><th>STATUS sent</th><th>sessions failed</th></tr>\n",
          page->out);
    for (size_t k = 0, first = 0; k < kinds->count && k < ROWS_MAX; first += parts[k++].count)
        put_kind(page, &parts[k], first, times);
    fputs("</table></div>", page->out);
    if (kinds->count > ROWS_MAX)
        fprintf(page->out, "<p class='note'>The first %d kinds of %zu.</p>", ROWS_MAX,
                kinds->count);
    fputs("</section>\n", page->out);
    sim_release(times);
}

static void put_messages(const sim_report *page)
{
    const sim_counters down = sim_watch_count(page->timeline->stage, true);
    const sim_counters up = sim_watch_count(page->timeline->stage, false);
    fputs("<section><h2>Datagrams</h2><p class='note'>By the message that can be seen from "
          "outside. What one sender sends arrives at many receivers, and is lost at each by itself."
          "</p><div class='wide'><table><tr><th>message</th><th>senders sent</th><th>arrived</th>"
          "<th>lost</th><th>receivers sent</th><th>arrived</th><th>lost</th></tr>\n",
          page->out);
    for (size_t type = 0; type <= UFTP_MESSAGE_TYPE_MAX; type++) {
        if (!down.sent[type] && !up.sent[type])
            continue;
        fprintf(page->out, "<tr><td>%s</td>", uftp_message_name((uint8_t)type));
        const uint64_t counts[] = {down.sent[type], up.arrived[type],   down.lost[type],
                                   up.sent[type],   down.arrived[type], up.lost[type]};
        for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
            put_count(page, counts[i]);
        fputs("</tr>\n", page->out);
    }
    fputs("</table></div></section>\n", page->out);
}

/* ---- all of it ---- */

static void put_page(sim_report *page, const char *command)
{
    put_head(page);
    sim_page_happenings(page);
    sim_page_progress(page);
    sim_page_rate(page);
    sim_page_feedback(page);
    sim_page_receivers(page);
    sim_page_queues(page);
    sim_page_channels(page);
    put_senders(page);
    put_kinds(page);
    put_messages(page);
    fputs("<footer>To repeat: <code>", page->out);
    sim_page_text(page, command);
    fprintf(page->out, "</code><br>Digest of all that happened: <code>%s</code></footer>\n",
            sim_digest(page->timeline->stage->world));
}

bool sim_page_write(const sim_timeline *timeline, const char *command, FILE *out)
{
    char *data = NULL;
    size_t size = 0;
    sim_report page = {.out = out,
                       .data = open_memstream(&data, &size),
                       .timeline = timeline,
                       .begin = timeline->begin,
                       .end = sim_timeline_end(timeline)};
    if (!page.data)
        return false;
    put_page(&page, command);
    bool written = fclose(page.data) == 0;
    /* No text of a user is in it, so that nothing can end the script. */
    if (written)
        fprintf(out,
                "<p id='now'></p></main>\n<script type='application/json' id='data'>"
                "{\"span\":%.7g,\"plots\":[\n%s]}</script>\n<script>\n",
                (double)(page.end - page.begin) / 1e9, data);
    free(data);
    put_lines(out, sim_page_script);
    fputs("</script></body></html>\n", out);
    return written && fflush(out) == 0 && !ferror(out);
}
