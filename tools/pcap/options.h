/* SPDX-License-Identifier: MIT
 *
 * The command line of uftp-pcap.
 */
#ifndef CAP_OPTIONS_H
#define CAP_OPTIONS_H

#include "common/options.h"
#include "secrets.h"

#include <stdint.h>

typedef enum cap_command { CAP_DUMP, CAP_CHECK, CAP_EXTRACT, CAP_STATS, CAP_DECRYPT } cap_command;

typedef struct cap_options {
    cap_command command;
    const char *path;                       /* the capture; NULL: live */
    const char *device;                     /* live: the interface */
    const char *filter;                     /* NULL: none */
    const char *keylog;                     /* NULL: none */
    const char *keys[CAP_PRIVATE_KEYS_MAX]; /* files */
    size_t key_count;
    const char *output;  /* folder of extract */
    const char *written; /* the capture that decrypt writes */
    uint64_t count;      /* stop after so many frames; 0: none */
    bool verbose, json, utc, quiet;
    bool rules; /* check: list them, and read nothing */
} cap_options;

/* 0 or an exit code; *action says what to do on 0. Strings point into argv. */
int cap_options_read(int argc, char **argv, cap_options *out, uftp_action *action,
                     uftp_failure *failure);
extern const uftp_option_table cap_option_table;

#endif
