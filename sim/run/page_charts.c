/* SPDX-License-Identifier: MIT
 *
 * What receivers have, what is sent, what comes back.
 */
#include "run/page.h"
#include "run/summary.h"

#include <inttypes.h>
#include <string.h>

static const sim_moment *moment_of(const sim_report *page, size_t index)
{
    return &page->timeline->moments[index];
}

static double share_of_all(const sim_report *page, uint64_t bytes)
{
    const uint64_t all = page->timeline->stage->bytes;
    return all ? 100 * (double)bytes / (double)all : 100;
}

/* ---- what receivers have ---- */

enum { SLOWEST, P10, MIDDLE, P90, FASTEST, KINDS }; /* KINDS and more: the middle of a kind */
static const char *const kind_colors[SIM_KINDS_MAX] = {"c2", "c3", "c4", "c5"};

static double has(const sim_report *page, const sim_axis *axis, size_t index, unsigned which)
{
    const sim_moment *m = moment_of(page, index);
    (void)axis;
    return share_of_all(page, which < KINDS ? m->band[which] : m->kind[which - KINDS]);
}

static double misses(const sim_report *page, const sim_axis *axis, size_t index, unsigned which)
{
    const sim_moment *m = moment_of(page, index);
    (void)axis;
    uint64_t bytes = which < KINDS ? m->band[which] : m->kind[which - KINDS];
    return share_of_all(page, page->timeline->stage->bytes - bytes);
}

static void put_bands(sim_report *page, const sim_plot_config *frame, sim_value_of *value)
{
    sim_plot_config config = *frame;
    const sim_stage *stage = page->timeline->stage;
    const sim_receiver_part *parts = stage->scenario->receivers.items;
    const size_t kinds = page->timeline->kinds > 1 ? page->timeline->kinds : 0;
    const sim_axis axis = sim_axis_moments(page);
    sim_series series[5 + SIM_KINDS_MAX];
    size_t count = 0;
    static const unsigned bands[] = {FASTEST, P90, MIDDLE, P10, SLOWEST};
    if (stage->receiver_count == 1) {
        series[count++] = (sim_series){"the receiver", "c1", SIM_SHAPE_LINE};
    } else {
        series[count++] = (sim_series){"fastest", "c1 outer", SIM_SHAPE_AREA};
        series[count++] = (sim_series){"p90", "c1 inner", SIM_SHAPE_AREA};
        series[count++] = (sim_series){"middle", "c1", SIM_SHAPE_LINE};
        series[count++] = (sim_series){"p10", "c1 inner", SIM_SHAPE_AREA};
        series[count++] = (sim_series){"slowest", "c1 outer", SIM_SHAPE_AREA};
    }
    const size_t own = count;
    for (size_t k = 0; k < kinds; k++)
        series[count++] = (sim_series){parts[k].name, kind_colors[k], SIM_SHAPE_DASH};
    config.series = series;
    config.series_count = count;
    sim_plot plot = sim_plot_open(page, &config);
    if (own > 1) {
        sim_plot_band(&plot, &axis, "area c1 outer", value, SLOWEST, FASTEST);
        sim_plot_band(&plot, &axis, "area c1 inner", value, P10, P90);
    }
    sim_plot_line(&plot, &axis, "line c1", value, MIDDLE);
    for (size_t k = 0; k < kinds; k++) {
        char class[24];
        snprintf(class, sizeof class, "dash %s", kind_colors[k]);
        sim_plot_line(&plot, &axis, class, value, (unsigned)(KINDS + k));
    }
    for (size_t i = 0; i < own; i++)
        sim_plot_values(&plot, &axis, i, value, own > 1 ? bands[i] : MIDDLE);
    for (size_t k = 0; k < kinds; k++)
        sim_plot_values(&plot, &axis, own + k, value, (unsigned)(KINDS + k));
    sim_plot_close(&plot);
}

/* A tenth of a block, as a share of everything: below it nothing can be missing. */
static double missing_floor(const sim_report *page)
{
    double floor = 10;
    const double block = share_of_all(page, 1300);
    while (floor > block && floor > 1e-5)
        floor /= 10;
    return floor;
}

