/* SPDX-License-Identifier: MIT */
#include "crypto/der.h"

#include <string.h>

#define TAG_INTEGER 0x02

/* Room for len bytes in front, or NULL. */
static uint8_t *reserve(uftp_der_writer *w, size_t len)
{
    if (w->failed || (size_t)(w->at - w->start) < len) {
        w->failed = true;
        return NULL;
    }
    w->at -= len;
    return w->at;
}

void uftp_der_put(uftp_der_writer *w, const uint8_t *data, size_t len)
{
    uint8_t *room = reserve(w, len);
    if (room)
        memcpy(room, data, len);
}

void uftp_der_put_byte(uftp_der_writer *w, uint8_t byte)
{
    uftp_der_put(w, &byte, 1);
}

void uftp_der_put_header(uftp_der_writer *w, uint8_t tag, const uint8_t *end)
{
    if (w->failed)
        return;
    size_t len = (size_t)(end - w->at);
    if (len < 0x80) {
        uftp_der_put_byte(w, (uint8_t)len);
    } else {
        uint8_t count = 0;
        for (; len > 0; len >>= 8, count++)
            uftp_der_put_byte(w, (uint8_t)len);
        uftp_der_put_byte(w, 0x80 | count);
    }
    uftp_der_put_byte(w, tag);
}

void uftp_der_put_integer(uftp_der_writer *w, const mpz_t value)
{
    const uint8_t *end = w->at;
    /* A whole number of bytes and one bit for the sign: 0x80 takes two bytes. */
    size_t len = mpz_sizeinbase(value, 2) / 8 + 1;
    uint8_t *room = reserve(w, len);
    if (!room)
        return;
    nettle_mpz_get_str_256(len, room, value);
    uftp_der_put_header(w, TAG_INTEGER, end);
}
