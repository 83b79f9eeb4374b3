/* SPDX-License-Identifier: MIT */
#include "runtime/log.h"

#include "runtime/clock.h"

#include <uftp/core.h>

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Time stamp, subject and newline around an escaped line. */
enum { PREFIX_MAX = 96, TEXT_MAX = 4 * UFTP_LOG_LINE_MAX };

struct uftp_log {
    int fd;
    int level;
    bool timestamps;
    bool redirect_stderr;
    bool rolling; /* a roll is under way: its own lines must not start another */
    char *path;   /* NULL: stderr */
    uint64_t size;
    uint64_t roll_bytes;
    unsigned archive_count;
};

/* Bytes of the UTF-8 character at `text`, 0 when it is none; *code is the code point. The NUL
 * behind the text ends every sequence that is cut off. */
static size_t utf8_decode(const unsigned char *text, uint32_t *code)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000}; /* by length */
    size_t len = text[0] < 0x80             ? 1
                 : (text[0] & 0xe0) == 0xc0 ? 2
                 : (text[0] & 0xf0) == 0xe0 ? 3
                 : (text[0] & 0xf8) == 0xf0 ? 4
                                            : 0;
    if (!len)
        return 0;
    *code = len == 1 ? text[0] : text[0] & (0x7fu >> len);
    for (size_t i = 1; i < len; i++) {
        if ((text[i] & 0xc0) != 0x80)
            return 0;
        *code = *code << 6 | (text[i] & 0x3fu);
    }
    bool surrogate = *code >= 0xd800 && *code <= 0xdfff;
    return *code < smallest[len] || *code > 0x10ffff || surrogate ? 0 : len;
}

static bool is_printable(uint32_t code)
{
    if (code < 0x20 || (code >= 0x7f && code <= 0x9f))
        return false;
    /* Line and paragraph separator, and what turns the direction of the text around it. */
    return !(code == 0x200e || code == 0x200f || (code >= 0x2028 && code <= 0x202e) ||
             (code >= 0x2066 && code <= 0x2069));
}

size_t uftp_log_escape(const char *text, const char *special, char *out, size_t capacity)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *at = (const unsigned char *)text;
    size_t used = 0;
    while (*at && capacity) {
        uint32_t code = 0;
        size_t len = utf8_decode(at, &code);
        bool plain = len && is_printable(code);
        if (plain && len == 1 && special && strchr(special, *at))
            plain = false;
        if (!len)
            len = 1; /* one bad byte; the next may begin a good character */
        size_t need = plain ? len : 4 * len;
        if (capacity - used <= need)
            break;
        for (size_t i = 0; i < len && !plain; i++) {
            const char escaped[4] = {'\\', 'x', digits[at[i] >> 4], digits[at[i] & 15]};
            memcpy(out + used + 4 * i, escaped, sizeof escaped);
        }
        if (plain)
            memcpy(out + used, at, len);
        used += need;
        at += len;
    }
    if (capacity)
        out[used] = '\0';
    return used;
}

static int open_file(const char *path, uint64_t *size)
{
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0644);
    struct stat st;
    *size = fd >= 0 && !fstat(fd, &st) && st.st_size > 0 ? (uint64_t)st.st_size : 0;
    return fd;
}

static int open_error(int system_error)
{
    switch (system_error) {
    case EACCES:
    case EPERM:
    case EROFS:
        return UFTP_ERR_ACCESS;
    case ENOENT:
    case ENOTDIR:
        return UFTP_ERR_NOT_FOUND;
    default:
        return UFTP_ERR_IO;
    }
}

int uftp_log_open(const uftp_log_config *config, uftp_log **out)
{
    uftp_log *log = calloc(1, sizeof *log);
    if (!log)
        return UFTP_ERR_MEMORY;
    log->fd = STDERR_FILENO;
    log->level = config->level;
    log->timestamps = config->timestamps || config->path;
    tzset(); /* localtime_r() need not do it */
    if (config->path) {
        log->path = strdup(config->path);
        log->fd = log->path ? open_file(log->path, &log->size) : -1;
        if (log->fd < 0) {
            int err = log->path ? open_error(errno) : UFTP_ERR_MEMORY;
            free(log->path);
            free(log);
            return err;
        }
        log->redirect_stderr = config->redirect_stderr;
        log->roll_bytes = config->roll_bytes;
        log->archive_count =
            config->archive_count ? config->archive_count : UFTP_LOG_ARCHIVES_DEFAULT;
        if (log->redirect_stderr)
            dup2(log->fd, STDERR_FILENO);
    }
    *out = log;
    return UFTP_OK;
}

