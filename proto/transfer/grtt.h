/* SPDX-License-Identifier: MIT
 *
 * The group round trip time a sender works with (spec v5 4.3).
 */
#ifndef UFTP_TRANSFER_GRTT_H
#define UFTP_TRANSFER_GRTT_H

#include <uftp/core.h>

#define UFTP_RTT_MIN UFTP_MS(1) /* no receiver counts as nearer than this */

typedef struct uftp_grtt {
    uint64_t value;
    uint64_t min, max;
    bool measured; /* set once from a measurement: from then on it falls slowly */
} uftp_grtt;

void uftp_grtt_init(uftp_grtt *grtt, uint64_t initial, uint64_t min, uint64_t max);
/* Takes the largest round trip among the receivers that have been measured, 0 when there is none.
 * The value rises at once and falls by at most a tenth per call. `final` says that this one counts
 * as "set"; the recalculation at the end of an announce phase with all present does not. */
void uftp_grtt_update(uftp_grtt *grtt, uint64_t rtt_largest, bool final);
/* A round trip as measured: never below UFTP_RTT_MIN, never above the group's bound. */
uint64_t uftp_grtt_clamp_rtt(const uftp_grtt *grtt, int64_t rtt);

#endif
