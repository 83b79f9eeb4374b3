/* SPDX-License-Identifier: MIT */
#include "uftpd/records.h"

#include "common/record.h"

#include <inttypes.h>

static int format_head(char *out, const char *kind, const uftp_record_session *session)
{
    struct tm local = {0};
    char when[32] = "";
    if (localtime_r(&session->when, &local))
        strftime(when, sizeof when, "%Y/%m/%d-%H:%M:%S", &local);
    return snprintf(out, UFTP_RECORD_MAX, "%s;%s;%08" PRIX32 ";%08" PRIX32 ";", kind, when,
                    session->server, session->group);
}

char *uftp_record_accepted(char *out, const uftp_record_session *session,
                           const uftp_address *server)
{
    char text[UFTP_ADDRESS_TEXT_MAX];
    uftp_address host = *server;
    host.port = 0;
    uftp_address_format(&host, text);
    int len = format_head(out, "CONNECT", session);
    snprintf(out + len, UFTP_RECORD_MAX - (size_t)len, "%s;%s", text, text);
    return out;
}

static const char *status_word(uint8_t status)
{
    switch (status) {
    case UFTP_COMPLETE_NORMAL:
        return "copied";
    case UFTP_COMPLETE_SKIPPED:
        return "skipped";
    case UFTP_COMPLETE_OVERWRITE:
        return "overwritten";
    case UFTP_COMPLETE_REJECTED:
        return "rejected";
    default:
        return "unknown";
    }
}

char *uftp_record_received(char *out, const uftp_record_session *session, const char *file_name,
                           uint64_t size, uint8_t status)
{
    char name[4 * UFTP_NAME_MAX + 1];
    uftp_log_escape(file_name, ";", name, sizeof name);
    int len = format_head(out, "RESULT", session);
    snprintf(out + len, UFTP_RECORD_MAX - (size_t)len, "%s;%" PRIu64 "KB;%s", name, size / 1024,
             status_word(status));
    return out;
}
