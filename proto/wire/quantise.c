/* SPDX-License-Identifier: MIT
 *
 * The quantised numbers of the wire in integers only. The protocol defines them in floating point
 * with logarithms (spec v5 2); what matters of that are the exact values at which a byte changes,
 * and these can be compared without rounding.
 */
#include <uftp/quantise.h>

/* spec v5 2.1: below 33 us the byte counts microseconds, above it is logarithmic. */
#define GRTT_LINEAR_LAST 31
#define GRTT_LINEAR_END UINT64_C(33000)
#define GRTT_MIN UINT64_C(1000)
#define GRTT_MAX UINT64_C(1000000000000)

/* floor(10^15 / exp((255 - q) / 13)): what bytes 32..255 stand for, in picoseconds. Computed with
 * 60 decimal digits. None but the last is a whole number, so an interval in whole nanoseconds is
 * at most the true value exactly when it is at most the floor. */
static const uint64_t grtt_picoseconds[224] = {
    35495988,        38334211,        41399377,        44709629,         48284567,
    52145352,        56314843,        60817721,        65680645,         70932404,
    76604088,        82729274,        89344225,        96488099,         104203191,
    112535174,       121533374,       131251061,       141745765,        153079614,
    165319707,       178538506,       192814266,       208231502,        224881484,
    242862783,       262281848,       283253642,       305902320,        330361963,
    356777376,       385304938,       416113535,       449385557,        485317976,
    524123516,       566031908,       611291253,       660169490,        712955982,
    769963229,       831528719,       898016923,       969821458,        1047367411,
    1131113861,      1221556594,      1319231037,      1424715431,       1538634251,
    1661661906,      1794526730,      1938015292,      2092977055,       2260329406,
    2441063084,      2636248046,      2847039802,      3074686256,       3320535093,
    3586041756,      3872778067,      4182441526,      4516865366,       4878029401,
    5268071751,      5689301498,      6144212353,      6635497425,       7166065160,
    7739056560,      8357863779,      9026150204,      9747872143,       10527302246,
    11369054801,     12278113047,     13259858681,     14320103714,      15465124878,
    16701700790,     18037152074,     19479384706,     21036936817,      22719029236,
    24535620081,     26497463713,     28616174399,     30904295072,      33375371584,
    36044032901,     38926077707,     42038567933,     45399929762,      49030062720,
    52950457477,     57184323076,     61756724332,     66694730218,      72027574113,
    77786826871,     84006583716,     90723666095,     97977839661,      105812049686,
    114272675307,    123409804086,    133277528541,    143934266369,     155443106291,
    167872181538,    181295073206,    195791245861,    211446517977,     228353569987,
    246612492959,    266331381142,    287626971895,    310625336776,     335462627902,
    362285883975,    391253900764,    422538171192,    456323900581,     492811103086,
    532215785796,    574771227508,    620729359760,    670362258282,     723963753709,
    781851171078,    844367208419,    911881965554,    984795135116,     1063538368762,
    1148577832582,   1240416966840,   1339599466383,   1446712499349,    1562390183258,
    1687317339027,   1822233545174,   1967937516170,   2125291830901,    2295228039192,
    2478752176666,   2676950720543,   2890997021676,   3122158250879,    3371802900676,
    3641408886883,   3932572297987,   4247016844113,   4586604061523,    4953344333055,
    5349408789750,   5777142164111,   6239076671107,   6737946999085,    7276706499332,
    7858544670151,   8486906038938,   9165510554053,   9898375607203,    10689839816720,
    11544588712512,  12467682474775,  13464585890646,  14541200706177,   15703900565128,
    16959568741435,  18315638888734,  19780139048165,  21361739175007,   23069802465486,
    24914440787632,  26906574544324,  29057997322928,  31381445714257,   33890674714179,
    36600539154270,  39527081643578,  42687627542115,  46100887528346,   49787068367863,
    53767992539021,  58067227423703,  62710224828071,  67724471659240,   73139652649916,
    78987826094328,  85303613635838,  92124405229769,  99490580494858,   107445747763756,
    116037002247760, 125315204844137, 135335283236612, 146156557071542,  157843089134851,
    170464064608728, 184094200653304, 198814188738074, 214711172341697,  231879262848192,
    250420096693679, 270443437062015, 292067823691414, 315421274638947,  340642044157441,
    367879441171442, 397294713197711, 429062000943108, 463369369231175,  500419920360570,
    540432996486534, 583645478143574, 630313186596719, 680712398323385,  735141480591684,
    793922657817951, 857403919160441, 925961078642315, 1000000000000000,
};

