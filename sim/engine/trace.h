/* SPDX-License-Identifier: MIT
 *
 * What happened in a world: a digest over all of it, by which two runs are compared, and the last
 * few lines of each node, which are printed when something goes wrong.
 */
#ifndef SIM_TRACE_H
#define SIM_TRACE_H

#include "engine/packet.h"
#include <uftp/event.h>

#include <nettle/sha2.h>
#include <stdio.h>

#define SIM_DIGEST_TEXT 65 /* 64 hex digits and the NUL */

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
    size_t capacity;
    uint64_t count; /* ever written */
} sim_trace_ring;

void sim_trace_ring_init(sim_trace_ring *ring, size_t capacity); /* 0: keeps nothing */
void sim_trace_ring_free(sim_trace_ring *ring);
void sim_trace_ring_add(sim_trace_ring *ring, const sim_trace_line *line);
void sim_trace_ring_print(const sim_trace_ring *ring, FILE *out);

typedef struct sim_trace {
    struct sha256_ctx sha;
    uint64_t records;
} sim_trace;

void sim_trace_init(sim_trace *trace);
/* Every datagram that reaches a node enters the digest, and every event of a core. */
void sim_trace_datagram(sim_trace *trace, uint64_t now, uint32_t to, const sim_packet *packet);
void sim_trace_event(sim_trace *trace, uint64_t now, uint32_t node, const uftp_event *event);
/* Any other fact: a crash, a restart. */
void sim_trace_mark(sim_trace *trace, uint64_t now, uint32_t node, sim_trace_kind kind);
/* The digest so far; the trace goes on. Returns `out`. */
char *sim_trace_digest(const sim_trace *trace, char out[SIM_DIGEST_TEXT]);

#endif
