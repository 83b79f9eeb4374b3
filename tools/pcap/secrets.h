/* SPDX-License-Identifier: MIT
 *
 * What may open sealed packets: the values of a key log, and private keys.
 */
#ifndef CAP_SECRETS_H
#define CAP_SECRETS_H

#include "keylog.h"
#include "weak_key.h"
#include <uftp/key.h>

#define CAP_PRIVATE_KEYS_MAX 8

typedef struct cap_secrets { /* {0} has none */
    const cap_keylog *log;   /* or NULL */
    uftp_key *const *keys;   /* of a sender or a proxy: they open RSA key exchanges (spec v4 6.2) */
    size_t key_count;
    cap_weak_key *const *weak_keys; /* those too short to be keys of ours */
    size_t weak_key_count;
    uint32_t edition; /* counts from 1 what was added to the log while packets are read */
    bool growing;     /* more may come: packets are remembered although nothing opens them yet */
} cap_secrets;

static inline bool cap_secrets_any(const cap_secrets *secrets)
{
    return secrets->growing || secrets->key_count > 0 || secrets->weak_key_count > 0 ||
           (secrets->log && secrets->log->count > 0);
}

#endif
