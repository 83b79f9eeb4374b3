/* SPDX-License-Identifier: MIT */
#include "engine/tree.h"

#include "base/assert.h"
#include "engine/memory.h"

#include <string.h>

#define LINKS_MAX 40 /* as Linux allows on one walk */

sim_entry *sim_entry_new(uftp_stat_type type, const char *name, size_t name_len)
{
    sim_entry *entry = sim_allocate(sizeof *entry);
    entry->type = type;
    entry->name = sim_allocate(name_len + 1);
    memcpy(entry->name, name, name_len);
    return entry;
}

void sim_entry_free(sim_entry *entry)
{
    UFTP_ASSERT(!entry->parent);
    for (size_t i = 0; i < entry->count; i++) {
        entry->children[i]->parent = NULL;
        sim_entry_free(entry->children[i]);
    }
    entry->count = 0;
    if (entry->open > 0)
        return; /* its last handle does the rest */
    sim_content_free(&entry->content);
    sim_release(entry->children);
    sim_release(entry->target);
    sim_release(entry->name);
    sim_release(entry);
}

void sim_entry_open(sim_entry *entry)
{
    entry->open++;
}

void sim_entry_close(sim_entry *entry)
{
    UFTP_ASSERT(entry->open > 0);
    if (--entry->open == 0 && !entry->parent && *entry->name)
        sim_entry_free(entry);
}

static int compare(const char *name, const char *other, size_t other_len)
{
    int order = strncmp(name, other, other_len);
    return order ? order : (unsigned char)name[other_len];
}

