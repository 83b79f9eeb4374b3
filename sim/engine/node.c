/* SPDX-License-Identifier: MIT
 *
 * The driver of one core. A turn:
 *
 *     recv() for what has arrived, on_timeout() when the deadline has come
 *     poll_transmit() and poll_event() until both have nothing more
 *     then next_deadline() must be later than now
 */
#include "engine/node.h"

#include "base/assert.h"

#include <inttypes.h>
#include <string.h>

/* Trains handed over in one recv(): what one recvmmsg() of a real driver brings. */
#define BATCH_MAX 32
/* A core that sends or tells more than this in one instant will never stop. */
#define TURN_MAX 2000000

#define SHARED_VERSION 0x50 /* first byte of a datagram that may be handed out as a view */

#define GUARD_LEN 64
#define GUARD_BYTE 0xe9
#define STALE_BYTE 0xdd

static void turn_due(sim_timer *timer, uint64_t now);
static void deadline_due(sim_timer *timer, uint64_t now);
static void start_now(sim_timer *timer, uint64_t now);

void sim_node_init(sim_node *node, sim *world, const char *name)
{
    node->world = world;
    node->queue = &world->queue;
    node->name = sim_copy_text(name);
    node->port = SIM_PORT;
    node->socket_buffer = SIM_SOCKET_BUFFER_DEFAULT;
    sim_clock_init(&node->clock);
    node->start.fire = start_now;
    node->turn.fire = turn_due;
    node->deadline.fire = deadline_due;
    sim_memory_init(&node->memory);
    sim_trace_ring_init(&node->ring, world->options.trace_lines);
    char stream[256] = "node/";
    size_t len = strlen(name);
    UFTP_ASSERT(len < sizeof stream - 5);
    memcpy(stream + 5, name, len + 1);
    sim_random_init(&node->random, world->options.seed, stream);
}

void sim_node_free(sim_node *node)
{
    if (node->core->free)
        node->core->free(node->ctx);
    for (size_t i = 0; i < node->event_count; i++) {
        uftp_event *event = &node->events[i].event;
        sim_release((void *)event->name);
        sim_release((void *)event->text);
        sim_release((void *)event->path);
    }
    sim_release(node->events);
    sim_release(node->inbox);
    sim_trace_ring_free(&node->ring);
    sim_release(node->name);
    sim_release(node);
}

uint8_t sim_message_of(const uint8_t *bytes, size_t len)
{
    return len > 1 && bytes[1] <= UFTP_MESSAGE_TYPE_MAX ? bytes[1] : 0;
}

/* ---- start and stop ---- */

static void start_now(sim_timer *timer, uint64_t now)
{
    sim_node *node = SIM_OWNER(timer, sim_node, start);
    node->start_error = node->core->start(node->ctx, node, sim_node_now(node));
    if (node->start_error < 0) {
        if (node->memory.live)
            sim_fail(node->world, node, "%s: a failed creation kept %" PRIu64 " blocks", node->name,
                     node->memory.live);
        return;
    }
    node->running = true;
    sim_trace_mark(&node->trace, now, SIM_TRACE_STARTED);
    sim_trace_ring_add(&node->ring, &(sim_trace_line){.at = now, .kind = SIM_TRACE_STARTED});
    sim_queue_arm(node->queue, &node->turn, now);
    const sim_options *options = &node->world->options;
    if (options->on_start)
        options->on_start(options->ctx, node, now);
}

void sim_start_at(sim_node *node, uint64_t at)
{
    UFTP_ASSERT(!node->running);
    sim_queue_arm(node->queue, &node->start, at);
}

void sim_start(sim_node *node)
{
    sim_start_at(node, node->queue->now);
}

void sim_freeze(sim_node *node, uint64_t until)
{
    if (until > node->busy_until)
        node->busy_until = until;
}

static void empty_inbox(sim_node *node)
{
    for (size_t i = 0; i < node->inbox_count; i++)
        sim_packet_free(node->inbox[i].packet);
    node->inbox_count = 0;
    node->inbox_bytes = 0;
}

