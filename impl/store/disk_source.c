/* SPDX-License-Identifier: MIT */
#include "store/disk_source.h"

#include "store/disk_io.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct uftp_source_file {
    int fd;
};

struct uftp_source_dir {
    DIR *stream;
};

static int source_stat(void *ctx, const char *path, bool follow, uftp_stat *out)
{
    (void)ctx;
    struct stat st;
    if (fstatat(AT_FDCWD, path, &st, follow ? 0 : AT_SYMLINK_NOFOLLOW))
        return uftp_disk_error(errno);
    *out = uftp_disk_stat(&st);
    return UFTP_OK;
}

static int source_readlink(void *ctx, const char *path, char *out, size_t capacity)
{
    (void)ctx;
    ssize_t len = readlink(path, out, capacity);
    if (len < 0)
        return errno == EINVAL ? UFTP_ERR_KIND : uftp_disk_error(errno);
    if ((size_t)len >= capacity)
        return UFTP_ERR_LIMIT; /* readlink() cuts off without a word and adds no NUL */
    out[len] = '\0';
    return UFTP_OK;
}

static int source_opendir(void *ctx, const char *path, uftp_source_dir **out)
{
    (void)ctx;
    uftp_source_dir *dir = malloc(sizeof *dir);
    if (!dir)
        return UFTP_ERR_MEMORY;
    dir->stream = opendir(path); /* close-on-exec, and fails on what is not a directory */
    if (!dir->stream) {
        int err = uftp_disk_error(errno);
        free(dir);
        return err;
    }
    *out = dir;
    return UFTP_OK;
}

static int source_readdir(void *ctx, uftp_source_dir *dir, const char **name)
{
    (void)ctx;
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(dir->stream);
        if (!entry)
            return errno ? uftp_disk_error(errno) : 0;
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
            continue;
        *name = entry->d_name;
        return 1;
    }
}

static void source_closedir(void *ctx, uftp_source_dir *dir)
{
    (void)ctx;
    closedir(dir->stream);
    free(dir);
}

static int source_open(void *ctx, const char *path, bool follow, uftp_source_file **out)
{
    (void)ctx;
    /* O_NONBLOCK: opening a FIFO that took the file's place must not hang the program. */
    int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | (follow ? 0 : O_NOFOLLOW);
    int fd = open(path, flags);
    if (fd < 0)
        return errno == ELOOP ? UFTP_ERR_KIND : uftp_disk_error(errno);
    struct stat st;
    int err = fstat(fd, &st) ? uftp_disk_error(errno) : UFTP_OK;
    if (!err && !S_ISREG(st.st_mode))
        err = UFTP_ERR_KIND;
    uftp_source_file *file = err ? NULL : malloc(sizeof *file);
    if (!file) {
        close(fd);
        return err ? err : UFTP_ERR_MEMORY;
    }
    (void)posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL); /* a hint: its failure costs only time */
    file->fd = fd;
    *out = file;
    return UFTP_OK;
}

static int source_read(void *ctx, uftp_source_file *file, uint64_t offset, const uftp_slice *slices,
                       size_t count)
{
    (void)ctx;
    return uftp_disk_read(file->fd, offset, slices, count);
}

static void source_close(void *ctx, uftp_source_file *file)
{
    (void)ctx;
    close(file->fd);
    free(file);
}

const uftp_source uftp_disk_source = {.stat = source_stat,
                                      .readlink = source_readlink,
                                      .opendir = source_opendir,
                                      .readdir = source_readdir,
                                      .closedir = source_closedir,
                                      .open = source_open,
                                      .read = source_read,
                                      .close = source_close};
