/* SPDX-License-Identifier: MIT
 *
 * uftpd: receives files. What can be wrong is found before it goes into the background, while
 * there is somebody to read it (spec cli 3, 11).
 */
#include "common/daemon.h"
#include "common/key_log_file.h"
#include "common/keys.h"
#include "common/program.h"
#include "runtime/clock.h"
#include "runtime/entropy.h"
#include "runtime/heap.h"
#include "runtime/loop.h"
#include "store/disk_store.h"
#include "uftpd/network.h"
#include "uftpd/options.h"
#include "uftpd/report.h"
#include "uftpd/scripts.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

UFTP_LOOP_VERBS(receiver);

typedef struct program {
    uftp_receiver_options options;
    uftp_entropy entropy;
    uftp_receiver_network network;
    uftp_disk_store *store;
    uftp_key *key;
    uftp_key_log_file key_log;
    uftp_log *log;
    uftp_record_sink records;
    int pid_fd;
    uftp_receiver *receiver;
    uftp_receiver_report *report;
    uftp_scripts *scripts;
    uftp_loop *loop;
    uftp_failure failure;
} program;

/* ---- preparations, in the foreground ---- */

static int open_store(program *p)
{
    const uftp_receiver_options *o = &p->options;
    const uftp_disk_store_config config = {
        .destinations = (const char *const *)o->destinations.items,
        .destination_count = o->destinations.count,
        .temp = o->temp,
        .backups = o->backups.count ? (const char *const *)o->backups.items : NULL};
    char message[UFTP_DISK_MESSAGE_MAX];
    int err = uftp_disk_store_check(&config, message);
    if (!err)
        err = uftp_disk_store_open(&config, &p->store, message);
    if (err == UFTP_ERR_MEMORY)
        return uftp_fail_memory(&p->failure);
    if (!err && o->script && access(o->script, X_OK) < 0)
        return uftp_fail(&p->failure, UFTP_EXIT_ARGUMENTS, "cannot execute script %s: %s",
                         o->script, strerror(errno));
    return err ? uftp_fail(&p->failure, UFTP_EXIT_ARGUMENTS, "%s", message) : 0;
}

static int obtain_key(program *p)
{
    const uftp_receiver_options *o = &p->options;
    const uftp_key_choice choice = {.path = o->key_path,
                                    .spec = o->has_key_spec ? &o->key_spec : NULL,
                                    .random = &p->entropy.random};
    uftp_key_protect_process();
    return uftp_key_obtain(&choice, &p->key, &p->failure);
}

/* The daemon's own files: relative names start from "/" in the background (cli 11). */
static int open_files(program *p)
{
    const uftp_receiver_options *o = &p->options;
    char log_path[UFTP_DAEMON_PATH_MAX], status_path[UFTP_DAEMON_PATH_MAX],
        pid_path[UFTP_DAEMON_PATH_MAX], key_log_path[UFTP_DAEMON_PATH_MAX];
    const char *status = o->status_path, *key_log = uftp_key_log_choose(o->key_log_path);
    bool logs_keys = key_log != NULL;
    uftp_log_config log = {.level = o->log_level, .timestamps = true};
    int code = 0;
    if (!o->foreground) {
        if (status && strcmp(status, "@LOG") != 0)
            status = uftp_daemon_path(status, status_path);
        if (key_log)
            key_log = uftp_daemon_path(key_log, key_log_path);
        log.path = uftp_daemon_path(o->log_path, log_path);
        log.redirect_stderr = true;
        log.roll_bytes = o->log_roll_bytes;
        log.archive_count = o->log_archives;
        const char *pid = o->pid_path ? uftp_daemon_path(o->pid_path, pid_path) : NULL;
        if (!log.path || (o->status_path && !status) || (o->pid_path && !pid) ||
            (logs_keys && !key_log))
            return uftp_fail(&p->failure, UFTP_EXIT_ARGUMENTS,
                             "a path of -L, -F, -P or --keylog is too long");
        if (pid)
            code = uftp_daemon_pid_open(pid, &p->pid_fd, &p->failure);
    }
    if (!code)
        code = uftp_key_log_open(&p->key_log, key_log, &p->failure);
    if (!code && (!status || strcmp(status, "@LOG") != 0))
        code = uftp_record_open(&p->records, status, NULL, &p->failure);
    if (code)
        return code;
    /* The log last: from here on stderr may be the log file. */
    code = uftp_program_log_open(&log, &p->log, &p->failure);
    if (!code && status && strcmp(status, "@LOG") == 0)
        code = uftp_record_open(&p->records, status, p->log, &p->failure);
    return code;
}

static int prepare(program *p)
{
    int code = uftp_receiver_options_load(&p->options, &p->failure);
    if (!code)
        code = open_store(p);
    if (!code)
        code = uftp_receiver_network_choose(&p->network, &p->options, &p->failure);
    if (!code)
        code = obtain_key(p);
    if (!code)
        code = uftp_receiver_network_open(&p->network, &p->options, &p->failure);
    if (!code)
        code = open_files(p);
    return code;
}

