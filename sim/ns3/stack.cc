/* SPDX-License-Identifier: MIT
 *
 *     hub ==== satellite ==== router ---- LAN ---- plant-0, plant-1, ...
 *     10.1.0.1       10.1.0.2  10.2.0.1            10.2.0.2, 10.2.0.3, ...
 *
 * The hop has the middle of the scenario's delays and its two rates. In front of it, at the hub, is
 * a plain queue or FqCoDel. Every receiver loses frames at its own LAN device, and so does the
 * router of the replies. Multicast is routed statically, as ns-3 has neither IGMP nor PIM; hosts
 * accept every group there, and it is the endpoint that knows which it has joined.
 */
#include "network.h"

#include <ns3/csma-module.h>
#include <ns3/internet-module.h>
#include <ns3/point-to-point-module.h>
#include <ns3/traffic-control-module.h>

namespace harness
{

constexpr uint32_t LAN_INTERFACE = 2; /* of the router: 0 is its loopback, 1 the hop */
constexpr uint32_t HOP_INTERFACE = 1;
constexpr int64_t LOSS_STREAM = 0, DEVICE_STREAM = 1, STACK_STREAM = 10; /* within a node's */
/* A queue below a discipline only has to keep the line busy: what waits there is out of its hands.
 */
constexpr uint32_t QUEUE_BELOW = 2;

static const ns3::Ipv4Mask MASK("255.255.255.0");
static const ns3::Ipv4Address HUB("10.1.0.1"), TERMINAL("10.1.0.2"), ROUTER("10.2.0.1");

struct site {
    ns3::Ptr<ns3::Node> hub, router;
    ns3::NodeContainer plants;
    ns3::NetDeviceContainer hop; /* hub's, router's */
    ns3::NetDeviceContainer lan; /* router's, plants' */
};

static void count_drop(uint64_t *dropped, ns3::Ptr<const ns3::Packet>)
{
    ++*dropped;
}

static void count_discipline_drop(uint64_t *dropped, ns3::Ptr<const ns3::QueueDiscItem>)
{
    ++*dropped;
}

/* ---- links ---- */

static void expect_no_drop(ns3::Ptr<const ns3::Packet>)
{
    NS_FATAL_ERROR("the discipline has not stopped before the queue below it was full");
}

static void lay_hop(site &site, const ns3_scenario &s, ledger &ledger)
{
    const bool disciplined = s.queue != NS3_QUEUE_DROP_TAIL;
    ns3::PointToPointHelper helper;
    helper.SetDeviceAttribute("Mtu", ns3::UintegerValue(MTU));
    helper.SetChannelAttribute("Delay",
                               ns3::TimeValue(ns3::NanoSeconds(ns3_scenario_delay(&s, 0))));
    /* Lets a discipline know when the device's queue is full. It watches the queue that the helper
     * makes; without a discipline it would drop in the queue's place. */
    if (!disciplined)
        helper.DisableFlowControl();
    site.hop = helper.Install(site.hub, site.router);
    const uint64_t rates[] = {s.carrier_bytes_per_s, s.return_bytes_per_s * s.receivers};
    for (uint32_t i = 0; i < 2; i++) {
        auto device = ns3::DynamicCast<ns3::PointToPointNetDevice>(site.hop.Get(i));
        device->SetDataRate(ns3::DataRate(rates[i] * 8));
        if (i == 0 && disciplined) {
            device->GetQueue()->SetMaxSize(ns3::QueueSize(ns3::PACKETS, QUEUE_BELOW));
            device->GetQueue()->TraceConnectWithoutContext("Drop",
                                                           ns3::MakeCallback(&expect_no_drop));
        } else {
            device->GetQueue()->SetMaxSize(
                ns3::QueueSize(ns3::BYTES, static_cast<uint32_t>(s.queue_bytes)));
            device->GetQueue()->TraceConnectWithoutContext(
                "Drop", ns3::MakeBoundCallback(&count_drop, &ledger.dropped));
        }
    }
}

static void lose_frames(ns3::Ptr<ns3::NetDevice> device, uint32_t loss_ppm, int64_t stream,
                        ledger &ledger)
{
    auto loss = ns3::CreateObject<ns3::RateErrorModel>();
    loss->SetUnit(ns3::RateErrorModel::ERROR_UNIT_PACKET); /* its default is bytes */
    loss->SetRate(loss_ppm / 1e6);
    loss->AssignStreams(stream);
    auto lan = ns3::DynamicCast<ns3::CsmaNetDevice>(device);
    lan->SetReceiveErrorModel(loss);
    lan->TraceConnectWithoutContext("PhyRxDrop", ns3::MakeBoundCallback(&count_drop, &ledger.lost));
}

static void lay_lan(site &site, const ns3_scenario &s, ledger &ledger)
{
    ns3::CsmaHelper helper;
    helper.SetChannelAttribute("DataRate", ns3::StringValue("1Gbps"));
    helper.SetChannelAttribute("Delay", ns3::TimeValue(ns3::MicroSeconds(1)));
    ns3::NodeContainer nodes(site.router);
    nodes.Add(site.plants);
    site.lan = helper.Install(nodes);
    uint64_t loss_sum = 0;
    for (uint32_t i = 0; i < s.receivers; i++) {
        const uint32_t loss_ppm = ns3_scenario_loss_ppm(&s, i);
        lose_frames(site.lan.Get(i + 1), loss_ppm, STREAMS_PER_NODE * (i + 1) + LOSS_STREAM,
                    ledger);
        loss_sum += loss_ppm;
    }
    lose_frames(site.lan.Get(0), static_cast<uint32_t>(loss_sum / s.receivers),
                STREAMS_PER_NODE * (s.receivers + 1) + LOSS_STREAM, ledger);
    for (uint32_t i = 0; i < site.lan.GetN(); i++)
        ns3::DynamicCast<ns3::CsmaNetDevice>(site.lan.Get(i))
            ->AssignStreams(STREAMS_PER_NODE * (i + 1) + DEVICE_STREAM);
}

/* ---- addresses and routes ---- */

static ns3::Ipv4Address plant_ip(uint32_t receiver)
{
    return ns3::Ipv4Address(ROUTER.Get() + 1 + receiver);
}

static uint32_t add_address(ns3::Ptr<ns3::NetDevice> device, ns3::Ipv4Address address)
{
    auto ipv4 = device->GetNode()->GetObject<ns3::Ipv4>();
    const uint32_t interface = ipv4->AddInterface(device);
    ipv4->AddAddress(interface, ns3::Ipv4InterfaceAddress(address, MASK));
    ipv4->SetUp(interface);
    return interface;
}

static ns3::Ptr<ns3::Ipv4StaticRouting> routes_of(ns3::Ptr<ns3::Node> node)
{
    return ns3::Ipv4StaticRoutingHelper().GetStaticRouting(node->GetObject<ns3::Ipv4>());
}

/* Receivers that answer all at once would all ask for the router first, and ARP keeps only three
 * datagrams while it waits. */
static void teach_arp(const site &site, uint32_t receiver)
{
    auto l3 = site.plants.Get(receiver)->GetObject<ns3::Ipv4L3Protocol>();
    ns3::ArpCache::Entry *entry = l3->GetInterface(1)->GetArpCache()->Add(ROUTER);
    entry->SetMacAddress(site.lan.Get(0)->GetAddress());
    entry->MarkPermanent();
}

static void lay_addresses(site &site, const ns3_scenario &s, const ns3_cast &groups)
{
    ns3::InternetStackHelper stack;
    stack.SetIpv6StackInstall(false);
    ns3::NodeContainer all(site.hub, site.router);
    all.Add(site.plants);
    stack.Install(all);
    for (uint32_t i = 0; i < all.GetN(); i++)
        stack.AssignStreams(ns3::NodeContainer(all.Get(i)),
                            STREAMS_PER_NODE * (i + 1) + STACK_STREAM);

    const uint32_t out = add_address(site.hop.Get(0), HUB);
    routes_of(site.hub)->SetDefaultRoute(TERMINAL, out);
    routes_of(site.hub)->SetDefaultMulticastRoute(out);
    NS_ABORT_UNLESS(add_address(site.hop.Get(1), TERMINAL) == HOP_INTERFACE);
    NS_ABORT_UNLESS(add_address(site.lan.Get(0), ROUTER) == LAN_INTERFACE);
    for (const uftp_address &group : {groups.sender.public_address, groups.sender.private_address})
        routes_of(site.router)
            ->AddMulticastRoute(HUB, to_ipv4(group), HOP_INTERFACE, {LAN_INTERFACE});
    for (uint32_t i = 0; i < s.receivers; i++) {
        const uint32_t interface = add_address(site.lan.Get(i + 1), plant_ip(i));
        routes_of(site.plants.Get(i))->SetDefaultRoute(ROUTER, interface);
        teach_arp(site, i);
    }
}

/* After the stack, which brings what disciplines stand on; before the first packet. The router has
 * none: what comes back while its queue is full is dropped in front of it. */
static void lay_discipline(const site &site, const ns3_scenario &s, ledger &ledger)
{
    if (s.queue == NS3_QUEUE_DROP_TAIL)
        return;
    ns3::TrafficControlHelper helper;
    helper.SetRootQueueDisc("ns3::FqCoDelQueueDisc", "MaxSize",
                            ns3::QueueSizeValue(ns3::QueueSize(
                                ns3::PACKETS, static_cast<uint32_t>(s.queue_bytes / MTU))));
    helper.Install(site.hop.Get(0))
        .Get(0)
        ->TraceConnectWithoutContext(
            "Drop", ns3::MakeBoundCallback(&count_discipline_drop, &ledger.dropped));
    site.router->GetObject<ns3::TrafficControlLayer>()->TraceConnectWithoutContext(
        "TcDrop", ns3::MakeBoundCallback(&count_drop, &ledger.dropped));
}

/* ---- sockets ---- */

static void read_all(endpoint *endpoint, ns3::Ptr<ns3::Socket> socket)
{
    ns3::Address from;
    while (ns3::Ptr<ns3::Packet> packet = socket->RecvFrom(from)) {
        ns3::Ipv4PacketInfoTag info;
        NS_ABORT_UNLESS(packet->RemovePacketTag(info));
        const auto source = ns3::InetSocketAddress::ConvertFrom(from);
        endpoint->receive(*packet, from_ipv4(source.GetIpv4(), source.GetPort()),
                          from_ipv4(info.GetAddress(), NS3_PORT));
    }
}

/* The node, which owns the endpoint, also owns the protocol, which owns the socket. */
static void open_socket(ns3::Ptr<ns3::Node> node, ns3::Ptr<endpoint> owner)
{
    node->AddApplication(owner);
    auto socket = ns3::Socket::CreateSocket(node, ns3::UdpSocketFactory::GetTypeId());
    NS_ABORT_UNLESS(socket->Bind(ns3::InetSocketAddress(ns3::Ipv4Address::GetAny(), NS3_PORT)) ==
                    0);
    socket->SetRecvPktInfo(true);
    ns3::DynamicCast<ns3::UdpSocket>(socket)->SetAttribute("IpMulticastTtl",
                                                           ns3::UintegerValue(TTL));
    endpoint *at = ns3::PeekPointer(owner);
    socket->SetRecvCallback([at](ns3::Ptr<ns3::Socket> ready) { read_all(at, ready); });
    owner->on_send([socket](const uint8_t *bytes, size_t len, const uftp_address &to, uint8_t tos) {
        socket->SetIpTos(tos);
        /* What the socket does not take is lost, as with any other. */
        socket->SendTo(ns3::Create<ns3::Packet>(bytes, static_cast<uint32_t>(len)), 0,
                       ns3::InetSocketAddress(to_ipv4(to), to.port));
    });
}

void lay_stack(const ns3_scenario &s, const ns3_cast &cast, const endpoints &all, ledger &ledger)
{
    site site;
    site.hub = ns3::CreateObject<ns3::Node>();
    site.router = ns3::CreateObject<ns3::Node>();
    site.plants.Create(s.receivers);
    lay_hop(site, s, ledger);
    lay_lan(site, s, ledger);
    lay_addresses(site, s, cast);
    lay_discipline(site, s, ledger);
    open_socket(site.hub, all[0]);
    for (uint32_t i = 0; i < s.receivers; i++)
        open_socket(site.plants.Get(i), all[i + 1]);
}

} // namespace harness
