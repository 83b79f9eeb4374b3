/* SPDX-License-Identifier: MIT
 *
 * Version 4: whoever has the group master has all keys, in both directions (spec v4 6.4).
 */
#include "solve.h"

#include "handshake/v4_internal.h"

#include <stdlib.h>
#include <string.h>

#define KEYS_MAX 64 /* of a session: more than a log of honest programs has, with all restarts */

/* ---- keys ---- */

static void add_key(cap_session *session, const uftp_v4_suite *suite, const uftp_v4_keys *keys)
{
    size_t count = 0;
    if (uftp_v4_suite_check(suite) < 0)
        return;
    for (const cap_key *key = session->keys; key; key = key->next, count++)
        if (memcmp(&key->as.v4.suite, suite, sizeof *suite) == 0 &&
            memcmp(&key->as.v4.keys, keys, sizeof *keys) == 0)
            return;
    cap_key *key = count < KEYS_MAX ? calloc(1, sizeof *key) : NULL;
    if (!key)
        return; /* one key less: its packets count as not opened */
    uftp_v4_sealing_init(&key->as.v4, suite, keys);
    key->next = session->keys;
    session->keys = key;
}

static void add_from_masters(cap_session *session)
{
    const cap_handshake *h = session->handshake;
    for (size_t i = 0; i < h->master_count; i++) {
        uftp_v4_keys keys;
        uftp_v4_group_keys(&h->server.v4, h->masters[i], &keys);
        add_key(session, &h->server.v4.suite, &keys);
    }
}

/* ---- keys that the log has as such ---- */

typedef struct logged {
    const cap_keylog_entry *key, *iv, *hmac; /* hmac: NULL with an AEAD cipher */
} logged;

static void add_suite(cap_session *session, const uftp_v4_suite *suite, const logged *l)
{
    bool hmac = suite->sigtype == UFTP_SIGTYPE_HMAC;
    if (uftp_v4_key_len(suite->cipher) != l->key->len ||
        (hmac && (!l->hmac || uftp_hash_len(suite->hash) != l->hmac->len)))
        return;
    uftp_v4_keys keys = {0};
    memcpy(keys.key, l->key->value, l->key->len);
    memcpy(keys.salt, l->iv->value, UFTP_V4_SALT_LEN);
    if (hmac)
        memcpy(keys.hmac, l->hmac->value, l->hmac->len);
    add_key(session, suite, &keys);
}

/* Under the suite that was announced or, when none was, under each that has keys of these lengths.
 * The hash means nothing for packets under an AEAD cipher; and who signed what is not known. */
static void add_logged(cap_session *session, const logged *l)
{
    static const uint8_t aead[] = {UFTP_CIPHER_AES128_GCM, UFTP_CIPHER_AES256_GCM,
                                   UFTP_CIPHER_AES128_CCM, UFTP_CIPHER_AES256_CCM};
    static const uint8_t cbc[] = {UFTP_CIPHER_DES_CBC, UFTP_CIPHER_3DES_CBC, UFTP_CIPHER_AES128_CBC,
                                  UFTP_CIPHER_AES256_CBC};
    static const uint8_t hashes[] = {UFTP_HASH_SHA1, UFTP_HASH_SHA256, UFTP_HASH_SHA384,
                                     UFTP_HASH_SHA512};
    const cap_handshake *h = session->handshake;
    if (l->iv->len != UFTP_V4_SALT_LEN)
        return;
    if (h && h->announced) {
        add_suite(session, &h->server.v4.suite, l);
        return;
    }
    uftp_v4_suite suite = {.key_exchange = UFTP_KEY_EXCHANGE_RSA, .hash = UFTP_HASH_SHA256};
    suite.sigtype = UFTP_SIGTYPE_AUTHENC;
    for (size_t i = 0; i < sizeof aead; i++) {
        suite.cipher = aead[i];
        add_suite(session, &suite, l);
    }
    suite.sigtype = UFTP_SIGTYPE_HMAC;
    for (size_t i = 0; i < sizeof cbc * sizeof hashes; i++) {
        suite.cipher = cbc[i / sizeof hashes];
        suite.hash = hashes[i % sizeof hashes];
        add_suite(session, &suite, l);
    }
}

