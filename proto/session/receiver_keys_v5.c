/* SPDX-License-Identifier: MIT
 *
 * Every call of the receiver into the key schedule of wire version 5 (spec v5 3).
 */
#include "session/receiver_internal.h"

#include "crypto/hash.h"

typedef struct keys_v5 {
    uftp_session_keys head;
    uftp_suite suite;
    uint8_t signer_key[UFTP_KEY_BLOB_MAX]; /* of KEYINFO: the sender's, or its proxy's */
    size_t signer_key_len;
    /* This and the ECDH key stay the same when REGISTER is repeated (spec v5 trap 32). */
    uint8_t random[UFTP_RANDOM_LEN];
    uftp_v5_server_context server;
    uftp_v5_client_context client;
    uftp_traffic server_hs, client_hs, server_app, client_app;
    uftp_aead server_app_aead; /* expanded: used for every block */
    uint8_t verify_data[UFTP_HASH_LEN_MAX];
} keys_v5;

static keys_v5 *own(const uftp_session *session)
{
    return (keys_v5 *)session->keys;
}

static const char *objection(const uftp_receiver *receiver, const uftp_enc_info *info)
{
    (void)receiver;
    if (uftp_cipher_key_len(info->cipher) == 0 || uftp_public_key_check(info->public_key) < 0 ||
        !uftp_ecdh_blob_curve(info->ecdh_key))
        return "Keytype invalid or not supported here";
    return NULL;
}

static announce_proof proof(const uftp_packet *packet, const uftp_announce *announce)
{
    const uftp_enc_info *info = &announce->enc_info;
    if (uftp_public_key_check(info->public_key) < 0)
        return PROOF_NONE;
    int err =
        uftp_v5_announce_verify(info->public_key, info->hash, packet->data, packet->len,
                                (size_t)(info->signature.data - packet->data), info->signature.len);
    return err == UFTP_OK ? PROOF_GOOD : PROOF_BAD;
}

/* Signs our CLIENT_KEY and lets its header, with a zero signature, enter the context (3.3). */
static int prepare_client_key(uftp_session *session)
{
    const uftp_receiver_config *config = &session->receiver->config;
    keys_v5 *keys = own(session);
    keys->head.signature_len = uftp_v5_signature_len(config->key);
    UFTP_ASSERT(keys->head.signature_len <= sizeof keys->head.signature);
    int err = uftp_v5_client_key_sign(config->key, config->random, keys->suite.hash, &keys->server,
                                      &keys->client, keys->head.signature);
    if (err < 0)
        return err;
    uint8_t bytes[1020]; /* the longest message header */
    uftp_writer w = {.at = bytes, .end = bytes + sizeof bytes};
    const uftp_message message = {
        .type = UFTP_MESSAGE_CLIENT_KEY,
        .as.client_key = {.public_key = uftp_key_blob(config->key),
                          .signature = {.len = keys->head.signature_len}}};
    err = session->wire->message_write(&w, &message);
    if (err < 0)
        return err;
    size_t len = (size_t)(w.at - bytes);
    return uftp_v5_client_context_add_key(&keys->client, (uftp_bytes){bytes, len},
                                          len - keys->head.signature_len, keys->head.signature_len);
}

static void log_traffic(const uftp_session *session, const char *label, uint32_t uid,
                        const uftp_traffic *traffic)
{
    uftp_v5_log_traffic(session->receiver->config.key_log, &own(session)->suite, label,
                        session->group, uid, traffic);
}

static void log_application(const uftp_session *session,
                            const uint8_t master[UFTP_GROUP_MASTER_LEN])
{
    const uftp_receiver_config *config = &session->receiver->config;
    if (config->key_log)
        config->key_log->log(config->key_log->ctx, "GROUP_MASTER", session->group, config->uid,
                             master, UFTP_GROUP_MASTER_LEN);
    log_traffic(session, "SERVER_APP", session->server, &own(session)->server_app);
    log_traffic(session, "CLIENT_APP", config->uid, &own(session)->client_app);
}

