/* SPDX-License-Identifier: MIT
 *
 * The key schedule of version 5: what is easily got wrong, and what hostile input may try. A test
 * named trap_NN is about that trap of spec v5 6. The recorded values are in test_v5_vectors.c.
 */
#include "v5_session.h"

#include "crypto/hash.h"

#include <string.h>

/* ---- the traps of spec v5 6 ---- */

/* The labels of the published document ("s ap traffic") would give other keys. */
static void trap_01_labels_say_app(void **state)
{
    (void)state;
    v5_session s;
    v5_session_open(&s, V5_SESSION_P256);
    uint8_t app[UFTP_HASH_LEN_MAX], ap[UFTP_HASH_LEN_MAX];
    const uint8_t *secret = test_vector(s.vectors, "app_secret").data;
    const uint8_t *context = test_vector(s.vectors, "ctx.server_hs.hash").data;
    uftp_v5_label(s.suite.hash, secret, "s app traffic", context, app, s.hash_len);
    uftp_v5_label(s.suite.hash, secret, "s ap traffic", context, ap, s.hash_len);
    test_vector_equals(s.vectors, "server_app_secret", app, s.hash_len);
    assert_memory_not_equal(app, ap, s.hash_len);
    v5_session_close(&s);
}

/* An info with the context itself in place of its hash. */
static void trap_02_contexts_are_hashed_before_use(void **state)
{
    (void)state;
    v5_session s;
    v5_session_open(&s, V5_SESSION_P521_AUTH);
    uint8_t info[UFTP_V5_INFO_MAX], hash[UFTP_HASH_LEN_MAX];
    uftp_v5_client_context_hash(s.suite.hash, &s.server, &s.client, true, hash);
    size_t len = uftp_v5_label_info(s.suite.hash, "c app traffic", hash, info);
    assert_int_equal(len, 6 + 13 + s.hash_len);
    test_vector_equals(s.vectors, "client_app_secret.info", info, len);
    v5_session_close(&s);
}

/* With SHA-384 and AES-128 the key and the secret differ in length too. */
static void trap_03_finished_key_comes_from_the_secret(void **state)
{
    (void)state;
    v5_session s;
    v5_session_open(&s, V5_SESSION_RSA2048);
    uint8_t from_secret[UFTP_HASH_LEN_MAX], from_key[UFTP_HASH_LEN_MAX];
    uint8_t key[UFTP_HASH_LEN_MAX] = {0};
    memcpy(key, s.client_app.key, s.key_len);
    uftp_v5_label(s.suite.hash, test_vector(s.vectors, "client_app_secret").data, "finished", NULL,
                  from_secret, s.hash_len);
    uftp_v5_label(s.suite.hash, key, "finished", NULL, from_key, s.hash_len);
    test_vector_equals(s.vectors, "finished_key", from_secret, s.hash_len);
    assert_memory_not_equal(from_secret, from_key, s.hash_len);
    v5_session_close(&s);
}

/* HMAC over a hash of the two would look as plausible. */
static void trap_04_verify_data_is_over_the_plain_concatenation(void **state)
{
    (void)state;
    v5_session s;
    v5_session_open(&s, V5_SESSION_P521_AUTH);
    uftp_bytes key = test_vector(s.vectors, "finished_key");
    uftp_bytes parts[] = {test_vector(s.vectors, "ctx.client_hs2"), s.group_master};
    uint8_t plain[UFTP_HASH_LEN_MAX], hashed[UFTP_HASH_LEN_MAX];
    uftp_hmac_parts(s.suite.hash, key, parts, 2, plain);
    assert_memory_equal(s.verify_data, plain, s.hash_len);
    uftp_hash_parts(s.suite.hash, parts, 2, hashed);
    uftp_hmac_parts(s.suite.hash, key, &(uftp_bytes){hashed, s.hash_len}, 1, hashed);
    assert_memory_not_equal(s.verify_data, hashed, s.hash_len);
    v5_session_close(&s);
}

