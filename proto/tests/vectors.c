/* SPDX-License-Identifier: MIT */
#include "vectors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ENTRIES_MAX 2048
#define NAME_MAX_LEN 64

typedef struct entry {
    const char *name, *text;
    uint8_t *bytes; /* decoded at the first use */
    size_t len;
    bool seen;
} entry;

struct test_vectors {
    char *file; /* its bytes, cut into strings */
    entry entries[ENTRIES_MAX];
    size_t count;
};

static void add_line(test_vectors *vectors, char *line)
{
    if (line[0] == '#' || line[0] == '\0')
        return;
    char *equals = strstr(line, " =");
    assert_non_null(equals);
    *equals = '\0';
    char *text = equals + 2;
    if (*text == ' ')
        text++;
    assert_true(vectors->count < ENTRIES_MAX);
    vectors->entries[vectors->count++] = (entry){.name = line, .text = text};
}

test_vectors *test_vectors_open(const char *file)
{
    char path[512];
    snprintf(path, sizeof path, "%s/conformance/vectors/%s", UFTP_SOURCE_DIR, file);
    test_vectors *vectors = calloc(1, sizeof *vectors);
    assert_non_null(vectors);
    size_t len;
    vectors->file = test_read_file(path, &len);
    if (!vectors->file)
        fail_msg("cannot read %s", path);
    char *line = vectors->file;
    while (line && *line) {
        char *end = strchr(line, '\n');
        if (end)
            *end++ = '\0';
        add_line(vectors, line);
        line = end;
    }
    return vectors;
}

void test_vectors_close(test_vectors *vectors)
{
    for (size_t i = 0; i < vectors->count; i++)
        free(vectors->entries[i].bytes);
    free(vectors->file);
    free(vectors);
}

static const entry *find(const test_vectors *vectors, const char *name)
{
    for (size_t i = 0; i < vectors->count; i++)
        if (strcmp(vectors->entries[i].name, name) == 0)
            return &vectors->entries[i];
    return NULL;
}

static entry *need(test_vectors *vectors, const char *name)
{
    const entry *found = find(vectors, name);
    if (!found)
        fail_msg("no vector %s", name);
    entry *own = &vectors->entries[found - vectors->entries];
    own->seen = true;
    return own;
}

bool test_vector_exists(const test_vectors *vectors, const char *name)
{
    return find(vectors, name) != NULL;
}

const char *test_vector_name(const test_vectors *vectors, size_t index)
{
    return index < vectors->count ? vectors->entries[index].name : NULL;
}

const char *test_vector_text(test_vectors *vectors, const char *name)
{
    return need(vectors, name)->text;
}

uftp_bytes test_vector(test_vectors *vectors, const char *name)
{
    entry *found = need(vectors, name);
    if (!found->bytes) {
        size_t capacity = strlen(found->text) / 2;
        found->bytes = malloc(capacity + 1);
        assert_non_null(found->bytes);
        found->len = test_unhex(found->text, found->bytes, capacity);
        assert_int_equal(found->len, capacity); /* nothing but hex on the line */
    }
    return (uftp_bytes){found->bytes, found->len};
}

void test_vector_equals(test_vectors *vectors, const char *name, const uint8_t *data, size_t len)
{
    uftp_bytes expected = test_vector(vectors, name);
    if (expected.len != len)
        fail_msg("%s: %zu bytes, expected %zu", name, len, expected.len);
    for (size_t i = 0; i < len; i++)
        if (expected.data[i] != data[i])
            fail_msg("%s: byte %zu is %02x, expected %02x", name, i, data[i], expected.data[i]);
}

/* ---- packets ---- */

static const char *packet_name(char name[NAME_MAX_LEN], size_t index, const char *part)
{
    snprintf(name, NAME_MAX_LEN, "pkt.%03zu.%s", index, part);
    return name;
}

uftp_bytes test_packet(test_vectors *vectors, size_t index, const char *part)
{
    char name[NAME_MAX_LEN];
    return test_vector(vectors, packet_name(name, index, part));
}

bool test_packet_exists(const test_vectors *vectors, size_t index, const char *part)
{
    char name[NAME_MAX_LEN];
    return test_vector_exists(vectors, packet_name(name, index, part));
}

void test_packet_equals(test_vectors *vectors, size_t index, const char *part, const uint8_t *data,
                        size_t len)
{
    char name[NAME_MAX_LEN];
    test_vector_equals(vectors, packet_name(name, index, part), data, len);
}

const char *test_packet_key(test_vectors *vectors, size_t index)
{
    char name[NAME_MAX_LEN];
    snprintf(name, sizeof name, "meta.pkt.%03zu.key", index);
    return test_vector_text(vectors, name);
}

size_t test_packet_count(const test_vectors *vectors)
{
    size_t count = 0;
    while (test_packet_exists(vectors, count, "raw"))
        count++;
    return count;
}

void test_vectors_all_seen(const test_vectors *vectors)
{
    for (size_t i = 0; i < vectors->count; i++) {
        const entry *e = &vectors->entries[i];
        if (!e->seen && strncmp(e->name, "meta.", 5) != 0)
            fail_msg("nothing looked at %s", e->name);
    }
}
