/* SPDX-License-Identifier: MIT
 *
 * What stands beside a capture: manifest, key log, keys, and the content of the files that were
 * sent (captures/README.md).
 */
#ifndef REPLAY_GOLDEN_H
#define REPLAY_GOLDEN_H

#include "engine/memory_store.h"
#include "tracker.h"
#include <uftp/key.h>

#include <jansson.h>

/* Each fails the running test when a file that has to be there cannot be read. */
json_t *golden_manifest(const char *folder);
void golden_keylog(const char *folder, cap_keylog *log); /* none: stays empty */

/* The private key of a node, keys/NODE.pem; NULL: it has none. */
uftp_key *golden_key(const char *folder, const char *node, const uftp_allocator *memory);
/* One of ours, secp256r1, where any will do. */
uftp_key *golden_any_key(const uftp_allocator *memory);

/* "" when the key is missing or no text. */
const char *golden_text(const json_t *object, const char *key);
/* A node's UID. */
uint32_t golden_uid(const json_t *manifest, const char *node);

#define GOLDEN_DIGEST_SIZE 65
/* SHA-256 of a file in a store, as hex. */
void golden_digest(const sim_entry *entry, char out[GOLDEN_DIGEST_SIZE]);
/* The first bytes of a stream, to be freed. */
uint8_t *golden_content(const char *stream, size_t size);
/* Writes them into a store. */
void golden_put(sim_store *store, const char *path, const char *stream, size_t size,
                uint64_t mtime);
/* Why an entry (NULL: none) is not what an object of the manifest describes; NULL: it is. */
const char *golden_differs(const sim_entry *entry, const json_t *object);
/* Fails unless it is. */
void golden_compare(const sim_entry *entry, const json_t *object);

#endif
