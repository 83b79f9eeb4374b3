/* SPDX-License-Identifier: MIT */
#include "extract.h"

#include "fields.h"
#include "transfer/name.h"
#include "writer.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { OPEN_MAX = 32 }; /* files open at once: sessions may interleave */

#define PATH_SIZE (UFTP_NAME_MAX + 32) /* "GGGGGGGG/" before and the suffix behind */

typedef struct object {
    struct object *next; /* in the order of appearance */
    uint32_t group;
    uint16_t id;
    uint8_t type;
    uint64_t size, mtime;
    char *name;           /* as on the wire */
    char path[PATH_SIZE]; /* below the root; "" when the name is not allowed */
    bool has_layout;
    uftp_layout layout;
    uint8_t **rows; /* per section, made when its first block comes: one bit per block */
    uint32_t have;  /* blocks that have come */
    bool created, done;
    int error;
    uftp_store_file *file; /* NULL: not open now */
    uint64_t used;         /* when it was last written, to close the one idle for longest */
} object;

struct cap_extract {
    const uftp_store *store;
    cap_map by_file; /* by the address of a cap_file */
    cap_map by_id;   /* the latest of a group and file ID: a restarted session continues it */
    object *first, *last;
    object *open[OPEN_MAX];
    uint64_t clock;
};

cap_extract *cap_extract_new(const uftp_store *store)
{
    cap_extract *extract = calloc(1, sizeof *extract);
    if (extract)
        extract->store = store;
    return extract;
}

/* ---- the store ---- */

static uftp_place place_of(const object *o)
{
    return (uftp_place){.root = 0, .name = o->path};
}

/* "dir/name.0007.incomplete": the file ID keeps names apart whose end had to be cut off. */
static void incomplete_path(const object *o, char out[PATH_SIZE])
{
    char suffix[32];
    snprintf(suffix, sizeof suffix, ".%04X%s", o->id, CAP_INCOMPLETE_SUFFIX);
    size_t parent = uftp_name_parent_len(o->path) + 1, len = strlen(o->path) - parent;
    size_t len_max = UFTP_COMPONENT_MAX - strlen(suffix);
    snprintf(out, PATH_SIZE, "%.*s%s", (int)(parent + (len < len_max ? len : len_max)), o->path,
             suffix);
}

static int make_parents(const cap_extract *extract, const char *path)
{
    char parent[PATH_SIZE];
    int err = UFTP_OK;
    for (size_t i = 1; path[i] && err == UFTP_OK; i++) {
        if (path[i] != '/')
            continue;
        memcpy(parent, path, i);
        parent[i] = '\0';
        err = extract->store->mkdir(extract->store->ctx, &(uftp_place){.name = parent});
        if (err == UFTP_ERR_EXISTS)
            err = UFTP_OK;
    }
    return err;
}

static object **slot_for(cap_extract *extract)
{
    object **idle = &extract->open[0];
    for (size_t i = 0; i < OPEN_MAX; i++) {
        if (!extract->open[i])
            return &extract->open[i];
        if (extract->open[i]->used < (*idle)->used)
            idle = &extract->open[i];
    }
    extract->store->discard(extract->store->ctx, (*idle)->file, true);
    (*idle)->file = NULL;
    *idle = NULL;
    return idle;
}

static int open_file(cap_extract *extract, object *o)
{
    if (o->file)
        return UFTP_OK;
    object **slot = slot_for(extract);
    char path[PATH_SIZE];
    incomplete_path(o, path);
    int err = make_parents(extract, path);
    if (err == UFTP_OK)
        err = extract->store->create(extract->store->ctx, &(uftp_place){.name = path}, o->size,
                                     o->created, &o->file);
    if (err < 0)
        return err;
    o->created = true;
    *slot = o;
    return UFTP_OK;
}

static void forget_handle(cap_extract *extract, object *o)
{
    for (size_t i = 0; i < OPEN_MAX; i++)
        if (extract->open[i] == o)
            extract->open[i] = NULL;
    o->file = NULL;
}

static int commit_file(cap_extract *extract, object *o)
{
    int err = open_file(extract, o);
    if (err < 0)
        return err;
    uftp_place final = place_of(o);
    uftp_store_file *file = o->file;
    forget_handle(extract, o);
    return extract->store->commit(extract->store->ctx, file, &final, o->mtime, false);
}

static int make_directory(const cap_extract *extract, const object *o)
{
    int err = make_parents(extract, o->path);
    uftp_place place = place_of(o);
    if (err == UFTP_OK)
        err = extract->store->mkdir(extract->store->ctx, &place);
    return err == UFTP_ERR_EXISTS ? UFTP_OK : err;
}

