/* SPDX-License-Identifier: MIT
 *
 * The receiver's files on disk (store.h). Every place is resolved below the open directory of its
 * root, and no symbolic link is followed in any component.
 */
#ifndef UFTP_STORE_DISK_STORE_H
#define UFTP_STORE_DISK_STORE_H

#include <uftp/store.h>

#define UFTP_DISK_ROOTS_MAX 10 /* destination directories, spec cli 14 */
/* Room for the one line that says what is wrong. */
#define UFTP_DISK_MESSAGE_MAX 1024

typedef struct uftp_disk_store_config {
    const char *const *destinations; /* absolute; at least one, at most UFTP_DISK_ROOTS_MAX */
    size_t destination_count;
    const char *temp;           /* absolute; NULL: none */
    const char *const *backups; /* absolute, one per destination; NULL: none */
} uftp_disk_store_config;

typedef struct uftp_disk_store uftp_disk_store;

/* Opens the directories, which must exist. The store keeps descriptors of them: a program that
 * closes descriptors when it becomes a daemon opens its store afterwards. `message` (may be NULL)
 * has UFTP_DISK_MESSAGE_MAX bytes and says what is wrong on failure. ARGUMENT, NOT_FOUND, ACCESS,
 * KIND, MEMORY, IO. */
int uftp_disk_store_open(const uftp_disk_store_config *config, uftp_disk_store **out,
                         char *message);
void uftp_disk_store_close(uftp_disk_store *store); /* NULL is allowed */
/* Valid as long as the store. */
const uftp_store *uftp_disk_store_table(uftp_disk_store *store);

/* The start-up checks of a receiver (spec cli 3): absolute paths, backup and temporary directory
 * unlike the destination, each destination writable, and rename() works between them. Creates and
 * removes "_uftptmp1" and "_uftptmp2". The errors and the message are those of open. */
int uftp_disk_store_check(const uftp_disk_store_config *config, char *message);

#endif
