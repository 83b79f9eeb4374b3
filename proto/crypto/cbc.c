/* SPDX-License-Identifier: MIT */
#include "crypto/cbc.h"

#include "base/assert.h"
#include <uftp/key.h>

#include <nettle/cbc.h>

#include <string.h>

size_t uftp_cbc_key_len(uint8_t cipher)
{
    switch (cipher) {
    case UFTP_CIPHER_DES_CBC:
        return DES_KEY_SIZE;
    case UFTP_CIPHER_3DES_CBC:
        return DES3_KEY_SIZE;
    case UFTP_CIPHER_AES128_CBC:
        return AES128_KEY_SIZE;
    case UFTP_CIPHER_AES256_CBC:
        return AES256_KEY_SIZE;
    default: /* a number from the wire */
        return 0;
    }
}

size_t uftp_cbc_block_len(uint8_t cipher)
{
    if (!uftp_cbc_key_len(cipher))
        return 0;
    return cipher <= UFTP_CIPHER_3DES_CBC ? DES_BLOCK_SIZE : AES_BLOCK_SIZE;
}

int uftp_cbc_init(uftp_cbc *cbc, uint8_t cipher, const uint8_t *key)
{
    switch (cipher) {
    case UFTP_CIPHER_DES_CBC:
        /* A weak key is set too, and is told by the result: nobody chose it, so it is used. */
        (void)des_set_key(&cbc->key.des, key);
        break;
    case UFTP_CIPHER_3DES_CBC:
        (void)des3_set_key(&cbc->key.des3, key);
        break;
    case UFTP_CIPHER_AES128_CBC:
        aes128_set_encrypt_key(&cbc->key.aes128.encrypt, key);
        aes128_invert_key(&cbc->key.aes128.decrypt, &cbc->key.aes128.encrypt);
        break;
    case UFTP_CIPHER_AES256_CBC:
        aes256_set_encrypt_key(&cbc->key.aes256.encrypt, key);
        aes256_invert_key(&cbc->key.aes256.decrypt, &cbc->key.aes256.encrypt);
        break;
    default:
        return UFTP_ERR_UNSUPPORTED;
    }
    cbc->cipher = cipher;
    return UFTP_OK;
}

void uftp_cbc_wipe(uftp_cbc *cbc)
{
    uftp_wipe(cbc, sizeof *cbc);
}

size_t uftp_cbc_padded_len(const uftp_cbc *cbc, size_t len)
{
    size_t block = uftp_cbc_block_len(cbc->cipher);
    UFTP_ASSERT(block);
    return len + block - len % block;
}

/* Nettle types its functions by context, its modes take a pointer to anything. */
#define CBC(mode, function, context) \
    mode((context), (nettle_cipher_func *)(function), block, iv_copy, len, data, data)

size_t uftp_cbc_encrypt(const uftp_cbc *cbc, const uint8_t *iv, uint8_t *data, size_t plain_len)
{
    size_t len = uftp_cbc_padded_len(cbc, plain_len);
    size_t block = uftp_cbc_block_len(cbc->cipher);
    uint8_t iv_copy[UFTP_CBC_BLOCK_MAX];
    memcpy(iv_copy, iv, block);
    memset(data + plain_len, (int)(len - plain_len), len - plain_len);
    switch (cbc->cipher) {
    case UFTP_CIPHER_DES_CBC:
        CBC(cbc_encrypt, des_encrypt, &cbc->key.des);
        break;
    case UFTP_CIPHER_3DES_CBC:
        CBC(cbc_encrypt, des3_encrypt, &cbc->key.des3);
        break;
    case UFTP_CIPHER_AES128_CBC:
        CBC(cbc_encrypt, aes128_encrypt, &cbc->key.aes128.encrypt);
        break;
    default:
        CBC(cbc_encrypt, aes256_encrypt, &cbc->key.aes256.encrypt);
    }
    return len;
}

/* 0 or 1 from two sizes below 2^31, without a branch. */
static unsigned less(unsigned a, unsigned b)
{
    return (a - b) >> (sizeof a * 8 - 1);
}

/* The length of the padding, or 0 when it is none. All of the last block is looked at. */
static size_t padding_len(const uint8_t *last, size_t block)
{
    unsigned pad = last[block - 1];
    unsigned bad = less(pad, 1) | less((unsigned)block, pad);
    for (unsigned i = 1; i <= block; i++) {
        unsigned differs = less(0, last[block - i] ^ pad);
        bad |= differs & less(i, pad + 1);
    }
    return pad & (bad - 1); /* bad is 0 or 1 */
}

int uftp_cbc_decrypt(const uftp_cbc *cbc, const uint8_t *iv, uint8_t *data, size_t len,
                     size_t *plain_len)
{
    size_t block = uftp_cbc_block_len(cbc->cipher);
    UFTP_ASSERT(block);
    if (len == 0 || len % block != 0)
        return UFTP_ERR_AUTH;
    uint8_t iv_copy[UFTP_CBC_BLOCK_MAX];
    memcpy(iv_copy, iv, block);
    switch (cbc->cipher) {
    case UFTP_CIPHER_DES_CBC:
        CBC(cbc_decrypt, des_decrypt, &cbc->key.des);
        break;
    case UFTP_CIPHER_3DES_CBC:
        CBC(cbc_decrypt, des3_decrypt, &cbc->key.des3);
        break;
    case UFTP_CIPHER_AES128_CBC:
        CBC(cbc_decrypt, aes128_decrypt, &cbc->key.aes128.decrypt);
        break;
    default:
        CBC(cbc_decrypt, aes256_decrypt, &cbc->key.aes256.decrypt);
    }
    size_t padding = padding_len(data + len - block, block);
    *plain_len = len - padding;
    return padding ? UFTP_OK : UFTP_ERR_AUTH;
}
