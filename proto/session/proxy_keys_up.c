/* SPDX-License-Identifier: MIT
 *
 * Towards the sender a proxy is a client like any other (spec v5 3, proxy 4.3): Proxy_HS_Context is
 * empty on this leg.
 */
#include "session/proxy_keys.h"

#include "crypto/hash.h"

/* Signs our CLIENT_KEY and lets its header, with a zero signature, enter the context (3.3). */
static int prepare_client_key(proxy_session *session)
{
    const uftp_proxy_config *config = &session->proxy->config;
    proxy_keys *keys = session->keys;
    keys->up.signature_len = uftp_v5_signature_len(config->key);
    UFTP_ASSERT(keys->up.signature_len <= sizeof keys->up.signature);
    int err = uftp_v5_client_key_sign(config->key, config->random, keys->suite.hash, &keys->server,
                                      &keys->up.context, keys->up.signature);
    if (err < 0)
        return err;
    uint8_t bytes[1020]; /* the longest message header */
    uftp_writer w = {.at = bytes, .end = bytes + sizeof bytes};
    const uftp_message message = {.type = UFTP_MESSAGE_CLIENT_KEY,
                                  .as.client_key = {.public_key = uftp_key_blob(config->key),
                                                    .signature = {.len = keys->up.signature_len}}};
    err = uftp_wire_v5.message_write(&w, &message);
    if (err < 0)
        return err;
    size_t len = (size_t)(w.at - bytes);
    return uftp_v5_client_context_add_key(&keys->up.context, (uftp_bytes){bytes, len},
                                          len - keys->up.signature_len, keys->up.signature_len);
}

int uftp_proxy_keys_begin_up(proxy_session *session, const uftp_enc_info *info)
{
    const uftp_proxy_config *config = &session->proxy->config;
    proxy_keys *keys = session->keys;
    config->random->fill(config->random->ctx, sizeof keys->up.random, keys->up.random);
    int err = uftp_ecdh_generate(config->memory, config->random,
                                 uftp_ecdh_blob_curve(info->ecdh_key), &keys->up.ecdh);
    if (err == UFTP_OK)
        err = uftp_v5_client_context_init(&keys->up.context, (uftp_bytes){0}, config->uid,
                                          uftp_ecdh_blob(keys->up.ecdh), keys->up.random);
    if (err == UFTP_OK)
        err = uftp_v5_handshake_keys(&keys->suite, keys->up.ecdh, info->ecdh_key, &keys->server,
                                     &keys->up.context, &keys->up.server_hs, &keys->up.client_hs);
    if (err == UFTP_OK) {
        uftp_proxy_keys_log(session, "SERVER_HS", config->uid, &keys->up.server_hs);
        uftp_proxy_keys_log(session, "CLIENT_HS", config->uid, &keys->up.client_hs);
    }
    if (err == UFTP_OK && info->client_auth)
        err = prepare_client_key(session);
    return err;
}

void uftp_proxy_keys_fill_register(const proxy_session *session, uftp_register *out)
{
    out->random = session->keys->up.random;
    out->ecdh_key = uftp_ecdh_blob(session->keys->up.ecdh);
}

/* We speak seldom: the cipher is expanded each time (0.2 us) rather than kept (4 KB). */
uftp_sealing uftp_proxy_keys_sealing_up(const proxy_session *session, bool handshake,
                                        uftp_aead *aead)
{
    const proxy_keys *keys = session->keys;
    const uftp_traffic *traffic = handshake ? &keys->up.client_hs : &keys->up.app;
    int err = uftp_aead_init(aead, keys->suite.cipher, traffic->key);
    UFTP_ASSERT(err == UFTP_OK); /* check_server() has looked at the cipher */
    return (uftp_sealing){.aead = aead, .traffic = traffic};
}

