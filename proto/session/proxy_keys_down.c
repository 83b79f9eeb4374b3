/* SPDX-License-Identifier: MIT
 *
 * Towards the receivers a proxy stands in the sender's place: it signs with its own key, agrees
 * upon secrets with an ephemeral key of its own, and hands out the sender's group master (spec
 * proxy 4.2, 4.3).
 */
#include "session/proxy_keys.h"

#include "crypto/hash.h"

/* ---- PROXY_KEY ---- */

uftp_message uftp_proxy_keys_proxy_key(const proxy_session *session)
{
    const proxy_keys *keys = session->keys;
    return (uftp_message){
        .type = UFTP_MESSAGE_PROXY_KEY,
        .as.proxy_key = {.public_key = uftp_key_blob(session->proxy->config.key),
                         .ecdh_key = uftp_ecdh_blob(keys->down.ecdh),
                         .signature = {keys->down.signature, keys->down.signature_len}}};
}

int uftp_proxy_keys_begin_down(proxy_session *session, const uftp_enc_info *info)
{
    const uftp_proxy_config *config = &session->proxy->config;
    proxy_keys *keys = session->keys;
    int err = uftp_ecdh_generate(config->memory, config->random,
                                 uftp_ecdh_blob_curve(info->ecdh_key), &keys->down.ecdh);
    if (err < 0)
        return err;
    keys->down.signature_len = uftp_v5_signature_len(config->key);
    UFTP_ASSERT(keys->down.signature_len <= sizeof keys->down.signature);
    uint8_t bytes[1020]; /* the longest message header */
    uftp_writer w = {.at = bytes, .end = bytes + sizeof bytes};
    const uftp_message message = uftp_proxy_keys_proxy_key(session); /* its signature is zero yet */
    err = uftp_wire_v5.message_write(&w, &message);
    if (err < 0)
        return err;
    size_t len = (size_t)(w.at - bytes);
    err = uftp_v5_proxy_context_init(&keys->down.context, config->uid, (uftp_bytes){bytes, len},
                                     len - keys->down.signature_len, keys->down.signature_len);
    if (err < 0)
        return err;
    return uftp_v5_proxy_key_sign(config->key, config->random, keys->suite.hash, &keys->server,
                                  &keys->down.context, keys->down.signature);
}

static uftp_bytes proxy_context(const proxy_keys *keys)
{
    return (uftp_bytes){keys->down.context.bytes, keys->down.context.len};
}

/* ---- one receiver's secrets ---- */

/* Application keys, once its context is complete and the group master is known. */
static void ready(const proxy_session *session, uftp_client *client)
{
    const proxy_keys *keys = session->keys;
    client_secrets *secrets = client->secrets;
    uftp_v5_client_app_keys(&keys->suite, keys->group_master, &keys->server, secrets->context,
                            &secrets->client_app, secrets->verify_data);
    uftp_proxy_keys_log(session, "CLIENT_APP", client->uid, &secrets->client_app);
    secrets->verify_len = uftp_hash_len(keys->suite.hash);
    secrets->ready = true;
}

static void ready_if_complete(const proxy_session *session, uftp_client *client, bool complete)
{
    if (complete && session->keys->established && !client->secrets->ready)
        ready(session, client);
}

void uftp_proxy_keys_all_ready(proxy_session *session)
{
    uftp_client *client = session->clients.by_state[UFTP_CLIENT_REGISTERED].first;
    for (; client; client = client->state_next)
        ready_if_complete(session, client, true);
}

int uftp_proxy_keys_register(proxy_session *session, uftp_client *client,
                             const uftp_register *message)
{
    const uftp_allocator *memory = session->proxy->config.memory;
    const proxy_keys *keys = session->keys;
    client_secrets *secrets = uftp_alloc(memory, 1, sizeof *secrets);
    uftp_v5_client_context *context = uftp_alloc(memory, 1, sizeof *context);
    int err = secrets && context ? UFTP_OK : UFTP_ERR_MEMORY;
    if (err == UFTP_OK)
        err = uftp_v5_client_context_init(context, proxy_context(keys), client->uid,
                                          message->ecdh_key, message->random);
    if (err == UFTP_OK)
        err =
            uftp_v5_handshake_keys(&keys->suite, keys->down.ecdh, message->ecdh_key, &keys->server,
                                   context, &secrets->server_hs, &secrets->client_hs);
    if (err < 0) {
        uftp_release(memory, context);
        uftp_release(memory, secrets);
        return err;
    }
    secrets->context = context;
    client->secrets = secrets;
    uftp_proxy_keys_log(session, "SERVER_HS", client->uid, &secrets->server_hs);
    uftp_proxy_keys_log(session, "CLIENT_HS", client->uid, &secrets->client_hs);
    ready_if_complete(session, client, !keys->client_auth);
    return UFTP_OK;
}

int uftp_proxy_keys_client_key(proxy_session *session, uftp_client *client,
                               const uftp_client_key *message)
{
    const proxy_keys *keys = session->keys;
    client_secrets *secrets = client->secrets;
    if (client->has_fingerprint) {
        uint8_t fingerprint[UFTP_FINGERPRINT_LEN];
        uftp_fingerprint(message->public_key.data, message->public_key.len, fingerprint);
        if (!uftp_secret_equal(fingerprint, client->fingerprint, sizeof fingerprint))
            return UFTP_ERR_AUTH;
    }
    int err = uftp_v5_client_key_verify(message->public_key, keys->suite.hash, &keys->server,
                                        secrets->context, message->signature);
    if (err == UFTP_OK)
        err = uftp_v5_client_context_add_key(
            secrets->context, message->whole,
            (size_t)(message->signature.data - message->whole.data), message->signature.len);
    if (err == UFTP_OK)
        ready_if_complete(session, client, true);
    return err;
}

