/* SPDX-License-Identifier: MIT
 *
 * What the files of the sender share. sender.c holds the verbs, sender_create.c the beginning and
 * the end; each phase has a file of its own:
 *
 *   sender_announce.c   ANNOUNCE ... all present, or the last attempt over
 *   sender_fileinfo.c   FILEINFO of one object ... all answered
 *   sender_transfer.c   FILESEG and DONE in passes ... all complete or lost; then the next object
 *   sender_proxy.c      receivers behind proxies
 *   sender_congestion.c during a transfer: who limits the rate, and what it is
 *   sender_completion.c DONE(0) ... all confirmed
 *   sender_keys.c       the keys, whatever the wire version; each has a file behind it
 *   sender_keys_v5.c    every call into the key schedule of version 5
 *   sender_keys_v4.c    ... and of version 4
 *   sender_emit.c       builds the datagrams
 *
 *   ANNOUNCE --all active, or attempts over--> FILEINFO --all answered--> TRANSFER --all done-+
 *      |                                         ^  |                                         |
 *      | nobody there                            |  | nobody answered                         |
 *      v                                         +--|------ next object ----------------------+
 *    ENDED <-----------------------------------------+          | no more objects
 *      ^                                                        v
 *      +---- all confirmed, or attempts over ------------- COMPLETION
 */
#ifndef UFTP_SESSION_SENDER_INTERNAL_H
#define UFTP_SESSION_SENDER_INTERNAL_H

#include "base/assert.h"
#include "base/memory.h"
#include "session/clients.h"
#include "session/events.h"
#include "session/packet.h"
#include "transfer/grtt.h"
#include "transfer/manifest.h"
#include "transfer/pacer.h"
#include "transfer/resend.h"
#include "transfer/tfmcc_sender.h"
#include <uftp/layout.h>
#include <uftp/quantise.h>

/* Answers (KEYINFO, REG_CONF, DONE_CONF) wait for company, so that a thousand receivers that
 * register one behind the other are answered in packets full of UIDs: until one is full, nobody is
 * missing, or an eighth of a GRTT has passed, and this at most. It is time that is waited for the
 * missing ones in any case. The reference lets answers wait for its next repeat, up to 1.5 s at the
 * default GRTT. */
#define SENDER_ANSWER_DELAY_MAX UFTP_MS(250)
/* ABORTs to strangers: so many may wait, and so many leave per second, because each is five times
 * as long as what asked for it. */
#define SENDER_STRANGERS_MAX 16
#define SENDER_STRANGER_INTERVAL UFTP_MS(50)

/* The way of a wire version's key schedule through a session. All but `init` follow a successful
 * one; a client's secrets are there from `register_client` on. */
typedef struct sender_schedule {
    bool client_key_sealed; /* CLIENT_KEY comes sealed, or in the clear */
    /* Sets keys->sealing. UNSUPPORTED, KEY, MEMORY, LIMIT (more than an ANNOUNCE holds). */
    int (*init)(uftp_sender *sender);
    void (*wipe)(uftp_sender *sender);
    void (*enc_info)(const uftp_sender *sender, uftp_enc_info *out);
    size_t (*keyinfo_signature_len)(const uftp_sender *sender);
    int (*sign)(uftp_sender *sender, const uftp_message *message, uint8_t *datagram, size_t len);
    int (*register_client)(uftp_sender *sender, uftp_client *client, const uftp_register *message);
    int (*client_key)(uftp_sender *sender, uftp_client *client, const uftp_client_key *message);
    void (*ready)(uftp_sender *sender, uftp_client *client);
    void (*seal_master)(const uftp_sender *sender, const uftp_client *client, uint64_t counter,
                        uint8_t sealed[UFTP_SEALED_MASTER_LEN]);
    int (*open)(const uftp_sender *sender, const uftp_client *client, uftp_packet *packet,
                bool handshake);
} sender_schedule;
extern const sender_schedule uftp_sender_schedule_v5, uftp_sender_schedule_v4;

typedef struct sender_keys {
    const sender_schedule *schedule;
    uftp_sealing sealing; /* of what we send: points into this struct */
    uftp_ecdh *ecdh;      /* NULL in an RSA exchange */
    uint8_t random[UFTP_RANDOM_LEN];
    union {
        struct {
            uftp_suite suite;
            uint8_t group_master[UFTP_GROUP_MASTER_LEN];
            uftp_v5_server_context context;
            uftp_traffic app;
            uftp_aead app_aead;
        } v5;
        struct {
            uftp_v4_server server;
            uint8_t group_master[UFTP_V4_MASTER_LEN];
            uftp_v4_sealing group;
        } v4;
    } of;
} sender_keys;

