/* SPDX-License-Identifier: MIT */
#include "session/proxy_queue.h"

#include "base/assert.h"
#include "base/memory.h"

typedef struct entry {
    uftp_address destination;
    uint32_t len;
    uint8_t tos;
} entry;

#define ALIGNMENT 8
#define HEAD_LEN ((sizeof(entry) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT)

static size_t entry_len(size_t len)
{
    return HEAD_LEN + (len + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

int uftp_proxy_queue_init(proxy_queue *queue, const uftp_allocator *memory, size_t capacity)
{
    *queue = (proxy_queue){.capacity = capacity, .wrap = capacity};
    queue->bytes = uftp_alloc(memory, capacity, 1);
    return queue->bytes ? UFTP_OK : UFTP_ERR_MEMORY;
}

void uftp_proxy_queue_free(proxy_queue *queue, const uftp_allocator *memory)
{
    uftp_release(memory, queue->bytes);
    *queue = (proxy_queue){0};
}

/* Each entry lies in one piece: where the end of the ring is too short for one, it begins at 0. */
uint8_t *uftp_proxy_queue_reserve(proxy_queue *queue, size_t len)
{
    size_t need = entry_len(len);
    if (queue->count == 0) {
        queue->head = queue->tail = 0;
        queue->wrap = queue->capacity;
    }
    bool wrapped = queue->count > 0 && queue->tail <= queue->head;
    if (wrapped) {
        if (queue->head - queue->tail < need)
            goto full;
    } else if (queue->capacity - queue->tail < need) {
        if (queue->head < need)
            goto full;
        queue->wrap = queue->tail;
        queue->tail = 0;
    }
    return queue->bytes + queue->tail + HEAD_LEN;
full:
    queue->dropped++;
    return NULL;
}

void uftp_proxy_queue_commit(proxy_queue *queue, size_t len, const uftp_address *destination,
                             uint8_t tos)
{
    const entry head = {.destination = *destination, .len = (uint32_t)len, .tos = tos};
    memcpy(queue->bytes + queue->tail, &head, sizeof head);
    queue->tail += entry_len(len);
    queue->count++;
}

static entry first(const proxy_queue *queue)
{
    entry head;
    memcpy(&head, queue->bytes + queue->head, sizeof head);
    return head;
}

static void drop_first(proxy_queue *queue, size_t len)
{
    queue->head += entry_len(len);
    queue->count--;
    if (queue->head == queue->wrap) {
        queue->head = 0;
        queue->wrap = queue->capacity;
    }
}

int uftp_proxy_queue_take(proxy_queue *queue, uftp_transmit *out)
{
    if (queue->count == 0)
        return 0;
    const entry lead = first(queue);
    size_t room = out->capacity < UFTP_TRAIN_BYTES_MAX ? out->capacity : UFTP_TRAIN_BYTES_MAX;
    UFTP_ASSERT(lead.len <= room);
    out->len = 0;
    out->segment_len = lead.len;
    out->destination = lead.destination;
    out->tos = lead.tos;
    for (size_t count = 0; queue->count > 0 && count < UFTP_TRAIN_SEGMENTS_MAX; count++) {
        const entry next = first(queue);
        /* A shorter one may be the last of a train. */
        if (next.len > lead.len || next.len > room - out->len || next.tos != lead.tos ||
            !uftp_address_equal(&next.destination, &lead.destination))
            break;
        memcpy(out->data + out->len, queue->bytes + queue->head + HEAD_LEN, next.len);
        out->len += next.len;
        drop_first(queue, next.len);
        if (next.len < lead.len)
            break;
    }
    return 1;
}
