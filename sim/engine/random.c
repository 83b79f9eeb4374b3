/* SPDX-License-Identifier: MIT */
#include "engine/random.h"

#include "base/assert.h"

#define GOLDEN UINT64_C(0x9e3779b97f4a7c15) /* 2^64 / golden ratio, splitmix64's step */

uint64_t sim_hash_bytes(const void *bytes, size_t len)
{
    const uint8_t *at = bytes;
    uint64_t hash = sim_mix(len + GOLDEN);
    for (; len >= 8; len -= 8, at += 8) {
        /* Low byte first, whatever the machine; the compiler makes one load of it. */
        uint64_t word = (uint64_t)at[0] | (uint64_t)at[1] << 8 | (uint64_t)at[2] << 16 |
                        (uint64_t)at[3] << 24 | (uint64_t)at[4] << 32 | (uint64_t)at[5] << 40 |
                        (uint64_t)at[6] << 48 | (uint64_t)at[7] << 56;
        hash = sim_rotate_left(hash ^ word, 29) * GOLDEN;
        hash ^= hash >> 32;
    }
    uint64_t rest = 0;
    for (size_t i = 0; i < len; i++)
        rest |= (uint64_t)at[i] << 8 * i;
    return sim_mix(hash ^ rest);
}

static void fill(void *ctx, size_t len, uint8_t *dst)
{
    sim_random *random = ctx;
    while (len > 0) {
        uint64_t word = sim_random_u64(random);
        for (int i = 0; i < 8 && len > 0; i++, len--) {
            *dst++ = (uint8_t)word; /* low byte first, whatever the machine */
            word >>= 8;
        }
    }
}

void sim_random_init(sim_random *random, uint64_t seed, const char *name)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */
    for (const char *c = name; *c; c++)
        hash = (hash ^ (uint8_t)*c) * UINT64_C(0x100000001b3);
    /* Mixed before they meet, so that seed+1 and a name's last letter cannot cancel out. */
    uint64_t state = sim_mix(seed + GOLDEN) ^ sim_mix(hash);
    for (int i = 0; i < 4; i++)
        random->state[i] = sim_mix(state += GOLDEN);
    random->core = (uftp_random){.fill = fill, .ctx = random};
}

uint64_t sim_random_below(sim_random *random, uint64_t limit)
{
    UFTP_ASSERT(limit != 0);
    uint64_t uneven = (0 - limit) % limit; /* 2^64 mod limit: the draws that would favour some */
    uint64_t value;
    do
        value = sim_random_u64(random);
    while (value < uneven);
    return value % limit;
}

bool sim_random_chance(sim_random *random, uint64_t numerator, uint64_t denominator)
{
    return sim_random_below(random, denominator) < numerator;
}
