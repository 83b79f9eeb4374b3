/* SPDX-License-Identifier: MIT
 *
 * Byte strings that nobody may come to see, and the search for all of them at once: some thousands
 * of keys cost a datagram no more than one. Every secret is kept as the windows of 8 bytes that
 * begin in its first bytes, so that it is enough to look at every fifth place of what is searched.
 */
#ifndef SIM_INVARIANTS_SECRETS_H
#define SIM_INVARIANTS_SECRETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is shorter is found by accident, or not at all. */
#define SIM_SECRET_MIN 12

typedef struct sim_secret {
    const char *what; /* a literal: "the content of a file" */
    bool wire_only;   /* our own reports may tell it: the name of a file */
    size_t len;
    uint8_t *bytes;
} sim_secret;

/* All zero is an empty set. */
typedef struct sim_secrets {
    sim_secret *list;
    size_t count, capacity;
    struct sim_secret_window *table; /* open addressing, at most a quarter full */
    size_t table_size, windows;
    uint64_t *filter; /* most windows end here */
} sim_secrets;

/* Copied. False when it is known already. */
bool sim_secrets_add(sim_secrets *secrets, const char *what, bool wire_only, const void *bytes,
                     size_t len);
void sim_secrets_free(sim_secrets *secrets);

/* The first secret in these bytes, or NULL. */
const sim_secret *sim_secrets_in(const sim_secrets *secrets, const uint8_t *bytes, size_t len);
/* The same for a report of ours: as bytes or in hexadecimal, but for what is secret on the wire
 * only. */
const sim_secret *sim_secrets_in_report(const sim_secrets *secrets, const uint8_t *bytes,
                                        size_t len);

#endif
