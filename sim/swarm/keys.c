/* SPDX-License-Identifier: MIT */
#include "swarm/world.h"

#include "base/assert.h"

#define CURVES 3
/* The smallest that is allowed: it is made anew for each swarm, and signs many times. */
#define RSA_BITS 1024

static struct {
    sim_memory memory;
    uftp_key *keys[CURVES + 1]; /* the last one is RSA */
} shared;

void swarm_keys_make(void)
{
    sim_memory_init(&shared.memory);
    for (int i = 0; i <= CURVES; i++) {
        sim_random random;
        sim_random_init(&random, (uint64_t)i, "swarm/key");
        uftp_key_spec spec = {.type = UFTP_KEY_EC, .curve = (uftp_curve)(UFTP_CURVE_SECP256R1 + i)};
        if (i == CURVES)
            spec = (uftp_key_spec){.type = UFTP_KEY_RSA, .bits = RSA_BITS};
        int err = uftp_key_generate(&shared.memory.core, &random.core, &spec, &shared.keys[i]);
        UFTP_ASSERT(err == UFTP_OK);
    }
}

void swarm_keys_free(void)
{
    for (int i = 0; i <= CURVES; i++) {
        uftp_key_free(shared.keys[i]);
        shared.keys[i] = NULL;
    }
    UFTP_ASSERT(shared.memory.live == 0);
}

const uftp_key *swarm_key(uint64_t rsa, uint64_t curve)
{
    return shared.keys[rsa ? CURVES : curve - UFTP_CURVE_SECP256R1];
}
