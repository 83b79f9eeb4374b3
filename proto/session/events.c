/* SPDX-License-Identifier: MIT
 *
 * One allocation per event: node and strings together. Events accompany control messages and files,
 * never data packets, so an allocation each costs nothing that could be measured; in return the
 * queue has no capacity to choose and nothing moves when it grows.
 */
#include "session/events.h"

#include "base/memory.h"

struct uftp_event_node {
    uftp_event_node *next;
    uftp_event event;
    char strings[];
};

#define EVENT_NAME(name) \
    case UFTP_EVENT_##name: \
        return #name;

const char *uftp_event_name(uftp_event_type type)
{
    switch (type) {
        UFTP_EVENTS(EVENT_NAME)
    case UFTP_EVENT_NONE:
        break;
    }
    return "NONE";
}

static size_t string_size(const char *string)
{
    return string ? strlen(string) + 1 : 0;
}

/* Copies `string` to `at` and returns the place behind it; `*copy` is what the event points at. */
static char *store(char *at, const char *string, const char **copy)
{
    size_t size = string_size(string);
    *copy = NULL;
    if (size) {
        memcpy(at, string, size);
        *copy = at;
    }
    return at + size;
}

static void release_taken(uftp_event_queue *queue)
{
    uftp_release(queue->memory, queue->taken);
    queue->taken = NULL;
}

void uftp_event_queue_init(uftp_event_queue *queue, const uftp_allocator *memory)
{
    *queue = (uftp_event_queue){.memory = memory};
}

void uftp_event_queue_push(uftp_event_queue *queue, const uftp_event *event)
{
    size_t size = sizeof(uftp_event_node) + string_size(event->name) + string_size(event->text) +
                  string_size(event->path);
    uftp_event_node *node = uftp_alloc(queue->memory, 1, size);
    if (!node) {
        queue->dropped++;
        return;
    }
    node->event = *event;
    char *at = store(node->strings, event->name, &node->event.name);
    at = store(at, event->text, &node->event.text);
    store(at, event->path, &node->event.path);
    if (queue->last)
        queue->last->next = node;
    else
        queue->first = node;
    queue->last = node;
    release_taken(queue); /* not earlier: the event may repeat a string of the one taken */
}

int uftp_event_queue_pop(uftp_event_queue *queue, uftp_event *out)
{
    release_taken(queue);
    uftp_event_node *node = queue->first;
    if (!node)
        return 0;
    queue->first = node->next;
    if (!queue->first)
        queue->last = NULL;
    queue->taken = node;
    *out = node->event;
    return 1;
}

void uftp_event_queue_free(uftp_event_queue *queue)
{
    release_taken(queue);
    while (queue->first) {
        uftp_event_node *node = queue->first;
        queue->first = node->next;
        uftp_release(queue->memory, node);
    }
    queue->last = NULL;
}