/* v4 mixes the source in; here a nonce is made of the traffic iv and the counter alone. */
static void trap_05_nonce_is_the_iv_with_its_last_eight_bytes_xored(void **state)
{
    (void)state;
    const uftp_traffic traffic = {
        .iv = {0xf0, 0xf1, 0xf2, 0xf3, 0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0x80}};
    const uint8_t expected[] = {0xf0, 0xf1, 0xf2, 0xf3, 0x11, 0x22,
                                0x33, 0x44, 0x55, 0x66, 0x77, 0x88};
    uint8_t nonce[UFTP_IV_LEN];
    uftp_v5_nonce(&traffic, UINT64_C(0x0102030405060708), nonce);
    assert_memory_equal(nonce, expected, sizeof expected);
    uftp_v5_nonce(&traffic, 0, nonce);
    assert_memory_equal(nonce, traffic.iv, sizeof nonce);
}

/* A block cipher invites padding: every length must come back as it went in. */
static void trap_06_no_plaintext_length_is_padded(void **state)
{
    (void)state;
    v5_session s;
    v5_session_open(&s, V5_SESSION_P521_AUTH);
    uftp_aead aead;
    assert_int_equal(uftp_aead_init(&aead, s.suite.cipher, s.server_app.key), UFTP_OK);
    for (size_t len = 0; len <= 40; len++) {
        uint8_t datagram[28 + 40 + UFTP_TAG_LEN + 1];
        memset(datagram, 0x5a, sizeof datagram);
        uftp_v5_seal(&aead, &s.server_app, len + 1, datagram, len);
        assert_int_equal(datagram[28 + len + UFTP_TAG_LEN], 0x5a); /* nothing behind the tag */
        assert_int_equal(
            uftp_v5_open(&aead, &s.server_app, len + 1, datagram, 28 + len + UFTP_TAG_LEN),
            UFTP_OK);
        for (size_t i = 0; i < len; i++)
            assert_int_equal(datagram[28 + i], 0x5a);
    }
    uftp_aead_wipe(&aead);
    v5_session_close(&s);
}

/* Neither DER nor bare r||s. */
static void trap_09_ecdsa_signatures_start_with_two_lengths(void **state)
{
    (void)state;
    v5_session s;
    v5_session_open(&s, V5_SESSION_P521_AUTH);
    uint8_t signature[UFTP_SIGNATURE_MAX];
    assert_int_equal(uftp_v5_signature_len(s.client_sign), 136);
    assert_int_equal(uftp_v5_client_key_sign(s.client_sign, &s.random.random, s.suite.hash,
                                             &s.server, &s.client, signature),
                     UFTP_OK);
    assert_memory_equal(signature, "\x00\x42\x00\x42", 4);
    v5_session_close(&s);
}

/* SHA-1 is for heartbeats and fingerprints; a session that names it must not be signed with it. */
static void trap_19_sessions_never_sign_with_sha1(void **state)
{
    (void)state;
    v5_session s;
    v5_session_open(&s, V5_SESSION_RSA3072_AUTH);
    uint8_t out[UFTP_SIGNATURE_MAX] = {0};
    const uftp_bytes value = {out, 128};
    const uint8_t refused[] = {0, 1, UFTP_HASH_SHA1, 6, 255};
    for (size_t i = 0; i < sizeof refused; i++) {
        assert_int_equal(uftp_v5_client_key_sign(s.client_sign, &s.random.random, refused[i],
                                                 &s.server, &s.client, out),
                         UFTP_ERR_UNSUPPORTED);
        assert_int_equal(uftp_v5_client_key_verify(uftp_key_blob(s.client_sign), refused[i],
                                                   &s.server, &s.client, value),
                         UFTP_ERR_UNSUPPORTED);
    }
    v5_session_close(&s);
}

