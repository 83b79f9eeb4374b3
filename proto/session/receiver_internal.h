/* SPDX-License-Identifier: MIT
 *
 * What the files of the receiver share. One session is one file's business each:
 *
 *   receiver.c           the object, its verbs, the way of a datagram: parse, authenticate, commit
 *   receiver_announce.c  ANNOUNCE ... REG_CONF or KEYINFO
 *   receiver_proxy.c     PROXY_KEY, where a proxy stands between us and the sender
 *   receiver_refusal.c   sessions that we do not take part in, and what we say to that
 *   receiver_keys.c      the keys, whatever the wire version; each has a file behind it
 *   receiver_keys_v5.c   every call into the key schedule of version 5
 *   receiver_keys_v4.c   ... and of version 4
 *   receiver_file.c      FILEINFO, FILESEG, DONE, and what is asked for again
 *   receiver_congestion.c  losses, rates and reports of sessions with congestion control
 *   receiver_store.c     the rules for files on top of the store (spec v5 4.11)
 *   receiver_resume.c    the record of a file that a later session may continue
 *   receiver_session.c   the table of sessions, their states, how they end
 *   receiver_output.c    builds the datagrams
 *
 *                    REG_CONF, FILEINFO, KEYINFO              FILEINFO of a regular file
 *   ANNOUNCE -> REGISTERED ---------------------> MIDGROUP ---------------------------> RECEIVING
 *                   |                               |  ^                                  |  |
 *                   |                       DONE(0) |  +----- DONE, or NAK timer ---------+  |
 *                   |                               v          when nothing is missing       |
 *                   |                            COMPLETE <---------- DONE(0) ---------------+
 *                   |                               |
 *                   | deadline, ABORT               | DONE_CONF, deadline
 *                   v                               v
 *                LEAVING (from any state) -> gone   gone, successful
 *
 * With a proxy in between ANNOUNCED stands before REGISTERED: PROXY_KEY ends it.
 */
#ifndef UFTP_SESSION_RECEIVER_INTERNAL_H
#define UFTP_SESSION_RECEIVER_INTERNAL_H

#include "base/assert.h"
#include "base/memory.h"
#include "session/events.h"
#include "session/packet.h"
#include "session/window.h"
#include "transfer/blockmap.h"
#include "transfer/name.h"
#include "transfer/tfmcc_receiver.h"
#include <uftp/layout.h>
#include <uftp/quantise.h>
#include <uftp/receiver.h>

/* Timers never run on less: a sender (or a forger) that advertises a GRTT of 0 would otherwise have
 * us answer without pause. */
#define RECEIVER_GRTT_MIN UFTP_MS(1)
/* A first REGISTER to a large or unknown group waits up to GRTT/4, and no longer than this, so that
 * a thousand receivers do not answer in the same millisecond. The sender's RTT is not spoilt:
 * REGISTER carries the time it was held. */
#define RECEIVER_HOLD_MAX UFTP_MS(50)
#define RECEIVER_HOLD_MEMBERS 50 /* a closed group this small is answered at once */
/* How long a late ANNOUNCE of a session that has ended or was refused is recognised, counted from
 * the last one: longer than a sender pauses between two (3 * GRTT, GRTT <= 15 s). */
#define RECEIVER_PAST_INTERVAL UFTP_S(60)
#define RECEIVER_PAST_MAX 128
/* Answers to strangers are eight times as long as a plain ANNOUNCE: so many may wait and so many
 * leave per second, or a forged source address would make us a reflector. */
#define RECEIVER_REFUSALS_MAX 16
#define RECEIVER_REFUSAL_INTERVAL UFTP_MS(50)
/* A signature takes up to a millisecond to check, and anybody can send one: so many at once, and so
 * many per second from then on. A tenth of a processor's time at most. */
#define RECEIVER_CHECKS_BURST 64
#define RECEIVER_CHECK_INTERVAL UFTP_MS(10)
/* A sender that nobody has confirmed says how long we wait for it: no longer than this, twice the
 * announce phase of a sender with the default options at its largest GRTT (20 times 3 * 15 s). */
#define RECEIVER_UNCONFIRMED_MAX UFTP_S(1800)
/* So many datagrams in a row that all look old mean that the sender's counter has jumped. */
#define RECEIVER_STALE_MAX 100
#define RECEIVER_MISORDER_MAX 5 /* spec v5 4.2 */
#define RECEIVER_BUCKETS 256    /* of the session hash: a power of two above UFTP_SESSIONS_MAX */

