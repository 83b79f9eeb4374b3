/* SPDX-License-Identifier: MIT
 *
 * The key schedule of version 4 against recorded sessions: every value on the way, every signature
 * and every encrypted packet. A test named trap_NN is about that trap of spec v4 15.
 */
#include "v4_session.h"

#include "crypto/prf.h"
#include "handshake/v5.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- one vector file, value by value ---- */

/* One file has no list of parameters: what its packets say stands for itself. */
static void check_parameters(v4_session *s)
{
    assert_int_equal(uftp_v4_suite_check(&s->server.suite), UFTP_OK);
    test_vector_equals(s->vectors, "server_random", s->server.random, UFTP_RANDOM_LEN);
    test_vector_equals(s->vectors, "client_random", s->client.random, UFTP_RANDOM_LEN);
    if (!test_vector_exists(s->vectors, "param.group_id"))
        return;
    const uint8_t numbers[] = {s->server.suite.key_exchange, s->server.suite.sigtype,
                               s->server.suite.cipher, s->server.suite.hash};
    test_vector_equals(s->vectors, "param.keyexchange_type", numbers, 1);
    test_vector_equals(s->vectors, "param.sig_type", numbers + 1, 1);
    test_vector_equals(s->vectors, "param.key_type", numbers + 2, 1);
    test_vector_equals(s->vectors, "param.hash_type", numbers + 3, 1);
    assert_int_equal(v4_u32(test_vector(s->vectors, "param.group_id")), s->server.group);
    assert_int_equal(v4_u32(test_vector(s->vectors, "param.server_uid")), s->server_uid);
    assert_int_equal(v4_u32(test_vector(s->vectors, "param.client_uid")), s->client_uid);
    test_vector_equals(s->vectors, "param.private_mcast", s->server.address, s->server.address_len);
    bool client_auth = test_vector(s->vectors, "param.encinfo_flags").data[0] & 1;
    assert_int_equal(client_auth, s->client_blob.len != 0);
}

static void check_ecdh(v4_session *s)
{
    uftp_bytes scalar = test_vector(s->vectors, "ecdh.client_private_scalar");
    uint8_t padded[UFTP_ECDH_SHARED_MAX] = {0}, shared[UFTP_ECDH_SHARED_MAX];
    size_t width = test_vector(s->vectors, "ecdh.peer_public_xy").len / 2;
    memcpy(padded + width - scalar.len, scalar.data, scalar.len);
    uftp_ecdh *own;
    assert_int_equal(uftp_ecdh_import(&s->memory.allocator, uftp_ecdh_blob_curve(s->server_ecdh),
                                      padded, width, &own),
                     UFTP_OK);
    test_vector_equals(s->vectors, "ecdh.own_public_xy", uftp_ecdh_blob(own).data + 4, 2 * width);
    test_vector_equals(s->vectors, "ecdh.peer_public_xy", s->server_ecdh.data + 4, 2 * width);
    test_vector_equals(s->vectors, "register.keyinfo", uftp_ecdh_blob(own).data,
                       uftp_ecdh_blob(own).len);
    int len = uftp_ecdh_shared(own, s->server_ecdh, shared);
    assert_int_equal(len, width);
    test_vector_equals(s->vectors, "ecdh.raw_shared_x", shared, width);
    assert_int_equal(uftp_v4_premaster_ecdh(&s->client, own, s->server_ecdh), UFTP_OK);
    test_vector_equals(s->vectors, "ecdh.premaster", s->client.premaster, 20);
    uftp_ecdh_free(own);
}

static void check_premaster(v4_session *s)
{
    if (s->server_ecdh.len != 0) {
        check_ecdh(s);
    } else {
        assert_non_null(s->server_key);
        assert_int_equal(uftp_v4_premaster_open(&s->client, s->server_key, &s->random.random,
                                                test_vector(s->vectors, "register.keyinfo")),
                         UFTP_OK);
    }
    test_vector_equals(s->vectors, "premaster", s->client.premaster, s->client.premaster_len);
}

static void check_client_keys(v4_session *s)
{
    const uftp_v4_suite *suite = &s->server.suite;
    uint8_t master[UFTP_V4_MASTER_LEN], block[UFTP_V4_KEY_BLOCK_MAX];
    uint8_t seed[2 * UFTP_RANDOM_LEN];
    memcpy(seed, s->server.random, UFTP_RANDOM_LEN);
    memcpy(seed + UFTP_RANDOM_LEN, s->client.random, UFTP_RANDOM_LEN);
    uftp_v4_master_secret(&s->server, &s->client, master);
    test_vector_equals(s->vectors, "master_secret", master, sizeof master);
    size_t len = uftp_v4_key_block(suite, master, (uftp_bytes){seed, sizeof seed}, block);
    test_vector_equals(s->vectors, "key_block", block, len);
    uftp_v4_client_keys(&s->server, &s->client);
    test_vector_equals(s->vectors, "client_hmac_key_unused", s->client.keys.hmac,
                       uftp_hash_len(suite->hash));
    test_vector_equals(s->vectors, "client_key", s->client.keys.key,
                       uftp_v4_key_len(suite->cipher));
    test_vector_equals(s->vectors, "client_salt", s->client.keys.salt, UFTP_V4_SALT_LEN);
}

