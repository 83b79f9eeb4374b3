/* SPDX-License-Identifier: MIT */
#include "crypto/key_der.h"

#include "base/assert.h"
#include "crypto/der.h"
#include "crypto/key_internal.h"
#include "crypto/secret.h"

#include <nettle/asn1.h>

#include <string.h>

#define TAG_SEQUENCE 0x30
#define TAG_INTEGER 0x02
#define TAG_BITSTRING 0x03
#define TAG_OCTETSTRING 0x04
#define TAG_IDENTIFIER 0x06
#define TAG_CONTEXT(n) (0xa0 | (n)) /* constructed */

/* The same as Nettle's iterator tells it. */
#define ASN1_CONTEXT(n) (ASN1_TYPE_CONSTRUCTED | ASN1_CLASS_CONTEXT_SPECIFIC | (n))

#define POINT_UNCOMPRESSED 4 /* SEC1 2.3.3 */
#define EC_BLOB_HEADER_LEN 4

/* ---- reading ---- */

/* Steps into the one SEQUENCE that the input consists of, past the version number in front. */
static bool enter(struct asn1_der_iterator *it, uftp_bytes der, uint32_t *version)
{
    return asn1_der_iterator_first(it, der.len, der.data) == ASN1_ITERATOR_CONSTRUCTED &&
           it->type == ASN1_SEQUENCE &&
           asn1_der_decode_constructed_last(it) == ASN1_ITERATOR_PRIMITIVE &&
           it->type == ASN1_INTEGER && asn1_der_get_uint32(it, version);
}

static bool read_rsa_numbers(struct asn1_der_iterator *it, uftp_key *key)
{
    struct rsa_private_key *secret = &key->rsa.secret;
    mpz_ptr numbers[] = {key->rsa.open.n, key->rsa.open.e, secret->d, secret->p,
                         secret->q,       secret->a,       secret->b, secret->c};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (asn1_der_iterator_next(it) != ASN1_ITERATOR_PRIMITIVE || it->type != ASN1_INTEGER ||
            !asn1_der_get_bignum(it, numbers[i], 0)) /* size: uftp_key_complete_rsa() */
            return false;
    return asn1_der_iterator_next(it) == ASN1_ITERATOR_END;
}

static int read_pkcs1(const uftp_allocator *memory, uftp_bytes der, uftp_key **out)
{
    struct asn1_der_iterator it;
    uint32_t version;
    if (!enter(&it, der, &version))
        return UFTP_ERR_FORMAT;
    if (version != 0)
        return UFTP_ERR_UNSUPPORTED; /* 1: more than two primes */
    uftp_key *key;
    int err = uftp_key_create(memory, NULL, &key);
    if (err < 0)
        return err;
    err = read_rsa_numbers(&it, key) ? uftp_key_complete_rsa(key) : UFTP_ERR_FORMAT;
    if (err < 0) {
        uftp_key_free(key);
        return err;
    }
    *out = key;
    return UFTP_OK;
}

/* What an ECPrivateKey holds. */
typedef struct sec1 {
    uftp_bytes scalar;
    uftp_bytes curve;   /* object identifier; empty when absent */
    bool curve_spelled; /* there, but written out as numbers instead */
    uftp_bytes public;  /* contents of the bit string, its first byte the unused bits */
} sec1;

/* The one primitive inside the constructed object that the iterator stands on. */
static bool read_inside(struct asn1_der_iterator *it, unsigned type, uftp_bytes *out)
{
    struct asn1_der_iterator inner;
    if (asn1_der_decode_constructed(it, &inner) != ASN1_ITERATOR_PRIMITIVE ||
        (unsigned)inner.type != type)
        return false;
    *out = (uftp_bytes){inner.data, inner.length};
    return asn1_der_iterator_next(&inner) == ASN1_ITERATOR_END;
}

