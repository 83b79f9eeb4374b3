/* SPDX-License-Identifier: MIT
 *
 * The disk below the memory store: the time that it takes, and what it holds when the power goes.
 */
#include "engine/memory_store.h"

#include "base/assert.h"

uint64_t sim_store_busy(sim_store *store, uint64_t now)
{
    const sim_store_options *o = &store->options;
    uint64_t bytes = store->turn_bytes, syncs = store->turn_syncs, cached = 0;
    store->turn_bytes = store->turn_syncs = 0;
    if (store->idle_at < now) {
        store->idle_at = now;
        store->remainder = 0;
    }
    if (o->rate_bytes_per_s) {
        uint64_t work = bytes % o->rate_bytes_per_s * UFTP_S(1) + store->remainder;
        store->idle_at += bytes / o->rate_bytes_per_s * UFTP_S(1) + work / o->rate_bytes_per_s;
        store->remainder = work % o->rate_bytes_per_s;
        cached = o->cache_bytes / o->rate_bytes_per_s * UFTP_S(1) +
                 o->cache_bytes % o->rate_bytes_per_s * UFTP_S(1) / o->rate_bytes_per_s;
    }
    store->idle_at += syncs * o->sync_time;
    uint64_t left = store->idle_at - now;
    if (syncs == 0) /* else it waits until the disk has all */
        left = left > cached ? left - cached : 0;
    store->busy_total += left;
    return left;
}

static uint64_t each_file(sim_entry *entry, uint64_t (*act)(sim_content *content))
{
    uint64_t sum = entry->type == UFTP_STAT_REGULAR ? act(&entry->content) : 0;
    for (size_t i = 0; i < entry->count; i++)
        sum += each_file(entry->children[i], act);
    return sum;
}

static uint64_t everywhere(sim_store *store, uint64_t (*act)(sim_content *content))
{
    uint64_t sum = 0;
    for (size_t i = 0; i < store->options.destination_count; i++) {
        sum += each_file(store->roots[i], act);
        if (store->backups[i])
            sum += each_file(store->backups[i], act);
    }
    if (store->temp)
        sum += each_file(store->temp, act);
    return sum;
}

static uint64_t sync_one(sim_content *content)
{
    sim_content_sync(content);
    return 0;
}

void sim_store_sync(sim_store *store)
{
    (void)everywhere(store, sync_one);
}

void sim_store_die(sim_store *store)
{
    store->dead = true;
}

static uint64_t sum_sizes(const sim_store *store)
{
    uint64_t sum = store->temp ? sim_tree_size(store->temp) : 0;
    for (size_t i = 0; i < store->options.destination_count; i++)
        sum += sim_tree_size(store->roots[i]) +
               (store->backups[i] ? sim_tree_size(store->backups[i]) : 0);
    return sum;
}

uint64_t sim_store_recover(sim_store *store, bool power)
{
    UFTP_ASSERT(store->dead && store->open_count == 0);
    uint64_t lost = power ? everywhere(store, sim_content_lose) : 0;
    if (power)
        sim_store_forget_notes(store);
    store->dead = false;
    store->turn_bytes = store->turn_syncs = store->idle_at = 0;
    store->used = sum_sizes(store);
    store->lost_bytes += lost;
    return lost;
}
