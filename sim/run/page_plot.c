/* SPDX-License-Identifier: MIT */
#include "run/page.h"

#include <inttypes.h>

/* ---- text ---- */

void sim_page_text(const sim_report *page, const char *text)
{
    for (; text && *text; text++) {
        unsigned char c = (unsigned char)*text;
        switch (c) {
        case '<':
            fputs("&lt;", page->out);
            break;
        case '>':
            fputs("&gt;", page->out);
            break;
        case '&':
            fputs("&amp;", page->out);
            break;
        case '"':
            fputs("&quot;", page->out);
            break;
        case '\'':
            fputs("&#39;", page->out);
            break;
        default:
            fputc(c < 0x20 || c == 0x7f ? ' ' : c, page->out); /* HTML has no way to write them */
        }
    }
}

/* Four digits at most, as far as they say something: "0", "12", "3.125", "1500". */
static void trim_number(char *out, size_t size, double value)
{
    snprintf(out, size, value >= 1000 ? "%.0f" : "%.4g", value);
}

char *sim_plot_number(char out[SIM_LABEL], double value, const char *unit)
{
    static const char *const prefixes[] = {"", "k", "M", "G", "T"};
    char number[24];
    size_t prefix = 0;
    const bool scales = unit[0] == 'b' || unit[0] == 'B'; /* percents and counts do not */
    while (scales && value >= 1000 && prefix < 4) {
        value /= 1000;
        prefix++;
    }
    trim_number(number, sizeof number, value);
    if (scales && value <= 0)
        unit = ""; /* 0 of anything */
    snprintf(out, SIM_LABEL, *unit ? "%s %s%s" : "%s", number, prefixes[prefix], unit);
    return out;
}

char *sim_plot_time(char out[SIM_LABEL], double seconds, double step)
{
    char number[24];
    const double unit = step >= 3600 ? 3600 : step >= 60 ? 60 : 1;
    trim_number(number, sizeof number, seconds / unit);
    snprintf(out, SIM_LABEL, "%s %s", number, unit >= 3600 ? "h" : unit >= 60 ? "min" : "s");
    return out;
}

/* ---- scales ---- */

double sim_larger(double a, double b)
{
    return a > b ? a : b;
}

double sim_page_x(const sim_report *page, uint64_t at)
{
    double span = (double)(page->end - page->begin);
    if (at <= page->begin)
        return 0;
    return at >= page->end ? SIM_PLOT_UNITS : SIM_PLOT_UNITS * (double)(at - page->begin) / span;
}

/* Digit by digit in base two: a drawing needs no more, and it is the same with every libm. */
static double log_ten(double value)
{
    double log = 0, bit = 1;
    while (value >= 10) {
        value /= 10;
        log++;
    }
    while (value < 1) {
        value *= 10;
        log--;
    }
    for (int i = 0; i < 20; i++) {
        bit /= 2;
        value *= value;
        if (value >= 10) {
            value /= 10;
            log += bit;
        }
    }
    return log;
}

static double y_of(const sim_plot *plot, double value)
{
    const double floor = plot->config->floor;
    double share = value / plot->top;
    if (floor > 0)
        share = value <= floor ? 0 : log_ten(value / floor) / log_ten(plot->top / floor);
    return SIM_PLOT_UNITS * (1 - (share < 0 ? 0 : share > 1 ? 1 : share));
}

/* 1, 2 or 5 times a power of ten, such that at most `most` of it make `span`. */
static double round_step(double span, unsigned most)
{
    double step = 1;
    while (step * most > span)
        step /= 10;
    while (step * most < span) {
        if (step * 2 * most >= span)
            return step * 2;
        if (step * 5 * most >= span)
            return step * 5;
        step *= 10;
    }
    return step;
}

/* The same for seconds, in which a minute has sixty. */
static double time_step(double seconds)
{
    static const double steps[] = {60,   120,  300,   600,   900,   1800,
                                   3600, 7200, 10800, 21600, 43200, 86400};
    double step = round_step(seconds, 10);
    if (step < 30)
        return step;
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        if (seconds / steps[i] <= 10)
            return steps[i];
    return 86400 * round_step(seconds / 86400, 10);
}

/* ---- time in moments and columns ---- */

uint64_t sim_axis_end(const sim_report *page, const sim_axis *axis, size_t index)
{
    const sim_timeline *t = page->timeline;
    size_t last = (index + 1) * axis->every;
    return t->moments[(last < t->count ? last : t->count) - 1].at;
}

uint64_t sim_axis_begin(const sim_report *page, const sim_axis *axis, size_t index)
{
    return index == 0 ? page->begin : sim_axis_end(page, axis, index - 1);
}

sim_axis sim_axis_columns(const sim_report *page, size_t max)
{
    const size_t count = page->timeline->count;
    sim_axis axis = {.count = count, .every = 1};
    while (axis.count > max) {
        axis.every *= 2;
        axis.count = (count + axis.every - 1) / axis.every;
    }
    return axis;
}

