/* SPDX-License-Identifier: MIT */
#include "endpoint.h"

#include <algorithm>

namespace harness
{

/* ---- ledger ---- */

ledger::ledger()
{
    sha256_init(&sha_);
}

void ledger::delivery(uint32_t node, uint64_t now, const uint8_t *bytes, size_t len)
{
    /* Numbers in eight bytes, low byte first: the digest does not depend on the machine. */
    const uint64_t numbers[] = {node, now, len};
    uint8_t head[sizeof numbers];
    for (size_t i = 0; i < sizeof head; i++)
        head[i] = static_cast<uint8_t>(numbers[i / 8] >> 8 * (i % 8));
    sha256_update(&sha_, sizeof head, head);
    sha256_update(&sha_, len, bytes);
    deliveries++;
}

std::string ledger::digest() const
{
    sha256_ctx sha = sha_;
    uint8_t bytes[SHA256_DIGEST_SIZE];
    sha256_digest(&sha, sizeof bytes, bytes);
    std::string text;
    for (uint8_t byte : bytes) {
        text += "0123456789abcdef"[byte >> 4];
        text += "0123456789abcdef"[byte & 15];
    }
    return text;
}

/* ---- addresses ---- */

uftp_address from_ipv4(ns3::Ipv4Address address, uint16_t port)
{
    const uint32_t a = address.Get();
    return uftp_address_ipv4(static_cast<uint8_t>(a >> 24), static_cast<uint8_t>(a >> 16),
                             static_cast<uint8_t>(a >> 8), static_cast<uint8_t>(a), port);
}

ns3::Ipv4Address to_ipv4(const uftp_address &address)
{
    NS_ABORT_UNLESS(address.family == UFTP_IPV4);
    const uint8_t *b = address.bytes;
    return ns3::Ipv4Address(uint32_t{b[0]} << 24 | uint32_t{b[1]} << 16 | uint32_t{b[2]} << 8 |
                            b[3]);
}

/* ---- endpoint ---- */

static uint64_t clock_now()
{
    return static_cast<uint64_t>(ns3::Simulator::Now().GetNanoSeconds());
}

ns3::TypeId endpoint::GetTypeId()
{
    static ns3::TypeId tid = ns3::TypeId("harness::endpoint").SetParent<ns3::Application>();
    return tid;
}

void endpoint::init(std::unique_ptr<harness::core> core, uint32_t index, ledger *ledger)
{
    core_ = std::move(core);
    index_ = index;
    ledger_ = ledger;
    transmit_buffer_.resize(UFTP_TRAIN_BYTES_MAX);
    receive_buffer_.resize(UFTP_DATAGRAM_MAX);
}

void endpoint::on_send(send_function send)
{
    send_ = std::move(send);
}

void endpoint::join(const uftp_address &group)
{
    memberships_[to_ipv4(group).Get()]++;
}

harness::core &endpoint::core()
{
    return *core_;
}

uint32_t endpoint::index() const
{
    return index_;
}

const endpoint::end &endpoint::session_end() const
{
    return end_;
}

uint32_t endpoint::passes() const
{
    return passes_;
}

void endpoint::StartApplication()
{
    int err = core_->start(clock_now());
    if (err < 0)
        NS_FATAL_ERROR(core_->name() << " cannot be created: " << uftp_strerror(err));
    turn();
}

void endpoint::receive(const ns3::Packet &packet, const uftp_address &from, const uftp_address &to)
{
    const ns3::Ipv4Address destination = to_ipv4(to);
    if (destination.IsMulticast() && memberships_.count(destination.Get()) == 0) {
        ledger_->ignored++;
        return;
    }
    const uint32_t len = packet.GetSize();
    NS_ABORT_UNLESS(len <= receive_buffer_.size()); /* more than any of us sends */
    packet.CopyData(receive_buffer_.data(), len);
    const uint64_t now = clock_now();
    ledger_->delivery(index_, now, receive_buffer_.data(), len);

    uftp_datagram train = {};
    train.data = receive_buffer_.data();
    train.len = len;
    train.source = from;
    train.destination = to;
    core_->recv(now, train);
    turn();
}

/* The rest of a turn, after recv() if anything came in. A wake-up may be early: then only the polls
 * are asked, which have nothing. */
void endpoint::turn()
{
    const uint64_t now = clock_now();
    if (core_->next_deadline() <= now)
        core_->on_timeout(now);
    drain(now);
    const uint64_t deadline = core_->next_deadline();
    if (deadline <= now)
        NS_FATAL_ERROR(core_->name() << " would make its driver spin at " << now << " ns");
    arm(now, deadline);
}

void endpoint::drain(uint64_t now)
{
    bool more = true;
    while (more) {
        more = false;
        while (transmit_one(now))
            more = true;
        while (take_event(now))
            more = true;
    }
}

bool endpoint::transmit_one(uint64_t now)
{
    uftp_transmit train = {};
    train.data = transmit_buffer_.data();
    train.capacity = transmit_buffer_.size();
    const int filled = core_->poll_transmit(now, train);
    if (filled < 0 || filled > 1)
        NS_FATAL_ERROR(core_->name() << ": poll_transmit returned " << filled);
    if (filled == 0)
        return false;
    if (train.len == 0 || train.len > train.capacity || train.segment_len == 0)
        NS_FATAL_ERROR(core_->name() << " sent a train of impossible length");
    for (size_t at = 0; at < train.len; at += train.segment_len)
        send_(train.data + at, std::min(train.segment_len, train.len - at), train.destination,
              train.tos);
    return true;
}

bool endpoint::take_event(uint64_t now)
{
    uftp_event event = {};
    const int filled = core_->poll_event(event);
    if (filled < 0 || filled > 1)
        NS_FATAL_ERROR(core_->name() << ": poll_event returned " << filled);
    if (filled == 0)
        return false;
    if (event.type == UFTP_EVENT_SESSION_FINISHED) {
        end_.reached = true;
        end_.result = event.result;
        end_.time = now;
    }
    if (event.type == UFTP_EVENT_FILE_PASS)
        passes_ = event.pass;
    obey(event);
    return true;
}

void endpoint::obey(const uftp_event &event)
{
    if (event.type == UFTP_EVENT_JOIN)
        join(event.address);
    if (event.type != UFTP_EVENT_LEAVE)
        return;
    auto membership = memberships_.find(to_ipv4(event.address).Get());
    if (membership == memberships_.end())
        NS_FATAL_ERROR(core_->name() << " leaves a group that it has not joined");
    if (--membership->second == 0)
        memberships_.erase(membership);
}

/* A cancelled event stays in ns-3's queue until its time, so a wake-up that has merely become too
 * early is left to fire; only an earlier deadline replaces it. */
void endpoint::arm(uint64_t now, uint64_t deadline)
{
    if (wake_.IsRunning()) {
        if (wake_deadline_ <= deadline)
            return;
        wake_.Cancel();
    }
    if (deadline == UFTP_NEVER)
        return;
    wake_deadline_ = deadline;
    wake_ = ns3::Simulator::Schedule(ns3::NanoSeconds(deadline - now), &endpoint::turn, this);
}

} // namespace harness
