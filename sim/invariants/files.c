/* SPDX-License-Identifier: MIT
 *
 * What lies in the stores of receivers.
 */
#include "invariants/internal.h"

#include <stdio.h>
#include <string.h>

#define PARTIAL_MARK ".~uftp-" /* transfer/name.c */
#define FOLDER_MARK "_group_"
#define PATH_SIZE 1024

static uint64_t hash_more(uint64_t hash, const void *bytes, size_t len)
{
    const uint8_t *at = bytes;
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ at[i]) * UINT64_C(0x100000001b3); /* FNV-1a: this is no adversary's data */
    return hash;
}

static uint64_t hash_file(const char *name, const sim_content *content)
{
    uint64_t hash = hash_more(UINT64_C(0xcbf29ce484222325), name, strlen(name));
    uint8_t piece[4096];
    for (uint64_t at = 0; at < content->size; at += sizeof piece) {
        uint64_t left = content->size - at;
        size_t len = left < sizeof piece ? (size_t)left : sizeof piece;
        sim_content_read(content, at, piece, len);
        hash = hash_more(hash, piece, len);
    }
    return sim_mix(hash ^ content->size);
}

/* ---- all files of a store ---- */

typedef struct walk {
    const sim_guard *guard;
    guarded *receiver;
    void (*visit)(const struct walk *walk, const char *name, const sim_entry *entry);
} walk;

static void walk_below(const walk *w, const sim_entry *directory, const char *prefix)
{
    for (size_t i = 0; i < directory->count; i++) {
        const sim_entry *entry = directory->children[i];
        char name[PATH_SIZE];
        snprintf(name, sizeof name, "%s%s%s", prefix, *prefix ? "/" : "", entry->name);
        if (entry->type == UFTP_STAT_DIRECTORY)
            walk_below(w, entry, name);
        else if (entry->type == UFTP_STAT_REGULAR)
            w->visit(w, name, entry);
    }
}

/* In the temporary directory, what is complete stands under its name below the folder. */
static bool is_folder(const sim_entry *entry)
{
    return entry->type == UFTP_STAT_DIRECTORY &&
           strncmp(entry->name, FOLDER_MARK, strlen(FOLDER_MARK)) == 0;
}

static void walk_store(const walk *w)
{
    const sim_store *store = w->receiver->store;
    for (size_t i = 0; i < store->options.destination_count; i++)
        walk_below(w, store->roots[i], "");
    for (size_t i = 0; store->temp && i < store->temp->count; i++)
        if (is_folder(store->temp->children[i]))
            walk_below(w, store->temp->children[i], "");
}

/* The name of an entry as its sender knows it; false where no final name can be. */
static bool find_name(const sim_store *store, const sim_entry *entry, char name[PATH_SIZE])
{
    char path[PATH_SIZE];
    const char *at = "";
    for (; entry->parent; entry = entry->parent) {
        if (entry->parent == store->temp) {
            snprintf(name, PATH_SIZE, "%s", at);
            return is_folder(entry);
        }
        char longer[PATH_SIZE];
        snprintf(longer, sizeof longer, "%s%s%s", entry->name, *at ? "/" : "", at);
        at = strcpy(path, longer);
    }
    snprintf(name, PATH_SIZE, "%s", at);
    for (size_t i = 0; i < store->options.destination_count; i++)
        if (entry == store->roots[i])
            return true;
    return false; /* a backup */
}

static void remember(const walk *w, const char *name, const sim_entry *entry)
{
    guarded *who = w->receiver;
    who->known = guard_grow(who->known, who->known_count, &who->known_capacity, sizeof *who->known);
    who->known[who->known_count++] = hash_file(name, &entry->content);
}

void guard_remember_store(guarded *receiver)
{
    walk_store(&(walk){.receiver = receiver, .visit = remember});
}

/* ---- a final name ---- */

static const sim_entry *source_of(const guard_session *session, const guard_object *object)
{
    sim_entry *entry = NULL;
    int err = sim_tree_resolve(session->sender->source->root, object->path,
                               session->sender->config.follow_links, &entry);
    return err < 0 ? NULL : entry;
}

static bool was_sent(const sim_guard *guard, const char *name, const sim_entry *entry)
{
    for (const guard_session *session = guard->sessions; session; session = session->next)
        for (size_t i = session->count; i > 0; i--) { /* mostly it is the newest */
            const guard_object *object = &session->objects[i - 1];
            if (object->type != UFTP_FILE_REGULAR || strcmp(object->name, name) != 0)
                continue;
            if (guard->damaged && session->sender->config.plain)
                return true; /* nobody vouches for the bytes */
            const sim_entry *source = source_of(session, object);
            if (source && sim_content_equal(&entry->content, &source->content))
                return true;
        }
    return false;
}

