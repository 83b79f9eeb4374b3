/* SPDX-License-Identifier: MIT
 *
 * A window over the IV counters seen under one key, so that no sealed datagram acts twice
 * (spec v5 trap 64). Reordering within the window is tolerated.
 */
#ifndef UFTP_SESSION_REPLAY_H
#define UFTP_SESSION_REPLAY_H

#include <uftp/core.h>

#define UFTP_REPLAY_BITS 64

typedef struct uftp_replay {
    uint64_t newest; /* highest counter seen */
    uint64_t seen;   /* bit i: newest - i was seen */
} uftp_replay;

/* Whether a counter may still be used. To be asked before the datagram is opened. */
static inline bool uftp_replay_fresh(const uftp_replay *replay, uint64_t counter)
{
    if (counter > replay->newest)
        return true;
    uint64_t age = replay->newest - counter;
    return age < UFTP_REPLAY_BITS && !(replay->seen >> age & 1);
}

/* To be told after the datagram has proved authentic. */
static inline void uftp_replay_mark(uftp_replay *replay, uint64_t counter)
{
    if (counter > replay->newest) {
        uint64_t ahead = counter - replay->newest;
        replay->seen = ahead < UFTP_REPLAY_BITS ? replay->seen << ahead : 0;
        replay->newest = counter;
    }
    replay->seen |= UINT64_C(1) << (replay->newest - counter);
}

#endif
