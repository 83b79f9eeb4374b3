/* SPDX-License-Identifier: MIT */
#include "models/nat.h"

#include "base/assert.h"
#include "engine/memory.h"

#define TIMEOUT_DEFAULT UFTP_S(300) /* RFC 4787 REQ-5: at least 2 minutes, better 5 */
#define PORT_FIRST_DEFAULT 1024
#define BUCKETS 256

/* A remote host that may send in, until then. */
typedef struct permission {
    uftp_address remote;
    uint64_t expires;
} permission;

typedef struct mapping {
    struct mapping *next;       /* in its bucket, by outer port */
    struct mapping *inner_next; /* and by inner endpoint */
    uftp_address inner;
    uftp_address remote; /* family 0: for all destinations; port 0: for all ports of this host */
    uint16_t port;       /* outer */
    bool fixed;          /* by the administrator: does not expire, does not filter */
    uint64_t expires;
    permission *permissions;
    size_t permission_count, permission_capacity;
} mapping;

struct sim_nat {
    sim_shared shared;
    sim_model model; /* under whose name drops are reported */
    sim_nat_config config;
    sim_nat_counters counters;
    sim_random random;
    uftp_address outer;
    uint32_t ports_used; /* of the range */
    mapping *buckets[BUCKETS], *inner_buckets[BUCKETS];
};

static bool is_alive(const mapping *m, uint64_t now)
{
    return m->fixed || now < m->expires;
}

static bool in_range(const sim_nat *nat, uint16_t port)
{
    return port >= nat->config.port_first &&
           (uint32_t)(port - nat->config.port_first) < nat->config.port_count;
}

static mapping *by_port(const sim_nat *nat, uint16_t port)
{
    mapping *m = nat->buckets[port % BUCKETS];
    while (m && m->port != port)
        m = m->next;
    return m;
}

static size_t inner_bucket(const uftp_address *inner)
{
    return (inner->bytes[2] * 256u + inner->bytes[3] + inner->port) % BUCKETS;
}

static void remove_mapping(sim_nat *nat, mapping *m)
{
    mapping **at = &nat->buckets[m->port % BUCKETS];
    while (*at != m)
        at = &(*at)->next;
    *at = m->next;
    at = &nat->inner_buckets[inner_bucket(&m->inner)];
    while (*at != m)
        at = &(*at)->inner_next;
    *at = m->inner_next;
    nat->counters.mappings_now--;
    nat->ports_used -= in_range(nat, m->port);
    sim_release(m->permissions);
    sim_release(m);
}

static void remove_all(sim_nat *nat, bool (*which)(const mapping *m, uint64_t now), uint64_t now)
{
    for (size_t b = 0; b < BUCKETS; b++)
        for (mapping *m = nat->buckets[b], *next; m; m = next) {
            next = m->next;
            if (which(m, now))
                remove_mapping(nat, m);
        }
}

static mapping *add_mapping(sim_nat *nat, const uftp_address *inner, uint16_t port)
{
    mapping *m = sim_allocate(sizeof *m);
    m->inner = *inner;
    m->port = port;
    m->next = nat->buckets[port % BUCKETS];
    nat->buckets[port % BUCKETS] = m;
    m->inner_next = nat->inner_buckets[inner_bucket(inner)];
    nat->inner_buckets[inner_bucket(inner)] = m;
    nat->ports_used += in_range(nat, port);
    nat->counters.mappings_made++;
    if (++nat->counters.mappings_now > nat->counters.mappings_peak)
        nat->counters.mappings_peak = nat->counters.mappings_now;
    return m;
}

/* ---- out ---- */

/* What a behaviour tells apart of a remote endpoint. */
static uftp_address remote_key(sim_nat_behaviour behaviour, const uftp_address *remote)
{
    uftp_address key = {0};
    switch (behaviour) {
    case SIM_NAT_ENDPOINT_INDEPENDENT:
        break;
    case SIM_NAT_ADDRESS_DEPENDENT:
        key = *remote;
        key.port = 0;
        break;
    case SIM_NAT_ADDRESS_AND_PORT_DEPENDENT:
        key = *remote;
        break;
    }
    return key;
}

