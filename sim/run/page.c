/* SPDX-License-Identifier: MIT
 *
 * The report as a page to look at: plots of the run over time as inline SVG, no script, nothing to
 * load. Everything is drawn to one scale of time, so that one looks from plot to plot.
 */
#include "run/summary.h"
#include "run/timeline.h"

#include <inttypes.h>
#include <stdlib.h>

#define WIDTH 1000
#define LEFT 74
#define RIGHT 14
#define TOP 26
#define BOTTOM 26

typedef struct page {
    FILE *out;
    const sim_timeline *timeline;
    uint64_t begin, end; /* the scale of time */
} page;

typedef struct chart {
    const page *page;
    int height;
    double max; /* of the values */
} chart;

static void put_escaped(FILE *out, const char *text)
{
    for (; text && *text; text++)
        switch (*text) {
        case '<':
            fputs("&lt;", out);
            break;
        case '>':
            fputs("&gt;", out);
            break;
        case '&':
            fputs("&amp;", out);
            break;
        default:
            fputc(*text, out);
        }
}

/* ---- scales ---- */

static double x_of(const page *p, uint64_t at)
{
    double span = (double)(p->end - p->begin);
    double since = at > p->begin ? (double)(at - p->begin) : 0;
    return LEFT + (WIDTH - LEFT - RIGHT) * (span > 0 ? since / span : 0);
}

static double y_of(const chart *c, double value)
{
    return TOP + (c->height - TOP - BOTTOM) * (1 - (c->max > 0 ? value / c->max : 0));
}

/* A round number of which 4 to 10 make `span`. */
static double round_step(double span)
{
    double step = 1;
    while (step * 10 <= span)
        step *= 10;
    while (step > span && step > 1e-9)
        step /= 10;
    if (span / step < 2.5)
        return step / 4;
    return span / step < 5 ? step / 2 : step;
}

/* A little more than `value`, so that a peak does not touch the frame; 100 % stays. */
static double round_up(double value)
{
    double step = round_step(value);
    double max = 0;
    while (max < value)
        max += step;
    return max;
}

static void format_value(char *out, size_t size, double value, const char *unit)
{
    if (value >= 1e6)
        snprintf(out, size, "%.4gM%s", value / 1e6, unit);
    else if (value >= 1e3)
        snprintf(out, size, "%.4gk%s", value / 1e3, unit);
    else
        snprintf(out, size, "%.4g%s", value, unit);
}

/* ---- the frame of a chart ---- */

static void put_phases(const chart *c)
{
    const page *p = c->page;
    const sim_watch_sender *sender = &p->timeline->watch->senders[0];
    for (size_t phase = 0; phase < UFTP_SENDER_ENDED; phase++) {
        uint64_t from = sender->phase_begin[phase], to = p->end;
        if (from == UFTP_NEVER)
            continue;
        for (size_t next = phase + 1; next < SIM_PHASES; next++)
            if (sender->phase_begin[next] != UFTP_NEVER && sender->phase_begin[next] >= from &&
                sender->phase_begin[next] < to)
                to = sender->phase_begin[next];
        double left = x_of(p, from), right = x_of(p, to);
        fprintf(p->out,
                "<rect class='phase phase%zu' x='%.1f' y='%d' width='%.1f' height='%d'>"
                "<title>%s</title></rect>",
                phase % 2, left, TOP, right - left, c->height - TOP - BOTTOM,
                sim_phase_names[phase]);
        if (right - left > 70)
            fprintf(p->out, "<text class='dim' x='%.1f' y='%d' text-anchor='middle'>%s</text>",
                    (left + right) / 2, TOP + 14, sim_phase_names[phase]);
    }
}

static void put_axes(const chart *c, const char *title, const char *unit)
{
    const page *p = c->page;
    char label[48];
    fprintf(p->out, "<text class='title' x='%d' y='16'>%s</text>", LEFT, title);
    double step = round_step(c->max);
    for (double value = 0; value <= c->max * 1.0001 && step > 0; value += step) {
        double y = y_of(c, value);
        format_value(label, sizeof label, value, unit);
        fprintf(p->out,
                "<line class='grid' x1='%d' x2='%d' y1='%.1f' y2='%.1f'/>"
                "<text class='dim' x='%d' y='%.1f' text-anchor='end'>%s</text>",
                LEFT, WIDTH - RIGHT, y, y, LEFT - 6, y + 4, label);
    }
    double seconds = (double)(p->end - p->begin) / 1e9, every = round_step(seconds);
    for (double at = 0; at <= seconds * 1.0001 && every > 0; at += every) {
        double x = x_of(p, p->begin + (uint64_t)(at * 1e9));
        fprintf(p->out,
                "<line class='grid' x1='%.1f' x2='%.1f' y1='%d' y2='%d'/>"
                "<text class='dim' x='%.1f' y='%d' text-anchor='middle'>%.4g s</text>",
                x, x, c->height - BOTTOM, c->height - BOTTOM + 4, x, c->height - BOTTOM + 18, at);
    }
}

