/* SPDX-License-Identifier: MIT
 *
 * A satellite: one hub, many terminals. What the hub sends reaches every terminal it is meant for,
 * after that terminal's own delay and less its own losses; what a terminal sends reaches the hub
 * only, as terminals cannot hear each other. An address that is no terminal's stands behind one of
 * them, who knows which: every terminal gets such a frame. Rates and queues are those of the
 * devices at its ends: the hub's device is the carrier that all terminals share.
 *
 * ns-3's SimpleChannel has one delay for all and schedules an event at every device even for a
 * unicast reply.
 */
#ifndef SIM_NS3_SAT_CHANNEL_H
#define SIM_NS3_SAT_CHANNEL_H

#include <map>
#include <ns3/core-module.h>
#include <ns3/network-module.h>
#include <vector>

namespace harness
{

class sat_channel final : public ns3::SimpleChannel
{
  public:
    struct terminal {
        ns3::Ptr<ns3::SimpleNetDevice> device;
        ns3::Time delay; /* one way, either way */
        double loss;     /* of a packet, either way */
    };

    static ns3::TypeId GetTypeId();

    /* The devices have their addresses and stand on this channel. `lost` counts and outlives it. */
    void set_hub(ns3::Ptr<ns3::SimpleNetDevice> device, uint64_t *lost);
    /* Draws from random streams `stream` (forward) and `stream` + 1 (back). */
    void add_terminal(const terminal &terminal, int64_t stream);

    void Send(ns3::Ptr<ns3::Packet> packet, uint16_t protocol, ns3::Mac48Address to,
              ns3::Mac48Address from, ns3::Ptr<ns3::SimpleNetDevice> sender) override;

  private:
    struct port {
        terminal end;
        ns3::Ptr<ns3::UniformRandomVariable> forward, back;
    };
    struct frame {
        ns3::Ptr<ns3::Packet> packet;
        uint16_t protocol;
        ns3::Mac48Address to, from;
    };

    void carry(const frame &frame, const port &port, ns3::Ptr<ns3::UniformRandomVariable> luck,
               ns3::Ptr<ns3::SimpleNetDevice> device);

    ns3::Ptr<ns3::SimpleNetDevice> hub_;
    uint64_t *lost_ = nullptr;
    std::vector<port> ports_; /* in the order of adding: so they are served */
    std::map<ns3::Mac48Address, size_t> by_address_;
    std::map<const ns3::SimpleNetDevice *, size_t> by_device_; /* looked up, never walked */
};

} // namespace harness

#endif