static void check_keyinfo(v4_session *s)
{
    uftp_bytes datagram = test_vector(s->vectors, "keyinfo.packet");
    const uftp_message message = v4_message(datagram);
    const uftp_keyinfo *keyinfo = &message.as.keyinfo;
    uint32_t source = v4_header(datagram).source;
    const uint8_t *sealed;
    uint8_t iv[UFTP_CBC_BLOCK_MAX], again[UFTP_V4_SEALED_LEN], master[UFTP_V4_MASTER_LEN];
    uint8_t cipher = uftp_v4_keyinfo_cipher(s->server.suite.cipher);
    uftp_v4_iv(cipher, s->client.keys.salt, datagram.data + 4, datagram.data + 20, iv);
    test_vector_equals(s->vectors, "keyinfo.iv", iv, uftp_v4_iv_len(cipher));
    assert_int_equal(keyinfo->entry_count, 1);
    assert_int_equal(uftp_keyinfo_entry(keyinfo, 0, &sealed), s->client_uid);
    test_vector_equals(s->vectors, "keyinfo.encrypted_group_master", sealed, UFTP_V4_SEALED_LEN);
    assert_int_equal(
        uftp_v4_master_open(&s->server, &s->client, source, keyinfo->iv_counter, sealed, master),
        UFTP_OK);
    test_vector_equals(s->vectors, "group_master", master, sizeof master);
    uftp_v4_master_seal(&s->server, &s->client, source, keyinfo->iv_counter, master, again);
    assert_memory_equal(again, sealed, sizeof again);
}

static void check_group_keys(v4_session *s)
{
    const uftp_v4_suite *suite = &s->server.suite;
    const uint8_t *master = test_vector(s->vectors, "group_master").data;
    uint8_t block[UFTP_V4_KEY_BLOCK_MAX];
    size_t len =
        uftp_v4_key_block(suite, master, (uftp_bytes){s->server.random, UFTP_RANDOM_LEN}, block);
    test_vector_equals(s->vectors, "group_key_block", block, len);
    uftp_v4_keys group;
    uftp_v4_group_keys(&s->server, master, &group);
    test_vector_equals(s->vectors, "group_hmac_key", group.hmac, uftp_hash_len(suite->hash));
    test_vector_equals(s->vectors, "group_key", group.key, uftp_v4_key_len(suite->cipher));
    test_vector_equals(s->vectors, "group_salt", group.salt, UFTP_V4_SALT_LEN);
}

static void check_proofs(v4_session *s)
{
    const uint8_t *master = test_vector(s->vectors, "group_master").data;
    uint8_t bytes[UFTP_V4_REGISTER_STRING_MAX + UFTP_KEY_BLOB_MAX + UFTP_V4_MASTER_LEN];
    uint8_t hash[UFTP_HASH_MAX], verify[UFTP_V4_VERIFY_LEN];
    size_t len = uftp_v4_register_string(&s->server, &s->client, bytes);
    if (s->client_blob.len != 0) {
        test_vector_equals(s->vectors, "client_key.signed_data", bytes, len);
        memcpy(bytes + len, s->client_blob.data, s->client_blob.len);
        len += s->client_blob.len;
    }
    memcpy(bytes + len, master, UFTP_V4_MASTER_LEN);
    test_vector_equals(s->vectors, "verify.handshake_values", bytes, len + UFTP_V4_MASTER_LEN);
    uftp_v4_verify_hash(&s->server, &s->client, s->client_blob, master, hash);
    test_vector_equals(s->vectors, "verify.hash", hash, uftp_hash_len(s->server.suite.hash));
    uftp_v4_verify_data(&s->server, &s->client, s->client_blob, master, verify);
    test_vector_equals(s->vectors, "verify.verify_data", verify, sizeof verify);
}

static void check_signatures(v4_session *s)
{
    uftp_bytes datagram = test_vector(s->vectors, "announce.packet");
    uftp_message message = v4_message(datagram);
    uftp_bytes signature = message.as.announce.enc_info.signature;
    if (signature.len != 0)
        assert_int_equal(
            uftp_v4_announce_verify(&s->server, s->server_blob, datagram.data, datagram.len,
                                    (size_t)(signature.data - datagram.data), signature.len),
            UFTP_OK);
    if (s->client_blob.len == 0)
        return;
    message = v4_message(test_vector(s->vectors, "client_key.packet"));
    signature = message.as.client_key.signature;
    assert_int_equal(uftp_v4_client_key_verify(&s->server, &s->client, s->client_blob, signature),
                     UFTP_OK);
    s->client.premaster[0] ^= 1;
    assert_int_equal(uftp_v4_client_key_verify(&s->server, &s->client, s->client_blob, signature),
                     UFTP_ERR_AUTH);
    s->client.premaster[0] ^= 1;
}

/* ---- its packets ---- */

static uftp_v4_sealing group_sealing(const uftp_v4_server *server, const uint8_t *master)
{
    uftp_v4_keys group;
    uftp_v4_sealing sealing;
    uftp_v4_group_keys(server, master, &group);
    uftp_v4_sealing_init(&sealing, &server->suite, &group);
    return sealing;
}

/* A value beside a packet: "enc05.done" and ".iv" name it. */
static const char *part_name(const char *packet, const char *part)
{
    static char name[80];
    size_t len = strlen(packet) - strlen(".packet");
    snprintf(name, sizeof name, "%.*s%s", (int)len, packet, part);
    return name;
}

