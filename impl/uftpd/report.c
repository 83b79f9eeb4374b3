/* SPDX-License-Identifier: MIT */
#include "uftpd/report.h"

#include "uftpd/records.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define PATH_ROOM 1024 /* a destination of 199 bytes and a name of 300, amply */

/* What is remembered of a session between its events. */
typedef struct session_notes {
    bool used;
    uint32_t group;
    uint8_t instance;
    uint32_t server;
    bool group_done;    /* the end of the session has been told */
    uftp_strings moved; /* for the script, with a temporary directory: paths to be */
} session_notes;

struct uftp_receiver_report {
    uftp_receiver_report_config config;
    session_notes sessions[UFTP_SESSIONS_MAX];
};

uftp_receiver_report *uftp_receiver_report_create(const uftp_receiver_report_config *config)
{
    uftp_receiver_report *report = calloc(1, sizeof *report);
    if (report)
        report->config = *config;
    return report;
}

static void forget(session_notes *notes)
{
    uftp_strings_free(&notes->moved);
    *notes = (session_notes){0};
}

void uftp_receiver_report_destroy(uftp_receiver_report *report)
{
    if (!report)
        return;
    for (size_t i = 0; i < UFTP_SESSIONS_MAX; i++)
        forget(&report->sessions[i]);
    free(report);
}

/* The notes of an event's session, NULL when there are none. */
static session_notes *find(uftp_receiver_report *report, const uftp_event *event)
{
    for (size_t i = 0; i < UFTP_SESSIONS_MAX; i++) {
        session_notes *notes = &report->sessions[i];
        if (notes->used && notes->group == event->group && notes->instance == event->instance)
            return notes;
    }
    return NULL;
}

static uftp_log_subject subject_of(const uftp_event *event)
{
    return (uftp_log_subject){
        .group = event->group, .instance = event->instance, .file_id = event->file_id};
}

static void record(uftp_receiver_report *report, const char *text)
{
    if (!uftp_record_write(report->config.records, text))
        uftp_log_line(report->config.log, 0, NULL, "Error writing status file");
}

static void start_session(uftp_receiver_report *report, const uftp_event *event)
{
    const uftp_log_subject subject = subject_of(event);
    char text[UFTP_RECORD_MAX], host[UFTP_ADDRESS_TEXT_MAX];
    session_notes *notes = find(report, event);
    for (size_t i = 0; i < UFTP_SESSIONS_MAX && !notes; i++)
        if (!report->sessions[i].used)
            notes = &report->sessions[i];
    if (notes) {
        forget(notes);
        *notes = (session_notes){.used = true,
                                 .group = event->group,
                                 .instance = event->instance,
                                 .server = event->peer};
    }
    uftp_address address = event->address;
    address.port = 0;
    uftp_address_format(&address, host);
    uftp_log_line(report->config.log, 2, &subject, "Received request from %08" PRIX32 " at %s (%s)",
                  event->peer, host, host);
    const uftp_record_session session = {
        .when = time(NULL), .server = event->peer, .group = event->group};
    record(report, uftp_record_accepted(text, &session, &event->address));
}

/* ---- the script ---- */

static void run_script(uftp_receiver_report *report, const uftp_event *event,
                       const uftp_strings *paths)
{
    const uftp_log_subject subject = subject_of(event);
    uftp_scripts_run(report->config.scripts, &subject, paths);
}

/* root/name, NUL-terminated; false when it is longer than a destination and a name can be. */
static bool join_path(const char *root, const char *name, size_t name_len, char out[PATH_ROOM])
{
    size_t root_len = strlen(root);
    while (root_len && root[root_len - 1] == '/')
        root_len--;
    if (root_len + 1 + name_len >= PATH_ROOM)
        return false;
    memcpy(out, root, root_len);
    out[root_len] = '/';
    memcpy(out + root_len + 1, name, name_len);
    out[root_len + 1 + name_len] = '\0';
    return true;
}

static bool contains(const uftp_strings *list, const char *text)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i], text) == 0)
            return true;
    return false;
}

/* The name below the destination of a file that still stands in the session's temporary directory
 * (spec cli 13.3). */
static const char *name_after_move(const uftp_event *event)
{
    const char *slash = strchr(event->path, '/');
    bool prefixed = event->root == UFTP_ROOT_TEMP && slash &&
                    strncmp(event->path, "_group_", strlen("_group_")) == 0;
    return prefixed ? slash + 1 : event->path;
}

/* With a temporary directory the script runs at the end of the session: once with all top-level
 * entries, or (-i) once for each object. */
static void note_moved(uftp_receiver_report *report, const uftp_event *event)
{
    session_notes *notes = find(report, event);
    uftp_failure failure;
    if (!notes || event->file_type > UFTP_FILE_SYMLINK)
        return;
    const char *name = name_after_move(event);
    size_t len = report->config.move_individually ? strlen(name) : strcspn(name, "/");
    char path[PATH_ROOM];
    if (!join_path(report->config.destinations->items[0], name, len, path) ||
        (!contains(&notes->moved, path) &&
         uftp_strings_add(&notes->moved, path, strlen(path), &failure)))
        uftp_log_line(report->config.log, 0, NULL, "Script is not told of %s", name);
}

