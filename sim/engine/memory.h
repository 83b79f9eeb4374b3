/* SPDX-License-Identifier: MIT
 *
 * Memory: what the simulator itself uses (running out ends the program), and the counted allocator
 * that each node's core is handed.
 */
#ifndef SIM_MEMORY_H
#define SIM_MEMORY_H

#include <uftp/core.h>

void *sim_allocate(size_t size); /* zeroed, never NULL */
void *sim_reallocate(void *block, size_t size);
void sim_release(void *block);         /* NULL is allowed */
char *sim_copy_text(const char *text); /* NULL gives NULL */

/* An allocator that knows what is still out, fills fresh blocks with 0xa5 and returned ones with
 * 0x5a (so that what was never set or is used too late shows, and shows the same every time), traps
 * when a block comes back twice or to the wrong owner, and fails on request. */
typedef struct sim_memory {
    uftp_allocator core;  /* hand out &memory->core */
    uint64_t allocations; /* ever asked for */
    uint64_t live;        /* blocks not yet returned */
    uint64_t live_bytes, peak_bytes;
    uint64_t fail_at;  /* the request with this number, from 1, gets NULL; 0: none */
    bool fail_onwards; /* and so do all after it */
} sim_memory;

void sim_memory_init(sim_memory *memory); /* must not move afterwards */

#endif
