/* SPDX-License-Identifier: MIT
 *
 * Internet addresses: comparing, classifying, and writing as text.
 */
#include <uftp/address.h>

#include <string.h>

static size_t bytes_len(const uftp_address *a)
{
    return a->family == UFTP_IPV4 ? 4 : a->family == UFTP_IPV6 ? 16 : 0;
}

uftp_address uftp_address_ipv4(uint8_t a, uint8_t b, uint8_t c, uint8_t d, uint16_t port)
{
    return (uftp_address){.family = UFTP_IPV4, .bytes = {a, b, c, d}, .port = port};
}

bool uftp_address_equal(const uftp_address *a, const uftp_address *b)
{
    return a->port == b->port && uftp_address_same_host(a, b);
}

bool uftp_address_same_host(const uftp_address *a, const uftp_address *b)
{
    if (a->family != b->family || memcmp(a->bytes, b->bytes, bytes_len(a)) != 0)
        return false;
    return a->scope == 0 || b->scope == 0 || a->scope == b->scope;
}

bool uftp_address_is_multicast(const uftp_address *a)
{
    if (a->family == UFTP_IPV4)
        return (a->bytes[0] & 0xf0) == 0xe0;
    return a->family == UFTP_IPV6 && a->bytes[0] == 0xff;
}

bool uftp_address_is_ssm(const uftp_address *a)
{
    if (a->family == UFTP_IPV4)
        return a->bytes[0] == 232;
    return a->family == UFTP_IPV6 && a->bytes[0] == 0xff && (a->bytes[1] & 0xf0) == 0x30;
}

bool uftp_address_is_zero(const uftp_address *a)
{
    static const uint8_t zeros[sizeof a->bytes];
    return memcmp(a->bytes, zeros, bytes_len(a)) == 0;
}

/* Digits of `value` without leading zeros; returns the place behind them. */
static char *put_number(char *out, uint32_t value, uint32_t base)
{
    char digits[10];
    size_t count = 0;
    do {
        digits[count++] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value > 0);
    while (count > 0)
        *out++ = digits[--count];
    return out;
}

static char *put_ipv4(char *out, const uint8_t *bytes)
{
    for (size_t i = 0; i < 4; i++) {
        if (i > 0)
            *out++ = '.';
        out = put_number(out, bytes[i], 10);
    }
    return out;
}

static uint32_t group_at(const uint8_t *bytes, size_t index)
{
    return (uint32_t)bytes[2 * index] << 8 | bytes[2 * index + 1];
}

/* RFC 5952: lower case, and "::" for the first of the longest runs of two or more zero groups. */
static char *put_ipv6(char *out, const uint8_t *bytes)
{
    size_t run_start = 8, run_len = 1;
    for (size_t i = 0; i < 8; i++) {
        size_t len = 0;
        while (i + len < 8 && group_at(bytes, i + len) == 0)
            len++;
        if (len > run_len) {
            run_start = i;
            run_len = len;
        }
    }
    for (size_t i = 0; i < 8; i++) {
        if (i == run_start) {
            *out++ = ':';
            *out++ = ':';
            i += run_len - 1;
            continue;
        }
        if (i > 0 && out[-1] != ':')
            *out++ = ':';
        out = put_number(out, group_at(bytes, i), 16);
    }
    return out;
}

char *uftp_address_format(const uftp_address *a, char *out)
{
    char *at = out;
    bool bracketed = a->family == UFTP_IPV6 && a->port != 0;
    if (bracketed)
        *at++ = '[';
    if (a->family == UFTP_IPV4) {
        at = put_ipv4(at, a->bytes);
    } else if (a->family == UFTP_IPV6) {
        at = put_ipv6(at, a->bytes);
        if (a->scope != 0) {
            *at++ = '%';
            at = put_number(at, a->scope, 10);
        }
    } else {
        *at++ = '-';
    }
    if (bracketed)
        *at++ = ']';
    if (a->port != 0) {
        *at++ = ':';
        at = put_number(at, a->port, 10);
    }
    *at = '\0';
    return out;
}
