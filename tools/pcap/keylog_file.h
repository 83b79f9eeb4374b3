/* SPDX-License-Identifier: MIT
 *
 * A key log in a file, which may grow while it is read: a live capture decrypts what the programs
 * it watches have just written.
 */
#ifndef CAP_KEYLOG_FILE_H
#define CAP_KEYLOG_FILE_H

#include "keylog.h"

#include <stdio.h>

typedef struct cap_keylog_file { /* {0} is a closed one */
    FILE *file;
    uint64_t bytes; /* read so far */
    long lines;
    char *rest; /* the beginning of a line whose end is still to come */
    size_t rest_len;
} cap_keylog_file;

/* 0, or -1: errno says why. */
int cap_keylog_file_open(cap_keylog_file *file, const char *path);
void cap_keylog_file_close(cap_keylog_file *file);

/* Adds what has come since the last call; with `whole`, a last line without its end, too. *grown
 * says whether there was anything. Returns 0; the number of a line that is none, from 1; -1: it
 * cannot be read, or is too large. */
long cap_keylog_file_read(cap_keylog_file *file, cap_keylog *log, bool whole, bool *grown);

#endif
