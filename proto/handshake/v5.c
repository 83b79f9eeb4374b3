/* SPDX-License-Identifier: MIT
 *
 * From the ECDH exchange and the group master down to traffic keys. What is signed is in
 * v5_sign.c.
 */
#include "handshake/v5_internal.h"

#include "base/assert.h"
#include "crypto/ec.h"
#include "crypto/hash.h"

#include <string.h>

_Static_assert(UFTP_TAG_LEN == UFTP_AEAD_TAG_LEN, "one tag length");
_Static_assert(UFTP_IV_LEN == UFTP_AEAD_NONCE_LEN, "the iv becomes the nonce");
_Static_assert(UFTP_HASH_LEN_MAX == UFTP_HASH_MAX, "the longest hash");

#define AAD_LEN 28 /* common header and ENCRYPTED header (3.11) */

/* ---- packets ---- */

void uftp_v5_nonce(const uftp_traffic *traffic, uint64_t counter, uint8_t nonce[UFTP_IV_LEN])
{
    memcpy(nonce, traffic->iv, UFTP_IV_LEN);
    for (size_t i = 0; i < 8; i++)
        nonce[UFTP_IV_LEN - 1 - i] ^= (uint8_t)(counter >> 8 * i);
}

void uftp_v5_seal(const uftp_aead *aead, const uftp_traffic *traffic, uint64_t counter,
                  uint8_t *datagram, size_t plaintext_len)
{
    uint8_t nonce[UFTP_IV_LEN];
    uftp_v5_nonce(traffic, counter, nonce);
    uftp_aead_seal(aead, nonce, datagram, AAD_LEN, datagram + AAD_LEN, plaintext_len);
}

int uftp_v5_open(const uftp_aead *aead, const uftp_traffic *traffic, uint64_t counter,
                 uint8_t *datagram, size_t datagram_len)
{
    if (datagram_len < AAD_LEN + UFTP_TAG_LEN)
        return UFTP_ERR_TRUNCATED;
    uint8_t nonce[UFTP_IV_LEN];
    uftp_v5_nonce(traffic, counter, nonce);
    return uftp_aead_open(aead, nonce, datagram, AAD_LEN, datagram + AAD_LEN,
                          datagram_len - AAD_LEN - UFTP_TAG_LEN);
}

/* ---- contexts (3.3) ---- */

static void put_u32(uint8_t *out, uint32_t value)
{
    for (size_t i = 0; i < 4; i++)
        out[i] = (uint8_t)(value >> (24 - 8 * i));
}

/* Copies a header with its signature as zeros. False when the signature is not inside. */
static bool copy_nosig(uint8_t *out, uftp_bytes header, size_t signature_offset,
                       size_t signature_len)
{
    if (signature_offset > header.len || signature_len > header.len - signature_offset)
        return false;
    memcpy(out, header.data, header.len);
    memset(out + signature_offset, 0, signature_len);
    return true;
}

int uftp_v5_server_context_init(uftp_v5_server_context *context, uint32_t group, uint8_t instance,
                                uint32_t server, uftp_bytes enc_info, size_t signature_offset,
                                size_t signature_len)
{
    context->len = 0;
    if (enc_info.len > sizeof context->bytes - 9)
        return UFTP_ERR_LIMIT;
    put_u32(context->bytes, group);
    context->bytes[4] = instance;
    put_u32(context->bytes + 5, server);
    if (!copy_nosig(context->bytes + 9, enc_info, signature_offset, signature_len))
        return UFTP_ERR_LIMIT;
    context->len = 9 + enc_info.len;
    return UFTP_OK;
}

int uftp_v5_proxy_context_init(uftp_v5_proxy_context *context, uint32_t proxy, uftp_bytes proxy_key,
                               size_t signature_offset, size_t signature_len)
{
    context->len = 0;
    if (proxy_key.len > sizeof context->bytes - 4)
        return UFTP_ERR_LIMIT;
    put_u32(context->bytes, proxy);
    if (!copy_nosig(context->bytes + 4, proxy_key, signature_offset, signature_len))
        return UFTP_ERR_LIMIT;
    context->len = 4 + proxy_key.len;
    return UFTP_OK;
}

static void append(uftp_v5_client_context *context, const uint8_t *data, size_t len)
{
    if (len) /* an empty piece may come with NULL */
        memcpy(context->bytes + context->len, data, len);
    context->len += len;
}

