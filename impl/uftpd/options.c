/* SPDX-License-Identifier: MIT */
#include "uftpd/options.h"

#include "runtime/log.h"
#include "uftpd/scripts.h"

#include <stdlib.h>
#include <string.h>

enum {
    OPTION_SHARE_PORT = UFTP_OPTION_OWN,
    OPTION_REFUSE_DELETE,
    OPTION_SYNC_TO_DISK,
    OPTION_KEYLOG,
    OPTION_LEGACY_CRYPTO,
    OPTION_SCRIPT_TIME,
};

#define GROUP_DEFAULT "230.4.4.1"
#define DESTINATION_DEFAULT "/tmp"
#define GROUPS_MAX 200    /* spec cli 14 */
#define DIRECTORY_MAX 199 /* bytes; backup directories may be longer */
#define BACKUP_MAX 599

static const uftp_option items[] = {
    {'d', "foreground", NULL, NULL, "stay in the foreground and log to stderr (no -L, -g, -n, -P)"},
    {'D', "destination", "DIR,...", DESTINATION_DEFAULT,
     "where files go; relative names to the first, absolute\n"
     "names must lie in one of them; absolute, at most 10"},
    {'T', "temp-directory", "DIR", NULL,
     "receive here and move everything to -D at the end of a\n"
     "session; same file system; needed for restarts"},
    {'i', "move-individually", NULL, NULL, "with -T: move file by file, merging directories"},
    {'t', "temp-file", NULL, NULL,
     "receive into a temporary name next to the file and rename\nit at the end (always so)"},
    {'A', "backup", "DIR,...", NULL, "keep what is replaced or deleted below these, one per -D"},
    {'c', "cache", "BYTES", "1048576", "10240 to 20971520; accepted, the system's cache does it"},
    {'s', "script", "FILE", NULL, "program to run as FILE -I GROUP PATH... for what arrived"},
    {OPTION_SCRIPT_TIME, "script-time", "SECONDS", "3600",
     "end a script that runs longer, 0 to 604800; 0: no limit"},

    {'M', "public", "ADDRESS,...", GROUP_DEFAULT, "groups to listen on, IPv4 and IPv6"},
    {'p', "port", "PORT", "1044", "UDP port to listen on"},
    {'I', "interface", "INTERFACE,...", "all that are up, but loopback",
     "where to join groups: name, name/4, name/6, index, host or\n"
     "IP; the first gives the UID"},
    {'U', "uid", "HEX", "from the interface", "our UID; no two receivers may share one"},
    {OPTION_SHARE_PORT, "share-port", NULL, NULL,
     "several receivers on this host use the port together (each\n"
     "with its own -U); multicast only"},
    {'B', "buffer", "BYTES", "as large as allowed, up to 4194304", "socket receive buffer"},
    {'Q', "dscp", "DSCP", "0", "DSCP of replies, 0 to 63"},
    {'o', "source-specific", NULL, NULL,
     "join groups for the servers of -S only (SSM); needs -S, and\n-M in 232/8 or ff3x"},

    {'S', "servers", "FILE", "any", "senders to accept, lines UID|IP|PROXYUID[|FINGERPRINT]"},
    {'E', "encrypted-only", NULL, NULL, "refuse sessions that are not encrypted"},
    {OPTION_LEGACY_CRYPTO, "legacy-crypto", NULL, NULL,
     "take part in sessions of version 4 with broken cryptography\n(CBC, SHA-1, RSA key exchange)"},
    {OPTION_REFUSE_DELETE, "refuse-delete", NULL, NULL, "reject requests to delete files"},
    {'k', "key", "FILE", NULL, "signing key (PEM) to read; with -K: to make and write"},
    {'K', "new-key", "TYPE", "ec:secp256r1, for this run",
     "make a signing key: rsa:BITS or ec:CURVE"},
    {OPTION_SYNC_TO_DISK, "sync-to-disk", NULL, NULL,
     "flush each file to the disk before it is confirmed"},

    {'x', "log-level", "LEVEL", "2", "0: failures only ... 5: each packet"},
    {'L', "log", "FILE", "/tmp/uftpd.log", "log file; relative names start from /"},
    {'g', "log-size", "MB", NULL, "roll the log file when it is larger, 1 to 1024"},
    {'n', "log-count", "N", "5", "rolled log files to keep, 1 to 1000"},
    {'F', "status", "FILE", NULL, "append status records to a file; @LOG: to the log"},
    {'P', "pid-file", "FILE", NULL, "write the process ID there"},
    {'N', "nice", "N", "0", "process priority, -20 to 19"},
    {'q', "no-names", NULL, NULL, "accepted: senders' names are never looked up"},

    {'H', "heartbeat-hosts", "HOST,...", NULL, "not implemented yet"},
    {'h', "heartbeat-interval", "SECONDS", NULL, "not implemented yet"},
    {'R', "proxies", "FILE", NULL,
     "keys of the proxies that -S names, lines\nUID|IP[|FINGERPRINT]"},
    {'r', "response-proxy", "HOST", NULL, "not implemented yet"},
    {'m', "machine-keys", NULL, NULL, "accepted, does nothing (Windows)"},
    {OPTION_KEYLOG, "keylog", "FILE", NULL,
     "append the secrets of all sessions to a file: who has it can\nread captures (also: "
     "$UFTPKEYLOGFILE)"},
    {UFTP_OPTION_HELP, "help", NULL, NULL, "print this and exit"},
    {UFTP_OPTION_VERSION, "version", NULL, NULL, "print the version and exit"},
};

