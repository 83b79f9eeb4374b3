/* SPDX-License-Identifier: MIT
 *
 * What happened when: the phases of the senders, rain, and what the scenario did to nodes; and each
 * receiver for itself.
 */
#include "run/page.h"
#include "run/summary.h"

#include <inttypes.h>
#include <string.h>

/* ---- the strip ---- */

static void open_row(const sim_report *page, const char *name)
{
    fputs("<div class='row'><span class='who'>", page->out);
    sim_page_text(page, name);
    fputs("</span><div class='bar'>", page->out);
}

static void close_row(const sim_report *page)
{
    fputs("</div></div>\n", page->out);
}

static void put_bar(const sim_report *page, const char *class, uint64_t from, uint64_t to)
{
    double left = sim_page_x(page, from) / 10, right = sim_page_x(page, to) / 10;
    fprintf(page->out, "<b class='%s' style='left:%.2f%%;width:%.2f%%'", class, left, right - left);
}

/* What a text takes of the width of a usual window, in units. */
static double room_for(const char *text)
{
    return 8.0 * (double)strlen(text) + 8;
}

static void put_span(const sim_report *page, const sim_watch_sender *sender, size_t index)
{
    static const char *const colors[UFTP_SENDER_ENDED] = {"c6", "c4", "c1", "c3"};
    const sim_span *span = &sender->spans.items[index];
    const uint64_t end = sim_span_end(sender, index, page->end);
    char words[64], from[SIM_TIME_TEXT], lasts[SIM_TIME_TEXT];
    if (span->phase >= UFTP_SENDER_ENDED || end <= span->begin)
        return;
    if (span->phase == UFTP_SENDER_TRANSFER && span->pass)
        snprintf(words, sizeof words, "pass %u", span->pass);
    else
        snprintf(words, sizeof words, "%s", sim_phase_names[span->phase]);
    put_bar(page, span->pass > 1 ? "c2" : colors[span->phase], span->begin, end);
    fprintf(page->out, " title='%s", words);
    if (span->file_id)
        fprintf(page->out, ", file %u", span->file_id);
    fprintf(page->out, ": at %s for %s'>%s</b>", sim_time_text(span->begin - page->begin, from),
            sim_time_text(end - span->begin, lasts),
            room_for(words) < (sim_page_x(page, end) - sim_page_x(page, span->begin)) ? words : "");
}

static void put_sender_rows(const sim_report *page)
{
    const sim_timeline *t = page->timeline;
    for (size_t i = 0; i < t->senders; i++) {
        const sim_watch_sender *sender = &t->watch->senders[i];
        open_row(page, sim_name(t->stage->senders[i].node));
        for (size_t s = 0; s < sender->spans.count; s++)
            put_span(page, sender, s);
        close_row(page);
    }
    if (t->stage->sender_count > t->senders)
        fprintf(page->out, "<p class='note'>%zu further senders are not drawn.</p>\n",
                t->stage->sender_count - t->senders);
}

/* Five shades; neighbours of one shade are one bar. */
static unsigned shade_of(uint32_t loss_ppm)
{
    return loss_ppm == 0        ? 0
           : loss_ppm < 50000   ? 1
           : loss_ppm < 200000  ? 2
           : loss_ppm < 700000  ? 3
           : loss_ppm < 1000000 ? 4
                                : 5;
}

static void put_sky_rows(const sim_report *page)
{
    static const char *const words[] = {"",           "below 5 %",   "below 20 %",
                                        "below 70 %", "below 100 %", "everything"};
    const sim_timeline *t = page->timeline;
    const sim_axis axis = sim_axis_moments(page);
    for (size_t sky = 0; sky < t->sky_count; sky++) {
        open_row(page, t->skies[sky]->name);
        for (size_t i = 0, next; i < t->count; i = next) {
            unsigned shade = shade_of(t->moments[i].loss_ppm[sky]);
            for (next = i + 1; next < t->count; next++)
                if (shade_of(t->moments[next].loss_ppm[sky]) != shade)
                    break;
            if (shade == 0)
                continue;
            char class[16];
            snprintf(class, sizeof class, "rain rain%u", shade);
            put_bar(page, class, sim_axis_begin(page, &axis, i),
                    sim_axis_end(page, &axis, next - 1));
            fprintf(page->out, " title='rain takes %s'></b>", words[shade]);
        }
        close_row(page);
    }
}

