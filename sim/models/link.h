/* SPDX-License-Identifier: MIT
 *
 * A link: a chain of models in the order in which a packet meets them. A field left at zero leaves
 * its model out; all at zero is a wire without length.
 */
#ifndef SIM_LINK_H
#define SIM_LINK_H

#include "models/bottleneck.h"
#include "models/delay.h"
#include "models/drop.h"
#include "models/duplicate.h"
#include "models/hold.h"

typedef struct sim_link {
    const uint32_t *drop_nth; /* the packets with these numbers, from 1, rising, ended by 0 */
    const sim_drop *drops;    /* and those that these rules pick */
    size_t drop_count;
    uint32_t loss_ppm;
    uint32_t duplicate_ppm;
    uint64_t duplicate_gap;
    uint64_t rate_bytes_per_s;
    uint64_t queue_bytes, mark_bytes; /* used with the rate */
    uint64_t delay, jitter;
    bool reorder; /* the jitter may reorder */
    uint32_t hold_every;
    uint32_t hold_ppm;
    uint64_t hold_time;
} sim_link;

/* Builds the chain of `link` in front of `sink` and returns its first model, which is the sink
 * itself for an empty link. `link` may go afterwards; the lists that it points at stay. */
sim_model *sim_link_build(sim_medium *medium, const char *place, const sim_link *link,
                          sim_model *sink);

#endif
