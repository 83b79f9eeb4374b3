/* SPDX-License-Identifier: MIT
 *
 * Every event of every core as a line of text: the log that a thousand programs would have written.
 */
#ifndef SIM_RUN_EVENTLOG_H
#define SIM_RUN_EVENTLOG_H

#include "engine/world.h"

#include <stdio.h>

typedef struct sim_eventlog {
    FILE *file;
    sim_tap tap;
} sim_eventlog;

/* False with a line on stderr. */
bool sim_eventlog_open(sim_eventlog *log, const char *path);
bool sim_eventlog_close(sim_eventlog *log); /* false when it could not be written whole */

#endif
