/* SPDX-License-Identifier: MIT */
#include "uftpproxyd/options.h"

#include "runtime/log.h"
#include "runtime/resolve.h"

#include <stdlib.h>
#include <string.h>

enum { OPTION_KEYLOG = UFTP_OPTION_OWN };

#define GROUP_DEFAULT "230.4.4.1"
#define GROUPS_MAX 200 /* spec cli 14 */
#define PORT_DEFAULT 1044

static const uftp_option items[] = {
    {'s', "server", "HOST", NULL,
     "server proxy: relay to this host, or to whoever proves by\n"
     "heartbeats to hold the key fp=FINGERPRINT"},
    {'c', "client", NULL, NULL, "client proxy: relay to the groups of this network"},
    {'r', "response", NULL, NULL, "response proxy: only answers pass"},

    {'p', "port", "PORT", "1044", "UDP port to listen on and to send from"},
    {'q', "downstream-port", "PORT", "1044",
     "port of the client proxy (-s) or of the receivers (-c)"},
    {'M', "public", "ADDRESS,...", GROUP_DEFAULT, "groups to listen on (-s, -r)"},
    {'I', "interface", "INTERFACE,...", "all that are up, but loopback",
     "where to join groups; the first gives the UID"},
    {'O', "out-interface", "INTERFACE", "the first of -I", "where multicast leaves (-c, -r)"},
    {'t', "ttl", "TTL", "1", "of the multicast that is sent, 1 to 255"},
    {'U', "uid", "HEX", "from the interface", "our UID; nobody else's, not a receiver's here"},
    {'B', "buffer", "BYTES", "as large as allowed, up to 4194304", "socket receive buffer"},
    {'Q', "dscp", "DSCP", "0", "DSCP of what is sent, 0 to 63"},
    {'o', "source-specific", NULL, NULL, "join groups for the servers of -S only (SSM)"},

    {'H', "heartbeat-hosts", "HOST[:PORT],...", NULL, "tell these proxies where we are"},
    {'h', "heartbeat-interval", "SECONDS", "20", "so often, 1 to 3600"},

    {'S', "servers", "FILE", "any", "senders to accept, lines UID|IP[|FINGERPRINT]"},
    {'C', "clients", "FILE", "any", "receivers to accept, lines UID[|FINGERPRINT]"},
    {'k', "key", "FILE,...", NULL,
     "signing key (PEM) to read, the first counts; with -K: to\nmake and write"},
    {'K', "new-key", "TYPE,...", "ec:secp256r1, for this run",
     "make a signing key: rsa:BITS or ec:CURVE; the first counts"},
    {'e', "curve", "CURVE", NULL, "accepted, does nothing: for sessions of version 4"},

    {'d', "foreground", NULL, NULL, "stay in the foreground and log to stderr (no -L, -g, -n, -P)"},
    {'x', "log-level", "LEVEL", "2", "0: failures only ... 5: each packet"},
    {'L', "log", "FILE", "/tmp/uftpproxyd.log", "log file; relative names start from /"},
    {'g', "log-size", "MB", NULL, "roll the log file when it is larger, 1 to 1024"},
    {'n', "log-count", "N", "5", "rolled log files to keep, 1 to 1000"},
    {'P', "pid-file", "FILE", NULL, "write the process ID there"},
    {'N', "nice", "N", "0", "process priority, -20 to 19"},
    {'m', "machine-keys", NULL, NULL, "accepted, does nothing (Windows)"},
    {OPTION_KEYLOG, "keylog", "FILE", NULL,
     "append the secrets of all sessions to a file: who has it can\nread captures (also: "
     "$UFTPKEYLOGFILE)"},
    {UFTP_OPTION_HELP, "help", NULL, NULL, "print this and exit"},
    {UFTP_OPTION_VERSION, "version", NULL, NULL, "print the version and exit"},
};

const uftp_option_table uftp_proxy_option_table = {
    .program = "uftpproxyd",
    .synopsis = "-s HOST|fp=FINGERPRINT [options]\n-c [options]\n-r [options]",
    .summary = "Carries UFTP sessions through networks without multicast, and through NATs.",
    .items = items,
    .count = sizeof items / sizeof *items,
};

static int parse_list(const uftp_option_use *use, uftp_strings *out, uftp_failure *failure)
{
    uftp_strings_free(out);
    int code = uftp_strings_add_list(out, use->value, failure);
    if (!code && !out->count)
        code = uftp_parse_refuse(use, failure, "a list with anything in it");
    return code;
}

