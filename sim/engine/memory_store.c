/* SPDX-License-Identifier: MIT */
#include "engine/memory_store.h"

#include "base/assert.h"
#include "engine/memory.h"
#include <uftp/message.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define NAME_MAX_BYTES 255 /* of a component, as in most file systems */

struct uftp_store_file {
    sim_entry *entry;
    sim_entry *directory; /* where it was created, */
    char *name;           /* and as what: so that only our own file is placed or removed */
};

struct sim_record {
    sim_record *next;
    uint32_t group;
    bool note;
    size_t len;
    uint8_t bytes[];
};

/* Counts a call; the error of a fault that is due, else 0. */
static int count_call(sim_store *store, sim_store_op op)
{
    if (store->dead)
        return UFTP_ERR_IO;
    const sim_store_fault *fault = &store->faults[op];
    uint64_t number = ++store->calls[op];
    uint64_t count = fault->count ? fault->count : 1;
    if (fault->first == 0 || number < fault->first || number - fault->first >= count)
        return UFTP_OK;
    return fault->error ? fault->error : UFTP_ERR_IO;
}

/* ---- places ---- */

static sim_entry *root_of(const sim_store *store, unsigned root)
{
    if (root == UFTP_ROOT_TEMP)
        return store->temp;
    return root < store->options.destination_count ? store->roots[root] : NULL;
}

/* The core has checked the name; a store keeps to its root by itself all the same. */
static bool is_name_safe(const char *name)
{
    for (;;) {
        size_t len = strcspn(name, "/");
        if (len == 0 || len > NAME_MAX_BYTES || (len == 1 && name[0] == '.') ||
            (len == 2 && memcmp(name, "..", 2) == 0))
            return false;
        if (name[len] == '\0')
            return true;
        name += len + 1;
    }
}

/* The directory of a place and its last component. */
static int find_spot(const sim_store *store, const uftp_place *place, sim_entry **directory,
                     const char **name)
{
    sim_entry *root = root_of(store, place->root);
    if (!root)
        return UFTP_ERR_ARGUMENT;
    if (!is_name_safe(place->name))
        return UFTP_ERR_NAME;
    return sim_tree_walk_parent(root, place->name, directory, name);
}

static int find_entry(const sim_store *store, const uftp_place *place, sim_entry **out)
{
    sim_entry *directory;
    const char *name;
    int err = find_spot(store, place, &directory, &name);
    if (err < 0)
        return err;
    *out = sim_tree_child(directory, name, strlen(name));
    return *out ? UFTP_OK : UFTP_ERR_NOT_FOUND;
}

static void remove_entry(sim_store *store, sim_entry *entry)
{
    store->used -= sim_tree_size(entry);
    sim_tree_take(entry);
    sim_entry_free(entry);
}

static void rename_entry(sim_entry *entry, const char *name)
{
    sim_release(entry->name);
    entry->name = sim_copy_text(name);
}

static void tell_placed(const sim_store *store, const sim_entry *entry)
{
    if (store->placed)
        store->placed(store->placed_ctx, entry);
}

static bool is_within(const sim_entry *entry, const sim_entry *outer)
{
    for (; entry; entry = entry->parent)
        if (entry == outer)
            return true;
    return false;
}

/* Puts an entry under a name, in place of whatever is there. */
static int move_entry(sim_store *store, sim_entry *entry, sim_entry *directory, const char *name)
{
    sim_entry *old = sim_tree_child(directory, name, strlen(name));
    if (old == entry)
        return UFTP_OK;
    if (is_within(directory, entry) || (old && is_within(entry, old)))
        return UFTP_ERR_KIND; /* into itself, or onto what holds it */
    if (old)
        remove_entry(store, old);
    sim_tree_take(entry);
    rename_entry(entry, name);
    sim_tree_insert(directory, entry);
    tell_placed(store, entry);
    return UFTP_OK;
}

/* ---- files ---- */

