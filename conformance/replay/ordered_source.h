/* SPDX-License-Identifier: MIT
 *
 * A sender's files whose directories are listed in a given order, not by name: that of the disk
 * that a captured sender read.
 */
#ifndef REPLAY_ORDERED_SOURCE_H
#define REPLAY_ORDERED_SOURCE_H

#include "engine/memory_source.h"

enum { ORDERED_NAMES_MAX = 400, ORDERED_NAME_LEN_MAX = 301 };

typedef struct ordered_source {
    uftp_source core; /* hand out &ordered->core */
    sim_source files;
    const char *root; /* names are relative to this directory */
    size_t count;
    char names[ORDERED_NAMES_MAX][ORDERED_NAME_LEN_MAX]; /* in their order; the rest goes by name */
} ordered_source;

void ordered_source_init(ordered_source *ordered, const char *root);
void ordered_source_add(ordered_source *ordered, const uint8_t *name, size_t len);
void ordered_source_free(ordered_source *ordered);

#endif
