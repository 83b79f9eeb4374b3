/* SPDX-License-Identifier: MIT
 *
 * The proxy: its verbs, and which side a datagram comes from. A session's ANNOUNCE says where its
 * sender is; what comes from that address and port is on its way down, everything else on its way
 * up (spec proxy 1).
 */
#include "session/proxy_internal.h"

/* ---- what the parts share ---- */

uftp_event uftp_proxy_event(const proxy_session *session, uftp_event_type type)
{
    return (uftp_event){.type = type,
                        .group = session->group,
                        .instance = session->instance,
                        .peer = session->server,
                        .address = session->up};
}

void uftp_proxy_push(uftp_proxy *proxy, const uftp_event *event)
{
    uftp_event_queue_push(&proxy->events, event);
}

void uftp_proxy_push_client(const proxy_session *session, uftp_event_type type,
                            const uftp_client *client, const char *text)
{
    uftp_event event = uftp_proxy_event(session, type);
    event.peer = client->uid;
    event.address = client->address;
    event.name = client->name;
    event.text = text;
    uftp_proxy_push(session->proxy, &event);
}

bool uftp_proxy_bucket_take(proxy_bucket *bucket, uint64_t now)
{
    uint64_t from = bucket->full_at > now ? bucket->full_at : now;
    if (from - now > (PROXY_BUCKET_DEPTH - 1) * PROXY_BUCKET_INTERVAL)
        return false;
    bucket->full_at = from + PROXY_BUCKET_INTERVAL;
    return true;
}

void uftp_proxy_send(uftp_proxy *proxy, const uftp_header *header, const uftp_message *message,
                     const uftp_sealing *sealing, uint64_t counter, const uftp_address *destination)
{
    uint8_t *out = uftp_proxy_queue_reserve(&proxy->queue, UFTP_DATAGRAM_MAX);
    if (!out)
        return;
    size_t len;
    int err = uftp_packet_write(&uftp_wire_v5, header, message, sealing, counter, out,
                                UFTP_DATAGRAM_MAX, &len);
    UFTP_ASSERT(err == UFTP_OK); /* every message of ours fits into UFTP_DATAGRAM_MAX */
    uftp_proxy_queue_commit(&proxy->queue, len, destination, proxy->config.tos);
    if (message->type == UFTP_MESSAGE_HB_REQ || message->type == UFTP_MESSAGE_HB_RESP)
        return;
    uftp_proxy_push(proxy, &(uftp_event){.type = UFTP_EVENT_SENT,
                                         .group = header->group,
                                         .instance = header->instance,
                                         .address = *destination,
                                         .message = message->type});
}

void uftp_proxy_send_up(proxy_session *session, const uftp_message *message)
{
    uftp_proxy *proxy = session->proxy;
    const uftp_header header = {.version = uftp_wire_v5.version,
                                .seq = session->seq++,
                                .source = proxy->config.uid,
                                .group = session->group,
                                .instance = session->instance};
    /* An ABORT without keys may go in the clear; a sender that has keys of ours takes it sealed
     * (the reference sends it in the clear, which senders rightly ignore). */
    bool sealed = session->keys && message->type != UFTP_MESSAGE_REGISTER &&
                  uftp_proxy_keys_established(session);
    uftp_aead aead = {0};
    uftp_sealing sealing = {0};
    if (sealed)
        sealing = uftp_proxy_keys_sealing_up(session, false, &aead);
    uftp_proxy_send(proxy, &header, message, sealed ? &sealing : NULL,
                    sealed ? ++session->iv_counter_up : 0, &session->up);
    if (sealed)
        uftp_aead_wipe(&aead);
}

void uftp_proxy_send_down(proxy_session *session, const uftp_message *message,
                          const uftp_address *group)
{
    const uftp_header header = {.version = uftp_wire_v5.version,
                                .source = session->proxy->config.uid,
                                .group = session->group,
                                .instance = session->instance,
                                .grtt = session->grtt_byte,
                                .group_size = session->group_size_byte};
    uftp_proxy_send(session->proxy, &header, message, NULL, 0, group);
}