/* The first of a list, which the list itself need not outlive. */
static int parse_first(const uftp_option_use *use, uftp_option_use *first, char *text, size_t size,
                       uftp_failure *failure)
{
    size_t len = strcspn(use->value, ",");
    if (len == 0 || len >= size)
        return uftp_parse_refuse(use, failure, "a list with anything usable in it");
    memcpy(text, use->value, len);
    text[len] = '\0';
    *first = (uftp_option_use){.option = use->option, .value = text};
    return 0;
}

static int parse_port(const uftp_option_use *use, uint16_t *out, uftp_failure *failure)
{
    uint64_t value = 0;
    int code = uftp_parse_number(use, &(uftp_range){.min = 1, .max = UINT16_MAX}, &value, failure);
    *out = (uint16_t)value;
    return code;
}

typedef struct parser {
    uftp_proxy_options *options;
    unsigned kinds; /* of -s, -c, -r */
} parser;

static int take_kind(parser *p, const uftp_option_use *use, uftp_failure *failure)
{
    uftp_proxy_options *o = p->options;
    switch (use->option->id) {
    case 's':
        p->kinds++;
        o->core.kind = UFTP_PROXY_SERVER;
        return uftp_parse_text(use, &o->downstream, failure);
    case 'c':
        p->kinds++;
        o->core.kind = UFTP_PROXY_CLIENT;
        return 0;
    case 'r':
        p->kinds++;
        o->core.kind = UFTP_PROXY_RESPONSE;
        return 0;
    }
    return -1; /* not of this kind */
}

static int take_network(parser *p, const uftp_option_use *use, uftp_failure *failure)
{
    uftp_proxy_options *o = p->options;
    uint64_t value = 0;
    int code;
    switch (use->option->id) {
    case 'p':
        return parse_port(use, &o->port, failure);
    case 'q':
        return parse_port(use, &o->downstream_port, failure);
    case 'M':
        return parse_list(use, &o->groups, failure);
    case 'I':
        return uftp_parse_text(use, &o->interfaces, failure);
    case 'O':
        return uftp_parse_text(use, &o->out_interface, failure);
    case 't':
        code = uftp_parse_number(use, &(uftp_range){.min = 1, .max = 255}, &value, failure);
        o->hops = (uint8_t)value;
        return code;
    case 'U':
        return uftp_parse_uid(use, &o->core.uid, failure);
    case 'B':
        return uftp_parse_buffer(use, &o->buffer, failure);
    case 'Q':
        return uftp_parse_dscp(use, &o->core.tos, failure);
    case 'o':
        o->core.source_specific = true;
        return 0;
    case 'H':
        return parse_list(use, &o->heartbeats, failure);
    case 'h':
        code = uftp_parse_number(use, &(uftp_range){.min = 1, .max = 3600, .unit = "seconds"},
                                 &value, failure);
        o->core.heartbeat_interval = UFTP_S(value);
        return code;
    }
    return -1;
}

static int take_keys(parser *p, const uftp_option_use *use, uftp_failure *failure)
{
    uftp_proxy_options *o = p->options;
    char text[64];
    uftp_option_use first;
    uftp_curve unused;
    int code;
    switch (use->option->id) {
    case 'S':
        return uftp_parse_text(use, &o->servers_path, failure);
    case 'C':
        return uftp_parse_text(use, &o->clients_path, failure);
    case 'k':
        return uftp_parse_text(use, &o->key_path, failure);
    case 'K':
        code = parse_first(use, &first, text, sizeof text, failure);
        if (!code)
            code = uftp_parse_key_spec(&first, &o->key_spec, failure);
        o->has_key_spec = code == 0;
        return code;
    case 'e':
        o->version4_only = true;
        return uftp_parse_curve(use, &unused, failure);
    }
    return -1;
}

static int take_process(parser *p, const uftp_option_use *use, uftp_failure *failure)
{
    uftp_proxy_options *o = p->options;
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
    case 'P':
        return uftp_parse_text(use, &o->pid_path, failure);
    case OPTION_KEYLOG:
        return uftp_parse_text(use, &o->key_log_path, failure);
    case 'N':
        return uftp_parse_signed(use, -20, 19, &o->nice, failure);
    }
    o->windows_only = true; /* -m */
    return 0;
}

static int take(void *ctx, const uftp_option_use *use, uftp_failure *failure)
{
    static int (*const kinds[])(parser *, const uftp_option_use *, uftp_failure *) = {
        take_kind, take_network, take_keys, take_process};
    int code = -1;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds && code < 0; i++)
        code = kinds[i](ctx, use, failure);
    return code;
}