static int store_lookup(void *ctx, const uftp_place *place, uftp_stat *out)
{
    sim_store *store = ctx;
    sim_entry *entry = root_of(store, place->root);
    int err = count_call(store, SIM_STORE_LOOKUP);
    if (!err && !entry)
        err = UFTP_ERR_ARGUMENT;
    if (!err && *place->name)
        err = find_entry(store, place, &entry);
    if (!err)
        sim_entry_stat(entry, out);
    return err;
}

static void start_content(const sim_store *store, sim_content *content, uint64_t size)
{
    for (size_t i = 0; i < store->options.expected_count; i++) {
        const sim_expected *expected = &store->options.expected[i];
        if (expected->size == size) {
            sim_content_check(content, expected->seed, size, store->options.block_size);
            return;
        }
    }
}

static int store_create(void *ctx, const uftp_place *place, uint64_t size, bool keep,
                        uftp_store_file **out)
{
    sim_store *store = ctx;
    sim_entry *directory;
    const char *name;
    int err = count_call(store, SIM_STORE_CREATE);
    if (!err)
        err = find_spot(store, place, &directory, &name);
    if (err)
        return err;
    sim_entry *entry = sim_tree_child(directory, name, strlen(name));
    if (entry && (entry->type == UFTP_STAT_DIRECTORY || (keep && entry->type != UFTP_STAT_REGULAR)))
        return UFTP_ERR_KIND;
    if (entry && !keep) {
        remove_entry(store, entry);
        entry = NULL;
    }
    if (!entry) {
        entry = sim_entry_new(UFTP_STAT_REGULAR, name, strlen(name));
        start_content(store, &entry->content, size);
        sim_tree_insert(directory, entry);
        tell_placed(store, entry);
    }
    *out = sim_allocate(sizeof **out);
    (*out)->entry = entry;
    (*out)->directory = directory;
    (*out)->name = sim_copy_text(name);
    sim_entry_open(entry);
    sim_entry_open(directory);
    store->open_count++;
    return UFTP_OK;
}

/* Writes as much as there is room for, as a disk does. */
static int write_slice(sim_store *store, sim_entry *entry, uint64_t offset, const uftp_slice *slice)
{
    uint64_t size = entry->content.size;
    if (offset > UINT64_MAX - slice->len)
        return UFTP_ERR_LIMIT;
    uint64_t end = offset + slice->len, growth = end > size ? end - size : 0;
    uint64_t room = store->options.capacity - store->used;
    if (slice->len == 0)
        return UFTP_OK;
    if (growth > room)
        return UFTP_ERR_NO_SPACE;
    sim_content_write(&entry->content, offset, slice->data, slice->len);
    if (entry->parent)
        store->used += growth;
    store->bytes_written += slice->len;
    store->turn_bytes += slice->len;
    return UFTP_OK;
}

static int store_write(void *ctx, uftp_store_file *file, uint64_t offset, const uftp_slice *slices,
                       size_t count)
{
    sim_store *store = ctx;
    int err = count_call(store, SIM_STORE_WRITE);
    for (size_t i = 0; i < count && !err; i++) {
        err = write_slice(store, file->entry, offset, &slices[i]);
        offset += slices[i].len;
    }
    return err;
}

static void close_file(sim_store *store, uftp_store_file *file)
{
    sim_entry_close(file->entry);
    sim_entry_close(file->directory);
    sim_release(file->name);
    sim_release(file);
    store->open_count--;
}

/* Whether what stands under the file's name is still the file. */
static bool is_own(const uftp_store_file *file)
{
    return sim_tree_child(file->directory, file->name, strlen(file->name)) == file->entry;
}

static void store_discard(void *ctx, uftp_store_file *file, bool keep)
{
    sim_store *store = ctx;
    if (!keep && !store->dead && is_own(file))
        remove_entry(store, file->entry); /* its last handle frees it */
    close_file(store, file);
}

