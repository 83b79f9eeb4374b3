/* SPDX-License-Identifier: MIT
 *
 * Encrypted sessions of version 4 as they were captured, with their private keys and secrets: every
 * exchange, every group master, every signature and every packet, by our key schedule. The secrets
 * (keylog.txt) were logged and derived by other programs.
 */
#include "capture.h"
#include "captures.h"
#include "handshake/v4.h"
#include "keylog.h"
#include "tests/support.h"
#include <uftp/wire.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CLIENTS_MAX 8
#define KEYS_MAX 8
#define BLOB_MAX 1024

/* A blob that outlives its packet. */
typedef struct kept_blob {
    uint8_t bytes[BLOB_MAX];
    size_t len;
} kept_blob;

typedef struct party {
    uint32_t uid;
    uftp_v4_client shared;
    kept_blob key; /* of its CLIENT_KEY */
} party;

typedef struct replay {
    const char *path;
    keylog *log;
    test_memory memory;
    test_random random;
    uftp_key *keys[KEYS_MAX]; /* in keys/ */
    size_t key_count;
    uftp_v4_server server;
    uint32_t server_uid;
    kept_blob server_key, server_ecdh; /* of the latest ANNOUNCE: a proxy puts in its own */
    uint8_t group_master[UFTP_V4_MASTER_LEN];
    uftp_v4_sealing sealing;
    bool announced;
    party clients[CLIENTS_MAX];
    size_t client_count;
    int decrypted[UFTP_MESSAGE_TYPE_MAX + 1];
    int registers, masters, proofs, announces, client_keys, nonces; /* what was checked */
} replay;

static kept_blob keep(uftp_bytes blob)
{
    kept_blob kept = {.len = blob.len};
    assert_true(blob.len <= sizeof kept.bytes);
    if (blob.len)
        memcpy(kept.bytes, blob.data, blob.len);
    return kept;
}

static uftp_bytes blob_bytes(const kept_blob *kept)
{
    return (uftp_bytes){kept->bytes, kept->len};
}

static void expect_logged(const replay *r, const char *label, uint32_t uid, const uint8_t *data,
                          size_t len)
{
    uint8_t value[KEYLOG_VALUE_MAX];
    assert_int_equal(keylog_find(r->log, label, r->server.group, uid, value), len);
    assert_memory_equal(value, data, len);
}

static party *find_party(replay *r, uint32_t uid)
{
    for (size_t i = 0; i < r->client_count; i++)
        if (r->clients[i].uid == uid)
            return &r->clients[i];
    return NULL;
}

/* ---- one message each ---- */

static void start_session(replay *r, const uftp_header *header, const uftp_announce *announce)
{
    const uftp_enc_info *info = &announce->enc_info;
    r->server =
        (uftp_v4_server){.suite = {info->key_exchange, info->sigtype, info->cipher, info->hash},
                         .group = header->group,
                         .address_len = announce->private_address.family == UFTP_IPV6 ? 16 : 4};
    assert_int_equal(uftp_v4_suite_check(&r->server.suite), UFTP_OK);
    memcpy(r->server.address, announce->private_address.bytes, 16);
    memcpy(r->server.random, info->random, UFTP_RANDOM_LEN);
    r->server_uid = header->source;
    uint8_t value[KEYLOG_VALUE_MAX];
    assert_int_equal(keylog_find(r->log, "GROUP_MASTER", header->group, header->source, value),
                     UFTP_V4_MASTER_LEN);
    memcpy(r->group_master, value, UFTP_V4_MASTER_LEN);
    uftp_v4_keys group;
    uftp_v4_group_keys(&r->server, r->group_master, &group);
    size_t key_len = keylog_find(r->log, "SERVER_APP_KEY", header->group, header->source, value);
    assert_true(key_len >= 16);
    expect_logged(r, "SERVER_APP_KEY", header->source, group.key, key_len);
    expect_logged(r, "SERVER_APP_IV", header->source, group.salt, UFTP_V4_SALT_LEN);
    expect_logged(r, "GROUP_HMAC_KEY", header->source, group.hmac, uftp_hash_len(info->hash));
    uftp_v4_sealing_init(&r->sealing, &r->server.suite, &group);
    r->announced = true;
}