void uftp_proxy_keys_send_client_key(proxy_session *session)
{
    uftp_proxy *proxy = session->proxy;
    const proxy_keys *keys = session->keys;
    const uftp_header header = {.version = uftp_wire_v5.version,
                                .source = proxy->config.uid,
                                .group = session->group,
                                .instance = session->instance};
    const uftp_message message = {
        .type = UFTP_MESSAGE_CLIENT_KEY,
        .as.client_key = {.public_key = uftp_key_blob(proxy->config.key),
                          .signature = {keys->up.signature, keys->up.signature_len}}};
    uftp_aead aead;
    const uftp_sealing sealing = uftp_proxy_keys_sealing_up(session, true, &aead);
    uftp_proxy_send(proxy, &header, &message, &sealing, ++session->iv_counter_up, &session->up);
    uftp_aead_wipe(&aead);
}

/* ---- the group master ---- */

/* Our entry, or NULL. A zero UID ends the list (spec v5 1.3). */
static const uint8_t *find_entry(const uftp_keyinfo *keyinfo, uint32_t uid)
{
    for (size_t i = 0; i < keyinfo->entry_count; i++) {
        const uint8_t *sealed;
        uint32_t listed = uftp_keyinfo_entry(keyinfo, i, &sealed);
        if (listed == 0)
            break;
        if (listed == uid)
            return sealed;
    }
    return NULL;
}

static int establish(proxy_session *session, const uftp_packet *packet, const uftp_keyinfo *keyinfo,
                     const uint8_t *sealed)
{
    const uftp_proxy_config *config = &session->proxy->config;
    proxy_keys *keys = session->keys;
    int err = uftp_v5_keyinfo_verify((uftp_bytes){keys->server_key, keys->server_key_len},
                                     keys->suite.hash, &keys->server, (uftp_bytes){0}, packet->data,
                                     packet->len, (size_t)(keyinfo->signature.data - packet->data),
                                     keyinfo->signature.len);
    if (err == UFTP_OK)
        err = uftp_v5_master_open(&keys->suite, &keys->up.server_hs, keyinfo->iv_counter,
                                  &keys->server, &keys->up.context, sealed, keys->group_master);
    if (err < 0)
        return err;
    uftp_v5_client_app_keys(&keys->suite, keys->group_master, &keys->server, &keys->up.context,
                            &keys->up.app, keys->up.verify_data);
    keys->established = true;
    if (config->key_log) {
        uftp_traffic server_app;
        config->key_log->log(config->key_log->ctx, "GROUP_MASTER", session->group, config->uid,
                             keys->group_master, sizeof keys->group_master);
        uftp_v5_server_app_keys(&keys->suite, keys->group_master, &keys->server, &server_app);
        uftp_proxy_keys_log(session, "SERVER_APP", session->server, &server_app);
        uftp_proxy_keys_log(session, "CLIENT_APP", config->uid, &keys->up.app);
        uftp_wipe(&server_app, sizeof server_app);
    }
    return UFTP_OK;
}

int uftp_proxy_keys_on_keyinfo(proxy_session *session, uint64_t now, const uftp_packet *packet,
                               const uftp_keyinfo *message)
{
    proxy_keys *keys = session->keys;
    const uint8_t *sealed = find_entry(message, session->proxy->config.uid);
    if (!sealed)
        return UFTP_OK; /* others are meant: receivers that hear the sender themselves */
    bool first = !keys->established;
    if (first) {
        int err = establish(session, packet, message, sealed);
        if (err < 0)
            return err;
    }
    const uftp_message answer = {
        .type = UFTP_MESSAGE_KEYINFO_ACK,
        .as.keyinfo_ack = {.verify_data = {keys->up.verify_data, uftp_hash_len(keys->suite.hash)}}};
    uftp_proxy_send_up(session, &answer);
    if (first) {
        uftp_proxy_keys_all_ready(session);
        uftp_proxy_keys_send_keyinfo(session, now);
    }
    return UFTP_OK;
}
