/* SPDX-License-Identifier: MIT
 *
 * Events wait here between the call that caused them and poll_event(). First in, first out; the
 * queue owns copies of the strings, so that a pushed event may point at a datagram or at a name
 * that is about to be overwritten. Both roles use it.
 */
#ifndef UFTP_SESSION_EVENTS_H
#define UFTP_SESSION_EVENTS_H

#include <uftp/event.h>

typedef struct uftp_event_node uftp_event_node;

typedef struct uftp_event_queue {
    const uftp_allocator *memory;
    uftp_event_node *first, *last; /* waiting; NULL: none */
    uftp_event_node *taken;        /* handed out by pop, its strings still in use */
    uint64_t dropped;              /* events lost because memory was out */
} uftp_event_queue;

void uftp_event_queue_init(uftp_event_queue *queue, const uftp_allocator *memory);
void uftp_event_queue_free(uftp_event_queue *queue);

/* Copies the event and the strings it points at (name, text, path). Control characters stay: the
 * program escapes. When memory is out the event is dropped and counted. */
void uftp_event_queue_push(uftp_event_queue *queue, const uftp_event *event);

/* 1 when `out` was filled, 0 when nothing waits. Strings are valid until the next pop or push. */
int uftp_event_queue_pop(uftp_event_queue *queue, uftp_event *out);

#endif
