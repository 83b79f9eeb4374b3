/* SPDX-License-Identifier: MIT
 *
 * The queues in front of lines of limited rate; channels in which packets collide.
 */
#include "run/page.h"

#include <inttypes.h>
#include <string.h>

#define QUEUES_DRAWN 6

static double waiting(const sim_report *page, const sim_axis *axis, size_t index, unsigned which)
{
    const sim_queue_watch *queue = axis->of;
    (void)page;
    return which ? queue->points[index].peak_bytes : 0;
}

static double lost(const sim_report *page, const sim_axis *axis, size_t index, unsigned which)
{
    const sim_queue_watch *queue = axis->of;
    (void)page;
    (void)which;
    return queue->points[index].dropped;
}

/* Drawn as ticks at the upper edge, whatever their number. */
static void put_drops(const sim_plot *plot, const sim_axis *axis)
{
    const sim_report *page = plot->page;
    fputs("<path class='area c2' d='", page->out);
    for (size_t i = 0; i < axis->count; i++) {
        if (lost(page, axis, i, 0) <= 0)
            continue;
        double left = sim_page_x(page, sim_axis_begin(page, axis, i));
        double right = sim_page_x(page, sim_axis_end(page, axis, i));
        fprintf(page->out, "M%.1f 0V60H%.1fV0z", left, right);
    }
    fputs("'/>", page->out);
}

/* "hub>plant-3" as a link; what stands on one side alone is a node's own line. */
static void name_line(char *out, size_t size, const sim_queue_watch *queue)
{
    const char *name = queue->name;
    const char *arrow = queue->model ? strchr(name, '>') : NULL;
    if (!arrow)
        snprintf(out, size, "%s", name);
    else if (arrow == name)
        snprintf(out, size, "%s, down", arrow + 1);
    else if (!arrow[1])
        snprintf(out, size, "%.*s, up", (int)(arrow - name), name);
    else
        snprintf(out, size, "%.*s to %s", (int)(arrow - name), name, arrow + 1);
}

static void put_queue(sim_report *page, const sim_queue_watch *queue)
{
    static const sim_series series[] = {
        {"the most that waited", "c1", SIM_SHAPE_AREA},
        {"packets dropped", "c2", SIM_SHAPE_AREA},
    };
    const sim_line *line = queue->line;
    const sim_axis axis = {.count = page->timeline->count, .every = 1, .of = queue};
    char name[200], note[200], rate[SIM_LABEL], room[SIM_LABEL];
    name_line(name, sizeof name, queue);
    snprintf(note, sizeof note, "A line of %s, with room for %s; %" PRIu64 " packets passed.",
             sim_plot_number(rate, 8 * (double)line->config.rate_bytes_per_s, "bit/s"),
             sim_plot_number(room, (double)line->config.queue_bytes, "B"), line->passed);
    const sim_plot_config config = {.title = "Queue: ",
                                    .name = name,
                                    .unit = "B",
                                    .note = note,
                                    .max = sim_axis_highest(page, &axis, waiting, 1),
                                    .height = 110,
                                    .wait_rate = line->config.rate_bytes_per_s,
                                    .series = series,
                                    .series_count = line->dropped ? 2 : 1};
    sim_plot plot = sim_plot_open(page, &config);
    sim_plot_columns(&plot, &axis, "area c1", waiting, 0, 1, false);
    sim_plot_values(&plot, &axis, 0, waiting, 1);
    if (line->dropped) {
        put_drops(&plot, &axis);
        sim_plot_values(&plot, &axis, 1, lost, 0);
    }
    sim_plot_close(&plot);
}

