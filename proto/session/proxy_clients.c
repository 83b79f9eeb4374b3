/* SPDX-License-Identifier: MIT
 *
 * From the receivers' side, at a client or response proxy (spec proxy 3.2): towards them it stands
 * in the sender's place.
 */
#include "session/proxy_internal.h"

/* ---- admission ---- */

/* -C: whether a UID may come in, and with which key. */
static const uftp_member *find_allowed(const uftp_proxy *proxy, uint32_t uid)
{
    size_t from = 0, to = proxy->config.client_count;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (proxy->clients[middle].uid < uid)
            from = middle + 1;
        else
            to = middle;
    }
    return from < proxy->config.client_count && proxy->clients[from].uid == uid
               ? &proxy->clients[from]
               : NULL;
}

/* A receiver that is not in the table yet; NULL when it was turned away. */
static uftp_client *admit(proxy_session *session, uint32_t uid, const proxy_arrival *arrival)
{
    const uftp_proxy *proxy = session->proxy;
    const uftp_member *allowed = find_allowed(proxy, uid);
    const char *why = NULL;
    uftp_client *client = NULL;
    if (proxy->config.client_count && !allowed)
        why = "Not in host list";
    else if (session->clients.count >= proxy->config.clients_max)
        why = "Max destinations exceeded";
    else if (session->keys && arrival->now >= uftp_proxy_session_setup_end(session))
        why = "Registration is over";
    else if (uftp_clients_add(&session->clients, uid, NULL, false, &client) < 0)
        why = "Out of memory";
    if (why) {
        uftp_proxy_abort_stranger(session, arrival->now, uid, why);
        return NULL;
    }
    client->address = arrival->train->source;
    if (allowed && allowed->has_fingerprint) {
        client->has_fingerprint = true;
        memcpy(client->fingerprint, allowed->fingerprint, sizeof client->fingerprint);
    }
    return client;
}

/* Nothing proves who speaks in the clear, so a receiver is held to the host that it first spoke
 * from, as by a sender. */
static bool address_accepted(const proxy_session *session, uftp_client *client,
                             const uftp_address *address, bool sealed)
{
    if (sealed || uftp_address_same_host(&client->address, address)) {
        client->address = *address;
        return true;
    }
    if (!client->conflict_reported) {
        client->conflict_reported = true;
        uftp_event event = uftp_proxy_event(session, UFTP_EVENT_CLIENT_REFUSED);
        event.peer = client->uid;
        event.name = client->name;
        event.address = *address;
        event.text = "another receiver with the same UID";
        uftp_proxy_push(session->proxy, &event);
    }
    return false;
}

/* ---- registration ---- */

/* What the sender needs to know of it is there. */
static void registered(proxy_session *session, uftp_client *client)
{
    uftp_clients_enter(&session->clients, client, UFTP_CLIENT_REGISTERED);
    uftp_proxy_push_client(session, UFTP_EVENT_CLIENT_REGISTERED, client, NULL);
}

static void refuse_exchange(const proxy_session *session, const uftp_client *client)
{
    uftp_proxy_push_client(session, UFTP_EVENT_CLIENT_REFUSED, client,
                           "its key exchange cannot be used");
}

