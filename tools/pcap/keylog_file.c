/* SPDX-License-Identifier: MIT */
#include "keylog_file.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { FILE_MAX = 256 << 20 }; /* a million sessions; text of somebody else is no key log */

int cap_keylog_file_open(cap_keylog_file *file, const char *path)
{
    *file = (cap_keylog_file){.file = fopen(path, "rb")};
    return file->file ? 0 : -1;
}

void cap_keylog_file_close(cap_keylog_file *file)
{
    if (file->file)
        fclose(file->file);
    if (file->rest)
        memset(file->rest, 0, file->rest_len);
    free(file->rest);
    *file = (cap_keylog_file){0};
}

/* All that is there behind what was read, behind the rest of the last line. NULL: no. */
static char *read_more(cap_keylog_file *file, size_t *len)
{
    char *text = file->rest;
    size_t capacity = file->rest_len;
    *len = file->rest_len;
    file->rest = NULL;
    file->rest_len = 0;
    clearerr(file->file);
    while (!feof(file->file) && !ferror(file->file) && *len < FILE_MAX) {
        if (*len == capacity) {
            capacity = capacity ? 2 * capacity : 1 << 12;
            char *wider = realloc(text, capacity);
            if (!wider)
                break;
            text = wider;
        }
        size_t got = fread(text + *len, 1, capacity - *len, file->file);
        *len += got;
        file->bytes += got;
    }
    if (feof(file->file) && !ferror(file->file))
        return text;
    free(text);
    return NULL;
}

static bool has_grown(const cap_keylog_file *file)
{
    struct stat status;
    return fstat(fileno(file->file), &status) == 0 && S_ISREG(status.st_mode)
               ? (uint64_t)status.st_size > file->bytes
               : file->bytes == 0; /* a pipe is read once, to its end */
}

static long count_lines(const char *text, size_t len)
{
    long count = 0;
    for (size_t i = 0; i < len; i++)
        count += text[i] == '\n';
    return count;
}

long cap_keylog_file_read(cap_keylog_file *file, cap_keylog *log, bool whole, bool *grown)
{
    *grown = false;
    if (!has_grown(file))
        return 0;
    size_t len;
    char *text = read_more(file, &len);
    if (!text)
        return -1;
    size_t complete = len;
    while (!whole && complete > 0 && text[complete - 1] != '\n')
        complete--;
    long line = cap_keylog_add(log, text, complete);
    *grown = complete > 0;
    if (line > 0)
        line += file->lines;
    file->lines += count_lines(text, complete);
    memmove(text, text + complete, len - complete);
    file->rest = text;
    file->rest_len = len - complete;
    return line;
}
