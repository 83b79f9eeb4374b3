/* SPDX-License-Identifier: MIT
 *
 * A core as an application of ns-3: the driver of the five verbs with ns-3's clock. It has at most
 * one wake-up pending, knows the groups it has joined (ns-3's hosts accept every group), and leaves
 * to the network how a datagram travels.
 */
#ifndef SIM_NS3_ENDPOINT_H
#define SIM_NS3_ENDPOINT_H

#include "core.h"

#include <map>
#include <memory>
#include <nettle/sha2.h>
#include <ns3/core-module.h>
#include <ns3/network-module.h>
#include <vector>

namespace harness
{

/* What happened to the datagrams of a run. */
class ledger
{
  public:
    ledger();
    void delivery(uint32_t node, uint64_t now, const uint8_t *bytes, size_t len);
    std::string digest() const;

    uint64_t deliveries = 0;
    uint64_t ignored = 0; /* arrived where its group is not joined */
    uint64_t lost = 0;    /* the network adds what chance took ... */
    uint64_t dropped = 0; /* ... and what a queue did not keep */

  private:
    sha256_ctx sha_;
};

class endpoint final : public ns3::Application
{
  public:
    using send_function =
        std::function<void(const uint8_t *bytes, size_t len, const uftp_address &to, uint8_t tos)>;

    static ns3::TypeId GetTypeId();

    /* `index`: 0 is the sender. The ledger outlives the endpoint. */
    void init(std::unique_ptr<core> core, uint32_t index, ledger *ledger);
    /* The network's: how this endpoint sends a datagram. */
    void on_send(send_function send);
    /* The network's: a datagram for our port has arrived. */
    void receive(const ns3::Packet &packet, const uftp_address &from, const uftp_address &to);
    void join(const uftp_address &group);

    harness::core &core();
    uint32_t index() const;

    struct end {
        bool reached = false;
        uftp_result result = UFTP_RESULT_FAILED;
        uint64_t time = 0;
    };
    const end &session_end() const;
    uint32_t passes() const;

  private:
    void StartApplication() override;

    void turn();
    void drain(uint64_t now);
    bool transmit_one(uint64_t now);
    bool take_event(uint64_t now);
    void obey(const uftp_event &event);
    void arm(uint64_t now, uint64_t deadline);

    std::unique_ptr<harness::core> core_;
    uint32_t index_ = 0;
    ledger *ledger_ = nullptr;
    send_function send_;
    std::map<uint32_t, uint32_t> memberships_; /* by group: how often it was joined */
    ns3::EventId wake_;
    uint64_t wake_deadline_ = UFTP_NEVER;
    std::vector<uint8_t> transmit_buffer_;
    std::vector<uint8_t> receive_buffer_;
    end end_;
    uint32_t passes_ = 0;
};

/* The nodes' addresses. IPv4 is all there is here. */
uftp_address from_ipv4(ns3::Ipv4Address address, uint16_t port);
ns3::Ipv4Address to_ipv4(const uftp_address &address);

} // namespace harness

#endif
