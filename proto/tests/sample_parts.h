/* SPDX-License-Identifier: MIT
 *
 * What the tables of sample messages are made of: strings, and bytes that show where they came
 * from.
 */
#ifndef UFTP_TESTS_SAMPLE_PARTS_H
#define UFTP_TESTS_SAMPLE_PARTS_H

#include <stdint.h>

#define TEXT(s) \
    { \
        .data = (const uint8_t *)(s), .len = sizeof(s) - 1 \
    }
#define BLOB(first, count) \
    { \
        .data = pattern + (first), .len = (count) \
    }
#define UIDS(first, n) \
    { \
        .bytes = pattern + (first), .count = (n) \
    }

/* Stands for keys, random numbers, UIDs and data: byte i is i + 1, so that every field shows where
 * it came from. The codec does not look inside. */
static const uint8_t pattern[] = {
    1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16,  17,  18,  19,  20, 21,
    22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37,  38,  39,  40,  41, 42,
    43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58,  59,  60,  61,  62, 63,
    64, 65, 66, 67, 68, 69, 70, 71, 72, 73, 74, 75, 76, 77, 78, 79,  80,  81,  82,  83, 84,
    85, 86, 87, 88, 89, 90, 91, 92, 93, 94, 95, 96, 97, 98, 99, 100, 101, 102, 103, 104};

/* The first 32 of them, and so on. */
#define HEX_1_32 "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20"
#define HEX_33_52 "2122232425262728292a2b2c2d2e2f3031323334"
#define HEX_53_104 \
    "35363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f50" \
    "5152535455565758595a5b5c5d5e5f606162636465666768"

#endif