/* Function number, sequence number, GRTT, size, counter and payload length are all bound. */
static void trap_23_every_bit_of_both_headers_is_authenticated(void **state)
{
    (void)state;
    v5_session s;
    v5_session_open(&s, V5_SESSION_P256);
    uftp_bytes raw = test_packet(s.vectors, v5_session_find(&s, UFTP_MESSAGE_KEYINFO_ACK), "raw");
    uint64_t counter = v5_read_u64(raw.data + 16);
    uint8_t datagram[256];
    uftp_aead aead;
    assert_int_equal(raw.data[1], UFTP_MESSAGE_ENCRYPTED);
    assert_int_equal(uftp_aead_init(&aead, s.suite.cipher, s.client_app.key), UFTP_OK);
    for (size_t bit = 0; bit < 28 * 8; bit++) {
        memcpy(datagram, raw.data, raw.len);
        datagram[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_equal(uftp_v5_open(&aead, &s.client_app, counter, datagram, raw.len),
                         UFTP_ERR_AUTH);
    }
    uftp_aead_wipe(&aead);
    v5_session_close(&s);
}

/* The title and Client_HS_Context2; not the packet's header, whose bytes are free to change. */
static void trap_24_group_master_is_bound_to_the_client_context(void **state)
{
    (void)state;
    v5_session s;
    v5_session_open(&s, V5_SESSION_P521_AUTH);
    uint8_t sealed[UFTP_SEALED_MASTER_LEN], master[UFTP_GROUP_MASTER_LEN],
        aad[UFTP_V5_MASTER_AAD_MAX];
    assert_true(uftp_v5_master_aad(&s.server, &s.client, aad) > 20);
    assert_memory_equal(aad, "UFTP 5, group master", 20);
    uftp_v5_master_seal(&s.suite, &s.server_hs, 7, &s.server, &s.client, s.group_master.data,
                        sealed);
    s.client.bytes[s.client.len - 1] ^= 1; /* inside nosig(CLIENT_KEY) */
    memset(master, 0x77, sizeof master);
    assert_int_equal(
        uftp_v5_master_open(&s.suite, &s.server_hs, 7, &s.server, &s.client, sealed, master),
        UFTP_ERR_AUTH);
    for (size_t i = 0; i < sizeof master; i++)
        assert_int_equal(master[i], 0x77); /* a refused one changes nothing */
    v5_session_close(&s);
}

/* One counter per packet: entries of one KEYINFO differ by key, and the counter matters. */
static void trap_25_keyinfo_entries_depend_on_the_packets_counter(void **state)
{
    (void)state;
    v5_session s;
    v5_session_open(&s, V5_SESSION_RSA2048);
    uint8_t sealed[UFTP_SEALED_MASTER_LEN], other[UFTP_SEALED_MASTER_LEN];
    uint8_t master[UFTP_GROUP_MASTER_LEN];
    uftp_v5_master_seal(&s.suite, &s.server_hs, 9, &s.server, &s.client, s.group_master.data,
                        sealed);
    uftp_v5_master_seal(&s.suite, &s.client_hs, 9, &s.server, &s.client, s.group_master.data,
                        other);
    assert_memory_not_equal(sealed, other, sizeof sealed);
    assert_int_equal(
        uftp_v5_master_open(&s.suite, &s.server_hs, 10, &s.server, &s.client, sealed, master),
        UFTP_ERR_AUTH);
    assert_int_equal(
        uftp_v5_master_open(&s.suite, &s.server_hs, 9, &s.server, &s.client, sealed, master),
        UFTP_OK);
    assert_memory_equal(master, s.group_master.data, sizeof master);
    v5_session_close(&s);
}

/* Four bytes of group, one of instance, four of server: what follows is not aligned. */
static void trap_26_group_instance_is_one_byte(void **state)
{
    (void)state;
    uftp_v5_server_context context;
    const uint8_t enc_info[] = {1, 1, 0xee, 0xff};
    const uint8_t expected[] = {0xa1, 0xa2, 0xa3, 0xa4, 0xfe, 0xb1, 0xb2,
                                0xb3, 0xb4, 1,    1,    0xee, 0xff};
    assert_int_equal(uftp_v5_server_context_init(&context, 0xa1a2a3a4, 0xfe, 0xb1b2b3b4,
                                                 (uftp_bytes){enc_info, sizeof enc_info}, 4, 0),
                     UFTP_OK);
    assert_int_equal(context.len, sizeof expected);
    assert_memory_equal(context.bytes, expected, sizeof expected);
}

/* Each ANNOUNCE has another timestamp and so another signature; the context must stay the same. */
static void trap_27_server_context_is_the_same_for_every_announce(void **state)
{
    (void)state;
    v5_session s;
    v5_session_open(&s, V5_SESSION_RSA2048);
    size_t announces = 0, count = test_packet_count(s.vectors);
    for (size_t i = 0; i < count; i++) {
        uftp_bytes raw = test_packet(s.vectors, i, "raw");
        if (raw.data[1] != UFTP_MESSAGE_ANNOUNCE)
            continue;
        v5_signature signature = v5_enc_info_signature(raw.data + 40);
        uftp_v5_server_context context;
        assert_int_equal(
            uftp_v5_server_context_init(&context, 0xaa776284, 0, 0x0a4d0501,
                                        (uftp_bytes){raw.data + 40, (size_t)raw.data[41] * 4},
                                        signature.offset, signature.len),
            UFTP_OK);
        assert_int_equal(context.len, s.server.len);
        assert_memory_equal(context.bytes, s.server.bytes, s.server.len);
        announces++;
    }
    assert_true(announces > 1);
    v5_session_close(&s);
}

static void trap_28_second_context_starts_with_the_function_byte(void **state)
{
    (void)state;
    v5_session s;
    v5_session_open(&s, V5_SESSION_RSA3072_AUTH);
    assert_int_equal(s.client.bytes[s.client.len1], UFTP_MESSAGE_CLIENT_KEY);
    assert_int_equal(s.client.len - s.client.len1, s.client.bytes[s.client.len1 + 1] * 4);
    v5_session_close(&s);
}

/* Two of the vectors have a leading zero in X; with SHA-384/512 the premaster is SHA-256 still. */
static void trap_29_premaster_hashes_the_full_width_of_x(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        size_t len;
    } cases[] = {{V5_SESSION_ABORT, 32}, {V5_SESSION_P521_AUTH, 66}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        v5_session s;
        v5_session_open(&s, cases[i].file);
        uint8_t shared[UFTP_ECDH_SHARED_MAX], premaster[UFTP_V5_PREMASTER_LEN], hash[32];
        assert_int_equal(uftp_ecdh_shared(s.server_ecdh, uftp_ecdh_blob(s.client_ecdh), shared),
                         cases[i].len);
        assert_int_equal(shared[0], 0);
        uftp_hash_parts(UFTP_HASH_SHA256, &(uftp_bytes){shared, cases[i].len}, 1, hash);
        assert_int_equal(uftp_v5_premaster(s.server_ecdh, uftp_ecdh_blob(s.client_ecdh), premaster),
                         UFTP_OK);
        assert_memory_equal(premaster, hash, sizeof hash);
        v5_session_close(&s);
    }
}

