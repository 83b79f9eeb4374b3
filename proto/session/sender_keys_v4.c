/* SPDX-License-Identifier: MIT
 *
 * Every call of the sender into the key schedule of wire version 4 (spec v4 6, 7): one set of keys
 * for the whole group, in both directions.
 */
#include "session/sender_internal.h"

#include "crypto/hash.h"

static bool is_rsa_exchange(const sender_keys *keys)
{
    return keys->of.v4.server.suite.key_exchange == UFTP_KEY_EXCHANGE_RSA;
}

static void enc_info(const uftp_sender *sender, uftp_enc_info *out)
{
    const sender_keys *keys = &sender->keys;
    const uftp_v4_suite *suite = &keys->of.v4.server.suite;
    *out = (uftp_enc_info){
        .client_auth = sender->config.client_auth,
        .key_exchange = suite->key_exchange,
        .sigtype = suite->sigtype,
        .cipher = suite->cipher,
        .hash = suite->hash,
        .random = keys->random,
        .public_key = uftp_key_blob(sender->config.key),
    };
    if (is_rsa_exchange(keys))
        return; /* nothing is signed (3.1) */
    out->ecdh_key = uftp_ecdh_blob(keys->ecdh);
    out->signature.len = uftp_signature_len(sender->config.key);
}

/* The key exchange says what kind of key the sender has (6.7). */
static bool key_fits(const uftp_sender_config *config, const uftp_v4_suite *suite)
{
    uftp_key_spec spec;
    uftp_key_describe(config->key, &spec);
    return (spec.type == UFTP_KEY_EC) == (suite->key_exchange == UFTP_KEY_EXCHANGE_ECDH_ECDSA);
}

/* An ANNOUNCE must hold all this (trap 13): found now, not when it is built. */
static int check_enc_info(const uftp_sender *sender)
{
    uint8_t bytes[1020];
    uftp_writer w = {.at = bytes, .end = bytes + sizeof bytes};
    uftp_enc_info info;
    enc_info(sender, &info);
    int err = sender->wire->enc_info_write(&w, &info);
    if (err < 0)
        return err;
    size_t address_len = sender->config.public_address.family == UFTP_IPV6 ? 16 : 4;
    return (size_t)(w.end - w.at) < 16 + 2 * address_len ? UFTP_ERR_LIMIT : UFTP_OK;
}

static int init(uftp_sender *sender)
{
    sender_keys *keys = &sender->keys;
    uftp_sender_config *config = &sender->config;
    const uftp_random *random = config->random;
    uftp_v4_server *server = &keys->of.v4.server;
    server->suite = (uftp_v4_suite){
        .key_exchange = (uint8_t)config->key_exchange,
        .sigtype = (uint8_t)(uftp_cipher_key_len((uint8_t)config->cipher) ? UFTP_SIGTYPE_AUTHENC
                                                                          : config->sigtype),
        .cipher = (uint8_t)config->cipher,
        .hash = (uint8_t)config->hash,
    };
    if (uftp_v4_suite_check(&server->suite) < 0)
        return UFTP_ERR_UNSUPPORTED;
    if (uftp_v4_suite_legacy(&server->suite) && !config->legacy_crypto)
        return UFTP_ERR_UNSUPPORTED;
    if (!key_fits(config, &server->suite))
        return UFTP_ERR_KEY;
    if (server->suite.sigtype == UFTP_SIGTYPE_KEYEX)
        config->client_auth = true; /* what a client signs is worth what its key is (3.1) */
    if (!is_rsa_exchange(keys)) {
        int err = uftp_ecdh_generate(config->memory, random, config->ecdh_curve, &keys->ecdh);
        if (err < 0)
            return err;
    }
    random->fill(random->ctx, sizeof keys->random, keys->random);
    memcpy(server->random, keys->random, sizeof server->random);
    server->group = config->group;
    server->address_len = config->public_address.family == UFTP_IPV6 ? 16 : 4;
    if (!sender->unicast)
        memcpy(server->address, config->private_address.bytes, server->address_len);

    uftp_v4_keys group;
    uftp_v4_group_master_create(random, keys->of.v4.group_master);
    if (config->key_log)
        config->key_log->log(config->key_log->ctx, "GROUP_MASTER", config->group, config->uid,
                             keys->of.v4.group_master, UFTP_V4_MASTER_LEN);
    uftp_v4_group_keys(server, keys->of.v4.group_master, &group);
    uftp_v4_sealing_init(&keys->of.v4.group, &server->suite, &group);
    uftp_wipe(&group, sizeof group);
    keys->sealing = (uftp_sealing){
        .group = &keys->of.v4.group, .own_key = config->key, .random = config->random};
    return check_enc_info(sender);
}

