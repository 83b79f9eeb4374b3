/* SPDX-License-Identifier: MIT
 *
 * How a file is cut into sections and blocks (spec v5 4.6.1). Both ends compute the same layout
 * from the size and the block size.
 */
#ifndef UFTP_LAYOUT_H
#define UFTP_LAYOUT_H

#include <uftp/core.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct uftp_layout {
    uint64_t size;         /* bytes of the file */
    uint16_t block_size;   /* bytes of every block but the last */
    uint32_t blocks;       /* count; 0 for an empty file */
    uint32_t sections;     /* count; at most 65535 */
    uint32_t small, big;   /* blocks of a small and of a big section */
    uint32_t big_sections; /* how many sections, from 0 on, are big */
} uftp_layout;

/* LIMIT when the file needs more than 65535 sections; ARGUMENT when block_size is 0. */
int uftp_layout_init(uftp_layout *layout, uint64_t size, uint16_t block_size);
/* Blocks of a section; 0 when there is no such section. */
uint32_t uftp_layout_section_blocks(const uftp_layout *layout, uint32_t section);
/* File-wide number of the first block of a section (sections itself gives `blocks`). */
uint32_t uftp_layout_section_start(const uftp_layout *layout, uint32_t section);
/* Where a file-wide block number stands. The block must exist. */
void uftp_layout_locate(const uftp_layout *layout, uint32_t block, uint16_t *section,
                        uint16_t *block_in_section);
/* Data bytes of a file-wide block: block_size, or what is left for the last one. */
size_t uftp_layout_block_len(const uftp_layout *layout, uint32_t block);

#ifdef __cplusplus
}
#endif
#endif