/* The zero salt pads to HMAC's empty key: any length of zeros up to a block would do as well. */
static void trap_30_zero_salt_equals_an_empty_key(void **state)
{
    (void)state;
    v5_session s;
    v5_session_open(&s, V5_SESSION_P521_AUTH);
    uint8_t secret[UFTP_HASH_LEN_MAX];
    uftp_bytes premaster = test_vector(s.vectors, "premaster");
    assert_int_equal(premaster.len, 32);
    uftp_hmac_parts(s.suite.hash, (uftp_bytes){(const uint8_t *)"", 0}, &premaster, 1, secret);
    test_vector_equals(s.vectors, "hs_secret", secret, s.hash_len);
    v5_session_close(&s);
}

static void trap_31_label_info_is_a_plain_concatenation(void **state)
{
    (void)state;
    uint8_t info[UFTP_V5_INFO_MAX];
    assert_int_equal(uftp_v5_label_info(UFTP_HASH_SHA256, "key", NULL, info), 9);
    assert_memory_equal(info, "UFTP5 key", 9);
}

/* A client signs afresh for each REGISTER; both ends must still have the same second context. */
static void trap_32_second_context_does_not_depend_on_the_signature(void **state)
{
    (void)state;
    v5_session s;
    v5_session_open(&s, V5_SESSION_P521_AUTH);
    uftp_bytes message =
        test_packet(s.vectors, v5_session_find(&s, UFTP_MESSAGE_CLIENT_KEY), "plain");
    v5_signature signature = v5_client_key_signature(message);
    uint8_t again[1020];
    memcpy(again, message.data, message.len);
    assert_int_equal(uftp_v5_client_key_sign(s.client_sign, &s.random.random, s.suite.hash,
                                             &s.server, &s.client, again + signature.offset),
                     UFTP_OK);
    assert_memory_not_equal(again, message.data, message.len);
    uftp_v5_client_context context = s.client;
    assert_int_equal(uftp_v5_client_context_add_key(&context, (uftp_bytes){again, message.len},
                                                    signature.offset, signature.len),
                     UFTP_OK);
    assert_int_equal(context.len, s.client.len);
    assert_memory_equal(context.bytes, s.client.bytes, context.len);
    v5_session_close(&s);
}

