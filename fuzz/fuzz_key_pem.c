/* SPDX-License-Identifier: MIT
 *
 * Key files: whatever is accepted must be written, read again to the same key, and able to sign.
 * A first byte of 1 to 3 makes that allocation fail, so that the error paths are walked too; 4 to 6
 * mean that DER follows in place of text (PKCS#1, SEC1, PKCS#8), which base64 would hide from the
 * fuzzer.
 */
#include "fuzz.h"

#include <uftp/key.h>

#include "crypto/hash.h"
#include "crypto/key_der.h"
#include "crypto/sign.h"

#include <stdlib.h>
#include <string.h>

typedef struct heap {
    size_t allocations, fail_at, live;
} heap;

static void *heap_alloc(void *ctx, size_t size)
{
    heap *h = ctx;
    if (++h->allocations == h->fail_at)
        return NULL;
    h->live++;
    return malloc(size);
}

static void heap_release(void *ctx, void *ptr)
{
    heap *h = ctx;
    h->live--;
    free(ptr);
}

/* Repeatable; what it is worth does not matter here. */
static void fill(void *ctx, size_t len, uint8_t *dst)
{
    uint64_t *state = ctx;
    for (size_t i = 0; i < len; i++) {
        *state = *state * UINT64_C(6364136223846793005) + 1442695040888963407;
        dst[i] = (uint8_t)(*state >> 56);
    }
}

static void sign_and_verify(const uftp_key *key)
{
    uint64_t state = 1;
    const uftp_random random = {.fill = fill, .ctx = &state};
    uint8_t digest[UFTP_HASH_MAX] = {1, 2, 3}, signature[UFTP_SIGNATURE_MAX];
    FUZZ_CHECK(uftp_public_key_check(uftp_key_blob(key)) == UFTP_OK);
    int err = uftp_sign(key, &random, UFTP_HASH_SHA384, digest, signature);
    /* Numbers that fit together without p and q being primes may fail here, but not lie. */
    FUZZ_CHECK(err == UFTP_OK || err == UFTP_ERR_KEY);
    const uftp_bytes bytes = {signature, uftp_signature_len(key)};
    if (err == UFTP_OK)
        FUZZ_CHECK(uftp_verify(uftp_key_blob(key), UFTP_HASH_SHA384, digest, bytes) == UFTP_OK);
}

static void write_and_read(const uftp_allocator *memory, const uftp_key *key)
{
    char pem[UFTP_KEY_PEM_MAX], pem_again[UFTP_KEY_PEM_MAX];
    size_t len, len_again;
    uftp_key *again;
    FUZZ_CHECK(uftp_key_write_pem(key, pem, sizeof pem, &len) == UFTP_OK);
    FUZZ_CHECK(uftp_key_parse_pem(memory, pem, len, &again) == UFTP_OK);
    uftp_bytes blob = uftp_key_blob(key), blob_again = uftp_key_blob(again);
    FUZZ_CHECK(blob.len == blob_again.len);
    FUZZ_CHECK(memcmp(blob.data, blob_again.data, blob.len) == 0);
    FUZZ_CHECK(uftp_key_write_pem(again, pem_again, sizeof pem_again, &len_again) == UFTP_OK);
    FUZZ_CHECK(len == len_again);
    FUZZ_CHECK(memcmp(pem, pem_again, len) == 0);
    uftp_key_free(again);
}

#define DER_FIRST 4

static int parse(const uftp_allocator *memory, const uint8_t *data, size_t size, uftp_key **key)
{
    if (data[0] >= DER_FIRST && data[0] <= DER_FIRST + UFTP_KEY_PKCS8)
        return uftp_key_read_der(memory, (uftp_key_form)(data[0] - DER_FIRST),
                                 (uftp_bytes){data + 1, size - 1}, key);
    return uftp_key_parse_pem(memory, (const char *)data, size, key);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    heap h = {0};
    const uftp_allocator memory = {.alloc = heap_alloc, .release = heap_release, .ctx = &h};
    if (size == 0)
        return 0;
    h.fail_at = data[0] < DER_FIRST ? data[0] : 0;
    uftp_key *key = NULL;
    if (parse(&memory, data, size, &key) == UFTP_OK) {
        h.fail_at = 0;
        write_and_read(&memory, key);
        sign_and_verify(key);
        uftp_key_free(key);
    } else {
        FUZZ_CHECK(!key);
    }
    FUZZ_CHECK(h.live == 0);
    return 0;
}