static bool read_sec1_fields(uftp_bytes der, sec1 *out)
{
    struct asn1_der_iterator it;
    uint32_t version;
    if (!enter(&it, der, &version) || version != 1)
        return false;
    if (asn1_der_iterator_next(&it) != ASN1_ITERATOR_PRIMITIVE || it.type != ASN1_OCTETSTRING)
        return false;
    *out = (sec1){.scalar = {it.data, it.length}};
    enum asn1_iterator_result next = asn1_der_iterator_next(&it);
    if (next == ASN1_ITERATOR_CONSTRUCTED && (unsigned)it.type == ASN1_CONTEXT(0)) {
        out->curve_spelled = it.length > 0 && it.data[0] == TAG_SEQUENCE;
        if (!out->curve_spelled && !read_inside(&it, ASN1_IDENTIFIER, &out->curve))
            return false;
        next = asn1_der_iterator_next(&it);
    }
    if (next == ASN1_ITERATOR_CONSTRUCTED && (unsigned)it.type == ASN1_CONTEXT(1)) {
        if (!read_inside(&it, ASN1_BITSTRING, &out->public))
            return false;
        next = asn1_der_iterator_next(&it);
    }
    return next == ASN1_ITERATOR_END;
}

/* The public part of a file is only compared: the scalar alone says what it must be. A compressed
 * point is left unread. */
static bool public_fits(const uftp_key *key, uftp_bytes public)
{
    if (public.len < 2 || public.data[0] != 0 || public.data[1] != POINT_UNCOMPRESSED)
        return public.len == 0 || (public.len >= 2 && public.data[0] == 0);
    size_t len = 2 * key->ec.curve->coordinate_len;
    return public.len - 2 == len &&
           memcmp(public.data + 2, key->blob + EC_BLOB_HEADER_LEN, len) == 0;
}

/* `curve` is what a PKCS#8 wrapper said, NULL without one. */
static int read_sec1(const uftp_allocator *memory, uftp_bytes der, const uftp_ec_curve *curve,
                     uftp_key **out)
{
    sec1 fields;
    if (!read_sec1_fields(der, &fields))
        return UFTP_ERR_FORMAT;
    if (fields.curve_spelled)
        return UFTP_ERR_UNSUPPORTED;
    if (fields.curve.len > 0) {
        const uftp_ec_curve *named = uftp_ec_curve_find_oid(fields.curve);
        if (!named)
            return UFTP_ERR_UNSUPPORTED;
        if (curve && curve != named)
            return UFTP_ERR_KEY;
        curve = named;
    }
    if (!curve)
        return UFTP_ERR_FORMAT;
    uftp_key *key;
    int err = uftp_key_create(memory, curve, &key);
    if (err < 0)
        return err;
    err = uftp_ec_scalar_read(curve, fields.scalar, &key->ec.scalar);
    if (err == UFTP_OK)
        err = uftp_key_complete_ec(key);
    if (err == UFTP_OK && !public_fits(key, fields.public))
        err = UFTP_ERR_KEY;
    if (err < 0) {
        uftp_key_free(key);
        return err;
    }
    *out = key;
    return UFTP_OK;
}

/* An AlgorithmIdentifier: the algorithm, and its parameter when that is an identifier too. */
static bool read_algorithm(struct asn1_der_iterator *it, uftp_bytes *algorithm,
                           uftp_bytes *parameter)
{
    struct asn1_der_iterator inner;
    if (asn1_der_iterator_next(it) != ASN1_ITERATOR_CONSTRUCTED || it->type != ASN1_SEQUENCE ||
        asn1_der_decode_constructed(it, &inner) != ASN1_ITERATOR_PRIMITIVE ||
        inner.type != ASN1_IDENTIFIER)
        return false;
    *algorithm = (uftp_bytes){inner.data, inner.length};
    *parameter = (uftp_bytes){NULL, 0};
    enum asn1_iterator_result next = asn1_der_iterator_next(&inner);
    if (next == ASN1_ITERATOR_PRIMITIVE && inner.type == ASN1_IDENTIFIER)
        *parameter = (uftp_bytes){inner.data, inner.length};
    return next != ASN1_ITERATOR_ERROR;
}

static bool same(uftp_bytes a, const uint8_t *b, size_t len)
{
    return a.len == len && memcmp(a.data, b, len) == 0;
}

