/* SPDX-License-Identifier: MIT */
#include "standin_clients.h"

#include "crypto/hash.h"
#include "golden.h"
#include "session/packet.h"

#include <string.h>

void standin_clients_open(standin_clients *s, replay_kind kind, const cap_keylog *keylog,
                          const char *folder, const json_t *manifest)
{
    *s = (standin_clients){.kind = kind, .keylog = keylog, .folder = folder};
    test_memory_init(&s->memory);
    test_random_init(&s->random, 3);
    const char *node;
    const json_t *described;
    json_object_foreach((json_t *)(uintptr_t)json_object_get(manifest, "nodes"), node, described)
    {
        if (strcmp(golden_text(described, "role"), "sender") == 0)
            continue;
        assert_true(s->count < STANDIN_CLIENTS_MAX);
        standin_client *c = &s->clients[s->count++];
        c->uid = golden_uid(manifest, node);
        c->key = golden_key(folder, node, &s->memory.allocator);
    }
}

void standin_clients_close(standin_clients *s)
{
    for (size_t i = 0; i < s->count; i++) {
        uftp_key_free(s->clients[i].key);
        uftp_ecdh_free(s->clients[i].ecdh);
    }
    assert_int_equal(s->memory.live, 0);
}

static standin_client *find(standin_clients *s, uint32_t uid)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->clients[i].uid == uid)
            return &s->clients[i];
    return NULL;
}

static const cap_keylog_entry *logged(const standin_clients *s, cap_keylog_label label,
                                      uint32_t uid)
{
    size_t count;
    return cap_keylog_find(s->keylog, label, s->group, uid, &count);
}

/* ---- what our sender says ---- */

static void hear_announce(standin_clients *s, const cap_packet *packet)
{
    const uftp_announce *announce = &packet->message.as.announce;
    const uftp_enc_info *info = &announce->enc_info;
    s->announced = true;
    s->group = packet->header.group;
    s->rsa = info->ecdh_key.len == 0;
    s->server_ecdh_len = info->ecdh_key.len;
    if (info->ecdh_key.len)
        memcpy(s->server_ecdh, info->ecdh_key.data, info->ecdh_key.len);
    s->suite = (uftp_suite){.cipher = info->cipher, .hash = info->hash};
    if (packet->wire == &uftp_wire_v5) {
        assert_int_equal(
            uftp_v5_server_context_init(&s->server, packet->header.group, packet->header.instance,
                                        packet->header.source, info->whole,
                                        (size_t)(info->signature.data - info->whole.data),
                                        info->signature.len),
            UFTP_OK);
        return;
    }
    s->server_v4 =
        (uftp_v4_server){.suite = {info->key_exchange, info->sigtype, info->cipher, info->hash},
                         .group = packet->header.group,
                         .address_len = announce->private_address.family == UFTP_IPV6 ? 16 : 4};
    memcpy(s->server_v4.address, announce->private_address.bytes, 16);
    memcpy(s->server_v4.random, info->random, UFTP_RANDOM_LEN);
}

static _Noreturn void sealed_for_nobody(const standin_client *c)
{
    replay_broken(REPLAY_RULE_KEYINFO_OPENS, "session.pcap", 0, "the entry of %08X does not open",
                  c ? (unsigned)c->uid : 0);
}

static void open_entry_v5(standin_clients *s, standin_client *c, uint64_t counter,
                          const uint8_t *sealed)
{
    uint8_t master[UFTP_GROUP_MASTER_LEN];
    if (uftp_v5_master_open(&s->suite, &c->server_hs, counter, &s->server, &c->context, sealed,
                            master) < 0)
        sealed_for_nobody(c);
    uftp_v5_client_app_keys(&s->suite, master, &s->server, &c->context, &c->client_app, c->verify);
}

static void open_entry_v4(standin_clients *s, standin_client *c, const cap_packet *packet,
                          const uint8_t *sealed)
{
    uint8_t master[UFTP_V4_MASTER_LEN];
    if (uftp_v4_master_open(&s->server_v4, &c->v4, packet->header.source,
                            packet->message.as.keyinfo.iv_counter, sealed, master) < 0)
        sealed_for_nobody(c);
    uftp_v4_verify_data(&s->server_v4, &c->v4,
                        c->key && c->keyed ? uftp_key_blob(c->key) : (uftp_bytes){0}, master,
                        c->verify);
    if (s->has_sealing_v4)
        return;
    uftp_v4_keys group;
    uftp_v4_group_keys(&s->server_v4, master, &group);
    uftp_v4_sealing_init(&s->sealing_v4, &s->server_v4.suite, &group);
    s->has_sealing_v4 = true;
}

