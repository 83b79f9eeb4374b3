/* SPDX-License-Identifier: MIT
 *
 * Golden packets through the codec: what a real program sent must decode, and encoding what was
 * decoded must give the same bytes again.
 */
#ifndef UFTP_CONFORMANCE_REENCODE_H
#define UFTP_CONFORMANCE_REENCODE_H

#include <uftp/wire.h>

/* A whole datagram; an ENCRYPTED one as header and wrapper. *type is that of the common header.
 * NULL, or what went wrong, valid until the next call. */
const char *reencode_datagram(const uftp_wire *wire, const uint8_t *data, size_t len,
                              uint8_t *type);

/* One message, such as a plaintext. */
const char *reencode_message(const uftp_wire *wire, const uint8_t *data, size_t len, uint8_t *type);

#endif
