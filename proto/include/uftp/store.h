/* SPDX-License-Identifier: MIT
 *
 * Where a receiver's files go. The core decides every name and every rule (what is skipped,
 * replaced, complete); a store only does it, and keeps each path below its root: it follows no
 * symbolic link in any component. Functions return 0 or a negative uftp_error.
 */
#ifndef UFTP_STORE_H
#define UFTP_STORE_H

#include <uftp/source.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A place below one of the receiver's directories. `root` is an index into the destination
 * directories that the receiver and its store were both configured with, in the same order, or
 * UFTP_ROOT_TEMP. `name` is relative, never empty but for the root itself (""), has been checked by
 * the core (no "..", no empty or "." component, no NUL), and is valid during the call. */
typedef struct uftp_place {
    unsigned root;
    const char *name;
} uftp_place;
#define UFTP_ROOT_TEMP UINT32_MAX /* the temporary directory, where one is configured */

typedef struct uftp_store_file uftp_store_file; /* a file being received, the store's own */

typedef struct uftp_store {
    void *ctx;
    /* Describes what is at a place, not following a final symbolic link. NOT_FOUND; KIND when a
     * parent is a symbolic link or not a directory. */
    int (*lookup)(void *ctx, const uftp_place *place, uftp_stat *out);
    /* Opens an empty file for writing at `place` (its parents exist), replacing a left-over file.
     * With `keep`, an existing regular file is opened as it is, to be continued. */
    int (*create)(void *ctx, const uftp_place *place, uint64_t size, bool keep,
                  uftp_store_file **out);
    /* Writes all slices, one after the other, from `offset` on. NO_SPACE, IO. */
    int (*write)(void *ctx, uftp_store_file *file, uint64_t offset, const uftp_slice *slices,
                 size_t count);
    /* What has been written to a file that goes on outlives a power failure from now on (fsync):
     * asked for before a resume record says that it is there. IO. */
    int (*sync)(void *ctx, uftp_store_file *file);
    /* Ends a file: everything is written out (and flushed to the disk when `sync`), modification
     * time set when mtime is not 0, and the file stands at `final`, replacing a file or link that
     * was there in one step. The handle is gone, whatever the result; on failure so is the file. */
    int (*commit)(void *ctx, uftp_store_file *file, const uftp_place *final, uint64_t mtime,
                  bool sync);
    /* Ends a file without a result. It is deleted, unless `keep` (restart) asks for it to stay. */
    void (*discard)(void *ctx, uftp_store_file *file, bool keep);
    /* One directory, mode 0755; its parents exist. EXISTS. */
    int (*mkdir)(void *ctx, const uftp_place *place);
    int (*symlink)(void *ctx, const uftp_place *place, const char *target);
    /* Removes a file, a link or a whole tree. NOT_FOUND. */
    int (*remove)(void *ctx, const uftp_place *place);
    /* Moves a file, link or tree to a place whose parents exist, replacing what is there. */
    int (*move)(void *ctx, const uftp_place *from, const uftp_place *to);
    /* Bytes free for us in the file system that holds the place, or its nearest existing parent. */
    int (*free_space)(void *ctx, const uftp_place *place, uint64_t *bytes);
    /* Moves what is at a place to the backup directory that belongs to its root, below a folder
     * for the session (`session_wall_us`: when its ANNOUNCE came). UNSUPPORTED without one. */
    int (*backup)(void *ctx, const uftp_place *place, uint64_t session_wall_us);
    /* Small records of restartable sessions, by group. load: sets *len, LIMIT when it does not fit.
     */
    int (*resume_save)(void *ctx, uint32_t group, const uint8_t *data, size_t len);
    int (*resume_load)(void *ctx, uint32_t group, uint8_t *out, size_t capacity, size_t *len);
    int (*resume_remove)(void *ctx, uint32_t group);
    /* Like resume_save, but for the case that only the program ends at once: nothing need be
     * flushed, and the record is not to be loaded any more when the machine has been started anew.
     * The next resume_save replaces it. May be NULL. */
    int (*resume_note)(void *ctx, uint32_t group, const uint8_t *data, size_t len);
} uftp_store;

#ifdef __cplusplus
}
#endif
#endif
