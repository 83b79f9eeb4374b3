/* SPDX-License-Identifier: MIT
 *
 * A fresh directory for one test, and what a test does with files behind the back of the code.
 */
#ifndef UFTP_TESTS_SCRATCH_H
#define UFTP_TESTS_SCRATCH_H

#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SCRATCH_PATH_MAX = 512 };

typedef struct scratch {
    char path[256];
} scratch;

/* In $TMPDIR, to try a certain file system; else in memory where there is such a place, because a
 * busy disk makes tests that remove thousands of directories slow. */
static inline bool scratch_make(scratch *s)
{
    const char *parent = getenv("TMPDIR");
    if (!parent)
        parent = access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm";
    int len = snprintf(s->path, sizeof s->path, "%s/uftp-test-XXXXXX", parent);
    return len < (int)sizeof s->path && mkdtemp(s->path);
}

static inline int scratch_drop(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

static inline void scratch_remove(const scratch *s)
{
    nftw(s->path, scratch_drop, 16, FTW_DEPTH | FTW_PHYS);
}

/* "<scratch>/<name>" in `out`, which is returned. */
static inline char *scratch_name(const scratch *s, const char *name, char out[SCRATCH_PATH_MAX])
{
    if (snprintf(out, SCRATCH_PATH_MAX, "%s/%s", s->path, name) >= SCRATCH_PATH_MAX)
        abort();
    return out;
}

static inline void scratch_write(const scratch *s, const char *name, const char *text)
{
    char path[SCRATCH_PATH_MAX];
    FILE *file = fopen(scratch_name(s, name, path), "w");
    if (file) {
        fputs(text, file);
        fclose(file);
    }
}

/* The content as text, "" when there is no such file. */
static inline const char *scratch_read(const scratch *s, const char *name, char *out,
                                       size_t capacity)
{
    char path[SCRATCH_PATH_MAX];
    FILE *file = fopen(scratch_name(s, name, path), "r");
    size_t len = file ? fread(out, 1, capacity - 1, file) : 0;
    out[len] = '\0';
    if (file)
        fclose(file);
    return out;
}

/* Descriptors that are open: equal before and after what must not leak. */
static inline int scratch_open_files(void)
{
    int count = 0;
    for (int fd = 0; fd < 1024; fd++) {
        char path[32];
        struct stat st;
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        count += !lstat(path, &st);
    }
    return count;
}

#endif
