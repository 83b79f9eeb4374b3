/* SPDX-License-Identifier: MIT
 *
 * What happened inside a state machine, for a program to log, show or act upon. Events are pulled
 * (poll_event), so nothing re-enters the core. One type serves all roles; each kind says which
 * fields it sets. The others are zero.
 */
#ifndef UFTP_EVENT_H
#define UFTP_EVENT_H

#include <uftp/message.h>

#ifdef __cplusplus
extern "C" {
#endif

/* name. `group`, `instance` and, where a file is current, `file_id` are set in all. */
#define UFTP_EVENTS(X) \
    /* Membership, for the driver to carry out: address (group), source (SSM, else family 0). A \
     * failed JOIN is told back with uftp_receiver_join_failed(). */ \
    X(JOIN) \
    X(LEAVE) \
    /* Session. */ \
    X(SESSION_STARTED)  /* sender: address = private group. receiver: peer, address = sender */ \
    X(SESSION_READY)    /* receiver: confirmed by the sender */ \
    X(SESSION_REFUSED)  /* receiver: peer, address, text: why */ \
    X(SESSION_FINISHED) /* result, duration; receiver: text when it failed */ \
    X(PHASE)            /* sender: phase (uftp_sender_phase) */ \
    /* Messages, for the log. message = uftp_message_type, attempt and packet from 1, count of \
     * receivers listed. receiver: repeated = sent again. */ \
    X(SENT) \
    X(RECEIVED) /* peer, message, repeated when it was a duplicate, name: sender's display name */ \
    X(GRTT)     /* duration = the group round trip time now used */ \
    /* Receivers as the sender sees them: peer, name. */ \
    X(CLIENT_REGISTERED) /* address, duration = RTT */ \
    X(CLIENT_CONFIRMED)  /* takes part from now on */ \
    X(CLIENT_COMPLETE)   /* file_id, status, free_space when has_free_space */ \
    X(CLIENT_LOST) \
    X(CLIENT_ABORTED) /* text */ \
    X(CLIENT_NAKS)    /* section, count */ \
    X(CLIENT_REFUSED) /* peer, address, text: a stranger, or a message that was turned down */ \
    /* Files. name = as sent, size, blocks, sections, file_type; text = link target. */ \
    X(FILE_STARTED) \
    X(FILE_PASS)     /* sender: pass */ \
    X(FILE_SECTION)  /* sender: section now being sent */ \
    X(FILE_FINISHED) /* name, status (receiver), error when it failed, duration, size, path */ \
    X(FILE_SKIPPED)  /* sender: name = local path, text: why */ \
    /* Proxies. */ \
    X(HEARTBEAT)  /* address, status: 0 refused, 1 accepted, 2 challenged; repeated: the answer to \
                     ours, otherwise what we answered; text: why it was refused */ \
    X(DOWNSTREAM) /* server proxy: from now on it relays to this address */ \
    /* Trouble. */ \
    X(ABORT)    /* peer, text: the other side, or we, gave up (repeated = false: we) */ \
    X(REJECTED) /* a datagram was dropped: error, message, address, text; counted in the stats */

#define UFTP_EVENT_ENUM(name) UFTP_EVENT_##name,
typedef enum uftp_event_type { UFTP_EVENT_NONE, UFTP_EVENTS(UFTP_EVENT_ENUM) } uftp_event_type;
#undef UFTP_EVENT_ENUM

/* "JOIN", ..., "NONE". */
const char *uftp_event_name(uftp_event_type type);

/* How a session ended. The numbers of a sender's are the exit codes of `uftp` (spec cli 10.1). */
typedef enum uftp_result {
    UFTP_RESULT_OK = 0,
    UFTP_RESULT_INTERRUPTED = 6,
    UFTP_RESULT_NO_REGISTRATION = 7,
    UFTP_RESULT_NO_FILEINFO = 8,
    UFTP_RESULT_ALL_LOST = 9,
    UFTP_RESULT_NOTHING_SENT = 10,
    UFTP_RESULT_FAILED = 11, /* receiver: aborted by either side or timed out */
    UFTP_RESULT_ERROR = 12   /* sender: out of memory, or its own file could not be read */
} uftp_result;

typedef struct uftp_event {
    uftp_event_type type;
    uint32_t group;
    uint8_t instance;
    uint16_t file_id; /* 0: between files */
    uint32_t peer;    /* UID */
    uftp_address address;
    uftp_address source;
    const char *name; /* valid until the next call on the object, like every pointer here */
    const char *text;
    const char *path; /* receiver, FILE_FINISHED: where it stands, relative to its root */
    unsigned root;    /* root of `path` */
    uftp_result result;
    int error; /* uftp_error */
    uint8_t message;
    uint8_t phase;
    uint8_t file_type;
    uint8_t status; /* uftp_complete_status */
    bool repeated;
    bool has_free_space;
    uint16_t attempt;
    uint16_t packet;
    uint16_t pass;
    uint16_t section;
    uint32_t count;
    uint32_t blocks;
    uint32_t sections;
    uint64_t size;
    uint64_t free_space;
    uint64_t duration; /* ns */
} uftp_event;

#ifdef __cplusplus
}
#endif
#endif
