/* SPDX-License-Identifier: MIT */
#include "engine/content.h"

#include "base/assert.h"
#include "engine/memory.h"
#include "engine/random.h"
#include "engine/view.h"

#include <string.h>

#define PAGE_SIZE 4096

/* ---- generated ---- */

static uint64_t word_at(uint64_t key, uint64_t index)
{
    return sim_mix(key + index * UINT64_C(0x9e3779b97f4a7c15));
}

/* Low byte first, whatever the machine; the compiler makes one store of it. */
static void put_word(uint8_t *out, uint64_t word)
{
    for (int i = 0; i < 8; i++)
        out[i] = (uint8_t)(word >> 8 * i);
}

void sim_generate(uint64_t seed, uint64_t offset, uint8_t *out, size_t len)
{
    const uint64_t key = sim_mix(seed);
    uint64_t index = offset / 8;
    uint8_t word[8];
    size_t skip = (size_t)(offset % 8);
    if (skip && len > 0) {
        size_t part = len < 8 - skip ? len : 8 - skip;
        put_word(word, word_at(key, index++));
        memcpy(out, word + skip, part);
        out += part;
        len -= part;
    }
    for (; len >= 8; len -= 8, out += 8)
        put_word(out, word_at(key, index++));
    put_word(word, word_at(key, index));
    memcpy(out, word, len);
}

void sim_content_generate(sim_content *content, uint64_t seed, uint64_t size)
{
    *content = (sim_content){.form = SIM_CONTENT_GENERATED, .seed = seed, .size = size};
}

/* ---- kept ---- */

