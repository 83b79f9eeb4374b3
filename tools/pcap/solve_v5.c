/* SPDX-License-Identifier: MIT
 *
 * Version 5: everybody has a key of its own. The sender's follows from the group master and the
 * ANNOUNCE; a receiver's also needs its REGISTER and, where receivers authenticate themselves, its
 * CLIENT_KEY, which is sealed under a key of the exchange (spec v5 3.3, 3.7).
 */
#include "solve.h"

#include "handshake/v5_internal.h"

#include <stdlib.h>
#include <string.h>

/* Of a peer: what a few premasters and group masters give with as many proxies in between. One that
 * registers ever anew gets no more. */
#define KEYS_MAX 256

/* ---- keys ---- */

static void add_key(cap_peer *peer, uint8_t cipher, const uftp_traffic *traffic)
{
    size_t count = 0;
    for (const cap_key *key = peer->keys; key; key = key->next, count++)
        if (key->as.v5.aead.cipher == cipher &&
            memcmp(&key->as.v5.traffic, traffic, sizeof *traffic) == 0)
            return;
    cap_key *added = count < KEYS_MAX ? calloc(1, sizeof *added) : NULL;
    if (!added)
        return; /* one key less: its packets count as not opened */
    added->as.v5.traffic = *traffic;
    if (uftp_aead_init(&added->as.v5.aead, cipher, traffic->key) < 0) {
        free(added);
        return;
    }
    added->next = peer->keys;
    peer->keys = added;
}

static bool logged_traffic(const cap_keylog_entry *key, const cap_keylog_entry *iv, uint8_t cipher,
                           uftp_traffic *out)
{
    if (key->len != uftp_cipher_key_len(cipher) || iv->len != UFTP_IV_LEN)
        return false;
    *out = (uftp_traffic){0};
    memcpy(out->key, key->value, key->len);
    memcpy(out->iv, iv->value, UFTP_IV_LEN);
    return true;
}

/* All pairs of a label's keys and IVs: a session that was restarted has several of each. */
static void add_pairs(cap_peer *peer, const cap_keylog *log, const cap_session *session,
                      cap_keylog_label key_label, cap_keylog_label iv_label)
{
    static const uint8_t ciphers[] = {UFTP_CIPHER_AES256_GCM, UFTP_CIPHER_AES128_GCM,
                                      UFTP_CIPHER_AES256_CCM, UFTP_CIPHER_AES128_CCM};
    size_t key_count, iv_count;
    const cap_keylog_entry *keys =
        cap_keylog_find(log, key_label, session->group, peer->uid, &key_count);
    const cap_keylog_entry *ivs =
        cap_keylog_find(log, iv_label, session->group, peer->uid, &iv_count);
    for (size_t k = 0; k < key_count; k++)
        for (size_t i = 0; i < iv_count; i++)
            for (size_t c = 0; c < sizeof ciphers; c++) {
                uftp_traffic traffic;
                bool wanted = !session->announced || session->cipher == ciphers[c];
                if (wanted && logged_traffic(&keys[k], &ivs[i], ciphers[c], &traffic))
                    add_key(peer, ciphers[c], &traffic);
            }
}

static void add_from_log(const cap_secrets *secrets, const cap_session *session, cap_peer *peer)
{
    if (!secrets->log ||
        (peer->log_used == secrets->edition && peer->log_used_announced == session->announced))
        return;
    peer->log_used = secrets->edition;
    peer->log_used_announced = session->announced;
    add_pairs(peer, secrets->log, session, CAP_KEYLOG_CLIENT_HS_KEY, CAP_KEYLOG_CLIENT_HS_IV);
    add_pairs(peer, secrets->log, session, CAP_KEYLOG_CLIENT_APP_KEY, CAP_KEYLOG_CLIENT_APP_IV);
    add_pairs(peer, secrets->log, session, CAP_KEYLOG_SERVER_APP_KEY, CAP_KEYLOG_SERVER_APP_IV);
}

/* ---- one receiver, and the sender or proxy that it may have spoken to ---- */

static bool open_master(cap_handshake *h, cap_exchange *x, const cap_leg *leg,
                        const uftp_v5_client_context *context, const uftp_traffic *server_hs)
{
    uint8_t master[UFTP_GROUP_MASTER_LEN];
    if (uftp_v5_master_open(&h->server.v5.suite, server_hs, x->key_counter, &h->server.v5.context,
                            context, x->sealed, master) < 0)
        return false;
    (void)cap_master_add(h, master, sizeof master);
    memcpy(x->master, master, sizeof master);
    x->leg = leg;
    x->solved = true;
    return true;
}

