/* SPDX-License-Identifier: MIT
 *
 * The queues of a world over time, for the page: in front of carriers and satellites, and of each
 * link with a rate of its own. A queue in which something waits takes 4 KB, whatever it is used
 * for, and one that stays empty next to nothing.
 */
#ifndef SIM_RUN_QUEUES_H
#define SIM_RUN_QUEUES_H

#include "run/network.h"

#define SIM_MOMENTS_MAX 512 /* of a timeline */

/* Since the moment before; more than four billion are told as that. */
typedef struct sim_queue_point {
    uint32_t peak_bytes; /* the most that waited */
    uint32_t dropped;
} sim_queue_point;

typedef struct sim_queue_watch {
    const sim_line *line;
    const sim_model *model;  /* of a link; NULL: of a carrier, which has a name */
    const char *name;        /* or the place of the model, "hub>plant" */
    uint64_t dropped;        /* at the last moment */
    sim_queue_point *points; /* NULL: nothing has waited yet */
} sim_queue_watch;

typedef struct sim_queues {
    const sim *world;
    sim_queue_watch *items; /* carriers first */
    size_t count, capacity, carrier_count;
} sim_queues;

void sim_queues_init(sim_queues *queues, const sim *world, const sim_names *names,
                     size_t carriers_max);
void sim_queues_free(sim_queues *queues);
/* Notes moment `index`; moments that are noted follow each other. */
void sim_queues_look(sim_queues *queues, size_t index);
/* Makes moments 2n and 2n+1 one, of `count`, an even number. */
void sim_queues_thin_out(sim_queues *queues, size_t count);
/* Orders them by load: what they dropped, then how full they were at most, then what passed. */
void sim_queues_rank(sim_queues *queues);

#endif
