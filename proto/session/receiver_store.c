/* SPDX-License-Identifier: MIT
 *
 * What becomes of an object (spec v5 4.11): which name it gets, what happens to what is there
 * already, and when. Three rules go beyond the reference:
 *
 *   - A file is written under a temporary name beside its final one and moved there in one
 *     step when it is complete. Whatever ends the program, a name never stands for half a
 *     file, and what was there before stays until the new one is whole.
 *   - A symbolic link on the way to a name is neither followed nor replaced: the object is
 *     rejected. The reference replaces it by a directory and so destroys what an
 *     administrator put there.
 *   - A preview changes nothing at all.
 */
#include "session/receiver_internal.h"

static const uftp_store *store_of(const uftp_session *session)
{
    return session->receiver->config.store;
}

static uftp_place final_place(const uftp_receiver_file *file)
{
    return (uftp_place){.root = file->root, .name = file->path};
}

/* ---- names ---- */

void uftp_session_partial_name(const uftp_session *session, uint16_t file_id, char *out,
                               size_t capacity)
{
    uftp_name_temporary(session->file.path, session->group, file_id, out, capacity);
}

/* An absolute name has to lie below one of the destinations; which one decides the root. */
static const char *strip_destination(const uftp_receiver *receiver, const char *name,
                                     unsigned *root)
{
    for (unsigned i = 0; i < receiver->config.destination_count; i++) {
        const char *below = uftp_name_below(name, receiver->destinations[i]);
        if (below) {
            *root = i;
            return below;
        }
    }
    return NULL;
}

/* In sessions with a temporary directory every name gets the session's folder in front. */
static void set_path(uftp_session *session, const char *name)
{
    uftp_receiver_file *file = &session->file;
    size_t used = 0;
    if (session->receiver->config.temp_directory) {
        file->root = UFTP_ROOT_TEMP;
        uftp_name_group_folder(session->group, file->path);
        used = strlen(file->path);
        file->path[used++] = '/';
    }
    size_t len = strlen(name);
    UFTP_ASSERT(used + len < sizeof file->path);
    memcpy(file->path + used, name, len + 1);
}

static int resolve(uftp_session *session)
{
    const uftp_receiver *receiver = session->receiver;
    uftp_receiver_file *file = &session->file;
    char clean[UFTP_NAME_MAX + 1];
    const uftp_bytes raw = {.data = (const uint8_t *)file->name, .len = strlen(file->name)};
    int err = uftp_name_clean(raw, clean);
    if (err < 0)
        return err;
    const char *name = clean;
    if (clean[0] == '/') {
        name = receiver->config.temp_directory ? NULL
                                               : strip_destination(receiver, clean, &file->root);
        if (!name)
            return UFTP_ERR_NAME;
    }
    if (strlen(receiver->destinations[file->root]) + 1 + strlen(name) >= UFTP_PATH_MAX)
        return UFTP_ERR_NAME;
    set_path(session, name);
    return UFTP_OK;
}

/* ---- the way to a name ---- */

static int clear_parent(const uftp_session *session, const uftp_place *place)
{
    const uftp_store *store = store_of(session);
    uftp_stat stat;
    int err = store->lookup(store->ctx, place, &stat);
    if (err == UFTP_ERR_NOT_FOUND)
        return store->mkdir(store->ctx, place);
    if (err < 0 || stat.type == UFTP_STAT_DIRECTORY)
        return err;
    if (stat.type != UFTP_STAT_REGULAR)
        return UFTP_ERR_KIND; /* a link or a device is an administrator's doing */
    err = store->remove(store->ctx, place);
    return err < 0 ? err : store->mkdir(store->ctx, place);
}

static int make_parents(const uftp_session *session, unsigned root, const char *name)
{
    char parent[UFTP_PARTIAL_SIZE];
    for (const char *slash = strchr(name, '/'); slash; slash = strchr(slash + 1, '/')) {
        size_t len = (size_t)(slash - name);
        UFTP_ASSERT(len < sizeof parent);
        memcpy(parent, name, len);
        parent[len] = '\0';
        int err = clear_parent(session, &(uftp_place){.root = root, .name = parent});
        if (err < 0)
            return err;
    }
    return UFTP_OK;
}

