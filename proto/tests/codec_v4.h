/* SPDX-License-Identifier: MIT
 *
 * codec.h for version 4.
 */
#ifndef UFTP_TESTS_CODEC_V4_H
#define UFTP_TESTS_CODEC_V4_H

#include "codec.h"

static inline int v4_read(const uint8_t *bytes, size_t len, uftp_message *out, uint8_t **memory)
{
    return test_codec_read(&uftp_wire_v4, bytes, len, out, memory);
}

static inline int v4_decode(const uint8_t *bytes, size_t len)
{
    return test_codec_decode(&uftp_wire_v4, bytes, len);
}

static inline bool v4_decodes_to(const uint8_t *bytes, size_t len, const uftp_message *wanted)
{
    return test_codec_decodes_to(&uftp_wire_v4, bytes, len, wanted);
}

static inline int v4_encode(const uftp_message *message, uint8_t *out, size_t capacity, size_t *len)
{
    return test_codec_encode(&uftp_wire_v4, message, out, capacity, len);
}

#endif
