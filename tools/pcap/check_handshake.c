/* SPDX-License-Identifier: MIT
 *
 * Rules on how a session begins: announcements, registrations, signatures.
 */
#include "check_internal.h"

#include "handshake.h"

#include <uftp/quantise.h>

enum { VERSION_4 = 0x40, VERSION_5 = 0x50, ROBUST_MIN = 10, ROBUST_MAX = 50 };

/* How late a busy machine may send the first of two packets. */
#define SCHEDULING UFTP_MS(20)

static bool keep(uftp_bytes bytes, uint8_t *out, size_t capacity, size_t *len)
{
    if (bytes.len > capacity)
        return false;
    if (bytes.len)
        memcpy(out, bytes.data, bytes.len);
    *len = bytes.len;
    return true;
}

/* ---- ANNOUNCE ---- */

/* What every ANNOUNCE of a session says: all but time, list, and signature. */
static uint64_t announce_digest(const uftp_announce *m, uint8_t version)
{
    const uint8_t fixed[] = {m->sync_mode,
                             m->sync_preview,
                             m->robust,
                             m->cc_type,
                             (uint8_t)(m->block_size >> 8),
                             (uint8_t)m->block_size,
                             m->encrypted};
    uint64_t digest = cap_digest(0, fixed, sizeof fixed);
    digest = cap_digest(digest, m->public_address.bytes, sizeof m->public_address.bytes);
    digest = cap_digest(digest, m->private_address.bytes, sizeof m->private_address.bytes);
    if (!m->encrypted || version != VERSION_5) /* a proxy of version 4 puts in its own keys */
        return digest;
    const uftp_enc_info *info = &m->enc_info;
    const uint8_t suite[] = {info->client_auth, info->cipher, info->hash};
    digest = cap_digest(digest, suite, sizeof suite);
    digest = cap_digest(digest, info->random, UFTP_RANDOM_LEN);
    digest = cap_digest(digest, info->public_key.data, info->public_key.len);
    return cap_digest(digest, info->ecdh_key.data, info->ecdh_key.len);
}

static void learn_keys(const check_case *c, const uftp_enc_info *info)
{
    check_session *s = c->session;
    const uftp_header *header = &c->packet->header;
    size_t offset = (size_t)(info->signature.data - info->whole.data);
    s->has_context =
        keep(info->public_key, s->server_key, sizeof s->server_key, &s->server_key_len) &&
        uftp_v5_server_context_init(&s->context, header->group, header->instance, header->source,
                                    info->whole, offset, info->signature.len) == UFTP_OK;
}

/* In version 4 an RSA exchange signs nothing. */
static void check_announce_signature(const check_case *c, const uftp_enc_info *info)
{
    const cap_packet *packet = c->packet;
    uftp_bytes bytes = packet->bytes;
    if (packet->sealed || info->signature.len == 0)
        return;
    size_t offset = (size_t)(info->signature.data - bytes.data);
    uftp_v4_server server = {.suite.hash = info->hash};
    int err = packet->header.version == VERSION_4
                  ? uftp_v4_announce_verify(&server, info->public_key, bytes.data, bytes.len,
                                            offset, info->signature.len)
                  : uftp_v5_announce_verify(info->public_key, info->hash, bytes.data, bytes.len,
                                            offset, info->signature.len);
    /* In version 4 there are keys that we do not take: shorter ones, other curves. They say nothing
     * about the signature. */
    bool other_key = packet->header.version == VERSION_4 && err != UFTP_ERR_AUTH;
    cap_rule_expect(c, CAP_RULE_ANNOUNCE_SIGNATURE, err == UFTP_OK || other_key);
}

static void check_announce(const check_case *c)
{
    const uftp_announce *m = &c->packet->message.as.announce;
    check_session *s = c->session;
    uint64_t digest = announce_digest(m, c->packet->header.version);
    if (m->encrypted)
        check_announce_signature(c, &m->enc_info);
    cap_rule_expect(c, CAP_RULE_ANNOUNCE_SETTINGS,
                    m->robust >= ROBUST_MIN && m->robust <= ROBUST_MAX &&
                        (m->cc_type == UFTP_CC_NONE || m->cc_type == UFTP_CC_TFMCC));
    if (!s->announced) {
        if (m->encrypted && c->packet->header.version == VERSION_5)
            learn_keys(c, &m->enc_info);
        s->announced = true;
        s->announce_digest = digest;
        s->open_membership = m->members.count == 0;
        s->signs = m->encrypted && m->enc_info.sigtype == UFTP_SIGTYPE_KEYEX;
        s->key_exchange = m->encrypted ? m->enc_info.key_exchange : 0;
    } else {
        cap_rule_expect(c, CAP_RULE_ANNOUNCE_CHANGED, digest == s->announce_digest);
        if (!uftp_seq_newer(c->packet->header.seq, s->announce_seq))
            return; /* seen a second time, as on both sides of a proxy */
        /* A closed group's list may fill several packets, one right behind the other. */
        if (s->open_membership && c->packet->time > s->announce_time)
            cap_rule_expect(c, CAP_RULE_ANNOUNCE_EARLY,
                            c->packet->time - s->announce_time + SCHEDULING >=
                                2 * s->announce_grtt);
    }
    s->announces++;
    if (s->open_membership)
        cap_rule_expect(c, CAP_RULE_ANNOUNCE_COUNT, s->announces <= m->robust);
    s->announce_seq = c->packet->header.seq;
    s->announce_time = c->packet->time;
    s->announce_grtt = uftp_grtt_expand(c->packet->header.grtt);
}