void sim_stop(sim_node *node)
{
    UFTP_ASSERT(!node->in_turn); /* not from under its own feet */
    sim_queue_cancel(node->queue, &node->start);
    sim_queue_cancel(node->queue, &node->turn);
    sim_queue_cancel(node->queue, &node->deadline);
    node->busy_until = 0;
    empty_inbox(node);
    sim_network_leave_all(node);
    if (!node->running)
        return;
    node->running = false;
    node->core->stop(node->ctx);
    sim_trace_mark(&node->trace, node->queue->now, SIM_TRACE_STOPPED);
    sim_trace_ring_add(&node->ring,
                       &(sim_trace_line){.at = node->queue->now, .kind = SIM_TRACE_STOPPED});
}

bool sim_running(const sim_node *node)
{
    return node->running;
}

int sim_start_error(const sim_node *node)
{
    return node->start_error;
}

void sim_touch(sim_node *node)
{
    if (node->running)
        sim_queue_arm(node->queue, &node->turn, node->queue->now);
}

/* ---- in ---- */

static void turn_away(sim_node *node, sim_trace_line line, const char *by, sim_packet *packet)
{
    line.kind = SIM_TRACE_DROPPED;
    line.by = by;
    sim_trace_ring_add(&node->ring, &line);
    sim_packet_free(packet);
}

void sim_node_deliver(sim_node *node, uint64_t now, sim_packet *packet)
{
    sim *world = node->world;
    uint8_t message = sim_message_of(packet->bytes, packet->len);
    sim_trace_line line = {.at = now, .message = message, .from = packet->from, .len = packet->len};
    if (!node->running) {
        node->counters.refused++;
        turn_away(node, line, "a node that is down", packet);
        return;
    }
    /* A node that is free takes everything at this instant. */
    if (now < node->busy_until && packet->len > node->socket_buffer - node->inbox_bytes) {
        node->counters.overflowed++;
        turn_away(node, line, "a full socket buffer", packet);
        return;
    }
    line.kind = SIM_TRACE_ARRIVED;
    sim_trace_ring_add(&node->ring, &line);
    sim_trace_datagram(&node->trace, now, packet);
    const sim_tap *tap = world->options.tap;
    if (tap && tap->arrived)
        tap->arrived(tap->ctx, node, now, packet);
    node->counters.arrived[message]++;
    node->counters.arrived_total++;
    node->counters.arrived_bytes += packet->len;
    if (node->inbox_count == node->inbox_capacity) {
        node->inbox_capacity = node->inbox_capacity ? 2 * node->inbox_capacity : 8;
        node->inbox = sim_reallocate(node->inbox, node->inbox_capacity * sizeof *node->inbox);
    }
    node->inbox[node->inbox_count++] = (sim_arrival){.packet = packet, .at = sim_node_now(node)};
    node->inbox_bytes += packet->len;
    if (sim_queue_due(node->queue, &node->turn) > now &&
        sim_queue_due(node->queue, &node->deadline) > now)
        sim_queue_arm(node->queue, &node->turn, now);
}

static bool same_flow(const sim_arrival *first, const sim_arrival *second)
{
    const sim_packet *a = first->packet, *b = second->packet;
    return first->at == second->at && a->tos == b->tos && a->from == b->from &&
           a->source.port == b->source.port && a->destination.port == b->destination.port &&
           sim_same_host(&a->source, &b->source) && sim_same_host(&a->destination, &b->destination);
}

/* How many packets from `first` on make one train: all of equal length, but the last may be
 * shorter. */
static size_t train_count(const sim_node *node, size_t first)
{
    const sim_packet *head = node->inbox[first].packet;
    size_t count = 1, len = head->len;
    if (!node->world->options.join_trains || len == 0)
        return 1;
    while (first + count < node->inbox_count && count < UFTP_TRAIN_SEGMENTS_MAX) {
        const sim_packet *next = node->inbox[first + count].packet;
        if (next->len == 0 || next->len > head->len || len + next->len > UFTP_TRAIN_BYTES_MAX ||
            !same_flow(&node->inbox[first], &node->inbox[first + count]))
            break;
        count++;
        len += next->len;
        if (next->len < head->len)
            break;
    }
    return count;
}

/* Room for `size` bytes that ends where the allocation ends, so that a sanitizer sees the first
 * byte read behind a datagram. */
