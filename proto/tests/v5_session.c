/* SPDX-License-Identifier: MIT */
#include "v5_session.h"

#include "crypto/hash.h"
#include "crypto/key_internal.h"

#include <stdio.h>
#include <string.h>

static size_t read_u16(const uint8_t *bytes)
{
    return (size_t)(bytes[0] << 8 | bytes[1]);
}

uint64_t v5_read_u64(const uint8_t *bytes)
{
    uint64_t value = 0;
    for (size_t i = 0; i < 8; i++)
        value = value << 8 | bytes[i];
    return value;
}

static uint32_t read_u32(uftp_bytes bytes)
{
    assert_int_equal(bytes.len, 4);
    return (uint32_t)bytes.data[0] << 24 | (uint32_t)bytes.data[1] << 16 |
           (uint32_t)bytes.data[2] << 8 | bytes.data[3];
}

static uftp_bytes named(v5_session *s, const char *who, const char *what)
{
    char name[64];
    snprintf(name, sizeof name, "%s.%s", who, what);
    return test_vector(s->vectors, name);
}

static void read_number(v5_session *s, const char *who, const char *what, mpz_t out)
{
    uftp_bytes bytes = named(s, who, what);
    nettle_mpz_set_str_256_u(out, bytes.len, bytes.data);
}

static uftp_key *rsa_key(v5_session *s, const char *who)
{
    uftp_key *key;
    assert_int_equal(uftp_key_create(&s->memory.allocator, NULL, &key), UFTP_OK);
    struct rsa_private_key *secret = &key->rsa.secret;
    read_number(s, who, "rsa_n", key->rsa.open.n);
    read_number(s, who, "rsa_e", key->rsa.open.e);
    read_number(s, who, "rsa_d", secret->d);
    read_number(s, who, "rsa_p", secret->p);
    read_number(s, who, "rsa_q", secret->q);
    mpz_sub_ui(secret->a, secret->p, 1);
    mpz_mod(secret->a, secret->d, secret->a);
    mpz_sub_ui(secret->b, secret->q, 1);
    mpz_mod(secret->b, secret->d, secret->b);
    assert_true(mpz_invert(secret->c, secret->q, secret->p));
    assert_int_equal(uftp_key_complete_rsa(key), UFTP_OK);
    return key;
}

static uftp_key *ec_key(v5_session *s, const char *who, uftp_curve number)
{
    const uftp_ec_curve *curve = uftp_ec_curve_find(number);
    uftp_key *key;
    assert_int_equal(uftp_key_create(&s->memory.allocator, curve, &key), UFTP_OK);
    uftp_bytes scalar = named(s, who, "ec_private");
    assert_int_equal(uftp_ec_scalar_read(curve, scalar, &key->ec.scalar), UFTP_OK);
    assert_int_equal(uftp_key_complete_ec(key), UFTP_OK);
    return key;
}

static uftp_key *sign_key(v5_session *s, const char *who)
{
    char name[64];
    snprintf(name, sizeof name, "meta.%s.alg", who);
    const char *algorithm = test_vector_text(s->vectors, name);
    if (strncmp(algorithm, "rsa-", 4) == 0)
        return rsa_key(s, who);
    assert_int_equal(strncmp(algorithm, "ecdsa-", 6), 0);
    return ec_key(s, who, uftp_curve_parse(algorithm + 6));
}

static uftp_ecdh *ecdh_key(v5_session *s, const char *name)
{
    uftp_curve curve = uftp_curve_parse(test_vector_text(s->vectors, "meta.ecdh_curve"));
    uftp_bytes scalar = test_vector(s->vectors, name);
    uftp_ecdh *key;
    assert_int_equal(uftp_ecdh_import(&s->memory.allocator, curve, scalar.data, scalar.len, &key),
                     UFTP_OK);
    return key;
}

static void read_suite(v5_session *s)
{
    static const char *const ciphers[] = {[UFTP_CIPHER_AES128_GCM] = "aes128-gcm",
                                          [UFTP_CIPHER_AES256_GCM] = "aes256-gcm",
                                          [UFTP_CIPHER_AES128_CCM] = "aes128-ccm",
                                          [UFTP_CIPHER_AES256_CCM] = "aes256-ccm"};
    static const char *const hashes[] = {[UFTP_HASH_SHA256] = "sha256",
                                         [UFTP_HASH_SHA384] = "sha384",
                                         [UFTP_HASH_SHA512] = "sha512"};
    for (uint8_t i = UFTP_CIPHER_AES128_GCM; i <= UFTP_CIPHER_AES256_CCM; i++)
        if (strcmp(test_vector_text(s->vectors, "meta.cipher"), ciphers[i]) == 0)
            s->suite.cipher = i;
    for (uint8_t i = UFTP_HASH_SHA256; i <= UFTP_HASH_SHA512; i++)
        if (strcmp(test_vector_text(s->vectors, "meta.hash"), hashes[i]) == 0)
            s->suite.hash = i;
    s->hash_len = uftp_hash_len(s->suite.hash);
    s->key_len = uftp_cipher_key_len(s->suite.cipher);
}

