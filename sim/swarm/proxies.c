/* SPDX-License-Identifier: MIT
 *
 * The proxies of a scenario: a server proxy beside the senders, a client proxy with the receivers
 * behind their NAT, which no multicast passes.
 */
#include "engine/proxy_node.h"
#include "swarm/world.h"

#include <uftp/key.h>

#define HEARTBEAT UFTP_S(1)
#define LOOK_INTERVAL UFTP_S(5)
#define BRANCH_UID 0xb0000001 /* no index of a node comes near */

static bool has_ended(sim_node *sender)
{
    if (!sender || !sim_running(sender))
        return true;
    uftp_sender_stats stats;
    uftp_sender_stats_get(sim_sender(sender), &stats);
    return stats.phase == UFTP_SENDER_ENDED;
}

/* Heartbeats never end, and the world is to. */
static void look_at_senders(void *ctx, uint64_t now)
{
    swarm_world *w = ctx;
    bool through = now >= swarm_calm(w->scenario) && has_ended(w->hub);
    for (size_t i = 0; i + 1 < get(w, senders); i++)
        through = through && has_ended(w->others[i]);
    if (!through)
        w->through_since = UFTP_NEVER;
    else if (w->through_since == UFTP_NEVER)
        w->through_since = now;
    if (!through || now - w->through_since < UFTP_S(SWARM_PROXIES_LINGER)) {
        sim_at(w->world, now + LOOK_INTERVAL, look_at_senders, w);
        return;
    }
    if (sim_running(w->gate))
        sim_stop(w->gate);
    if (sim_running(w->branch))
        sim_stop(w->branch);
}

void swarm_proxies_tell(swarm_world *w, uftp_receiver_config *config)
{
    if (!get(w, proxies))
        return;
    const size_t senders = (size_t)get(w, senders);
    for (size_t i = 0; i < senders; i++) /* the hub is node 0, the others come after the plants */
        w->servers[i] = (uftp_server_entry){.uid = i == 0 ? 1 : (uint32_t)(w->plant_count + i + 1),
                                            .proxy = BRANCH_UID};
    config->servers = w->servers;
    config->server_count = senders;
}

void swarm_proxies_add(swarm_world *w)
{
    if (!get(w, proxies))
        return;
    const uftp_key *key = swarm_key(0, UFTP_CURVE_SECP384R1);
    const uftp_bytes blob = uftp_key_blob(key);
    uint8_t fingerprint[UFTP_FINGERPRINT_LEN];
    uftp_fingerprint(blob.data, blob.len, fingerprint);
    w->gate = sim_add_proxy(w->world, "gate", &(uftp_proxy_config){.kind = UFTP_PROXY_SERVER});
    w->branch = sim_add_proxy(w->world, "branch",
                              &(uftp_proxy_config){.uid = BRANCH_UID,
                                                   .kind = UFTP_PROXY_CLIENT,
                                                   .key = key,
                                                   .heartbeat_interval = HEARTBEAT});
    sim_behind(w->branch, w->nat);
    sim_proxy_heartbeat_to(w->branch, w->gate);
    sim_proxy_relay_to(w->gate, w->branch, fingerprint);
    sim_guard_proxied(w->guard);
    w->through_since = UFTP_NEVER;
    sim_at(w->world, LOOK_INTERVAL, look_at_senders, w);
}
