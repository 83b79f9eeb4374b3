/* SPDX-License-Identifier: MIT
 *
 * uftpproxyd: carries sessions through networks without multicast, and through NATs. What can be
 * wrong is found before it goes into the background, while there is somebody to read it (spec cli
 * 4, 11).
 */
#include "common/daemon.h"
#include "common/key_log_file.h"
#include "common/keys.h"
#include "common/program.h"
#include "runtime/clock.h"
#include "runtime/entropy.h"
#include "runtime/heap.h"
#include "runtime/loop.h"
#include "uftpproxyd/network.h"
#include "uftpproxyd/options.h"
#include "uftpproxyd/report.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

UFTP_LOOP_VERBS(proxy);

typedef struct program {
    uftp_proxy_options options;
    uftp_entropy entropy;
    uftp_proxy_network network;
    uftp_key *key;
    uftp_key_log_file key_log;
    uftp_log *log;
    int pid_fd;
    uftp_proxy *proxy;
    uftp_loop *loop;
    uftp_failure failure;
} program;

/* ---- preparations, in the foreground ---- */

/* -k may name several, of which the first counts: version 4 alone would use the others. */
static int obtain_key(program *p)
{
    const uftp_proxy_options *o = &p->options;
    char *path = o->key_path ? strdup(o->key_path) : NULL;
    if (o->key_path && !path)
        return uftp_fail_memory(&p->failure);
    if (path)
        path[strcspn(path, ",")] = '\0';
    const uftp_key_choice choice = {
        .path = path, .spec = o->has_key_spec ? &o->key_spec : NULL, .random = &p->entropy.random};
    uftp_key_protect_process();
    int code = uftp_key_obtain(&choice, &p->key, &p->failure);
    free(path);
    return code;
}

/* The daemon's own files: relative names start from "/" in the background (cli 11). */
static int open_files(program *p)
{
    const uftp_proxy_options *o = &p->options;
    char log_path[UFTP_DAEMON_PATH_MAX], pid_path[UFTP_DAEMON_PATH_MAX],
        key_log_path[UFTP_DAEMON_PATH_MAX];
    const char *key_log = uftp_key_log_choose(o->key_log_path);
    bool logs_keys = key_log != NULL;
    uftp_log_config log = {.level = o->log_level, .timestamps = true};
    int code = 0;
    if (!o->foreground) {
        if (key_log)
            key_log = uftp_daemon_path(key_log, key_log_path);
        log.path = uftp_daemon_path(o->log_path, log_path);
        log.redirect_stderr = true;
        log.roll_bytes = o->log_roll_bytes;
        log.archive_count = o->log_archives;
        const char *pid = o->pid_path ? uftp_daemon_path(o->pid_path, pid_path) : NULL;
        if (!log.path || (o->pid_path && !pid) || (logs_keys && !key_log))
            return uftp_fail(&p->failure, UFTP_EXIT_ARGUMENTS,
                             "a path of -L, -P or --keylog is too long");
        if (pid)
            code = uftp_daemon_pid_open(pid, &p->pid_fd, &p->failure);
    }
    if (!code)
        code = uftp_key_log_open(&p->key_log, key_log, &p->failure);
    if (code)
        return code;
    /* The log last: from here on stderr may be the log file. */
    return uftp_program_log_open(&log, &p->log, &p->failure);
}

static int prepare(program *p)
{
    int code = uftp_proxy_options_load(&p->options, &p->failure);
    if (!code)
        code = obtain_key(p);
    if (!code)
        code = uftp_proxy_network_open(&p->network, &p->options, &p->failure);
    if (!code)
        code = open_files(p);
    return code;
}

static int create_proxy(program *p)
{
    uftp_proxy_options *o = &p->options;
    uftp_proxy_config config = o->core;
    config.memory = &uftp_heap;
    config.random = &p->entropy.random;
    config.uid = p->network.uid;
    config.key = p->key;
    config.key_log = uftp_key_log_table(&p->key_log);
    config.downstreams = &o->relay;
    config.downstream_count = o->downstream != NULL;
    config.heartbeat_hosts = o->heartbeat_hosts;
    config.heartbeat_count = o->heartbeats.count;
    config.servers = o->servers;
    config.server_count = o->server_count;
    config.clients = o->clients.items;
    config.client_count = o->clients.count;
    int err = uftp_proxy_create(&config, uftp_clock_now(), &p->proxy);
    if (err == UFTP_ERR_MEMORY)
        return uftp_fail_memory(&p->failure);
    return err == UFTP_OK ? 0
                          : uftp_fail(&p->failure, UFTP_EXIT_ARGUMENTS, "cannot start: %s",
                                      uftp_strerror(err));
}

/* ---- running ---- */

