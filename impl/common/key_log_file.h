/* SPDX-License-Identifier: MIT
 *
 * The secrets of sessions in a file, for someone who is to read a capture of them
 * (docs/captures.md). Off unless asked for by option or environment.
 */
#ifndef UFTP_COMMON_KEY_LOG_FILE_H
#define UFTP_COMMON_KEY_LOG_FILE_H

#include "common/failure.h"

#include <stdbool.h>
#include <uftp/key.h>

/* Names the file where no option does. Not looked at in a program that runs with rights its caller
 * does not have. */
#define UFTP_KEY_LOG_VARIABLE "UFTPKEYLOGFILE"

typedef struct uftp_key_log_file { /* {0}: not open */
    uftp_key_log log; /* hand out &file->log, when open; the struct must not move then */
    int fd;
    bool is_open;
    bool failed; /* something could not be written */
} uftp_key_log_file;

/* The file to write: `option` if given, else what the environment says; NULL: none. */
const char *uftp_key_log_choose(const char *option);
/* Appends to the file, which is made with mode 0600. A NULL path opens nothing. 0 or an exit code.
 */
int uftp_key_log_open(uftp_key_log_file *file, const char *path, uftp_failure *failure);
/* What the core's configuration takes: NULL when nothing is open. */
const uftp_key_log *uftp_key_log_table(const uftp_key_log_file *file);
/* False: not all secrets are in the file. */
bool uftp_key_log_close(uftp_key_log_file *file);

#endif
