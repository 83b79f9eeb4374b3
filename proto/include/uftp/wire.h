/* SPDX-License-Identifier: MIT
 *
 * The codecs: one table per wire version, bytes to structs and back. A codec has no state, no
 * policy and no memory of its own; every length passes the cursor. State machines never ask which
 * version they speak except by calling through one of these tables.
 */
#ifndef UFTP_WIRE_H
#define UFTP_WIRE_H

#include <uftp/message.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A cursor over received bytes. `failed` is sticky: a codec reads straight down and tests once. */
typedef struct uftp_reader {
    const uint8_t *at, *end;
    bool failed;
} uftp_reader;

/* A cursor over a buffer to fill. */
typedef struct uftp_writer {
    uint8_t *at, *end;
    bool failed;
} uftp_writer;

typedef struct uftp_wire {
    uint8_t version; /* first byte of every datagram */

    /* The common header. TRUNCATED, VERSION (another version byte), SPACE. */
    int (*header_read)(uftp_reader *r, uftp_header *out);
    int (*header_write)(uftp_writer *w, const uftp_header *in);

    /* ENCRYPTED, read and written right behind the common header. Reading demands that the payload
     * ends exactly where the reader ends. Writing with payload.data NULL leaves payload.len bytes
     * behind the wrapper for the caller to fill. */
    int (*encrypted_read)(uftp_reader *r, uftp_encrypted *out);
    int (*encrypted_write)(uftp_writer *w, const uftp_encrypted *in);

    /* One message from its type byte to the reader's end: behind the common header, or a
     * decrypted plaintext. An unknown type is UNSUPPORTED; a value that the protocol forbids (every
     * trap of section 6 that a codec can see) is MALFORMED. Writing puts extensions where the
     * reference looks for them. */
    int (*message_read)(uftp_reader *r, uftp_message *out);
    int (*message_write)(uftp_writer *w, const uftp_message *in);

    /* EXT_ENC_INFO alone, as it stands in ANNOUNCE: its bytes with a zero signature enter the key
     * schedule (3.3). */
    int (*enc_info_write)(uftp_writer *w, const uftp_enc_info *in);

    size_t header_len;          /* common header */
    size_t encrypted_overhead;  /* wrapper and tag around a message, with an AEAD cipher */
    size_t fileseg_header_len;  /* message header of a FILESEG without extension */
    size_t fileseg_tfmcc_len;   /* what the TFMCC extension adds */
    unsigned register_patience; /* a receiver that is not confirmed gives up after so many times
                                   GRTT * ROBUST (spec v5 4.10, v4 8.2) */
} uftp_wire;

extern const uftp_wire uftp_wire_v5;
extern const uftp_wire uftp_wire_v4;

/* The codec for a version byte, or NULL. */
const uftp_wire *uftp_wire_find(uint8_t version);

#ifdef __cplusplus
}
#endif
#endif
