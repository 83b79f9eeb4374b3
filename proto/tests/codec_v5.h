/* SPDX-License-Identifier: MIT
 *
 * One message through the v5 codec, for tests. Memory is of exactly the length in question, so that
 * a sanitizer sees one byte too many.
 */
#ifndef UFTP_TESTS_CODEC_V5_H
#define UFTP_TESTS_CODEC_V5_H

#include <uftp/wire.h>

/* The message points into *memory, to be freed whatever the result. */
int v5_read(const uint8_t *bytes, size_t len, uftp_message *out, uint8_t **memory);
/* The result alone. */
int v5_decode(const uint8_t *bytes, size_t len);
/* Whether bytes decode to this message. */
bool v5_decodes_to(const uint8_t *bytes, size_t len, const uftp_message *wanted);
int v5_encode(const uftp_message *message, uint8_t *out, size_t capacity, size_t *len);

#endif
