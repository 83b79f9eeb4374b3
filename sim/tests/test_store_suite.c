/* SPDX-License-Identifier: MIT
 *
 * The memory store against the suite that every store passes.
 */
#include "engine/memory.h"
#include "engine/memory_store.h"

#include "store_suite.h"

#include <string.h>

static int open_store(void **fixture, const uftp_store **table)
{
    static const char *const destinations[] = {"/one", "/two"};
    sim_store *store = sim_allocate(sizeof *store);
    sim_store_init(store, &(sim_store_options){.destinations = destinations,
                                               .destination_count = 2,
                                               .temp = true,
                                               .backup = true});
    *fixture = store;
    *table = &store->core;
    return 0;
}

static void close_store(void *fixture)
{
    sim_store_free(fixture); /* traps on a file that was left open */
    sim_release(fixture);
}

static int read_content(void *fixture, const uftp_place *place, uint8_t *out, size_t capacity,
                        size_t *len)
{
    const sim_entry *entry = sim_store_find(fixture, place->root, place->name);
    if (!entry)
        return UFTP_ERR_NOT_FOUND;
    if (entry->content.size > capacity)
        return UFTP_ERR_LIMIT;
    *len = (size_t)entry->content.size;
    sim_content_read(&entry->content, 0, out, *len);
    return UFTP_OK;
}

static int read_target(void *fixture, const uftp_place *place, char *out, size_t capacity)
{
    const sim_entry *entry = sim_store_find(fixture, place->root, place->name);
    if (!entry || !entry->target)
        return UFTP_ERR_NOT_FOUND;
    size_t size = strlen(entry->target) + 1;
    if (size > capacity)
        return UFTP_ERR_LIMIT;
    memcpy(out, entry->target, size);
    return UFTP_OK;
}

static int make_fifo(void *fixture, const uftp_place *place)
{
    sim_tree_insert(sim_store_find(fixture, place->root, ""),
                    sim_entry_new(UFTP_STAT_OTHER, place->name, strlen(place->name)));
    return UFTP_OK;
}

static size_t count_entries(const sim_entry *directory)
{
    size_t count = directory->count;
    for (size_t i = 0; i < directory->count; i++)
        count += count_entries(directory->children[i]);
    return count;
}

static size_t count_backups(void *fixture)
{
    const sim_store *store = fixture;
    return count_entries(store->backups[0]) + count_entries(store->backups[1]);
}

int main(void)
{
    const store_suite_factory factory = {.name = "memory store",
                                         .open = open_store,
                                         .close = close_store,
                                         .read = read_content,
                                         .readlink = read_target,
                                         .make_fifo = make_fifo,
                                         .backup_count = count_backups};
    return store_suite_run(&factory);
}
