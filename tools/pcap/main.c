/* SPDX-License-Identifier: MIT
 *
 * uftp-pcap: reads captures. What is wrong with a capture is told on stderr and never ends the
 * work; exit status 8 says that rules were broken, or files are not whole.
 */
#include "check.h"
#include "common/key_file.h"
#include "decrypt.h"
#include "dump.h"
#include "extract.h"
#include "keylog_file.h"
#include "open.h"
#include "options.h"
#include "output.h"
#include "stats.h"
#include "store/disk_store.h"
#include "tracker.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_FOUND = 8 };

typedef struct program {
    cap_options options;
    cap_keylog keylog;
    cap_keylog_file keylog_file;
    uftp_key *keys[CAP_PRIVATE_KEYS_MAX];
    size_t key_count;
    cap_weak_key *weak_keys[CAP_PRIVATE_KEYS_MAX];
    size_t weak_key_count;
    cap_input *input;
    cap_tracker *tracker;
    cap_dump dump;
    cap_stats *stats;
    cap_check *check;
    cap_extract *extract;
    cap_decrypt *decrypt;
    cap_output *output;
    uftp_disk_store *store;
    uftp_failure failure;
} program;

/* ---- preparations ---- */

/* What has been written into the key log since the last call. */
static int read_keylog(program *p)
{
    const char *path = p->options.keylog;
    bool grown;
    if (!p->keylog_file.file)
        return 0;
    long line =
        cap_keylog_file_read(&p->keylog_file, &p->keylog, p->options.device == NULL, &grown);
    if (grown && p->tracker)
        cap_tracker_secrets_grew(p->tracker);
    if (line < 0)
        return uftp_fail(&p->failure, UFTP_EXIT_KEYS, "%s: cannot be read whole", path);
    if (line > 0)
        return uftp_fail(&p->failure, UFTP_EXIT_KEYS,
                         "%s:%ld: not a line of a key log (LABEL GROUP_ID UID VALUE)", path, line);
    return 0;
}

static int open_keylog(program *p)
{
    const char *path = p->options.keylog;
    if (path && cap_keylog_file_open(&p->keylog_file, path) < 0)
        return uftp_fail(&p->failure, UFTP_EXIT_KEYS, "%s: %s", path, strerror(errno));
    return read_keylog(p);
}

/* One that is too short for our programs. */
static int read_weak_key(program *p, const char *path)
{
    char text[UFTP_KEY_PEM_MAX];
    FILE *file = fopen(path, "rb");
    if (!file)
        return UFTP_ERR_ACCESS;
    size_t len = fread(text, 1, sizeof text, file);
    fclose(file);
    int err = cap_weak_key_parse(text, len, &p->weak_keys[p->weak_key_count]);
    uftp_wipe(text, sizeof text);
    p->weak_key_count += err == UFTP_OK;
    return err;
}

static int read_key(program *p, const char *path)
{
    int err = uftp_key_file_read(path, &p->keys[p->key_count]);
    p->key_count += err == UFTP_OK;
    if (err == UFTP_ERR_LIMIT && read_weak_key(p, path) == UFTP_OK)
        return 0;
    if (err < 0)
        return uftp_fail(&p->failure, UFTP_EXIT_KEYS, "%s: %s", path,
                         err == UFTP_ERR_ACCESS || err == UFTP_ERR_IO ? strerror(errno)
                                                                      : uftp_strerror(err));
    return 0;
}

static int read_keys(program *p)
{
    int code = 0;
    for (size_t i = 0; i < p->options.key_count && !code; i++)
        code = read_key(p, p->options.keys[i]);
    return code;
}

static int open_input(program *p)
{
    char error[CAP_INPUT_ERROR_MAX];
    const cap_input_config config = {
        .path = p->options.path, .device = p->options.device, .filter = p->options.filter};
    p->input = cap_input_open(&config, error);
    if (!p->input)
        return uftp_fail(&p->failure, UFTP_EXIT_NETWORK, "%s", error);
    if (cap_input_link(p->input) == CAP_LINK_UNKNOWN)
        return uftp_fail(&p->failure, UFTP_EXIT_NETWORK, "link layer %s is not supported",
                         cap_input_link_name(p->input));
    return 0;
}

static int open_store(program *p)
{
    char message[UFTP_DISK_MESSAGE_MAX];
    char *path = realpath(p->options.output, NULL);
    if (!path)
        return uftp_fail(&p->failure, UFTP_EXIT_ARGUMENTS, "%s: %s", p->options.output,
                         strerror(errno));
    const char *const destinations[] = {path};
    const uftp_disk_store_config config = {.destinations = destinations, .destination_count = 1};
    int err = uftp_disk_store_open(&config, &p->store, message);
    free(path);
    return err < 0 ? uftp_fail(&p->failure, UFTP_EXIT_ARGUMENTS, "%s", message) : 0;
}

