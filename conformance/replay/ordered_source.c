/* SPDX-License-Identifier: MIT */
#include "ordered_source.h"

#include "tests/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ENTRIES_MAX = 100 };

typedef struct entry {
    size_t rank;
    char *name;
} entry;

typedef struct directory {
    size_t count, next;
    entry entries[ENTRIES_MAX];
} directory;

/* Where a file, or the first one below a directory, stands. */
static size_t rank_of(const ordered_source *ordered, const char *path, const char *name)
{
    char full[2 * ORDERED_NAME_LEN_MAX];
    size_t root_len = strlen(ordered->root);
    if (strncmp(path, ordered->root, root_len) == 0 && path[root_len] == '/')
        path += root_len + 1;
    int len = snprintf(full, sizeof full, "%s/%s", path, name);
    for (size_t i = 0; i < ordered->count; i++)
        if (strncmp(ordered->names[i], full, (size_t)len) == 0 &&
            (ordered->names[i][len] == '\0' || ordered->names[i][len] == '/'))
            return i;
    return ordered->count;
}

static int by_rank(const void *a, const void *b)
{
    const entry *left = a, *right = b;
    if (left->rank != right->rank)
        return left->rank < right->rank ? -1 : 1;
    return strcmp(left->name, right->name);
}

static int open_directory(void *ctx, const char *path, uftp_source_dir **out)
{
    ordered_source *ordered = ctx;
    const uftp_source *files = &ordered->files.core;
    uftp_source_dir *inner;
    int err = files->opendir(files->ctx, path, &inner);
    if (err < 0)
        return err;
    directory *d = calloc(1, sizeof *d);
    assert_non_null(d);
    const char *name;
    while (files->readdir(files->ctx, inner, &name) == 1) {
        assert_true(d->count < ENTRIES_MAX);
        entry *e = &d->entries[d->count++];
        *e = (entry){.rank = rank_of(ordered, path, name), .name = strdup(name)};
        assert_non_null(e->name);
    }
    files->closedir(files->ctx, inner);
    qsort(d->entries, d->count, sizeof *d->entries, by_rank);
    *out = (uftp_source_dir *)(void *)d;
    return UFTP_OK;
}

static int read_directory(void *ctx, uftp_source_dir *dir, const char **name)
{
    (void)ctx;
    directory *d = (directory *)(void *)dir;
    if (d->next == d->count)
        return 0;
    *name = d->entries[d->next++].name;
    return 1;
}

static void close_directory(void *ctx, uftp_source_dir *dir)
{
    (void)ctx;
    directory *d = (directory *)(void *)dir;
    for (size_t i = 0; i < d->count; i++)
        free(d->entries[i].name);
    free(d);
}

/* The rest goes through as it is. */
static int stat_path(void *ctx, const char *path, bool follow, uftp_stat *out)
{
    const uftp_source *files = &((ordered_source *)ctx)->files.core;
    return files->stat(files->ctx, path, follow, out);
}

static int read_link(void *ctx, const char *path, char *out, size_t capacity)
{
    const uftp_source *files = &((ordered_source *)ctx)->files.core;
    return files->readlink(files->ctx, path, out, capacity);
}

static int open_file(void *ctx, const char *path, bool follow, uftp_source_file **out)
{
    const uftp_source *files = &((ordered_source *)ctx)->files.core;
    return files->open(files->ctx, path, follow, out);
}

static int read_file(void *ctx, uftp_source_file *file, uint64_t offset, const uftp_slice *slices,
                     size_t count)
{
    const uftp_source *files = &((ordered_source *)ctx)->files.core;
    return files->read(files->ctx, file, offset, slices, count);
}

static void close_file(void *ctx, uftp_source_file *file)
{
    const uftp_source *files = &((ordered_source *)ctx)->files.core;
    files->close(files->ctx, file);
}

void ordered_source_init(ordered_source *ordered, const char *root)
{
    sim_source_init(&ordered->files);
    ordered->root = root;
    ordered->count = 0;
    ordered->core = (uftp_source){.ctx = ordered,
                                  .stat = stat_path,
                                  .readlink = read_link,
                                  .opendir = open_directory,
                                  .readdir = read_directory,
                                  .closedir = close_directory,
                                  .open = open_file,
                                  .read = read_file,
                                  .close = close_file};
}

void ordered_source_add(ordered_source *ordered, const uint8_t *name, size_t len)
{
    assert_true(ordered->count < ORDERED_NAMES_MAX && len < ORDERED_NAME_LEN_MAX);
    memcpy(ordered->names[ordered->count], name, len);
    ordered->names[ordered->count++][len] = '\0';
}

void ordered_source_free(ordered_source *ordered)
{
    sim_source_free(&ordered->files);
}