/* What is left in our folder from another session of this number is no part of this one. Later
 * instances continue it. */
static void ready_folder(uftp_session *session)
{
    const uftp_store *store = store_of(session);
    if (!session->receiver->config.temp_directory || session->folder_ready)
        return;
    session->folder_ready = true;
    if (session->instance != 0)
        return;
    char folder[UFTP_GROUP_FOLDER_SIZE];
    uftp_name_group_folder(session->group, folder);
    store->remove(store->ctx, &(uftp_place){.root = UFTP_ROOT_TEMP, .name = folder});
    store->resume_remove(store->ctx, session->group);
}

/* ---- what is there already ---- */

static int back_up(const uftp_session *session, const uftp_place *place)
{
    const uftp_receiver *receiver = session->receiver;
    const uftp_store *store = receiver->config.store;
    if (!receiver->config.backup)
        return UFTP_ERR_UNSUPPORTED;
    uint64_t wall_us = receiver->config.wall_us + (session->started - receiver->created) / 1000;
    return store->backup(store->ctx, place, wall_us);
}

/* Takes away what a name stands for now, by backup where there is one. A backup that fails is an
 * error; the reference would go on and lose the file. NOT_FOUND is none. */
static int take_away(const uftp_session *session, const uftp_place *place)
{
    const uftp_store *store = store_of(session);
    int err = back_up(session, place);
    if (err == UFTP_ERR_UNSUPPORTED)
        err = store->remove(store->ctx, place);
    return err == UFTP_ERR_NOT_FOUND ? UFTP_OK : err;
}

/* Makes room for an object that replaces a file or link in one step: only a directory has to go
 * first, and whatever is to be backed up. */
static int make_room(const uftp_session *session, const uftp_place *place)
{
    const uftp_store *store = store_of(session);
    uftp_stat stat;
    int err = store->lookup(store->ctx, place, &stat);
    if (err == UFTP_ERR_NOT_FOUND)
        return UFTP_OK;
    if (err < 0)
        return err;
    if (stat.type == UFTP_STAT_DIRECTORY || session->receiver->config.backup)
        return take_away(session, place);
    return UFTP_OK;
}

/* ---- what is to be moved at the end ---- */

/* Remembers a name for delivery: the file itself, or the first component of it, once. */
static int remember(uftp_session *session)
{
    const uftp_receiver *receiver = session->receiver;
    const uftp_allocator *memory = receiver->config.memory;
    uftp_name_list *list = &session->received;
    if (!receiver->config.temp_directory)
        return UFTP_OK;
    const char *name = strchr(session->file.path, '/') + 1; /* behind the folder */
    size_t len = receiver->config.move_individually ? strlen(name) : strcspn(name, "/");
    if (list->len && strlen(list->bytes + list->last) == len &&
        memcmp(list->bytes + list->last, name, len) == 0)
        return UFTP_OK; /* a directory's files come one after the other */
    if (list->capacity - list->len < len + 1) {
        size_t capacity = 2 * list->capacity + UFTP_NAME_MAX + 1;
        char *bytes = uftp_alloc(memory, capacity, 1);
        if (!bytes)
            return UFTP_ERR_MEMORY;
        if (list->len)
            memcpy(bytes, list->bytes, list->len);
        uftp_release(memory, list->bytes);
        list->bytes = bytes;
        list->capacity = capacity;
    }
    list->last = list->len;
    memcpy(list->bytes + list->len, name, len);
    list->bytes[list->len + len] = '\0';
    list->len += len + 1;
    return UFTP_OK;
}

/* ---- objects without data ---- */