typedef struct uftp_session uftp_session;

/* What an ANNOUNCE's signature is worth, made with the key that it brings along. */
typedef enum announce_proof {
    PROOF_GOOD,
    PROOF_BAD, /* damaged, or forged in another's name */
    PROOF_NONE /* nothing there that could be checked */
} announce_proof;

/* The way of a wire version's key schedule through a session. */
typedef struct receiver_schedule {
    bool client_key_sealed; /* CLIENT_KEY leaves sealed, or in the clear */
    bool keyinfo_signed;    /* a KEYINFO proves itself, or only its use does */
    /* As uftp_announce_keys_objection() and uftp_announce_proof(). */
    const char *(*objection)(const uftp_receiver *receiver, const uftp_enc_info *info);
    announce_proof (*proof)(const uftp_packet *packet, const uftp_announce *announce);
    size_t keys_len; /* of session->keys, with its head */
    /* Our share of the exchange, for an ANNOUNCE without objection. */
    int (*begin)(uftp_session *session, const uftp_packet *packet, const uftp_announce *announce);
    /* The proxy's half of the exchange, when there is a proxy: `begin` has left that out. NULL:
     * not spoken. */
    int (*proxy_key)(uftp_session *session, const uftp_proxy_key *message, const char **why);
    int (*verify_announce)(const uftp_session *session, const uftp_packet *packet,
                           const uftp_announce *announce);
    int (*verify_keyinfo)(const uftp_session *session, const uftp_packet *packet,
                          const uftp_keyinfo *keyinfo);
    int (*establish)(uftp_session *session, const uftp_keyinfo *keyinfo, const uint8_t *sealed);
    int (*open)(const uftp_session *session, uftp_packet *packet);
    void (*fill_register)(const uftp_session *session, uftp_register *out);
    uftp_bytes (*verify_data)(const uftp_session *session);
    uftp_sealing (*sealing)(const uftp_session *session, uint8_t message, uftp_aead *aead);
} receiver_schedule;
extern const receiver_schedule uftp_receiver_schedule_v5, uftp_receiver_schedule_v4;

/* The head of what a schedule keeps of a session. */
typedef struct uftp_session_keys {
    const receiver_schedule *schedule;
    bool client_auth;
    bool established;
    bool proved; /* the keys are the sender's: KEYINFO was signed, or a sealed packet has opened */
    uint8_t server_key[UFTP_KEY_BLOB_MAX];
    size_t server_key_len;
    uftp_ecdh *ecdh; /* until the keys are established; NULL in an RSA exchange */
    uint8_t signature[UFTP_SIGNATURE_MAX]; /* of CLIENT_KEY: made once, sent with each */
    size_t signature_len;
} uftp_session_keys;

typedef enum uftp_session_state {
    SESSION_ANNOUNCED,  /* the PROXY_KEY of the proxy that is answered is awaited */
    SESSION_REGISTERED, /* REGISTER leaves or has left; not confirmed */
    SESSION_MIDGROUP,   /* confirmed, between files */
    SESSION_RECEIVING,  /* a regular file is open */
    SESSION_COMPLETE,   /* end of session acknowledged, DONE_CONF awaited */
    SESSION_LEAVING     /* over; only its ABORT has still to leave */
} uftp_session_state;

/* What a session owes, one bit each; sent in this order. */
enum {
    OWES_ABORT = 1 << 0,
    OWES_REGISTER = 1 << 1,
    OWES_CLIENT_KEY = 1 << 2,
    OWES_KEYINFO_ACK = 1 << 3,
    OWES_FILEINFO_ACK = 1 << 4,
    OWES_COMPLETE = 1 << 5,
    OWES_CC_ACK = 1 << 6,
    OWES_STATUS = 1 << 7 /* of the sections status_first .. status_end - 1 that miss blocks */
};

