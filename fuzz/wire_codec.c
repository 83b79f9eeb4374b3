/* SPDX-License-Identifier: MIT */
#include "wire_codec.h"

#include "fuzz.h"
#include "tests/compare.h"

#include <string.h>

/* Twice from the same memory of exactly `len` bytes: equal results, or something is remembered. */
static void check_message(const uftp_wire *wire, const uint8_t *data, size_t len)
{
    uftp_message first, second;
    uftp_reader r = {.at = data, .end = data + len};
    if (wire->message_read(&r, &first) < 0)
        return;
    uint8_t *once = malloc(len), *twice = malloc(len);
    FUZZ_CHECK(once && twice);
    memset(once, 0xa5, len); /* a byte that is not written differs */
    memset(twice, 0x5a, len);
    uftp_writer w = {.at = once, .end = once + len};
    FUZZ_CHECK(wire->message_write(&w, &first) == UFTP_OK);
    size_t once_len = (size_t)(w.at - once);
    r = (uftp_reader){.at = once, .end = once + once_len};
    FUZZ_CHECK(wire->message_read(&r, &second) == UFTP_OK);
    FUZZ_CHECK(test_message_equal(&first, &second));
    w = (uftp_writer){.at = twice, .end = twice + once_len};
    FUZZ_CHECK(wire->message_write(&w, &second) == UFTP_OK);
    FUZZ_CHECK((size_t)(w.at - twice) == once_len && memcmp(once, twice, once_len) == 0);
    free(once);
    free(twice);
}

static bool same_bytes(uftp_bytes a, uftp_bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static void check_encrypted(const uftp_wire *wire, const uint8_t *data, size_t len)
{
    uftp_encrypted encrypted, again;
    uftp_reader r = {.at = data, .end = data + len};
    if (wire->encrypted_read(&r, &encrypted) < 0)
        return;
    uint8_t *out = malloc(len);
    FUZZ_CHECK(out);
    uftp_writer w = {.at = out, .end = out + len};
    FUZZ_CHECK(wire->encrypted_write(&w, &encrypted) == UFTP_OK && w.at == w.end);
    r = (uftp_reader){.at = out, .end = out + len};
    FUZZ_CHECK(wire->encrypted_read(&r, &again) == UFTP_OK);
    FUZZ_CHECK(again.iv_counter == encrypted.iv_counter &&
               same_bytes(again.signature, encrypted.signature) &&
               same_bytes(again.payload, encrypted.payload));
    free(out);
}

void fuzz_wire(const uftp_wire *wire, const uint8_t *data, size_t size)
{
    if (size == 0 || data[0] != wire->version) {
        check_message(wire, data, size);
        return;
    }
    uftp_header header, again;
    uftp_reader r = {.at = data, .end = data + size};
    if (wire->header_read(&r, &header) < 0)
        return;
    uint8_t out[16];
    uftp_writer w = {.at = out, .end = out + sizeof out};
    FUZZ_CHECK(wire->header_write(&w, &header) == UFTP_OK && w.at == w.end);
    uftp_reader written = {.at = out, .end = out + sizeof out};
    FUZZ_CHECK(wire->header_read(&written, &again) == UFTP_OK);
    FUZZ_CHECK(test_header_equal(&header, &again));
    if (header.type == UFTP_MESSAGE_ENCRYPTED)
        check_encrypted(wire, r.at, size - wire->header_len);
    else
        check_message(wire, r.at, size - wire->header_len);
}
