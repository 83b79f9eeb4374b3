/* SPDX-License-Identifier: MIT
 *
 * The sessions of a proxy: where they are found, how they begin and end, and the groups that they
 * are heard on.
 */
#include "session/proxy_internal.h"

/* ---- the table ---- */

/* Who chooses group IDs to collide gains a walk over at most UFTP_SESSIONS_MAX sessions. */
static uint32_t bucket_of(uint32_t group, uint8_t instance)
{
    return (group ^ group >> 8 ^ group >> 16 ^ group >> 24 ^ instance) % PROXY_BUCKETS;
}

/* The sender is no part of the key, as it is for receivers: what comes from below names only the
 * group. Of two senders that draw one group ID the first is served. */
proxy_session *uftp_proxy_session_find(const uftp_proxy *proxy, uint32_t group, uint8_t instance)
{
    proxy_session *session = proxy->buckets[bucket_of(group, instance)];
    while (session && (session->group != group || session->instance != instance))
        session = session->bucket_next;
    return session;
}

static void insert(proxy_session *session)
{
    uftp_proxy *proxy = session->proxy;
    session->index = proxy->session_count++;
    proxy->sessions[session->index] = session;
    proxy_session **bucket = &proxy->buckets[bucket_of(session->group, session->instance)];
    session->bucket_next = *bucket;
    *bucket = session;
}

static void take_out(proxy_session *session)
{
    uftp_proxy *proxy = session->proxy;
    proxy_session **link = &proxy->buckets[bucket_of(session->group, session->instance)];
    while (*link != session)
        link = &(*link)->bucket_next;
    *link = session->bucket_next;
    proxy_session *last = proxy->sessions[--proxy->session_count];
    proxy->sessions[session->index] = last;
    last->index = session->index;
}

/* ---- membership: told through flags, not through queued events, as at a receiver: one that found
 * no memory would leave a session deaf ---- */

static proxy_membership *find_membership(uftp_proxy *proxy, const uftp_address *group,
                                         const uftp_address *source)
{
    for (uint32_t i = 0; i < proxy->membership_count; i++) {
        proxy_membership *m = &proxy->memberships[i];
        if (uftp_address_same_host(&m->group, group) && m->source.family == source->family &&
            (source->family == 0 || uftp_address_same_host(&m->source, source)))
            return m;
    }
    return NULL;
}

static bool join(proxy_session *session, const uftp_address *group, const uftp_address *source)
{
    uftp_proxy *proxy = session->proxy;
    proxy_membership *membership = find_membership(proxy, group, source);
    if (!membership) {
        if (proxy->membership_count == PROXY_MEMBERSHIPS(proxy))
            return false;
        membership = &proxy->memberships[proxy->membership_count++];
        *membership = (proxy_membership){.group = *group, .source = *source};
    }
    membership->users++;
    membership->session_group = session->group;
    membership->session_instance = session->instance;
    proxy->membership_changed = true;
    session->joined_group = *group;
    session->joined_source = *source;
    session->joined = true;
    return true;
}

static proxy_membership *leave(proxy_session *session)
{
    if (!session->joined)
        return NULL;
    session->joined = false;
    session->proxy->membership_changed = true;
    proxy_membership *membership =
        find_membership(session->proxy, &session->joined_group, &session->joined_source);
    membership->users--;
    return membership;
}

int uftp_proxy_poll_membership(uftp_proxy *proxy, uftp_event *out)
{
    for (uint32_t i = proxy->membership_count; i-- > 0;) {
        proxy_membership *membership = &proxy->memberships[i];
        bool wanted = membership->users > 0;
        bool told = membership->told;
        if (wanted && told)
            continue;
        *out = (uftp_event){.type = wanted ? UFTP_EVENT_JOIN : UFTP_EVENT_LEAVE,
                            .group = membership->session_group,
                            .instance = membership->session_instance,
                            .address = membership->group,
                            .source = membership->source};
        membership->told = wanted;
        if (!wanted)
            *membership = proxy->memberships[--proxy->membership_count];
        if (wanted || told)
            return 1;
    }
    proxy->membership_changed = false;
    return 0;
}

void uftp_proxy_session_join_failed(proxy_session *session, uint64_t now)
{
    leave(session)->told = false; /* nothing to leave: there was no joining */
    uftp_proxy_session_end(session, now, UFTP_RESULT_FAILED, "Error joining multicast group");
}

/* ---- the beginning ---- */

static const uftp_server_entry *find_server(const uftp_proxy *proxy, uint32_t uid)
{
    for (size_t i = 0; i < proxy->config.server_count; i++)
        if (proxy->servers[i].uid == uid)
            return &proxy->servers[i];
    return NULL;
}

