/* SPDX-License-Identifier: MIT */
#include "transfer/grtt.h"

void uftp_grtt_init(uftp_grtt *grtt, uint64_t initial, uint64_t min, uint64_t max)
{
    *grtt = (uftp_grtt){.value = initial, .min = min, .max = max};
}

void uftp_grtt_update(uftp_grtt *grtt, uint64_t rtt_largest, bool final)
{
    if (rtt_largest == 0)
        return;
    uint64_t wanted = rtt_largest;
    if (wanted < grtt->min)
        wanted = grtt->min;
    if (wanted > grtt->max)
        wanted = grtt->max;
    uint64_t floor = grtt->value / 10 * 9;
    if (grtt->measured && wanted < floor)
        wanted = floor; /* spec v5 4.3: at most a tenth less per recalculation */
    grtt->value = wanted;
    grtt->measured |= final;
}

uint64_t uftp_grtt_clamp_rtt(const uftp_grtt *grtt, int64_t rtt)
{
    if (rtt < (int64_t)UFTP_RTT_MIN)
        return UFTP_RTT_MIN; /* clocks that stepped give negative values */
    return (uint64_t)rtt > grtt->max ? grtt->max : (uint64_t)rtt;
}
