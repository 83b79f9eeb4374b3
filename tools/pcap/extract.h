/* SPDX-License-Identifier: MIT
 *
 * `uftp-pcap extract`: the files of a capture, put together from its blocks and written below a
 * directory, in one folder per session ID. Names come from strangers: the store that writes them is
 * the receiver's own, which follows no link and leaves its root never.
 */
#ifndef CAP_EXTRACT_H
#define CAP_EXTRACT_H

#include "session.h"

#include <stdio.h>
#include <uftp/store.h>

/* A file that misses blocks at the end is left as NAME.ID.incomplete, ID in four hex digits. */
#define CAP_INCOMPLETE_SUFFIX ".incomplete"

typedef struct cap_extract cap_extract;

typedef struct cap_extract_result {
    uint64_t files;      /* written whole; directories and links count */
    uint64_t incomplete; /* some blocks came, not all */
    uint64_t failed;     /* could not be written, or had a name that is not allowed */
    uint64_t bytes;      /* of the files written whole */
} cap_extract_result;

/* `store` has one root, and outlives the object. NULL: no memory. */
cap_extract *cap_extract_new(const uftp_store *store);
void cap_extract_free(cap_extract *extract); /* NULL is allowed */
void cap_extract_packet(cap_extract *extract, const cap_packet *packet);
/* After the last packet: one line per object on `report` (may be NULL). */
void cap_extract_finish(cap_extract *extract, FILE *report, cap_extract_result *result);

#endif
