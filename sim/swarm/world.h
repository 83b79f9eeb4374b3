/* SPDX-License-Identifier: MIT
 *
 * A scenario of the swarm as a world; for the files of the swarm only.
 *
 *   keys.c    what all runs share
 *   world.c   the nodes, their files and what they run
 *   proxies.c the proxies between them
 *   links.c   the network between them, with its faults
 *   troubles.c what happens to nodes at its time
 *   run.c     a run from its beginning to its end
 */
#ifndef SIM_SWARM_WORLD_H
#define SIM_SWARM_WORLD_H

#include "engine/node.h"
#include "engine/receiver_node.h"
#include "engine/sender_node.h"
#include "invariants/guard.h"
#include "models/satellite.h"
#include "swarm/run.h"

#define SWARM_ECHO_COPIES 8

typedef struct swarm_place_drops {
    const char *place;
    uint32_t nth[SWARM_DROPS_MAX + 1];
    size_t count;
} swarm_place_drops;

typedef struct swarm_world {
    const swarm_scenario *scenario;
    const swarm_run_options *options;
    sim *world;
    sim_guard *guard;
    const uftp_key_log *key_log;
    sim_node *hub, *again, *echo;
    sim_node *others[SWARM_SENDERS_MAX - 1]; /* senders besides the hub */
    sim_nat *nat;
    sim_node *gate, *branch;                      /* server and client proxy */
    uftp_server_entry servers[SWARM_SENDERS_MAX]; /* what plants behind the branch know */
    uint64_t through_since;                       /* all senders have ended; UFTP_NEVER: not yet */
    sim_satellite *satellite;
    sim_fade *fade;
    sim_node *plants[SWARM_RECEIVERS_MAX];
    size_t plant_count;
    uftp_member members[SWARM_RECEIVERS_MAX];
    bool calm; /* the network is perfect from now on */
    bool cut;
    swarm_place_drops *places[4 + 2 * SWARM_RECEIVERS_MAX];
    size_t place_count;

    sim_packet *copies[SWARM_ECHO_COPIES]; /* that the echo has kept */
    uint64_t echo_left;
} swarm_world;

#define get(w, field) swarm_get((w)->scenario, field)

/* keys.c */
const uftp_key *swarm_key(uint64_t rsa, uint64_t curve);

/* What may never be seen on the wire of an encrypted session: names and contents hold it. */
extern const char swarm_marker_name[13];
extern const uint8_t swarm_marker_bytes[16];

/* world.c */
void swarm_nodes_add(swarm_world *w);

/* proxies.c */
/* Receivers of encrypted sessions must know which proxy is theirs. */
void swarm_proxies_tell(swarm_world *w, uftp_receiver_config *config);
void swarm_proxies_add(swarm_world *w); /* after all other nodes, whose UIDs stay theirs */

/* links.c */
void swarm_links_prepare(swarm_world *w); /* once, before nodes are added */
void swarm_links_attach(swarm_world *w);  /* once, after they were */
void swarm_links_lay(const swarm_world *w);
void swarm_links_lay_plant(const swarm_world *w, size_t index);
void swarm_links_free(swarm_world *w); /* after the world */

/* troubles.c */
void swarm_troubles_plan(swarm_world *w);

#endif
