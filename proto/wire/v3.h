/* SPDX-License-Identifier: MIT
 *
 * Wire version 3 (3.0 to 3.7), for reading captures only: nobody here speaks it. Its messages have
 * other numbers, fields and lists than those of versions 4 and 5, so it has structs of its own
 * (spec v3 2 to 4). Pointers lead into the datagram; nothing is copied.
 */
#ifndef UFTP_WIRE_V3_H
#define UFTP_WIRE_V3_H

#include <uftp/message.h>
#include <uftp/wire.h>

#define UFTP_V3_MESSAGES(X) /* name, number on the wire (spec v3 3) */ \
    X(ANNOUNCE, 1) \
    X(REGISTER, 2) \
    X(CLIENT_KEY, 3) \
    X(REG_CONF, 4) \
    X(FILEINFO, 5) \
    X(KEYINFO, 6) \
    X(INFO_ACK, 7) \
    X(FILESEG, 8) \
    X(DONE, 9) \
    X(STATUS, 10) \
    X(PRSTATUS, 11) \
    X(COMPLETE, 12) \
    X(DONE_CONF, 13) \
    X(HB_REQ, 14) \
    X(HB_RESP, 15) \
    X(KEY_REQ, 16) \
    X(PROXY_KEY, 17) \
    X(ENCRYPTED, 80) \
    X(ABORT, 99)

#define UFTP_V3_ENUM(name, number) UFTP_V3_##name = (number),
typedef enum uftp_v3_type { UFTP_V3_MESSAGES(UFTP_V3_ENUM) } uftp_v3_type;
#undef UFTP_V3_ENUM

/* "ANNOUNCE", ..., "UNKNOWN". Never NULL. */
const char *uftp_v3_message_name(uint8_t type);

/* 3.0 to 3.4 say 0x30, later ones 0x31; FILEINFO alone differs. */
static inline bool uftp_v3_is_version(uint8_t version)
{
    return version == 0x30 || version == 0x31;
}

#define UFTP_V3_HEADER_LEN 16

typedef struct uftp_v3_header { /* spec v3 2 */
    uint8_t version;
    uint8_t type; /* uftp_v3_type; an unknown number decodes */
    uint16_t len; /* bytes behind the header */
    uint32_t group;
    uint32_t source; /* address or UID; 0: that of the IP header */
    uint32_t destination;
} uftp_v3_header;

/* A point in time, as two fields. */
typedef struct uftp_v3_time {
    uint32_t seconds, us;
} uftp_v3_time;

typedef struct uftp_v3_announce {
    bool restart, sync_mode, sync_preview;
    uint16_t announce_interval_ms, status_interval_ms, register_interval_ms, done_interval_ms;
    uint8_t announce_time_s, status_time_s;
    uint16_t mtu;
    uint32_t private_address; /* 0: unicast */
    bool client_auth;
    uint8_t sigtype; /* 0 none, 1 HMAC, 2 RSA */
    uint8_t hash;    /* 0 none, 1 MD5, 2 SHA-1, 3 SHA-256 */
    uint8_t cipher;  /* 0 none, else uftp_cipher up to AES-256-CBC */
    uint32_t exponent;
    const uint8_t *random; /* UFTP_RANDOM_LEN bytes */
    uftp_bytes modulus;
    uftp_uid_list members; /* empty: open membership */
} uftp_v3_announce;

typedef struct uftp_v3_register {
    const uint8_t *random; /* UFTP_RANDOM_LEN bytes */
    uftp_bytes premaster;  /* under the sender's key */
    uftp_uid_list clients; /* from proxies only */
} uftp_v3_register;

typedef struct uftp_v3_key { /* CLIENT_KEY, HB_REQ, PROXY_KEY */
    uint32_t nonce;          /* 0 in CLIENT_KEY */
    uint32_t exponent;
    uftp_bytes modulus, signature;
} uftp_v3_key;

typedef struct uftp_v3_fileinfo {
    uint8_t file_type; /* uftp_file_type: regular, directory, symlink */
    uint16_t file_id;
    uint32_t blocks;
    uint16_t sections;
    uint64_t size;
    bool has_mtime;        /* 0x31 */
    uint32_t mtime;        /* seconds since the epoch */
    uftp_bytes name, link; /* up to the first NUL, and of a symlink up to the second */
    uftp_uid_list clients;
} uftp_v3_fileinfo;

typedef struct uftp_v3_keyinfo {
    uint8_t master_len; /* of the sealed group master: 48 */
    uftp_v3_time time;
    const uint8_t *entries; /* 52 bytes each: address, sealed group master */
    size_t entry_count;
} uftp_v3_keyinfo;

typedef struct uftp_v3_info_ack { /* answers FILEINFO or, with file ID 0, KEYINFO */
    bool partial;
    uint16_t file_id;
    uftp_bytes verify_data; /* 12 bytes */
    uftp_uid_list clients;
} uftp_v3_info_ack;

typedef struct uftp_v3_fileseg {
    uint16_t file_id;
    uint8_t pass;     /* from 1 */
    uint16_t section; /* from 1 */
    uint32_t block;   /* in the whole file, from 0 */
    uftp_bytes data;
} uftp_v3_fileseg;

typedef struct uftp_v3_done {
    uint8_t pass;
    uint16_t section;
    uint16_t file_id; /* 0: end of session */
    uftp_uid_list clients;
} uftp_v3_done;

typedef struct uftp_v3_status { /* STATUS: naks; PRSTATUS: clients */
    uint16_t file_id;
    uint8_t pass;
    uint8_t seq; /* a proxy's number for what it joined */
    uint16_t section;
    uint32_t nak_count;
    uftp_bytes naks; /* bitmap, least significant bit first, 1 = missing; empty: none */
    uftp_uid_list clients;
} uftp_v3_status;

typedef struct uftp_v3_complete { /* COMPLETE and, without a status, DONE_CONF */
    uint8_t status;               /* uftp_complete_status */
    uint16_t file_id;
    uftp_uid_list clients;
} uftp_v3_complete;

typedef struct uftp_v3_encrypted {
    uftp_v3_time time; /* enters the IV */
    uftp_bytes signature, payload;
} uftp_v3_encrypted;

typedef struct uftp_v3_message {
    uint8_t type;      /* uftp_v3_type: says which member is set; KEY_REQ has none */
    bool reserved_set; /* a reserved field or flag is not zero */
    union {
        uftp_v3_announce announce;
        uftp_v3_register registration;
        uftp_v3_key key; /* CLIENT_KEY, HB_REQ, PROXY_KEY */
        uftp_uid_message reg_conf;
        uftp_v3_fileinfo fileinfo;
        uftp_v3_keyinfo keyinfo;
        uftp_v3_info_ack info_ack;
        uftp_v3_fileseg fileseg;
        uftp_v3_done done;
        uftp_v3_status status;     /* and PRSTATUS */
        uftp_v3_complete complete; /* and DONE_CONF */
        uftp_hb_resp hb_resp;
        uftp_v3_encrypted encrypted;
        uftp_abort abort;
    } as;
} uftp_v3_message;

/* TRUNCATED, VERSION. */
int uftp_v3_header_read(uftp_reader *r, uftp_v3_header *out);
/* One message to the reader's end, which has to be that of the datagram. TRUNCATED; MALFORMED: its
 * length contradicts its fields, or it begins with another type than its header; UNSUPPORTED: an
 * unknown type. */
int uftp_v3_message_read(uftp_reader *r, const uftp_v3_header *header, uftp_v3_message *out);

#endif