static chart open_chart(const page *p, int height, double max, const char *title, const char *unit)
{
    const chart c = {.page = p, .height = height, .max = max > 0 ? round_up(max) : 1};
    fprintf(p->out, "<svg viewBox='0 0 %d %d' role='img' aria-label='%s'>", WIDTH, height, title);
    put_phases(&c);
    put_axes(&c, title, unit);
    return c;
}

static void close_chart(const page *p)
{
    fputs("</svg>\n", p->out);
}

/* ---- lines and areas over the moments ---- */

typedef double value_of(const sim_timeline *timeline, size_t index, unsigned which);

static void put_points(const chart *c, value_of *value, unsigned which, bool backwards)
{
    const sim_timeline *t = c->page->timeline;
    for (size_t i = 0; i < t->count; i++) {
        size_t index = backwards ? t->count - 1 - i : i;
        fprintf(c->page->out, "%.1f,%.1f ", x_of(c->page, t->moments[index].at),
                y_of(c, value(t, index, which)));
    }
}

static void put_line(const chart *c, const char *class, value_of *value, unsigned which)
{
    fprintf(c->page->out, "<polyline class='%s' points='", class);
    put_points(c, value, which, false);
    fputs("'/>", c->page->out);
}

static void put_band(const chart *c, const char *class, value_of *value, unsigned low,
                     unsigned high)
{
    fprintf(c->page->out, "<polygon class='%s' points='", class);
    put_points(c, value, low, false);
    put_points(c, value, high, true);
    fputs("'/>", c->page->out);
}

static double progress(const sim_timeline *t, size_t index, unsigned which)
{
    uint64_t bytes = t->stage->bytes;
    return bytes ? 100 * (double)t->moments[index].band[which] / (double)bytes : 100;
}

static double per_second(const sim_timeline *t, size_t index, uint64_t now, uint64_t before)
{
    uint64_t since = index ? t->moments[index - 1].at : 0;
    double seconds = (double)(t->moments[index].at - since) / 1e9;
    return seconds > 0 ? (double)(now - before) / seconds : 0;
}

static double rate(const sim_timeline *t, size_t index, unsigned which)
{
    (void)which;
    return 8 * per_second(t, index, t->moments[index].sent_bytes,
                          index ? t->moments[index - 1].sent_bytes : 0);
}

static double feedback(const sim_timeline *t, size_t index, unsigned which)
{
    const sim_moment *now = &t->moments[index], *before = index ? now - 1 : NULL;
    return which ? per_second(t, index, now->naks, before ? before->naks : 0)
                 : per_second(t, index, now->feedback, before ? before->feedback : 0);
}

static double queue(const sim_timeline *t, size_t index, unsigned which)
{
    return (double)t->moments[index].queue[which];
}

static double highest(const sim_timeline *t, value_of *value, unsigned which)
{
    double max = 0;
    for (size_t i = 0; i < t->count; i++)
        if (value(t, i, which) > max)
            max = value(t, i, which);
    return max;
}

/* ---- the charts ---- */

static void put_progress(const page *p)
{
    chart c = open_chart(p, 300, 100, "What the receivers have", "%");
    put_band(&c, "outer", progress, 0, 4);
    put_band(&c, "inner", progress, 1, 3);
    put_line(&c, "median", progress, 2);
    close_chart(p);
    fputs("<p class='key'><i class='median'></i>the middle one <i class='inner'></i>eight of ten "
          "<i class='outer'></i>all</p>\n",
          p->out);
}

static void put_rate(const page *p)
{
    chart c = open_chart(p, 180, highest(p->timeline, rate, 0), "Sent by the senders, bit/s", "");
    put_line(&c, "median", rate, 0);
    close_chart(p);
}

static void put_feedback(const page *p)
{
    chart c = open_chart(p, 180, highest(p->timeline, feedback, 0),
                         "Feedback: datagrams that reach the senders, STATUS (NAKs) that leave the "
                         "receivers, per second",
                         "");
    put_line(&c, "median", feedback, 0);
    put_line(&c, "second", feedback, 1);
    close_chart(p);
    fputs(
        "<p class='key'><i class='median'></i>all feedback, arrived <i class='second'></i>STATUS, "
        "sent</p>\n",
        p->out);
}

