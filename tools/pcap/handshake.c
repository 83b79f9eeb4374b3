/* SPDX-License-Identifier: MIT */
#include "handshake.h"

#include <stdlib.h>
#include <string.h>

enum { VERSION_4 = 0x40 };

static bool keep(uftp_bytes bytes, uint8_t *out, size_t capacity, size_t *len)
{
    if (bytes.len > capacity)
        return false;
    if (bytes.len)
        memcpy(out, bytes.data, bytes.len);
    *len = bytes.len;
    return true;
}

static bool same(const uint8_t *kept, size_t len, uftp_bytes bytes)
{
    return len == bytes.len && (len == 0 || memcmp(kept, bytes.data, len) == 0);
}

static cap_handshake *of_session(cap_session *session)
{
    if (!session->handshake)
        session->handshake = calloc(1, sizeof *session->handshake);
    return session->handshake; /* NULL: no memory, and the session stays sealed */
}

static cap_exchange *of_peer(cap_peer *peer)
{
    if (!peer->exchange)
        peer->exchange = calloc(1, sizeof *peer->exchange);
    return peer->exchange;
}

static void mark(cap_handshake *h, cap_exchange *x)
{
    h->dirty += !x->dirty;
    x->dirty = true;
}

/* ---- senders and proxies ---- */

static void add_leg(cap_handshake *h, uftp_bytes public_key, uftp_bytes ecdh_key,
                    uftp_bytes context)
{
    for (const cap_leg *leg = h->legs; leg; leg = leg->next)
        if (same(leg->public_key, leg->public_key_len, public_key) &&
            same(leg->ecdh_key, leg->ecdh_key_len, ecdh_key) &&
            same(leg->context, leg->context_len, context))
            return;
    cap_leg *leg = h->leg_count < CAP_LEGS_MAX ? calloc(1, sizeof *leg) : NULL;
    if (!leg || !keep(public_key, leg->public_key, sizeof leg->public_key, &leg->public_key_len) ||
        !keep(ecdh_key, leg->ecdh_key, sizeof leg->ecdh_key, &leg->ecdh_key_len) ||
        !keep(context, leg->context, sizeof leg->context, &leg->context_len)) {
        free(leg);
        return;
    }
    cap_leg **last = &h->legs;
    while (*last)
        last = &(*last)->next;
    *last = leg;
    h->leg_count++;
    h->changes++;
}

static bool learn_server(cap_handshake *h, const uftp_header *header, const uftp_announce *m)
{
    const uftp_enc_info *info = &m->enc_info;
    if (header->version == VERSION_4) {
        uftp_v4_server *server = &h->server.v4;
        *server =
            (uftp_v4_server){.suite = {info->key_exchange, info->sigtype, info->cipher, info->hash},
                             .group = header->group,
                             .address_len = m->private_address.family == UFTP_IPV6 ? 16 : 4};
        memcpy(server->address, m->private_address.bytes, server->address_len);
        memcpy(server->random, info->random, UFTP_RANDOM_LEN);
        return uftp_v4_suite_check(&server->suite) == UFTP_OK;
    }
    h->server.v5.suite = (uftp_suite){.cipher = info->cipher, .hash = info->hash};
    return uftp_v5_server_context_init(
               &h->server.v5.context, header->group, header->instance, header->source, info->whole,
               (size_t)(info->signature.data - info->whole.data), info->signature.len) == UFTP_OK;
}

static void take_announce(const cap_packet *packet)
{
    const uftp_announce *m = &packet->message.as.announce;
    cap_handshake *h = m->encrypted ? of_session(packet->session) : NULL;
    if (!h)
        return;
    if (!h->announced)
        h->announced = learn_server(h, &packet->header, m);
    /* A proxy of version 4 puts its own keys into the ANNOUNCE that it passes on. */
    add_leg(h, m->enc_info.public_key, m->enc_info.ecdh_key, (uftp_bytes){0});
}

static void take_proxy_key(const cap_packet *packet)
{
    const uftp_proxy_key *m = &packet->message.as.proxy_key;
    cap_handshake *h = of_session(packet->session);
    uint8_t context[4 + 1020];
    if (!h || m->signature.len == 0 || m->whole.len > sizeof context - 4)
        return;
    for (size_t i = 0; i < 4; i++)
        context[i] = (uint8_t)(packet->header.source >> (24 - 8 * i));
    memcpy(context + 4, m->whole.data, m->whole.len);
    memset(context + 4 + (m->signature.data - m->whole.data), 0, m->signature.len);
    add_leg(h, m->public_key, m->ecdh_key, (uftp_bytes){context, 4 + m->whole.len});
}

