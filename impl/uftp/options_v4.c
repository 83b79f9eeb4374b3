/* SPDX-License-Identifier: MIT */
#include "uftp/options_v4.h"

#include <string.h>

/* Programs of version 4 make RSA keys of 512 bits, which anybody can break in an hour. */
#define RSA_BITS_DEFAULT 2048

typedef struct choice {
    const char *name;
    int number;
} choice;

static const choice curves[] = {
    {"secp192r1", UFTP_CURVE_SECP192R1},  {"prime192v1", UFTP_CURVE_SECP192R1},
    {"secp224r1", UFTP_CURVE_SECP224R1},  {"secp256r1", UFTP_CURVE_SECP256R1},
    {"prime256v1", UFTP_CURVE_SECP256R1}, {"secp384r1", UFTP_CURVE_SECP384R1},
    {"secp521r1", UFTP_CURVE_SECP521R1},
};

static int find(const choice *choices, size_t count, const char *name, size_t len)
{
    for (size_t i = 0; i < count; i++)
        if (strlen(choices[i].name) == len && memcmp(choices[i].name, name, len) == 0)
            return choices[i].number;
    return -1;
}

void uftp_options_v4_defaults(uftp_sender_options *options)
{
    options->core.version = 4;
    options->core.plain = true;
    options->core.hash = UFTP_HASH_SHA1;
    options->core.key_exchange = UFTP_KEY_EXCHANGE_RSA;
    options->core.sigtype = UFTP_SIGTYPE_HMAC;
}

static int take_cipher(uftp_sender_options *o, const uftp_option_use *use, uftp_failure *failure)
{
    static const choice ciphers[] = {
        {"none", 0},
        {"des", UFTP_CIPHER_DES_CBC},
        {"3des", UFTP_CIPHER_3DES_CBC},
        {"aes128", UFTP_CIPHER_AES128_CBC}, /* as before there were other modes */
        {"aes256", UFTP_CIPHER_AES256_CBC},
        {"aes128-cbc", UFTP_CIPHER_AES128_CBC},
        {"aes256-cbc", UFTP_CIPHER_AES256_CBC},
        {"aes128-gcm", UFTP_CIPHER_AES128_GCM},
        {"aes256-gcm", UFTP_CIPHER_AES256_GCM},
        {"aes128-ccm", UFTP_CIPHER_AES128_CCM},
        {"aes256-ccm", UFTP_CIPHER_AES256_CCM},
    };
    int number = find(ciphers, sizeof ciphers / sizeof *ciphers, use->value, strlen(use->value));
    if (number < 0)
        return uftp_parse_refuse(use, failure,
                                 "a cipher of version 4: none, aes256-gcm, aes128-gcm, aes256-ccm, "
                                 "aes128-ccm, aes256-cbc, aes128-cbc, 3des or des");
    o->core.plain = number == 0;
    if (number)
        o->core.cipher = (uftp_cipher)number;
    return 0;
}

static int take_hash(uftp_sender_options *o, const uftp_option_use *use, uftp_failure *failure)
{
    static const choice hashes[] = {{"sha1", UFTP_HASH_SHA1},
                                    {"sha256", UFTP_HASH_SHA256},
                                    {"sha384", UFTP_HASH_SHA384},
                                    {"sha512", UFTP_HASH_SHA512}};
    int number = find(hashes, sizeof hashes / sizeof *hashes, use->value, strlen(use->value));
    if (number < 0)
        return uftp_parse_refuse(use, failure, "a hash: sha1, sha256, sha384 or sha512");
    o->core.hash = (uftp_hash)number;
    return 0;
}

static int take_exchange(uftp_sender_options *o, const uftp_option_use *use, uftp_failure *failure)
{
    static const choice exchanges[] = {{"rsa", UFTP_KEY_EXCHANGE_RSA},
                                       {"ecdh_rsa", UFTP_KEY_EXCHANGE_ECDH_RSA},
                                       {"ecdh_ecdsa", UFTP_KEY_EXCHANGE_ECDH_ECDSA}};
    const char *colon = strchr(use->value, ':');
    size_t len = colon ? (size_t)(colon - use->value) : strlen(use->value);
    int number = find(exchanges, sizeof exchanges / sizeof *exchanges, use->value, len);
    if (number < 0 || (colon && number == UFTP_KEY_EXCHANGE_RSA))
        return uftp_parse_refuse(use, failure,
                                 "a key exchange: rsa, ecdh_rsa[:CURVE] or ecdh_ecdsa[:CURVE]");
    o->core.key_exchange = (uftp_key_exchange)number;
    if (!colon)
        return 0;
    int curve = find(curves, sizeof curves / sizeof *curves, colon + 1, strlen(colon + 1));
    if (curve < 0)
        return uftp_parse_refuse(
            use, failure,
            "a curve we have: secp192r1, secp224r1, secp256r1, secp384r1 or secp521r1");
    o->core.ecdh_curve = (uftp_curve)curve;
    return 0;
}

