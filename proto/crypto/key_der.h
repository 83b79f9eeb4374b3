/* SPDX-License-Identifier: MIT
 *
 * Private keys in DER: PKCS#1 (RFC 8017 A.1.2), SEC1 (RFC 5915), PKCS#8 (RFC 5208, 5958).
 */
#ifndef UFTP_CRYPTO_KEY_DER_H
#define UFTP_CRYPTO_KEY_DER_H

#include <uftp/key.h>

/* RSA-4096 in PKCS#1 takes some 2350 bytes. */
#define UFTP_KEY_DER_MAX 4096

typedef enum uftp_key_form { UFTP_KEY_PKCS1, UFTP_KEY_SEC1, UFTP_KEY_PKCS8 } uftp_key_form;

/* FORMAT, UNSUPPORTED, KEY, LIMIT, MEMORY as in uftp_key_parse_pem(). */
int uftp_key_read_der(const uftp_allocator *memory, uftp_key_form form, uftp_bytes der,
                      uftp_key **out);
/* PKCS#1 or SEC1, at the end of `buffer`: the caller wipes all of that. */
uftp_bytes uftp_key_write_der(const uftp_key *key, uint8_t buffer[UFTP_KEY_DER_MAX]);

#endif
