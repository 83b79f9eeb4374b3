/* SPDX-License-Identifier: MIT
 *
 * The key schedule of version 5 against recorded sessions: every value on the way, every signature
 * and every encrypted packet, file by file.
 */
#include "v5_session.h"

#include <string.h>

static void check_names(v5_session *s)
{
    uint8_t fingerprint[UFTP_FINGERPRINT_LEN];
    uftp_bytes blob = uftp_key_blob(s->server_sign);
    test_vector_equals(s->vectors, "server.sign.blob", blob.data, blob.len);
    uftp_fingerprint(blob.data, blob.len, fingerprint);
    test_vector_equals(s->vectors, "server.sign.fingerprint_sha1", fingerprint, sizeof fingerprint);
    if (s->client_auth) {
        blob = uftp_key_blob(s->client_sign);
        test_vector_equals(s->vectors, "client.sign.blob", blob.data, blob.len);
        uftp_fingerprint(blob.data, blob.len, fingerprint);
        test_vector_equals(s->vectors, "client.sign.fingerprint_sha1", fingerprint,
                           sizeof fingerprint);
    }
    blob = uftp_ecdh_blob(s->server_ecdh);
    test_vector_equals(s->vectors, "server.ecdh.blob", blob.data, blob.len);
    blob = uftp_ecdh_blob(s->client_ecdh);
    test_vector_equals(s->vectors, "client.ecdh.blob", blob.data, blob.len);
}

static void context_equals(v5_session *s, const char *name, size_t client_len)
{
    uint8_t bytes[UFTP_V5_SERVER_CONTEXT_MAX + UFTP_V5_CLIENT_CONTEXT_MAX];
    memcpy(bytes, s->server.bytes, s->server.len);
    memcpy(bytes + s->server.len, s->client.bytes, client_len);
    test_vector_equals(s->vectors, name, bytes, s->server.len + client_len);
}

static void check_contexts(v5_session *s)
{
    uint8_t hash[UFTP_HASH_LEN_MAX];
    test_vector_equals(s->vectors, "server.random", s->server.bytes + 9 + 12, 32);
    test_vector_equals(s->vectors, "client.random", s->client.bytes + s->client.len1 - 32, 32);
    test_vector_equals(s->vectors, "enc_info_ext_nosig", s->server.bytes + 9, s->server.len - 9);
    test_vector_equals(s->vectors, "ctx.proxy_hs", s->client.bytes, s->client.proxy_len);
    test_vector_equals(s->vectors, "ctx.server_hs", s->server.bytes, s->server.len);
    context_equals(s, "ctx.client_hs1", s->client.len1);
    context_equals(s, "ctx.client_hs2", s->client.len);
    if (s->client_auth)
        test_vector_equals(s->vectors, "client_key.nosig", s->client.bytes + s->client.len1,
                           s->client.len - s->client.len1);
    uftp_v5_server_context_hash(s->suite.hash, &s->server, hash);
    test_vector_equals(s->vectors, "ctx.server_hs.hash", hash, s->hash_len);
    uftp_v5_client_context_hash(s->suite.hash, &s->server, &s->client, false, hash);
    test_vector_equals(s->vectors, "ctx.client_hs1.hash", hash, s->hash_len);
    uftp_v5_client_context_hash(s->suite.hash, &s->server, &s->client, true, hash);
    test_vector_equals(s->vectors, "ctx.client_hs2.hash", hash, s->hash_len);
}

/* One label: its info and what comes out. */
static void label_equals(v5_session *s, const char *secret, const char *label,
                         const char *context_hash, const char *info_name, const char *out_name,
                         size_t len)
{
    uint8_t info[UFTP_V5_INFO_MAX], out[UFTP_HASH_LEN_MAX];
    const uint8_t *context = context_hash ? test_vector(s->vectors, context_hash).data : NULL;
    size_t info_len = uftp_v5_label_info(s->suite.hash, label, context, info);
    test_vector_equals(s->vectors, info_name, info, info_len);
    uftp_v5_label(s->suite.hash, test_vector(s->vectors, secret).data, label, context, out, len);
    test_vector_equals(s->vectors, out_name, out, len);
}