static void file_arrived(uftp_receiver_report *report, const uftp_event *event)
{
    const uftp_strings *destinations = report->config.destinations;
    char path[PATH_ROOM];
    if (!report->config.scripts || !event->path)
        return;
    if (report->config.temp_directory) {
        note_moved(report, event);
    } else if (event->file_type == UFTP_FILE_REGULAR && event->root < destinations->count &&
               join_path(destinations->items[event->root], event->path, strlen(event->path),
                         path)) {
        char *item = path;
        run_script(report, event, &(uftp_strings){.items = &item, .count = 1});
    }
}

static void session_moved(uftp_receiver_report *report, const uftp_event *event)
{
    session_notes *notes = find(report, event);
    if (!report->config.scripts || !notes || !notes->moved.count)
        return;
    if (!report->config.move_individually) {
        run_script(report, event, &notes->moved);
        return;
    }
    for (size_t i = 0; i < notes->moved.count; i++) {
        const uftp_strings one = {.items = &notes->moved.items[i], .count = 1};
        run_script(report, event, &one);
    }
}

/* ---- files ---- */

static void start_file(uftp_receiver_report *report, const uftp_event *event)
{
    uftp_log *log = report->config.log;
    const uftp_log_subject subject = subject_of(event);
    uftp_log_line(log, 2, &subject, "Name of file to receive: %s", event->name);
    switch ((uftp_file_type)event->file_type) {
    case UFTP_FILE_REGULAR:
        uftp_log_line(log, 2, &subject,
                      "Bytes: %" PRIu64 ", Blocks: %" PRIu32 ", Sections: %" PRIu32, event->size,
                      event->blocks, event->sections);
        break;
    case UFTP_FILE_DIRECTORY:
        uftp_log_line(log, 2, &subject, "Empty directory");
        break;
    case UFTP_FILE_SYMLINK:
        uftp_log_line(log, 2, &subject, "Symbolic link to %s", event->text ? event->text : "");
        break;
    case UFTP_FILE_DELETE:
        uftp_log_line(log, 2, &subject, "Deleting file/directory");
        break;
    case UFTP_FILE_FREE_SPACE:
        uftp_log_line(log, 2, &subject, "Get free space for path");
        break;
    }
}

/* A rejection is an answer and the session goes on; any other error ends it (spec cli 13.2, 13.5).
 */
static bool is_failure(const uftp_event *event)
{
    switch (event->error) {
    case UFTP_OK:
        return false;
    case UFTP_ERR_NAME:
    case UFTP_ERR_KIND:
    case UFTP_ERR_ACCESS:
    case UFTP_ERR_UNSUPPORTED:
        return event->status != UFTP_COMPLETE_REJECTED;
    default:
        return true;
    }
}

static void finish_file(uftp_receiver_report *report, const uftp_event *event)
{
    uftp_log *log = report->config.log;
    const uftp_log_subject subject = subject_of(event);
    const char *why = event->text ? event->text : event->error ? uftp_strerror(event->error) : NULL;
    const char *name = event->name ? event->name : "";
    if (is_failure(event)) {
        uftp_log_line(log, 0, &subject, "Error receiving %s: %s", name, why);
        return;
    }
    switch ((uftp_complete_status)event->status) {
    case UFTP_COMPLETE_NORMAL:
    case UFTP_COMPLETE_OVERWRITE:
        if (event->file_type == UFTP_FILE_REGULAR)
            uftp_log_line(log, 2, &subject, "File transfer complete");
        file_arrived(report, event);
        break;
    case UFTP_COMPLETE_SKIPPED:
        uftp_log_line(log, 2, &subject, "skipping file, in sync");
        break;
    case UFTP_COMPLETE_REJECTED:
        uftp_log_line(log, 0, &subject, "Rejecting file %s: %s", name,
                      why ? why : "not allowed here");
        break;
    }
    const session_notes *notes = find(report, event);
    const uftp_record_session session = {
        .when = time(NULL), .server = notes ? notes->server : event->peer, .group = event->group};
    char text[UFTP_RECORD_MAX];
    record(report, uftp_record_received(text, &session, name, event->size, event->status));
}

/* ---- messages and the end ---- */

static void group_done(uftp_receiver_report *report, const uftp_event *event)
{
    const uftp_log_subject subject = subject_of(event);
    session_notes *notes = find(report, event);
    if (notes && notes->group_done)
        return;
    if (notes)
        notes->group_done = true;
    uftp_log_line(report->config.log, 2, &subject, "Got DONE message for group");
    uftp_log_line(report->config.log, 2, &subject, "Group complete");
}

