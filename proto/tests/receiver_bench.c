/* SPDX-License-Identifier: MIT */
#include "receiver_bench.h"

#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the receiver ---- */

void rx_init(receiver_bench *bench)
{
    memset(bench, 0, sizeof *bench);
    test_memory_init(&bench->memory);
    test_random_init(&bench->random, 1);
    memory_store_init(&bench->files);
    static const char *const destinations[] = {"/srv/one", "/srv/two/"};
    bench->config = (uftp_receiver_config){.memory = &bench->memory.allocator,
                                           .random = &bench->random.random,
                                           .store = &bench->files.store,
                                           .wall_us = UINT64_C(1700000000000000),
                                           .uid = RX_UID,
                                           .destinations = destinations,
                                           .destination_count = 2};
    bench->now = UFTP_S(1000);
}

void rx_start(receiver_bench *bench)
{
    assert_int_equal(uftp_receiver_create(&bench->config, bench->now, &bench->receiver), UFTP_OK);
}

void rx_close(receiver_bench *bench)
{
    uftp_receiver_destroy(bench->receiver);
    memory_store_free(&bench->files);
    assert_int_equal(bench->memory.live, 0);
}

void rx_clear(receiver_bench *bench)
{
    bench->said_count = 0;
    memset(bench->events, 0, sizeof bench->events);
}

static void digest(receiver_bench *bench, const void *data, size_t len)
{
    const uint8_t *bytes = data;
    for (size_t i = 0; i < len; i++)
        bench->digest = (bench->digest ^ bytes[i]) * UINT64_C(0x100000001b3);
}

/* Sealed messages of the receiver are opened with the peer's keys. */
static void open_said(receiver_bench *bench, rx_said *said)
{
    const rx_peer *peer = bench->peer;
    uftp_packet packet;
    assert_int_equal(uftp_packet_read(said->bytes, said->len, &packet), UFTP_OK);
    said->header = packet.header;
    said->sealed = packet.sealed;
    said->message.type = 0;
    if (packet.sealed) {
        if (!peer || peer->group != packet.header.group)
            return;
        bool handshake = !peer->app_ready;
        const uftp_traffic *traffic = handshake ? &peer->client_hs : &peer->client_app;
        uftp_aead aead;
        assert_int_equal(uftp_aead_init(&aead, peer->suite.cipher, traffic->key), UFTP_OK);
        assert_int_equal(
            uftp_packet_open(&packet, &(uftp_sealing){.aead = &aead, .traffic = traffic}), UFTP_OK);
    }
    assert_int_equal(uftp_packet_message(&packet, &said->message), UFTP_OK);
}

static void answer_handshake(receiver_bench *bench, const rx_said *said);

static void drain_output(receiver_bench *bench)
{
    while (1) {
        if (bench->said_count == RX_SAID_MAX)
            bench->said_count = 0;
        rx_said *said = &bench->said[bench->said_count];
        uftp_transmit out = {.data = said->bytes, .capacity = sizeof said->bytes};
        if (!uftp_receiver_poll_transmit(bench->receiver, bench->now, &out))
            return;
        assert_true(out.len > 0 && out.len <= sizeof said->bytes);
        assert_int_equal(out.segment_len, out.len);
        said->len = out.len;
        said->to = out.destination;
        digest(bench, said->bytes, said->len);
        open_said(bench, said);
        assert_int_equal(said->header.source, RX_UID);
        bench->said_count++;
        answer_handshake(bench, said);
    }
}

static const char *keep(char *to, size_t size, const char *text)
{
    if (!text)
        return NULL;
    snprintf(to, size, "%s", text);
    return to;
}

static void drain_events(receiver_bench *bench)
{
    uftp_event event;
    while (uftp_receiver_poll_event(bench->receiver, &event)) {
        bench->events[event.type]++;
        event.text = keep(bench->text[event.type], sizeof bench->text[0], event.text);
        event.name = keep(bench->name[event.type], sizeof bench->name[0], event.name);
        event.path = keep(bench->path[event.type], sizeof bench->path[0], event.path);
        bench->last[event.type] = event;
        if (event.type == UFTP_EVENT_REJECTED)
            continue; /* the only trace that a rejected datagram may leave */
        digest(bench, &event.type, sizeof event.type);
        digest(bench, &event.error, sizeof event.error);
        digest(bench, &event.status, sizeof event.status);
    }
}

