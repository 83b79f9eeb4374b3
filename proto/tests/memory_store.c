/* SPDX-License-Identifier: MIT */
#include "memory_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct uftp_store_file {
    memory_entry *entry;
};

/* ---- entries ---- */

memory_entry *memory_store_find(const memory_store *memory, unsigned root, const char *name)
{
    for (memory_entry *e = memory->entries; e; e = e->next)
        if (e->root == root && strcmp(e->name, name) == 0)
            return e;
    return NULL;
}

static memory_entry *add(memory_store *memory, unsigned root, const char *name, uftp_stat_type type)
{
    memory_entry *e = calloc(1, sizeof *e);
    assert_non_null(e);
    e->root = root;
    e->type = type;
    assert_true(strlen(name) < sizeof e->name);
    strcpy(e->name, name);
    e->next = memory->entries;
    memory->entries = e;
    return e;
}

static void drop(memory_store *memory, memory_entry *e)
{
    memory_entry **link = &memory->entries;
    while (*link != e)
        link = &(*link)->next;
    *link = e->next;
    free(e->data);
    free(e);
}

static bool is_below(const memory_entry *e, unsigned root, const char *name)
{
    size_t len = strlen(name);
    return e->root == root && strncmp(e->name, name, len) == 0 && e->name[len] == '/';
}

static int parent_of(const memory_store *memory, const uftp_place *place)
{
    const char *slash = strchr(place->name, '/');
    for (; slash; slash = strchr(slash + 1, '/')) {
        char parent[400];
        snprintf(parent, sizeof parent, "%.*s", (int)(slash - place->name), place->name);
        const memory_entry *e = memory_store_find(memory, place->root, parent);
        if (!e)
            return UFTP_ERR_NOT_FOUND;
        if (e->type != UFTP_STAT_DIRECTORY)
            return UFTP_ERR_KIND;
    }
    return UFTP_OK;
}

/* What the core promises about every name it hands out. */
static void check_place(const uftp_place *place)
{
    const char *at = place->name;
    assert_true(place->root < 4 || place->root == UFTP_ROOT_TEMP);
    if (*at == '\0')
        return;
    while (1) {
        size_t len = strcspn(at, "/");
        assert_true(len > 0 && len <= 255);
        assert_false(len == 1 && at[0] == '.');
        assert_false(len == 2 && at[0] == '.' && at[1] == '.');
        if (at[len] == '\0')
            return;
        at += len + 1;
    }
}

/* ---- the vtable ---- */

static int ms_lookup(void *ctx, const uftp_place *place, uftp_stat *out)
{
    memory_store *memory = ctx;
    check_place(place);
    int err = parent_of(memory, place);
    if (err < 0)
        return err;
    const memory_entry *e = memory_store_find(memory, place->root, place->name);
    if (!e)
        return UFTP_ERR_NOT_FOUND;
    *out = (uftp_stat){.type = e->type, .size = e->len, .mtime = e->mtime};
    return UFTP_OK;
}

static int ms_create(void *ctx, const uftp_place *place, uint64_t size, bool keep,
                     uftp_store_file **out)
{
    memory_store *memory = ctx;
    (void)size;
    check_place(place);
    memory->changes++;
    if (memory->create_error)
        return memory->create_error;
    assert_int_equal(parent_of(memory, place), UFTP_OK);
    memory_entry *e = memory_store_find(memory, place->root, place->name);
    if (e && !(keep && e->type == UFTP_STAT_REGULAR)) {
        drop(memory, e);
        e = NULL;
    }
    if (!e)
        e = add(memory, place->root, place->name, UFTP_STAT_REGULAR);
    e->partial = true;
    uftp_store_file *file = malloc(sizeof *file);
    assert_non_null(file);
    file->entry = e;
    memory->open_files++;
    *out = file;
    return UFTP_OK;
}

static int ms_write(void *ctx, uftp_store_file *file, uint64_t offset, const uftp_slice *slices,
                    size_t count)
{
    memory_store *memory = ctx;
    memory->changes++;
    memory->writes++;
    memory->slices += (unsigned)count;
    assert_true(count >= 1 && count <= 64);
    if (memory->write_error)
        return memory->write_error;
    memory_entry *e = file->entry;
    for (size_t i = 0; i < count; i++) {
        size_t end = (size_t)offset + slices[i].len;
        if (end > e->len) {
            if (end > e->capacity) {
                e->capacity = 2 * end;
                e->data = realloc(e->data, e->capacity);
                assert_non_null(e->data);
            }
            memset(e->data + e->len, 0, end - e->len);
            e->len = end;
        }
        memcpy(e->data + offset, slices[i].data, slices[i].len);
        offset += slices[i].len;
    }
    return UFTP_OK;
}

