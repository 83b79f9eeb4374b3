/* SPDX-License-Identifier: MIT
 *
 * The sender is one file ahead when a FILE_FINISHED is polled: its view of clients is already that
 * of the next. How the finished file ended is therefore read from the clients' sums, which only
 * change when a file ends: what they grew by since the last time is this file's.
 */
#include "uftp/report.h"

#include "uftp/records.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A client's sums at the end of the last file. */
typedef struct client_sums {
    uint32_t copied, overwritten, skipped, rejected;
    uint64_t time;
} client_sums;

typedef struct client_space {
    uint32_t uid;
    uint64_t bytes;
} client_space;

struct uftp_report {
    uftp_report_config config;
    bool connected;    /* the CONNECT records are written */
    bool file_open;    /* FILE_STARTED came, FILE_FINISHED not yet */
    bool file_refused; /* by all, before a byte of it */
    char *file_name;
    uint64_t file_size;
    client_sums *sums; /* one per client, in the sender's order; all made at CONNECT */
    uint32_t sums_count;
    client_space *spaces; /* answers to a free-space request, sorted when the file ends */
    size_t space_count;
    uint32_t abort_peer; /* who sent the last ABORT */
    bool abort_all_told;
};

uftp_report *uftp_report_create(const uftp_report_config *config)
{
    uftp_report *report = calloc(1, sizeof *report);
    if (report)
        report->config = *config;
    return report;
}

void uftp_report_destroy(uftp_report *report)
{
    if (!report)
        return;
    free(report->file_name);
    free(report->sums);
    free(report->spaces);
    free(report);
}

const char *uftp_report_file_name(const uftp_report *report)
{
    return report->file_name;
}