void uftp_log_close(uftp_log *log)
{
    if (!log)
        return;
    if (log->path)
        close(log->fd);
    free(log->path);
    free(log);
}

bool uftp_log_enabled(const uftp_log *log, int level)
{
    return log && level <= log->level;
}

/* A rename that fails is not worth more than a word: the next line must still find a file. */
static void rename_archive(uftp_log *log, const char *from, const char *to)
{
    if (rename(from, to) && errno != ENOENT)
        uftp_log_system(log, 0, NULL, errno, "Couldn't rename %s", from);
}

static void roll(uftp_log *log)
{
    size_t capacity = strlen(log->path) + 16;
    char *from = malloc(capacity), *to = malloc(capacity);
    log->rolling = true;
    if (from && to) {
        for (unsigned i = log->archive_count; i > 0; i--) {
            snprintf(from, capacity, i > 1 ? "%s.%u" : "%s", log->path, i - 1);
            snprintf(to, capacity, "%s.%u", log->path, i);
            rename_archive(log, from, to);
        }
        int fd = open_file(log->path, &log->size);
        if (fd >= 0) {
            close(log->fd);
            log->fd = fd;
            if (log->redirect_stderr)
                dup2(fd, STDERR_FILENO);
        } else {
            log->size = 0; /* goes on in the old file; tried again when as much has been added */
            uftp_log_system(log, 0, NULL, errno, "Couldn't open new log %s", log->path);
        }
    }
    log->rolling = false;
    free(from);
    free(to);
}

static void write_out(uftp_log *log, const char *line, size_t len)
{
    log->size += len;
    while (len) { /* in one piece nearly always, so that lines of two programs do not mix */
        ssize_t written = write(log->fd, line, len);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            break; /* a full disk or a closed terminal must not stop a transfer */
        line += written;
        len -= (size_t)written;
    }
    if (log->roll_bytes && log->size > log->roll_bytes && !log->rolling)
        roll(log);
}

static size_t write_timestamp(char *out, size_t capacity)
{
    uint64_t wall_us = uftp_clock_wall_us();
    time_t seconds = (time_t)(wall_us / 1000000);
    struct tm tm;
    if (!localtime_r(&seconds, &tm))
        return 0;
    size_t used = strftime(out, capacity, "%Y/%m/%d %H:%M:%S", &tm);
    int more = snprintf(out + used, capacity - used, ".%06u: ", (unsigned)(wall_us % 1000000));
    return used + (size_t)more;
}

static size_t write_subject(const uftp_log_subject *subject, char *out, size_t capacity)
{
    int used = subject->file_id
                   ? snprintf(out, capacity, "[%08X/%02X:%04X]: ", subject->group,
                              subject->instance, subject->file_id)
                   : snprintf(out, capacity, "[%08X/%02X:0]: ", subject->group, subject->instance);
    return (size_t)used;
}

static void write_line(uftp_log *log, const uftp_log_subject *subject, const char *text)
{
    char line[PREFIX_MAX + TEXT_MAX + 2];
    size_t used = 0;
    if (log->timestamps)
        used = write_timestamp(line, PREFIX_MAX);
    if (log->timestamps && subject && subject->group)
        used += write_subject(subject, line + used, PREFIX_MAX - used);
    used += uftp_log_escape(text, NULL, line + used, sizeof line - used - 1);
    line[used++] = '\n';
    write_out(log, line, used);
}

void uftp_log_line(uftp_log *log, int level, const uftp_log_subject *subject, const char *format,
                   ...)
{
    if (!uftp_log_enabled(log, level))
        return;
    char text[UFTP_LOG_LINE_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    write_line(log, subject, text);
}

void uftp_log_system(uftp_log *log, int level, const uftp_log_subject *subject, int system_error,
                     const char *format, ...)
{
    if (!uftp_log_enabled(log, level))
        return;
    char text[UFTP_LOG_LINE_MAX];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    size_t used = len < 0 ? 0 : strlen(text);
    snprintf(text + used, sizeof text - used, ": %s", strerror(system_error));
    write_line(log, subject, text);
}

void uftp_log_record(uftp_log *log, const char *text)
{
    if (!log)
        return;
    char line[TEXT_MAX + 2];
    size_t used = uftp_log_escape(text, NULL, line, sizeof line - 1);
    line[used++] = '\n';
    write_out(log, line, used);
}
