/* SPDX-License-Identifier: MIT
 *
 * What version 5 signs (spec v5 3.6). A message is signed with zeros where its signature will be;
 * the zeros are hashed from a constant, so that a received datagram is never touched.
 */
#include "handshake/v5_internal.h"

#include "crypto/ec.h"
#include "crypto/hash.h"

#include <string.h>

/* A header has at most 1020 bytes, so a signature inside one has too. */
static const uint8_t zeros[1020];

static void add(uftp_v5_parts *parts, const void *data, size_t len)
{
    parts->part[parts->count++] = (uftp_bytes){data, len};
}

static bool add_nosig(uftp_v5_parts *parts, uftp_bytes message, size_t signature_offset,
                      size_t signature_len)
{
    if (signature_offset > message.len || signature_len > message.len - signature_offset ||
        signature_len > sizeof zeros)
        return false;
    size_t end = signature_offset + signature_len;
    add(parts, message.data, signature_offset);
    add(parts, zeros, signature_len);
    add(parts, message.data + end, message.len - end);
    return true;
}

bool uftp_v5_announce_parts(uftp_v5_parts *parts, uftp_bytes datagram, size_t signature_offset,
                            size_t signature_len)
{
    parts->count = 0;
    return add_nosig(parts, datagram, signature_offset, signature_len);
}

bool uftp_v5_keyinfo_parts(uftp_v5_parts *parts, const uftp_v5_server_context *server,
                           uftp_bytes proxy_context, uftp_bytes datagram, size_t signature_offset,
                           size_t signature_len)
{
    static const char title[] = "UFTP 5, KEYINFO";
    parts->count = 0;
    add(parts, title, sizeof title - 1);
    add(parts, server->bytes, server->len);
    add(parts, proxy_context.data, proxy_context.len);
    return add_nosig(parts, datagram, signature_offset, signature_len);
}

void uftp_v5_client_key_parts(uftp_v5_parts *parts, const uftp_v5_server_context *server,
                              const uftp_v5_client_context *client)
{
    static const char title[] = "UFTP 5, CLIENT_KEY";
    parts->count = 0;
    add(parts, title, sizeof title - 1);
    add(parts, server->bytes, server->len);
    add(parts, client->bytes, client->len1);
}

/* The hashes a session may have; SHA-1 is known to uftp_sign(), but not allowed here. */
static bool hash_allowed(uint8_t hash)
{
    return hash >= UFTP_HASH_SHA256 && hash <= UFTP_HASH_SHA512;
}

static int sign_parts(const uftp_key *key, const uftp_random *random, uint8_t hash,
                      const uftp_v5_parts *parts, uint8_t *out)
{
    if (!hash_allowed(hash))
        return UFTP_ERR_UNSUPPORTED;
    uint8_t digest[UFTP_HASH_LEN_MAX];
    uftp_hash_parts(hash, parts->part, parts->count, digest);
    return uftp_sign(key, random, hash, digest, out);
}

/* An EC key on a curve of version 4 alone is none here. */
static bool key_allowed(uftp_bytes public_key)
{
    return public_key.len < 2 || public_key.data[0] != UFTP_KEY_EC ||
           uftp_ec_curve_in_v5(public_key.data[1]);
}

static int verify_parts(uftp_bytes public_key, uint8_t hash, const uftp_v5_parts *parts,
                        uftp_bytes signature)
{
    if (!hash_allowed(hash))
        return UFTP_ERR_UNSUPPORTED;
    if (!key_allowed(public_key))
        return UFTP_ERR_KEY;
    uint8_t digest[UFTP_HASH_LEN_MAX];
    uftp_hash_parts(hash, parts->part, parts->count, digest);
    return uftp_verify(public_key, hash, digest, signature);
}

size_t uftp_v5_signature_len(const uftp_key *key)
{
    return uftp_signature_len(key);
}