static void put_queues(const page *p)
{
    for (unsigned i = 0; i < p->timeline->line_count; i++) {
        const sim_line *line = p->timeline->lines[i].line;
        const double max = highest(p->timeline, queue, i);
        if (max > 0) { /* what never waits at a moment that is drawn, is told in words only */
            chart c = open_chart(p, 140, max, "Bytes that wait in front of the line below", "B");
            put_line(&c, "median", queue, i);
            close_chart(p);
        }
        fputs("<p class='key'>Line ", p->out);
        put_escaped(p->out, p->timeline->lines[i].name);
        fprintf(p->out,
                ": %" PRIu64 " packets passed, %" PRIu64 " dropped, at most %" PRIu64
                " bytes waited.</p>\n",
                line->passed, line->dropped, line->queue_peak_bytes);
    }
}

/* Each receiver a dot where it was through; a cross at the right end where it never was. */
static void put_receivers(const page *p)
{
    const sim_stage *stage = p->timeline->stage;
    size_t count = stage->receiver_count;
    chart c =
        open_chart(p, count > 200 ? 320 : 180, (double)count, "When each receiver was through", "");
    double radius = count > 300 ? 1.6 : count > 60 ? 2.5 : 4;
    for (size_t i = 0; i < count; i++) {
        const sim_watch_receiver *r = &p->timeline->watch->receivers[i];
        bool through = r->complete && r->finished != UFTP_NEVER;
        char time[SIM_TIME_TEXT] = "never";
        if (through)
            sim_time_text(r->finished - p->begin, time);
        fprintf(p->out, "<circle class='%s' cx='%.1f' cy='%.1f' r='%.1f'><title>",
                through ? "dot" : "miss", x_of(p, through ? r->finished : p->end),
                y_of(&c, (double)i + 0.5), radius);
        put_escaped(p->out, sim_name(stage->receivers[i].node));
        fprintf(p->out, ": %s</title></circle>", time);
    }
    close_chart(p);
}

static void put_tile(const page *p, const char *name, const char *value)
{
    fprintf(p->out, "<div class='tile'><b>");
    put_escaped(p->out, value);
    fprintf(p->out, "</b><span>%s</span></div>", name);
}

static void put_tiles(const page *p)
{
    const sim_watch *watch = p->timeline->watch;
    char text[96], bytes[SIM_TIME_TEXT];
    size_t count;
    uint64_t *times = sim_watch_times(watch, &count);
    const sim_repair repair = sim_watch_repair(watch->stage);
    const sim_verdict verdict = sim_watch_verdict(watch);
    fputs("<div class='tiles'>", p->out);
    snprintf(text, sizeof text, "%" PRIu64 " of %zu", verdict.complete,
             watch->stage->receiver_count);
    put_tile(p, "receivers have everything", text);
    put_tile(p, "from start to end", sim_time_text(watch->ended - p->begin, text));
    if (count > 0) {
        uint64_t middle = sim_percentile(times, count, 500);
        snprintf(text, sizeof text, "%s/s",
                 sim_bytes_text(sim_rate_of(watch->stage->bytes, middle), bytes));
        put_tile(p, "goodput of the middle receiver", text);
    }
    if (repair.blocks > repair.repeated) {
        snprintf(text, sizeof text, "%.1f %%",
                 100 * (double)repair.repeated / (double)(repair.blocks - repair.repeated));
        put_tile(p, "blocks sent again", text);
    }
    snprintf(text, sizeof text, "%" PRIu64, watch->feedback_peak);
    put_tile(p, "most feedback within 100 ms", text);
    fputs("</div>\n", p->out);
    sim_release(times);
}

static void put_messages(const page *p)
{
    const sim_counters down = sim_watch_count(p->timeline->stage, true);
    const sim_counters up = sim_watch_count(p->timeline->stage, false);
    fputs("<table><tr><th>datagrams</th><th>senders sent</th><th>arrived</th><th>lost</th>"
          "<th>receivers sent</th><th>arrived</th><th>lost</th></tr>",
          p->out);
    for (size_t type = 0; type <= UFTP_MESSAGE_TYPE_MAX; type++)
        if (down.sent[type] || up.sent[type])
            fprintf(p->out,
                    "<tr><td>%s</td><td>%" PRIu64 "</td><td>%" PRIu64 "</td><td>%" PRIu64
                    "</td><td>%" PRIu64 "</td><td>%" PRIu64 "</td><td>%" PRIu64 "</td></tr>",
                    uftp_message_name((uint8_t)type), down.sent[type], up.arrived[type],
                    down.lost[type], up.sent[type], down.arrived[type], up.lost[type]);
    fputs("</table>\n", p->out);
}

