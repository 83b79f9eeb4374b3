/* SPDX-License-Identifier: MIT */
#include "store/disk_io.h"

#include <errno.h>
#include <sys/uio.h>

/* One call of the kernel moves up to this many slices (IOV_MAX is 1024): a train or two is what
 * comes at once, and the vector stays small on the stack. */
enum { VECTOR_MAX = 128 };

int uftp_disk_error(int system_error)
{
    switch (system_error) {
    case ENOENT:
        return UFTP_ERR_NOT_FOUND;
    case EEXIST:
    case ENOTEMPTY:
        return UFTP_ERR_EXISTS;
    case EACCES:
    case EPERM:
    case EROFS:
        return UFTP_ERR_ACCESS;
    case ENOSPC:
    case EDQUOT:
    case EFBIG: /* more than the file system or the process may have in one file */
        return UFTP_ERR_NO_SPACE;
    case ENOMEM:
        return UFTP_ERR_MEMORY;
    case ENAMETOOLONG:
        return UFTP_ERR_NAME;
    case ELOOP: /* a symbolic link where none is followed */
    case ENOTDIR:
    case EISDIR:
    case ENXIO: /* a FIFO without a reader, a socket */
    case ENODEV:
        return UFTP_ERR_KIND;
    case EMFILE:
    case ENFILE:
    case EMLINK:
        return UFTP_ERR_LIMIT;
    case EXDEV:
        return UFTP_ERR_UNSUPPORTED;
    default:
        return UFTP_ERR_IO;
    }
}

uftp_stat uftp_disk_stat(const struct stat *st)
{
    uftp_stat out = {.type = S_ISREG(st->st_mode)   ? UFTP_STAT_REGULAR
                             : S_ISDIR(st->st_mode) ? UFTP_STAT_DIRECTORY
                             : S_ISLNK(st->st_mode) ? UFTP_STAT_SYMLINK
                                                    : UFTP_STAT_OTHER,
                     .mtime = st->st_mtim.tv_sec > 0 ? (uint64_t)st->st_mtim.tv_sec : 0};
    if (out.type == UFTP_STAT_REGULAR)
        out.size = (uint64_t)st->st_size;
    return out;
}

/* Where a gathered transfer stands: everything before slices[index].data + done has been moved. */
typedef struct cursor {
    const uftp_slice *slices;
    size_t count;
    size_t index;
    size_t done;
} cursor;

static size_t cursor_vector(cursor *at, struct iovec *vector)
{
    size_t used = 0;
    for (size_t i = at->index; i < at->count && used < VECTOR_MAX; i++) {
        size_t skip = i == at->index ? at->done : 0;
        if (at->slices[i].len > skip)
            vector[used++] = (struct iovec){.iov_base = at->slices[i].data + skip,
                                            .iov_len = at->slices[i].len - skip};
    }
    return used;
}

static void cursor_advance(cursor *at, size_t len)
{
    at->done += len;
    while (at->index < at->count && at->done >= at->slices[at->index].len)
        at->done -= at->slices[at->index++].len;
}

static int transfer(int fd, uint64_t offset, const uftp_slice *slices, size_t count,
                    ssize_t (*move)(int, const struct iovec *, int, off_t))
{
    cursor at = {.slices = slices, .count = count};
    struct iovec vector[VECTOR_MAX];
    size_t used;
    while ((used = cursor_vector(&at, vector)) > 0) {
        if (offset > INT64_MAX)
            return UFTP_ERR_NO_SPACE;
        ssize_t moved = move(fd, vector, (int)used, (off_t)offset);
        if (moved < 0 && errno == EINTR)
            continue;
        if (moved < 0)
            return uftp_disk_error(errno);
        if (moved == 0)
            return UFTP_ERR_IO; /* reading: the file has become shorter */
        offset += (uint64_t)moved;
        cursor_advance(&at, (size_t)moved);
    }
    return UFTP_OK;
}

int uftp_disk_read(int fd, uint64_t offset, const uftp_slice *slices, size_t count)
{
    return transfer(fd, offset, slices, count, preadv);
}

int uftp_disk_write(int fd, uint64_t offset, const uftp_slice *slices, size_t count)
{
    return transfer(fd, offset, slices, count, pwritev);
}