static void join(program *p, uint64_t now, const uftp_event *event)
{
    const uftp_address group = event->address; /* the event is gone with the next call */
    const uftp_log_subject subject = {.group = event->group, .instance = event->instance};
    int err = uftp_membership_join(p->network.membership, &group, &event->source);
    if (err == UFTP_OK)
        return;
    char text[UFTP_ADDRESS_TEXT_MAX];
    uftp_log_line(p->log, 0, &subject, "Error joining multicast group %s: %s",
                  uftp_address_format(&group, text),
                  err == UFTP_ERR_NOT_FOUND ? "no interface for it" : uftp_strerror(err));
    uftp_proxy_join_failed(p->proxy, now, &group);
}

static size_t on_events(void *ctx, uint64_t now)
{
    program *p = ctx;
    uftp_event event;
    size_t count = 0;
    while (uftp_proxy_poll_event(p->proxy, &event) > 0) {
        count++;
        uftp_proxy_report_event(p->log, &event);
        if (event.type == UFTP_EVENT_JOIN)
            join(p, now, &event);
        else if (event.type == UFTP_EVENT_LEAVE)
            (void)uftp_membership_leave(p->network.membership, &event.address, &event.source);
    }
    return count;
}

/* Sessions under way are left to themselves, as by the reference: both sides notice. */
static void on_signal(void *ctx, uint64_t now, int number)
{
    program *p = ctx;
    (void)now;
    uftp_log_line(p->log, 0, NULL, "Exiting on signal %d", number);
    uftp_loop_stop(p->loop, UFTP_EXIT_INTERRUPTED);
}

static void on_send_error(void *ctx, const uftp_socket_error *error)
{
    program *p = ctx;
    char address[UFTP_ADDRESS_TEXT_MAX];
    uftp_log_system(p->log, 1, NULL, error->system_error, "Error sending to %s",
                    uftp_address_format(&error->destination, address));
}

static void log_start(program *p)
{
    char line[UFTP_KEY_LINE_MAX], address[UFTP_ADDRESS_TEXT_MAX];
    const uftp_proxy_options *o = &p->options;
    uftp_log_line(p->log, 0, NULL, "UFTP version %s (libuftp)", uftp_version());
    if (o->windows_only)
        uftp_log_line(p->log, 1, NULL, "-m has no effect here: key containers are of Windows");
    if (o->version4_only)
        uftp_log_line(p->log, 1, NULL, "-e has no effect here: version 4 is not relayed");
    uftp_log_line(p->log, 2, NULL, "%s", uftp_key_line(p->key, line));
    if (p->key_log.is_open)
        uftp_log_line(p->log, 0, NULL, "The secrets of all sessions go to a key log");
    if (o->relay.address.family)
        uftp_log_line(p->log, 1, NULL, "Using %s as downstream",
                      uftp_address_format(&o->relay.address, address));
    uftp_log_line(p->log, 3, NULL, "UID 0x%08" PRIX32 ", port %u", p->network.uid,
                  uftp_socket_port(p->network.socket));
}

static int run(program *p)
{
    const uftp_loop_config loop = {.socket = p->network.socket,
                                   .verbs = &proxy_verbs,
                                   .object = p->proxy,
                                   .ctx = p,
                                   .on_events = on_events,
                                   .on_signal = on_signal,
                                   .on_send_error = on_send_error};
    if (uftp_loop_create(&loop, &p->loop) < 0)
        return uftp_fail_memory(&p->failure);
    log_start(p);
    int code = uftp_loop_run(p->loop);
    if (code < 0)
        code = uftp_fail(&p->failure, UFTP_EXIT_NETWORK, "the network failed: %s",
                         uftp_strerror(code));
    return code;
}

static void release(program *p)
{
    uftp_loop_destroy(p->loop);
    uftp_proxy_destroy(p->proxy);
    uftp_proxy_network_close(&p->network);
    uftp_key_free(p->key);
    if (!uftp_key_log_close(&p->key_log))
        fprintf(stderr, "uftpproxyd: the key log could not be written whole\n");
    uftp_log_close(p->log);
    uftp_entropy_wipe(&p->entropy);
    uftp_proxy_options_free(&p->options);
}

int main(int argc, char **argv)
{
    static program p; /* large: the entropy's stock and the failure's text */
    p.pid_fd = -1;
    int code = uftp_proxy_options_parse(&p.options, argc, argv, &p.failure);
    if (!code && !uftp_program_informs(&uftp_proxy_option_table, p.options.action)) {
        uftp_entropy_init(&p.entropy);
        code = prepare(&p);
        if (!code && !p.options.foreground)
            code = uftp_daemon_detach(&(uftp_daemon){.entropy = &p.entropy,
                                                     .pid_fd = p.pid_fd,
                                                     .pid_path = p.options.pid_path,
                                                     .log = p.log},
                                      &p.failure);
        if (!code) {
            uftp_daemon_set_priority(p.options.nice, p.log);
            code = create_proxy(&p);
        }
        if (!code)
            code = run(&p);
    }
    if (p.failure.exit_code)
        code = uftp_failure_print(&p.failure, "uftpproxyd");
    release(&p);
    return code;
}