static void received(uftp_receiver_report *report, const uftp_event *event)
{
    uftp_log *log = report->config.log;
    const uftp_log_subject subject = subject_of(event);
    switch (event->message) {
    case UFTP_MESSAGE_DONE:
        if (event->file_id)
            uftp_log_line(log, 2, &subject, "Got DONE message for section %u", event->section);
        else
            group_done(report, event);
        break;
    case UFTP_MESSAGE_KEYINFO:
    case UFTP_MESSAGE_PROXY_KEY:
        uftp_log_line(log, 2, &subject, "Received %s", uftp_message_name(event->message));
        break;
    default: /* told by other events, or too many to tell */
        uftp_log_line(log, 4, &subject, "Got %s%s", uftp_message_name(event->message),
                      event->repeated ? "+" : "");
    }
}

static void sent(uftp_receiver_report *report, const uftp_event *event)
{
    const uftp_log_subject subject = subject_of(event);
    const char *mark = event->repeated ? "+" : "";
    if (event->message == UFTP_MESSAGE_COMPLETE && !event->file_id)
        group_done(report, event); /* the answer to it */
    if (event->message == UFTP_MESSAGE_STATUS)
        uftp_log_line(report->config.log, 3, &subject,
                      "STATUS sent for section %u: %" PRIu32 " NAKs", event->section, event->count);
    else /* a CC_ACK goes out every round trip */
        uftp_log_line(report->config.log, event->message == UFTP_MESSAGE_CC_ACK ? 4 : 2, &subject,
                      "%s%s sent", uftp_message_name(event->message), mark);
}

static void finish_session(uftp_receiver_report *report, const uftp_event *event)
{
    const uftp_log_subject subject = subject_of(event);
    session_notes *notes = find(report, event);
    if (event->result == UFTP_RESULT_OK) {
        uftp_log_line(report->config.log, 2, &subject, "Group file transfer confirmed");
        session_moved(report, event);
    } else {
        uftp_log_line(report->config.log, 2, &subject, "Group ended without success: %s",
                      event->text ? event->text : "no reason is known");
    }
    if (notes)
        forget(notes);
}

static void refused(uftp_receiver_report *report, const uftp_event *event)
{
    const uftp_log_subject subject = subject_of(event);
    char address[UFTP_ADDRESS_TEXT_MAX];
    uftp_log_line(report->config.log, 1, &subject, "Refusing request from %08" PRIX32 " at %s: %s",
                  event->peer, uftp_address_format(&event->address, address),
                  event->text ? event->text : "");
}

void uftp_receiver_report_event(uftp_receiver_report *report, const uftp_event *event)
{
    uftp_log *log = report->config.log;
    const uftp_log_subject subject = subject_of(event);
    char address[UFTP_ADDRESS_TEXT_MAX];
    const char *text = event->text ? event->text : "";
    switch (event->type) {
    case UFTP_EVENT_JOIN: {
        uftp_address group = event->address;
        group.port = 0;
        uftp_log_line(log, 2, &subject, "Using private multicast address %s",
                      uftp_address_format(&group, address));
        break;
    }
    case UFTP_EVENT_SESSION_STARTED:
        start_session(report, event);
        break;
    case UFTP_EVENT_SESSION_READY:
        uftp_log_line(log, 2, &subject, "Registration confirmed");
        break;
    case UFTP_EVENT_SESSION_REFUSED:
        refused(report, event);
        break;
    case UFTP_EVENT_SESSION_FINISHED:
        finish_session(report, event);
        break;
    case UFTP_EVENT_SENT:
        sent(report, event);
        break;
    case UFTP_EVENT_RECEIVED:
        received(report, event);
        break;
    case UFTP_EVENT_GRTT:
        uftp_log_line(log, 3, &subject, "grtt = %.6f", (double)event->duration / 1e9);
        break;
    case UFTP_EVENT_FILE_STARTED:
        start_file(report, event);
        break;
    case UFTP_EVENT_FILE_FINISHED:
        finish_file(report, event);
        break;
    case UFTP_EVENT_ABORT:
        if (event->repeated)
            uftp_log_line(log, 1, &subject, "Transfer aborted by server: %s", text);
        else
            uftp_log_line(log, 1, &subject, "Aborting: %s", text);
        break;
    case UFTP_EVENT_REJECTED:
        uftp_log_line(log, 4, &subject, "Rejecting %s from %s: %s",
                      uftp_message_name(event->message),
                      uftp_address_format(&event->address, address), uftp_strerror(event->error));
        break;
    case UFTP_EVENT_LEAVE:
    case UFTP_EVENT_PHASE: /* a sender's */
    case UFTP_EVENT_CLIENT_REGISTERED:
    case UFTP_EVENT_CLIENT_CONFIRMED:
    case UFTP_EVENT_CLIENT_COMPLETE:
    case UFTP_EVENT_CLIENT_LOST:
    case UFTP_EVENT_CLIENT_ABORTED:
    case UFTP_EVENT_CLIENT_NAKS:
    case UFTP_EVENT_CLIENT_REFUSED:
    case UFTP_EVENT_FILE_PASS:
    case UFTP_EVENT_FILE_SECTION:
    case UFTP_EVENT_FILE_SKIPPED:
    case UFTP_EVENT_HEARTBEAT: /* proxies only */
    case UFTP_EVENT_DOWNSTREAM:
    case UFTP_EVENT_NONE:
        break;
    }
}
