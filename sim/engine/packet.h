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
    struct sim_packet *whole; /* of a fragment: the datagram it is a part of; else NULL */
    size_t offset;            /* of a fragment: where in the datagram its bytes begin */
    size_t len;
    uint8_t bytes[];
} sim_packet;

/* A packet with one reference and a copy of the bytes; the other fields are the caller's to set. */
sim_packet *sim_packet_new(const uint8_t *bytes, size_t len);
sim_packet *sim_packet_share(sim_packet *packet); /* one more reference; returns `packet` */
void sim_packet_free(sim_packet *packet);         /* gives one reference back */

/* Takes over a reference and returns one to the same packet that is the caller's alone, which may
 * change it: a copy when others share it. Who changes the bytes calls sim_packet_rehash(). */
sim_packet *sim_packet_alter(sim_packet *packet);
void sim_packet_rehash(sim_packet *packet);

/* A part of a packet, which may be a fragment itself; the reference to `packet` stays with the
 * caller. */
sim_packet *sim_packet_fragment(sim_packet *packet, size_t offset, size_t len);

#endif