void rx_turn(receiver_bench *bench)
{
    uint64_t deadline = uftp_receiver_next_deadline(bench->receiver);
    if (deadline <= bench->now)
        uftp_receiver_on_timeout(bench->receiver, bench->now);
    drain_output(bench);
    drain_events(bench);
    assert_true(uftp_receiver_next_deadline(bench->receiver) > bench->now);
}

void rx_advance(receiver_bench *bench, uint64_t interval)
{
    uint64_t end = bench->now + interval;
    for (unsigned turns = 0; bench->now < end; turns++) {
        assert_true(turns < 100000); /* a hot loop */
        uint64_t deadline = uftp_receiver_next_deadline(bench->receiver);
        bench->now = deadline < end ? deadline : end;
        rx_turn(bench);
    }
}

size_t rx_said_count(const receiver_bench *bench, uint8_t type)
{
    size_t count = 0;
    for (size_t i = 0; i < bench->said_count; i++)
        count += bench->said[i].message.type == type;
    return count;
}

const rx_said *rx_said_last(const receiver_bench *bench, uint8_t type)
{
    for (size_t i = bench->said_count; i-- > 0;)
        if (bench->said[i].message.type == type)
            return &bench->said[i];
    fail_msg("no such message was said: %s", uftp_message_name(type));
    return NULL;
}

uftp_receiver_stats rx_stats(const receiver_bench *bench)
{
    uftp_receiver_stats stats;
    uftp_receiver_stats_get(bench->receiver, &stats);
    return stats;
}

/* ---- the peer ---- */

void rx_peer_init(rx_peer *peer, uint32_t group)
{
    *peer = (rx_peer){.wire = &uftp_wire_v5,
                      .uid = 0x0a000001,
                      .group_size = 0x18,
                      .group = group,
                      .address = uftp_address_ipv4(10, 0, 0, 1, 5000),
                      .private_address = uftp_address_ipv4(230, 5, 5, 5, 0),
                      .grtt = uftp_grtt_quantise(RX_GRTT),
                      .robust = 20,
                      .block_size = 512,
                      .timestamp_us = UINT64_C(1700000000000000)};
}

void rx_peer_encrypt(rx_peer *peer, receiver_bench *bench)
{
    const uftp_key_spec spec = {.type = UFTP_KEY_EC, .curve = UFTP_CURVE_SECP256R1};
    peer->encrypted = true;
    peer->suite = (uftp_suite){.cipher = UFTP_CIPHER_AES256_GCM, .hash = UFTP_HASH_SHA256};
    assert_int_equal(
        uftp_key_generate(&bench->memory.allocator, &bench->random.random, &spec, &peer->key),
        UFTP_OK);
    assert_int_equal(uftp_ecdh_generate(&bench->memory.allocator, &bench->random.random,
                                        UFTP_CURVE_SECP256R1, &peer->ecdh),
                     UFTP_OK);
    memset(peer->master, 0x5c, sizeof peer->master);
    memset(peer->random, 0x1f, sizeof peer->random);
}

void rx_peer_free(rx_peer *peer)
{
    uftp_key_free(peer->key);
    uftp_ecdh_free(peer->ecdh);
    peer->key = NULL;
    peer->ecdh = NULL;
}

static uftp_header next_header(rx_peer *peer)
{
    return (uftp_header){.version = peer->wire->version,
                         .seq = peer->seq++,
                         .source = peer->uid,
                         .group = peer->group,
                         .instance = peer->instance,
                         .grtt = peer->grtt,
                         .group_size = peer->group_size};
}

void rx_write(rx_peer *peer, const uftp_message *message, bool sealed, uint8_t *out, size_t *len)
{
    const uftp_header header = next_header(peer);
    const uftp_sealing sealing = {.aead = &peer->app_aead, .traffic = &peer->server_app};
    assert_int_equal(uftp_packet_write(peer->wire, &header, message, sealed ? &sealing : NULL,
                                       sealed ? ++peer->counter : 0, out, UFTP_DATAGRAM_MAX, len),
                     UFTP_OK);
}

void rx_deliver(receiver_bench *bench, const rx_peer *peer, uint8_t *data, size_t len)
{
    const uftp_datagram datagram = {
        .data = data, .len = len, .source = peer->address, .tos = peer->tos};
    uftp_receiver_recv(bench->receiver, bench->now, &datagram, 1);
    rx_turn(bench);
}

