/* SPDX-License-Identifier: MIT
 *
 * From the sender's side (spec proxy 2, 3.1): a server proxy passes everything on to the proxies
 * behind it; a client proxy passes on to its groups what is meant for the receivers, and acts upon
 * what is meant for itself; a response proxy acts only, since its receivers hear the rest.
 */
#include "session/proxy_internal.h"

/* ---- server proxy ---- */

static int relay_to_downstreams(uftp_proxy *proxy, const uftp_packet *packet,
                                const proxy_arrival *arrival)
{
    bool known = false;
    for (size_t i = 0; i < proxy->config.downstream_count; i++) {
        const uftp_address *to = &proxy->downstreams[i].address;
        if (!to->family)
            continue;
        known = true;
        proxy->stats.relayed_down += uftp_proxy_pass_on(proxy, packet, arrival, to);
    }
    if (known)
        return UFTP_OK;
    proxy->stats.unestablished++;
    return UFTP_ERR_NOT_FOUND; /* the sender repeats itself until a heartbeat has come */
}

/* The reference passes up what anyone sends. Here it must come from the host of a downstream, on
 * any port: a NAT that has been restarted has not been heard of yet, but has still its address. */
int uftp_proxy_relay_up(proxy_session *session, const uftp_packet *packet,
                        const proxy_arrival *arrival)
{
    uftp_proxy *proxy = session->proxy;
    bool known = false;
    for (size_t i = 0; i < proxy->config.downstream_count && !known; i++)
        known = proxy->downstreams[i].address.family &&
                uftp_address_same_host(&proxy->downstreams[i].address, &arrival->train->source);
    if (!known)
        return UFTP_ERR_AUTH;
    session->touched = arrival->now;
    proxy->stats.relayed_up += uftp_proxy_pass_on(proxy, packet, arrival, &session->up);
    return UFTP_OK;
}

/* ---- what every datagram of the sender's says ---- */

/* Nothing of it is proved where the session is encrypted and we relay sealed messages unopened: a
 * forger on the path could move our timers, within their bounds, and nothing else. */
static void heed_header(proxy_session *session, const uftp_packet *packet, uint64_t now)
{
    const uftp_header *header = &packet->header;
    session->touched = now;
    session->group_size_byte = header->group_size;
    if (header->grtt == session->grtt_byte)
        return;
    session->grtt_byte = header->grtt;
    uint64_t grtt = uftp_grtt_expand(header->grtt);
    session->grtt = grtt < PROXY_GRTT_MIN ? PROXY_GRTT_MIN : grtt;
}

/* ---- ANNOUNCE ---- */

static void pass_down(proxy_session *session, const uftp_packet *packet,
                      const proxy_arrival *arrival, const uftp_address *group)
{
    uftp_proxy *proxy = session->proxy;
    if (proxy->config.kind == UFTP_PROXY_CLIENT)
        proxy->stats.relayed_down += uftp_proxy_pass_on(proxy, packet, arrival, group);
}

int uftp_proxy_on_announce(uftp_proxy *proxy, proxy_session *session, const uftp_packet *packet,
                           const proxy_arrival *arrival)
{
    if (!session) {
        int err = uftp_proxy_session_start(proxy, packet, arrival, &session);
        if (err < 0)
            return err;
    } else if (session->server != packet->header.source ||
               !uftp_address_equal(&session->up, &arrival->train->source)) {
        return UFTP_ERR_AUTH; /* somebody else under the same number */
    }
    heed_header(session, packet, arrival->now);
    session->announced = arrival->now;
    session->announced_grtt = session->grtt;
    if (!proxy_gathers(proxy))
        return relay_to_downstreams(proxy, packet, arrival);
    pass_down(session, packet, arrival, &session->public_group);
    uftp_proxy_keys_announce(session);
    return UFTP_OK;
}

/* ---- everything else ---- */

/* For ourselves and, in the clear, for the receivers. */
static int on_reg_conf(proxy_session *session, const uftp_packet *packet,
                       const uftp_uid_message *message, const proxy_arrival *arrival)
{
    if (!session->keys)
        pass_down(session, packet, arrival, &session->private_group);
    uftp_proxy_clients_confirmed(session, arrival->now, &message->clients);
    return UFTP_OK;
}

/* Messages in the clear that a proxy acts upon, with their content. */
static int act(proxy_session *session, const uftp_packet *packet, const proxy_arrival *arrival)
{
    uftp_message message;
    int err = uftp_packet_message(packet, &message);
    if (err < 0)
        return err;
    uftp_event event = uftp_proxy_event(session, UFTP_EVENT_RECEIVED);
    event.message = message.type;
    uftp_proxy_push(session->proxy, &event);
    switch (message.type) {
    case UFTP_MESSAGE_REG_CONF:
        return on_reg_conf(session, packet, &message.as.reg_conf, arrival);
    case UFTP_MESSAGE_KEYINFO:
        return session->keys
                   ? uftp_proxy_keys_on_keyinfo(session, arrival->now, packet, &message.as.keyinfo)
                   : UFTP_ERR_MALFORMED;
    case UFTP_MESSAGE_ABORT:
        uftp_proxy_abort_from_sender(session, arrival->now, &message.as.abort);
        return UFTP_OK;
    default:
        return UFTP_ERR_MALFORMED;
    }
}

int uftp_proxy_on_downstream(proxy_session *session, uftp_packet *packet,
                             const proxy_arrival *arrival)
{
    uftp_proxy *proxy = session->proxy;
    if (packet->header.source != session->server)
        return UFTP_ERR_AUTH; /* "Source ID mismatch" */
    if (!proxy_gathers(proxy)) {
        heed_header(session, packet, arrival->now);
        return relay_to_downstreams(proxy, packet, arrival);
    }
    bool sealed = session->keys != NULL;
    switch (packet->header.type) {
    case UFTP_MESSAGE_REG_CONF:
    case UFTP_MESSAGE_KEYINFO:
    case UFTP_MESSAGE_ABORT:
        heed_header(session, packet, arrival->now);
        return act(session, packet, arrival);
    case UFTP_MESSAGE_ENCRYPTED:
        if (!sealed)
            return UFTP_ERR_AUTH;
        break;
    case UFTP_MESSAGE_FILEINFO:
    case UFTP_MESSAGE_FILESEG:
    case UFTP_MESSAGE_DONE:
    case UFTP_MESSAGE_DONE_CONF:
    case UFTP_MESSAGE_CONG_CTRL:
        if (sealed)
            return UFTP_ERR_AUTH; /* the receivers would not take it either */
        break;
    default:
        return UFTP_ERR_MALFORMED; /* a message that receivers send, or none */
    }
    heed_header(session, packet, arrival->now);
    pass_down(session, packet, arrival, &session->private_group);
    return UFTP_OK;
}
