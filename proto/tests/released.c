/* SPDX-License-Identifier: MIT */
#include "released.h"

#include <nettle/bignum.h>

#include <stdlib.h>
#include <string.h>

#define WINDOW 8
#define HEADER_LEN 16 /* keeps the alignment of malloc */

static uint8_t seen[1 << 16];
static size_t seen_len;
static bool recording;

static void record(const void *block, size_t len)
{
    if (!recording)
        return;
    assert_true(len <= sizeof seen - seen_len);
    memcpy(seen + seen_len, block, len);
    seen_len += len;
}

static void *sized_alloc(void *ctx, size_t size)
{
    (void)ctx;
    uint8_t *block = malloc(HEADER_LEN + size);
    if (!block)
        return NULL;
    memcpy(block, &size, sizeof size);
    return block + HEADER_LEN;
}

static void sized_release(void *ctx, void *ptr)
{
    (void)ctx;
    size_t size;
    uint8_t *block = (uint8_t *)ptr - HEADER_LEN;
    memcpy(&size, block, sizeof size);
    record(ptr, size);
    free(block);
}

const uftp_allocator released_allocator = {.alloc = sized_alloc, .release = sized_release};

static void gmp_release(void *ptr, size_t size)
{
    record(ptr, size);
    free(ptr);
}

static void *gmp_resize(void *ptr, size_t old_size, size_t size)
{
    void *block = malloc(size);
    assert_non_null(block);
    memcpy(block, ptr, old_size < size ? old_size : size);
    gmp_release(ptr, old_size);
    return block;
}

void released_start(void)
{
    seen_len = 0;
    recording = true;
    mp_set_memory_functions(malloc, gmp_resize, gmp_release);
}

void released_stop(void)
{
    recording = false;
    mp_set_memory_functions(NULL, NULL, NULL);
}

size_t released_len(void)
{
    return seen_len;
}

bool released_contains(const uint8_t *secret, size_t len)
{
    for (size_t at = 0; at + WINDOW <= len; at++) {
        uint8_t reversed[WINDOW];
        for (size_t i = 0; i < WINDOW; i++)
            reversed[i] = secret[at + WINDOW - 1 - i];
        for (size_t i = 0; i + WINDOW <= seen_len; i++)
            if (memcmp(seen + i, secret + at, WINDOW) == 0 ||
                memcmp(seen + i, reversed, WINDOW) == 0)
                return true;
    }
    return false;
}
