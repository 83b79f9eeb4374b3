/* SPDX-License-Identifier: MIT */
#include "common/key_log_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { VALUE_MAX = 128 }; /* bytes: twice the longest secret */

const char *uftp_key_log_choose(const char *option)
{
    const char *path = option ? option : secure_getenv(UFTP_KEY_LOG_VARIABLE);
    return path && *path ? path : NULL;
}

/* One line is one write: programs that share a file do not tear each other's lines. */
static void append(void *ctx, const char *label, uint32_t group, uint32_t uid, const uint8_t *value,
                   size_t len)
{
    uftp_key_log_file *file = ctx;
    char line[64 + 2 * VALUE_MAX];
    int at = snprintf(line, 64, "%.40s %08" PRIX32 " %08" PRIX32 " ", label, group, uid);
    if (at < 0 || len > VALUE_MAX) {
        file->failed = true;
        return;
    }
    size_t used = (size_t)at;
    for (size_t i = 0; i < len; i++) {
        line[used++] = "0123456789abcdef"[value[i] >> 4];
        line[used++] = "0123456789abcdef"[value[i] & 15];
    }
    line[used++] = '\n';
    ssize_t written;
    do
        written = write(file->fd, line, used);
    while (written < 0 && errno == EINTR);
    file->failed |= written != (ssize_t)used;
    uftp_wipe(line, sizeof line);
}

int uftp_key_log_open(uftp_key_log_file *file, const char *path, uftp_failure *failure)
{
    *file = (uftp_key_log_file){.log = {.log = append, .ctx = file}};
    if (!path)
        return 0;
    file->fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file->fd < 0)
        return uftp_fail(failure, UFTP_EXIT_KEYS, "cannot open key log %s: %s", path,
                         strerror(errno));
    file->is_open = true;
    return 0;
}

const uftp_key_log *uftp_key_log_table(const uftp_key_log_file *file)
{
    return file->is_open ? &file->log : NULL;
}

bool uftp_key_log_close(uftp_key_log_file *file)
{
    if (!file->is_open)
        return true;
    bool written = close(file->fd) == 0 && !file->failed;
    file->is_open = false;
    return written;
}