/* Seals it again; only an ECDSA signature, and one by a key that we do not have, must differ. */
static void check_sealed_again(v4_session *s, const uftp_v4_sealing *sealing, uftp_bytes datagram,
                               size_t signature_len, uftp_bytes plaintext, bool by_server)
{
    static uint8_t again[UFTP_DATAGRAM_MAX];
    bool signs = sealing->suite.sigtype == UFTP_SIGTYPE_KEYEX;
    if (signs && (!s->server_key || !by_server))
        return;
    memset(again, 0xa5, sizeof again);
    memcpy(again, datagram.data, 28);
    memcpy(again + 28 + signature_len, plaintext.data, plaintext.len);
    assert_int_equal(uftp_v4_packet_signature_len(sealing, s->server_key), signature_len);
    assert_int_equal(28 + signature_len + uftp_v4_packet_payload_len(sealing, plaintext.len),
                     datagram.len);
    assert_int_equal(uftp_v4_seal(sealing, s->server_key, &s->random.random, again, plaintext.len),
                     UFTP_OK);
    assert_memory_equal(again, datagram.data, datagram.len);
    assert_int_equal(again[datagram.len], 0xa5);
}

static void check_packet(v4_session *s, const uftp_v4_sealing *sealing, const char *name)
{
    uftp_bytes datagram = test_vector(s->vectors, name);
    bool by_server = v4_header(datagram).source == s->server_uid;
    uint8_t iv[UFTP_CBC_BLOCK_MAX];
    uftp_v4_iv(sealing->suite.cipher, sealing->keys.salt, datagram.data + 4, datagram.data + 16,
               iv);
    test_vector_equals(s->vectors, part_name(name, ".iv"), iv,
                       uftp_v4_iv_len(sealing->suite.cipher));
    size_t signature_len = (size_t)(datagram.data[24] << 8 | datagram.data[25]);
    uint8_t *opened = malloc(datagram.len); /* as long as the packet, for a sanitizer */
    assert_non_null(opened);
    memcpy(opened, datagram.data, datagram.len);
    if (sealing->suite.sigtype == UFTP_SIGTYPE_AUTHENC) {
        test_vector_equals(s->vectors, part_name(name, ".aad"), opened, 28);
        test_vector_equals(s->vectors, part_name(name, ".tag"), opened + datagram.len - 16, 16);
    } else {
        test_vector_equals(s->vectors, part_name(name, ".signature"), opened + 28, signature_len);
        memset(opened + 28, 0, signature_len);
        test_vector_equals(s->vectors, part_name(name, ".signature_input"), opened, datagram.len);
        memcpy(opened + 28, datagram.data + 28, signature_len);
    }
    uftp_bytes plaintext;
    assert_int_equal(uftp_v4_open(sealing, by_server ? s->server_blob : s->client_blob, opened,
                                  datagram.len, &plaintext),
                     UFTP_OK);
    test_vector_equals(s->vectors, part_name(name, ".plaintext"), plaintext.data, plaintext.len);
    check_sealed_again(s, sealing, datagram, signature_len, plaintext, by_server);
    free(opened);
}

static bool name_is(const char *name, const char *start, const char *end)
{
    size_t len = strlen(name), end_len = strlen(end);
    return strncmp(name, start, strlen(start)) == 0 && len >= end_len &&
           strcmp(name + len - end_len, end) == 0;
}

static int check_packets(v4_session *s)
{
    const uftp_v4_sealing sealing =
        group_sealing(&s->server, test_vector(s->vectors, "group_master").data);
    int count = 0;
    const char *name;
    for (size_t i = 0; (name = test_vector_name(s->vectors, i)); i++) {
        if (name_is(name, "enc", ".packet")) {
            check_packet(s, &sealing, name);
            count++;
        } else if (name_is(name, "packet", "")) {
            (void)test_vector(s->vectors, name); /* the same once more, for the codec's test */
        }
    }
    return count;
}

static const char *const files[] = {
    "v4-rsa-aes256cbc-sha1.txt",
    "v4-rsa-aes256gcm-sha256.txt",
    "v4-rsa-3des-sha1-keyex-auth.txt",
    "v4-ecdh-rsa-aes256gcm-sha256.txt",
    "v4-ecdh-ecdsa521-aes128ccm-sha512-auth.txt",
    "v4-ecdh-rsa384-aes128cbc-sha384-hmac.txt",
    "v4-ecdh-ecdsa-aes256cbc-sha256-keyex.txt",
    "v4-ipv6-rsa-aes128gcm-sha256-auth.txt",
};
#define FILES (sizeof files / sizeof *files)

/* Traps 1 to 9 and 12: with another PRF, seed, IV, hash or layout of what is signed, a value or a
 * packet differs. Nothing that a file says is left out. */
static void every_value_of_the_vectors_comes_out(void **state)
{
    (void)state;
    int packets = 0;
    for (size_t i = 0; i < FILES; i++) {
        v4_session s;
        v4_session_open(&s, files[i]);
        print_message("%s\n", files[i]);
        check_parameters(&s);
        check_premaster(&s);
        check_client_keys(&s);
        check_keyinfo(&s);
        check_group_keys(&s);
        check_proofs(&s);
        check_signatures(&s);
        packets += check_packets(&s);
        test_vectors_all_seen(s.vectors);
        v4_session_close(&s);
    }
    assert_int_equal(packets, 72);
}

/* ---- behind proxies ---- */

typedef struct proxied_file {
    const char *name, *announce; /* what the proxy's clients saw */
    const char *clients[2];      /* UIDs: of the client, of its proxy */
} proxied_file;