#define DEEDS_DRAWN 60
#define LANES 4 /* below each other, so that the words do not run into each other */

static const char *deed_words(const sim_deed_part *deed)
{
    switch ((sim_deed)deed->deed) {
    case SIM_DEED_CRASH:
        return "crashes";
    case SIM_DEED_POWER:
        return "loses power";
    case SIM_DEED_START:
        return "starts";
    case SIM_DEED_SHUTDOWN:
        return "is shut down";
    case SIM_DEED_INTERRUPT:
        return "is interrupted";
    case SIM_DEED_FREEZE:
        return "freezes";
    case SIM_DEED_REBIND:
        return "gets a new NAT mapping";
    case SIM_DEED_CUT:
        return "is cut off";
    case SIM_DEED_LINE:
        return "gets another line";
    case SIM_DEED_CLOCK:
    case SIM_DEED_STEP:
        return "has its clock set";
    case SIM_DEED_DRIFT:
        return "has a clock that drifts";
    }
    return "?";
}

static void put_deed(const sim_report *page, const sim_deed_part *deed, bool in_words)
{
    const char *what = deed_words(deed);
    char at[SIM_TIME_TEXT];
    fprintf(page->out, "<em style='left:%.2f%%' title='%s: ", sim_page_x(page, deed->at) / 10,
            sim_time_text(deed->at > page->begin ? deed->at - page->begin : 0, at));
    sim_page_text(page, deed->node);
    fprintf(page->out, " %s'>", what);
    if (in_words) {
        sim_page_text(page, deed->node);
        fprintf(page->out, " %s", what);
    }
    fputs("</em>", page->out);
}

static void put_deed_row(const sim_report *page)
{
    const sim_list *list = &page->timeline->stage->scenario->deeds;
    const sim_deed_part *deeds = list->items;
    double taken[LANES] = {0};
    size_t lanes = 0;
    unsigned lane[DEEDS_DRAWN];
    for (size_t i = 0; i < list->count && i < DEEDS_DRAWN; i++) {
        char text[200];
        const double x = sim_page_x(page, deeds[i].at);
        snprintf(text, sizeof text, "%s %s", deeds[i].node, deed_words(&deeds[i]));
        for (lane[i] = 0; lane[i] < LANES && taken[lane[i]] > x; lane[i]++)
            ;
        if (deeds[i].at >= page->end)
            continue;
        if (lane[i] < LANES) {
            taken[lane[i]] = x + room_for(text);
            lanes = lane[i] >= lanes ? lane[i] + 1 : lanes;
        }
    }
    for (size_t l = 0; l < lanes; l++) {
        open_row(page, l ? "" : "events");
        for (size_t i = 0; i < list->count && i < DEEDS_DRAWN; i++)
            if (deeds[i].at < page->end && (lane[i] == l || (l == 0 && lane[i] == LANES)))
                put_deed(page, &deeds[i], lane[i] == l);
        close_row(page);
    }
    if (list->count > DEEDS_DRAWN)
        fprintf(page->out, "<p class='note'>The first %d events of %zu.</p>\n", DEEDS_DRAWN,
                list->count);
}

