/* SPDX-License-Identifier: MIT
 *
 * What lies between the endpoints of a run, in one of two forms. Each makes the nodes, puts the
 * endpoints on them (the first is the sender) and adds losses and drops to the ledger.
 *
 * Every random variable has a stream of its own number, because ns-3's automatic numbers depend on
 * what was made before. A node's begin at STREAMS_PER_NODE times its index.
 */
#ifndef SIM_NS3_NETWORK_H
#define SIM_NS3_NETWORK_H

#include "endpoint.h"

namespace harness
{

constexpr int64_t STREAMS_PER_NODE = 1000;

using endpoints = std::vector<ns3::Ptr<endpoint>>;

/* Devices right on a satellite channel: IP and UDP are headers only. */
void lay_bare(const ns3_scenario &scenario, const endpoints &all, ledger &ledger);

/* ns-3's Internet stack and UDP sockets: a hub, a satellite hop, a router, and a LAN behind it. */
void lay_stack(const ns3_scenario &scenario, const ns3_cast &cast, const endpoints &all,
               ledger &ledger);

/* The most that Ethernet carries; what is longer is refused by a device or cut by the stack. */
constexpr uint16_t MTU = 1500;
/* The protocol's traffic crosses a router or two. */
constexpr uint8_t TTL = 16;

} // namespace harness

#endif
