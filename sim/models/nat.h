/* SPDX-License-Identifier: MIT
 *
 * A network address translator for IPv4 and UDP, in the terms of RFC 4787. It changes addresses and
 * says what passes; where it stands is the network's matter (sim_behind(), world.h). IPv6 passes
 * it unchanged.
 */
#ifndef SIM_NAT_H
#define SIM_NAT_H

#include "models/model.h"

typedef enum sim_nat_behaviour { /* RFC 4787 4.1 for mapping, 5 for filtering */
                                 SIM_NAT_ENDPOINT_INDEPENDENT,
                                 SIM_NAT_ADDRESS_DEPENDENT,
                                 SIM_NAT_ADDRESS_AND_PORT_DEPENDENT
} sim_nat_behaviour;

/* A field left at zero means the default in brackets. */
typedef struct sim_nat_config {
    sim_nat_behaviour mapping, filtering; /* [endpoint-independent] */
    uint64_t timeout;                     /* of a mapping, and of a permission to come in [300 s] */
    bool refresh_inbound;   /* what comes in refreshes, too; what goes out always does */
    bool ports_drawn;       /* external ports are drawn; otherwise the internal one is kept when it
                               is in the range and free, and drawn when not */
    uint16_t port_first;    /* of the range of external ports [1024] */
    uint16_t port_count;    /* [all from there on] */
    bool hairpin;           /* hosts behind it reach one another by the outer address */
    bool multicast_blocked; /* groups are not forwarded, neither way */
} sim_nat_config;

typedef struct sim_nat_counters {
    uint64_t out, in; /* translated */
    uint64_t mappings_made, mappings_now, mappings_peak;
    uint64_t exhausted; /* outbound, no port left */
    uint64_t unmapped;  /* inbound to a port that is nobody's */
    uint64_t filtered;  /* inbound from a stranger */
    uint64_t rebinds;
} sim_nat_counters;

typedef struct sim_nat sim_nat;

/* `outer`: its address on the side of the network; the port does not count. */
sim_nat *sim_nat_new(sim_medium *medium, const char *name, const uftp_address *outer,
                     const sim_nat_config *config);
uftp_address sim_nat_outer(const sim_nat *nat);
const sim_nat_config *sim_nat_settings(const sim_nat *nat); /* defaults filled in */
const sim_nat_counters *sim_nat_count(const sim_nat *nat);

/* A datagram leaves: *source becomes the outer endpoint. False: dropped, no port is left. */
bool sim_nat_out(sim_nat *nat, uint64_t now, uftp_address *source, const uftp_address *destination);
/* A datagram comes in: *destination becomes the inner endpoint. False: dropped. */
bool sim_nat_in(sim_nat *nat, uint64_t now, const uftp_address *source, uftp_address *destination);
/* Whose outer port this is now, without any effect; false: nobody's. */
bool sim_nat_owner(const sim_nat *nat, uint64_t now, uint16_t port, uftp_address *inner);

/* An outer port that always leads to this inner endpoint, from anywhere: the administrator's. What
 * the endpoint sends leaves by it. */
void sim_nat_forward_port(sim_nat *nat, uint16_t port, const uftp_address *inner);
/* A restart: all mappings are forgotten, and new ones are drawn. */
void sim_nat_rebind(sim_nat *nat);

/* Counts a packet as dropped by this NAT. */
void sim_nat_drop(sim_nat *nat, sim_packet *packet);

#endif
