/* SPDX-License-Identifier: MIT */
#include "transfer/blockmap.h"

#include "base/assert.h"
#include "base/memory.h"

static size_t row_len(uint32_t blocks)
{
    return blocks / 8 + 1; /* not rounded up: the reference wants a byte even when none is needed */
}

int uftp_blockmap_init(uftp_blockmap *map, const uftp_allocator *memory, const uftp_layout *layout)
{
    *map = (uftp_blockmap){
        .stride = row_len(layout->big), .sections = layout->sections, .missing = layout->blocks};
    if (layout->sections == 0)
        return UFTP_OK;
    map->rows = uftp_alloc(memory, layout->sections, map->stride);
    map->counts = uftp_alloc(memory, layout->sections, sizeof *map->counts);
    if (!map->rows || !map->counts) {
        uftp_blockmap_free(map, memory);
        return UFTP_ERR_MEMORY;
    }
    for (uint32_t section = 0; section < layout->sections; section++) {
        uint32_t blocks = uftp_layout_section_blocks(layout, section);
        uint8_t *row = map->rows + section * map->stride;
        memset(row, 0xff, blocks / 8);
        row[blocks / 8] = (uint8_t)((1U << blocks % 8) - 1);
        map->counts[section] = blocks;
    }
    return UFTP_OK;
}

void uftp_blockmap_free(uftp_blockmap *map, const uftp_allocator *memory)
{
    uftp_release(memory, map->rows);
    uftp_release(memory, map->counts);
    *map = (uftp_blockmap){0};
}

bool uftp_blockmap_misses(const uftp_blockmap *map, uint32_t section, uint32_t block)
{
    UFTP_ASSERT(section < map->sections);
    return map->rows[section * map->stride + block / 8] >> block % 8 & 1;
}

void uftp_blockmap_put_back(uftp_blockmap *map, uint32_t section, uint32_t block)
{
    UFTP_ASSERT(!uftp_blockmap_misses(map, section, block));
    map->rows[section * map->stride + block / 8] |= (uint8_t)(1U << block % 8);
    map->counts[section]++;
    map->missing++;
}

bool uftp_blockmap_take(uftp_blockmap *map, uint32_t section, uint32_t block)
{
    if (!uftp_blockmap_misses(map, section, block))
        return false;
    uint8_t *byte = map->rows + section * map->stride + block / 8;
    *byte = (uint8_t)(*byte & ~(1U << block % 8));
    map->counts[section]--;
    map->missing--;
    return true;
}

bool uftp_blockmap_any_missing(const uftp_blockmap *map, uint32_t first, uint32_t end)
{
    if (end > map->sections)
        end = map->sections;
    for (uint32_t section = first; section < end; section++)
        if (map->counts[section])
            return true;
    return false;
}

uftp_bytes uftp_blockmap_naks(const uftp_blockmap *map, const uftp_layout *layout, uint32_t section)
{
    UFTP_ASSERT(section < map->sections);
    return (uftp_bytes){.data = map->rows + section * map->stride,
                        .len = row_len(uftp_layout_section_blocks(layout, section))};
}

size_t uftp_blockmap_saved_len(const uftp_layout *layout)
{
    return layout->sections * row_len(layout->big);
}

static uint32_t count_bits(uint8_t byte)
{
    uint32_t count = 0;
    for (; byte; byte = (uint8_t)(byte & (byte - 1)))
        count++;
    return count;
}

/* A row may have no bit beyond its section's blocks: such a block would be asked for for ever. */
static bool row_fits(const uint8_t *row, size_t stride, uint32_t blocks)
{
    if (row[blocks / 8] >> blocks % 8)
        return false;
    for (size_t i = row_len(blocks); i < stride; i++)
        if (row[i])
            return false;
    return true;
}

int uftp_blockmap_restore(uftp_blockmap *map, const uftp_layout *layout, const uint8_t *rows)
{
    for (uint32_t section = 0; section < map->sections; section++)
        if (!row_fits(rows + section * map->stride, map->stride,
                      uftp_layout_section_blocks(layout, section)))
            return UFTP_ERR_FORMAT;
    map->missing = 0;
    for (uint32_t section = 0; section < map->sections; section++) {
        const uint8_t *row = rows + section * map->stride;
        uint32_t count = 0;
        for (size_t i = 0; i < map->stride; i++)
            count += count_bits(row[i]);
        map->counts[section] = count;
        map->missing += count;
    }
    if (map->sections)
        memcpy(map->rows, rows, map->sections * map->stride);
    return UFTP_OK;
}
