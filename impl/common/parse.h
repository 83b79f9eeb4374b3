/* SPDX-License-Identifier: MIT
 *
 * Values of options. All are strict: what does not fit whole is refused with a line that names the
 * option, the value and what was expected. Return 0 or UFTP_EXIT_ARGUMENTS.
 */
#ifndef UFTP_COMMON_PARSE_H
#define UFTP_COMMON_PARSE_H

#include "common/options.h"

#include <uftp/key.h>

#include <stdint.h>

typedef struct uftp_range {
    uint64_t min, max;
    const char *unit; /* for the message, "" when there is none */
    bool any_base;    /* 0x.. and leading-0 octal too (spec cli 1: -R, -Q) */
} uftp_range;

/* A path or another text that must not be empty; *out is the option's own. */
int uftp_parse_text(const uftp_option_use *use, const char **out, uftp_failure *failure);
int uftp_parse_number(const uftp_option_use *use, const uftp_range *range, uint64_t *out,
                      uftp_failure *failure);
/* The same for an int that may be negative (uftpd -N). */
int uftp_parse_signed(const uftp_option_use *use, int min, int max, int *out,
                      uftp_failure *failure);
#define UFTP_KBPS_MAX (UINT64_C(1) << 30) /* spec cli 2 */
#define UFTP_BYTES_PER_KBIT 128           /* 1024 bits */
/* "-1" is UINT64_MAX, otherwise 1..2^30 Kbps of 1024 bit/s as bytes per second (spec cli 1). */
int uftp_parse_rate(const uftp_option_use *use, uint64_t *bytes_per_s, uftp_failure *failure);
/* 1 to 8 hexadecimal digits, "0x" optional. 0 is allowed: derive it. */
int uftp_parse_uid(const uftp_option_use *use, uint32_t *out, uftp_failure *failure);

/* The group round trip time, "init" or "init:min:max" in seconds, each 0.001..1000. */
typedef struct uftp_grtt_range {
    uint64_t initial, min, max; /* ns; min and max keep their values when only init is given, but
                                   are widened to hold it */
} uftp_grtt_range;
int uftp_parse_grtt(const uftp_option_use *use, uftp_grtt_range *out, uftp_failure *failure);

int uftp_parse_hash(const uftp_option_use *use, uftp_hash *out, uftp_failure *failure);
int uftp_parse_curve(const uftp_option_use *use, uftp_curve *out, uftp_failure *failure);
/* "none" leaves *out and sets *plain; a cipher clears it. */
int uftp_parse_cipher(const uftp_option_use *use, uftp_cipher *out, bool *plain,
                      uftp_failure *failure);
int uftp_parse_key_spec(const uftp_option_use *use, uftp_key_spec *out, uftp_failure *failure);

/* Options that both programs have, with the same rules. */
int uftp_parse_buffer(const uftp_option_use *use, size_t *out, uftp_failure *failure);
int uftp_parse_dscp(const uftp_option_use *use, uint8_t *tos, uftp_failure *failure);
int uftp_parse_log_level(const uftp_option_use *use, int *out, uftp_failure *failure);
int uftp_parse_log_size(const uftp_option_use *use, uint64_t *bytes, uftp_failure *failure);
int uftp_parse_log_count(const uftp_option_use *use, unsigned *out, uftp_failure *failure);

/* The refusal every parser ends with: "-R/--rate: 'x' is not ...". */
int uftp_parse_refuse(const uftp_option_use *use, uftp_failure *failure, const char *expected, ...)
    __attribute__((format(printf, 3, 4)));

/* A whole text as an unsigned number; base 10, 16 or 0 (C notation). False for signs, blanks,
 * trailing garbage and overflow. */
bool uftp_text_to_u64(const char *text, int base, uint64_t *out);
/* Seconds with up to nine decimals as ns. */
bool uftp_text_to_ns(const char *text, size_t len, uint64_t *out);

#endif