bool uftp_proxy_keys_verify(const proxy_session *session, const uftp_client *client,
                            uftp_bytes data)
{
    const client_secrets *secrets = client->secrets;
    (void)session;
    return secrets->ready && data.len >= secrets->verify_len &&
           uftp_secret_equal(data.data, secrets->verify_data, secrets->verify_len);
}

int uftp_proxy_keys_open(const proxy_session *session, uftp_client *client, uftp_packet *packet,
                         bool handshake)
{
    client_secrets *secrets = client->secrets;
    if (!secrets || (!handshake && !secrets->ready))
        return UFTP_ERR_AUTH;
    if (!uftp_replay_fresh(&secrets->replay, packet->encrypted.iv_counter))
        return UFTP_ERR_AUTH;
    const uftp_traffic *traffic = handshake ? &secrets->client_hs : &secrets->client_app;
    uftp_aead aead;
    int err = uftp_aead_init(&aead, session->keys->suite.cipher, traffic->key);
    if (err == UFTP_OK)
        err = uftp_packet_open(packet, &(uftp_sealing){.aead = &aead, .traffic = traffic});
    uftp_aead_wipe(&aead);
    if (err == UFTP_OK)
        uftp_replay_mark(&secrets->replay, packet->encrypted.iv_counter);
    return err;
}

/* ---- KEYINFO ---- */

/* One packet with the group master for as many receivers as it holds, signed as a whole. */
static void send_packet(proxy_session *session)
{
    uftp_proxy *proxy = session->proxy;
    const proxy_keys *keys = session->keys;
    uftp_message message = {.type = UFTP_MESSAGE_KEYINFO};
    uftp_keyinfo *keyinfo = &message.as.keyinfo;
    *keyinfo = (uftp_keyinfo){
        .iv_counter = ++session->iv_counter_down, /* one for all entries: their keys differ */
        .signature = {.len = uftp_v5_signature_len(proxy->config.key)},
        .entries = session->scratch,
    };
    uint8_t *entry = session->scratch;
    while (keyinfo->entry_count < session->block_size / UFTP_KEYINFO_ENTRY_LEN) {
        const uftp_client *client = uftp_clients_take_due(&session->clients, CLIENT_DUE_KEYINFO);
        if (!client)
            break;
        for (int i = 0; i < 4; i++)
            entry[i] = (uint8_t)(client->uid >> (24 - 8 * i));
        uftp_v5_master_seal(&keys->suite, &client->secrets->server_hs, keyinfo->iv_counter,
                            &keys->server, client->secrets->context, keys->group_master, entry + 4);
        entry += UFTP_KEYINFO_ENTRY_LEN;
        keyinfo->entry_count++;
    }
    uint8_t *out = uftp_proxy_queue_reserve(&proxy->queue, UFTP_DATAGRAM_MAX);
    if (!out)
        return; /* it is repeated */
    const uftp_header header = {.version = uftp_wire_v5.version,
                                .source = proxy->config.uid,
                                .group = session->group,
                                .instance = session->instance,
                                .grtt = session->grtt_byte,
                                .group_size = session->group_size_byte};
    size_t len;
    int err =
        uftp_packet_write(&uftp_wire_v5, &header, &message, NULL, 0, out, UFTP_DATAGRAM_MAX, &len);
    UFTP_ASSERT(err == UFTP_OK);
    const size_t signature_at = uftp_wire_v5.header_len + 12; /* spec v5 1.11 */
    err = uftp_v5_keyinfo_sign(proxy->config.key, proxy->config.random, keys->suite.hash,
                               &keys->server, proxy_context(keys), out, len, signature_at);
    UFTP_ASSERT(err == UFTP_OK);
    uftp_proxy_queue_commit(&proxy->queue, len, &session->private_group, proxy->config.tos);
    uftp_event event = uftp_proxy_event(session, UFTP_EVENT_SENT);
    event.message = UFTP_MESSAGE_KEYINFO;
    event.address = session->private_group;
    event.count = (uint32_t)keyinfo->entry_count;
    uftp_proxy_push(proxy, &event);
}

/* Who is confirmed by the sender and has not answered yet. */
static bool make_due(proxy_session *session)
{
    uftp_clients *clients = &session->clients;
    bool any = false;
    for (uftp_client *c = clients->by_state[UFTP_CLIENT_REGISTERED].first; c; c = c->state_next)
        if (c->vouched) {
            uftp_clients_set_due(clients, c, CLIENT_DUE_KEYINFO);
            any = true;
        }
    return any;
}

void uftp_proxy_keys_send_keyinfo(proxy_session *session, uint64_t now)
{
    if (!session->keys->established)
        return;
    /* Whoever is still due from the packet before goes first. */
    if (!uftp_clients_any_due(&session->clients, CLIENT_DUE_KEYINFO) && !make_due(session)) {
        session->keyinfo_since = UFTP_NEVER;
        return;
    }
    send_packet(session);
    session->keyinfo_since = now;
}
