/* SPDX-License-Identifier: MIT
 *
 * Every call of the receiver into the key schedule of wire version 4 (spec v4 6, 7). What nobody
 * signs there cannot be checked here either: KEYINFO, and the ANNOUNCE of an RSA exchange.
 */
#include "session/receiver_internal.h"

#include "crypto/hash.h"

typedef struct keys_v4 {
    uftp_session_keys head;
    uftp_v4_server server;
    uftp_v4_client client; /* chosen once: a repeated REGISTER says the same again */
    uint8_t premaster[UFTP_OAEP_SEALED_MAX]; /* in an RSA exchange: sealed for the server */
    size_t premaster_len;
    uftp_v4_sealing group; /* expanded: used for every block */
    uint8_t verify_data[UFTP_V4_VERIFY_LEN];
} keys_v4;

static keys_v4 *own(const uftp_session *session)
{
    return (keys_v4 *)session->keys;
}

static uftp_v4_suite suite_of(const uftp_enc_info *info)
{
    return (uftp_v4_suite){.key_exchange = info->key_exchange,
                           .sigtype = info->sigtype,
                           .cipher = info->cipher,
                           .hash = info->hash};
}

static void server_init(uftp_v4_server *server, const uftp_packet *packet,
                        const uftp_announce *announce)
{
    const uftp_address *address = &announce->private_address;
    *server = (uftp_v4_server){.suite = suite_of(&announce->enc_info),
                               .group = packet->header.group,
                               .address_len = address->family == UFTP_IPV6 ? 16 : 4};
    memcpy(server->address, address->bytes, server->address_len);
    memcpy(server->random, announce->enc_info.random, sizeof server->random);
}

/* The key exchange says what kind of key the server has (6.7). */
static bool key_fits(const uftp_enc_info *info)
{
    bool ec = info->public_key.len > 0 && info->public_key.data[0] == UFTP_KEY_EC;
    return ec == (info->key_exchange == UFTP_KEY_EXCHANGE_ECDH_ECDSA);
}

static const char *objection(const uftp_receiver *receiver, const uftp_enc_info *info)
{
    const uftp_v4_suite suite = suite_of(info);
    if (uftp_v4_suite_check(&suite) < 0)
        return "Keytype invalid or not supported here";
    if (uftp_v4_suite_legacy(&suite) && !receiver->config.legacy_crypto)
        return "CBC ciphers, SHA-1 and RSA key exchange need --legacy-crypto here";
    if (!key_fits(info))
        return "Invalid keyextype specified";
    if (uftp_public_key_check(info->public_key) < 0)
        return "Server key not supported here (RSA with 1024 bits at least, secp...r1)";
    if (suite.key_exchange != UFTP_KEY_EXCHANGE_RSA && !uftp_ecdh_blob_curve(info->ecdh_key))
        return "Curve not supported here";
    return NULL;
}

static int verify(const uftp_v4_server *server, uftp_bytes public_key, const uftp_packet *packet,
                  uftp_bytes signature)
{
    return uftp_v4_announce_verify(server, public_key, packet->data, packet->len,
                                   (size_t)(signature.data - packet->data), signature.len);
}

/* Nobody signs the ANNOUNCE of an RSA exchange. */
static announce_proof proof(const uftp_packet *packet, const uftp_announce *announce)
{
    const uftp_enc_info *info = &announce->enc_info;
    const uftp_v4_suite suite = suite_of(info);
    if (uftp_v4_suite_check(&suite) < 0 || suite.key_exchange == UFTP_KEY_EXCHANGE_RSA ||
        uftp_public_key_check(info->public_key) < 0)
        return PROOF_NONE;
    uftp_v4_server server;
    server_init(&server, packet, announce);
    return verify(&server, info->public_key, packet, info->signature) == UFTP_OK ? PROOF_GOOD
                                                                                 : PROOF_BAD;
}

static int prepare(uftp_session *session, const uftp_enc_info *info)
{
    const uftp_receiver_config *config = &session->receiver->config;
    keys_v4 *keys = own(session);
    config->random->fill(config->random->ctx, sizeof keys->client.random, keys->client.random);
    int err;
    if (info->key_exchange == UFTP_KEY_EXCHANGE_RSA) {
        err = uftp_v4_premaster_create(&keys->client, info->public_key, config->random,
                                       keys->premaster, &keys->premaster_len);
    } else {
        err = uftp_ecdh_generate(config->memory, config->random,
                                 uftp_ecdh_blob_curve(info->ecdh_key), &keys->head.ecdh);
        if (err == UFTP_OK)
            err = uftp_v4_premaster_ecdh(&keys->client, keys->head.ecdh, info->ecdh_key);
    }
    if (err < 0)
        return err;
    uftp_v4_client_keys(&keys->server, &keys->client);
    if (!info->client_auth)
        return UFTP_OK;
    keys->head.signature_len = uftp_signature_len(config->key);
    return uftp_v4_client_key_sign(&keys->server, &keys->client, config->key, config->random,
                                   keys->head.signature);
}

