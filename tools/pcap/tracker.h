/* SPDX-License-Identifier: MIT
 *
 * From frames to packets of sessions: IP and UDP are stripped, fragments joined, UFTP recognised by
 * its content, sealed packets opened with the keys of a key log, sessions and files remembered.
 * Nothing in a capture is fatal: what cannot be read is counted.
 */
#ifndef CAP_TRACKER_H
#define CAP_TRACKER_H

#include "input.h"
#include "secrets.h"
#include "session.h"

#define CAP_PORT_DEFAULT 1044
/* More sessions than any honest capture has; a hostile one costs no more memory than these. */
#define CAP_SESSIONS_MAX 16384
#define CAP_PEERS_MAX 200000 /* of all sessions together */

/* What a capture held, and what was wrong with it. */
typedef struct cap_counts {
    uint64_t frames;
    uint64_t other;   /* frames that are no UDP over IP, or UDP that is not UFTP */
    uint64_t trains;  /* frames that held several packets */
    uint64_t packets; /* of UFTP */
    uint64_t damaged; /* frames whose IP or UDP contradicts itself */
    uint64_t cut;     /* packets that the capture holds in part only (snaplen) */
    uint64_t malformed;
    uint64_t fragments;  /* frames that held a part of a packet */
    uint64_t incomplete; /* packets of which not all fragments came */
    uint64_t backwards;  /* frames older than the one before */
    uint64_t sealed, opened, no_key, open_failed;
    uint64_t untracked; /* packets beyond CAP_SESSIONS_MAX or CAP_PEERS_MAX, or no memory */
    uint64_t first_time, last_time; /* of all frames */
} cap_counts;

typedef struct cap_tracker cap_tracker;

/* `keylog` (may be NULL) outlives the tracker. NULL: no memory. */
cap_tracker *cap_tracker_new(const cap_keylog *keylog);
void cap_tracker_free(cap_tracker *tracker); /* NULL is allowed */
/* Private keys to open RSA key exchanges with; they outlive the tracker. Before the first frame. */
void cap_tracker_use_keys(cap_tracker *tracker, uftp_key *const *keys, size_t count);
void cap_tracker_use_weak_keys(cap_tracker *tracker, cap_weak_key *const *keys, size_t count);
/* The key log has more, or will: what it opens is tried again. */
void cap_tracker_secrets_grew(cap_tracker *tracker);
/* What opens its packets. */
const cap_secrets *cap_tracker_secrets(const cap_tracker *tracker);

/* Takes a frame; true when it completed a UFTP packet, which is valid until the next call.
 *
 * A frame may hold several: a capture on the sending machine sees a train before the network card
 * has cut it into datagrams (UDP segmentation offload), one on the receiving machine may see one
 * after they were joined. Then cap_tracker_next() gives the others, while the frame is valid. */
bool cap_tracker_take(cap_tracker *tracker, cap_link link, const cap_frame *frame,
                      const cap_packet **out);
bool cap_tracker_next(cap_tracker *tracker, const cap_packet **out);
void cap_tracker_counts(const cap_tracker *tracker, cap_counts *out);
/* The first session, by appearance; more through ->next. */
cap_session *cap_tracker_sessions(const cap_tracker *tracker);

#endif