/* A stranger that is told to leave. */
typedef struct sender_stranger {
    uftp_address address;
    uint32_t uid;
    const char *text; /* a literal */
} sender_stranger;

/* The object that is being sent. */
typedef struct sender_file {
    uftp_object object;
    uint16_t id;
    uftp_layout layout;
    uftp_source_file *handle;
    uint64_t started;
    bool partial; /* every receiver so far holds parts of it already */

    /* Passes (spec v5 4.6.3). */
    uftp_resend resend;
    uint32_t position;         /* next block to look at */
    uint32_t section_reported; /* last one announced by an event; UINT32_MAX: none */
    uint16_t pass;
    bool end_of_pass;
    bool got_naks;
    uint16_t dones_sent;      /* since the last data block */
    uint64_t done_deadline;   /* when DONE is repeated */
    uint64_t rewind_deadline; /* when the next pass begins */
    uint64_t limit_deadline;  /* time_max_percent */
    uint64_t grtt; /* constant during a file; with congestion control the advertised one */
    uint64_t pass_blocks, pass_sent;
} sender_file;

/* Congestion control; all zero without it. */
typedef struct sender_congestion {
    uftp_tfmcc_sender tfmcc;
    uftp_client *clr;  /* NULL: whoever speaks next */
    bool control_due;  /* a CONG_CTRL */
    uint32_t controls; /* sent, for uftp_client.told_in */
    uint32_t turn;     /* of the client that is listed next, when nothing else decides */
    uftp_client *untold_first, *untold_last;
} sender_congestion;

struct uftp_sender {
    uftp_sender_config config; /* strings and lists of it are copied into `strings` */
    void *strings;             /* one block that holds all that config points at */
    const uftp_wire *wire;
    uint64_t created;
    bool unicast;
    uftp_address group_address; /* where everything but ANNOUNCE goes */
    size_t ip_overhead;         /* IP and UDP headers */

    uftp_sender_phase phase;
    uftp_result result;
    bool open; /* strangers may register */
    bool encrypted;
    sender_keys keys;
    uint16_t seq;
    uint64_t iv_counter;

    uftp_clients clients;
    uftp_event_queue events;
    uftp_grtt grtt;
    uftp_pacer pacer;
    sender_congestion congestion;
    uftp_manifest manifest;
    sender_file file;
    const char *abort_all_text; /* ABORT to all is due: in clear, sealed, or both */
    bool abort_all_clear, abort_all_sealed;
    sender_stranger strangers[SENDER_STRANGERS_MAX]; /* taken from the front */
    size_t stranger_count;
    uint64_t stranger_next; /* when the next of them may leave */

    /* Rounds of the phases with repeated messages. */
    uint16_t attempt; /* from 1 */
    uint16_t packet;  /* of this attempt, from 1: for events */
    uint64_t round_deadline;
    uint64_t answer_deadline; /* answers leave */
    bool answers_open;        /* until then answers that are due may leave */
    bool late_wait;           /* all are there; only stragglers are waited for */
    bool ending;              /* the phase ends as soon as what is due has left */
    bool list_empty_due;      /* one ANNOUNCE (open) or DONE without a list is due */

    uint8_t *scratch; /* UID list or KEYINFO entries of one packet: block_size bytes */
    uftp_sender_stats stats;
};

/* ---- sender.c ---- */
/* Microseconds since the epoch on the session's own clock. */
uint64_t uftp_sender_wall_us(const uftp_sender *sender, uint64_t now);
/* An event with the session's fields filled in. */
uftp_event uftp_sender_event(const uftp_sender *sender, uftp_event_type type);
void uftp_sender_push(uftp_sender *sender, const uftp_event *event);
void uftp_sender_push_client(uftp_sender *sender, uftp_event_type type, const uftp_client *client,
                             const char *text);
/* The only place where a phase changes. */
void uftp_sender_enter(uftp_sender *sender, uftp_sender_phase phase);
void uftp_sender_finish(uftp_sender *sender, uint64_t now, uftp_result result);
void uftp_sender_recalculate_grtt(uftp_sender *sender, bool final, bool clear);
/* A receiver is further away than the group was thought to be wide: at once. */
void uftp_sender_raise_grtt(uftp_sender *sender, uint64_t rtt);
/* An ABORT for somebody who does not belong to the session. */
void uftp_sender_refuse(uftp_sender *sender, uint32_t uid, const uftp_address *address,
                        const char *text);
