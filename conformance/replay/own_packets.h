/* SPDX-License-Identifier: MIT
 *
 * What a core in a replay says and hears, read like a capture: opened with the keys that the core
 * tells of, and held to the rules of `uftp-pcap check`.
 */
#ifndef REPLAY_OWN_PACKETS_H
#define REPLAY_OWN_PACKETS_H

#include "check.h"
#include "tracker.h"
#include <uftp/key.h>

typedef struct own_packets {
    uftp_key_log key_log; /* for the core */
    cap_keylog keylog;    /* what was captured, and what the core told */
    cap_tracker *tracker;
    cap_check *check;
} own_packets;

void own_packets_init(own_packets *own, const char *folder);
void own_packets_free(own_packets *own);

/* A datagram at a time (ns since the epoch); valid until the next call. The rules look at it when
 * it is `checked`. */
const cap_packet *own_packets_take(own_packets *own, uint64_t time, const uint8_t *data, size_t len,
                                   bool checked);
/* Fails, and prints what is broken, unless all rules were kept. */
void own_packets_expect_kept(const own_packets *own, const char *capture, const char *who);

#endif
