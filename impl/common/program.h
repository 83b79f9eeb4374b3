/* SPDX-License-Identifier: MIT
 *
 * Steps that every program takes alike.
 */
#ifndef UFTP_COMMON_PROGRAM_H
#define UFTP_COMMON_PROGRAM_H

#include "common/options.h"
#include "runtime/log.h"

/* --help and --version, on stdout. False when there is something else to do. */
bool uftp_program_informs(const uftp_option_table *table, uftp_action action);

/* Opens the log, or says why not. Returns 0, UFTP_EXIT_LOG or UFTP_EXIT_SYSTEM. */
int uftp_program_log_open(const uftp_log_config *config, uftp_log **out, uftp_failure *failure);

#endif
