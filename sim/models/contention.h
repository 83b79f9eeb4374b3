/* SPDX-License-Identifier: MIT
 *
 * A channel on which stations send without asking (ALOHA): what overlaps in time is lost, for all
 * that overlap. A station learns of it after a while and tries again behind a drawn pause. With an
 * offered load of G packets per packet time from many stations so much gets through:
 *
 *     pure      G e^(-2G), at most 0.184
 *     slotted   G e^(-G),  at most 0.368
 */
#ifndef SIM_CONTENTION_H
#define SIM_CONTENTION_H

#include "models/model.h"

typedef struct sim_contention_config {
    uint64_t rate_bytes_per_s; /* not 0 */
    uint32_t overhead_bytes;   /* added to each packet */
    uint64_t slot;        /* transmissions begin at its multiples and take whole ones [0: pure] */
    uint64_t queue_bytes; /* that may wait at each station [65536] */
    uint32_t tries_max;   /* transmissions of one packet [1: a collision loses it] */
    uint64_t feedback;    /* from the end of a transmission until the station knows its fate */
    uint64_t backoff;     /* and the longest pause it then draws, from 0 */
} sim_contention_config;

typedef struct sim_contention sim_contention;

typedef struct sim_contention_counters {
    uint64_t transmissions, collided; /* each try counts */
    uint64_t passed, given_up;        /* packets */
    uint64_t air_time;                /* sum over all transmissions */
} sim_contention_counters;

sim_contention *sim_contention_new(sim_medium *medium, const char *name,
                                   const sim_contention_config *config);
const sim_contention_counters *sim_contention_count(const sim_contention *contention);

/* A station. While its first packet waits to be tried again, so do those behind it. */
sim_model *sim_contention_join(sim_contention *contention, const char *place);

#endif
