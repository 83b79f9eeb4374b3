/* SPDX-License-Identifier: MIT
 *
 * A node that runs the receiver core on a store in memory.
 */
#ifndef SIM_RECEIVER_NODE_H
#define SIM_RECEIVER_NODE_H

#include "engine/memory_store.h"
#include "engine/world.h"
#include <uftp/receiver.h>

/* `config` and `options` (each may be NULL) are copied, what they point at outlives the world. The
 * node fills in what is left at zero of: memory, random, store (its own, sim_node_store()),
 * wall_us, uid (its index + 1), destinations (those of the store) and whether there is a temporary
 * directory. It joins the public group 230.4.4.1 whenever it starts. */
sim_node *sim_add_receiver(sim *world, const char *name, const uftp_receiver_config *config,
                           const sim_store_options *options);

uftp_receiver *sim_receiver(sim_node *node); /* NULL while stopped */
sim_store *sim_node_store(sim_node *node);
void sim_listen(sim_node *node,
                const uftp_address *group); /* another public group, or none (NULL) */
/* The process is killed, or (`power`) the whole machine loses its power: files are left as they are
 * at this instant, without what was not synced in the second case. Returns how many bytes that
 * were. sim_start() brings the node back, with the same UID. sim_stop() lets the core tidy up. */
uint64_t sim_crash(sim_node *node, bool power);
void sim_shutdown(sim_node *node); /* at this instant */

#endif