static void on_announce(replay *r, const uftp_header *header, const uftp_announce *announce,
                        const uint8_t *datagram, size_t len)
{
    const uftp_enc_info *info = &announce->enc_info;
    if (!r->announced)
        start_session(r, header, announce);
    assert_memory_equal(info->random, r->server.random, UFTP_RANDOM_LEN);
    r->server_key = keep(info->public_key);
    r->server_ecdh = keep(info->ecdh_key);
    if (info->signature.len == 0)
        return;
    r->announces++;
    assert_int_equal(uftp_v4_announce_verify(&r->server, info->public_key, datagram, len,
                                             (size_t)(info->signature.data - datagram),
                                             info->signature.len),
                     UFTP_OK);
}

/* RSA: one of the private keys opens it, and to what was logged. */
static void open_premaster(replay *r, party *p, uftp_bytes sealed)
{
    int opened = 0;
    for (size_t i = 0; i < r->key_count; i++)
        opened += uftp_v4_premaster_open(&p->shared, r->keys[i], &r->random.random, sealed) == 0;
    assert_int_equal(opened, 1);
}

/* ECDH: from the private half that was logged, the server's or the client's. */
static void share_premaster(replay *r, party *p, uftp_bytes client_blob)
{
    uint8_t scalar[KEYLOG_VALUE_MAX];
    uftp_bytes server_blob = blob_bytes(&r->server_ecdh), own = server_blob, peer = client_blob;
    size_t len = keylog_find(r->log, "SERVER_ECDH_PRIVATE", r->server.group, r->server_uid, scalar);
    if (len == 0) {
        len = keylog_find(r->log, "CLIENT_ECDH_PRIVATE", r->server.group, p->uid, scalar);
        own = client_blob;
        peer = server_blob;
    }
    uftp_ecdh *key;
    assert_int_equal(
        uftp_ecdh_import(&r->memory.allocator, uftp_ecdh_blob_curve(own), scalar, len, &key),
        UFTP_OK);
    assert_int_equal(uftp_ecdh_blob(key).len, own.len);
    assert_memory_equal(uftp_ecdh_blob(key).data, own.data, own.len);
    assert_int_equal(uftp_v4_premaster_ecdh(&p->shared, key, peer), UFTP_OK);
    uftp_ecdh_free(key);
}

static void on_register(replay *r, const uftp_header *header, const uftp_register *message)
{
    party *p = find_party(r, header->source);
    if (!p) {
        assert_true(r->client_count < CLIENTS_MAX);
        p = &r->clients[r->client_count++];
        *p = (party){.uid = header->source};
    }
    memcpy(p->shared.random, message->random, UFTP_RANDOM_LEN);
    if (r->server.suite.key_exchange == UFTP_KEY_EXCHANGE_RSA)
        open_premaster(r, p, message->ecdh_key);
    else
        share_premaster(r, p, message->ecdh_key);
    expect_logged(r, "PREMASTER", p->uid, p->shared.premaster, p->shared.premaster_len);
    uftp_v4_client_keys(&r->server, &p->shared);
    uint8_t value[KEYLOG_VALUE_MAX];
    size_t key_len = keylog_find(r->log, "SERVER_HS_KEY", r->server.group, p->uid, value);
    assert_true(key_len >= 16);
    expect_logged(r, "SERVER_HS_KEY", p->uid, p->shared.keys.key, key_len);
    expect_logged(r, "SERVER_HS_IV", p->uid, p->shared.keys.salt, UFTP_V4_SALT_LEN);
    r->registers++;
}

static void on_client_key(replay *r, const uftp_header *header, const uftp_client_key *message)
{
    party *p = find_party(r, header->source);
    assert_non_null(p);
    assert_int_equal(
        uftp_v4_client_key_verify(&r->server, &p->shared, message->public_key, message->signature),
        UFTP_OK);
    p->key = keep(message->public_key);
    r->client_keys++;
}

static void on_keyinfo(replay *r, const uftp_header *header, const uftp_keyinfo *message)
{
    for (size_t i = 0; i < message->entry_count; i++) {
        const uint8_t *sealed;
        uint8_t master[UFTP_V4_MASTER_LEN], again[UFTP_V4_SEALED_LEN];
        const party *p = find_party(r, uftp_keyinfo_entry(message, i, &sealed));
        if (!p)
            continue; /* its REGISTER did not pass where this capture was taken */
        assert_int_equal(uftp_v4_master_open(&r->server, &p->shared, header->source,
                                             message->iv_counter, sealed, master),
                         UFTP_OK);
        assert_memory_equal(master, r->group_master, sizeof master);
        uftp_v4_master_seal(&r->server, &p->shared, header->source, message->iv_counter, master,
                            again);
        assert_memory_equal(again, sealed, sizeof again);
        r->masters++;
    }
}

