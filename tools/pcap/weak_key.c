/* SPDX-License-Identifier: MIT */
#include "weak_key.h"

#include <nettle/asn1.h>
#include <nettle/base64.h>
#include <nettle/bignum.h>
#include <nettle/rsa.h>
#include <stdlib.h>
#include <string.h>

enum { DER_MAX = 1024, MODULUS_MAX = (CAP_WEAK_KEY_BITS_MAX + 7) / 8 };

struct cap_weak_key {
    struct rsa_public_key open;
    struct rsa_private_key secret;
    uint8_t blob[8 + MODULUS_MAX];
    size_t blob_len;
};

static const char *find(const char *text, size_t len, const char *word)
{
    return memmem(text, len, word, strlen(word));
}

/* What stands between the lines of a PEM block, decoded; 0: none of this name. */
static size_t read_block(const char *text, size_t len, const char *begin, uint8_t der[DER_MAX])
{
    const char *start = find(text, len, begin), *end;
    struct base64_decode_ctx ctx;
    size_t der_len = DER_MAX;
    if (!start)
        return 0;
    start += strlen(begin);
    end = find(start, len - (size_t)(start - text), "-----END");
    if (!end || (size_t)(end - start) > DER_MAX)
        return 0;
    base64_decode_init(&ctx);
    if (!base64_decode_update(&ctx, &der_len, der, (size_t)(end - start), start) ||
        !base64_decode_final(&ctx))
        return 0;
    return der_len;
}

/* PKCS#8: version, algorithm, and the PKCS#1 key in an octet string. */
static uftp_bytes unwrap(const uint8_t *der, size_t len)
{
    struct asn1_der_iterator outer, inner;
    if (asn1_der_iterator_first(&outer, len, der) != ASN1_ITERATOR_CONSTRUCTED ||
        outer.type != ASN1_SEQUENCE ||
        asn1_der_decode_constructed(&outer, &inner) != ASN1_ITERATOR_PRIMITIVE ||
        asn1_der_iterator_next(&inner) != ASN1_ITERATOR_CONSTRUCTED ||
        asn1_der_iterator_next(&inner) != ASN1_ITERATOR_PRIMITIVE || inner.type != ASN1_OCTETSTRING)
        return (uftp_bytes){0};
    return (uftp_bytes){inner.data, inner.length};
}

static void write_blob(cap_weak_key *key)
{
    size_t len = key->open.size;
    uint8_t *b = key->blob;
    b[0] = 1;
    b[2] = (uint8_t)(len >> 8);
    b[3] = (uint8_t)len;
    nettle_mpz_get_str_256(4, b + 4, key->open.e);
    nettle_mpz_get_str_256(len, b + 8, key->open.n);
    key->blob_len = 8 + len;
}

int cap_weak_key_parse(const char *text, size_t len, cap_weak_key **out)
{
    uint8_t der[DER_MAX];
    size_t der_len = read_block(text, len, "-----BEGIN RSA PRIVATE KEY-----", der);
    uftp_bytes pkcs1 = {der, der_len};
    if (!der_len) {
        der_len = read_block(text, len, "-----BEGIN PRIVATE KEY-----", der);
        pkcs1 = unwrap(der, der_len);
    }
    cap_weak_key *key = calloc(1, sizeof *key);
    if (!key)
        return UFTP_ERR_MEMORY;
    rsa_public_key_init(&key->open);
    rsa_private_key_init(&key->secret);
    int err = UFTP_OK;
    if (pkcs1.len == 0 || !rsa_keypair_from_der(&key->open, &key->secret, CAP_WEAK_KEY_BITS_MAX,
                                                pkcs1.len, pkcs1.data))
        err = UFTP_ERR_FORMAT;
    else if (mpz_sizeinbase(key->open.n, 2) > CAP_WEAK_KEY_BITS_MAX ||
             mpz_sizeinbase(key->open.e, 2) > 32)
        err = UFTP_ERR_LIMIT;
    memset(der, 0, sizeof der);
    if (err < 0) {
        cap_weak_key_free(key);
        return err;
    }
    write_blob(key);
    *out = key;
    return UFTP_OK;
}

void cap_weak_key_free(cap_weak_key *key)
{
    if (!key)
        return;
    rsa_public_key_clear(&key->open);
    rsa_private_key_clear(&key->secret);
    free(key);
}

uftp_bytes cap_weak_key_blob(const cap_weak_key *key)
{
    return (uftp_bytes){key->blob, key->blob_len};
}

bool cap_weak_key_open(const cap_weak_key *key, uftp_bytes sealed,
                       uint8_t premaster[CAP_WEAK_PREMASTER_LEN])
{
    uint8_t message[MODULUS_MAX];
    size_t len = sizeof message;
    mpz_t number;
    if (sealed.len != key->open.size)
        return false;
    nettle_mpz_init_set_str_256_u(number, sealed.len, sealed.data);
    bool opened = mpz_cmp(number, key->open.n) < 0 &&
                  rsa_decrypt(&key->secret, &len, message, number) && len == CAP_WEAK_PREMASTER_LEN;
    mpz_clear(number);
    if (opened)
        memcpy(premaster, message, CAP_WEAK_PREMASTER_LEN);
    return opened;
}