static void check_handshake_secrets(v5_session *s)
{
    uint8_t bytes[UFTP_ECDH_SHARED_MAX], secret[UFTP_HASH_LEN_MAX];
    int len = uftp_ecdh_shared(s->server_ecdh, uftp_ecdh_blob(s->client_ecdh), bytes);
    assert_true(len > 0);
    test_vector_equals(s->vectors, "ecdh.shared_x", bytes, (size_t)len);
    len = uftp_ecdh_shared(s->client_ecdh, uftp_ecdh_blob(s->server_ecdh), bytes);
    assert_true(len > 0);
    test_vector_equals(s->vectors, "ecdh.shared_x", bytes, (size_t)len);
    assert_int_equal(uftp_v5_premaster(s->client_ecdh, uftp_ecdh_blob(s->server_ecdh), bytes),
                     UFTP_OK);
    test_vector_equals(s->vectors, "premaster", bytes, UFTP_V5_PREMASTER_LEN);
    uftp_v5_extract(s->suite.hash, bytes, secret);
    test_vector_equals(s->vectors, "hs_secret", secret, s->hash_len);
    label_equals(s, "hs_secret", "s hs traffic", "ctx.client_hs1.hash", "server_hs_secret.info",
                 "server_hs_secret", s->hash_len);
    label_equals(s, "hs_secret", "c hs traffic", "ctx.client_hs1.hash", "client_hs_secret.info",
                 "client_hs_secret", s->hash_len);
    label_equals(s, "server_hs_secret", "key", NULL, "key.info", "server_hs_key", s->key_len);
    label_equals(s, "server_hs_secret", "iv", NULL, "iv.info", "server_hs_iv", UFTP_IV_LEN);
    label_equals(s, "client_hs_secret", "key", NULL, "key.info", "client_hs_key", s->key_len);
    label_equals(s, "client_hs_secret", "iv", NULL, "iv.info", "client_hs_iv", UFTP_IV_LEN);
    /* The same out of the one function that sessions call. */
    test_vector_equals(s->vectors, "server_hs_key", s->server_hs.key, s->key_len);
    test_vector_equals(s->vectors, "server_hs_iv", s->server_hs.iv, UFTP_IV_LEN);
    test_vector_equals(s->vectors, "client_hs_key", s->client_hs.key, s->key_len);
    test_vector_equals(s->vectors, "client_hs_iv", s->client_hs.iv, UFTP_IV_LEN);
}

static void check_app_secrets(v5_session *s)
{
    uint8_t secret[UFTP_HASH_LEN_MAX];
    uftp_v5_extract(s->suite.hash, s->group_master.data, secret);
    test_vector_equals(s->vectors, "app_secret", secret, s->hash_len);
    label_equals(s, "app_secret", "s app traffic", "ctx.server_hs.hash", "server_app_secret.info",
                 "server_app_secret", s->hash_len);
    label_equals(s, "app_secret", "c app traffic", "ctx.client_hs2.hash", "client_app_secret.info",
                 "client_app_secret", s->hash_len);
    label_equals(s, "client_app_secret", "finished", NULL, "finished_key.info", "finished_key",
                 s->hash_len);
    test_vector_equals(s->vectors, "server_app_key", s->server_app.key, s->key_len);
    test_vector_equals(s->vectors, "server_app_iv", s->server_app.iv, UFTP_IV_LEN);
    test_vector_equals(s->vectors, "client_app_key", s->client_app.key, s->key_len);
    test_vector_equals(s->vectors, "client_app_iv", s->client_app.iv, UFTP_IV_LEN);
    test_vector_equals(s->vectors, "verify_data", s->verify_data, s->hash_len);
}

static void parts_equal(v5_session *s, const char *name, const uftp_v5_parts *parts)
{
    uint8_t bytes[UFTP_DATAGRAM_MAX];
    size_t len = 0;
    for (size_t i = 0; i < parts->count; i++) {
        if (parts->part[i].len) /* an empty one may come with NULL */
            memcpy(bytes + len, parts->part[i].data, parts->part[i].len);
        len += parts->part[i].len;
    }
    test_vector_equals(s->vectors, name, bytes, len);
}

static bool is_rsa(uftp_bytes blob)
{
    return blob.data[0] == UFTP_KEY_RSA;
}

