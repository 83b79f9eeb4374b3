/* SPDX-License-Identifier: MIT
 *
 * The command line of uftp (spec cli 2): argv in, a struct out. Parsing touches neither files nor
 * the network; loading reads the lists that were named.
 */
#ifndef UFTP_SENDER_OPTIONS_H
#define UFTP_SENDER_OPTIONS_H

#include "common/lists.h"
#include "common/options.h"
#include "common/parse.h"

#include <uftp/sender.h>

#define UFTP_SENDER_EXCLUDES_MAX 500 /* spec cli 14 */
#define UFTP_SENDER_BASES_MAX 10

typedef enum uftp_progress_when {
    UFTP_PROGRESS_AUTO, /* on a terminal, without a log file, up to the default log level */
    UFTP_PROGRESS_ALWAYS,
    UFTP_PROGRESS_NEVER
} uftp_progress_when;

typedef struct uftp_sender_options {
    uftp_action action;

    /* What goes to the core as it is: rates, limits, algorithms, modes, uid (0: derive). Its
     * pointers, addresses and the key are filled in by the program. */
    uftp_sender_config core;

    const char *public_address, *private_address; /* -M, -P; the latter NULL: the default */
    const char *port;                             /* -p */
    const char *interface;                        /* -I, NULL: choose */
    uint16_t source_port;                         /* -u, 0: any */
    uint8_t hops;                                 /* -t */
    size_t buffer;                                /* -B, 0: the default */

    const char *key_path; /* -k */
    bool has_key_spec;    /* -K */
    uftp_key_spec key_spec;

    const char *log_path; /* -L */
    int log_level;
    bool timestamps; /* -T */
    uint64_t log_roll_bytes;
    unsigned log_archives;
    const char *status_path;  /* -S */
    const char *key_log_path; /* --keylog */
    uftp_progress_when progress;

    const char *list_path, *exclude_path, *proxy_path; /* -i, -X, -j */
    bool restartable;                                  /* -f, or -F */
    const char *restart_path;                          /* -F */
    char *destination_name;                            /* -D without trailing '/'; own */

    uftp_strings hosts;     /* values of -H, as given */
    uftp_strings base_dirs; /* -E */
    uftp_strings operands;  /* of argv, then those of -i instead */
    bool windows_only;      /* -y was given: has no effect, for a warning */
    size_t operands_unused; /* operands of argv that -i overrides, for a warning */
    uftp_strings excludes;  /* after loading */
    uftp_members members;   /* after loading */
} uftp_sender_options;

extern const uftp_option_table uftp_sender_option_table;

/* Returns 0, or an exit code with the line in *failure. Free in both cases. */
int uftp_sender_options_parse(uftp_sender_options *options, int argc, char **argv,
                              uftp_failure *failure);
/* Reads -i, -H, -j and -X. May ask the resolver. */
int uftp_sender_options_load(uftp_sender_options *options, uftp_failure *failure);
void uftp_sender_options_free(uftp_sender_options *options);

#endif