static uint8_t *receive_buffer(sim *world, size_t size)
{
    sim_desk *desk = &world->desks[sim_thread];
    if (size > desk->receive_size) {
        desk->receive_size = size;
        desk->receive = sim_reallocate(desk->receive, size);
    }
    return desk->receive + (desk->receive_size - size);
}

/* Hands over up to BATCH_MAX trains from the inbox; returns how many packets that were. */
static size_t receive_batch(sim_node *node, uint64_t now, size_t first)
{
    size_t packets[BATCH_MAX], trains = 0, end = first, size = 0;
    while (trains < BATCH_MAX && end < node->inbox_count) {
        packets[trains] = train_count(node, end);
        for (size_t i = 0; i < packets[trains]; i++)
            size += node->inbox[end++].packet->len;
        trains++;
    }
    uftp_datagram datagrams[BATCH_MAX];
    uint8_t *bytes = receive_buffer(node->world, size), *at = bytes;
    size_t index = first;
    for (size_t t = 0; t < trains; t++) {
        const sim_packet *head = node->inbox[index].packet;
        datagrams[t] = (uftp_datagram){.data = at,
                                       .segment_len = packets[t] > 1 ? head->len : 0,
                                       .source = head->source,
                                       .destination = head->destination,
                                       .interface_index = 1,
                                       .arrival = node->inbox[index].at,
                                       .tos = head->tos};
        for (size_t i = 0; i < packets[t]; i++, index++) {
            const sim_packet *packet = node->inbox[index].packet;
            memcpy(at, packet->bytes, packet->len);
            at += packet->len;
        }
        datagrams[t].len = (size_t)(at - datagrams[t].data);
    }
    node->counters.trains_arrived += trains;
    node->core->recv(node->ctx, now, datagrams, trains);
    memset(bytes, STALE_BYTE, size); /* the driver's again: who kept a pointer shall see it */
    return end - first;
}

/* The one that has come, as all receivers of it are handed it. Version 5 only: nothing else opens a
 * datagram in place by the call that knows of views. */
static void receive_view(sim_node *node, uint64_t now)
{
    const sim_arrival *arrival = &node->inbox[0];
    sim_view *view = sim_packet_view(arrival->packet);
    if (!view->filled)
        sim_view_fill(view);
    const uftp_datagram datagram = {.data = view->bytes,
                                    .len = view->len,
                                    .source = arrival->packet->source,
                                    .destination = arrival->packet->destination,
                                    .interface_index = 1,
                                    .arrival = arrival->at,
                                    .tos = arrival->packet->tos};
    node->counters.trains_arrived++;
    sim_view_received = view;
    node->core->recv(node->ctx, now, &datagram, 1);
    sim_view_received = NULL;
}

static bool may_view(const sim_node *node)
{
    return node->world->options.share && node->inbox_count == 1 && node->inbox[0].packet->len > 0 &&
           node->inbox[0].packet->bytes[0] == SHARED_VERSION;
}

static void receive_all(sim_node *node, uint64_t now)
{
    if (may_view(node)) {
        receive_view(node, now);
        empty_inbox(node);
        return;
    }
    for (size_t at = 0; at < node->inbox_count;)
        at += receive_batch(node, now, at);
    empty_inbox(node);
}

/* ---- out ---- */

static void check_train(sim_node *node, const uftp_transmit *train)
{
    sim *world = node->world;
    const uint8_t *buffer = world->desks[sim_thread].transmit;
    const char *wrong = NULL;
    if (train->data != buffer || train->capacity != world->options.transmit_capacity)
        wrong = "changed the buffer it was given";
    else if (train->len == 0 || train->len > train->capacity || train->len > UFTP_TRAIN_BYTES_MAX)
        wrong = "sent a train of impossible length";
    else if (train->segment_len == 0 || train->segment_len > train->len ||
             train->segment_len > UFTP_DATAGRAM_MAX)
        wrong = "sent a datagram of impossible length";
    else if ((train->len - 1) / train->segment_len >= UFTP_TRAIN_SEGMENTS_MAX)
        wrong = "sent a train of too many datagrams";
    else if (train->destination.family != UFTP_IPV4 && train->destination.family != UFTP_IPV6)
        wrong = "sent to no address";
    for (size_t i = 0; i < GUARD_LEN; i++)
        if (buffer[world->options.transmit_capacity + i] != GUARD_BYTE)
            wrong = "wrote behind the buffer it was given";
    if (wrong)
        sim_fail(world, node, "%s %s: len %zu, segment_len %zu", node->name, wrong, train->len,
                 train->segment_len);
}

