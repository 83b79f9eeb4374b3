/* SPDX-License-Identifier: MIT
 *
 * Signing keys: generation, PEM files, public blobs and fingerprints (spec v5 1.19, 3.12).
 */
#ifndef UFTP_KEY_H
#define UFTP_KEY_H

#include <uftp/message.h>

#ifdef __cplusplus
extern "C" {
#endif

#define UFTP_RSA_BITS_MIN 1024 /* what the reference reads; new keys should have 2048 or more */
#define UFTP_RSA_BITS_MAX 4096
/* RSA-4096: 8 + 512. The reference stops at RSA-3072 (392 bytes). */
#define UFTP_KEY_BLOB_MAX 520
#define UFTP_SIGNATURE_MAX 512
#define UFTP_FINGERPRINT_LEN 20
#define UFTP_FINGERPRINT_TEXT_MAX 60 /* with the NUL */
#define UFTP_KEY_PEM_MAX 8192

typedef enum uftp_key_type {
    UFTP_KEY_RSA = 1,
    UFTP_KEY_EC = 2
} uftp_key_type; /* blob's first byte */

/* A private signing key. Opaque; its secrets are wiped when it is freed. */
typedef struct uftp_key uftp_key;

typedef struct uftp_key_spec {
    uftp_key_type type;
    uint16_t bits;    /* RSA: UFTP_RSA_BITS_MIN..MAX, a multiple of 32 */
    uftp_curve curve; /* EC */
} uftp_key_spec;

/* "rsa:2048", "ec:secp256r1". FORMAT when it is neither, LIMIT for a size out of range. */
int uftp_key_spec_parse(const char *text, uftp_key_spec *out);
/* "secp256r1", "prime256v1", "secp384r1", "secp521r1"; returns 0 for any other name. */
uftp_curve uftp_curve_parse(const char *name);
/* As the reference prints it: "prime256v1", "secp384r1", "secp521r1". */
const char *uftp_curve_name(uftp_curve curve);

int uftp_key_generate(const uftp_allocator *memory, const uftp_random *random,
                      const uftp_key_spec *spec, uftp_key **out);
/* PKCS#1, SEC1 and PKCS#8, unencrypted, anywhere in the text. FORMAT, UNSUPPORTED (curve or
 * algorithm), KEY (numbers that do not fit together), LIMIT (size). */
int uftp_key_parse_pem(const uftp_allocator *memory, const char *text, size_t len, uftp_key **out);
/* Writes the traditional form (PKCS#1 or SEC1) with its newline; sets *len. `out` holds secrets:
 * the caller wipes it with uftp_wipe(). UFTP_KEY_PEM_MAX bytes always suffice. */
int uftp_key_write_pem(const uftp_key *key, char *out, size_t capacity, size_t *len);
void uftp_key_free(uftp_key *key); /* NULL is allowed */

void uftp_key_describe(const uftp_key *key, uftp_key_spec *out);
/* The public blob as it goes over the wire; valid as long as the key. */
uftp_bytes uftp_key_blob(const uftp_key *key);
/* SHA-1 over a public blob. */
void uftp_fingerprint(const uint8_t *blob, size_t len, uint8_t out[UFTP_FINGERPRINT_LEN]);
/* "AA:BB:...": returns `out`, which holds UFTP_FINGERPRINT_TEXT_MAX bytes. */
char *uftp_fingerprint_format(const uint8_t fingerprint[UFTP_FINGERPRINT_LEN], char *out);
/* One or two hex digits between colons, exactly 20 of them. FORMAT otherwise. */
int uftp_fingerprint_parse(const char *text, uint8_t out[UFTP_FINGERPRINT_LEN]);

/* Where the secrets of a session go for someone who is to read a capture of it: labels and values
 * are those of a key log for Wireshark. Who has the log reads the session; a core without one tells
 * nobody. `uid` says whose secret it is: that of whoever learnt it for GROUP_MASTER, the sender's
 * for SERVER_APP_*, else the receiver's. `value` is valid during the call. */
typedef struct uftp_key_log {
    void (*log)(void *ctx, const char *label, uint32_t group, uint32_t uid, const uint8_t *value,
                size_t len);
    void *ctx;
} uftp_key_log;

/* Overwrites secrets in a way the compiler keeps. */
void uftp_wipe(void *data, size_t len);

#ifdef __cplusplus
}
#endif
#endif
