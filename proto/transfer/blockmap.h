/* SPDX-License-Identifier: MIT
 *
 * Which blocks of a file are still missing. Each section has a row of its own, laid out as the body
 * of a STATUS (spec v5 1.16): floor(n/8)+1 bytes, least significant bit first, 1 = missing. Asking
 * for a section's NAKs is therefore handing out a pointer, and a counter per section tells without
 * looking at bits whether there is anything to ask for.
 */
#ifndef UFTP_TRANSFER_BLOCKMAP_H
#define UFTP_TRANSFER_BLOCKMAP_H

#include <uftp/layout.h>

typedef struct uftp_blockmap {
    uint8_t *rows;    /* sections * stride bytes */
    uint32_t *counts; /* missing blocks of each section */
    size_t stride;    /* bytes of a row: enough for a big section */
    uint32_t sections;
    uint32_t missing; /* of the whole file */
} uftp_blockmap;

/* Everything is missing. An empty file needs no memory and misses nothing. MEMORY. */
int uftp_blockmap_init(uftp_blockmap *map, const uftp_allocator *memory, const uftp_layout *layout);
/* Harmless on a zeroed map. */
void uftp_blockmap_free(uftp_blockmap *map, const uftp_allocator *memory);
/* Marks a block as received; true when it had been missing. The block must exist. */
bool uftp_blockmap_take(uftp_blockmap *map, uint32_t section, uint32_t block);
/* Whether a block, which must exist, is still missing. */
bool uftp_blockmap_misses(const uftp_blockmap *map, uint32_t section, uint32_t block);
/* Takes a mark back: the block, which had been received, is missing after all. */
void uftp_blockmap_put_back(uftp_blockmap *map, uint32_t section, uint32_t block);
/* Whether any section in [first, end) misses a block; `end` may lie beyond the last one. */
bool uftp_blockmap_any_missing(const uftp_blockmap *map, uint32_t first, uint32_t end);
/* The STATUS body of a section; valid until the map changes. */
uftp_bytes uftp_blockmap_naks(const uftp_blockmap *map, const uftp_layout *layout,
                              uint32_t section);

/* The rows as they are saved for a restart. */
size_t uftp_blockmap_saved_len(const uftp_layout *layout);
/* Replaces the map's state by saved rows of that length. FORMAT when they do not fit the layout;
 * the map is then as before. */
int uftp_blockmap_restore(uftp_blockmap *map, const uftp_layout *layout, const uint8_t *rows);

#endif
