/* SPDX-License-Identifier: MIT
 *
 * The command line of uftpproxyd (spec cli 4): argv in, a struct out. Parsing touches neither files
 * nor the network; loading reads the lists and may ask the resolver.
 */
#ifndef UFTP_PROXY_OPTIONS_H
#define UFTP_PROXY_OPTIONS_H

#include "common/lists.h"
#include "common/options.h"
#include "common/parse.h"

#include <uftp/proxy.h>

typedef struct uftp_proxy_options {
    uftp_action action;

    /* What goes to the core as it is: kind, tos, uid (0: derive), port, the interval. Its pointers,
     * lists and the key are filled in by the program. */
    uftp_proxy_config core;

    bool foreground;      /* -d */
    const char *log_path; /* -L, used in the background only */
    int log_level;
    uint64_t log_roll_bytes;
    unsigned log_archives;
    const char *key_log_path; /* --keylog */
    const char *pid_path;     /* -P */
    int nice;                 /* -N */
    bool windows_only;        /* -m was given */
    bool version4_only;       /* -e was given */

    uint16_t port;             /* -p: our own */
    uint16_t downstream_port;  /* -q */
    uint8_t hops;              /* -t */
    size_t buffer;             /* -B, 0: the default */
    const char *interfaces;    /* -I, NULL: choose */
    const char *out_interface; /* -O, NULL: choose */
    uftp_strings groups;       /* -M, or the default */
    const char *downstream;    /* -s, as written */
    uftp_strings heartbeats;   /* -H */
    const char *servers_path;  /* -S */
    const char *clients_path;  /* -C */

    const char *key_path; /* -k: the first */
    bool has_key_spec;    /* -K */
    uftp_key_spec key_spec;

    uftp_downstream relay;         /* after loading: -s */
    uftp_address *heartbeat_hosts; /* own */
    uftp_server_entry *servers;    /* own */
    size_t server_count;
    uftp_members clients;
} uftp_proxy_options;

extern const uftp_option_table uftp_proxy_option_table;

/* Returns 0, or an exit code with the line in *failure. Free in both cases. */
int uftp_proxy_options_parse(uftp_proxy_options *options, int argc, char **argv,
                             uftp_failure *failure);
/* Reads -S and -C, resolves -s and -H. */
int uftp_proxy_options_load(uftp_proxy_options *options, uftp_failure *failure);
void uftp_proxy_options_free(uftp_proxy_options *options);

#endif
