/* SPDX-License-Identifier: MIT
 *
 * What a proxy sent in one direction, as far as it has to be the same: what it passed on, byte for
 * byte; what it said for itself, by kind, file, status, NAK bitmap, keys, and receivers listed.
 */
#ifndef REPLAY_PASSED_H
#define REPLAY_PASSED_H

#include "session.h"

enum { PASSED_MAX = 1000, PASSED_UIDS_MAX = 16 };

typedef enum passed_way {
    PASSED_UP,         /* to the sender, or the proxy before it */
    PASSED_DOWN,       /* to receivers, or the proxy before them */
    PASSED_HEARTBEATS, /* of proxies among themselves */
    PASSED_WAYS
} passed_way;

typedef struct passed {
    uint64_t number; /* of the packet, when captured */
    uint8_t type;
    uint32_t source;
    bool relayed;
    uint16_t file_id, section;
    uint8_t status;
    uint64_t digest; /* relayed: of all bytes; else of NAKs or keys */
    size_t count;    /* receivers listed, in rising order */
    uint32_t uids[PASSED_UIDS_MAX];
} passed;

typedef struct passed_list {
    size_t count;
    passed items[PASSED_MAX];
} passed_list;

/* `uid`: the proxy's. */
void passed_add(passed_list *list, const cap_packet *packet, uint32_t uid);
/* Fails, naming the rule, unless both are the same. */
void passed_compare(const passed_list *captured, const passed_list *own, const char *capture,
                    const char *who);

#endif