int uftp_v5_client_context_init(uftp_v5_client_context *context, uftp_bytes proxy_context,
                                uint32_t client, uftp_bytes ecdh_blob, const uint8_t random[32])
{
    context->proxy_len = context->len1 = context->len = 0;
    if (proxy_context.len > 4 + 1020 || ecdh_blob.len > UFTP_ECDH_BLOB_MAX)
        return UFTP_ERR_LIMIT;
    uint8_t uid[4];
    put_u32(uid, client);
    append(context, proxy_context.data, proxy_context.len);
    context->proxy_len = context->len;
    append(context, uid, sizeof uid);
    append(context, ecdh_blob.data, ecdh_blob.len);
    append(context, random, UFTP_RANDOM_LEN);
    context->len1 = context->len;
    return UFTP_OK;
}

int uftp_v5_client_context_add_key(uftp_v5_client_context *context, uftp_bytes client_key,
                                   size_t signature_offset, size_t signature_len)
{
    /* A CLIENT_KEY follows every REGISTER; the one heard last counts. */
    uint8_t *at = context->bytes + context->len1;
    if (client_key.len > 1020 || !copy_nosig(at, client_key, signature_offset, signature_len))
        return UFTP_ERR_LIMIT;
    context->len = context->len1 + client_key.len;
    return UFTP_OK;
}

void uftp_v5_server_context_hash(uint8_t hash, const uftp_v5_server_context *server, uint8_t *out)
{
    const uftp_bytes part = {server->bytes, server->len};
    uftp_hash_parts(hash, &part, 1, out);
}

void uftp_v5_client_context_hash(uint8_t hash, const uftp_v5_server_context *server,
                                 const uftp_v5_client_context *client, bool whole, uint8_t *out)
{
    const uftp_bytes parts[] = {{server->bytes, server->len},
                                {client->bytes, whole ? client->len : client->len1}};
    uftp_hash_parts(hash, parts, 2, out);
}

/* ---- secrets (3.2, 3.4, 3.5) ---- */

int uftp_v5_premaster(const uftp_ecdh *own, uftp_bytes peer_blob,
                      uint8_t out[UFTP_V5_PREMASTER_LEN])
{
    uint8_t shared[UFTP_ECDH_SHARED_MAX];
    int len = uftp_ecdh_shared(own, peer_blob, shared);
    if (len < 0)
        return len;
    const uftp_bytes part = {shared, (size_t)len};
    uftp_hash_parts(UFTP_HASH_SHA256, &part, 1, out); /* whatever the session's hash is */
    uftp_wipe(shared, sizeof shared);
    return UFTP_OK;
}

void uftp_v5_extract(uint8_t hash, const uint8_t input[32], uint8_t *out)
{
    static const uint8_t zero_salt[UFTP_HASH_LEN_MAX];
    uftp_hkdf_extract(hash, (uftp_bytes){zero_salt, uftp_hash_len(hash)}, (uftp_bytes){input, 32},
                      out);
}

size_t uftp_v5_label_info(uint8_t hash, const char *label, const uint8_t *context_hash,
                          uint8_t out[UFTP_V5_INFO_MAX])
{
    /* Plain concatenation: no lengths, no NUL, no separators, unlike TLS 1.3. */
    static const char prefix[6] = {'U', 'F', 'T', 'P', '5', ' '};
    size_t label_len = strlen(label);
    UFTP_ASSERT(label_len <= 13);
    memcpy(out, prefix, sizeof prefix);
    memcpy(out + sizeof prefix, label, label_len);
    size_t len = sizeof prefix + label_len;
    if (context_hash) {
        memcpy(out + len, context_hash, uftp_hash_len(hash));
        len += uftp_hash_len(hash);
    }
    return len;
}

void uftp_v5_label(uint8_t hash, const uint8_t *secret, const char *label,
                   const uint8_t *context_hash, uint8_t *out, size_t len)
{
    uint8_t info[UFTP_V5_INFO_MAX];
    size_t info_len = uftp_v5_label_info(hash, label, context_hash, info);
    uftp_hkdf_expand(hash, (uftp_bytes){secret, uftp_hash_len(hash)}, (uftp_bytes){info, info_len},
                     out, len);
}

