/* SPDX-License-Identifier: MIT
 *
 * The status records of uftp (spec cli 7.1) and the words of its result table (cli 9). Pure: each
 * writes one line, without newline, into `out` of UFTP_RECORD_MAX bytes and returns `out`. Names
 * are escaped, and a ';' in them too, so that a record keeps its fields.
 */
#ifndef UFTP_SENDER_RECORDS_H
#define UFTP_SENDER_RECORDS_H

#include <uftp/sender.h>

/* How one object ended for one client. */
typedef struct uftp_outcome {
    const char *client; /* display name */
    uftp_client_state state;
    uint8_t status; /* uftp_complete_status, for UFTP_CLIENT_DONE */
    uint64_t time;  /* ns from the start of the file to its COMPLETE */
} uftp_outcome;

/* The object the outcomes are about. */
typedef struct uftp_outcome_file {
    const char *name; /* as sent */
    uint64_t size;
    uint64_t preview_rate; /* bytes per second; not 0: nothing is really sent, and times and speeds
                              are what this rate would give */
} uftp_outcome_file;

/* Whether somebody has it, now or already. */
bool uftp_outcome_done(const uftp_outcome *outcome);
bool uftp_outcome_transferred(const uftp_outcome *outcome); /* copied or overwritten */
/* In a preview, the time the file would have taken. */
uint64_t uftp_outcome_time(const uftp_outcome *outcome, const uftp_outcome_file *file);

char *uftp_record_connect(char *out, const char *client, bool success);
char *uftp_record_result(char *out, const uftp_outcome *outcome, const uftp_outcome_file *file);
char *uftp_record_free_space(char *out, const char *file_name, uint64_t bytes);
char *uftp_record_stats_head(char *out);
char *uftp_record_stats(char *out, const uftp_client_info *client, uint64_t preview_rate);

/* "Host: NAME  Status: Completed   time: ..." */
char *uftp_outcome_line(char *out, const uftp_outcome *outcome, const uftp_outcome_file *file);
/* "Mute", "Lost connection", ...; NULL for an outcome that is none of the failures. */
const char *uftp_outcome_failure(const uftp_outcome *outcome);

/* Kilobytes (1024) per second; 0 when the time is. */
double uftp_speed_kbytes(uint64_t bytes, uint64_t time);

#endif
