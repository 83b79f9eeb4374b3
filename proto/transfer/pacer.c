/* SPDX-License-Identifier: MIT */
#include "transfer/pacer.h"

#include "base/arith.h"

/* A burst is what the rate gives in this time. Long enough for full trains from a few hundred
 * Mbit/s on, short enough not to overrun a switch's or a socket's queue. */
#define BURST_INTERVAL UFTP_MS(1)
/* How far a late wake-up is made up for. */
#define CREDIT_MAX UFTP_MS(10)
/* Without a rate the driver still has to look at what comes in: so many bursts per turn. */
#define UNLIMITED_BURSTS 4

static bool unlimited(const uftp_pacer *pacer)
{
    return pacer->rate_bytes_per_s == UINT64_MAX;
}

void uftp_pacer_init(uftp_pacer *pacer, uint64_t rate_bytes_per_s, uint64_t now)
{
    *pacer = (uftp_pacer){.rate_bytes_per_s = rate_bytes_per_s, .next = now};
}

void uftp_pacer_set_rate(uftp_pacer *pacer, uint64_t now, uint64_t rate_bytes_per_s)
{
    if (pacer->next > now && !unlimited(pacer))
        pacer->next =
            now + uftp_mul_div(pacer->next - now, pacer->rate_bytes_per_s, rate_bytes_per_s);
    pacer->rate_bytes_per_s = rate_bytes_per_s;
}

void uftp_pacer_restart(uftp_pacer *pacer, uint64_t now)
{
    if (pacer->next < now)
        pacer->next = now;
}

bool uftp_pacer_ready(const uftp_pacer *pacer, uint64_t now)
{
    return now >= pacer->next;
}

uint32_t uftp_pacer_burst(const uftp_pacer *pacer, size_t wire_len, uint32_t max)
{
    if (unlimited(pacer))
        return max;
    uint64_t count = pacer->rate_bytes_per_s / (UFTP_S(1) / BURST_INTERVAL) / wire_len;
    if (count < 1)
        return 1;
    return count < max ? (uint32_t)count : max;
}

uint64_t uftp_pacer_interval(const uftp_pacer *pacer, uint64_t bytes)
{
    /* A train is below 2^17 bytes and 10^9 below 2^30: no overflow. */
    return unlimited(pacer) ? 0 : bytes * UFTP_S(1) / pacer->rate_bytes_per_s;
}

void uftp_pacer_spend(uftp_pacer *pacer, uint64_t now, uint64_t bytes)
{
    if (unlimited(pacer)) {
        if (pacer->burst_time != now) {
            pacer->burst_time = now;
            pacer->bursts = 0;
        }
        if (++pacer->bursts >= UNLIMITED_BURSTS)
            pacer->next = now + 1;
        return;
    }
    uint64_t earliest = now > CREDIT_MAX ? now - CREDIT_MAX : 0;
    if (pacer->next < earliest)
        pacer->next = earliest;
    pacer->next += uftp_pacer_interval(pacer, bytes);
}
