/* SPDX-License-Identifier: MIT */
#include "open.h"

#include <stdlib.h>
#include <string.h>

/* One key and one IV of a log, under one cipher, as a candidate for a peer. */
static void add_key(cap_peer *peer, uint8_t cipher, const cap_keylog_entry *key,
                    const cap_keylog_entry *iv)
{
    cap_key *added = calloc(1, sizeof *added);
    if (!added)
        return; /* one key less: its packets count as not opened */
    memcpy(added->traffic.key, key->value, key->len);
    memcpy(added->traffic.iv, iv->value, UFTP_IV_LEN);
    if (uftp_aead_init(&added->aead, cipher, added->traffic.key) < 0) {
        free(added);
        return;
    }
    added->next = peer->keys;
    peer->keys = added;
}

/* All pairs of a label's keys and IVs: a session that was restarted has several of each. */
static void add_pairs(cap_peer *peer, const cap_keylog *keylog, const cap_session *session,
                      cap_keylog_label key_label, cap_keylog_label iv_label)
{
    static const uint8_t ciphers[] = {UFTP_CIPHER_AES256_GCM, UFTP_CIPHER_AES128_GCM,
                                      UFTP_CIPHER_AES256_CCM, UFTP_CIPHER_AES128_CCM};
    size_t key_count, iv_count;
    const cap_keylog_entry *keys =
        cap_keylog_find(keylog, key_label, session->group, peer->uid, &key_count);
    const cap_keylog_entry *ivs =
        cap_keylog_find(keylog, iv_label, session->group, peer->uid, &iv_count);
    for (size_t k = 0; k < key_count; k++)
        for (size_t i = 0; i < iv_count; i++)
            for (size_t c = 0; c < sizeof ciphers; c++) {
                bool wanted = !session->announced || session->cipher == ciphers[c];
                if (wanted && keys[k].len == uftp_cipher_key_len(ciphers[c]) &&
                    ivs[i].len == UFTP_IV_LEN)
                    add_key(peer, ciphers[c], &keys[k], &ivs[i]);
            }
}

static void make_keys(cap_peer *peer, const cap_keylog *keylog, const cap_session *session)
{
    if (peer->keys_made && !(peer->keys_guessed && session->announced && !peer->keys))
        return;
    peer->keys_made = true;
    peer->keys_guessed = !session->announced;
    add_pairs(peer, keylog, session, CAP_KEYLOG_CLIENT_HS_KEY, CAP_KEYLOG_CLIENT_HS_IV);
    add_pairs(peer, keylog, session, CAP_KEYLOG_CLIENT_APP_KEY, CAP_KEYLOG_CLIENT_APP_IV);
    add_pairs(peer, keylog, session, CAP_KEYLOG_SERVER_APP_KEY, CAP_KEYLOG_SERVER_APP_IV);
}

/* The key that fitted goes to the front: the next packet is most likely under it, too. */
static void bring_forward(cap_peer *peer, cap_key **link)
{
    cap_key *key = *link;
    *link = key->next;
    key->next = peer->keys;
    peer->keys = key;
}

static bool open_v5(const cap_keylog *keylog, cap_packet *packet, uint8_t *scratch)
{
    cap_peer *peer = packet->peer;
    make_keys(peer, keylog, packet->session);
    packet->has_key = peer->keys != NULL;
    size_t len = packet->bytes.len, overhead = packet->wire->encrypted_overhead;
    for (cap_key **link = &peer->keys; *link; link = &(*link)->next) {
        cap_key *key = *link;
        memcpy(scratch, packet->bytes.data, len);
        if (uftp_v5_open(&key->aead, &key->traffic, packet->encrypted.iv_counter, scratch, len) < 0)
            continue;
        packet->key = key;
        packet->plain = (uftp_bytes){scratch + packet->wire->header_len + overhead - UFTP_TAG_LEN,
                                     len - packet->wire->header_len - overhead};
        key->opened++;
        bring_forward(peer, link);
        return true;
    }
    return false;
}

typedef struct opener {
    uint8_t version;
    bool (*open)(const cap_keylog *keylog, cap_packet *packet, uint8_t *scratch);
} opener;

static const opener openers[] = {{0x50, open_v5}};

bool cap_open(const cap_keylog *keylog, cap_packet *packet, uint8_t *scratch)
{
    if (!keylog || !packet->session || !packet->peer)
        return false;
    for (size_t i = 0; i < sizeof openers / sizeof *openers; i++)
        if (openers[i].version == packet->wire->version)
            return openers[i].open(keylog, packet, scratch);
    return false;
}
