/* SPDX-License-Identifier: MIT
 *
 * The receiver: the object, its five verbs, and the way every datagram takes:
 *
 *   parse          what it says, as far as that needs no key
 *   authenticate   it is from the session's sender: sealed under its key or, where the session is
 *                  plain, from its UID and its host
 *   check          it makes sense in the present state
 *   commit         its header is believed: sequence number, GRTT, group size
 *   dispatch       it acts
 *
 * A datagram that falls out before `commit` has changed nothing but counters.
 */
#include "session/receiver_internal.h"

/* ---- creation ---- */

static int check_config(const uftp_receiver_config *config)
{
    if (!config->memory || !config->random || !config->store || config->uid == 0 ||
        config->destination_count == 0 || config->destination_count > UFTP_DESTINATIONS_MAX ||
        config->sessions_max > UFTP_SESSIONS_MAX)
        return UFTP_ERR_ARGUMENT;
    for (size_t i = 0; i < config->server_count; i++) {
        if (config->servers[i].uid == 0)
            return UFTP_ERR_ARGUMENT;
    }
    for (size_t i = 0; i < config->proxy_count; i++)
        if (config->proxies[i].uid == 0)
            return UFTP_ERR_ARGUMENT;
    return UFTP_OK;
}

static int copy_destination(uftp_receiver *receiver, size_t index, const char *name)
{
    size_t len = strlen(name);
    if (len == 0 || len >= UFTP_PATH_MAX)
        return UFTP_ERR_ARGUMENT;
    char *copy = uftp_alloc(receiver->config.memory, len + 1, 1);
    if (!copy)
        return UFTP_ERR_MEMORY;
    receiver->destinations[index] = copy;
    /* "/" and "." have no components: nothing stands before a name below them. */
    int err = uftp_name_clean((uftp_bytes){(const uint8_t *)name, len}, copy);
    if (err < 0 && strspn(name, "/.") == len && !strstr(name, "..")) {
        copy[0] = '\0';
        return UFTP_OK;
    }
    return err < 0 ? UFTP_ERR_ARGUMENT : UFTP_OK;
}

static int copy_config(uftp_receiver *receiver, const uftp_receiver_config *config)
{
    receiver->config = *config;
    if (receiver->config.sessions_max == 0)
        receiver->config.sessions_max = UFTP_SESSIONS_MAX;
    for (size_t i = 0; i < config->destination_count; i++) {
        int err = copy_destination(receiver, i, config->destinations[i]);
        if (err < 0)
            return err;
    }
    if (config->server_count) {
        receiver->servers =
            uftp_alloc(config->memory, config->server_count, sizeof *receiver->servers);
        if (!receiver->servers)
            return UFTP_ERR_MEMORY;
        memcpy(receiver->servers, config->servers,
               config->server_count * sizeof *receiver->servers);
    }
    receiver->config.servers = receiver->servers;
    if (config->proxy_count) {
        receiver->proxies =
            uftp_alloc(config->memory, config->proxy_count, sizeof *receiver->proxies);
        if (!receiver->proxies)
            return UFTP_ERR_MEMORY;
        memcpy(receiver->proxies, config->proxies, config->proxy_count * sizeof *receiver->proxies);
    }
    receiver->config.proxies = receiver->proxies;
    return UFTP_OK;
}

static int make_key(uftp_receiver *receiver)
{
    const uftp_receiver_config *config = &receiver->config;
    if (config->key)
        return UFTP_OK;
    const uftp_key_spec spec = {.type = UFTP_KEY_EC, .curve = UFTP_CURVE_SECP256R1};
    int err = uftp_key_generate(config->memory, config->random, &spec, &receiver->own_key);
    receiver->config.key = receiver->own_key;
    return err;
}

static int make_tables(uftp_receiver *receiver)
{
    const uftp_receiver_config *config = &receiver->config;
    receiver->sessions =
        uftp_alloc(config->memory, config->sessions_max, sizeof *receiver->sessions);
    receiver->memberships =
        uftp_alloc(config->memory, RECEIVER_MEMBERSHIPS(receiver), sizeof *receiver->memberships);
    return receiver->sessions && receiver->memberships ? UFTP_OK : UFTP_ERR_MEMORY;
}

