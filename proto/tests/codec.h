/* SPDX-License-Identifier: MIT
 *
 * One message through a codec, for tests. Memory is of exactly the length in question, so that a
 * sanitizer sees one byte too many.
 */
#ifndef UFTP_TESTS_CODEC_H
#define UFTP_TESTS_CODEC_H

#include <uftp/wire.h>

/* The message points into *memory, to be freed whatever the result. */
int test_codec_read(const uftp_wire *wire, const uint8_t *bytes, size_t len, uftp_message *out,
                    uint8_t **memory);
/* The result alone. */
int test_codec_decode(const uftp_wire *wire, const uint8_t *bytes, size_t len);
/* Whether bytes decode to this message. */
bool test_codec_decodes_to(const uftp_wire *wire, const uint8_t *bytes, size_t len,
                           const uftp_message *wanted);
int test_codec_encode(const uftp_wire *wire, const uftp_message *message, uint8_t *out,
                      size_t capacity, size_t *len);

#endif
