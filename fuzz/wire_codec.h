/* SPDX-License-Identifier: MIT
 *
 * A codec on any bytes: a datagram if they begin with the version byte, else a message as it stands
 * in a decrypted packet. What decodes must encode, in no more bytes than it had; that must decode
 * to the same values, and encode to the same bytes again.
 */
#ifndef UFTP_FUZZ_WIRE_CODEC_H
#define UFTP_FUZZ_WIRE_CODEC_H

#include <uftp/wire.h>

void fuzz_wire(const uftp_wire *wire, const uint8_t *data, size_t size);

#endif