sim_axis sim_axis_moments(const sim_report *page)
{
    return (sim_axis){.count = page->timeline->count, .every = 1};
}

double sim_axis_highest(const sim_report *page, const sim_axis *axis, sim_value_of *value,
                        unsigned which)
{
    double max = 0;
    for (size_t i = 0; i < axis->count; i++)
        max = sim_larger(max, value(page, axis, i, which));
    return max;
}

/* ---- the frame ---- */

static void put_legend(const sim_plot_config *config, sim_report *page)
{
    fputs("<ul class='legend'>", page->out);
    for (size_t i = 0; i < config->series_count; i++) {
        static const char *const shapes[] = {"line", "dash", "area"};
        const sim_series *s = &config->series[i];
        fprintf(page->out, "<li><i class='%s %s'></i>", shapes[s->shape], s->color);
        sim_page_text(page, s->name);
        fprintf(page->out, "<b data-s='%zu'></b></li>", i);
    }
    fputs("</ul>", page->out);
}

static void put_y_label(const sim_plot *plot, double value, const char *text)
{
    fprintf(plot->page->out, "<span style='top:%.2f%%'>%s</span>",
            100 * y_of(plot, value) / SIM_PLOT_UNITS, text);
}

static void put_y_labels(const sim_plot *plot)
{
    const sim_plot_config *c = plot->config;
    char label[SIM_LABEL];
    fputs("<div class='y'>", plot->page->out);
    if (c->floor > 0) {
        double value = plot->top;
        while (value > c->floor * 1.5) {
            put_y_label(plot, value, sim_plot_number(label, value, c->unit));
            value /= 10;
        }
        put_y_label(plot, c->floor, "none");
    } else {
        double step = round_step(plot->top, c->height > 200 ? 5 : 4);
        for (unsigned i = 0; i * step <= plot->top * 1.0001; i++)
            put_y_label(plot, i * step, sim_plot_number(label, i * step, c->unit));
    }
    fputs("</div>", plot->page->out);
}

static void put_grid(const sim_plot *plot)
{
    const sim_report *page = plot->page;
    const sim_plot_config *c = plot->config;
    const double seconds = (double)(page->end - page->begin) / 1e9, every = time_step(seconds);
    fputs("<path class='grid' d='", page->out);
    if (c->floor > 0) {
        double value = plot->top;
        while (value > c->floor * 1.5) {
            fprintf(page->out, "M0 %.0fH%d", y_of(plot, value), SIM_PLOT_UNITS);
            value /= 10;
        }
    } else {
        double step = round_step(plot->top, c->height > 200 ? 5 : 4);
        for (unsigned i = 1; i * step <= plot->top * 1.0001; i++)
            fprintf(page->out, "M0 %.0fH%d", y_of(plot, i * step), SIM_PLOT_UNITS);
    }
    for (unsigned i = 1; i * every < seconds; i++)
        fprintf(page->out, "M%.1f 0V%d", SIM_PLOT_UNITS * i * every / seconds, SIM_PLOT_UNITS);
    fputs("'/>", page->out);
}

void sim_plot_time_axis(const sim_report *page)
{
    const double seconds = (double)(page->end - page->begin) / 1e9, every = time_step(seconds);
    char label[SIM_LABEL];
    fputs("<div class='x'>", page->out);
    for (unsigned i = 0; i * every <= seconds * 1.0001; i++)
        fprintf(page->out, "<span%s style='left:%.2f%%'>%s</span>", i % 2 ? " class='odd'" : "",
                100 * i * every / seconds, sim_plot_time(label, i * every, every));
    fputs("</div>", page->out);
}

sim_plot sim_plot_open(sim_report *page, const sim_plot_config *config)
{
    sim_plot plot = {.page = page, .config = config, .top = config->max > 0 ? config->max : 1};
    if (config->floor <= 0) {
        double step = round_step(plot.top, config->height > 200 ? 5 : 4);
        unsigned steps = 1;
        while (steps * step < plot.top * 0.999999)
            steps++;
        plot.top = steps * step;
    }
    fprintf(page->out, "<section id='plot%zu'><h2>%s", page->plots, config->title);
    sim_page_text(page, config->name);
    fputs("</h2>", page->out);
    if (config->note)
        fprintf(page->out, "<p class='note'>%s</p>", config->note);
    put_legend(config, page);
    fprintf(page->out, "<div class='plot' style='--h:%upx'>", config->height);
    put_y_labels(&plot);
    fprintf(page->out,
            "<div class='area'><svg viewBox='0 0 %d %d' preserveAspectRatio='none' role='img' "
            "aria-label='%s'>",
            SIM_PLOT_UNITS, SIM_PLOT_UNITS, config->title);
    put_grid(&plot);
    fprintf(page->data, "%s{\"id\":\"plot%zu\",\"unit\":\"%s\",\"rate\":%" PRIu64,
            page->plots ? ",\n" : "", page->plots, config->unit, config->wait_rate);
    page->plots++;
    return plot;
}

