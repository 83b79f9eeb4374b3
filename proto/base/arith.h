/* SPDX-License-Identifier: MIT
 *
 * Integer arithmetic that C has no operator for. Rates, times and packet counts multiply beyond 64
 * bits, and roots and logarithms of a C library differ from machine to machine in the last digit.
 */
#ifndef UFTP_BASE_ARITH_H
#define UFTP_BASE_ARITH_H

#include <stdbool.h>
#include <stdint.h>

/* floor(a * b / c) with a product of up to 128 bits; UINT64_MAX when that does not fit. c is not 0.
 */
uint64_t uftp_mul_div(uint64_t a, uint64_t b, uint64_t c);

/* floor(sqrt(value)). */
uint32_t uftp_root(uint64_t value);

/* log2(value) in units of 2^-24, rounded down to within two of them; value is not 0. */
uint32_t uftp_log2(uint64_t value);
#define UFTP_LOG2_BITS 24

#endif