/* Where a name stands in its directory, or would. */
static size_t find(const sim_entry *directory, const char *name, size_t len)
{
    size_t low = 0, high = directory->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare(directory->children[middle]->name, name, len) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

sim_entry *sim_tree_child(const sim_entry *directory, const char *name, size_t len)
{
    size_t at = find(directory, name, len);
    if (at == directory->count || compare(directory->children[at]->name, name, len) != 0)
        return NULL;
    return directory->children[at];
}

void sim_tree_insert(sim_entry *directory, sim_entry *entry)
{
    size_t len = strlen(entry->name), at = find(directory, entry->name, len);
    UFTP_ASSERT(directory->type == UFTP_STAT_DIRECTORY && !entry->parent);
    UFTP_ASSERT(!sim_tree_child(directory, entry->name, len));
    if (directory->count == directory->capacity) {
        directory->capacity = directory->capacity ? 2 * directory->capacity : 4;
        directory->children =
            sim_reallocate(directory->children, directory->capacity * sizeof *directory->children);
    }
    memmove(&directory->children[at + 1], &directory->children[at],
            (directory->count - at) * sizeof *directory->children);
    directory->children[at] = entry;
    directory->count++;
    entry->parent = directory;
}

void sim_tree_take(sim_entry *entry)
{
    sim_entry *directory = entry->parent;
    UFTP_ASSERT(directory);
    size_t at = find(directory, entry->name, strlen(entry->name));
    directory->count--;
    memmove(&directory->children[at], &directory->children[at + 1],
            (directory->count - at) * sizeof *directory->children);
    entry->parent = NULL;
}

uint64_t sim_tree_size(const sim_entry *entry)
{
    uint64_t size = entry->content.size;
    for (size_t i = 0; i < entry->count; i++)
        size += sim_tree_size(entry->children[i]);
    return size;
}

void sim_entry_stat(const sim_entry *entry, uftp_stat *out)
{
    *out = (uftp_stat){.type = entry->type, .size = entry->content.size, .mtime = entry->mtime};
}

/* The next component of a path: its length, 0 at the end. Moves *path to its start. */
static size_t component(const char **path)
{
    while (**path == '/')
        ++*path;
    return strcspn(*path, "/");
}

int sim_tree_walk_parent(sim_entry *root, const char *path, sim_entry **directory,
                         const char **name)
{
    sim_entry *at = root;
    for (;;) {
        size_t len = component(&path);
        const char *rest = path + len;
        if (component(&rest) == 0) {
            *directory = at;
            *name = path;
            return at->type == UFTP_STAT_DIRECTORY ? UFTP_OK : UFTP_ERR_KIND;
        }
        if (at->type != UFTP_STAT_DIRECTORY)
            return UFTP_ERR_KIND;
        at = sim_tree_child(at, path, len);
        if (!at)
            return UFTP_ERR_NOT_FOUND;
        path = rest;
    }
}

int sim_tree_walk(sim_entry *root, const char *path, sim_entry **out)
{
    sim_entry *directory;
    const char *name;
    int err = sim_tree_walk_parent(root, path, &directory, &name);
    if (err < 0)
        return err;
    *out = *name ? sim_tree_child(directory, name, strcspn(name, "/")) : root;
    return *out ? UFTP_OK : UFTP_ERR_NOT_FOUND;
}

static int resolve(sim_entry *root, sim_entry *at, const char *path, bool follow, int *links,
                   sim_entry **out)
{
    if (*path == '/')
        at = root;
    for (size_t len; (len = component(&path)) > 0; path += len) {
        if (at->type != UFTP_STAT_DIRECTORY)
            return UFTP_ERR_KIND;
        if (len == 1 && path[0] == '.')
            continue;
        if (len == 2 && path[0] == '.' && path[1] == '.') {
            at = at->parent ? at->parent : at;
            continue;
        }
        sim_entry *child = sim_tree_child(at, path, len);
        if (!child)
            return UFTP_ERR_NOT_FOUND;
        bool last = path[len] == '\0';
        if (child->type == UFTP_STAT_SYMLINK && (!last || follow)) {
            if (++*links > LINKS_MAX)
                return UFTP_ERR_LIMIT;
            int err = resolve(root, at, child->target, true, links, &child);
            if (err < 0)
                return err;
        }
        at = child;
    }
    *out = at;
    return UFTP_OK;
}

int sim_tree_resolve(sim_entry *root, const char *path, bool follow, sim_entry **out)
{
    int links = 0;
    return resolve(root, root, path, follow, &links, out);
}

/* ---- comparison ---- */

static bool entry_equal(const sim_entry *a, const sim_entry *b, bool with_mtime)
{
    if (a->type != b->type)
        return false;
    if (a->type == UFTP_STAT_SYMLINK)
        return strcmp(a->target, b->target) == 0;
    if (a->type != UFTP_STAT_REGULAR)
        return true;
    return sim_content_equal(&a->content, &b->content) && (!with_mtime || a->mtime == b->mtime);
}

static void append(char *where, size_t capacity, const char *text)
{
    size_t used = where && capacity ? strlen(where) : 0, len = strlen(text);
    if (!where || !capacity)
        return;
    if (len > capacity - used - 1)
        len = capacity - used - 1;
    memcpy(where + used, text, len);
    where[used + len] = '\0';
}

static bool tree_equal(const sim_entry *a, const sim_entry *b, bool with_mtime, char *where,
                       size_t capacity)
{
    size_t here = where && capacity ? strlen(where) : 0;
    for (size_t i = 0; i < a->count || i < b->count; i++) {
        const sim_entry *x = i < a->count ? a->children[i] : NULL;
        const sim_entry *y = i < b->count ? b->children[i] : NULL;
        append(where, capacity, "/");
        append(where, capacity, x ? x->name : y->name);
        if (!x || !y || strcmp(x->name, y->name) != 0 || !entry_equal(x, y, with_mtime) ||
            !tree_equal(x, y, with_mtime, where, capacity))
            return false;
        if (where && capacity)
            where[here] = '\0';
    }
    return true;
}

bool sim_tree_equal(const sim_entry *a, const sim_entry *b, bool with_mtime, char *where,
                    size_t capacity)
{
    if (where && capacity)
        where[0] = '\0';
    return entry_equal(a, b, with_mtime) && tree_equal(a, b, with_mtime, where, capacity);
}
