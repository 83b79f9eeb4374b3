/* SPDX-License-Identifier: MIT
 *
 * Key files: the PEM armour (RFC 7468) around a private key (spec v5 3.12).
 */
#include "crypto/key_der.h"

#include <uftp/key.h>

#include <nettle/base64.h>

#include <string.h>

#define LINE_BYTES 48 /* make 64 characters */
#define BEGIN "-----BEGIN "
#define END "-----END "
#define DASHES "-----"

typedef struct text {
    const char *at;
    size_t len;
} text;

static bool starts_with(text t, const char *what)
{
    size_t len = strlen(what);
    return t.len >= len && memcmp(t.at, what, len) == 0;
}

static text skip(text t, size_t len)
{
    return (text){t.at + len, t.len - len};
}

/* What is left from the first occurrence on; `at` is NULL when there is none. */
static text find(text t, const char *what)
{
    while (t.len > 0) {
        if (starts_with(t, what))
            return t;
        t = skip(t, 1);
    }
    return (text){NULL, 0};
}

static bool equals(text t, const char *what)
{
    return t.len == strlen(what) && memcmp(t.at, what, t.len) == 0;
}

/* Takes the next armoured block; false when there is none. An unfinished one ends the text. */
static bool next_block(text *rest, text *label, text *body)
{
    text begin = find(*rest, BEGIN);
    if (!begin.at)
        return false;
    begin = skip(begin, strlen(BEGIN));
    text begin_end = find(begin, DASHES);
    if (!begin_end.at)
        return false;
    *label = (text){begin.at, begin.len - begin_end.len};
    text inside = skip(begin_end, strlen(DASHES));
    text end = find(inside, END);
    if (!end.at)
        return false;
    *body = (text){inside.at, inside.len - end.len};
    *rest = skip(end, strlen(END));
    return rest->len >= label->len && memcmp(rest->at, label->at, label->len) == 0 &&
           starts_with(skip(*rest, label->len), DASHES);
}

static int read_body(const uftp_allocator *memory, uftp_key_form form, text body, uftp_key **out)
{
    if (find(body, ":").at)
        return UFTP_ERR_UNSUPPORTED; /* header lines: "Proc-Type: 4,ENCRYPTED" */
    if (body.len > UFTP_KEY_PEM_MAX)
        return UFTP_ERR_LIMIT;
    uint8_t der[BASE64_DECODE_LENGTH(UFTP_KEY_PEM_MAX)];
    size_t der_len = 0;
    struct base64_decode_ctx base64;
    base64_decode_init(&base64);
    int err = UFTP_ERR_FORMAT;
    if (base64_decode_update(&base64, &der_len, der, body.len, body.at) &&
        base64_decode_final(&base64))
        err = uftp_key_read_der(memory, form, (uftp_bytes){der, der_len}, out);
    uftp_wipe(der, sizeof der);
    uftp_wipe(&base64, sizeof base64);
    return err;
}

int uftp_key_parse_pem(const uftp_allocator *memory, const char *data, size_t len, uftp_key **out)
{
    text rest = {data, len}, label, body;
    while (next_block(&rest, &label, &body)) {
        if (equals(label, "RSA PRIVATE KEY"))
            return read_body(memory, UFTP_KEY_PKCS1, body, out);
        if (equals(label, "EC PRIVATE KEY"))
            return read_body(memory, UFTP_KEY_SEC1, body, out);
        if (equals(label, "PRIVATE KEY"))
            return read_body(memory, UFTP_KEY_PKCS8, body, out);
        if (equals(label, "ENCRYPTED PRIVATE KEY"))
            return UFTP_ERR_UNSUPPORTED;
        /* Anything else (EC PARAMETERS, a certificate) may stand in front of the key. */
    }
    return UFTP_ERR_FORMAT;
}

/* ---- writing ---- */

typedef struct pem_writer {
    char *out;
    size_t capacity, len;
    bool failed;
} pem_writer;

static void put(pem_writer *w, const char *what, size_t len)
{
    if (w->failed || w->capacity - w->len < len) {
        w->failed = true;
        return;
    }
    memcpy(w->out + w->len, what, len);
    w->len += len;
}

static void put_marker(pem_writer *w, const char *marker, const char *label)
{
    put(w, marker, strlen(marker));
    put(w, label, strlen(label));
    put(w, DASHES "\n", strlen(DASHES) + 1);
}

static void put_line(pem_writer *w, const uint8_t *bytes, size_t len)
{
    char line[BASE64_ENCODE_RAW_LENGTH(LINE_BYTES)];
    base64_encode_raw(line, len, bytes);
    put(w, line, BASE64_ENCODE_RAW_LENGTH(len));
    put(w, "\n", 1);
    uftp_wipe(line, sizeof line);
}

int uftp_key_write_pem(const uftp_key *key, char *out, size_t capacity, size_t *len)
{
    uftp_key_spec spec;
    uftp_key_describe(key, &spec);
    const char *label = spec.type == UFTP_KEY_RSA ? "RSA PRIVATE KEY" : "EC PRIVATE KEY";
    uint8_t buffer[UFTP_KEY_DER_MAX];
    uftp_bytes der = uftp_key_write_der(key, buffer);
    pem_writer w = {.out = out, .capacity = capacity};
    put_marker(&w, BEGIN, label);
    for (size_t at = 0; at < der.len; at += LINE_BYTES)
        put_line(&w, der.data + at, der.len - at < LINE_BYTES ? der.len - at : LINE_BYTES);
    put_marker(&w, END, label);
    uftp_wipe(buffer, sizeof buffer);
    if (w.failed) {
        uftp_wipe(out, w.len); /* half a key is a secret too */
        return UFTP_ERR_SPACE;
    }
    *len = w.len;
    return UFTP_OK;
}
