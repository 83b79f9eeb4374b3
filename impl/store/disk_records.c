/* SPDX-License-Identifier: MIT
 *
 * What outlives a session: backups of what was replaced (spec cli 13.4), and the records of
 * sessions that can be resumed (spec cli 6.5; the name is the reference's, the content the core's).
 */
#include "store/disk_internal.h"
#include "store/disk_io.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Makes all directories but the last component of `path` below `root`, and opens the last of them.
 * `path` is cut up; the leaf points into it. Links that stand there are not followed. */
static int make_parents(int root, char *path, disk_spot *out)
{
    int dir = fcntl(root, F_DUPFD_CLOEXEC, 0);
    char *rest = path;
    const char *component = strsep(&rest, "/");
    while (dir >= 0 && rest) {
        if (!*component) { /* "//" in a configured path */
            component = strsep(&rest, "/");
            continue;
        }
        int next = -1;
        if (!mkdirat(dir, component, 0755) || errno == EEXIST)
            next = openat(dir, component, O_PATH | O_NOFOLLOW | O_DIRECTORY | O_CLOEXEC);
        int number = errno;
        close(dir);
        errno = number;
        dir = next;
        component = strsep(&rest, "/");
    }
    *out = (disk_spot){.parent = dir, .leaf = component};
    return dir < 0 ? uftp_disk_error(errno) : UFTP_OK;
}

/* "YYYYMMDD/HHMMSS/<root's path>/<name>" in local time. */
static int backup_path(const disk_root *root, const char *name, uint64_t wall_us, char *out,
                       size_t capacity)
{
    time_t seconds = (time_t)(wall_us / 1000000);
    struct tm tm;
    char when[32];
    if (!localtime_r(&seconds, &tm) || !strftime(when, sizeof when, "%Y%m%d/%H%M%S", &tm))
        return UFTP_ERR_ARGUMENT;
    int len = snprintf(out, capacity, "%s/%s/%s", when, root->path, name);
    return len < 0 || (size_t)len >= capacity ? UFTP_ERR_NAME : UFTP_OK;
}

int uftp_disk_backup(void *ctx, const uftp_place *place, uint64_t session_wall_us)
{
    const uftp_disk_store *store = ctx;
    if (place->root >= store->root_count || store->roots[place->root].backup_fd < 0)
        return UFTP_ERR_UNSUPPORTED;
    const disk_root *root = &store->roots[place->root];
    char path[PATH_MAX];
    int err = backup_path(root, place->name, session_wall_us, path, sizeof path);
    disk_spot from, to;
    if (!err)
        err = uftp_disk_find(store, place, &from);
    if (err)
        return err;
    struct stat st; /* no empty folders for something that is not there */
    if (fstatat(from.parent, from.leaf, &st, AT_SYMLINK_NOFOLLOW))
        err = uftp_disk_error(errno);
    if (!err)
        err = make_parents(root->backup_fd, path, &to);
    if (!err) {
        err = uftp_disk_move_spot(store, &from, &to);
        close(to.parent);
    }
    close(from.parent);
    return err;
}

enum { RECORD_NAME_MAX = 40 };

static void record_name(uint32_t group, const char *suffix, char out[RECORD_NAME_MAX])
{
    snprintf(out, RECORD_NAME_MAX, "_group_%08X_restart%s", group, suffix);
}

/* ---- records ----
 *
 * _group_GGGGGGGG_restart         as saved, flushed to the disk with what it speaks of
 * _group_GGGGGGGG_restart.note    behind the ID of the boot in which it was written: what it speaks
 *                                 of was in the system's cache, and may be gone after the next boot
 * _group_GGGGGGGG_restart.new     either, until it is whole */
#define NOTE_SUFFIX ".note"
#define NEW_SUFFIX ".new"
enum { BOOT_ID_LEN = 36 };

static int read_boot_id(uint8_t out[BOOT_ID_LEN])
{
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return UFTP_ERR_UNSUPPORTED;
    ssize_t len = read(fd, out, BOOT_ID_LEN);
    close(fd);
    return len == BOOT_ID_LEN ? UFTP_OK : UFTP_ERR_UNSUPPORTED;
}

static int write_record(int fd, const uftp_slice *slices, size_t count, bool sync)
{
    int err = uftp_disk_write(fd, 0, slices, count);
    if (!err && sync && fsync(fd)) /* or the name could outlive the content in a crash */
        err = uftp_disk_error(errno);
    if (close(fd) && !err)
        err = uftp_disk_error(errno);
    return err;
}

