/* SPDX-License-Identifier: MIT */
#include "common/keys.h"

#include "common/key_file.h"
#include "runtime/heap.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

void uftp_key_protect_process(void)
{
    prctl(PR_SET_DUMPABLE, 0); /* cannot fail with these arguments */
}

static int read_key(const char *path, uftp_key **out, uftp_failure *failure)
{
    int err = uftp_key_file_read(path, out);
    if (err == UFTP_ERR_ACCESS || err == UFTP_ERR_IO)
        return uftp_fail(failure, UFTP_EXIT_KEYS, "cannot %s key file %s: %s",
                         err == UFTP_ERR_IO ? "read" : "open", path, strerror(errno));
    if (err < 0)
        return uftp_fail(
            failure, UFTP_EXIT_KEYS,
            "key file %s cannot be used: %s (expected an unencrypted RSA or EC private "
            "key in PEM)",
            path, uftp_strerror(err));
    return 0;
}

static int write_key(const char *path, const uftp_key *key, uftp_failure *failure)
{
    int err = uftp_key_file_create(path, key);
    if (err == UFTP_ERR_ACCESS && errno == EEXIST)
        return uftp_fail(failure, UFTP_EXIT_KEYS,
                         "key file %s already exists, won't overwrite it (leave out -K to use it)",
                         path);
    if (err < 0)
        return uftp_fail(failure, UFTP_EXIT_KEYS, "cannot %s key file %s: %s",
                         err == UFTP_ERR_ACCESS ? "create" : "write", path,
                         err == UFTP_ERR_ACCESS || err == UFTP_ERR_IO ? strerror(errno)
                                                                      : uftp_strerror(err));
    return 0;
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
