/* SPDX-License-Identifier: MIT
 *
 * What receivers said, as far as it has to be the same when one of ours is in their place. Times,
 * sequence numbers and random values are left out.
 */
#ifndef REPLAY_REPLIES_H
#define REPLAY_REPLIES_H

#include "rules.h"
#include "session.h"

enum { REPLIES_MAX = 1000, NAKS_MAX = 1100 };

typedef struct reply {
    uint64_t number; /* of the packet, when captured */
    uint8_t type;
    uint8_t status; /* of COMPLETE */
    bool partial;   /* of FILEINFO_ACK */
    uint16_t file_id, section;
    size_t naks_len;
    uint8_t naks[NAKS_MAX];
    uint64_t keys;   /* digest of what REGISTER and CLIENT_KEY say about keys; 0: not compared */
    uint64_t verify; /* digest of the verify data of KEYINFO_ACK; 0: not compared */
} reply;

typedef struct replies {
    replay_kind kind; /* PLAIN leaves the handshake out, FULL compares its keys */
    size_t count;
    reply items[REPLIES_MAX];
} replies;

/* Takes what a packet of a receiver says; fails when it could not be opened. */
void replies_add(replies *list, const cap_packet *packet);
/* Fails, naming the rule, unless both say the same. `who`: whose replies they are. */
void replies_compare(const replies *captured, const replies *own, const char *capture,
                     const char *who);

#endif