int uftp_receiver_create(const uftp_receiver_config *config, uint64_t now, uftp_receiver **out)
{
    *out = NULL;
    int err = check_config(config);
    if (err < 0)
        return err;
    uftp_receiver *receiver = uftp_alloc(config->memory, 1, sizeof *receiver);
    if (!receiver)
        return UFTP_ERR_MEMORY;
    receiver->created = now;
    uftp_event_queue_init(&receiver->events, config->memory);
    err = copy_config(receiver, config);
    if (err == UFTP_OK)
        err = make_tables(receiver);
    if (err == UFTP_OK)
        err = make_key(receiver);
    if (err < 0) {
        uftp_receiver_destroy(receiver);
        return err;
    }
    *out = receiver;
    return UFTP_OK;
}

void uftp_receiver_destroy(uftp_receiver *receiver)
{
    if (!receiver)
        return;
    const uftp_allocator *memory = receiver->config.memory;
    while (receiver->session_count > 0)
        uftp_session_free(receiver->sessions[receiver->session_count - 1]);
    uftp_event_queue_free(&receiver->events);
    for (size_t i = 0; i < UFTP_DESTINATIONS_MAX; i++)
        uftp_release(memory, receiver->destinations[i]);
    uftp_release(memory, receiver->servers);
    uftp_release(memory, receiver->proxies);
    uftp_release(memory, receiver->sessions);
    uftp_release(memory, receiver->memberships);
    uftp_key_free(receiver->own_key);
    uftp_release(memory, receiver);
}

/* ---- events ---- */

uftp_event uftp_session_event(const uftp_session *session, uftp_event_type type)
{
    return (uftp_event){.type = type,
                        .group = session->group,
                        .instance = session->instance,
                        .file_id = session->file.id,
                        .peer = session->server,
                        .address = session->origin};
}

void uftp_session_push(const uftp_session *session, const uftp_event *event)
{
    uftp_event_queue_push(&session->receiver->events, event);
}

void uftp_session_push_received(const uftp_session *session, uint8_t message, bool repeated)
{
    uftp_event event = uftp_session_event(session, UFTP_EVENT_RECEIVED);
    event.message = message;
    event.repeated = repeated;
    uftp_session_push(session, &event);
}

/* NOT_FOUND is a group's other sessions, EXISTS a duplicate: daily bread, counted without a word.
 */
static void reject(uftp_receiver *receiver, const uftp_packet *packet, const uftp_datagram *train,
                   int err)
{
    receiver->stats.datagrams_rejected++;
    receiver->stats.rejected[-err]++;
    if (err == UFTP_ERR_NOT_FOUND || err == UFTP_ERR_EXISTS)
        return;
    uftp_event_queue_push(&receiver->events, &(uftp_event){.type = UFTP_EVENT_REJECTED,
                                                           .group = packet->header.group,
                                                           .instance = packet->header.instance,
                                                           .peer = packet->header.source,
                                                           .address = train->source,
                                                           .message = packet->header.type,
                                                           .error = err,
                                                           .text = uftp_strerror(err)});
}

/* ---- one datagram ---- */

/* What a proxy says for itself. Its PROXY_KEY tells its address, its KEYINFO proves itself. */
static int authenticate_proxy(const uftp_session *session, const uftp_packet *packet,
                              const uftp_datagram *train)
{
    switch (packet->header.type) {
    case UFTP_MESSAGE_PROXY_KEY:
        return UFTP_OK;
    case UFTP_MESSAGE_KEYINFO:
    case UFTP_MESSAGE_ABORT:
        if (session->state == SESSION_ANNOUNCED ||
            !uftp_address_same_host(&session->peer, &train->source))
            return UFTP_ERR_AUTH;
        return session->keys && packet->header.type == UFTP_MESSAGE_ABORT &&
                       uftp_session_keys_established(session)
                   ? UFTP_ERR_AUTH
                   : UFTP_OK;
    default:
        return UFTP_ERR_AUTH;
    }
}

/* Clear datagrams of an encrypted session: a KEYINFO proves itself by its signature, an ABORT
 * counts until there are keys (spec v5 1.4), a REG_CONF tells us nothing that KEYINFO does not. */
