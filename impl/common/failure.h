/* SPDX-License-Identifier: MIT
 *
 * How a program says no: one line (what, where, what to do) and the exit code of spec cli 10.
 */
#ifndef UFTP_COMMON_FAILURE_H
#define UFTP_COMMON_FAILURE_H

/* Exit codes that are not a session's result (those are uftp_result). */
enum {
    UFTP_EXIT_OK = 0,
    UFTP_EXIT_ARGUMENTS = 1, /* options, lists, directories */
    UFTP_EXIT_NETWORK = 2,   /* addresses, interfaces, sockets */
    UFTP_EXIT_KEYS = 3,
    UFTP_EXIT_LOG = 4,
    UFTP_EXIT_SYSTEM = 5, /* memory, fork */
    UFTP_EXIT_INTERRUPTED = 6
};

#define UFTP_FAILURE_MAX 1024

typedef struct uftp_failure {
    int exit_code;               /* 0 while nothing failed */
    char text[UFTP_FAILURE_MAX]; /* without newline and program name; may quote what a user gave */
} uftp_failure;

/* Sets both and returns exit_code, so that a function can end with `return uftp_fail(...)`. */
int uftp_fail(uftp_failure *failure, int exit_code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
int uftp_fail_memory(uftp_failure *failure);

/* "program: text" on stderr, as one line whatever the text holds. Returns the exit code. */
int uftp_failure_print(const uftp_failure *failure, const char *program);

#endif
