/* SPDX-License-Identifier: MIT
 *
 * Sections and blocks of a file (spec v5 4.6.1). The first `big_sections` sections have one block
 * more than the others.
 */
#include <uftp/layout.h>

#include "base/assert.h"

#define SECTIONS_MAX 65535u       /* numbered in 16 bits */
#define SECTION_BLOCKS_MAX 65536u /* likewise the blocks inside */

int uftp_layout_init(uftp_layout *layout, uint64_t size, uint16_t block_size)
{
    if (block_size == 0)
        return UFTP_ERR_ARGUMENT;
    *layout = (uftp_layout){.size = size, .block_size = block_size};
    if (size == 0)
        return UFTP_OK;
    uint64_t blocks = size / block_size + (size % block_size != 0);
    /* A section's NAK bitmap has to fit into one block. */
    uint32_t section_max = 8u * block_size;
    if (section_max > SECTION_BLOCKS_MAX)
        section_max = SECTION_BLOCKS_MAX;
    if (blocks > (uint64_t)SECTIONS_MAX * section_max)
        return UFTP_ERR_LIMIT;
    /* From here on all fits 32 bits: SECTIONS_MAX * SECTION_BLOCKS_MAX < 2^32. */
    layout->blocks = (uint32_t)blocks;
    layout->sections = layout->blocks / section_max + (layout->blocks % section_max != 0);
    layout->small = layout->blocks / layout->sections;
    layout->big_sections = layout->blocks % layout->sections;
    layout->big = layout->small + (layout->big_sections != 0);
    return UFTP_OK;
}

uint32_t uftp_layout_section_blocks(const uftp_layout *layout, uint32_t section)
{
    if (section >= layout->sections)
        return 0;
    return section < layout->big_sections ? layout->big : layout->small;
}

uint32_t uftp_layout_section_start(const uftp_layout *layout, uint32_t section)
{
    if (section >= layout->sections)
        return layout->blocks;
    if (section < layout->big_sections)
        return section * layout->big;
    return layout->big_sections * layout->big + (section - layout->big_sections) * layout->small;
}

void uftp_layout_locate(const uftp_layout *layout, uint32_t block, uint16_t *section,
                        uint16_t *block_in_section)
{
    UFTP_ASSERT(block < layout->blocks);
    uint32_t big_blocks = layout->big_sections * layout->big;
    if (block < big_blocks) {
        *section = (uint16_t)(block / layout->big);
        *block_in_section = (uint16_t)(block % layout->big);
        return;
    }
    block -= big_blocks;
    *section = (uint16_t)(layout->big_sections + block / layout->small);
    *block_in_section = (uint16_t)(block % layout->small);
}

size_t uftp_layout_block_len(const uftp_layout *layout, uint32_t block)
{
    UFTP_ASSERT(block < layout->blocks);
    if (block + 1 < layout->blocks)
        return layout->block_size;
    return (size_t)(layout->size - (uint64_t)block * layout->block_size);
}