static bool transmit_one(sim_node *node, uint64_t now, uint64_t local)
{
    sim *world = node->world;
    sim_desk *desk = &world->desks[sim_thread];
    if (!desk->transmit) {
        desk->transmit = sim_allocate(world->options.transmit_capacity + GUARD_LEN);
        memset(desk->transmit, STALE_BYTE, world->options.transmit_capacity);
        memset(desk->transmit + world->options.transmit_capacity, GUARD_BYTE, GUARD_LEN);
    }
    uftp_transmit train = {.data = desk->transmit, .capacity = world->options.transmit_capacity};
    int filled = node->core->poll_transmit(node->ctx, local, &train);
    if (filled < 0 || filled > 1)
        sim_fail(world, node, "%s: poll_transmit returned %d", node->name, filled);
    if (!filled)
        return false;
    check_train(node, &train);
    sim_network_send(node, now, &train);
    memset(train.data, STALE_BYTE, train.len); /* bytes left unset are the same in every run */
    return true;
}

static void record_event(sim_node *node, uint64_t now, const uftp_event *event)
{
    UFTP_ASSERT((size_t)event->type < sizeof node->events_by_type / sizeof(uint64_t));
    node->events_by_type[event->type]++;
    if (node->event_count == node->world->options.events_max)
        return;
    if (node->event_count == node->event_capacity) {
        node->event_capacity = node->event_capacity ? 2 * node->event_capacity : 16;
        node->events = sim_reallocate(node->events, node->event_capacity * sizeof(sim_event));
    }
    sim_event *record = &node->events[node->event_count++];
    *record = (sim_event){.at = now, .event = *event};
    record->event.name = sim_copy_text(event->name);
    record->event.text = sim_copy_text(event->text);
    record->event.path = sim_copy_text(event->path);
}

/* Does what an event asks of its driver. */
static void obey(sim_node *node, uint64_t local, const uftp_event *event)
{
    if (event->type == UFTP_EVENT_LEAVE)
        sim_leave(node, &event->address, &event->source);
    if (event->type != UFTP_EVENT_JOIN)
        return;
    if (node->joins_to_fail > 0 && node->core->join_failed) {
        node->joins_to_fail--;
        const uftp_address group = event->address; /* the event ends with the next call */
        node->core->join_failed(node->ctx, local, &group);
    } else {
        sim_join(node, &event->address, &event->source);
    }
}

static bool take_event(sim_node *node, uint64_t now, uint64_t local)
{
    sim *world = node->world;
    uftp_event event; /* not set: it is large, there is rarely one, and the core sets all of it */
    int filled = node->core->poll_event(node->ctx, &event);
    if (filled < 0 || filled > 1)
        sim_fail(world, node, "%s: poll_event returned %d", node->name, filled);
    if (!filled)
        return false;
    sim_trace_event(&node->trace, now, &event);
    sim_trace_ring_add(&node->ring,
                       &(sim_trace_line){.at = now,
                                         .kind = SIM_TRACE_EVENT,
                                         .event = event.type,
                                         .message = event.message,
                                         .file_id = event.file_id,
                                         .number = event.error ? event.error : (int)event.result});
    record_event(node, now, &event);
    if (world->options.tap && world->options.tap->event)
        world->options.tap->event(world->options.tap->ctx, node, now, &event);
    if (world->options.on_event)
        world->options.on_event(world->options.ctx, node, now, &event);
    obey(node, local, &event);
    return true;
}

static void drain(sim_node *node, uint64_t now, uint64_t local)
{
    uint64_t count = 0;
    bool more = true;
    while (more) {
        more = false;
        while (transmit_one(node, now, local)) {
            more = true;
            if (++count > TURN_MAX)
                sim_fail(node->world, node, "%s sends without end in one instant", node->name);
        }
        while (take_event(node, now, local)) {
            more = true;
            if (++count > TURN_MAX)
                sim_fail(node->world, node, "%s tells events without end", node->name);
        }
    }
}

