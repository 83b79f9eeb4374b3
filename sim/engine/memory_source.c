/* SPDX-License-Identifier: MIT */
#include "engine/memory_source.h"

#include "base/assert.h"
#include "engine/memory.h"

#include <string.h>

struct uftp_source_file {
    sim_entry *entry;
};

struct uftp_source_dir {
    sim_entry *entry;
    size_t next;
};

/* ---- filling ---- */

/* The directory of `path`, made where it is missing; *name is the last component. */
static sim_entry *make_parents(sim_source *source, const char *path, const char **name)
{
    sim_entry *at = source->root;
    for (;;) {
        path += strspn(path, "/");
        size_t len = strcspn(path, "/");
        if (path[len + strspn(path + len, "/")] == '\0') {
            *name = path;
            return at;
        }
        sim_entry *child = sim_tree_child(at, path, len);
        if (!child) {
            child = sim_entry_new(UFTP_STAT_DIRECTORY, path, len);
            sim_tree_insert(at, child);
        }
        UFTP_ASSERT(child->type == UFTP_STAT_DIRECTORY);
        at = child;
        path += len;
    }
}

static sim_entry *put(sim_source *source, const char *path, uftp_stat_type type)
{
    const char *name;
    sim_entry *directory = make_parents(source, path, &name);
    size_t len = strcspn(name, "/");
    UFTP_ASSERT(len > 0);
    sim_entry *old = sim_tree_child(directory, name, len);
    if (old && old->type == UFTP_STAT_DIRECTORY && type == UFTP_STAT_DIRECTORY)
        return old;
    if (old) {
        sim_tree_take(old);
        sim_entry_free(old);
    }
    sim_entry *entry = sim_entry_new(type, name, len);
    sim_tree_insert(directory, entry);
    return entry;
}

sim_entry *sim_source_file(sim_source *source, const char *path, const void *bytes, size_t len,
                           uint64_t mtime)
{
    sim_entry *entry = put(source, path, UFTP_STAT_REGULAR);
    sim_content_write(&entry->content, 0, bytes, len);
    entry->mtime = mtime;
    return entry;
}

sim_entry *sim_source_generated(sim_source *source, const char *path, uint64_t seed, uint64_t size,
                                uint64_t mtime)
{
    sim_entry *entry = put(source, path, UFTP_STAT_REGULAR);
    sim_content_generate(&entry->content, seed, size);
    entry->mtime = mtime;
    return entry;
}

sim_entry *sim_source_dir(sim_source *source, const char *path)
{
    return put(source, path, UFTP_STAT_DIRECTORY);
}

sim_entry *sim_source_link(sim_source *source, const char *path, const char *target)
{
    sim_entry *entry = put(source, path, UFTP_STAT_SYMLINK);
    entry->target = sim_copy_text(target);
    return entry;
}

/* ---- the table ---- */

static int source_stat(void *ctx, const char *path, bool follow, uftp_stat *out)
{
    sim_source *source = ctx;
    sim_entry *entry;
    int err = sim_tree_resolve(source->root, path, follow, &entry);
    if (err < 0)
        return err;
    sim_entry_stat(entry, out);
    return UFTP_OK;
}

static int source_readlink(void *ctx, const char *path, char *out, size_t capacity)
{
    sim_source *source = ctx;
    sim_entry *entry;
    int err = sim_tree_resolve(source->root, path, false, &entry);
    if (err < 0)
        return err;
    if (entry->type != UFTP_STAT_SYMLINK)
        return UFTP_ERR_KIND;
    size_t size = strlen(entry->target) + 1;
    if (size > capacity)
        return UFTP_ERR_LIMIT;
    memcpy(out, entry->target, size);
    return UFTP_OK;
}

static int source_opendir(void *ctx, const char *path, uftp_source_dir **out)
{
    sim_source *source = ctx;
    sim_entry *entry;
    int err = sim_tree_resolve(source->root, path, true, &entry);
    if (err < 0)
        return err;
    if (entry->type != UFTP_STAT_DIRECTORY)
        return UFTP_ERR_KIND;
    uftp_source_dir *dir = sim_allocate(sizeof *dir);
    dir->entry = entry;
    sim_entry_open(entry);
    source->open_count++;
    *out = dir;
    return UFTP_OK;
}

static int source_readdir(void *ctx, uftp_source_dir *dir, const char **name)
{
    (void)ctx;
    if (dir->next >= dir->entry->count)
        return 0;
    *name = dir->entry->children[dir->next++]->name;
    return 1;
}

static void source_closedir(void *ctx, uftp_source_dir *dir)
{
    sim_source *source = ctx;
    source->open_count--;
    sim_entry_close(dir->entry);
    sim_release(dir);
}

static int source_open(void *ctx, const char *path, bool follow, uftp_source_file **out)
{
    sim_source *source = ctx;
    sim_entry *entry;
    int err = sim_tree_resolve(source->root, path, follow, &entry);
    if (err < 0)
        return err;
    if (entry->type != UFTP_STAT_REGULAR)
        return UFTP_ERR_KIND;
    uftp_source_file *file = sim_allocate(sizeof *file);
    file->entry = entry;
    sim_entry_open(entry);
    source->open_count++;
    *out = file;
    return UFTP_OK;
}

static int source_read(void *ctx, uftp_source_file *file, uint64_t offset, const uftp_slice *slices,
                       size_t count)
{
    sim_source *source = ctx;
    if (++source->reads == source->read_fail_at)
        return UFTP_ERR_IO;
    const sim_content *content = &file->entry->content;
    for (size_t i = 0; i < count; i++) {
        if (offset > content->size || slices[i].len > content->size - offset)
            return UFTP_ERR_IO; /* it has become shorter */
        sim_content_read(content, offset, slices[i].data, slices[i].len);
        offset += slices[i].len;
    }
    return UFTP_OK;
}

static void source_close(void *ctx, uftp_source_file *file)
{
    sim_source *source = ctx;
    source->open_count--;
    sim_entry_close(file->entry);
    sim_release(file);
}

void sim_source_init(sim_source *source)
{
    *source = (sim_source){.core = {.ctx = source,
                                    .stat = source_stat,
                                    .readlink = source_readlink,
                                    .opendir = source_opendir,
                                    .readdir = source_readdir,
                                    .closedir = source_closedir,
                                    .open = source_open,
                                    .read = source_read,
                                    .close = source_close},
                           .root = sim_entry_new(UFTP_STAT_DIRECTORY, "", 0)};
}

void sim_source_free(sim_source *source)
{
    UFTP_ASSERT(source->open_count == 0);
    sim_entry_free(source->root);
}