static void close_file(memory_store *memory, uftp_store_file *file)
{
    memory->open_files--;
    free(file);
}

/* Memory knows no power failure. */
static int ms_sync(void *ctx, uftp_store_file *file)
{
    (void)ctx;
    (void)file;
    return UFTP_OK;
}

static int ms_commit(void *ctx, uftp_store_file *file, const uftp_place *final, uint64_t mtime,
                     bool sync)
{
    memory_store *memory = ctx;
    (void)sync;
    check_place(final);
    memory->changes++;
    memory_entry *e = file->entry;
    close_file(memory, file);
    memory_entry *there = memory_store_find(memory, final->root, final->name);
    int err = memory->commit_error;
    if (there && there->type == UFTP_STAT_DIRECTORY)
        err = UFTP_ERR_KIND; /* the core has to remove it first */
    if (parent_of(memory, final) < 0)
        err = UFTP_ERR_KIND;
    if (err) {
        drop(memory, e);
        return err;
    }
    if (there)
        drop(memory, there);
    e->root = final->root;
    snprintf(e->name, sizeof e->name, "%s", final->name);
    e->mtime = mtime;
    e->partial = false;
    return UFTP_OK;
}

static void ms_discard(void *ctx, uftp_store_file *file, bool keep)
{
    memory_store *memory = ctx;
    memory->changes++;
    memory_entry *e = file->entry;
    close_file(memory, file);
    if (!keep)
        drop(memory, e);
}

static int ms_mkdir(void *ctx, const uftp_place *place)
{
    memory_store *memory = ctx;
    check_place(place);
    memory->changes++;
    if (memory->mkdir_error)
        return memory->mkdir_error;
    assert_int_equal(parent_of(memory, place), UFTP_OK);
    if (memory_store_find(memory, place->root, place->name))
        return UFTP_ERR_EXISTS;
    add(memory, place->root, place->name, UFTP_STAT_DIRECTORY);
    return UFTP_OK;
}

static int ms_symlink(void *ctx, const uftp_place *place, const char *target)
{
    memory_store *memory = ctx;
    check_place(place);
    memory->changes++;
    assert_int_equal(parent_of(memory, place), UFTP_OK);
    if (memory_store_find(memory, place->root, place->name))
        return UFTP_ERR_EXISTS;
    memory_entry *e = add(memory, place->root, place->name, UFTP_STAT_SYMLINK);
    snprintf(e->target, sizeof e->target, "%s", target);
    return UFTP_OK;
}

static int ms_remove(void *ctx, const uftp_place *place)
{
    memory_store *memory = ctx;
    check_place(place);
    assert_true(place->name[0] != '\0');
    memory->changes++;
    int err = parent_of(memory, place);
    memory_entry *e = memory_store_find(memory, place->root, place->name);
    if (err < 0 || !e)
        return err < 0 ? err : UFTP_ERR_NOT_FOUND;
    for (memory_entry *at = memory->entries, *next; at; at = next) {
        next = at->next;
        if (is_below(at, place->root, place->name))
            drop(memory, at);
    }
    drop(memory, memory_store_find(memory, place->root, place->name));
    return UFTP_OK;
}

static int ms_move(void *ctx, const uftp_place *from, const uftp_place *to)
{
    memory_store *memory = ctx;
    check_place(from);
    check_place(to);
    memory->changes++;
    if (memory->move_error)
        return memory->move_error;
    assert_int_equal(parent_of(memory, to), UFTP_OK);
    if (!memory_store_find(memory, from->root, from->name))
        return UFTP_ERR_NOT_FOUND;
    if (memory_store_find(memory, to->root, to->name))
        ms_remove(ctx, to);
    size_t len = strlen(from->name);
    for (memory_entry *e = memory->entries; e; e = e->next) {
        if (e->root != from->root ||
            (strcmp(e->name, from->name) != 0 && !is_below(e, from->root, from->name)))
            continue;
        char moved[800];
        snprintf(moved, sizeof moved, "%s%s", to->name, e->name + len);
        assert_true(strlen(moved) < sizeof e->name);
        strcpy(e->name, moved);
        e->root = to->root;
    }
    return UFTP_OK;
}