/* A record takes its name when it is whole. */
static int keep_record(const uftp_disk_store *store, const char *name, uint32_t group,
                       const uftp_slice *slices, size_t count, bool sync)
{
    char fresh[RECORD_NAME_MAX];
    record_name(group, NEW_SUFFIX, fresh);
    (void)unlinkat(store->temp_fd, fresh, 0); /* left over from a crash */
    int fd =
        openat(store->temp_fd, fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return uftp_disk_error(errno);
    int err = write_record(fd, slices, count, sync);
    if (!err && renameat(store->temp_fd, fresh, store->temp_fd, name))
        err = uftp_disk_error(errno);
    if (err)
        (void)unlinkat(store->temp_fd, fresh, 0);
    return err;
}

/* A slice cannot say "read only"; the bytes are not touched. */
static uftp_slice slice_of(const uint8_t *data, size_t len)
{
    return (uftp_slice){.data = (uint8_t *)(uintptr_t)data, .len = len};
}

int uftp_disk_resume_save(void *ctx, uint32_t group, const uint8_t *data, size_t len)
{
    const uftp_disk_store *store = ctx;
    if (store->temp_fd < 0)
        return UFTP_ERR_UNSUPPORTED;
    char name[RECORD_NAME_MAX], note[RECORD_NAME_MAX];
    record_name(group, "", name);
    record_name(group, NOTE_SUFFIX, note);
    const uftp_slice slice = slice_of(data, len);
    int err = keep_record(store, name, group, &slice, 1, true);
    if (!err)
        (void)unlinkat(store->temp_fd, note, 0); /* older now */
    return err;
}

int uftp_disk_resume_note(void *ctx, uint32_t group, const uint8_t *data, size_t len)
{
    const uftp_disk_store *store = ctx;
    uint8_t boot[BOOT_ID_LEN];
    if (store->temp_fd < 0)
        return UFTP_ERR_UNSUPPORTED;
    int err = read_boot_id(boot);
    if (err)
        return err;
    char note[RECORD_NAME_MAX];
    record_name(group, NOTE_SUFFIX, note);
    const uftp_slice slices[2] = {{.data = boot, .len = BOOT_ID_LEN}, slice_of(data, len)};
    return keep_record(store, note, group, slices, 2, false);
}

static int open_record(const uftp_disk_store *store, const char *name, int *out, uint64_t *size)
{
    int fd = openat(store->temp_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return uftp_disk_error(errno);
    struct stat st;
    int err = fstat(fd, &st) ? uftp_disk_error(errno) : UFTP_OK;
    if (!err && !S_ISREG(st.st_mode))
        err = UFTP_ERR_KIND;
    if (err) {
        close(fd);
        return err;
    }
    *out = fd;
    *size = (uint64_t)st.st_size;
    return UFTP_OK;
}

/* The record, which begins at `skip` of the file. */
static int read_record(int fd, uint64_t size, uint64_t skip, uint8_t *out, size_t capacity,
                       size_t *len)
{
    if (size - skip > capacity)
        return UFTP_ERR_LIMIT;
    const uftp_slice slice = {.data = out, .len = (size_t)(size - skip)};
    *len = slice.len;
    return uftp_disk_read(fd, skip, &slice, 1);
}

static int load_saved(const uftp_disk_store *store, uint32_t group, uint8_t *out, size_t capacity,
                      size_t *len)
{
    char name[RECORD_NAME_MAX];
    record_name(group, "", name);
    int fd;
    uint64_t size;
    int err = open_record(store, name, &fd, &size);
    if (err)
        return err;
    err = read_record(fd, size, 0, out, capacity, len);
    close(fd);
    return err;
}

/* NOT_FOUND also for a note of another boot. */
static int load_note(const uftp_disk_store *store, uint32_t group, uint8_t *out, size_t capacity,
                     size_t *len)
{
    uint8_t now[BOOT_ID_LEN], then[BOOT_ID_LEN];
    char name[RECORD_NAME_MAX];
    record_name(group, NOTE_SUFFIX, name);
    int fd;
    uint64_t size;
    int err = read_boot_id(now);
    if (!err)
        err = open_record(store, name, &fd, &size);
    if (err)
        return err;
    const uftp_slice slice = {.data = then, .len = BOOT_ID_LEN};
    if (size < BOOT_ID_LEN || uftp_disk_read(fd, 0, &slice, 1) < 0 ||
        memcmp(now, then, BOOT_ID_LEN) != 0)
        err = UFTP_ERR_NOT_FOUND;
    else
        err = read_record(fd, size, BOOT_ID_LEN, out, capacity, len);
    close(fd);
    return err;
}

int uftp_disk_resume_load(void *ctx, uint32_t group, uint8_t *out, size_t capacity, size_t *len)
{
    const uftp_disk_store *store = ctx;
    if (store->temp_fd < 0)
        return UFTP_ERR_UNSUPPORTED;
    /* A note is there only while it is newer than what was saved. */
    if (load_note(store, group, out, capacity, len) == UFTP_OK)
        return UFTP_OK;
    return load_saved(store, group, out, capacity, len);
}

int uftp_disk_resume_remove(void *ctx, uint32_t group)
{
    const uftp_disk_store *store = ctx;
    if (store->temp_fd < 0)
        return UFTP_ERR_UNSUPPORTED;
    char name[RECORD_NAME_MAX], note[RECORD_NAME_MAX];
    record_name(group, "", name);
    record_name(group, NOTE_SUFFIX, note);
    bool had_note = unlinkat(store->temp_fd, note, 0) == 0;
    if (unlinkat(store->temp_fd, name, 0) && !(errno == ENOENT && had_note))
        return uftp_disk_error(errno);
    return UFTP_OK;
}
