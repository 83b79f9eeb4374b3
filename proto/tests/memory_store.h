/* SPDX-License-Identifier: MIT
 *
 * Files in memory for the receiver's unit tests: a handful of roots, entries in a list, and faults
 * on request. It checks what the core promises a store: clean relative names, existing parents, no
 * way through a link.
 */
#ifndef UFTP_TESTS_MEMORY_STORE_H
#define UFTP_TESTS_MEMORY_STORE_H

#include "support.h"
#include <uftp/store.h>

typedef struct memory_entry {
    struct memory_entry *next;
    unsigned root;
    char name[400];
    uftp_stat_type type;
    char target[304];
    uint8_t *data;
    size_t len, capacity;
    uint64_t mtime;
    bool partial; /* being written, or left over from that */
} memory_entry;

typedef struct memory_store {
    uftp_store store; /* hand out &memory->store */
    memory_entry *entries;
    unsigned open_files; /* create() without commit() or discard() */
    uint64_t free_bytes; /* what free_space() says */
    bool has_backup;
    int write_error; /* returned by the next writes, 0: none */
    int commit_error, create_error, mkdir_error, move_error, backup_error, free_space_error;
    unsigned writes, slices; /* calls of write(), and slices handed over by them */
    unsigned changes;        /* calls that change anything */
    uint64_t backup_wall_us;
    uint8_t *record; /* of one resumable session */
    size_t record_len;
    uint32_t record_group;
} memory_store;

void memory_store_init(memory_store *memory);
void memory_store_free(memory_store *memory);

/* NULL when there is nothing of that name. */
memory_entry *memory_store_find(const memory_store *memory, unsigned root, const char *name);
/* Puts a file, with parents; data may be NULL. */
memory_entry *memory_store_put(memory_store *memory, unsigned root, const char *name,
                               const void *data, size_t len, uint64_t mtime);
memory_entry *memory_store_put_type(memory_store *memory, unsigned root, const char *name,
                                    uftp_stat_type type);
/* Entries of one kind, parts of files in progress included. */
size_t memory_store_count(const memory_store *memory, uftp_stat_type type);

#endif
