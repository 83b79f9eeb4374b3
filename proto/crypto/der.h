/* SPDX-License-Identifier: MIT
 *
 * A DER writer that fills its buffer from the end: contents come before their header, so every
 * length is known when it is written. (Nettle reads DER, but does not write it.)
 */
#ifndef UFTP_CRYPTO_DER_H
#define UFTP_CRYPTO_DER_H

#include <uftp/core.h>

#include <nettle/bignum.h>

typedef struct uftp_der_writer {
    uint8_t *start, *at; /* what is written so far lies at `at` up to the end of the buffer */
    bool failed;         /* sticky: no room */
} uftp_der_writer;

void uftp_der_put(uftp_der_writer *w, const uint8_t *data, size_t len);
void uftp_der_put_byte(uftp_der_writer *w, uint8_t byte);
/* The tag and length in front of the contents, which reach from `at` to `end`. */
void uftp_der_put_header(uftp_der_writer *w, uint8_t tag, const uint8_t *end);
/* A whole INTEGER, not negative. */
void uftp_der_put_integer(uftp_der_writer *w, const mpz_t value);

#endif
