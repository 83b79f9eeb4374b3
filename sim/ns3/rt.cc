/* SPDX-License-Identifier: MIT
 *
 * A node per namespace: its tap, bridged to its device on the satellite. ns-3's own tap devices
 * start a helper from a path that is fixed when ns-3 is built, and is not there in Debian's
 * packages; so the taps are opened here.
 */
#include "rt.h"

#include "sat_channel.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <deque>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <ns3/bridge-module.h>
#include <ns3/fd-net-device-module.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <utility>

namespace harness
{

constexpr uint32_t FRAMES_WAITING = 10000; /* beyond, ns-3 drops and its reader sleeps 100 ms */
constexpr int64_t TICK_MS = 10;
constexpr int64_t STREAMS_PER_TERMINAL = 1000;

class descriptor
{
  public:
    explicit descriptor(int fd) : fd_(fd)
    {
    }
    ~descriptor()
    {
        if (fd_ >= 0)
            close(fd_);
    }
    descriptor(const descriptor &) = delete;
    descriptor &operator=(const descriptor &) = delete;
    int get() const
    {
        return fd_;
    }
    int release()
    {
        return std::exchange(fd_, -1);
    }

  private:
    int fd_;
};

static int tap_here(const char *interface)
{
    descriptor fd(open("/dev/net/tun", O_RDWR | O_CLOEXEC));
    ifreq request = {};
    request.ifr_flags = IFF_TAP | IFF_NO_PI;
    std::strncpy(request.ifr_name, interface, IFNAMSIZ - 1);
    if (fd.get() < 0 || ioctl(fd.get(), TUNSETIFF, &request) < 0)
        return -1;
    return fd.release();
}

/* A tap belongs to the namespace in which its descriptor was opened. -1 and errno. */
static int tap_in(const char *path, const char *interface)
{
    descriptor home(open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
    descriptor there(open(path, O_RDONLY | O_CLOEXEC));
    if (home.get() < 0 || there.get() < 0 || setns(there.get(), CLONE_NEWNET) < 0)
        return -1;
    const int fd = tap_here(interface);
    const int err = errno;
    NS_ABORT_UNLESS(setns(home.get(), CLONE_NEWNET) == 0); /* not to go on in a foreign place */
    errno = err;
    return fd;
}

static ns3::Ptr<ns3::SimpleNetDevice> add_site(int tap, ns3::Ptr<sat_channel> channel)
{
    auto node = ns3::CreateObject<ns3::Node>();
    auto device = ns3::CreateObject<ns3::SimpleNetDevice>();
    device->SetAddress(ns3::Mac48Address::Allocate());
    device->SetQueue(ns3::CreateObject<ns3::DropTailQueue<ns3::Packet>>());
    node->AddDevice(device);
    device->SetChannel(channel);
    auto real = ns3::CreateObject<ns3::FdNetDevice>();
    real->SetAddress(ns3::Mac48Address::Allocate());
    node->AddDevice(real);
    real->SetAttribute("RxQueueSize", ns3::UintegerValue(FRAMES_WAITING));
    real->SetFileDescriptor(tap); /* which it will close */
    ns3::NetDeviceContainer bridged(real);
    bridged.Add(device);
    ns3::BridgeHelper().Install(node, bridged);
    return device;
}

class watch
{
  public:
    watch(const ns3_rt &config, ns3_rt_outcome &out) : config_(config), out_(out)
    {
    }

    void start()
    {
        begun_ = std::chrono::steady_clock::now();
        simulated_ = ns3::Simulator::Now();
        config_.ready();
        tick();
    }

  private:
    void tick()
    {
        const std::chrono::nanoseconds real = std::chrono::steady_clock::now() - begun_;
        const int64_t lag = real.count() - (ns3::Simulator::Now() - simulated_).GetNanoSeconds();
        out_.lag_max = std::max(out_.lag_max, static_cast<uint64_t>(std::max<int64_t>(lag, 0)));
        if (config_.wanted())
            ns3::Simulator::Schedule(ns3::MilliSeconds(TICK_MS), &watch::tick, this);
        else
            ns3::Simulator::Stop();
    }

    const ns3_rt &config_;
    ns3_rt_outcome &out_;
    std::chrono::steady_clock::time_point begun_;
    ns3::Time simulated_;
};

static int open_taps(const ns3_rt &config, std::deque<descriptor> &taps)
{
    for (size_t i = 0; i < config.count; i++) {
        const int fd = tap_in(config.namespaces[i], config.interface);
        if (fd < 0)
            return errno;
        taps.emplace_back(fd);
    }
    return 0;
}

static void run(const ns3_rt &config, std::deque<descriptor> &taps, ns3_rt_outcome &out)
{
    ns3::GlobalValue::Bind("SimulatorImplementationType",
                           ns3::StringValue("ns3::RealtimeSimulatorImpl"));
    ns3::RngSeedManager::SetSeed(config.seed);
    auto channel = ns3::CreateObject<sat_channel>();
    for (size_t i = 0; i < taps.size(); i++) {
        auto device = add_site(taps[i].release(), channel);
        if (i == 0)
            channel->set_hub(device, &out.lost);
        else
            channel->add_terminal({device, ns3::NanoSeconds(config.delay), config.loss_ppm / 1e6},
                                  STREAMS_PER_TERMINAL * static_cast<int64_t>(i));
    }
    watch watch(config, out);
    ns3::Simulator::Schedule(ns3::MilliSeconds(TICK_MS), &watch::start, &watch);
    ns3::Simulator::Run();
    ns3::Simulator::Destroy();
}

} // namespace harness

int ns3_rt_run(const ns3_rt *config, ns3_rt_outcome *out)
{
    *out = {};
    std::deque<harness::descriptor> taps;
    const int err = harness::open_taps(*config, taps);
    if (!err)
        harness::run(*config, taps, *out);
    return err;
}
