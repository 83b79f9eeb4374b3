/* SPDX-License-Identifier: MIT
 *
 * How datagrams enter and leave the core. Both directions speak of *trains*: one buffer that holds
 * several datagrams of equal length one behind the other (the last may be shorter), as UDP GSO
 * sends and UDP GRO receives them. A single datagram is a train of one.
 */
#ifndef UFTP_DATAGRAM_H
#define UFTP_DATAGRAM_H

#include <uftp/address.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The low two bits of a traffic class: ECN (RFC 3168). */
#define UFTP_ECN_MASK 3
#define UFTP_ECN_CAPABLE 2 /* ECT(0) */
#define UFTP_ECN_MARKED 3  /* congestion experienced */

/* A train that was received. The core may decrypt in place: the bytes are its to change during the
 * call, and the driver's again afterwards. */
typedef struct uftp_datagram {
    uint8_t *data;
    size_t len;         /* bytes of the whole train */
    size_t segment_len; /* bytes of each datagram but the last; 0 or >= len: a single datagram */
    uftp_address source;
    uftp_address destination; /* family 0 when the driver cannot tell */
    uint32_t interface_index; /* where it came in; 0 when unknown */
    uint64_t arrival;         /* when it came in, same clock as `now`, not after it; 0: at `now` */
    uint8_t tos;              /* traffic class; the low two bits are ECN */
} uftp_datagram;

/* A train to be sent. The caller sets `data` and `capacity`; the core fills in the rest. */
typedef struct uftp_transmit {
    uint8_t *data;      /* caller's memory, at least UFTP_DATAGRAM_MAX bytes; UFTP_TRAIN_BYTES_MAX
                           to make the most of a train */
    size_t capacity;    /* bytes at `data` */
    size_t len;         /* bytes of the whole train */
    size_t segment_len; /* bytes of each datagram but the last; equal to len for a single one */
    uftp_address destination;
    uint8_t tos; /* traffic class to send with */
} uftp_transmit;

#ifdef __cplusplus
}
#endif
#endif
