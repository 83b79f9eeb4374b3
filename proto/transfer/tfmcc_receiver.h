/* SPDX-License-Identifier: MIT
 *
 * TFMCC at the receiver (spec v5 4.7.4): the rate it would bear, and when it says so.
 */
#ifndef UFTP_TRANSFER_TFMCC_RECEIVER_H
#define UFTP_TRANSFER_TFMCC_RECEIVER_H

#include "transfer/queue_delay.h"
#include "transfer/tfmcc.h"
#include <uftp/message.h>

typedef struct uftp_tfmcc_receiver {
    uftp_loss_history history;
    uint64_t packet_len; /* a whole data packet on the wire (spec v5 1.21) */
    bool round_known;    /* `round` is of the current file */
    uint16_t round;
    uint64_t rtt; /* smoothed; 0: not known yet */
    bool is_clr;
    uint64_t deadline; /* when to speak, unless somebody slower does before, or, as CLR, unless we
                          are asked before; or UFTP_NEVER */
    uint64_t rate_at_start; /* of the round */

    uftp_queue_delay queue;
    uint32_t empty_count; /* CONG_CTRLs in a row that met no queue, though there usually is one */
    bool probing;         /* the network has grown: feeling for its new bound */
    bool queue_seen;      /* ... which is near */
} uftp_tfmcc_receiver;

/* What every data packet and every CONG_CTRL says, and what goes with it. */
typedef struct uftp_tfmcc_word {
    uint16_t round;
    uint16_t rate; /* quantised: of the slowest that has spoken */
    uint64_t now;
    uint64_t grtt;
    uint32_t group_size;
    uint32_t draw; /* uniform in 32 bits; used when a round begins */
} uftp_tfmcc_word;

void uftp_tfmcc_receiver_init(uftp_tfmcc_receiver *receiver, uint64_t packet_len);
/* A new file. The reference's sender counts its rounds anew for each, so that the last file's
 * number must be forgotten (trap 22). Losses are remembered. */
void uftp_tfmcc_receiver_restart(uftp_tfmcc_receiver *receiver);
/* Bytes per second. */
uint64_t uftp_tfmcc_receiver_rate(const uftp_tfmcc_receiver *receiver, uint64_t grtt);
/* Whether hearing this round number begins a round. */
bool uftp_tfmcc_receiver_is_new(const uftp_tfmcc_receiver *receiver, uint16_t round);
/* True when a report is due at once. */
bool uftp_tfmcc_receiver_hear(uftp_tfmcc_receiver *receiver, const uftp_tfmcc_word *word);
/* A packet of the session was entered into the history, and a loss event began. */
void uftp_tfmcc_receiver_congested(uftp_tfmcc_receiver *receiver, uint64_t grtt);
/* The timestamp of a CONG_CTRL, before anything else of it. */
void uftp_tfmcc_receiver_stamped(uftp_tfmcc_receiver *receiver, uint64_t sent_us, uint64_t at,
                                 uint64_t grtt);
/* Our item of a CONG_CTRL, or NULL when there is none. True when a report is due at once. */
bool uftp_tfmcc_receiver_listed(uftp_tfmcc_receiver *receiver, const uftp_cong_item *item,
                                uint64_t now, uint64_t grtt);
/* The deadline has passed: true when a report is due. */
bool uftp_tfmcc_receiver_expired(uftp_tfmcc_receiver *receiver, uint64_t now, uint64_t grtt);
/* Fills in everything but client and timestamp_us. */
void uftp_tfmcc_receiver_report(const uftp_tfmcc_receiver *receiver, uint64_t grtt,
                                uftp_tfmcc_ack *out);

#endif