static void hear_keyinfo(standin_clients *s, const cap_packet *packet)
{
    const uftp_keyinfo *keyinfo = &packet->message.as.keyinfo;
    for (size_t i = 0; i < keyinfo->entry_count; i++) {
        const uint8_t *sealed;
        standin_client *c = find(s, uftp_keyinfo_entry(keyinfo, i, &sealed));
        if (!c || !c->registered)
            sealed_for_nobody(c);
        if (packet->wire == &uftp_wire_v5)
            open_entry_v5(s, c, keyinfo->iv_counter, sealed);
        else
            open_entry_v4(s, c, packet, sealed);
    }
}

void standin_clients_hear(standin_clients *s, const cap_packet *packet)
{
    if (packet->header.type == UFTP_MESSAGE_ANNOUNCE && !s->announced)
        hear_announce(s, packet);
    else if (packet->header.type == UFTP_MESSAGE_KEYINFO)
        hear_keyinfo(s, packet);
}

/* ---- what the receivers say ---- */

/* OPENED: an ephemeral key, the captured one where there is a scalar. */
static void make_ecdh(standin_clients *s, standin_client *c)
{
    uftp_bytes blob = {s->server_ecdh, s->server_ecdh_len};
    const cap_keylog_entry *scalar = logged(s, CAP_KEYLOG_CLIENT_ECDH_PRIVATE, c->uid);
    uftp_curve curve = uftp_ecdh_blob_curve(blob);
    assert_int_equal(
        scalar ? uftp_ecdh_import(&s->memory.allocator, curve, scalar->value, scalar->len, &c->ecdh)
               : uftp_ecdh_generate(&s->memory.allocator, &s->random.random, curve, &c->ecdh),
        UFTP_OK);
}

static void take_traffic(const standin_clients *s, uint32_t uid, cap_keylog_label key_label,
                         cap_keylog_label iv_label, uftp_traffic *out)
{
    const cap_keylog_entry *key = logged(s, key_label, uid), *iv = logged(s, iv_label, uid);
    assert_true(key && iv && key->len <= sizeof out->key && iv->len == sizeof out->iv);
    memcpy(out->key, key->value, key->len);
    memcpy(out->iv, iv->value, iv->len);
}

static void register_v5(standin_clients *s, standin_client *c, const uftp_register *m)
{
    assert_int_equal(
        uftp_v5_client_context_init(&c->context, (uftp_bytes){0}, c->uid, m->ecdh_key, m->random),
        UFTP_OK);
    if (c->ecdh) {
        assert_int_equal(uftp_v5_handshake_keys(
                             &s->suite, c->ecdh, (uftp_bytes){s->server_ecdh, s->server_ecdh_len},
                             &s->server, &c->context, &c->server_hs, &c->client_hs),
                         UFTP_OK);
        return;
    }
    take_traffic(s, c->uid, CAP_KEYLOG_SERVER_HS_KEY, CAP_KEYLOG_SERVER_HS_IV, &c->server_hs);
    take_traffic(s, c->uid, CAP_KEYLOG_CLIENT_HS_KEY, CAP_KEYLOG_CLIENT_HS_IV, &c->client_hs);
}

static void register_v4(standin_clients *s, standin_client *c, const uftp_register *m)
{
    memcpy(c->v4.random, m->random, UFTP_RANDOM_LEN);
    if (c->ecdh) {
        assert_int_equal(uftp_v4_premaster_ecdh(&c->v4, c->ecdh,
                                                (uftp_bytes){s->server_ecdh, s->server_ecdh_len}),
                         UFTP_OK);
    } else {
        const cap_keylog_entry *premaster = logged(s, CAP_KEYLOG_PREMASTER, c->uid);
        assert_true(premaster && premaster->len <= sizeof c->v4.premaster);
        memcpy(c->v4.premaster, premaster->value, premaster->len);
        c->v4.premaster_len = premaster->len;
    }
    uftp_v4_client_keys(&s->server_v4, &c->v4);
}