void sim_plot_close(const sim_plot *plot)
{
    fputs("</svg><i class='cursor'></i></div>", plot->page->out);
    sim_plot_time_axis(plot->page);
    fputs("</div></section>\n", plot->page->out);
    fputs(plot->values ? "]}" : "}", plot->page->data);
}

void sim_page_nothing(const sim_report *page, const char *title, const char *why)
{
    fprintf(page->out, "<section><h2>%s</h2><p class='nothing'>%s</p></section>\n", title, why);
}

/* ---- lines and areas ---- */

/* A point in the middle of three equal values adds nothing. */
static bool is_needed(const sim_report *page, const sim_axis *axis, sim_value_of *value,
                      unsigned which, size_t i)
{
    if (i == 0 || i + 1 == axis->count)
        return true;
    const double now = value(page, axis, i, which);
    const double before = value(page, axis, i - 1, which), after = value(page, axis, i + 1, which);
    return now < before || now > before || now < after || now > after;
}

static void put_points(const sim_plot *plot, const sim_axis *axis, sim_value_of *value,
                       unsigned which, bool backwards)
{
    for (size_t n = 0; n < axis->count; n++) {
        size_t i = backwards ? axis->count - 1 - n : n;
        if (is_needed(plot->page, axis, value, which, i))
            fprintf(plot->page->out, "%.1f,%.0f ",
                    sim_page_x(plot->page, sim_axis_end(plot->page, axis, i)),
                    y_of(plot, value(plot->page, axis, i, which)));
    }
}

void sim_plot_line(const sim_plot *plot, const sim_axis *axis, const char *class,
                   sim_value_of *value, unsigned which)
{
    fprintf(plot->page->out, "<polyline class='%s' points='", class);
    put_points(plot, axis, value, which, false);
    fputs("'/>", plot->page->out);
}

void sim_plot_band(const sim_plot *plot, const sim_axis *axis, const char *class,
                   sim_value_of *value, unsigned low, unsigned high)
{
    fprintf(plot->page->out, "<polygon class='%s' points='", class);
    put_points(plot, axis, value, low, false);
    put_points(plot, axis, value, high, true);
    fputs("'/>", plot->page->out);
}

void sim_plot_columns(const sim_plot *plot, const sim_axis *axis, const char *class,
                      sim_value_of *value, unsigned low, unsigned high, bool gap)
{
    const sim_report *page = plot->page;
    fprintf(page->out, "<path class='%s' d='", class);
    for (size_t i = 0; i < axis->count; i++) {
        const double bottom = value(page, axis, i, low), top = value(page, axis, i, high);
        double left = sim_page_x(page, sim_axis_begin(page, axis, i));
        double right = sim_page_x(page, sim_axis_end(page, axis, i));
        if (top <= bottom || right <= left)
            continue;
        if (gap)
            right -= (right - left) / 6;
        fprintf(page->out, "M%.1f %.0fV%.0fH%.1fV%.0fz", left, y_of(plot, bottom), y_of(plot, top),
                right, y_of(plot, bottom));
    }
    fputs("'/>", page->out);
}

void sim_plot_steps(const sim_plot *plot, const sim_axis *axis, const char *class,
                    sim_value_of *value, unsigned which, bool joined)
{
    const sim_report *page = plot->page;
    double before = 0;
    fprintf(page->out, "<path class='%s' d='", class);
    for (size_t i = 0, next; i < axis->count; i = next) {
        const double now = value(page, axis, i, which);
        for (next = i + 1; next < axis->count; next++) {
            const double then = value(page, axis, next, which);
            if (then < now || then > now)
                break;
        }
        if (now > 0 && joined && before > 0)
            fprintf(page->out, "V%.0f", y_of(plot, now));
        else if (now > 0)
            fprintf(page->out, "M%.1f %.0f", sim_page_x(page, sim_axis_begin(page, axis, i)),
                    y_of(plot, now));
        if (now > 0)
            fprintf(page->out, "H%.1f", sim_page_x(page, sim_axis_end(page, axis, next - 1)));
        before = now;
    }
    fputs("'/>", page->out);
}

/* ---- for the script ---- */

void sim_plot_values(sim_plot *plot, const sim_axis *axis, size_t series, sim_value_of *value,
                     unsigned which)
{
    sim_report *page = plot->page;
    if (plot->values++ == 0) {
        fputs(",\"t\":[", page->data);
        for (size_t i = 0; i < axis->count; i++)
            fprintf(page->data, "%s%.7g", i ? "," : "",
                    (double)(sim_axis_end(page, axis, i) - page->begin) / 1e9);
        fputs("],\"series\":[", page->data);
    }
    fprintf(page->data, "%s\n{\"s\":%zu,\"v\":[", plot->values > 1 ? "," : "", series);
    for (size_t i = 0; i < axis->count; i++)
        fprintf(page->data, "%s%.4g", i ? "," : "", value(page, axis, i, which));
    fputs("]}", page->data);
}