static void write_frame(void *ctx, const cap_frame *frame)
{
    cap_output_write(ctx, frame);
}

static int open_output(program *p)
{
    char error[CAP_INPUT_ERROR_MAX];
    const cap_output_config config = {.path = p->options.written,
                                      .input_path = p->options.path,
                                      .datalink = cap_input_datalink(p->input)};
    p->output = cap_output_open(&config, error);
    if (!p->output)
        return uftp_fail(&p->failure, UFTP_EXIT_ARGUMENTS, "%s", error);
    p->decrypt = cap_decrypt_new(cap_input_link(p->input), write_frame, p->output);
    return p->decrypt ? 0 : uftp_fail_memory(&p->failure);
}

static int open_consumer(program *p)
{
    bool made = true;
    switch (p->options.command) {
    case CAP_DUMP:
        p->dump = (cap_dump){.out = stdout,
                             .verbose = p->options.verbose,
                             .json = p->options.json,
                             .utc = p->options.utc};
        break;
    case CAP_CHECK:
        made = (p->check = cap_check_new());
        break;
    case CAP_STATS:
        made = (p->stats = cap_stats_new());
        break;
    case CAP_EXTRACT: {
        int code = open_store(p);
        if (code)
            return code;
        made = (p->extract = cap_extract_new(uftp_disk_store_table(p->store)));
        break;
    }
    case CAP_DECRYPT:
        return open_output(p);
    }
    return made ? 0 : uftp_fail_memory(&p->failure);
}

static int prepare(program *p)
{
    int code = open_keylog(p);
    if (!code)
        code = read_keys(p);
    if (!code)
        code = open_input(p);
    if (!code)
        code = open_consumer(p);
    if (code)
        return code;
    p->tracker = cap_tracker_new(&p->keylog);
    if (!p->tracker)
        return uftp_fail_memory(&p->failure);
    cap_tracker_use_keys(p->tracker, p->keys, p->key_count);
    cap_tracker_use_weak_keys(p->tracker, p->weak_keys, p->weak_key_count);
    if (p->options.device && p->options.keylog)
        cap_tracker_secrets_grew(p->tracker); /* and will again */
    return 0;
}

/* ---- work ---- */

static cap_input *live_input; /* for the signal handler */

static void on_signal(int number)
{
    (void)number;
    cap_input_stop(live_input);
}