void sim_page_progress(sim_report *page)
{
    const sim_axis axis = sim_axis_moments(page);
    if (axis.count == 0 || sim_axis_highest(page, &axis, has, FASTEST) <= 0) {
        sim_page_nothing(page, "What the receivers have",
                         "Nothing: no receiver got any part of a file.");
        return;
    }
    sim_plot_config config = {
        .title = "What the receivers have",
        .unit = "%",
        .note = page->timeline->stage->receiver_count > 1
                    ? "Of all bytes of all files. Between the slowest and the fastest lie all "
                      "receivers, between p10 and p90 eight of ten."
                    : "Of all bytes of all files.",
        .max = 100,
        .height = 260};
    put_bands(page, &config, has);
    config = (sim_plot_config){.title = "What they still miss",
                               .unit = "%",
                               .note = "The same, from the other end: each line of the grid is a "
                                       "tenth of the one above. What a pass repairs is seen here.",
                               .max = 100,
                               .floor = missing_floor(page),
                               .height = 200};
    put_bands(page, &config, misses);
}

/* ---- what is sent ---- */

static const sim_moment nothing_yet;

/* The moments at both ends of a column: `now` and what was before it. */
static const sim_moment *column_end(const sim_report *page, const sim_axis *axis, size_t index)
{
    const sim_timeline *t = page->timeline;
    size_t last = (index + 1) * axis->every;
    return &t->moments[(last < t->count ? last : t->count) - 1];
}

static const sim_moment *column_begin(const sim_report *page, const sim_axis *axis, size_t index)
{
    return index ? column_end(page, axis, index - 1) : &nothing_yet;
}

static double grown(uint64_t now, uint64_t before)
{
    return now > before ? (double)(now - before) : 0; /* a core that starts anew counts from 0 */
}

static double seconds_of(const sim_report *page, const sim_axis *axis, size_t index)
{
    return (double)(sim_axis_end(page, axis, index) - sim_axis_begin(page, axis, index)) / 1e9;
}

static double smaller(double a, double b)
{
    return a < b ? a : b;
}

enum { NONE, NEW, REPEATED, ALL, ALLOWED }; /* each but the last with those before it */

/* bit/s, of the only sender. */
static double rate_by_use(const sim_report *page, const sim_axis *axis, size_t index,
                          unsigned which)
{
    const sim_moment *now = column_end(page, axis, index);
    const sim_moment *before = column_begin(page, axis, index);
    const sim_sender_part *part = page->timeline->stage->senders[0].part;
    const double block = part->block ? (double)part->block : UFTP_BLOCK_SIZE_DEFAULT;
    const double sent = grown(now->sent_bytes[0], before->sent_bytes[0]);
    const double blocks = smaller(block * grown(now->blocks, before->blocks), sent);
    const double repeated =
        smaller(block * grown(now->blocks_repeated, before->blocks_repeated), blocks);
    const double bytes[] = {0, blocks - repeated, blocks, sent};
    if (which == ALLOWED)
        return 8 * (double)now->allowed[0];
    const double seconds = seconds_of(page, axis, index);
    return seconds > 0 ? 8 * bytes[which] / seconds : 0;
}

static double rate_of_new(const sim_report *page, const sim_axis *axis, size_t index,
                          unsigned which)
{
    return rate_by_use(page, axis, index, which) - rate_by_use(page, axis, index, which - 1);
}

static double rate_of_sender(const sim_report *page, const sim_axis *axis, size_t index,
                             unsigned which)
{
    const sim_moment *now = column_end(page, axis, index);
    const sim_moment *before = column_begin(page, axis, index);
    const double seconds = seconds_of(page, axis, index);
    if (which >= SIM_SENDERS_MAX)
        return 8 * (double)now->allowed[which - SIM_SENDERS_MAX];
    return seconds > 0 ? 8 * grown(now->sent_bytes[which], before->sent_bytes[which]) / seconds : 0;
}

#define PACKETS_IN_COLUMN 20

static const char rate_title[] = "What is sent";