static void hear(receiver_bench *bench, rx_peer *peer, const uftp_message *message, bool sealed)
{
    uint8_t data[UFTP_DATAGRAM_MAX];
    size_t len;
    bench->peer = peer;
    rx_write(peer, message, sealed, data, &len);
    rx_deliver(bench, peer, data, len);
}

void rx_hear(receiver_bench *bench, rx_peer *peer, const uftp_message *message)
{
    hear(bench, peer, message, peer->app_ready);
}

void rx_hear_clear(receiver_bench *bench, rx_peer *peer, const uftp_message *message)
{
    hear(bench, peer, message, false);
}

/* ---- messages ---- */

uftp_uid_list rx_list(bool listed)
{
    static const uint8_t both[] = {0x0a, 0, 0, 3, 0x0a, 0, 0, 2};
    return (uftp_uid_list){.bytes = both, .count = listed ? 2 : 1};
}

uint8_t rx_content(uint64_t offset)
{
    return (uint8_t)(offset * 7 + offset / 512 * 13 + 1);
}

uftp_message rx_msg_fileinfo(rx_peer *peer, uint16_t id, const char *name, uint64_t size)
{
    peer->timestamp_us += 1000;
    return (uftp_message){
        .type = UFTP_MESSAGE_FILEINFO,
        .as.fileinfo = {.file_id = id,
                        .file_type = UFTP_FILE_REGULAR,
                        .size = size,
                        .mtime = 1600000000,
                        .timestamp_us = peer->timestamp_us,
                        .name = {.data = (const uint8_t *)name, .len = strlen(name)},
                        .clients = rx_list(true)}};
}

uftp_message rx_msg_fileseg(rx_peer *peer, uint16_t id, uint16_t section, uint16_t block,
                            uint64_t file_size)
{
    static uint8_t data[UFTP_BLOCK_SIZE_MAX];
    uftp_layout layout;
    assert_int_equal(uftp_layout_init(&layout, file_size, peer->block_size), UFTP_OK);
    uint32_t index = uftp_layout_section_start(&layout, section) + block;
    size_t len = index < layout.blocks ? uftp_layout_block_len(&layout, index) : peer->block_size;
    for (size_t i = 0; i < len; i++)
        data[i] = rx_content((uint64_t)index * peer->block_size + i);
    return (uftp_message){
        .type = UFTP_MESSAGE_FILESEG,
        .as.fileseg = {
            .file_id = id, .section = section, .block = block, .data = {.data = data, .len = len}}};
}

uftp_message rx_msg_done(uint16_t id, uint16_t section, bool listed)
{
    return (uftp_message){
        .type = UFTP_MESSAGE_DONE,
        .as.done = {.file_id = id, .section = section, .clients = rx_list(listed)}};
}

uftp_message rx_msg_done_conf(bool listed)
{
    return (uftp_message){.type = UFTP_MESSAGE_DONE_CONF,
                          .as.done_conf = {.clients = rx_list(listed)}};
}

uftp_message rx_msg_reg_conf(bool listed)
{
    return (uftp_message){.type = UFTP_MESSAGE_REG_CONF,
                          .as.reg_conf = {.clients = rx_list(listed)}};
}

uftp_message rx_msg_abort(uint32_t host, const char *text)
{
    return (uftp_message){
        .type = UFTP_MESSAGE_ABORT,
        .as.abort = {.host = host, .text = {.data = (const uint8_t *)text, .len = strlen(text)}}};
}

/* ---- the handshake ---- */

static uftp_enc_info enc_info_of(const rx_peer *peer)
{
    return (uftp_enc_info){.client_auth = peer->client_auth,
                           .cipher = peer->suite.cipher,
                           .hash = peer->suite.hash,
                           .random = peer->random,
                           .public_key = uftp_key_blob(peer->key),
                           .ecdh_key = uftp_ecdh_blob(peer->ecdh),
                           .signature = {.len = uftp_v5_signature_len(peer->key)}};
}

