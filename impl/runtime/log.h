/* SPDX-License-Identifier: MIT
 *
 * The log of a program: lines by level, to stderr or to a file that rolls (spec cli 8). Whatever a
 * peer chose (names, texts) may stand in an argument: control characters and invalid UTF-8 are
 * escaped in the whole line (design threat 21).
 */
#ifndef UFTP_RUNTIME_LOG_H
#define UFTP_RUNTIME_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UFTP_LOG_LEVEL_DEFAULT 2
#define UFTP_LOG_ARCHIVES_DEFAULT 5
#define UFTP_LOG_LINE_MAX 2048 /* bytes of a line before escaping; the rest is cut off */

typedef struct uftp_log_config {
    const char *path;       /* appended to, created with 0644; NULL: stderr */
    int level;              /* 0..5: lines up to this level are written */
    bool timestamps;        /* a file has them always */
    bool redirect_stderr;   /* stderr goes into the file too, as the reference does */
    uint64_t roll_bytes;    /* roll when the file gets larger; 0: never. Only with a path */
    unsigned archive_count; /* old logs kept when rolling: path.1 .. path.N; 0: the default */
} uftp_log_config;

typedef struct uftp_log uftp_log;

/* What a line is about; shown as "[GGGGGGGG/II:FFFF]: " when lines have time stamps and the group
 * is not 0. */
typedef struct uftp_log_subject {
    uint32_t group;
    uint8_t instance;
    uint16_t file_id; /* 0: group level */
} uftp_log_subject;

/* ACCESS, NOT_FOUND, IO (the file cannot be opened), MEMORY. */
int uftp_log_open(const uftp_log_config *config, uftp_log **out);
void uftp_log_close(uftp_log *log); /* NULL is allowed */
bool uftp_log_enabled(const uftp_log *log, int level);

/* One line, without its newline. `subject` may be NULL, `log` too (then nothing happens). */
void uftp_log_line(uftp_log *log, int level, const uftp_log_subject *subject, const char *format,
                   ...) __attribute__((format(printf, 4, 5)));
/* The same with ": strerror text" behind it. */
void uftp_log_system(uftp_log *log, int level, const uftp_log_subject *subject, int system_error,
                     const char *format, ...) __attribute__((format(printf, 5, 6)));
/* A finished record (spec cli 7) into the log stream: no time stamp, no level, escaped. */
void uftp_log_record(uftp_log *log, const char *text);

/* Copies `text` with everything that could act on a terminal or break a line written as \xNN:
 * control characters (C0, DEL, C1), line and paragraph separators, direction overrides, and bytes
 * that are not UTF-8. Also each character of `special` (NULL: none), e.g. ";" in a record. Always
 * NUL-terminated; returns the length, cut off at a whole character when it does not fit. */
size_t uftp_log_escape(const char *text, const char *special, char *out, size_t capacity);

#endif
