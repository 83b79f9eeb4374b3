/* SPDX-License-Identifier: MIT
 *
 * What every other header of the core builds on: errors, time, memory and randomness. The core owns
 * none of them: it is handed each as an argument, so that a simulator, a fuzzer and a real program
 * drive the same code, and two runs with the same inputs give the same bytes.
 */
#ifndef UFTP_CORE_H
#define UFTP_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Time is unsigned nanoseconds of an arbitrary monotonic clock. A driver reads its clock once per
 * turn, hands that value to every call of the turn, and never goes back. */
#define UFTP_NEVER UINT64_MAX
#define UFTP_US(n) (UINT64_C(1000) * (n))
#define UFTP_MS(n) (UINT64_C(1000000) * (n))
#define UFTP_S(n) (UINT64_C(1000000000) * (n))

/* The largest datagram any role builds or accepts (spec v5 5: "datagram buffer"). */
#define UFTP_DATAGRAM_MAX 9000
/* The most bytes and datagrams one train may hold: what one UDP GSO call can carry. */
#define UFTP_TRAIN_BYTES_MAX 65507
#define UFTP_TRAIN_SEGMENTS_MAX 64

/* name, number, text: feeds the enum, uftp_strerror() and the manual. */
#define UFTP_ERRORS(X) \
    X(TRUNCATED, -1, "message ends inside a field") \
    X(VERSION, -2, "wire version not spoken here") \
    X(SPACE, -3, "output buffer too small") \
    X(MALFORMED, -4, "field value not allowed by the protocol") \
    X(UNSUPPORTED, -5, "algorithm or feature not supported") \
    X(AUTH, -6, "authentication failed") \
    X(MEMORY, -7, "out of memory") \
    X(KEY, -8, "key cannot be used") \
    X(LIMIT, -9, "limit exceeded") \
    X(NOT_FOUND, -10, "no such file or directory") \
    X(EXISTS, -11, "already exists") \
    X(ACCESS, -12, "permission denied") \
    X(NO_SPACE, -13, "no space left") \
    X(IO, -14, "input/output error") \
    X(NAME, -15, "name not allowed") \
    X(KIND, -16, "not the expected kind of file") \
    X(FORMAT, -17, "file format not understood") \
    X(ARGUMENT, -18, "configuration not allowed") \
    X(INCOMPLETE, -19, "not all of it arrived")

#define UFTP_ERROR_ENUM(name, number, text) UFTP_ERR_##name = (number),
typedef enum uftp_error { UFTP_OK = 0, UFTP_ERRORS(UFTP_ERROR_ENUM) } uftp_error;
#undef UFTP_ERROR_ENUM

/* The text of an error, never NULL; "unknown error" for a number that is not ours. */
const char *uftp_strerror(int err);

/* Memory as the caller gives it. `alloc` returns NULL when there is none; its bytes are
 * uninitialised. `release` is never handed NULL. */
typedef struct uftp_allocator {
    void *(*alloc)(void *ctx, size_t size);
    void (*release)(void *ctx, void *ptr);
    void *ctx;
} uftp_allocator;

/* Randomness as the caller gives it, of cryptographic quality in a real program. The argument order
 * is that of nettle_random_func, so that it passes straight to Nettle. It cannot fail: a driver
 * that runs out of entropy ends the program. */
typedef struct uftp_random {
    void (*fill)(void *ctx, size_t len, uint8_t *dst);
    void *ctx;
} uftp_random;

/* Read-only bytes that belong to someone else (a datagram, a key). */
typedef struct uftp_bytes {
    const uint8_t *data;
    size_t len;
} uftp_bytes;

/* A stretch of memory to read into or write from; several make one gathered transfer. */
typedef struct uftp_slice {
    uint8_t *data;
    size_t len;
} uftp_slice;

#ifdef __cplusplus
}
#endif
#endif
