/* SPDX-License-Identifier: MIT
 *
 * A run over time, for the page: what was so at a few hundred moments. The moments are equally far
 * apart; when they become too many, every second one is dropped and the distance doubles.
 */
#ifndef SIM_RUN_TIMELINE_H
#define SIM_RUN_TIMELINE_H

#include "run/network.h"
#include "run/watch.h"

#include <stdio.h>

#define SIM_MOMENTS_MAX 512
#define SIM_QUEUES_MAX 8 /* shared lines that are drawn */
#define SIM_BANDS 5      /* the slowest, p10, p50, p90, the fastest */

typedef struct sim_moment {
    uint64_t at;
    uint64_t band[SIM_BANDS];       /* bytes of the files that receivers have */
    uint64_t sent_bytes;            /* by senders, so far */
    uint64_t feedback;              /* datagrams at the senders, so far */
    uint64_t naks;                  /* STATUS messages of receivers, so far */
    uint64_t complete;              /* receivers that have all bytes */
    uint64_t queue[SIM_QUEUES_MAX]; /* bytes that wait in front of each shared line */
} sim_moment;

typedef struct sim_timeline {
    const sim_stage *stage;
    const sim_watch *watch;
    uint64_t step;
    sim_moment moments[SIM_MOMENTS_MAX];
    size_t count;
    sim_named_line lines[SIM_QUEUES_MAX];
    size_t line_count;
    uint64_t *sorted; /* scratch: one for each receiver */
} sim_timeline;

void sim_timeline_init(sim_timeline *timeline, const sim_stage *stage, const sim_watch *watch);
/* In place of sim_run(). */
void sim_timeline_run(sim_timeline *timeline);
void sim_timeline_free(sim_timeline *timeline);

/* The page, complete in itself. False when it cannot be written. */
bool sim_page_write(const sim_timeline *timeline, const char *command, FILE *out);

#endif
