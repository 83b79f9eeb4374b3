/* SPDX-License-Identifier: MIT
 *
 * The replay window of the data direction: like replay.h, but wide. A sender's datagrams come at a
 * hundred thousand a second and through several queues of a network card, so that honest ones are
 * out of order by far more than 64; one window per session is also no memory to save on.
 *
 * Bit (counter mod UFTP_WINDOW_BITS) says whether that counter was seen. Advancing clears the words
 * it enters; one word is therefore always ahead, and the tolerance is BITS - 64.
 */
#ifndef UFTP_SESSION_WINDOW_H
#define UFTP_SESSION_WINDOW_H

#include <uftp/core.h>

#define UFTP_WINDOW_WORDS 32
#define UFTP_WINDOW_BITS (64 * UFTP_WINDOW_WORDS)

typedef struct uftp_window {
    uint64_t newest; /* highest counter seen; counters begin at 1 (spec v5 3.10) */
    uint64_t seen[UFTP_WINDOW_WORDS];
} uftp_window;

/* Whether a counter may still be used. To be asked before the datagram is opened. */
static inline bool uftp_window_fresh(const uftp_window *window, uint64_t counter)
{
    if (counter > window->newest)
        return true;
    if (counter == 0 || window->newest - counter >= UFTP_WINDOW_BITS - 64)
        return false;
    return !(window->seen[counter / 64 % UFTP_WINDOW_WORDS] >> counter % 64 & 1);
}

/* To be told once the datagram has proved authentic; the counter is fresh. */
static inline void uftp_window_mark(uftp_window *window, uint64_t counter)
{
    if (counter > window->newest) {
        uint64_t words = counter / 64 - window->newest / 64;
        if (words > UFTP_WINDOW_WORDS)
            words = UFTP_WINDOW_WORDS;
        for (uint64_t i = 0; i < words; i++)
            window->seen[(counter / 64 - i) % UFTP_WINDOW_WORDS] = 0;
        window->newest = counter;
    }
    window->seen[counter / 64 % UFTP_WINDOW_WORDS] |= UINT64_C(1) << counter % 64;
}

#endif