static const proxied_file proxied_files[] = {
    {"v4-proxy-tunnel-rsa-aes256gcm-sha256.txt",
     "packet06.10.98.0.1_1044.to_230.4.4.1_1044",
     {"0a620002", "0a610002"}},
    {"v4-proxy-response-rsa-aes256cbc-sha256.txt",
     "packet03.10.96.0.1_39005.to_230.4.4.1_1044",
     {"0a600003", "0a600002"}},
};

/* One hop: the keys between a client and its proxy, or the proxy and the server. */
static void check_hop(test_vectors *vectors, const uftp_v4_server *server, const char *uid)
{
    char name[64];
    uftp_v4_client client = {0};
    snprintf(name, sizeof name, "reg.%s.packet", uid);
    const uftp_message message = v4_message(test_vector(vectors, name));
    memcpy(client.random, message.as.registration.random, UFTP_RANDOM_LEN);
    snprintf(name, sizeof name, "reg.%s.premaster", uid);
    uftp_bytes premaster = test_vector(vectors, name);
    memcpy(client.premaster, premaster.data, premaster.len);
    client.premaster_len = premaster.len;
    uftp_v4_client_keys(server, &client);
    snprintf(name, sizeof name, "reg.%s.client_key", uid);
    test_vector_equals(vectors, name, client.keys.key, 32);
    snprintf(name, sizeof name, "reg.%s.client_salt", uid);
    test_vector_equals(vectors, name, client.keys.salt, 4);
    snprintf(name, sizeof name, "keyinfo.to_%s.packet", uid);
    uftp_bytes datagram = test_vector(vectors, name);
    const uftp_message keyinfo = v4_message(datagram);
    const uint8_t *sealed;
    uint8_t master[UFTP_V4_MASTER_LEN];
    (void)uftp_keyinfo_entry(&keyinfo.as.keyinfo, 0, &sealed);
    assert_int_equal(uftp_v4_master_open(server, &client, v4_header(datagram).source,
                                         keyinfo.as.keyinfo.iv_counter, sealed, master),
                     UFTP_OK);
    test_vector_equals(vectors, "group_master", master, sizeof master);
}

/* Packet `number` opens to the plaintext that the file gives under that number. */
static bool check_proxied_packet(test_vectors *vectors, const uftp_v4_sealing *sealing,
                                 const char *packet_name)
{
    static uint8_t opened[UFTP_DATAGRAM_MAX];
    uftp_bytes datagram = test_vector(vectors, packet_name), plaintext;
    if (v4_header(datagram).type != UFTP_MESSAGE_ENCRYPTED)
        return false;
    memcpy(opened, datagram.data, datagram.len);
    assert_int_equal(uftp_v4_open(sealing, (uftp_bytes){0}, opened, datagram.len, &plaintext),
                     UFTP_OK);
    char start[8];
    const char *name;
    snprintf(start, sizeof start, "enc%.2s.", packet_name + strlen("packet"));
    for (size_t i = 0; (name = test_vector_name(vectors, i)); i++)
        if (name_is(name, start, ".plaintext"))
            test_vector_equals(vectors, name, plaintext.data, plaintext.len);
    return true;
}

/* Trap 6: the IV has the source of the header, in a proxy's KEYINFO the server's UID; and a proxy's
 * clients are under the server's random number. */
static void trap_06_sessions_behind_proxies_have_the_same_schedule(void **state)
{
    (void)state;
    int packets = 0;
    for (size_t i = 0; i < 2; i++) {
        test_vectors *vectors = test_vectors_open(proxied_files[i].name);
        const uftp_v4_server server = v4_server(test_vector(vectors, proxied_files[i].announce));
        test_vector_equals(vectors, "server_random", server.random, UFTP_RANDOM_LEN);
        test_vector_equals(vectors, "private_mcast", server.address, 4);
        assert_int_equal(v4_u32(test_vector(vectors, "group_id")), server.group);
        for (size_t hop = 0; hop < 2; hop++) {
            char name[32];
            check_hop(vectors, &server, proxied_files[i].clients[hop]);
            snprintf(name, sizeof name, "reg.%s.id_list", proxied_files[i].clients[hop]);
            assert_string_equal(test_vector_text(vectors, name),
                                hop == 0 ? "-" : proxied_files[i].clients[0]);
        }
        const uftp_v4_sealing sealing =
            group_sealing(&server, test_vector(vectors, "group_master").data);
        test_vector_equals(vectors, "group_key", sealing.keys.key, 32);
        test_vector_equals(vectors, "group_salt", sealing.keys.salt, 4);
        const char *name;
        for (size_t k = 0; (name = test_vector_name(vectors, k)); k++)
            if (name_is(name, "packet", ""))
                packets += check_proxied_packet(vectors, &sealing, name);
        test_vectors_all_seen(vectors);
        test_vectors_close(vectors);
    }
    assert_int_equal(packets, 13 + 18);
}

/* ---- both ends, every suite ---- */

typedef struct ends {
    v4_session *s;
    uftp_key *rsa, *ec;
    uftp_ecdh *server_ecdh, *client_ecdh;
} ends;

