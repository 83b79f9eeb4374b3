/* SPDX-License-Identifier: MIT */
#include "invariants/secrets.h"

#include "base/assert.h"
#include "engine/memory.h"
#include "engine/random.h"

#include <string.h>

#define WINDOW 8
#define STRIDE (SIM_SECRET_MIN - WINDOW + 1) /* windows of each secret, and steps of the search */
#define FILTER_BITS 18
#define TABLE_FIRST 256

typedef struct sim_secret_window {
    uint64_t window;
    uint32_t index; /* of the secret, from 1; 0: empty */
    uint32_t offset;
} sim_secret_window;

static uint64_t window_at(const uint8_t *bytes)
{
    uint64_t window = 0;
    for (int i = 0; i < WINDOW; i++)
        window = window << 8 | bytes[i];
    return window;
}

/* Keys and their like are as good as a hash already; names are not. */
static uint64_t spread(uint64_t window)
{
    return window * UINT64_C(0x9e3779b97f4a7c15);
}

static bool may_be_known(const sim_secrets *secrets, uint64_t window)
{
    uint64_t bit = spread(window) >> (64 - FILTER_BITS);
    return secrets->filter[bit / 64] >> bit % 64 & 1;
}

/* ---- adding ---- */

static void put(sim_secrets *secrets, const sim_secret_window *entry)
{
    size_t at = (size_t)sim_mix(entry->window) & (secrets->table_size - 1);
    while (secrets->table[at].index)
        at = (at + 1) & (secrets->table_size - 1);
    secrets->table[at] = *entry;
    uint64_t bit = spread(entry->window) >> (64 - FILTER_BITS);
    secrets->filter[bit / 64] |= UINT64_C(1) << bit % 64;
}

static void grow(sim_secrets *secrets)
{
    if (!secrets->filter)
        secrets->filter = sim_allocate((1U << FILTER_BITS) / 8);
    if (4 * (secrets->windows + STRIDE) <= secrets->table_size)
        return;
    sim_secret_window *old = secrets->table;
    size_t size = secrets->table_size;
    secrets->table_size = size ? 2 * size : TABLE_FIRST;
    secrets->table = sim_allocate(secrets->table_size * sizeof *secrets->table);
    for (size_t i = 0; i < size; i++)
        if (old[i].index)
            put(secrets, &old[i]);
    sim_release(old);
}

bool sim_secrets_add(sim_secrets *secrets, const char *what, bool wire_only, const void *bytes,
                     size_t len)
{
    UFTP_ASSERT(len >= SIM_SECRET_MIN);
    const sim_secret *known = sim_secrets_in(secrets, bytes, len);
    if (known && known->len == len)
        return false;
    if (secrets->count == secrets->capacity) {
        secrets->capacity = secrets->capacity ? 2 * secrets->capacity : 16;
        secrets->list = sim_reallocate(secrets->list, secrets->capacity * sizeof *secrets->list);
    }
    sim_secret *secret = &secrets->list[secrets->count++];
    *secret =
        (sim_secret){.what = what, .wire_only = wire_only, .len = len, .bytes = sim_allocate(len)};
    memcpy(secret->bytes, bytes, len);
    grow(secrets);
    for (uint32_t offset = 0; offset < STRIDE; offset++)
        put(secrets, &(sim_secret_window){.window = window_at(secret->bytes + offset),
                                          .index = (uint32_t)secrets->count,
                                          .offset = offset});
    secrets->windows += STRIDE;
    return true;
}

void sim_secrets_free(sim_secrets *secrets)
{
    for (size_t i = 0; i < secrets->count; i++)
        sim_release(secrets->list[i].bytes);
    sim_release(secrets->list);
    sim_release(secrets->table);
    sim_release(secrets->filter);
    *secrets = (sim_secrets){0};
}

/* ---- searching ---- */

/* What is searched, as bytes or as hexadecimal digits. */
typedef struct text {
    const uint8_t *bytes;
    size_t len;
    size_t width; /* places that a byte takes: 1 or 2 */
    bool report;  /* what is secret on the wire only does not count */
} text;

static int digit(uint8_t c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

static int byte_at(const text *t, size_t at)
{
    if (t->width == 1)
        return t->bytes[at];
    int high = digit(t->bytes[at]), low = digit(t->bytes[at + 1]);
    return high < 0 || low < 0 ? -1 : high << 4 | low;
}

static bool stands_at(const text *t, size_t at, const sim_secret *secret)
{
    if (secret->len > (t->len - at) / t->width)
        return false;
    for (size_t i = 0; i < secret->len; i++)
        if (byte_at(t, at + i * t->width) != secret->bytes[i])
            return false;
    return true;
}

/* The window stands at `at`. */
static const sim_secret *look_up(const sim_secrets *secrets, const text *t, size_t at,
                                 uint64_t window)
{
    size_t slot = (size_t)sim_mix(window) & (secrets->table_size - 1);
    for (; secrets->table[slot].index; slot = (slot + 1) & (secrets->table_size - 1)) {
        const sim_secret_window *entry = &secrets->table[slot];
        const sim_secret *secret = &secrets->list[entry->index - 1];
        size_t before = entry->offset * t->width;
        if (entry->window == window && at >= before && !(t->report && secret->wire_only) &&
            stands_at(t, at - before, secret))
            return secret;
    }
    return NULL;
}

static const sim_secret *search(const sim_secrets *secrets, const text *t)
{
    for (size_t at = 0; t->len >= WINDOW && at <= t->len - WINDOW; at += STRIDE) {
        uint64_t window = window_at(t->bytes + at);
        if (!may_be_known(secrets, window))
            continue;
        const sim_secret *secret = look_up(secrets, t, at, window);
        if (secret)
            return secret;
    }
    return NULL;
}

static const sim_secret *search_digits(const sim_secrets *secrets, const text *t)
{
    uint64_t window = 0;
    size_t digits = 0; /* in a row */
    for (size_t at = 0; at < t->len; at++) {
        int value = digit(t->bytes[at]);
        digits = value < 0 ? 0 : digits + 1;
        window = window << 4 | (value < 0 ? 0 : (uint64_t)value);
        if (digits < 2 * WINDOW || !may_be_known(secrets, window))
            continue;
        const sim_secret *secret = look_up(secrets, t, at + 1 - 2 * WINDOW, window);
        if (secret)
            return secret;
    }
    return NULL;
}

const sim_secret *sim_secrets_in(const sim_secrets *secrets, const uint8_t *bytes, size_t len)
{
    return secrets->count ? search(secrets, &(text){.bytes = bytes, .len = len, .width = 1}) : NULL;
}

const sim_secret *sim_secrets_in_report(const sim_secrets *secrets, const uint8_t *bytes,
                                        size_t len)
{
    if (!secrets->count)
        return NULL;
    const sim_secret *secret =
        search(secrets, &(text){.bytes = bytes, .len = len, .width = 1, .report = true});
    return secret ? secret
                  : search_digits(secrets,
                                  &(text){.bytes = bytes, .len = len, .width = 2, .report = true});
}