static int authenticate_clear(const uftp_session *session, const uftp_packet *packet,
                              const uftp_datagram *train)
{
    if (uftp_session_from_proxy(session, packet->header.source))
        return authenticate_proxy(session, packet, train);
    if (!uftp_address_same_host(&session->origin, &train->source))
        return UFTP_ERR_AUTH;
    if (!session->keys)
        return UFTP_OK;
    switch (packet->header.type) {
    case UFTP_MESSAGE_KEYINFO:
    case UFTP_MESSAGE_REG_CONF:
        return UFTP_OK;
    case UFTP_MESSAGE_ABORT:
        return uftp_session_keys_established(session) ? UFTP_ERR_AUTH : UFTP_OK;
    default:
        return UFTP_ERR_AUTH;
    }
}

static int authenticate(const uftp_session *session, uftp_packet *packet,
                        const uftp_datagram *train)
{
    if (!packet->sealed)
        return authenticate_clear(session, packet, train);
    if (!session->keys || !uftp_session_keys_established(session))
        return UFTP_ERR_AUTH;
    if (!uftp_window_fresh(&session->window, packet->encrypted.iv_counter))
        return UFTP_ERR_EXISTS;
    return uftp_session_keys_open(session, packet);
}

/* Plain sessions have no replay window, only the reference's rule: what is more than five numbers
 * behind is late. The rule alone would lock us out for 32768 datagrams after a jump of the
 * sender's counter (spec v5 trap 35), or after one forged number: a long run of "late" ones with
 * nothing else in between can only mean that the counter is elsewhere now. */
static bool in_sequence(uftp_session *session, const uftp_packet *packet)
{
    if (session->keys || packet->header.type == UFTP_MESSAGE_KEYINFO ||
        packet->header.type == UFTP_MESSAGE_ABORT)
        return true;
    int behind = (int16_t)(uint16_t)(session->seq_max - packet->header.seq);
    if (behind <= RECEIVER_MISORDER_MAX) {
        session->stale_count = 0;
        return true;
    }
    if (++session->stale_count <= RECEIVER_STALE_MAX)
        return false;
    session->stale_count = 0;
    session->seq_max = (uint16_t)(packet->header.seq - 1);
    return true;
}

static void set_grtt(uftp_session *session, uint8_t byte)
{
    if (byte == session->grtt_byte)
        return;
    session->grtt_byte = byte;
    uint64_t grtt = uftp_grtt_expand(byte);
    if (grtt < RECEIVER_GRTT_MIN)
        grtt = RECEIVER_GRTT_MIN;
    uint64_t change = grtt > session->grtt ? grtt - session->grtt : session->grtt - grtt;
    if (change <= UFTP_MS(1))
        return; /* not worth moving timers (spec v5 4.2) */
    session->grtt = grtt;
    uftp_event event = uftp_session_event(session, UFTP_EVENT_GRTT);
    event.duration = grtt;
    uftp_session_push(session, &event);
}

void uftp_session_commit(uftp_session *session, const uftp_packet *packet,
                         const uftp_arrival *arrival)
{
    const uftp_header *header = &packet->header;
    if (packet->sealed)
        uftp_window_mark(&session->window, packet->encrypted.iv_counter);
    if (header->type != UFTP_MESSAGE_KEYINFO && header->type != UFTP_MESSAGE_ABORT &&
        uftp_seq_newer(header->seq, session->seq_max))
        session->seq_max = header->seq;
    set_grtt(session, header->grtt);
    session->group_size_byte = header->group_size;
    if (packet->sealed || !session->keys)
        uftp_session_congestion_enter(session, packet, arrival);
}

static int on_abort(uftp_session *session, const uftp_packet *packet, const uftp_abort *message,
                    uint64_t now)
{
    if (message->host != 0 && message->host != session->receiver->config.uid)
        return UFTP_OK;
    if (message->host == 0 && message->current_file && session->state == SESSION_MIDGROUP)
        return UFTP_OK;
    char text[UFTP_ABORT_TEXT_MAX + 1] = {0};
    size_t len = message->text.len < UFTP_ABORT_TEXT_MAX ? message->text.len : UFTP_ABORT_TEXT_MAX;
    if (len)
        memcpy(text, message->text.data, len);
    uftp_session_push_received(session, UFTP_MESSAGE_ABORT, session->abort_heard);
    if (packet->sealed || !session->keys) {
        uftp_session_fail(session, now, text, FAREWELL_SILENT);
        return UFTP_OK;
    }
    /* Anyone can say this. If the sender still wants us, its KEYINFO comes within a round trip. */
    if (session->abort_heard)
        return UFTP_OK;
    session->abort_heard = true;
    memcpy(session->abort_text, text, sizeof text);
    if (session->limit > now + session->grtt)
        session->limit = now + session->grtt;
    return UFTP_OK;
}

