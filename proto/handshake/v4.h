/* SPDX-License-Identifier: MIT
 *
 * Key schedule of wire version 4 (spec v4 6, 7): from an RSA or ECDH exchange to one set of keys
 * that all members of the group share, in both directions. It works on bytes as they stand on the
 * wire and knows no message struct. Every object holds secrets and is wiped when it ends.
 *
 * Its faults cannot be mended from one side: any member can speak as any other unless packets are
 * signed (UFTP_SIGTYPE_KEYEX), the group master travels without a MAC, and an RSA exchange has no
 * forward secrecy and does not sign the ANNOUNCE.
 */
#ifndef UFTP_HANDSHAKE_V4_H
#define UFTP_HANDSHAKE_V4_H

#include "crypto/aead.h"
#include "crypto/cbc.h"
#include "crypto/ecdh.h"
#include "crypto/hash.h"
#include "crypto/oaep.h"
#include "crypto/sign.h"

#define UFTP_V4_MASTER_LEN 48 /* master secret, group master */
#define UFTP_V4_SEALED_LEN 48 /* 47 bytes of the group master, padded */
#define UFTP_V4_PREMASTER_MAX 48
#define UFTP_V4_SALT_LEN 4

typedef struct uftp_v4_suite {
    uint8_t key_exchange; /* uftp_key_exchange */
    uint8_t sigtype;      /* uftp_sigtype */
    uint8_t cipher;       /* uftp_cipher */
    uint8_t hash;         /* uftp_hash */
} uftp_v4_suite;

/* Whether all four numbers are known and go together. Everything below takes a suite that has
 * passed here. UNSUPPORTED. */
int uftp_v4_suite_check(const uftp_v4_suite *suite);
/* Whether any of it is broken today: SHA-1, ciphers that do not authenticate, an exchange without
 * forward secrecy. Such suites are used only when that is asked for. */
bool uftp_v4_suite_legacy(const uftp_v4_suite *suite);

/* ---- what both ends of a session know ---- */

/* What an ANNOUNCE tells. Of a proxy's clients too: it passes the server's random number on. */
typedef struct uftp_v4_server {
    uftp_v4_suite suite;
    uint32_t group;
    uint8_t address[16]; /* the private address as announced: zeros in a unicast session */
    size_t address_len;  /* 4 or 16 */
    uint8_t random[UFTP_RANDOM_LEN];
} uftp_v4_server;

/* A part of a key block (6.4). */
typedef struct uftp_v4_keys {
    uint8_t hmac[UFTP_HASH_MAX]; /* of the group: authenticates packets; of a client: unused */
    uint8_t key[UFTP_CBC_KEY_MAX];
    uint8_t salt[UFTP_V4_SALT_LEN];
} uftp_v4_keys;

/* What a server (or proxy) and one client share. */
typedef struct uftp_v4_client {
    uint8_t random[UFTP_RANDOM_LEN];
    uint8_t premaster[UFTP_V4_PREMASTER_MAX];
    size_t premaster_len; /* 48 of an RSA exchange, 20 of ECDH */
    uftp_v4_keys keys;    /* set by uftp_v4_client_keys() */
} uftp_v4_client;

/* ---- the exchange (6.2) ---- */

/* RSA, at the client: 48 random bytes, and sealed for the server. sealed_len is what REGISTER
 * carries. KEY when the server's key is not RSA. */
int uftp_v4_premaster_create(uftp_v4_client *client, uftp_bytes server_key,
                             const uftp_random *random, uint8_t sealed[UFTP_OAEP_SEALED_MAX],
                             size_t *sealed_len);
/* RSA, at the server. AUTH, KEY. */
int uftp_v4_premaster_open(uftp_v4_client *client, const uftp_key *server_key,
                           const uftp_random *random, uftp_bytes sealed);
/* ECDH, at either end. KEY when the peer's point is not on the curve of our key. */
int uftp_v4_premaster_ecdh(uftp_v4_client *client, const uftp_ecdh *own, uftp_bytes peer_blob);

/* ---- keys (6.4) ---- */

/* From client->random and the premaster. */
void uftp_v4_client_keys(const uftp_v4_server *server, uftp_v4_client *client);