static int ms_free_space(void *ctx, const uftp_place *place, uint64_t *bytes)
{
    memory_store *memory = ctx;
    check_place(place);
    *bytes = memory->free_bytes;
    return memory->free_space_error;
}

static int ms_backup(void *ctx, const uftp_place *place, uint64_t session_wall_us)
{
    memory_store *memory = ctx;
    memory->backup_wall_us = session_wall_us;
    if (!memory->has_backup)
        return UFTP_ERR_UNSUPPORTED;
    if (memory->backup_error)
        return memory->backup_error;
    if (!memory_store_find(memory, place->root, place->name))
        return UFTP_ERR_NOT_FOUND;
    if (!memory_store_find(memory, 3, "backup"))
        add(memory, 3, "backup", UFTP_STAT_DIRECTORY);
    char name[400];
    const char *base = strrchr(place->name, '/');
    snprintf(name, sizeof name, "backup/%s", base ? base + 1 : place->name);
    return ms_move(ctx, place, &(uftp_place){.root = 3, .name = name});
}

static int ms_resume_save(void *ctx, uint32_t group, const uint8_t *data, size_t len)
{
    memory_store *memory = ctx;
    memory->changes++;
    free(memory->record);
    memory->record = malloc(len);
    assert_non_null(memory->record);
    memcpy(memory->record, data, len);
    memory->record_len = len;
    memory->record_group = group;
    return UFTP_OK;
}

static int ms_resume_load(void *ctx, uint32_t group, uint8_t *out, size_t capacity, size_t *len)
{
    memory_store *memory = ctx;
    if (!memory->record || memory->record_group != group)
        return UFTP_ERR_NOT_FOUND;
    if (memory->record_len > capacity)
        return UFTP_ERR_LIMIT;
    memcpy(out, memory->record, memory->record_len);
    *len = memory->record_len;
    return UFTP_OK;
}

static int ms_resume_remove(void *ctx, uint32_t group)
{
    memory_store *memory = ctx;
    memory->changes++;
    if (!memory->record || memory->record_group != group)
        return UFTP_ERR_NOT_FOUND;
    free(memory->record);
    memory->record = NULL;
    return UFTP_OK;
}

/* ---- set-up ---- */

void memory_store_init(memory_store *memory)
{
    *memory = (memory_store){.free_bytes = UINT64_C(1) << 40,
                             .store = {.ctx = memory,
                                       .lookup = ms_lookup,
                                       .create = ms_create,
                                       .write = ms_write,
                                       .sync = ms_sync,
                                       .commit = ms_commit,
                                       .discard = ms_discard,
                                       .mkdir = ms_mkdir,
                                       .symlink = ms_symlink,
                                       .remove = ms_remove,
                                       .move = ms_move,
                                       .free_space = ms_free_space,
                                       .backup = ms_backup,
                                       .resume_save = ms_resume_save,
                                       .resume_load = ms_resume_load,
                                       .resume_remove = ms_resume_remove,
                                       .resume_note = ms_resume_save}};
}

void memory_store_free(memory_store *memory)
{
    assert_int_equal(memory->open_files, 0);
    while (memory->entries)
        drop(memory, memory->entries);
    free(memory->record);
    memory->record = NULL;
}

memory_entry *memory_store_put_type(memory_store *memory, unsigned root, const char *name,
                                    uftp_stat_type type)
{
    for (const char *slash = strchr(name, '/'); slash; slash = strchr(slash + 1, '/')) {
        char parent[400];
        snprintf(parent, sizeof parent, "%.*s", (int)(slash - name), name);
        if (!memory_store_find(memory, root, parent))
            add(memory, root, parent, UFTP_STAT_DIRECTORY);
    }
    return add(memory, root, name, type);
}

memory_entry *memory_store_put(memory_store *memory, unsigned root, const char *name,
                               const void *data, size_t len, uint64_t mtime)
{
    memory_entry *e = memory_store_put_type(memory, root, name, UFTP_STAT_REGULAR);
    e->data = malloc(len ? len : 1);
    assert_non_null(e->data);
    memcpy(e->data, data, len);
    e->len = len;
    e->mtime = mtime;
    return e;
}

size_t memory_store_count(const memory_store *memory, uftp_stat_type type)
{
    size_t count = 0;
    for (const memory_entry *e = memory->entries; e; e = e->next)
        count += e->type == type;
    return count;
}