/* Any authentic word of the sender keeps a session between files alive (trap 53): others may be
 * receiving a long file meanwhile. */
static int dispatch(uftp_session *session, const uftp_packet *packet, const uftp_message *message,
                    bool newest, const uftp_arrival *arrival)
{
    uint64_t now = arrival->now;
    if (session->state == SESSION_MIDGROUP && (packet->sealed || !session->keys))
        uftp_session_touch(session, now);
    switch (message->type) {
    case UFTP_MESSAGE_FILESEG:
        return uftp_session_on_fileseg(session, &message->as.fileseg, newest, now);
    case UFTP_MESSAGE_REG_CONF:
        return uftp_session_on_reg_conf(session, &message->as.reg_conf, now);
    case UFTP_MESSAGE_KEYINFO:
        return uftp_session_on_keyinfo(session, packet, &message->as.keyinfo, arrival);
    case UFTP_MESSAGE_FILEINFO:
        return uftp_session_on_fileinfo(session, &message->as.fileinfo, arrival);
    case UFTP_MESSAGE_DONE:
        return uftp_session_on_done(session, &message->as.done, now);
    case UFTP_MESSAGE_DONE_CONF:
        return uftp_session_on_done_conf(session, &message->as.done_conf, now);
    case UFTP_MESSAGE_ABORT:
        return on_abort(session, packet, &message->as.abort, now);
    case UFTP_MESSAGE_CONG_CTRL:
        return uftp_session_on_cong_ctrl(session, &message->as.cong_ctrl, arrival);
    default:
        return UFTP_ERR_UNSUPPORTED; /* a receiver's message, a proxy's, or an ANNOUNCE sealed */
    }
}

static int on_session_packet(uftp_receiver *receiver, uftp_packet *packet,
                             const uftp_arrival *arrival)
{
    const uftp_header *header = &packet->header;
    uftp_session *session = uftp_session_find(receiver, header, &arrival->train->source);
    if (!session && !packet->sealed)
        session = uftp_session_find_behind(receiver, header, &arrival->train->source);
    if (!session || session->wire != packet->wire || session->state == SESSION_LEAVING)
        return UFTP_ERR_NOT_FOUND;
    bool from_proxy = uftp_session_from_proxy(session, header->source);
    /* Before the proxy is known nothing else is of use; and keys come from it alone. */
    if (session->proxy && !from_proxy && header->type != UFTP_MESSAGE_ABORT &&
        (session->state == SESSION_ANNOUNCED || header->type == UFTP_MESSAGE_KEYINFO))
        return UFTP_ERR_NOT_FOUND;
    int err = authenticate(session, packet, arrival->train);
    if (err < 0)
        return err;
    uftp_message message;
    err = uftp_packet_message(packet, &message);
    if (err < 0)
        return err;
    if (message.type == UFTP_MESSAGE_PROXY_KEY)
        return from_proxy ? uftp_session_on_proxy_key(session, &message.as.proxy_key, arrival)
                          : UFTP_ERR_UNSUPPORTED;
    if (message.type == UFTP_MESSAGE_FILESEG)
        err = uftp_session_check_fileseg(session, &message.as.fileseg);
    else
        uftp_receiver_flush(receiver, arrival->now); /* blocks first: it may end their file */
    if (err < 0)
        return err;
    if (session->state == SESSION_LEAVING)
        return UFTP_OK; /* the write failed */
    if (from_proxy)     /* its numbers and times are its own */
        return dispatch(session, packet, &message, false, arrival);
    if (!in_sequence(session, packet))
        return UFTP_ERR_EXISTS;
    bool newest = uftp_seq_newer(packet->header.seq, session->seq_max);
    if (packet->sealed || !session->keys) /* in encrypted sessions clear headers are not believed */
        uftp_session_commit(session, packet, arrival);
    return dispatch(session, packet, &message, newest, arrival);
}