/* The text of the ABORT, or NULL. */
static const char *objection(const uftp_proxy *proxy, const uftp_announce *announce,
                             const uftp_server_entry *server)
{
    const uftp_address *group = &announce->private_address;
    bool relays = proxy->config.kind == UFTP_PROXY_SERVER;
    if (proxy->config.server_count && !server)
        return "Server not in server list";
    /* A server proxy opens nothing and verifies nothing. */
    if (!relays && !announce->encrypted && server && server->has_fingerprint)
        return "Failed to verify server key fingerprint";
    if (relays && uftp_address_is_zero(group))
        return NULL; /* it came by unicast, and goes on so */
    if (!uftp_address_is_multicast(group) || !uftp_address_is_multicast(&announce->public_address))
        return "Invalid multicast address";
    if (proxy->config.source_specific && !uftp_address_is_ssm(group))
        return "Invalid source specific multicast address";
    return NULL;
}

static int create(uftp_proxy *proxy, const uftp_packet *packet, const uftp_announce *announce,
                  const proxy_arrival *arrival, proxy_session **out)
{
    const uftp_header *header = &packet->header;
    const uftp_allocator *memory = proxy->config.memory;
    if (proxy->session_count == proxy->config.sessions_max)
        return UFTP_ERR_LIMIT;
    proxy_session *session = uftp_alloc(memory, 1, sizeof *session);
    if (!session)
        return UFTP_ERR_MEMORY;
    uint64_t grtt = uftp_grtt_expand(header->grtt);
    *session = (proxy_session){
        .proxy = proxy,
        .group = header->group,
        .instance = header->instance,
        .server = header->source,
        .up = arrival->train->source,
        .public_group = announce->public_address,
        .private_group = announce->private_address,
        .robust = announce->robust,
        .block_size = announce->block_size,
        .grtt_byte = header->grtt,
        .group_size_byte = header->group_size,
        .grtt = grtt < PROXY_GRTT_MIN ? PROXY_GRTT_MIN : grtt,
        .started = arrival->now,
        .touched = arrival->now,
        .announced = arrival->now,
        .announced_grtt = grtt,
        /* A section of 8 * B blocks has a bitmap of B + 1 bytes (spec v5 1.16). */
        .slot_len = (size_t)announce->block_size + 1,
        .flush_since = UFTP_NEVER,
        .keyinfo_since = UFTP_NEVER,
    };
    session->public_group.port = session->private_group.port = proxy->config.port;
    uftp_clients_init(&session->clients, memory, proxy->config.random);
    insert(session);
    *out = session;
    return UFTP_OK;
}

/* Where the private group is heard: nowhere by a client proxy, which is sent everything. */
static bool join_private(proxy_session *session, const uftp_announce *announce,
                         const uftp_server_entry *server)
{
    const uftp_proxy *proxy = session->proxy;
    const uftp_address *group = &announce->private_address;
    if (proxy->config.kind == UFTP_PROXY_CLIENT || uftp_address_is_zero(group) ||
        uftp_address_same_host(group, &announce->public_address))
        return true;
    uftp_address source = {0};
    if (proxy->config.source_specific) {
        source = server && server->address.family ? server->address : session->up;
        source.port = 0;
    }
    return join(session, group, &source);
}

static bool may_answer(const uftp_address *source)
{
    return source->port != 0 && !uftp_address_is_multicast(source) && !uftp_address_is_zero(source);
}

int uftp_proxy_session_start(uftp_proxy *proxy, const uftp_packet *packet,
                             const proxy_arrival *arrival, proxy_session **out)
{
    uftp_message message;
    int err = uftp_packet_message(packet, &message);
    if (err < 0)
        return err;
    const uftp_announce *announce = &message.as.announce;
    const uftp_header *header = &packet->header;
    if (header->source == 0 || header->group == 0 || !may_answer(&arrival->train->source))
        return UFTP_ERR_MALFORMED;
    const uftp_server_entry *server = find_server(proxy, header->source);
    const char *why = objection(proxy, announce, server);
    if (why) {
        uftp_proxy_refuse_session(proxy, packet, arrival, why);
        return UFTP_ERR_AUTH;
    }
    proxy_session *session;
    err = create(proxy, packet, announce, arrival, &session);
    if (err < 0)
        return err;
    if (announce->encrypted && proxy_gathers(proxy))
        err = uftp_proxy_keys_begin(session, packet, announce, &why);
    if (err < 0) {
        if (why)
            uftp_proxy_refuse_session(proxy, packet, arrival, why);
        uftp_proxy_session_free(session);
        return err;
    }
    if (!join_private(session, announce, server)) {
        uftp_proxy_session_free(session);
        return UFTP_ERR_LIMIT;
    }
    proxy->stats.sessions_started++;
    uftp_event event = uftp_proxy_event(session, UFTP_EVENT_SESSION_STARTED);
    uftp_proxy_push(proxy, &event);
    *out = session;
    return UFTP_OK;
}

