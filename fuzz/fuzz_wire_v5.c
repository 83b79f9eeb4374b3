/* SPDX-License-Identifier: MIT
 *
 * The v5 codec on any bytes: a datagram if they begin with the version byte, else a message as it
 * stands in a decrypted packet. What decodes must encode, in no more bytes than it had; that must
 * decode to the same values, and encode to the same bytes again.
 */
#include "fuzz.h"
#include "tests/compare.h"
#include <uftp/wire.h>

#include <string.h>

/* Twice from the same memory of exactly `len` bytes: equal results, or something is remembered. */
static void check_message(const uint8_t *data, size_t len)
{
    const uftp_wire *wire = &uftp_wire_v5;
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

static void check_encrypted(const uint8_t *data, size_t len)
{
    const uftp_wire *wire = &uftp_wire_v5;
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
               again.payload.len == encrypted.payload.len &&
               memcmp(again.payload.data, encrypted.payload.data, again.payload.len) == 0);
    free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uftp_wire *wire = size > 0 ? uftp_wire_find(data[0]) : NULL;
    if (!wire) {
        check_message(data, size);
        return 0;
    }
    uftp_header header, again;
    uftp_reader r = {.at = data, .end = data + size};
    if (wire->header_read(&r, &header) < 0)
        return 0;
    uint8_t out[16];
    uftp_writer w = {.at = out, .end = out + sizeof out};
    FUZZ_CHECK(wire->header_write(&w, &header) == UFTP_OK && w.at == w.end);
    uftp_reader written = {.at = out, .end = out + sizeof out};
    FUZZ_CHECK(wire->header_read(&written, &again) == UFTP_OK);
    FUZZ_CHECK(test_header_equal(&header, &again));
    if (header.type == UFTP_MESSAGE_ENCRYPTED)
        check_encrypted(r.at, size - wire->header_len);
    else
        check_message(r.at, size - wire->header_len);
    return 0;
}