void uftp_v5_traffic(const uftp_suite *suite, const uint8_t *secret, uftp_traffic *out)
{
    memset(out, 0, sizeof *out); /* a 16-byte key leaves the rest of the field unused */
    uftp_v5_label(suite->hash, secret, "key", NULL, out->key, uftp_cipher_key_len(suite->cipher));
    uftp_v5_label(suite->hash, secret, "iv", NULL, out->iv, UFTP_IV_LEN);
}

void uftp_v5_handshake_traffic(const uftp_suite *suite,
                               const uint8_t premaster[UFTP_V5_PREMASTER_LEN],
                               const uftp_v5_server_context *server,
                               const uftp_v5_client_context *client, uftp_traffic *server_hs,
                               uftp_traffic *client_hs)
{
    uint8_t secret[UFTP_HASH_LEN_MAX], direction[UFTP_HASH_LEN_MAX], context[UFTP_HASH_LEN_MAX];
    size_t hash_len = uftp_hash_len(suite->hash);
    uftp_v5_client_context_hash(suite->hash, server, client, false, context);
    uftp_v5_extract(suite->hash, premaster, secret);
    uftp_v5_label(suite->hash, secret, "s hs traffic", context, direction, hash_len);
    uftp_v5_traffic(suite, direction, server_hs);
    uftp_v5_label(suite->hash, secret, "c hs traffic", context, direction, hash_len);
    uftp_v5_traffic(suite, direction, client_hs);
    uftp_wipe(secret, sizeof secret);
    uftp_wipe(direction, sizeof direction);
}

int uftp_v5_handshake_keys(const uftp_suite *suite, const uftp_ecdh *own, uftp_bytes peer_blob,
                           const uftp_v5_server_context *server,
                           const uftp_v5_client_context *client, uftp_traffic *server_hs,
                           uftp_traffic *client_hs)
{
    if (!uftp_cipher_key_len(suite->cipher) || !uftp_hash_len(suite->hash))
        return UFTP_ERR_UNSUPPORTED; /* the numbers come from the wire: here they stop */
    if (!uftp_ec_curve_in_v5(uftp_ecdh_curve(own)))
        return UFTP_ERR_UNSUPPORTED; /* one of version 4 */
    uint8_t premaster[UFTP_V5_PREMASTER_LEN];
    int err = uftp_v5_premaster(own, peer_blob, premaster);
    if (err < 0)
        return err;
    uftp_v5_handshake_traffic(suite, premaster, server, client, server_hs, client_hs);
    uftp_wipe(premaster, sizeof premaster);
    return UFTP_OK;
}

void uftp_v5_server_app_keys(const uftp_suite *suite, const uint8_t group_master[32],
                             const uftp_v5_server_context *server, uftp_traffic *server_app)
{
    uint8_t secret[UFTP_HASH_LEN_MAX], direction[UFTP_HASH_LEN_MAX], context[UFTP_HASH_LEN_MAX];
    uftp_v5_server_context_hash(suite->hash, server, context);
    uftp_v5_extract(suite->hash, group_master, secret);
    uftp_v5_label(suite->hash, secret, "s app traffic", context, direction,
                  uftp_hash_len(suite->hash));
    uftp_v5_traffic(suite, direction, server_app);
    uftp_wipe(secret, sizeof secret);
    uftp_wipe(direction, sizeof direction);
}

/* verify_data = HMAC(finished_key, Client_HS_Context2 || group_master): the plain concatenation */
static void finished(uint8_t hash, const uint8_t *finished_key, const uint8_t group_master[32],
                     const uftp_v5_server_context *server, const uftp_v5_client_context *client,
                     uint8_t *out)
{
    const uftp_bytes parts[] = {{server->bytes, server->len},
                                {client->bytes, client->len},
                                {group_master, UFTP_GROUP_MASTER_LEN}};
    uftp_hmac_parts(hash, (uftp_bytes){finished_key, uftp_hash_len(hash)}, parts, 3, out);
}

