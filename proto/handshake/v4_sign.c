/* SPDX-License-Identifier: MIT
 *
 * What version 4 signs in its handshake (spec v4 3.1, 6.6). A message is signed with zeros where
 * its signature will be; they are hashed from a constant, so that a received datagram is never
 * touched.
 */
#include "handshake/v4_internal.h"

#include <string.h>

/* HMACs and signatures by our keys are no longer; a peer's that is longer is not one of ours. */
static const uint8_t zeros[UFTP_SIGNATURE_MAX];

bool uftp_v4_signed_parts(uftp_bytes message, size_t signature_offset, size_t signature_len,
                          uftp_bytes parts[3])
{
    if (signature_offset > message.len || signature_len > message.len - signature_offset ||
        signature_len > sizeof zeros)
        return false;
    size_t end = signature_offset + signature_len;
    parts[0] = (uftp_bytes){message.data, signature_offset};
    parts[1] = (uftp_bytes){zeros, signature_len};
    parts[2] = (uftp_bytes){message.data + end, message.len - end};
    return true;
}

int uftp_v4_announce_sign(const uftp_v4_server *server, const uftp_key *key,
                          const uftp_random *random, uint8_t *datagram, size_t len,
                          size_t signature_offset)
{
    uftp_bytes parts[3];
    uint8_t digest[UFTP_HASH_MAX];
    if (!uftp_v4_signed_parts((uftp_bytes){datagram, len}, signature_offset,
                              uftp_signature_len(key), parts))
        return UFTP_ERR_SPACE;
    uftp_hash_parts(server->suite.hash, parts, 3, digest);
    return uftp_sign(key, random, server->suite.hash, digest, datagram + signature_offset);
}

int uftp_v4_announce_verify(const uftp_v4_server *server, uftp_bytes public_key,
                            const uint8_t *datagram, size_t len, size_t signature_offset,
                            size_t signature_len)
{
    uftp_bytes parts[3];
    uint8_t digest[UFTP_HASH_MAX];
    if (!uftp_v4_signed_parts((uftp_bytes){datagram, len}, signature_offset, signature_len, parts))
        return UFTP_ERR_AUTH;
    uftp_hash_parts(server->suite.hash, parts, 3, digest);
    return uftp_verify(public_key, server->suite.hash, digest,
                       (uftp_bytes){datagram + signature_offset, signature_len});
}

static void register_digest(const uftp_v4_server *server, const uftp_v4_client *client,
                            uint8_t out[UFTP_HASH_MAX])
{
    uint8_t bytes[UFTP_V4_REGISTER_STRING_MAX];
    const uftp_bytes part = {bytes, uftp_v4_register_string(server, client, bytes)};
    uftp_hash_parts(server->suite.hash, &part, 1, out);
    uftp_wipe(bytes, sizeof bytes);
}

int uftp_v4_client_key_sign(const uftp_v4_server *server, const uftp_v4_client *client,
                            const uftp_key *key, const uftp_random *random, uint8_t *out)
{
    uint8_t digest[UFTP_HASH_MAX];
    register_digest(server, client, digest);
    return uftp_sign(key, random, server->suite.hash, digest, out);
}

int uftp_v4_client_key_verify(const uftp_v4_server *server, const uftp_v4_client *client,
                              uftp_bytes public_key, uftp_bytes signature)
{
    uint8_t digest[UFTP_HASH_MAX];
    register_digest(server, client, digest);
    return uftp_verify(public_key, server->suite.hash, digest, signature);
}
