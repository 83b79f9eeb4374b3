/* SPDX-License-Identifier: MIT
 *
 * From 64-bit keys to pointers. Its keys come from captures: the hash is mixed, so that chosen keys
 * gain little, and order never decides what is printed.
 */
#ifndef CAP_MAP_H
#define CAP_MAP_H

#include <stddef.h>
#include <stdint.h>

typedef struct cap_map_slot {
    uint64_t key;
    void *value; /* NULL: free */
} cap_map_slot;

typedef struct cap_map { /* {0} is an empty one */
    cap_map_slot *slots;
    size_t count, capacity; /* a power of two */
} cap_map;

void *cap_map_get(const cap_map *map, uint64_t key); /* or NULL */
/* Replaces what stood there; value is not NULL. 0: no memory. */
int cap_map_put(cap_map *map, uint64_t key, void *value);
void cap_map_free(cap_map *map); /* not the values */

#endif