/* 3.15, 3.16: the nonce as it stands on the wire, by SHA-1 whatever the session's hash. */
static void check_nonce(replay *r, uint32_t nonce, uftp_bytes key, uftp_bytes signature)
{
    const uint8_t bytes[4] = {(uint8_t)(nonce >> 24), (uint8_t)(nonce >> 16), (uint8_t)(nonce >> 8),
                              (uint8_t)nonce};
    const uftp_bytes part = {bytes, sizeof bytes};
    uint8_t digest[UFTP_HASH_MAX];
    if (signature.len == 0)
        return; /* a heartbeat without authentication */
    uftp_hash_parts(UFTP_HASH_SHA1, &part, 1, digest);
    assert_int_equal(uftp_verify(key, UFTP_HASH_SHA1, digest, signature), UFTP_OK);
    r->nonces++;
}

/* ---- encrypted ---- */

static void on_decrypted(replay *r, const uftp_header *header, const uftp_message *message)
{
    r->decrypted[message->type]++;
    if (message->type != UFTP_MESSAGE_KEYINFO_ACK)
        return;
    const party *p = find_party(r, header->source);
    assert_non_null(p);
    uint8_t verify[UFTP_V4_VERIFY_LEN];
    uftp_v4_verify_data(&r->server, &p->shared, blob_bytes(&p->key), r->group_master, verify);
    assert_memory_equal(message->as.keyinfo_ack.verify_data.data, verify, sizeof verify);
    r->proofs++;
}

/* Everything but a signature by somebody's key comes out the same again. */
static void check_sealed_again(replay *r, const uint8_t *datagram, size_t len, uftp_bytes plaintext,
                               size_t signature_len)
{
    static uint8_t again[UFTP_DATAGRAM_MAX];
    if (r->server.suite.sigtype == UFTP_SIGTYPE_KEYEX)
        return;
    memcpy(again, datagram, 28);
    memcpy(again + 28 + signature_len, plaintext.data, plaintext.len);
    assert_int_equal(uftp_v4_seal(&r->sealing, NULL, &r->random.random, again, plaintext.len),
                     UFTP_OK);
    assert_memory_equal(again, datagram, len);
}

static void on_encrypted(replay *r, const uftp_header *header, const uint8_t *datagram, size_t len)
{
    static uint8_t opened[UFTP_DATAGRAM_MAX];
    uftp_encrypted wrapper;
    uftp_reader reader = {.at = datagram + 16, .end = datagram + len};
    assert_int_equal(uftp_wire_v4.encrypted_read(&reader, &wrapper), UFTP_OK);
    const party *p = find_party(r, header->source);
    uftp_bytes signer = p ? blob_bytes(&p->key) : blob_bytes(&r->server_key), plaintext;
    memcpy(opened, datagram, len);
    assert_int_equal(uftp_v4_open(&r->sealing, signer, opened, len, &plaintext), UFTP_OK);
    check_sealed_again(r, datagram, len, plaintext, wrapper.signature.len);
    uftp_message message;
    reader = (uftp_reader){.at = plaintext.data, .end = plaintext.data + plaintext.len};
    assert_int_equal(uftp_wire_v4.message_read(&reader, &message), UFTP_OK);
    on_decrypted(r, header, &message);
}

