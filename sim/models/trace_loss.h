/* SPDX-License-Identifier: MIT
 *
 * Loss as it was recorded somewhere. A trace is text in one of two forms; '#' begins a comment that
 * ends with its line:
 *
 *     0010 0111          one digit per packet, 1: lost
 *     runs 120 3 78 1    numbers of packets, passed and lost in turn
 */
#ifndef SIM_TRACE_LOSS_H
#define SIM_TRACE_LOSS_H

#include "models/model.h"

typedef struct sim_loss_trace {
    uint64_t *runs; /* lengths; the even ones passed, the odd ones lost */
    size_t count;
    uint64_t packets, lost; /* sums */
} sim_loss_trace;

/* MALFORMED (with the number of the line in *line, from 1) for anything else than the above, or a
 * trace without packets. */
int sim_loss_trace_parse(const char *text, size_t len, sim_loss_trace *out, unsigned *line);
/* Reads a file. IO when it cannot be read. */
int sim_loss_trace_load(const char *path, sim_loss_trace *out, unsigned *line);
void sim_loss_trace_free(sim_loss_trace *trace);

typedef struct sim_trace_loss_config {
    const sim_loss_trace *trace; /* outlives the model */
    uint64_t start;              /* of the trace's packets so many are skipped at first */
    bool once;                   /* nothing is lost behind its end; otherwise it begins anew */
} sim_trace_loss_config;

sim_model *sim_trace_loss_new(sim_medium *medium, const char *place,
                              const sim_trace_loss_config *config);

#endif
