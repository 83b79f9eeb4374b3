/* SPDX-License-Identifier: MIT
 *
 * One captured frame, from its link layer to what IP carries. Pure functions on bytes that a
 * stranger chose: every length is checked, nothing is copied.
 */
#ifndef CAP_FRAME_H
#define CAP_FRAME_H

#include <uftp/address.h>

typedef enum cap_link {
    CAP_LINK_UNKNOWN,
    CAP_LINK_ETHERNET,
    CAP_LINK_SLL,  /* Linux "any" device, 16-byte header */
    CAP_LINK_SLL2, /* the same, 20 bytes */
    CAP_LINK_RAW,  /* begins with the IP header */
    CAP_LINK_NULL  /* BSD loopback: 4 bytes of address family, in either byte order */
} cap_link;

typedef enum cap_result {
    CAP_OTHER, /* not what we look for: another protocol */
    CAP_FOUND,
    CAP_DAMAGED /* a length that contradicts another, or a header that is not whole */
} cap_result;

/* What an IP packet carries. */
typedef struct cap_ip {
    uftp_address source, destination; /* ports are 0 */
    uint8_t tos;                      /* traffic class */
    uint8_t protocol;
    bool is_fragment;
    bool more;             /* not the last fragment */
    uint32_t id;           /* of the packet that was cut */
    uint32_t offset;       /* bytes of the payload before this fragment */
    const uint8_t *header; /* of IP; it ends, with its extensions, where the payload begins */
    uftp_bytes payload;
    bool cut; /* the capture holds less of the payload than there was */
} cap_ip;

/* Link layer, VLAN tags, IPv4 or IPv6 with its extension headers. */
cap_result cap_frame_read(cap_link link, uftp_bytes frame, cap_ip *out);

#define CAP_PROTOCOL_UDP 17

typedef struct cap_udp {
    uint16_t source_port, destination_port;
    uftp_bytes payload;
    bool cut;
} cap_udp;

/* A whole IP payload. UDP checksums are not looked at: a capture on the sending machine is taken
 * before its network card fills them in. */
cap_result cap_udp_read(uftp_bytes bytes, bool cut, cap_udp *out);

#endif
