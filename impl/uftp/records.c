/* SPDX-License-Identifier: MIT */
#include "uftp/records.h"

#include "common/record.h"

#include <inttypes.h>

/* A name of the wire, each byte escaped to four at most. */
#define NAME_TEXT_MAX (4 * UFTP_NAME_MAX + 1)

static double seconds(uint64_t time)
{
    return (double)time / 1e9;
}

double uftp_speed_kbytes(uint64_t bytes, uint64_t time)
{
    return time ? (double)bytes / 1024 / seconds(time) : 0;
}

bool uftp_outcome_transferred(const uftp_outcome *outcome)
{
    return outcome->state == UFTP_CLIENT_DONE &&
           (outcome->status == UFTP_COMPLETE_NORMAL || outcome->status == UFTP_COMPLETE_OVERWRITE);
}

bool uftp_outcome_done(const uftp_outcome *outcome)
{
    return outcome->state == UFTP_CLIENT_DONE && outcome->status != UFTP_COMPLETE_REJECTED;
}

static uint64_t preview_time(uint64_t bytes, uint64_t rate)
{
    return (uint64_t)((double)bytes * 1e9 / (double)rate);
}

uint64_t uftp_outcome_time(const uftp_outcome *outcome, const uftp_outcome_file *file)
{
    return file->preview_rate ? preview_time(file->size, file->preview_rate) : outcome->time;
}

/* The words of RESULT; a speed follows only for what was transferred. */
static const char *record_word(const uftp_outcome *outcome)
{
    switch (outcome->state) {
    case UFTP_CLIENT_MUTE:
        return "mute";
    case UFTP_CLIENT_LOST:
        return "lost";
    case UFTP_CLIENT_ABORTED:
        return "aborted";
    case UFTP_CLIENT_DONE:
        switch (outcome->status) {
        case UFTP_COMPLETE_NORMAL:
            return "copy";
        case UFTP_COMPLETE_SKIPPED:
            return "skipped";
        case UFTP_COMPLETE_OVERWRITE:
            return "overwritten";
        case UFTP_COMPLETE_REJECTED:
            return "rejected";
        }
        break;
    case UFTP_CLIENT_REGISTERED:
    case UFTP_CLIENT_ACTIVE:
    case UFTP_CLIENT_ACTIVE_NAK:
        break;
    }
    return "Unknown";
}

char *uftp_record_connect(char *out, const char *client, bool success)
{
    char name[4 * UFTP_CLIENT_NAME_MAX + 1];
    uftp_log_escape(client, ";", name, sizeof name);
    snprintf(out, UFTP_RECORD_MAX, "CONNECT;%s;%s", success ? "success" : "failed", name);
    return out;
}

char *uftp_record_result(char *out, const uftp_outcome *outcome, const uftp_outcome_file *file)
{
    char client[4 * UFTP_CLIENT_NAME_MAX + 1], name[NAME_TEXT_MAX];
    uftp_log_escape(outcome->client, ";", client, sizeof client);
    uftp_log_escape(file->name, ";", name, sizeof name);
    int len = snprintf(out, UFTP_RECORD_MAX, "RESULT;%s;%s;%" PRIu64 "KB;%s;", client, name,
                       file->size / 1024, record_word(outcome));
    if (uftp_outcome_transferred(outcome))
        snprintf(out + len, UFTP_RECORD_MAX - (size_t)len, "%.2fKB/s",
                 file->preview_rate /* said of empty files, too, as the reference does */
                     ? (double)file->preview_rate / 1024
                     : uftp_speed_kbytes(file->size, outcome->time));
    return out;
}

char *uftp_record_free_space(char *out, const char *file_name, uint64_t bytes)
{
    char name[NAME_TEXT_MAX];
    uftp_log_escape(file_name, ";", name, sizeof name);
    snprintf(out, UFTP_RECORD_MAX, "FREESPACE;%s;%" PRIu64, name, bytes);
    return out;
}

char *uftp_record_stats_head(char *out)
{
    snprintf(out, UFTP_RECORD_MAX, "HSTATS;target;copy;overwrite;skip;totalMB;time;speedKB/s");
    return out;
}

char *uftp_record_stats(char *out, const uftp_client_info *client, uint64_t preview_rate)
{
    char name[4 * UFTP_CLIENT_NAME_MAX + 1];
    uftp_log_escape(client->name, ";", name, sizeof name);
    uint64_t time = preview_rate ? preview_time(client->bytes, preview_rate) : client->time;
    snprintf(out, UFTP_RECORD_MAX,
             "STATS;%s;%" PRIu32 ";%" PRIu32 ";%" PRIu32 ";%" PRIu64 "MB;%.3f;%.2fKB/s", name,
             client->copied, client->overwritten, client->skipped, client->bytes / 1048576,
             seconds(time), uftp_speed_kbytes(client->bytes, time));
    return out;
}

const char *uftp_outcome_failure(const uftp_outcome *outcome)
{
    switch (outcome->state) {
    case UFTP_CLIENT_MUTE:
        return "Mute";
    case UFTP_CLIENT_LOST:
        return "Lost connection";
    case UFTP_CLIENT_ABORTED:
        return "Aborted";
    case UFTP_CLIENT_DONE:
        return outcome->status == UFTP_COMPLETE_REJECTED ? "Rejected" : NULL;
    case UFTP_CLIENT_REGISTERED:
    case UFTP_CLIENT_ACTIVE:
    case UFTP_CLIENT_ACTIVE_NAK:
        break;
    }
    return "Unknown code";
}

char *uftp_outcome_line(char *out, const uftp_outcome *outcome, const uftp_outcome_file *file)
{
    const char *failure = uftp_outcome_failure(outcome);
    int len = snprintf(out, UFTP_RECORD_MAX, "Host: %-15s  Status: ", outcome->client);
    size_t room = UFTP_RECORD_MAX - (size_t)len;
    if (failure)
        snprintf(out + len, room, "%s", failure);
    else if (outcome->status == UFTP_COMPLETE_SKIPPED)
        snprintf(out + len, room, "Skipped");
    else
        snprintf(out + len, room, "Completed%s   time: %7.3f seconds",
                 outcome->status == UFTP_COMPLETE_OVERWRITE ? "(overwritten)" : "",
                 seconds(uftp_outcome_time(outcome, file)));
    return out;
}