static void catch_signals(const program *p)
{
    if (!p->options.device)
        return; /* a file ends by itself */
    live_input = p->input;
    const struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

static void take_packet(program *p, const cap_packet *packet)
{
    switch (p->options.command) {
    case CAP_DUMP:
        cap_dump_packet(&p->dump, packet);
        if (p->options.device)
            fflush(stdout); /* somebody is watching */
        break;
    case CAP_CHECK:
        cap_check_packet(p->check, packet);
        break;
    case CAP_EXTRACT:
        cap_extract_packet(p->extract, packet);
        break;
    case CAP_STATS:
        cap_stats_packet(p->stats, packet);
        break;
    case CAP_DECRYPT: /* looks at frames */
        break;
    }
}

/* The programs that are watched write a secret down before they use it. */
static void follow_keylog(program *p)
{
    if (read_keylog(p) == 0)
        return;
    uftp_failure_print(&p->failure, cap_option_table.program);
    cap_keylog_file_close(&p->keylog_file); /* what it told so far stays */
}

/* True: the capture was read to its end. */
static bool read_frames(program *p)
{
    cap_link link = cap_input_link(p->input);
    cap_frame frame;
    const cap_packet *packet;
    cap_next next = CAP_NEXT_END;
    for (uint64_t n = 0; p->options.count == 0 || n < p->options.count; n++) {
        next = cap_input_next(p->input, &frame);
        if (next != CAP_NEXT_FRAME)
            break;
        if (p->options.device)
            follow_keylog(p);
        if (p->decrypt) {
            cap_decrypt_frame(p->decrypt, p->tracker, &frame);
            continue;
        }
        for (bool got = cap_tracker_take(p->tracker, link, &frame, &packet); got;
             got = cap_tracker_next(p->tracker, &packet))
            take_packet(p, packet);
    }
    return next != CAP_NEXT_BROKEN;
}

static void report_count(uint64_t count, const char *what)
{
    if (count)
        fprintf(stderr, "uftp-pcap: %" PRIu64 " %s\n", count, what);
}

/* Where a private key was given, and does not do. */
static void report_keys(const program *p)
{
    for (const cap_session *s = cap_tracker_sessions(p->tracker); s; s = s->next) {
        const char *why = cap_open_why_not(cap_tracker_secrets(p->tracker), s);
        if (why)
            fprintf(stderr, "uftp-pcap: session %08" PRIX32 ": %s\n", s->group, why);
    }
}

static void report_trouble(const program *p, bool whole)
{
    cap_counts counts;
    cap_tracker_counts(p->tracker, &counts);
    if (p->options.quiet)
        return;
    if (!whole)
        fprintf(stderr, "uftp-pcap: the capture breaks off after frame %" PRIu64 ": %s\n",
                counts.frames, cap_input_error(p->input));
    report_count(counts.damaged, "frames with damaged IP or UDP headers");
    report_count(counts.incomplete, "packets of which not all fragments came");
    report_count(counts.cut, "packets are cut short in the capture (take it with -s 0)");
    report_count(counts.malformed, "packets are damaged, or not as the protocol has them");
    report_count(counts.backwards, "frames are older than the one before");
    report_count(counts.open_failed, "encrypted packets do not open with the keys of their sender");
    report_count(counts.no_key, "encrypted packets have no key");
    report_keys(p);
    report_count(counts.untracked, "packets of more sessions or nodes than are kept apart");
    report_count(cap_input_dropped(p->input), "frames were lost by the live capture");
    if (counts.packets == 0)
        fprintf(stderr, "uftp-pcap: no UFTP among %" PRIu64 " frames\n", counts.frames);
}

static bool close_output(program *p)
{
    cap_output *output = p->output;
    p->output = NULL;
    return cap_output_close(output);
}

static int finish(program *p, bool whole)
{
    cap_writer w = {.out = stdout, .json = p->options.json, .first = true};
    cap_counts counts;
    cap_extract_result result;
    cap_tracker_counts(p->tracker, &counts);
    switch (p->options.command) {
    case CAP_DUMP:
        break;
    case CAP_CHECK:
        if (w.json)
            cap_open_object(&w, NULL);
        cap_write_number(&w, "packets", counts.packets);
        cap_write_number(&w, "not_decrypted", counts.no_key + counts.open_failed);
        cap_write_flag(&w, "whole", whole);
        cap_check_write(p->check, &w);
        if (w.json) {
            cap_close_object(&w);
            putchar('\n');
        }
        return cap_check_broken(p->check) ? EXIT_FOUND : 0;
    case CAP_STATS:
        cap_stats_write(p->stats, p->tracker, &w);
        break;
    case CAP_EXTRACT:
        cap_extract_finish(p->extract, stdout, &result);
        printf("%" PRIu64 " written, %" PRIu64 " incomplete, %" PRIu64 " failed\n", result.files,
               result.incomplete, result.failed);
        return result.incomplete || result.failed ? EXIT_FOUND : 0;
    case CAP_DECRYPT:
        if (!close_output(p))
            return UFTP_EXIT_SYSTEM;
        if (!p->options.quiet)
            fprintf(stderr, "uftp-pcap: %" PRIu64 " of %" PRIu64 " encrypted packets decrypted\n",
                    counts.opened, counts.sealed);
        break;
    }
    return 0;
}

static void clean_up(program *p)
{
    cap_decrypt_free(p->decrypt);
    (void)close_output(p);
    cap_extract_free(p->extract);
    uftp_disk_store_close(p->store);
    cap_check_free(p->check);
    cap_stats_free(p->stats);
    cap_tracker_free(p->tracker);
    cap_input_close(p->input);
    cap_keylog_file_close(&p->keylog_file);
    cap_keylog_free(&p->keylog);
    for (size_t i = 0; i < p->key_count; i++)
        uftp_key_free(p->keys[i]);
    for (size_t i = 0; i < p->weak_key_count; i++)
        cap_weak_key_free(p->weak_keys[i]);
}

static void list_rules(const program *p)
{
    cap_writer w = {.out = stdout, .json = p->options.json, .first = true};
    cap_rules_write(&w);
    if (w.json)
        putchar('\n');
}

static int run(program *p)
{
    if (p->options.rules) {
        list_rules(p);
        return 0;
    }
    int code = prepare(p);
    if (code) {
        uftp_failure_print(&p->failure, cap_option_table.program);
        return code;
    }
    catch_signals(p);
    bool whole = read_frames(p);
    code = finish(p, whole);
    report_trouble(p, whole);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "uftp-pcap: cannot write: %s\n", strerror(errno));
        return UFTP_EXIT_SYSTEM;
    }
    return code;
}

int main(int argc, char **argv)
{
    program p = {0};
    uftp_action action;
    int code = cap_options_read(argc, argv, &p.options, &action, &p.failure);
    if (code)
        return uftp_failure_print(&p.failure, cap_option_table.program);
    if (action == UFTP_ACTION_HELP)
        uftp_option_help(&cap_option_table, stdout);
    else if (action == UFTP_ACTION_VERSION)
        uftp_option_version(&cap_option_table, stdout);
    else
        code = run(&p);
    clean_up(&p);
    return code;
}