static int place_file(sim_store *store, const uftp_store_file *file, const uftp_place *final)
{
    sim_entry *directory;
    const char *name;
    int err = find_spot(store, final, &directory, &name);
    if (err)
        return err;
    if (!is_own(file))
        return file->entry->parent ? UFTP_ERR_KIND : UFTP_ERR_NOT_FOUND;
    const sim_entry *old = sim_tree_child(directory, name, strlen(name));
    if (old && old->type == UFTP_STAT_DIRECTORY)
        return UFTP_ERR_KIND;
    return move_entry(store, file->entry, directory, name);
}

static int store_sync(void *ctx, uftp_store_file *file)
{
    sim_store *store = ctx;
    int err = count_call(store, SIM_STORE_SYNC);
    if (!err) {
        sim_content_sync(&file->entry->content);
        store->turn_syncs++;
    }
    return err;
}

static int store_commit(void *ctx, uftp_store_file *file, const uftp_place *final, uint64_t mtime,
                        bool sync)
{
    sim_store *store = ctx;
    int err = count_call(store, SIM_STORE_COMMIT);
    if (!err && sync) {
        sim_content_sync(&file->entry->content); /* before it gets its name */
        store->turn_syncs++;
    }
    if (!err)
        err = place_file(store, file, final);
    if (!err && mtime)
        file->entry->mtime = mtime;
    store_discard(store, file, !err);
    return err;
}

/* ---- directories, links, trees ---- */

static int put_entry(sim_store *store, const uftp_place *place, uftp_stat_type type,
                     const char *target)
{
    sim_entry *directory;
    const char *name;
    int err = find_spot(store, place, &directory, &name);
    if (err)
        return err;
    if (sim_tree_child(directory, name, strlen(name)))
        return UFTP_ERR_EXISTS;
    sim_entry *entry = sim_entry_new(type, name, strlen(name));
    entry->target = sim_copy_text(target);
    sim_tree_insert(directory, entry);
    return UFTP_OK;
}

static int store_mkdir(void *ctx, const uftp_place *place)
{
    int err = count_call(ctx, SIM_STORE_MKDIR);
    return err ? err : put_entry(ctx, place, UFTP_STAT_DIRECTORY, NULL);
}

static int store_symlink(void *ctx, const uftp_place *place, const char *target)
{
    int err = count_call(ctx, SIM_STORE_SYMLINK);
    if (!err && !*target)
        err = UFTP_ERR_NAME;
    return err ? err : put_entry(ctx, place, UFTP_STAT_SYMLINK, target);
}

static int store_remove(void *ctx, const uftp_place *place)
{
    sim_store *store = ctx;
    sim_entry *entry;
    int err = count_call(store, SIM_STORE_REMOVE);
    if (!err)
        err = find_entry(store, place, &entry);
    if (!err)
        remove_entry(store, entry);
    return err;
}

static int store_move(void *ctx, const uftp_place *from, const uftp_place *to)
{
    sim_store *store = ctx;
    sim_entry *entry, *directory;
    const char *name;
    int err = count_call(store, SIM_STORE_MOVE);
    if (!err)
        err = find_entry(store, from, &entry);
    if (!err)
        err = find_spot(store, to, &directory, &name);
    return err ? err : move_entry(store, entry, directory, name);
}

static int store_free_space(void *ctx, const uftp_place *place, uint64_t *bytes)
{
    const sim_store *store = ctx;
    if (!root_of(store, place->root))
        return UFTP_ERR_ARGUMENT;
    *bytes = store->options.capacity - store->used;
    return UFTP_OK;
}

/* ---- backups ---- */

