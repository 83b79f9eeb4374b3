/* SPDX-License-Identifier: MIT */
#include "reassembly.h"

#include <stdlib.h>
#include <string.h>

typedef struct partial {
    bool used;
    cap_ip ip; /* addresses, protocol and id of the fragments; payload unused */
    uint64_t first_seen;
    uint32_t total;    /* known once the last fragment has come; 0: not yet */
    uint32_t received; /* bytes */
    uint32_t reach;    /* the furthest end of a fragment */
    uint8_t have[CAP_REASSEMBLED_MAX / 8 / 8 + 1]; /* one bit per 8 bytes */
    uint8_t *bytes;
} partial;

struct cap_reassembly {
    partial entries[CAP_REASSEMBLY_MAX];
    uint8_t *whole; /* the packet handed out last */
    uint64_t given_up;
};

cap_reassembly *cap_reassembly_new(void)
{
    return calloc(1, sizeof(cap_reassembly));
}

static void drop(partial *entry)
{
    free(entry->bytes);
    *entry = (partial){0};
}

void cap_reassembly_free(cap_reassembly *table)
{
    if (!table)
        return;
    for (size_t i = 0; i < CAP_REASSEMBLY_MAX; i++)
        drop(&table->entries[i]);
    free(table->whole);
    free(table);
}

static bool same_packet(const cap_ip *a, const cap_ip *b)
{
    return a->id == b->id && a->protocol == b->protocol &&
           uftp_address_equal(&a->source, &b->source) &&
           uftp_address_equal(&a->destination, &b->destination);
}

/* The entry of a packet; a new one takes the place of the oldest when all are used. */
static partial *find(cap_reassembly *table, uint64_t time, const cap_ip *ip)
{
    partial *oldest = &table->entries[0];
    for (size_t i = 0; i < CAP_REASSEMBLY_MAX; i++) {
        partial *entry = &table->entries[i];
        if (entry->used && time > entry->first_seen &&
            time - entry->first_seen > CAP_REASSEMBLY_TIMEOUT) {
            table->given_up++;
            drop(entry);
        }
        if (entry->used && same_packet(&entry->ip, ip))
            return entry;
        if (oldest->used && (!entry->used || entry->first_seen < oldest->first_seen))
            oldest = entry;
    }
    if (oldest->used)
        table->given_up++;
    drop(oldest);
    oldest->bytes = malloc(CAP_REASSEMBLED_MAX + 1);
    if (!oldest->bytes)
        return NULL;
    oldest->used = true;
    oldest->ip = *ip;
    oldest->first_seen = time;
    return oldest;
}

/* A fragment that was sent twice is fine; one that overlaps others by half is an attack or a bug,
 * and the packet is given up (RFC 5722). */
typedef enum overlap { OVERLAP_NONE, OVERLAP_ALL, OVERLAP_SOME } overlap;

static overlap overlap_of(const partial *entry, uint32_t first, uint32_t end)
{
    uint32_t had = 0;
    for (uint32_t i = first; i < end; i++)
        had += entry->have[i / 8] >> i % 8 & 1u;
    return had == 0 ? OVERLAP_NONE : had == end - first ? OVERLAP_ALL : OVERLAP_SOME;
}

static bool place(partial *entry, const cap_ip *ip)
{
    uint32_t len = (uint32_t)ip->payload.len, end = ip->offset + len;
    uint32_t first_unit = ip->offset / 8, end_unit = (end + 7) / 8;
    overlap before = overlap_of(entry, first_unit, end_unit);
    /* Every fragment ends where the last one ends, or before: else as many bytes as the packet
     * has could have come, and not be the packet's. */
    if (before == OVERLAP_SOME || (!ip->more && entry->total && entry->total != end) ||
        (entry->total && end > entry->total) || (!ip->more && entry->reach > end))
        return false;
    if (before == OVERLAP_ALL)
        return true;
    for (uint32_t i = first_unit; i < end_unit; i++)
        entry->have[i / 8] |= (uint8_t)(1u << i % 8);
    memcpy(entry->bytes + ip->offset, ip->payload.data, len);
    entry->received += len;
    if (end > entry->reach)
        entry->reach = end;
    if (!ip->more)
        entry->total = end;
    return !entry->total || entry->received <= entry->total;
}

cap_result cap_reassembly_take(cap_reassembly *table, uint64_t time, cap_ip *ip)
{
    size_t len = ip->payload.len;
    /* All but the last carry a multiple of 8 bytes; a fragment that the capture cut short has a
     * hole that nothing fills. */
    if (ip->cut || len == 0 || (ip->more && len % 8 != 0) || ip->offset > CAP_REASSEMBLED_MAX - len)
        return CAP_DAMAGED;
    partial *entry = find(table, time, ip);
    if (!entry)
        return CAP_DAMAGED;
    if (!place(entry, ip)) {
        table->given_up++;
        drop(entry);
        return CAP_DAMAGED;
    }
    if (!entry->total || entry->received < entry->total)
        return CAP_OTHER;
    free(table->whole);
    table->whole = entry->bytes;
    entry->bytes = NULL;
    ip->payload = (uftp_bytes){table->whole, entry->total};
    ip->is_fragment = ip->more = false;
    ip->offset = 0;
    drop(entry);
    return CAP_FOUND;
}

uint64_t cap_reassembly_incomplete(const cap_reassembly *table, bool at_end)
{
    uint64_t count = table->given_up;
    for (size_t i = 0; at_end && i < CAP_REASSEMBLY_MAX; i++)
        count += table->entries[i].used;
    return count;
}