/* ENCRYPTED with less than a tag, and offsets that lead out of a message. */
static void trap_60_a_packet_shorter_than_a_tag_is_refused(void **state)
{
    (void)state;
    v5_session s;
    v5_session_open(&s, V5_SESSION_P256);
    uint8_t datagram[28 + UFTP_TAG_LEN] = {0};
    uftp_aead aead;
    assert_int_equal(uftp_aead_init(&aead, s.suite.cipher, s.server_app.key), UFTP_OK);
    for (size_t len = 0; len < sizeof datagram; len++)
        assert_int_equal(uftp_v5_open(&aead, &s.server_app, 1, datagram, len), UFTP_ERR_TRUNCATED);
    assert_int_equal(uftp_v5_open(&aead, &s.server_app, 1, datagram, sizeof datagram),
                     UFTP_ERR_AUTH);
    uftp_aead_wipe(&aead);
    v5_session_close(&s);
}

static void trap_61_a_signature_outside_its_message_is_refused(void **state)
{
    (void)state;
    v5_session s;
    v5_session_open(&s, V5_SESSION_P256);
    const uftp_bytes none = {NULL, 0};
    uftp_bytes raw = test_packet(s.vectors, v5_session_find(&s, UFTP_MESSAGE_ANNOUNCE), "raw");
    uftp_bytes key = uftp_key_blob(s.server_sign);
    static const struct {
        size_t offset, len;
    } cases[] = {{SIZE_MAX, 68}, {0, SIZE_MAX}, {230, 68}, {16, 1021}, {293, 0}, {SIZE_MAX, 2}};
    uint8_t copy[512];
    memcpy(copy, raw.data, raw.len);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(uftp_v5_announce_verify(key, s.suite.hash, raw.data, raw.len,
                                                 cases[i].offset, cases[i].len),
                         UFTP_ERR_AUTH);
        assert_int_equal(uftp_v5_keyinfo_verify(key, s.suite.hash, &s.server, none, raw.data,
                                                raw.len, cases[i].offset, cases[i].len),
                         UFTP_ERR_AUTH);
        uftp_v5_server_context server;
        assert_int_equal(
            uftp_v5_server_context_init(&server, 1, 0, 1, raw, cases[i].offset, cases[i].len),
            UFTP_ERR_LIMIT);
        uftp_v5_client_context client = s.client;
        assert_int_equal(
            uftp_v5_client_context_add_key(&client, raw, cases[i].offset, cases[i].len),
            UFTP_ERR_LIMIT);
        assert_int_equal(client.len, s.client.len);
    }
    assert_int_equal(uftp_v5_announce_sign(s.server_sign, &s.random.random, s.suite.hash, copy,
                                           raw.len, raw.len - 67),
                     UFTP_ERR_SPACE);
    assert_int_equal(uftp_v5_keyinfo_sign(s.server_sign, &s.random.random, s.suite.hash, &s.server,
                                          none, copy, raw.len, raw.len - 67),
                     UFTP_ERR_SPACE);
    assert_memory_equal(copy, raw.data, raw.len);
    v5_session_close(&s);
}

/* ---- more that could go wrong ---- */