bool uftp_proxy_pass_on(uftp_proxy *proxy, const uftp_packet *packet, const proxy_arrival *arrival,
                        const uftp_address *destination)
{
    uint8_t *out = uftp_proxy_queue_reserve(&proxy->queue, packet->len);
    if (!out)
        return false;
    memcpy(out, packet->data, packet->len);
    /* A mark of congestion must reach the receivers; the rest of the class is ours. */
    uint8_t tos =
        (uint8_t)((proxy->config.tos & ~UFTP_ECN_MASK) | (arrival->train->tos & UFTP_ECN_MASK));
    uftp_proxy_queue_commit(&proxy->queue, packet->len, destination, tos);
    return true;
}

/* ---- creation ---- */

static bool config_allowed(const uftp_proxy_config *config)
{
    if (!config->memory || !config->random || config->uid == 0 ||
        config->kind < UFTP_PROXY_SERVER || config->kind > UFTP_PROXY_RESPONSE ||
        config->sessions_max > UFTP_SESSIONS_MAX || config->clients_max > UFTP_PROXY_CLIENTS_MAX ||
        config->heartbeat_count > UFTP_HEARTBEAT_HOSTS_MAX ||
        (config->heartbeat_interval && config->heartbeat_interval < PROXY_HEARTBEAT_MIN) ||
        (config->queue_bytes && config->queue_bytes < PROXY_QUEUE_MIN))
        return false;
    bool relays = config->kind == UFTP_PROXY_SERVER;
    if (relays != (config->downstream_count > 0) ||
        config->downstream_count > UFTP_PROXY_DOWNSTREAMS_MAX)
        return false;
    for (size_t i = 0; i < config->downstream_count; i++)
        if (!config->downstreams[i].address.family && !config->downstreams[i].has_fingerprint)
            return false;
    for (size_t i = 0; i < config->heartbeat_count; i++)
        if (!config->heartbeat_hosts[i].family || !config->heartbeat_hosts[i].port)
            return false;
    return true;
}

static int copy_list(const uftp_allocator *memory, const void *from, size_t count, size_t size,
                     void **out)
{
    *out = NULL;
    if (count == 0)
        return UFTP_OK;
    *out = uftp_alloc(memory, count, size);
    if (!*out)
        return UFTP_ERR_MEMORY;
    memcpy(*out, from, count * size);
    return UFTP_OK;
}

/* By UID, so that a list of a thousand is searched in ten steps. */
static void sort_clients(uftp_member *list, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        const uftp_member moved = list[i];
        size_t at = i;
        for (; at > 0 && list[at - 1].uid > moved.uid; at--)
            list[at] = list[at - 1];
        list[at] = moved;
    }
}

static int copy_config(uftp_proxy *proxy, const uftp_proxy_config *from)
{
    uftp_proxy_config *config = &proxy->config;
    void *downstreams, *hosts = NULL, *servers = NULL, *clients = NULL;
    *config = *from;
    int err = copy_list(from->memory, from->downstreams, from->downstream_count,
                        sizeof *from->downstreams, &downstreams);
    if (err == UFTP_OK)
        err = copy_list(from->memory, from->heartbeat_hosts, from->heartbeat_count,
                        sizeof *from->heartbeat_hosts, &hosts);
    if (err == UFTP_OK)
        err = copy_list(from->memory, from->servers, from->server_count, sizeof *from->servers,
                        &servers);
    if (err == UFTP_OK)
        err = copy_list(from->memory, from->clients, from->client_count, sizeof *from->clients,
                        &clients);
    proxy->downstreams = downstreams;
    proxy->heartbeat_hosts = hosts;
    proxy->servers = servers;
    proxy->clients = clients;
    if (err < 0)
        return err;
    sort_clients(proxy->clients, config->client_count);
    config->downstreams = NULL; /* the copies count */
    config->heartbeat_hosts = NULL;
    config->servers = NULL;
    config->clients = NULL;
    if (!config->port)
        config->port = PROXY_PORT_DEFAULT;
    if (!config->heartbeat_interval)
        config->heartbeat_interval = PROXY_HEARTBEAT_DEFAULT;
    if (!config->sessions_max)
        config->sessions_max = UFTP_SESSIONS_MAX;
    if (!config->clients_max)
        config->clients_max = UFTP_PROXY_CLIENTS_MAX;
    if (!config->queue_bytes)
        config->queue_bytes = PROXY_QUEUE_DEFAULT;
    return UFTP_OK;
}