/* "YYYYMMDD" and "HHMMSS" of a time, UTC: the simulator has no time zone. */
static void format_time(uint64_t wall_us, char date[16], char time[16])
{
    uint64_t seconds = wall_us / 1000000 % 86400, days = wall_us / 1000000 / 86400;
    unsigned year = 1970;
    for (;; year++) {
        unsigned length = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 366 : 365;
        if (days < length || year == 9999)
            break;
        days -= length;
    }
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    const unsigned lengths[] = {31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    unsigned month = 0;
    while (month < 11 && days >= lengths[month])
        days -= lengths[month++];
    snprintf(date, 16, "%04u%02u%02u", year, month + 1, (unsigned)(days % 31) + 1);
    snprintf(time, 16, "%02u%02u%02u", (unsigned)(seconds / 3600), (unsigned)(seconds / 60 % 60),
             (unsigned)(seconds % 60));
}

static int make_parents(sim_entry *at, char *path, sim_entry **directory, const char **name)
{
    for (char *slash; (slash = strchr(path, '/')); path = slash + 1) {
        size_t len = (size_t)(slash - path);
        if (len == 0)
            continue;
        sim_entry *child = sim_tree_child(at, path, len);
        if (!child) {
            child = sim_entry_new(UFTP_STAT_DIRECTORY, path, len);
            sim_tree_insert(at, child);
        }
        if (child->type != UFTP_STAT_DIRECTORY)
            return UFTP_ERR_KIND;
        at = child;
    }
    *directory = at;
    *name = path;
    return UFTP_OK;
}

static int store_backup(void *ctx, const uftp_place *place, uint64_t session_wall_us)
{
    sim_store *store = ctx;
    sim_entry *entry, *directory;
    const char *name;
    char date[16], time[16], path[4096];
    int err = count_call(store, SIM_STORE_BACKUP);
    if (err)
        return err;
    if (!store->options.backup || place->root >= store->options.destination_count)
        return UFTP_ERR_UNSUPPORTED;
    err = find_entry(store, place, &entry);
    if (err)
        return err;
    format_time(session_wall_us, date, time);
    int len = snprintf(path, sizeof path, "%s/%s/%s/%s", date, time,
                       store->options.destinations[place->root], place->name);
    if (len < 0 || (size_t)len >= sizeof path)
        return UFTP_ERR_NAME;
    err = make_parents(store->backups[place->root], path, &directory, &name);
    return err ? err : move_entry(store, entry, directory, name);
}

/* ---- resume records ---- */

/* A note is kept beside what was saved, and counts for more while it is there. */
static sim_record **find_record(sim_store *store, uint32_t group, bool note)
{
    sim_record **at = &store->records;
    while (*at && ((*at)->group != group || (*at)->note != note))
        at = &(*at)->next;
    return at;
}

static bool drop_record(sim_record **at)
{
    sim_record *record = *at;
    if (!record)
        return false;
    *at = record->next;
    sim_release(record);
    return true;
}

static int store_resume_remove(void *ctx, uint32_t group)
{
    sim_store *store = ctx;
    if (store->dead)
        return UFTP_ERR_IO;
    if (!store->temp)
        return UFTP_ERR_UNSUPPORTED;
    bool note = drop_record(find_record(store, group, true));
    bool saved = drop_record(find_record(store, group, false));
    return note || saved ? UFTP_OK : UFTP_ERR_NOT_FOUND;
}

static int keep_record(sim_store *store, uint32_t group, bool note, const uint8_t *data, size_t len)
{
    int err = count_call(store, SIM_STORE_RESUME_SAVE);
    if (!err && !store->temp)
        err = UFTP_ERR_UNSUPPORTED;
    if (err)
        return err;
    (void)drop_record(find_record(store, group, true));
    if (!note)
        (void)drop_record(find_record(store, group, false));
    sim_record *record = sim_allocate(sizeof *record + len);
    record->group = group;
    record->note = note;
    record->len = len;
    memcpy(record->bytes, data, len);
    record->next = store->records;
    store->records = record;
    return UFTP_OK;
}

static int store_resume_save(void *ctx, uint32_t group, const uint8_t *data, size_t len)
{
    return keep_record(ctx, group, false, data, len);
}

static int store_resume_note(void *ctx, uint32_t group, const uint8_t *data, size_t len)
{
    return keep_record(ctx, group, true, data, len);
}

static int store_resume_load(void *ctx, uint32_t group, uint8_t *out, size_t capacity, size_t *len)
{
    sim_store *store = ctx;
    int err = count_call(store, SIM_STORE_RESUME_LOAD);
    if (!err && !store->temp)
        err = UFTP_ERR_UNSUPPORTED;
    if (err)
        return err;
    const sim_record *record = *find_record(store, group, true);
    if (!record)
        record = *find_record(store, group, false);
    if (!record)
        return UFTP_ERR_NOT_FOUND;
    if (record->len > capacity)
        return UFTP_ERR_LIMIT;
    memcpy(out, record->bytes, record->len);
    *len = record->len;
    return UFTP_OK;
}

void sim_store_forget_notes(sim_store *store)
{
    for (sim_record **at = &store->records; *at;) {
        if ((*at)->note)
            (void)drop_record(at);
        else
            at = &(*at)->next;
    }
}

/* ---- life ---- */

static const uftp_store table = {.lookup = store_lookup,
                                 .create = store_create,
                                 .write = store_write,
                                 .sync = store_sync,
                                 .commit = store_commit,
                                 .discard = store_discard,
                                 .mkdir = store_mkdir,
                                 .symlink = store_symlink,
                                 .remove = store_remove,
                                 .move = store_move,
                                 .free_space = store_free_space,
                                 .backup = store_backup,
                                 .resume_save = store_resume_save,
                                 .resume_load = store_resume_load,
                                 .resume_remove = store_resume_remove,
                                 .resume_note = store_resume_note};

void sim_store_init(sim_store *store, const sim_store_options *options)
{
    static const char *const default_destinations[] = {"/in"};
    *store = (sim_store){.core = table, .options = options ? *options : (sim_store_options){0}};
    store->core.ctx = store;
    sim_store_options *o = &store->options;
    if (!o->destination_count) {
        o->destinations = default_destinations;
        o->destination_count = 1;
    }
    UFTP_ASSERT(o->destination_count <= SIM_ROOTS_MAX);
    if (!o->capacity)
        o->capacity = SIM_STORE_CAPACITY_DEFAULT;
    if (!o->block_size)
        o->block_size = UFTP_BLOCK_SIZE_DEFAULT;
    for (size_t i = 0; i < o->destination_count; i++) {
        store->roots[i] = sim_entry_new(UFTP_STAT_DIRECTORY, "", 0);
        if (o->backup)
            store->backups[i] = sim_entry_new(UFTP_STAT_DIRECTORY, "", 0);
    }
    if (o->temp)
        store->temp = sim_entry_new(UFTP_STAT_DIRECTORY, "", 0);
}

void sim_store_free(sim_store *store)
{
    UFTP_ASSERT(store->open_count == 0);
    for (size_t i = 0; i < store->options.destination_count; i++) {
        sim_entry_free(store->roots[i]);
        if (store->backups[i])
            sim_entry_free(store->backups[i]);
    }
    if (store->temp)
        sim_entry_free(store->temp);
    while (store->records)
        (void)drop_record(&store->records);
}

sim_entry *sim_store_find(sim_store *store, unsigned root, const char *name)
{
    sim_entry *entry = NULL;
    return sim_tree_walk(root_of(store, root), name, &entry) < 0 ? NULL : entry;
}

void sim_store_put(sim_store *store, unsigned root, const char *name, const void *bytes, size_t len,
                   uint64_t mtime)
{
    char path[4096];
    sim_entry *directory;
    const char *last;
    int used = snprintf(path, sizeof path, "%s", name);
    UFTP_ASSERT(used > 0 && (size_t)used < sizeof path && is_name_safe(name));
    int err = make_parents(root_of(store, root), path, &directory, &last);
    UFTP_ASSERT(err == UFTP_OK);
    sim_entry *entry = sim_entry_new(UFTP_STAT_REGULAR, last, strlen(last));
    sim_content_write(&entry->content, 0, bytes, len);
    sim_content_sync(&entry->content);
    entry->mtime = mtime;
    sim_tree_insert(directory, entry);
    store->used += len;
}