void uftp_v5_client_app_keys(const uftp_suite *suite, const uint8_t group_master[32],
                             const uftp_v5_server_context *server,
                             const uftp_v5_client_context *client, uftp_traffic *client_app,
                             uint8_t verify_data[UFTP_HASH_LEN_MAX])
{
    uint8_t secret[UFTP_HASH_LEN_MAX], direction[UFTP_HASH_LEN_MAX], context[UFTP_HASH_LEN_MAX];
    uint8_t finished_key[UFTP_HASH_LEN_MAX];
    size_t hash_len = uftp_hash_len(suite->hash);
    uftp_v5_client_context_hash(suite->hash, server, client, true, context);
    uftp_v5_extract(suite->hash, group_master, secret);
    uftp_v5_label(suite->hash, secret, "c app traffic", context, direction, hash_len);
    uftp_v5_traffic(suite, direction, client_app);
    uftp_v5_label(suite->hash, direction, "finished", NULL, finished_key, hash_len);
    finished(suite->hash, finished_key, group_master, server, client, verify_data);
    uftp_wipe(secret, sizeof secret);
    uftp_wipe(direction, sizeof direction);
    uftp_wipe(finished_key, sizeof finished_key);
}

/* ---- group master (3.8) ---- */

size_t uftp_v5_master_aad(const uftp_v5_server_context *server,
                          const uftp_v5_client_context *client, uint8_t out[UFTP_V5_MASTER_AAD_MAX])
{
    static const char title[20] = "UFTP 5, group master"; /* without the NUL */
    memcpy(out, title, sizeof title);
    memcpy(out + sizeof title, server->bytes, server->len);
    memcpy(out + sizeof title + server->len, client->bytes, client->len);
    return sizeof title + server->len + client->len;
}

void uftp_v5_master_seal(const uftp_suite *suite, const uftp_traffic *server_hs, uint64_t counter,
                         const uftp_v5_server_context *server, const uftp_v5_client_context *client,
                         const uint8_t group_master[32], uint8_t sealed[48])
{
    uint8_t aad[UFTP_V5_MASTER_AAD_MAX], nonce[UFTP_IV_LEN];
    size_t aad_len = uftp_v5_master_aad(server, client, aad);
    uftp_aead aead;
    int err = uftp_aead_init(&aead, suite->cipher, server_hs->key);
    UFTP_ASSERT(err == UFTP_OK); /* a suite is checked before keys are made for it */
    uftp_v5_nonce(server_hs, counter, nonce);
    memcpy(sealed, group_master, UFTP_GROUP_MASTER_LEN);
    uftp_aead_seal(&aead, nonce, aad, aad_len, sealed, UFTP_GROUP_MASTER_LEN);
    uftp_aead_wipe(&aead);
}

int uftp_v5_master_open(const uftp_suite *suite, const uftp_traffic *server_hs, uint64_t counter,
                        const uftp_v5_server_context *server, const uftp_v5_client_context *client,
                        const uint8_t sealed[48], uint8_t group_master[32])
{
    uint8_t aad[UFTP_V5_MASTER_AAD_MAX], nonce[UFTP_IV_LEN], opened[UFTP_SEALED_MASTER_LEN];
    size_t aad_len = uftp_v5_master_aad(server, client, aad);
    uftp_aead aead;
    int err = uftp_aead_init(&aead, suite->cipher, server_hs->key);
    if (err < 0)
        return err;
    uftp_v5_nonce(server_hs, counter, nonce);
    memcpy(opened, sealed, sizeof opened);
    err = uftp_aead_open(&aead, nonce, aad, aad_len, opened, UFTP_GROUP_MASTER_LEN);
    if (err == UFTP_OK)
        memcpy(group_master, opened, UFTP_GROUP_MASTER_LEN);
    uftp_wipe(opened, sizeof opened);
    uftp_aead_wipe(&aead);
    return err;
}

/* ---- key log ---- */

void uftp_v5_log_traffic(const uftp_key_log *log, const uftp_suite *suite, const char *label,
                         uint32_t group, uint32_t uid, const uftp_traffic *traffic)
{
    char name[32];
    size_t len = strlen(label);
    UFTP_ASSERT(len + sizeof "_KEY" <= sizeof name);
    if (!log)
        return;
    memcpy(name, label, len);
    memcpy(name + len, "_KEY", sizeof "_KEY");
    log->log(log->ctx, name, group, uid, traffic->key, uftp_cipher_key_len(suite->cipher));
    memcpy(name + len, "_IV", sizeof "_IV");
    log->log(log->ctx, name, group, uid, traffic->iv, sizeof traffic->iv);
}