/* ---- REGISTER and its answers ---- */

static bool all_zero(const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (bytes[i])
            return false;
    return true;
}

static bool same_register(const check_case *c, const uftp_register *m)
{
    const check_peer *p = c->peer;
    /* A premaster under an RSA key may be sealed anew when it is sent again. */
    bool same_key =
        c->session->key_exchange == UFTP_KEY_EXCHANGE_RSA ||
        (p->ecdh_key_len == m->ecdh_key.len &&
         (p->ecdh_key_len == 0 || memcmp(p->ecdh_key, m->ecdh_key.data, p->ecdh_key_len) == 0));
    return same_key && memcmp(p->random, m->random, UFTP_RANDOM_LEN) == 0;
}

static void check_register(const check_case *c)
{
    const uftp_register *m = &c->packet->message.as.registration;
    check_peer *p = c->peer;
    if (c->session->announced) {
        bool empty = m->ecdh_key.len == 0 && all_zero(m->random, UFTP_RANDOM_LEN);
        cap_rule_expect(c, CAP_RULE_REGISTER_KEYS,
                        c->packet->session->encrypted ? m->ecdh_key.len > 0 : empty);
    }
    if (p->registered) {
        cap_rule_expect(c, CAP_RULE_REGISTER_CHANGED, same_register(c, m));
        return;
    }
    p->registered = keep(m->ecdh_key, p->ecdh_key, sizeof p->ecdh_key, &p->ecdh_key_len);
    memcpy(p->random, m->random, UFTP_RANDOM_LEN);
}

/* A receiver that was seen must have been seen registering. Of one that was not, this capture
 * cannot tell: it may be behind a proxy; nor of a proxy, which registers on its other side. */
static void check_confirmed(const check_case *c, uint32_t uid)
{
    const check_peer *peer = c->session->announced ? cap_check_other(c, uid) : NULL;
    if (peer)
        cap_rule_expect(c, CAP_RULE_CONFIRMED_UNSEEN, peer->registered || peer->is_proxy);
}

static void check_reg_conf(const check_case *c)
{
    const uftp_uid_list *list = &c->packet->message.as.reg_conf.clients;
    for (size_t i = 0; i < list->count; i++)
        check_confirmed(c, uftp_uid_list_get(list, i));
}

static void learn_proxy(const check_case *c)
{
    const uftp_proxy_key *m = &c->packet->message.as.proxy_key;
    check_peer *p = c->peer;
    c->session->has_proxies = true;
    if (m->whole.len + 4 > sizeof p->proxy_context || m->signature.len == 0 ||
        !keep(m->public_key, p->proxy_key, sizeof p->proxy_key, &p->proxy_key_len))
        return;
    uint32_t uid = c->packet->header.source;
    for (size_t i = 0; i < 4; i++)
        p->proxy_context[i] = (uint8_t)(uid >> (24 - 8 * i));
    memcpy(p->proxy_context + 4, m->whole.data, m->whole.len);
    memset(p->proxy_context + 4 + (m->signature.data - m->whole.data), 0, m->signature.len);
    p->proxy_context_len = 4 + m->whole.len;
}

static void check_keyinfo(const check_case *c)
{
    const uftp_keyinfo *m = &c->packet->message.as.keyinfo;
    const cap_packet *packet = c->packet;
    for (size_t i = 0; i < m->entry_count; i++) {
        const uint8_t *sealed;
        check_confirmed(c, uftp_keyinfo_entry(m, i, &sealed));
    }
    if (c->session->announced)
        cap_rule_expect(c, CAP_RULE_KEYINFO_PLAIN, packet->session->encrypted);
    const check_session *s = c->session;
    if (!s->has_context)
        return;
    bool from_server = packet->header.source == packet->session->server;
    const check_peer *p = c->peer;
    if (!from_server && !p->proxy_context_len)
        return; /* a proxy's, whose key was not seen */
    uftp_bytes key = {s->server_key, s->server_key_len}, context = {0};
    if (!from_server) {
        key = (uftp_bytes){p->proxy_key, p->proxy_key_len};
        context = (uftp_bytes){p->proxy_context, p->proxy_context_len};
    }
    int err = uftp_v5_keyinfo_verify(
        key, packet->session->hash, &s->context, context, packet->bytes.data, packet->bytes.len,
        (size_t)(m->signature.data - packet->bytes.data), m->signature.len);
    cap_rule_expect(c, CAP_RULE_KEYINFO_SIGNATURE, err == UFTP_OK);
}

