/* SPDX-License-Identifier: MIT
 *
 * Numbers with units, exactly: decimals are scaled in integers, so no rounding of floating point
 * decides about a digest.
 */
#include "run/schema.h"

#include <string.h>

typedef struct unit {
    sim_field_kind kind;
    const char *name;
    uint64_t numerator, denominator; /* one of it in the kind's own unit */
} unit;

#define KIB UINT64_C(1024)
static const unit units[] = {
    {SIM_FIELD_COUNT, "", 1, 1},
    {SIM_FIELD_COUNT, "k", 1000, 1},
    {SIM_FIELD_COUNT, "M", 1000000, 1},
    {SIM_FIELD_SIZE, "", 1, 1},
    {SIM_FIELD_SIZE, "B", 1, 1},
    {SIM_FIELD_SIZE, "kB", 1000, 1},
    {SIM_FIELD_SIZE, "MB", 1000000, 1},
    {SIM_FIELD_SIZE, "GB", 1000000000, 1},
    {SIM_FIELD_SIZE, "KiB", KIB, 1},
    {SIM_FIELD_SIZE, "MiB", KIB *KIB, 1},
    {SIM_FIELD_SIZE, "GiB", KIB *KIB *KIB, 1},
    {SIM_FIELD_TIME, "ns", 1, 1},
    {SIM_FIELD_TIME, "us", 1000, 1},
    {SIM_FIELD_TIME, "ms", 1000000, 1},
    {SIM_FIELD_TIME, "s", 1000000000, 1},
    {SIM_FIELD_TIME, "min", UINT64_C(60000000000), 1},
    {SIM_FIELD_TIME, "h", UINT64_C(3600000000000), 1},
    {SIM_FIELD_TIME, "d", UINT64_C(86400000000000), 1},
    {SIM_FIELD_RATE, "B/s", 1, 1},
    {SIM_FIELD_RATE, "kB/s", 1000, 1},
    {SIM_FIELD_RATE, "MB/s", 1000000, 1},
    {SIM_FIELD_RATE, "GB/s", 1000000000, 1},
    {SIM_FIELD_RATE, "bit/s", 1, 8},
    {SIM_FIELD_RATE, "kbit/s", 1000, 8},
    {SIM_FIELD_RATE, "Mbit/s", 1000000, 8},
    {SIM_FIELD_RATE, "Gbit/s", 1000000000, 8},
    {SIM_FIELD_SHARE, "", 1000000, 1},
    {SIM_FIELD_SHARE, "%", 10000, 1},
    {SIM_FIELD_SHARE, "ppm", 1, 1},
};
#define UNITS (sizeof units / sizeof *units)

#define DECIMALS_MAX 9

/* "12.5" as 125 and 10. */
static bool read_decimal(const char **at, uint64_t *mantissa, uint64_t *scale)
{
    const char *p = *at;
    bool digits = false, point = false;
    unsigned decimals = 0;
    *mantissa = 0;
    *scale = 1;
    for (; (*p >= '0' && *p <= '9') || *p == '_' || (*p == '.' && !point); p++) {
        if (*p == '.')
            point = true;
        if (*p == '.' || *p == '_')
            continue;
        if (*mantissa > (UINT64_MAX - 9) / 10 || (point && ++decimals > DECIMALS_MAX))
            return false;
        *mantissa = 10 * *mantissa + (uint64_t)(*p - '0');
        *scale *= point ? 10 : 1;
        digits = true;
    }
    *at = p;
    return digits;
}

static bool scale_by(const unit *u, uint64_t mantissa, uint64_t scale, uint64_t *out)
{
    if (mantissa > UINT64_MAX / u->numerator)
        return false;
    uint64_t product = mantissa * u->numerator, divisor = scale * u->denominator;
    *out = product / divisor;
    return product % divisor == 0 || *out > 0; /* what rounds to nothing was not meant */
}

bool sim_value_parse(sim_field_kind kind, const char *text, uint64_t *out)
{
    /* What has a sign has it before it comes here. */
    kind = kind == SIM_FIELD_OFFSET  ? SIM_FIELD_TIME
           : kind == SIM_FIELD_DRIFT ? SIM_FIELD_SHARE
                                     : kind;
    if (kind == SIM_FIELD_RATE && strcmp(text, "unlimited") == 0) {
        *out = UINT64_MAX;
        return true;
    }
    uint64_t mantissa, scale;
    if (!read_decimal(&text, &mantissa, &scale))
        return false;
    while (*text == ' ')
        text++;
    if (mantissa == 0 && !*text) { /* nothing is nothing in every unit */
        *out = 0;
        return true;
    }
    for (size_t i = 0; i < UNITS; i++)
        if (units[i].kind == kind && strcmp(units[i].name, text) == 0)
            return scale_by(&units[i], mantissa, scale, out);
    return false;
}

const char *sim_value_example(sim_field_kind kind)
{
    switch (kind) {
    case SIM_FIELD_FLAG:
        return "true or false";
    case SIM_FIELD_COUNT:
        return "a number";
    case SIM_FIELD_SIZE:
        return "a size, such as 64KiB or 50MB";
    case SIM_FIELD_TIME:
        return "a time, such as 250ms or 10min";
    case SIM_FIELD_RATE:
        return "a rate, such as 500kB/s or 10Mbit/s";
    case SIM_FIELD_SHARE:
        return "a share, such as 1% or 250ppm";
    case SIM_FIELD_OFFSET:
        return "a time that may be negative, such as 250ms or -9h";
    case SIM_FIELD_DRIFT:
        return "a share that may be negative, such as 50ppm or -1%";
    case SIM_FIELD_TEXT:
    case SIM_FIELD_CHOICE:
        return "a word";
    case SIM_FIELD_OBJECT:
        return "a mapping of keys to values";
    case SIM_FIELD_LIST:
        return "a mapping, or a list of mappings";
    }
    return "";
}