static void wipe(uftp_sender *sender)
{
    uftp_v4_sealing_wipe(&sender->keys.of.v4.group);
}

static size_t keyinfo_signature_len(const uftp_sender *sender)
{
    (void)sender;
    return 0;
}

static int sign(uftp_sender *sender, const uftp_message *message, uint8_t *datagram, size_t len)
{
    const sender_keys *keys = &sender->keys;
    if (message->type != UFTP_MESSAGE_ANNOUNCE || is_rsa_exchange(keys))
        return UFTP_OK;
    const uint8_t *at = message->as.announce.enc_info.signature.data;
    return uftp_v4_announce_sign(&keys->of.v4.server, sender->config.key, sender->config.random,
                                 datagram, len, (size_t)(at - datagram));
}

static int register_client(uftp_sender *sender, uftp_client *client, const uftp_register *message)
{
    const uftp_allocator *memory = sender->config.memory;
    const sender_keys *keys = &sender->keys;
    client_secrets *secrets = uftp_alloc(memory, 1, sizeof *secrets);
    client_secrets_v4 *v4 = uftp_alloc(memory, 1, sizeof *v4);
    int err = secrets && v4 ? UFTP_OK : UFTP_ERR_MEMORY;
    if (err == UFTP_OK) {
        memcpy(v4->exchange.random, message->random, sizeof v4->exchange.random);
        err = is_rsa_exchange(keys)
                  ? uftp_v4_premaster_open(&v4->exchange, sender->config.key, sender->config.random,
                                           message->ecdh_key)
                  : uftp_v4_premaster_ecdh(&v4->exchange, keys->ecdh, message->ecdh_key);
    }
    if (err < 0) {
        uftp_release(memory, v4);
        uftp_release(memory, secrets);
        return err;
    }
    uftp_v4_client_keys(&keys->of.v4.server, &v4->exchange);
    secrets->v4 = v4;
    client->secrets = secrets;
    return UFTP_OK;
}

static int client_key(uftp_sender *sender, uftp_client *client, const uftp_client_key *message)
{
    client_secrets_v4 *v4 = client->secrets->v4;
    if (message->public_key.len > sizeof v4->public_key)
        return UFTP_ERR_KEY;
    int err = uftp_v4_client_key_verify(&sender->keys.of.v4.server, &v4->exchange,
                                        message->public_key, message->signature);
    if (err < 0)
        return err;
    memcpy(v4->public_key, message->public_key.data, message->public_key.len);
    v4->public_key_len = message->public_key.len;
    return UFTP_OK;
}

static uftp_bytes public_key(const client_secrets_v4 *v4)
{
    return (uftp_bytes){.data = v4->public_key, .len = v4->public_key_len};
}

static void ready(uftp_sender *sender, uftp_client *client)
{
    client_secrets *secrets = client->secrets;
    const sender_keys *keys = &sender->keys;
    uftp_v4_verify_data(&keys->of.v4.server, &secrets->v4->exchange, public_key(secrets->v4),
                        keys->of.v4.group_master, secrets->verify_data);
    secrets->verify_len = UFTP_V4_VERIFY_LEN;
    secrets->ready = true;
}

static void seal_master(const uftp_sender *sender, const uftp_client *client, uint64_t counter,
                        uint8_t sealed[UFTP_SEALED_MASTER_LEN])
{
    uftp_v4_master_seal(&sender->keys.of.v4.server, &client->secrets->v4->exchange,
                        sender->config.uid, counter, sender->keys.of.v4.group_master, sealed);
}

/* There are no handshake keys: whoever speaks sealed has the group's. */
static int open_packet(const uftp_sender *sender, const uftp_client *client, uftp_packet *packet,
                       bool handshake)
{
    (void)handshake;
    if (!client->secrets->ready)
        return UFTP_ERR_AUTH;
    uftp_sealing sealing = sender->keys.sealing;
    sealing.peer_key = public_key(client->secrets->v4);
    return uftp_packet_open(packet, &sealing);
}

const sender_schedule uftp_sender_schedule_v4 = {
    .client_key_sealed = false,
    .init = init,
    .wipe = wipe,
    .enc_info = enc_info,
    .keyinfo_signature_len = keyinfo_signature_len,
    .sign = sign,
    .register_client = register_client,
    .client_key = client_key,
    .ready = ready,
    .seal_master = seal_master,
    .open = open_packet,
};