static int check(const uftp_proxy_options *o, unsigned kinds, uftp_failure *failure)
{
    const char *text = NULL;
    if (kinds == 0)
        text = "Either -s, -c, or -r must be specified";
    else if (kinds > 1)
        text = "Only one of -s, -c, and -r may be specified";
    else if (o->core.source_specific && !o->servers_path)
        text = "-o/--source-specific needs a server list (-S)";
    else if (o->groups.count > GROUPS_MAX)
        text = "-M/--public: more than 200 addresses";
    else if (o->heartbeats.count > UFTP_HEARTBEAT_HOSTS_MAX)
        text = "-H/--heartbeat-hosts: more than 100 hosts";
    return text ? uftp_fail(failure, UFTP_EXIT_ARGUMENTS, "%s", text) : 0;
}

int uftp_proxy_options_parse(uftp_proxy_options *options, int argc, char **argv,
                             uftp_failure *failure)
{
    *options = (uftp_proxy_options){
        .log_path = "/tmp/uftpproxyd.log",
        .log_level = UFTP_LOG_LEVEL_DEFAULT,
        .log_archives = UFTP_LOG_ARCHIVES_DEFAULT,
        .port = PORT_DEFAULT,
        .downstream_port = PORT_DEFAULT,
        .hops = 1,
    };
    parser p = {.options = options};
    int first;
    int code = uftp_option_scan(&uftp_proxy_option_table, argc, argv, take, &p, &options->action,
                                &first, failure);
    if (code || options->action != UFTP_ACTION_RUN)
        return code;
    if (first < argc)
        return uftp_fail(failure, UFTP_EXIT_ARGUMENTS,
                         "unexpected operand '%s'; try 'uftpproxyd --help'", argv[first]);
    if (!options->groups.count)
        code = uftp_strings_add_list(&options->groups, GROUP_DEFAULT, failure);
    /* Its own multicast is heard on the port that it sends it to. */
    options->core.port =
        options->core.kind == UFTP_PROXY_RESPONSE ? options->port : options->downstream_port;
    return code ? code : check(options, p.kinds, failure);
}

/* ---- loading ---- */

static int load_downstream(uftp_proxy_options *o, uftp_failure *failure)
{
    static const char prefix[] = "fp=";
    if (strncmp(o->downstream, prefix, sizeof prefix - 1) == 0) {
        o->relay.has_fingerprint = true;
        if (uftp_fingerprint_parse(o->downstream + sizeof prefix - 1, o->relay.fingerprint) < 0)
            return uftp_fail(failure, UFTP_EXIT_ARGUMENTS,
                             "-s/--server: '%s' is not a fingerprint (20 hex pairs joined by ':')",
                             o->downstream);
        return 0;
    }
    if (uftp_resolve_host(o->downstream, 0, &o->relay.address) < 0)
        return uftp_fail(failure, UFTP_EXIT_ARGUMENTS, "-s/--server: host '%s' is not known",
                         o->downstream);
    o->relay.address.port = o->downstream_port;
    return 0;
}

static int load_heartbeats(uftp_proxy_options *o, uftp_failure *failure)
{
    o->heartbeat_hosts = calloc(o->heartbeats.count + 1, sizeof *o->heartbeat_hosts);
    if (!o->heartbeat_hosts)
        return uftp_fail_memory(failure);
    for (size_t i = 0; i < o->heartbeats.count; i++)
        if (uftp_resolve_endpoint(o->heartbeats.items[i], PORT_DEFAULT, &o->heartbeat_hosts[i]) < 0)
            return uftp_fail(failure, UFTP_EXIT_ARGUMENTS,
                             "-H/--heartbeat-hosts: '%s' is not a known host, or host:port",
                             o->heartbeats.items[i]);
    return 0;
}

int uftp_proxy_options_load(uftp_proxy_options *o, uftp_failure *failure)
{
    int code = o->downstream ? load_downstream(o, failure) : 0;
    if (!code)
        code = load_heartbeats(o, failure);
    if (!code && o->servers_path)
        code = uftp_peers_read(o->servers_path, &o->servers, &o->server_count, failure);
    if (!code && o->clients_path)
        code = uftp_members_add_file(&o->clients, o->clients_path, false, failure);
    return code;
}

void uftp_proxy_options_free(uftp_proxy_options *o)
{
    uftp_strings_free(&o->groups);
    uftp_strings_free(&o->heartbeats);
    uftp_members_free(&o->clients);
    free(o->heartbeat_hosts);
    free(o->servers);
    o->heartbeat_hosts = NULL;
    o->servers = NULL;
}
