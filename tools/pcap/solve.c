/* SPDX-License-Identifier: MIT */
#include "solve.h"

#include "handshake/v5_internal.h"

#include <stdlib.h>
#include <string.h>

enum { VERSION_4 = 0x40 };

static void *heap_alloc(void *ctx, size_t size)
{
    (void)ctx;
    return malloc(size);
}

static void heap_release(void *ctx, void *ptr)
{
    (void)ctx;
    free(ptr);
}

static const uftp_allocator heap = {.alloc = heap_alloc, .release = heap_release};

/* RSA is blinded with it, against those who measure times: nobody does when a file is read. */
static void fill(void *ctx, size_t len, uint8_t *dst)
{
    uint32_t *state = ctx;
    for (size_t i = 0; i < len; i++) {
        *state = *state * 1664525u + 1013904223u;
        dst[i] = (uint8_t)(*state >> 24);
    }
}

/* ---- premasters ---- */

typedef struct collection {
    const cap_session *session;
    const cap_exchange *exchange;
    cap_premaster *out;
    size_t count;
} collection;

static uftp_bytes own_secret(const collection *c)
{
    return (uftp_bytes){c->exchange->secret, c->exchange->secret_len};
}

static void add(collection *c, const uint8_t *bytes, size_t len)
{
    if (c->count == CAP_PREMASTERS_MAX || len > sizeof c->out->bytes)
        return;
    cap_premaster *out = &c->out[c->count++];
    memcpy(out->bytes, bytes, len);
    out->len = len;
}

/* The half that was logged, on the curve of `own`, with the other half's blob. */
static void add_shared(collection *c, const cap_keylog_entry *scalar, uftp_bytes own,
                       uftp_bytes other)
{
    uftp_curve curve = uftp_ecdh_blob_curve(own);
    uftp_ecdh *key;
    if (!curve || uftp_ecdh_import(&heap, curve, scalar->value, scalar->len, &key) < 0)
        return;
    if (c->session->version == VERSION_4) {
        uftp_v4_client client;
        if (uftp_v4_premaster_ecdh(&client, key, other) == UFTP_OK)
            add(c, client.premaster, client.premaster_len);
    } else {
        uint8_t premaster[UFTP_V5_PREMASTER_LEN];
        if (uftp_v5_premaster(key, other, premaster) == UFTP_OK)
            add(c, premaster, sizeof premaster);
    }
    uftp_ecdh_free(key);
}

/* Scalars of senders and proxies towards receivers: which of them this one spoke to is not
 * known, and a proxy's may stand under a UID that was not seen. */
static void add_from_above(collection *c, const cap_keylog *log, cap_keylog_label label)
{
    size_t count;
    const cap_keylog_entry *scalars = cap_keylog_find_group(log, label, c->session->group, &count);
    for (size_t i = 0; i < count; i++)
        add_shared(c, &scalars[i], own_secret(c), own_secret(c));
}

/* The receiver's own, towards whomever it may have spoken to. */
static void add_from_below(collection *c, const cap_keylog *log, cap_keylog_label label,
                           uint32_t uid)
{
    size_t count;
    const cap_keylog_entry *scalars = cap_keylog_find(log, label, c->session->group, uid, &count);
    for (size_t i = 0; i < count; i++)
        for (const cap_leg *leg = c->session->handshake->legs; leg; leg = leg->next)
            if (leg->ecdh_key_len)
                add_shared(c, &scalars[i], own_secret(c),
                           (uftp_bytes){leg->ecdh_key, leg->ecdh_key_len});
}

static void add_opened(collection *c, const cap_secrets *secrets)
{
    uint32_t state = 1;
    const uftp_random random = {.fill = fill, .ctx = &state};
    for (size_t i = 0; i < secrets->key_count; i++) {
        uftp_v4_client client;
        if (uftp_v4_premaster_open(&client, secrets->keys[i], &random, own_secret(c)) == UFTP_OK)
            add(c, client.premaster, client.premaster_len);
    }
    for (size_t i = 0; i < secrets->weak_key_count; i++) {
        uint8_t premaster[CAP_WEAK_PREMASTER_LEN];
        if (cap_weak_key_open(secrets->weak_keys[i], own_secret(c), premaster))
            add(c, premaster, sizeof premaster);
    }
}

size_t cap_premasters(const cap_secrets *secrets, const cap_session *session, const cap_peer *peer,
                      cap_premaster out[CAP_PREMASTERS_MAX])
{
    collection c = {.session = session, .exchange = peer->exchange, .out = out};
    size_t count = 0;
    if (!c.exchange || !c.exchange->registered)
        return 0;
    const cap_keylog_entry *logged =
        secrets->log
            ? cap_keylog_find(secrets->log, CAP_KEYLOG_PREMASTER, session->group, peer->uid, &count)
            : NULL;
    for (size_t i = 0; i < count; i++)
        add(&c, logged[i].value, logged[i].len);
    const cap_handshake *h = session->handshake;
    if (session->version == VERSION_4 && h->server.v4.suite.key_exchange == UFTP_KEY_EXCHANGE_RSA) {
        add_opened(&c, secrets);
    } else if (secrets->log) {
        add_from_above(&c, secrets->log, CAP_KEYLOG_SERVER_ECDH_PRIVATE);
        add_from_above(&c, secrets->log, CAP_KEYLOG_PROXY_DOWN_ECDH_PRIVATE);
        add_from_below(&c, secrets->log, CAP_KEYLOG_CLIENT_ECDH_PRIVATE, peer->uid);
        add_from_below(&c, secrets->log, CAP_KEYLOG_PROXY_UP_ECDH_PRIVATE, peer->uid);
    }
    return c.count;
}

/* ---- group masters ---- */

bool cap_master_add(cap_handshake *h, const uint8_t *master, size_t len)
{
    for (size_t i = 0; i < h->master_count; i++)
        if (memcmp(h->masters[i], master, len) == 0)
            return false;
    if (h->master_count == CAP_MASTERS_MAX)
        return false;
    memcpy(h->masters[h->master_count++], master, len);
    h->changes++;
    return true;
}

static void try_again(const cap_session *session)
{
    cap_handshake *h = session->handshake;
    for (cap_peer *peer = session->first_peer; peer; peer = peer->next) {
        cap_exchange *x = peer->exchange;
        if (!x || x->solved || x->dirty)
            continue;
        x->dirty = true;
        h->dirty++;
    }
    h->changes++;
}

void cap_masters_read(const cap_secrets *secrets, const cap_session *session, size_t len)
{
    cap_handshake *h = session->handshake;
    size_t count = 0;
    if (!secrets->log || h->log_read == secrets->edition)
        return;
    if (h->log_read)
        try_again(session);
    h->log_read = secrets->edition;
    const cap_keylog_entry *logged =
        cap_keylog_find_group(secrets->log, CAP_KEYLOG_GROUP_MASTER, session->group, &count);
    for (size_t i = 0; i < count; i++)
        if (logged[i].len == len)
            (void)cap_master_add(h, logged[i].value, len);
}

bool cap_masters_search(const cap_secrets *secrets, cap_session *session,
                        void (*solve)(const cap_secrets *secrets, cap_session *session,
                                      cap_peer *peer))
{
    cap_handshake *h = session->handshake;
    size_t known = h->master_count;
    for (cap_peer *peer = session->first_peer; peer && h->dirty && h->master_count == known;
         peer = peer->next) {
        if (!peer->exchange || !peer->exchange->dirty)
            continue;
        peer->exchange->dirty = false;
        h->dirty--;
        solve(secrets, session, peer);
    }
    return h->master_count > known;
}