/* ---- the end ---- */

void uftp_proxy_session_free(proxy_session *session)
{
    const uftp_allocator *memory = session->proxy->config.memory;
    leave(session);
    take_out(session);
    uftp_proxy_slots_free(session);
    uftp_proxy_keys_free(session);
    uftp_clients_free(&session->clients);
    uftp_release(memory, session->scratch);
    uftp_release(memory, session);
}

void uftp_proxy_session_end(proxy_session *session, uint64_t now, uftp_result result,
                            const char *text)
{
    uftp_event event = uftp_proxy_event(session, UFTP_EVENT_SESSION_FINISHED);
    event.result = result;
    event.duration = now - session->started;
    event.count = session->clients.count;
    event.text = text;
    uftp_proxy_push(session->proxy, &event);
    uftp_proxy_session_free(session);
}

/* ---- timers ---- */

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t flush_deadline(const proxy_session *session)
{
    return session->flush_since == UFTP_NEVER ? UFTP_NEVER : session->flush_since + session->grtt;
}

static uint64_t keyinfo_deadline(const proxy_session *session)
{
    if (session->keyinfo_since == UFTP_NEVER)
        return UFTP_NEVER;
    bool more = uftp_clients_any_due(&session->clients, CLIENT_DUE_KEYINFO);
    return session->keyinfo_since + (more ? PROXY_KEYINFO_GAP : 2 * session->grtt);
}

/* In encrypted sessions receivers that have not got through their handshake by then are put out. It
 * runs from the last ANNOUNCE, not from the first as in the reference: an open session may take new
 * receivers for sixty round trips. */
uint64_t uftp_proxy_session_setup_end(const proxy_session *session)
{
    uint64_t grtt =
        session->grtt > session->announced_grtt ? session->grtt : session->announced_grtt;
    uint64_t interval = grtt * session->robust;
    return session->announced + (interval > UFTP_S(1) ? interval : UFTP_S(1));
}

static uint64_t setup_deadline(const proxy_session *session)
{
    const uftp_clients *clients = &session->clients;
    if (!session->keys || uftp_clients_in(clients, UFTP_CLIENT_MUTE) +
                                  uftp_clients_in(clients, UFTP_CLIENT_REGISTERED) ==
                              0)
        return UFTP_NEVER;
    return uftp_proxy_session_setup_end(session);
}

static uint64_t idle_deadline(const proxy_session *session)
{
    uint64_t interval = PROXY_PATIENCE * session->grtt * session->robust;
    return session->touched + (interval > UFTP_S(1) ? interval : UFTP_S(1));
}

uint64_t uftp_proxy_session_deadline(const proxy_session *session)
{
    return earlier(earlier(flush_deadline(session), keyinfo_deadline(session)),
                   earlier(setup_deadline(session), idle_deadline(session)));
}

static void end_setup(proxy_session *session)
{
    static const uftp_client_state unready[] = {UFTP_CLIENT_MUTE, UFTP_CLIENT_REGISTERED};
    for (size_t i = 0; i < 2; i++)
        while (session->clients.by_state[unready[i]].first)
            uftp_proxy_abort_client(session, session->clients.by_state[unready[i]].first,
                                    "Client not fully registered at proxy");
}

/* Whether the session has gone as far as its sender asked: receivers that have confirmed the end of
 * the session, and none left that has not. A server proxy does not know. */
static bool all_done(const proxy_session *session)
{
    const uftp_clients *clients = &session->clients;
    return !proxy_gathers(session->proxy) || (uftp_clients_in(clients, UFTP_CLIENT_DONE) > 0 &&
                                              uftp_clients_in(clients, UFTP_CLIENT_ACTIVE) == 0);
}

void uftp_proxy_session_on_timeout(proxy_session *session, uint64_t now)
{
    if (now >= flush_deadline(session))
        uftp_proxy_flush(session, now);
    if (now >= setup_deadline(session))
        end_setup(session);
    if (now >= keyinfo_deadline(session))
        uftp_proxy_keys_send_keyinfo(session, now);
    if (now >= idle_deadline(session)) {
        bool done = all_done(session);
        uftp_proxy_session_end(session, now, done ? UFTP_RESULT_OK : UFTP_RESULT_FAILED,
                               done ? NULL : "Group timed out");
    }
}
