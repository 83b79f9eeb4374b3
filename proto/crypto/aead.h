/* SPDX-License-Identifier: MIT
 *
 * Authenticated encryption: AES-128/256 in GCM and CCM, 12-byte nonce, 16-byte tag behind the
 * ciphertext (spec v5 3.1). A context holds the expanded key, so that a packet costs no set-up.
 */
#ifndef UFTP_CRYPTO_AEAD_H
#define UFTP_CRYPTO_AEAD_H

#include <nettle/aes.h>
#include <nettle/gcm.h>
#include <uftp/message.h>

#define UFTP_AEAD_NONCE_LEN 12
#define UFTP_AEAD_TAG_LEN 16

/* Only what depends on the key: the state of one message is on the stack of the call, so that a
 * const context serves any number of packets and its 4 KB table is never copied. */
typedef struct uftp_aead {
    uint8_t cipher; /* uftp_cipher; 0: no key set */
    union {
        struct aes128_ctx aes128;
        struct aes256_ctx aes256;
    } block;
    struct gcm_key gcm; /* unused by CCM */
} uftp_aead;

/* Key bytes of a cipher: 16, 32, or 0 when it is not one of ours. */
size_t uftp_cipher_key_len(uint8_t cipher);

/* UNSUPPORTED for an unknown cipher. */
int uftp_aead_init(uftp_aead *aead, uint8_t cipher, const uint8_t *key);
void uftp_aead_wipe(uftp_aead *aead);
/* In place: len bytes at `data`, then 16 bytes of tag are written behind them. */
void uftp_aead_seal(const uftp_aead *aead, const uint8_t nonce[12], const uint8_t *aad,
                    size_t aad_len, uint8_t *data, size_t len);
/* In place: len bytes of ciphertext at `data`, then the tag. AUTH when the tag does not fit: the
 * bytes at `data` are then as they were, so that another key may be tried (spec v5 3.7). */
int uftp_aead_open(const uftp_aead *aead, const uint8_t nonce[12], const uint8_t *aad,
                   size_t aad_len, uint8_t *data, size_t len);

#endif
