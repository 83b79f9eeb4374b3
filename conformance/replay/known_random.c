/* SPDX-License-Identifier: MIT */
#include "known_random.h"

#include <string.h>

enum { DELAY_LEN = 8 }; /* what uftp_random_below() draws */

static void fill(void *ctx, size_t len, uint8_t *out)
{
    known_random *known = ctx;
    if (known->given < known->count && known->lens[known->given] == len)
        memcpy(out, known->values[known->given++], len);
    else if (known->no_delays && len == DELAY_LEN)
        memset(out, 0, len);
    else
        known->stream.random.fill(known->stream.random.ctx, len, out);
}

void known_random_init(known_random *known, uint64_t seed)
{
    *known = (known_random){.random = {.fill = fill, .ctx = known}};
    test_random_init(&known->stream, seed);
}

void known_random_add(known_random *known, const uint8_t *value, size_t len)
{
    assert_true(known->count < KNOWN_VALUES_MAX && len <= KNOWN_VALUE_LEN_MAX);
    memcpy(known->values[known->count], value, len);
    known->lens[known->count++] = len;
}
