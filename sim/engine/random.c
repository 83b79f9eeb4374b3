/* SPDX-License-Identifier: MIT */
#include "engine/random.h"

#include "base/assert.h"

#define GOLDEN UINT64_C(0x9e3779b97f4a7c15) /* 2^64 / golden ratio, splitmix64's step */

uint64_t sim_mix(uint64_t value)
{
    value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
    return value ^ (value >> 31);
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

static uint64_t rotate_left(uint64_t value, int by)
{
    return value << by | value >> (64 - by);
}

uint64_t sim_random_u64(sim_random *random)
{
    uint64_t *s = random->state;
    uint64_t result = rotate_left(s[1] * 5, 7) * 9, shifted = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = rotate_left(s[3], 45);
    return result;
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
