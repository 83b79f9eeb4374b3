/* SPDX-License-Identifier: MIT
 *
 * From what the operator named to what is sent: walks directories, gives every object its name on
 * the wire, and leaves out what is excluded (spec v5 4.5, cli 2). One object at a time, so that a
 * session of a hundred thousand files needs no list in memory.
 */
#ifndef UFTP_TRANSFER_MANIFEST_H
#define UFTP_TRANSFER_MANIFEST_H

#include <uftp/message.h>
#include <uftp/source.h>

#define UFTP_MANIFEST_NAME_MAX 299 /* the reference's limit for names and local paths in trees */
#define UFTP_MANIFEST_PATH_MAX 4095
#define UFTP_MANIFEST_DEPTH_MAX 150 /* a name of 299 bytes has no more components */

typedef struct uftp_manifest_config {
    const uftp_source *source;
    const char *const *operands;
    size_t operand_count;
    const char *const *base_dirs;
    size_t base_dir_count;
    const char *const *excludes;
    size_t exclude_count;
    const char *destination_name; /* NULL: none */
    bool destination_is_directory;
    bool follow_links;
} uftp_manifest_config;

typedef struct uftp_object {
    uint8_t file_type;                     /* uftp_file_type */
    char name[UFTP_MANIFEST_NAME_MAX + 1]; /* on the wire */
    char path[UFTP_MANIFEST_PATH_MAX + 1]; /* at the source; empty for delete and free space */
    char link[UFTP_NAME_MAX + 1];          /* target of a symbolic link */
    uint64_t size;                         /* bytes, regular files */
    uint64_t mtime;                        /* seconds, regular files */
    const char *skipped; /* not to be sent, because of this; then only `path` is set beside it */
} uftp_object;

typedef struct manifest_level {
    uftp_source_dir *dir;
    size_t path_len, name_len, walked_len; /* of this directory in the growing strings */
    bool any_entry;
} manifest_level;

typedef struct uftp_manifest {
    uftp_manifest_config config; /* what it points at outlives the manifest */
    size_t operand;              /* next one */
    size_t depth;                /* open directories */
    manifest_level levels[UFTP_MANIFEST_DEPTH_MAX];
    char path[UFTP_MANIFEST_PATH_MAX + 1];
    char name[UFTP_MANIFEST_PATH_MAX + 1];
    char walked[UFTP_MANIFEST_PATH_MAX + 1]; /* what exclusions compare with */
} uftp_manifest;

void uftp_manifest_init(uftp_manifest *manifest, const uftp_manifest_config *config);
/* Closes what is open. */
void uftp_manifest_end(uftp_manifest *manifest);
/* 1 and the next object, or one that is skipped; 0 at the end. */
int uftp_manifest_next(uftp_manifest *manifest, uftp_object *out);

#endif