const uftp_option_table uftp_receiver_option_table = {
    .program = "uftpd",
    .synopsis = "[options]",
    .summary = "Receives files from uftp senders and writes them below a directory.",
    .items = items,
    .count = sizeof items / sizeof *items,
};

static int parse_absolute(const uftp_option_use *use, const char **out, uftp_failure *failure)
{
    if (use->value[0] != '/')
        return uftp_parse_refuse(use, failure, "an absolute path");
    if (strlen(use->value) > DIRECTORY_MAX)
        return uftp_parse_refuse(use, failure, "a path of at most %d bytes", DIRECTORY_MAX);
    *out = use->value;
    return 0;
}

/* The last use of an option that takes a list counts. */
static int parse_list(const uftp_option_use *use, uftp_strings *out, uftp_failure *failure)
{
    uftp_strings_free(out);
    int code = uftp_strings_add_list(out, use->value, failure);
    if (!code && !out->count)
        code = uftp_parse_refuse(use, failure, "a list with anything in it");
    return code;
}

static int parse_directories(const uftp_option_use *use, size_t len_max, uftp_strings *out,
                             uftp_failure *failure)
{
    int code = parse_list(use, out, failure);
    if (code)
        return code;
    if (out->count > UFTP_DESTINATIONS_MAX)
        return uftp_parse_refuse(use, failure, "a list of at most %d directories",
                                 UFTP_DESTINATIONS_MAX);
    for (size_t i = 0; i < out->count; i++) {
        if (out->items[i][0] != '/')
            return uftp_parse_refuse(use, failure, "a list of absolute paths");
        if (strlen(out->items[i]) > len_max)
            return uftp_parse_refuse(use, failure, "a list of paths of at most %zu bytes", len_max);
    }
    return 0;
}