void sim_page_happenings(sim_report *page)
{
    static const char *const legend[][2] = {{"c6", "announce"},
                                            {"c4", "fileinfo"},
                                            {"c1", "first pass"},
                                            {"c2", "further passes"},
                                            {"c3", "completion"}};
    fputs("<section><h2>What happened when</h2><ul class='legend'>", page->out);
    for (size_t i = 0; i < sizeof legend / sizeof *legend; i++)
        fprintf(page->out, "<li><i class='area %s'></i>%s</li>", legend[i][0], legend[i][1]);
    if (page->timeline->sky_count)
        fputs("<li><i class='area ink'></i>rain: the stronger, the more is lost</li>", page->out);
    fputs("</ul><div class='strip'>\n", page->out);
    put_sender_rows(page);
    put_sky_rows(page);
    put_deed_row(page);
    fputs("<div class='row'><span class='who'></span>", page->out);
    sim_plot_time_axis(page);
    fputs("</div></div></section>\n", page->out);
}

/* ---- receiver by receiver ---- */

#define NAMES_MAX 24

/* -1: nothing yet. */
static int tenth_of(uint8_t percent)
{
    return percent ? percent / 10 : -1;
}

static bool is_through(const sim_watch_receiver *receiver)
{
    return receiver->complete && receiver->finished != UFTP_NEVER;
}

/* Who is in a row, and when the last of them was through: shown where the pointer rests. */
static void put_row_title(const sim_report *page, size_t row)
{
    const sim_timeline *t = page->timeline;
    const size_t first = sim_timeline_row(t, row), end = sim_timeline_row(t, row + 1);
    uint64_t last = 0;
    size_t through = 0;
    for (size_t i = first; i < end; i++) {
        const sim_watch_receiver *r = &t->watch->receivers[i];
        through += is_through(r);
        if (is_through(r) && r->finished > last)
            last = r->finished;
    }
    char text[SIM_TIME_TEXT];
    fputs("<title>", page->out);
    sim_page_text(page, sim_name(t->stage->receivers[first].node));
    if (end - first > 1) {
        fputs(" to ", page->out);
        sim_page_text(page, sim_name(t->stage->receivers[end - 1].node));
        fprintf(page->out, ": %zu of %zu through", through, end - first);
    } else {
        fputs(through ? ": through" : ": never through", page->out);
    }
    if (through)
        fprintf(page->out, "%s at %s", end - first > 1 ? ", the last" : "",
                sim_time_text(last > page->begin ? last - page->begin : 0, text));
    fputs("</title>", page->out);
}

static void put_row(const sim_report *page, size_t row)
{
    const sim_timeline *t = page->timeline;
    const sim_axis axis = sim_axis_moments(page);
    const double height = (double)SIM_PLOT_UNITS / (double)t->rows, y = (double)row * height;
    fputs("<g>", page->out);
    put_row_title(page, row); /* first, as SVG has it */
    fprintf(page->out, "<path class='bare' d='M0 %.1fV%.1fH%dV%.1fz'/>", y, y + height,
            SIM_PLOT_UNITS, y);
    for (size_t i = 0, next; i < t->count; i = next) {
        int tenth = tenth_of(t->moments[i].row[row]);
        for (next = i + 1; next < t->count; next++)
            if (tenth_of(t->moments[next].row[row]) != tenth)
                break;
        if (tenth < 0)
            continue;
        double left = sim_page_x(page, sim_axis_begin(page, &axis, i));
        double right = sim_page_x(page, sim_axis_end(page, &axis, next - 1));
        if (next == t->count)
            right = SIM_PLOT_UNITS;
        fprintf(page->out, "<path class='heat h%d' d='M%.1f %.1fV%.1fH%.1fV%.1fz'/>", tenth, left,
                y, y + height, right, y);
    }
    fputs("</g>", page->out);
}

/* Lines without length: round or square, and as wide as the style says. */
static void put_dots(const sim_report *page, const char *class, bool through)
{
    const size_t count = page->timeline->stage->receiver_count;
    fprintf(page->out, "<path class='%s' d='", class);
    for (size_t i = 0; i < count; i++) {
        const sim_watch_receiver *r = &page->timeline->watch->receivers[i];
        if (is_through(r) == through)
            fprintf(page->out, "M%.1f %.1fh0",
                    through ? sim_page_x(page, r->finished) : (double)SIM_PLOT_UNITS,
                    SIM_PLOT_UNITS * ((double)i + 0.5) / (double)count);
    }
    fputs("'/>", page->out);
}