static void open_with_logged(const cap_secrets *secrets, const cap_session *session, cap_peer *peer,
                             const cap_leg *leg, const uftp_v5_client_context *context)
{
    size_t key_count, iv_count;
    const cap_keylog_entry *keys = cap_keylog_find(secrets->log, CAP_KEYLOG_SERVER_HS_KEY,
                                                   session->group, peer->uid, &key_count);
    const cap_keylog_entry *ivs = cap_keylog_find(secrets->log, CAP_KEYLOG_SERVER_HS_IV,
                                                  session->group, peer->uid, &iv_count);
    cap_handshake *h = session->handshake;
    for (size_t k = 0; k < key_count; k++)
        for (size_t i = 0; i < iv_count; i++) {
            uftp_traffic traffic;
            if (!peer->exchange->solved &&
                logged_traffic(&keys[k], &ivs[i], h->server.v5.suite.cipher, &traffic))
                (void)open_master(h, peer->exchange, leg, context, &traffic);
        }
}

/* The key of its CLIENT_KEY, and the group master as it was sealed for it. */
static void solve(const cap_secrets *secrets, cap_session *session, cap_peer *peer)
{
    cap_handshake *h = session->handshake;
    cap_exchange *x = peer->exchange;
    cap_premaster premasters[CAP_PREMASTERS_MAX];
    size_t count = x->solved ? 0 : cap_premasters(secrets, session, peer, premasters);
    for (const cap_leg *leg = h->legs; leg && x->registered && !x->solved; leg = leg->next) {
        uftp_v5_client_context context;
        if (!cap_exchange_context(peer->exchange, peer->uid, leg, &context))
            continue;
        for (size_t i = 0; i < count && !x->solved; i++) {
            uftp_traffic server_hs, client_hs;
            if (premasters[i].len != UFTP_V5_PREMASTER_LEN)
                continue;
            uftp_v5_handshake_traffic(&h->server.v5.suite, premasters[i].bytes,
                                      &h->server.v5.context, &context, &server_hs, &client_hs);
            add_key(peer, h->server.v5.suite.cipher, &client_hs);
            if (x->keyed && open_master(h, x, leg, &context, &server_hs)) {
                memcpy(x->premaster, premasters[i].bytes, premasters[i].len);
                x->premaster_len = premasters[i].len;
            }
        }
        if (x->keyed && !x->solved && secrets->log)
            open_with_logged(secrets, session, peer, leg, &context);
    }
}

/* ---- application keys ---- */

static void add_app_keys(cap_session *session, cap_peer *peer)
{
    const cap_handshake *h = session->handshake;
    const uftp_suite *suite = &h->server.v5.suite;
    const cap_exchange *x = peer->exchange;
    for (size_t i = 0; i < h->master_count; i++) {
        uftp_traffic traffic;
        if (peer->uid == session->server) {
            uftp_v5_server_app_keys(suite, h->masters[i], &h->server.v5.context, &traffic);
            add_key(peer, suite->cipher, &traffic);
        }
        for (const cap_leg *leg = h->legs; leg && x && x->registered; leg = leg->next) {
            uftp_v5_client_context context;
            uint8_t verify[UFTP_HASH_LEN_MAX];
            if (!cap_exchange_context(peer->exchange, peer->uid, leg, &context))
                continue;
            uftp_v5_client_app_keys(suite, h->masters[i], &h->server.v5.context, &context, &traffic,
                                    verify);
            add_key(peer, suite->cipher, &traffic);
        }
    }
}

static void derive(const cap_secrets *secrets, cap_session *session, cap_peer *peer)
{
    cap_handshake *h = session->handshake;
    if (peer->derived && peer->derived_at == h->changes &&
        !(peer->exchange && peer->exchange->dirty))
        return;
    if (peer->exchange && peer->exchange->dirty) {
        peer->exchange->dirty = false;
        h->dirty--;
    }
    if (peer->exchange)
        solve(secrets, session, peer);
    add_app_keys(session, peer);
    peer->derived = true;
    peer->derived_at = h->changes;
}

bool cap_solve_v5(const cap_secrets *secrets, cap_session *session, cap_peer *peer)
{
    const cap_key *before = peer->keys;
    cap_handshake *h = session->handshake;
    add_from_log(secrets, session, peer);
    if (h && h->announced && peer->keys == before) {
        cap_masters_read(secrets, session, UFTP_GROUP_MASTER_LEN);
        derive(secrets, session, peer);
        if (peer->keys == before && cap_masters_search(secrets, session, solve))
            derive(secrets, session, peer);
    }
    return peer->keys != before;
}

void cap_solve_receiver_v5(const cap_secrets *secrets, cap_session *session, cap_peer *peer)
{
    cap_exchange *x = peer->exchange;
    if (session->handshake && session->handshake->announced && x && x->keyed && !x->solved)
        solve(secrets, session, peer);
}
