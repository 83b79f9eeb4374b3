/* SPDX-License-Identifier: MIT
 *
 * Where a sender's files come from. The core decides what is sent and under which name; a source
 * only lists, describes and reads. Paths are the caller's own, NUL-terminated, '/' between
 * components. Functions return 0 or a negative uftp_error.
 */
#ifndef UFTP_SOURCE_H
#define UFTP_SOURCE_H

#include <uftp/core.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum uftp_stat_type {
    UFTP_STAT_REGULAR,
    UFTP_STAT_DIRECTORY,
    UFTP_STAT_SYMLINK,
    UFTP_STAT_OTHER /* device, pipe, socket */
} uftp_stat_type;

typedef struct uftp_stat {
    uftp_stat_type type;
    uint64_t size;  /* bytes, regular files */
    uint64_t mtime; /* seconds since the epoch; 0 for times before it */
} uftp_stat;

typedef struct uftp_source_file uftp_source_file; /* an open file, the source's own */
typedef struct uftp_source_dir uftp_source_dir;   /* an open directory */

typedef struct uftp_source {
    void *ctx;
    /* Describes a path; a final symbolic link is followed only when asked. */
    int (*stat)(void *ctx, const char *path, bool follow, uftp_stat *out);
    /* The target of a symbolic link, NUL-terminated; LIMIT when it does not fit. */
    int (*readlink)(void *ctx, const char *path, char *out, size_t capacity);
    int (*opendir)(void *ctx, const char *path, uftp_source_dir **out);
    /* The next entry's name, without "." and "..": 1, 0 at the end, negative on error. The name is
     * valid until the next call on the directory. */
    int (*readdir)(void *ctx, uftp_source_dir *dir, const char **name);
    void (*closedir)(void *ctx, uftp_source_dir *dir);
    int (*open)(void *ctx, const char *path, bool follow, uftp_source_file **out);
    /* Fills all slices, one after the other, from `offset` on. A file that has become shorter is
     * IO: a half-filled block must not be sent. */
    int (*read)(void *ctx, uftp_source_file *file, uint64_t offset, const uftp_slice *slices,
                size_t count);
    void (*close)(void *ctx, uftp_source_file *file);
} uftp_source;

#ifdef __cplusplus
}
#endif
#endif
