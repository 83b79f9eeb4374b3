/* SPDX-License-Identifier: MIT */
#include "standin_server.h"

#include "crypto/hash.h"
#include "golden.h"

#include <string.h>

void standin_server_open(standin_server *s, const cap_keylog *keylog, const char *folder,
                         uint32_t client)
{
    *s = (standin_server){.keylog = keylog, .folder = folder, .client = client};
    test_memory_init(&s->memory);
    test_random_init(&s->random, 2);
}

void standin_server_close(standin_server *s)
{
    uftp_key_free(s->key);
    uftp_ecdh_free(s->ecdh);
    assert_int_equal(s->memory.live, 0);
}

static bool is_v5(const cap_packet *packet)
{
    return packet->wire == &uftp_wire_v5;
}

static uftp_bytes as_captured(standin_server *s, const cap_packet *packet)
{
    memcpy(s->datagram, packet->bytes.data, packet->bytes.len);
    return (uftp_bytes){s->datagram, packet->bytes.len};
}

/* ---- ANNOUNCE ---- */

static const cap_keylog_entry *logged(const standin_server *s, cap_keylog_label label,
                                      const cap_packet *packet)
{
    size_t count;
    const cap_keylog_entry *entry =
        cap_keylog_find(s->keylog, label, packet->header.group, packet->session->server, &count);
    assert_true(entry && count > 0);
    return entry;
}

static void load_secrets(standin_server *s, const cap_packet *packet)
{
    const uftp_enc_info *info = &packet->message.as.announce.enc_info;
    const cap_keylog_entry *scalar = logged(s, CAP_KEYLOG_SERVER_ECDH_PRIVATE, packet);
    const cap_keylog_entry *master = logged(s, CAP_KEYLOG_GROUP_MASTER, packet);
    assert_int_equal(uftp_ecdh_import(&s->memory.allocator, uftp_ecdh_blob_curve(info->ecdh_key),
                                      scalar->value, scalar->len, &s->ecdh),
                     UFTP_OK);
    assert_int_equal(uftp_ecdh_blob(s->ecdh).len, info->ecdh_key.len);
    assert_memory_equal(uftp_ecdh_blob(s->ecdh).data, info->ecdh_key.data, info->ecdh_key.len);
    assert_true(master->len <= sizeof s->master);
    memcpy(s->master, master->value, master->len);
}

static void load_key(standin_server *s, uftp_bytes announced)
{
    s->key = golden_key(s->folder, "server", &s->memory.allocator);
    if (s->key) {
        uftp_bytes blob = uftp_key_blob(s->key);
        assert_int_equal(blob.len, announced.len);
        assert_memory_equal(blob.data, announced.data, blob.len);
        return;
    }
    s->key_replaced = true;
    s->key = golden_any_key(&s->memory.allocator);
}

/* Reads back what was written or captured: signatures are found by their place. */
static void read_message(const cap_packet *packet, uftp_bytes datagram, uftp_message *out)
{
    size_t header_len = packet->wire->header_len;
    uftp_reader r = {.at = datagram.data + header_len, .end = datagram.data + datagram.len};
    assert_int_equal(packet->wire->message_read(&r, out), UFTP_OK);
}

static uftp_bytes write_message(standin_server *s, const cap_packet *packet,
                                const uftp_message *message)
{
    uftp_writer w = {.at = s->datagram, .end = s->datagram + sizeof s->datagram};
    assert_int_equal(packet->wire->header_write(&w, &packet->header), UFTP_OK);
    assert_int_equal(packet->wire->message_write(&w, message), UFTP_OK);
    return (uftp_bytes){s->datagram, (size_t)(w.at - s->datagram)};
}

static uftp_bytes sign_announce(standin_server *s, const cap_packet *packet)
{
    uftp_message message = packet->message;
    uftp_enc_info *info = &message.as.announce.enc_info;
    info->public_key = uftp_key_blob(s->key);
    info->signature = (uftp_bytes){.len = uftp_v5_signature_len(s->key)};
    uftp_bytes datagram = write_message(s, packet, &message);
    read_message(packet, datagram, &message);
    assert_int_equal(uftp_v5_announce_sign(s->key, &s->random.random, info->hash, s->datagram,
                                           datagram.len,
                                           (size_t)(info->signature.data - datagram.data)),
                     UFTP_OK);
    return datagram;
}

