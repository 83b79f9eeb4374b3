/* SPDX-License-Identifier: MIT */
#include "tcp.h"

#include "base/assert.h"
#include "engine/script.h"
#include "engine/sender_node.h"
#include <uftp/receiver.h>

#include <string.h>

#define DATA 'T'
#define ACK 't'
#define TIMEOUT_MIN UFTP_MS(200)
#define WINDOW_MAX 4096 /* segments */

static void write_number(uint8_t *bytes, uint8_t kind, uint32_t number)
{
    bytes[0] = kind;
    for (int i = 0; i < 4; i++)
        bytes[1 + i] = (uint8_t)(number >> (24 - 8 * i));
}

static bool read_number(const uftp_datagram *datagram, uint8_t kind, uint32_t *number)
{
    if (datagram->len < 5 || datagram->data[0] != kind)
        return false;
    *number = (uint32_t)datagram->data[1] << 24 | (uint32_t)datagram->data[2] << 16 |
              (uint32_t)datagram->data[3] << 8 | datagram->data[4];
    return true;
}

/* ---- the source ---- */

/* Which segments are on their way: as with selective acknowledgements, each is acknowledged by
 * itself, and lost when three later ones have arrived. What is in a segment does not matter here,
 * so that none is sent again: only the window does. */
typedef struct tcp_source {
    sim_node *host;
    uint32_t next;    /* segment */
    uint32_t settled; /* all below are acknowledged or lost */
    uint32_t halved;  /* losses below belong to a window that has been halved already */
    uint32_t flight;
    uint8_t acked[WINDOW_MAX];
    double window, threshold;
    uint64_t sent_at[WINDOW_MAX];
    uint64_t rtt, deviation;
    unsigned backoff;
} tcp_source;

static void arm(sim_node *node, const tcp_source *tcp, uint64_t now)
{
    uint64_t timeout = tcp->rtt ? tcp->rtt + 4 * tcp->deviation : UFTP_S(1);
    if (timeout < TIMEOUT_MIN)
        timeout = TIMEOUT_MIN;
    sim_script_wake(node, now + (timeout << tcp->backoff));
}

static void fill_window(sim_node *node, tcp_source *tcp, uint64_t now)
{
    const uftp_address to = sim_address(tcp->host, UFTP_IPV4);
    while (tcp->flight < (uint32_t)tcp->window && tcp->next - tcp->settled < WINDOW_MAX) {
        uint8_t bytes[TCP_SEGMENT_LEN] = {0};
        write_number(bytes, DATA, tcp->next);
        sim_script_send(node, &to, bytes, sizeof bytes, 0);
        tcp->acked[tcp->next % WINDOW_MAX] = 0;
        tcp->sent_at[tcp->next++ % WINDOW_MAX] = now;
        tcp->flight++;
    }
}

static void measure(tcp_source *tcp, uint64_t rtt)
{
    if (tcp->rtt == 0) {
        tcp->rtt = rtt;
        tcp->deviation = rtt / 2;
        return;
    }
    uint64_t off = rtt > tcp->rtt ? rtt - tcp->rtt : tcp->rtt - rtt;
    tcp->deviation = (3 * tcp->deviation + off) / 4;
    tcp->rtt = (7 * tcp->rtt + rtt) / 8;
}

/* A loss: half the window, once for all that were on their way. */
static void lose(tcp_source *tcp, uint32_t segment)
{
    tcp->flight--;
    if (segment < tcp->halved)
        return;
    tcp->halved = tcp->next;
    tcp->threshold = tcp->window / 2 > 2 ? tcp->window / 2 : 2;
    tcp->window = tcp->threshold;
}

static void source_start(sim_node *node, void *ctx, uint64_t now)
{
    arm(node, ctx, now);
    fill_window(node, ctx, now);
}

static void source_datagram(sim_node *node, void *ctx, uint64_t now, const uftp_datagram *datagram)
{
    tcp_source *tcp = ctx;
    uint32_t segment;
    if (!read_number(datagram, ACK, &segment) || segment < tcp->settled || segment >= tcp->next)
        return; /* of a time before the last time-out */
    tcp->acked[segment % WINDOW_MAX] = 1;
    tcp->flight--;
    tcp->backoff = 0;
    measure(tcp, now - tcp->sent_at[segment % WINDOW_MAX]);
    tcp->window += tcp->window < tcp->threshold ? 1 : 1 / tcp->window;
    for (; tcp->settled + 3 <= segment; tcp->settled++)
        if (!tcp->acked[tcp->settled % WINDOW_MAX])
            lose(tcp, tcp->settled);
    arm(node, tcp, now);
    fill_window(node, tcp, now);
}

