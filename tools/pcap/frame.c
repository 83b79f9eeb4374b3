/* SPDX-License-Identifier: MIT */
#include "frame.h"

#include "wire/cursor.h"

enum {
    TYPE_IPV4 = 0x0800,
    TYPE_IPV6 = 0x86dd,
    TYPE_VLAN = 0x8100,
    TYPE_QINQ = 0x88a8,
    TYPE_QINQ_OLD = 0x9100,
    EXTENSIONS_MAX = 16, /* an IPv6 packet with more headers is not one of ours */
    UDP_HEADER_LEN = 8
};

static cap_result read_ipv4(uftp_reader *r, cap_ip *out)
{
    const uint8_t *b = uftp_read_bytes(r, 20);
    if (!b)
        return CAP_DAMAGED;
    size_t header_len = 4 * (size_t)(b[0] & 15), total_len = uftp_load_u16(b + 2);
    if (b[0] >> 4 != 4 || header_len < 20)
        return CAP_DAMAGED;
    /* 0: a card that segments by itself will fill it in; the frame's length is all there is. */
    if (total_len == 0)
        total_len = 20 + uftp_read_left(r);
    uftp_read_skip(r, header_len - 20);
    if (r->failed || total_len < header_len)
        return CAP_DAMAGED;
    uint16_t flags = uftp_load_u16(b + 6);
    size_t len = total_len - header_len, left = uftp_read_left(r);
    *out = (cap_ip){.tos = b[1],
                    .protocol = b[9],
                    .more = flags & 0x2000,
                    .id = uftp_load_u16(b + 4),
                    .offset = (uint32_t)(flags & 0x1fff) * 8,
                    .cut = left < len};
    out->is_fragment = out->more || out->offset;
    out->header = b;
    out->source.family = out->destination.family = UFTP_IPV4;
    memcpy(out->source.bytes, b + 12, 4);
    memcpy(out->destination.bytes, b + 16, 4);
    out->payload = uftp_read_field(r, left < len ? left : len); /* without the link's padding */
    return CAP_FOUND;
}

/* Walks the extension headers: 1 when `out` holds the payload, 0 for a protocol of no interest. */
static cap_result read_extensions(uftp_reader *r, uint8_t next, cap_ip *out)
{
    for (int i = 0; i < EXTENSIONS_MAX; i++) {
        if (next == 44) { /* fragment */
            const uint8_t *b = uftp_read_bytes(r, 8);
            if (!b)
                return CAP_DAMAGED;
            uint16_t place = uftp_load_u16(b + 2);
            out->more = place & 1;
            out->offset = place & 0xfff8u;
            out->id = uftp_load_u32(b + 4);
            out->is_fragment = out->more || out->offset; /* else an "atomic" one: whole */
            out->protocol = b[0];
            if (out->is_fragment)
                return CAP_FOUND;
            next = b[0];
        } else if (next == 0 || next == 43 || next == 60) { /* hop by hop, routing, destination */
            const uint8_t *b = uftp_read_bytes(r, 2);
            if (!b)
                return CAP_DAMAGED;
            next = b[0];
            uftp_read_skip(r, 6 + 8 * (size_t)b[1]);
            if (r->failed)
                return CAP_DAMAGED;
        } else {
            out->protocol = next;
            return CAP_FOUND;
        }
    }
    return CAP_OTHER;
}

static cap_result read_ipv6(uftp_reader *r, cap_ip *out)
{
    const uint8_t *b = uftp_read_bytes(r, 40);
    if (!b || b[0] >> 4 != 6)
        return CAP_DAMAGED;
    size_t len = uftp_load_u16(b + 4), left = uftp_read_left(r);
    if (len == 0) /* as in IPv4 */
        len = left;
    *out = (cap_ip){.tos = (uint8_t)(b[0] << 4 | b[1] >> 4), .cut = left < len};
    out->header = b;
    out->source.family = out->destination.family = UFTP_IPV6;
    memcpy(out->source.bytes, b + 8, 16);
    memcpy(out->destination.bytes, b + 24, 16);
    uftp_reader body = uftp_read_part(r, left < len ? left : len);
    cap_result result = read_extensions(&body, b[6], out);
    out->payload = uftp_read_rest(&body);
    return result;
}

static cap_result read_network(uftp_reader *r, unsigned type, cap_ip *out)
{
    for (int tags = 0;
         tags < 4 && (type == TYPE_VLAN || type == TYPE_QINQ || type == TYPE_QINQ_OLD); tags++) {
        uftp_read_skip(r, 2);
        type = uftp_read_u16(r);
        if (r->failed)
            return CAP_DAMAGED;
    }
    if (type == TYPE_IPV4)
        return read_ipv4(r, out);
    return type == TYPE_IPV6 ? read_ipv6(r, out) : CAP_OTHER;
}

static cap_result read_by_nibble(uftp_reader *r, cap_ip *out)
{
    if (uftp_read_left(r) == 0)
        return CAP_DAMAGED;
    unsigned version = *r->at >> 4;
    return read_network(r, version == 4 ? TYPE_IPV4 : version == 6 ? TYPE_IPV6 : 0, out);
}

cap_result cap_frame_read(cap_link link, uftp_bytes frame, cap_ip *out)
{
    uftp_reader r = {.at = frame.data, .end = frame.data + frame.len};
    unsigned type = 0;
    switch (link) {
    case CAP_LINK_UNKNOWN:
        return CAP_OTHER;
    case CAP_LINK_ETHERNET:
        uftp_read_skip(&r, 12);
        type = uftp_read_u16(&r);
        break;
    case CAP_LINK_SLL:
        uftp_read_skip(&r, 14);
        type = uftp_read_u16(&r);
        break;
    case CAP_LINK_SLL2:
        type = uftp_read_u16(&r);
        uftp_read_skip(&r, 18);
        break;
    case CAP_LINK_NULL: /* the number of IPv6 differs between systems: look at the packet */
        uftp_read_skip(&r, 4);
        return r.failed ? CAP_DAMAGED : read_by_nibble(&r, out);
    case CAP_LINK_RAW:
        return read_by_nibble(&r, out);
    }
    return r.failed ? CAP_DAMAGED : read_network(&r, type, out);
}

cap_result cap_udp_read(uftp_bytes bytes, bool cut, cap_udp *out)
{
    uftp_reader r = {.at = bytes.data, .end = bytes.data + bytes.len};
    *out = (cap_udp){.source_port = uftp_read_u16(&r), .cut = cut};
    out->destination_port = uftp_read_u16(&r);
    size_t len = uftp_read_u16(&r);
    uftp_read_skip(&r, 2);
    if (r.failed)
        return CAP_DAMAGED;
    size_t left = uftp_read_left(&r);
    if (len == 0) /* longer than 65535: only a segmenting card's own business, never UFTP's */
        return CAP_OTHER;
    if (len < UDP_HEADER_LEN || (!cut && len - UDP_HEADER_LEN > left))
        return CAP_DAMAGED;
    len -= UDP_HEADER_LEN;
    out->payload = uftp_read_field(&r, left < len ? left : len);
    out->cut = left < len;
    return CAP_FOUND;
}
