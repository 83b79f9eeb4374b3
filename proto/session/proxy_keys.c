/* SPDX-License-Identifier: MIT
 *
 * The keys of a proxy's session: what both legs have in common.
 */
#include "session/proxy_keys.h"

void uftp_proxy_keys_log(const proxy_session *session, const char *label, uint32_t uid,
                         const uftp_traffic *traffic)
{
    uftp_v5_log_traffic(session->proxy->config.key_log, &session->keys->suite, label,
                        session->group, uid, traffic);
}

static bool fingerprint_fits(const proxy_session *session, uftp_bytes public_key)
{
    const uftp_proxy *proxy = session->proxy;
    for (size_t i = 0; i < proxy->config.server_count; i++) {
        const uftp_server_entry *entry = &proxy->servers[i];
        if (entry->uid != session->server || !entry->has_fingerprint)
            continue;
        uint8_t fingerprint[UFTP_FINGERPRINT_LEN];
        uftp_fingerprint(public_key.data, public_key.len, fingerprint);
        return uftp_secret_equal(fingerprint, entry->fingerprint, sizeof fingerprint);
    }
    return true;
}

/* As a receiver does it: what damage or a forger can cause is dropped, not refused. */
static int check_server(const proxy_session *session, const uftp_packet *packet,
                        const uftp_enc_info *info, const char **why)
{
    *why = "Keytype invalid or not supported here";
    if (info->public_key.len > UFTP_KEY_BLOB_MAX)
        return UFTP_ERR_KEY;
    if (info->cipher < UFTP_CIPHER_AES128_GCM || uftp_cipher_key_len(info->cipher) == 0)
        return UFTP_ERR_UNSUPPORTED;
    int err = uftp_public_key_check(info->public_key);
    if (err < 0)
        return err;
    if (!uftp_ecdh_blob_curve(info->ecdh_key))
        return UFTP_ERR_KEY;
    *why = "Failed to verify server key fingerprint";
    if (!fingerprint_fits(session, info->public_key))
        return UFTP_ERR_AUTH;
    *why = NULL;
    return uftp_v5_announce_verify(info->public_key, info->hash, packet->data, packet->len,
                                   (size_t)(info->signature.data - packet->data),
                                   info->signature.len);
}

int uftp_proxy_keys_begin(proxy_session *session, const uftp_packet *packet,
                          const uftp_announce *announce, const char **why)
{
    const uftp_allocator *memory = session->proxy->config.memory;
    const uftp_enc_info *info = &announce->enc_info;
    int err = check_server(session, packet, info, why); /* before anything is computed */
    if (err < 0)
        return err;
    proxy_keys *keys = session->keys = uftp_alloc(memory, 1, sizeof *keys);
    session->scratch = uftp_alloc(memory, session->block_size, 1);
    if (!keys || !session->scratch)
        return UFTP_ERR_MEMORY; /* no refusal: there may be memory when the ANNOUNCE comes again */
    keys->suite = (uftp_suite){.cipher = info->cipher, .hash = info->hash};
    keys->client_auth = info->client_auth;
    memcpy(keys->server_key, info->public_key.data, info->public_key.len);
    keys->server_key_len = info->public_key.len;
    err = uftp_v5_server_context_init(
        &keys->server, session->group, session->instance, session->server, info->whole,
        (size_t)(info->signature.data - info->whole.data), info->signature.len);
    if (err == UFTP_OK)
        err = uftp_proxy_keys_begin_up(session, info);
    if (err == UFTP_OK)
        err = uftp_proxy_keys_begin_down(session, info);
    if (err < 0 && err != UFTP_ERR_MEMORY)
        *why = "Keytype invalid or not supported here";
    return err;
}

void uftp_proxy_keys_free(proxy_session *session)
{
    proxy_keys *keys = session->keys;
    if (!keys)
        return;
    uftp_ecdh_free(keys->up.ecdh);
    uftp_ecdh_free(keys->down.ecdh);
    uftp_wipe(keys, sizeof *keys);
    uftp_release(session->proxy->config.memory, keys);
    session->keys = NULL;
}

void uftp_proxy_keys_announce(proxy_session *session)
{
    uftp_message message = {.type = UFTP_MESSAGE_PROXY_KEY}; /* all lengths zero in the clear */
    if (session->keys)
        message = uftp_proxy_keys_proxy_key(session);
    uftp_proxy_send_down(session, &message, &session->public_group);
}

bool uftp_proxy_keys_established(const proxy_session *session)
{
    return session->keys && session->keys->established;
}

bool uftp_proxy_keys_client_auth(const proxy_session *session)
{
    return session->keys->client_auth;
}
