/* SPDX-License-Identifier: MIT
 *
 * From the premaster secret to the keys of the group, and what proves that both ends have them.
 */
#include "handshake/v4_internal.h"

#include "base/assert.h"
#include "crypto/prf.h"
#include "crypto/secret.h"

#include <string.h>

#define VERSION_BYTE 0x40
#define CHOSEN_LEN (UFTP_V4_MASTER_LEN - 1) /* of the group master: all but the version byte */

_Static_assert(UFTP_OAEP_MESSAGE_LEN == UFTP_V4_PREMASTER_MAX, "what RSA carries");

static bool is_aead(uint8_t cipher)
{
    return uftp_cipher_key_len(cipher) != 0;
}

int uftp_v4_suite_check(const uftp_v4_suite *suite)
{
    bool known = uftp_v4_key_len(suite->cipher) && uftp_hash_len(suite->hash) &&
                 suite->key_exchange >= UFTP_KEY_EXCHANGE_RSA &&
                 suite->key_exchange <= UFTP_KEY_EXCHANGE_ECDH_ECDSA &&
                 suite->sigtype >= UFTP_SIGTYPE_HMAC && suite->sigtype <= UFTP_SIGTYPE_AUTHENC;
    bool fits = is_aead(suite->cipher) == (suite->sigtype == UFTP_SIGTYPE_AUTHENC);
    return known && fits ? UFTP_OK : UFTP_ERR_UNSUPPORTED;
}

bool uftp_v4_suite_legacy(const uftp_v4_suite *suite)
{
    return suite->key_exchange == UFTP_KEY_EXCHANGE_RSA || suite->hash == UFTP_HASH_SHA1 ||
           !is_aead(suite->cipher);
}

size_t uftp_v4_key_len(uint8_t cipher)
{
    return is_aead(cipher) ? uftp_cipher_key_len(cipher) : uftp_cbc_key_len(cipher);
}

uint8_t uftp_v4_keyinfo_cipher(uint8_t cipher)
{
    if (!is_aead(cipher))
        return cipher;
    return uftp_cipher_key_len(cipher) == 16 ? UFTP_CIPHER_AES128_CBC : UFTP_CIPHER_AES256_CBC;
}

/* ---- premaster (6.2) ---- */

int uftp_v4_premaster_create(uftp_v4_client *client, uftp_bytes server_key,
                             const uftp_random *random, uint8_t sealed[UFTP_OAEP_SEALED_MAX],
                             size_t *sealed_len)
{
    random->fill(random->ctx, UFTP_OAEP_MESSAGE_LEN, client->premaster);
    client->premaster_len = UFTP_OAEP_MESSAGE_LEN;
    int len = uftp_oaep_encrypt(server_key, random, client->premaster, sealed);
    if (len < 0)
        return len;
    *sealed_len = (size_t)len;
    return UFTP_OK;
}

int uftp_v4_premaster_open(uftp_v4_client *client, const uftp_key *server_key,
                           const uftp_random *random, uftp_bytes sealed)
{
    int err = uftp_oaep_decrypt(server_key, random, sealed, client->premaster);
    if (err == UFTP_OK)
        client->premaster_len = UFTP_OAEP_MESSAGE_LEN;
    return err;
}

int uftp_v4_premaster_ecdh(uftp_v4_client *client, const uftp_ecdh *own, uftp_bytes peer_blob)
{
    uint8_t shared[UFTP_ECDH_SHARED_MAX];
    int len = uftp_ecdh_shared(own, peer_blob, shared);
    if (len < 0)
        return len;
    const uftp_bytes part = {shared, (size_t)len};
    uftp_hash_parts(UFTP_HASH_SHA1, &part, 1, client->premaster); /* whatever the hash (trap 2) */
    client->premaster_len = uftp_hash_len(UFTP_HASH_SHA1);
    uftp_wipe(shared, sizeof shared);
    return UFTP_OK;
}

/* ---- keys (6.4) ---- */

static void both_randoms(const uftp_v4_server *server, const uftp_v4_client *client,
                         uint8_t out[2 * UFTP_RANDOM_LEN])
{
    memcpy(out, server->random, UFTP_RANDOM_LEN);
    memcpy(out + UFTP_RANDOM_LEN, client->random, UFTP_RANDOM_LEN);
}

