/* SPDX-License-Identifier: MIT */
#include "uftp/progress.h"

#include "runtime/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void uftp_progress_rate_add(uftp_progress_rate *rate, uint64_t now, uint64_t bytes_total)
{
    rate->times[rate->next] = now;
    rate->bytes[rate->next] = bytes_total;
    rate->next = (rate->next + 1) % UFTP_PROGRESS_SAMPLES;
    if (rate->count < UFTP_PROGRESS_SAMPLES)
        rate->count++;
}

uint64_t uftp_progress_rate_get(const uftp_progress_rate *rate)
{
    if (rate->count < 2)
        return 0;
    size_t newest = (rate->next + UFTP_PROGRESS_SAMPLES - 1) % UFTP_PROGRESS_SAMPLES;
    size_t oldest = rate->count < UFTP_PROGRESS_SAMPLES ? 0 : rate->next;
    uint64_t interval = rate->times[newest] - rate->times[oldest];
    uint64_t bytes = rate->bytes[newest] - rate->bytes[oldest];
    return interval ? (uint64_t)((double)bytes * 1e9 / (double)interval) : 0;
}

/* What the current pass still has to send; its numbers are whole blocks, the file may be less. */
static uint64_t pass_left(const uftp_sender_stats *stats)
{
    uint64_t left = stats->pass_size > stats->file_sent ? stats->pass_size - stats->file_sent : 0;
    return left < stats->file_size ? left : stats->file_size;
}

unsigned uftp_progress_percent(const uftp_sender_stats *stats)
{
    if (stats->phase == UFTP_SENDER_ANNOUNCE || stats->phase == UFTP_SENDER_FILEINFO)
        return 0;
    if (stats->phase != UFTP_SENDER_TRANSFER || stats->file_size == 0)
        return 100;
    double share = (double)(stats->file_size - pass_left(stats)) / (double)stats->file_size;
    return (unsigned)(share * 100);
}

uint64_t uftp_progress_left(const uftp_sender_stats *stats, uint64_t bytes_per_s)
{
    if (!bytes_per_s || stats->phase != UFTP_SENDER_TRANSFER)
        return UFTP_NEVER;
    return (uint64_t)((double)pass_left(stats) * 1e9 / (double)bytes_per_s);
}

char *uftp_progress_duration(uint64_t interval, char *out)
{
    uint64_t s =
        (interval + UFTP_S(1) - 1) / UFTP_S(1); /* up: "0:00 left" is said at the end only */
    if (interval == UFTP_NEVER)
        snprintf(out, 32, "--:--");
    else if (s < 3600)
        snprintf(out, 32, "%" PRIu64 ":%02" PRIu64, s / 60, s % 60);
    else
        snprintf(out, 32, "%" PRIu64 ":%02" PRIu64 ":%02" PRIu64, s / 3600, s / 60 % 60, s % 60);
    return out;
}

char *uftp_progress_speed(uint64_t bytes_per_s, char *out)
{
    double bits = (double)bytes_per_s * 8;
    if (bits >= 1e9)
        snprintf(out, 32, "%.1f Gbit/s", bits / 1e9);
    else if (bits >= 1e6)
        snprintf(out, 32, "%.1f Mbit/s", bits / 1e6);
    else
        snprintf(out, 32, "%.0f kbit/s", bits / 1e3);
    return out;
}

static size_t format_tail(const uftp_sender_stats *stats, uint64_t bytes_per_s, char *out,
                          size_t capacity)
{
    const uint32_t *in = stats->clients_in;
    uint32_t lost = in[UFTP_CLIENT_LOST] + in[UFTP_CLIENT_ABORTED] + in[UFTP_CLIENT_MUTE];
    uint32_t active =
        in[UFTP_CLIENT_ACTIVE] + in[UFTP_CLIENT_ACTIVE_NAK] + in[UFTP_CLIENT_REGISTERED];
    uint32_t done = in[UFTP_CLIENT_DONE];
    char speed[32], left[32];
    int len;
    switch (stats->phase) {
    case UFTP_SENDER_ANNOUNCE:
        len = snprintf(out, capacity, "looking for receivers: %" PRIu32 " found",
                       active + in[UFTP_CLIENT_DONE]);
        break;
    case UFTP_SENDER_COMPLETION:
    case UFTP_SENDER_ENDED:
        len = snprintf(out, capacity, "finishing: %" PRIu32 "/%" PRIu32 " done, %" PRIu32 " lost",
                       done, done + active + lost, lost);
        break;
    case UFTP_SENDER_FILEINFO:
    case UFTP_SENDER_TRANSFER:
    default:
        uftp_progress_speed(bytes_per_s, speed);
        uftp_progress_duration(uftp_progress_left(stats, bytes_per_s), left);
        len = snprintf(out, capacity,
                       "%3u %%  %s  %" PRIu32 "/%" PRIu32 " done, %" PRIu32 " active, %" PRIu32
                       " lost  %s left  pass %u",
                       uftp_progress_percent(stats), speed, done, done + active + lost, active,
                       lost, left, stats->pass);
    }
    return (size_t)len;
}

/* Columns of a text that has no control characters: one per code point, which is wrong for wide
 * ones, and harmless: the line is cut a little late. */
static size_t columns(const char *text)
{
    size_t count = 0;
    for (; *text; text++)
        count += ((unsigned char)*text & 0xC0) != 0x80;
    return count;
}

/* Cuts to a number of columns, the last of them "~" to show it. */
static void cut(char *text, size_t limit)
{
    if (columns(text) <= limit)
        return;
    size_t kept = 0;
    char *at = text;
    for (; *at && kept + 1 < limit; kept++)
        do
            at++;
        while (((unsigned char)*at & 0xC0) == 0x80);
    if (limit)
        *at++ = '~';
    *at = '\0';
}

size_t uftp_progress_format(const uftp_sender_stats *stats, const char *name, uint64_t bytes_per_s,
                            unsigned width, char out[UFTP_PROGRESS_LINE_MAX])
{
    enum { WIDTH_DEFAULT = 80, NAME_COLUMNS_MIN = 8 };
    char tail[UFTP_PROGRESS_LINE_MAX / 2], head[UFTP_PROGRESS_LINE_MAX / 2] = "";
    size_t limit = width ? width - 1 : WIDTH_DEFAULT - 1; /* the last column would wrap */
    if (limit > sizeof tail - 1)
        limit = sizeof tail - 1;
    size_t used = format_tail(stats, bytes_per_s, tail, sizeof tail);
    if (name && stats->phase != UFTP_SENDER_ANNOUNCE && stats->phase != UFTP_SENDER_COMPLETION &&
        limit > used + 2 + NAME_COLUMNS_MIN) {
        uftp_log_escape(name, NULL, head, sizeof head);
        cut(head, limit - used - 2);
    }
    cut(tail, limit);
    return (size_t)snprintf(out, UFTP_PROGRESS_LINE_MAX, "%s%s%s", head, *head ? "  " : "", tail);
}
