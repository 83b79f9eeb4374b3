/* SPDX-License-Identifier: MIT
 *
 * The ciphers of version 4 that do not authenticate: DES, 3DES and AES in CBC mode with PKCS#7
 * padding (spec v4 4, 7). They are spoken because old programs speak nothing else. Whoever
 * decrypts a packet checks its signature first, so that the padding tells an attacker nothing.
 */
#ifndef UFTP_CRYPTO_CBC_H
#define UFTP_CRYPTO_CBC_H

#include <nettle/aes.h>
#include <nettle/des.h>
#include <uftp/message.h>

#define UFTP_CBC_BLOCK_MAX 16
#define UFTP_CBC_KEY_MAX 32

/* What depends on the key: serves any number of packets in both directions. */
typedef struct uftp_cbc {
    uint8_t cipher; /* uftp_cipher; 0: no key set */
    union {
        struct des_ctx des; /* both directions */
        struct des3_ctx des3;
        struct {
            struct aes128_ctx encrypt, decrypt;
        } aes128;
        struct {
            struct aes256_ctx encrypt, decrypt;
        } aes256;
    } key;
} uftp_cbc;

/* Bytes of a key and of a block, which is also the IV: 0 when the cipher is not one of these. */
size_t uftp_cbc_key_len(uint8_t cipher);
size_t uftp_cbc_block_len(uint8_t cipher);

/* UNSUPPORTED for a cipher that is not one of these. */
int uftp_cbc_init(uftp_cbc *cbc, uint8_t cipher, const uint8_t *key);
void uftp_cbc_wipe(uftp_cbc *cbc);

/* What `len` bytes become: one to a whole block more. */
size_t uftp_cbc_padded_len(const uftp_cbc *cbc, size_t len);
/* In place: pads `len` bytes at `data` and encrypts them. Returns the padded length. */
size_t uftp_cbc_encrypt(const uftp_cbc *cbc, const uint8_t *iv, uint8_t *data, size_t len);
/* In place. Returns 0 and sets *plain_len, or AUTH when that was no padded text, without telling
 * why, in a time that depends on `len` alone. The bytes at `data` have changed then too. */
int uftp_cbc_decrypt(const uftp_cbc *cbc, const uint8_t *iv, uint8_t *data, size_t len,
                     size_t *plain_len);

#endif