/* The object announced last. Its ID and status stay after it has ended, for repeated questions. */
typedef struct uftp_receiver_file {
    uint16_t id; /* 0: none yet */
    uint8_t type;
    uint8_t status; /* uftp_complete_status */
    bool has_free_space;
    uint64_t free_space;
    uint64_t size, mtime;
    uint64_t started;
    char name[UFTP_NAME_MAX + 1]; /* as sent */
    char link[UFTP_NAME_MAX + 1];

    /* Where it will stand. A session's folder in front, when there is a temporary directory. */
    unsigned root;
    char path[UFTP_GROUP_FOLDER_SIZE + UFTP_NAME_MAX + 1];

    /* While RECEIVING. */
    uftp_store_file *handle;
    uftp_layout layout;
    uftp_blockmap map;
    uint16_t partial_id; /* in the name of the file that is written: of an earlier instance when
                            it is being continued */
    bool resumed;
    bool data_seen;
    int error; /* what ended it, when the store did */

    /* When and for what to ask again (spec v5 4.10.4 to 4.10.6). */
    uint32_t last_section; /* the sender's position as last seen */
    uint32_t nak_first, nak_end;
    uint64_t nak_deadline;
    bool got_done;
    uint64_t note_after; /* when its record may be written again */
} uftp_receiver_file;

/* Strings one behind the other, each with its NUL. */
typedef struct uftp_name_list {
    char *bytes;
    size_t len, capacity, last; /* last: where the last string begins */
} uftp_name_list;

struct uftp_session {
    uftp_receiver *receiver;
    uftp_session *bucket_next;
    uftp_session *ready_next; /* in the queue of those that owe something */
    bool ready;
    uint32_t index; /* in receiver->sessions */

    const uftp_wire *wire;
    uint32_t group;
    uint8_t instance;
    uint32_t server;
    uint32_t proxy; /* UID of the proxy that is answered; 0: none */
    uftp_address
        origin;        /* where the ANNOUNCE came from, and clear datagrams of the sender's must */
    uftp_address peer; /* replies go there: to the same, or to the proxy, once it is known */
    uftp_session_state state;
    uint64_t started;

    /* As announced. */
    bool vouched; /* signed with the key that is pinned for this server */
    uint8_t robust;
    uint16_t block_size;
    bool sync_mode, sync_preview;
    bool restart; /* a later instance, and we keep what earlier ones received */
    bool held;    /* the first REGISTER waits a random time: a crowd may answer */
    bool joined;
    uftp_address group_address, group_source; /* as joined */

    /* As told by authentic headers. */
    uint8_t grtt_byte;
    uint8_t group_size_byte;
    uint64_t grtt; /* of grtt_byte, not below RECEIVER_GRTT_MIN */
    uint16_t seq_max;
    uint16_t stale_count;
    uftp_window window;
    uint64_t server_us, server_us_at; /* last timestamp and when it came: (T, L) of spec v5 4.3 */

    uftp_tfmcc_receiver *tfmcc; /* NULL: without congestion control */

    /* Timers; see uftp_session_deadline(). */
    uint64_t touched;       /* the session timer runs from here, its length follows the GRTT */
    uint64_t limit;         /* registration or completion deadline */
    uint64_t hold_deadline; /* the first REGISTER is held until then */
    unsigned attempts;      /* REGISTERs, or COMPLETEs of the session, sent in this state */

    uftp_session_keys *keys; /* NULL: plain session */
    uint16_t seq;            /* of the next datagram */
    uint64_t iv_counter;     /* last one used */
    unsigned owes;
    uint32_t status_first, status_end;
    char abort_text[UFTP_ABORT_TEXT_MAX + 1]; /* ours to send, or heard in clear */
    bool abort_heard;
    bool forget; /* nobody confirmed it: whoever announced it leaves nothing behind */

    uftp_receiver_file file;
    bool folder_ready;       /* the folder in the temporary directory is ours */
    uftp_name_list received; /* with a temporary directory: what is to be moved at the end */
};

/* A session that is over. */
typedef struct uftp_past_session {
    uint32_t group;
    uint8_t instance;
    uint32_t server;
    uint64_t until;
    uint64_t ended_us; /* by the sender's clock: a later ANNOUNCE is a new session. UINT64_MAX: none
                          is */
} uftp_past_session;

/* A session that was turned down for a reason: it is not answered again. Nothing else follows from
 * it, for whoever sent that ANNOUNCE may not have been the sender, whose next one is judged anew.
 */
typedef struct uftp_refused {
    uint32_t group;
    uint8_t instance;
    uint32_t server;
    uftp_address source;
    uint16_t seq;     /* of its ANNOUNCE */
    const char *text; /* a literal */
    uint64_t until;
    bool said;
} uftp_refused;

typedef struct uftp_refusal {
    const uftp_wire *wire;
    uint32_t group;
    uint8_t instance;
    uftp_address peer;
    const char *text; /* a literal */
} uftp_refusal;