/* What the sender alone decides. */
static int prepare(uftp_session *session, const uftp_enc_info *info)
{
    keys_v5 *keys = own(session);
    keys->suite = (uftp_suite){.cipher = info->cipher, .hash = info->hash};
    return uftp_v5_server_context_init(
        &keys->server, session->group, session->instance, session->server, info->whole,
        (size_t)(info->signature.data - info->whole.data), info->signature.len);
}

/* Who hands us the keys: the sender, or a proxy, whose context then enters ours (3.3). */
typedef struct key_giver {
    uftp_bytes public_key, ecdh_key, proxy_context;
} key_giver;

/* Our share of the handshake: ephemeral key, context, handshake keys. */
static int exchange(uftp_session *session, const key_giver *giver)
{
    const uftp_receiver_config *config = &session->receiver->config;
    keys_v5 *keys = own(session);
    memcpy(keys->signer_key, giver->public_key.data, giver->public_key.len);
    keys->signer_key_len = giver->public_key.len;
    config->random->fill(config->random->ctx, sizeof keys->random, keys->random);
    int err = uftp_ecdh_generate(config->memory, config->random,
                                 uftp_ecdh_blob_curve(giver->ecdh_key), &keys->head.ecdh);
    if (err == UFTP_OK)
        err = uftp_v5_client_context_init(&keys->client, giver->proxy_context, config->uid,
                                          uftp_ecdh_blob(keys->head.ecdh), keys->random);
    if (err == UFTP_OK)
        err = uftp_v5_handshake_keys(&keys->suite, keys->head.ecdh, giver->ecdh_key, &keys->server,
                                     &keys->client, &keys->server_hs, &keys->client_hs);
    if (err == UFTP_OK) {
        log_traffic(session, "SERVER_HS", config->uid, &keys->server_hs);
        log_traffic(session, "CLIENT_HS", config->uid, &keys->client_hs);
    }
    if (err == UFTP_OK && keys->head.client_auth)
        err = prepare_client_key(session);
    return err;
}

static int proxy_key(uftp_session *session, const uftp_proxy_key *message, const char **why)
{
    keys_v5 *keys = own(session);
    *why = "Keytype invalid or not supported here";
    if (uftp_public_key_check(message->public_key) < 0 || !uftp_ecdh_blob_curve(message->ecdh_key))
        return UFTP_ERR_KEY;
    *why = NULL; /* damage, or somebody else in its name: it comes again */
    uftp_v5_proxy_context proxy;
    int err = uftp_v5_proxy_context_init(&proxy, session->proxy, message->whole,
                                         (size_t)(message->signature.data - message->whole.data),
                                         message->signature.len);
    if (err == UFTP_OK)
        err = uftp_v5_proxy_key_verify(message->public_key, keys->suite.hash, &keys->server, &proxy,
                                       message->signature);
    if (err < 0)
        return err;
    err = exchange(session, &(key_giver){.public_key = message->public_key,
                                         .ecdh_key = message->ecdh_key,
                                         .proxy_context = {proxy.bytes, proxy.len}});
    if (err < 0) { /* it may be tried again */
        uftp_ecdh_free(keys->head.ecdh);
        keys->head.ecdh = NULL;
    }
    return err;
}

static int begin(uftp_session *session, const uftp_packet *packet, const uftp_announce *announce)
{
    (void)packet;
    const uftp_enc_info *info = &announce->enc_info;
    int err = prepare(session, info);
    if (err == UFTP_OK && !session->proxy)
        err = exchange(session,
                       &(key_giver){.public_key = info->public_key, .ecdh_key = info->ecdh_key});
    return err;
}

