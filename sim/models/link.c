/* SPDX-License-Identifier: MIT */
#include "models/link.h"

#include "models/loss.h"

static void append(sim_model ***end, sim_model *model)
{
    **end = model;
    *end = &model->next;
}

sim_model *sim_link_build(sim_medium *medium, const char *place, const sim_link *link,
                          sim_model *sink)
{
    sim_model *first = NULL, **end = &first;
    if (link->drop_nth || link->drop_count)
        append(&end, sim_drop_new(medium, place,
                                  &(sim_drop_config){.nth = link->drop_nth,
                                                     .rules = link->drops,
                                                     .rule_count = link->drop_count}));
    if (link->loss_ppm)
        append(&end, sim_loss_new(medium, place, link->loss_ppm));
    if (link->duplicate_ppm)
        append(&end, sim_duplicate_new(medium, place,
                                       &(sim_duplicate_config){.chance_ppm = link->duplicate_ppm,
                                                               .gap = link->duplicate_gap}));
    if (link->rate_bytes_per_s)
        append(&end, sim_bottleneck_new(
                         medium, place,
                         &(sim_bottleneck_config){.rate_bytes_per_s = link->rate_bytes_per_s,
                                                  .queue_bytes = link->queue_bytes,
                                                  .mark_bytes = link->mark_bytes}));
    if (link->delay || link->jitter)
        append(&end, sim_delay_new(medium, place,
                                   &(sim_delay_config){.delay = link->delay,
                                                       .jitter = link->jitter,
                                                       .reorder = link->reorder}));
    if (link->hold_every || link->hold_ppm)
        append(&end, sim_hold_new(medium, place,
                                  &(sim_hold_config){.every = link->hold_every,
                                                     .chance_ppm = link->hold_ppm,
                                                     .time = link->hold_time}));
    *end = sink;
    return first;
}
