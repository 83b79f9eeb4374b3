/* SPDX-License-Identifier: MIT
 *
 * The core's addresses to and from the operating system's.
 */
#ifndef UFTP_RUNTIME_SOCKADDR_H
#define UFTP_RUNTIME_SOCKADDR_H

#include <uftp/address.h>

#include <sys/socket.h>

/* Returns the length used of `out`, 0 when the address has no family. */
socklen_t uftp_address_to_sockaddr(const uftp_address *address, struct sockaddr_storage *out);
/* The same for a dual-stack socket: IPv4 becomes ::ffff:a.b.c.d. */
socklen_t uftp_address_to_sockaddr_mapped(const uftp_address *address,
                                          struct sockaddr_storage *out);
/* ::ffff:a.b.c.d becomes IPv4. Family 0 for anything that is neither IPv4 nor IPv6, or too short.
 */
uftp_address uftp_address_from_sockaddr(const struct sockaddr *sockaddr, socklen_t len);

#endif
