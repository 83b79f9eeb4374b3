/* SPDX-License-Identifier: MIT
 *
 * Groups joined on a set of interfaces. Several sessions may share a group: it is left when the
 * last one leaves (JOIN and LEAVE events of the core map straight to join and leave here).
 */
#ifndef UFTP_RUNTIME_MEMBERSHIP_H
#define UFTP_RUNTIME_MEMBERSHIP_H

#include "runtime/netif.h"
#include "runtime/socket.h"

typedef struct uftp_membership uftp_membership;

/* The interfaces are copied, each once; the socket must outlive the object. MEMORY. */
int uftp_membership_create(uftp_socket *socket, const uftp_netif_list *interfaces,
                           uftp_membership **out);
/* Leaves everything. NULL is allowed. */
void uftp_membership_destroy(uftp_membership *membership);
/* Joins on every interface of the group's family that can do multicast; OK when at least one of
 * them worked. NOT_FOUND: no interface fits. LIMIT, KIND, IO, MEMORY: see uftp_socket_join().
 * `source` NULL or family 0: any source. A unicast "group" is KIND. */
int uftp_membership_join(uftp_membership *membership, const uftp_address *group,
                         const uftp_address *source);
/* NOT_FOUND when it was not joined. */
int uftp_membership_leave(uftp_membership *membership, const uftp_address *group,
                          const uftp_address *source);

#endif
