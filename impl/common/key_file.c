/* SPDX-License-Identifier: MIT */
#include "common/key_file.h"

#include "runtime/heap.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* Up to `capacity` bytes of an open file; -1 on error, capacity when it is at least that long. */
static ssize_t read_all(int fd, char *out, size_t capacity)
{
    size_t len = 0;
    while (len < capacity) {
        ssize_t got = read(fd, out + len, capacity - len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            uftp_wipe(out, len);
            return -1;
        }
        if (got == 0)
            break;
        len += (size_t)got;
    }
    return (ssize_t)len;
}

int uftp_key_file_read(const char *path, uftp_key **out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return UFTP_ERR_ACCESS;
    char pem[UFTP_KEY_FILE_MAX + 1];
    ssize_t len = read_all(fd, pem, sizeof pem);
    int system_error = errno;
    close(fd);
    if (len < 0) {
        errno = system_error;
        return UFTP_ERR_IO;
    }
    int err = (size_t)len > UFTP_KEY_FILE_MAX
                  ? UFTP_ERR_LIMIT
                  : uftp_key_parse_pem(&uftp_heap, pem, (size_t)len, out);
    uftp_wipe(pem, (size_t)len);
    return err;
}

static bool write_all(int fd, const char *data, size_t len)
{
    while (len) {
        ssize_t put = write(fd, data, len);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return false;
        data += put;
        len -= (size_t)put;
    }
    return true;
}

int uftp_key_file_create(const char *path, const uftp_key *key)
{
    char pem[UFTP_KEY_PEM_MAX];
    size_t len;
    int err = uftp_key_write_pem(key, pem, sizeof pem, &len);
    if (err < 0)
        return err;
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, S_IRUSR | S_IWUSR);
    if (fd < 0) {
        int system_error = errno;
        uftp_wipe(pem, sizeof pem);
        errno = system_error;
        return UFTP_ERR_ACCESS;
    }
    bool written = write_all(fd, pem, len) && fsync(fd) == 0;
    int system_error = errno;
    uftp_wipe(pem, sizeof pem);
    if (close(fd) < 0 && written) {
        written = false;
        system_error = errno;
    }
    if (written)
        return UFTP_OK;
    unlink(path); /* made above, so it is ours */
    errno = system_error;
    return UFTP_ERR_IO;
}
