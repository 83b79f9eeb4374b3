/* SPDX-License-Identifier: MIT */
#include <uftp/core.h>

#include "base/memory.h"

#define UFTP_ERROR_CASE(name, number, text) \
    case UFTP_ERR_##name: \
        return text;

const char *uftp_strerror(int err)
{
    switch ((uftp_error)err) {
        UFTP_ERRORS(UFTP_ERROR_CASE)
    case UFTP_OK:
        return "no error";
    }
    return "unknown error";
}

void *uftp_alloc(const uftp_allocator *memory, size_t count, size_t size)
{
    if (size && count > SIZE_MAX / size)
        return NULL;
    size_t len = count * size;
    void *block = memory->alloc(memory->ctx, len ? len : 1);
    if (block)
        memset(block, 0, len);
    return block;
}

void uftp_release(const uftp_allocator *memory, void *ptr)
{
    if (ptr)
        memory->release(memory->ctx, ptr);
}

uint64_t uftp_random_below(const uftp_random *random, uint64_t limit)
{
    /* Draw again where the last, incomplete stretch would favour small results. */
    uint64_t unbiased = UINT64_MAX - UINT64_MAX % limit;
    uint64_t value;
    do {
        uint8_t bytes[8];
        random->fill(random->ctx, sizeof bytes, bytes);
        value = 0;
        for (size_t i = 0; i < sizeof bytes; i++) /* not a cast: the same on every byte order */
            value = value << 8 | bytes[i];
    } while (value >= unbiased);
    return value % limit;
}