static mapping *find_outbound(const sim_nat *nat, uint64_t now, const uftp_address *inner,
                              const uftp_address *key)
{
    mapping *found = NULL;
    for (mapping *m = nat->inner_buckets[inner_bucket(inner)]; m; m = m->inner_next) {
        if (!is_alive(m, now) || !uftp_address_equal(&m->inner, inner))
            continue;
        if (m->fixed)
            return m;
        if (uftp_address_equal(&m->remote, key))
            found = m;
    }
    return found;
}

static bool is_expired(const mapping *m, uint64_t now)
{
    return !is_alive(m, now);
}

/* A free outer port, 0 when there is none. */
static uint16_t choose_port(sim_nat *nat, uint64_t now, uint16_t inner_port)
{
    const sim_nat_config *c = &nat->config;
    remove_all(nat, is_expired, now);
    /* A NAT that came up anew does not find its old ports again: else nobody would notice. */
    bool keep = !c->ports_drawn && nat->counters.rebinds == 0 && in_range(nat, inner_port);
    if (keep && !by_port(nat, inner_port))
        return inner_port;
    if (nat->ports_used >= c->port_count)
        return 0;
    uint16_t at = (uint16_t)sim_random_below(&nat->random, c->port_count);
    while (by_port(nat, (uint16_t)(c->port_first + at)))
        at = (uint16_t)((at + 1) % c->port_count);
    return (uint16_t)(c->port_first + at);
}

static void permit(sim_nat *nat, uint64_t now, mapping *m, const uftp_address *destination)
{
    const uftp_address key = remote_key(nat->config.filtering, destination);
    permission *place = NULL;
    for (size_t i = 0; i < m->permission_count; i++) {
        if (uftp_address_equal(&m->permissions[i].remote, &key)) {
            m->permissions[i].expires = now + nat->config.timeout;
            return;
        }
        if (now >= m->permissions[i].expires)
            place = &m->permissions[i]; /* to be used again */
    }
    if (!place && m->permission_count == m->permission_capacity) {
        m->permission_capacity = m->permission_capacity ? 2 * m->permission_capacity : 4;
        m->permissions =
            sim_reallocate(m->permissions, m->permission_capacity * sizeof *m->permissions);
    }
    if (!place)
        place = &m->permissions[m->permission_count++];
    *place = (permission){.remote = key, .expires = now + nat->config.timeout};
}

bool sim_nat_out(sim_nat *nat, uint64_t now, uftp_address *source, const uftp_address *destination)
{
    if (source->family != UFTP_IPV4)
        return true;
    const uftp_address key = remote_key(nat->config.mapping, destination);
    mapping *m = find_outbound(nat, now, source, &key);
    if (!m) {
        uint16_t port = choose_port(nat, now, source->port);
        if (!port) {
            nat->counters.exhausted++;
            return false;
        }
        m = add_mapping(nat, source, port);
        m->remote = key;
    }
    m->expires = now + nat->config.timeout;
    if (!m->fixed && nat->config.filtering != SIM_NAT_ENDPOINT_INDEPENDENT)
        permit(nat, now, m, destination);
    *source = nat->outer;
    source->port = m->port;
    nat->counters.out++;
    return true;
}

/* ---- in ---- */

static bool is_permitted(const sim_nat *nat, uint64_t now, const mapping *m,
                         const uftp_address *source)
{
    if (m->fixed || nat->config.filtering == SIM_NAT_ENDPOINT_INDEPENDENT)
        return true;
    const uftp_address key = remote_key(nat->config.filtering, source);
    for (size_t i = 0; i < m->permission_count; i++)
        if (now < m->permissions[i].expires && uftp_address_equal(&m->permissions[i].remote, &key))
            return true;
    return false;
}