typedef struct uftp_membership {
    uftp_address group, source;
    uint32_t users;         /* sessions; 0: to be left, if the driver was told to join */
    bool told;              /* the driver knows that we want it */
    uint32_t session_group; /* the session that it was wanted for last */
    uint8_t session_instance;
} uftp_membership;
/* One per session, and as many again that wait to be left. */
#define RECEIVER_MEMBERSHIPS(receiver) ((size_t)2 * (receiver)->config.sessions_max)

/* Consecutive blocks of one call of recv(), on their way into one write. They still lie in the
 * driver's datagrams. */
typedef struct uftp_gather {
    uftp_session *session;
    uint64_t offset, len;
    size_t count;
    uftp_slice slices[UFTP_TRAIN_SEGMENTS_MAX];
} uftp_gather;

struct uftp_receiver {
    uftp_receiver_config config;
    char *destinations[UFTP_DESTINATIONS_MAX]; /* cleaned; "" is "/" */
    uftp_server_entry *servers;
    uftp_proxy_entry *proxies;
    uftp_key *own_key; /* when none was given */
    uint64_t created;
    bool closing;

    uftp_session **sessions; /* in no order; sessions[i]->index == i */
    uint32_t session_count;
    uftp_session *buckets[RECEIVER_BUCKETS];
    uftp_session *ready_first, *ready_last;
    uftp_membership *memberships; /* RECEIVER_MEMBERSHIPS */
    uint32_t membership_count;
    bool membership_changed; /* poll_event() has to look */

    uftp_past_session past[RECEIVER_PAST_MAX];
    uint32_t past_next;
    uftp_refused refused[RECEIVER_PAST_MAX]; /* a ring, too */
    uint32_t refused_next;
    uint64_t checks_until; /* the checks of signatures so far, one behind the other, last so long */
    uftp_refusal refusals[RECEIVER_REFUSALS_MAX]; /* taken from the front */
    size_t refusal_count;
    uint64_t refusal_next; /* when the next may leave */

    uftp_gather gather;
    uftp_event_queue events;
    uftp_receiver_stats stats;
};

/* One datagram on its way in. */
typedef struct uftp_arrival {
    uint64_t now, at; /* at: when it came in */
    const uftp_datagram *train;
} uftp_arrival;

/* ---- receiver.c ---- */
uftp_event uftp_session_event(const uftp_session *session, uftp_event_type type);
void uftp_session_push(const uftp_session *session, const uftp_event *event);
void uftp_session_push_received(const uftp_session *session, uint8_t message, bool repeated);
/* Takes over what an authentic header says. */
void uftp_session_commit(uftp_session *session, const uftp_packet *packet,
                         const uftp_arrival *arrival);
/* Writes what is gathered. The session of it may have failed afterwards. */
void uftp_receiver_flush(uftp_receiver *receiver, uint64_t now);

/* ---- receiver_session.c ---- */
/* The one from that host, else a confirmed one, else any, or NULL: as long as none is confirmed,
 * there may be several that only differ by the host. */
uftp_session *uftp_session_find(const uftp_receiver *receiver, const uftp_header *header,
                                const uftp_address *host);
bool uftp_session_is_confirmed(const uftp_session *session);
/* LIMIT, MEMORY. A session that nobody has confirmed may have to give way. The session is
 * REGISTERED and in no group. */
int uftp_session_create(uftp_receiver *receiver, const uftp_packet *packet,
                        const uftp_announce *announce, const uftp_arrival *arrival, bool vouched,
                        uftp_session **out);
/* Without a word: the session was never announced to anyone. */
void uftp_session_free(uftp_session *session);
/* False when too many groups wait to be left. */
bool uftp_session_join(uftp_session *session, const uftp_address *group,
                       const uftp_address *source);
void uftp_session_join_failed(uftp_session *session, uint64_t now);
/* The next JOIN or LEAVE that the driver has not been told of: 1 or 0. */
int uftp_receiver_poll_membership(uftp_receiver *receiver, uftp_event *out);
/* The only place where a state changes. Restarts the session timer. */
void uftp_session_enter(uftp_session *session, uint64_t now, uftp_session_state state);
/* Ends a session without success: with an ABORT to the sender, or silently. */
typedef enum uftp_session_farewell { FAREWELL_ABORT, FAREWELL_SILENT } uftp_session_farewell;
void uftp_session_fail(uftp_session *session, uint64_t now, const char *text,
                       uftp_session_farewell farewell);