/* The place of a page, or where it would be put. */
static size_t find_page(const sim_content *content, uint64_t index)
{
    size_t low = 0, high = content->page_count;
    if (high > 0 && content->pages[high - 1].index < index)
        return high; /* files grow at their end */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (content->pages[middle].index < index)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* A page to be written to. What it was at the last sync is kept, in case that the power goes. */
static uint8_t *make_page(sim_content *content, uint64_t index)
{
    size_t at = find_page(content, index);
    if (at < content->page_count && content->pages[at].index == index) {
        sim_page *page = &content->pages[at];
        if (!page->dirty) {
            page->dirty = true;
            page->synced = sim_allocate(PAGE_SIZE);
            memcpy(page->synced, page->bytes, PAGE_SIZE);
        }
        return page->bytes;
    }
    if (content->page_count == content->page_capacity) {
        content->page_capacity = content->page_capacity ? 2 * content->page_capacity : 1;
        content->pages =
            sim_reallocate(content->pages, content->page_capacity * sizeof *content->pages);
    }
    memmove(&content->pages[at + 1], &content->pages[at],
            (content->page_count - at) * sizeof *content->pages);
    content->page_count++;
    content->pages[at] =
        (sim_page){.index = index, .bytes = sim_allocate(PAGE_SIZE), .dirty = true};
    return content->pages[at].bytes;
}

static size_t until_page_end(uint64_t offset, size_t len)
{
    size_t left = PAGE_SIZE - (size_t)(offset % PAGE_SIZE);
    return len < left ? len : left;
}

static void read_kept(const sim_content *content, uint64_t offset, uint8_t *out, size_t len)
{
    while (len > 0) {
        size_t part = until_page_end(offset, len);
        size_t at = find_page(content, offset / PAGE_SIZE);
        if (at < content->page_count && content->pages[at].index == offset / PAGE_SIZE)
            memcpy(out, content->pages[at].bytes + offset % PAGE_SIZE, part);
        else
            memset(out, 0, part); /* a hole */
        out += part;
        offset += part;
        len -= part;
    }
}

static void write_kept(sim_content *content, uint64_t offset, const uint8_t *bytes, size_t len)
{
    while (len > 0) {
        size_t part = until_page_end(offset, len);
        memcpy(make_page(content, offset / PAGE_SIZE) + offset % PAGE_SIZE, bytes, part);
        bytes += part;
        offset += part;
        len -= part;
    }
}

/* ---- checked ---- */

void sim_content_check(sim_content *content, uint64_t seed, uint64_t size, uint32_t block_size)
{
    UFTP_ASSERT(block_size != 0);
    *content = (sim_content){.form = SIM_CONTENT_CHECKED,
                             .seed = seed,
                             .full_size = size,
                             .block_size = block_size,
                             .have = sim_allocate((size_t)(size / block_size / 8 + 1))};
}

static size_t block_len(const sim_content *content, uint64_t offset)
{
    uint64_t left = content->full_size - offset;
    return left < content->block_size ? (size_t)left : content->block_size;
}

static bool is_generated(uint64_t seed, uint64_t offset, const uint8_t *bytes, size_t len)
{
    uint8_t expected[512];
    for (size_t at = 0; at < len; at += sizeof expected) {
        size_t part = len - at < sizeof expected ? len - at : sizeof expected;
        sim_generate(seed, offset + at, expected, part);
        if (memcmp(bytes + at, expected, part) != 0)
            return false;
    }
    return true;
}

/* Receivers that are handed the same bytes need not all compare them. */
static bool block_is_right(const sim_content *content, uint64_t offset, const uint8_t *bytes,
                           size_t len)
{
    sim_view *view = sim_view_of(bytes, len);
    if (!view)
        return is_generated(content->seed, offset, bytes, len);
    if (view->block != bytes || view->block_len != len || view->seed != content->seed ||
        view->offset != offset) {
        view->block = bytes;
        view->block_len = len;
        view->seed = content->seed;
        view->offset = offset;
        view->right = is_generated(content->seed, offset, bytes, len);
    }
    return view->right;
}

static void write_checked(sim_content *content, uint64_t offset, const uint8_t *bytes, size_t len)
{
    while (len > 0) {
        if (offset % content->block_size != 0 || offset >= content->full_size ||
            len < block_len(content, offset)) {
            content->wrong++;
            return;
        }
        size_t block = block_len(content, offset);
        bool equal = block_is_right(content, offset, bytes, block);
        uint64_t index = offset / content->block_size;
        uint8_t bit = (uint8_t)(1u << index % 8);
        if (!equal)
            content->wrong++;
        else if (!(content->have[index / 8] & bit)) {
            content->have[index / 8] |= bit;
            content->have_bytes += block;
        }
        bytes += block;
        offset += block;
        len -= block;
    }
}

/* ---- any ---- */

void sim_content_free(sim_content *content)
{
    for (size_t i = 0; i < content->page_count; i++) {
        sim_release(content->pages[i].bytes);
        sim_release(content->pages[i].synced);
    }
    sim_release(content->pages);
    sim_release(content->have);
    sim_release(content->have_synced);
    *content = (sim_content){0};
}

void sim_content_truncate(sim_content *content)
{
    const sim_content old = *content;
    sim_content_free(content);
    if (old.form == SIM_CONTENT_CHECKED)
        sim_content_check(content, old.seed, old.full_size, old.block_size);
}

void sim_content_read(const sim_content *content, uint64_t offset, uint8_t *out, size_t len)
{
    UFTP_ASSERT(offset <= content->size && len <= content->size - offset);
    UFTP_ASSERT(content->form != SIM_CONTENT_CHECKED);
    if (content->form == SIM_CONTENT_GENERATED)
        sim_generate(content->seed, offset, out, len);
    else
        read_kept(content, offset, out, len);
}

void sim_content_write(sim_content *content, uint64_t offset, const uint8_t *bytes, size_t len)
{
    UFTP_ASSERT(content->form != SIM_CONTENT_GENERATED);
    UFTP_ASSERT(offset <= UINT64_MAX - len);
    if (content->form == SIM_CONTENT_CHECKED)
        write_checked(content, offset, bytes, len);
    else
        write_kept(content, offset, bytes, len);
    if (len > 0 && offset + len > content->size)
        content->size = offset + len;
    content->unsynced += len;
}

/* ---- sync and power loss ---- */

static size_t have_size(const sim_content *content)
{
    return (size_t)(content->full_size / content->block_size / 8 + 1);
}

void sim_content_sync(sim_content *content)
{
    for (size_t i = 0; i < content->page_count; i++) {
        sim_page *page = &content->pages[i];
        sim_release(page->synced);
        page->synced = NULL;
        page->dirty = false;
    }
    if (content->form == SIM_CONTENT_CHECKED) {
        if (!content->have_synced)
            content->have_synced = sim_allocate(have_size(content));
        memcpy(content->have_synced, content->have, have_size(content));
    }
    content->size_synced = content->size;
    content->unsynced = 0;
}

static void lose_pages(sim_content *content)
{
    size_t kept = 0;
    for (size_t i = 0; i < content->page_count; i++) {
        sim_page page = content->pages[i];
        if (page.dirty) {
            sim_release(page.bytes);
            page = (sim_page){.index = page.index, .bytes = page.synced};
        }
        if (page.bytes)
            content->pages[kept++] = page;
    }
    content->page_count = kept;
}

static void lose_blocks(sim_content *content)
{
    if (content->have_synced)
        memcpy(content->have, content->have_synced, have_size(content));
    else
        memset(content->have, 0, have_size(content));
    content->have_bytes = 0;
    for (uint64_t at = 0; at < content->full_size; at += content->block_size) {
        uint64_t index = at / content->block_size;
        if (content->have[index / 8] & 1u << index % 8)
            content->have_bytes += block_len(content, at);
    }
}

uint64_t sim_content_lose(sim_content *content)
{
    uint64_t lost = content->unsynced;
    if (lost == 0)
        return 0;
    lose_pages(content);
    if (content->form == SIM_CONTENT_CHECKED)
        lose_blocks(content);
    content->size = content->size_synced;
    content->unsynced = 0;
    return lost;
}

static bool checked_equal(const sim_content *checked, const sim_content *other)
{
    if (other->form == SIM_CONTENT_KEPT)
        return checked->size == 0 && checked->full_size == 0; /* nothing left to compare with */
    return checked->seed == other->seed && checked->wrong == 0 &&
           checked->have_bytes == checked->full_size;
}

bool sim_content_equal(const sim_content *a, const sim_content *b)
{
    if (a->size != b->size)
        return false;
    if (a->form == SIM_CONTENT_CHECKED)
        return checked_equal(a, b);
    if (b->form == SIM_CONTENT_CHECKED)
        return checked_equal(b, a);
    if (a->form == SIM_CONTENT_GENERATED && b->form == SIM_CONTENT_GENERATED)
        return a->seed == b->seed;
    uint8_t of_a[PAGE_SIZE], of_b[PAGE_SIZE];
    for (uint64_t at = 0; at < a->size; at += PAGE_SIZE) {
        size_t len =
            until_page_end(at, a->size - at < PAGE_SIZE ? (size_t)(a->size - at) : PAGE_SIZE);
        sim_content_read(a, at, of_a, len);
        sim_content_read(b, at, of_b, len);
        if (memcmp(of_a, of_b, len) != 0)
            return false;
    }
    return true;
}