/* Puts a client out, telling it why. */
void uftp_sender_put_out(uftp_sender *sender, uint64_t now, uftp_client *client, const char *text);
/* Everybody out: ABORT to all, then the session ends. */
void uftp_sender_abort_all(uftp_sender *sender, uint64_t now, const char *text, uftp_result result);
/* With quit_on_error: ends the session when a receiver has dropped out. True when it did. */
bool uftp_sender_quit_on_dropout(uftp_sender *sender, uint64_t now, uftp_result result);
/* The GRTT outside a transfer as receivers are told it, and as everything that waits for them is
 * timed: no shorter than the time between two datagrams. The reference leaves its own timers at the
 * bare GRTT (spec v5 4.3), and at some kbit/s its receivers, whose patience is ROBUST times the
 * GRTT last heard, and its rounds are over before an answer can come. */
uint64_t uftp_sender_told_grtt(const uftp_sender *sender);
/* A GRTT, or the time between two datagrams at the present rate if that is longer. */
uint64_t uftp_sender_at_least_gap(const uftp_sender *sender, uint64_t grtt);
/* Starts or restarts the timer of a phase with rounds. */
void uftp_sender_round_begin(uftp_sender *sender, uint64_t now);
/* An answer was made due: it leaves soon, together with others. */
void uftp_sender_answer_soon(uftp_sender *sender, uint64_t now);

/* ---- phases: begin, messages, time-outs; `check` moves on when a phase is over and returns true
 * when something changed ---- */
void uftp_sender_announce_begin(uftp_sender *sender, uint64_t now);
void uftp_sender_announce_register(uftp_sender *sender, uint64_t now, const uftp_datagram *datagram,
                                   uint32_t source, const uftp_register *message);
void uftp_sender_announce_client_key(uftp_sender *sender, uint64_t now, uftp_client *client,
                                     const uftp_client_key *message);
void uftp_sender_announce_keyinfo_ack(uftp_sender *sender, uint64_t now, uftp_client *client,
                                      const uftp_keyinfo_ack *message);
/* A client is a member of the session from now on. */
void uftp_sender_announce_confirm(uftp_sender *sender, uftp_client *client);
void uftp_sender_announce_timeout(uftp_sender *sender, uint64_t now);
bool uftp_sender_announce_check(uftp_sender *sender, uint64_t now);

void uftp_sender_file_next(uftp_sender *sender, uint64_t now);
void uftp_sender_fileinfo_ack(uftp_sender *sender, uint64_t now, uftp_client *client,
                              const uftp_fileinfo_ack *message, uint64_t arrival);
/* The same without a round trip to measure: the answer came through a proxy. */
void uftp_sender_fileinfo_ack_by(uftp_sender *sender, uftp_client *client,
                                 const uftp_fileinfo_ack *message);
void uftp_sender_fileinfo_timeout(uftp_sender *sender, uint64_t now);
bool uftp_sender_fileinfo_check(uftp_sender *sender, uint64_t now);

void uftp_sender_transfer_begin(uftp_sender *sender, uint64_t now);
int uftp_sender_transfer_status(uftp_sender *sender, uint64_t now, uftp_client *client,
                                const uftp_status *message);
void uftp_sender_transfer_timeout(uftp_sender *sender, uint64_t now);
bool uftp_sender_transfer_check(uftp_sender *sender, uint64_t now);
uint64_t uftp_sender_transfer_deadline(const uftp_sender *sender);
/* The pass has no block left: DONE is due. */
void uftp_sender_transfer_pass_over(uftp_sender *sender, uint64_t now);
void uftp_sender_transfer_done_due(uftp_sender *sender);
/* Ends the current object: results, then the next one. */
void uftp_sender_file_finish(uftp_sender *sender, uint64_t now);
/* Lets go of what the current object holds. */
void uftp_sender_file_release(uftp_sender *sender);

void uftp_sender_completion_begin(uftp_sender *sender, uint64_t now);
void uftp_sender_completion_timeout(uftp_sender *sender, uint64_t now);
bool uftp_sender_completion_check(uftp_sender *sender, uint64_t now);

/* A COMPLETE in any phase after the announcement. */
void uftp_sender_complete(uftp_sender *sender, uint64_t now, uftp_client *client,
                          const uftp_complete *message);
/* Takes a round trip from an echoed timestamp. */
void uftp_sender_measure_rtt(uftp_sender *sender, uftp_client *client, uint64_t echoed_us,
                             uint64_t arrival);