static int take_files(uftp_receiver_options *o, const uftp_option_use *use, uftp_failure *failure)
{
    uint64_t value = 0;
    int code;
    switch (use->option->id) {
    case 'D':
        return parse_directories(use, DIRECTORY_MAX, &o->destinations, failure);
    case 'T':
        o->core.temp_directory = true;
        return parse_absolute(use, &o->temp, failure);
    case 'i':
        o->core.move_individually = true;
        return 0;
    case 't': /* checked against -T below */
        return 0;
    case 'A':
        o->core.backup = true;
        return parse_directories(use, BACKUP_MAX, &o->backups, failure);
    case 'c':
        return uftp_parse_number(use, &(uftp_range){.min = 10240, .max = 20971520, .unit = "bytes"},
                                 &value, failure);
    case 's':
        return parse_absolute(use, &o->script, failure);
    case OPTION_SCRIPT_TIME:
        code = uftp_parse_number(
            use, &(uftp_range){.min = 0, .max = UINT64_C(7) * 86400, .unit = "seconds"}, &value,
            failure);
        o->script_time_max = UFTP_S(value);
        return code;
    case OPTION_REFUSE_DELETE:
        o->core.refuse_delete = true;
        return 0;
    case OPTION_SYNC_TO_DISK:
        o->core.sync_to_disk = true;
        return 0;
    }
    return -1; /* not of this kind */
}

static int take_network(uftp_receiver_options *o, const uftp_option_use *use, uftp_failure *failure)
{
    uint64_t value = 0;
    int code;
    switch (use->option->id) {
    case 'M':
        return parse_list(use, &o->groups, failure);
    case 'p':
        code = uftp_parse_number(use, &(uftp_range){.min = 1, .max = UINT16_MAX}, &value, failure);
        o->port = (uint16_t)value;
        return code;
    case 'I':
        return uftp_parse_text(use, &o->interfaces, failure);
    case 'U':
        return uftp_parse_uid(use, &o->core.uid, failure);
    case OPTION_SHARE_PORT:
        o->share_port = true;
        return 0;
    case 'B':
        return uftp_parse_buffer(use, &o->buffer, failure);
    case 'Q':
        return uftp_parse_dscp(use, &o->core.tos, failure);
    case 'o':
        o->core.source_specific = true;
        return 0;
    case 'S':
        return uftp_parse_text(use, &o->servers_path, failure);
    case 'E':
        o->core.encrypted_only = true;
        return 0;
    case OPTION_LEGACY_CRYPTO:
        o->core.legacy_crypto = true;
        return 0;
    case 'k':
        return uftp_parse_text(use, &o->key_path, failure);
    case 'K':
        code = uftp_parse_key_spec(use, &o->key_spec, failure);
        o->has_key_spec = code == 0;
        return code;
    case 'H':
    case 'h':
        return uftp_option_missing(use, "sending heartbeats", failure);
    case 'R':
        return uftp_parse_text(use, &o->proxies_path, failure);
    case 'r':
        return uftp_option_missing(use, "receiving through proxies of version 4", failure);
    }
    return -1;
}

static int take_process(uftp_receiver_options *o, const uftp_option_use *use, uftp_failure *failure)
{
    switch (use->option->id) {
    case 'd':
        o->foreground = true;
        return 0;
    case 'x':
        return uftp_parse_log_level(use, &o->log_level, failure);
    case 'L':
        return uftp_parse_text(use, &o->log_path, failure);
    case 'g':
        return uftp_parse_log_size(use, &o->log_roll_bytes, failure);
    case 'n':
        return uftp_parse_log_count(use, &o->log_archives, failure);
    case 'F':
        return uftp_parse_text(use, &o->status_path, failure);
    case 'P':
        return uftp_parse_text(use, &o->pid_path, failure);
    case OPTION_KEYLOG:
        return uftp_parse_text(use, &o->key_log_path, failure);
    case 'N':
        return uftp_parse_signed(use, -20, 19, &o->nice, failure);
    case 'm':
        o->windows_only = true;
        return 0;
    }
    return 0; /* -q */
}

typedef struct parser {
    uftp_receiver_options *options;
    bool temp_file; /* -t */
} parser;