/* Columns so long that a packet more or less is not taken for a change of the rate. */
static sim_axis rate_columns(const sim_report *page, sim_value_of *value, unsigned allowed,
                             unsigned count)
{
    sim_axis axis = sim_axis_columns(page, 256);
    double rate = 0;
    for (unsigned i = 0; i < count; i++)
        rate = sim_larger(rate, sim_axis_highest(page, &axis, value, allowed + i));
    const double least = rate > 0 ? PACKETS_IN_COLUMN * 8 * UFTP_BLOCK_SIZE_DEFAULT / rate : 0;
    for (size_t max = 128; max >= 16 && seconds_of(page, &axis, 0) < least; max /= 2)
        axis = sim_axis_columns(page, max);
    return axis;
}

static void put_rate_by_use(sim_report *page)
{
    static const sim_series series[] = {
        {"blocks, the first time", "c1", SIM_SHAPE_AREA},
        {"blocks, again", "c2", SIM_SHAPE_AREA},
        {"headers and all other messages", "c0", SIM_SHAPE_AREA},
        {"the rate allowed", "ink", SIM_SHAPE_DASH},
    };
    const sim_axis axis = rate_columns(page, rate_by_use, ALLOWED, 1);
    const double max = sim_larger(sim_axis_highest(page, &axis, rate_by_use, ALL),
                                  sim_axis_highest(page, &axis, rate_by_use, ALLOWED));
    const sim_plot_config config = {.title = rate_title,
                                    .unit = "bit/s",
                                    .max = max,
                                    .height = 180,
                                    .series = series,
                                    .series_count = sizeof series / sizeof *series};
    sim_plot plot = sim_plot_open(page, &config);
    sim_plot_columns(&plot, &axis, "area c1", rate_by_use, NONE, NEW, false);
    sim_plot_columns(&plot, &axis, "area c2", rate_by_use, NEW, REPEATED, false);
    sim_plot_columns(&plot, &axis, "area c0", rate_by_use, REPEATED, ALL, false);
    sim_plot_steps(&plot, &axis, "dash ink", rate_by_use, ALLOWED, true);
    for (unsigned use = NEW; use <= ALL; use++)
        sim_plot_values(&plot, &axis, use - NEW, rate_of_new, use);
    sim_plot_values(&plot, &axis, 3, rate_by_use, ALLOWED);
    sim_plot_close(&plot);
}

static void put_rate_by_sender(sim_report *page)
{
    static const char *const colors[SIM_SENDERS_MAX] = {"c1", "c2", "c3", "c4"};
    const sim_timeline *t = page->timeline;
    const size_t senders = t->senders;
    const sim_axis axis = rate_columns(page, rate_of_sender, SIM_SENDERS_MAX, (unsigned)senders);
    sim_series series[2 * SIM_SENDERS_MAX];
    char names[SIM_SENDERS_MAX][SIM_LABEL + 100], class[24];
    double max = 0;
    for (unsigned i = 0; i < senders; i++) {
        const bool others = i + 1 == SIM_SENDERS_MAX && t->stage->sender_count > SIM_SENDERS_MAX;
        const char *name = others ? "the others" : sim_name(t->stage->senders[i].node);
        snprintf(names[i], sizeof names[i], "%.80s, allowed", name);
        series[i] = (sim_series){name, colors[i], SIM_SHAPE_LINE};
        series[senders + i] = (sim_series){names[i], colors[i], SIM_SHAPE_DASH};
        max = sim_larger(max, sim_axis_highest(page, &axis, rate_of_sender, i));
        max = sim_larger(max, sim_axis_highest(page, &axis, rate_of_sender, SIM_SENDERS_MAX + i));
    }
    const sim_plot_config config = {.title = rate_title,
                                    .unit = "bit/s",
                                    .max = max,
                                    .height = 200,
                                    .series = series,
                                    .series_count = 2 * senders};
    sim_plot plot = sim_plot_open(page, &config);
    for (unsigned i = 0; i < 2 * senders; i++) {
        const unsigned which = i < senders ? i : (unsigned)(SIM_SENDERS_MAX + i - senders);
        snprintf(class, sizeof class, "%s %s", i < senders ? "line" : "dash", series[i].color);
        sim_plot_steps(&plot, &axis, class, rate_of_sender, which, true);
        sim_plot_values(&plot, &axis, i, rate_of_sender, which);
    }
    sim_plot_close(&plot);
}