static const char style[] =
    ":root{--ink:#1c2530;--dim:#6b7785;--paper:#fbfbf9;--card:#fff;--line:#e3e6ea;--blue:#2166ac;"
    "--amber:#c2601a;--red:#b2182b}"
    "@media(prefers-color-scheme:dark){:root{--ink:#e6e9ed;--dim:#93a0ae;--paper:#14181d;"
    "--card:#1b2128;--line:#2d353f;--blue:#6aaee8;--amber:#eb9a5a;--red:#f06a6f}}"
    "body{background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,sans-serif;margin:0}"
    "main{max-width:1060px;margin:0 auto;padding:28px 20px 60px}h1{font-size:25px;margin:0 0 4px}"
    "p{margin:4px 0 14px}.about{color:var(--dim);max-width:75ch}.good{color:#2a8c4a}"
    ".bad{color:var(--red)}.tiles{display:flex;flex-wrap:wrap;gap:12px;margin:18px 0}"
    ".tile{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:10px 16px}"
    ".tile b{display:block;font-size:21px;font-variant-numeric:tabular-nums}"
    ".tile span,.key{color:var(--dim);font-size:13px}"
    "svg{width:100%;display:block;background:var(--card);border:1px solid var(--line);"
    "border-radius:8px;margin-top:14px}text{font:12px system-ui,sans-serif;fill:var(--ink)}"
    ".title{font-weight:600;font-size:13px}.dim{fill:var(--dim);font-size:11px}"
    ".grid{stroke:var(--line)}.phase{fill:var(--blue);opacity:.03}.phase1{opacity:.08}"
    "polyline{fill:none;stroke-width:1.8;stroke-linejoin:round}polyline.median{stroke:var(--blue)}"
    "polyline.second{stroke:var(--amber)}.outer{fill:var(--blue);opacity:.16}"
    ".inner{fill:var(--blue);opacity:.3}.dot{fill:var(--blue)}.miss{fill:var(--red)}"
    ".key i{display:inline-block;width:14px;height:10px;margin:0 5px 0 14px;border-radius:2px;"
    "background:var(--blue)}.key i.second{background:var(--amber);opacity:1}"
    "table{border-collapse:collapse;margin-top:22px;font-variant-numeric:tabular-nums}"
    "th,td{padding:3px 14px 3px 0;text-align:right;border-bottom:1px solid var(--line)}"
    "th{font-weight:600;font-size:13px}td:first-child,th:first-child{text-align:left}"
    "code{font-size:13px;word-break:break-all}";

static void put_head(const page *p, const char *command)
{
    const sim_stage *stage = p->timeline->stage;
    const sim_verdict verdict = sim_watch_verdict(p->timeline->watch);
    fputs("<!doctype html><html lang='en'><meta charset='utf-8'>"
          "<meta name='viewport' content='width=device-width'><title>",
          p->out);
    put_escaped(p->out, stage->scenario->name);
    fprintf(p->out, "</title><style>%s</style><main><h1>", style);
    put_escaped(p->out, stage->scenario->name);
    fputs("</h1><p class='about'>", p->out);
    put_escaped(p->out, stage->scenario->about);
    fprintf(p->out, "</p><p><b class='%s'>%s</b> ", verdict.good ? "good" : "bad",
            verdict.good ? "As expected." : "Not as expected:");
    put_escaped(p->out, verdict.why);
    fputs("</p>\n", p->out);
    put_tiles(p);
    fputs("<p class='key'>To repeat: <code>", p->out);
    put_escaped(p->out, command);
    fprintf(p->out, "</code><br>digest <code>%s</code></p>\n", sim_digest(stage->world));
}

bool sim_page_write(const sim_timeline *timeline, const char *command, FILE *out)
{
    page p = {.out = out,
              .timeline = timeline,
              .begin = sim_watch_begin(timeline->watch),
              .end = timeline->watch->ended};
    if (p.end <= p.begin)
        p.end = timeline->count ? timeline->moments[timeline->count - 1].at : p.begin + UFTP_S(1);
    put_head(&p, command);
    put_progress(&p);
    put_rate(&p);
    put_feedback(&p);
    put_receivers(&p);
    put_queues(&p);
    put_messages(&p);
    fputs("</main></html>\n", out);
    return fflush(out) == 0 && !ferror(out);
}
