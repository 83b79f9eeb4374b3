/* SPDX-License-Identifier: MIT */
#include "crypto/prf.h"

#include "base/assert.h"
#include "crypto/hash.h"
#include <uftp/key.h>

#include <nettle/hmac.h>

#include <string.h>

/* Wire number 1. Nowhere but here, so the rest of the core does not know it. */
#define HASH_MD5 1

static size_t output_len(uint8_t hash)
{
    return hash == HASH_MD5 ? MD5_DIGEST_SIZE : uftp_hash_len(hash);
}

/* Reads all parts before it writes, so `out` may be among them. */
static void hmac(uint8_t hash, uftp_bytes key, const uftp_bytes *parts, size_t count, uint8_t *out)
{
    if (hash != HASH_MD5) {
        uftp_hmac_parts(hash, key, parts, count, out);
        return;
    }
    struct hmac_md5_ctx state;
    hmac_md5_set_key(&state, key.len, key.data);
    for (size_t i = 0; i < count; i++)
        hmac_md5_update(&state, parts[i].len, parts[i].data);
    hmac_md5_digest(&state, MD5_DIGEST_SIZE, out);
    uftp_wipe(&state, sizeof state);
}

/* XORs `len` bytes into `out`. With S = label || seed: a(1) = H(S), block(i) = H(a(i) || S). In TLS
 * a(i+1) is H(a(i)); here it is H(a(i) || S), so the block itself. */
static void expand(uint8_t hash, uftp_bytes secret, uftp_bytes label, uftp_bytes seed, uint8_t *out,
                   size_t len)
{
    uint8_t block[UFTP_HASH_MAX];
    size_t block_len = output_len(hash);
    const uftp_bytes parts[] = {{block, block_len}, label, seed};
    hmac(hash, secret, parts + 1, 2, block);
    while (len > 0) {
        hmac(hash, secret, parts, 3, block);
        size_t take = len < block_len ? len : block_len;
        for (size_t i = 0; i < take; i++)
            out[i] ^= block[i];
        out += take;
        len -= take;
    }
    uftp_wipe(block, sizeof block);
}

void uftp_prf(uint8_t hash, uftp_bytes secret, const char *label, uftp_bytes seed, uint8_t *out,
              size_t len)
{
    UFTP_ASSERT(secret.len > 0 && secret.len <= UFTP_PRF_SECRET_MAX);
    const uftp_bytes label_bytes = {(const uint8_t *)label, strlen(label)};
    memset(out, 0, len);
    if (hash != UFTP_HASH_SHA1) {
        expand(hash, secret, label_bytes, seed, out, len);
        return;
    }
    /* TLS 1.1: each hash has one half of the secret; of an odd one both have the byte between. */
    size_t half = (secret.len + 1) / 2;
    expand(HASH_MD5, (uftp_bytes){secret.data, half}, label_bytes, seed, out, len);
    expand(UFTP_HASH_SHA1, (uftp_bytes){secret.data + secret.len - half, half}, label_bytes, seed,
           out, len);
}
