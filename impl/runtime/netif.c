/* SPDX-License-Identifier: MIT */
#include "runtime/netif.h"

#include "runtime/resolve.h"
#include "runtime/sockaddr.h"

#include <errno.h>
#include <fnmatch.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(UFTP_NETIF_NAME_MAX >= IF_NAMESIZE, "an interface name must fit");

static int append(uftp_netif_list *list, const uftp_netif *item)
{
    uftp_netif *items = realloc(list->items, (list->count + 1) * sizeof *items);
    if (!items)
        return UFTP_ERR_MEMORY;
    list->items = items;
    list->items[list->count++] = *item;
    return UFTP_OK;
}

void uftp_netif_list_free(uftp_netif_list *list)
{
    free(list->items);
    *list = (uftp_netif_list){0};
}

static socklen_t sockaddr_len(const struct sockaddr *address)
{
    switch (address->sa_family) {
    case AF_INET:
        return sizeof(struct sockaddr_in);
    case AF_INET6:
        return sizeof(struct sockaddr_in6);
    default:
        return 0; /* AF_PACKET: the link itself */
    }
}

int uftp_netif_list_system(uftp_netif_list *out)
{
    *out = (uftp_netif_list){0};
    struct ifaddrs *all = NULL;
    if (getifaddrs(&all))
        return errno == ENOMEM ? UFTP_ERR_MEMORY : UFTP_ERR_IO;
    int err = UFTP_OK;
    for (const struct ifaddrs *a = all; a && !err; a = a->ifa_next) {
        if (!a->ifa_addr)
            continue;
        uftp_netif item = {
            .address = uftp_address_from_sockaddr(a->ifa_addr, sockaddr_len(a->ifa_addr)),
            .index = if_nametoindex(a->ifa_name),
            .up = a->ifa_flags & IFF_UP,
            .loopback = a->ifa_flags & IFF_LOOPBACK,
            /* Loopback carries multicast without saying so: several receivers on one host. */
            .multicast = a->ifa_flags & (IFF_MULTICAST | IFF_LOOPBACK)};
        /* An alias ("eth0:1") has no index under its own name; a vanished interface has none. */
        size_t len = strcspn(a->ifa_name, ":");
        if (len >= sizeof item.name)
            continue;
        memcpy(item.name, a->ifa_name, len);
        if (!item.index)
            item.index = if_nametoindex(item.name);
        if (item.address.family && item.index)
            err = append(out, &item);
    }
    freeifaddrs(all);
    if (err)
        uftp_netif_list_free(out);
    return err;
}

bool uftp_netif_has(const uftp_netif_list *list, const uftp_address *address)
{
    for (size_t i = 0; i < list->count; i++)
        if (uftp_address_same_host(&list->items[i].address, address))
            return true;
    return false;
}

static int take(uftp_netif_list *out, const uftp_netif *item)
{
    for (size_t i = 0; i < out->count; i++)
        if (out->items[i].index == item->index &&
            uftp_address_same_host(&out->items[i].address, &item->address))
            return UFTP_OK;
    if (out->count == UFTP_NETIF_MAX)
        return UFTP_ERR_LIMIT;
    return append(out, item);
}

/* One element of -I, taken apart. */
typedef struct selector {
    char text[256]; /* a host name is the longest thing that may stand here */
    uint32_t index; /* 0: not a number */
    uint8_t family; /* 0: not given */
} selector;

static bool selector_parse(const char *text, size_t len, selector *out)
{
    *out = (selector){0};
    if (!len || len >= sizeof out->text)
        return false;
    if (len > 2 && text[len - 2] == '/' && (text[len - 1] == '4' || text[len - 1] == '6')) {
        out->family = text[len - 1] == '4' ? UFTP_IPV4 : UFTP_IPV6;
        len -= 2;
    }
    memcpy(out->text, text, len);
    if (strspn(out->text, "0123456789") == len) {
        errno = 0;
        unsigned long index = strtoul(out->text, NULL, 10);
        if (!errno && index <= UINT32_MAX)
            out->index = (uint32_t)index;
    }
    return true;
}

static bool is_meant(const selector *which, const uftp_netif *item)
{
    return !fnmatch(which->text, item->name, 0) || which->index == item->index;
}

static bool names_interface(const uftp_netif_list *all, const selector *which)
{
    for (size_t i = 0; i < all->count; i++)
        if (is_meant(which, &all->items[i]))
            return true;
    return false;
}

