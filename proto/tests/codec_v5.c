/* SPDX-License-Identifier: MIT */
#include "codec_v5.h"

#include "compare.h"
#include "support.h"

#include <stdlib.h>
#include <string.h>

int v5_read(const uint8_t *bytes, size_t len, uftp_message *out, uint8_t **memory)
{
    *memory = malloc(len ? len : 1);
    assert_non_null(*memory);
    if (len)
        memcpy(*memory, bytes, len);
    uftp_reader r = {.at = *memory, .end = *memory + len};
    return uftp_wire_v5.message_read(&r, out);
}

int v5_decode(const uint8_t *bytes, size_t len)
{
    uftp_message message;
    uint8_t *memory;
    int err = v5_read(bytes, len, &message, &memory);
    free(memory);
    return err;
}

bool v5_decodes_to(const uint8_t *bytes, size_t len, const uftp_message *wanted)
{
    uftp_message message;
    uint8_t *memory;
    bool same =
        v5_read(bytes, len, &message, &memory) == UFTP_OK && test_message_equal(&message, wanted);
    free(memory);
    return same;
}

int v5_encode(const uftp_message *message, uint8_t *out, size_t capacity, size_t *len)
{
    uftp_writer w = {.at = out, .end = out + capacity};
    int err = uftp_wire_v5.message_write(&w, message);
    *len = (size_t)(w.at - out);
    return err;
}
