/* SPDX-License-Identifier: MIT */
#include "transfer/manifest.h"

#include "base/assert.h"

#include <string.h>

#define PREFIX_DELETE "@DELETE:"
#define NAME_FREE_SPACE "@FREESPACE"

void uftp_manifest_init(uftp_manifest *manifest, const uftp_manifest_config *config)
{
    *manifest = (uftp_manifest){.config = *config};
}

void uftp_manifest_end(uftp_manifest *manifest)
{
    const uftp_source *source = manifest->config.source;
    while (manifest->depth > 0)
        source->closedir(source->ctx, manifest->levels[--manifest->depth].dir);
}

static int skip(uftp_object *out, const char *path, const char *why)
{
    size_t len = strlen(path);
    if (len > UFTP_MANIFEST_PATH_MAX)
        len = UFTP_MANIFEST_PATH_MAX;
    memcpy(out->path, path, len);
    out->path[len] = '\0';
    out->skipped = why;
    return 1;
}

/* Writes a string at an offset of one of the growing ones; false when it does not fit. */
static bool put(char text[UFTP_MANIFEST_PATH_MAX + 1], size_t at, const char *part, size_t part_len)
{
    if (part_len > UFTP_MANIFEST_PATH_MAX - at)
        return false;
    memcpy(text + at, part, part_len);
    text[at + part_len] = '\0';
    return true;
}

static bool starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static const char *last_component(const char *path)
{
    const char *component = path;
    for (const char *at = path; *at; at++)
        if (at[0] == '/' && at[1] != '\0')
            component = at + 1;
    return component;
}

/* The name an operand goes by before directories are walked: its last component, or what is left
 * behind the first base directory that it starts with; then the destination name. Returns NULL, or
 * why it has none. The reference leaves the '/' behind a base in place, which makes the name
 * absolute; it is dropped here (spec v5 4.5). */
static const char *name_operand(uftp_manifest *manifest, const char *path)
{
    const uftp_manifest_config *config = &manifest->config;
    const char *name = last_component(path);
    if (config->base_dir_count > 0) {
        name = NULL;
        for (size_t i = 0; i < config->base_dir_count && !name; i++)
            if (starts_with(path, config->base_dirs[i]))
                name = path + strlen(config->base_dirs[i]);
        if (!name)
            return "doesn't match any base";
        while (*name == '/')
            name++;
    }
    size_t at = 0;
    if (config->destination_name) {
        at = strlen(config->destination_name);
        while (at > 1 && config->destination_name[at - 1] == '/')
            at--;
        if (!put(manifest->name, 0, config->destination_name, at))
            return "Max pathname length exceeded";
        if (config->operand_count == 1 && !config->destination_is_directory)
            return NULL; /* one object: the destination is its name */
        if (!put(manifest->name, at++, "/", 1))
            return "Max pathname length exceeded";
    }
    return put(manifest->name, at, name, strlen(name)) ? NULL : "Max pathname length exceeded";
}

static bool excluded(const uftp_manifest *manifest)
{
    for (size_t i = 0; i < manifest->config.exclude_count; i++)
        if (strcmp(manifest->walked, manifest->config.excludes[i]) == 0)
            return true;
    return false;
}

/* The object that the three strings now describe: 1 and *out filled, or 0 when there is nothing to
 * send (excluded, or a directory that was entered). */
static int visit(uftp_manifest *manifest, uftp_object *out)
{
    const uftp_source *source = manifest->config.source;
    const char *path = manifest->path;
    if (excluded(manifest))
        return 0;
    uftp_stat stat;
    int err = source->stat(source->ctx, path, manifest->config.follow_links, &stat);
    if (err < 0)
        return skip(out, path, uftp_strerror(err));
    size_t name_len = strlen(manifest->name);

    if (stat.type == UFTP_STAT_DIRECTORY) {
        if (manifest->depth == UFTP_MANIFEST_DEPTH_MAX || name_len > UFTP_MANIFEST_NAME_MAX)
            return skip(out, path, "Max pathname length exceeded");
        manifest_level *level = &manifest->levels[manifest->depth];
        err = source->opendir(source->ctx, path, &level->dir);
        if (err < 0)
            return skip(out, path, uftp_strerror(err));
        level->path_len = strlen(path);
        level->name_len = name_len;
        level->walked_len = strlen(manifest->walked);
        level->any_entry = false;
        manifest->depth++;
        return 0;
    }
    if (stat.type == UFTP_STAT_OTHER)
        return skip(out, path, "Skipping special file");
    if (name_len == 0)
        return skip(out, path, "has no name left to send it as");
    if (name_len > UFTP_MANIFEST_NAME_MAX)
        return skip(out, path, "Max pathname length exceeded");
    if (stat.type == UFTP_STAT_SYMLINK) {
        err = source->readlink(source->ctx, path, out->link, sizeof out->link);
        if (err < 0)
            return skip(out, path, uftp_strerror(err));
        size_t link_len = strlen(out->link);
        /* Name and target share the room, each padded to words (spec v5 1.13). */
        if (link_len == 0 || (name_len + 3) / 4 + (link_len + 3) / 4 > UFTP_NAME_MAX / 4)
            return skip(out, path, "Max pathname length exceeded");
        out->file_type = UFTP_FILE_SYMLINK;
    } else {
        out->file_type = UFTP_FILE_REGULAR;
        out->size = stat.size;
        out->mtime = stat.mtime;
        if (stat.size >> 48)
            return skip(out, path, "file is too large for the protocol");
    }
    memcpy(out->name, manifest->name, name_len + 1);
    memcpy(out->path, path, strlen(path) + 1);
    return 1;
}