bool sim_nat_in(sim_nat *nat, uint64_t now, const uftp_address *source, uftp_address *destination)
{
    if (destination->family != UFTP_IPV4)
        return true;
    mapping *m = by_port(nat, destination->port);
    if (!m || !is_alive(m, now)) {
        nat->counters.unmapped++;
        return false;
    }
    if (!is_permitted(nat, now, m, source)) {
        nat->counters.filtered++;
        return false;
    }
    if (nat->config.refresh_inbound) {
        m->expires = now + nat->config.timeout;
        if (!m->fixed && nat->config.filtering != SIM_NAT_ENDPOINT_INDEPENDENT)
            permit(nat, now, m, source);
    }
    *destination = m->inner;
    nat->counters.in++;
    return true;
}

bool sim_nat_owner(const sim_nat *nat, uint64_t now, uint16_t port, uftp_address *inner)
{
    const mapping *m = by_port(nat, port);
    if (!m || !is_alive(m, now))
        return false;
    *inner = m->inner;
    return true;
}

/* ---- life ---- */

void sim_nat_forward_port(sim_nat *nat, uint16_t port, const uftp_address *inner)
{
    UFTP_ASSERT(!by_port(nat, port));
    add_mapping(nat, inner, port)->fixed = true;
}

static bool is_not_fixed(const mapping *m, uint64_t now)
{
    (void)now;
    return !m->fixed;
}

void sim_nat_rebind(sim_nat *nat)
{
    remove_all(nat, is_not_fixed, 0);
    nat->counters.rebinds++;
}

void sim_nat_drop(sim_nat *nat, sim_packet *packet)
{
    sim_model_drop(&nat->model, packet);
}

uftp_address sim_nat_outer(const sim_nat *nat)
{
    return nat->outer;
}

const sim_nat_config *sim_nat_settings(const sim_nat *nat)
{
    return &nat->config;
}

const sim_nat_counters *sim_nat_count(const sim_nat *nat)
{
    return &nat->counters;
}

static bool is_any(const mapping *m, uint64_t now)
{
    (void)m;
    (void)now;
    return true;
}

static void nat_free(sim_shared *shared)
{
    remove_all((sim_nat *)shared, is_any, 0);
}

static void nat_tell(const sim_shared *shared, sim_tell *tell, void *ctx)
{
    const sim_nat *nat = (const sim_nat *)shared;
    const sim_nat_counters *c = &nat->counters;
    tell(ctx, "out", c->out);
    tell(ctx, "in", c->in);
    tell(ctx, "dropped", nat->model.dropped);
    tell(ctx, "mappings_made", c->mappings_made);
    tell(ctx, "mappings_peak", c->mappings_peak);
    tell(ctx, "exhausted", c->exhausted);
    tell(ctx, "unmapped", c->unmapped);
    tell(ctx, "filtered", c->filtered);
    tell(ctx, "rebinds", c->rebinds);
}

sim_nat *sim_nat_new(sim_medium *medium, const char *name, const uftp_address *outer,
                     const sim_nat_config *config)
{
    static const sim_shared_type type = {.name = "nat", .free = nat_free, .tell = nat_tell};
    static const sim_model_type model_type = {.name = "nat"};
    sim_nat *nat = sim_shared_new(medium, &type, name, sizeof *nat);
    sim_nat_config *c = &nat->config;
    nat->model = (sim_model){.type = &model_type, .medium = medium, .place = nat->shared.name};
    nat->outer = *outer;
    nat->outer.port = 0;
    *c = *config;
    if (!c->timeout)
        c->timeout = TIMEOUT_DEFAULT;
    if (!c->port_first)
        c->port_first = PORT_FIRST_DEFAULT;
    if (!c->port_count)
        c->port_count = (uint16_t)(UINT16_MAX - c->port_first + 1);
    UFTP_ASSERT(c->port_count <= UINT16_MAX - c->port_first + 1);
    sim_shared_random(&nat->shared, &nat->random);
    return nat;
}
