/* SPDX-License-Identifier: MIT */
#include "run/sharing.h"

#include "crypto/aead.h"
#include "engine/memory.h"
#include "engine/random.h"

#include <string.h>

#define SLOTS 512 /* what is under way over the longest lines */
#define AAD_MAX 64
#define SEALED_MAX (UFTP_DATAGRAM_MAX + UFTP_AEAD_TAG_LEN)

typedef struct slot {
    size_t len, aad_len; /* len: of the ciphertext without its tag; 0: empty */
    uint8_t cipher;
    uint8_t nonce[UFTP_AEAD_NONCE_LEN], aad[AAD_MAX];
    uint8_t key[sizeof((uftp_aead *)NULL)->block]; /* the expanded one */
    uint8_t *sealed, *opened;                      /* sealed: with the tag */
    size_t capacity;
} slot;

/* The program runs one world at a time, and the seam in the linker has no place for a context. */
static struct {
    bool on;
    slot slots[SLOTS];
} sharing;

/* Named by the linker. */
int __real_uftp_aead_open(const uftp_aead *aead, const uint8_t nonce[12], const uint8_t *aad,
                          size_t aad_len, uint8_t *data, size_t len);
int __wrap_uftp_aead_open(const uftp_aead *aead, const uint8_t nonce[12], const uint8_t *aad,
                          size_t aad_len, uint8_t *data, size_t len);

void sim_sharing_set(bool on)
{
    sharing.on = on;
}

void sim_sharing_free(void)
{
    for (size_t i = 0; i < SLOTS; i++)
        sim_release(sharing.slots[i].sealed);
    memset(sharing.slots, 0, sizeof sharing.slots);
}

static slot *slot_for(const uint8_t nonce[12], const uint8_t *tag)
{
    uint64_t first, last;
    memcpy(&first, nonce + 4, sizeof first);
    memcpy(&last, tag, sizeof last);
    return &sharing.slots[sim_mix(first ^ last) % SLOTS];
}

static bool same(const slot *s, const uftp_aead *aead, const uint8_t nonce[12], const uint8_t *aad,
                 size_t aad_len, const uint8_t *data, size_t len)
{
    return s->len == len && s->aad_len == aad_len && s->cipher == aead->cipher &&
           memcmp(s->nonce, nonce, sizeof s->nonce) == 0 && memcmp(s->aad, aad, aad_len) == 0 &&
           memcmp(s->key, &aead->block, sizeof s->key) == 0 &&
           memcmp(s->sealed, data, len + UFTP_AEAD_TAG_LEN) == 0;
}

/* Before it is opened in place. */
static void keep_sealed(slot *s, const uint8_t *data, size_t len)
{
    size_t size = len + UFTP_AEAD_TAG_LEN;
    if (size > s->capacity) {
        sim_release(s->sealed);
        s->sealed = sim_allocate(2 * size);
        s->opened = s->sealed + size;
        s->capacity = size;
    }
    s->len = 0;
    memcpy(s->sealed, data, size);
}

static void keep_opened(slot *s, const uftp_aead *aead, const uint8_t nonce[12], const uint8_t *aad,
                        size_t aad_len, const uint8_t *data, size_t len)
{
    s->len = len;
    s->aad_len = aad_len;
    s->cipher = aead->cipher;
    memcpy(s->nonce, nonce, sizeof s->nonce);
    memcpy(s->aad, aad, aad_len);
    memcpy(s->key, &aead->block, sizeof s->key);
    memcpy(s->opened, data, len);
}

/* A key's bytes behind the expanded one of a shorter cipher are never set: only what the core set
 * is compared, so such a slot may be missed, never mistaken. */
int __wrap_uftp_aead_open(const uftp_aead *aead, const uint8_t nonce[12], const uint8_t *aad,
                          size_t aad_len, uint8_t *data, size_t len)
{
    if (!sharing.on || len == 0 || len + UFTP_AEAD_TAG_LEN > SEALED_MAX || aad_len > AAD_MAX)
        return __real_uftp_aead_open(aead, nonce, aad, aad_len, data, len);
    slot *s = slot_for(nonce, data + len);
    if (same(s, aead, nonce, aad, aad_len, data, len)) {
        memcpy(data, s->opened, len);
        return UFTP_OK;
    }
    keep_sealed(s, data, len);
    int err = __real_uftp_aead_open(aead, nonce, aad, aad_len, data, len);
    if (err == UFTP_OK)
        keep_opened(s, aead, nonce, aad, aad_len, data, len);
    return err;
}
