/* SPDX-License-Identifier: MIT
 *
 *                  ,-- plant-0   delay 0, loss 0
 *     hub ==== satellite -- plant-1   delay 1, loss 1
 *        carrier   `-- ...
 *
 * A node is an address, a device and an endpoint. Datagrams wear real IPv4 and UDP headers, so that
 * they have their size on the line and carry their addresses, but no stack looks at them.
 */
#include "network.h"

#include "sat_channel.h"

#include <ns3/internet-module.h>

namespace harness
{

constexpr uint16_t PROTOCOL_IPV4 = 0x0800;
constexpr uint8_t PROTOCOL_UDP = 17;

static ns3::Ipv4Address ip_of(uint32_t index)
{
    return ns3::Ipv4Address(0x0a000001 + index); /* 10.0.0.1 is the hub */
}

/* A group's address as Ethernet maps it, or a host's that holds its IPv4 address: no ARP. */
static ns3::Mac48Address mac_of(ns3::Ipv4Address address)
{
    if (address.IsMulticast())
        return ns3::Mac48Address::GetMulticast(address);
    uint8_t bytes[6] = {0x02, 0x00}; /* locally administered */
    address.Serialize(bytes + 2);
    ns3::Mac48Address mac;
    mac.CopyFrom(bytes);
    return mac;
}

static void send(ns3::Ptr<ns3::SimpleNetDevice> device, uint32_t index, const uint8_t *bytes,
                 size_t len, const uftp_address &to, uint8_t tos)
{
    auto packet = ns3::Create<ns3::Packet>(bytes, static_cast<uint32_t>(len));
    ns3::UdpHeader udp;
    udp.SetSourcePort(NS3_PORT);
    udp.SetDestinationPort(to.port);
    packet->AddHeader(udp);
    ns3::Ipv4Header ip;
    ip.SetSource(ip_of(index));
    ip.SetDestination(to_ipv4(to));
    ip.SetProtocol(PROTOCOL_UDP);
    ip.SetTtl(TTL);
    ip.SetTos(tos);
    ip.SetPayloadSize(static_cast<uint16_t>(packet->GetSize()));
    packet->AddHeader(ip);
    if (packet->GetSize() > MTU)
        NS_FATAL_ERROR("a datagram of " << len << " bytes does not fit into an Ethernet frame");
    device->Send(packet, mac_of(ip.GetDestination()), PROTOCOL_IPV4); /* a full queue counts */
}

static bool receive(endpoint *endpoint, ns3::Ptr<const ns3::Packet> frame)
{
    auto packet = frame->Copy();
    ns3::Ipv4Header ip;
    packet->RemoveHeader(ip);
    ns3::UdpHeader udp;
    packet->RemoveHeader(udp);
    if (udp.GetDestinationPort() == NS3_PORT)
        endpoint->receive(*packet, from_ipv4(ip.GetSource(), udp.GetSourcePort()),
                          from_ipv4(ip.GetDestination(), udp.GetDestinationPort()));
    return true;
}

static void count_drop(uint64_t *dropped, ns3::Ptr<const ns3::Packet>)
{
    ++*dropped;
}

static ns3::Ptr<ns3::SimpleNetDevice> add_device(ns3::Ptr<endpoint> owner, const ns3_scenario &s,
                                                 ns3::Ptr<sat_channel> channel, uint64_t *dropped)
{
    const uint64_t rate = owner->index() == 0 ? s.carrier_bytes_per_s : s.return_bytes_per_s;
    auto node = ns3::CreateObject<ns3::Node>();
    auto queue = ns3::CreateObject<ns3::DropTailQueue<ns3::Packet>>();
    queue->SetMaxSize(ns3::QueueSize(ns3::BYTES, static_cast<uint32_t>(s.queue_bytes)));
    queue->TraceConnectWithoutContext("Drop", ns3::MakeBoundCallback(&count_drop, dropped));
    auto device = ns3::CreateObject<ns3::SimpleNetDevice>();
    device->SetAttribute("DataRate", ns3::DataRateValue(ns3::DataRate(rate * 8)));
    device->SetMtu(MTU);
    device->SetAddress(mac_of(ip_of(owner->index())));
    device->SetQueue(queue);
    node->AddDevice(device);
    device->SetChannel(channel);
    node->AddApplication(owner);

    endpoint *at = ns3::PeekPointer(owner); /* the node owns device and endpoint alike */
    device->SetReceiveCallback([at](ns3::Ptr<ns3::NetDevice>, ns3::Ptr<const ns3::Packet> packet,
                                    uint16_t,
                                    const ns3::Address &) { return receive(at, packet); });
    ns3::SimpleNetDevice *out = ns3::PeekPointer(device);
    owner->on_send(
        [out, index = owner->index()](const uint8_t *bytes, size_t len, const uftp_address &to,
                                      uint8_t tos) { send(out, index, bytes, len, to, tos); });
    return device;
}

void lay_bare(const ns3_scenario &s, const endpoints &all, ledger &ledger)
{
    auto channel = ns3::CreateObject<sat_channel>();
    for (const auto &endpoint : all) {
        auto device = add_device(endpoint, s, channel, &ledger.dropped);
        if (endpoint->index() == 0) {
            channel->set_hub(device, &ledger.lost);
            continue;
        }
        const uint32_t receiver = endpoint->index() - 1;
        channel->add_terminal({device, ns3::NanoSeconds(ns3_scenario_delay(&s, receiver)),
                               ns3_scenario_loss_ppm(&s, receiver) / 1e6},
                              STREAMS_PER_NODE * endpoint->index());
    }
}

} // namespace harness
