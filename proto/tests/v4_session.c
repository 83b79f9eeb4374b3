/* SPDX-License-Identifier: MIT */
#include "v4_session.h"

#include "crypto/key_internal.h"

#include <stdio.h>
#include <string.h>

uftp_header v4_header(uftp_bytes datagram)
{
    uftp_header header;
    uftp_reader r = {.at = datagram.data, .end = datagram.data + datagram.len};
    assert_int_equal(uftp_wire_v4.header_read(&r, &header), UFTP_OK);
    return header;
}

uftp_message v4_message(uftp_bytes datagram)
{
    uftp_message message;
    uftp_reader r = {.at = datagram.data + 16, .end = datagram.data + datagram.len};
    assert_int_equal(uftp_wire_v4.message_read(&r, &message), UFTP_OK);
    assert_int_equal(message.type, v4_header(datagram).type);
    return message;
}

uint32_t v4_u32(uftp_bytes bytes)
{
    assert_int_equal(bytes.len, 4);
    return (uint32_t)bytes.data[0] << 24 | (uint32_t)bytes.data[1] << 16 |
           (uint32_t)bytes.data[2] << 8 | bytes.data[3];
}

uftp_v4_server v4_server(uftp_bytes announce_datagram)
{
    const uftp_message message = v4_message(announce_datagram);
    const uftp_announce *announce = &message.as.announce;
    assert_true(announce->encrypted);
    const uftp_enc_info *info = &announce->enc_info;
    uftp_v4_server server = {.suite = {.key_exchange = info->key_exchange,
                                       .sigtype = info->sigtype,
                                       .cipher = info->cipher,
                                       .hash = info->hash},
                             .group = v4_header(announce_datagram).group,
                             .address_len = announce->private_address.family == UFTP_IPV6 ? 16 : 4};
    memcpy(server.address, announce->private_address.bytes, sizeof server.address);
    memcpy(server.random, info->random, UFTP_RANDOM_LEN);
    return server;
}

static void read_number(test_vectors *vectors, const char *part, mpz_t out)
{
    char name[32];
    snprintf(name, sizeof name, "server_rsa.%s", part);
    uftp_bytes bytes = test_vector(vectors, name);
    nettle_mpz_set_str_256_u(out, bytes.len, bytes.data);
}

static uftp_key *rsa_key(v4_session *s, test_vectors *vectors)
{
    uftp_key *key;
    assert_int_equal(uftp_key_create(&s->memory.allocator, NULL, &key), UFTP_OK);
    struct rsa_private_key *secret = &key->rsa.secret;
    read_number(vectors, "n", key->rsa.open.n);
    read_number(vectors, "e", key->rsa.open.e);
    read_number(vectors, "d", secret->d);
    read_number(vectors, "p", secret->p);
    read_number(vectors, "q", secret->q);
    mpz_sub_ui(secret->a, secret->p, 1);
    mpz_mod(secret->a, secret->d, secret->a);
    mpz_sub_ui(secret->b, secret->q, 1);
    mpz_mod(secret->b, secret->d, secret->b);
    assert_true(mpz_invert(secret->c, secret->q, secret->p));
    assert_int_equal(uftp_key_complete_rsa(key), UFTP_OK);
    return key;
}

uftp_key *v4_server_key(v4_session *s)
{
    test_vectors *vectors = test_vectors_open("v4-rsa-aes256cbc-sha1.txt");
    uftp_key *key = rsa_key(s, vectors);
    test_vectors_close(vectors);
    return key;
}

/* The file's own key, or the one that another file gives, if it is this server's. */
static void find_server_key(v4_session *s)
{
    s->server_key =
        test_vector_exists(s->vectors, "server_rsa.n") ? rsa_key(s, s->vectors) : v4_server_key(s);
    uftp_bytes blob = uftp_key_blob(s->server_key);
    if (blob.len == s->server_blob.len && memcmp(blob.data, s->server_blob.data, blob.len) == 0)
        return;
    assert_false(test_vector_exists(s->vectors, "server_rsa.n"));
    uftp_key_free(s->server_key);
    s->server_key = NULL;
}

void v4_session_open(v4_session *s, const char *file)
{
    *s = (v4_session){.vectors = test_vectors_open(file)};
    test_memory_init(&s->memory);
    test_random_init(&s->random, 4);
    uftp_bytes announce = test_vector(s->vectors, "announce.packet");
    s->server = v4_server(announce);
    uftp_message message = v4_message(announce);
    s->server_blob = message.as.announce.enc_info.public_key;
    s->server_ecdh = message.as.announce.enc_info.ecdh_key;
    s->server_uid = v4_header(announce).source;
    s->client_uid = v4_header(test_vector(s->vectors, "register.packet")).source;
    message = v4_message(test_vector(s->vectors, "register.packet"));
    memcpy(s->client.random, message.as.registration.random, UFTP_RANDOM_LEN);
    if (test_vector_exists(s->vectors, "client_key.packet")) {
        message = v4_message(test_vector(s->vectors, "client_key.packet"));
        s->client_blob = message.as.client_key.public_key;
    }
    find_server_key(s);
}

void v4_session_close(v4_session *s)
{
    uftp_key_free(s->server_key);
    test_vectors_close(s->vectors);
    assert_int_equal(s->memory.live, 0);
}
