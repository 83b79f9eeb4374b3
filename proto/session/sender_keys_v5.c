/* SPDX-License-Identifier: MIT
 *
 * Every call of the sender into the key schedule of wire version 5 (spec v5 3).
 */
#include "session/sender_internal.h"

#include "crypto/ec.h"
#include "crypto/hash.h"

static void enc_info(const uftp_sender *sender, uftp_enc_info *out)
{
    const sender_keys *keys = &sender->keys;
    *out = (uftp_enc_info){
        .client_auth = sender->config.client_auth,
        .cipher = keys->of.v5.suite.cipher,
        .hash = keys->of.v5.suite.hash,
        .random = keys->random,
        .public_key = uftp_key_blob(sender->config.key),
        .ecdh_key = uftp_ecdh_blob(keys->ecdh),
        .signature = {.len = uftp_v5_signature_len(sender->config.key)},
    };
}

static void log_traffic(const uftp_sender *sender, const char *label, uint32_t uid,
                        const uftp_traffic *traffic)
{
    uftp_v5_log_traffic(sender->config.key_log, &sender->keys.of.v5.suite, label,
                        sender->config.group, uid, traffic);
}

static int init(uftp_sender *sender)
{
    sender_keys *keys = &sender->keys;
    const uftp_sender_config *config = &sender->config;
    const uftp_random *random = config->random;
    keys->of.v5.suite =
        (uftp_suite){.cipher = (uint8_t)config->cipher, .hash = (uint8_t)config->hash};
    if (!uftp_ec_curve_in_v5(config->ecdh_curve))
        return UFTP_ERR_UNSUPPORTED; /* a curve of version 4 alone */
    int err = uftp_ecdh_generate(config->memory, random, config->ecdh_curve, &keys->ecdh);
    if (err < 0)
        return err;
    random->fill(random->ctx, sizeof keys->random, keys->random);
    random->fill(random->ctx, sizeof keys->of.v5.group_master, keys->of.v5.group_master);

    uint8_t bytes[UFTP_V5_SERVER_CONTEXT_MAX];
    uftp_writer w = {.at = bytes, .end = bytes + sizeof bytes};
    uftp_enc_info info;
    enc_info(sender, &info);
    err = sender->wire->enc_info_write(&w, &info);
    if (err < 0)
        return err;
    size_t len = (size_t)(w.at - bytes);
    err = uftp_v5_server_context_init(&keys->of.v5.context, sender->config.group, config->instance,
                                      config->uid, (uftp_bytes){bytes, len},
                                      len - info.signature.len, info.signature.len);
    if (err < 0)
        return err;
    uftp_v5_server_app_keys(&keys->of.v5.suite, keys->of.v5.group_master, &keys->of.v5.context,
                            &keys->of.v5.app);
    if (config->key_log)
        config->key_log->log(config->key_log->ctx, "GROUP_MASTER", config->group, config->uid,
                             keys->of.v5.group_master, sizeof keys->of.v5.group_master);
    log_traffic(sender, "SERVER_APP", config->uid, &keys->of.v5.app);
    keys->sealing = (uftp_sealing){.aead = &keys->of.v5.app_aead, .traffic = &keys->of.v5.app};
    return uftp_aead_init(&keys->of.v5.app_aead, keys->of.v5.suite.cipher, keys->of.v5.app.key);
}

static void wipe(uftp_sender *sender)
{
    uftp_aead_wipe(&sender->keys.of.v5.app_aead);
}

static size_t keyinfo_signature_len(const uftp_sender *sender)
{
    return uftp_v5_signature_len(sender->config.key);
}

static int sign(uftp_sender *sender, const uftp_message *message, uint8_t *datagram, size_t len)
{
    const uftp_sender_config *config = &sender->config;
    uint8_t hash = sender->keys.of.v5.suite.hash;
    if (message->type == UFTP_MESSAGE_ANNOUNCE) {
        const uint8_t *at = message->as.announce.enc_info.signature.data;
        return uftp_v5_announce_sign(config->key, config->random, hash, datagram, len,
                                     (size_t)(at - datagram));
    }
    const uint8_t *at = message->as.keyinfo.signature.data;
    return uftp_v5_keyinfo_sign(config->key, config->random, hash, &sender->keys.of.v5.context,
                                (uftp_bytes){0}, datagram, len, (size_t)(at - datagram));
}

