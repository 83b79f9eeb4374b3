/* SPDX-License-Identifier: MIT
 *
 * From a place to an open directory, never through a symbolic link (design threat 2). The kernel
 * checks it (openat2), or we open one component after the other.
 */
#include "store/disk_internal.h"
#include "store/disk_io.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

static int open_beneath(int root, const char *path, uint64_t flags)
{
    struct open_how how = {.flags = flags | O_CLOEXEC,
                           .resolve =
                               RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};
    return (int)syscall(SYS_openat2, root, path, &how, sizeof how);
}

bool uftp_disk_has_openat2(int fd)
{
    int probe = open_beneath(fd, ".", O_PATH | O_DIRECTORY);
    if (probe < 0)
        return false;
    close(probe);
    return true;
}

/* One component after the other; `path` is cut up on the way. */
static int open_stepwise(int root, char *path)
{
    int dir = fcntl(root, F_DUPFD_CLOEXEC, 0);
    for (char *rest = path; dir >= 0 && rest;) {
        const char *component = strsep(&rest, "/");
        /* With O_PATH and O_NOFOLLOW a link opens as itself, and is then no directory. */
        int next = openat(dir, component, O_PATH | O_NOFOLLOW | O_DIRECTORY | O_CLOEXEC);
        int number = errno;
        close(dir);
        errno = number;
        dir = next;
    }
    return dir;
}

static int open_dir(const uftp_disk_store *store, int root, const char *path, size_t len)
{
    char copy[PATH_MAX];
    memcpy(copy, path, len);
    copy[len] = '\0';
    return store->has_openat2 ? open_beneath(root, copy, O_PATH | O_DIRECTORY)
                              : open_stepwise(root, copy);
}

/* Not too long, neither absolute nor with an empty, "." or ".." component. The core has seen to it;
 * a store keeps to its root by itself all the same. */
static bool is_name_safe(const char *name)
{
    if (strlen(name) >= PATH_MAX)
        return false;
    for (;;) {
        size_t len = strcspn(name, "/");
        if (!len || (len == 1 && name[0] == '.') || (len == 2 && !strncmp(name, "..", 2)))
            return false;
        if (!name[len])
            return true;
        name += len + 1;
    }
}

int uftp_disk_find_below(const uftp_disk_store *store, int root, const char *name, disk_spot *out)
{
    if (!is_name_safe(name))
        return UFTP_ERR_NAME;
    const char *slash = strrchr(name, '/');
    out->parent = slash ? open_dir(store, root, name, (size_t)(slash - name))
                        : fcntl(root, F_DUPFD_CLOEXEC, 0);
    out->leaf = slash ? slash + 1 : name;
    return out->parent < 0 ? uftp_disk_error(errno) : UFTP_OK;
}

int uftp_disk_root_fd(const uftp_disk_store *store, unsigned root)
{
    if (root == UFTP_ROOT_TEMP)
        return store->temp_fd;
    return root < store->root_count ? store->roots[root].fd : -1;
}

int uftp_disk_find(const uftp_disk_store *store, const uftp_place *place, disk_spot *out)
{
    int root = uftp_disk_root_fd(store, place->root);
    if (root < 0)
        return UFTP_ERR_ARGUMENT;
    return uftp_disk_find_below(store, root, place->name, out);
}

int uftp_disk_lookup(void *ctx, const uftp_place *place, uftp_stat *out)
{
    const uftp_disk_store *store = ctx;
    struct stat st;
    int result;
    if (*place->name) {
        disk_spot spot;
        int err = uftp_disk_find(store, place, &spot);
        if (err)
            return err;
        result = fstatat(spot.parent, spot.leaf, &st, AT_SYMLINK_NOFOLLOW);
        int number = errno;
        close(spot.parent);
        errno = number;
    } else {
        int root = uftp_disk_root_fd(store, place->root);
        if (root < 0)
            return UFTP_ERR_ARGUMENT;
        result = fstat(root, &st);
    }
    if (result)
        return uftp_disk_error(errno);
    *out = uftp_disk_stat(&st);
    return UFTP_OK;
}

static int free_space_of(int fd, uint64_t *bytes)
{
    struct statvfs fs;
    if (fstatvfs(fd, &fs))
        return uftp_disk_error(errno);
    if (!fs.f_blocks)
        return UFTP_ERR_UNSUPPORTED; /* a file system that does not count: not "full" */
    /* What is there for us, not what the superuser keeps in reserve. */
    if (__builtin_mul_overflow((uint64_t)fs.f_bavail, (uint64_t)fs.f_frsize, bytes))
        *bytes = UINT64_MAX;
    return UFTP_OK;
}

int uftp_disk_free_space(void *ctx, const uftp_place *place, uint64_t *bytes)
{
    const uftp_disk_store *store = ctx;
    int root = uftp_disk_root_fd(store, place->root);
    if (root < 0)
        return UFTP_ERR_ARGUMENT;
    const char *name = place->name;
    size_t len = strlen(name);
    if (len && !is_name_safe(name))
        return UFTP_ERR_NAME;
    /* The name as a directory, then its parent, and so on up to the root itself. */
    while (len) {
        int dir = open_dir(store, root, name, len);
        if (dir >= 0) {
            int err = free_space_of(dir, bytes);
            close(dir);
            return err;
        }
        int err = uftp_disk_error(errno);
        if (err != UFTP_ERR_NOT_FOUND && err != UFTP_ERR_KIND)
            return err;
        while (len && name[--len] != '/')
            ;
    }
    return free_space_of(root, bytes);
}

int uftp_disk_sync_dir(int dir)
{
    int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* O_PATH cannot be synced */
    if (fd < 0)
        return uftp_disk_error(errno);
    /* EINVAL: a file system without such a thing as a durable directory. */
    int err = fsync(fd) && errno != EINVAL ? uftp_disk_error(errno) : UFTP_OK;
    close(fd);
    return err;
}
