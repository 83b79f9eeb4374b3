/* SPDX-License-Identifier: MIT */
#include "run/sharing.h"

#include "crypto/aead.h"
#include "engine/view.h"

#include <string.h>

#define KEYS 8 /* in use at one time: one for each session that a world has side by side */

typedef struct known_key {
    uint64_t number;
    uint8_t cipher;
    uint8_t expanded[sizeof((uftp_aead *)NULL)->block];
} known_key;

/* The seam in the linker has no place for a context; each thread has its own views, too. */
static _Thread_local struct {
    known_key keys[KEYS];
    uint64_t numbers;
    size_t last;
} known;

/* Named by the linker. */
int __real_uftp_aead_open(const uftp_aead *aead, const uint8_t nonce[12], const uint8_t *aad,
                          size_t aad_len, uint8_t *data, size_t len);
int __wrap_uftp_aead_open(const uftp_aead *aead, const uint8_t nonce[12], const uint8_t *aad,
                          size_t aad_len, uint8_t *data, size_t len);

bool sim_sharing_linked(void)
{
    return uftp_aead_open == __wrap_uftp_aead_open;
}

static size_t expanded_size(const uftp_aead *aead)
{
    return uftp_cipher_key_len(aead->cipher) == AES128_KEY_SIZE ? sizeof aead->block.aes128
                                                                : sizeof aead->block.aes256;
}

static bool is_key(const known_key *key, const uftp_aead *aead)
{
    return key->number && key->cipher == aead->cipher &&
           memcmp(key->expanded, &aead->block, expanded_size(aead)) == 0;
}

/* Equal keys have equal numbers; a number is never given twice. */
static uint64_t number_of(const uftp_aead *aead)
{
    if (is_key(&known.keys[known.last], aead))
        return known.keys[known.last].number;
    for (size_t i = 0; i < KEYS; i++)
        if (is_key(&known.keys[i], aead)) {
            known.last = i;
            return known.keys[i].number;
        }
    known.last = (size_t)(known.numbers % KEYS);
    known_key *key = &known.keys[known.last];
    key->number = ++known.numbers;
    key->cipher = aead->cipher;
    memcpy(key->expanded, &aead->block, expanded_size(aead));
    return key->number;
}

int __wrap_uftp_aead_open(const uftp_aead *aead, const uint8_t nonce[12], const uint8_t *aad,
                          size_t aad_len, uint8_t *data, size_t len)
{
    sim_view *view = sim_view_of(data, len + UFTP_AEAD_TAG_LEN);
    /* What is authenticated besides must be the bytes in front, which nobody changes. */
    if (!view || aad != view->bytes || aad + aad_len != data)
        return __real_uftp_aead_open(aead, nonce, aad, aad_len, data, len);
    uint64_t key = number_of(aead);
    if (view->key == key && view->opened_at == aad_len && view->opened_len == len &&
        memcmp(view->nonce, nonce, sizeof view->nonce) == 0)
        return UFTP_OK;
    if (view->key)
        sim_view_fill(view);
    int err = __real_uftp_aead_open(aead, nonce, aad, aad_len, data, len);
    if (err < 0)
        return err; /* and the bytes are as they were */
    view->key = key;
    view->opened_at = aad_len;
    view->opened_len = len;
    memcpy(view->nonce, nonce, sizeof view->nonce);
    return UFTP_OK;
}
