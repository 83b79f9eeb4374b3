/* SPDX-License-Identifier: MIT
 *
 * The signing key of a program: read, made and kept, or made for one run (spec cli 2, 16.1, 16.2).
 */
#ifndef UFTP_COMMON_KEYS_H
#define UFTP_COMMON_KEYS_H

#include "common/failure.h"

#include <uftp/key.h>

typedef struct uftp_key_choice {
    const char *path;          /* -k; NULL: none */
    const uftp_key_spec *spec; /* -K; NULL: none */
    const uftp_random *random; /* required */
} uftp_key_choice;

/* -k alone reads, -k with -K makes a key and writes it to a file that must not exist, -K alone and
 * neither make a key for this run (secp256r1 by default). 0 or UFTP_EXIT_KEYS. */
int uftp_key_obtain(const uftp_key_choice *choice, uftp_key **out, uftp_failure *failure);

/* "Loaded ECDSA key with curve prime256v1 and fingerprint AA:...": no secret in it. Returns out. */
#define UFTP_KEY_LINE_MAX 160
char *uftp_key_line(const uftp_key *key, char out[UFTP_KEY_LINE_MAX]);

/* Keeps other processes of the user from reading our memory, and core dumps from holding it
 * (design threat 14). Called before the first key exists. */
void uftp_key_protect_process(void);

#endif
