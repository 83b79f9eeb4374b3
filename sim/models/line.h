/* SPDX-License-Identifier: MIT
 *
 * A line of limited rate with a drop-tail queue in front of it. One model may have it to itself
 * (bottleneck.h), or several share it (carrier.h): each packet goes on behind the model through
 * which it came.
 */
#ifndef SIM_LINE_H
#define SIM_LINE_H

#include "models/model.h"

typedef struct sim_line_config {
    uint64_t rate_bytes_per_s; /* not 0 */
    uint64_t queue_bytes;      /* that may wait, the packet on the line not counted */
    uint64_t mark_bytes;       /* a packet that finds so many waiting and is ECN-capable is marked
                                  "congestion experienced"; 0: none is */
    uint32_t overhead_bytes;   /* added to each packet: headers below UDP, framing */
} sim_line_config;

typedef struct sim_line_entry {
    sim_model *model; /* NULL: was freed while the packet was on the line */
    sim_packet *packet;
    uint64_t since;
    struct sim_line_entry *next;
} sim_line_entry;

typedef struct sim_line {
    sim_medium *medium;
    sim_line_config config;
    sim_timer timer; /* armed while a packet is on the line */
    sim_line_entry *sending;
    sim_line_entry *first, *last; /* waiting */
    uint64_t waiting_bytes, waiting_count;
    uint64_t remainder; /* of the last division, so that no rounding adds up */

    uint64_t passed, passed_bytes; /* with overhead */
    uint64_t dropped, marked;
    uint64_t queue_peak_bytes, queue_peak_count;
    uint64_t wait_total, wait_max; /* time in the queue, the line's own not counted */
    uint64_t look_peak_bytes;      /* that waited since an onlooker asked last */
} sim_line;

void sim_line_init(sim_line *line, sim_medium *medium, const sim_line_config *config);
/* For the push of a model: takes the packet over. */
void sim_line_push(sim_line *line, uint64_t now, sim_model *model, sim_packet *packet);
void sim_line_withdraw(sim_line *line, const sim_model *model); /* the model is going to be freed */
void sim_line_free(sim_line *line);
void sim_line_tell(const sim_line *line, sim_tell *tell, void *ctx);
/* For the one onlooker that draws the queue: the most that waited since it asked last. */
uint64_t sim_line_look(const sim_line *line);

#endif
