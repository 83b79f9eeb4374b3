/* SPDX-License-Identifier: MIT */
#include "run/stage_internal.h"

#include <string.h>

#define LINGER UFTP_S(60)
#define LOOK_INTERVAL UFTP_S(10)

static size_t proxy_index(const sim_stage *stage, const char *name)
{
    const sim_proxy_part *parts = stage->scenario->proxies.items;
    size_t i = 0;
    while (strcmp(parts[i].name, name) != 0) /* it is there: the scenario was checked */
        i++;
    return i;
}

void sim_stage_proxy_fingerprint(const sim_stage *stage, size_t index,
                                 uint8_t out[UFTP_FINGERPRINT_LEN])
{
    const uftp_bytes blob = uftp_key_blob(stage->proxies[index].key);
    uftp_fingerprint(blob.data, blob.len, out);
}

bool sim_stage_add_proxy(sim_stage *stage, size_t index, char *error)
{
    const sim_proxy_part *part = (const sim_proxy_part *)stage->scenario->proxies.items + index;
    sim_stage_proxy *proxy = &stage->proxies[index];
    proxy->part = part;
    proxy->key = sim_stage_make_key(stage, sim_stage_keep_text(stage, "key/%s", part->name),
                                    part->key ? part->key : UFTP_CURVE_SECP256R1);
    proxy->node = sim_add_proxy(stage->world, part->name,
                                &(uftp_proxy_config){.kind = (uftp_proxy_kind)part->kind,
                                                     .key = proxy->key,
                                                     .key_log = stage->logs.receivers,
                                                     .heartbeat_interval = part->heartbeat});
    const sim_place place = sim_stage_place(stage, proxy->node);
    return sim_names_place(stage->names, &place, error);
}

void sim_stage_connect_proxies(sim_stage *stage)
{
    for (size_t i = 0; i < stage->proxy_count; i++) {
        const sim_stage_proxy *proxy = &stage->proxies[i];
        if (!proxy->part->upstream)
            continue;
        sim_node *upstream = stage->proxies[proxy_index(stage, proxy->part->upstream)].node;
        uint8_t fingerprint[UFTP_FINGERPRINT_LEN];
        sim_stage_proxy_fingerprint(stage, i, fingerprint);
        sim_proxy_relay_to(upstream, proxy->node, proxy->part->heartbeat ? fingerprint : NULL);
        if (proxy->part->heartbeat)
            sim_proxy_heartbeat_to(proxy->node, upstream);
    }
}

static void stop_proxies(const sim_stage *stage)
{
    for (size_t i = 0; i < stage->proxy_count; i++)
        if (sim_running(stage->proxies[i].node))
            sim_stop(stage->proxies[i].node);
}

static void look_at_senders(void *ctx, uint64_t now)
{
    sim_stage *stage = ctx;
    bool through = true;
    for (size_t i = 0; i < stage->sender_count; i++) {
        uftp_sender_stats stats = {.phase = UFTP_SENDER_ANNOUNCE};
        if (sim_running(stage->senders[i].node))
            uftp_sender_stats_get(sim_sender(stage->senders[i].node), &stats);
        through = through && stats.phase == UFTP_SENDER_ENDED;
    }
    stage->through_since = !through                             ? UFTP_NEVER
                           : stage->through_since == UFTP_NEVER ? now
                                                                : stage->through_since;
    if (through && now - stage->through_since >= LINGER)
        stop_proxies(stage);
    else
        sim_at(stage->world, now + LOOK_INTERVAL, look_at_senders, stage);
}

void sim_stage_know_proxy(sim_stage *stage, size_t kind, const sim_receiver_part *part,
                          uftp_receiver_config *config)
{
    size_t index = proxy_index(stage, part->proxy);
    uftp_server_entry *servers = stage->servers + kind * stage->sender_count;
    uint32_t uid = sim_index(stage->proxies[index].node) + 1;
    for (size_t i = 0; i < stage->sender_count; i++)
        servers[i] = (uftp_server_entry){.uid = sim_stage_sender_uid(stage, i), .proxy = uid};
    config->servers = servers;
    config->server_count = stage->sender_count;
    if (!stage->proxies[index].part->pinned)
        return;
    stage->pins[kind] = (uftp_proxy_entry){.uid = uid, .has_fingerprint = true};
    sim_stage_proxy_fingerprint(stage, index, stage->pins[kind].fingerprint);
    config->proxies = &stage->pins[kind];
    config->proxy_count = 1;
}

void sim_stage_watch_senders(sim_stage *stage)
{
    look_at_senders(stage, 0);
}