/* Who relays only and tells nobody where it is has nothing to sign. */
static int make_key(uftp_proxy *proxy)
{
    uftp_proxy_config *config = &proxy->config;
    if (config->key || (!proxy_gathers(proxy) && config->heartbeat_count == 0))
        return UFTP_OK;
    const uftp_key_spec spec = {.type = UFTP_KEY_EC, .curve = UFTP_CURVE_SECP256R1};
    int err = uftp_key_generate(config->memory, config->random, &spec, &proxy->own_key);
    config->key = proxy->own_key;
    return err;
}

static int make_tables(uftp_proxy *proxy)
{
    const uftp_proxy_config *config = &proxy->config;
    proxy->sessions = uftp_alloc(config->memory, config->sessions_max, sizeof *proxy->sessions);
    proxy->memberships =
        uftp_alloc(config->memory, PROXY_MEMBERSHIPS(proxy), sizeof *proxy->memberships);
    if (!proxy->sessions || !proxy->memberships)
        return UFTP_ERR_MEMORY;
    return uftp_proxy_queue_init(&proxy->queue, config->memory, config->queue_bytes);
}

int uftp_proxy_create(const uftp_proxy_config *config, uint64_t now, uftp_proxy **out)
{
    *out = NULL;
    if (!config_allowed(config))
        return UFTP_ERR_ARGUMENT;
    uftp_proxy *proxy = uftp_alloc(config->memory, 1, sizeof *proxy);
    if (!proxy)
        return UFTP_ERR_MEMORY;
    uftp_event_queue_init(&proxy->events, config->memory);
    int err = copy_config(proxy, config);
    if (err == UFTP_OK)
        err = make_tables(proxy);
    if (err == UFTP_OK)
        err = make_key(proxy);
    if (err < 0) {
        uftp_proxy_destroy(proxy);
        return err;
    }
    uftp_proxy_heartbeat_begin(proxy, now);
    *out = proxy;
    return UFTP_OK;
}

void uftp_proxy_destroy(uftp_proxy *proxy)
{
    if (!proxy)
        return;
    const uftp_allocator *memory = proxy->config.memory;
    while (proxy->session_count > 0)
        uftp_proxy_session_free(proxy->sessions[proxy->session_count - 1]);
    uftp_event_queue_free(&proxy->events);
    uftp_proxy_queue_free(&proxy->queue, memory);
    uftp_release(memory, proxy->downstreams);
    uftp_release(memory, proxy->heartbeat_hosts);
    uftp_release(memory, proxy->servers);
    uftp_release(memory, proxy->clients);
    uftp_release(memory, proxy->sessions);
    uftp_release(memory, proxy->memberships);
    uftp_key_free(proxy->own_key);
    uftp_release(memory, proxy);
}

/* ---- receiving ---- */

/* NOT_FOUND is what belongs to no session here, EXISTS a duplicate or our own word heard again:
 * daily bread, counted without a word. */
static void reject(uftp_proxy *proxy, const uftp_packet *packet, const uftp_datagram *train,
                   int err)
{
    proxy->stats.datagrams_rejected++;
    proxy->stats.rejected[-err]++;
    if (err == UFTP_ERR_NOT_FOUND || err == UFTP_ERR_EXISTS)
        return;
    uftp_proxy_push(proxy, &(uftp_event){.type = UFTP_EVENT_REJECTED,
                                         .group = packet->header.group,
                                         .instance = packet->header.instance,
                                         .peer = packet->header.source,
                                         .address = train->source,
                                         .message = packet->header.type,
                                         .error = err,
                                         .text = uftp_strerror(err)});
}

/* The one place where version 4 is turned away. */
static int drop_version4(uftp_proxy *proxy, const uftp_packet *packet)
{
    proxy->stats.version4_dropped++;
    return packet->header.type == UFTP_MESSAGE_ANNOUNCE ? UFTP_ERR_VERSION : UFTP_ERR_NOT_FOUND;
}