static void exchange(const ends *e, const uftp_v4_server *server, uftp_v4_client *here,
                     uftp_v4_client *there)
{
    const uftp_random *random = &e->s->random.random;
    random->fill(random->ctx, UFTP_RANDOM_LEN, here->random);
    memcpy(there->random, here->random, UFTP_RANDOM_LEN);
    if (server->suite.key_exchange == UFTP_KEY_EXCHANGE_RSA) {
        uint8_t sealed[UFTP_OAEP_SEALED_MAX];
        size_t len = 0;
        assert_int_equal(
            uftp_v4_premaster_create(here, uftp_key_blob(e->rsa), random, sealed, &len), UFTP_OK);
        assert_int_equal(uftp_v4_premaster_open(there, e->rsa, random, (uftp_bytes){sealed, len}),
                         UFTP_OK);
    } else {
        assert_int_equal(
            uftp_v4_premaster_ecdh(here, e->client_ecdh, uftp_ecdh_blob(e->server_ecdh)), UFTP_OK);
        assert_int_equal(
            uftp_v4_premaster_ecdh(there, e->server_ecdh, uftp_ecdh_blob(e->client_ecdh)), UFTP_OK);
    }
    uftp_v4_client_keys(server, here);
    uftp_v4_client_keys(server, there);
}

/* A DONE through seal and open. */
static void check_transport(const ends *e, const uftp_v4_sealing *from, const uftp_v4_sealing *to,
                            const uftp_key *signer, uint32_t source)
{
    static const uint8_t done[] = {10, 2, 0, 1, 0, 0, 0, 0, 1, 2, 3, 4};
    uint8_t datagram[28 + UFTP_SIGNATURE_MAX + 64];
    uftp_writer w = {.at = datagram, .end = datagram + sizeof datagram};
    size_t signature_len = uftp_v4_packet_signature_len(from, signer);
    size_t payload_len = uftp_v4_packet_payload_len(from, sizeof done);
    const uftp_header header = {.type = UFTP_MESSAGE_ENCRYPTED, .source = source, .group = 7};
    const uftp_encrypted wrapper = {
        .iv_counter = 9, .signature = {NULL, signature_len}, .payload = {NULL, payload_len}};
    assert_int_equal(uftp_wire_v4.header_write(&w, &header), UFTP_OK);
    assert_int_equal(uftp_wire_v4.encrypted_write(&w, &wrapper), UFTP_OK);
    memcpy(datagram + 28 + signature_len, done, sizeof done);
    assert_int_equal(uftp_v4_seal(from, signer, &e->s->random.random, datagram, sizeof done),
                     UFTP_OK);
    uftp_bytes plaintext;
    assert_int_equal(
        uftp_v4_open(to, uftp_key_blob(signer), datagram, (size_t)(w.at - datagram), &plaintext),
        UFTP_OK);
    assert_int_equal(plaintext.len, sizeof done);
    assert_memory_equal(plaintext.data, done, sizeof done);
}

static void run_suite(const ends *e, const uftp_v4_suite *suite)
{
    uftp_v4_server server = {
        .suite = *suite, .group = 7, .address = {230, 5, 5, 1}, .address_len = 4};
    const uftp_random *random = &e->s->random.random;
    random->fill(random->ctx, UFTP_RANDOM_LEN, server.random);
    const uftp_key *signer = suite->key_exchange == UFTP_KEY_EXCHANGE_ECDH_ECDSA ? e->ec : e->rsa;
    uftp_v4_client here = {0}, there = {0};
    exchange(e, &server, &here, &there);
    uint8_t master[UFTP_V4_MASTER_LEN], heard[UFTP_V4_MASTER_LEN], sealed[UFTP_V4_SEALED_LEN];
    uftp_v4_group_master_create(random, master);
    assert_int_equal(master[0], 0x40);
    uftp_v4_master_seal(&server, &there, 1, 5, master, sealed);
    assert_int_equal(uftp_v4_master_open(&server, &here, 1, 5, sealed, heard), UFTP_OK);
    assert_memory_equal(heard, master, sizeof master);
    uint8_t signature[UFTP_SIGNATURE_MAX], said[UFTP_V4_VERIFY_LEN], wanted[UFTP_V4_VERIFY_LEN];
    uftp_bytes blob = uftp_key_blob(signer);
    assert_int_equal(uftp_v4_client_key_sign(&server, &here, signer, random, signature), UFTP_OK);
    assert_int_equal(uftp_v4_client_key_verify(&server, &there, blob,
                                               (uftp_bytes){signature, uftp_signature_len(signer)}),
                     UFTP_OK);
    uftp_v4_verify_data(&server, &here, blob, heard, said);
    uftp_v4_verify_data(&server, &there, blob, master, wanted);
    assert_memory_equal(said, wanted, sizeof said);
    uftp_v4_verify_data(&server, &there, (uftp_bytes){0}, master, wanted);
    assert_memory_not_equal(said, wanted, sizeof said);
    uftp_v4_sealing from = group_sealing(&server, master), to = group_sealing(&server, heard);
    check_transport(e, &from, &to, signer, 1);
    check_transport(e, &to, &from, signer, 0xfffffffe);
    uftp_v4_sealing_wipe(&from);
    uftp_v4_sealing_wipe(&to);
}