static int on_register(proxy_session *session, uint32_t uid, const uftp_register *message,
                       const proxy_arrival *arrival)
{
    uint64_t now = arrival->now;
    if (uid == 0 || message->clients.count > 0)
        return UFTP_ERR_MALFORMED; /* a proxy behind a client proxy is nobody's plan */
    uftp_client *client = uftp_clients_find(&session->clients, uid);
    if (!client)
        client = admit(session, uid, arrival);
    if (!client)
        return UFTP_ERR_LIMIT;
    if (!address_accepted(session, client, &arrival->train->source, false))
        return UFTP_ERR_AUTH;
    session->touched = now;
    if (session->keys) {
        if (client->state == UFTP_CLIENT_MUTE && !client->secrets) {
            int err = uftp_proxy_keys_register(session, client, message);
            if (err < 0) {
                refuse_exchange(session, client);
                return err;
            }
        }
        /* With client authentication its CLIENT_KEY comes next: both go up together. */
        if (client->state == UFTP_CLIENT_MUTE && uftp_proxy_keys_client_auth(session)) {
            client->secrets->register_us = message->timestamp_us;
            client->secrets->register_at = arrival->at;
            return UFTP_OK;
        }
        if (client->state == UFTP_CLIENT_REGISTERED && client->vouched)
            return UFTP_OK; /* the sender knows it; its KEYINFO is repeated anyway */
    }
    if (client->state == UFTP_CLIENT_MUTE)
        registered(session, client);
    /* Also one that asks again: the sender's confirmation was lost on its way. */
    if (client->state == UFTP_CLIENT_REGISTERED ||
        (!session->keys && client->state == UFTP_CLIENT_ACTIVE))
        uftp_proxy_gather_register(session, now, client, message->timestamp_us, arrival->at);
    return UFTP_OK;
}

static int on_client_key(proxy_session *session, uftp_client *client,
                         const uftp_client_key *message, uint64_t now)
{
    if (client->state != UFTP_CLIENT_MUTE || !client->secrets)
        return UFTP_OK; /* repeated */
    int err = uftp_proxy_keys_client_key(session, client, message);
    if (err < 0) {
        uftp_proxy_push_client(session, UFTP_EVENT_CLIENT_REFUSED, client,
                               "its key or signature is not the expected one");
        return err;
    }
    registered(session, client);
    uftp_proxy_gather_register(session, now, client, client->secrets->register_us,
                               client->secrets->register_at);
    return UFTP_OK;
}

void uftp_proxy_client_ready(proxy_session *session, uftp_client *client)
{
    uftp_clients_enter(&session->clients, client, UFTP_CLIENT_ACTIVE);
    client->confirmed = true;
    uftp_client_drop_context(&session->clients, client);
    uftp_proxy_push_client(session, UFTP_EVENT_CLIENT_CONFIRMED, client, NULL);
}

void uftp_proxy_clients_confirmed(proxy_session *session, uint64_t now, const uftp_uid_list *list)
{
    bool handed = false;
    for (size_t i = 0; i < list->count; i++) {
        uint32_t uid = uftp_uid_list_get(list, i);
        if (uid == 0)
            break;
        uftp_client *client = uftp_clients_find(&session->clients, uid);
        if (!client || client->state != UFTP_CLIENT_REGISTERED)
            continue;
        if (!session->keys) {
            uftp_proxy_client_ready(session, client);
            continue;
        }
        handed = handed || !client->vouched;
        client->vouched = true;
    }
    if (handed && uftp_proxy_keys_established(session))
        uftp_proxy_keys_send_keyinfo(session, now);
}

/* ---- what members say ---- */

static int on_keyinfo_ack(proxy_session *session, uftp_client *client,
                          const uftp_keyinfo_ack *message)
{
    if (client->state != UFTP_CLIENT_REGISTERED)
        return UFTP_OK;
    if (!uftp_proxy_keys_verify(session, client, message->verify_data))
        return UFTP_ERR_AUTH;
    uftp_proxy_client_ready(session, client);
    return UFTP_OK;
}

/* In the clear it is passed on as it came, and stays the receiver's word. A sealed one means
 * nothing to the sender, and has crashed some: it goes up under our own key, and its extension
 * still names the receiver (spec proxy 8). */
static int on_cc_ack(proxy_session *session, const uftp_client *client, const uftp_packet *packet,
                     const uftp_message *message, const proxy_arrival *arrival)
{
    uftp_proxy *proxy = session->proxy;
    if (!session->keys) {
        proxy->stats.relayed_up += uftp_proxy_pass_on(proxy, packet, arrival, &session->up);
        return UFTP_OK;
    }
    if (message->as.cc_ack.tfmcc.client != client->uid)
        return UFTP_ERR_AUTH; /* in somebody else's name */
    uftp_proxy_send_up(session, message);
    return UFTP_OK;
}

