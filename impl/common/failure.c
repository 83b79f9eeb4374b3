/* SPDX-License-Identifier: MIT */
#include "common/failure.h"

#include "runtime/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int uftp_fail(uftp_failure *failure, int exit_code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    failure->exit_code = exit_code;
    vsnprintf(failure->text, sizeof failure->text, format, arguments);
    va_end(arguments);
    return exit_code;
}

int uftp_fail_memory(uftp_failure *failure)
{
    return uftp_fail(failure, UFTP_EXIT_SYSTEM, "out of memory");
}

int uftp_failure_print(const uftp_failure *failure, const char *program)
{
    char line[4 * UFTP_FAILURE_MAX + 1]; /* a byte grows to four at most */
    uftp_log_escape(failure->text, NULL, line, sizeof line);
    fprintf(stderr, "%s: %s\n", program, line);
    return failure->exit_code;
}
