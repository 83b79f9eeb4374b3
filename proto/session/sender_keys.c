/* SPDX-License-Identifier: MIT
 *
 * Every call of the sender into the key schedule of wire version 5. Another version's schedule is
 * another file with these functions.
 */
#include "session/sender_internal.h"

#include "crypto/ec.h"

#include "crypto/hash.h"

void sender_keys_enc_info(const uftp_sender *sender, uftp_enc_info *out)
{
    const sender_keys *keys = &sender->keys;
    *out = (uftp_enc_info){
        .client_auth = sender->config.client_auth,
        .cipher = keys->suite.cipher,
        .hash = keys->suite.hash,
        .random = keys->random,
        .public_key = uftp_key_blob(sender->config.key),
        .ecdh_key = uftp_ecdh_blob(keys->ecdh),
        .signature = {.len = uftp_v5_signature_len(sender->config.key)},
    };
}

static void log_traffic(const uftp_sender *sender, const char *label, uint32_t uid,
                        const uftp_traffic *traffic)
{
    uftp_v5_log_traffic(sender->config.key_log, &sender->keys.suite, label, sender->config.group,
                        uid, traffic);
}

int sender_keys_init(uftp_sender *sender)
{
    sender_keys *keys = &sender->keys;
    const uftp_sender_config *config = &sender->config;
    const uftp_random *random = config->random;
    keys->suite = (uftp_suite){.cipher = (uint8_t)config->cipher, .hash = (uint8_t)config->hash};
    if (!uftp_ec_curve_in_v5(config->ecdh_curve))
        return UFTP_ERR_UNSUPPORTED; /* a curve of version 4 alone */
    int err = uftp_ecdh_generate(config->memory, random, config->ecdh_curve, &keys->ecdh);
    if (err < 0)
        return err;
    random->fill(random->ctx, sizeof keys->random, keys->random);
    random->fill(random->ctx, sizeof keys->group_master, keys->group_master);

    uint8_t bytes[UFTP_V5_SERVER_CONTEXT_MAX];
    uftp_writer w = {.at = bytes, .end = bytes + sizeof bytes};
    uftp_enc_info enc_info;
    sender_keys_enc_info(sender, &enc_info);
    err = sender->wire->enc_info_write(&w, &enc_info);
    if (err < 0)
        return err;
    size_t len = (size_t)(w.at - bytes);
    err = uftp_v5_server_context_init(&keys->context, sender->config.group, config->instance,
                                      config->uid, (uftp_bytes){bytes, len},
                                      len - enc_info.signature.len, enc_info.signature.len);
    if (err < 0)
        return err;
    uftp_v5_server_app_keys(&keys->suite, keys->group_master, &keys->context, &keys->app);
    if (config->key_log)
        config->key_log->log(config->key_log->ctx, "GROUP_MASTER", config->group, config->uid,
                             keys->group_master, sizeof keys->group_master);
    log_traffic(sender, "SERVER_APP", config->uid, &keys->app);
    return uftp_aead_init(&keys->app_aead, keys->suite.cipher, keys->app.key);
}

void sender_keys_free(uftp_sender *sender)
{
    uftp_ecdh_free(sender->keys.ecdh);
    uftp_aead_wipe(&sender->keys.app_aead);
    uftp_wipe(&sender->keys, sizeof sender->keys);
}

uftp_sealing sender_keys_sealing(const uftp_sender *sender)
{
    return (uftp_sealing){.aead = &sender->keys.app_aead, .traffic = &sender->keys.app};
}

