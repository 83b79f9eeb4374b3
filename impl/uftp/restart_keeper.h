/* SPDX-License-Identifier: MIT
 *
 * Keeps the restart file of a running session (-f): from the first file on it names everybody, so
 * that a sender that is killed can go on; at the end it names who failed, or goes.
 */
#ifndef UFTP_SENDER_RESTART_KEEPER_H
#define UFTP_SENDER_RESTART_KEEPER_H

#include "runtime/log.h"
#include "uftp/options.h"

typedef struct uftp_restart_keeper {
    const uftp_sender_options *options;
    const uftp_sender *sender;
    uftp_log *log;
    bool begun;     /* the file of the running session has been written */
    bool was_there; /* before that, as it is with -F: then it stays, whoever is served */
} uftp_restart_keeper;

/* Once, when it is known who takes part; further calls do nothing. Nothing happens without -f. */
void uftp_restart_keeper_begin(uftp_restart_keeper *keeper);
/* When the session is over. */
void uftp_restart_keeper_end(uftp_restart_keeper *keeper);

#endif
