/* SPDX-License-Identifier: MIT
 *
 * A source of randomness that gives known values first: what a captured program drew. A value is
 * given to the first draw of its length after the value before was given. Draws of delays get zero:
 * a receiver that waits for longer than the captured one could hear that it is confirmed before it
 * has registered. Every other draw gets the bytes of a fixed stream.
 */
#ifndef REPLAY_KNOWN_RANDOM_H
#define REPLAY_KNOWN_RANDOM_H

#include "tests/support.h"

enum { KNOWN_VALUES_MAX = 4, KNOWN_VALUE_LEN_MAX = 66 };

typedef struct known_random {
    uftp_random random; /* hand out &known->random */
    test_random stream;
    bool no_delays; /* what uftp_random_below() draws is zero */
    size_t count, given;
    size_t lens[KNOWN_VALUES_MAX];
    uint8_t values[KNOWN_VALUES_MAX][KNOWN_VALUE_LEN_MAX];
} known_random;

void known_random_init(known_random *known, uint64_t seed);
void known_random_add(known_random *known, const uint8_t *value, size_t len);

#endif
