/* SPDX-License-Identifier: MIT */
#include "models/line.h"

#include "base/assert.h"
#include "engine/memory.h"
#include <uftp/datagram.h>

static uint64_t size_of(const sim_line *line, const sim_packet *packet)
{
    return packet->len + line->config.overhead_bytes;
}

static void start(sim_line *line, uint64_t now, sim_line_entry *entry)
{
    uint64_t size = size_of(line, entry->packet), wait = now - entry->since;
    uint64_t work = size * UFTP_S(1) + line->remainder;
    line->remainder = work % line->config.rate_bytes_per_s;
    line->sending = entry;
    line->passed++;
    line->passed_bytes += size;
    line->wait_total += wait;
    if (wait > line->wait_max)
        line->wait_max = wait;
    sim_queue_arm(line->medium->queue, &line->timer, now + work / line->config.rate_bytes_per_s);
}

static sim_line_entry *take_first(sim_line *line)
{
    sim_line_entry *entry = line->first;
    line->first = entry->next;
    if (!line->first)
        line->last = NULL;
    line->waiting_bytes -= size_of(line, entry->packet);
    line->waiting_count--;
    return entry;
}

static void line_free(sim_timer *timer, uint64_t now)
{
    sim_line *line = SIM_OWNER(timer, sim_line, timer);
    const sim_line_entry sent = *line->sending;
    sim_release(line->sending);
    line->sending = NULL;
    if (line->first)
        start(line, now, take_first(line));
    else
        line->remainder = 0; /* the line has rested */
    if (sent.model)
        sim_model_forward(sent.model, now, sent.packet);
    else
        sim_packet_free(sent.packet);
}

static void wait_in_queue(sim_line *line, sim_line_entry *entry)
{
    if (line->last)
        line->last->next = entry;
    else
        line->first = entry;
    line->last = entry;
    line->waiting_bytes += size_of(line, entry->packet);
    line->waiting_count++;
    if (line->waiting_bytes > line->queue_peak_bytes)
        line->queue_peak_bytes = line->waiting_bytes;
    if (line->waiting_bytes > line->look_peak_bytes)
        line->look_peak_bytes = line->waiting_bytes;
    if (line->waiting_count > line->queue_peak_count)
        line->queue_peak_count = line->waiting_count;
}

/* Others may share the packet: the mark goes on a copy. */
static sim_packet *mark(sim_packet *packet)
{
    sim_packet *copy = sim_packet_new(packet->bytes, packet->len);
    copy->from = packet->from;
    copy->sent = packet->sent;
    copy->hash = packet->hash;
    copy->source = packet->source;
    copy->destination = packet->destination;
    copy->tos = packet->tos | UFTP_ECN_MARKED;
    sim_packet_free(packet);
    return copy;
}

void sim_line_push(sim_line *line, uint64_t now, sim_model *model, sim_packet *packet)
{
    if (line->sending && size_of(line, packet) > line->config.queue_bytes - line->waiting_bytes) {
        line->dropped++;
        sim_model_drop(model, packet);
        return;
    }
    if (line->sending && line->config.mark_bytes &&
        line->waiting_bytes >= line->config.mark_bytes && packet->tos & UFTP_ECN_MASK) {
        packet = mark(packet);
        line->marked++;
    }
    sim_line_entry *entry = sim_allocate(sizeof *entry);
    *entry = (sim_line_entry){.model = model, .packet = packet, .since = now};
    if (line->sending)
        wait_in_queue(line, entry);
    else
        start(line, now, entry);
}

static void free_entry(sim_line_entry *entry)
{
    sim_packet_free(entry->packet);
    sim_release(entry);
}

void sim_line_withdraw(sim_line *line, const sim_model *model)
{
    if (line->sending && line->sending->model == model)
        line->sending->model = NULL; /* the line stays busy for its time */
    sim_line_entry *entry = line->first;
    line->first = line->last = NULL;
    line->waiting_bytes = line->waiting_count = 0;
    for (sim_line_entry *next; entry; entry = next) {
        next = entry->next;
        entry->next = NULL;
        if (entry->model == model)
            free_entry(entry);
        else
            wait_in_queue(line, entry);
    }
}

void sim_line_init(sim_line *line, sim_medium *medium, const sim_line_config *config)
{
    UFTP_ASSERT(config->rate_bytes_per_s != 0);
    *line = (sim_line){.medium = medium, .config = *config, .timer = {.fire = line_free}};
}

void sim_line_free(sim_line *line)
{
    sim_queue_cancel(line->medium->queue, &line->timer);
    if (line->sending)
        free_entry(line->sending);
    line->sending = NULL;
    while (line->first)
        free_entry(take_first(line));
}

void sim_line_tell(const sim_line *line, sim_tell *tell, void *ctx)
{
    tell(ctx, "passed", line->passed);
    tell(ctx, "passed_bytes", line->passed_bytes);
    tell(ctx, "queue_dropped", line->dropped);
    tell(ctx, "marked", line->marked);
    tell(ctx, "queue_peak_bytes", line->queue_peak_bytes);
    tell(ctx, "queue_peak_count", line->queue_peak_count);
    tell(ctx, "wait_max", line->wait_max);
    tell(ctx, "wait_mean", line->passed ? line->wait_total / line->passed : 0);
}

/* What is changed is the onlooker's memory, no part of what happens: hence const to the world. */
uint64_t sim_line_look(const sim_line *line)
{
    uint64_t peak = line->look_peak_bytes;
    ((sim_line *)line)->look_peak_bytes = line->waiting_bytes;
    return peak;
}
