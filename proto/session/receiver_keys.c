/* SPDX-License-Identifier: MIT
 *
 * The keys of a receiver's session: what does not depend on the wire version, and the way to what
 * does.
 */
#include "session/receiver_internal.h"

static const receiver_schedule *schedule_of(const uftp_wire *wire)
{
    return wire == &uftp_wire_v4 ? &uftp_receiver_schedule_v4 : &uftp_receiver_schedule_v5;
}

/* ---- before there is a session ---- */

static bool fingerprint_fits(const uftp_receiver *receiver, uint32_t uid, uftp_bytes public_key)
{
    const uftp_server_entry *server = uftp_receiver_server(receiver, uid);
    if (!server || !server->has_fingerprint)
        return true;
    uint8_t fingerprint[UFTP_FINGERPRINT_LEN];
    uftp_fingerprint(public_key.data, public_key.len, fingerprint);
    return uftp_secret_equal(fingerprint, server->fingerprint, sizeof fingerprint);
}

const char *uftp_announce_keys_objection(const uftp_receiver *receiver, const uftp_packet *packet,
                                         const uftp_announce *announce)
{
    const uftp_enc_info *info = &announce->enc_info;
    if (info->public_key.len > UFTP_KEY_BLOB_MAX)
        return "Keytype invalid or not supported here";
    if (!fingerprint_fits(receiver, packet->header.source, info->public_key))
        return "Failed to verify server key fingerprint";
    return schedule_of(packet->wire)->objection(receiver, info);
}

/* Whether there is time for another one. */
static bool may_check(uftp_receiver *receiver, uint64_t now)
{
    if (receiver->checks_until < now)
        receiver->checks_until = now;
    if (receiver->checks_until - now > RECEIVER_CHECKS_BURST * RECEIVER_CHECK_INTERVAL)
        return false;
    receiver->checks_until += RECEIVER_CHECK_INTERVAL;
    return true;
}

int uftp_announce_proof(uftp_receiver *receiver, const uftp_packet *packet,
                        const uftp_announce *announce, uint64_t now, announce_proof *out)
{
    if (!may_check(receiver, now))
        return UFTP_ERR_LIMIT;
    *out = schedule_of(packet->wire)->proof(packet, announce);
    return UFTP_OK;
}

/* ---- of a session ---- */

int uftp_session_keys_begin(uftp_session *session, const uftp_packet *packet,
                            const uftp_announce *announce)
{
    const receiver_schedule *schedule = schedule_of(packet->wire);
    const uftp_enc_info *info = &announce->enc_info;
    uftp_session_keys *keys = uftp_alloc(session->receiver->config.memory, 1, schedule->keys_len);
    if (!keys)
        return UFTP_ERR_MEMORY;
    keys->schedule = schedule;
    keys->client_auth = info->client_auth;
    memcpy(keys->server_key, info->public_key.data, info->public_key.len);
    keys->server_key_len = info->public_key.len;
    session->keys = keys;
    return schedule->begin(session, packet, announce);
}

void uftp_session_keys_free(uftp_session *session)
{
    if (!session->keys)
        return;
    uftp_ecdh_free(session->keys->ecdh);
    uftp_wipe(session->keys, session->keys->schedule->keys_len);
    uftp_release(session->receiver->config.memory, session->keys);
    session->keys = NULL;
}

static bool proxy_fingerprint_fits(const uftp_session *session, uftp_bytes public_key)
{
    const uftp_receiver_config *config = &session->receiver->config;
    for (size_t i = 0; i < config->proxy_count; i++) {
        const uftp_proxy_entry *entry = &config->proxies[i];
        if (entry->uid != session->proxy || !entry->has_fingerprint)
            continue;
        uint8_t fingerprint[UFTP_FINGERPRINT_LEN];
        uftp_fingerprint(public_key.data, public_key.len, fingerprint);
        return uftp_secret_equal(fingerprint, entry->fingerprint, sizeof fingerprint);
    }
    return true;
}

int uftp_session_keys_proxy(uftp_session *session, const uftp_proxy_key *message, uint64_t now,
                            const char **why)
{
    *why = NULL;
    if (message->public_key.len == 0 || message->public_key.len > UFTP_KEY_BLOB_MAX)
        return UFTP_ERR_KEY;
    if (!proxy_fingerprint_fits(session, message->public_key)) {
        *why = "Failed to verify proxy key fingerprint";
        return UFTP_ERR_AUTH;
    }
    if (!may_check(session->receiver, now))
        return UFTP_ERR_LIMIT;
    return session->keys->schedule->proxy_key(session, message, why);
}

uftp_bytes uftp_session_keys_server_key(const uftp_session *session)
{
    const uftp_session_keys *keys = session->keys;
    return (uftp_bytes){.data = keys->server_key, .len = keys->server_key_len};
}

bool uftp_session_keys_established(const uftp_session *session)
{
    return session->keys->established;
}

int uftp_session_keys_verify_announce(const uftp_session *session, const uftp_packet *packet,
                                      const uftp_announce *announce, uint64_t now)
{
    if (!announce->encrypted)
        return UFTP_ERR_AUTH;
    if (!may_check(session->receiver, now))
        return UFTP_ERR_LIMIT;
    return session->keys->schedule->verify_announce(session, packet, announce);
}

int uftp_session_keys_verify_keyinfo(const uftp_session *session, const uftp_packet *packet,
                                     const uftp_keyinfo *keyinfo, uint64_t now)
{
    if (!may_check(session->receiver, now))
        return UFTP_ERR_LIMIT;
    return session->keys->schedule->verify_keyinfo(session, packet, keyinfo);
}

int uftp_session_keys_establish(uftp_session *session, const uftp_keyinfo *keyinfo,
                                const uint8_t *sealed)
{
    int err = session->keys->schedule->establish(session, keyinfo, sealed);
    if (err == UFTP_OK) {
        session->keys->established = true;
        session->keys->proved = session->keys->schedule->keyinfo_signed;
    }
    return err;
}

int uftp_session_keys_open(const uftp_session *session, uftp_packet *packet)
{
    int err = session->keys->schedule->open(session, packet);
    if (err == UFTP_OK)
        session->keys->proved = true;
    return err;
}

bool uftp_session_keys_client_auth(const uftp_session *session)
{
    return session->keys->client_auth;
}

void uftp_session_keys_register(const uftp_session *session, uftp_register *out)
{
    session->keys->schedule->fill_register(session, out);
}

void uftp_session_keys_client_key(const uftp_session *session, uftp_client_key *out)
{
    const uftp_session_keys *keys = session->keys;
    *out = (uftp_client_key){.public_key = uftp_key_blob(session->receiver->config.key),
                             .signature = {.data = keys->signature, .len = keys->signature_len}};
}

uftp_bytes uftp_session_keys_verify_data(const uftp_session *session)
{
    return session->keys->schedule->verify_data(session);
}

bool uftp_session_keys_seals(const uftp_session *session, uint8_t message)
{
    if (message == UFTP_MESSAGE_REGISTER)
        return false;
    if (message == UFTP_MESSAGE_CLIENT_KEY)
        return session->keys->schedule->client_key_sealed;
    return session->keys->established;
}

uftp_sealing uftp_session_keys_sealing(const uftp_session *session, uint8_t message,
                                       uftp_aead *aead)
{
    return session->keys->schedule->sealing(session, message, aead);
}
