/* SPDX-License-Identifier: MIT
 *
 * One whole datagram: common header, message, and the sealing around it in encrypted sessions.
 * Both roles build and open their datagrams here and nowhere else.
 */
#ifndef UFTP_SESSION_PACKET_H
#define UFTP_SESSION_PACKET_H

#include "handshake/v4.h"
#include "handshake/v5.h"
#include <uftp/wire.h>

/* A key in use. Version 5: the expanded cipher and the secrets it was made from. */
typedef struct uftp_sealing {
    const uftp_aead *aead;
    const uftp_traffic *traffic;
    /* Version 4: the group's keys, otherwise NULL. With signature type KEYEX also our own key,
     * which signs, and the blob of the peer's, which verifies; empty while it is not known. */
    const uftp_v4_sealing *group;
    const uftp_key *own_key;
    const uftp_random *random;
    uftp_bytes peer_key;
} uftp_sealing;

/* Where a message begins in a datagram, and how long the datagram with it is. `sealing` is NULL for
 * a plain one. */
size_t uftp_packet_message_at(const uftp_wire *wire, const uftp_sealing *sealing);
size_t uftp_packet_len(const uftp_wire *wire, const uftp_sealing *sealing, size_t message_len);

/* Builds a datagram. With `sealing` the header's type becomes ENCRYPTED and the message is sealed
 * under `counter`, which the caller never uses again. A FILESEG with data.data NULL is left
 * unsealed, so that its block can be read straight into place: uftp_packet_seal() ends it.
 * *len counts everything, tag and padding included. SPACE. */
int uftp_packet_write(const uftp_wire *wire, const uftp_header *header, const uftp_message *message,
                      const uftp_sealing *sealing, uint64_t counter, uint8_t *out, size_t capacity,
                      size_t *len);
/* `message_len` is without what sealing adds. */
void uftp_packet_seal(const uftp_wire *wire, const uftp_sealing *sealing, uint64_t counter,
                      uint8_t *datagram, size_t message_len);

/* A datagram taken apart as far as that needs no key. */
typedef struct uftp_packet {
    const uftp_wire *wire;
    uftp_header header;
    bool sealed;              /* the outer type is ENCRYPTED */
    uftp_encrypted encrypted; /* when sealed */
    uftp_bytes plaintext;     /* when sealed and opened */
    uint8_t *data;
    size_t len;
} uftp_packet;

/* VERSION, TRUNCATED, MALFORMED. Points into `data`. */
int uftp_packet_read(uint8_t *data, size_t len, uftp_packet *out);
/* Decrypts a sealed packet in place. AUTH, also for a packet of another version than the key's. */
int uftp_packet_open(uftp_packet *packet, const uftp_sealing *sealing);
/* The message inside: of a plain packet, or of one that has been opened. Its type is that of the
 * common header for a plain packet, or MALFORMED. */
int uftp_packet_message(const uftp_packet *packet, uftp_message *out);

#endif