static int read_pkcs8(const uftp_allocator *memory, uftp_bytes der, uftp_key **out)
{
    static const uint8_t rsa[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01};
    static const uint8_t ec[] = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01};
    struct asn1_der_iterator it;
    uint32_t version;
    uftp_bytes algorithm, parameter;
    if (!enter(&it, der, &version) || version > 1 || !read_algorithm(&it, &algorithm, &parameter) ||
        asn1_der_iterator_next(&it) != ASN1_ITERATOR_PRIMITIVE || it.type != ASN1_OCTETSTRING)
        return UFTP_ERR_FORMAT; /* what follows the octet string, attributes, is not looked at */
    const uftp_bytes inner = {it.data, it.length};
    if (same(algorithm, rsa, sizeof rsa))
        return read_pkcs1(memory, inner, out);
    if (!same(algorithm, ec, sizeof ec))
        return UFTP_ERR_UNSUPPORTED;
    if (parameter.len == 0)
        return UFTP_ERR_UNSUPPORTED; /* a curve written out as numbers */
    const uftp_ec_curve *curve = uftp_ec_curve_find_oid(parameter);
    return curve ? read_sec1(memory, inner, curve, out) : UFTP_ERR_UNSUPPORTED;
}

int uftp_key_read_der(const uftp_allocator *memory, uftp_key_form form, uftp_bytes der,
                      uftp_key **out)
{
    switch (form) {
    case UFTP_KEY_PKCS1:
        return read_pkcs1(memory, der, out);
    case UFTP_KEY_SEC1:
        return read_sec1(memory, der, NULL, out);
    case UFTP_KEY_PKCS8:
        return read_pkcs8(memory, der, out);
    }
    return UFTP_ERR_FORMAT;
}

/* ---- writing: from the last field to the first ---- */

static void write_rsa(uftp_der_writer *w, const uftp_key *key)
{
    static const uint8_t version[] = {TAG_INTEGER, 1, 0};
    const uint8_t *end = w->at;
    const struct rsa_private_key *secret = &key->rsa.secret;
    mpz_srcptr numbers[] = {secret->c, secret->b, secret->a,       secret->q,
                            secret->p, secret->d, key->rsa.open.e, key->rsa.open.n};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        uftp_der_put_integer(w, numbers[i]);
    uftp_der_put(w, version, sizeof version);
    uftp_der_put_header(w, TAG_SEQUENCE, end);
}

static void write_public_point(uftp_der_writer *w, const uftp_key *key)
{
    const uint8_t *end = w->at;
    uftp_der_put(w, key->blob + EC_BLOB_HEADER_LEN, 2 * key->ec.curve->coordinate_len);
    uftp_der_put_byte(w, POINT_UNCOMPRESSED);
    uftp_der_put_byte(w, 0); /* unused bits */
    uftp_der_put_header(w, TAG_BITSTRING, end);
    uftp_der_put_header(w, TAG_CONTEXT(1), end);
}

static void write_scalar(uftp_der_writer *w, const uftp_key *key)
{
    uint8_t bytes[UFTP_EC_COORDINATE_MAX];
    size_t len = key->ec.curve->coordinate_len;
    mpz_t value;
    uftp_secret_mpz_init(value, 8 * sizeof bytes);
    ecc_scalar_get(&key->ec.scalar, value);
    nettle_mpz_get_str_256(len, bytes, value);
    uftp_secret_mpz_clear(value);
    const uint8_t *end = w->at;
    uftp_der_put(w, bytes, len);
    uftp_der_put_header(w, TAG_OCTETSTRING, end);
    uftp_wipe(bytes, sizeof bytes);
}

static void write_ec(uftp_der_writer *w, const uftp_key *key)
{
    static const uint8_t version[] = {TAG_INTEGER, 1, 1};
    const uint8_t *end = w->at;
    write_public_point(w, key);
    const uint8_t *parameters_end = w->at;
    uftp_der_put(w, key->ec.curve->oid, key->ec.curve->oid_len);
    uftp_der_put_header(w, TAG_IDENTIFIER, parameters_end);
    uftp_der_put_header(w, TAG_CONTEXT(0), parameters_end);
    write_scalar(w, key);
    uftp_der_put(w, version, sizeof version);
    uftp_der_put_header(w, TAG_SEQUENCE, end);
}

uftp_bytes uftp_key_write_der(const uftp_key *key, uint8_t buffer[UFTP_KEY_DER_MAX])
{
    uftp_der_writer w = {.start = buffer, .at = buffer + UFTP_KEY_DER_MAX};
    const uint8_t *end = w.at;
    if (key->type == UFTP_KEY_RSA)
        write_rsa(&w, key);
    else
        write_ec(&w, key);
    UFTP_ASSERT(!w.failed); /* every key within our limits has room */
    return (uftp_bytes){w.at, (size_t)(end - w.at)};
}
