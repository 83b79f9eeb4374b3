/* SPDX-License-Identifier: MIT */
#include "store/disk_store.h"

#include "store/disk_internal.h"
#include "store/disk_io.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct uftp_store_file {
    int fd;
    int parent; /* O_PATH: where the file stands while it is received */
    dev_t device;
    ino_t inode; /* so that only our own file is renamed or removed in the end */
    char leaf[NAME_MAX + 1];
};

/* ---- files being received ---- */

static int open_existing(const disk_spot *spot)
{
    /* O_NONBLOCK: a FIFO in its place must not hang the program. */
    return openat(spot->parent, spot->leaf,
                  O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

static int open_fresh(const disk_spot *spot)
{
    if (unlinkat(spot->parent, spot->leaf, 0) && errno != ENOENT)
        return -1;
    return openat(spot->parent, spot->leaf, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                  0644);
}

/* Takes over the descriptor, or closes it. */
static int take_file(int fd, const disk_spot *spot, uftp_store_file **out)
{
    struct stat st;
    int err = fstat(fd, &st) ? uftp_disk_error(errno) : UFTP_OK;
    /* Neither something special, nor a file that also stands elsewhere under another name. */
    if (!err && (!S_ISREG(st.st_mode) || st.st_nlink != 1))
        err = UFTP_ERR_KIND;
    uftp_store_file *file = err ? NULL : malloc(sizeof *file);
    if (!file) {
        close(fd);
        return err ? err : UFTP_ERR_MEMORY;
    }
    *file = (uftp_store_file){
        .fd = fd, .parent = spot->parent, .device = st.st_dev, .inode = st.st_ino};
    memcpy(file->leaf, spot->leaf, strlen(spot->leaf) + 1);
    *out = file;
    return UFTP_OK;
}

static int store_create(void *ctx, const uftp_place *place, uint64_t size, bool keep,
                        uftp_store_file **out)
{
    /* Nothing is allocated ahead: on some file systems that writes the whole file once more. */
    (void)size;
    disk_spot spot;
    int err = uftp_disk_find(ctx, place, &spot);
    if (err)
        return err;
    int fd = -1;
    if (strlen(spot.leaf) > NAME_MAX)
        errno = ENAMETOOLONG;
    else if (!keep || ((fd = open_existing(&spot)) < 0 && errno == ENOENT))
        fd = open_fresh(&spot);
    err = fd < 0 ? uftp_disk_error(errno) : take_file(fd, &spot, out);
    if (err)
        close(spot.parent);
    return err;
}

static int store_write(void *ctx, uftp_store_file *file, uint64_t offset, const uftp_slice *slices,
                       size_t count)
{
    (void)ctx;
    return uftp_disk_write(file->fd, offset, slices, count);
}

/* UFTP_OK when what stands under the file's name is still the file. */
static int check_own(const uftp_store_file *file)
{
    struct stat st;
    if (fstatat(file->parent, file->leaf, &st, AT_SYMLINK_NOFOLLOW))
        return uftp_disk_error(errno);
    return st.st_dev == file->device && st.st_ino == file->inode ? UFTP_OK : UFTP_ERR_KIND;
}

static void unlink_own(const uftp_store_file *file)
{
    if (!check_own(file))
        (void)unlinkat(file->parent, file->leaf, 0);
}

/* Closes what is still open and forgets the handle. */
static void release_file(uftp_store_file *file)
{
    if (file->fd >= 0)
        close(file->fd);
    close(file->parent);
    free(file);
}

/* Everything that must have happened before the file may be seen under its final name. */
static int finish_content(uftp_store_file *file, uint64_t mtime, bool sync)
{
    int err = UFTP_OK;
    if (mtime && mtime <= INT64_MAX) {
        const struct timespec time = {.tv_sec = (time_t)mtime};
        const struct timespec times[2] = {time, time};
        if (futimens(file->fd, times))
            err = uftp_disk_error(errno);
    }
    if (!err && sync && fsync(file->fd))
        err = uftp_disk_error(errno);
    /* A network file system tells only here that it could not keep what it had taken. */
    if (close(file->fd) && !err && errno != EINTR)
        err = uftp_disk_error(errno);
    file->fd = -1;
    return err;
}

static int rename_into_place(const uftp_store_file *file, const disk_spot *to, bool sync)
{
    int err = check_own(file);
    if (!err && renameat(file->parent, file->leaf, to->parent, to->leaf))
        err = uftp_disk_error(errno);
    if (err || !sync)
        return err;
    err = uftp_disk_sync_dir(to->parent);
    if (err) /* not known to last: a file that failed is not there */
        (void)unlinkat(to->parent, to->leaf, 0);
    return err;
}

static int store_sync(void *ctx, uftp_store_file *file)
{
    (void)ctx;
    return fsync(file->fd) ? uftp_disk_error(errno) : UFTP_OK;
}

static int store_commit(void *ctx, uftp_store_file *file, const uftp_place *final, uint64_t mtime,
                        bool sync)
{
    int err = finish_content(file, mtime, sync);
    disk_spot to;
    if (!err)
        err = uftp_disk_find(ctx, final, &to);
    if (!err) {
        err = rename_into_place(file, &to, sync);
        close(to.parent);
    }
    if (err)
        unlink_own(file);
    release_file(file);
    return err;
}

static void store_discard(void *ctx, uftp_store_file *file, bool keep)
{
    (void)ctx;
    if (!keep)
        unlink_own(file);
    release_file(file);
}

static int store_mkdir(void *ctx, const uftp_place *place)
{
    disk_spot spot;
    int err = uftp_disk_find(ctx, place, &spot);
    if (err)
        return err;
    if (mkdirat(spot.parent, spot.leaf, 0755))
        err = uftp_disk_error(errno);
    close(spot.parent);
    return err;
}

static int store_symlink(void *ctx, const uftp_place *place, const char *target)
{
    disk_spot spot;
    int err = uftp_disk_find(ctx, place, &spot);
    if (err)
        return err;
    if (symlinkat(target, spot.parent, spot.leaf))
        err = *target ? uftp_disk_error(errno) : UFTP_ERR_NAME;
    close(spot.parent);
    return err;
}

/* ---- opening ---- */

static int say(char *message, int err, const char *text, const char *path, int system_error)
{
    if (message)
        snprintf(message, UFTP_DISK_MESSAGE_MAX, "%s %s: %s", text, path,
                 system_error ? strerror(system_error) : uftp_strerror(err));
    return err;
}

static int open_root(const char *path, const char *what, int *fd, char *message)
{
    char text[64];
    if (path[0] != '/') {
        snprintf(text, sizeof text, "must specify absolute pathname for %s directory", what);
        return say(message, UFTP_ERR_ARGUMENT, text, path, 0);
    }
    *fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (*fd >= 0)
        return UFTP_OK;
    snprintf(text, sizeof text, "cannot open %s directory", what);
    return say(message, uftp_disk_error(errno), text, path, errno);
}

static int open_roots(uftp_disk_store *store, const uftp_disk_store_config *config, char *message)
{
    int err = UFTP_OK;
    for (size_t i = 0; i < config->destination_count && !err; i++) {
        disk_root *root = &store->roots[store->root_count++];
        *root = (disk_root){.fd = -1, .backup_fd = -1};
        root->path = strdup(config->destinations[i]);
        if (!root->path)
            return say(message, UFTP_ERR_MEMORY, "cannot open", config->destinations[i], 0);
        err = open_root(root->path, "dest", &root->fd, message);
        if (!err && config->backups)
            err = open_root(config->backups[i], "backup", &root->backup_fd, message);
    }
    if (!err && config->temp)
        err = open_root(config->temp, "temp", &store->temp_fd, message);
    return err;
}

static const uftp_store table = {.lookup = uftp_disk_lookup,
                                 .create = store_create,
                                 .write = store_write,
                                 .sync = store_sync,
                                 .commit = store_commit,
                                 .discard = store_discard,
                                 .mkdir = store_mkdir,
                                 .symlink = store_symlink,
                                 .remove = uftp_disk_remove,
                                 .move = uftp_disk_move,
                                 .free_space = uftp_disk_free_space,
                                 .backup = uftp_disk_backup,
                                 .resume_save = uftp_disk_resume_save,
                                 .resume_load = uftp_disk_resume_load,
                                 .resume_remove = uftp_disk_resume_remove,
                                 .resume_note = uftp_disk_resume_note};

int uftp_disk_store_open(const uftp_disk_store_config *config, uftp_disk_store **out, char *message)
{
    if (!config->destination_count || config->destination_count > UFTP_DISK_ROOTS_MAX)
        return say(message, UFTP_ERR_ARGUMENT, "no destination directory, or too many of them", "",
                   0);
    uftp_disk_store *store = calloc(1, sizeof *store);
    if (!store)
        return say(message, UFTP_ERR_MEMORY, "cannot open", config->destinations[0], 0);
    store->table = table;
    store->table.ctx = store;
    store->temp_fd = -1;
    int err = open_roots(store, config, message);
    if (err) {
        uftp_disk_store_close(store);
        return err;
    }
    store->has_openat2 = uftp_disk_has_openat2(store->roots[0].fd);
    *out = store;
    return UFTP_OK;
}

void uftp_disk_store_close(uftp_disk_store *store)
{
    if (!store)
        return;
    for (size_t i = 0; i < store->root_count; i++) {
        const disk_root *root = &store->roots[i];
        if (root->fd >= 0)
            close(root->fd);
        if (root->backup_fd >= 0)
            close(root->backup_fd);
        free(root->path);
    }
    if (store->temp_fd >= 0)
        close(store->temp_fd);
    free(store);
}

const uftp_store *uftp_disk_store_table(uftp_disk_store *store)
{
    return &store->table;
}

/* ---- start-up checks ---- */

#define PROBE_FROM "_uftptmp1"
#define PROBE_TO "_uftptmp2"

/* Whether a file can be made in `from` and moved to `to`. Leaves nothing behind. */
static int probe_move(int from, const char *from_path, int to, const char *to_path, char *message)
{
    char text[UFTP_DISK_MESSAGE_MAX / 2];
    (void)unlinkat(from, PROBE_FROM, 0); /* from a check that was killed */
    (void)unlinkat(to, PROBE_TO, 0);
    int fd = openat(from, PROBE_FROM, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return say(message, uftp_disk_error(errno), "cannot write to directory", from_path, errno);
    close(fd);
    int err = UFTP_OK;
    if (renameat(from, PROBE_FROM, to, PROBE_TO)) {
        int number = errno;
        snprintf(text, sizeof text, "cannot move files from %s to", from_path);
        err = say(message, uftp_disk_error(number), text, to_path, number);
        (void)unlinkat(from, PROBE_FROM, 0);
    }
    (void)unlinkat(to, PROBE_TO, 0);
    return err;
}

static int check_pair(int destination, const char *destination_path, int other,
                      const char *other_path, bool other_first, char *message)
{
    struct stat a, b;
    if (fstat(destination, &a) || fstat(other, &b))
        return say(message, uftp_disk_error(errno), "cannot examine", other_path, errno);
    if (a.st_dev == b.st_dev && a.st_ino == b.st_ino)
        return say(message, UFTP_ERR_ARGUMENT, "dest dir must differ from", other_path, 0);
    return other_first ? probe_move(other, other_path, destination, destination_path, message)
                       : probe_move(destination, destination_path, other, other_path, message);
}

int uftp_disk_store_check(const uftp_disk_store_config *config, char *message)
{
    uftp_disk_store *store = NULL;
    int err = uftp_disk_store_open(config, &store, message);
    if (!err && config->temp && config->destination_count > 1)
        err = say(message, UFTP_ERR_ARGUMENT,
                  "cannot use a temp directory with multiple dest directories:", config->temp, 0);
    for (size_t i = 0; !err && i < store->root_count; i++) {
        const disk_root *root = &store->roots[i];
        err = probe_move(root->fd, root->path, root->fd, root->path, message);
        if (!err && root->backup_fd >= 0) /* what is replaced moves out */
            err = check_pair(root->fd, root->path, root->backup_fd, config->backups[i], false,
                             message);
        if (!err && store->temp_fd >= 0) /* what is complete moves in */
            err = check_pair(root->fd, root->path, store->temp_fd, config->temp, true, message);
    }
    uftp_disk_store_close(store);
    return err;
}
