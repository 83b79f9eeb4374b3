/* SPDX-License-Identifier: MIT
 *
 * The five verbs of a state machine as a C++ object, and the two that there are, each with the
 * memory, randomness and files it stands on (those of our simulator).
 */
#ifndef SIM_NS3_CORE_H
#define SIM_NS3_CORE_H

#include "scenario.h"

extern "C" {
#include "engine/memory_source.h"
#include "engine/random.h"
}

#include <string>

namespace harness
{

class core
{
  public:
    core(const ns3_scenario &scenario, const std::string &name);
    virtual ~core() = default;
    core(const core &) = delete; /* the C tables point into it */
    core &operator=(const core &) = delete;

    virtual int start(uint64_t now) = 0;
    virtual void recv(uint64_t now, const uftp_datagram &train) = 0;
    virtual int poll_transmit(uint64_t now, uftp_transmit &out) = 0;
    virtual uint64_t next_deadline() const = 0;
    virtual void on_timeout(uint64_t now) = 0;
    virtual int poll_event(uftp_event &out) = 0;
    /* Destroys the state machine. False when it has kept memory or files open. */
    virtual bool stop() = 0;

    const std::string &name() const
    {
        return name_;
    }

  protected:
    std::string name_;
    sim_memory memory_;
    sim_random random_;
};

class sender_core final : public core
{
  public:
    sender_core(const ns3_scenario &scenario, const ns3_cast &cast);
    ~sender_core() override;

    int start(uint64_t now) override;
    void recv(uint64_t now, const uftp_datagram &train) override;
    int poll_transmit(uint64_t now, uftp_transmit &out) override;
    uint64_t next_deadline() const override;
    void on_timeout(uint64_t now) override;
    int poll_event(uftp_event &out) override;
    bool stop() override;

    const sim_entry *file() const;
    uftp_sender_stats stats() const; /* while it has not been stopped */

  private:
    sim_source source_;
    uftp_sender_config config_;
    uftp_sender *sender_ = nullptr;
};

class receiver_core final : public core
{
  public:
    receiver_core(const ns3_scenario &scenario, const ns3_cast &cast, uint32_t index);
    ~receiver_core() override;

    int start(uint64_t now) override;
    void recv(uint64_t now, const uftp_datagram &train) override;
    int poll_transmit(uint64_t now, uftp_transmit &out) override;
    uint64_t next_deadline() const override;
    void on_timeout(uint64_t now) override;
    int poll_event(uftp_event &out) override;
    bool stop() override;

    const sim_entry *file(); /* NULL when it was not received */

  private:
    sim_store store_;
    uftp_receiver_config config_;
    uftp_receiver *receiver_ = nullptr;
};

} // namespace harness

#endif
