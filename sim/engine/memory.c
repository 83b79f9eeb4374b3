/* SPDX-License-Identifier: MIT */
#include "engine/memory.h"

#include "base/assert.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *checked(void *block)
{
    if (!block) {
        fputs("sim: out of memory\n", stderr);
        abort();
    }
    return block;
}

void *sim_allocate(size_t size)
{
    return checked(calloc(1, size ? size : 1));
}

void *sim_reallocate(void *block, size_t size)
{
    return checked(realloc(block, size ? size : 1));
}

void sim_release(void *block)
{
    free(block);
}

char *sim_copy_text(const char *text)
{
    if (!text)
        return NULL;
    size_t size = strlen(text) + 1;
    return memcpy(sim_allocate(size), text, size);
}

/* In front of each block; its size keeps the block behind it aligned for any type. */
typedef union header {
    struct {
        sim_memory *owner; /* NULL once returned */
        size_t size;
    } of;
    max_align_t aligned;
} header;

static void *counted_alloc(void *ctx, size_t size)
{
    sim_memory *memory = ctx;
    memory->allocations++;
    bool fails =
        memory->fail_at != 0 && (memory->fail_onwards ? memory->allocations >= memory->fail_at
                                                      : memory->allocations == memory->fail_at);
    if (fails || size > SIZE_MAX - sizeof(header))
        return NULL;
    header *block = checked(malloc(sizeof *block + size));
    block->of.owner = memory;
    block->of.size = size;
    memset(block + 1, 0xa5, size);
    memory->live++;
    memory->live_bytes += size;
    if (memory->live_bytes > memory->peak_bytes)
        memory->peak_bytes = memory->live_bytes;
    return block + 1;
}

static void counted_release(void *ctx, void *ptr)
{
    sim_memory *memory = ctx;
    UFTP_ASSERT(ptr);
    header *block = (header *)ptr - 1;
    UFTP_ASSERT(block->of.owner == memory); /* someone else's, or returned twice */
    block->of.owner = NULL;
    memory->live--;
    memory->live_bytes -= block->of.size;
    memset(ptr, 0x5a, block->of.size);
    free(block);
}

void sim_memory_init(sim_memory *memory)
{
    *memory =
        (sim_memory){.core = {.alloc = counted_alloc, .release = counted_release, .ctx = memory}};
}
