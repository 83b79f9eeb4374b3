/* SPDX-License-Identifier: MIT */
#include "run/eventlog.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

static void put_number(FILE *out, const char *name, uint64_t value)
{
    if (value)
        fprintf(out, " %s=%" PRIu64, name, value);
}

static void put_text(FILE *out, const char *name, const char *text)
{
    if (text)
        fprintf(out, " %s=\"%s\"", name, text);
}

static void on_event(void *ctx, const sim_node *node, uint64_t now, const uftp_event *event)
{
    FILE *out = ((sim_eventlog *)ctx)->file;
    fprintf(out, "%6" PRIu64 ".%09" PRIu64 " %s %s", now / UFTP_S(1), now % UFTP_S(1),
            sim_name(node), uftp_event_name(event->type));
    if (event->message)
        fprintf(out, " %s", uftp_message_name(event->message));
    if (event->error)
        fprintf(out, " error=\"%s\"", uftp_strerror(event->error));
    if (event->type == UFTP_EVENT_SESSION_FINISHED)
        fprintf(out, " result=%d", (int)event->result);
    put_number(out, "peer", event->peer);
    put_number(out, "file", event->file_id);
    put_number(out, "attempt", event->attempt);
    put_number(out, "count", event->count);
    put_number(out, "pass", event->pass);
    put_number(out, "section", event->section);
    put_number(out, "phase", event->phase);
    put_number(out, "status", event->status);
    put_number(out, "repeated", event->repeated);
    put_number(out, "ns", event->duration);
    put_text(out, "name", event->name);
    put_text(out, "text", event->text);
    fputc('\n', out);
}

bool sim_eventlog_open(sim_eventlog *log, const char *path)
{
    *log = (sim_eventlog){.file = fopen(path, "w"), .tap = {.event = on_event, .ctx = log}};
    if (!log->file)
        fprintf(stderr, "uftp-sim: %s: %s\n", path, strerror(errno));
    return log->file != NULL;
}

bool sim_eventlog_close(sim_eventlog *log)
{
    if (!log->file)
        return true;
    bool written = !ferror(log->file);
    written = fclose(log->file) == 0 && written;
    log->file = NULL;
    if (!written)
        fputs("uftp-sim: the events could not be written whole\n", stderr);
    return written;
}
