/* SPDX-License-Identifier: MIT
 *
 * Encrypted sessions of version 5 through proxies, as they were captured in the receivers' network:
 * what the proxy signed, and the keys that its receivers then had (spec proxy 4). The secrets
 * (keylog.txt) were logged by the captured programs.
 */
#include "capture.h"
#include "captures.h"
#include "crypto/hash.h"
#include "handshake/v5.h"
#include "keylog.h"
#include "tests/support.h"
#include <uftp/wire.h>

#include <stdio.h>
#include <string.h>

#define CLIENTS_MAX 8

typedef struct receiver {
    uint32_t uid;
    uftp_v5_client_context context;
} receiver;

typedef struct replay {
    const char *path;
    keylog *log;
    bool client_auth, proxied;
    uftp_suite suite;
    uint32_t server_uid, proxy_uid;
    uftp_v5_server_context server;
    uftp_v5_proxy_context proxy;
    uint8_t proxy_key[UFTP_KEY_BLOB_MAX];
    size_t proxy_key_len;
    receiver receivers[CLIENTS_MAX];
    size_t count;
    int proxy_keys, keyinfos, masters, keys; /* what was checked */
} replay;

static size_t offset_in(uftp_bytes part, const uint8_t *whole)
{
    return (size_t)(part.data - whole);
}

static void on_announce(replay *r, const uftp_header *header, const uftp_announce *announce)
{
    const uftp_enc_info *info = &announce->enc_info;
    assert_true(announce->encrypted);
    r->suite = (uftp_suite){.cipher = info->cipher, .hash = info->hash};
    r->client_auth = info->client_auth;
    r->server_uid = header->source;
    assert_int_equal(uftp_v5_server_context_init(
                         &r->server, header->group, header->instance, header->source, info->whole,
                         offset_in(info->signature, info->whole.data), info->signature.len),
                     UFTP_OK);
}

static void on_proxy_key(replay *r, const uftp_header *header, const uftp_proxy_key *message)
{
    uftp_v5_proxy_context before = r->proxy;
    assert_int_equal(uftp_v5_proxy_context_init(&r->proxy, header->source, message->whole,
                                                offset_in(message->signature, message->whole.data),
                                                message->signature.len),
                     UFTP_OK);
    assert_int_equal(uftp_v5_proxy_key_verify(message->public_key, r->suite.hash, &r->server,
                                              &r->proxy, message->signature),
                     UFTP_OK);
    uint8_t damaged[UFTP_SIGNATURE_MAX];
    memcpy(damaged, message->signature.data, message->signature.len);
    damaged[message->signature.len - 1] ^= 1;
    assert_int_equal(uftp_v5_proxy_key_verify(message->public_key, r->suite.hash, &r->server,
                                              &r->proxy,
                                              (uftp_bytes){damaged, message->signature.len}),
                     UFTP_ERR_AUTH);
    if (r->proxied) { /* the same in each */
        assert_int_equal(before.len, r->proxy.len);
        assert_memory_equal(before.bytes, r->proxy.bytes, before.len);
    }
    r->proxied = true;
    r->proxy_uid = header->source;
    r->proxy_key_len = message->public_key.len;
    memcpy(r->proxy_key, message->public_key.data, message->public_key.len);
    r->proxy_keys++;
}

static void on_register(replay *r, uint32_t uid, const uftp_register *message)
{
    for (size_t i = 0; i < r->count; i++)
        if (r->receivers[i].uid == uid)
            return; /* repeated, with the same values */
    if (message->clients.count > 0 || !r->proxied)
        return; /* the proxy's own, towards the sender */
    assert_true(r->count < CLIENTS_MAX);
    receiver *found = &r->receivers[r->count++];
    found->uid = uid;
    assert_int_equal(uftp_v5_client_context_init(&found->context,
                                                 (uftp_bytes){r->proxy.bytes, r->proxy.len}, uid,
                                                 message->ecdh_key, message->random),
                     UFTP_OK);
}

static void log_value(const replay *r, const char *label, uint32_t group, uint32_t uid,
                      uint8_t *out, size_t len)
{
    uint8_t value[KEYLOG_VALUE_MAX];
    assert_int_equal(keylog_find(r->log, label, group, uid, value), len);
    memcpy(out, value, len);
}