void uftp_session_finish(uftp_session *session, uint64_t now);
void uftp_session_touch(uftp_session *session, uint64_t now);
/* Length of the session timer in the present state (spec v5 4.10). */
uint64_t uftp_session_interval(const uftp_session *session);
uint64_t uftp_session_deadline(const uftp_session *session);
void uftp_session_on_timeout(uftp_session *session, uint64_t now);
void uftp_session_owe(uftp_session *session, unsigned what);
/* max(1 s, factor * GRTT * ROBUST) */
uint64_t uftp_session_patience(const uftp_session *session, unsigned factor);
/* The sender's clock at `now`, as its timestamps count. */
uint64_t uftp_session_server_us(const uftp_session *session, uint64_t now);
/* Remembered sessions: whether this ANNOUNCE is a late or repeated one of an old story. */
void uftp_past_session_add(uftp_receiver *receiver, const uftp_past_session *past);
bool uftp_past_session_known(uftp_receiver *receiver, const uftp_packet *packet,
                             const uftp_announce *announce, const uftp_arrival *arrival);

/* ---- receiver_refusal.c ---- */
/* The text of the ABORT, or NULL: everything that can be judged without checking a signature. */
const char *uftp_receiver_objection(const uftp_receiver *receiver, const uftp_packet *packet,
                                    const uftp_announce *announce);
/* Whether this session was turned down for this before, and the sender told so. */
bool uftp_receiver_has_refused(const uftp_receiver *receiver, const uftp_packet *packet,
                               const uftp_arrival *arrival, const char *text);
/* The first time only remembered, unless `proved`: one damaged datagram is no reason to have the
 * sender put us out. */
void uftp_receiver_refuse(uftp_receiver *receiver, const uftp_packet *packet,
                          const uftp_arrival *arrival, const char *text, bool proved);

/* ---- receiver_announce.c ---- */
int uftp_receiver_on_announce(uftp_receiver *receiver, const uftp_packet *packet,
                              const uftp_arrival *arrival);
/* The first REGISTER leaves soon. */
void uftp_session_schedule_register(uftp_session *session, uint64_t now);
int uftp_session_on_reg_conf(uftp_session *session, const uftp_uid_message *message, uint64_t now);
int uftp_session_on_keyinfo(uftp_session *session, const uftp_packet *packet,
                            const uftp_keyinfo *message, const uftp_arrival *arrival);
/* The sender takes us for a member. */
void uftp_session_confirm(uftp_session *session, uint64_t now);

/* ---- receiver_proxy.c ---- */
/* Whether a datagram comes from the proxy of a session, not from its sender. */
static inline bool uftp_session_from_proxy(const uftp_session *session, uint32_t source)
{
    return session->proxy != 0 && source == session->proxy && source != session->server;
}
/* The session that a proxy of this UID, at this host, speaks of. */
uftp_session *uftp_session_find_behind(const uftp_receiver *receiver, const uftp_header *header,
                                       const uftp_address *host);
int uftp_session_on_proxy_key(uftp_session *session, const uftp_proxy_key *message,
                              const uftp_arrival *arrival);

/* ---- receiver_keys.c ---- */
/* For encrypted ANNOUNCEs. The text of the ABORT, or NULL. */
const char *uftp_announce_keys_objection(const uftp_receiver *receiver, const uftp_packet *packet,
                                         const uftp_announce *announce);
/* LIMIT: too many have been checked lately. */
int uftp_announce_proof(uftp_receiver *receiver, const uftp_packet *packet,
                        const uftp_announce *announce, uint64_t now, announce_proof *out);
const uftp_server_entry *uftp_receiver_server(const uftp_receiver *receiver, uint32_t uid);

/* All of these may be called in encrypted sessions only (session->keys), but for the first. */
int uftp_session_keys_begin(uftp_session *session, const uftp_packet *packet,
                            const uftp_announce *announce);
void uftp_session_keys_free(uftp_session *session);
/* `*why` is the text of the ABORT, NULL when none is due. */
int uftp_session_keys_proxy(uftp_session *session, const uftp_proxy_key *message, uint64_t now,
                            const char **why);
uftp_bytes uftp_session_keys_server_key(const uftp_session *session);
bool uftp_session_keys_established(const uftp_session *session);
/* AUTH, and LIMIT as above. */
int uftp_session_keys_verify_announce(const uftp_session *session, const uftp_packet *packet,
                                      const uftp_announce *announce, uint64_t now);
int uftp_session_keys_verify_keyinfo(const uftp_session *session, const uftp_packet *packet,
                                     const uftp_keyinfo *keyinfo, uint64_t now);
