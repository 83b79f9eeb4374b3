/* SPDX-License-Identifier: MIT */
#include "runtime/sockaddr.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

static socklen_t fill_v6(const uint8_t bytes[16], uint16_t port, uint32_t scope,
                         struct sockaddr_storage *out)
{
    struct sockaddr_in6 v6 = {
        .sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_scope_id = scope};
    memcpy(&v6.sin6_addr, bytes, sizeof v6.sin6_addr);
    memcpy(out, &v6, sizeof v6);
    return sizeof v6;
}

socklen_t uftp_address_to_sockaddr(const uftp_address *address, struct sockaddr_storage *out)
{
    if (address->family == UFTP_IPV4) {
        struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(address->port)};
        memcpy(&v4.sin_addr, address->bytes, sizeof v4.sin_addr);
        memcpy(out, &v4, sizeof v4);
        return sizeof v4;
    }
    if (address->family == UFTP_IPV6)
        return fill_v6(address->bytes, address->port, address->scope, out);
    return 0;
}

socklen_t uftp_address_to_sockaddr_mapped(const uftp_address *address, struct sockaddr_storage *out)
{
    if (address->family != UFTP_IPV4)
        return uftp_address_to_sockaddr(address, out);
    uint8_t mapped[16] = {[10] = 0xff, [11] = 0xff};
    memcpy(mapped + 12, address->bytes, 4);
    return fill_v6(mapped, address->port, 0, out);
}

uftp_address uftp_address_from_sockaddr(const struct sockaddr *sockaddr, socklen_t len)
{
    uftp_address out = {0};
    if (len >= sizeof(struct sockaddr_in) && sockaddr->sa_family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, sockaddr, sizeof v4);
        out.family = UFTP_IPV4;
        out.port = ntohs(v4.sin_port);
        memcpy(out.bytes, &v4.sin_addr, sizeof v4.sin_addr);
    } else if (len >= sizeof(struct sockaddr_in6) && sockaddr->sa_family == AF_INET6) {
        struct sockaddr_in6 v6;
        memcpy(&v6, sockaddr, sizeof v6);
        out.port = ntohs(v6.sin6_port);
        if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
            out.family = UFTP_IPV4;
            memcpy(out.bytes, v6.sin6_addr.s6_addr + 12, 4);
        } else {
            out.family = UFTP_IPV6;
            out.scope = v6.sin6_scope_id;
            memcpy(out.bytes, &v6.sin6_addr, sizeof v6.sin6_addr);
        }
    }
    return out;
}
