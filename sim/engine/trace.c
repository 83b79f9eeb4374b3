/* SPDX-License-Identifier: MIT */
#include "engine/trace.h"

#include "engine/memory.h"
#include "engine/random.h"

#include <inttypes.h>
#include <string.h>

/* Numbers enter one by one, never a struct as it lies in memory: the digest must not depend on the
 * machine. Not a cryptographic hash, but a change anywhere reaches all of it: 84 million datagrams
 * of one run pass here. */
static inline void add(sim_trace *t, uint64_t word)
{
    t->a = sim_rotate_left(t->a ^ word, 29) * UINT64_C(0x9e3779b97f4a7c15);
    t->b = (sim_rotate_left(t->b, 23) + word) * UINT64_C(0xd6e8feb86659fd93) ^ t->a >> 32;
}

static void begin(sim_trace *t, sim_trace_kind kind, uint64_t now)
{
    t->records++;
    add(t, (uint64_t)kind + 1);
    add(t, now);
}

static void add_bytes(sim_trace *t, const void *bytes, size_t len)
{
    add(t, sim_hash_bytes(bytes, len));
    add(t, len);
}

static void add_text(sim_trace *t, const char *text)
{
    add(t, text != NULL);
    if (text)
        add_bytes(t, text, strlen(text));
}

static void add_address(sim_trace *t, const uftp_address *address)
{
    add(t, (uint64_t)address->family << 32 | address->port);
    add_bytes(t, address->bytes, sizeof address->bytes);
}

void sim_trace_datagram(sim_trace *t, uint64_t now, const sim_packet *packet)
{
    begin(t, SIM_TRACE_ARRIVED, now);
    add(t, (uint64_t)packet->from << 32 | packet->len);
    add(t, packet->hash);
}

void sim_trace_event(sim_trace *t, uint64_t now, const uftp_event *event)
{
    begin(t, SIM_TRACE_EVENT, now);
    add(t, event->type);
    add(t, (uint64_t)event->group << 32 | event->peer);
    add(t, (uint64_t)event->instance << 32 | event->file_id);
    add_address(t, &event->address);
    add_address(t, &event->source);
    add_text(t, event->name);
    add_text(t, event->text);
    add_text(t, event->path);
    add(t, (uint64_t)event->root << 32 | (uint32_t)event->result);
    add(t, (uint64_t)(int64_t)event->error);
    add(t, (uint64_t)event->message << 48 | (uint64_t)event->phase << 32 |
               (uint64_t)event->file_type << 16 | event->status);
    add(t, (uint64_t)event->repeated << 1 | event->has_free_space);
    add(t, (uint64_t)event->attempt << 48 | (uint64_t)event->packet << 32 |
               (uint64_t)event->pass << 16 | event->section);
    add(t, (uint64_t)event->count << 32 | event->blocks);
    add(t, event->sections);
    add(t, event->size);
    add(t, event->free_space);
    add(t, event->duration);
}

void sim_trace_mark(sim_trace *t, uint64_t now, sim_trace_kind kind)
{
    begin(t, kind, now);
}

void sim_trace_ring_init(sim_trace_ring *ring, size_t capacity)
{
    *ring = (sim_trace_ring){.capacity = capacity};
    if (capacity)
        ring->lines = sim_allocate(capacity * sizeof *ring->lines);
}

void sim_trace_ring_free(sim_trace_ring *ring)
{
    sim_release(ring->lines);
    *ring = (sim_trace_ring){0};
}

void sim_trace_ring_add(sim_trace_ring *ring, const sim_trace_line *line)
{
    if (!ring->capacity)
        return;
    ring->lines[ring->next] = *line;
    ring->next = ring->next + 1 == ring->capacity ? 0 : ring->next + 1;
    ring->count++;
}

static void print_line(const sim_trace_line *line, FILE *out)
{
    fprintf(out, "  %6" PRIu64 ".%09" PRIu64 " ", line->at / UFTP_S(1), line->at % UFTP_S(1));
    switch (line->kind) {
    case SIM_TRACE_SENT:
        fprintf(out, "sent     %s, %zu bytes\n", uftp_message_name(line->message), line->len);
        break;
    case SIM_TRACE_ARRIVED:
        fprintf(out, "arrived  %s, %zu bytes, from node %" PRIu32 "\n",
                uftp_message_name(line->message), line->len, line->from);
        break;
    case SIM_TRACE_DROPPED:
        fprintf(out, "dropped  %s, %zu bytes, from node %" PRIu32 ", by %s%s%s\n",
                uftp_message_name(line->message), line->len, line->from, line->by,
                line->place ? "/" : "", line->place ? line->place : "");
        break;
    case SIM_TRACE_EVENT:
        fprintf(out, "event    %s", uftp_event_name(line->event));
        if (line->message)
            fprintf(out, " %s", uftp_message_name(line->message));
        if (line->file_id)
            fprintf(out, ", file %u", line->file_id);
        if (line->number) /* an error, or a result */
            fprintf(out, ", %d", line->number);
        fputc('\n', out);
        break;
    case SIM_TRACE_STARTED:
        fputs("started\n", out);
        break;
    case SIM_TRACE_STOPPED:
        fputs("stopped\n", out);
        break;
    }
}

void sim_trace_ring_print(const sim_trace_ring *ring, FILE *out)
{
    uint64_t first = ring->count > ring->capacity ? ring->count - ring->capacity : 0;
    for (uint64_t i = first; i < ring->count; i++)
        print_line(&ring->lines[i % ring->capacity], out);
}