static int make_link(const cap_extract *extract, const object *o, const char *target)
{
    int err = make_parents(extract, o->path);
    uftp_place place = place_of(o);
    if (err == UFTP_OK)
        err = extract->store->remove(extract->store->ctx, &place);
    if (err == UFTP_ERR_NOT_FOUND)
        err = UFTP_OK;
    return err == UFTP_OK ? extract->store->symlink(extract->store->ctx, &place, target) : err;
}

/* ---- objects ---- */

static void set_path(object *o)
{
    char clean[UFTP_NAME_MAX + 1];
    size_t len = strlen(o->name);
    if (len > UFTP_NAME_MAX || uftp_name_clean((uftp_bytes){(uint8_t *)o->name, len}, clean) < 0)
        o->error = UFTP_ERR_NAME;
    else /* an absolute name is one below the session's folder, like any other */
        snprintf(o->path, sizeof o->path, "%08" PRIX32 "/%s", o->group,
                 clean[0] == '/' ? clean + 1 : clean);
}

static bool continues(const object *o, const cap_file *file)
{
    return o && o->type == file->type && o->size == file->size && o->mtime == file->mtime &&
           strcmp(o->name, file->name) == 0;
}

static object *object_new(cap_extract *extract, const cap_session *session, const cap_file *file)
{
    object *o = calloc(1, sizeof *o);
    if (!o)
        return NULL;
    o->name = strdup(file->name);
    if (!o->name) {
        free(o);
        return NULL;
    }
    o->group = session->group;
    o->id = file->id;
    o->type = file->type;
    o->size = file->size;
    o->mtime = file->mtime;
    o->has_layout = file->has_layout;
    o->layout = file->layout;
    set_path(o);
    if (extract->last)
        extract->last->next = o;
    else
        extract->first = o;
    extract->last = o;
    return o;
}

/* NULL: no memory. */
static object *find(cap_extract *extract, const cap_session *session, const cap_file *file)
{
    object *o = cap_map_get(&extract->by_file, (uintptr_t)file);
    if (o)
        return o;
    uint64_t id = (uint64_t)session->version << 48 | (uint64_t)session->group << 16 | file->id;
    o = cap_map_get(&extract->by_id, id);
    if (!continues(o, file))
        o = object_new(extract, session, file);
    if (o && (!cap_map_put(&extract->by_id, id, o) ||
              !cap_map_put(&extract->by_file, (uintptr_t)file, o)))
        o->error = UFTP_ERR_MEMORY;
    return o;
}

/* Marks a block; false when it had come before, or there is no memory to remember it. */
static bool mark_block(object *o, uint32_t section, uint32_t block)
{
    if (!o->rows)
        o->rows = calloc(o->layout.sections, sizeof *o->rows);
    if (o->rows && !o->rows[section])
        o->rows[section] = calloc(o->layout.big / 8 + 1, 1);
    if (!o->rows || !o->rows[section]) {
        o->error = UFTP_ERR_MEMORY;
        return false;
    }
    uint8_t *byte = &o->rows[section][block / 8], bit = (uint8_t)(1u << block % 8);
    if (*byte & bit)
        return false;
    *byte |= bit;
    o->have++;
    return true;
}

/* A block of a file, by its place in a section and in the whole. */
typedef struct block {
    uint32_t section, index, number;
    uftp_bytes data;
} block;

static void take_block(cap_extract *extract, object *o, const block *b)
{
    if (b->data.len != uftp_layout_block_len(&o->layout, b->number) ||
        !mark_block(o, b->section, b->index))
        return;
    o->used = ++extract->clock;
    o->error = open_file(extract, o);
    if (o->error)
        return;
    /* A slice is writable for those who read; a store only reads from it. */
    uftp_slice slice = {(uint8_t *)(uintptr_t)b->data.data, b->data.len};
    o->error = extract->store->write(extract->store->ctx, o->file,
                                     (uint64_t)b->number * o->layout.block_size, &slice, 1);
    if (o->error == UFTP_OK && o->have == o->layout.blocks) {
        o->error = commit_file(extract, o);
        o->done = o->error == UFTP_OK;
    }
}

static void take_fileseg(cap_extract *extract, object *o, const uftp_fileseg *m)
{
    if (!o->has_layout || o->done || o->error ||
        m->block >= uftp_layout_section_blocks(&o->layout, m->section))
        return;
    const block b = {.section = m->section,
                     .index = m->block,
                     .number = uftp_layout_section_start(&o->layout, m->section) + m->block,
                     .data = m->data};
    take_block(extract, o, &b);
}

/* Version 3 numbers blocks through the whole file. */
static void take_fileseg_v3(cap_extract *extract, object *o, const uftp_v3_fileseg *m)
{
    if (!o->has_layout || o->done || o->error || m->block >= o->layout.blocks)
        return;
    const block b = {.section = m->block / o->layout.big,
                     .index = m->block % o->layout.big,
                     .number = m->block,
                     .data = m->data};
    take_block(extract, o, &b);
}

