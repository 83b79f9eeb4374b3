/* SPDX-License-Identifier: MIT
 *
 * A node that runs the sender core on files in memory.
 */
#ifndef SIM_SENDER_NODE_H
#define SIM_SENDER_NODE_H

#include "engine/memory_source.h"
#include "engine/world.h"
#include <uftp/sender.h>

/* The public group of nodes that name no other: 230.4.4.1, and a private one for senders. */
uftp_address sim_public_group(void);
uftp_address sim_private_group(void);

/* `config` is copied, what it points at outlives the world. The node fills in what is left at zero
 * of: memory, random, source (its own, sim_node_source()), wall_us, uid (its index + 1), public and
 * private address. The core is created when the world next runs: files may be added until then. */
sim_node *sim_add_sender(sim *world, const char *name, const uftp_sender_config *config);

/* Another public address, a single host too; before the core is created. */
void sim_sender_aim(sim_node *node, const uftp_address *address);
uftp_sender *sim_sender(sim_node *node); /* NULL while stopped */
sim_source *sim_node_source(sim_node *node);
void sim_interrupt(sim_node *node); /* the operator's wish, at this instant */

#endif