/* Our own signature over a copy; RSA has only one, which must then be the recorded one. */
static void announce_signs_alike(v5_session *s, uftp_bytes datagram, v5_signature signature)
{
    uint8_t copy[UFTP_DATAGRAM_MAX];
    uftp_bytes key = uftp_key_blob(s->server_sign);
    memcpy(copy, datagram.data, datagram.len);
    assert_int_equal(uftp_v5_signature_len(s->server_sign), signature.len);
    assert_int_equal(uftp_v5_announce_sign(s->server_sign, &s->random.random, s->suite.hash, copy,
                                           datagram.len, signature.offset),
                     UFTP_OK);
    assert_int_equal(uftp_v5_announce_verify(key, s->suite.hash, copy, datagram.len,
                                             signature.offset, signature.len),
                     UFTP_OK);
    if (is_rsa(key))
        assert_memory_equal(copy, datagram.data, datagram.len);
}

static void check_announce(v5_session *s, uftp_bytes datagram, bool first)
{
    v5_signature signature = v5_announce_signature(datagram);
    assert_int_equal(uftp_v5_announce_verify(test_vector(s->vectors, "server.sign.blob"),
                                             s->suite.hash, datagram.data, datagram.len,
                                             signature.offset, signature.len),
                     UFTP_OK);
    if (!first)
        return;
    uftp_v5_parts parts;
    assert_true(uftp_v5_announce_parts(&parts, datagram, signature.offset, signature.len));
    parts_equal(s, "announce.signed_message", &parts);
    test_vector_equals(s->vectors, "announce.signature", datagram.data + signature.offset,
                       signature.len);
    announce_signs_alike(s, datagram, signature);
}

static void check_master(v5_session *s, uftp_bytes datagram)
{
    uint8_t nonce[UFTP_IV_LEN], aad[UFTP_V5_MASTER_AAD_MAX], sealed[UFTP_SEALED_MASTER_LEN];
    uint8_t master[UFTP_GROUP_MASTER_LEN] = {0};
    uint64_t counter = v5_read_u64(datagram.data + 20);
    test_vector_equals(s->vectors, "keyinfo.iv_counter", datagram.data + 20, 8);
    uftp_v5_nonce(&s->server_hs, counter, nonce);
    test_vector_equals(s->vectors, "keyinfo.iv", nonce, sizeof nonce);
    size_t aad_len = uftp_v5_master_aad(&s->server, &s->client, aad);
    test_vector_equals(s->vectors, "keyinfo.aad", aad, aad_len);
    uftp_v5_master_seal(&s->suite, &s->server_hs, counter, &s->server, &s->client,
                        s->group_master.data, sealed);
    test_vector_equals(s->vectors, "keyinfo.encrypted_group_master", sealed, sizeof sealed);
    const uint8_t *entry = datagram.data + 16 + datagram.data[17] * 4;
    assert_memory_equal(entry + 4, sealed, sizeof sealed);
    assert_int_equal(uftp_v5_master_open(&s->suite, &s->server_hs, counter, &s->server, &s->client,
                                         entry + 4, master),
                     UFTP_OK);
    test_vector_equals(s->vectors, "group_master", master, sizeof master);
}

static void check_keyinfo(v5_session *s, uftp_bytes datagram)
{
    const uftp_bytes no_proxy = {NULL, 0};
    v5_signature signature = v5_keyinfo_signature(datagram);
    uftp_v5_parts parts;
    assert_true(uftp_v5_keyinfo_parts(&parts, &s->server, no_proxy, datagram, signature.offset,
                                      signature.len));
    parts_equal(s, "keyinfo.signed_message", &parts);
    test_vector_equals(s->vectors, "keyinfo.signature", datagram.data + signature.offset,
                       signature.len);
    uftp_bytes key = test_vector(s->vectors, "server.sign.blob");
    assert_int_equal(uftp_v5_keyinfo_verify(key, s->suite.hash, &s->server, no_proxy, datagram.data,
                                            datagram.len, signature.offset, signature.len),
                     UFTP_OK);
    uint8_t copy[UFTP_DATAGRAM_MAX];
    memcpy(copy, datagram.data, datagram.len);
    assert_int_equal(uftp_v5_keyinfo_sign(s->server_sign, &s->random.random, s->suite.hash,
                                          &s->server, no_proxy, copy, datagram.len,
                                          signature.offset),
                     UFTP_OK);
    assert_int_equal(uftp_v5_keyinfo_verify(key, s->suite.hash, &s->server, no_proxy, copy,
                                            datagram.len, signature.offset, signature.len),
                     UFTP_OK);
    if (is_rsa(key))
        assert_memory_equal(copy, datagram.data, datagram.len);
    check_master(s, datagram);
}

