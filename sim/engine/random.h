/* SPDX-License-Identifier: MIT
 *
 * Chance from named streams. Every use of luck has its own stream, made from the world's seed and a
 * name of purpose and place ("loss/hub>plant"), so that adding a node changes nobody else's luck.
 * Integers only: the same numbers on every machine.
 */
#ifndef SIM_RANDOM_H
#define SIM_RANDOM_H

#include <uftp/core.h>

/* A stream (xoshiro256**). Lives where its owner keeps it; must not move while `core` is in use. */
typedef struct sim_random {
    uint64_t state[4];
    uftp_random core; /* the same stream as the core wants it: hand out &random->core */
} sim_random;

void sim_random_init(sim_random *random, uint64_t seed, const char *name);

static inline uint64_t sim_rotate_left(uint64_t value, int by)
{
    return value << by | value >> (64 - by);
}

static inline uint64_t sim_random_u64(sim_random *random)
{
    uint64_t *s = random->state;
    uint64_t result = sim_rotate_left(s[1] * 5, 7) * 9, shifted = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = sim_rotate_left(s[3], 45);
    return result;
}

uint64_t sim_random_below(sim_random *random, uint64_t limit); /* uniform; limit is not 0 */
/* True `numerator` times out of `denominator`. Draws also when the answer is certain, so that a
 * chance of 0 leaves the rest of the stream as it is. */
bool sim_random_chance(sim_random *random, uint64_t numerator, uint64_t denominator);

/* sim_random_chance(random, ppm, 1000000), of which every packet on every link needs one or two: a
 * denominator that the compiler knows costs no division. */
static inline bool sim_random_ppm(sim_random *random, uint32_t ppm)
{
    const uint64_t million = 1000000, uneven = (0 - million) % million;
    uint64_t value;
    do
        value = sim_random_u64(random);
    while (value < uneven);
    return value % million < ppm;
}

/* A good hash of any bytes, the same on every machine. */
uint64_t sim_hash_bytes(const void *bytes, size_t len);

/* A good hash of 64 bits to 64 (the finaliser of splitmix64). */
static inline uint64_t sim_mix(uint64_t value)
{
    value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
    return value ^ (value >> 31);
}

#endif
