/* SPDX-License-Identifier: MIT
 *
 * One whole datagram: common header, message, and the sealing around it in encrypted sessions.
 * Both roles build and open their datagrams here and nowhere else.
 */
#ifndef UFTP_SESSION_PACKET_H
#define UFTP_SESSION_PACKET_H

#include "handshake/v5.h"
#include <uftp/wire.h>

/* A key in use: the expanded cipher and the secrets it was made from. */
typedef struct uftp_sealing {
    const uftp_aead *aead;
    const uftp_traffic *traffic;
} uftp_sealing;

/* Builds a datagram. With `sealing` the header's type becomes ENCRYPTED and the message is sealed
 * under `counter`, which the caller never uses again. A FILESEG with data.data NULL is left
 * unsealed, so that its block can be read straight into place: uftp_packet_seal() ends it.
 * *len counts everything, tag included. SPACE. */
int uftp_packet_write(const uftp_wire *wire, const uftp_header *header, const uftp_message *message,
                      const uftp_sealing *sealing, uint64_t counter, uint8_t *out, size_t capacity,
                      size_t *len);
void uftp_packet_seal(const uftp_wire *wire, const uftp_sealing *sealing, uint64_t counter,
                      uint8_t *datagram, size_t len);

/* A datagram taken apart as far as that needs no key. */
typedef struct uftp_packet {
    const uftp_wire *wire;
    uftp_header header;
    bool sealed;              /* the outer type is ENCRYPTED */
    uftp_encrypted encrypted; /* when sealed */
    uint8_t *data;
    size_t len;
} uftp_packet;

/* VERSION, TRUNCATED, MALFORMED. Points into `data`. */
int uftp_packet_read(uint8_t *data, size_t len, uftp_packet *out);
/* Decrypts a sealed packet of version 5 in place; AUTH, which any other version gets too: its
 * packets are not sealed with these keys. To be called once per packet: a second key may only be
 * tried on a copy. */
int uftp_packet_open(uftp_packet *packet, const uftp_sealing *sealing);
/* The message inside: of a plain packet, or of one that has been opened. Its type is that of the
 * common header for a plain packet, or MALFORMED. */
int uftp_packet_message(const uftp_packet *packet, uftp_message *out);

#endif
