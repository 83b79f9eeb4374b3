/* SPDX-License-Identifier: MIT
 *
 * Where status records go (spec cli 7): a file that is appended to, or the log ("@LOG").
 */
#ifndef UFTP_COMMON_RECORD_H
#define UFTP_COMMON_RECORD_H

#include "common/failure.h"
#include "runtime/log.h"

#include <stdio.h>

#define UFTP_RECORD_MAX 4096 /* bytes of a record with its NUL: two names, escaped, and numbers */

typedef struct uftp_record_sink {
    FILE *file;    /* NULL: none, or the log */
    uftp_log *log; /* set for "@LOG" */
} uftp_record_sink;

/* `path` NULL leaves the sink closed; records then go nowhere. 0 or UFTP_EXIT_ARGUMENTS. */
int uftp_record_open(uftp_record_sink *sink, const char *path, uftp_log *log,
                     uftp_failure *failure);
void uftp_record_close(uftp_record_sink *sink);
/* One record without its newline, written and flushed at once. False when the file took it not. */
bool uftp_record_write(uftp_record_sink *sink, const char *record);

#endif
