/* SPDX-License-Identifier: MIT
 *
 * Network interfaces: what the system has, which ones a program uses, and the UID that follows from
 * them (spec cli 12.2 to 12.4).
 */
#ifndef UFTP_RUNTIME_NETIF_H
#define UFTP_RUNTIME_NETIF_H

#include <uftp/address.h>

#define UFTP_NETIF_NAME_MAX 16 /* with the NUL; the kernel's IFNAMSIZ */
#define UFTP_NETIF_MAX 200     /* spec cli 14 */

/* One address of an interface: an interface with several addresses stands several times. */
typedef struct uftp_netif {
    char name[UFTP_NETIF_NAME_MAX];
    uint32_t index;
    uftp_address address; /* port 0 */
    bool up;
    bool loopback;
    bool multicast;
} uftp_netif;

/* In system order; `items` is malloc'd, released by uftp_netif_list_free(). Start from {0}. */
typedef struct uftp_netif_list {
    uftp_netif *items;
    size_t count;
} uftp_netif_list;

/* Everything the system has. MEMORY, IO. */
int uftp_netif_list_system(uftp_netif_list *out);
void uftp_netif_list_free(uftp_netif_list *list); /* leaves {0} */

/* Appends to `out` what `text` (the value of -I) names in `all`. It is a comma list of
 *     name  name/4  name/6  index  index/4  index/6  host or IP that is a local address
 * where `name` may be a shell pattern ("eth*"). Without a family all addresses of the interface are
 * taken, IPv4 ones first. Nothing is taken twice. NOT_FOUND when an element names no interface
 * (then *bad, where bad is not NULL, points at it inside `text`), LIMIT, MEMORY. */
int uftp_netif_select(const uftp_netif_list *all, const char *text, uftp_netif_list *out,
                      const char **bad);
/* The receiver's default: all that are up and not loopback; when there are none, loopback. */
int uftp_netif_select_default(const uftp_netif_list *all, uftp_netif_list *out);
/* The sender's default: the first of the family that is up and not loopback, else loopback; NULL
 * when there is none. */
const uftp_netif *uftp_netif_default(const uftp_netif_list *all, uint8_t family);
/* The first of the family, NULL when there is none. */
const uftp_netif *uftp_netif_first(const uftp_netif_list *list, uint8_t family);
/* Whether the address belongs to one of them. */
bool uftp_netif_has(const uftp_netif_list *list, const uftp_address *address);

/* The UID a peer gets from its address: IPv4 as it reads; IPv6 the last four bytes, last byte
 * first, as the reference shows it on little-endian hosts, because administrators list those
 * (cli 12.3). */
uint32_t uftp_netif_uid(const uftp_address *address);
/* The first non-zero UID of the list, 0 when there is none. */
uint32_t uftp_netif_list_uid(const uftp_netif_list *list);

/* Indices of the interfaces that can join a group of this family, each once (cli 12.4). Returns how
 * many were written to `out`. */
size_t uftp_netif_indices(const uftp_netif_list *list, uint8_t family, uint32_t *out,
                          size_t capacity);

#endif