static int take_sigtype(uftp_sender_options *o, const uftp_option_use *use, uftp_failure *failure)
{
    if (strcmp(use->value, "hmac") == 0)
        o->core.sigtype = UFTP_SIGTYPE_HMAC;
    else if (strcmp(use->value, "keyex") == 0)
        o->core.sigtype = UFTP_SIGTYPE_KEYEX;
    else
        return uftp_parse_refuse(use, failure, "a kind of packet signature: hmac or keyex");
    return 0;
}

/* Bits or a curve, or as in version 5. */
static int take_key_spec(uftp_sender_options *o, const uftp_option_use *use, uftp_failure *failure)
{
    uint64_t bits;
    o->has_key_spec = true;
    if (strchr(use->value, ':'))
        return uftp_parse_key_spec(use, &o->key_spec, failure);
    if (uftp_text_to_u64(use->value, 10, &bits)) {
        if (bits < UFTP_RSA_BITS_MIN || bits > UFTP_RSA_BITS_MAX || bits % 32 != 0)
            return uftp_parse_refuse(use, failure, "a key size we make: %d to %d, multiple of 32",
                                     UFTP_RSA_BITS_MIN, UFTP_RSA_BITS_MAX);
        o->key_spec = (uftp_key_spec){.type = UFTP_KEY_RSA, .bits = (uint16_t)bits};
        return 0;
    }
    uftp_curve curve = uftp_curve_parse(use->value);
    if (!curve)
        return uftp_parse_refuse(use, failure,
                                 "bits of RSA, or a curve: secp256r1, secp384r1 or secp521r1");
    o->key_spec = (uftp_key_spec){.type = UFTP_KEY_EC, .curve = curve};
    return 0;
}

int uftp_options_v4_take(uftp_sender_options *options, const uftp_option_use *use,
                         uftp_failure *failure)
{
    switch (use->option->id) {
    case 'Y':
        return take_cipher(options, use, failure);
    case 'h':
        return take_hash(options, use, failure);
    case 'e':
        return take_exchange(options, use, failure);
    case 'w':
        return take_sigtype(options, use, failure);
    case 'K':
        return take_key_spec(options, use, failure);
    }
    return -1;
}

/* Names the first thing that is broken, and the way out. */
static int check_legacy(const uftp_sender_config *core, uftp_failure *failure)
{
    const char *what = NULL;
    if (core->legacy_crypto)
        return 0;
    if (core->cipher <= UFTP_CIPHER_AES256_CBC)
        what = "a cipher in CBC mode (use -Y aes256-gcm)";
    else if (core->hash == UFTP_HASH_SHA1)
        what = "SHA-1, the default (use -h sha256)";
    else if (core->key_exchange == UFTP_KEY_EXCHANGE_RSA)
        what = "RSA key exchange, the default (use -e ecdh_rsa or -e ecdh_ecdsa)";
    if (!what)
        return 0;
    return uftp_fail(failure, UFTP_EXIT_ARGUMENTS,
                     "%s is not safe any more: it needs --legacy-crypto", what);
}

int uftp_options_v4_check(uftp_sender_options *options, uftp_failure *failure)
{
    const uftp_sender_config *core = &options->core;
    if (core->plain)
        return 0;
    int code = check_legacy(core, failure);
    if (code)
        return code;
    bool ec = core->key_exchange == UFTP_KEY_EXCHANGE_ECDH_ECDSA;
    if (!options->has_key_spec && !options->key_path) {
        options->has_key_spec = true;
        options->key_spec = ec ? (uftp_key_spec){.type = UFTP_KEY_EC, .curve = UFTP_CURVE_SECP256R1}
                               : (uftp_key_spec){.type = UFTP_KEY_RSA, .bits = RSA_BITS_DEFAULT};
    }
    if (options->has_key_spec && ec != (options->key_spec.type == UFTP_KEY_EC))
        return uftp_fail(failure, UFTP_EXIT_ARGUMENTS, "-K/--new-key: -e %s needs %s key",
                         ec ? "ecdh_ecdsa" : "rsa or ecdh_rsa", ec ? "an EC" : "an RSA");
    return 0;
}