/* ---- receivers ---- */

static void take_register(const cap_packet *packet)
{
    const uftp_register *m = &packet->message.as.registration;
    cap_handshake *h = m->ecdh_key.len ? of_session(packet->session) : NULL;
    cap_exchange *x = h ? of_peer(packet->peer) : NULL;
    if (!x || (x->registered && same(x->secret, x->secret_len, m->ecdh_key) &&
               memcmp(x->random, m->random, UFTP_RANDOM_LEN) == 0))
        return;
    x->registered = keep(m->ecdh_key, x->secret, sizeof x->secret, &x->secret_len);
    memcpy(x->random, m->random, UFTP_RANDOM_LEN);
    mark(h, x);
}

static void take_client_key(const cap_packet *packet)
{
    const uftp_client_key *m = &packet->message.as.client_key;
    cap_handshake *h = of_session(packet->session);
    cap_exchange *x = h ? of_peer(packet->peer) : NULL;
    uint8_t bytes[sizeof x->client_key];
    size_t len;
    if (!x || !keep(m->whole, bytes, sizeof bytes, &len))
        return;
    if (m->signature.len)
        memset(bytes + (m->signature.data - m->whole.data), 0, m->signature.len);
    if (same(x->client_key, x->client_key_len, (uftp_bytes){bytes, len}) ||
        !keep(m->public_key, x->public_key, sizeof x->public_key, &x->public_key_len))
        return;
    memcpy(x->client_key, bytes, len);
    x->client_key_len = len;
    h->changes++;
    mark(h, x);
}

static void take_keyinfo(const cap_packet *packet)
{
    const uftp_keyinfo *m = &packet->message.as.keyinfo;
    cap_handshake *h = of_session(packet->session);
    for (size_t i = 0; h && i < m->entry_count; i++) {
        const uint8_t *sealed;
        cap_peer *peer = cap_session_peer(packet->session, uftp_keyinfo_entry(m, i, &sealed));
        cap_exchange *x = peer ? of_peer(peer) : NULL;
        if (!x || x->solved) /* of a peer that was not seen nothing can be made */
            continue;
        x->keyed = true;
        x->key_source = packet->header.source;
        x->key_counter = m->iv_counter;
        memcpy(x->sealed, sealed, sizeof x->sealed);
        mark(h, x);
    }
}

void cap_handshake_take(const cap_packet *packet)
{
    switch ((uftp_message_type)packet->message.type) {
    case UFTP_MESSAGE_ANNOUNCE:
        take_announce(packet);
        break;
    case UFTP_MESSAGE_PROXY_KEY:
        take_proxy_key(packet);
        break;
    case UFTP_MESSAGE_REGISTER:
        take_register(packet);
        break;
    case UFTP_MESSAGE_CLIENT_KEY:
        take_client_key(packet);
        break;
    case UFTP_MESSAGE_KEYINFO:
        take_keyinfo(packet);
        break;
    default: /* says nothing of keys */
        break;
    }
}

bool cap_exchange_context(const cap_exchange *x, uint32_t uid, const cap_leg *leg,
                          uftp_v5_client_context *out)
{
    if (uftp_v5_client_context_init(out, (uftp_bytes){leg->context, leg->context_len}, uid,
                                    (uftp_bytes){x->secret, x->secret_len}, x->random) < 0)
        return false;
    return x->client_key_len == 0 ||
           uftp_v5_client_context_add_key(out, (uftp_bytes){x->client_key, x->client_key_len}, 0,
                                          0) == UFTP_OK;
}

void cap_handshake_free(cap_handshake *handshake)
{
    if (!handshake)
        return;
    for (cap_leg *leg = handshake->legs, *next; leg; leg = next) {
        next = leg->next;
        free(leg);
    }
    uftp_wipe(handshake->masters, sizeof handshake->masters);
    free(handshake);
}

void cap_exchange_free(cap_exchange *exchange)
{
    if (!exchange)
        return;
    uftp_wipe(exchange, sizeof *exchange);
    free(exchange);
}