static int begin_directory(uftp_session *session)
{
    const uftp_store *store = store_of(session);
    uftp_receiver_file *file = &session->file;
    const uftp_place place = final_place(file);
    uftp_stat stat;
    int err = store->lookup(store->ctx, &place, &stat);
    bool exists = err == UFTP_OK;
    if (exists && stat.type == UFTP_STAT_DIRECTORY) {
        file->status = UFTP_COMPLETE_SKIPPED;
        return session->sync_preview ? UFTP_OK : remember(session);
    }
    if (session->sync_preview)
        return UFTP_OK;
    err = make_parents(session, place.root, place.name);
    if (err == UFTP_OK && exists)
        err = take_away(session, &place);
    if (err == UFTP_OK)
        err = store->mkdir(store->ctx, &place);
    return err == UFTP_OK ? remember(session) : err;
}

/* Made under the temporary name and moved, so that what was there stays when it cannot be made. The
 * target is not looked at: the store follows no link, whatever it points at. */
static int begin_symlink(uftp_session *session)
{
    const uftp_store *store = store_of(session);
    uftp_receiver_file *file = &session->file;
    const uftp_place place = final_place(file);
    if (file->link[0] == '\0')
        return UFTP_ERR_NAME;
    if (session->sync_preview)
        return UFTP_OK;
    char partial[UFTP_PARTIAL_SIZE];
    uftp_session_partial_name(session, file->id, partial, sizeof partial);
    const uftp_place made = {.root = file->root, .name = partial};
    int err = make_parents(session, place.root, place.name);
    if (err == UFTP_OK)
        err = store->remove(store->ctx, &made); /* left over from a program that was killed */
    if (err == UFTP_OK || err == UFTP_ERR_NOT_FOUND)
        err = store->symlink(store->ctx, &made, file->link);
    if (err < 0)
        return err;
    err = make_room(session, &place);
    if (err == UFTP_OK)
        err = store->move(store->ctx, &made, &place);
    if (err < 0) {
        store->remove(store->ctx, &made);
        return err;
    }
    return remember(session);
}

static int begin_delete(uftp_session *session)
{
    const uftp_place place = final_place(&session->file);
    if (session->receiver->config.refuse_delete)
        return UFTP_ERR_ACCESS;
    return session->sync_preview ? UFTP_OK : take_away(session, &place);
}

/* Asked for by the name "." (spec v5 4.5), which is no name of a file. */
static int begin_free_space(uftp_session *session)
{
    const uftp_store *store = store_of(session);
    uftp_receiver_file *file = &session->file;
    if (resolve(session) < 0) {
        file->root = session->receiver->config.temp_directory ? UFTP_ROOT_TEMP : 0;
        file->path[0] = '\0';
    }
    const uftp_place place = final_place(file);
    file->has_free_space = true;
    if (store->free_space(store->ctx, &place, &file->free_space) < 0)
        file->free_space = (UINT64_C(1) << 63) - 1; /* "cannot tell" (spec v5 1.16) */
    return UFTP_OK;
}

/* ---- regular files ---- */

/* Sync (spec v5 4.11.4): whether the file is wanted; sets its status. */
static bool sync_wants(uftp_receiver_file *file, const uftp_stat *there)
{
    bool same = there->type == UFTP_STAT_REGULAR && there->size == file->size;
    if (file->mtime < there->mtime || (file->mtime == there->mtime && same)) {
        file->status = UFTP_COMPLETE_SKIPPED;
        return false;
    }
    file->status = UFTP_COMPLETE_OVERWRITE;
    return true;
}

/* Whether an earlier instance of this session has received the file already. Only a complete one
 * stands under its name, so its size and time tell. */
static bool received_before(const uftp_session *session, const uftp_stat *there)
{
    const uftp_receiver_file *file = &session->file;
    return session->restart && there->type == UFTP_STAT_REGULAR && there->size == file->size &&
           (file->mtime == 0 || there->mtime == file->mtime);
}

/* Two senders that drew the same group ID may send the same name: each would write into what the
 * other has open. */
