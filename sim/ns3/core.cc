/* SPDX-License-Identifier: MIT */
#include "core.h"

namespace harness
{

core::core(const ns3_scenario &scenario, const std::string &name) : name_(name)
{
    sim_memory_init(&memory_);
    /* The stream that a node of this name has in our simulator. */
    sim_random_init(&random_, ns3_scenario_luck(&scenario), ("node/" + name).c_str());
}

/* ---- sender ---- */

sender_core::sender_core(const ns3_scenario &scenario, const ns3_cast &cast)
    : core(scenario, "hub"), config_(cast.sender)
{
    sim_source_init(&source_);
    sim_source_generated(&source_, "/" NS3_FILE, scenario.seed, scenario.file_size, NS3_FILE_TIME);
    config_.memory = &memory_.core;
    config_.random = &random_.core;
    config_.source = &source_.core;
    config_.wall_us = NS3_WALL_START_US;
}

sender_core::~sender_core()
{
    uftp_sender_destroy(sender_);
    sim_source_free(&source_);
}

int sender_core::start(uint64_t now)
{
    return uftp_sender_create(&config_, now, &sender_);
}

void sender_core::recv(uint64_t now, const uftp_datagram &train)
{
    uftp_sender_recv(sender_, now, &train, 1);
}

int sender_core::poll_transmit(uint64_t now, uftp_transmit &out)
{
    return uftp_sender_poll_transmit(sender_, now, &out);
}

uint64_t sender_core::next_deadline() const
{
    return uftp_sender_next_deadline(sender_);
}

void sender_core::on_timeout(uint64_t now)
{
    uftp_sender_on_timeout(sender_, now);
}

int sender_core::poll_event(uftp_event &out)
{
    return uftp_sender_poll_event(sender_, &out);
}

bool sender_core::stop()
{
    uftp_sender_destroy(sender_);
    sender_ = nullptr;
    return memory_.live == 0 && source_.open_count == 0;
}

const sim_entry *sender_core::file() const
{
    sim_entry *entry = nullptr;
    return sim_tree_resolve(source_.root, "/" NS3_FILE, false, &entry) == UFTP_OK ? entry : nullptr;
}

uftp_sender_stats sender_core::stats() const
{
    uftp_sender_stats stats;
    uftp_sender_stats_get(sender_, &stats);
    return stats;
}

/* ---- receiver ---- */

static std::string receiver_name(uint32_t index)
{
    char name[NS3_NAME_MAX];
    ns3_scenario_name(index, name);
    return name;
}

receiver_core::receiver_core(const ns3_scenario &scenario, const ns3_cast &cast, uint32_t index)
    : core(scenario, receiver_name(index)), config_(cast.receiver)
{
    sim_store_init(&store_, &cast.store);
    config_.memory = &memory_.core;
    config_.random = &random_.core;
    config_.store = &store_.core;
    config_.wall_us = NS3_WALL_START_US;
    config_.uid = cast.members[index].uid;
    config_.destinations = store_.options.destinations;
    config_.destination_count = store_.options.destination_count;
}

receiver_core::~receiver_core()
{
    uftp_receiver_destroy(receiver_);
    sim_store_free(&store_);
}

int receiver_core::start(uint64_t now)
{
    return uftp_receiver_create(&config_, now, &receiver_);
}

void receiver_core::recv(uint64_t now, const uftp_datagram &train)
{
    uftp_receiver_recv(receiver_, now, &train, 1);
}

int receiver_core::poll_transmit(uint64_t now, uftp_transmit &out)
{
    return uftp_receiver_poll_transmit(receiver_, now, &out);
}

uint64_t receiver_core::next_deadline() const
{
    return uftp_receiver_next_deadline(receiver_);
}

void receiver_core::on_timeout(uint64_t now)
{
    uftp_receiver_on_timeout(receiver_, now);
}

int receiver_core::poll_event(uftp_event &out)
{
    return uftp_receiver_poll_event(receiver_, &out);
}

bool receiver_core::stop()
{
    uftp_receiver_destroy(receiver_);
    receiver_ = nullptr;
    return memory_.live == 0 && store_.open_count == 0;
}

const sim_entry *receiver_core::file()
{
    return sim_store_find(&store_, 0, NS3_FILE);
}

} // namespace harness