/* The proxy's KEYINFO: its signature, what it seals, and the keys that follow. */
static void on_keyinfo(replay *r, const uftp_header *header, const uftp_keyinfo *message,
                       const uint8_t *payload, size_t len)
{
    if (header->source != r->proxy_uid)
        return;
    assert_int_equal(
        uftp_v5_keyinfo_verify((uftp_bytes){r->proxy_key, r->proxy_key_len}, r->suite.hash,
                               &r->server, (uftp_bytes){r->proxy.bytes, r->proxy.len}, payload, len,
                               offset_in(message->signature, payload), message->signature.len),
        UFTP_OK);
    r->keyinfos++;
    for (size_t i = 0; i < r->count && !r->client_auth; i++) {
        const receiver *one = &r->receivers[i];
        uint8_t logged[32], master[32], verify[UFTP_HASH_LEN_MAX];
        uftp_traffic hs, app;
        log_value(r, "SERVER_HS_KEY", header->group, one->uid, hs.key, 32);
        log_value(r, "SERVER_HS_IV", header->group, one->uid, hs.iv, UFTP_IV_LEN);
        log_value(r, "GROUP_MASTER", header->group, one->uid, logged, 32);
        for (size_t e = 0; e < message->entry_count; e++) {
            const uint8_t *sealed;
            if (uftp_keyinfo_entry(message, e, &sealed) != one->uid)
                continue;
            assert_int_equal(uftp_v5_master_open(&r->suite, &hs, message->iv_counter, &r->server,
                                                 &one->context, sealed, master),
                             UFTP_OK);
            assert_memory_equal(master, logged, 32);
            r->masters++;
        }
        uftp_v5_client_app_keys(&r->suite, logged, &r->server, &one->context, &app, verify);
        uint8_t key[32], iv[UFTP_IV_LEN];
        log_value(r, "CLIENT_APP_KEY", header->group, one->uid, key, 32);
        log_value(r, "CLIENT_APP_IV", header->group, one->uid, iv, UFTP_IV_LEN);
        assert_memory_equal(app.key, key, 32);
        assert_memory_equal(app.iv, iv, UFTP_IV_LEN);
        r->keys++;
    }
}

static void on_datagram(void *ctx, int frame, uint64_t at_us, const uint8_t *payload, size_t len)
{
    replay *r = ctx;
    (void)frame;
    (void)at_us;
    uftp_reader reader = {.at = payload, .end = payload + len};
    uftp_header header;
    uftp_message message;
    if (uftp_wire_v5.header_read(&reader, &header) < 0 || header.type == UFTP_MESSAGE_ENCRYPTED ||
        uftp_wire_v5.message_read(&reader, &message) < 0)
        return;
    switch (message.type) {
    case UFTP_MESSAGE_ANNOUNCE:
        on_announce(r, &header, &message.as.announce);
        break;
    case UFTP_MESSAGE_PROXY_KEY:
        on_proxy_key(r, &header, &message.as.proxy_key);
        break;
    case UFTP_MESSAGE_REGISTER:
        on_register(r, header.source, &message.as.registration);
        break;
    case UFTP_MESSAGE_KEYINFO:
        on_keyinfo(r, &header, &message.as.keyinfo, payload, len);
        break;
    default:
        break;
    }
}

static void replay_capture(const char *name, const char *file, int receivers)
{
    char folder[512], path[600];
    snprintf(folder, sizeof folder, "%s/conformance/captures/%s", UFTP_SOURCE_DIR, name);
    snprintf(path, sizeof path, "%s/%s", folder, file);
    static replay r;
    r = (replay){.path = path, .log = keylog_open(folder)};
    assert_non_null(r.log);
    assert_true(capture_each(path, on_datagram, &r) > 0);
    assert_true(r.proxy_keys > 0 && r.keyinfos > 0);
    assert_int_equal(r.client_auth ? 0 : r.keys / r.keyinfos, receivers);
    assert_true(r.masters >= receivers);
    keylog_close(r.log);
}

static void receivers_behind_a_client_proxy_have_the_captured_keys(void **state)
{
    (void)state;
    replay_capture("v5-chain-nat-enc", "net-b.pcap", 2);
}

static void receivers_of_a_response_proxy_have_the_captured_keys(void **state)
{
    (void)state;
    replay_capture("v5-response-enc", "session.pcap", 3);
}

/* With client authentication the contexts hold a CLIENT_KEY that is sealed: signatures only. */
static void a_proxy_signs_the_same_with_client_authentication(void **state)
{
    (void)state;
    replay_capture("v5-chain-nat-enc-auth", "net-b.pcap", 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(receivers_behind_a_client_proxy_have_the_captured_keys),
        cmocka_unit_test(receivers_of_a_response_proxy_have_the_captured_keys),
        cmocka_unit_test(a_proxy_signs_the_same_with_client_authentication),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