static void add_pairs(cap_session *session, const cap_keylog *log, cap_keylog_label key_label,
                      cap_keylog_label iv_label)
{
    size_t key_count, iv_count, hmac_count;
    uint32_t group = session->group;
    const cap_keylog_entry *keys = cap_keylog_find_group(log, key_label, group, &key_count);
    const cap_keylog_entry *ivs = cap_keylog_find_group(log, iv_label, group, &iv_count);
    const cap_keylog_entry *hmacs =
        cap_keylog_find_group(log, CAP_KEYLOG_GROUP_HMAC_KEY, group, &hmac_count);
    for (size_t k = 0; k < key_count; k++)
        for (size_t i = 0; i < iv_count; i++) {
            if (keys[k].uid != ivs[i].uid)
                continue;
            add_logged(session, &(logged){&keys[k], &ivs[i], NULL});
            for (size_t m = 0; m < hmac_count; m++)
                add_logged(session, &(logged){&keys[k], &ivs[i], &hmacs[m]});
        }
}

static void add_from_log(const cap_secrets *secrets, cap_session *session)
{
    bool announced = session->handshake && session->handshake->announced;
    if (!secrets->log ||
        (session->log_used == secrets->edition && session->log_used_announced == announced))
        return;
    session->log_used = secrets->edition;
    session->log_used_announced = announced;
    add_pairs(session, secrets->log, CAP_KEYLOG_SERVER_APP_KEY, CAP_KEYLOG_SERVER_APP_IV);
    add_pairs(session, secrets->log, CAP_KEYLOG_CLIENT_APP_KEY, CAP_KEYLOG_CLIENT_APP_IV);
}

/* ---- the group master, as it was sealed for one receiver ---- */

static bool open_master(cap_handshake *h, cap_exchange *x, const uftp_v4_client *client)
{
    uint8_t master[UFTP_V4_MASTER_LEN];
    if (uftp_v4_master_open(&h->server.v4, client, x->key_source, x->key_counter, x->sealed,
                            master) < 0)
        return false;
    (void)cap_master_add(h, master, sizeof master);
    memcpy(x->master, master, sizeof master);
    return true;
}

static void open_with_logged(const cap_secrets *secrets, const cap_session *session, cap_peer *peer)
{
    size_t key_count = 0, iv_count = 0;
    const cap_keylog_entry *keys = cap_keylog_find(secrets->log, CAP_KEYLOG_SERVER_HS_KEY,
                                                   session->group, peer->uid, &key_count);
    const cap_keylog_entry *ivs = cap_keylog_find(secrets->log, CAP_KEYLOG_SERVER_HS_IV,
                                                  session->group, peer->uid, &iv_count);
    cap_handshake *h = session->handshake;
    for (size_t k = 0; k < key_count; k++)
        for (size_t i = 0; i < iv_count; i++) {
            uftp_v4_client client = {0};
            if (keys[k].len != uftp_v4_key_len(h->server.v4.suite.cipher) ||
                ivs[i].len != UFTP_V4_SALT_LEN)
                continue;
            memcpy(client.keys.key, keys[k].value, keys[k].len);
            memcpy(client.keys.salt, ivs[i].value, UFTP_V4_SALT_LEN);
            (void)open_master(h, peer->exchange, &client);
        }
}

static void solve(const cap_secrets *secrets, cap_session *session, cap_peer *peer)
{
    cap_handshake *h = session->handshake;
    cap_exchange *x = peer->exchange;
    cap_premaster premasters[CAP_PREMASTERS_MAX];
    size_t count = x->keyed ? cap_premasters(secrets, session, peer, premasters) : 0;
    for (size_t i = 0; i < count && !x->solved; i++) {
        uftp_v4_client client = {.premaster_len = premasters[i].len};
        memcpy(client.random, x->random, sizeof client.random);
        memcpy(client.premaster, premasters[i].bytes, premasters[i].len);
        uftp_v4_client_keys(&h->server.v4, &client);
        if (!open_master(h, x, &client))
            continue;
        x->solved = true;
        memcpy(x->premaster, premasters[i].bytes, premasters[i].len);
        x->premaster_len = premasters[i].len;
    }
    if (x->keyed && !x->solved && secrets->log)
        open_with_logged(secrets, session, peer);
}

bool cap_solve_v4(const cap_secrets *secrets, cap_session *session)
{
    const cap_key *before = session->keys;
    cap_handshake *h = session->handshake;
    add_from_log(secrets, session);
    if (h && h->announced) {
        cap_masters_read(secrets, session, UFTP_V4_MASTER_LEN);
        add_from_masters(session);
        if (session->keys == before && cap_masters_search(secrets, session, solve))
            add_from_masters(session);
    }
    return session->keys != before;
}

void cap_solve_receiver_v4(const cap_secrets *secrets, cap_session *session, cap_peer *peer)
{
    cap_exchange *x = peer->exchange;
    if (session->handshake && session->handshake->announced && x && x->keyed && !x->solved)
        solve(secrets, session, peer);
}
