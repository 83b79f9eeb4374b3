/* SPDX-License-Identifier: MIT */
#include "models/link.h"

#include "models/loss.h"

/* The end of a chain that is being built. */
typedef struct builder {
    sim_medium *medium;
    const char *place;
    sim_model *first, **end;
} builder;

static void append(builder *b, sim_model *model)
{
    model->medium = b->medium; /* of the link, also for what has joined something shared */
    *b->end = model;
    b->end = &model->next;
}

static void add_loss(builder *b, const sim_link *link)
{
    if (link->drop_nth || link->drop_count)
        append(b, sim_drop_new(b->medium, b->place,
                               &(sim_drop_config){.nth = link->drop_nth,
                                                  .rules = link->drops,
                                                  .rule_count = link->drop_count}));
    if (link->mtu) /* before chance, which loses fragments one by one */
        append(b, sim_mtu_new(b->medium, b->place,
                              &(sim_mtu_config){.mtu = link->mtu, .drop = link->mtu_drop}));
    if (link->loss_ppm)
        append(b, sim_loss_new(b->medium, b->place, link->loss_ppm));
    if (link->gilbert.p_ppm)
        append(b, sim_gilbert_new(b->medium, b->place, &link->gilbert));
    if (link->loss_trace)
        append(b, sim_trace_loss_new(b->medium, b->place,
                                     &(sim_trace_loss_config){.trace = link->loss_trace,
                                                              .start = link->loss_trace_start,
                                                              .once = link->loss_trace_once}));
    if (link->corrupt_ppm)
        append(b, sim_corrupt_new(b->medium, b->place,
                                  &(sim_corrupt_config){.chance_ppm = link->corrupt_ppm,
                                                        .bits = link->corrupt_bits,
                                                        .from = link->corrupt_from}));
    if (link->duplicate_ppm)
        append(b, sim_duplicate_new(b->medium, b->place,
                                    &(sim_duplicate_config){.chance_ppm = link->duplicate_ppm,
                                                            .gap = link->duplicate_gap}));
}

static void add_lines(builder *b, const sim_link *link)
{
    if (link->rate_bytes_per_s)
        append(b, sim_bottleneck_new(b->medium, b->place,
                                     &(sim_line_config){.rate_bytes_per_s = link->rate_bytes_per_s,
                                                        .queue_bytes = link->queue_bytes,
                                                        .mark_bytes = link->mark_bytes,
                                                        .overhead_bytes = link->overhead_bytes}));
    if (link->carrier)
        append(b, sim_carrier_join(link->carrier, b->place));
    if (link->contention)
        append(b, sim_contention_join(link->contention, b->place));
}

static void add_distance(builder *b, const sim_link *link)
{
    if (link->delay || link->jitter)
        append(b, sim_delay_new(b->medium, b->place,
                                &(sim_delay_config){.delay = link->delay,
                                                    .jitter = link->jitter,
                                                    .reorder = link->reorder}));
    if (link->orbit.pass)
        append(b, sim_orbit_new(b->medium, b->place, &link->orbit));
    if (link->hold_every || link->hold_ppm)
        append(b, sim_hold_new(b->medium, b->place,
                               &(sim_hold_config){.every = link->hold_every,
                                                  .chance_ppm = link->hold_ppm,
                                                  .time = link->hold_time}));
}

sim_model *sim_link_build_across(sim_medium *medium, sim_medium *behind, const char *place,
                                 const sim_link *link, sim_model *sink)
{
    builder b = {.medium = medium, .place = place, .end = &b.first};
    add_loss(&b, link);
    add_lines(&b, link);
    if (link->fade)
        append(&b, sim_fade_join(link->fade, b.place));
    b.medium = behind;
    add_distance(&b, link);
    *b.end = sink;
    return b.first;
}

sim_model *sim_link_build(sim_medium *medium, const char *place, const sim_link *link,
                          sim_model *sink)
{
    return sim_link_build_across(medium, medium, place, link, sink);
}
