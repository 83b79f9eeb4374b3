/* SPDX-License-Identifier: MIT
 *
 * The sender (UFTP's server) of one session, without I/O (spec v5 4). The driver's turn:
 *
 *     now = clock
 *     uftp_sender_recv() for what came in, uftp_sender_on_timeout() when next_deadline <= now
 *     while (uftp_sender_poll_transmit(...) > 0) send it
 *     while (uftp_sender_poll_event(...) > 0) act on it
 *     wait until uftp_sender_next_deadline() or input
 *
 * After the polls have been drained, next_deadline() is later than `now`. The session is over when
 * SESSION_FINISHED has been polled and next_deadline() is UFTP_NEVER: until then ABORTs may still
 * be on their way out.
 */
#ifndef UFTP_SENDER_H
#define UFTP_SENDER_H

#include <uftp/datagram.h>
#include <uftp/event.h>
#include <uftp/key.h>
#include <uftp/source.h>
#include <uftp/wire.h>

#ifdef __cplusplus
extern "C" {
#endif

#define UFTP_RATE_UNLIMITED UINT64_MAX
#define UFTP_CLIENTS_MAX 100000
#define UFTP_CLIENT_NAME_MAX 79
#define UFTP_OPERANDS_MAX 10000

/* A receiver (or proxy) that is expected: closed membership. */
typedef struct uftp_member {
    uint32_t uid;     /* not 0 */
    const char *name; /* as shown in events and records; NULL: "0x%08X" */
    bool has_fingerprint;
    uint8_t fingerprint[UFTP_FINGERPRINT_LEN]; /* checked with client_auth */
    bool is_proxy;
} uftp_member;

/* Everything is copied, except what the tables and keys themselves point at. A field left at zero
 * means the default in brackets. */
typedef struct uftp_sender_config {
    const uftp_allocator *memory; /* required, outlives the sender */
    const uftp_random *random;    /* required, outlives the sender */
    const uftp_source *source;    /* required, outlives the sender */
    uint64_t wall_us;             /* wall clock, us since the epoch, at creation: what the wire's
                                     timestamps count from. A later step of the clock is not seen */

    uint32_t uid;                 /* required */
    uint32_t group;               /* session ID [drawn] */
    uint8_t instance;             /* restart number of the session */
    uftp_address public_address;  /* required, with the receivers' port */
    uftp_address private_address; /* its port is ignored; unused when the public one is unicast */
    uint8_t tos;                  /* traffic class of what is sent (DSCP << 2) */

    uint16_t block_size;       /* [1300] */
    uint64_t rate_bytes_per_s; /* [128000], or UFTP_RATE_UNLIMITED */
    /* UFTP_CC_TFMCC: the receivers' reports set the rate instead (spec v5 4.7), in bytes per second
     * within these bounds, rate_min <= rate_initial <= rate_max where they are given. */
    uint8_t congestion_control; /* [UFTP_CC_NONE] */
    uint64_t rate_min;         /* [0: none] whatever is reported; only for a network of one's own */
    uint64_t rate_initial;     /* [one packet per round trip] at the beginning of each file */
    uint64_t rate_max;         /* [0: none] */
    uint8_t robust;            /* [20] */
    uint64_t grtt_initial;     /* [0.5 s] */
    uint64_t grtt_min;         /* [0.01 s] */
    uint64_t grtt_max;         /* [15 s] */
    uint16_t passes_max;       /* [65535] */
    bool nak_limited;          /* receivers with too many NAKs are put out: */
    uint8_t nak_percent_max;   /* more than this share of a section counts ... */
    uint16_t nak_count_max;    /* ... and so many times are too many [1] */
    uint32_t time_max_percent; /* [0: none] of size/rate, for each file; not with
                                  congestion control */

    uint8_t version; /* wire version: [5], or 4 */

    bool plain;                  /* no encryption; all below is then ignored */
    bool client_auth;            /* receivers must prove their keys */
    uftp_cipher cipher;          /* [AES-256-GCM] */
    uftp_hash hash;              /* [SHA-256] */
    uftp_curve ecdh_curve;       /* [secp256r1] */
    const uftp_key *key;         /* signing key, required unless plain; outlives the sender */
    const uftp_key_log *key_log; /* NULL: none, as it should be; outlives the sender */
    /* Version 4 only. The key exchange says what type the key has: EC for ECDH_ECDSA, RSA for the
     * others. */
    uftp_key_exchange key_exchange; /* [ECDH with the key's type] */
    uftp_sigtype sigtype;           /* [HMAC]; GCM and CCM need none. KEYEX implies client_auth */
    bool legacy_crypto;             /* allows CBC ciphers, SHA-1 and RSA key exchange, which are
                                       broken; otherwise UNSUPPORTED */

    bool sync_mode, sync_preview;
    bool quit_on_error;
    bool follow_links;
    const uftp_member *members; /* closed membership when member_count is not 0 */
    size_t member_count;

    const char *const *operands; /* paths, "@DELETE:name", "@FREESPACE" */
    size_t operand_count;
    const char *const *base_dirs; /* -E */
    size_t base_dir_count;
    const char *const *excludes; /* -X: as walked, operand's last component first */
    size_t exclude_count;
    const char *destination_name;  /* -D; NULL: none */
    bool destination_is_directory; /* -o */
} uftp_sender_config;

typedef struct uftp_sender uftp_sender;

typedef enum uftp_sender_phase {
    UFTP_SENDER_ANNOUNCE,
    UFTP_SENDER_FILEINFO,
    UFTP_SENDER_TRANSFER,
    UFTP_SENDER_COMPLETION,
    UFTP_SENDER_ENDED
} uftp_sender_phase;

/* ARGUMENT when the configuration contradicts itself or a limit, MEMORY, KEY, UNSUPPORTED. */
int uftp_sender_create(const uftp_sender_config *config, uint64_t now, uftp_sender **out);
void uftp_sender_destroy(uftp_sender *sender); /* NULL is allowed */

/* Consumes trains. What cannot be used is counted and dropped; never an error. */
void uftp_sender_recv(uftp_sender *sender, uint64_t now, const uftp_datagram *trains, size_t count);
/* 1 when `out` was filled, 0 when nothing is due at `now`. */
int uftp_sender_poll_transmit(uftp_sender *sender, uint64_t now, uftp_transmit *out);
uint64_t uftp_sender_next_deadline(const uftp_sender *sender);
void uftp_sender_on_timeout(uftp_sender *sender, uint64_t now);
/* 1 when `out` was filled, 0 when there is none. */
int uftp_sender_poll_event(uftp_sender *sender, uftp_event *out);

/* The operator wants to stop: ABORT to all, then the session ends with INTERRUPTED. */
void uftp_sender_interrupt(uftp_sender *sender, uint64_t now);

typedef enum uftp_client_state { /* spec v5 4.1 */
                                 UFTP_CLIENT_MUTE,
                                 UFTP_CLIENT_REGISTERED,
                                 UFTP_CLIENT_ACTIVE,
                                 UFTP_CLIENT_ACTIVE_NAK,
                                 UFTP_CLIENT_DONE,
                                 UFTP_CLIENT_LOST,
                                 UFTP_CLIENT_ABORTED
} uftp_client_state;
#define UFTP_CLIENT_STATES 7

typedef struct uftp_client_info {
    uint32_t uid;
    const char *name; /* valid as long as the sender */
    uftp_client_state state;
    bool is_proxy;
    uint8_t status;      /* for the current or last file, when it is done */
    uint64_t rtt;        /* last measured, 0: never */
    uint64_t done_after; /* time from the start of the current or last file to its COMPLETE */
    uint32_t copied, overwritten, skipped, rejected; /* counts of files */
    uint64_t bytes;                                  /* of the files copied and overwritten */
    uint64_t time;                                   /* sum of done_after over them */
} uftp_client_info;

typedef struct uftp_sender_stats {
    uftp_sender_phase phase;
    uftp_result result; /* once ENDED */
    uint32_t clients;   /* known, proxies included */
    uint32_t clients_in[UFTP_CLIENT_STATES];
    uint64_t grtt;
    uint64_t rate_bytes_per_s;
    uint16_t file_id;
    uint64_t file_size;
    uint64_t file_sent; /* bytes of the current pass that have left */
    uint64_t pass_size; /* bytes the current pass has to send */
    uint16_t pass;
    uint64_t datagrams_sent, bytes_sent;
    uint64_t blocks_sent, blocks_repeated;
    uint64_t datagrams_received, datagrams_rejected;
    uint32_t files_sent; /* that at least one receiver got */
} uftp_sender_stats;

void uftp_sender_stats_get(const uftp_sender *sender, uftp_sender_stats *out);
/* Clients stand in the order of the member list, or of registration. index < stats.clients. */
void uftp_sender_client_get(const uftp_sender *sender, uint32_t index, uftp_client_info *out);
/* Session ID, drawn at creation when none was given. */
uint32_t uftp_sender_group(const uftp_sender *sender);

#ifdef __cplusplus
}
#endif
#endif
