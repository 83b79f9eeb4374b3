/* SPDX-License-Identifier: MIT
 *
 * A sender's files in memory: a tree that a test fills, behind the core's source table.
 */
#ifndef SIM_MEMORY_SOURCE_H
#define SIM_MEMORY_SOURCE_H

#include "engine/tree.h"

typedef struct sim_source {
    uftp_source core;      /* hand out &source->core; the struct must not move */
    sim_entry *root;       /* "/"; relative paths begin here, too */
    uint64_t reads;        /* so far */
    uint64_t read_fail_at; /* the read with this number, from 1, is IO; 0: none */
    uint32_t open_count;   /* files and directories not yet closed */
} sim_source;

void sim_source_init(sim_source *source);
void sim_source_free(sim_source *source); /* everything has been closed */

/* Each makes the directories on its way and replaces a file or link that was there. `mtime` in
 * seconds since the epoch. */
sim_entry *sim_source_file(sim_source *source, const char *path, const void *bytes, size_t len,
                           uint64_t mtime);
sim_entry *sim_source_generated(sim_source *source, const char *path, uint64_t seed, uint64_t size,
                                uint64_t mtime);
sim_entry *sim_source_dir(sim_source *source, const char *path);
sim_entry *sim_source_link(sim_source *source, const char *path, const char *target);

#endif
