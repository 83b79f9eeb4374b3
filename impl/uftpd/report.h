/* SPDX-License-Identifier: MIT
 *
 * What becomes of a receiver's events: lines of the log in the shape of spec cli 9, status records
 * (cli 7.2), and calls of the post-receive script (cli 6.8).
 */
#ifndef UFTP_RECEIVER_REPORT_H
#define UFTP_RECEIVER_REPORT_H

#include "common/lists.h"
#include "common/record.h"
#include "uftpd/scripts.h"

#include <uftp/receiver.h>

typedef struct uftp_receiver_report_config {
    uftp_log *log;
    uftp_record_sink *records;        /* required, outlives the report */
    const uftp_strings *destinations; /* required, outlives the report */
    uftp_scripts *scripts;            /* NULL: none; outlives the report */
    bool temp_directory;              /* files stand in their place when the session has ended */
    bool move_individually;
} uftp_receiver_report_config;

typedef struct uftp_receiver_report uftp_receiver_report;

/* NULL without memory. */
uftp_receiver_report *uftp_receiver_report_create(const uftp_receiver_report_config *config);
void uftp_receiver_report_destroy(uftp_receiver_report *report); /* NULL is allowed */
/* One event of uftp_receiver_poll_event(). Joining and leaving is the caller's. */
void uftp_receiver_report_event(uftp_receiver_report *report, const uftp_event *event);

#endif
