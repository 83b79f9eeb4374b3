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
uint64_t sim_random_u64(sim_random *random);
uint64_t sim_random_below(sim_random *random, uint64_t limit); /* uniform; limit is not 0 */
/* True `numerator` times out of `denominator`. Draws also when the answer is certain, so that a
 * chance of 0 leaves the rest of the stream as it is. */
bool sim_random_chance(sim_random *random, uint64_t numerator, uint64_t denominator);

/* A good hash of 64 bits to 64 (the finaliser of splitmix64). */
uint64_t sim_mix(uint64_t value);

#endif