static int take(void *ctx, const uftp_option_use *use, uftp_failure *failure)
{
    static int (*const kinds[])(uftp_receiver_options *, const uftp_option_use *,
                                uftp_failure *) = {take_files, take_network, take_process};
    parser *p = ctx;
    p->temp_file |= use->option->id == 't';
    int code = -1;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds && code < 0; i++)
        code = kinds[i](p->options, use, failure);
    return code;
}

/* spec cli 3: what excludes what. */
static int check(const uftp_receiver_options *o, bool temp_file, uftp_failure *failure)
{
    const char *text = NULL;
    if (temp_file && o->temp)
        text = "-t/--temp-file and -T/--temp-directory cannot be used together";
    else if (o->temp && o->backups.count)
        text = "-A/--backup and -T/--temp-directory cannot be used together";
    else if (o->temp && o->destinations.count > 1)
        text = "-T/--temp-directory cannot be used with several directories in -D";
    else if (o->backups.count && o->backups.count != o->destinations.count)
        text = "-A/--backup needs as many directories as -D/--destination";
    else if (o->core.source_specific && !o->servers_path)
        text = "-o/--source-specific needs a server list (-S)";
    else if (o->groups.count > GROUPS_MAX)
        text = "-M/--public: more than 200 addresses";
    return text ? uftp_fail(failure, UFTP_EXIT_ARGUMENTS, "%s", text) : 0;
}

int uftp_receiver_options_parse(uftp_receiver_options *options, int argc, char **argv,
                                uftp_failure *failure)
{
    *options = (uftp_receiver_options){
        .log_path = "/tmp/uftpd.log",
        .log_level = UFTP_LOG_LEVEL_DEFAULT,
        .log_archives = UFTP_LOG_ARCHIVES_DEFAULT,
        .port = 1044,
        .script_time_max = UFTP_S(UFTP_SCRIPT_SECONDS_DEFAULT),
    };
    parser p = {.options = options};
    int first;
    int code = uftp_option_scan(&uftp_receiver_option_table, argc, argv, take, &p, &options->action,
                                &first, failure);
    if (code || options->action != UFTP_ACTION_RUN)
        return code;
    if (first < argc)
        return uftp_fail(failure, UFTP_EXIT_ARGUMENTS,
                         "unexpected operand '%s'; try 'uftpd --help'", argv[first]);
    if (!options->destinations.count)
        code = uftp_strings_add_list(&options->destinations, DESTINATION_DEFAULT, failure);
    if (!code && !options->groups.count)
        code = uftp_strings_add_list(&options->groups, GROUP_DEFAULT, failure);
    return code ? code : check(options, p.temp_file, failure);
}

int uftp_receiver_options_load(uftp_receiver_options *options, uftp_failure *failure)
{
    int code = 0;
    if (options->servers_path)
        code = uftp_servers_read(options->servers_path, &options->servers, &options->server_count,
                                 failure);
    if (code || !options->proxies_path)
        return code;
    uftp_server_entry *peers = NULL;
    size_t count = 0;
    code = uftp_peers_read(options->proxies_path, &peers, &count, failure);
    if (!code && !(options->proxies = calloc(count, sizeof *options->proxies)))
        code = uftp_fail_memory(failure);
    for (size_t i = 0; !code && i < count; i++) {
        uftp_proxy_entry *proxy = &options->proxies[options->proxy_count++];
        *proxy =
            (uftp_proxy_entry){.uid = peers[i].uid, .has_fingerprint = peers[i].has_fingerprint};
        memcpy(proxy->fingerprint, peers[i].fingerprint, sizeof proxy->fingerprint);
    }
    free(peers);
    return code;
}

void uftp_receiver_options_free(uftp_receiver_options *options)
{
    uftp_strings_free(&options->groups);
    uftp_strings_free(&options->destinations);
    uftp_strings_free(&options->backups);
    free(options->servers);
    free(options->proxies);
    options->servers = NULL;
    options->proxies = NULL;
}