/* Takes the next entry of the innermost open directory: 1 and *out filled, or 0 to go on. */
static int step(uftp_manifest *manifest, uftp_object *out)
{
    const uftp_source *source = manifest->config.source;
    manifest_level *level = &manifest->levels[manifest->depth - 1];
    manifest->path[level->path_len] = '\0';
    manifest->name[level->name_len] = '\0';
    manifest->walked[level->walked_len] = '\0';

    const char *entry = NULL;
    int got = source->readdir(source->ctx, level->dir, &entry);
    if (got > 0) {
        size_t len = strlen(entry);
        bool slash = manifest->path[level->path_len - 1] != '/'; /* the root directory has one */
        bool deeper = level->name_len > 0;                       /* "." has no name of its own */
        level->any_entry = true;
        if (!(put(manifest->path, level->path_len, "/", slash) &&
              put(manifest->path, level->path_len + slash, entry, len) &&
              put(manifest->name, level->name_len, "/", deeper) &&
              put(manifest->name, level->name_len + deeper, entry, len) &&
              put(manifest->walked, level->walked_len, "/", 1) &&
              put(manifest->walked, level->walked_len + 1, entry, len)))
            return skip(out, manifest->path, "Max pathname length exceeded");
        return visit(manifest, out);
    }
    bool empty = !level->any_entry;
    source->closedir(source->ctx, level->dir);
    manifest->depth--;
    if (got < 0)
        return skip(out, manifest->path, uftp_strerror(got));
    if (!empty || manifest->name[0] == '\0')
        return 0;
    out->file_type = UFTP_FILE_DIRECTORY; /* only empty ones are objects of their own */
    memcpy(out->name, manifest->name, strlen(manifest->name) + 1);
    memcpy(out->path, manifest->path, strlen(manifest->path) + 1);
    return 1;
}

static int begin_operand(uftp_manifest *manifest, const char *operand, uftp_object *out)
{
    if (strcmp(operand, NAME_FREE_SPACE) == 0) {
        out->file_type = UFTP_FILE_FREE_SPACE;
        memcpy(out->name, ".", 2);
        return 1;
    }
    bool delete = starts_with(operand, PREFIX_DELETE);
    const char *path = delete ? operand + strlen(PREFIX_DELETE) : operand;
    size_t len = strlen(path);
    while (len > 1 && path[len - 1] == '/')
        len--;
    if (len == 0 || !put(manifest->path, 0, path, len))
        return skip(out, operand, len ? "Max pathname length exceeded" : "empty name");
    const char *component = last_component(manifest->path);
    put(manifest->walked, 0, component, strlen(component)); /* fits where the path fits */
    const char *why = name_operand(manifest, manifest->path);
    if (why)
        return skip(out, operand, why);
    if (strcmp(manifest->name, ".") == 0)
        manifest->name[0] = '\0'; /* `uftp .` sends what is in it, under its own names */
    if (!delete)
        return visit(manifest, out);
    len = strlen(manifest->name);
    if (len == 0 || len > UFTP_MANIFEST_NAME_MAX)
        return skip(out, operand, "Max pathname length exceeded");
    out->file_type = UFTP_FILE_DELETE;
    memcpy(out->name, manifest->name, len + 1);
    return 1;
}

int uftp_manifest_next(uftp_manifest *manifest, uftp_object *out)
{
    for (;;) {
        out->file_type = UFTP_FILE_REGULAR;
        out->name[0] = out->path[0] = out->link[0] = '\0';
        out->size = out->mtime = 0;
        out->skipped = NULL;
        int got;
        if (manifest->depth > 0)
            got = step(manifest, out);
        else if (manifest->operand < manifest->config.operand_count)
            got = begin_operand(manifest, manifest->config.operands[manifest->operand++], out);
        else
            return 0;
        if (got != 0)
            return got;
    }
}
