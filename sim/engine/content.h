/* SPDX-License-Identifier: MIT
 *
 * The content of a file in memory, in one of three forms:
 *
 *   kept       its bytes, in pages; holes cost nothing
 *   generated  every byte follows from a seed and its offset: a file of any size for free
 *   checked    what is written is compared with a generator at once and only a bitmap of the blocks
 *              that have come is kept: a thousand receivers of a large file fit into a laptop
 */
#ifndef SIM_CONTENT_H
#define SIM_CONTENT_H

#include <uftp/core.h>

typedef struct sim_page {
    uint64_t index; /* offset / page size */
    uint8_t *bytes;
    uint8_t *synced; /* dirty: what it was at the last sync; NULL: it was not there */
    bool dirty;
} sim_page;

typedef enum sim_content_form {
    SIM_CONTENT_KEPT,
    SIM_CONTENT_GENERATED,
    SIM_CONTENT_CHECKED
} sim_content_form;

typedef struct sim_content {
    sim_content_form form;
    uint64_t size;   /* end of the last byte */
    uint64_t seed;   /* generated, checked */
    sim_page *pages; /* kept: ordered by index */
    size_t page_count, page_capacity;
    uint64_t full_size;  /* checked: the size that the file is to have */
    uint32_t block_size; /* checked: it is written in whole blocks of this size */
    uint8_t *have;       /* checked: one bit per block */
    uint64_t have_bytes; /* checked: in blocks that have come, each counted once */
    uint64_t wrong;      /* checked: writes with other bytes than expected, or off the blocks */
    uint64_t unsynced;   /* bytes written since the last sync, however often one place was */
    uint64_t size_synced;
    uint8_t *have_synced; /* checked: as of the last sync; NULL: nothing was there */
} sim_content;

/* All zero is an empty kept file. */
void sim_content_generate(sim_content *content, uint64_t seed, uint64_t size);
void sim_content_check(sim_content *content, uint64_t seed, uint64_t size, uint32_t block_size);
void sim_content_free(sim_content *content); /* leaves an empty kept file */

/* Reads what the generator of `seed` has at an offset. */
void sim_generate(uint64_t seed, uint64_t offset, uint8_t *out, size_t len);

/* `offset + len` is at most the size. Not for a checked file, which has no bytes. */
void sim_content_read(const sim_content *content, uint64_t offset, uint8_t *out, size_t len);
/* Not for a generated file. */
void sim_content_write(sim_content *content, uint64_t offset, const uint8_t *bytes, size_t len);
/* What has been written is on the disk now. */
void sim_content_sync(sim_content *content);
/* The power went: the file is as it was at the last sync. Returns the bytes that were written since
 * then. */
uint64_t sim_content_lose(sim_content *content);
void sim_content_truncate(sim_content *content); /* to nothing */

/* Whether the two hold the same bytes, as far as that can be known: a checked file equals a
 * generated one of its seed when it is complete and nothing wrong was ever written. */
bool sim_content_equal(const sim_content *a, const sim_content *b);

#endif
