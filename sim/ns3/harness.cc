/* SPDX-License-Identifier: MIT
 *
 * ns-3 is GPL-2.0-only. This file and its neighbours are MIT like the rest, but a program that
 * links ns-3 is, as a whole, GPL-2.0-only. That is why the harness is a tool of the source tree: it
 * is not installed, not packaged, and nothing that is depends on it.
 */
#include "harness.h"

#include "network.h"

#include <cstring>

namespace harness
{

static endpoints make_endpoints(const ns3_scenario &s, const ns3_cast &cast, ledger &ledger)
{
    endpoints all;
    for (uint32_t i = 0; i <= s.receivers; i++) {
        std::unique_ptr<core> core;
        if (i == 0)
            core = std::make_unique<sender_core>(s, cast);
        else
            core = std::make_unique<receiver_core>(s, cast, i - 1);
        auto made = ns3::CreateObject<endpoint>();
        made->init(std::move(core), i, &ledger);
        if (i > 0)
            made->join(cast.sender.public_address);
        all.push_back(made);
    }
    return all;
}

static bool is_identical(const sim_entry *sent, endpoint &receiver)
{
    const sim_entry *got = static_cast<receiver_core &>(receiver.core()).file();
    const endpoint::end &end = receiver.session_end();
    return end.reached && end.result == UFTP_RESULT_OK && sent && got &&
           sim_tree_equal(sent, got, true, nullptr, 0);
}

static ns3_outcome collect(const endpoints &all, const ledger &ledger)
{
    const auto &sender = static_cast<sender_core &>(all[0]->core());
    const uftp_sender_stats stats = sender.stats();
    ns3_outcome out = {};
    out.ended = all[0]->session_end().reached;
    out.result = all[0]->session_end().result;
    out.time = all[0]->session_end().time;
    out.passes = all[0]->passes();
    out.datagrams_sent = stats.datagrams_sent;
    out.bytes_sent = stats.bytes_sent;
    for (size_t i = 1; i < all.size(); i++)
        out.identical += is_identical(sender.file(), *all[i]);
    out.deliveries = ledger.deliveries;
    out.ignored = ledger.ignored;
    out.lost = ledger.lost;
    out.dropped = ledger.dropped;
    std::strcpy(out.digest, ledger.digest().c_str());
    return out;
}

static void stop(const endpoints &all)
{
    for (const auto &endpoint : all)
        if (!endpoint->core().stop())
            NS_FATAL_ERROR(endpoint->core().name() << " has kept memory or files");
}

static ns3_outcome run(const ns3_scenario &s, const ns3_cast &cast)
{
    ns3::RngSeedManager::SetSeed(s.seed);
    ns3::RngSeedManager::SetRun(s.run);
    ledger ledger;
    const endpoints all = make_endpoints(s, cast, ledger);
    if (s.stack)
        lay_stack(s, cast, all, ledger);
    else
        lay_bare(s, all, ledger);
    ns3::Simulator::Stop(ns3::NanoSeconds(s.limit));
    ns3::Simulator::Run();
    const ns3_outcome out = collect(all, ledger);
    stop(all);
    ns3::Simulator::Destroy();
    return out;
}

} // namespace harness

void ns3_run(const ns3_scenario *scenario, ns3_outcome *out)
{
    ns3_cast cast;
    ns3_cast_init(&cast, scenario);
    *out = harness::run(*scenario, cast);
    ns3_cast_free(&cast);
}
