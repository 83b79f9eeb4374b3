/* SPDX-License-Identifier: MIT
 *
 * uftp: sends files. Everything that can be wrong with what was asked for is found before the
 * first line of the log, so that a refusal is one line on stderr and an exit code (spec cli 10.1).
 */
#include "common/key_log_file.h"
#include "common/keys.h"
#include "common/program.h"
#include "runtime/clock.h"
#include "runtime/entropy.h"
#include "runtime/heap.h"
#include "runtime/loop.h"
#include "store/disk_source.h"
#include "uftp/network.h"
#include "uftp/options.h"
#include "uftp/report.h"
#include "uftp/restart_keeper.h"
#include "uftp/terminal.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

UFTP_LOOP_VERBS(sender);

typedef struct program {
    uftp_sender_options options;
    uftp_entropy entropy;
    uftp_sender_network network;
    uftp_key *key;
    uftp_key_log_file key_log;
    uftp_log *log;
    uftp_record_sink records;
    uftp_sender *sender;
    uftp_report *report;
    uftp_restart_keeper restart;
    uftp_terminal terminal;
    uftp_loop *loop;
    bool heard;       /* some receiver has answered: the network works */
    bool read_failed; /* behind UFTP_RESULT_ERROR: our own file, not memory */
    uftp_failure failure;
} program;

/* ---- preparations ---- */

static int open_log(program *p)
{
    const uftp_sender_options *o = &p->options;
    const uftp_log_config config = {.path = o->log_path,
                                    .level = o->log_level,
                                    .timestamps = o->timestamps,
                                    .redirect_stderr = true,
                                    .roll_bytes = o->log_roll_bytes,
                                    .archive_count = o->log_archives};
    return uftp_program_log_open(&config, &p->log, &p->failure);
}

static int obtain_key(program *p)
{
    const uftp_sender_options *o = &p->options;
    if (o->core.plain)
        return 0;
    uftp_key_protect_process();
    const uftp_key_choice choice = {.path = o->key_path,
                                    .spec = o->has_key_spec ? &o->key_spec : NULL,
                                    .random = &p->entropy.random};
    return uftp_key_obtain(&choice, &p->key, &p->failure);
}

static int create_sender(program *p)
{
    uftp_sender_options *o = &p->options;
    uftp_sender_config config = o->core;
    config.memory = &uftp_heap;
    config.random = &p->entropy.random;
    config.source = &uftp_disk_source;
    config.wall_us = uftp_clock_wall_us();
    config.uid = p->network.uid;
    config.public_address = p->network.public_address;
    config.private_address = p->network.private_address;
    config.key = p->key;
    config.key_log = uftp_key_log_table(&p->key_log);
    config.members = o->members.items;
    config.member_count = o->members.count;
    config.operands = (const char *const *)o->operands.items;
    config.operand_count = o->operands.count;
    config.base_dirs = (const char *const *)o->base_dirs.items;
    config.base_dir_count = o->base_dirs.count;
    config.excludes = (const char *const *)o->excludes.items;
    config.exclude_count = o->excludes.count;
    config.destination_name = o->destination_name;

    int err = uftp_sender_create(&config, uftp_clock_now(), &p->sender);
    switch (err) {
    case UFTP_OK:
        return 0;
    case UFTP_ERR_MEMORY:
        return uftp_fail_memory(&p->failure);
    case UFTP_ERR_KEY:
        return uftp_fail(&p->failure, UFTP_EXIT_KEYS,
                         config.version == 4 ? "the signing key does not fit -e: ecdh_ecdsa needs "
                                               "an EC key, rsa and ecdh_rsa an RSA key"
                                             : "the signing key cannot be used");
    case UFTP_ERR_LIMIT: /* message headers end at 1020 bytes (spec v5 1.3) */
        return uftp_fail(&p->failure, UFTP_EXIT_KEYS,
                         "the signing key is too long for an announcement: use RSA with up to 3072 "
                         "bits, or an EC key");
    default:
        return uftp_fail(&p->failure, UFTP_EXIT_ARGUMENTS, "cannot start a session: %s",
                         uftp_strerror(err));
    }
}

static int prepare(program *p)
{
    const uftp_sender_options *o = &p->options;
    int code = uftp_sender_options_load(&p->options, &p->failure);
    if (!code)
        code = uftp_sender_network_choose(&p->network, o, &p->entropy.random, &p->failure);
    if (!code)
        code = obtain_key(p);
    if (!code)
        code = uftp_sender_network_open(&p->network, o, &p->failure);
    if (!code)
        code = uftp_key_log_open(&p->key_log, uftp_key_log_choose(o->key_log_path), &p->failure);
    if (!code)
        code = create_sender(p);
    if (!code)
        code = open_log(p);
    if (!code)
        code = uftp_record_open(&p->records, o->status_path, p->log, &p->failure);
    return code;
}

