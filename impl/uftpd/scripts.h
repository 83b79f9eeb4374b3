/* SPDX-License-Identifier: MIT
 *
 * The post-receive scripts of a receiver: started as files arrive, never waited for, so many at a
 * time, and ended when they take too long. Names come from a sender: it must not be able to fill
 * the machine with processes by sending many small files (design threats 7 and 15).
 */
#ifndef UFTP_RECEIVER_SCRIPTS_H
#define UFTP_RECEIVER_SCRIPTS_H

#include "common/lists.h"
#include "runtime/log.h"

#define UFTP_SCRIPTS_RUNNING_MAX 32   /* further ones wait for one to end */
#define UFTP_SCRIPTS_WAITING_MAX 4096 /* further ones are not run, which the log tells */
#define UFTP_SCRIPT_SECONDS_DEFAULT 3600

typedef struct uftp_scripts_config {
    uftp_log *log;
    const char *program; /* absolute; NULL: there is no script, and run() does nothing */
    uint64_t time_max; /* ns; 0: no limit. Then SIGTERM to its group, five seconds later SIGKILL */
} uftp_scripts_config;

typedef struct uftp_scripts uftp_scripts;

/* NULL without memory. */
uftp_scripts *uftp_scripts_create(const uftp_scripts_config *config);
/* Scripts that run go on, without limit; those that wait are named in the log. NULL is allowed. */
void uftp_scripts_destroy(uftp_scripts *scripts);

/* One call of the script, now or when there is room. `paths` is copied. */
void uftp_scripts_run(uftp_scripts *scripts, const uftp_log_subject *subject,
                      const uftp_strings *paths);
/* Reaps, ends and starts what is due. Cheap when nothing is. */
void uftp_scripts_turn(uftp_scripts *scripts, uint64_t now);
/* When turn() has something to do, UFTP_NEVER when no script runs. */
uint64_t uftp_scripts_deadline(const uftp_scripts *scripts);

#endif