void uftp_v4_master_secret(const uftp_v4_server *server, const uftp_v4_client *client,
                           uint8_t out[UFTP_V4_MASTER_LEN])
{
    uint8_t seed[2 * UFTP_RANDOM_LEN];
    both_randoms(server, client, seed);
    uftp_prf(server->suite.hash, (uftp_bytes){client->premaster, client->premaster_len},
             "master secret", (uftp_bytes){seed, sizeof seed}, out, UFTP_V4_MASTER_LEN);
}

size_t uftp_v4_key_block(const uftp_v4_suite *suite, const uint8_t master[UFTP_V4_MASTER_LEN],
                         uftp_bytes seed, uint8_t out[UFTP_V4_KEY_BLOCK_MAX])
{
    size_t len = uftp_hash_len(suite->hash) + uftp_v4_key_len(suite->cipher) + UFTP_V4_SALT_LEN;
    uftp_prf(suite->hash, (uftp_bytes){master, UFTP_V4_MASTER_LEN}, "key expansion", seed, out,
             len);
    return len;
}

static void keys_from_block(const uftp_v4_suite *suite, const uint8_t *block, uftp_v4_keys *out)
{
    size_t hash_len = uftp_hash_len(suite->hash), key_len = uftp_v4_key_len(suite->cipher);
    memset(out, 0, sizeof *out);
    memcpy(out->hmac, block, hash_len);
    memcpy(out->key, block + hash_len, key_len);
    memcpy(out->salt, block + hash_len + key_len, UFTP_V4_SALT_LEN);
}

void uftp_v4_client_keys(const uftp_v4_server *server, uftp_v4_client *client)
{
    uint8_t master[UFTP_V4_MASTER_LEN], block[UFTP_V4_KEY_BLOCK_MAX], seed[2 * UFTP_RANDOM_LEN];
    both_randoms(server, client, seed);
    uftp_v4_master_secret(server, client, master);
    (void)uftp_v4_key_block(&server->suite, master, (uftp_bytes){seed, sizeof seed}, block);
    keys_from_block(&server->suite, block, &client->keys);
    uftp_wipe(master, sizeof master);
    uftp_wipe(block, sizeof block);
}

void uftp_v4_group_master_create(const uftp_random *random, uint8_t master[UFTP_V4_MASTER_LEN])
{
    master[0] = VERSION_BYTE; /* trap 5 */
    random->fill(random->ctx, CHOSEN_LEN, master + 1);
}

void uftp_v4_group_keys(const uftp_v4_server *server, const uint8_t master[UFTP_V4_MASTER_LEN],
                        uftp_v4_keys *group)
{
    uint8_t block[UFTP_V4_KEY_BLOCK_MAX];
    /* The server's random number alone: the group has no one client (trap 3). */
    (void)uftp_v4_key_block(&server->suite, master, (uftp_bytes){server->random, UFTP_RANDOM_LEN},
                            block);
    keys_from_block(&server->suite, block, group);
    uftp_wipe(block, sizeof block);
}

/* ---- KEYINFO (6.4) ---- */

static void store_u64(uint8_t *out, uint64_t value)
{
    for (size_t i = 0; i < 8; i++)
        out[i] = (uint8_t)(value >> (56 - 8 * i));
}

static void store_u32(uint8_t *out, uint32_t value)
{
    for (size_t i = 0; i < 4; i++)
        out[i] = (uint8_t)(value >> (24 - 8 * i));
}

/* Cipher and IV of one KEYINFO entry. The caller wipes the cipher. */
static void keyinfo_cipher_init(const uftp_v4_server *server, const uftp_v4_client *client,
                                uint32_t source, uint64_t counter, uftp_cbc *cbc,
                                uint8_t iv[UFTP_CBC_BLOCK_MAX])
{
    uint8_t cipher = uftp_v4_keyinfo_cipher(server->suite.cipher);
    int err = uftp_cbc_init(cbc, cipher, client->keys.key);
    UFTP_ASSERT(err == UFTP_OK);
    uint8_t source_bytes[4], counter_bytes[8];
    store_u32(source_bytes, source);
    store_u64(counter_bytes, counter);
    uftp_v4_iv(cipher, client->keys.salt, source_bytes, counter_bytes, iv);
}

