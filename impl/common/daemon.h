/* SPDX-License-Identifier: MIT
 *
 * Going into the background (spec cli 11).
 */
#ifndef UFTP_COMMON_DAEMON_H
#define UFTP_COMMON_DAEMON_H

#include "common/failure.h"

/* A path of a daemon's own files: relative ones are relative to "/", where it will live. Returns
 * `out`, or NULL when it does not fit. */
#define UFTP_DAEMON_PATH_MAX 4096
const char *uftp_daemon_path(const char *path, char out[UFTP_DAEMON_PATH_MAX]);

/* Opens the pid file, so that what is wrong with it is said while there is a terminal. */
int uftp_daemon_pid_open(const char *path, int *fd, uftp_failure *failure);
/* "%d\n" of this process, and closes it. Returns 0 or an errno. */
int uftp_daemon_pid_write(int fd);

/* The parent ends with exit code 0 here; the child goes on in a session of its own, in "/", with
 * umask 0 and stdin and stdout at /dev/null; stderr stays: it is the log by then. */
int uftp_daemon_enter(uftp_failure *failure);

#endif
