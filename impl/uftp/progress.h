/* SPDX-License-Identifier: MIT
 *
 * The progress line of uftp: what is known of the current file, in one line that is redrawn in
 * place. The numbers and the text are pure; only the drawing knows a terminal.
 */
#ifndef UFTP_SENDER_PROGRESS_H
#define UFTP_SENDER_PROGRESS_H

#include <uftp/sender.h>

#define UFTP_PROGRESS_LINE_MAX 512
#define UFTP_PROGRESS_INTERVAL UFTP_MS(200) /* five times per second is as much as an eye reads */
#define UFTP_PROGRESS_SAMPLES 11            /* one per interval: the rate of about two seconds */

/* The send rate over the last moments: a ring of (time, bytes). Start from {0}. */
typedef struct uftp_progress_rate {
    uint64_t times[UFTP_PROGRESS_SAMPLES], bytes[UFTP_PROGRESS_SAMPLES];
    size_t count, next;
} uftp_progress_rate;

void uftp_progress_rate_add(uftp_progress_rate *rate, uint64_t now, uint64_t bytes_total);
/* Bytes per second, 0 while unknown. */
uint64_t uftp_progress_rate_get(const uftp_progress_rate *rate);

/* Hundredths of the file that receivers are believed to have: what has left and is not known to be
 * missing. 0..100. */
unsigned uftp_progress_percent(const uftp_sender_stats *stats);
/* ns until the current pass has left at that rate; UFTP_NEVER while unknown. */
uint64_t uftp_progress_left(const uftp_sender_stats *stats, uint64_t bytes_per_s);

/* "0:12", "1:02:03", "--:--" for UFTP_NEVER; out has 32 bytes. Returns out. */
char *uftp_progress_duration(uint64_t interval, char *out);
/* "9.8 Mbit/s", "640 kbit/s", "1.2 Gbit/s"; out has 32 bytes. Returns out. */
char *uftp_progress_speed(uint64_t bytes_per_s, char *out);

/* One line of at most `width` columns (0: 80) for a file name as sent, which may be NULL before the
 * first file. UTF-8 names are cut at a character. Returns the length. */
size_t uftp_progress_format(const uftp_sender_stats *stats, const char *name, uint64_t bytes_per_s,
                            unsigned width, char out[UFTP_PROGRESS_LINE_MAX]);

#endif