/* The version byte and 47 random bytes. */
void uftp_v4_group_master_create(const uftp_random *random, uint8_t master[UFTP_V4_MASTER_LEN]);
void uftp_v4_group_keys(const uftp_v4_server *server, const uint8_t master[UFTP_V4_MASTER_LEN],
                        uftp_v4_keys *group);

/* An entry of KEYINFO. `source` and `counter` are those of the KEYINFO datagram: a proxy puts the
 * server's UID there. */
void uftp_v4_master_seal(const uftp_v4_server *server, const uftp_v4_client *client,
                         uint32_t source, uint64_t counter,
                         const uint8_t master[UFTP_V4_MASTER_LEN],
                         uint8_t sealed[UFTP_V4_SEALED_LEN]);
/* AUTH when it does not unpad to 47 bytes. Any other damage shows in KEYINFO_ACK at the server, or
 * in the first packet. */
int uftp_v4_master_open(const uftp_v4_server *server, const uftp_v4_client *client, uint32_t source,
                        uint64_t counter, const uint8_t sealed[UFTP_V4_SEALED_LEN],
                        uint8_t master[UFTP_V4_MASTER_LEN]);

/* What KEYINFO_ACK says (6.6). `client_key` is the blob of CLIENT_KEY, empty when none was sent. */
void uftp_v4_verify_data(const uftp_v4_server *server, const uftp_v4_client *client,
                         uftp_bytes client_key, const uint8_t master[UFTP_V4_MASTER_LEN],
                         uint8_t out[UFTP_V4_VERIFY_LEN]);

/* ---- signatures (3.1, 6.6) ---- */

/* ANNOUNCE of an ECDH exchange: over the whole datagram, sequence number and UIDs included. The
 * signature lies at `signature_offset`; it is filled in, or counts as zeros and is left as it was.
 * SPACE (it does not lie inside), KEY; AUTH, KEY. */
int uftp_v4_announce_sign(const uftp_v4_server *server, const uftp_key *key,
                          const uftp_random *random, uint8_t *datagram, size_t len,
                          size_t signature_offset);
int uftp_v4_announce_verify(const uftp_v4_server *server, uftp_bytes public_key,
                            const uint8_t *datagram, size_t len, size_t signature_offset,
                            size_t signature_len);
/* CLIENT_KEY. `out` takes uftp_signature_len(key) bytes. */
int uftp_v4_client_key_sign(const uftp_v4_server *server, const uftp_v4_client *client,
                            const uftp_key *key, const uftp_random *random, uint8_t *out);
int uftp_v4_client_key_verify(const uftp_v4_server *server, const uftp_v4_client *client,
                              uftp_bytes public_key, uftp_bytes signature);

/* ---- packets (7) ---- */

/* The keys of a group in use. */
typedef struct uftp_v4_sealing {
    uftp_v4_suite suite;
    uftp_v4_keys keys;
    union {
        uftp_aead aead;
        uftp_cbc cbc;
    } cipher;
} uftp_v4_sealing;

void uftp_v4_sealing_init(uftp_v4_sealing *sealing, const uftp_v4_suite *suite,
                          const uftp_v4_keys *group);
void uftp_v4_sealing_wipe(uftp_v4_sealing *sealing);

/* What the wrapper says of a packet with this plaintext. `signer` is our own key with signature
 * type KEYEX, and not looked at otherwise. */
size_t uftp_v4_packet_signature_len(const uftp_v4_sealing *sealing, const uftp_key *signer);
size_t uftp_v4_packet_payload_len(const uftp_v4_sealing *sealing, size_t plaintext_len);

/* Seals a datagram in place. Its first 28 bytes are header and wrapper, complete, with the lengths
 * of the two functions above; then comes room for the signature, the plaintext, and room for what
 * the payload is longer. KEY when signing fails. */
int uftp_v4_seal(const uftp_v4_sealing *sealing, const uftp_key *signer, const uftp_random *random,
                 uint8_t *datagram, size_t plaintext_len);
/* Opens in place: sets *plaintext to where it lies. `signer` is the blob of the key that the source
 * of the packet signs with, for type KEYEX; empty when it is not known. AUTH: nothing may be used;
 * the datagram is then as it was, but for a signed one whose padding is wrong, which no honest
 * member sends. */
int uftp_v4_open(const uftp_v4_sealing *sealing, uftp_bytes signer, uint8_t *datagram, size_t len,
                 uftp_bytes *plaintext);

#endif
