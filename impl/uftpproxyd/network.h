/* SPDX-License-Identifier: MIT
 *
 * The interfaces, the socket and the public groups of uftpproxyd (spec cli 12, proxy 1).
 */
#ifndef UFTP_PROXY_NETWORK_H
#define UFTP_PROXY_NETWORK_H

#include "runtime/membership.h"
#include "uftpproxyd/options.h"

typedef struct uftp_proxy_network {
    uint32_t uid;
    uftp_netif_list interfaces;
    uftp_netif out;       /* where multicast leaves */
    uftp_address *groups; /* -M; own */
    size_t group_count;
    uftp_socket *socket;
    uftp_membership *membership;
} uftp_proxy_network;

/* After uftp_proxy_options_load(): resolves -M, -I, -O and -U, binds the port and, but for a client
 * proxy, joins the public groups. 0, UFTP_EXIT_ARGUMENTS or UFTP_EXIT_NETWORK. Close in all cases.
 */
int uftp_proxy_network_open(uftp_proxy_network *network, const uftp_proxy_options *options,
                            uftp_failure *failure);
void uftp_proxy_network_close(uftp_proxy_network *network);

#endif