int uftp_v5_announce_sign(const uftp_key *key, const uftp_random *random, uint8_t hash,
                          uint8_t *datagram, size_t len, size_t signature_offset)
{
    uftp_v5_parts parts;
    if (!uftp_v5_announce_parts(&parts, (uftp_bytes){datagram, len}, signature_offset,
                                uftp_signature_len(key)))
        return UFTP_ERR_SPACE;
    return sign_parts(key, random, hash, &parts, datagram + signature_offset);
}

int uftp_v5_announce_verify(uftp_bytes public_key, uint8_t hash, const uint8_t *datagram,
                            size_t len, size_t signature_offset, size_t signature_len)
{
    uftp_v5_parts parts;
    if (!uftp_v5_announce_parts(&parts, (uftp_bytes){datagram, len}, signature_offset,
                                signature_len))
        return UFTP_ERR_AUTH;
    return verify_parts(public_key, hash, &parts,
                        (uftp_bytes){datagram + signature_offset, signature_len});
}

int uftp_v5_keyinfo_sign(const uftp_key *key, const uftp_random *random, uint8_t hash,
                         const uftp_v5_server_context *server, uftp_bytes proxy_context,
                         uint8_t *datagram, size_t len, size_t signature_offset)
{
    uftp_v5_parts parts;
    if (!uftp_v5_keyinfo_parts(&parts, server, proxy_context, (uftp_bytes){datagram, len},
                               signature_offset, uftp_signature_len(key)))
        return UFTP_ERR_SPACE;
    return sign_parts(key, random, hash, &parts, datagram + signature_offset);
}

int uftp_v5_keyinfo_verify(uftp_bytes public_key, uint8_t hash,
                           const uftp_v5_server_context *server, uftp_bytes proxy_context,
                           const uint8_t *datagram, size_t len, size_t signature_offset,
                           size_t signature_len)
{
    uftp_v5_parts parts;
    if (!uftp_v5_keyinfo_parts(&parts, server, proxy_context, (uftp_bytes){datagram, len},
                               signature_offset, signature_len))
        return UFTP_ERR_AUTH;
    return verify_parts(public_key, hash, &parts,
                        (uftp_bytes){datagram + signature_offset, signature_len});
}

int uftp_v5_client_key_sign(const uftp_key *key, const uftp_random *random, uint8_t hash,
                            const uftp_v5_server_context *server,
                            const uftp_v5_client_context *client, uint8_t *out)
{
    uftp_v5_parts parts;
    uftp_v5_client_key_parts(&parts, server, client);
    return sign_parts(key, random, hash, &parts, out);
}

int uftp_v5_client_key_verify(uftp_bytes public_key, uint8_t hash,
                              const uftp_v5_server_context *server,
                              const uftp_v5_client_context *client, uftp_bytes signature)
{
    uftp_v5_parts parts;
    uftp_v5_client_key_parts(&parts, server, client);
    return verify_parts(public_key, hash, &parts, signature);
}

static void proxy_key_parts(uftp_v5_parts *parts, const uftp_v5_server_context *server,
                            const uftp_v5_proxy_context *proxy)
{
    static const char title[] = "UFTP 5, PROXY_KEY";
    parts->count = 0;
    add(parts, title, sizeof title - 1);
    add(parts, server->bytes, server->len);
    add(parts, proxy->bytes, proxy->len);
}

int uftp_v5_proxy_key_sign(const uftp_key *key, const uftp_random *random, uint8_t hash,
                           const uftp_v5_server_context *server, const uftp_v5_proxy_context *proxy,
                           uint8_t *out)
{
    uftp_v5_parts parts;
    proxy_key_parts(&parts, server, proxy);
    return sign_parts(key, random, hash, &parts, out);
}

int uftp_v5_proxy_key_verify(uftp_bytes public_key, uint8_t hash,
                             const uftp_v5_server_context *server,
                             const uftp_v5_proxy_context *proxy, uftp_bytes signature)
{
    uftp_v5_parts parts;
    proxy_key_parts(&parts, server, proxy);
    return verify_parts(public_key, hash, &parts, signature);
}