static void receive(uftp_receiver *receiver, uint64_t now, const uftp_datagram *train,
                    uint8_t *data, size_t len)
{
    receiver->stats.datagrams_received++;
    const uftp_arrival arrival = {.now = now,
                                  .at =
                                      train->arrival && train->arrival < now ? train->arrival : now,
                                  .train = train};
    uftp_packet packet = {0};
    int err = uftp_packet_read(data, len, &packet);
    if (err == UFTP_OK)
        err = packet.header.type == UFTP_MESSAGE_ANNOUNCE
                  ? uftp_receiver_on_announce(receiver, &packet, &arrival)
                  : on_session_packet(receiver, &packet, &arrival);
    if (err < 0)
        reject(receiver, &packet, train, err);
}

/* ---- the verbs ---- */

void uftp_receiver_recv(uftp_receiver *receiver, uint64_t now, const uftp_datagram *trains,
                        size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const uftp_datagram *train = &trains[i];
        size_t step =
            train->segment_len && train->segment_len < train->len ? train->segment_len : train->len;
        size_t at = 0;
        do { /* at least once: an empty datagram is one, too */
            size_t len = train->len - at < step ? train->len - at : step;
            receive(receiver, now, train, train->data + at, len);
            at += step;
        } while (at < train->len);
    }
    uftp_receiver_flush(receiver, now);
}

/* A scan over at most UFTP_SESSIONS_MAX sessions, once per turn of the driver, not per datagram:
 * a heap would cost more in upkeep (each datagram moves a timer) than it saves here. */
uint64_t uftp_receiver_next_deadline(const uftp_receiver *receiver)
{
    uint64_t next = receiver->refusal_count ? receiver->refusal_next : UFTP_NEVER;
    for (uint32_t i = 0; i < receiver->session_count; i++) {
        uint64_t deadline = uftp_session_deadline(receiver->sessions[i]);
        if (deadline < next)
            next = deadline;
    }
    return next;
}

void uftp_receiver_on_timeout(uftp_receiver *receiver, uint64_t now)
{
    for (uint32_t i = receiver->session_count; i-- > 0;) /* backwards: one may end meanwhile */
        if (uftp_session_deadline(receiver->sessions[i]) <= now)
            uftp_session_on_timeout(receiver->sessions[i], now);
}

int uftp_receiver_poll_event(uftp_receiver *receiver, uftp_event *out)
{
    if (receiver->membership_changed && uftp_receiver_poll_membership(receiver, out))
        return 1;
    return uftp_event_queue_pop(&receiver->events, out);
}

void uftp_receiver_join_failed(uftp_receiver *receiver, uint64_t now, const uftp_address *group)
{
    for (uint32_t i = receiver->session_count; i-- > 0;) {
        uftp_session *session = receiver->sessions[i];
        if (session->joined && uftp_address_same_host(&session->group_address, group))
            uftp_session_join_failed(session, now);
    }
}

void uftp_receiver_shutdown(uftp_receiver *receiver, uint64_t now)
{
    receiver->closing = true;
    for (uint32_t i = receiver->session_count; i-- > 0;)
        if (receiver->sessions[i]->state != SESSION_LEAVING)
            uftp_session_fail(receiver->sessions[i], now, "Client shutting down", FAREWELL_ABORT);
}

void uftp_receiver_stats_get(const uftp_receiver *receiver, uftp_receiver_stats *out)
{
    *out = receiver->stats;
    out->sessions = receiver->session_count;
}

void uftp_receiver_session_get(const uftp_receiver *receiver, uint32_t index,
                               uftp_session_info *out)
{
    UFTP_ASSERT(index < receiver->session_count);
    const uftp_session *session = receiver->sessions[index];
    *out = (uftp_session_info){.group = session->group,
                               .instance = session->instance,
                               .server = session->server,
                               .file_id = session->file.id};
    if (session->state != SESSION_RECEIVING)
        return;
    out->name = session->file.name;
    out->file_size = session->file.size;
    out->blocks = session->file.layout.blocks;
    out->blocks_missing = session->file.map.missing;
}