static bool client_key_fits(const check_case *c, uftp_bytes proxy_context)
{
    const uftp_client_key *m = &c->packet->message.as.client_key;
    uftp_v5_client_context context;
    return uftp_v5_client_context_init(&context, proxy_context, c->packet->header.source,
                                       (uftp_bytes){c->peer->ecdh_key, c->peer->ecdh_key_len},
                                       c->peer->random) == UFTP_OK &&
           uftp_v5_client_key_verify(m->public_key, c->packet->session->hash, &c->session->context,
                                     &context, m->signature) == UFTP_OK;
}

/* The signature covers the proxy in between, if any: which one, the packet does not say. */
static void check_client_key_v5(const check_case *c)
{
    if (!c->session->has_context || !c->peer->registered)
        return;
    bool fits = client_key_fits(c, (uftp_bytes){0});
    for (const cap_peer *peer = c->packet->session->first_peer;
         !fits && c->session->has_proxies && peer; peer = peer->next) {
        const check_peer *p = cap_check_other(c, peer->uid);
        if (p && p->proxy_context_len)
            fits = client_key_fits(c, (uftp_bytes){p->proxy_context, p->proxy_context_len});
    }
    cap_rule_expect(c, CAP_RULE_CLIENT_KEY_SIGNATURE, fits);
}

/* In version 4 it covers the premaster, which shows when KEYINFO is there, too. */
static void check_client_key(const check_case *c)
{
    const uftp_client_key *m = &c->packet->message.as.client_key;
    check_peer *p = c->peer;
    if (c->session->announced)
        cap_rule_expect(c, CAP_RULE_CLIENT_KEY_UNASKED, c->packet->session->client_auth);
    if (c->packet->header.version != VERSION_4)
        check_client_key_v5(c);
    else if (keep(m->signature, p->client_key_signature, sizeof p->client_key_signature,
                  &p->client_key_signature_len))
        p->client_key_number = c->packet->number;
}

/* ---- KEYINFO_ACK: what the secrets have shown by then ---- */

static void check_ack_v4(const check_case *c, const cap_handshake *h, const cap_exchange *x)
{
    const uftp_keyinfo_ack *m = &c->packet->message.as.keyinfo_ack;
    check_peer *p = c->peer;
    uftp_v4_client client = {.premaster_len = x->premaster_len};
    memcpy(client.random, x->random, sizeof client.random);
    memcpy(client.premaster, x->premaster, x->premaster_len);
    const uftp_bytes key = {x->public_key, x->public_key_len};
    uint8_t proof[UFTP_V4_VERIFY_LEN];
    uftp_v4_verify_data(&h->server.v4, &client, key, x->master, proof);
    cap_rule_expect(c, CAP_RULE_ACK_PROOF,
                    m->verify_data.len == sizeof proof &&
                        memcmp(m->verify_data.data, proof, sizeof proof) == 0);
    if (p->client_key_number == 0)
        return;
    int err = uftp_v4_client_key_verify(
        &h->server.v4, &client, key,
        (uftp_bytes){p->client_key_signature, p->client_key_signature_len});
    cap_rule_expect_of(c, p->client_key_number, CAP_RULE_CLIENT_KEY_SIGNATURE, err == UFTP_OK);
    p->client_key_number = 0;
}

static void check_ack_v5(const check_case *c, const cap_handshake *h, const cap_exchange *x)
{
    const uftp_keyinfo_ack *m = &c->packet->message.as.keyinfo_ack;
    uftp_v5_client_context context;
    uftp_traffic traffic;
    uint8_t proof[UFTP_HASH_LEN_MAX];
    if (!cap_exchange_context(x, c->packet->header.source, x->leg, &context))
        return;
    uftp_v5_client_app_keys(&h->server.v5.suite, x->master, &h->server.v5.context, &context,
                            &traffic, proof);
    size_t len = uftp_hash_len(h->server.v5.suite.hash);
    cap_rule_expect(c, CAP_RULE_ACK_PROOF,
                    m->verify_data.len == len && memcmp(m->verify_data.data, proof, len) == 0);
}

static void check_keyinfo_ack(const check_case *c)
{
    const cap_handshake *h = c->packet->session->handshake;
    const cap_exchange *x = c->packet->peer->exchange;
    if (!h || !x || !x->solved)
        return;
    if (c->packet->header.version == VERSION_4 && x->premaster_len)
        check_ack_v4(c, h, x);
    else if (c->packet->header.version == VERSION_5 && x->leg)
        check_ack_v5(c, h, x);
}

void cap_check_handshake(const check_case *c)
{
    switch ((uftp_message_type)c->packet->message.type) {
    case UFTP_MESSAGE_ANNOUNCE:
        check_announce(c);
        break;
    case UFTP_MESSAGE_REGISTER:
        check_register(c);
        break;
    case UFTP_MESSAGE_REG_CONF:
        check_reg_conf(c);
        break;
    case UFTP_MESSAGE_PROXY_KEY:
        learn_proxy(c);
        break;
    case UFTP_MESSAGE_KEYINFO:
        check_keyinfo(c);
        break;
    case UFTP_MESSAGE_CLIENT_KEY:
        check_client_key(c);
        break;
    case UFTP_MESSAGE_KEYINFO_ACK:
        check_keyinfo_ack(c);
        break;
    default: /* of files */
        break;
    }
}