static void make_server_context(rx_peer *peer)
{
    uint8_t bytes[UFTP_V5_SERVER_CONTEXT_MAX];
    uftp_writer w = {.at = bytes, .end = bytes + sizeof bytes};
    const uftp_enc_info info = enc_info_of(peer);
    assert_int_equal(uftp_wire_v5.enc_info_write(&w, &info), UFTP_OK);
    size_t len = (size_t)(w.at - bytes);
    assert_int_equal(uftp_v5_server_context_init(&peer->server, peer->group, peer->instance,
                                                 peer->uid, (uftp_bytes){bytes, len},
                                                 len - info.signature.len, info.signature.len),
                     UFTP_OK);
    uftp_v5_server_app_keys(&peer->suite, peer->master, &peer->server, &peer->server_app);
    assert_int_equal(uftp_aead_init(&peer->app_aead, peer->suite.cipher, peer->server_app.key),
                     UFTP_OK);
}

void rx_write_announce(receiver_bench *bench, rx_peer *peer, uint8_t *out, size_t *len)
{
    peer->timestamp_us += 1000;
    uftp_message message = {.type = UFTP_MESSAGE_ANNOUNCE,
                            .as.announce = {.sync_mode = peer->sync_mode,
                                            .sync_preview = peer->sync_preview,
                                            .robust = peer->robust,
                                            .cc_type = peer->cc_type,
                                            .block_size = peer->block_size,
                                            .timestamp_us = peer->timestamp_us,
                                            .public_address = uftp_address_ipv4(230, 4, 4, 1, 0),
                                            .private_address = peer->private_address,
                                            .encrypted = peer->encrypted}};
    if (!peer->open)
        message.as.announce.members = rx_list(true);
    if (peer->encrypted) {
        message.as.announce.enc_info = enc_info_of(peer);
        make_server_context(peer);
    }
    rx_write(peer, &message, false, out, len);
    if (!peer->encrypted)
        return;
    uftp_packet packet;
    assert_int_equal(uftp_packet_read(out, *len, &packet), UFTP_OK);
    assert_int_equal(uftp_packet_message(&packet, &message), UFTP_OK);
    size_t offset = (size_t)(message.as.announce.enc_info.signature.data - out);
    assert_int_equal(uftp_v5_announce_sign(peer->key, &bench->random.random, peer->suite.hash, out,
                                           *len, offset),
                     UFTP_OK);
}

void rx_announce(receiver_bench *bench, rx_peer *peer)
{
    uint8_t data[UFTP_DATAGRAM_MAX];
    size_t len;
    bench->peer = peer;
    rx_write_announce(bench, peer, data, &len);
    rx_deliver(bench, peer, data, len);
}

/* What a sender makes of REGISTER and CLIENT_KEY. */
static void answer_handshake(receiver_bench *bench, const rx_said *said)
{
    rx_peer *peer = bench->peer;
    if (!peer || !peer->encrypted || said->header.group != peer->group)
        return;
    if (said->message.type == UFTP_MESSAGE_REGISTER) {
        const uftp_register *message = &said->message.as.registration;
        assert_int_equal(uftp_v5_client_context_init(&peer->client, (uftp_bytes){0}, RX_UID,
                                                     message->ecdh_key, message->random),
                         UFTP_OK);
        assert_int_equal(uftp_v5_handshake_keys(&peer->suite, peer->ecdh, message->ecdh_key,
                                                &peer->server, &peer->client, &peer->server_hs,
                                                &peer->client_hs),
                         UFTP_OK);
    }
    if (said->message.type == UFTP_MESSAGE_CLIENT_KEY) {
        const uftp_client_key *message = &said->message.as.client_key;
        assert_int_equal(uftp_v5_client_key_verify(message->public_key, peer->suite.hash,
                                                   &peer->server, &peer->client,
                                                   message->signature),
                         UFTP_OK);
        size_t offset = (size_t)(message->signature.data - message->whole.data);
        assert_int_equal(uftp_v5_client_context_add_key(&peer->client, message->whole, offset,
                                                        message->signature.len),
                         UFTP_OK);
    }
}

