/* SPDX-License-Identifier: MIT
 *
 * The addresses, the interface and the socket of uftp (spec cli 12, v5 4.13).
 */
#ifndef UFTP_SENDER_NETWORK_H
#define UFTP_SENDER_NETWORK_H

#include "runtime/netif.h"
#include "runtime/socket.h"
#include "uftp/options.h"

typedef struct uftp_sender_network {
    uftp_address public_address;  /* with the port */
    uftp_address private_address; /* family 0 when the public one is not multicast */
    uftp_netif interface;
    uint32_t uid;
    uftp_socket *socket; /* NULL until opened */
} uftp_sender_network;

/* Resolves -M, -P, -p, -I and -U, and sees that the interface can send. 0,
 * UFTP_EXIT_ARGUMENTS (-I) or UFTP_EXIT_NETWORK. */
int uftp_sender_network_choose(uftp_sender_network *network, const uftp_sender_options *options,
                               const uftp_random *random, uftp_failure *failure);
int uftp_sender_network_open(uftp_sender_network *network, const uftp_sender_options *options,
                             uftp_failure *failure);
/* Closes the socket, if any. */
void uftp_sender_network_close(uftp_sender_network *network);

#endif
