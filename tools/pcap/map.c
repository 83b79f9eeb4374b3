/* SPDX-License-Identifier: MIT */
#include "map.h"

#include <stdlib.h>

static size_t slot_of(const cap_map *map, uint64_t key)
{
    key ^= key >> 33; /* the finaliser of MurmurHash3 */
    key *= UINT64_C(0xff51afd7ed558ccd);
    key ^= key >> 33;
    key *= UINT64_C(0xc4ceb9fe1a85ec53);
    key ^= key >> 33;
    return (size_t)key & (map->capacity - 1);
}

static cap_map_slot *seek(const cap_map *map, uint64_t key)
{
    size_t at = slot_of(map, key);
    while (map->slots[at].value && map->slots[at].key != key)
        at = (at + 1) & (map->capacity - 1);
    return &map->slots[at];
}

void *cap_map_get(const cap_map *map, uint64_t key)
{
    return map->capacity ? seek(map, key)->value : NULL;
}

static int grow(cap_map *map)
{
    cap_map wider = {.count = map->count, .capacity = map->capacity ? 2 * map->capacity : 64};
    wider.slots = calloc(wider.capacity, sizeof *wider.slots);
    if (!wider.slots)
        return 0;
    for (size_t i = 0; i < map->capacity; i++)
        if (map->slots[i].value)
            *seek(&wider, map->slots[i].key) = map->slots[i];
    free(map->slots);
    *map = wider;
    return 1;
}

int cap_map_put(cap_map *map, uint64_t key, void *value)
{
    if (4 * (map->count + 1) > 3 * map->capacity && !grow(map))
        return 0;
    cap_map_slot *slot = seek(map, key);
    map->count += !slot->value;
    *slot = (cap_map_slot){.key = key, .value = value};
    return 1;
}

void cap_map_free(cap_map *map)
{
    free(map->slots);
    *map = (cap_map){0};
}