static void both_ends_agree_in_every_suite(void **state)
{
    (void)state;
    v4_session s;
    v4_session_open(&s, files[0]);
    ends e = {.s = &s, .rsa = v4_server_key(&s)};
    const uftp_allocator *memory = &s.memory.allocator;
    const uftp_key_spec spec = {.type = UFTP_KEY_EC, .curve = UFTP_CURVE_SECP384R1};
    assert_int_equal(uftp_key_generate(memory, &s.random.random, &spec, &e.ec), UFTP_OK);
    /* The shortest curve there is, and one that only version 4 has. */
    assert_int_equal(
        uftp_ecdh_generate(memory, &s.random.random, UFTP_CURVE_SECP192R1, &e.server_ecdh),
        UFTP_OK);
    assert_int_equal(
        uftp_ecdh_generate(memory, &s.random.random, UFTP_CURVE_SECP192R1, &e.client_ecdh),
        UFTP_OK);
    int suites = 0;
    for (unsigned number = 0; number < 4 * 4 * 9 * 6; number++) {
        const uftp_v4_suite suite = {.key_exchange = (uint8_t)(number % 4),
                                     .sigtype = (uint8_t)(number / 4 % 4),
                                     .cipher = (uint8_t)(number / 16 % 9),
                                     .hash = (uint8_t)(number / 144 % 6)};
        if (uftp_v4_suite_check(&suite) < 0)
            continue;
        suites++;
        run_suite(&e, &suite);
    }
    assert_int_equal(suites, 3 * 4 * (4 * 2 + 4));
    uftp_key_free(e.rsa);
    uftp_key_free(e.ec);
    uftp_ecdh_free(e.server_ecdh);
    uftp_ecdh_free(e.client_ecdh);
    v4_session_close(&s);
}

/* ---- what must not pass ---- */

/* In every mode: a changed bit anywhere, header included, and every cut. The bytes stay as they
 * were, so that another key may be tried. */
