/* SPDX-License-Identifier: MIT */
#include "reencode.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *complaint(const char *what, int err)
{
    static char text[120];
    snprintf(text, sizeof text, "%s: %s", what, uftp_strerror(err));
    return text;
}

static const char *compare(const uint8_t *data, size_t len, const uint8_t *again, size_t again_len)
{
    static char text[120];
    if (again_len == len && memcmp(data, again, len) == 0)
        return NULL;
    size_t at = 0;
    while (at < len && at < again_len && data[at] == again[at])
        at++;
    snprintf(text, sizeof text, "%zu bytes became %zu, first difference at %zu", len, again_len,
             at);
    return text;
}

static const char *message_through(const uftp_wire *wire, uftp_reader *r, uftp_writer *w,
                                   uint8_t *type)
{
    uftp_message message;
    int err = wire->message_read(r, &message);
    if (err < 0)
        return complaint("decode", err);
    *type = message.type;
    err = wire->message_write(w, &message);
    return err < 0 ? complaint("encode", err) : NULL;
}

static const char *encrypted_through(const uftp_wire *wire, uftp_reader *r, uftp_writer *w)
{
    uftp_encrypted encrypted;
    int err = wire->encrypted_read(r, &encrypted);
    if (err < 0)
        return complaint("decode wrapper", err);
    err = wire->encrypted_write(w, &encrypted);
    return err < 0 ? complaint("encode wrapper", err) : NULL;
}

static const char *datagram_through(const uftp_wire *wire, uftp_reader *r, uftp_writer *w,
                                    uint8_t *type)
{
    uftp_header header;
    int err = wire->header_read(r, &header);
    if (err < 0)
        return complaint("decode header", err);
    *type = header.type;
    err = wire->header_write(w, &header);
    if (err < 0)
        return complaint("encode header", err);
    if (header.type == UFTP_MESSAGE_ENCRYPTED)
        return encrypted_through(wire, r, w);
    uint8_t inner;
    const char *bad = message_through(wire, r, w, &inner);
    if (bad)
        return bad;
    return inner == header.type ? NULL : "common header and message differ in type";
}

/* Both buffers are exactly as long as the golden bytes, so that a sanitizer sees one byte too
 * many. */
static const char *through(const uftp_wire *wire, const uint8_t *data, size_t len, uint8_t *type,
                           bool whole)
{
    uint8_t *in = malloc(len ? len : 1), *out = malloc(len ? len : 1);
    const char *bad = "no memory";
    if (in && out) {
        memcpy(in, data, len);
        uftp_reader r = {.at = in, .end = in + len};
        uftp_writer w = {.at = out, .end = out + len};
        bad = whole ? datagram_through(wire, &r, &w, type) : message_through(wire, &r, &w, type);
        if (!bad)
            bad = compare(data, len, out, (size_t)(w.at - out));
    }
    free(in);
    free(out);
    return bad;
}

const char *reencode_datagram(const uftp_wire *wire, const uint8_t *data, size_t len, uint8_t *type)
{
    return through(wire, data, len, type, true);
}

const char *reencode_message(const uftp_wire *wire, const uint8_t *data, size_t len, uint8_t *type)
{
    return through(wire, data, len, type, false);
}
