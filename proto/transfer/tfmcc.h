/* SPDX-License-Identifier: MIT
 *
 * TFMCC, congestion control for multicast (RFC 4654 as spec v5 4.7 speaks it). The receiver that
 * could take least, the current limiting receiver (CLR), tells the sender at every round trip what
 * TCP would get in its place; the others speak up only once per feedback round, and only if nobody
 * slower has spoken before.
 *
 * Here is what both sides and nobody else computes; tfmcc_receiver.h and tfmcc_sender.h are the
 * two sides. Pure arithmetic on integers: every machine computes the same.
 */
#ifndef UFTP_TRANSFER_TFMCC_H
#define UFTP_TRANSFER_TFMCC_H

#include "transfer/loss_history.h"

#define UFTP_TFMCC_ROUND_GRTTS 6 /* length of a feedback round (spec v5 4.7.2, 4.7.4) */
/* The advertised rate when nobody has spoken in this round. */
#define UFTP_TFMCC_RATE_ANY ((UINT64_C(1) << 48) - 1)

/* Bytes per second that TCP would send in packets of this length under this round trip time and
 * loss (spec v5 4.7.6). loss->packets is not 0. */
uint64_t uftp_tfmcc_rate(uint64_t packet_len, uint64_t rtt, const uftp_loss_rate *loss);

/* How long a receiver waits in a new round before it speaks, so that few of a large group do
 * (spec v5 4.7.4). `draw` is uniform in 32 bits. 0 for a group of none or one (trap 37). */
uint64_t uftp_tfmcc_backoff(uint64_t grtt, uint32_t group_size, uint32_t draw);

#endif