static bool is_being_written(const uftp_session *session)
{
    const uftp_receiver *receiver = session->receiver;
    for (uint32_t i = 0; i < receiver->session_count; i++) {
        const uftp_session *other = receiver->sessions[i];
        if (other != session && other->file.handle && other->group == session->group &&
            other->file.root == session->file.root &&
            strcmp(other->file.path, session->file.path) == 0)
            return true;
    }
    return false;
}

static bool has_room(const uftp_session *session)
{
    const uftp_store *store = store_of(session);
    const uftp_place place = final_place(&session->file);
    uint64_t bytes;
    return store->free_space(store->ctx, &place, &bytes) < 0 || session->file.size <= bytes;
}

static int open_partial(uftp_session *session)
{
    const uftp_store *store = store_of(session);
    uftp_receiver_file *file = &session->file;
    char partial[UFTP_PARTIAL_SIZE];
    uftp_session_partial_name(session, file->partial_id, partial, sizeof partial);
    return store->create(store->ctx, &(uftp_place){.root = file->root, .name = partial}, file->size,
                         file->resumed, &file->handle);
}

/* Everything a file needs before its first block may come. */
static int open_regular(uftp_session *session, const char **why)
{
    uftp_receiver_file *file = &session->file;
    *why = "Not enough disk space";
    if (!has_room(session)) /* before the map: its size follows from what a sender claims */
        return UFTP_ERR_NO_SPACE;
    *why = NULL;
    int err = uftp_layout_init(&file->layout, file->size, session->block_size);
    if (err < 0)
        return err;
    *why = "Out of memory";
    err = uftp_blockmap_init(&file->map, session->receiver->config.memory, &file->layout);
    if (err < 0)
        return err;
    *why = NULL;
    err = make_parents(session, file->root, file->path);
    if (err == UFTP_OK && is_being_written(session))
        err = UFTP_ERR_EXISTS;
    if (err == UFTP_OK) {
        file->resumed = session->restart && uftp_session_resume_load(session);
        err = open_partial(session);
    }
    if (err == UFTP_ERR_NO_SPACE)
        *why = "Not enough disk space";
    if (err < 0)
        uftp_blockmap_free(&file->map, session->receiver->config.memory);
    return err;
}

static uftp_file_outcome begin_regular(uftp_session *session, int *error, const char **why)
{
    const uftp_store *store = store_of(session);
    uftp_receiver_file *file = &session->file;
    const uftp_place place = final_place(file);
    uftp_stat there;
    bool exists = store->lookup(store->ctx, &place, &there) == UFTP_OK;
    if (exists && received_before(session, &there)) {
        *error = remember(session);
        return FILE_ANSWERED;
    }
    if (exists && session->sync_mode && !sync_wants(file, &there))
        return FILE_ANSWERED;
    if (session->sync_preview)
        return FILE_ANSWERED;
    *error = open_regular(session, why);
    if (*error == UFTP_OK)
        return FILE_OPENED;
    return *why ? FILE_FATAL : FILE_ANSWERED;
}

/* ---- the entrance ---- */

static int begin_object(uftp_session *session)
{
    switch ((uftp_file_type)session->file.type) {
    case UFTP_FILE_DIRECTORY:
        return begin_directory(session);
    case UFTP_FILE_SYMLINK:
        return begin_symlink(session);
    case UFTP_FILE_DELETE:
        return begin_delete(session);
    case UFTP_FILE_FREE_SPACE:
        return begin_free_space(session);
    case UFTP_FILE_REGULAR:
        break;
    }
    return UFTP_ERR_KIND;
}

uftp_file_outcome uftp_session_store_begin(uftp_session *session, int *error, const char **why)
{
    uftp_receiver_file *file = &session->file;
    uftp_file_outcome outcome = FILE_ANSWERED;
    if (file->type > UFTP_FILE_FREE_SPACE) {
        *error = UFTP_ERR_KIND;
        *why = "Invalid file type";
        return FILE_FATAL;
    }
    ready_folder(session);
    *error = file->type == UFTP_FILE_FREE_SPACE ? UFTP_OK : resolve(session);
    if (*error == UFTP_OK) {
        if (file->type == UFTP_FILE_REGULAR)
            outcome = begin_regular(session, error, why);
        else
            *error = begin_object(session);
    }
    if (*error < 0)
        file->status = UFTP_COMPLETE_REJECTED;
    return outcome;
}

