/* SPDX-License-Identifier: MIT */
#include "sat_channel.h"

namespace harness
{

ns3::TypeId sat_channel::GetTypeId()
{
    static ns3::TypeId tid = ns3::TypeId("harness::sat_channel").SetParent<ns3::SimpleChannel>();
    return tid;
}

void sat_channel::set_hub(ns3::Ptr<ns3::SimpleNetDevice> device, uint64_t *lost)
{
    hub_ = device;
    lost_ = lost;
}

static ns3::Ptr<ns3::UniformRandomVariable> luck_of(int64_t stream)
{
    auto luck = ns3::CreateObject<ns3::UniformRandomVariable>();
    luck->SetStream(stream);
    return luck;
}

void sat_channel::add_terminal(const terminal &terminal, int64_t stream)
{
    /* ns-3 would run an event in the past without a word. */
    NS_ABORT_UNLESS(terminal.delay.IsPositive());
    by_device_[ns3::PeekPointer(terminal.device)] = ports_.size();
    by_address_[ns3::Mac48Address::ConvertFrom(terminal.device->GetAddress())] = ports_.size();
    ports_.push_back({terminal, luck_of(stream), luck_of(stream + 1)});
}

void sat_channel::carry(const frame &frame, const port &port,
                        ns3::Ptr<ns3::UniformRandomVariable> luck,
                        ns3::Ptr<ns3::SimpleNetDevice> device)
{
    if (luck->GetValue() < port.end.loss) { /* drawn even when nothing is lost */
        ++*lost_;
        return;
    }
    ns3::Simulator::ScheduleWithContext(device->GetNode()->GetId(), port.end.delay,
                                        &ns3::SimpleNetDevice::Receive, device,
                                        frame.packet->Copy(), frame.protocol, frame.to, frame.from);
}

void sat_channel::Send(ns3::Ptr<ns3::Packet> packet, uint16_t protocol, ns3::Mac48Address to,
                       ns3::Mac48Address from, ns3::Ptr<ns3::SimpleNetDevice> sender)
{
    const frame frame = {packet, protocol, to, from};
    if (sender != hub_) {
        const port &origin = ports_.at(by_device_.at(ns3::PeekPointer(sender)));
        carry(frame, origin, origin.back, hub_);
        return;
    }
    auto found = by_address_.find(to);
    if (found != by_address_.end()) {
        const port &only = ports_[found->second];
        carry(frame, only, only.forward, only.end.device);
        return;
    }
    for (const port &port : ports_)
        carry(frame, port, port.forward, port.end.device);
}

} // namespace harness
