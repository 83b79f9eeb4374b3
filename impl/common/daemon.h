/* SPDX-License-Identifier: MIT
 *
 * Going into the background (spec cli 11).
 */
#ifndef UFTP_COMMON_DAEMON_H
#define UFTP_COMMON_DAEMON_H

#include "common/failure.h"
#include "runtime/entropy.h"
#include "runtime/log.h"

/* A path of a daemon's own files: relative ones are relative to "/", where it will live. Returns
 * `out`, or NULL when it does not fit. */
#define UFTP_DAEMON_PATH_MAX 4096
const char *uftp_daemon_path(const char *path, char out[UFTP_DAEMON_PATH_MAX]);

/* Opens the pid file, so that what is wrong with it is said while there is a terminal. */
int uftp_daemon_pid_open(const char *path, int *fd, uftp_failure *failure);

/* What goes with it into the background. */
typedef struct uftp_daemon {
    uftp_entropy *entropy;
    int pid_fd; /* -1: none; closed when the pid has been written */
    const char *pid_path;
    uftp_log *log;
} uftp_daemon;

/* The parent ends with exit code 0 here; the child goes on in a session of its own, in "/", with
 * umask 0 and stdin and stdout at /dev/null; stderr stays: it is the log by then. */
int uftp_daemon_detach(const uftp_daemon *daemon, uftp_failure *failure);

/* Not to get it is no reason to stop: the log tells. */
void uftp_daemon_set_priority(int priority, uftp_log *log);

#endif