static void put_line_row(const sim_report *page, const sim_queue_watch *queue)
{
    const sim_line *line = queue->line;
    char name[200], text[SIM_LABEL];
    name_line(name, sizeof name, queue);
    fputs("<tr><td>", page->out);
    sim_page_text(page, name);
    fprintf(page->out, "</td><td>%s</td>",
            sim_plot_number(text, 8 * (double)line->config.rate_bytes_per_s, "bit/s"));
    fprintf(page->out, "<td>%s</td>", sim_plot_number(text, (double)line->config.queue_bytes, "B"));
    fprintf(page->out, "<td>%" PRIu64 "</td><td>%" PRIu64 "</td>", line->passed, line->dropped);
    fprintf(page->out, "<td>%s</td>", sim_plot_number(text, (double)line->queue_peak_bytes, "B"));
    fprintf(page->out, "<td>%.1f ms</td></tr>\n", (double)line->wait_max / 1e6);
}

void sim_page_queues(sim_report *page)
{
    const sim_queues *queues = &page->timeline->queues;
    const size_t shown = queues->count < QUEUES_DRAWN ? queues->count : QUEUES_DRAWN;
    size_t drawn = 0, used = 0;
    if (queues->count == 0)
        return;
    for (size_t i = 0; i < queues->count; i++)
        used += queues->items[i].points != NULL;
    for (size_t i = 0; i < queues->count && drawn < QUEUES_DRAWN; i++)
        if (queues->items[i].points) {
            put_queue(page, &queues->items[i]);
            drawn++;
        }
    fputs("<section><h2>Lines of limited rate</h2><p class='note'>", page->out);
    if (queues->count > shown)
        fprintf(page->out, "The %zu most loaded of %zu. ", shown, queues->count);
    if (used > drawn)
        fprintf(page->out, "%zu further queues are not drawn. ", used - drawn);
    if (used < queues->count)
        fprintf(page->out, "In front of %zu of them nothing ever waited.", queues->count - used);
    fputs("</p><div class='wide'><table><tr><th>line</th><th>rate</th><th>room</th><th>passed</th>"
          "<th>dropped</th><th>most waiting</th><th>longest wait</th></tr>\n",
          page->out);
    for (size_t i = 0; i < shown; i++)
        put_line_row(page, &queues->items[i]);
    fputs("</table></div></section>\n", page->out);
}

/* ---- channels without order ---- */

typedef struct channel {
    const sim_report *page;
    bool any;
    uint64_t transmissions, collided, passed, given_up, air_time;
} channel;

static void take_figure(void *ctx, const char *name, uint64_t value)
{
    channel *c = ctx;
    const struct {
        const char *name;
        uint64_t *at;
    } figures[] = {{"transmissions", &c->transmissions},
                   {"collided", &c->collided},
                   {"passed", &c->passed},
                   {"given_up", &c->given_up},
                   {"air_time", &c->air_time}};
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++)
        if (strcmp(figures[i].name, name) == 0)
            *figures[i].at = value;
}

static void put_channel(void *ctx, const sim_shared *shared)
{
    channel *c = ctx;
    const sim_report *page = c->page;
    if (strcmp(shared->type->name, "contention") != 0)
        return;
    shared->type->tell(shared, take_figure, c);
    if (!c->any)
        fputs("<section><h2>Channels without order</h2><p class='note'>What overlaps in time is "
              "lost, and sent again. A load of 1 would be one packet after the other without a "
              "gap.</p><div class='wide'><table><tr><th>channel</th><th>transmissions</th>"
              "<th>collided</th><th>packets passed</th><th>given up</th><th>load</th></tr>\n",
              page->out);
    c->any = true;
    fputs("<tr><td>", page->out);
    sim_page_text(page, shared->name);
    fprintf(page->out,
            "</td><td>%" PRIu64 "</td><td>%" PRIu64 "</td><td>%" PRIu64 "</td><td>%" PRIu64
            "</td><td>%.3f</td></tr>\n",
            c->transmissions, c->collided, c->passed, c->given_up,
            (double)c->air_time / (double)(page->end - page->begin));
}

void sim_page_channels(sim_report *page)
{
    channel c = {.page = page};
    sim_each_shared(page->timeline->stage->world, put_channel, &c);
    if (c.any)
        fputs("</table></div></section>\n", page->out);
}
