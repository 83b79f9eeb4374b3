/* SPDX-License-Identifier: MIT
 *
 * A datagram on its way. Its bytes are written once, by the node that sends it, and shared
 * read-only by all copies on all links; whoever is to change them makes another packet.
 */
#ifndef SIM_PACKET_H
#define SIM_PACKET_H

#include <uftp/address.h>

typedef struct sim_packet {
    uint32_t references;
    uint32_t from; /* index of the sending node */
    uint64_t sent; /* when it left the node */
    uint64_t hash; /* of the bytes, for the trace */
    uftp_address source, destination;
    uint8_t tos;
    size_t len;
    uint8_t bytes[];
} sim_packet;

/* A packet with one reference and a copy of the bytes; the other fields are the caller's to set. */
sim_packet *sim_packet_new(const uint8_t *bytes, size_t len);
sim_packet *sim_packet_share(sim_packet *packet); /* one more reference; returns `packet` */
void sim_packet_free(sim_packet *packet);         /* gives one reference back */

#endif