static int register_client(uftp_sender *sender, uftp_client *client, const uftp_register *message)
{
    const uftp_allocator *memory = sender->config.memory;
    UFTP_ASSERT(!client->secrets);
    client_secrets *secrets = uftp_alloc(memory, 1, sizeof *secrets);
    uftp_v5_client_context *context = uftp_alloc(memory, 1, sizeof *context);
    int err = secrets && context ? UFTP_OK : UFTP_ERR_MEMORY;
    if (err == UFTP_OK)
        err = uftp_v5_client_context_init(context, (uftp_bytes){0}, client->uid, message->ecdh_key,
                                          message->random);
    if (err == UFTP_OK)
        err = uftp_v5_handshake_keys(&sender->keys.of.v5.suite, sender->keys.ecdh,
                                     message->ecdh_key, &sender->keys.of.v5.context, context,
                                     &secrets->server_hs, &secrets->client_hs);
    if (err < 0) {
        uftp_release(memory, context);
        uftp_release(memory, secrets);
        return err;
    }
    log_traffic(sender, "SERVER_HS", client->uid, &secrets->server_hs);
    log_traffic(sender, "CLIENT_HS", client->uid, &secrets->client_hs);
    secrets->context = context;
    client->secrets = secrets;
    return UFTP_OK;
}

static int client_key(uftp_sender *sender, uftp_client *client, const uftp_client_key *message)
{
    client_secrets *secrets = client->secrets;
    int err = uftp_v5_client_key_verify(message->public_key, sender->keys.of.v5.suite.hash,
                                        &sender->keys.of.v5.context, secrets->context,
                                        message->signature);
    if (err < 0)
        return err;
    return uftp_v5_client_context_add_key(secrets->context, message->whole,
                                          (size_t)(message->signature.data - message->whole.data),
                                          message->signature.len);
}

static void ready(uftp_sender *sender, uftp_client *client)
{
    client_secrets *secrets = client->secrets;
    uftp_v5_client_app_keys(&sender->keys.of.v5.suite, sender->keys.of.v5.group_master,
                            &sender->keys.of.v5.context, secrets->context, &secrets->client_app,
                            secrets->verify_data);
    log_traffic(sender, "CLIENT_APP", client->uid, &secrets->client_app);
    secrets->verify_len = uftp_hash_len(sender->keys.of.v5.suite.hash);
    secrets->ready = true;
}

static void seal_master(const uftp_sender *sender, const uftp_client *client, uint64_t counter,
                        uint8_t sealed[UFTP_SEALED_MASTER_LEN])
{
    uftp_v5_master_seal(&sender->keys.of.v5.suite, &client->secrets->server_hs, counter,
                        &sender->keys.of.v5.context, client->secrets->context,
                        sender->keys.of.v5.group_master, sealed);
}

static int open_packet(const uftp_sender *sender, const uftp_client *client, uftp_packet *packet,
                       bool handshake)
{
    const client_secrets *secrets = client->secrets;
    if (!handshake && !secrets->ready)
        return UFTP_ERR_AUTH;
    const uftp_traffic *traffic = handshake ? &secrets->client_hs : &secrets->client_app;
    /* A client speaks seldom: its key is expanded each time (0.2 us) rather than kept (4 KB). */
    uftp_aead aead;
    int err = uftp_aead_init(&aead, sender->keys.of.v5.suite.cipher, traffic->key);
    if (err == UFTP_OK)
        err = uftp_packet_open(packet, &(uftp_sealing){.aead = &aead, .traffic = traffic});
    uftp_aead_wipe(&aead);
    return err;
}

const sender_schedule uftp_sender_schedule_v5 = {
    .client_key_sealed = true,
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