static void put_label(const sim_report *page, double y, const char *name, uint64_t count)
{
    fprintf(page->out, "<span style='top:%.2f%%'>", y / 10);
    sim_page_text(page, name);
    if (count > 1)
        fprintf(page->out, " &times;%" PRIu64, count);
    fputs("</span>", page->out);
}

static void put_receiver_labels(const sim_report *page)
{
    const sim_stage *stage = page->timeline->stage;
    const sim_receiver_part *parts = stage->scenario->receivers.items;
    const double each = (double)SIM_PLOT_UNITS / (double)stage->receiver_count;
    if (stage->receiver_count <= NAMES_MAX) {
        for (size_t i = 0; i < stage->receiver_count; i++)
            put_label(page, each * ((double)i + 0.5), sim_name(stage->receivers[i].node), 1);
        return;
    }
    double last = -100;
    for (size_t k = 0, first = 0; k < stage->scenario->receivers.count; first += parts[k++].count) {
        double middle = each * ((double)first + (double)parts[k].count / 2);
        if (middle - last < 50)
            continue; /* no room for its name */
        put_label(page, middle, parts[k].name, parts[k].count);
        last = middle;
    }
}

static void put_borders(const sim_report *page)
{
    const sim_stage *stage = page->timeline->stage;
    const sim_receiver_part *parts = stage->scenario->receivers.items;
    size_t first = 0;
    fputs("<path class='edge' d='", page->out);
    for (size_t k = 0; k + 1 < stage->scenario->receivers.count; k++) {
        first += parts[k].count;
        fprintf(page->out, "M0 %.1fH%d",
                (double)SIM_PLOT_UNITS * (double)first / (double)stage->receiver_count,
                SIM_PLOT_UNITS);
    }
    fputs("'/>", page->out);
}

void sim_page_receivers(sim_report *page)
{
    const sim_timeline *t = page->timeline;
    const size_t count = t->stage->receiver_count;
    const char *size = count > 300 ? "small" : count > NAMES_MAX ? "medium" : "large";
    char class[32];
    fputs("<section><h2>Receiver by receiver</h2><p class='note'>", page->out);
    if (count > t->rows)
        fprintf(page->out, "%zu to %zu receivers share a row, which shows the slowest of them. ",
                count / t->rows, (count + t->rows - 1) / t->rows);
    fputs("A dot is where a receiver had all of its files under their final names.</p>"
          "<ul class='legend'><li><i class='ramp'></i>0 to 100 % of the bytes</li>"
          "<li><i class='dot ink'></i>through</li>",
          page->out);
    for (size_t i = 0; i < count; i++)
        if (!is_through(&t->watch->receivers[i])) {
            fputs("<li><i class='dot square c2'></i>never through</li>", page->out);
            break;
        }
    fprintf(page->out, "</ul><div class='plot' style='--h:%upx'><div class='y'>",
            count <= 4           ? 90
            : count <= NAMES_MAX ? (unsigned)(40 + 14 * count)
                                 : 300u);
    put_receiver_labels(page);
    fprintf(page->out,
            "</div><div class='area'><svg viewBox='0 0 %d %d' preserveAspectRatio='none' "
            "role='img' aria-label='Receiver by receiver'>",
            SIM_PLOT_UNITS, SIM_PLOT_UNITS);
    for (size_t row = 0; row < t->rows && t->count > 0; row++)
        put_row(page, row);
    put_borders(page);
    snprintf(class, sizeof class, "dots ring %s", size);
    put_dots(page, class, true);
    snprintf(class, sizeof class, "dots ink %s", size);
    put_dots(page, class, true);
    snprintf(class, sizeof class, "dots never c2 %s", size);
    put_dots(page, class, false);
    fputs("</svg><i class='cursor'></i></div>", page->out);
    sim_plot_time_axis(page);
    fputs("</div></section>\n", page->out);
}
