/* SPDX-License-Identifier: MIT
 *
 * The messages of UFTP in memory: host-order values, the same for every wire version. The codecs
 * (wire.h) turn bytes into these and back. Pointers lead into the datagram that was read; nothing
 * is copied. Section numbers are of spec/uftp-v5.md. What is marked "v4" exists in version 4 only
 * (spec/uftp-v4.md): the v5 codec reads it as zero and does not write it.
 */
#ifndef UFTP_MESSAGE_H
#define UFTP_MESSAGE_H

#include <uftp/address.h>

#ifdef __cplusplus
extern "C" {
#endif

#define UFTP_MESSAGES(X) /* name, number on the wire (1.4) */ \
    X(ANNOUNCE, 1) \
    X(REGISTER, 2) \
    X(CLIENT_KEY, 3) \
    X(REG_CONF, 4) \
    X(KEYINFO, 5) \
    X(KEYINFO_ACK, 6) \
    X(FILEINFO, 7) \
    X(FILEINFO_ACK, 8) \
    X(FILESEG, 9) \
    X(DONE, 10) \
    X(STATUS, 11) \
    X(COMPLETE, 12) \
    X(DONE_CONF, 13) \
    X(HB_REQ, 14) \
    X(HB_RESP, 15) \
    X(KEY_REQ, 16) \
    X(PROXY_KEY, 17) \
    X(ENCRYPTED, 18) \
    X(ABORT, 19) \
    X(CONG_CTRL, 20) \
    X(CC_ACK, 21)

#define UFTP_MESSAGE_ENUM(name, number) UFTP_MESSAGE_##name = (number),
typedef enum uftp_message_type { UFTP_MESSAGES(UFTP_MESSAGE_ENUM) } uftp_message_type;
#undef UFTP_MESSAGE_ENUM
#define UFTP_MESSAGE_TYPE_MAX 21

/* "ANNOUNCE", ..., "UNKNOWN". Never NULL. */
const char *uftp_message_name(uint8_t type);

/* Limits of the wire (spec v5 5). */
#define UFTP_BLOCK_SIZE_MIN 512
#define UFTP_BLOCK_SIZE_MAX 8800
#define UFTP_BLOCK_SIZE_DEFAULT 1300
#define UFTP_NAME_MAX 300       /* bytes of a file name, and of a link target, on the wire */
#define UFTP_ABORT_TEXT_MAX 299 /* characters */
#define UFTP_RANDOM_LEN 32      /* server and client random */
#define UFTP_GROUP_MASTER_LEN 32
#define UFTP_SEALED_MASTER_LEN 48 /* group master and its tag in a KEYINFO entry */

/* The common header (1.2). */
typedef struct uftp_header {
    uint8_t version;
    uint8_t type;       /* uftp_message_type; an unknown number decodes, the caller skips it */
    uint16_t seq;       /* wraps: compare with uftp_seq_newer() */
    uint32_t source;    /* UID of the sender */
    uint32_t group;     /* session ID */
    uint8_t instance;   /* restart number of the session */
    uint8_t grtt;       /* quantised, see quantise.h; 0 from a receiver */
    uint8_t group_size; /* quantised; 0 from a receiver */
} uftp_header;

/* Whether sequence number a is newer than b, across the wrap. */
static inline bool uftp_seq_newer(uint16_t a, uint16_t b)
{
    return (int16_t)(uint16_t)(a - b) > 0;
}

/* UIDs in a body, four bytes each in network order. When writing, `bytes` may be NULL: then the
 * list is empty. */
typedef struct uftp_uid_list {
    const uint8_t *bytes;
    size_t count;
} uftp_uid_list;

uint32_t uftp_uid_list_get(const uftp_uid_list *list, size_t index);
/* A search stops at the first zero UID (1.3). */
bool uftp_uid_list_contains(const uftp_uid_list *list, uint32_t uid);

enum { UFTP_CC_NONE = 0, UFTP_CC_TFMCC = 2 };

/* Cipher and hash numbers are those of the wire (1.7, spec v4 4). */
typedef enum uftp_cipher {
    UFTP_CIPHER_DES_CBC = 1, /* the four in CBC mode: v4 */
    UFTP_CIPHER_3DES_CBC = 2,
    UFTP_CIPHER_AES128_CBC = 3,
    UFTP_CIPHER_AES256_CBC = 4,
    UFTP_CIPHER_AES128_GCM = 5,
    UFTP_CIPHER_AES256_GCM = 6,
    UFTP_CIPHER_AES128_CCM = 7,
    UFTP_CIPHER_AES256_CCM = 8
} uftp_cipher;
typedef enum uftp_hash {
    UFTP_HASH_SHA1 = 2, /* fingerprints and heartbeats; in v4 sessions too */
    UFTP_HASH_SHA256 = 3,
    UFTP_HASH_SHA384 = 4,
    UFTP_HASH_SHA512 = 5
} uftp_hash;
typedef enum uftp_curve {
    UFTP_CURVE_SECP192R1 = 19, /* v4 */
    UFTP_CURVE_SECP224R1 = 21, /* v4 */
    UFTP_CURVE_SECP256R1 = 23,
    UFTP_CURVE_SECP384R1 = 24,
    UFTP_CURVE_SECP521R1 = 25
} uftp_curve;

/* How a session's secrets are agreed upon (spec v4 4). */
typedef enum uftp_key_exchange {
    UFTP_KEY_EXCHANGE_RSA = 1, /* the client chooses, under the server's RSA key */
    UFTP_KEY_EXCHANGE_ECDH_RSA = 2,
    UFTP_KEY_EXCHANGE_ECDH_ECDSA = 3
} uftp_key_exchange;
/* What makes an encrypted packet authentic (spec v4 4). */
typedef enum uftp_sigtype {
    UFTP_SIGTYPE_HMAC = 1,
    UFTP_SIGTYPE_KEYEX = 2,  /* a signature by the sender's own key */
    UFTP_SIGTYPE_AUTHENC = 3 /* the cipher: GCM and CCM, always */
} uftp_sigtype;

/* EXT_ENC_INFO (1.7). Writing with signature.data NULL reserves signature.len zero bytes, which is
 * also the form that is signed. */
typedef struct uftp_enc_info {
    bool client_auth;
    uint8_t key_exchange; /* v4: uftp_key_exchange */
    uint8_t sigtype;      /* v4: uftp_sigtype */
    uint8_t cipher;
    uint8_t hash;
    const uint8_t *random; /* UFTP_RANDOM_LEN bytes */
    uftp_bytes public_key; /* blob (1.19) */
    uftp_bytes ecdh_key;   /* blob; empty in a v4 RSA exchange, and then the signature too */
    uftp_bytes signature;
    uftp_bytes whole; /* read only: the extension as received, from its type byte */
} uftp_enc_info;

typedef struct uftp_announce { /* 1.6 */
    bool sync_mode, sync_preview;
    uint8_t robust;
    uint8_t cc_type;
    uint16_t block_size;
    uint64_t timestamp_us;
    uftp_address public_address;  /* port 0; its family decides the IPV6 flag when writing */
    uftp_address private_address; /* same family, port 0; all zero for a unicast session */
    bool encrypted;               /* EXT_ENC_INFO is there */
    uftp_enc_info enc_info;
    uftp_uid_list members; /* empty: open membership */
} uftp_announce;

typedef struct uftp_register { /* 1.8 */
    uint64_t timestamp_us;
    const uint8_t *random; /* UFTP_RANDOM_LEN bytes; NULL when writing: zeros */
    uftp_bytes ecdh_key;   /* blob; empty when not encrypted; v4 RSA: the encrypted premaster */
    uftp_uid_list clients; /* from proxies only */
} uftp_register;

typedef struct uftp_client_key { /* 1.9 */
    uftp_bytes public_key;
    uftp_bytes signature; /* data NULL when writing: zeros */
    uftp_bytes whole;     /* read only: the message header, from the type byte */
} uftp_client_key;

typedef struct uftp_uid_message { /* REG_CONF 1.10, DONE_CONF 1.16 */
    uftp_uid_list clients;
} uftp_uid_message;

typedef struct uftp_keyinfo { /* 1.11 */
    uint64_t iv_counter;
    uftp_bytes signature;   /* data NULL when writing: zeros; empty in v4 */
    const uint8_t *entries; /* 52 bytes each: UID, sealed group master */
    size_t entry_count;
} uftp_keyinfo;

/* One entry of a KEYINFO. `sealed` points at UFTP_SEALED_MASTER_LEN bytes. */
uint32_t uftp_keyinfo_entry(const uftp_keyinfo *keyinfo, size_t index, const uint8_t **sealed);
#define UFTP_KEYINFO_ENTRY_LEN 52

#define UFTP_V4_VERIFY_LEN 12
typedef struct uftp_keyinfo_ack { /* 1.12 */
    /* Read: all bytes behind the fixed part of the header; v4: UFTP_V4_VERIFY_LEN bytes. */
    uftp_bytes verify_data;
} uftp_keyinfo_ack;

typedef enum uftp_file_type {
    UFTP_FILE_REGULAR = 0,
    UFTP_FILE_DIRECTORY = 1,
    UFTP_FILE_SYMLINK = 2,
    UFTP_FILE_DELETE = 3,
    UFTP_FILE_FREE_SPACE = 4
} uftp_file_type;

typedef struct uftp_fileinfo { /* 1.13 */
    uint16_t file_id;
    uint8_t file_type; /* uftp_file_type; others decode, the receiver refuses them */
    uint64_t size;     /* 48 bits */
    uint64_t mtime;    /* seconds since the epoch, 48 bits, in v4 32; 0: none */
    uint64_t timestamp_us;
    uftp_bytes name; /* without padding: cut at the first NUL */
    uftp_bytes link;
    uftp_uid_list clients;
} uftp_fileinfo;

typedef struct uftp_fileinfo_ack { /* 1.14 */
    uint16_t file_id;
    bool partial;
    uint64_t timestamp_us;
    uftp_uid_list clients;
} uftp_fileinfo_ack;

typedef struct uftp_tfmcc_data { /* EXT_TFMCC_DATA_INFO 1.15; rates quantised */
    uint16_t send_rate;
    uint16_t cc_seq;
    uint16_t cc_rate;
} uftp_tfmcc_data;

typedef struct uftp_fileseg { /* 1.15 */
    uint16_t file_id;
    uint16_t section;
    uint16_t block;
    bool has_tfmcc;
    uftp_tfmcc_data tfmcc;
    uftp_bytes data; /* data.data NULL when writing: data.len bytes are left for the caller */
} uftp_fileseg;

typedef struct uftp_done { /* 1.16 */
    uint16_t file_id;      /* 0: end of session */
    uint16_t section;
    uftp_uid_list clients;
} uftp_done;

enum { /* flags of EXT_TFMCC_ACK_INFO */
       UFTP_TFMCC_CLR = 1,
       UFTP_TFMCC_RTT = 2,
       UFTP_TFMCC_START = 4,
       UFTP_TFMCC_LEAVE = 8
};

typedef struct uftp_tfmcc_ack { /* EXT_TFMCC_ACK_INFO 1.16 */
    uint8_t flags;
    uint16_t cc_seq;
    uint16_t cc_rate;
    uint32_t client;
    uint64_t timestamp_us;
} uftp_tfmcc_ack;

typedef struct uftp_status { /* 1.16 */
    uint16_t file_id;
    uint16_t section;
    bool has_tfmcc;
    uftp_tfmcc_ack tfmcc;
    uftp_bytes naks; /* bitmap, floor(n/8)+1 bytes, least significant bit first, 1 = missing */
} uftp_status;

typedef enum uftp_complete_status {
    UFTP_COMPLETE_NORMAL = 0,
    UFTP_COMPLETE_SKIPPED = 1,
    UFTP_COMPLETE_OVERWRITE = 2,
    UFTP_COMPLETE_REJECTED = 3
} uftp_complete_status;

typedef struct uftp_complete { /* 1.16 */
    uint16_t file_id;
    uint8_t status;
    bool has_free_space; /* EXT_FREESPACE_INFO is there */
    uint64_t free_space; /* bytes */
    uftp_uid_list clients;
} uftp_complete;

typedef struct uftp_hb_req { /* 1.18 */
    uint32_t nonce;
    uftp_bytes public_key;
    uftp_bytes signature;
} uftp_hb_req;

typedef struct uftp_hb_resp { /* 1.18 */
    uint8_t result;           /* 0 failed, 1 ok, 2 challenge */
    uint32_t nonce;
} uftp_hb_resp;

typedef struct uftp_proxy_key { /* 1.18 */
    uftp_bytes public_key;
    uftp_bytes ecdh_key;
    uftp_bytes signature;
    uftp_bytes whole; /* read only: the message header, from the type byte */
    uint32_t nonce;   /* v4: what is signed */
} uftp_proxy_key;

typedef struct uftp_abort { /* 1.17 */
    bool current_file;
    uint32_t host;   /* UID, 0: all */
    uftp_bytes text; /* up to the first NUL */
} uftp_abort;

enum { /* flags of a CONG_CTRL item */
       UFTP_CONG_CLR = 1,
       UFTP_CONG_RTT = 2,
       UFTP_CONG_START = 4
};

typedef struct uftp_cong_item {
    uint32_t client;
    uint8_t flags;
    uint8_t rtt; /* quantised */
} uftp_cong_item;

typedef struct uftp_cong_ctrl { /* 1.18 */
    uint16_t cc_seq;
    uint16_t cc_rate;
    uint64_t timestamp_us;
    const uint8_t *items; /* eight bytes each */
    size_t item_count;
} uftp_cong_ctrl;
#define UFTP_CONG_ITEM_LEN 8

uftp_cong_item uftp_cong_ctrl_item(const uftp_cong_ctrl *message, size_t index);

typedef struct uftp_cc_ack { /* 1.18 */
    uftp_tfmcc_ack tfmcc;
} uftp_cc_ack;

/* Any message but ENCRYPTED. */
typedef struct uftp_message {
    uint8_t type; /* uftp_message_type: says which member is set; KEY_REQ (v4) has none */
    union {
        uftp_announce announce;
        uftp_register registration; /* "register" is a word of C */
        uftp_client_key client_key;
        uftp_uid_message reg_conf;
        uftp_keyinfo keyinfo;
        uftp_keyinfo_ack keyinfo_ack;
        uftp_fileinfo fileinfo;
        uftp_fileinfo_ack fileinfo_ack;
        uftp_fileseg fileseg;
        uftp_done done;
        uftp_status status;
        uftp_complete complete;
        uftp_uid_message done_conf;
        uftp_hb_req hb_req;
        uftp_hb_resp hb_resp;
        uftp_proxy_key proxy_key;
        uftp_abort abort;
        uftp_cong_ctrl cong_ctrl;
        uftp_cc_ack cc_ack;
    } as;
} uftp_message;

/* The wrapper of an encrypted message (1.5). */
typedef struct uftp_encrypted {
    uint64_t iv_counter;
    uftp_bytes signature; /* v4, empty with an AEAD cipher; data NULL when writing: zeros */
    uftp_bytes payload;   /* ciphertext and tag; data NULL when writing: room is left */
} uftp_encrypted;

#ifdef __cplusplus
}
#endif
#endif
