/* SPDX-License-Identifier: MIT
 *
 * What every store must do (store.h), tested through the table alone: the disk's store and the
 * simulator's pass the same tests.
 */
#ifndef UFTP_TESTS_STORE_SUITE_H
#define UFTP_TESTS_STORE_SUITE_H

#include <uftp/store.h>

/* A store under test and what the table has no verb for. Functions return 0 or a uftp_error unless
 * it is said otherwise. */
typedef struct store_suite_factory {
    const char *name; /* shown with the results */
    /* A fresh, empty store with destinations 0 and 1, a temporary directory, and a backup for both
     * destinations. Everything is in one file system, so that all of it can be moved. */
    int (*open)(void **fixture, const uftp_store **store);
    /* Takes it down; fails the test when something was left open or allocated. */
    void (*close)(void *fixture);
    /* The content of a regular file; LIMIT when it does not fit. */
    int (*read)(void *fixture, const uftp_place *place, uint8_t *out, size_t capacity, size_t *len);
    /* The target of a link, NUL-terminated. */
    int (*readlink)(void *fixture, const uftp_place *place, char *out, size_t capacity);
    /* Puts a FIFO there. NULL: the store knows no such thing. */
    int (*make_fifo)(void *fixture, const uftp_place *place);
    /* How many entries the backup has in all, directories included. */
    size_t (*backup_count)(void *fixture);
} store_suite_factory;

/* Runs every test; returns how many failed. */
int store_suite_run(const store_suite_factory *factory);

#endif
