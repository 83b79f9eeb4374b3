/* SPDX-License-Identifier: MIT
 *
 * The sub-commands "swarm" and "shrink": argv[0] is the name. Each returns an exit code: 0, 1 for a
 * command line that is not understood, 2 when a scenario failed.
 */
#ifndef SIM_SWARM_COMMAND_H
#define SIM_SWARM_COMMAND_H

#include "swarm/scenario.h"

int swarm_command_swarm(int argc, char **argv);
int swarm_command_shrink(int argc, char **argv);

/* A scenario that is drawn, or plain, and then changed. */
typedef struct swarm_wish {
    uint64_t seed;
    bool plain;      /* all numbers that are not set are the plainest */
    const char *set; /* in the form of swarm_set(); "" for nothing */
} swarm_wish;

/* Fills in `out`, whose drops have room for SWARM_DROPS_MAX; `set` has been looked at before. */
void swarm_make(const swarm_wish *wish, swarm_scenario *out);
bool swarm_set_allowed(const char *set);
/* The plainest scenario: one receiver, an empty file, no trouble. */
void swarm_make_plain(uint64_t seed, swarm_scenario *out);
bool swarm_read_number(const char *text, uint64_t *out);

#endif
