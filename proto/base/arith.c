/* SPDX-License-Identifier: MIT */
#include "base/arith.h"

#include "base/assert.h"

/* The product as two words, from products of halves. */
static uint64_t multiply(uint64_t a, uint64_t b, uint64_t *high)
{
    uint64_t a0 = (uint32_t)a, a1 = a >> 32, b0 = (uint32_t)b, b1 = b >> 32;
    uint64_t low = a0 * b0;
    uint64_t middle = a1 * b0 + (low >> 32); /* (2^32-1)^2 + 2^32-1 < 2^64 */
    uint64_t other = a0 * b1 + (uint32_t)middle;
    *high = a1 * b1 + (middle >> 32) + (other >> 32);
    return other << 32 | (uint32_t)low;
}

uint64_t uftp_mul_div(uint64_t a, uint64_t b, uint64_t c)
{
    UFTP_ASSERT(c != 0);
    uint64_t high, low = multiply(a, b, &high);
    if (high == 0)
        return low / c;
    if (high >= c)
        return UINT64_MAX;
    for (int bit = 0; bit < 64; bit++) { /* `high` is the rest; the quotient follows `low` in */
        uint64_t carry = high >> 63;
        high = high << 1 | low >> 63;
        low <<= 1;
        if (carry || high >= c) {
            high -= c;
            low |= 1;
        }
    }
    return low;
}

uint32_t uftp_root(uint64_t value)
{
    uint64_t rest = value, root = 0;
    for (uint64_t bit = UINT64_C(1) << 62; bit; bit >>= 2) {
        bool fits = rest >= root + bit;
        if (fits)
            rest -= root + bit;
        root = (root >> 1) + (fits ? bit : 0);
    }
    return (uint32_t)root;
}

uint32_t uftp_log2(uint64_t value)
{
    UFTP_ASSERT(value != 0);
    uint32_t whole = 63 - (uint32_t)__builtin_clzll(value);
    /* In [1, 2) as a fraction of 2^31; each squaring yields one more digit of its logarithm. */
    uint64_t x = whole > 31 ? value >> (whole - 31) : value << (31 - whole);
    uint32_t digits = whole;
    for (int bit = 0; bit < UFTP_LOG2_BITS; bit++) {
        x = x * x >> 31;
        uint32_t digit = (uint32_t)(x >> 32);
        x >>= digit;
        digits = digits << 1 | digit;
    }
    return digits;
}
