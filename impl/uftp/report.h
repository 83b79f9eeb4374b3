/* SPDX-License-Identifier: MIT
 *
 * What becomes of a sender's events: lines of the log, shaped as spec cli 9 shows them so that log
 * scrapers keep working, and status records (cli 7.1).
 */
#ifndef UFTP_SENDER_REPORT_H
#define UFTP_SENDER_REPORT_H

#include "common/record.h"
#include "uftp/records.h"

typedef struct uftp_report_config {
    const uftp_sender *sender;      /* required, outlives the report */
    uftp_log *log;                  /* NULL: no log */
    uftp_record_sink *records;      /* required, outlives the report */
    uint64_t preview_rate;          /* uftp_outcome_file.preview_rate */
    bool closed;                    /* membership is closed */
    void (*before_line)(void *ctx); /* called before anything is written to the log; NULL: not */
    void *ctx;
} uftp_report_config;

typedef struct uftp_report uftp_report;

/* NULL without memory. */
uftp_report *uftp_report_create(const uftp_report_config *config);
void uftp_report_destroy(uftp_report *report); /* NULL is allowed */
/* One event of uftp_sender_poll_event(). */
void uftp_report_event(uftp_report *report, const uftp_event *event);
/* The name of the current file as sent, NULL before the first; valid until the next event. */
const char *uftp_report_file_name(const uftp_report *report);

#endif