static void prepare_register(standin_clients *s, standin_client *c, const uftp_wire *wire,
                             uftp_register *m)
{
    if (s->kind == REPLAY_OPENED && !s->rsa && !c->ecdh)
        make_ecdh(s, c);
    if (c->ecdh)
        m->ecdh_key = uftp_ecdh_blob(c->ecdh);
    c->registered = true;
    if (wire == &uftp_wire_v5)
        register_v5(s, c, m);
    else
        register_v4(s, c, m);
}

/* A CLIENT_KEY is signed over the handshake: anew where that is another one. */
static void prepare_client_key(standin_clients *s, standin_client *c, const uftp_wire *wire,
                               uftp_client_key *m)
{
    static uint8_t signature[UFTP_SIGNATURE_MAX];
    assert_true(c->registered);
    c->keyed = true;
    if (s->kind != REPLAY_OPENED)
        return;
    if (!c->key) /* nobody knows the captured one */
        c->key = golden_any_key(&s->memory.allocator);
    m->public_key = uftp_key_blob(c->key);
    if (wire == &uftp_wire_v5) {
        m->signature = (uftp_bytes){signature, uftp_v5_signature_len(c->key)};
        assert_int_equal(uftp_v5_client_key_sign(c->key, &s->random.random, s->suite.hash,
                                                 &s->server, &c->context, signature),
                         UFTP_OK);
    } else {
        m->signature = (uftp_bytes){signature, uftp_signature_len(c->key)};
        assert_int_equal(
            uftp_v4_client_key_sign(&s->server_v4, &c->v4, c->key, &s->random.random, signature),
            UFTP_OK);
    }
}

/* The header of CLIENT_KEY, as written, enters the keys of version 5 (spec v5 3.3). */
static void add_client_key(standin_client *c, const uftp_wire *wire, const uftp_client_key *m)
{
    static uint8_t bytes[2 * UFTP_KEY_BLOB_MAX + UFTP_SIGNATURE_MAX];
    uftp_writer w = {.at = bytes, .end = bytes + sizeof bytes};
    const uftp_message message = {.type = UFTP_MESSAGE_CLIENT_KEY, .as.client_key = *m};
    assert_int_equal(wire->message_write(&w, &message), UFTP_OK);
    size_t len = (size_t)(w.at - bytes);
    assert_int_equal(uftp_v5_client_context_add_key(&c->context, (uftp_bytes){bytes, len},
                                                    len - m->signature.len, m->signature.len),
                     UFTP_OK);
}

static void prepare(standin_clients *s, standin_client *c, const standin_words *words)
{
    uftp_message *m = words->message;
    if (m->type == UFTP_MESSAGE_REGISTER) {
        prepare_register(s, c, words->wire, &m->as.registration);
    } else if (m->type == UFTP_MESSAGE_CLIENT_KEY) {
        prepare_client_key(s, c, words->wire, &m->as.client_key);
        if (words->wire == &uftp_wire_v5)
            add_client_key(c, words->wire, &m->as.client_key);
    } else if (m->type == UFTP_MESSAGE_KEYINFO_ACK && s->kind == REPLAY_OPENED) {
        m->as.keyinfo_ack.verify_data.data = c->verify;
    }
}

size_t standin_clients_write(standin_clients *s, const standin_words *words, uint8_t *out,
                             size_t capacity)
{
    size_t len = 0;
    standin_client *c = find(s, words->header.source);
    bool encrypted = s->announced;
    if (encrypted) {
        assert_non_null(c);
        prepare(s, c, words);
    }
    uftp_header header = words->header;
    header.type = words->message->type;
    uftp_aead aead;
    uftp_sealing sealing = {.group = &s->sealing_v4, .random = &s->random.random};
    if (words->sealed && words->wire == &uftp_wire_v5) {
        const uftp_traffic *traffic =
            words->message->type == UFTP_MESSAGE_CLIENT_KEY ? &c->client_hs : &c->client_app;
        assert_int_equal(uftp_aead_init(&aead, s->suite.cipher, traffic->key), UFTP_OK);
        sealing = (uftp_sealing){.aead = &aead, .traffic = traffic};
    } else if (words->sealed) {
        assert_true(s->has_sealing_v4);
        sealing.own_key = c->key;
    }
    assert_int_equal(uftp_packet_write(words->wire, &header, words->message,
                                       words->sealed ? &sealing : NULL, words->counter, out,
                                       capacity, &len),
                     UFTP_OK);
    return len;
}
