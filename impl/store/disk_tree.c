/* SPDX-License-Identifier: MIT
 *
 * Removing and moving files, links and whole trees. Nothing here follows a link, and nothing takes
 * away a directory that holds one of the store's own roots.
 */
#include "store/disk_internal.h"
#include "store/disk_io.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Directories open at once while a tree is removed. What lies deeper is first moved up to the top,
 * so that any depth ends, with few descriptors and little stack. */
enum { REMOVE_DEPTH_MAX = 32 };
/* Passes over a directory that keeps filling, and names tried for one that is moved up. */
enum { REMOVE_TRIES_MAX = 1000 };
/* Steps from a directory up to "/": longer than any path that can be named in one call. */
enum { ANCESTORS_MAX = 4096 };

typedef struct removal {
    int top;           /* the uppermost directory of the tree; -1 before it is open */
    uint64_t moved_up; /* names of directories that were moved there */
} removal;

static int remove_dir(removal *tree, int parent, const char *name, int depth);

static int open_for_listing(int parent, const char *name)
{
    return openat(parent, name,
                  O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

/* Moves a directory that lies too deep to the top of the tree, where a later pass finds it. */
static int move_up(removal *tree, int parent, const char *name)
{
    for (int i = 0; i < REMOVE_TRIES_MAX; i++) {
        char fresh[48];
        snprintf(fresh, sizeof fresh, ".uftp-remove-%" PRIu64, tree->moved_up++);
        if (!renameat2(parent, name, tree->top, fresh, RENAME_NOREPLACE))
            return UFTP_OK;
        if (errno != EEXIST)
            return uftp_disk_error(errno);
    }
    return UFTP_ERR_LIMIT;
}

static int remove_entry(removal *tree, int parent, const char *name, int depth)
{
    if (!unlinkat(parent, name, 0) || errno == ENOENT)
        return UFTP_OK;
    int number = errno;
    if (number != EISDIR && number != EPERM) /* EPERM: how some file systems say EISDIR */
        return uftp_disk_error(number);
    if (!unlinkat(parent, name, AT_REMOVEDIR) || errno == ENOENT)
        return UFTP_OK;
    if (errno != ENOTEMPTY && errno != EEXIST)
        return uftp_disk_error(number == EPERM ? number : errno);
    if (depth == REMOVE_DEPTH_MAX)
        return move_up(tree, parent, name);
    return remove_dir(tree, parent, name, depth + 1);
}

/* One pass over the entries; *count is how many there were. */
static int remove_entries(removal *tree, DIR *stream, int depth, size_t *count)
{
    int fd = dirfd(stream);
    *count = 0;
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(stream);
        if (!entry)
            return errno ? uftp_disk_error(errno) : UFTP_OK;
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
            continue;
        ++*count;
        int err = remove_entry(tree, fd, entry->d_name, depth);
        if (err)
            return err;
    }
}

static int remove_dir(removal *tree, int parent, const char *name, int depth)
{
    int fd = open_for_listing(parent, name);
    if (fd < 0)
        return uftp_disk_error(errno);
    DIR *stream = fdopendir(fd);
    if (!stream) {
        close(fd);
        return UFTP_ERR_MEMORY;
    }
    if (tree->top < 0)
        tree->top = fd;
    /* A directory may skip entries while others are taken out, and gets new ones from move_up(): go
     * over it until nothing is left. */
    int err = UFTP_OK;
    size_t count = 1;
    for (int pass = 0; pass < REMOVE_TRIES_MAX && count && !err; pass++) {
        rewinddir(stream);
        err = remove_entries(tree, stream, depth, &count);
    }
    closedir(stream);
    if (!err && unlinkat(parent, name, AT_REMOVEDIR) && errno != ENOENT)
        err = uftp_disk_error(errno);
    return err;
}

static bool same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Whether `inner` is the directory `outer` or lies somewhere below it. When it cannot be told, it
 * does: what is asked for is then refused. */
static bool is_within(int inner, const struct stat *outer)
{
    int dir = fcntl(inner, F_DUPFD_CLOEXEC, 0);
    struct stat last = {0};
    for (int i = 0; i < ANCESTORS_MAX && dir >= 0; i++) {
        struct stat st;
        if (fstat(dir, &st) || same_file(&st, outer)) {
            close(dir);
            return true;
        }
        int up = openat(dir, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
        close(dir);
        if (i && same_file(&st, &last)) { /* "/" is its own parent */
            if (up >= 0)
                close(up);
            return false;
        }
        last = st;
        dir = up;
    }
    if (dir >= 0)
        close(dir);
    return true;
}

/* Whether one of the directories that the store stands on would go away with this one. */
static bool holds_root(const uftp_disk_store *store, const struct stat *st)
{
    if (!S_ISDIR(st->st_mode))
        return false;
    if (store->temp_fd >= 0 && is_within(store->temp_fd, st))
        return true;
    for (size_t i = 0; i < store->root_count; i++) {
        const disk_root *root = &store->roots[i];
        if (is_within(root->fd, st) || (root->backup_fd >= 0 && is_within(root->backup_fd, st)))
            return true;
    }
    return false;
}

static int remove_spot(const uftp_disk_store *store, const disk_spot *spot)
{
    struct stat st;
    if (fstatat(spot->parent, spot->leaf, &st, AT_SYMLINK_NOFOLLOW))
        return uftp_disk_error(errno);
    if (holds_root(store, &st))
        return UFTP_ERR_ACCESS;
    if (S_ISDIR(st.st_mode))
        return remove_dir(&(removal){.top = -1}, spot->parent, spot->leaf, 1);
    return unlinkat(spot->parent, spot->leaf, 0) ? uftp_disk_error(errno) : UFTP_OK;
}

int uftp_disk_remove(void *ctx, const uftp_place *place)
{
    const uftp_disk_store *store = ctx;
    disk_spot spot;
    int err = uftp_disk_find(store, place, &spot);
    if (err)
        return err;
    err = remove_spot(store, &spot);
    close(spot.parent);
    return err;
}

static int rename_spot(const disk_spot *from, const disk_spot *to, unsigned flags)
{
    return renameat2(from->parent, from->leaf, to->parent, to->leaf, flags);
}

/* A directory is in the way, or something is in the way of a directory: rename() does not replace
 * that. Swap the two, so that at no time neither is there, and remove the old one where the new one
 * was. */
static int replace_spot(const uftp_disk_store *store, const disk_spot *from, const disk_spot *to,
                        const struct stat *target)
{
    if (holds_root(store, target))
        return UFTP_ERR_ACCESS;
    if (S_ISDIR(target->st_mode) && is_within(from->parent, target))
        return UFTP_ERR_KIND; /* onto a directory that holds it */
    if (!rename_spot(from, to, RENAME_EXCHANGE))
        return remove_spot(store, from);
    if (errno == EXDEV)
        return UFTP_ERR_UNSUPPORTED;
    int err = remove_spot(store, to); /* a file system that cannot swap */
    if (!err && rename_spot(from, to, 0))
        err = uftp_disk_error(errno);
    return err;
}

int uftp_disk_move_spot(const uftp_disk_store *store, const disk_spot *from, const disk_spot *to)
{
    struct stat source, target;
    if (fstatat(from->parent, from->leaf, &source, AT_SYMLINK_NOFOLLOW))
        return uftp_disk_error(errno);
    if (holds_root(store, &source))
        return UFTP_ERR_ACCESS;
    if (!rename_spot(from, to, 0))
        return UFTP_OK;
    int number = errno;
    bool in_the_way =
        number == EISDIR || number == ENOTDIR || number == EEXIST || number == ENOTEMPTY;
    if (!in_the_way || fstatat(to->parent, to->leaf, &target, AT_SYMLINK_NOFOLLOW))
        return number == EINVAL ? UFTP_ERR_KIND : uftp_disk_error(number); /* into itself */
    return replace_spot(store, from, to, &target);
}

int uftp_disk_move(void *ctx, const uftp_place *from, const uftp_place *to)
{
    const uftp_disk_store *store = ctx;
    disk_spot source, target;
    int err = uftp_disk_find(store, from, &source);
    if (err)
        return err;
    err = uftp_disk_find(store, to, &target);
    if (!err) {
        err = uftp_disk_move_spot(store, &source, &target);
        close(target.parent);
    }
    close(source.parent);
    return err;
}
