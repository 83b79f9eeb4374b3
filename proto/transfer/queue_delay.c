/* SPDX-License-Identifier: MIT */
#include "transfer/queue_delay.h"

/* The queue of a line that somebody else keeps full must not be taken for the line itself, so that
 * the shortest way is remembered for this long at least, and for twice that at most. */
#define WINDOW UFTP_S(600)
/* A packet's weight in what is usual: some ten round trips are remembered. */
#define WEIGHT 8

static bool is_shorter(uint64_t a, uint64_t b)
{
    return (int64_t)(a - b) < 0;
}

void uftp_queue_delay_add(uftp_queue_delay *delay, uint64_t sent_us, uint64_t at)
{
    const uint64_t way = at - UFTP_US(sent_us);
    if (!delay->known) {
        *delay = (uftp_queue_delay){.known = true, .shortest = {way, way}, .window_since = at};
        return;
    }
    if (at - delay->window_since > WINDOW) {
        delay->shortest[1] = delay->shortest[0];
        delay->shortest[0] = way;
        delay->window_since = at;
    }
    for (int i = 0; i < 2; i++)
        if (is_shorter(way, delay->shortest[i]))
            delay->shortest[i] = way;
    const bool last = is_shorter(delay->shortest[1], delay->shortest[0]);
    delay->now = way - delay->shortest[last];
    delay->usual = delay->usual - delay->usual / WEIGHT + delay->now / WEIGHT;
}
