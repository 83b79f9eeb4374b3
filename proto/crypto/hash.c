/* SPDX-License-Identifier: MIT */
#include "crypto/hash.h"

#include "base/assert.h"
#include <uftp/key.h>

#include <nettle/hmac.h>
#include <nettle/nettle-meta.h>
#include <nettle/sha1.h>
#include <nettle/sha2.h>

#include <string.h>

/* Room for the state of any of ours. */
typedef union hash_state {
    struct sha1_ctx sha1;
    struct sha256_ctx sha256;
    struct sha512_ctx sha512; /* SHA-384 too */
} hash_state;

typedef struct hmac_state {
    hash_state outer, inner, running;
} hmac_state;

static const struct nettle_hash *find(uint8_t hash)
{
    switch (hash) {
    case UFTP_HASH_SHA1:
        return &nettle_sha1;
    case UFTP_HASH_SHA256:
        return &nettle_sha256;
    case UFTP_HASH_SHA384:
        return &nettle_sha384;
    case UFTP_HASH_SHA512:
        return &nettle_sha512;
    default: /* a number from the wire */
        return NULL;
    }
}

size_t uftp_hash_len(uint8_t hash)
{
    const struct nettle_hash *algorithm = find(hash);
    return algorithm ? algorithm->digest_size : 0;
}

static void update_parts(const struct nettle_hash *algorithm, hash_state *state,
                         const uftp_bytes *parts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (parts[i].len) /* an empty part may come with NULL */
            algorithm->update(state, parts[i].len, parts[i].data);
}

void uftp_hash_parts(uint8_t hash, const uftp_bytes *parts, size_t count, uint8_t *out)
{
    const struct nettle_hash *algorithm = find(hash);
    UFTP_ASSERT(algorithm);
    hash_state state;
    algorithm->init(&state);
    update_parts(algorithm, &state, parts, count);
    algorithm->digest(&state, algorithm->digest_size, out);
    uftp_wipe(&state, sizeof state); /* the input may be a secret */
}

void uftp_hmac_parts(uint8_t hash, uftp_bytes key, const uftp_bytes *parts, size_t count,
                     uint8_t *out)
{
    const struct nettle_hash *algorithm = find(hash);
    UFTP_ASSERT(algorithm);
    hmac_state state;
    hmac_set_key(&state.outer, &state.inner, &state.running, algorithm, key.len, key.data);
    update_parts(algorithm, &state.running, parts, count);
    hmac_digest(&state.outer, &state.inner, &state.running, algorithm, algorithm->digest_size, out);
    uftp_wipe(&state, sizeof state);
}

void uftp_hkdf_extract(uint8_t hash, uftp_bytes salt, uftp_bytes input, uint8_t *out)
{
    uftp_hmac_parts(hash, salt, &input, 1, out);
}

/* Written out, as Nettle's hkdf_expand() wants an HMAC of a fixed hash. */
void uftp_hkdf_expand(uint8_t hash, uftp_bytes prk, uftp_bytes info, uint8_t *out, size_t len)
{
    size_t hash_len = uftp_hash_len(hash);
    UFTP_ASSERT(len <= 255 * hash_len);
    uint8_t block[UFTP_HASH_MAX];
    size_t block_len = 0; /* T(0) is empty */
    for (uint8_t index = 1; len > 0; index++) {
        const uftp_bytes parts[] = {{block, block_len}, info, {&index, 1}};
        uftp_hmac_parts(hash, prk, parts, 3, block);
        block_len = hash_len;
        size_t take = len < hash_len ? len : hash_len;
        memcpy(out, block, take);
        out += take;
        len -= take;
    }
    uftp_wipe(block, sizeof block);
}
