/* SPDX-License-Identifier: MIT */
#include "common/parse.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

int uftp_parse_refuse(const uftp_option_use *use, uftp_failure *failure, const char *expected, ...)
{
    char what[256], label[UFTP_OPTION_LABEL_MAX];
    va_list arguments;
    va_start(arguments, expected);
    vsnprintf(what, sizeof what, expected, arguments);
    va_end(arguments);
    return uftp_fail(failure, UFTP_EXIT_ARGUMENTS, "%s: '%s' is not %s",
                     uftp_option_label(use->option, label), use->value, what);
}

bool uftp_text_to_u64(const char *text, int base, uint64_t *out)
{
    /* strtoull() would let blanks and signs pass. */
    if (!isxdigit((unsigned char)text[0]))
        return false;
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, base);
    if (errno || *end || end == text)
        return false;
    *out = value;
    return true;
}

bool uftp_text_to_ns(const char *text, size_t len, uint64_t *out)
{
    uint64_t whole = 0, part = 0;
    size_t at = 0, digits = 0, decimals = 0;
    for (; at < len && isdigit((unsigned char)text[at]); at++, digits++) {
        whole = whole * 10 + (uint64_t)(text[at] - '0');
        if (whole > UINT64_MAX / UFTP_S(10))
            return false;
    }
    if (at < len && text[at] == '.')
        for (at++; at < len && isdigit((unsigned char)text[at]); at++, digits++, decimals++)
            part = part * 10 + (uint64_t)(text[at] - '0');
    if (at < len || !digits || decimals > 9)
        return false;
    for (; decimals < 9; decimals++)
        part *= 10;
    *out = UFTP_S(whole) + part;
    return true;
}

int uftp_parse_text(const uftp_option_use *use, const char **out, uftp_failure *failure)
{
    if (!*use->value)
        return uftp_parse_refuse(use, failure, "allowed here: it is empty");
    *out = use->value;
    return 0;
}

int uftp_parse_number(const uftp_option_use *use, const uftp_range *range, uint64_t *out,
                      uftp_failure *failure)
{
    uint64_t value;
    if (!uftp_text_to_u64(use->value, range->any_base ? 0 : 10, &value) || value < range->min ||
        value > range->max)
        return uftp_parse_refuse(use, failure, "a number from %" PRIu64 " to %" PRIu64 "%s%s",
                                 range->min, range->max, range->unit ? " " : "",
                                 range->unit ? range->unit : "");
    *out = value;
    return 0;
}

int uftp_parse_signed(const uftp_option_use *use, int min, int max, int *out, uftp_failure *failure)
{
    bool negative = use->value[0] == '-';
    uint64_t value;
    if (!uftp_text_to_u64(use->value + negative, 10, &value) || value > INT32_MAX ||
        (negative ? -(int)value : (int)value) < min || (negative ? -(int)value : (int)value) > max)
        return uftp_parse_refuse(use, failure, "a number from %d to %d", min, max);
    *out = negative ? -(int)value : (int)value;
    return 0;
}

int uftp_parse_rate(const uftp_option_use *use, uint64_t *bytes_per_s, uftp_failure *failure)
{
    uint64_t kbps;
    if (strcmp(use->value, "-1") == 0) {
        *bytes_per_s = UINT64_MAX;
        return 0;
    }
    if (!uftp_text_to_u64(use->value, 0, &kbps) || kbps < 1 || kbps > UFTP_KBPS_MAX)
        return uftp_parse_refuse(
            use, failure, "a rate from 1 to %" PRIu64 " Kbps, or -1 for no limit", UFTP_KBPS_MAX);
    *bytes_per_s = kbps * UFTP_BYTES_PER_KBIT;
    return 0;
}

int uftp_parse_uid(const uftp_option_use *use, uint32_t *out, uftp_failure *failure)
{
    uint64_t value;
    if (!uftp_text_to_u64(use->value, 16, &value) || value >= UINT32_MAX)
        return uftp_parse_refuse(use, failure, "a UID: 1 to 8 hexadecimal digits, not all f");
    *out = (uint32_t)value;
    return 0;
}

int uftp_parse_grtt(const uftp_option_use *use, uftp_grtt_range *out, uftp_failure *failure)
{
    uint64_t values[3];
    size_t count = 0;
    const char *at = use->value;
    for (bool more = true; more && count < 3; count++) {
        size_t len = strcspn(at, ":");
        if (!uftp_text_to_ns(at, len, &values[count]) || values[count] < UFTP_MS(1) ||
            values[count] > UFTP_S(1000))
            return uftp_parse_refuse(use, failure,
                                     "init or init:min:max, each 0.001 to 1000 seconds");
        more = at[len] == ':';
        at += len + more;
        if (more && count == 2)
            count = 3; /* a fourth value */
    }
    if (count == 2 || count > 3)
        return uftp_parse_refuse(use, failure, "init or init:min:max, each 0.001 to 1000 seconds");
    out->initial = values[0];
    if (count == 3) {
        out->min = values[1];
        out->max = values[2];
        if (out->min > out->initial || out->initial > out->max)
            return uftp_parse_refuse(use, failure, "init:min:max with min <= init <= max");
    }
    if (out->min > out->initial)
        out->min = out->initial;
    if (out->max < out->initial)
        out->max = out->initial;
    return 0;
}

