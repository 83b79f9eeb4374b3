/* SPDX-License-Identifier: MIT
 *
 * Fingerprints of public blobs (spec v5 3.12). SHA-1 is given by interoperability; it names a key
 * that somebody chose to trust, which takes a second preimage to abuse, not a collision.
 */
#include "crypto/hash.h"

#include <uftp/key.h>

_Static_assert(UFTP_FINGERPRINT_TEXT_MAX >= 3 * UFTP_FINGERPRINT_LEN, "pairs, colons, NUL");

void uftp_fingerprint(const uint8_t *blob, size_t len, uint8_t out[UFTP_FINGERPRINT_LEN])
{
    const uftp_bytes part = {blob, len};
    uftp_hash_parts(UFTP_HASH_SHA1, &part, 1, out);
}

char *uftp_fingerprint_format(const uint8_t fingerprint[UFTP_FINGERPRINT_LEN], char *out)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < UFTP_FINGERPRINT_LEN; i++) {
        out[3 * i] = digits[fingerprint[i] >> 4];
        out[3 * i + 1] = digits[fingerprint[i] & 15];
        out[3 * i + 2] = i + 1 < UFTP_FINGERPRINT_LEN ? ':' : '\0';
    }
    return out;
}

/* -1 when it is none. */
static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return -1;
}

int uftp_fingerprint_parse(const char *text, uint8_t out[UFTP_FINGERPRINT_LEN])
{
    for (size_t i = 0; i < UFTP_FINGERPRINT_LEN; i++) {
        int value = hex_value(*text);
        if (value < 0)
            return UFTP_ERR_FORMAT;
        int low = hex_value(*++text);
        if (low >= 0) {
            value = value << 4 | low;
            text++;
        }
        char end = i + 1 < UFTP_FINGERPRINT_LEN ? ':' : '\0';
        if (*text != end)
            return UFTP_ERR_FORMAT;
        if (end)
            text++;
        out[i] = (uint8_t)value;
    }
    return UFTP_OK;
}