/* ---- the session ---- */

static void log_time(program *p, const char *format)
{
    time_t now = time(NULL);
    struct tm local;
    char text[64] = "";
    if (localtime_r(&now, &local))
        strftime(text, sizeof text, "%a %b %e %H:%M:%S %Y", &local);
    uftp_log_line(p->log, 2, NULL, format, text);
}

/* Per packet on the wire: both headers, FILESEG and what encryption adds (spec cli 2, -R). */
static uint64_t packet_len(const program *p)
{
    const uftp_sender_config *core = &p->options.core;
    const uint64_t ip = p->network.public_address.family == UFTP_IPV6 ? 40 : 20;
    return core->block_size + 8U + (core->plain ? 0U : 28U) + 16U + 8U + ip;
}

static void log_start(program *p)
{
    const uftp_sender_options *o = &p->options;
    const uint64_t rate = o->core.rate_bytes_per_s;
    uftp_log_line(p->log, 2, NULL, "UFTP version %s (libuftp)", uftp_version());
    log_time(p, "Starting at %s");
    if (o->operands_unused)
        uftp_log_line(p->log, 1, NULL, "%zu operands are not sent: -i names the files",
                      o->operands_unused);
    if (o->windows_only)
        uftp_log_line(p->log, 1, NULL, "-y has no effect here: key containers are of Windows");
    if (p->key) {
        char line[UFTP_KEY_LINE_MAX];
        uftp_log_line(p->log, 2, NULL, "%s", uftp_key_line(p->key, line));
        uftp_log_line(p->log, 2, NULL, "Loaded ECDH key with curve %s",
                      uftp_curve_name(o->core.ecdh_curve));
    }
    if (p->key_log.is_open)
        uftp_log_line(p->log, 0, NULL, "The secrets of this session go to a key log");
    if (o->core.congestion_control != UFTP_CC_NONE) {
        uftp_log_line(p->log, 2, NULL, "Transfer rate: set by congestion control (TFMCC)");
        return;
    }
    if (rate == UFTP_RATE_UNLIMITED) {
        uftp_log_line(p->log, 2, NULL, "Transfer rate: full interface speed");
        return;
    }
    uftp_log_line(p->log, 2, NULL, "Transfer rate: %" PRIu64 " Kbps (%" PRIu64 " KB/s)", rate / 128,
                  rate / 1024);
    uftp_log_line(p->log, 2, NULL, "Wait between packets: %" PRIu64 " ns",
                  (uint64_t)((double)packet_len(p) * 1e9 / (double)rate));
}

/* The exit code of spec cli 10.1; the numbers of uftp_result are those. */
static int exit_code(const program *p, uftp_result result)
{
    if (result == UFTP_RESULT_ERROR)
        return p->read_failed ? UFTP_RESULT_ALL_LOST : UFTP_EXIT_SYSTEM;
    return (int)result;
}

static void draw(program *p, uint64_t now)
{
    uftp_sender_stats stats;
    uftp_sender_stats_get(p->sender, &stats);
    uftp_terminal_draw(&p->terminal, now, &stats, uftp_report_file_name(p->report));
}

static size_t on_events(void *ctx, uint64_t now)
{
    program *p = ctx;
    uftp_event event;
    size_t count = 0;
    while (uftp_sender_poll_event(p->sender, &event) > 0) {
        count++;
        p->heard |= event.type == UFTP_EVENT_CLIENT_REGISTERED;
        p->read_failed |= event.type == UFTP_EVENT_FILE_SKIPPED && event.error < 0;
        uftp_report_event(p->report, &event);
        if (event.type == UFTP_EVENT_PHASE && event.phase == UFTP_SENDER_FILEINFO)
            uftp_restart_keeper_begin(&p->restart);
    }
    uftp_sender_stats stats;
    uftp_sender_stats_get(p->sender, &stats);
    if (stats.phase == UFTP_SENDER_ENDED && uftp_sender_next_deadline(p->sender) == UFTP_NEVER)
        uftp_loop_stop(p->loop, exit_code(p, stats.result)); /* also without memory for the event */
    else if (p->terminal.enabled)
        draw(p, now);
    return count;
}

