/* SPDX-License-Identifier: MIT
 *
 * RSA keys that are too short to be used, but were: programs of version 4 make keys of 512 bits
 * unless told otherwise. Nothing but reading captures is done with them here.
 */
#ifndef CAP_WEAK_KEY_H
#define CAP_WEAK_KEY_H

#include <uftp/core.h>

/* From here on version 4 seals with OAEP, and crypto/ has the keys (spec v4 6.2). */
#define CAP_WEAK_KEY_BITS_MAX 767
#define CAP_WEAK_PREMASTER_LEN 48

typedef struct cap_weak_key cap_weak_key;

/* A private RSA key in PEM, PKCS#1 or PKCS#8. FORMAT, LIMIT (it is not that short), MEMORY. */
int cap_weak_key_parse(const char *text, size_t len, cap_weak_key **out);
void cap_weak_key_free(cap_weak_key *key); /* NULL is allowed */
/* Its public half as a blob of an ANNOUNCE (spec v4 5). */
uftp_bytes cap_weak_key_blob(const cap_weak_key *key);
/* PKCS#1 v1.5. False: it was not sealed for this key. */
bool cap_weak_key_open(const cap_weak_key *key, uftp_bytes sealed,
                       uint8_t premaster[CAP_WEAK_PREMASTER_LEN]);

#endif