/* One line of the log, if the level wants it. */
__attribute__((format(printf, 4, 5))) static void
say(const uftp_report *report, int level, const uftp_log_subject *subject, const char *format, ...)
{
    if (!uftp_log_enabled(report->config.log, level))
        return;
    char line[UFTP_LOG_LINE_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (report->config.before_line)
        report->config.before_line(report->config.ctx);
    uftp_log_line(report->config.log, level, subject, "%s", line);
}

static uftp_log_subject subject_of(const uftp_event *event)
{
    return (uftp_log_subject){
        .group = event->group, .instance = event->instance, .file_id = event->file_id};
}

static void record(uftp_report *report, const char *text)
{
    if (report->config.records->log && report->config.before_line)
        report->config.before_line(report->config.ctx);
    if (!uftp_record_write(report->config.records, text))
        say(report, 0, NULL, "Error writing status file");
}

/* ---- the end of the announce phase ---- */

static bool client_failed(const uftp_client_info *client)
{
    return client->state == UFTP_CLIENT_MUTE || client->state == UFTP_CLIENT_LOST ||
           client->state == UFTP_CLIENT_ABORTED;
}

static void connect_clients(uftp_report *report)
{
    uftp_sender_stats stats;
    uftp_sender_stats_get(report->config.sender, &stats);
    report->connected = true;
    report->sums = calloc(stats.clients + 1, sizeof *report->sums);
    report->sums_count = report->sums ? stats.clients : 0;
    if (!report->sums)
        say(report, 0, NULL, "Out of memory: results are not shown");
    for (uint32_t i = 0; i < stats.clients; i++) {
        char text[UFTP_RECORD_MAX];
        uftp_client_info client;
        uftp_sender_client_get(report->config.sender, i, &client);
        record(report, uftp_record_connect(text, client.name, !client_failed(&client)));
    }
}

/* ---- the end of a file ---- */

/* How the file that has ended went for a client; remembers its sums for the next. */
static uftp_outcome take_outcome(const uftp_client_info *client, client_sums *before)
{
    uftp_outcome outcome = {
        .client = client->name, .state = UFTP_CLIENT_DONE, .time = client->time - before->time};
    if (client->copied > before->copied)
        outcome.status = UFTP_COMPLETE_NORMAL;
    else if (client->overwritten > before->overwritten)
        outcome.status = UFTP_COMPLETE_OVERWRITE;
    else if (client->skipped > before->skipped)
        outcome.status = UFTP_COMPLETE_SKIPPED;
    else if (client->rejected > before->rejected)
        outcome.status = UFTP_COMPLETE_REJECTED;
    else
        outcome.state = client->state; /* one of the failures: those do not change back */
    *before = (client_sums){.copied = client->copied,
                            .overwritten = client->overwritten,
                            .skipped = client->skipped,
                            .rejected = client->rejected,
                            .time = client->time};
    return outcome;
}

static int compare_spaces(const void *a, const void *b)
{
    const client_space *left = a, *right = b;
    return (left->uid > right->uid) - (left->uid < right->uid);
}

static const client_space *find_space(const uftp_report *report, uint32_t uid)
{
    const client_space key = {.uid = uid};
    if (!report->space_count)
        return NULL;
    return bsearch(&key, report->spaces, report->space_count, sizeof key, compare_spaces);
}

static void report_outcome(uftp_report *report, const uftp_log_subject *subject,
                           const uftp_client_info *client, const uftp_outcome *outcome,
                           const uftp_outcome_file *file)
{
    char text[UFTP_RECORD_MAX];
    const char *failure = uftp_outcome_failure(outcome);
    if (uftp_log_enabled(report->config.log, 2))
        say(report, 2, subject, "%s", uftp_outcome_line(text, outcome, file));
    else if (failure)
        say(report, 0, subject, "%-15s %s", client->name, failure);
    if (!report->file_refused)
        record(report, uftp_record_result(text, outcome, file));

    const client_space *space = find_space(report, client->uid);
    if (space) {
        say(report, 2, subject, "  Free space on host: %" PRIu64 " bytes", space->bytes);
        record(report, uftp_record_free_space(text, file->name, space->bytes));
    }
}

static void finish_file(uftp_report *report, const uftp_event *event)
{
    const uftp_log_subject subject = subject_of(event);
    const uftp_outcome_file file = {.name = report->file_name ? report->file_name : "",
                                    .size = report->file_size,
                                    .preview_rate = report->config.preview_rate};
    uint64_t slowest = 0;
    report->file_open = false;
    if (report->space_count)
        qsort(report->spaces, report->space_count, sizeof *report->spaces, compare_spaces);
    say(report, 2, &subject, "Transfer status:");
    for (uint32_t i = 0; i < report->sums_count; i++) {
        uftp_client_info client;
        uftp_sender_client_get(report->config.sender, i, &client);
        if (client.is_proxy)
            continue;
        const uftp_outcome outcome = take_outcome(&client, &report->sums[i]);
        uint64_t time = uftp_outcome_time(&outcome, &file);
        if (uftp_outcome_transferred(&outcome) && time > slowest)
            slowest = time;
        report_outcome(report, &subject, &client, &outcome, &file);
    }
    say(report, 2, &subject, "Total elapsed time: %.3f seconds", (double)slowest / 1e9);
    say(report, 2, &subject, "Overall throughput: %.2f KB/s",
        uftp_speed_kbytes(file.size, slowest));
    report->space_count = 0;
}

static void finish_session(uftp_report *report, const uftp_event *event)
{
    const uftp_log_subject subject = subject_of(event);
    /* As the reference has it, no record tells of a file that nobody began to receive. */
    report->file_refused = event->result == UFTP_RESULT_NO_FILEINFO;
    if (report->file_open && report->connected)
        finish_file(report, event); /* cut off in the middle */
    switch (event->result) {
    case UFTP_RESULT_OK:
    case UFTP_RESULT_NOTHING_SENT:
        say(report, 2, &subject, "Group complete");
        break;
    case UFTP_RESULT_NO_REGISTRATION:
        say(report, 0, &subject, "Announce timed out");
        return;
    case UFTP_RESULT_NO_FILEINFO:
    case UFTP_RESULT_ALL_LOST:
        say(report, 0, &subject, "No receiver is left");
        return;
    case UFTP_RESULT_INTERRUPTED:
    case UFTP_RESULT_FAILED:
    case UFTP_RESULT_ERROR:
        return;
    }
    uftp_sender_stats stats;
    uftp_sender_stats_get(report->config.sender, &stats);
    char text[UFTP_RECORD_MAX];
    if (stats.clients)
        record(report, uftp_record_stats_head(text));
    for (uint32_t i = 0; i < stats.clients; i++) {
        uftp_client_info client;
        uftp_sender_client_get(report->config.sender, i, &client);
        if (!client.is_proxy)
            record(report, uftp_record_stats(text, &client, report->config.preview_rate));
    }
}

/* ---- the other events ---- */

static void start_file(uftp_report *report, const uftp_event *event)
{
    const uftp_log_subject subject = subject_of(event);
    const char *path = event->path && *event->path ? event->path : event->name;
    free(report->file_name);
    report->file_name = strdup(event->name);
    report->file_size = event->size;
    report->file_open = true;
    say(report, 2, &subject, "----- %s -----", path);
    say(report, 2, &subject, "File ID: %04X  Name: %s", event->file_id, path);
    say(report, 2, &subject, "  sending as: %s", event->name);
    switch ((uftp_file_type)event->file_type) {
    case UFTP_FILE_REGULAR:
        say(report, 2, &subject, "Bytes: %" PRIu64 "  Blocks: %" PRIu32 "  Sections: %" PRIu32,
            event->size, event->blocks, event->sections);
        break;
    case UFTP_FILE_DIRECTORY:
        say(report, 2, &subject, "Empty directory");
        break;
    case UFTP_FILE_SYMLINK:
        say(report, 2, &subject, "Symbolic link to %s", event->text ? event->text : "");
        break;
    case UFTP_FILE_DELETE:
        say(report, 2, &subject, "Delete file/directory with this name");
        break;
    case UFTP_FILE_FREE_SPACE:
        say(report, 2, &subject, "Free disk space query");
        break;
    }
}

static void sent(uftp_report *report, const uftp_event *event)
{
    const uftp_log_subject subject = subject_of(event);
    if (event->message == UFTP_MESSAGE_ABORT)
        say(report, 2, &subject, "Sending ABORT");
    else if (event->message == UFTP_MESSAGE_CONG_CTRL) /* one every round trip */
        say(report, 4, &subject, "Sending CONG_CTRL");
    else if (event->message == UFTP_MESSAGE_ANNOUNCE && !report->config.closed)
        say(report, 2, &subject, "Sending ANNOUNCE %u", event->attempt);
    else
        say(report, 2, &subject, "Sending %s %u.%u", uftp_message_name(event->message),
            event->attempt, event->packet);
}

static void received(uftp_report *report, const uftp_event *event)
{
    const uftp_log_subject subject = subject_of(event);
    const char *mark = event->repeated ? "+" : "";
    const char *name = event->name ? event->name : "";
    switch (event->message) {
    case UFTP_MESSAGE_REGISTER: /* the first one is told by CLIENT_REGISTERED */
        if (event->repeated)
            say(report, 2, &subject, "Received REGISTER+ from client %s", name);
        break;
    case UFTP_MESSAGE_COMPLETE:
        if (event->repeated) /* the first one is told by CLIENT_COMPLETE, with its status */
            say(report, 2, &subject, "Got COMPLETE+ from client %s", name);
        break;
    case UFTP_MESSAGE_STATUS: /* told by CLIENT_NAKS */
        say(report, 4, &subject, "Got STATUS%s from client %s", mark, name);
        break;
    case UFTP_MESSAGE_CC_ACK: /* one every round trip */
        say(report, 4, &subject, "Received CC_ACK from client %s", name);
        break;
    case UFTP_MESSAGE_CLIENT_KEY:
    case UFTP_MESSAGE_KEYINFO_ACK:
        say(report, 2, &subject, "Received %s%s from %s", uftp_message_name(event->message), mark,
            name);
        break;
    default:
        say(report, 2, &subject, "Received %s%s from client %s", uftp_message_name(event->message),
            mark, name);
    }
}

static void keep_space(uftp_report *report, const uftp_event *event)
{
    client_space *spaces =
        realloc(report->spaces, (report->space_count + 1) * sizeof *report->spaces);
    if (!spaces)
        return; /* the record is then missing, the session goes on */
    report->spaces = spaces;
    spaces[report->space_count++] = (client_space){.uid = event->peer, .bytes = event->free_space};
}

static void client_complete(uftp_report *report, const uftp_event *event)
{
    static const char *const marks[] = {
        [UFTP_COMPLETE_NORMAL] = "",
        [UFTP_COMPLETE_SKIPPED] = "(skipped)",
        [UFTP_COMPLETE_OVERWRITE] = "(overwritten)",
        [UFTP_COMPLETE_REJECTED] = "(rejected)",
    };
    const uftp_log_subject subject = subject_of(event);
    const char *mark =
        event->file_id && event->status < sizeof marks / sizeof *marks ? marks[event->status] : "";
    say(report, 2, &subject, "Got COMPLETE%s from client %s", mark, event->name);
    if (event->has_free_space)
        keep_space(report, event);
}

static void client_refused(uftp_report *report, const uftp_event *event)
{
    const uftp_log_subject subject = subject_of(event);
    char address[UFTP_ADDRESS_TEXT_MAX];
    uftp_address_format(&event->address, address);
    say(report, 1, &subject, "Refused client 0x%08X at %s: %s", event->peer, address, event->text);
}

/* One line per abort: not again after the client's own ABORT, and once when it is all of them. */
static void client_aborted(uftp_report *report, const uftp_event *event)
{
    const uftp_log_subject subject = subject_of(event);
    uftp_sender_stats stats;
    uftp_sender_stats_get(report->config.sender, &stats);
    if (event->peer == report->abort_peer)
        return;
    if (stats.phase != UFTP_SENDER_ENDED)
        say(report, 1, &subject, "Aborting client %s: %s", event->name, event->text);
    else if (!report->abort_all_told)
        say(report, 1, &subject, "Aborting all clients: %s", event->text);
    report->abort_all_told = stats.phase == UFTP_SENDER_ENDED;
}

static void enter_phase(uftp_report *report, const uftp_event *event)
{
    const uftp_log_subject subject = subject_of(event);
    if (event->phase != UFTP_SENDER_ANNOUNCE && !report->connected) {
        uftp_sender_stats stats;
        uftp_sender_stats_get(report->config.sender, &stats);
        if (stats.phase != UFTP_SENDER_ENDED || stats.result != UFTP_RESULT_INTERRUPTED)
            connect_clients(report);
    }
    if (event->phase == UFTP_SENDER_TRANSFER)
        say(report, 2, &subject, "Sending file");
    if (event->phase == UFTP_SENDER_COMPLETION) {
        say(report, 2, &subject, "-----------------------------");
        say(report, 2, &subject, "Finishing group");
    }
}

static void start_session(uftp_report *report, const uftp_event *event)
{
    char address[UFTP_ADDRESS_TEXT_MAX];
    uftp_address group = event->address;
    group.port = 0;
    uftp_address_format(&group, address);
    say(report, 2, NULL, "%s %s  Group ID: %08X",
        uftp_address_is_multicast(&group) ? "Using private multicast address" : "Sending to",
        address, event->group);
    say(report, 2, NULL, "Initializing group");
}

void uftp_report_event(uftp_report *report, const uftp_event *event)
{
    const uftp_log_subject subject = subject_of(event);
    const char *text = event->text ? event->text : "";
    switch (event->type) {
    case UFTP_EVENT_SESSION_STARTED:
        start_session(report, event);
        break;
    case UFTP_EVENT_SESSION_FINISHED:
        finish_session(report, event);
        break;
    case UFTP_EVENT_PHASE:
        enter_phase(report, event);
        break;
    case UFTP_EVENT_SENT:
        sent(report, event);
        break;
    case UFTP_EVENT_RECEIVED:
        received(report, event);
        break;
    case UFTP_EVENT_GRTT:
        say(report, 3, &subject, "grtt = %.6f", (double)event->duration / 1e9);
        break;
    case UFTP_EVENT_CLIENT_REGISTERED:
        say(report, 2, &subject, "Received REGISTER from client %s", event->name);
        say(report, 3, &subject, "  rtt = %.6f", (double)event->duration / 1e9);
        break;
    case UFTP_EVENT_CLIENT_CONFIRMED:
        say(report, 3, &subject, "Client %s takes part", event->name);
        break;
    case UFTP_EVENT_CLIENT_COMPLETE:
        client_complete(report, event);
        break;
    case UFTP_EVENT_CLIENT_LOST:
        say(report, 1, &subject, "No response from %s", event->name);
        break;
    case UFTP_EVENT_CLIENT_ABORTED:
        client_aborted(report, event);
        break;
    case UFTP_EVENT_CLIENT_NAKS:
        say(report, 2, &subject, "Got %" PRIu32 " NAKs for section %u from client %s", event->count,
            event->section, event->name);
        break;
    case UFTP_EVENT_CLIENT_REFUSED:
        client_refused(report, event);
        break;
    case UFTP_EVENT_FILE_STARTED:
        start_file(report, event);
        break;
    case UFTP_EVENT_FILE_PASS:
        say(report, 2, &subject, "Starting pass %u", event->pass);
        break;
    case UFTP_EVENT_FILE_SECTION:
        say(report, 2, &subject, "Sending section %u", event->section);
        break;
    case UFTP_EVENT_FILE_FINISHED:
        finish_file(report, event);
        break;
    case UFTP_EVENT_FILE_SKIPPED:
        say(report, 0, &subject, "Skipping %s: %s", event->name, text);
        break;
    case UFTP_EVENT_ABORT:
        report->abort_peer = event->peer;
        say(report, 1, &subject, "Transfer aborted by %s: %s", event->name, text);
        break;
    case UFTP_EVENT_REJECTED: {
        char address[UFTP_ADDRESS_TEXT_MAX];
        say(report, 4, &subject, "Rejecting %s from %s: %s", uftp_message_name(event->message),
            uftp_address_format(&event->address, address), uftp_strerror(event->error));
        break;
    }
    case UFTP_EVENT_JOIN: /* a receiver's */
    case UFTP_EVENT_LEAVE:
    case UFTP_EVENT_SESSION_READY:
    case UFTP_EVENT_SESSION_REFUSED:
    case UFTP_EVENT_HEARTBEAT: /* proxies only */
    case UFTP_EVENT_DOWNSTREAM:
    case UFTP_EVENT_NONE:
        break;
    }
}
