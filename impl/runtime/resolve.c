/* SPDX-License-Identifier: MIT */
#include "runtime/resolve.h"

#include "runtime/sockaddr.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An address as text, with zone, or a host name (RFC 1035: 255 bytes). */
#define HOST_TEXT_MAX 320

static int lookup(const char *host, int flags, uint8_t family, uftp_address *out)
{
    const struct addrinfo hints = {.ai_flags = flags,
                                   .ai_family = family == UFTP_IPV4   ? AF_INET
                                                : family == UFTP_IPV6 ? AF_INET6
                                                                      : AF_UNSPEC,
                                   .ai_socktype = SOCK_DGRAM};
    struct addrinfo *found = NULL;
    int err = getaddrinfo(host, NULL, &hints, &found);
    if (err == EAI_MEMORY)
        return UFTP_ERR_MEMORY;
    if (err == EAI_AGAIN || err == EAI_SYSTEM || err == EAI_FAIL)
        return UFTP_ERR_IO;
    if (err)
        return UFTP_ERR_NOT_FOUND;
    *out = (uftp_address){0};
    for (const struct addrinfo *a = found; a; a = a->ai_next) {
        uftp_address address = uftp_address_from_sockaddr(a->ai_addr, a->ai_addrlen);
        if (!address.family || (family && address.family != family))
            continue;
        /* IPv4 first, as the reference: it is what the UID and the default groups are made of. */
        if (!out->family || (out->family == UFTP_IPV6 && address.family == UFTP_IPV4))
            *out = address;
    }
    freeaddrinfo(found);
    return out->family ? UFTP_OK : UFTP_ERR_NOT_FOUND;
}

int uftp_resolve_numeric(const char *text, uftp_address *out)
{
    return lookup(text, AI_NUMERICHOST, 0, out) ? UFTP_ERR_FORMAT : UFTP_OK;
}

int uftp_resolve_host(const char *text, uint8_t family, uftp_address *out)
{
    if (!*text) /* getaddrinfo() would take it for the loopback address */
        return UFTP_ERR_NOT_FOUND;
    return lookup(text, 0, family, out);
}

int uftp_resolve_port(const char *text, uint16_t *out)
{
    if (*text && strspn(text, "0123456789") == strlen(text)) {
        errno = 0;
        unsigned long port = strtoul(text, NULL, 10);
        if (errno || !port || port > UINT16_MAX)
            return UFTP_ERR_ARGUMENT;
        *out = (uint16_t)port;
        return UFTP_OK;
    }
    const struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_DGRAM};
    struct addrinfo *found = NULL;
    if (!*text || getaddrinfo(NULL, text, &hints, &found))
        return UFTP_ERR_NOT_FOUND;
    *out = uftp_address_from_sockaddr(found->ai_addr, found->ai_addrlen).port;
    freeaddrinfo(found);
    return *out ? UFTP_OK : UFTP_ERR_NOT_FOUND;
}

int uftp_resolve_endpoint(const char *text, uint16_t port_default, uftp_address *out)
{
    char host[HOST_TEXT_MAX];
    const char *host_start = text, *port = NULL;
    size_t host_len = strlen(text);
    const char *colon = strchr(text, ':');
    if (*text == '[') {
        const char *close = strchr(text, ']');
        if (!close || (close[1] && close[1] != ':'))
            return UFTP_ERR_FORMAT;
        host_start = text + 1;
        host_len = (size_t)(close - host_start);
        port = close[1] ? close + 2 : NULL;
    } else if (colon && !strchr(colon + 1, ':')) { /* several colons: a bare IPv6 address */
        host_len = (size_t)(colon - text);
        port = colon + 1;
    }
    if (host_len >= sizeof host)
        return UFTP_ERR_FORMAT;
    memcpy(host, host_start, host_len);
    host[host_len] = '\0';

    uint16_t number = port_default;
    int err = port ? uftp_resolve_port(port, &number) : UFTP_OK;
    if (!err)
        err = uftp_resolve_host(host, 0, out);
    if (!err)
        out->port = number;
    return err;
}

int uftp_resolve_list(const char *text, uftp_address *out, size_t capacity, size_t *count)
{
    *count = 0;
    for (;;) {
        char host[HOST_TEXT_MAX];
        size_t len = strcspn(text, ",");
        if (len >= sizeof host)
            return UFTP_ERR_FORMAT;
        if (*count == capacity)
            return UFTP_ERR_LIMIT;
        memcpy(host, text, len);
        host[len] = '\0';
        int err = uftp_resolve_host(host, 0, &out[*count]);
        if (err)
            return err;
        ++*count;
        if (!text[len])
            return UFTP_OK;
        text += len + 1;
    }
}

int uftp_resolve_template(const char *text, const uftp_random *random, uftp_address *out)
{
    bool v6 = strchr(text, ':');
    const char *zone = text + strcspn(text, "%"); /* may be "%vxlan0" */
    size_t len = (size_t)(zone - text);
    bool template = memchr(text, 'x', len) &&
                    strspn(text, v6 ? "0123456789abcdefABCDEF:.x" : "0123456789.x") == len;
    if (!template) /* "mixer.example.org" has an "x" too */
        return uftp_resolve_host(text, 0, out);

    char filled[HOST_TEXT_MAX];
    size_t used = 0;
    for (; text < zone; text++) {
        if (sizeof filled - used < 6) /* the longest piece, with a NUL: "ffff" */
            return UFTP_ERR_FORMAT;
        if (*text != 'x') {
            filled[used++] = *text;
            continue;
        }
        uint8_t draw[2];
        random->fill(random->ctx, sizeof draw, draw);
        used += (size_t)snprintf(filled + used, sizeof filled - used, v6 ? "%x" : "%u",
                                 v6 ? (unsigned)draw[0] << 8 | draw[1] : (unsigned)draw[0]);
    }
    if (strlen(zone) >= sizeof filled - used)
        return UFTP_ERR_FORMAT;
    strcpy(filled + used, zone);
    return uftp_resolve_numeric(filled, out);
}

int uftp_resolve_name(const uftp_address *address, char *out, size_t capacity)
{
    struct sockaddr_storage storage;
    socklen_t len = uftp_address_to_sockaddr(address, &storage);
    if (!len || getnameinfo((const struct sockaddr *)&storage, len, out, (socklen_t)capacity, NULL,
                            0, NI_NAMEREQD))
        return UFTP_ERR_NOT_FOUND;
    return UFTP_OK;
}
