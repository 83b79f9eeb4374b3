/* SPDX-License-Identifier: MIT
 *
 * What a sender said, as far as it has to be the same when ours is in its place: times, rates,
 * sequence numbers and random values are left out.
 */
#ifndef REPLAY_SAID_H
#define REPLAY_SAID_H

#include "rules.h"
#include <uftp/wire.h>

#include <stdbool.h>
#include <stddef.h>

enum { SAID_MAX = 6000, SAID_UIDS_MAX = 16 };

typedef struct said {
    uint64_t number; /* of the packet, when captured */
    uint8_t type;
    uint16_t file_id, section, block;
    uint64_t digest; /* of a file's description, of a block's data */
    size_t count;    /* receivers listed, in rising order */
    uint32_t uids[SAID_UIDS_MAX];
} said;

/* False when the message is none that is compared. */
bool said_read(const uftp_message *message, said *out);
/* How many of two lists are the same from the beginning on. */
size_t said_same(const said *captured, size_t captured_count, const said *own, size_t own_count);
/* Fails, naming the rule, unless all are. */
void said_compare(const said *captured, size_t captured_count, const said *own, size_t own_count,
                  const char *capture);

#endif
