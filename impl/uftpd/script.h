/* SPDX-License-Identifier: MIT
 *
 * Starts the program that is run for what has arrived (spec cli 6.8). No shell is between: names go
 * over as arguments, whatever characters they hold (design threat 15).
 *
 * Of ours it gets little. Its environment is what is named in uftp_script_environment_names, with a
 * PATH where there is none; descriptors 0 to 2 are /dev/null, all others are closed; signals have
 * their default meaning; and it leads a process group of its own, so that it can be ended together
 * with what it has started.
 */
#ifndef UFTP_RECEIVER_SCRIPT_H
#define UFTP_RECEIVER_SCRIPT_H

#include "common/lists.h"

#include <sys/types.h>

/* Ends with NULL; a name that ends with '_' stands for all that begin so (LC_). */
extern const char *const uftp_script_environment_names[];

/* Starts `program -I GROUP path...` and does not wait for it; who started it must reap it. Returns
 * 0 or an errno. */
int uftp_script_start(const char *program, uint32_t group, const uftp_strings *paths, pid_t *child);

#endif
