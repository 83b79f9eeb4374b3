/* SPDX-License-Identifier: MIT */
#include "run/queues.h"

#include <stdlib.h>
#include <string.h>

static sim_queue_watch *append(sim_queues *queues)
{
    if (queues->count == queues->capacity) {
        queues->capacity = queues->capacity ? 2 * queues->capacity : 16;
        queues->items = sim_reallocate(queues->items, queues->capacity * sizeof *queues->items);
    }
    queues->items[queues->count] = (sim_queue_watch){0};
    return &queues->items[queues->count++];
}

void sim_queues_init(sim_queues *queues, const sim *world, const sim_names *names,
                     size_t carriers_max)
{
    *queues = (sim_queues){.world = world};
    sim_named_line *lines = sim_allocate(carriers_max * sizeof *lines);
    queues->carrier_count = sim_names_lines(names, lines, carriers_max);
    for (size_t i = 0; i < queues->carrier_count; i++) {
        sim_queue_watch *queue = append(queues);
        queue->line = lines[i].line;
        queue->name = lines[i].name;
    }
    sim_release(lines);
}

void sim_queues_free(sim_queues *queues)
{
    for (size_t i = 0; i < queues->count; i++)
        sim_release(queues->items[i].points);
    sim_release(queues->items);
    *queues = (sim_queues){0};
}

/* ---- finding the links ---- */

/* Links are made when they are first used. Models are visited in a fixed order, in which new ones
 * come in between: those that are known are met in the order in which they are known. A link that
 * was replaced is met no more; packets are still on it, it lives as long as the world, and it keeps
 * its place here. */
typedef struct search {
    sim_queues *found;
    const sim_queue_watch *known;
    size_t known_count, at;
} search;

static void take_known(search *s, size_t end)
{
    for (; s->at < end; s->at++) {
        sim_queue_watch *queue = append(s->found); /* the list may move */
        *queue = s->known[s->at];
    }
}

static void visit(void *ctx, const sim_model *model)
{
    search *s = ctx;
    const sim_line *line = sim_bottleneck_line(model);
    if (!line)
        return;
    size_t at = s->at;
    while (at < s->known_count && s->known[at].model != model)
        at++;
    if (at < s->known_count) {
        take_known(s, at + 1);
    } else {
        sim_queue_watch *queue = append(s->found);
        *queue = (sim_queue_watch){.line = line, .model = model, .name = model->place};
    }
}

static void find_links(sim_queues *queues)
{
    sim_queues found = {.world = queues->world, .carrier_count = queues->carrier_count};
    search s = {.found = &found, .known = queues->items, .known_count = queues->count};
    take_known(&s, queues->carrier_count);
    sim_each_model(queues->world, visit, &s);
    take_known(&s, queues->count);
    sim_release(queues->items);
    *queues = found;
}

/* ---- looking ---- */

static uint32_t cut(uint64_t value)
{
    return value < UINT32_MAX ? (uint32_t)value : UINT32_MAX;
}

void sim_queues_look(sim_queues *queues, size_t index)
{
    find_links(queues);
    for (size_t i = 0; i < queues->count; i++) {
        sim_queue_watch *queue = &queues->items[i];
        const sim_queue_point point = {.peak_bytes = cut(sim_line_look(queue->line)),
                                       .dropped = cut(queue->line->dropped - queue->dropped)};
        queue->dropped = queue->line->dropped;
        if (!queue->points && (point.peak_bytes || point.dropped))
            queue->points = sim_allocate(SIM_MOMENTS_MAX * sizeof *queue->points);
        if (queue->points)
            queue->points[index] = point;
    }
}

void sim_queues_thin_out(sim_queues *queues, size_t count)
{
    for (size_t i = 0; i < queues->count; i++) {
        sim_queue_point *points = queues->items[i].points;
        for (size_t m = 0; points && m < count / 2; m++) {
            const sim_queue_point *first = &points[2 * m], *second = first + 1;
            const sim_queue_point both = {
                .peak_bytes =
                    first->peak_bytes > second->peak_bytes ? first->peak_bytes : second->peak_bytes,
                .dropped = cut((uint64_t)first->dropped + second->dropped)};
            points[m] = both;
        }
    }
}

/* ---- order ---- */

static double fullness(const sim_line *line)
{
    return (double)line->queue_peak_bytes / (double)(line->config.queue_bytes + 1);
}

static int by_load(const void *left, const void *right)
{
    const sim_queue_watch *a = left, *b = right;
    double full = fullness(b->line) - fullness(a->line);
    if (a->line->dropped != b->line->dropped)
        return a->line->dropped < b->line->dropped ? 1 : -1;
    if (full > 0 || full < 0)
        return full > 0 ? 1 : -1;
    if (a->line->passed_bytes != b->line->passed_bytes)
        return a->line->passed_bytes < b->line->passed_bytes ? 1 : -1;
    return strcmp(a->name, b->name);
}

void sim_queues_rank(sim_queues *queues)
{
    if (queues->count > 0) /* qsort() wants an array even for none */
        qsort(queues->items, queues->count, sizeof *queues->items, by_load);
}