/* ---- the end of a file ---- */

int uftp_session_store_commit(uftp_session *session)
{
    const uftp_receiver *receiver = session->receiver;
    const uftp_store *store = receiver->config.store;
    uftp_receiver_file *file = &session->file;
    const uftp_place place = final_place(file);
    uftp_blockmap_free(&file->map, receiver->config.memory);
    int err = make_room(session, &place);
    if (err == UFTP_OK)
        err = store->commit(store->ctx, file->handle, &place, file->mtime,
                            receiver->config.sync_to_disk);
    else
        store->discard(store->ctx, file->handle, false);
    file->handle = NULL;
    if (err == UFTP_OK)
        err = remember(session);
    if (err < 0)
        file->status = UFTP_COMPLETE_REJECTED;
    return err;
}

void uftp_session_store_abandon(uftp_session *session)
{
    const uftp_receiver *receiver = session->receiver;
    const uftp_store *store = receiver->config.store;
    uftp_receiver_file *file = &session->file;
    if (!file->handle)
        return;
    bool keep = receiver->config.temp_directory && session->state == SESSION_RECEIVING;
    /* The record may outlive the power, so what it tells of has to be there first. */
    if (keep)
        keep = store->sync(store->ctx, file->handle) == UFTP_OK &&
               uftp_session_resume_save(session) == UFTP_OK;
    store->discard(store->ctx, file->handle, keep);
    file->handle = NULL;
    uftp_blockmap_free(&file->map, receiver->config.memory);
}

/* ---- the end of a session ---- */

static int deliver_one(const uftp_session *session, const char *folder, const char *name)
{
    const uftp_store *store = store_of(session);
    char path[UFTP_PARTIAL_SIZE];
    size_t len = strlen(folder);
    memcpy(path, folder, len);
    path[len] = '/';
    memcpy(path + len + 1, name, strlen(name) + 1);
    const uftp_place from = {.root = UFTP_ROOT_TEMP, .name = path};
    const uftp_place to = {.root = 0, .name = name};
    uftp_stat what, there;
    int err = store->lookup(store->ctx, &from, &what);
    if (err < 0)
        return err == UFTP_ERR_NOT_FOUND ? UFTP_OK : err; /* moved already, or deleted again */
    err = make_parents(session, to.root, to.name);
    if (err < 0)
        return err;
    bool merge = session->receiver->config.move_individually && what.type == UFTP_STAT_DIRECTORY &&
                 store->lookup(store->ctx, &to, &there) == UFTP_OK &&
                 there.type == UFTP_STAT_DIRECTORY;
    if (merge)
        return UFTP_OK; /* its files have names of their own in the list */
    err = make_room(session, &to);
    return err == UFTP_OK ? store->move(store->ctx, &from, &to) : err;
}

int uftp_session_store_deliver(uftp_session *session)
{
    const uftp_store *store = store_of(session);
    const uftp_name_list *list = &session->received;
    if (!session->receiver->config.temp_directory || !session->folder_ready)
        return UFTP_OK;
    char folder[UFTP_GROUP_FOLDER_SIZE];
    uftp_name_group_folder(session->group, folder);
    int result = UFTP_OK;
    for (size_t at = 0; at < list->len; at += strlen(list->bytes + at) + 1) {
        int err = deliver_one(session, folder, list->bytes + at);
        if (result == UFTP_OK)
            result = err;
    }
    if (result == UFTP_OK) { /* otherwise what could not be moved is still there */
        store->remove(store->ctx, &(uftp_place){.root = UFTP_ROOT_TEMP, .name = folder});
        store->resume_remove(store->ctx, session->group);
    }
    return result;
}
