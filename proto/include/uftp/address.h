/* SPDX-License-Identifier: MIT
 *
 * Internet addresses without the operating system's headers.
 */
#ifndef UFTP_ADDRESS_H
#define UFTP_ADDRESS_H

#include <uftp/core.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { UFTP_IPV4 = 4, UFTP_IPV6 = 6 };

typedef struct uftp_address {
    uint8_t family;    /* UFTP_IPV4, UFTP_IPV6, or 0 for "none" */
    uint8_t bytes[16]; /* network order; IPv4 uses the first four, the rest are zero */
    uint16_t port;     /* host order; 0 where none applies */
    uint32_t scope;    /* IPv6 zone (an interface index), 0 for none */
} uftp_address;

/* Longest text of uftp_address_format(), with its NUL. */
#define UFTP_ADDRESS_TEXT_MAX 72

uftp_address uftp_address_ipv4(uint8_t a, uint8_t b, uint8_t c, uint8_t d, uint16_t port);
/* Same host and port; the scope counts only where both sides have one. */
bool uftp_address_equal(const uftp_address *a, const uftp_address *b);
/* Same host, whatever the ports. */
bool uftp_address_same_host(const uftp_address *a, const uftp_address *b);
bool uftp_address_is_multicast(const uftp_address *a);
/* In the source-specific range: 232/8, or IPv6 multicast with flags 0x30 (spec v5 4.13). */
bool uftp_address_is_ssm(const uftp_address *a);
/* All address bytes zero (the wire's "no private group"). */
bool uftp_address_is_zero(const uftp_address *a);
/* "10.0.0.1:1044", "[ff02::1%2]:1044"; without ":port" when the port is 0. Returns `out`, which
 * holds UFTP_ADDRESS_TEXT_MAX bytes. */
char *uftp_address_format(const uftp_address *a, char *out);

#ifdef __cplusplus
}
#endif
#endif