/* An answer of a member: it has heard the sender, so that it is one whatever we have heard. */
static bool is_member(proxy_session *session, uftp_client *client)
{
    if (client->state == UFTP_CLIENT_REGISTERED)
        uftp_proxy_client_ready(session, client);
    return client->state == UFTP_CLIENT_ACTIVE || client->state == UFTP_CLIENT_DONE;
}

static int take_message(proxy_session *session, uftp_client *client, const uftp_packet *packet,
                        const uftp_message *message, const proxy_arrival *arrival)
{
    uint64_t now = arrival->now;
    switch (message->type) {
    case UFTP_MESSAGE_ABORT:
        /* In the clear it can be anybody's: once there are keys, only a sealed one counts. */
        if (session->keys && !packet->sealed && client->confirmed)
            return UFTP_ERR_AUTH;
        uftp_proxy_abort_from_client(session, client, &message->as.abort);
        return UFTP_OK;
    case UFTP_MESSAGE_CLIENT_KEY:
        return session->keys ? on_client_key(session, client, &message->as.client_key, now)
                             : UFTP_ERR_MALFORMED;
    case UFTP_MESSAGE_KEYINFO_ACK:
        return session->keys ? on_keyinfo_ack(session, client, &message->as.keyinfo_ack)
                             : UFTP_ERR_MALFORMED;
    default:
        break;
    }
    if (!is_member(session, client))
        return UFTP_ERR_NOT_FOUND;
    switch (message->type) {
    case UFTP_MESSAGE_FILEINFO_ACK:
        uftp_proxy_gather_fileinfo_ack(session, now, client, &message->as.fileinfo_ack,
                                       arrival->at);
        return UFTP_OK;
    case UFTP_MESSAGE_STATUS:
        if (message->as.status.has_tfmcc && message->as.status.tfmcc.client != client->uid)
            return UFTP_ERR_AUTH;
        uftp_proxy_gather_status(session, now, client, &message->as.status, arrival->at);
        return UFTP_OK;
    case UFTP_MESSAGE_COMPLETE:
        uftp_proxy_gather_complete(session, now, client, &message->as.complete);
        return UFTP_OK;
    case UFTP_MESSAGE_CC_ACK:
        return on_cc_ack(session, client, packet, message, arrival);
    default:
        return UFTP_ERR_MALFORMED; /* a message that senders send */
    }
}

int uftp_proxy_on_upstream(proxy_session *session, uftp_packet *packet,
                           const proxy_arrival *arrival)
{
    uint32_t uid = packet->header.source;
    uftp_client *client = uftp_clients_find(&session->clients, uid);
    if (packet->sealed) {
        if (!session->keys || !client)
            return UFTP_ERR_AUTH;
        bool handshake = client->state == UFTP_CLIENT_MUTE;
        int err = uftp_proxy_keys_open(session, client, packet, handshake);
        if (err < 0)
            return err;
    }
    uftp_message message;
    int err = uftp_packet_message(packet, &message);
    if (err < 0)
        return err;
    if (session->keys && !packet->sealed && message.type != UFTP_MESSAGE_REGISTER &&
        message.type != UFTP_MESSAGE_ABORT)
        return UFTP_ERR_AUTH;
    if (message.type == UFTP_MESSAGE_REGISTER)
        return packet->sealed ? UFTP_ERR_MALFORMED
                              : on_register(session, uid, &message.as.registration, arrival);
    if (!client)
        return UFTP_ERR_NOT_FOUND; /* "Host not in host list" */
    if (!address_accepted(session, client, &arrival->train->source, packet->sealed))
        return UFTP_ERR_AUTH;
    if (client->state == UFTP_CLIENT_ABORTED)
        return UFTP_OK;
    session->touched = arrival->now;
    return take_message(session, client, packet, &message, arrival);
}
