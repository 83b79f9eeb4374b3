/* SPDX-License-Identifier: MIT */
#include "runtime/heap.h"

#include <stdlib.h>

static void *heap_alloc(void *ctx, size_t size)
{
    (void)ctx;
    return malloc(size ? size : 1); /* NULL means "no memory" and nothing else */
}

static void heap_release(void *ctx, void *ptr)
{
    (void)ctx;
    free(ptr);
}

const uftp_allocator uftp_heap = {.alloc = heap_alloc, .release = heap_release};
