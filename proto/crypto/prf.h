/* SPDX-License-Identifier: MIT
 *
 * The pseudo-random function of version 4 (spec v4 6.3). It is nearly that of TLS, and different
 * from the second block of output on.
 */
#ifndef UFTP_CRYPTO_PRF_H
#define UFTP_CRYPTO_PRF_H

#include <uftp/message.h>

#define UFTP_PRF_SECRET_MAX 48

/* `hash` is one of ours (uftp_hash); with SHA-1 the function is the XOR of one with MD5 and one
 * with SHA-1. The secret has 1 to UFTP_PRF_SECRET_MAX bytes, and fills `len` bytes at `out`. */
void uftp_prf(uint8_t hash, uftp_bytes secret, const char *label, uftp_bytes seed, uint8_t *out,
              size_t len);

#endif
