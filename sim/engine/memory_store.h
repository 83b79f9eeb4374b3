/* SPDX-License-Identifier: MIT
 *
 * A receiver's directories in memory, behind the core's store table: a disk of a given size and
 * speed, that can fail at a chosen moment, loses what was not synced when the power goes, and need
 * not keep the content of large files (content.h).
 *
 * What a power failure leaves is what a journalling file system does: names (files, directories,
 * moves, removals) and resume records as they were, the content of files as of their last sync.
 */
#ifndef SIM_MEMORY_STORE_H
#define SIM_MEMORY_STORE_H

#include "engine/tree.h"
#include <uftp/store.h>

#define SIM_ROOTS_MAX 10
#define SIM_STORE_CAPACITY_DEFAULT (UINT64_C(1) << 40)

/* A file whose content is known: what is written to any file that is created with this size is
 * checked against the generator instead of being kept. */
typedef struct sim_expected {
    uint64_t size, seed;
} sim_expected;

typedef struct sim_store_options {
    const char *const *destinations; /* names of the roots [one, "/in"] */
    size_t destination_count;
    bool temp;                    /* there is a UFTP_ROOT_TEMP, and resume records can be kept */
    bool backup;                  /* each root has a backup directory */
    uint64_t capacity;            /* bytes of file content [SIM_STORE_CAPACITY_DEFAULT] */
    const sim_expected *expected; /* outlives the store */
    size_t expected_count;
    uint64_t rate_bytes_per_s; /* of the disk [0: as fast as you like] */
    uint64_t cache_bytes;      /* are written at once, and to the disk by and by [0] */
    uint64_t sync_time;        /* that a sync takes, besides what is still in the cache [0] */
    uint32_t block_size; /* of the sessions that bring expected files [UFTP_BLOCK_SIZE_DEFAULT] */
} sim_store_options;

typedef enum sim_store_op {
    SIM_STORE_LOOKUP,
    SIM_STORE_CREATE,
    SIM_STORE_WRITE,
    SIM_STORE_SYNC,
    SIM_STORE_COMMIT,
    SIM_STORE_MKDIR,
    SIM_STORE_SYMLINK,
    SIM_STORE_REMOVE,
    SIM_STORE_MOVE,
    SIM_STORE_BACKUP,
    SIM_STORE_RESUME_SAVE,
    SIM_STORE_RESUME_LOAD
} sim_store_op;
#define SIM_STORE_OPS 12

/* The calls of one kind numbered first, first + 1, ... fail, `count` of them (0 means 1). */
typedef struct sim_store_fault {
    uint64_t first; /* from 1; 0: no fault */
    uint64_t count;
    int error; /* [UFTP_ERR_IO] */
} sim_store_fault;

typedef struct sim_record sim_record;

typedef struct sim_store {
    uftp_store core; /* hand out &store->core; the struct must not move */
    sim_store_options options;
    sim_entry *roots[SIM_ROOTS_MAX];
    sim_entry *backups[SIM_ROOTS_MAX];
    sim_entry *temp;
    sim_record *records; /* of sessions to be resumed */
    uint64_t used;       /* sum of the sizes of all files */
    uint64_t calls[SIM_STORE_OPS];
    sim_store_fault faults[SIM_STORE_OPS]; /* a test sets what it wants to fail */
    uint64_t bytes_written;
    uint32_t open_count;             /* files neither committed nor discarded */
    bool dead;                       /* nothing has an effect any more */
    uint64_t turn_bytes, turn_syncs; /* of the turn that is going on */
    uint64_t idle_at;                /* the disk has written everything by then */
    uint64_t remainder;              /* of the last division by the rate */
    uint64_t busy_total;             /* time that the node had to wait */
    uint64_t lost_bytes;             /* by power failures */
    /* An onlooker is told of every entry that was created under a name or has got another one. */
    void (*placed)(void *ctx, const sim_entry *entry);
    void *placed_ctx;
} sim_store;

void sim_store_init(sim_store *store, const sim_store_options *options); /* options: may be NULL */
void sim_store_free(sim_store *store); /* every file has been committed or discarded */

/* The node's turn ends: how long what it has written keeps it from the next. */
uint64_t sim_store_busy(sim_store *store, uint64_t now);
/* All files are on the disk: what the operating system does now and then. */
void sim_store_sync(sim_store *store);
/* A crash: between the two calls nothing has an effect, so that what the core says as it is taken
 * down is not heard. `power`: what was not synced is lost. Returns how many bytes that were. */
void sim_store_die(sim_store *store);
uint64_t sim_store_recover(sim_store *store, bool power);
/* Resume records that were only noted are void after the next boot. */
void sim_store_forget_notes(sim_store *store);

/* What stands at a place, or NULL. */
sim_entry *sim_store_find(sim_store *store, unsigned root, const char *name);
/* Puts a file there before the core runs, with its directories. */
void sim_store_put(sim_store *store, unsigned root, const char *name, const void *bytes, size_t len,
                   uint64_t mtime);

#endif
