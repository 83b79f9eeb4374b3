/* SPDX-License-Identifier: MIT */
#include "crypto/aead.h"

#include "base/assert.h"
#include "crypto/secret.h"
#include <uftp/key.h>

#include <nettle/ccm.h>
#include <nettle/nettle-meta.h>

/* CCM with a 12-byte nonce counts the message in 24 bits (RFC 3610, L = 3). */
#define CCM_LEN_MAX 0xffffff

/* Nettle's own table gives AES the type that its modes ask for. */
static const struct nettle_cipher *block_cipher(uint8_t cipher)
{
    switch (cipher) {
    case UFTP_CIPHER_AES128_GCM:
    case UFTP_CIPHER_AES128_CCM:
        return &nettle_aes128;
    case UFTP_CIPHER_AES256_GCM:
    case UFTP_CIPHER_AES256_CCM:
        return &nettle_aes256;
    default: /* a number from the wire */
        return NULL;
    }
}

static bool is_gcm(uint8_t cipher)
{
    return cipher == UFTP_CIPHER_AES128_GCM || cipher == UFTP_CIPHER_AES256_GCM;
}

size_t uftp_cipher_key_len(uint8_t cipher)
{
    const struct nettle_cipher *block = block_cipher(cipher);
    return block ? block->key_size : 0;
}

int uftp_aead_init(uftp_aead *aead, uint8_t cipher, const uint8_t *key)
{
    const struct nettle_cipher *block = block_cipher(cipher);
    if (!block)
        return UFTP_ERR_UNSUPPORTED;
    aead->cipher = cipher;
    block->set_encrypt_key(&aead->block, key);
    if (is_gcm(cipher))
        gcm_set_key(&aead->gcm, &aead->block, block->encrypt);
    return UFTP_OK;
}

void uftp_aead_wipe(uftp_aead *aead)
{
    uftp_wipe(aead, sizeof *aead);
}

/* ---- one message ---- */

typedef struct message {
    const uftp_aead *aead;
    nettle_cipher_func *encrypt;
    union {
        struct gcm_ctx gcm;
        struct ccm_ctx ccm;
    } state;
} message;

static void start(message *m, const uftp_aead *aead, const uint8_t nonce[12], const uint8_t *aad,
                  size_t aad_len, size_t len)
{
    const struct nettle_cipher *block = block_cipher(aead->cipher);
    UFTP_ASSERT(block);
    UFTP_ASSERT(len <= CCM_LEN_MAX);
    m->aead = aead;
    m->encrypt = block->encrypt;
    if (is_gcm(aead->cipher)) {
        gcm_set_iv(&m->state.gcm, &aead->gcm, UFTP_AEAD_NONCE_LEN, nonce);
        gcm_update(&m->state.gcm, &aead->gcm, aad_len, aad);
    } else {
        ccm_set_nonce(&m->state.ccm, &aead->block, m->encrypt, UFTP_AEAD_NONCE_LEN, nonce, aad_len,
                      len, UFTP_AEAD_TAG_LEN);
        ccm_update(&m->state.ccm, &aead->block, m->encrypt, aad_len, aad);
    }
}

static void encrypt(message *m, uint8_t *data, size_t len)
{
    if (is_gcm(m->aead->cipher))
        gcm_encrypt(&m->state.gcm, &m->aead->gcm, &m->aead->block, m->encrypt, len, data, data);
    else
        ccm_encrypt(&m->state.ccm, &m->aead->block, m->encrypt, len, data, data);
}

static void decrypt(message *m, uint8_t *data, size_t len)
{
    if (is_gcm(m->aead->cipher))
        gcm_decrypt(&m->state.gcm, &m->aead->gcm, &m->aead->block, m->encrypt, len, data, data);
    else
        ccm_decrypt(&m->state.ccm, &m->aead->block, m->encrypt, len, data, data);
}

static void finish(message *m, uint8_t tag[UFTP_AEAD_TAG_LEN])
{
    if (is_gcm(m->aead->cipher))
        gcm_digest(&m->state.gcm, &m->aead->gcm, &m->aead->block, m->encrypt, UFTP_AEAD_TAG_LEN,
                   tag);
    else
        ccm_digest(&m->state.ccm, &m->aead->block, m->encrypt, UFTP_AEAD_TAG_LEN, tag);
}

void uftp_aead_seal(const uftp_aead *aead, const uint8_t nonce[12], const uint8_t *aad,
                    size_t aad_len, uint8_t *data, size_t len)
{
    message m;
    start(&m, aead, nonce, aad, aad_len, len);
    encrypt(&m, data, len);
    finish(&m, data + len);
}

int uftp_aead_open(const uftp_aead *aead, const uint8_t nonce[12], const uint8_t *aad,
                   size_t aad_len, uint8_t *data, size_t len)
{
    message m;
    uint8_t tag[UFTP_AEAD_TAG_LEN];
    start(&m, aead, nonce, aad, aad_len, len);
    decrypt(&m, data, len);
    finish(&m, tag);
    bool authentic = uftp_secret_equal(tag, data + len, sizeof tag);
    if (!authentic) {
        /* Both modes add a keystream, so adding it again gives the ciphertext back. */
        start(&m, aead, nonce, aad, aad_len, len);
        encrypt(&m, data, len);
    }
    uftp_wipe(tag, sizeof tag); /* of a forged message it would be the valid one */
    return authentic ? UFTP_OK : UFTP_ERR_AUTH;
}
