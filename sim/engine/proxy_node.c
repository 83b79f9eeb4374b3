/* SPDX-License-Identifier: MIT */
#include "engine/proxy_node.h"

#include "base/assert.h"
#include "engine/sender_node.h"

#include <string.h>

#define PEERS_MAX 32

typedef struct proxy_node {
    uftp_proxy_config config;
    uftp_downstream downstreams[PEERS_MAX];
    uftp_address hosts[PEERS_MAX];
    sim_node *node;
    uftp_proxy *proxy;
} proxy_node;

static int start(void *ctx, sim_node *node, uint64_t now)
{
    proxy_node *p = ctx;
    int err = uftp_proxy_create(&p->config, now, &p->proxy);
    const uftp_address group = sim_public_group();
    if (!err && p->config.kind != UFTP_PROXY_CLIENT)
        sim_join(node, &group, NULL);
    return err;
}

static void stop(void *ctx)
{
    proxy_node *p = ctx;
    uftp_proxy_destroy(p->proxy);
    p->proxy = NULL;
}

static void recv_trains(void *ctx, uint64_t now, const uftp_datagram *trains, size_t count)
{
    uftp_proxy_recv(((proxy_node *)ctx)->proxy, now, trains, count);
}

static int poll_transmit(void *ctx, uint64_t now, uftp_transmit *out)
{
    return uftp_proxy_poll_transmit(((proxy_node *)ctx)->proxy, now, out);
}

static uint64_t next_deadline(void *ctx)
{
    return uftp_proxy_next_deadline(((proxy_node *)ctx)->proxy);
}

static void on_timeout(void *ctx, uint64_t now)
{
    uftp_proxy_on_timeout(((proxy_node *)ctx)->proxy, now);
}

static int poll_event(void *ctx, uftp_event *out)
{
    return uftp_proxy_poll_event(((proxy_node *)ctx)->proxy, out);
}

static void join_failed(void *ctx, uint64_t now, const uftp_address *group)
{
    uftp_proxy_join_failed(((proxy_node *)ctx)->proxy, now, group);
}

static const sim_core proxy_core = {.role = "proxy",
                                    .start = start,
                                    .stop = stop,
                                    .recv = recv_trains,
                                    .poll_transmit = poll_transmit,
                                    .next_deadline = next_deadline,
                                    .on_timeout = on_timeout,
                                    .poll_event = poll_event,
                                    .join_failed = join_failed,
                                    .free = sim_release};

sim_node *sim_add_proxy(sim *world, const char *name, const uftp_proxy_config *config)
{
    proxy_node *p = sim_allocate(sizeof *p);
    p->node = sim_add_core(world, name, &proxy_core, p);
    p->config = *config;
    uftp_proxy_config *c = &p->config;
    if (!c->memory)
        c->memory = &sim_node_memory(p->node)->core;
    if (!c->random)
        c->random = &sim_node_random(p->node)->core;
    if (!c->uid)
        c->uid = sim_index(p->node) + 1;
    c->downstreams = p->downstreams;
    c->heartbeat_hosts = p->hosts;
    return p->node;
}

uftp_proxy *sim_proxy(sim_node *node)
{
    return ((proxy_node *)sim_ctx(node))->proxy;
}

void sim_proxy_relay_to(sim_node *node, const sim_node *to,
                        const uint8_t fingerprint[UFTP_FINGERPRINT_LEN])
{
    proxy_node *p = sim_ctx(node);
    UFTP_ASSERT(p->config.downstream_count < PEERS_MAX);
    uftp_downstream *downstream = &p->downstreams[p->config.downstream_count++];
    if (fingerprint) {
        downstream->has_fingerprint = true;
        memcpy(downstream->fingerprint, fingerprint, sizeof downstream->fingerprint);
    } else {
        downstream->address = sim_address(to, UFTP_IPV4);
    }
}

void sim_proxy_heartbeat_to(sim_node *node, const sim_node *to)
{
    proxy_node *p = sim_ctx(node);
    UFTP_ASSERT(p->config.heartbeat_count < PEERS_MAX);
    p->hosts[p->config.heartbeat_count++] = sim_address(to, UFTP_IPV4);
}
