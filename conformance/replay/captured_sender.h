/* SPDX-License-Identifier: MIT
 *
 * A captured session from its sender's side: what the sender said, and what the receivers answered,
 * each with the message that it answers.
 */
#ifndef REPLAY_CAPTURED_SENDER_H
#define REPLAY_CAPTURED_SENDER_H

#include "golden.h"
#include "ordered_source.h"
#include "said.h"

enum { ANSWERS_MAX = 500 };

/* A receiver's packet and what it answers: the nth message of a type about a file. */
typedef struct answer {
    uint64_t number; /* of the packet */
    uint8_t type;
    uint16_t file_id;
    unsigned nth;
    uint64_t delay; /* behind that message */
    size_t after;   /* so many messages were captured before it */
    int64_t echo;   /* us, from that message's timestamp to the one that is echoed */
    const uftp_wire *wire;
    uftp_header header;
    uftp_address from;
    bool sealed;
    uint64_t counter;
    uint8_t bytes[2048]; /* the message in clear */
    size_t len;
    uint64_t due, stamp_us; /* core time; 0: not yet, UFTP_NEVER: handed over. What to echo */
    bool lost;              /* on its way to the sender */
    size_t heard_at;        /* so many messages had been said when it was handed over */
} answer;

typedef struct captured_sender {
    uint8_t instance; /* of the session, to be set before reading */
    bool found, encrypted, rsa;
    const uftp_wire *wire;
    uint64_t start, wall_us; /* of the first ANNOUNCE */
    uint32_t uid, group;
    uftp_address address;   /* of the sender */
    uftp_announce announce; /* the first; its pointers are not valid, but: */
    uint8_t random[UFTP_RANDOM_LEN];
    uftp_curve curve;
    uint32_t members[SAID_UIDS_MAX]; /* of closed membership */
    size_t member_count;
    size_t said_count, answer_count;
    said said[SAID_MAX];
    uint64_t times[SAID_MAX], stamps[SAID_MAX];
    answer answers[ANSWERS_MAX];
    bool aborted; /* the sender has said ABORT to all */
} captured_sender;

/* Reads FOLDER/session.pcap. Names of files go into `order`, which may be NULL. */
void captured_sender_read(captured_sender *c, const char *path, const cap_keylog *keylog,
                          ordered_source *order);

/* The timestamp that a message carries or echoes; NULL: none. */
uint64_t *captured_stamp(uftp_message *message);
/* How many of the first `end` are of the same type and file. */
unsigned captured_count(const said *list, size_t end, const said *like);

#endif