/* ---- sender_proxy.c ---- */
/* The list of a proxy's REGISTER. */
void uftp_sender_proxy_register(uftp_sender *sender, uint64_t now, uftp_client *proxy,
                                const uftp_uid_list *list);
/* The proxy has proved its key: whom it named takes part. */
void uftp_sender_proxy_vouches(uftp_sender *sender, uint64_t now, uftp_client *proxy);
/* Whoever is behind a proxy that was lost is lost with it. */
void uftp_sender_proxies_lost(uftp_sender *sender);
void uftp_sender_proxy_aborted(uftp_sender *sender, const uftp_client *proxy, const char *text);
/* The receiver of this UID, if it is behind this proxy; else NULL. */
uftp_client *uftp_sender_proxy_find(const uftp_sender *sender, const uftp_client *proxy,
                                    uint32_t uid);
/* FILEINFO_ACK or COMPLETE for each UID listed. */
int uftp_sender_proxy_each(uftp_sender *sender, uint64_t now, uftp_client *proxy,
                           const uftp_uid_list *list, const uftp_message *message);

/* ---- sender_congestion.c: without congestion control these only set the pacer up ---- */
bool uftp_sender_congestion_controlled(const uftp_sender *sender);
void uftp_sender_congestion_init(uftp_sender *sender, uint64_t now);
/* A transfer begins, or is over. */
void uftp_sender_congestion_begin(uftp_sender *sender, uint64_t now);
void uftp_sender_congestion_end(uftp_sender *sender, uint64_t now);
void uftp_sender_congestion_report(uftp_sender *sender, uint64_t now, uftp_client *client,
                                   const uftp_tfmcc_ack *ack, uint64_t arrival);
uint64_t uftp_sender_congestion_deadline(const uftp_sender *sender);
/* True when nobody has been heard for so long that the transfer was ended. */
bool uftp_sender_congestion_timeout(uftp_sender *sender, uint64_t now);
/* Fills in the CONG_CTRL that is due; its items stand in `scratch`. */
void uftp_sender_congestion_control(uftp_sender *sender, uint64_t now, uftp_cong_ctrl *out);

/* ---- sender_emit.c ---- */
/* Builds what is due: 1, or 0 when nothing may leave now. */
int uftp_sender_emit(uftp_sender *sender, uint64_t now, uftp_transmit *out);
/* When something that is due may leave; UFTP_NEVER when nothing is. */
uint64_t uftp_sender_emit_deadline(const uftp_sender *sender);
/* Whether messages of the current phase are still on their way out. */
bool uftp_sender_emit_owing(const uftp_sender *sender);
/* Bytes on the wire of a datagram with a whole block, IP and UDP included (spec v5 1.21). */
size_t uftp_sender_data_wire_len(const uftp_sender *sender);

/* ---- sender_keys.c ---- */
int uftp_sender_keys_init(uftp_sender *sender);
void uftp_sender_keys_free(uftp_sender *sender);
void uftp_sender_keys_enc_info(const uftp_sender *sender, uftp_enc_info *out);
/* What our messages are sealed with. */
static inline const uftp_sealing *sender_keys_sealing(const uftp_sender *sender)
{
    return &sender->keys.sealing;
}
size_t uftp_sender_keys_keyinfo_signature_len(const uftp_sender *sender);
/* Whether a client's CLIENT_KEY comes in the clear. */
bool uftp_sender_keys_client_key_clear(const uftp_sender *sender);
/* The signature of a datagram that was written with a zero one: found by reading it back. */
int uftp_sender_keys_sign(uftp_sender *sender, uint8_t *datagram, size_t len);
/* First REGISTER of a client: its secrets. */
int uftp_sender_keys_register(uftp_sender *sender, uftp_client *client,
                              const uftp_register *message);
/* CLIENT_KEY, opened where it was sealed: checks the key, its fingerprint and the signature. */
int uftp_sender_keys_client_key(uftp_sender *sender, uftp_client *client,
                                const uftp_client_key *message);
/* Application keys of a client, once its context is complete. */
void uftp_sender_keys_ready(uftp_sender *sender, uftp_client *client);
bool uftp_sender_keys_verify(const uftp_sender *sender, const uftp_client *client, uftp_bytes data);
void uftp_sender_keys_seal_master(const uftp_sender *sender, const uftp_client *client,
                                  uint64_t counter, uint8_t sealed[UFTP_SEALED_MASTER_LEN]);
/* Opens a sealed packet of a client, under its handshake key when `handshake`. AUTH. */
int uftp_sender_keys_open(uftp_sender *sender, uftp_client *client, uftp_packet *packet,
                          bool handshake);

#endif