static void check_client_key(v5_session *s, uftp_bytes message)
{
    v5_signature signature = v5_client_key_signature(message);
    uftp_bytes key = test_vector(s->vectors, "client.sign.blob");
    const uftp_bytes value = {message.data + signature.offset, signature.len};
    uftp_v5_parts parts;
    uftp_v5_client_key_parts(&parts, &s->server, &s->client);
    parts_equal(s, "client_key.signed_message", &parts);
    test_vector_equals(s->vectors, "client_key.signature", value.data, value.len);
    assert_int_equal(uftp_v5_client_key_verify(key, s->suite.hash, &s->server, &s->client, value),
                     UFTP_OK);
    uint8_t own[UFTP_SIGNATURE_MAX];
    assert_int_equal(uftp_v5_signature_len(s->client_sign), signature.len);
    assert_int_equal(uftp_v5_client_key_sign(s->client_sign, &s->random.random, s->suite.hash,
                                             &s->server, &s->client, own),
                     UFTP_OK);
    assert_int_equal(uftp_v5_client_key_verify(key, s->suite.hash, &s->server, &s->client,
                                               (uftp_bytes){own, signature.len}),
                     UFTP_OK);
    if (is_rsa(key))
        assert_memory_equal(own, value.data, value.len);
}

/* Opened to the recorded plaintext, sealed again to the recorded datagram. */
static void check_encrypted(v5_session *s, size_t index)
{
    uftp_bytes raw = test_packet(s->vectors, index, "raw");
    const uftp_traffic *traffic = v5_session_traffic(s, test_packet_key(s->vectors, index));
    uint64_t counter = v5_read_u64(raw.data + 16);
    uint8_t nonce[UFTP_IV_LEN], datagram[UFTP_DATAGRAM_MAX];
    uftp_v5_nonce(traffic, counter, nonce);
    test_packet_equals(s->vectors, index, "iv", nonce, sizeof nonce);
    test_packet_equals(s->vectors, index, "aad", raw.data, 28);
    uftp_aead aead;
    assert_int_equal(uftp_aead_init(&aead, s->suite.cipher, traffic->key), UFTP_OK);
    memcpy(datagram, raw.data, raw.len);
    assert_int_equal(uftp_v5_open(&aead, traffic, counter, datagram, raw.len), UFTP_OK);
    size_t plain_len = raw.len - 28 - UFTP_TAG_LEN;
    test_packet_equals(s->vectors, index, "plain", datagram + 28, plain_len);
    memset(datagram + 28 + plain_len, 0, UFTP_TAG_LEN);
    uftp_v5_seal(&aead, traffic, counter, datagram, plain_len);
    test_packet_equals(s->vectors, index, "raw", datagram, raw.len);
    uftp_aead_wipe(&aead);
}

static void check_packets(v5_session *s)
{
    size_t count = test_packet_count(s->vectors), announces = 0;
    for (size_t i = 0; i < count; i++) {
        uftp_bytes raw = test_packet(s->vectors, i, "raw");
        switch (raw.data[1]) {
        case UFTP_MESSAGE_ANNOUNCE:
            check_announce(s, raw, announces++ == 0);
            break;
        case UFTP_MESSAGE_KEYINFO:
            check_keyinfo(s, raw);
            break;
        case UFTP_MESSAGE_ENCRYPTED:
            check_encrypted(s, i);
            if (test_packet(s->vectors, i, "plain").data[0] == UFTP_MESSAGE_CLIENT_KEY)
                check_client_key(s, test_packet(s->vectors, i, "plain"));
            break;
        default:
            break;
        }
    }
    assert_true(announces > 0);
}

/* Any change to a context, a label or a layout shows here, with the name of the first value that
 * differs. */
static void every_value_of_the_vector_file_is_computed(void **state)
{
    v5_session s;
    v5_session_open(&s, *state);
    check_names(&s);
    check_contexts(&s);
    check_handshake_secrets(&s);
    check_app_secrets(&s);
    check_packets(&s);
    test_vectors_all_seen(s.vectors);
    v5_session_close(&s);
}

#define VECTOR_TEST(file) \
    { \
        "every_value_of " file, every_value_of_the_vector_file_is_computed, NULL, NULL, file \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        VECTOR_TEST(V5_SESSION_P256),    VECTOR_TEST(V5_SESSION_P521_AUTH),
        VECTOR_TEST(V5_SESSION_RSA2048), VECTOR_TEST(V5_SESSION_RSA3072_AUTH),
        VECTOR_TEST(V5_SESSION_ABORT),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
