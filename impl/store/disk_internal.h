/* SPDX-License-Identifier: MIT
 *
 * The disk store as its files share it: disk_store.c opens it and receives files, disk_path.c finds
 * places, disk_tree.c moves and removes, disk_records.c keeps backups and resume records.
 */
#ifndef UFTP_STORE_DISK_INTERNAL_H
#define UFTP_STORE_DISK_INTERNAL_H

#include "store/disk_store.h"

#include <sys/stat.h>

typedef struct disk_root {
    int fd;        /* O_PATH */
    int backup_fd; /* O_PATH; -1: none */
    char *path;    /* as configured: becomes part of the names in the backup */
} disk_root;

struct uftp_disk_store {
    uftp_store table;
    disk_root roots[UFTP_DISK_ROOTS_MAX];
    size_t root_count;
    int temp_fd;      /* -1: none */
    bool has_openat2; /* Linux 5.6 and no sandbox in the way */
};

/* A place taken apart: an open directory (O_PATH) and a last component below it. */
typedef struct disk_spot {
    int parent;       /* to be closed */
    const char *leaf; /* points into the place's name */
} disk_spot;

/* disk_path.c */

/* Whether openat2() can be used on this directory. */
bool uftp_disk_has_openat2(int fd);
/* The directory that holds the place. NAME for a name that leaves its root or has no last
 * component, KIND when a parent is a link or no directory, NOT_FOUND. */
int uftp_disk_find(const uftp_disk_store *store, const uftp_place *place, disk_spot *out);
/* The same below any open directory. */
int uftp_disk_find_below(const uftp_disk_store *store, int root, const char *name, disk_spot *out);
/* The open directory of a root, -1 when there is none. */
int uftp_disk_root_fd(const uftp_disk_store *store, unsigned root);
int uftp_disk_lookup(void *ctx, const uftp_place *place, uftp_stat *out);
int uftp_disk_free_space(void *ctx, const uftp_place *place, uint64_t *bytes);
/* Makes the entries of a directory durable. */
int uftp_disk_sync_dir(int dir);

/* disk_tree.c */

int uftp_disk_remove(void *ctx, const uftp_place *place);
int uftp_disk_move(void *ctx, const uftp_place *from, const uftp_place *to);
/* Moves `from` to `to`, replacing what is there. */
int uftp_disk_move_spot(const uftp_disk_store *store, const disk_spot *from, const disk_spot *to);

/* disk_records.c */

int uftp_disk_backup(void *ctx, const uftp_place *place, uint64_t session_wall_us);
int uftp_disk_resume_save(void *ctx, uint32_t group, const uint8_t *data, size_t len);
int uftp_disk_resume_load(void *ctx, uint32_t group, uint8_t *out, size_t capacity, size_t *len);
int uftp_disk_resume_remove(void *ctx, uint32_t group);
int uftp_disk_resume_note(void *ctx, uint32_t group, const uint8_t *data, size_t len);

#endif