/* Nothing came back at all. */
static void source_timer(sim_node *node, void *ctx, uint64_t now)
{
    tcp_source *tcp = ctx;
    tcp->threshold = tcp->window / 2 > 2 ? tcp->window / 2 : 2;
    tcp->window = 1;
    tcp->flight = 0;
    tcp->settled = tcp->halved = tcp->next;
    if (tcp->backoff < 6)
        tcp->backoff++;
    arm(node, tcp, now);
    fill_window(node, tcp, now);
}

sim_node *tcp_add_source(sim *world, const char *name, sim_node *host)
{
    static const sim_script script = {
        .on_start = source_start, .on_datagram = source_datagram, .on_timer = source_timer};
    static tcp_source sources[4]; /* in turns: no world has more, and tests run one at a time */
    static size_t turn;
    tcp_source *tcp = &sources[turn++ % 4];
    *tcp = (tcp_source){.host = host, .window = 2, .threshold = 64};
    return sim_add_script(world, name, &script, tcp);
}

/* ---- the host ---- */

typedef struct pending_ack {
    uftp_address to;
    uint32_t number;
} pending_ack;

typedef struct tcp_host {
    sim_node *node;
    sim_store store;
    uftp_receiver *receiver;
    uint64_t segments;
    pending_ack acks[WINDOW_MAX]; /* of this turn */
    size_t ack_count, ack_next;
} tcp_host;

static int host_start(void *ctx, sim_node *node, uint64_t now)
{
    tcp_host *h = ctx;
    const uftp_address public_group = sim_public_group();
    const uftp_receiver_config config = {.memory = &sim_node_memory(node)->core,
                                         .random = &sim_node_random(node)->core,
                                         .store = &h->store.core,
                                         .wall_us = sim_wall_us(node),
                                         .uid = sim_index(node) + 1,
                                         .destinations = h->store.options.destinations,
                                         .destination_count = h->store.options.destination_count};
    int err = uftp_receiver_create(&config, now, &h->receiver);
    if (!err)
        sim_join(node, &public_group, NULL);
    return err;
}

static void host_stop(void *ctx)
{
    tcp_host *h = ctx;
    uftp_receiver_destroy(h->receiver);
    h->receiver = NULL;
}

static void take_segment(tcp_host *h, uint32_t number, const uftp_address *from)
{
    h->segments++;
    UFTP_ASSERT(h->ack_count < WINDOW_MAX);
    h->acks[h->ack_count++] = (pending_ack){.to = *from, .number = number};
}

static void host_recv(void *ctx, uint64_t now, const uftp_datagram *trains, size_t count)
{
    tcp_host *h = ctx;
    uint32_t number;
    for (size_t i = 0; i < count; i++)
        if (read_number(&trains[i], DATA, &number)) /* no version of UFTP begins like that */
            take_segment(h, number, &trains[i].source);
        else
            uftp_receiver_recv(h->receiver, now, &trains[i], 1);
}

static int host_poll_transmit(void *ctx, uint64_t now, uftp_transmit *out)
{
    tcp_host *h = ctx;
    if (h->ack_next == h->ack_count) {
        h->ack_next = h->ack_count = 0;
        return uftp_receiver_poll_transmit(h->receiver, now, out);
    }
    const pending_ack *ack = &h->acks[h->ack_next++];
    memset(out->data, 0, 40);
    write_number(out->data, ACK, ack->number);
    out->len = out->segment_len = 40;
    out->destination = ack->to;
    return 1;
}

static uint64_t host_deadline(void *ctx)
{
    return uftp_receiver_next_deadline(((tcp_host *)ctx)->receiver);
}

static void host_timeout(void *ctx, uint64_t now)
{
    uftp_receiver_on_timeout(((tcp_host *)ctx)->receiver, now);
}

static int host_event(void *ctx, uftp_event *out)
{
    return uftp_receiver_poll_event(((tcp_host *)ctx)->receiver, out);
}

static void host_free(void *ctx)
{
    tcp_host *h = ctx;
    sim_store_free(&h->store);
    sim_release(h);
}

sim_node *tcp_add_host(sim *world, const char *name, const sim_store_options *options)
{
    static const sim_core core = {.role = "receiver",
                                  .start = host_start,
                                  .stop = host_stop,
                                  .recv = host_recv,
                                  .poll_transmit = host_poll_transmit,
                                  .next_deadline = host_deadline,
                                  .on_timeout = host_timeout,
                                  .poll_event = host_event,
                                  .free = host_free};
    tcp_host *h = sim_allocate(sizeof *h);
    sim_store_init(&h->store, options);
    h->node = sim_add_core(world, name, &core, h);
    return h->node;
}

uint64_t tcp_host_segments(sim_node *host)
{
    return ((tcp_host *)sim_ctx(host))->segments;
}