void rx_write_keyinfo(receiver_bench *bench, rx_peer *peer, uint8_t *out, size_t *len)
{
    uint8_t entry[UFTP_KEYINFO_ENTRY_LEN] = {0x0a, 0, 0, 2};
    uint64_t counter = ++peer->counter;
    uftp_v5_master_seal(&peer->suite, &peer->server_hs, counter, &peer->server, &peer->client,
                        peer->master, entry + 4);
    uftp_message message = {.type = UFTP_MESSAGE_KEYINFO,
                            .as.keyinfo = {.iv_counter = counter,
                                           .signature = {.len = uftp_v5_signature_len(peer->key)},
                                           .entries = entry,
                                           .entry_count = 1}};
    rx_write(peer, &message, false, out, len);
    uftp_packet packet;
    assert_int_equal(uftp_packet_read(out, *len, &packet), UFTP_OK);
    assert_int_equal(uftp_packet_message(&packet, &message), UFTP_OK);
    size_t offset = (size_t)(message.as.keyinfo.signature.data - out);
    assert_int_equal(uftp_v5_keyinfo_sign(peer->key, &bench->random.random, peer->suite.hash,
                                          &peer->server, (uftp_bytes){0}, out, *len, offset),
                     UFTP_OK);
    uftp_v5_client_app_keys(&peer->suite, peer->master, &peer->server, &peer->client,
                            &peer->client_app, peer->verify_data);
}

void rx_keyinfo(receiver_bench *bench, rx_peer *peer)
{
    uint8_t data[UFTP_DATAGRAM_MAX];
    size_t len;
    bench->peer = peer;
    rx_write_keyinfo(bench, peer, data, &len);
    peer->app_ready = true;
    rx_deliver(bench, peer, data, len);
}

/* ---- whole stretches ---- */

void rx_join(receiver_bench *bench, rx_peer *peer)
{
    rx_announce(bench, peer);
    if (peer->open)
        rx_advance(bench, UFTP_MS(50));
    assert_int_equal(rx_said_count(bench, UFTP_MESSAGE_REGISTER), 1);
    if (peer->encrypted) {
        rx_keyinfo(bench, peer);
        const rx_said *ack = rx_said_last(bench, UFTP_MESSAGE_KEYINFO_ACK);
        assert_true(ack->sealed);
        assert_memory_equal(ack->message.as.keyinfo_ack.verify_data.data, peer->verify_data, 32);
    } else {
        const uftp_message message = rx_msg_reg_conf(true);
        rx_hear(bench, peer, &message);
    }
    assert_true(bench->events[UFTP_EVENT_SESSION_READY] >= 1);
    rx_clear(bench);
}

void rx_open(receiver_bench *bench, rx_peer *peer, uint16_t id, const char *name, uint64_t size)
{
    const uftp_message message = rx_msg_fileinfo(peer, id, name, size);
    rx_hear(bench, peer, &message);
    const rx_said *ack = rx_said_last(bench, UFTP_MESSAGE_FILEINFO_ACK);
    assert_int_equal(ack->message.as.fileinfo_ack.file_id, id);
    assert_int_equal(ack->message.as.fileinfo_ack.clients.count, 0); /* trap 33 */
    rx_clear(bench);
}

void rx_block(receiver_bench *bench, rx_peer *peer, uint16_t id, uint16_t section, uint16_t block,
              uint64_t file_size)
{
    const uftp_message message = rx_msg_fileseg(peer, id, section, block, file_size);
    rx_hear(bench, peer, &message);
}

void rx_file(receiver_bench *bench, rx_peer *peer, uint16_t id, const char *name, uint64_t size)
{
    rx_open(bench, peer, id, name, size);
    uftp_layout layout;
    assert_int_equal(uftp_layout_init(&layout, size, peer->block_size), UFTP_OK);
    for (uint32_t i = 0; i < layout.blocks; i++) {
        uint16_t section, block;
        uftp_layout_locate(&layout, i, &section, &block);
        rx_block(bench, peer, id, section, block, size);
    }
    uint16_t last = (uint16_t)(layout.sections ? layout.sections - 1 : 0);
    const uftp_message done = rx_msg_done(id, last, true);
    rx_hear(bench, peer, &done);
    const rx_said *complete = rx_said_last(bench, UFTP_MESSAGE_COMPLETE);
    assert_int_equal(complete->message.as.complete.file_id, id);
}

void rx_end(receiver_bench *bench, rx_peer *peer)
{
    const uftp_message done = rx_msg_done(0, 0, true), conf = rx_msg_done_conf(true);
    rx_hear(bench, peer, &done);
    assert_int_equal(rx_said_last(bench, UFTP_MESSAGE_COMPLETE)->message.as.complete.file_id, 0);
    rx_hear(bench, peer, &conf);
}
