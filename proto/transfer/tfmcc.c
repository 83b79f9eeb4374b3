/* SPDX-License-Identifier: MIT */
#include "transfer/tfmcc.h"

#include "base/arith.h"

/* 1 / sqrt(2p/3) = sqrt(3 packets / (2 events)), as mantissa * 2^-shift. */
static uint32_t inverse_root(const uftp_loss_rate *loss, unsigned *shift)
{
    uint64_t numerator = 3 * loss->packets, denominator = 2 * loss->events;
    unsigned room = (unsigned)__builtin_clzll(numerator / denominator + 1) - 1;
    *shift = room / 2;
    return uftp_root(uftp_mul_div(numerator, UINT64_C(1) << 2 * *shift, denominator));
}

/* X = S / (R * (sqrt(2p/3) + 12 sqrt(3p/8) p (1 + 32 p^2))). Since sqrt(3p/8) = 3/4 sqrt(2p/3), it
 * is S / R / sqrt(2p/3) / (1 + 9p + 288p^3). */
uint64_t uftp_tfmcc_rate(uint64_t packet_len, uint64_t rtt, const uftp_loss_rate *loss)
{
    const uint64_t one = UINT64_C(1) << 40;
    uint64_t p = uftp_mul_div(loss->events, one, loss->packets);
    uint64_t cube = uftp_mul_div(uftp_mul_div(p, p, one), p, one);
    uint64_t timeouts = one + uftp_mul_div(9 * loss->events, one, loss->packets) + 288 * cube;
    unsigned shift;
    uint64_t root = inverse_root(loss, &shift);
    uint64_t rate = uftp_mul_div(packet_len * UFTP_S(1), root, rtt);
    return uftp_mul_div(rate, one, timeouts) >> shift;
}

/* 6 GRTT (1 + ln u / ln n) with u in (0, 1]: most receivers late, few early, the more the larger
 * the group. */
uint64_t uftp_tfmcc_backoff(uint64_t grtt, uint32_t group_size, uint32_t draw)
{
    if (group_size <= 1)
        return 0;
    uint64_t range = (UINT64_C(32) << UFTP_LOG2_BITS) - uftp_log2((uint64_t)draw + 1); /* -log2 u */
    uint64_t size = uftp_log2(group_size);
    if (range >= size)
        return 0;
    return uftp_mul_div(UFTP_TFMCC_ROUND_GRTTS * grtt, size - range, size);
}
