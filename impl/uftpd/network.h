/* SPDX-License-Identifier: MIT
 *
 * The interfaces, the socket and the public groups of uftpd (spec cli 12, v5 4.13).
 */
#ifndef UFTP_RECEIVER_NETWORK_H
#define UFTP_RECEIVER_NETWORK_H

#include "runtime/membership.h"
#include "uftpd/options.h"

typedef struct uftp_receiver_network {
    uint32_t uid;
    uftp_netif_list interfaces;
    uftp_address *groups; /* -M; own */
    size_t group_count;
    uftp_socket *socket;
    uftp_membership *membership;
} uftp_receiver_network;

/* Resolves -M, -I and -U. 0, UFTP_EXIT_ARGUMENTS or UFTP_EXIT_NETWORK. Close in all cases. */
int uftp_receiver_network_choose(uftp_receiver_network *network,
                                 const uftp_receiver_options *options, uftp_failure *failure);
/* Binds the port and joins the public groups, for each server's address alone with -o. */
int uftp_receiver_network_open(uftp_receiver_network *network, const uftp_receiver_options *options,
                               uftp_failure *failure);
void uftp_receiver_network_close(uftp_receiver_network *network);

#endif
