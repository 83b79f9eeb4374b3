/* SPDX-License-Identifier: MIT
 *
 * What happened at a node: a digest over all of it, by which two runs are compared, and the last
 * few lines, which are printed when something goes wrong.
 */
#ifndef SIM_TRACE_H
#define SIM_TRACE_H

#include "engine/packet.h"
#include <uftp/event.h>

#include <stdio.h>

typedef enum sim_trace_kind {
    SIM_TRACE_SENT,
    SIM_TRACE_ARRIVED,
    SIM_TRACE_DROPPED, /* by a link, or before a node that is not running */
    SIM_TRACE_EVENT,
    SIM_TRACE_STARTED,
    SIM_TRACE_STOPPED
} sim_trace_kind;

typedef struct sim_trace_line {
    uint64_t at;
    sim_trace_kind kind;
    uint8_t message; /* second byte of the datagram */
    uint32_t from;   /* index of the other node */
    size_t len;
    const char *by, *place; /* the link model that dropped it, and where that stands */
    uftp_event_type event;
    uint16_t file_id;
    int number; /* event: result, or error */
} sim_trace_line;

/* The last lines of one node. */
typedef struct sim_trace_ring {
    sim_trace_line *lines;
    size_t capacity, next; /* next: where the next is written */
    uint64_t count;        /* ever written */
} sim_trace_ring;

void sim_trace_ring_init(sim_trace_ring *ring, size_t capacity); /* 0: keeps nothing */
void sim_trace_ring_free(sim_trace_ring *ring);
void sim_trace_ring_add(sim_trace_ring *ring, const sim_trace_line *line);
void sim_trace_ring_print(const sim_trace_ring *ring, FILE *out);

/* What happened at one node, as two running hashes. Nodes are apart, so that the order in which a
 * world runs nodes that do not touch each other leaves no mark; the world puts them together. */
typedef struct sim_trace {
    uint64_t a, b, records;
} sim_trace;

/* Every datagram that reaches a node enters its trace, and every event of its core. */
void sim_trace_datagram(sim_trace *trace, uint64_t now, const sim_packet *packet);
void sim_trace_event(sim_trace *trace, uint64_t now, const uftp_event *event);
/* Any other fact: a crash, a restart. */
void sim_trace_mark(sim_trace *trace, uint64_t now, sim_trace_kind kind);

#endif
