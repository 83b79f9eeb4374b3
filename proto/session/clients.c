/* SPDX-License-Identifier: MIT */
#include "session/clients.h"

#include "base/assert.h"
#include "base/memory.h"

#define BUCKETS_FIRST 64
#define TABLE_FIRST 32

/* ---- lists ---- */

#define LIST_APPEND(list, client, prev, next) \
    do { \
        (client)->prev = (list)->last; \
        (client)->next = NULL; \
        if ((list)->last) \
            (list)->last->next = (client); \
        else \
            (list)->first = (client); \
        (list)->last = (client); \
        (list)->count++; \
    } while (0)

#define LIST_REMOVE(list, client, prev, next) \
    do { \
        if ((client)->prev) \
            (client)->prev->next = (client)->next; \
        else \
            (list)->first = (client)->next; \
        if ((client)->next) \
            (client)->next->prev = (client)->prev; \
        else \
            (list)->last = (client)->prev; \
        (client)->prev = (client)->next = NULL; \
        (list)->count--; \
    } while (0)

static void state_add(uftp_clients *clients, uftp_client *client, uftp_client_state state)
{
    client->state = state;
    LIST_APPEND(&clients->by_state[state], client, state_prev, state_next);
    clients->proxies_in[state] += client->is_proxy;
}

static void state_remove(uftp_clients *clients, uftp_client *client)
{
    LIST_REMOVE(&clients->by_state[client->state], client, state_prev, state_next);
    clients->proxies_in[client->state] -= client->is_proxy;
}

void uftp_clients_set_due(uftp_clients *clients, uftp_client *client, client_due due)
{
    if (client->due == due)
        return;
    if (client->due != CLIENT_DUE_NOTHING)
        LIST_REMOVE(&clients->by_due[client->due], client, due_prev, due_next);
    client->due = due;
    if (due != CLIENT_DUE_NOTHING)
        LIST_APPEND(&clients->by_due[due], client, due_prev, due_next);
}

void uftp_clients_set_due_all(uftp_clients *clients, uftp_client_state state, client_due due)
{
    for (uftp_client *c = clients->by_state[state].first; c; c = c->state_next)
        uftp_clients_set_due(clients, c, due);
}

uftp_client *uftp_clients_take_due(uftp_clients *clients, client_due due)
{
    uftp_client *client = clients->by_due[due].first;
    if (client)
        uftp_clients_set_due(clients, client, CLIENT_DUE_NOTHING);
    return client;
}

bool uftp_clients_any_due(const uftp_clients *clients, client_due due)
{
    return clients->by_due[due].first != NULL;
}

void uftp_clients_enter(uftp_clients *clients, uftp_client *client, uftp_client_state state)
{
    uftp_clients_set_due(clients, client, CLIENT_DUE_NOTHING);
    if (client->state == state)
        return;
    state_remove(clients, client);
    state_add(clients, client, state);
}

void uftp_clients_enter_all(uftp_clients *clients, uftp_client_state from, uftp_client_state to)
{
    UFTP_ASSERT(from != to);
    while (clients->by_state[from].first)
        uftp_clients_enter(clients, clients->by_state[from].first, to);
}

/* ---- table and hash ---- */

static uint32_t bucket_of(const uftp_clients *clients, uint32_t uid)
{
    uint64_t z = (uid ^ clients->hash_seed) * UINT64_C(0x9e3779b97f4a7c15);
    return (uint32_t)(z >> 32) & (clients->bucket_count - 1);
}

static void bucket_insert(uftp_clients *clients, const uftp_client *client)
{
    uint32_t at = bucket_of(clients, client->uid);
    while (clients->buckets[at])
        at = (at + 1) & (clients->bucket_count - 1);
    clients->buckets[at] = client->index + 1;
}

/* Room for one more client, and a hash that stays at most half full. */
static int grow(uftp_clients *clients)
{
    if (clients->count == clients->capacity) {
        uint32_t capacity = clients->capacity ? clients->capacity * 2 : TABLE_FIRST;
        uftp_client **table = uftp_alloc(clients->memory, capacity, sizeof *table);
        if (!table)
            return UFTP_ERR_MEMORY;
        if (clients->count)
            memcpy(table, clients->table, clients->count * sizeof *table);
        uftp_release(clients->memory, clients->table);
        clients->table = table;
        clients->capacity = capacity;
    }
    if ((clients->count + 1) * 2 > clients->bucket_count) {
        uint32_t bucket_count = clients->bucket_count ? clients->bucket_count * 2 : BUCKETS_FIRST;
        uint32_t *buckets = uftp_alloc(clients->memory, bucket_count, sizeof *buckets);
        if (!buckets)
            return UFTP_ERR_MEMORY;
        uftp_release(clients->memory, clients->buckets);
        clients->buckets = buckets;
        clients->bucket_count = bucket_count;
        for (uint32_t i = 0; i < clients->count; i++)
            bucket_insert(clients, clients->table[i]);
    }
    return UFTP_OK;
}