/* The contexts, from the packets as they were on the wire. */
static void make_contexts(v5_session *s)
{
    uftp_bytes announce = test_packet(s->vectors, v5_session_find(s, UFTP_MESSAGE_ANNOUNCE), "raw");
    const uint8_t *enc_info = announce.data + 16 + 24;
    v5_signature signature = v5_enc_info_signature(enc_info);
    assert_int_equal(uftp_v5_server_context_init(&s->server,
                                                 read_u32(test_vector(s->vectors, "group_id")),
                                                 test_vector(s->vectors, "group_inst").data[0],
                                                 read_u32(test_vector(s->vectors, "server_id")),
                                                 (uftp_bytes){enc_info, (size_t)enc_info[1] * 4},
                                                 signature.offset, signature.len),
                     UFTP_OK);
    uftp_bytes reg = test_packet(s->vectors, v5_session_find(s, UFTP_MESSAGE_REGISTER), "raw");
    assert_int_equal(uftp_v5_client_context_init(
                         &s->client, test_vector(s->vectors, "ctx.proxy_hs"),
                         read_u32(test_vector(s->vectors, "client_id")),
                         (uftp_bytes){reg.data + 60, read_u16(reg.data + 18)}, reg.data + 28),
                     UFTP_OK);
    if (!s->client_auth)
        return;
    size_t index = v5_session_find(s, UFTP_MESSAGE_CLIENT_KEY);
    uftp_bytes message = test_packet(s->vectors, index, "plain");
    signature = v5_client_key_signature(message);
    assert_int_equal(
        uftp_v5_client_context_add_key(&s->client, message, signature.offset, signature.len),
        UFTP_OK);
}

void v5_session_open(v5_session *s, const char *file)
{
    *s = (v5_session){.vectors = test_vectors_open(file)};
    test_memory_init(&s->memory);
    test_random_init(&s->random, 5);
    read_suite(s);
    s->client_auth = test_vector_text(s->vectors, "meta.client_auth")[0] == '1';
    s->server_sign = sign_key(s, "server.sign");
    if (s->client_auth)
        s->client_sign = sign_key(s, "client.sign");
    s->server_ecdh = ecdh_key(s, "server.ecdh.private");
    s->client_ecdh = ecdh_key(s, "client.ecdh.private");
    s->group_master = test_vector(s->vectors, "group_master");
    make_contexts(s);
    assert_int_equal(uftp_v5_handshake_keys(&s->suite, s->server_ecdh,
                                            uftp_ecdh_blob(s->client_ecdh), &s->server, &s->client,
                                            &s->server_hs, &s->client_hs),
                     UFTP_OK);
    uftp_v5_server_app_keys(&s->suite, s->group_master.data, &s->server, &s->server_app);
    uftp_v5_client_app_keys(&s->suite, s->group_master.data, &s->server, &s->client, &s->client_app,
                            s->verify_data);
}

void v5_session_close(v5_session *s)
{
    uftp_key_free(s->server_sign);
    uftp_key_free(s->client_sign);
    uftp_ecdh_free(s->server_ecdh);
    uftp_ecdh_free(s->client_ecdh);
    test_vectors_close(s->vectors);
    assert_int_equal(s->memory.live, 0);
}

/* ---- where things lie (spec v5 1.6 to 1.11) ---- */

v5_signature v5_enc_info_signature(const uint8_t *enc_info)
{
    return (v5_signature){44 + read_u16(enc_info + 6) + read_u16(enc_info + 8),
                          read_u16(enc_info + 10)};
}

v5_signature v5_announce_signature(uftp_bytes datagram)
{
    v5_signature signature = v5_enc_info_signature(datagram.data + 40);
    signature.offset += 40;
    return signature;
}

v5_signature v5_keyinfo_signature(uftp_bytes datagram)
{
    return (v5_signature){28, read_u16(datagram.data + 18)};
}

v5_signature v5_client_key_signature(uftp_bytes plaintext)
{
    return (v5_signature){8 + read_u16(plaintext.data + 4), read_u16(plaintext.data + 6)};
}

size_t v5_session_find(v5_session *s, uint8_t type)
{
    size_t count = test_packet_count(s->vectors);
    for (size_t i = 0; i < count; i++) {
        if (test_packet(s->vectors, i, "raw").data[1] == type)
            return i;
        if (test_packet_exists(s->vectors, i, "plain") &&
            test_packet(s->vectors, i, "plain").data[0] == type)
            return i;
    }
    fail_msg("no packet of type %u", type);
    return 0;
}

const uftp_traffic *v5_session_traffic(const v5_session *s, const char *key)
{
    if (strcmp(key, "server_app") == 0)
        return &s->server_app;
    if (strcmp(key, "client_app") == 0)
        return &s->client_app;
    assert_string_equal(key, "client_hs");
    return &s->client_hs;
}