int sender_keys_sign(uftp_sender *sender, uint8_t *datagram, size_t len)
{
    uftp_packet packet;
    uftp_message message;
    int err = uftp_packet_read(datagram, len, &packet);
    if (err == UFTP_OK)
        err = uftp_packet_message(&packet, &message);
    if (err < 0)
        return err;
    const uftp_sender_config *config = &sender->config;
    bool announce = message.type == UFTP_MESSAGE_ANNOUNCE;
    uftp_bytes signature =
        announce ? message.as.announce.enc_info.signature : message.as.keyinfo.signature;
    size_t offset = (size_t)(signature.data - datagram);
    if (announce)
        return uftp_v5_announce_sign(config->key, config->random, sender->keys.suite.hash, datagram,
                                     len, offset);
    return uftp_v5_keyinfo_sign(config->key, config->random, sender->keys.suite.hash,
                                &sender->keys.context, (uftp_bytes){0}, datagram, len, offset);
}

int sender_keys_register(uftp_sender *sender, uftp_client *client, const uftp_register *message)
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
        err = uftp_v5_handshake_keys(&sender->keys.suite, sender->keys.ecdh, message->ecdh_key,
                                     &sender->keys.context, context, &secrets->server_hs,
                                     &secrets->client_hs);
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

int sender_keys_client_key(uftp_sender *sender, uftp_client *client, const uftp_client_key *message)
{
    client_secrets *secrets = client->secrets;
    if (client->has_fingerprint) {
        uint8_t fingerprint[UFTP_FINGERPRINT_LEN];
        uftp_fingerprint(message->public_key.data, message->public_key.len, fingerprint);
        if (!uftp_secret_equal(fingerprint, client->fingerprint, sizeof fingerprint))
            return UFTP_ERR_AUTH;
    }
    int err =
        uftp_v5_client_key_verify(message->public_key, sender->keys.suite.hash,
                                  &sender->keys.context, secrets->context, message->signature);
    if (err < 0)
        return err;
    return uftp_v5_client_context_add_key(secrets->context, message->whole,
                                          (size_t)(message->signature.data - message->whole.data),
                                          message->signature.len);
}

void sender_keys_ready(uftp_sender *sender, uftp_client *client)
{
    client_secrets *secrets = client->secrets;
    uftp_v5_client_app_keys(&sender->keys.suite, sender->keys.group_master, &sender->keys.context,
                            secrets->context, &secrets->client_app, secrets->verify_data);
    log_traffic(sender, "CLIENT_APP", client->uid, &secrets->client_app);
    secrets->app_ready = true;
}

bool sender_keys_verify(const uftp_sender *sender, const uftp_client *client, uftp_bytes data)
{
    size_t len = uftp_hash_len(sender->keys.suite.hash);
    return data.len >= len && uftp_secret_equal(data.data, client->secrets->verify_data, len);
}

void sender_keys_seal_master(const uftp_sender *sender, const uftp_client *client, uint64_t counter,
                             uint8_t sealed[UFTP_SEALED_MASTER_LEN])
{
    uftp_v5_master_seal(&sender->keys.suite, &client->secrets->server_hs, counter,
                        &sender->keys.context, client->secrets->context, sender->keys.group_master,
                        sealed);
}

int sender_keys_open(uftp_sender *sender, uftp_client *client, uftp_packet *packet, bool handshake)
{
    client_secrets *secrets = client->secrets;
    if (!secrets || (!handshake && !secrets->app_ready))
        return UFTP_ERR_AUTH; /* before its REGISTER nothing of a client can be opened (trap 60) */
    if (!uftp_replay_fresh(&secrets->replay, packet->encrypted.iv_counter))
        return UFTP_ERR_AUTH;
    const uftp_traffic *traffic = handshake ? &secrets->client_hs : &secrets->client_app;
    /* A client speaks seldom: its key is expanded each time (0.2 us) rather than kept (4 KB). */
    uftp_aead aead;
    int err = uftp_aead_init(&aead, sender->keys.suite.cipher, traffic->key);
    if (err == UFTP_OK)
        err = uftp_packet_open(packet, &(uftp_sealing){.aead = &aead, .traffic = traffic});
    uftp_aead_wipe(&aead);
    if (err == UFTP_OK)
        uftp_replay_mark(&secrets->replay, packet->encrypted.iv_counter);
    return err;
}
