/* SPDX-License-Identifier: MIT
 *
 * The satellite by itself: who hears whom, and when.
 */
#include "sat_channel.h"

#include <ns3/network-module.h>

/* cmocka wants these first. */
#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
extern "C" {
#include <cmocka.h>
}

namespace
{

using device = ns3::Ptr<ns3::SimpleNetDevice>;

struct arrival {
    uint32_t node;
    int64_t at; /* ms */
    bool operator==(const arrival &other) const
    {
        return node == other.node && at == other.at;
    }
};

/* A hub (node 0) and terminals (1, 2, ...) with these delays in ms. */
class sky
{
  public:
    sky(const std::vector<int64_t> &delays, double loss)
    {
        ns3::RngSeedManager::SetSeed(1);
        ns3::RngSeedManager::SetRun(1);
        for (size_t i = 0; i <= delays.size(); i++)
            devices.push_back(add_device());
        channel_->set_hub(devices[0], &lost);
        for (size_t i = 0; i < delays.size(); i++)
            channel_->add_terminal({devices[i + 1], ns3::MilliSeconds(delays[i]), loss},
                                   static_cast<int64_t>(1000 * (i + 1)));
    }

    ~sky()
    {
        ns3::Simulator::Destroy();
    }

    void send(size_t from, const ns3::Address &to)
    {
        assert_true(devices[from]->Send(ns3::Create<ns3::Packet>(100), to, 0x0800));
    }

    std::vector<device> devices;
    std::vector<arrival> arrivals;
    uint64_t lost = 0;

  private:
    device add_device()
    {
        auto node = ns3::CreateObject<ns3::Node>();
        auto made = ns3::CreateObject<ns3::SimpleNetDevice>();
        made->SetAddress(ns3::Mac48Address::Allocate());
        made->SetQueue(ns3::CreateObject<ns3::DropTailQueue<ns3::Packet>>());
        node->AddDevice(made);
        made->SetChannel(channel_);
        const auto index = static_cast<uint32_t>(devices.size());
        made->SetReceiveCallback([this, index](ns3::Ptr<ns3::NetDevice>,
                                               ns3::Ptr<const ns3::Packet>, uint16_t,
                                               const ns3::Address &) {
            arrivals.push_back({index, ns3::Simulator::Now().GetMilliSeconds()});
            return true;
        });
        return made;
    }

    ns3::Ptr<harness::sat_channel> channel_ = ns3::CreateObject<harness::sat_channel>();
};

const ns3::Address GROUP = ns3::Mac48Address::GetMulticast(ns3::Ipv4Address("230.4.4.1"));

void multicast_of_the_hub_reaches_each_terminal_after_its_own_delay(void **)
{
    sky sky({280, 240, 260}, 0);
    sky.send(0, GROUP);
    ns3::Simulator::Run();
    const std::vector<arrival> expected = {{2, 240}, {3, 260}, {1, 280}};
    assert_true(sky.arrivals == expected);
}

void unicast_of_the_hub_reaches_one_terminal(void **)
{
    sky sky({280, 240, 260}, 0);
    sky.send(0, sky.devices[3]->GetAddress());
    ns3::Simulator::Run();
    assert_true(sky.arrivals == std::vector<arrival>({{3, 260}}));
}

/* As behind a bridge: the terminals' own devices ignore it, the bridges would not. */
void an_unknown_address_is_sought_behind_every_terminal(void **)
{
    sky sky({280, 240}, 0);
    uint32_t seen = 0;
    for (const device &device : sky.devices)
        device->SetPromiscReceiveCallback(
            [&seen](ns3::Ptr<ns3::NetDevice>, ns3::Ptr<const ns3::Packet>, uint16_t,
                    const ns3::Address &, const ns3::Address &, ns3::NetDevice::PacketType) {
                seen++;
                return true;
            });
    sky.send(0, ns3::Mac48Address("02:00:00:00:00:99"));
    ns3::Simulator::Run();
    assert_int_equal(seen, 2);
    assert_true(sky.arrivals.empty());
}

/* Receivers that hear each other's replies would hide a protocol that needs the hub's echo. */
void a_terminal_is_heard_by_the_hub_alone(void **)
{
    sky sky({280, 240, 260}, 0);
    sky.send(1, sky.devices[0]->GetAddress());
    sky.send(2, GROUP);
    sky.send(3, sky.devices[1]->GetAddress());
    ns3::Simulator::Run();
    /* The third is for another terminal: the hub's device sees and ignores it. */
    const std::vector<arrival> expected = {{0, 240}, {0, 280}};
    assert_true(sky.arrivals == expected);
}

/* Each terminal has its own luck, forward and back, and no frame is lost that is not counted. */
void losses_are_each_terminals_own_and_all_counted(void **)
{
    constexpr uint32_t FRAMES = 2000, TERMINALS = 3;
    sky sky({250, 250, 250}, 0.1);
    for (uint32_t i = 0; i < FRAMES; i++)
        ns3::Simulator::Schedule(ns3::MilliSeconds(i), [&sky] {
            sky.send(0, GROUP);
            sky.send(1, sky.devices[0]->GetAddress());
        });
    ns3::Simulator::Run();
    uint32_t heard[1 + TERMINALS] = {};
    for (const arrival &arrival : sky.arrivals)
        heard[arrival.node]++;
    for (uint32_t count : heard) /* 1800 +- 5 standard deviations of 13.4 */
        assert_in_range(count, 1733, 1867);
    assert_int_equal(sky.arrivals.size() + sky.lost, FRAMES * (TERMINALS + 1));
    uint32_t different = 0;
    for (uint32_t i = 1; i <= TERMINALS; i++)
        different += heard[i] != heard[i % TERMINALS + 1];
    assert_true(different > 0);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(multicast_of_the_hub_reaches_each_terminal_after_its_own_delay),
        cmocka_unit_test(unicast_of_the_hub_reaches_one_terminal),
        cmocka_unit_test(an_unknown_address_is_sought_behind_every_terminal),
        cmocka_unit_test(a_terminal_is_heard_by_the_hub_alone),
        cmocka_unit_test(losses_are_each_terminals_own_and_all_counted),
    };
    return cmocka_run_group_tests_name("ns3_sat_channel", tests, nullptr, nullptr);
}