/* Opens our entry of a KEYINFO that has been verified. AUTH, when that proved nothing. */
int uftp_session_keys_establish(uftp_session *session, const uftp_keyinfo *keyinfo,
                                const uint8_t *sealed);
int uftp_session_keys_open(const uftp_session *session, uftp_packet *packet);
bool uftp_session_keys_client_auth(const uftp_session *session);
/* Whether a message of ours leaves sealed. */
bool uftp_session_keys_seals(const uftp_session *session, uint8_t message);
void uftp_session_keys_register(const uftp_session *session, uftp_register *out);
void uftp_session_keys_client_key(const uftp_session *session, uftp_client_key *out);
uftp_bytes uftp_session_keys_verify_data(const uftp_session *session);
/* What such a message is sealed with. The caller wipes *aead. */
uftp_sealing uftp_session_keys_sealing(const uftp_session *session, uint8_t message,
                                       uftp_aead *aead);

/* ---- receiver_file.c ---- */
int uftp_session_on_fileinfo(uftp_session *session, const uftp_fileinfo *message,
                             const uftp_arrival *arrival);
/* Whether a FILESEG fits the file it names; others fit always. MALFORMED. */
int uftp_session_check_fileseg(const uftp_session *session, const uftp_fileseg *message);
int uftp_session_on_fileseg(uftp_session *session, const uftp_fileseg *message, bool newest,
                            uint64_t now);
int uftp_session_on_done(uftp_session *session, const uftp_done *message, uint64_t now);
int uftp_session_on_done_conf(uftp_session *session, const uftp_uid_message *message, uint64_t now);
void uftp_session_nak_expired(uftp_session *session, uint64_t now);
/* FILE_FINISHED for the current file. */
void uftp_session_push_file_finished(const uftp_session *session, uint64_t now, int error);

/* ---- receiver_congestion.c: without congestion control all of these do nothing ---- */
/* MEMORY. */
int uftp_session_congestion_begin(uftp_session *session, const uftp_packet *packet,
                                  const uftp_announce *announce, const uftp_arrival *arrival);
/* An authentic packet goes into the loss history. */
void uftp_session_congestion_enter(uftp_session *session, const uftp_packet *packet,
                                   const uftp_arrival *arrival);
/* What each block of the file that we receive says. */
void uftp_session_congestion_hear(uftp_session *session, uint16_t round, uint16_t rate,
                                  uint64_t now);
int uftp_session_on_cong_ctrl(uftp_session *session, const uftp_cong_ctrl *message,
                              const uftp_arrival *arrival);
/* While RECEIVING. */
uint64_t uftp_session_congestion_deadline(const uftp_session *session);
void uftp_session_congestion_expired(uftp_session *session, uint64_t now);
/* With congestion control only. */
void uftp_session_congestion_report(const uftp_session *session, uint64_t now, uftp_tfmcc_ack *out);

/* ---- receiver_store.c ---- */
typedef enum uftp_file_outcome {
    FILE_ANSWERED, /* nothing to receive: file.status says what became of it */
    FILE_OPENED,   /* blocks are awaited */
    FILE_FATAL     /* the session cannot go on */
} uftp_file_outcome;
/* Applies the rules to session->file. *error: why it was rejected, or 0; FATAL sets *why. */
uftp_file_outcome uftp_session_store_begin(uftp_session *session, int *error, const char **why);
/* All blocks are written: the file takes its final place. Sets file.status on failure. */
int uftp_session_store_commit(uftp_session *session);
/* The file being received will not be completed. */
void uftp_session_store_abandon(uftp_session *session);
/* With a temporary directory, at the end: what was received moves to its destination. */
int uftp_session_store_deliver(uftp_session *session);
void uftp_session_partial_name(const uftp_session *session, uint16_t file_id, char *out,
                               size_t capacity);
#define UFTP_PARTIAL_SIZE (UFTP_GROUP_FOLDER_SIZE + UFTP_NAME_MAX + UFTP_NAME_SUFFIX_LEN + 1)

/* ---- receiver_resume.c ---- */
/* Continues the current file from what an earlier instance left, if there is such a thing: sets
 * file.map and file.partial_id. */
bool uftp_session_resume_load(uftp_session *session);
int uftp_session_resume_save(const uftp_session *session);
/* The same while the file is still being received, now and then. */
void uftp_session_resume_note(uftp_session *session, uint64_t now);

#endif
