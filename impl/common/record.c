/* SPDX-License-Identifier: MIT */
#include "common/record.h"

#include <errno.h>
#include <string.h>

int uftp_record_open(uftp_record_sink *sink, const char *path, uftp_log *log, uftp_failure *failure)
{
    *sink = (uftp_record_sink){0};
    if (!path)
        return 0;
    if (strcmp(path, "@LOG") == 0) {
        sink->log = log;
        return 0;
    }
    sink->file = fopen(path, "ae");
    if (!sink->file)
        return uftp_fail(failure, UFTP_EXIT_ARGUMENTS, "cannot open status file %s: %s", path,
                         strerror(errno));
    return 0;
}

void uftp_record_close(uftp_record_sink *sink)
{
    if (sink->file)
        fclose(sink->file);
    *sink = (uftp_record_sink){0};
}

bool uftp_record_write(uftp_record_sink *sink, const char *record)
{
    if (sink->log)
        uftp_log_record(sink->log, record);
    if (!sink->file)
        return true;
    bool written = fprintf(sink->file, "%s\n", record) >= 0;
    return fflush(sink->file) == 0 && written;
}
