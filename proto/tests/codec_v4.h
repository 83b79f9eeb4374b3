/* SPDX-License-Identifier: MIT
 *
 * The v4 codec as its tests call it: buffers as long as the bytes, so that a sanitizer sees one
 * byte too many.
 */
#ifndef UFTP_TESTS_CODEC_V4_H
#define UFTP_TESTS_CODEC_V4_H

#include <uftp/wire.h>

/* One message into at most `capacity` bytes; sets *len when it fits. */
int v4_encode(const uftp_message *message, uint8_t *out, size_t capacity, size_t *len);

/* Decodes `len` bytes and, when that works, encodes what came out into `again`, of the datagram's
 * greatest length. Returns the error of decoding; failing to encode fails the test. */
int v4_reencode(const uint8_t *bytes, size_t len, uint8_t *again, size_t *again_len);

/* Decodes into *out, which points into memory that lives until the next call. */
int v4_decode(const uint8_t *bytes, size_t len, uftp_message *out);

#endif
