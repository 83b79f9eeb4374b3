/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *counted_alloc(void *ctx, size_t size)
{
    test_memory *memory = ctx;
    memory->allocations++;
    if (memory->allocations == memory->fail_at)
        return NULL;
    memory->live++;
    void *block = malloc(size ? size : 1);
    if (block)
        memset(block, 0xa5, size); /* a forgotten initialisation shows */
    return block;
}

static void counted_release(void *ctx, void *ptr)
{
    test_memory *memory = ctx;
    memory->live--;
    free(ptr);
}

void test_memory_init(test_memory *memory)
{
    *memory = (test_memory){
        .allocator = {.alloc = counted_alloc, .release = counted_release, .ctx = memory}};
}

uint64_t test_random_u64(test_random *random)
{
    uint64_t z = random->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

uint64_t test_random_below(test_random *random, uint64_t limit)
{
    return test_random_u64(random) % limit;
}

static void stream_fill(void *ctx, size_t len, uint8_t *dst)
{
    test_random *random = ctx;
    for (size_t i = 0; i < len; i++)
        dst[i] = (uint8_t)(test_random_u64(random) >> 32);
}

void test_random_init(test_random *random, uint64_t seed)
{
    *random = (test_random){.random = {.fill = stream_fill, .ctx = random}, .state = seed};
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

size_t test_unhex(const char *hex, uint8_t *out, size_t capacity)
{
    size_t len = 0;
    while (hex_digit(hex[0]) >= 0) {
        assert_true(hex_digit(hex[1]) >= 0);
        assert_true(len < capacity);
        out[len++] = (uint8_t)(hex_digit(hex[0]) << 4 | hex_digit(hex[1]));
        hex += 2;
    }
    return len;
}

char *test_read_file(const char *path, size_t *len)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    size_t capacity = 1 << 16, used = 0;
    char *bytes = malloc(capacity);
    while (bytes) {
        used += fread(bytes + used, 1, capacity - used - 1, file);
        if (used < capacity - 1)
            break;
        char *more = realloc(bytes, capacity *= 2);
        if (!more)
            free(bytes);
        bytes = more;
    }
    fclose(file);
    if (bytes) {
        bytes[used] = '\0';
        *len = used;
    }
    return bytes;
}
