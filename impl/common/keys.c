/* SPDX-License-Identifier: MIT */
#include "common/keys.h"

#include "runtime/heap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

void uftp_key_protect_process(void)
{
    prctl(PR_SET_DUMPABLE, 0); /* cannot fail with these arguments */
}

/* Up to `capacity` bytes of an open file; -1 on error, capacity when it is at least that long. */
static ssize_t read_all(int fd, char *out, size_t capacity)
{
    size_t len = 0;
    while (len < capacity) {
        ssize_t got = read(fd, out + len, capacity - len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        len += (size_t)got;
    }
    return (ssize_t)len;
}

static int read_key(const char *path, uftp_key **out, uftp_failure *failure)
{
    char pem[4 * UFTP_KEY_PEM_MAX]; /* room for comments and certificates around the key */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return uftp_fail(failure, UFTP_EXIT_KEYS, "cannot open key file %s: %s", path,
                         strerror(errno));
    ssize_t len = read_all(fd, pem, sizeof pem);
    int system_error = errno;
    close(fd);
    if (len < 0)
        return uftp_fail(failure, UFTP_EXIT_KEYS, "cannot read key file %s: %s", path,
                         strerror(system_error));
    int err = (size_t)len == sizeof pem ? UFTP_ERR_LIMIT
                                        : uftp_key_parse_pem(&uftp_heap, pem, (size_t)len, out);
    uftp_wipe(pem, (size_t)len);
    if (err < 0)
        return uftp_fail(
            failure, UFTP_EXIT_KEYS,
            "key file %s cannot be used: %s (expected an unencrypted RSA or EC private "
            "key in PEM)",
            path, uftp_strerror(err));
    return 0;
}

static int write_all(int fd, const char *data, size_t len)
{
    while (len) {
        ssize_t put = write(fd, data, len);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return -1;
        data += put;
        len -= (size_t)put;
    }
    return 0;
}

/* The reference writes 0644; a private key is nobody else's business. */
static int write_key(const char *path, const uftp_key *key, uftp_failure *failure)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 && errno == EEXIST)
        return uftp_fail(failure, UFTP_EXIT_KEYS,
                         "key file %s already exists, won't overwrite it (leave out -K to use it)",
                         path);
    if (fd < 0)
        return uftp_fail(failure, UFTP_EXIT_KEYS, "cannot create key file %s: %s", path,
                         strerror(errno));
    char pem[UFTP_KEY_PEM_MAX];
    size_t len = 0;
    int err = uftp_key_write_pem(key, pem, sizeof pem, &len);
    bool written = err == 0 && write_all(fd, pem, len) == 0 && fsync(fd) == 0;
    int system_error = errno;
    uftp_wipe(pem, sizeof pem);
    if (close(fd) < 0 && written) {
        written = false;
        system_error = errno;
    }
    if (written)
        return 0;
    unlink(path); /* ours: made above, with O_EXCL */
    return uftp_fail(failure, UFTP_EXIT_KEYS, "cannot write key file %s: %s", path,
                     err < 0 ? uftp_strerror(err) : strerror(system_error));
}

int uftp_key_obtain(const uftp_key_choice *choice, uftp_key **out, uftp_failure *failure)
{
    static const uftp_key_spec spec_default = {.type = UFTP_KEY_EC, .curve = UFTP_CURVE_SECP256R1};
    if (choice->path && !choice->spec)
        return read_key(choice->path, out, failure);

    uftp_key *key;
    int err = uftp_key_generate(&uftp_heap, choice->random,
                                choice->spec ? choice->spec : &spec_default, &key);
    if (err < 0)
        return uftp_fail(failure, UFTP_EXIT_KEYS, "cannot make a signing key: %s",
                         uftp_strerror(err));
    int code = choice->path ? write_key(choice->path, key, failure) : 0;
    if (code)
        uftp_key_free(key);
    else
        *out = key;
    return code;
}

char *uftp_key_line(const uftp_key *key, char out[UFTP_KEY_LINE_MAX])
{
    uint8_t fingerprint[UFTP_FINGERPRINT_LEN];
    char text[UFTP_FINGERPRINT_TEXT_MAX];
    uftp_bytes blob = uftp_key_blob(key);
    uftp_fingerprint(blob.data, blob.len, fingerprint);
    uftp_fingerprint_format(fingerprint, text);

    uftp_key_spec spec;
    uftp_key_describe(key, &spec);
    if (spec.type == UFTP_KEY_RSA)
        snprintf(out, UFTP_KEY_LINE_MAX, "Loaded %u bit RSA key with fingerprint %s", spec.bits,
                 text);
    else
        snprintf(out, UFTP_KEY_LINE_MAX, "Loaded ECDSA key with curve %s and fingerprint %s",
                 uftp_curve_name(spec.curve), text);
    return out;
}
