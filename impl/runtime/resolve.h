/* SPDX-License-Identifier: MIT
 *
 * Addresses, host names, ports and address templates as they stand on a command line (spec cli 1, 2
 * and 12). Every function but the numeric one may ask the resolver, and then blocks.
 */
#ifndef UFTP_RUNTIME_RESOLVE_H
#define UFTP_RUNTIME_RESOLVE_H

#include <uftp/address.h>

/* "10.0.0.1", "::1", "ff02::1%eth0"; never asks the resolver. FORMAT when it is no address. */
int uftp_resolve_numeric(const char *text, uftp_address *out);
/* An address or a host name. `family` 0 takes what comes, IPv4 first; otherwise only UFTP_IPV4 or
 * UFTP_IPV6. The port is 0. NOT_FOUND when the name is unknown or has no such address, IO when the
 * resolver cannot be reached. */
int uftp_resolve_host(const char *text, uint8_t family, uftp_address *out);
/* "1044" or a UDP service name, 1..65535. ARGUMENT for a number out of range, NOT_FOUND. */
int uftp_resolve_port(const char *text, uint16_t *out);
/* "host", "host:port", "[v6]:port", "v6" (several colons, no brackets: no port). */
int uftp_resolve_endpoint(const char *text, uint16_t port_default, uftp_address *out);
/* A comma list of hosts. LIMIT when there are more than `capacity`; *count is set. */
int uftp_resolve_list(const char *text, uftp_address *out, size_t capacity, size_t *count);
/* An address in which each letter "x" stands for a random number, decimal 0..255 (IPv4) or
 * hexadecimal 0..ffff (IPv6): "230.5.5.x", "ff05::4:5:x" (spec cli 2, -P). Text without an "x" is
 * taken as an address or host name. FORMAT, NOT_FOUND. */
int uftp_resolve_template(const char *text, const uftp_random *random, uftp_address *out);
/* The name of an address by reverse lookup, NUL-terminated; NOT_FOUND when it has none. */
int uftp_resolve_name(const uftp_address *address, char *out, size_t capacity);

#endif
