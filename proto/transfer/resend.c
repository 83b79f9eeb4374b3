/* SPDX-License-Identifier: MIT */
#include "transfer/resend.h"

#include "base/memory.h"

#define WORD_BITS 64

int uftp_resend_init(uftp_resend *resend, const uftp_allocator *memory, uint32_t blocks,
                     bool wanted)
{
    size_t words = ((size_t)blocks + WORD_BITS - 1) / WORD_BITS;
    *resend = (uftp_resend){.memory = memory, .blocks = blocks};
    resend->words = uftp_alloc(memory, words, sizeof *resend->words);
    if (!resend->words)
        return UFTP_ERR_MEMORY;
    if (wanted && blocks > 0) {
        memset(resend->words, 0xff, words * sizeof *resend->words);
        if (blocks % WORD_BITS) /* bits behind the last block stay clear */
            resend->words[words - 1] = (UINT64_C(1) << (blocks % WORD_BITS)) - 1;
        resend->count = blocks;
    }
    return UFTP_OK;
}

void uftp_resend_free(uftp_resend *resend)
{
    if (resend->memory)
        uftp_release(resend->memory, resend->words);
    *resend = (uftp_resend){0};
}

void uftp_resend_clear_all(uftp_resend *resend)
{
    size_t words = ((size_t)resend->blocks + WORD_BITS - 1) / WORD_BITS;
    memset(resend->words, 0, words * sizeof *resend->words);
    resend->count = 0;
}

void uftp_resend_clear(uftp_resend *resend, uint32_t block)
{
    uint64_t bit = UINT64_C(1) << (block % WORD_BITS);
    uint64_t *word = &resend->words[block / WORD_BITS];
    if (*word & bit) {
        *word &= ~bit;
        resend->count--;
    }
}

uint32_t uftp_resend_next(const uftp_resend *resend, uint32_t block)
{
    if (block >= resend->blocks)
        return resend->blocks;
    size_t index = block / WORD_BITS;
    size_t words = ((size_t)resend->blocks + WORD_BITS - 1) / WORD_BITS;
    uint64_t word = resend->words[index] & (UINT64_MAX << (block % WORD_BITS));
    while (word == 0) {
        if (++index == words)
            return resend->blocks;
        word = resend->words[index];
    }
    return (uint32_t)(index * WORD_BITS + (size_t)__builtin_ctzll(word));
}

uint32_t uftp_resend_add_naks(uftp_resend *resend, uint32_t start, uint32_t count,
                              const uint8_t *bitmap)
{
    uint32_t naks = 0;
    for (uint32_t at = 0; at < count; at += 8) {
        unsigned bits = bitmap[at / 8];
        if (count - at < 8)
            bits &= (1U << (count - at)) - 1; /* unused bits mean nothing */
        while (bits) {
            uint32_t block = start + at + (uint32_t)__builtin_ctz(bits);
            uint64_t bit = UINT64_C(1) << (block % WORD_BITS);
            uint64_t *word = &resend->words[block / WORD_BITS];
            resend->count += (*word & bit) == 0;
            *word |= bit;
            bits &= bits - 1;
            naks++;
        }
    }
    return naks;
}
