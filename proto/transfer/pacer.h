/* SPDX-License-Identifier: MIT
 *
 * When the next datagrams may leave (spec v5 4.6.2). The rate counts every byte on the wire,
 * headers of IP and UDP included. What is due is handed out in bursts of about a millisecond, so
 * that fast sessions fill whole trains and slow ones send datagram by datagram.
 */
#ifndef UFTP_TRANSFER_PACER_H
#define UFTP_TRANSFER_PACER_H

#include <uftp/core.h>

typedef struct uftp_pacer {
    uint64_t rate_bytes_per_s; /* UINT64_MAX: unlimited */
    uint64_t next;             /* when the next burst may leave */
    uint32_t bursts;           /* unlimited: handed out at `burst_time` */
    uint64_t burst_time;
} uftp_pacer;

void uftp_pacer_init(uftp_pacer *pacer, uint64_t rate_bytes_per_s, uint64_t now);
/* What is still to be waited for under the old rate is waited for under the new one. */
void uftp_pacer_set_rate(uftp_pacer *pacer, uint64_t now, uint64_t rate_bytes_per_s);
/* Forgets a quiet time, so that it is not made up for by a burst. */
void uftp_pacer_restart(uftp_pacer *pacer, uint64_t now);
bool uftp_pacer_ready(const uftp_pacer *pacer, uint64_t now);
/* Datagrams of wire_len bytes that one burst holds at this rate: at least 1, at most `max`. */
uint32_t uftp_pacer_burst(const uftp_pacer *pacer, size_t wire_len, uint32_t max);
/* Accounts for bytes that leave now. */
void uftp_pacer_spend(uftp_pacer *pacer, uint64_t now, uint64_t bytes);
/* The time that `bytes` take at this rate; 0 when it is unlimited. */
uint64_t uftp_pacer_interval(const uftp_pacer *pacer, uint64_t bytes);

#endif
