/* SPDX-License-Identifier: MIT
 *
 * What a receiver of a congestion-controlled session remembers of the packets that came and of
 * those that did not (spec v5 4.7.5, RFC 4654): how often the network was congested, and how much
 * got through lately. Every packet of the session is entered, whatever its kind: the sender counts
 * them all, so that a kind left out would look lost (trap 36).
 *
 *     numbers    ... 41 42 43 [44 45 -- 47 48 49] <- newest
 *                    final     may still come out of order: six numbers with a bit each
 *
 * A number that is final and missing is congestion, unless the last congestion began less than a
 * GRTT before: then it belongs to that loss event. The history is the lengths, in packets, of the
 * intervals from event to event. Entering a packet takes constant time, however many are missing.
 */
#ifndef UFTP_TRANSFER_LOSS_HISTORY_H
#define UFTP_TRANSFER_LOSS_HISTORY_H

#include <uftp/core.h>

#define UFTP_LOSS_INTERVALS 9 /* the open one and eight closed ones */
#define UFTP_LOSS_PENDING 6   /* numbers, the newest included, of which a late one still counts */
/* So many late ones in a row mean that the numbers have jumped by more than half their range. */
#define UFTP_LOSS_LATE_MAX 100

/* Bytes that came in, by time. Packets closer together than 1/256 of the window share an entry, so
 * that the window never outgrows the ring, at any rate. */
#define UFTP_LOSS_ENTRIES 512

typedef struct uftp_loss_entry {
    uint64_t at; /* of its first packet */
    uint32_t packets, bytes;
} uftp_loss_entry;

typedef struct uftp_loss_history {
    bool begun;
    bool slow_start;                            /* nothing was ever lost or marked */
    uint64_t first;                             /* the number that began it */
    uint64_t newest;                            /* highest number, not wrapped */
    uint64_t newest_at;                         /* its arrival */
    uint32_t arrived;                           /* bit i: newest - i came */
    uint32_t late_count;                        /* in a row */
    uint64_t missing_at[UFTP_LOSS_PENDING + 2]; /* by number modulo: when it should have come */
    uint64_t event;                             /* number that began the last loss event */
    uint64_t event_at;
    uint32_t lens[UFTP_LOSS_INTERVALS]; /* [0] is open and grows; 0: there is none */

    uftp_loss_entry entries[UFTP_LOSS_ENTRIES]; /* by index modulo */
    uint64_t entry_end;                         /* index behind the newest */
    uint64_t entry_first;                       /* the oldest within the window */
    uint64_t window_bytes;                      /* of the entries within the window */
} uftp_loss_history;

typedef struct uftp_loss_packet {
    uint16_t seq;
    bool marked; /* ECN: congestion experienced */
    uint64_t at;
    uint32_t bytes; /* IP and UDP headers included */
    uint64_t grtt;  /* > 0 */
    uint64_t rtt;   /* our own; the GRTT when it is not known */
} uftp_loss_packet;

/* Loss events per packet; `packets` is 0 as long as nothing was lost. */
typedef struct uftp_loss_rate {
    uint64_t events, packets;
} uftp_loss_rate;

void uftp_loss_history_init(uftp_loss_history *history);
/* The first packet only begins the count: its bytes lie before the time that is measured. True when
 * it made known that a loss event began. */
bool uftp_loss_history_add(uftp_loss_history *history, const uftp_loss_packet *packet);
uftp_loss_rate uftp_loss_history_rate(const uftp_loss_history *history);
/* Bytes per second over the four GRTTs before the newest number came. */
uint64_t uftp_loss_history_speed(const uftp_loss_history *history, uint64_t grtt);
/* The same over the last GRTT. */
uint64_t uftp_loss_history_speed_now(const uftp_loss_history *history, uint64_t grtt);
/* A loss event has just begun that says more than all before: they are forgotten, and the interval
 * that it ended becomes what gives the rate that arrived. */
void uftp_loss_history_renew(uftp_loss_history *history, uint64_t grtt, uint64_t rtt);

#endif