static int create_receiver(program *p)
{
    uftp_receiver_options *o = &p->options;
    uftp_receiver_config config = o->core;
    config.memory = &uftp_heap;
    config.random = &p->entropy.random;
    config.store = uftp_disk_store_table(p->store);
    config.wall_us = uftp_clock_wall_us();
    config.uid = p->network.uid;
    config.key = p->key;
    config.key_log = uftp_key_log_table(&p->key_log);
    config.destinations = (const char *const *)o->destinations.items;
    config.destination_count = o->destinations.count;
    config.servers = o->servers;
    config.server_count = o->server_count;
    config.proxies = o->proxies;
    config.proxy_count = o->proxy_count;
    int err = uftp_receiver_create(&config, uftp_clock_now(), &p->receiver);
    switch (err) {
    case UFTP_OK:
        return 0;
    case UFTP_ERR_MEMORY:
        return uftp_fail_memory(&p->failure);
    case UFTP_ERR_KEY:
        return uftp_fail(&p->failure, UFTP_EXIT_KEYS, "the signing key cannot be used");
    default:
        return uftp_fail(&p->failure, UFTP_EXIT_ARGUMENTS, "cannot start: %s", uftp_strerror(err));
    }
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
    uftp_receiver_join_failed(p->receiver, now, &group);
}

static size_t on_events(void *ctx, uint64_t now)
{
    program *p = ctx;
    uftp_event event;
    size_t count = 0;
    while (uftp_receiver_poll_event(p->receiver, &event) > 0) {
        count++;
        uftp_receiver_report_event(p->report, &event);
        if (event.type == UFTP_EVENT_JOIN)
            join(p, now, &event);
        else if (event.type == UFTP_EVENT_LEAVE)
            (void)uftp_membership_leave(p->network.membership, &event.address, &event.source);
    }
    uftp_scripts_turn(p->scripts, now);
    return count;
}

static uint64_t next_wakeup(void *ctx)
{
    const program *p = ctx;
    return uftp_scripts_deadline(p->scripts);
}

static void on_signal(void *ctx, uint64_t now, int number)
{
    program *p = ctx;
    uftp_log_line(p->log, 0, NULL, "Exiting on signal %d", number);
    uftp_receiver_shutdown(p->receiver, now);
    uftp_loop_stop(p->loop, UFTP_EXIT_INTERRUPTED); /* what is left to send is sent first */
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
    char line[UFTP_KEY_LINE_MAX];
    uftp_log_line(p->log, 0, NULL, "UFTP version %s (libuftp)", uftp_version());
    if (p->options.windows_only)
        uftp_log_line(p->log, 1, NULL, "-m has no effect here: key containers are of Windows");
    uftp_log_line(p->log, 2, NULL, "%s", uftp_key_line(p->key, line));
    if (p->key_log.is_open)
        uftp_log_line(p->log, 0, NULL, "The secrets of all sessions go to a key log");
    uftp_log_line(p->log, 3, NULL, "UID 0x%08" PRIX32 ", port %u", p->network.uid,
                  uftp_socket_port(p->network.socket));
}

static int run(program *p)
{
    const uftp_receiver_options *o = &p->options;
    const uftp_scripts_config scripts = {
        .log = p->log, .program = o->script, .time_max = o->script_time_max};
    p->scripts = uftp_scripts_create(&scripts);
    const uftp_receiver_report_config report = {.log = p->log,
                                                .records = &p->records,
                                                .destinations = &o->destinations,
                                                .scripts = o->script ? p->scripts : NULL,
                                                .temp_directory = o->core.temp_directory,
                                                .move_individually = o->core.move_individually};
    const uftp_loop_config loop = {.socket = p->network.socket,
                                   .verbs = &receiver_verbs,
                                   .object = p->receiver,
                                   .ctx = p,
                                   .on_events = on_events,
                                   .on_signal = on_signal,
                                   .on_send_error = on_send_error,
                                   .next_wakeup = next_wakeup};
    p->report = uftp_receiver_report_create(&report);
    if (!p->scripts || !p->report || uftp_loop_create(&loop, &p->loop) < 0)
        return uftp_fail_memory(&p->failure);
    log_start(p);
    int code = uftp_loop_run(p->loop);
    on_events(p, uftp_clock_now()); /* what the shutdown did */
    if (code < 0)
        code = uftp_fail(&p->failure, UFTP_EXIT_NETWORK, "the network failed: %s",
                         uftp_strerror(code));
    return code;
}

static void release(program *p)
{
    uftp_loop_destroy(p->loop);
    uftp_receiver_report_destroy(p->report);
    uftp_scripts_destroy(p->scripts);
    uftp_receiver_destroy(p->receiver);
    uftp_receiver_network_close(&p->network);
    uftp_disk_store_close(p->store);
    uftp_key_free(p->key);
    if (!uftp_key_log_close(&p->key_log))
        fprintf(stderr, "uftpd: the key log could not be written whole\n");
    uftp_record_close(&p->records);
    uftp_log_close(p->log);
    uftp_entropy_wipe(&p->entropy);
    uftp_receiver_options_free(&p->options);
}

int main(int argc, char **argv)
{
    static program p; /* large: the entropy's stock and the failure's text */
    p.pid_fd = -1;
    int code = uftp_receiver_options_parse(&p.options, argc, argv, &p.failure);
    if (!code && !uftp_program_informs(&uftp_receiver_option_table, p.options.action)) {
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
            code = create_receiver(&p);
        }
        if (!code)
            code = run(&p);
    }
    if (p.failure.exit_code)
        code = uftp_failure_print(&p.failure, "uftpd");
    release(&p);
    return code;
}
