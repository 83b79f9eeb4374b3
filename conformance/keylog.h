/* SPDX-License-Identifier: MIT
 *
 * keylog.txt of a capture: lines `LABEL GROUP UID VALUE`, in hex.
 */
#ifndef UFTP_CONFORMANCE_KEYLOG_H
#define UFTP_CONFORMANCE_KEYLOG_H

#include <uftp/core.h>

#define KEYLOG_VALUE_MAX 128

typedef struct keylog keylog;

/* NULL when the folder has none: its session was not encrypted. */
keylog *keylog_open(const char *folder);
void keylog_close(keylog *log); /* NULL is allowed */

/* The first value of a label; returns its length, 0 when there is none. */
size_t keylog_find(const keylog *log, const char *label, uint32_t group, uint32_t uid,
                   uint8_t out[KEYLOG_VALUE_MAX]);

#endif