/* Whoever is between the ends can change any byte of a signed message. */
static void a_changed_byte_of_a_signed_message_is_noticed(void **state)
{
    (void)state;
    v5_session s;
    v5_session_open(&s, V5_SESSION_P256);
    const uftp_bytes none = {NULL, 0};
    uftp_bytes key = uftp_key_blob(s.server_sign);
    static const uint8_t types[] = {UFTP_MESSAGE_ANNOUNCE, UFTP_MESSAGE_KEYINFO};
    for (size_t type = 0; type < 2; type++) {
        uftp_bytes raw = test_packet(s.vectors, v5_session_find(&s, types[type]), "raw");
        v5_signature signature = type == 0 ? v5_announce_signature(raw) : v5_keyinfo_signature(raw);
        uint8_t copy[512];
        memcpy(copy, raw.data, raw.len);
        for (size_t at = 0; at < raw.len; at += 3) {
            copy[at] ^= 0x10;
            int err = type == 0 ? uftp_v5_announce_verify(key, s.suite.hash, copy, raw.len,
                                                          signature.offset, signature.len)
                                : uftp_v5_keyinfo_verify(key, s.suite.hash, &s.server, none, copy,
                                                         raw.len, signature.offset, signature.len);
            assert_int_equal(err, UFTP_ERR_AUTH);
            copy[at] ^= 0x10;
        }
    }
    v5_session_close(&s);
}

/* A KEYINFO recorded behind one proxy must not pass behind another, nor in another session. */
static void keyinfo_is_bound_to_session_and_proxy(void **state)
{
    (void)state;
    v5_session s;
    v5_session_open(&s, V5_SESSION_P256);
    const uint8_t proxy[] = {10, 0, 0, 1, 17, 1, 0, 0};
    uftp_bytes raw = test_packet(s.vectors, v5_session_find(&s, UFTP_MESSAGE_KEYINFO), "raw");
    v5_signature signature = v5_keyinfo_signature(raw);
    assert_int_equal(uftp_v5_keyinfo_verify(uftp_key_blob(s.server_sign), s.suite.hash, &s.server,
                                            (uftp_bytes){proxy, sizeof proxy}, raw.data, raw.len,
                                            signature.offset, signature.len),
                     UFTP_ERR_AUTH);
    s.server.bytes[4]++; /* the next instance */
    assert_int_equal(uftp_v5_keyinfo_verify(uftp_key_blob(s.server_sign), s.suite.hash, &s.server,
                                            (uftp_bytes){NULL, 0}, raw.data, raw.len,
                                            signature.offset, signature.len),
                     UFTP_ERR_AUTH);
    v5_session_close(&s);
}

/* A proxy's context stands between the server's and the client's own. */
static void proxy_context_comes_before_the_client(void **state)
{
    (void)state;
    const uint8_t proxy[] = {1, 2, 3, 4, 17, 1, 0, 0};
    const uint8_t blob[UFTP_ECDH_BLOB_MAX + 1] = {2, 23, 0, 64};
    uint8_t random[32];
    memset(random, 0xcc, sizeof random);
    uftp_v5_client_context context;
    assert_int_equal(uftp_v5_client_context_init(&context, (uftp_bytes){proxy, sizeof proxy},
                                                 0x0a0b0c0d, (uftp_bytes){blob, 68}, random),
                     UFTP_OK);
    assert_int_equal(context.proxy_len, 8);
    assert_int_equal(context.len, 8 + 4 + 68 + 32);
    assert_int_equal(context.len1, context.len);
    assert_memory_equal(context.bytes, proxy, 8);
    assert_memory_equal(context.bytes + 8, "\x0a\x0b\x0c\x0d", 4);
    assert_memory_equal(context.bytes + 12, blob, 68);
    assert_memory_equal(context.bytes + 80, random, 32);
}

/* What a peer sends can be longer than any buffer for it. */
static void contexts_refuse_what_does_not_fit(void **state)
{
    (void)state;
    static const uint8_t long_bytes[2000];
    uftp_v5_server_context server;
    uftp_v5_client_context client;
    const uftp_bytes none = {NULL, 0};
    assert_int_equal(
        uftp_v5_server_context_init(&server, 1, 0, 1, (uftp_bytes){long_bytes, 1020}, 900, 120),
        UFTP_OK);
    assert_int_equal(
        uftp_v5_server_context_init(&server, 1, 0, 1, (uftp_bytes){long_bytes, 1021}, 900, 120),
        UFTP_ERR_LIMIT);
    const uftp_bytes blob = {long_bytes, 136};
    assert_int_equal(
        uftp_v5_client_context_init(&client, none, 1, (uftp_bytes){long_bytes, 137}, long_bytes),
        UFTP_ERR_LIMIT);
    assert_int_equal(
        uftp_v5_client_context_init(&client, (uftp_bytes){long_bytes, 1025}, 1, blob, long_bytes),
        UFTP_ERR_LIMIT);
    assert_int_equal(
        uftp_v5_client_context_init(&client, (uftp_bytes){long_bytes, 1024}, 1, blob, long_bytes),
        UFTP_OK);
    assert_int_equal(
        uftp_v5_client_context_add_key(&client, (uftp_bytes){long_bytes, 1020}, 900, 120), UFTP_OK);
    assert_int_equal(client.len, sizeof client.bytes);
    assert_int_equal(
        uftp_v5_client_context_add_key(&client, (uftp_bytes){long_bytes, 1021}, 900, 120),
        UFTP_ERR_LIMIT);
}

