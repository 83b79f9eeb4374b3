/* SPDX-License-Identifier: MIT
 *
 * The program that is run for what has arrived (spec cli 6.8). No shell is between: names go over
 * as arguments, whatever characters they hold (design threat 15).
 */
#ifndef UFTP_RECEIVER_SCRIPT_H
#define UFTP_RECEIVER_SCRIPT_H

#include "common/lists.h"

/* Starts `program -I GROUP path...` and does not wait for it. Its stdout and stderr go nowhere,
 * sockets and files of ours are closed in it. Returns 0 or an errno. Children are reaped by the
 * system once uftp_script_init() was called. */
void uftp_script_init(void);
int uftp_script_run(const char *program, uint32_t group, const uftp_strings *paths);

#endif
