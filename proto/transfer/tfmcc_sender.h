/* SPDX-License-Identifier: MIT
 *
 * TFMCC at the sender (spec v5 4.7.1 to 4.7.3): the rate, its bounds, and the feedback rounds. Who
 * the current limiting receiver (CLR) is, the caller knows; here is only when it has to change.
 */
#ifndef UFTP_TRANSFER_TFMCC_SENDER_H
#define UFTP_TRANSFER_TFMCC_SENDER_H

#include "transfer/tfmcc.h"

typedef struct uftp_tfmcc_config {
    uint64_t packet_len;                       /* a whole data packet on the wire */
    uint64_t rate_min, rate_initial, rate_max; /* bytes per second, 0: none */
} uftp_tfmcc_config;

typedef struct uftp_tfmcc_sender {
    uftp_tfmcc_config config;

    uint64_t rate; /* bytes per second */
    bool slow_start;
    uint16_t round;
    uint64_t slowest;  /* what is told to the others in this round, so that they keep silent */
    uint64_t adv_grtt; /* GRTT, or the time from packet to packet if that is longer */
    uint64_t measured; /* until then what a receiver measures includes time before the file */
    uint64_t round_deadline;
    uint64_t control_deadline; /* next CONG_CTRL */
    uint64_t clr_heard;        /* last report of the CLR, or its choice */
    bool clr_dropped;          /* it fell silent: who comes next takes effect with the round */
    uint64_t rate_next;        /* then; 0: nobody yet */
} uftp_tfmcc_sender;

typedef struct uftp_tfmcc_report {
    uint64_t rate; /* as the receiver computed it */
    bool slow_start, has_rtt;
    bool probing; /* slow start again: it has found the network wider than it was */
    bool from_clr;
    bool no_clr;   /* there is none at all */
    uint64_t rtt;  /* of that receiver, as just measured */
    uint64_t grtt; /* after that measurement */
    uint64_t now;
} uftp_tfmcc_report;

typedef enum uftp_tfmcc_silence {
    UFTP_TFMCC_HEARD,
    UFTP_TFMCC_CLR_SILENT, /* look for another */
    UFTP_TFMCC_ALL_SILENT  /* give up */
} uftp_tfmcc_silence;

void uftp_tfmcc_sender_init(uftp_tfmcc_sender *sender, const uftp_tfmcc_config *config);
/* A new file: starts carefully, with a round of its own, and with a CONG_CTRL that is the caller's
 * to send at once. */
void uftp_tfmcc_sender_begin(uftp_tfmcc_sender *sender, uint64_t now, uint64_t grtt);
/* True when the receiver that reports is to be the CLR from now on. */
bool uftp_tfmcc_sender_report(uftp_tfmcc_sender *sender, const uftp_tfmcc_report *report);
/* A CLR was chosen without a report. */
void uftp_tfmcc_sender_chosen(uftp_tfmcc_sender *sender, uint64_t now);
/* The control deadline has passed: it is set anew, and the rate is lowered when the CLR keeps
 * silent. */
uftp_tfmcc_silence uftp_tfmcc_sender_control(uftp_tfmcc_sender *sender, uint64_t now, uint64_t grtt,
                                             unsigned robust);
/* The round deadline has passed; the GRTT has been recalculated. */
void uftp_tfmcc_sender_next_round(uftp_tfmcc_sender *sender, uint64_t now, uint64_t grtt);

#endif