static void on_packet(void *ctx, int frame, uint64_t at_us, const uint8_t *payload, size_t len)
{
    (void)at_us;
    (void)frame;
    replay *r = ctx;
    uftp_header header;
    uftp_message message;
    uftp_reader reader = {.at = payload, .end = payload + len};
    assert_int_equal(uftp_wire_v4.header_read(&reader, &header), UFTP_OK);
    if (header.type == UFTP_MESSAGE_ENCRYPTED) {
        on_encrypted(r, &header, payload, len);
        return;
    }
    assert_int_equal(uftp_wire_v4.message_read(&reader, &message), UFTP_OK);
    if (message.type == UFTP_MESSAGE_ANNOUNCE)
        on_announce(r, &header, &message.as.announce, payload, len);
    else if (message.type == UFTP_MESSAGE_REGISTER)
        on_register(r, &header, &message.as.registration);
    else if (message.type == UFTP_MESSAGE_CLIENT_KEY)
        on_client_key(r, &header, &message.as.client_key);
    else if (message.type == UFTP_MESSAGE_KEYINFO)
        on_keyinfo(r, &header, &message.as.keyinfo);
    else if (message.type == UFTP_MESSAGE_HB_REQ)
        check_nonce(r, message.as.hb_req.nonce, message.as.hb_req.public_key,
                    message.as.hb_req.signature);
    else if (message.type == UFTP_MESSAGE_PROXY_KEY)
        check_nonce(r, message.as.proxy_key.nonce, message.as.proxy_key.public_key,
                    message.as.proxy_key.signature);
}

/* ---- one capture ---- */

static void read_keys(replay *r, const char *folder)
{
    static const char *const names[] = {"server", "sp", "cp", "rp", "r1", "r2", "r3"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[512];
        size_t len;
        snprintf(path, sizeof path, "%s/keys/%s.pem", folder, names[i]);
        char *text = test_read_file(path, &len);
        if (!text)
            continue;
        assert_int_equal(
            uftp_key_parse_pem(&r->memory.allocator, text, len, &r->keys[r->key_count++]), UFTP_OK);
        free(text);
    }
}

static void check_decrypted(const replay *r, const json_t *described)
{
    const json_t *decrypted = json_object_get(described, "decrypted");
    for (int type = 1; type <= UFTP_MESSAGE_TYPE_MAX; type++) {
        const json_t *count = json_object_get(decrypted, uftp_message_name((uint8_t)type));
        if (json_integer_value(count) != r->decrypted[type])
            fail_msg("%s: %d of %s, the manifest has %d", r->path, r->decrypted[type],
                     uftp_message_name((uint8_t)type), (int)json_integer_value(count));
    }
}

typedef struct sums {
    int captures, decrypted, registers, masters, proofs, announces, client_keys, nonces;
} sums;

static void replay_capture(void *ctx, const char *folder, const char *path, const json_t *described)
{
    sums *all = ctx;
    keylog *log = keylog_open(folder);
    if (!log)
        return;
    static replay r;
    r = (replay){.path = path, .log = log};
    test_memory_init(&r.memory);
    test_random_init(&r.random, 4);
    read_keys(&r, folder);
    if (capture_each(path, on_packet, &r) < 0)
        fail_msg("%s: cannot be read as a capture", path);
    check_decrypted(&r, described);
    assert_true(r.registers > 0 && r.masters > 0 && r.proofs > 0);
    all->captures++;
    for (int type = 1; type <= UFTP_MESSAGE_TYPE_MAX; type++)
        all->decrypted += r.decrypted[type];
    all->registers += r.registers;
    all->masters += r.masters;
    all->proofs += r.proofs;
    all->announces += r.announces;
    all->client_keys += r.client_keys;
    all->nonces += r.nonces;
    for (size_t i = 0; i < r.key_count; i++)
        uftp_key_free(r.keys[i]);
    assert_int_equal(r.memory.live, 0);
    keylog_close(log);
}

/* Breaks when any step of the key schedule, a signature or a layout differs from what 4.10.2 and
 * the 4.x half of 5.0.1 do. The sums are of what the manifests count: one that is left out shows.
 */
static void every_encrypted_session_replays_from_its_keys(void **state)
{
    (void)state;
    sums all = {0};
    (void)captures_each("v4-", replay_capture, &all);
    print_message("%d captures: %d packets decrypted, %d premasters, %d group masters, %d proofs, "
                  "signatures of %d ANNOUNCE, %d CLIENT_KEY, %d nonces\n",
                  all.captures, all.decrypted, all.registers, all.masters, all.proofs,
                  all.announces, all.client_keys, all.nonces);
    assert_int_equal(all.captures, 18);
    assert_int_equal(all.decrypted, 2052);
    assert_int_equal(all.registers, 40);
    assert_int_equal(all.masters, 36);
    assert_int_equal(all.proofs, 36);
    assert_int_equal(all.announces, 89);
    assert_int_equal(all.client_keys, 8);
    assert_int_equal(all.nonces, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_encrypted_session_replays_from_its_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
