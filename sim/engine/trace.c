/* SPDX-License-Identifier: MIT */
#include "engine/trace.h"

#include "engine/memory.h"

#include <inttypes.h>
#include <string.h>

/* A record is put together in memory with every number in eight bytes, low byte first: the digest
 * must not depend on the machine, nor on the layout of a struct. */
typedef struct record {
    uint8_t bytes[256];
    size_t len;
} record;

static void add_number(record *r, uint64_t value)
{
    for (int i = 0; i < 8; i++)
        r->bytes[r->len++] = (uint8_t)(value >> 8 * i);
}

static void flush(sim_trace *trace, record *r)
{
    sha256_update(&trace->sha, r->len, r->bytes);
    r->len = 0;
}

static void begin(sim_trace *trace, record *r, sim_trace_kind kind, uint64_t now, uint32_t node)
{
    r->len = 0;
    add_number(r, (uint64_t)kind << 32 | node);
    add_number(r, now);
    trace->records++;
}

static void add_text(sim_trace *trace, record *r, const char *text)
{
    size_t len = text ? strlen(text) : 0;
    add_number(r, text ? 1 + len : 0);
    flush(trace, r);
    if (len)
        sha256_update(&trace->sha, len, (const uint8_t *)text);
}

static void add_address(record *r, const uftp_address *address)
{
    add_number(r, (uint64_t)address->family << 32 | address->port);
    memcpy(r->bytes + r->len, address->bytes, sizeof address->bytes);
    r->len += sizeof address->bytes;
}

void sim_trace_init(sim_trace *trace)
{
    *trace = (sim_trace){0};
    sha256_init(&trace->sha);
}

void sim_trace_datagram(sim_trace *trace, uint64_t now, uint32_t to, const sim_packet *packet)
{
    record r;
    begin(trace, &r, SIM_TRACE_ARRIVED, now, to);
    add_number(&r, (uint64_t)packet->from << 32 | packet->len);
    add_number(&r, packet->hash);
    flush(trace, &r);
}

void sim_trace_event(sim_trace *trace, uint64_t now, uint32_t node, const uftp_event *event)
{
    record r;
    begin(trace, &r, SIM_TRACE_EVENT, now, node);
    add_number(&r, event->type);
    add_number(&r, (uint64_t)event->group << 32 | event->peer);
    add_number(&r, (uint64_t)event->instance << 32 | event->file_id);
    add_address(&r, &event->address);
    add_address(&r, &event->source);
    flush(trace, &r);
    add_text(trace, &r, event->name);
    add_text(trace, &r, event->text);
    add_text(trace, &r, event->path);
    add_number(&r, (uint64_t)event->root << 32 | (uint32_t)event->result);
    add_number(&r, (uint64_t)(int64_t)event->error);
    add_number(&r, (uint64_t)event->message << 48 | (uint64_t)event->phase << 32 |
                       (uint64_t)event->file_type << 16 | event->status);
    add_number(&r, (uint64_t)event->repeated << 1 | event->has_free_space);
    add_number(&r, (uint64_t)event->attempt << 48 | (uint64_t)event->packet << 32 |
                       (uint64_t)event->pass << 16 | event->section);
    add_number(&r, (uint64_t)event->count << 32 | event->blocks);
    add_number(&r, event->sections);
    add_number(&r, event->size);
    add_number(&r, event->free_space);
    add_number(&r, event->duration);
    flush(trace, &r);
}

void sim_trace_mark(sim_trace *trace, uint64_t now, uint32_t node, sim_trace_kind kind)
{
    record r;
    begin(trace, &r, kind, now, node);
    flush(trace, &r);
}

char *sim_trace_digest(const sim_trace *trace, char out[SIM_DIGEST_TEXT])
{
    static const char digits[] = "0123456789abcdef";
    struct sha256_ctx sha = trace->sha;
    uint8_t digest[SHA256_DIGEST_SIZE];
    sha256_digest(&sha, sizeof digest, digest);
    for (size_t i = 0; i < sizeof digest; i++) {
        out[2 * i] = digits[digest[i] >> 4];
        out[2 * i + 1] = digits[digest[i] & 15];
    }
    out[2 * sizeof digest] = '\0';
    return out;
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
    if (ring->capacity)
        ring->lines[ring->count++ % ring->capacity] = *line;
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