void sim_page_rate(sim_report *page)
{
    if (page->timeline->count == 0)
        sim_page_nothing(page, rate_title, "Nothing.");
    else if (page->timeline->senders == 1)
        put_rate_by_use(page);
    else
        put_rate_by_sender(page);
}

/* ---- what comes back ---- */

#define ARRIVED SIM_REPLIES /* at the senders */

static double replies(const sim_report *page, const sim_axis *axis, size_t index, unsigned which)
{
    const sim_moment *now = column_end(page, axis, index);
    const sim_moment *before = column_begin(page, axis, index);
    return which == ARRIVED ? grown(now->feedback, before->feedback)
                            : grown(now->replies[which], before->replies[which]);
}

/* The sum of the replies before `which`. */
static double stacked(const sim_report *page, const sim_axis *axis, size_t index, unsigned which)
{
    double sum = 0;
    for (unsigned i = 0; i < which; i++)
        sum += replies(page, axis, index, i);
    return sum;
}

void sim_page_feedback(sim_report *page)
{
    static const char title[] = "What comes back";
    static const sim_series all[] = {
        [SIM_REPLY_REGISTER] = {"REGISTER and keys", "c6", SIM_SHAPE_AREA},
        [SIM_REPLY_FILEINFO_ACK] = {"FILEINFO_ACK", "c4", SIM_SHAPE_AREA},
        [SIM_REPLY_STATUS] = {"STATUS (NAKs)", "c2", SIM_SHAPE_AREA},
        [SIM_REPLY_COMPLETE] = {"COMPLETE", "c3", SIM_SHAPE_AREA},
        [SIM_REPLY_CC_ACK] = {"CC_ACK", "c5", SIM_SHAPE_AREA},
        [SIM_REPLY_OTHER] = {"others", "c0", SIM_SHAPE_AREA},
        [ARRIVED] = {"arrived at the senders", "ink", SIM_SHAPE_LINE},
    };
    const sim_axis axis = sim_axis_columns(page, 128);
    if (axis.count == 0 || sim_axis_highest(page, &axis, stacked, SIM_REPLIES) <= 0) {
        sim_page_nothing(page, title, "Nothing: no receiver said a word.");
        return;
    }
    sim_series series[SIM_REPLIES + 1];
    unsigned shown[SIM_REPLIES + 1], count = 0;
    for (unsigned i = 0; i <= ARRIVED; i++)
        if (i == ARRIVED || sim_axis_highest(page, &axis, replies, i) > 0) {
            shown[count] = i;
            series[count++] = all[i];
        }
    char note[160], width[SIM_LABEL];
    const double seconds = (double)(page->timeline->step * axis.every) / 1e9;
    snprintf(note, sizeof note,
             "Datagrams in each %s, stacked by what they say as they leave the receivers.",
             sim_plot_time(width, seconds, 0));
    const sim_plot_config config = {
        .title = title,
        .unit = "",
        .note = note,
        .max = sim_larger(sim_axis_highest(page, &axis, stacked, SIM_REPLIES),
                          sim_axis_highest(page, &axis, replies, ARRIVED)),
        .height = 180,
        .series = series,
        .series_count = count};
    sim_plot plot = sim_plot_open(page, &config);
    for (unsigned i = 0; i < count; i++) {
        char class[24];
        if (shown[i] != ARRIVED) {
            snprintf(class, sizeof class, "area %s", series[i].color);
            sim_plot_columns(&plot, &axis, class, stacked, shown[i], shown[i] + 1, true);
        } else {
            sim_plot_steps(&plot, &axis, "line ink", replies, ARRIVED, false);
        }
        sim_plot_values(&plot, &axis, i, replies, shown[i]);
    }
    sim_plot_close(&plot);
}