static int verify_announce(const uftp_session *session, const uftp_packet *packet,
                           const uftp_announce *announce)
{
    const keys_v5 *keys = own(session);
    const uftp_bytes signature = announce->enc_info.signature;
    return uftp_v5_announce_verify(uftp_session_keys_server_key(session), keys->suite.hash,
                                   packet->data, packet->len,
                                   (size_t)(signature.data - packet->data), signature.len);
}

static int verify_keyinfo(const uftp_session *session, const uftp_packet *packet,
                          const uftp_keyinfo *keyinfo)
{
    const keys_v5 *keys = own(session);
    return uftp_v5_keyinfo_verify(
        (uftp_bytes){keys->signer_key, keys->signer_key_len}, keys->suite.hash, &keys->server,
        (uftp_bytes){keys->client.bytes, keys->client.proxy_len}, packet->data, packet->len,
        (size_t)(keyinfo->signature.data - packet->data), keyinfo->signature.len);
}

static int establish(uftp_session *session, const uftp_keyinfo *keyinfo, const uint8_t *sealed)
{
    keys_v5 *keys = own(session);
    uint8_t master[UFTP_GROUP_MASTER_LEN];
    int err = uftp_v5_master_open(&keys->suite, &keys->server_hs, keyinfo->iv_counter,
                                  &keys->server, &keys->client, sealed, master);
    if (err == UFTP_OK) {
        uftp_v5_server_app_keys(&keys->suite, master, &keys->server, &keys->server_app);
        uftp_v5_client_app_keys(&keys->suite, master, &keys->server, &keys->client,
                                &keys->client_app, keys->verify_data);
        err = uftp_aead_init(&keys->server_app_aead, keys->suite.cipher, keys->server_app.key);
        log_application(session, master);
    }
    uftp_wipe(master, sizeof master);
    if (err < 0)
        return err;
    /* What made the keys is needed no more; who opens our memory later shall not find it. */
    uftp_ecdh_free(keys->head.ecdh);
    keys->head.ecdh = NULL;
    uftp_wipe(&keys->server_hs, sizeof keys->server_hs);
    uftp_wipe(&keys->client_hs, sizeof keys->client_hs);
    return UFTP_OK;
}

static int open_packet(const uftp_session *session, uftp_packet *packet)
{
    const keys_v5 *keys = own(session);
    return uftp_packet_open(
        packet, &(uftp_sealing){.aead = &keys->server_app_aead, .traffic = &keys->server_app});
}

static void fill_register(const uftp_session *session, uftp_register *out)
{
    out->random = own(session)->random;
    out->ecdh_key = uftp_ecdh_blob(own(session)->head.ecdh);
}

static uftp_bytes verify_data(const uftp_session *session)
{
    return (uftp_bytes){.data = own(session)->verify_data,
                        .len = uftp_hash_len(own(session)->suite.hash)};
}

/* We speak seldom: the cipher is expanded each time (0.2 us) rather than kept (4 KB). */
static uftp_sealing sealing(const uftp_session *session, uint8_t message, uftp_aead *aead)
{
    const keys_v5 *keys = own(session);
    const uftp_traffic *traffic =
        message == UFTP_MESSAGE_CLIENT_KEY ? &keys->client_hs : &keys->client_app;
    int err = uftp_aead_init(aead, keys->suite.cipher, traffic->key);
    UFTP_ASSERT(err == UFTP_OK); /* objection() has looked at the cipher */
    return (uftp_sealing){.aead = aead, .traffic = traffic};
}

const receiver_schedule uftp_receiver_schedule_v5 = {
    .client_key_sealed = true,
    .keyinfo_signed = true,
    .objection = objection,
    .proof = proof,
    .keys_len = sizeof(keys_v5),
    .begin = begin,
    .proxy_key = proxy_key,
    .verify_announce = verify_announce,
    .verify_keyinfo = verify_keyinfo,
    .establish = establish,
    .open = open_packet,
    .fill_register = fill_register,
    .verify_data = verify_data,
    .sealing = sealing,
};