static void put_off(sim_node *node, uint64_t now)
{
    uint64_t late = node->busy_until - now;
    if (late > node->counters.late_max)
        node->counters.late_max = late;
    sim_queue_arm(node->queue, &node->turn, node->busy_until);
}

static void take_turn(sim_node *node, uint64_t now)
{
    if (now < node->busy_until) {
        put_off(node, now);
        return;
    }
    uint64_t local = sim_node_now(node);
    node->counters.turns++;
    node->in_turn = true;
    receive_all(node, local);
    if (node->core->next_deadline(node->ctx) <= local)
        node->core->on_timeout(node->ctx, local);
    drain(node, now, local);
    uint64_t deadline = node->core->next_deadline(node->ctx);
    if (deadline <= local)
        sim_fail(node->world, node,
                 "%s would make its driver spin: after a turn its deadline is %" PRIu64
                 " ns, now is %" PRIu64 " ns",
                 node->name, deadline, local);
    node->in_turn = false;
    if (node->core->busy)
        sim_freeze(node, now + node->core->busy(node->ctx, now));
    deadline = sim_clock_world(&node->clock, deadline);
    if (deadline != sim_queue_due(node->queue, &node->deadline))
        sim_queue_arm(node->queue, &node->deadline, deadline);
    const sim_options *options = &node->world->options;
    if (options->on_turn)
        options->on_turn(options->ctx, node, now, deadline);
}

static void turn_due(sim_timer *timer, uint64_t now)
{
    take_turn(SIM_OWNER(timer, sim_node, turn), now);
}

static void deadline_due(sim_timer *timer, uint64_t now)
{
    take_turn(SIM_OWNER(timer, sim_node, deadline), now);
}

/* ---- questions ---- */

const char *sim_name(const sim_node *node)
{
    return node->name;
}

uint32_t sim_index(const sim_node *node)
{
    return node->index;
}

sim *sim_world(const sim_node *node)
{
    return node->world;
}

void *sim_ctx(const sim_node *node)
{
    return node->ctx;
}

sim_memory *sim_node_memory(sim_node *node)
{
    return &node->memory;
}

sim_random *sim_node_random(sim_node *node)
{
    return &node->random;
}

uint64_t sim_wall_us(const sim_node *node)
{
    const sim *world = node->world;
    return sim_clock_wall_us(&node->clock, node->queue->now, world->options.wall_start_us);
}

uint64_t sim_node_now(const sim_node *node)
{
    return sim_clock_local(&node->clock, node->queue->now);
}

void sim_set_clock_offset(sim_node *node, int64_t offset_us)
{
    node->clock.wall_offset_us = offset_us;
}

void sim_step_clock(sim_node *node, int64_t step_us)
{
    node->clock.wall_offset_us += step_us;
}

/* Both move the core's deadline in the world's time: a turn without work arms it anew. */
void sim_set_drift(sim_node *node, int32_t ppb)
{
    sim_clock_drift(&node->clock, node->queue->now, ppb);
    sim_touch(node);
}

void sim_set_uptime(sim_node *node, uint64_t uptime)
{
    sim_clock_forward(&node->clock, node->queue->now, uptime);
    sim_touch(node);
}

void sim_set_socket_buffer(sim_node *node, size_t bytes)
{
    node->socket_buffer = bytes;
}

void sim_set_port(sim_node *node, uint16_t port)
{
    node->port = port;
}

void sim_fail_joins(sim_node *node, uint32_t count)
{
    node->joins_to_fail = count;
}

const sim_event *sim_events(const sim_node *node, size_t *count)
{
    *count = node->event_count;
    return node->events;
}

uint64_t sim_event_count(const sim_node *node, uftp_event_type type)
{
    return node->events_by_type[type];
}

const sim_event *sim_event_last(const sim_node *node, uftp_event_type type)
{
    for (size_t i = node->event_count; i > 0; i--)
        if (node->events[i - 1].event.type == type)
            return &node->events[i - 1];
    return NULL;
}

const sim_counters *sim_count(const sim_node *node)
{
    return &node->counters;
}
