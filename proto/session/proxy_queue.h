/* SPDX-License-Identifier: MIT
 *
 * What a proxy has still to send: a ring of datagrams, each with its destination. Relaying copies a
 * datagram in and out and allocates nothing. Neighbours of one flow and length leave as one train.
 */
#ifndef UFTP_SESSION_PROXY_QUEUE_H
#define UFTP_SESSION_PROXY_QUEUE_H

#include <uftp/datagram.h>

typedef struct proxy_queue {
    uint8_t *bytes;
    size_t capacity;
    size_t head, tail; /* offsets of the first entry, and behind the last */
    size_t wrap;       /* where entries end before they go on at 0; capacity: not yet */
    size_t count;
    uint64_t dropped;
} proxy_queue;

/* MEMORY. */
int uftp_proxy_queue_init(proxy_queue *queue, const uftp_allocator *memory, size_t capacity);
void uftp_proxy_queue_free(proxy_queue *queue, const uftp_allocator *memory);

/* Room for a datagram of at most `len` bytes, valid until the next call; NULL (and counted) when
 * the queue is full. Nothing is queued before commit(), which may take fewer bytes. */
uint8_t *uftp_proxy_queue_reserve(proxy_queue *queue, size_t len);
void uftp_proxy_queue_commit(proxy_queue *queue, size_t len, const uftp_address *destination,
                             uint8_t tos);
/* The first datagram, with those that can go in its train: 1 or 0. Sets all but data, capacity. */
int uftp_proxy_queue_take(proxy_queue *queue, uftp_transmit *out);
/* Datagrams that wait. */
static inline size_t uftp_proxy_queue_count(const proxy_queue *queue)
{
    return queue->count;
}

#endif
