/* SPDX-License-Identifier: MIT
 *
 * The UDP payloads of a capture file: Ethernet with or without VLAN tags, IPv4 and IPv6.
 */
#ifndef UFTP_CONFORMANCE_CAPTURE_H
#define UFTP_CONFORMANCE_CAPTURE_H

#include <stddef.h>
#include <stdint.h>

/* `frame` counts from 1, as capture tools do; `at_us` is when it was captured, microseconds since
 * the epoch. */
typedef void capture_visit(void *ctx, int frame, uint64_t at_us, const uint8_t *payload,
                           size_t len);

/* Calls visit for every UDP datagram. Returns how many, or -1 when the file cannot be read, is cut
 * off, or holds fragments (none of ours does). */
int capture_each(const char *path, capture_visit *visit, void *ctx);

#endif
