/* SPDX-License-Identifier: MIT
 *
 * How long packets wait in the queues of the network, told from the sender's timestamps alone: one
 * way, and without a common clock. The shortest way a packet took lately is the way without a
 * queue; what another took longer, it waited.
 *
 * Clocks drift. When the receiver's is the faster one the shortest way grows old and the queue
 * looks longer than it is, by 30 ms in ten minutes at 50 ppm; when it is the slower one, every
 * packet brings the shortest way up to date. So an empty queue may be overlooked, but is not made
 * up.
 */
#ifndef UFTP_TRANSFER_QUEUE_DELAY_H
#define UFTP_TRANSFER_QUEUE_DELAY_H

#include <uftp/core.h>

typedef struct uftp_queue_delay {
    bool known;
    uint64_t shortest[2];  /* receiver's clock less sender's, modulo 2^64; this window, the last */
    uint64_t window_since; /* receiver's clock */
    uint64_t now;          /* of the last packet */
    uint64_t usual;        /* smoothed */
} uftp_queue_delay;

/* A packet that the sender stamped with its clock, in microseconds, arrived. */
void uftp_queue_delay_add(uftp_queue_delay *delay, uint64_t sent_us, uint64_t at);

#endif
