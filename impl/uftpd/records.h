/* SPDX-License-Identifier: MIT
 *
 * The status records of uftpd (spec cli 7.2). Pure but for the time zone: each writes one line,
 * without newline, into `out` of UFTP_RECORD_MAX bytes and returns `out`. Names are escaped, and a
 * ';' in them too.
 */
#ifndef UFTP_RECEIVER_RECORDS_H
#define UFTP_RECEIVER_RECORDS_H

#include <uftp/receiver.h>

#include <time.h>

typedef struct uftp_record_session {
    time_t when;
    uint32_t server;
    uint32_t group;
} uftp_record_session;

/* The server's name is its IP: names are never looked up (as the reference's -q). */
char *uftp_record_accepted(char *out, const uftp_record_session *session,
                           const uftp_address *server);
char *uftp_record_received(char *out, const uftp_record_session *session, const char *file_name,
                           uint64_t size, uint8_t status);

#endif