void uftp_v4_master_seal(const uftp_v4_server *server, const uftp_v4_client *client,
                         uint32_t source, uint64_t counter,
                         const uint8_t master[UFTP_V4_MASTER_LEN],
                         uint8_t sealed[UFTP_V4_SEALED_LEN])
{
    uftp_cbc cbc;
    uint8_t iv[UFTP_CBC_BLOCK_MAX];
    keyinfo_cipher_init(server, client, source, counter, &cbc, iv);
    memcpy(sealed, master + 1, CHOSEN_LEN);
    size_t len = uftp_cbc_encrypt(&cbc, iv, sealed, CHOSEN_LEN);
    UFTP_ASSERT(len == UFTP_V4_SEALED_LEN);
    uftp_cbc_wipe(&cbc);
}

int uftp_v4_master_open(const uftp_v4_server *server, const uftp_v4_client *client, uint32_t source,
                        uint64_t counter, const uint8_t sealed[UFTP_V4_SEALED_LEN],
                        uint8_t master[UFTP_V4_MASTER_LEN])
{
    uftp_cbc cbc;
    uint8_t iv[UFTP_CBC_BLOCK_MAX], opened[UFTP_V4_SEALED_LEN];
    keyinfo_cipher_init(server, client, source, counter, &cbc, iv);
    memcpy(opened, sealed, sizeof opened);
    size_t len = 0;
    int err = uftp_cbc_decrypt(&cbc, iv, opened, sizeof opened, &len);
    if (err == UFTP_OK && len != CHOSEN_LEN)
        err = UFTP_ERR_AUTH;
    if (err == UFTP_OK) {
        master[0] = VERSION_BYTE;
        memcpy(master + 1, opened, CHOSEN_LEN);
    }
    uftp_cbc_wipe(&cbc);
    uftp_wipe(opened, sizeof opened);
    return err;
}

/* ---- proofs (6.6) ---- */

size_t uftp_v4_register_string(const uftp_v4_server *server, const uftp_v4_client *client,
                               uint8_t out[UFTP_V4_REGISTER_STRING_MAX])
{
    uint8_t *at = out;
    store_u32(at, server->group);
    at += 4;
    memcpy(at, server->address, server->address_len);
    at += server->address_len;
    both_randoms(server, client, at);
    at += (size_t)2 * UFTP_RANDOM_LEN;
    memcpy(at, client->premaster, client->premaster_len);
    return (size_t)(at - out) + client->premaster_len;
}

void uftp_v4_verify_hash(const uftp_v4_server *server, const uftp_v4_client *client,
                         uftp_bytes client_key, const uint8_t master[UFTP_V4_MASTER_LEN],
                         uint8_t out[UFTP_HASH_MAX])
{
    uint8_t bytes[UFTP_V4_REGISTER_STRING_MAX];
    size_t len = uftp_v4_register_string(server, client, bytes);
    const uftp_bytes parts[] = {{bytes, len}, client_key, {master, UFTP_V4_MASTER_LEN}};
    uftp_hash_parts(server->suite.hash, parts, 3, out);
    uftp_wipe(bytes, sizeof bytes);
}

void uftp_v4_verify_data(const uftp_v4_server *server, const uftp_v4_client *client,
                         uftp_bytes client_key, const uint8_t master[UFTP_V4_MASTER_LEN],
                         uint8_t out[UFTP_V4_VERIFY_LEN])
{
    uint8_t hash[UFTP_HASH_MAX];
    uftp_v4_verify_hash(server, client, client_key, master, hash);
    uftp_prf(server->suite.hash, (uftp_bytes){master, UFTP_V4_MASTER_LEN}, "client finished",
             (uftp_bytes){hash, uftp_hash_len(server->suite.hash)}, out, UFTP_V4_VERIFY_LEN);
    uftp_wipe(hash, sizeof hash);
}
