/* SPDX-License-Identifier: MIT
 *
 * A node that runs the proxy core.
 */
#ifndef SIM_PROXY_NODE_H
#define SIM_PROXY_NODE_H

#include "engine/world.h"
#include <uftp/proxy.h>

/* `config` is copied, what it points at outlives the world. The node fills in what is left at zero
 * of: memory, random, uid (its index + 1). Where it relays to and whom it tells where it is, is
 * said below, before the world runs. Server and response proxies join the public group 230.4.4.1
 * whenever they start. */
sim_node *sim_add_proxy(sim *world, const char *name, const uftp_proxy_config *config);
uftp_proxy *sim_proxy(sim_node *node); /* NULL while stopped */

/* A server proxy relays to this node: at its own address or, when there is a fingerprint, at the
 * one that heartbeats tell. */
void sim_proxy_relay_to(sim_node *node, const sim_node *to,
                        const uint8_t fingerprint[UFTP_FINGERPRINT_LEN]);
/* Heartbeats go to this node, which is behind no NAT. */
void sim_proxy_heartbeat_to(sim_node *node, const sim_node *to);

#endif