static void begin_v5(standin_server *s, const cap_packet *packet, uftp_bytes datagram)
{
    uftp_message message;
    read_message(packet, datagram, &message);
    const uftp_enc_info *info = &message.as.announce.enc_info;
    s->suite = (uftp_suite){.cipher = info->cipher, .hash = info->hash};
    assert_int_equal(uftp_v5_server_context_init(
                         &s->server, packet->header.group, packet->header.instance,
                         packet->header.source, info->whole,
                         (size_t)(info->signature.data - info->whole.data), info->signature.len),
                     UFTP_OK);
    uftp_v5_server_app_keys(&s->suite, s->master, &s->server, &s->server_app);
    assert_int_equal(uftp_aead_init(&s->server_app_aead, s->suite.cipher, s->server_app.key),
                     UFTP_OK);
}

static void begin_v4(standin_server *s, const cap_packet *packet)
{
    const uftp_announce *announce = &packet->message.as.announce;
    const uftp_enc_info *info = &announce->enc_info;
    s->server_v4 =
        (uftp_v4_server){.suite = {info->key_exchange, info->sigtype, info->cipher, info->hash},
                         .group = packet->header.group,
                         .address_len = announce->private_address.family == UFTP_IPV6 ? 16 : 4};
    memcpy(s->server_v4.address, announce->private_address.bytes, 16);
    memcpy(s->server_v4.random, info->random, UFTP_RANDOM_LEN);
}

static uftp_bytes say_announce(standin_server *s, const cap_packet *packet)
{
    bool first = !s->announced;
    s->announced = true;
    if (first)
        load_secrets(s, packet);
    if (!is_v5(packet)) {
        if (first)
            begin_v4(s, packet);
        return as_captured(s, packet);
    }
    if (first)
        load_key(s, packet->message.as.announce.enc_info.public_key);
    uftp_bytes datagram = s->key_replaced ? sign_announce(s, packet) : as_captured(s, packet);
    if (first)
        begin_v5(s, packet, datagram);
    return datagram;
}

/* ---- KEYINFO ---- */

static void seal_master(const standin_server *s, const cap_packet *packet, uint8_t sealed[48])
{
    uint64_t counter = packet->message.as.keyinfo.iv_counter;
    assert_true(s->registered);
    if (is_v5(packet))
        uftp_v5_master_seal(&s->suite, &s->server_hs, counter, &s->server, &s->context, s->master,
                            sealed);
    else
        uftp_v4_master_seal(&s->server_v4, &s->client_v4, packet->header.source, counter, s->master,
                            sealed);
}

static uftp_bytes say_keyinfo(standin_server *s, const cap_packet *packet)
{
    static uint8_t entries[UFTP_DATAGRAM_MAX];
    uftp_message message = packet->message;
    uftp_keyinfo *keyinfo = &message.as.keyinfo;
    memcpy(entries, keyinfo->entries, keyinfo->entry_count * UFTP_KEYINFO_ENTRY_LEN);
    for (size_t i = 0; i < keyinfo->entry_count; i++) {
        const uint8_t *sealed;
        if (uftp_keyinfo_entry(keyinfo, i, &sealed) == s->client)
            seal_master(s, packet, entries + i * UFTP_KEYINFO_ENTRY_LEN + 4);
    }
    keyinfo->entries = entries;
    keyinfo->signature = (uftp_bytes){.len = is_v5(packet) ? uftp_v5_signature_len(s->key) : 0};
    uftp_bytes datagram = write_message(s, packet, &message);
    if (!is_v5(packet))
        return datagram;
    read_message(packet, datagram, &message);
    assert_int_equal(uftp_v5_keyinfo_sign(s->key, &s->random.random, s->suite.hash, &s->server,
                                          (uftp_bytes){0}, s->datagram, datagram.len,
                                          (size_t)(keyinfo->signature.data - datagram.data)),
                     UFTP_OK);
    return datagram;
}

/* ---- sealed ---- */