static int begin(uftp_session *session, const uftp_packet *packet, const uftp_announce *announce)
{
    server_init(&own(session)->server, packet, announce);
    return prepare(session, &announce->enc_info);
}

static int verify_announce(const uftp_session *session, const uftp_packet *packet,
                           const uftp_announce *announce)
{
    const keys_v4 *keys = own(session);
    const uftp_bytes signature = announce->enc_info.signature;
    if (keys->server.suite.key_exchange == UFTP_KEY_EXCHANGE_RSA)
        return UFTP_OK;
    if (signature.len == 0)
        return UFTP_ERR_AUTH; /* an RSA exchange all of a sudden */
    return verify(&keys->server, uftp_session_keys_server_key(session), packet, signature);
}

static int verify_keyinfo(const uftp_session *session, const uftp_packet *packet,
                          const uftp_keyinfo *keyinfo)
{
    (void)session;
    (void)packet;
    (void)keyinfo;
    return UFTP_OK;
}

static uftp_bytes client_key_blob(const uftp_session *session)
{
    return session->keys->client_auth ? uftp_key_blob(session->receiver->config.key)
                                      : (uftp_bytes){0};
}

static int establish(uftp_session *session, const uftp_keyinfo *keyinfo, const uint8_t *sealed)
{
    keys_v4 *keys = own(session);
    uint8_t master[UFTP_V4_MASTER_LEN];
    int err = uftp_v4_master_open(&keys->server, &keys->client, session->server,
                                  keyinfo->iv_counter, sealed, master);
    if (err < 0)
        return err;
    const uftp_receiver_config *config = &session->receiver->config;
    if (config->key_log)
        config->key_log->log(config->key_log->ctx, "GROUP_MASTER", session->group, config->uid,
                             master, sizeof master);
    uftp_v4_keys group;
    uftp_v4_group_keys(&keys->server, master, &group);
    uftp_v4_sealing_init(&keys->group, &keys->server.suite, &group);
    uftp_v4_verify_data(&keys->server, &keys->client, client_key_blob(session), master,
                        keys->verify_data);
    uftp_wipe(&group, sizeof group);
    uftp_wipe(master, sizeof master);
    uftp_ecdh_free(keys->head.ecdh);
    keys->head.ecdh = NULL;
    return UFTP_OK; /* keys->client is kept until the keys are proved */
}

static uftp_sealing sealing_of(const uftp_session *session)
{
    const keys_v4 *keys = own(session);
    const uftp_receiver_config *config = &session->receiver->config;
    return (uftp_sealing){.group = &keys->group,
                          .own_key = config->key,
                          .random = config->random,
                          .peer_key = uftp_session_keys_server_key(session)};
}

static int open_packet(const uftp_session *session, uftp_packet *packet)
{
    const uftp_sealing sealing = sealing_of(session);
    int err = uftp_packet_open(packet, &sealing);
    /* What made the keys is needed no more; who opens our memory later shall not find it. */
    if (err == UFTP_OK && !session->keys->proved)
        uftp_wipe(&own(session)->client, sizeof own(session)->client);
    return err;
}

static void fill_register(const uftp_session *session, uftp_register *out)
{
    const keys_v4 *keys = own(session);
    out->random = keys->client.random;
    out->ecdh_key = keys->head.ecdh ? uftp_ecdh_blob(keys->head.ecdh)
                                    : (uftp_bytes){keys->premaster, keys->premaster_len};
}

static uftp_bytes verify_data(const uftp_session *session)
{
    return (uftp_bytes){.data = own(session)->verify_data, .len = UFTP_V4_VERIFY_LEN};
}

static uftp_sealing sealing(const uftp_session *session, uint8_t message, uftp_aead *aead)
{
    (void)message;
    (void)aead; /* the group's cipher stands expanded */
    return sealing_of(session);
}

const receiver_schedule uftp_receiver_schedule_v4 = {
    .client_key_sealed = false,
    .keyinfo_signed = false,
    .objection = objection,
    .proof = proof,
    .keys_len = sizeof(keys_v4),
    .begin = begin,
    .verify_announce = verify_announce,
    .verify_keyinfo = verify_keyinfo,
    .establish = establish,
    .open = open_packet,
    .fill_register = fill_register,
    .verify_data = verify_data,
    .sealing = sealing,
};
