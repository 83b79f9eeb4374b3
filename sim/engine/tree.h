/* SPDX-License-Identifier: MIT
 *
 * A tree of files, directories and links in memory: what the memory source reads and the memory
 * store writes. Names in a directory are ordered by their bytes, so that a listing is the same
 * every time.
 */
#ifndef SIM_TREE_H
#define SIM_TREE_H

#include "engine/content.h"
#include <uftp/source.h>

typedef struct sim_entry sim_entry;

struct sim_entry {
    uftp_stat_type type;
    char *name;           /* "" for a root */
    sim_entry *parent;    /* NULL: a root, or taken out */
    uint64_t mtime;       /* seconds since the epoch */
    uint32_t open;        /* handles on it; the last one frees an entry that was taken out */
    char *target;         /* of a link */
    sim_content content;  /* of a file */
    sim_entry **children; /* of a directory */
    size_t count, capacity;
};

sim_entry *sim_entry_new(uftp_stat_type type, const char *name, size_t name_len);
/* Frees an entry that stands nowhere, with all below it; what is open, later. */
void sim_entry_free(sim_entry *entry);
/* One handle more or less. */
void sim_entry_open(sim_entry *entry);
void sim_entry_close(sim_entry *entry);

sim_entry *sim_tree_child(const sim_entry *directory, const char *name, size_t len); /* or NULL */
void sim_tree_insert(sim_entry *directory, sim_entry *entry); /* no such name is there yet */
void sim_tree_take(sim_entry *entry);                         /* out of its directory */
uint64_t sim_tree_size(const sim_entry *entry);               /* bytes of all files in it */
void sim_entry_stat(const sim_entry *entry, uftp_stat *out);

/* Walks a path below `root` without following any link, for a store: KIND when a component on the
 * way is no directory, NOT_FOUND. "" is the root itself. */
int sim_tree_walk(sim_entry *root, const char *path, sim_entry **out);
/* The same for what is to stand at a path: its directory, and its name within `path`. */
int sim_tree_walk_parent(sim_entry *root, const char *path, sim_entry **directory,
                         const char **name);
/* Walks as an operating system does: links on the way are followed, the last one when asked; ".",
 * "..", and a target that starts with '/' begins at the root. LIMIT for a loop. */
int sim_tree_resolve(sim_entry *root, const char *path, bool follow, sim_entry **out);

/* Whether two trees have the same names, types, link targets and contents. When not, and `where` is
 * not NULL, the path of the first difference, cut to fit. Modification times are compared for files
 * when `with_mtime`. */
bool sim_tree_equal(const sim_entry *a, const sim_entry *b, bool with_mtime, char *where,
                    size_t capacity);

#endif
