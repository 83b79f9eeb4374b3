/* SPDX-License-Identifier: MIT
 *
 * The keys of a sender: what does not depend on the wire version, and the way to what does.
 */
#include "session/sender_internal.h"

int uftp_sender_keys_init(uftp_sender *sender)
{
    sender->keys.schedule =
        sender->config.version == 4 ? &uftp_sender_schedule_v4 : &uftp_sender_schedule_v5;
    return sender->keys.schedule->init(sender);
}

void uftp_sender_keys_free(uftp_sender *sender)
{
    sender_keys *keys = &sender->keys;
    if (keys->schedule)
        keys->schedule->wipe(sender);
    uftp_ecdh_free(keys->ecdh);
    uftp_wipe(keys, sizeof *keys);
}

void uftp_sender_keys_enc_info(const uftp_sender *sender, uftp_enc_info *out)
{
    sender->keys.schedule->enc_info(sender, out);
}

size_t uftp_sender_keys_keyinfo_signature_len(const uftp_sender *sender)
{
    return sender->keys.schedule->keyinfo_signature_len(sender);
}

bool uftp_sender_keys_client_key_clear(const uftp_sender *sender)
{
    return !sender->keys.schedule->client_key_sealed;
}

int uftp_sender_keys_sign(uftp_sender *sender, uint8_t *datagram, size_t len)
{
    uftp_packet packet;
    uftp_message message;
    int err = uftp_packet_read(datagram, len, &packet);
    if (err == UFTP_OK)
        err = uftp_packet_message(&packet, &message);
    if (err < 0)
        return err;
    return sender->keys.schedule->sign(sender, &message, datagram, len);
}

int uftp_sender_keys_register(uftp_sender *sender, uftp_client *client,
                              const uftp_register *message)
{
    UFTP_ASSERT(!client->secrets);
    return sender->keys.schedule->register_client(sender, client, message);
}

int uftp_sender_keys_client_key(uftp_sender *sender, uftp_client *client,
                                const uftp_client_key *message)
{
    if (client->has_fingerprint) {
        uint8_t fingerprint[UFTP_FINGERPRINT_LEN];
        uftp_fingerprint(message->public_key.data, message->public_key.len, fingerprint);
        if (!uftp_secret_equal(fingerprint, client->fingerprint, sizeof fingerprint))
            return UFTP_ERR_AUTH;
    }
    return sender->keys.schedule->client_key(sender, client, message);
}

void uftp_sender_keys_ready(uftp_sender *sender, uftp_client *client)
{
    sender->keys.schedule->ready(sender, client);
}

bool uftp_sender_keys_verify(const uftp_sender *sender, const uftp_client *client, uftp_bytes data)
{
    const client_secrets *secrets = client->secrets;
    (void)sender;
    return data.len >= secrets->verify_len &&
           uftp_secret_equal(data.data, secrets->verify_data, secrets->verify_len);
}

void uftp_sender_keys_seal_master(const uftp_sender *sender, const uftp_client *client,
                                  uint64_t counter, uint8_t sealed[UFTP_SEALED_MASTER_LEN])
{
    sender->keys.schedule->seal_master(sender, client, counter, sealed);
}

int uftp_sender_keys_open(uftp_sender *sender, uftp_client *client, uftp_packet *packet,
                          bool handshake)
{
    client_secrets *secrets = client->secrets;
    if (!secrets) /* before its REGISTER nothing of a client can be opened (trap 60) */
        return UFTP_ERR_AUTH;
    if (!uftp_replay_fresh(&secrets->replay, packet->encrypted.iv_counter))
        return UFTP_ERR_AUTH;
    int err = sender->keys.schedule->open(sender, client, packet, handshake);
    if (err == UFTP_OK)
        uftp_replay_mark(&secrets->replay, packet->encrypted.iv_counter);
    return err;
}