/* Directories, links, empty files: nothing but their FILEINFO is sent. In sync mode that alone says
 * only that they may be: what follows says whether anybody wanted them. */
static void take_whole(cap_extract *extract, object *o, const cap_file *file)
{
    if (o->done || o->error)
        return;
    if (o->type == UFTP_FILE_DIRECTORY)
        o->error = make_directory(extract, o);
    else if (o->type == UFTP_FILE_SYMLINK)
        o->error = make_link(extract, o, file->link);
    else if (o->type == UFTP_FILE_REGULAR && o->size == 0)
        o->error = commit_file(extract, o);
    else
        return;
    o->done = o->error == UFTP_OK;
}

static bool is_wanted_v3(const cap_packet *packet)
{
    const uftp_v3_message *m = &packet->v3;
    if (m->type == UFTP_V3_FILEINFO)
        return !packet->session->sync_mode;
    if (m->type == UFTP_V3_COMPLETE)
        return m->as.complete.status == UFTP_COMPLETE_NORMAL ||
               m->as.complete.status == UFTP_COMPLETE_OVERWRITE;
    return m->type == UFTP_V3_DONE;
}

static bool is_wanted(const cap_packet *packet)
{
    if (packet->is_v3)
        return is_wanted_v3(packet);
    const uftp_message *m = &packet->message;
    if (m->type == UFTP_MESSAGE_FILEINFO)
        return !packet->session->sync_mode;
    if (m->type == UFTP_MESSAGE_COMPLETE)
        return m->as.complete.status == UFTP_COMPLETE_NORMAL ||
               m->as.complete.status == UFTP_COMPLETE_OVERWRITE;
    return m->type == UFTP_MESSAGE_DONE;
}

void cap_extract_packet(cap_extract *extract, const cap_packet *packet)
{
    if (packet->depth != CAP_DEPTH_MESSAGE || !packet->file || !packet->peer ||
        packet->session->sync_preview)
        return;
    object *o = find(extract, packet->session, packet->file);
    if (!o)
        return;
    if (packet->is_v3 && packet->v3.type == UFTP_V3_FILESEG && packet->peer->is_server)
        take_fileseg_v3(extract, o, &packet->v3.as.fileseg);
    else if (packet->message.type == UFTP_MESSAGE_FILESEG && packet->peer->is_server)
        take_fileseg(extract, o, &packet->message.as.fileseg);
    else if (is_wanted(packet))
        take_whole(extract, o, packet->file);
}

/* ---- the end ---- */

static void report_object(FILE *report, const object *o, const char *outcome)
{
    if (!report)
        return;
    fprintf(report, "%08" PRIX32 " ", o->group);
    cap_print_safe(report, (uftp_bytes){(const uint8_t *)o->name, strlen(o->name)});
    fprintf(report, ": %s, %s\n", cap_file_type_name(o->type), outcome);
}

static void settle(cap_extract *extract, object *o, FILE *report, cap_extract_result *result)
{
    char outcome[200];
    if (o->file) {
        extract->store->discard(extract->store->ctx, o->file, true);
        forget_handle(extract, o);
    }
    if (o->done) {
        snprintf(outcome, sizeof outcome, "%" PRIu64 " bytes", o->size);
        result->files++;
        result->bytes += o->size;
    } else if (o->error) {
        snprintf(outcome, sizeof outcome, "not written: %s", uftp_strerror(o->error));
        result->failed++;
    } else if (o->have) {
        snprintf(outcome, sizeof outcome, "incomplete, %" PRIu32 " of %" PRIu32 " blocks missing",
                 o->layout.blocks - o->have, o->layout.blocks);
        result->incomplete++;
    } else {
        snprintf(outcome, sizeof outcome, "nothing of it was sent");
    }
    report_object(report, o, outcome);
}

void cap_extract_finish(cap_extract *extract, FILE *report, cap_extract_result *result)
{
    *result = (cap_extract_result){0};
    for (object *o = extract->first; o; o = o->next)
        settle(extract, o, report, result);
}

void cap_extract_free(cap_extract *extract)
{
    if (!extract)
        return;
    for (object *o = extract->first, *next; o; o = next) {
        next = o->next;
        for (uint32_t i = 0; o->rows && i < o->layout.sections; i++)
            free(o->rows[i]);
        if (o->file)
            extract->store->discard(extract->store->ctx, o->file, true);
        free(o->rows);
        free(o->name);
        free(o);
    }
    cap_map_free(&extract->by_file);
    cap_map_free(&extract->by_id);
    free(extract);
}