void uftp_clients_init(uftp_clients *clients, const uftp_allocator *memory,
                       const uftp_random *random)
{
    *clients = (uftp_clients){.memory = memory, .hash_seed = uftp_random_below(random, UINT32_MAX)};
}

void uftp_client_drop_context(const uftp_clients *clients, uftp_client *client)
{
    client_secrets *secrets = client->secrets;
    if (!secrets)
        return;
    if (secrets->context) {
        uftp_wipe(secrets->context, sizeof *secrets->context);
        uftp_release(clients->memory, secrets->context);
        secrets->context = NULL;
    }
    if (secrets->v4)
        uftp_wipe(&secrets->v4->exchange, sizeof secrets->v4->exchange);
}

static void client_free(const uftp_clients *clients, uftp_client *client)
{
    if (client->secrets) {
        uftp_client_drop_context(clients, client);
        uftp_release(clients->memory, client->secrets->v4);
        uftp_wipe(client->secrets, sizeof *client->secrets);
        uftp_release(clients->memory, client->secrets);
    }
    if (client->name != client->own_name)
        uftp_release(clients->memory, (void *)(uintptr_t)client->name);
    uftp_release(clients->memory, client);
}

void uftp_clients_free(uftp_clients *clients)
{
    for (uint32_t i = 0; i < clients->count; i++)
        client_free(clients, clients->table[i]);
    uftp_release(clients->memory, clients->table);
    uftp_release(clients->memory, clients->buckets);
    *clients = (uftp_clients){.memory = clients->memory};
}

uftp_client *uftp_clients_find(const uftp_clients *clients, uint32_t uid)
{
    if (clients->bucket_count == 0)
        return NULL;
    for (uint32_t at = bucket_of(clients, uid); clients->buckets[at];
         at = (at + 1) & (clients->bucket_count - 1)) {
        uftp_client *client = clients->table[clients->buckets[at] - 1];
        if (client->uid == uid)
            return client;
    }
    return NULL;
}

static void name_from_uid(char out[11], uint32_t uid)
{
    static const char digits[] = "0123456789ABCDEF";
    out[0] = '0';
    out[1] = 'x';
    for (int i = 0; i < 8; i++)
        out[2 + i] = digits[uid >> (28 - 4 * i) & 15];
    out[10] = '\0';
}

int uftp_clients_add(uftp_clients *clients, uint32_t uid, const char *name, bool is_proxy,
                     uftp_client **out)
{
    if (uftp_clients_find(clients, uid))
        return UFTP_ERR_EXISTS;
    if (clients->count == UFTP_CLIENTS_MAX)
        return UFTP_ERR_LIMIT;
    int err = grow(clients);
    if (err < 0)
        return err;
    uftp_client *client = uftp_alloc(clients->memory, 1, sizeof *client);
    if (!client)
        return UFTP_ERR_MEMORY;
    client->uid = uid;
    client->index = clients->count;
    client->is_proxy = is_proxy;
    name_from_uid(client->own_name, uid);
    client->name = client->own_name;
    if (name) {
        size_t len = strlen(name);
        char *copy = uftp_alloc(clients->memory, len + 1, 1);
        if (!copy) {
            uftp_release(clients->memory, client);
            return UFTP_ERR_MEMORY;
        }
        memcpy(copy, name, len);
        client->name = copy;
    }
    clients->table[clients->count++] = client;
    bucket_insert(clients, client);
    state_add(clients, client, UFTP_CLIENT_MUTE);
    *out = client;
    return UFTP_OK;
}

uint64_t uftp_clients_rtt_largest(uftp_clients *clients, bool clear)
{
    uint64_t largest = 0;
    for (uint32_t i = 0; i < clients->count; i++) {
        uftp_client *client = clients->table[i];
        if (client->rtt_measured && !uftp_client_failed(client) && client->rtt > largest)
            largest = client->rtt;
        if (clear)
            client->rtt_measured = false;
    }
    return largest;
}