/* Takes the addresses of one family; returns how many there were, or an error. */
static int take_family(const uftp_netif_list *all, const selector *which, uint8_t family,
                       uftp_netif_list *out)
{
    int hits = 0;
    for (size_t i = 0; i < all->count; i++) {
        const uftp_netif *item = &all->items[i];
        if (item->address.family != family || !is_meant(which, item))
            continue;
        int err = take(out, item);
        if (err)
            return err;
        hits++;
    }
    return hits;
}

static int take_host(const uftp_netif_list *all, const selector *which, uftp_netif_list *out)
{
    uftp_address address;
    int err = uftp_resolve_host(which->text, which->family, &address);
    if (err)
        return err == UFTP_ERR_MEMORY ? err : UFTP_ERR_NOT_FOUND;
    for (size_t i = 0; i < all->count; i++)
        if (uftp_address_same_host(&all->items[i].address, &address))
            return take(out, &all->items[i]);
    return UFTP_ERR_NOT_FOUND;
}

static int take_element(const uftp_netif_list *all, const char *text, size_t len,
                        uftp_netif_list *out)
{
    selector which;
    if (!selector_parse(text, len, &which))
        return UFTP_ERR_NOT_FOUND;
    if (!names_interface(all, &which)) /* a host, then; may ask the resolver */
        return take_host(all, &which, out);
    int v4 = which.family == UFTP_IPV6 ? 0 : take_family(all, &which, UFTP_IPV4, out);
    if (v4 < 0)
        return v4;
    int v6 = which.family == UFTP_IPV4 ? 0 : take_family(all, &which, UFTP_IPV6, out);
    if (v6 < 0)
        return v6;
    return v4 + v6 ? UFTP_OK : UFTP_ERR_NOT_FOUND;
}

int uftp_netif_select(const uftp_netif_list *all, const char *text, uftp_netif_list *out,
                      const char **bad)
{
    for (;;) {
        size_t len = strcspn(text, ",");
        int err = take_element(all, text, len, out);
        if (err) {
            if (bad)
                *bad = text;
            return err;
        }
        if (!text[len])
            return UFTP_OK;
        text += len + 1;
    }
}

static int take_all(const uftp_netif_list *all, bool loopback, uftp_netif_list *out)
{
    for (size_t i = 0; i < all->count; i++) {
        const uftp_netif *item = &all->items[i];
        int err = item->up && item->loopback == loopback ? take(out, item) : UFTP_OK;
        if (err)
            return err;
    }
    return UFTP_OK;
}

int uftp_netif_select_default(const uftp_netif_list *all, uftp_netif_list *out)
{
    size_t before = out->count;
    int err = take_all(all, false, out);
    if (!err && out->count == before)
        err = take_all(all, true, out);
    return err;
}

const uftp_netif *uftp_netif_default(const uftp_netif_list *all, uint8_t family)
{
    const uftp_netif *loopback = NULL;
    for (size_t i = 0; i < all->count; i++) {
        const uftp_netif *item = &all->items[i];
        if (!item->up || item->address.family != family)
            continue;
        if (!item->loopback)
            return item;
        if (!loopback)
            loopback = item;
    }
    return loopback;
}

const uftp_netif *uftp_netif_first(const uftp_netif_list *list, uint8_t family)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].address.family == family)
            return &list->items[i];
    return NULL;
}

uint32_t uftp_netif_uid(const uftp_address *address)
{
    const uint8_t *b = address->bytes;
    if (address->family == UFTP_IPV4)
        return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
    if (address->family == UFTP_IPV6)
        return (uint32_t)b[15] << 24 | (uint32_t)b[14] << 16 | (uint32_t)b[13] << 8 | b[12];
    return 0;
}

uint32_t uftp_netif_list_uid(const uftp_netif_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        uint32_t uid = uftp_netif_uid(&list->items[i].address);
        if (uid)
            return uid;
    }
    return 0;
}

size_t uftp_netif_indices(const uftp_netif_list *list, uint8_t family, uint32_t *out,
                          size_t capacity)
{
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++) {
        const uftp_netif *item = &list->items[i];
        bool fits = item->multicast && item->address.family == family;
        for (size_t j = 0; j < count && fits; j++)
            fits = out[j] != item->index;
        if (fits && count < capacity)
            out[count++] = item->index;
    }
    return count;
}