/* Numbers from an ANNOUNCE reach this function: an unknown one is an answer, not a trap. */
static void handshake_refuses_unknown_suites_and_foreign_curves(void **state)
{
    (void)state;
    v5_session s;
    v5_session_open(&s, V5_SESSION_P256);
    static const uftp_suite suites[] = {{0, 3}, {4, 3}, {9, 3}, {255, 3}, {6, 0}, {6, 6}, {6, 255}};
    uftp_traffic a, b;
    for (size_t i = 0; i < sizeof suites / sizeof *suites; i++)
        assert_int_equal(uftp_v5_handshake_keys(&suites[i], s.server_ecdh,
                                                uftp_ecdh_blob(s.client_ecdh), &s.server, &s.client,
                                                &a, &b),
                         UFTP_ERR_UNSUPPORTED);
    uftp_ecdh *other;
    assert_int_equal(
        uftp_ecdh_generate(&s.memory.allocator, &s.random.random, UFTP_CURVE_SECP384R1, &other),
        UFTP_OK);
    assert_int_equal(uftp_v5_handshake_keys(&s.suite, s.server_ecdh, uftp_ecdh_blob(other),
                                            &s.server, &s.client, &a, &b),
                     UFTP_ERR_KEY);
    uftp_ecdh_free(other);
    v5_session_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trap_01_labels_say_app),
        cmocka_unit_test(trap_02_contexts_are_hashed_before_use),
        cmocka_unit_test(trap_03_finished_key_comes_from_the_secret),
        cmocka_unit_test(trap_04_verify_data_is_over_the_plain_concatenation),
        cmocka_unit_test(trap_05_nonce_is_the_iv_with_its_last_eight_bytes_xored),
        cmocka_unit_test(trap_06_no_plaintext_length_is_padded),
        cmocka_unit_test(trap_09_ecdsa_signatures_start_with_two_lengths),
        cmocka_unit_test(trap_19_sessions_never_sign_with_sha1),
        cmocka_unit_test(trap_23_every_bit_of_both_headers_is_authenticated),
        cmocka_unit_test(trap_24_group_master_is_bound_to_the_client_context),
        cmocka_unit_test(trap_25_keyinfo_entries_depend_on_the_packets_counter),
        cmocka_unit_test(trap_26_group_instance_is_one_byte),
        cmocka_unit_test(trap_27_server_context_is_the_same_for_every_announce),
        cmocka_unit_test(trap_28_second_context_starts_with_the_function_byte),
        cmocka_unit_test(trap_29_premaster_hashes_the_full_width_of_x),
        cmocka_unit_test(trap_30_zero_salt_equals_an_empty_key),
        cmocka_unit_test(trap_31_label_info_is_a_plain_concatenation),
        cmocka_unit_test(trap_32_second_context_does_not_depend_on_the_signature),
        cmocka_unit_test(trap_60_a_packet_shorter_than_a_tag_is_refused),
        cmocka_unit_test(trap_61_a_signature_outside_its_message_is_refused),
        cmocka_unit_test(a_changed_byte_of_a_signed_message_is_noticed),
        cmocka_unit_test(keyinfo_is_bound_to_session_and_proxy),
        cmocka_unit_test(proxy_context_comes_before_the_client),
        cmocka_unit_test(contexts_refuse_what_does_not_fit),
        cmocka_unit_test(handshake_refuses_unknown_suites_and_foreign_curves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
