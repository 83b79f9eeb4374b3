/* SPDX-License-Identifier: MIT
 *
 * The command line of uftpd (spec cli 3): argv in, a struct out. Parsing touches neither files nor
 * the network; loading reads the server list.
 */
#ifndef UFTP_RECEIVER_OPTIONS_H
#define UFTP_RECEIVER_OPTIONS_H

#include "common/lists.h"
#include "common/options.h"
#include "common/parse.h"

#include <uftp/receiver.h>

typedef struct uftp_receiver_options {
    uftp_action action;

    /* What goes to the core as it is: modes, tos, uid (0: derive). Its pointers, lists and the key
     * are filled in by the program. */
    uftp_receiver_config core;

    bool foreground;      /* -d */
    const char *log_path; /* -L, used in the background only */
    int log_level;
    uint64_t log_roll_bytes;
    unsigned log_archives;
    const char *status_path;  /* -F */
    const char *key_log_path; /* --keylog */
    const char *pid_path;     /* -P */
    const char *script;       /* -s, absolute */
    uint64_t script_time_max; /* --script-time, ns; 0: no limit */
    int nice;                 /* -N */
    bool windows_only;        /* -m was given: has no effect, for a warning */

    uint16_t port;
    bool share_port;          /* --share-port */
    size_t buffer;            /* -B, 0: the default */
    const char *interfaces;   /* -I, NULL: choose */
    uftp_strings groups;      /* -M, or the default */
    const char *servers_path; /* -S */
    const char *proxies_path; /* -R */

    uftp_strings destinations; /* -D, or the default */
    uftp_strings backups;      /* -A */
    const char *temp;          /* -T */

    const char *key_path; /* -k */
    bool has_key_spec;    /* -K */
    uftp_key_spec key_spec;

    uftp_server_entry *servers; /* after loading; own */
    size_t server_count;
    uftp_proxy_entry *proxies; /* the same */
    size_t proxy_count;
} uftp_receiver_options;

extern const uftp_option_table uftp_receiver_option_table;

/* Returns 0, or an exit code with the line in *failure. Free in both cases. */
int uftp_receiver_options_parse(uftp_receiver_options *options, int argc, char **argv,
                                uftp_failure *failure);
/* Reads -S. May ask the resolver. */
int uftp_receiver_options_load(uftp_receiver_options *options, uftp_failure *failure);
void uftp_receiver_options_free(uftp_receiver_options *options);

#endif