static void a_damaged_packet_is_refused_and_left_as_it_was(void **state)
{
    (void)state;
    static const char *const names[][2] = {
        {"v4-rsa-aes256cbc-sha1.txt", "enc%02d.fileinfo.packet"},
        {"v4-rsa-aes256gcm-sha256.txt", "enc%02d.fileinfo.packet"},
        {"v4-rsa-3des-sha1-keyex-auth.txt", "enc%02d.fileinfo.packet"},
        {"v4-ecdh-ecdsa-aes256cbc-sha256-keyex.txt", "enc%02d.fileinfo.packet"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        v4_session s;
        v4_session_open(&s, names[i][0]);
        const uftp_v4_sealing sealing =
            group_sealing(&s.server, test_vector(s.vectors, "group_master").data);
        char name[40];
        for (int number = 0; number < 40; number++) {
            snprintf(name, sizeof name, names[i][1], number);
            if (test_vector_exists(s.vectors, name))
                break;
        }
        uftp_bytes datagram = test_vector(s.vectors, name), plaintext;
        uint8_t *changed = malloc(datagram.len), *kept = malloc(datagram.len);
        assert_true(changed && kept);
        for (size_t at = 0; at < datagram.len; at++) {
            memcpy(kept, datagram.data, datagram.len);
            kept[at] ^= (uint8_t)(1 << at % 8);
            memcpy(changed, kept, datagram.len);
            assert_true(uftp_v4_open(&sealing, s.server_blob, changed, datagram.len, &plaintext) <
                        0);
            assert_memory_equal(changed, kept, datagram.len);
        }
        for (size_t len = 0; len < datagram.len; len++) {
            uint8_t *cut = malloc(len ? len : 1);
            assert_non_null(cut);
            memcpy(cut, datagram.data, len);
            assert_true(uftp_v4_open(&sealing, s.server_blob, cut, len, &plaintext) < 0);
            free(cut);
        }
        free(changed);
        free(kept);
        v4_session_close(&s);
    }
}

/* Lengths that fill the datagram but leave another room for the signature than the mode has: none
 * of it may be taken for one, nor anything be read behind the end. */
static void a_signature_of_another_length_is_refused(void **state)
{
    (void)state;
    static const char *const names[] = {"v4-rsa-aes256cbc-sha1.txt", "v4-rsa-aes256gcm-sha256.txt",
                                        "v4-rsa-3des-sha1-keyex-auth.txt"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        v4_session s;
        v4_session_open(&s, names[i]);
        const uftp_v4_sealing sealing =
            group_sealing(&s.server, test_vector(s.vectors, "group_master").data);
        size_t right = uftp_v4_packet_signature_len(&sealing, s.server_key);
        for (size_t len = 0; len < 200; len++) {
            size_t total = 28 + len + 16; /* an AEAD tag, a block of any other cipher */
            uint8_t *bytes = calloc(1, total);
            assert_non_null(bytes);
            bytes[25] = (uint8_t)len;
            bytes[27] = 16;
            uftp_bytes plaintext;
            assert_int_equal(uftp_v4_open(&sealing, s.server_blob, bytes, total, &plaintext),
                             UFTP_ERR_AUTH);
            free(bytes);
        }
        assert_true(right < 200);
        v4_session_close(&s);
    }
}

/* An HMAC cut by its last byte, which then happens to be the first of the payload: a comparison of
 * as many bytes as the hash has would take it. */
static void a_short_hmac_that_runs_into_the_payload_is_refused(void **state)
{
    (void)state;
    v4_session s;
    v4_session_open(&s, "v4-rsa-aes256cbc-sha1.txt");
    const uftp_v4_sealing sealing =
        group_sealing(&s.server, test_vector(s.vectors, "group_master").data);
    uint8_t packet[28 + 19 + 16] = {[25] = 19, [27] = 16}, kept[sizeof packet], digest[20] = {0};
    const uftp_bytes whole = {packet, sizeof packet}, key = {sealing.keys.hmac, 20};
    do {
        packet[23]++; /* the IV counter */
        packet[22] = (uint8_t)(packet[22] + (packet[23] == 0));
        uftp_hmac_parts(UFTP_HASH_SHA1, key, &whole, 1, digest);
    } while (digest[19] != packet[28 + 19]);
    memcpy(packet + 28, digest, 19);
    memcpy(kept, packet, sizeof kept);
    uftp_bytes plaintext;
    assert_int_equal(uftp_v4_open(&sealing, s.server_blob, packet, sizeof packet, &plaintext),
                     UFTP_ERR_AUTH);
    assert_memory_equal(packet, kept, sizeof kept); /* not even decrypted */
    v4_session_close(&s);
}

/* A member of the group holds every key but the signer's. */
static void a_packet_signed_by_another_member_is_refused(void **state)
{
    (void)state;
    v4_session s;
    v4_session_open(&s, "v4-ecdh-ecdsa-aes256cbc-sha256-keyex.txt");
    const uftp_v4_sealing sealing =
        group_sealing(&s.server, test_vector(s.vectors, "group_master").data);
    uftp_bytes datagram = test_vector(s.vectors, "enc18.done.packet"), plaintext;
    uint8_t bytes[512];
    assert_true(datagram.len <= sizeof bytes);
    memcpy(bytes, datagram.data, datagram.len);
    assert_int_equal(uftp_v4_open(&sealing, s.client_blob, bytes, datagram.len, &plaintext),
                     UFTP_ERR_AUTH);
    assert_int_equal(uftp_v4_open(&sealing, (uftp_bytes){0}, bytes, datagram.len, &plaintext),
                     UFTP_ERR_AUTH);
    assert_int_equal(uftp_v4_open(&sealing, s.server_blob, bytes, datagram.len, &plaintext),
                     UFTP_OK);
    v4_session_close(&s);
}

/* Trap 8: the client list in the body and the sequence number are signed too. */
static void trap_08_a_signed_announce_can_not_be_changed_anywhere(void **state)
{
    (void)state;
    v4_session s;
    v4_session_open(&s, "v4-ecdh-ecdsa521-aes128ccm-sha512-auth.txt");
    uftp_bytes datagram = test_vector(s.vectors, "announce.packet");
    const uftp_message message = v4_message(datagram);
    uftp_bytes signature = message.as.announce.enc_info.signature;
    size_t offset = (size_t)(signature.data - datagram.data);
    assert_true(message.as.announce.members.count > 0);
    uint8_t bytes[1500];
    for (size_t at = 0; at < datagram.len; at += at < 64 || at > datagram.len - 8 ? 1 : 16) {
        memcpy(bytes, datagram.data, datagram.len);
        bytes[at] ^= 1;
        int err = uftp_v4_announce_verify(&s.server, s.server_blob, bytes, datagram.len, offset,
                                          signature.len);
        if (err == UFTP_OK) /* padding behind r and s: of no meaning */
            assert_true(at >= offset + 4 && at < offset + signature.len);
    }
    assert_int_equal(uftp_v4_announce_verify(&s.server, s.server_blob, datagram.data, datagram.len,
                                             datagram.len, 1),
                     UFTP_ERR_AUTH);
    assert_int_equal(
        uftp_v4_announce_verify(&s.server, s.server_blob, datagram.data, datagram.len, 0, SIZE_MAX),
        UFTP_ERR_AUTH);
    v4_session_close(&s);
}

static void an_announce_that_we_sign_verifies(void **state)
{
    (void)state;
    v4_session s;
    v4_session_open(&s, "v4-ecdh-rsa-aes256gcm-sha256.txt");
    uftp_bytes datagram = test_vector(s.vectors, "announce.packet");
    const uftp_message message = v4_message(datagram);
    uftp_bytes signature = message.as.announce.enc_info.signature;
    size_t offset = (size_t)(signature.data - datagram.data);
    uftp_key *key = v4_server_key(&s);
    assert_int_equal(uftp_signature_len(key), signature.len);
    uint8_t bytes[1500];
    memcpy(bytes, datagram.data, datagram.len);
    bytes[3] ^= 1; /* the next sequence number */
    assert_int_equal(
        uftp_v4_announce_sign(&s.server, key, &s.random.random, bytes, datagram.len, offset),
        UFTP_OK);
    assert_int_equal(uftp_v4_announce_verify(&s.server, uftp_key_blob(key), bytes, datagram.len,
                                             offset, signature.len),
                     UFTP_OK);
    assert_int_equal(uftp_v4_announce_sign(&s.server, key, &s.random.random, bytes, datagram.len,
                                           datagram.len - signature.len + 1),
                     UFTP_ERR_SPACE);
    uftp_key_free(key);
    v4_session_close(&s);
}

/* 6.4: nothing authenticates the group master, so what does not unpad is all that shows here. */
static void a_group_master_for_another_client_does_not_come_out(void **state)
{
    (void)state;
    v4_session s;
    v4_session_open(&s, files[0]);
    uftp_v4_client one = {.premaster = {1}, .premaster_len = 48};
    uftp_v4_client other = {.premaster = {2}, .premaster_len = 48};
    uftp_v4_client_keys(&s.server, &one);
    uftp_v4_client_keys(&s.server, &other);
    uint8_t master[UFTP_V4_MASTER_LEN], heard[UFTP_V4_MASTER_LEN], sealed[UFTP_V4_SEALED_LEN];
    uftp_v4_group_master_create(&s.random.random, master);
    uftp_v4_master_seal(&s.server, &one, 1, 1, master, sealed);
    for (uint64_t counter = 1; counter < 200; counter++) {
        int err = uftp_v4_master_open(&s.server, &other, 1, counter, sealed, heard);
        assert_true(err == UFTP_ERR_AUTH || memcmp(heard, master, sizeof master) != 0);
    }
    assert_int_equal(uftp_v4_master_open(&s.server, &one, 2, 1, sealed, heard), UFTP_OK);
    assert_memory_not_equal(heard, master, sizeof master); /* the IV has the source's UID */
    v4_session_close(&s);
}

/* Trap 1: TLS and version 4 agree in the first block and in no other. */
static void trap_01_the_prf_is_not_that_of_tls(void **state)
{
    (void)state;
    static const uint8_t secret[48] = {1}, seed[32] = {2};
    const uftp_bytes key = {secret, sizeof secret};
    uint8_t ours[64], a[32], next[32], block[32];
    uftp_prf(UFTP_HASH_SHA256, key, "label", (uftp_bytes){seed, sizeof seed}, ours, sizeof ours);
    const uftp_bytes text = {(const uint8_t *)"label", 5}, random = {seed, sizeof seed};
    uftp_hmac_parts(UFTP_HASH_SHA256, key, (const uftp_bytes[]){text, random}, 2, a);
    uftp_hmac_parts(UFTP_HASH_SHA256, key, (const uftp_bytes[]){{a, 32}, text, random}, 3, block);
    assert_memory_equal(ours, block, 32);
    uftp_hmac_parts(UFTP_HASH_SHA256, key, (const uftp_bytes[]){{a, 32}}, 1, next);
    uftp_hmac_parts(UFTP_HASH_SHA256, key, (const uftp_bytes[]){{next, 32}, text, random}, 3,
                    block);
    assert_memory_not_equal(ours + 32, block, 32);
    uftp_hmac_parts(UFTP_HASH_SHA256, key, (const uftp_bytes[]){{ours, 32}, text, random}, 3,
                    block);
    assert_memory_equal(ours + 32, block, 32);
}

/* 6.3: old programs had all keys zero with these hashes, which nobody would notice from outside. */
static void no_hash_makes_keys_of_zeros(void **state)
{
    (void)state;
    static const uint8_t zeros[UFTP_CBC_KEY_MAX];
    for (uint8_t hash = UFTP_HASH_SHA1; hash <= UFTP_HASH_SHA512; hash++) {
        const uftp_v4_server server = {.suite = {.key_exchange = UFTP_KEY_EXCHANGE_RSA,
                                                 .sigtype = UFTP_SIGTYPE_HMAC,
                                                 .cipher = UFTP_CIPHER_AES256_CBC,
                                                 .hash = hash}};
        static const uint8_t master[UFTP_V4_MASTER_LEN] = {0x40};
        uftp_v4_keys keys;
        uftp_v4_group_keys(&server, master, &keys);
        assert_memory_not_equal(keys.key, zeros, sizeof zeros);
        assert_memory_not_equal(keys.hmac, zeros, 20);
    }
}

/* 11: version 5 has three curves, and was right to refuse the others before they were known. */
static void version_5_refuses_the_curves_of_version_4(void **state)
{
    (void)state;
    test_memory memory;
    test_random random;
    test_memory_init(&memory);
    test_random_init(&random, 1);
    uftp_ecdh *key;
    assert_int_equal(
        uftp_ecdh_generate(&memory.allocator, &random.random, UFTP_CURVE_SECP224R1, &key), UFTP_OK);
    uftp_bytes blob = uftp_ecdh_blob(key);
    assert_int_equal(blob.len, 4 + 56);
    static uftp_v5_server_context server;
    static uftp_v5_client_context client;
    static const uint8_t random_bytes[32], enc_info[44];
    assert_int_equal(
        uftp_v5_server_context_init(&server, 1, 0, 2, (uftp_bytes){enc_info, 44}, 44, 0), UFTP_OK);
    assert_int_equal(uftp_v5_client_context_init(&client, (uftp_bytes){0}, 3, blob, random_bytes),
                     UFTP_OK);
    const uftp_suite suite = {UFTP_CIPHER_AES256_GCM, UFTP_HASH_SHA256};
    uftp_traffic a, b;
    assert_int_equal(uftp_v5_handshake_keys(&suite, key, blob, &server, &client, &a, &b),
                     UFTP_ERR_UNSUPPORTED);
    static const uint8_t datagram[200];
    assert_int_equal(
        uftp_v5_announce_verify(blob, UFTP_HASH_SHA256, datagram, sizeof datagram, 100, 60),
        UFTP_ERR_KEY);
    uftp_ecdh_free(key);
    assert_int_equal(memory.live, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_value_of_the_vectors_comes_out),
        cmocka_unit_test(trap_06_sessions_behind_proxies_have_the_same_schedule),
        cmocka_unit_test(both_ends_agree_in_every_suite),
        cmocka_unit_test(a_damaged_packet_is_refused_and_left_as_it_was),
        cmocka_unit_test(a_signature_of_another_length_is_refused),
        cmocka_unit_test(a_short_hmac_that_runs_into_the_payload_is_refused),
        cmocka_unit_test(a_packet_signed_by_another_member_is_refused),
        cmocka_unit_test(trap_08_a_signed_announce_can_not_be_changed_anywhere),
        cmocka_unit_test(an_announce_that_we_sign_verifies),
        cmocka_unit_test(a_group_master_for_another_client_does_not_come_out),
        cmocka_unit_test(trap_01_the_prf_is_not_that_of_tls),
        cmocka_unit_test(no_hash_makes_keys_of_zeros),
        cmocka_unit_test(version_5_refuses_the_curves_of_version_4),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
