/* SPDX-License-Identifier: MIT
 *
 * The report of a run in words, and the same as JSON.
 */
#ifndef SIM_RUN_SUMMARY_H
#define SIM_RUN_SUMMARY_H

#include "run/watch.h"

#include <stdio.h>

/* The last line is "digest: HEX". */
void sim_summary_print(const sim_watch *watch, FILE *out);
/* False when it cannot be written. */
bool sim_summary_json(const sim_watch *watch, FILE *out);

/* "1.234 s", in `out`. */
#define SIM_TIME_TEXT 32
char *sim_time_text(uint64_t time, char out[SIM_TIME_TEXT]);
/* "12.3 MB" */
char *sim_bytes_text(uint64_t bytes, char out[SIM_TIME_TEXT]);

extern const char *const sim_phase_names[SIM_PHASES];

#endif