static uftp_bytes seal_again(standin_server *s, const cap_packet *packet)
{
    const uftp_encrypted wrapper = {.iv_counter = packet->encrypted.iv_counter,
                                    .payload = {.len = packet->plain.len + UFTP_TAG_LEN}};
    uftp_writer w = {.at = s->datagram, .end = s->datagram + sizeof s->datagram};
    assert_int_equal(packet->wire->header_write(&w, &packet->header), UFTP_OK);
    assert_int_equal(packet->wire->encrypted_write(&w, &wrapper), UFTP_OK);
    size_t message_at = (size_t)(w.at - s->datagram) - wrapper.payload.len;
    memcpy(s->datagram + message_at, packet->plain.data, packet->plain.len);
    uftp_v5_seal(&s->server_app_aead, &s->server_app, wrapper.iv_counter, s->datagram,
                 packet->plain.len);
    return (uftp_bytes){s->datagram, (size_t)(w.at - s->datagram)};
}

uftp_bytes standin_server_say(standin_server *s, const cap_packet *packet)
{
    if (packet->header.type == UFTP_MESSAGE_ANNOUNCE)
        return say_announce(s, packet);
    if (packet->header.type == UFTP_MESSAGE_KEYINFO)
        return say_keyinfo(s, packet);
    return packet->sealed && s->key_replaced ? seal_again(s, packet) : as_captured(s, packet);
}

/* ---- the receiver's share ---- */

static void hear_register(standin_server *s, const cap_packet *packet)
{
    const uftp_register *m = &packet->message.as.registration;
    s->registered = true;
    if (is_v5(packet)) {
        assert_int_equal(uftp_v5_client_context_init(&s->context, (uftp_bytes){0}, s->client,
                                                     m->ecdh_key, m->random),
                         UFTP_OK);
        assert_int_equal(uftp_v5_handshake_keys(&s->suite, s->ecdh, m->ecdh_key, &s->server,
                                                &s->context, &s->server_hs, &s->client_hs),
                         UFTP_OK);
        return;
    }
    memcpy(s->client_v4.random, m->random, UFTP_RANDOM_LEN);
    assert_int_equal(uftp_v4_premaster_ecdh(&s->client_v4, s->ecdh, m->ecdh_key), UFTP_OK);
    uftp_v4_client_keys(&s->server_v4, &s->client_v4);
}

static void hear_client_key(standin_server *s, const cap_packet *packet)
{
    const uftp_client_key *m = &packet->message.as.client_key;
    if (is_v5(packet)) {
        assert_int_equal(uftp_v5_client_key_verify(m->public_key, s->suite.hash, &s->server,
                                                   &s->context, m->signature),
                         UFTP_OK);
        assert_int_equal(uftp_v5_client_context_add_key(&s->context, m->whole,
                                                        (size_t)(m->signature.data - m->whole.data),
                                                        m->signature.len),
                         UFTP_OK);
        return;
    }
    assert_int_equal(
        uftp_v4_client_key_verify(&s->server_v4, &s->client_v4, m->public_key, m->signature),
        UFTP_OK);
    assert_true(m->public_key.len <= sizeof s->client_key);
    memcpy(s->client_key, m->public_key.data, m->public_key.len);
    s->client_key_len = m->public_key.len;
}

static bool is_proof(const standin_server *s, const cap_packet *packet)
{
    const uftp_bytes *data = &packet->message.as.keyinfo_ack.verify_data;
    uint8_t expected[UFTP_HASH_LEN_MAX];
    size_t len = UFTP_V4_VERIFY_LEN;
    if (is_v5(packet)) {
        uftp_traffic client_app;
        len = uftp_hash_len(s->suite.hash);
        uftp_v5_client_app_keys(&s->suite, s->master, &s->server, &s->context, &client_app,
                                expected);
    } else {
        uftp_v4_verify_data(&s->server_v4, &s->client_v4,
                            (uftp_bytes){s->client_key, s->client_key_len}, s->master, expected);
    }
    return data->len == len && memcmp(data->data, expected, len) == 0;
}

bool standin_server_hear(standin_server *s, const cap_packet *packet)
{
    if (packet->message.type == UFTP_MESSAGE_REGISTER)
        hear_register(s, packet);
    else if (packet->message.type == UFTP_MESSAGE_CLIENT_KEY)
        hear_client_key(s, packet);
    else if (packet->message.type == UFTP_MESSAGE_KEYINFO_ACK)
        return is_proof(s, packet);
    return true;
}
