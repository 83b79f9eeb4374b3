/* SPDX-License-Identifier: MIT
 *
 * A packet as one thread of the simulator hands it to receivers. With sim_options.share a thousand
 * receivers of one datagram are handed the same bytes, and what the first of them made of these is
 * kept beside them for the others: that they were opened in place (run/sharing.h), and that a block
 * in them is the right one (content.c). Otherwise each gets a copy of its own, and a view only
 * counts references.
 *
 * Threads know each other's views only when none of them runs receivers.
 */
#ifndef SIM_VIEW_H
#define SIM_VIEW_H

#include <uftp/core.h>

#define SIM_THREADS_MAX 8

/* Which of the world's threads this is; 0 is the one that runs the world. */
extern _Thread_local unsigned sim_thread;

typedef struct sim_packet sim_packet;

typedef struct sim_view {
    int64_t references; /* to a packet in the log (lane.h): taken by this thread less given back */
    bool filled;        /* bytes hold the packet, opened or not */

    /* Opened in place: what followed the first `opened_at` bytes, which are the header and stay. */
    uint64_t key; /* a number for it; 0: not opened */
    size_t opened_at, opened_len;
    uint8_t nonce[12];

    /* The last block of a file of which it is known whether it is right. */
    const uint8_t *block; /* NULL: none */
    size_t block_len;
    uint64_t seed, offset;
    bool right;

    size_t len;
    const uint8_t *sealed; /* the packet's own bytes */
    uint8_t bytes[];
} sim_view;

/* This thread's view of a packet. */
sim_view *sim_packet_view(sim_packet *packet);
/* The bytes as they came. */
void sim_view_fill(sim_view *view);

/* What is being received by the core that runs on this thread: NULL, or the view whose bytes it was
 * handed. */
extern _Thread_local sim_view *sim_view_received;

/* The view that bytes handed to a core belong to; NULL: to none. */
static inline sim_view *sim_view_of(const uint8_t *bytes, size_t len)
{
    sim_view *view = sim_view_received;
    if (!view || (uintptr_t)bytes < (uintptr_t)view->bytes)
        return NULL;
    size_t at = (size_t)((uintptr_t)bytes - (uintptr_t)view->bytes);
    return at <= view->len && len <= view->len - at ? view : NULL;
}

#endif