typedef struct choice {
    const char *name;
    int number;
} choice;

static int find_choice(const choice *choices, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(choices[i].name, name) == 0)
            return choices[i].number;
    return -1;
}

int uftp_parse_hash(const uftp_option_use *use, uftp_hash *out, uftp_failure *failure)
{
    static const choice hashes[] = {
        {"sha256", UFTP_HASH_SHA256}, {"sha384", UFTP_HASH_SHA384}, {"sha512", UFTP_HASH_SHA512}};
    int number = find_choice(hashes, sizeof hashes / sizeof *hashes, use->value);
    if (number < 0)
        return uftp_parse_refuse(use, failure, "a hash: sha256, sha384 or sha512");
    *out = (uftp_hash)number;
    return 0;
}

int uftp_parse_cipher(const uftp_option_use *use, uftp_cipher *out, bool *plain,
                      uftp_failure *failure)
{
    static const choice ciphers[] = {{"none", 0},
                                     {"aes128-gcm", UFTP_CIPHER_AES128_GCM},
                                     {"aes256-gcm", UFTP_CIPHER_AES256_GCM},
                                     {"aes128-ccm", UFTP_CIPHER_AES128_CCM},
                                     {"aes256-ccm", UFTP_CIPHER_AES256_CCM}};
    int number = find_choice(ciphers, sizeof ciphers / sizeof *ciphers, use->value);
    if (number < 0)
        return uftp_parse_refuse(
            use, failure, "a cipher: aes256-gcm, aes128-gcm, aes256-ccm, aes128-ccm or none");
    *plain = number == 0;
    if (number)
        *out = (uftp_cipher)number;
    return 0;
}

int uftp_parse_curve(const uftp_option_use *use, uftp_curve *out, uftp_failure *failure)
{
    uftp_curve curve = uftp_curve_parse(use->value);
    if (!curve)
        return uftp_parse_refuse(use, failure, "a curve: secp256r1, secp384r1 or secp521r1");
    *out = curve;
    return 0;
}

int uftp_parse_key_spec(const uftp_option_use *use, uftp_key_spec *out, uftp_failure *failure)
{
    int err = uftp_key_spec_parse(use->value, out);
    if (err == UFTP_ERR_LIMIT)
        return uftp_parse_refuse(use, failure,
                                 "a key size we make: rsa:%d to rsa:%d, multiple of 32",
                                 UFTP_RSA_BITS_MIN, UFTP_RSA_BITS_MAX);
    if (err < 0)
        return uftp_parse_refuse(use, failure,
                                 "a key: ec:secp256r1, ec:secp384r1, ec:secp521r1 or rsa:BITS");
    return 0;
}

int uftp_parse_buffer(const uftp_option_use *use, size_t *out, uftp_failure *failure)
{
    const uftp_range range = {.min = 65536, .max = 104857600, .unit = "bytes"};
    uint64_t value;
    int code = uftp_parse_number(use, &range, &value, failure);
    if (!code)
        *out = (size_t)value;
    return code;
}

int uftp_parse_dscp(const uftp_option_use *use, uint8_t *tos, uftp_failure *failure)
{
    const uftp_range range = {.min = 0, .max = 63, .any_base = true};
    uint64_t value;
    int code = uftp_parse_number(use, &range, &value, failure);
    if (!code)
        *tos = (uint8_t)(value << 2); /* the low two bits are ECN */
    return code;
}

int uftp_parse_log_level(const uftp_option_use *use, int *out, uftp_failure *failure)
{
    const uftp_range range = {.min = 0, .max = INT32_MAX};
    uint64_t value;
    int code = uftp_parse_number(use, &range, &value, failure);
    if (!code)
        *out = value > 5 ? 5 : (int)value; /* documented 0..5, more is accepted (spec cli 1) */
    return code;
}

int uftp_parse_log_size(const uftp_option_use *use, uint64_t *bytes, uftp_failure *failure)
{
    const uftp_range range = {.min = 1, .max = 1024, .unit = "MB"};
    uint64_t value;
    int code = uftp_parse_number(use, &range, &value, failure);
    if (!code)
        *bytes = value * 1000000; /* spec cli 1: not 2^20 */
    return code;
}

int uftp_parse_log_count(const uftp_option_use *use, unsigned *out, uftp_failure *failure)
{
    const uftp_range range = {.min = 1, .max = 1000};
    uint64_t value;
    int code = uftp_parse_number(use, &range, &value, failure);
    if (!code)
        *out = (unsigned)value;
    return code;
}