static int take_datagram(uftp_proxy *proxy, uftp_packet *packet, const proxy_arrival *arrival)
{
    const uftp_header *header = &packet->header;
    if (packet->wire != &uftp_wire_v5)
        return drop_version4(proxy, packet);
    if (header->type == UFTP_MESSAGE_HB_REQ)
        return uftp_proxy_on_heartbeat(proxy, packet, arrival);
    if (header->type == UFTP_MESSAGE_HB_RESP)
        return uftp_proxy_on_heartbeat_answer(proxy, packet, arrival);
    if (header->source == proxy->config.uid)
        return UFTP_ERR_EXISTS; /* our own word, looped back */
    proxy_session *session = uftp_proxy_session_find(proxy, header->group, header->instance);
    if (header->type == UFTP_MESSAGE_ANNOUNCE)
        return uftp_proxy_on_announce(proxy, session, packet, arrival);
    if (!session)
        return UFTP_ERR_NOT_FOUND;
    if (uftp_address_equal(&session->up, &arrival->train->source))
        return uftp_proxy_on_downstream(session, packet, arrival);
    return proxy_gathers(proxy) ? uftp_proxy_on_upstream(session, packet, arrival)
                                : uftp_proxy_relay_up(session, packet, arrival);
}

void uftp_proxy_recv(uftp_proxy *proxy, uint64_t now, const uftp_datagram *trains, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const uftp_datagram *train = &trains[i];
        const proxy_arrival arrival = {.now = now,
                                       .at = train->arrival && train->arrival < now ? train->arrival
                                                                                    : now,
                                       .train = train};
        size_t step =
            train->segment_len && train->segment_len < train->len ? train->segment_len : train->len;
        size_t at = 0;
        do { /* at least once: an empty datagram is one, too */
            size_t len = train->len - at < step ? train->len - at : step;
            uftp_packet packet = {0};
            proxy->stats.datagrams_received++;
            int err = uftp_packet_read(train->data + at, len, &packet);
            if (err == UFTP_OK)
                err = take_datagram(proxy, &packet, &arrival);
            if (err < 0)
                reject(proxy, &packet, train, err);
            at += step;
        } while (at < train->len);
    }
}

/* ---- the other verbs ---- */

int uftp_proxy_poll_transmit(uftp_proxy *proxy, uint64_t now, uftp_transmit *out)
{
    (void)now;
    UFTP_ASSERT(out->capacity >= UFTP_DATAGRAM_MAX);
    if (!uftp_proxy_queue_take(&proxy->queue, out))
        return 0;
    proxy->stats.datagrams_sent += (out->len + out->segment_len - 1) / out->segment_len;
    return 1;
}

/* A scan over at most UFTP_SESSIONS_MAX sessions, once per turn of the driver. */
uint64_t uftp_proxy_next_deadline(const uftp_proxy *proxy)
{
    if (uftp_proxy_queue_count(&proxy->queue) > 0)
        return 0;
    uint64_t next = proxy->heartbeat_deadline;
    for (uint32_t i = 0; i < proxy->session_count; i++) {
        uint64_t deadline = uftp_proxy_session_deadline(proxy->sessions[i]);
        if (deadline < next)
            next = deadline;
    }
    return next;
}

void uftp_proxy_on_timeout(uftp_proxy *proxy, uint64_t now)
{
    if (now >= proxy->heartbeat_deadline)
        uftp_proxy_heartbeat_timeout(proxy, now);
    for (uint32_t i = proxy->session_count; i-- > 0;) /* backwards: one may end meanwhile */
        if (uftp_proxy_session_deadline(proxy->sessions[i]) <= now)
            uftp_proxy_session_on_timeout(proxy->sessions[i], now);
}

int uftp_proxy_poll_event(uftp_proxy *proxy, uftp_event *out)
{
    if (proxy->membership_changed && uftp_proxy_poll_membership(proxy, out))
        return 1;
    return uftp_event_queue_pop(&proxy->events, out);
}

void uftp_proxy_join_failed(uftp_proxy *proxy, uint64_t now, const uftp_address *group)
{
    for (uint32_t i = proxy->session_count; i-- > 0;) {
        proxy_session *session = proxy->sessions[i];
        if (session->joined && uftp_address_same_host(&session->joined_group, group))
            uftp_proxy_session_join_failed(session, now);
    }
}

void uftp_proxy_stats_get(const uftp_proxy *proxy, uftp_proxy_stats *out)
{
    *out = proxy->stats;
    out->sessions = proxy->session_count;
    out->queue_dropped = proxy->queue.dropped;
    out->clients = 0;
    for (uint32_t i = 0; i < proxy->session_count; i++)
        out->clients += proxy->sessions[i]->clients.count;
}

void uftp_proxy_downstream_get(const uftp_proxy *proxy, size_t index, uftp_address *out)
{
    UFTP_ASSERT(index < proxy->config.downstream_count);
    *out = proxy->downstreams[index].address;
}
