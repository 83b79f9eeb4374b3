/* SPDX-License-Identifier: MIT */
#include "codec.h"

#include "compare.h"
#include "support.h"

#include <stdlib.h>
#include <string.h>

int test_codec_read(const uftp_wire *wire, const uint8_t *bytes, size_t len, uftp_message *out,
                    uint8_t **memory)
{
    *memory = malloc(len ? len : 1);
    assert_non_null(*memory);
    if (len)
        memcpy(*memory, bytes, len);
    uftp_reader r = {.at = *memory, .end = *memory + len};
    return wire->message_read(&r, out);
}

int test_codec_decode(const uftp_wire *wire, const uint8_t *bytes, size_t len)
{
    uftp_message message;
    uint8_t *memory;
    int err = test_codec_read(wire, bytes, len, &message, &memory);
    free(memory);
    return err;
}

bool test_codec_decodes_to(const uftp_wire *wire, const uint8_t *bytes, size_t len,
                           const uftp_message *wanted)
{
    uftp_message message;
    uint8_t *memory;
    bool same = test_codec_read(wire, bytes, len, &message, &memory) == UFTP_OK &&
                test_message_equal(&message, wanted);
    free(memory);
    return same;
}

int test_codec_encode(const uftp_wire *wire, const uftp_message *message, uint8_t *out,
                      size_t capacity, size_t *len)
{
    uftp_writer w = {.at = out, .end = out + capacity};
    int err = wire->message_write(&w, message);
    *len = (size_t)(w.at - out);
    return err;
}
