/* SPDX-License-Identifier: MIT */
#include "keylog.h"

#include <stdlib.h>
#include <string.h>

#define NAME(name) #name,
static const char *const label_names[CAP_KEYLOG_LABEL_COUNT] = {CAP_KEYLOG_LABELS(NAME)};

/* A word up to the next blank; *at moves behind it. Empty at the end of the line. */
static uftp_bytes next_word(const char *line, size_t len, size_t *at)
{
    while (*at < len && (line[*at] == ' ' || line[*at] == '\t' || line[*at] == '\r'))
        ++*at;
    size_t start = *at;
    while (*at < len && line[*at] != ' ' && line[*at] != '\t' && line[*at] != '\r')
        ++*at;
    return (uftp_bytes){(const uint8_t *)line + start, *at - start};
}

static int nibble(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool read_id(uftp_bytes word, uint32_t *out)
{
    *out = 0;
    for (size_t i = 0; i < word.len; i++) {
        int digit = nibble(word.data[i]);
        if (digit < 0)
            return false;
        *out = *out << 4 | (uint32_t)digit;
    }
    return word.len == 8;
}

static bool read_value(uftp_bytes word, cap_keylog_entry *out)
{
    if (word.len == 0 || word.len % 2 || word.len / 2 > CAP_KEYLOG_VALUE_MAX)
        return false;
    out->len = (uint8_t)(word.len / 2);
    for (size_t i = 0; i < out->len; i++) {
        int high = nibble(word.data[2 * i]), low = nibble(word.data[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        out->value[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static bool looks_like_label(uftp_bytes word)
{
    for (size_t i = 0; i < word.len; i++)
        if (word.data[i] != '_' && (word.data[i] < 'A' || word.data[i] > 'Z') &&
            (word.data[i] < '0' || word.data[i] > '9'))
            return false;
    return true;
}

static int find_label(uftp_bytes word)
{
    for (int i = 0; i < CAP_KEYLOG_LABEL_COUNT; i++)
        if (strlen(label_names[i]) == word.len && memcmp(label_names[i], word.data, word.len) == 0)
            return i;
    return -1;
}

static bool append(cap_keylog *log, const cap_keylog_entry *entry)
{
    if (log->count == log->capacity) {
        size_t capacity = log->capacity ? 2 * log->capacity : 64;
        cap_keylog_entry *wider = realloc(log->entries, capacity * sizeof *wider);
        if (!wider)
            return false;
        log->entries = wider;
        log->capacity = capacity;
    }
    log->entries[log->count++] = *entry;
    return true;
}

typedef enum line_result { LINE_OK, LINE_BAD, LINE_NO_MEMORY } line_result;

static line_result take_line(cap_keylog *log, const char *line, size_t len)
{
    size_t at = 0;
    uftp_bytes label = next_word(line, len, &at);
    if (label.len == 0 || label.data[0] == '#')
        return LINE_OK;
    int number = find_label(label);
    if (number < 0) {
        log->skipped++;
        return looks_like_label(label) ? LINE_OK : LINE_BAD;
    }
    cap_keylog_entry entry = {.label = (uint8_t)number, .order = (uint32_t)log->count};
    if (!read_id(next_word(line, len, &at), &entry.group) ||
        !read_id(next_word(line, len, &at), &entry.uid) ||
        !read_value(next_word(line, len, &at), &entry) || next_word(line, len, &at).len != 0)
        return LINE_BAD;
    return append(log, &entry) ? LINE_OK : LINE_NO_MEMORY;
}

static int order(const cap_keylog_entry *a, const cap_keylog_entry *b)
{
    if (a->label != b->label)
        return a->label < b->label ? -1 : 1;
    if (a->group != b->group)
        return a->group < b->group ? -1 : 1;
    return a->uid < b->uid ? -1 : a->uid > b->uid;
}

static int sort_order(const void *a, const void *b)
{
    const cap_keylog_entry *left = a, *right = b;
    int by_key = order(left, right);
    return by_key ? by_key : left->order < right->order ? -1 : left->order > right->order;
}

long cap_keylog_add(cap_keylog *log, const char *text, size_t len)
{
    long number = 0;
    line_result result = LINE_OK;
    for (size_t at = 0; at < len && result == LINE_OK; number++) {
        const char *end = memchr(text + at, '\n', len - at);
        size_t line_len = end ? (size_t)(end - (text + at)) : len - at;
        result = take_line(log, text + at, line_len);
        at += line_len + 1;
    }
    if (log->count)
        qsort(log->entries, log->count, sizeof *log->entries, sort_order);
    return result == LINE_OK ? 0 : result == LINE_BAD ? number : -1;
}

void cap_keylog_free(cap_keylog *log)
{
    if (log->entries)
        memset(log->entries, 0, log->capacity * sizeof *log->entries);
    free(log->entries);
    *log = (cap_keylog){0};
}

/* The first entry that does not stand before `wanted`. */
static size_t lower_bound(const cap_keylog *log, const cap_keylog_entry *wanted)
{
    size_t first = 0, end = log->count;
    while (first < end) {
        size_t middle = first + (end - first) / 2;
        if (order(&log->entries[middle], wanted) < 0)
            first = middle + 1;
        else
            end = middle;
    }
    return first;
}

const cap_keylog_entry *cap_keylog_find(const cap_keylog *log, cap_keylog_label label,
                                        uint32_t group, uint32_t uid, size_t *count)
{
    const cap_keylog_entry wanted = {.label = (uint8_t)label, .group = group, .uid = uid};
    size_t first = lower_bound(log, &wanted);
    for (*count = 0;
         first + *count < log->count && order(&log->entries[first + *count], &wanted) == 0;)
        ++*count;
    return *count ? &log->entries[first] : NULL;
}

const cap_keylog_entry *cap_keylog_find_group(const cap_keylog *log, cap_keylog_label label,
                                              uint32_t group, size_t *count)
{
    const cap_keylog_entry wanted = {.label = (uint8_t)label, .group = group};
    size_t first = lower_bound(log, &wanted), at = first;
    while (at < log->count && log->entries[at].label == label && log->entries[at].group == group)
        at++;
    *count = at - first;
    return *count ? &log->entries[first] : NULL;
}