static bool was_there(const guarded *receiver, const char *name, const sim_entry *entry)
{
    if (entry->content.form == SIM_CONTENT_CHECKED)
        return false; /* has no bytes, and came with a session */
    uint64_t hash = hash_file(name, &entry->content);
    for (size_t i = 0; i < receiver->known_count; i++)
        if (receiver->known[i] == hash)
            return true;
    return false;
}

static void check_whole(const walk *w, const char *name, const sim_entry *entry)
{
    if (strstr(name, PARTIAL_MARK) || was_sent(w->guard, name, entry) ||
        was_there(w->receiver, name, entry))
        return;
    guard_fail(w->receiver, "%s has a file under the final name \"%s\" that nobody sent",
               sim_name(w->receiver->node), name);
}

static void on_placed(void *ctx, const sim_entry *entry)
{
    guarded *receiver = ctx;
    const walk w = {.guard = receiver->guard, .receiver = receiver, .visit = check_whole};
    char name[PATH_SIZE];
    if (receiver->guard->objects_unknown || !find_name(receiver->store, entry, name))
        return;
    if (entry->type == UFTP_STAT_DIRECTORY)
        walk_below(&w, entry, name);
    else if (entry->type == UFTP_STAT_REGULAR)
        check_whole(&w, name, entry);
}

void guard_watch_store(const sim_guard *guard, guarded *receiver)
{
    receiver->guard = guard;
    receiver->store->placed = on_placed;
    receiver->store->placed_ctx = receiver;
}

void guard_store(const sim_guard *guard, guarded *receiver)
{
    if (receiver->unflushed && receiver->store->lost_bytes)
        return;
    walk_store(&(walk){.guard = guard, .receiver = receiver, .visit = check_whole});
}

/* ---- a finished object ---- */

static const char *wrong_with(const guard_session *session, const guard_object *object,
                              const uftp_event *event, const sim_entry *got)
{
    const sim_entry *source = NULL;
    switch ((uftp_file_type)event->file_type) {
    case UFTP_FILE_REGULAR:
        source = source_of(session, object);
        if (!got || got->type != UFTP_STAT_REGULAR)
            return "is not there";
        if (!source || !sim_content_equal(&got->content, &source->content))
            return "has other bytes";
        return got->mtime == source->mtime || source->mtime == 0 ? NULL : "has another time";
    case UFTP_FILE_DIRECTORY:
        return got && got->type == UFTP_STAT_DIRECTORY ? NULL : "is no directory";
    case UFTP_FILE_SYMLINK:
        source = source_of(session, object);
        if (!got || got->type != UFTP_STAT_SYMLINK || !source || !source->target)
            return "is no link";
        return strcmp(got->target, source->target) == 0 ? NULL : "points elsewhere";
    case UFTP_FILE_DELETE:
        return got ? "is still there" : NULL;
    case UFTP_FILE_FREE_SPACE:
        break;
    }
    return NULL;
}

void guard_finished_object(const sim_guard *guard, guarded *receiver, const uftp_event *event)
{
    const guard_session *session = guard_session_find(guard, event->group, event->instance);
    const guard_object *object = session ? guard_object_find(session, event->file_id) : NULL;
    if (!object)
        guard_fail(receiver, "%s finished file %u, which nobody announced",
                   sim_name(receiver->node), event->file_id);
    if (strcmp(object->name, event->name) != 0)
        guard_fail(receiver, "%s finished \"%s\" as file %u, which is \"%s\"",
                   sim_name(receiver->node), event->name, event->file_id, object->name);
    if (session->sender->config.sync_preview || (guard->damaged && session->sender->config.plain) ||
        (event->status != UFTP_COMPLETE_NORMAL && event->status != UFTP_COMPLETE_OVERWRITE))
        return;
    const sim_entry *got =
        *event->path ? sim_store_find(receiver->store, event->root, event->path) : NULL;
    const char *wrong = wrong_with(session, object, event, got);
    if (wrong)
        guard_fail(receiver, "%s calls \"%s\" complete, but it %s", sim_name(receiver->node),
                   event->name, wrong);
}

/* ---- what is left ---- */

static void check_leftover(const walk *w, const char *name, const sim_entry *entry)
{
    (void)entry;
    if (strstr(name, PARTIAL_MARK))
        guard_fail(w->receiver, "%s has left \"%s\" behind", sim_name(w->receiver->node), name);
}

/* A crash may leave what it will, and what may be continued is kept on purpose. */
void guard_leftovers(const guarded *receiver)
{
    if (receiver->incarnation > 1 || receiver->store->temp)
        return;
    walk_store(&(walk){.receiver = (guarded *)(uintptr_t)receiver, .visit = check_leftover});
}
