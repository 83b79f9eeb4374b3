/* SPDX-License-Identifier: MIT
 *
 * A datagram on its way. Its bytes are written once, by the node that sends it, and shared
 * read-only by all copies on all links; whoever is to change them makes another packet.
 */
#ifndef SIM_PACKET_H
#define SIM_PACKET_H

#include "engine/view.h"
#include <uftp/address.h>

struct sim_packet {
    _Atomic uint32_t references; /* a fragment's `whole` may be used by several threads */
    bool logged;   /* in a log (lane.h), which frees it: references are counted in the views */
    uint32_t from; /* index of the sending node */
    uint64_t sent; /* when it left the node */
    uint64_t hash; /* of the bytes, for the trace */
    uftp_address source, destination;
    uint8_t tos;
    struct sim_packet *whole;         /* of a fragment: the datagram it is a part of; else NULL */
    size_t offset;                    /* of a fragment: where in the datagram its bytes begin */
    sim_view *views[SIM_THREADS_MAX]; /* by thread; NULL until needed */
    size_t len;
    uint8_t bytes[];
};

/* A packet with one reference and a copy of the bytes; the other fields are the caller's to set. */
sim_packet *sim_packet_new(const uint8_t *bytes, size_t len);
sim_packet *sim_packet_share(sim_packet *packet); /* one more reference; returns `packet` */
void sim_packet_free(sim_packet *packet);         /* gives one reference back */

/* The one reference there is becomes the log's; from here on any thread may share the packet and
 * give it back. */
void sim_packet_log(sim_packet *packet);
/* References besides the log's, while no other thread uses the packet. */
bool sim_packet_held(const sim_packet *packet);
void sim_packet_unlog(sim_packet *packet); /* not held: frees it */

/* Takes over a reference and returns one to the same packet that is the caller's alone, which may
 * change it: a copy when others share it. Who changes the bytes calls sim_packet_rehash(). */
sim_packet *sim_packet_alter(sim_packet *packet);
void sim_packet_rehash(sim_packet *packet);

/* A part of a packet, which may be a fragment itself; the reference to `packet` stays with the
 * caller. */
sim_packet *sim_packet_fragment(sim_packet *packet, size_t offset, size_t len);

#endif