uint8_t uftp_grtt_quantise(uint64_t interval)
{
    if (interval < GRTT_MIN)
        interval = GRTT_MIN;
    if (interval > GRTT_MAX)
        interval = GRTT_MAX;
    if (interval < GRTT_LINEAR_END)
        return (uint8_t)(interval / 1000 > GRTT_LINEAR_LAST ? GRTT_LINEAR_LAST
                                                            : interval / 1000 - 1);
    /* The first byte that stands for at least the interval: rounding up. The last one does, since
     * its value is GRTT_MAX. */
    size_t low = 0, high = sizeof grtt_picoseconds / sizeof *grtt_picoseconds - 1;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (grtt_picoseconds[middle] >= interval * 1000)
            high = middle;
        else
            low = middle + 1;
    }
    return (uint8_t)(GRTT_LINEAR_LAST + 1 + low);
}

uint64_t uftp_grtt_expand(uint8_t byte)
{
    if (byte <= GRTT_LINEAR_LAST)
        return UINT64_C(1000) * (byte + 1u);
    return (grtt_picoseconds[byte - GRTT_LINEAR_LAST - 1] + 500) / 1000;
}

/* 2.2: mantissa in bits 7..3, exponent in bits 2..0; value = mantissa * 10/32 * 10^exponent. */
#define SIZE_MANTISSAS 32
#define SIZE_EXPONENT_MAX 7

/* round(count * 32 / unit), halves up; unit = 10^(exponent + 1). */
static uint64_t size_mantissa(uint64_t count, uint64_t unit)
{
    return (count * 2 * SIZE_MANTISSAS + unit) / (2 * unit);
}

uint8_t uftp_size_quantise(uint32_t count)
{
    unsigned exponent = 0;
    uint64_t unit = 10;
    for (; count >= unit; unit *= 10)
        exponent++;
    uint64_t mantissa = size_mantissa(count, unit);
    if (mantissa == SIZE_MANTISSAS) {
        exponent++;
        mantissa = size_mantissa(count, unit * 10);
    }
    if (exponent > SIZE_EXPONENT_MAX) /* past about 10^8: the largest there is */
        return UINT8_MAX;
    return (uint8_t)(mantissa << 3 | exponent);
}

uint32_t uftp_size_expand(uint8_t byte)
{
    uint64_t value = (byte >> 3) * UINT64_C(3125); /* in 1/10000 */
    for (unsigned exponent = byte & 7; exponent > 0; exponent--)
        value *= 10;
    return (uint32_t)((value + 5000) / 10000);
}

/* 2.3: mantissa in bits 15..4, exponent in bits 3..0; value = mantissa * 10/4096 * 10^exponent. */
#define RATE_MANTISSA_BITS 12
#define RATE_EXPONENT_MAX 15

/* round(rate * 4096 / unit), halves up, for rate <= unit: a long division in binary, because
 * rate * 4096 may not fit. */
static unsigned rate_mantissa(uint64_t rate, uint64_t unit)
{
    unsigned mantissa = (unsigned)(rate / unit);
    uint64_t rest = rate % unit;
    for (int bit = 0; bit < RATE_MANTISSA_BITS; bit++) {
        rest *= 2;
        mantissa = mantissa << 1 | (rest >= unit);
        if (rest >= unit)
            rest -= unit;
    }
    return mantissa + (rest * 2 >= unit);
}

uint16_t uftp_rate_quantise(uint64_t bytes_per_s)
{
    unsigned exponent = 0;
    uint64_t unit = 10; /* 10^(exponent + 1) */
    for (; bytes_per_s > unit; unit *= 10)
        if (++exponent > RATE_EXPONENT_MAX)
            return UINT16_MAX;
    unsigned mantissa = rate_mantissa(bytes_per_s, unit);
    if (mantissa == 1u << RATE_MANTISSA_BITS) {
        if (++exponent > RATE_EXPONENT_MAX)
            return UINT16_MAX;
        mantissa = rate_mantissa(bytes_per_s, unit * 10);
    }
    return (uint16_t)(mantissa << 4 | exponent);
}

uint64_t uftp_rate_expand(uint16_t word)
{
    /* mantissa * 10^(e+1) / 2^12 = mantissa * 5^(e+1) * 2^(e+1-12), truncated. */
    unsigned power = (word & 15u) + 1;
    uint64_t value = word >> 4;
    for (unsigned i = 0; i < power; i++)
        value *= 5;
    return power >= RATE_MANTISSA_BITS ? value << (power - RATE_MANTISSA_BITS)
                                       : value >> (RATE_MANTISSA_BITS - power);
}