static void on_signal(void *ctx, uint64_t now, int number)
{
    program *p = ctx;
    uftp_terminal_clear(&p->terminal);
    uftp_log_line(p->log, 0, NULL, "Got signal %d, aborting", number);
    uftp_sender_interrupt(p->sender, now);
}

/* Errors that no retry mends while nobody has ever been heard: the session would only time out. */
static bool is_final(int system_error)
{
    return system_error == ENETUNREACH || system_error == ENETDOWN || system_error == ENODEV ||
           system_error == EADDRNOTAVAIL;
}

static void on_send_error(void *ctx, const uftp_socket_error *error)
{
    program *p = ctx;
    char address[UFTP_ADDRESS_TEXT_MAX];
    uftp_address_format(&error->destination, address);
    if (is_final(error->system_error) && !p->heard && !p->failure.exit_code) {
        uftp_fail(&p->failure, UFTP_EXIT_NETWORK,
                  "cannot send to %s: %s; check the route, or choose an interface with -I", address,
                  strerror(error->system_error));
        uftp_loop_stop(p->loop, UFTP_EXIT_NETWORK);
        return;
    }
    uftp_terminal_clear(&p->terminal);
    uftp_log_system(p->log, 1, NULL, error->system_error, "Error sending to %s", address);
}

static void before_line(void *ctx)
{
    program *p = ctx;
    uftp_terminal_clear(&p->terminal);
}

static uint64_t next_wakeup(void *ctx)
{
    const program *p = ctx;
    return uftp_terminal_wakeup(&p->terminal);
}

static bool wants_progress(const uftp_sender_options *o)
{
    switch (o->progress) {
    case UFTP_PROGRESS_ALWAYS:
        return true;
    case UFTP_PROGRESS_NEVER:
        return false;
    case UFTP_PROGRESS_AUTO:
        break;
    }
    return !o->log_path && o->log_level <= UFTP_LOG_LEVEL_DEFAULT && isatty(STDERR_FILENO);
}

static int run(program *p)
{
    const uftp_sender_options *o = &p->options;
    const uftp_report_config report = {
        .sender = p->sender,
        .log = p->log,
        .records = &p->records,
        .preview_rate = o->core.sync_preview && o->core.rate_bytes_per_s != UFTP_RATE_UNLIMITED
                            ? o->core.rate_bytes_per_s
                            : 0,
        .closed = o->members.count > 0,
        .before_line = before_line,
        .ctx = p};
    const uftp_loop_config loop = {.socket = p->network.socket,
                                   .verbs = &sender_verbs,
                                   .object = p->sender,
                                   .ctx = p,
                                   .on_events = on_events,
                                   .on_signal = on_signal,
                                   .on_send_error = on_send_error,
                                   .next_wakeup = next_wakeup};
    p->report = uftp_report_create(&report);
    if (!p->report || uftp_loop_create(&loop, &p->loop) < 0)
        return uftp_fail_memory(&p->failure);
    p->restart = (uftp_restart_keeper){.options = o, .sender = p->sender, .log = p->log};
    uftp_terminal_init(&p->terminal, wants_progress(o));

    log_start(p);
    int code = uftp_loop_run(p->loop);
    uftp_terminal_clear(&p->terminal);
    if (code < 0)
        code = uftp_fail(&p->failure, UFTP_EXIT_NETWORK, "the network failed: %s",
                         uftp_strerror(code));
    uftp_restart_keeper_end(&p->restart);
    log_time(p, "uftp: Finishing at %s");
    return code;
}

static void release(program *p)
{
    uftp_loop_destroy(p->loop);
    uftp_report_destroy(p->report);
    uftp_sender_destroy(p->sender);
    uftp_sender_network_close(&p->network);
    uftp_key_free(p->key);
    if (!uftp_key_log_close(&p->key_log))
        fprintf(stderr, "uftp: the key log could not be written whole\n");
    uftp_record_close(&p->records);
    uftp_log_close(p->log);
    uftp_entropy_wipe(&p->entropy);
    uftp_sender_options_free(&p->options);
}

int main(int argc, char **argv)
{
    static program p; /* large: the entropy's stock and the failure's text */
    int code = uftp_sender_options_parse(&p.options, argc, argv, &p.failure);
    if (!code && !uftp_program_informs(&uftp_sender_option_table, p.options.action)) {
        uftp_entropy_init(&p.entropy);
        code = prepare(&p);
        if (!code)
            code = run(&p);
    }
    if (p.failure.exit_code)
        code = uftp_failure_print(&p.failure, "uftp");
    release(&p);
    return code;
}
