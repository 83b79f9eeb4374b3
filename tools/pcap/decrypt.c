/* SPDX-License-Identifier: MIT */
#include "decrypt.h"

#include "wire/cursor.h"

#include <stdlib.h>

enum { UDP_HEADER_LEN = 8, IPV4_HEADER_MIN = 20, IPV6_HEADER_LEN = 40, PACKET_MAX = 65535 };

/* A link header of any length that was read, and the longest IP packet. */
#define FRAME_MAX (1024 + PACKET_MAX)

struct cap_decrypt {
    cap_link link;
    cap_frame_sink *sink;
    void *ctx;
    uint8_t bytes[FRAME_MAX];
};

cap_decrypt *cap_decrypt_new(cap_link link, cap_frame_sink *sink, void *ctx)
{
    cap_decrypt *decrypt = malloc(sizeof *decrypt);
    if (decrypt) {
        decrypt->link = link;
        decrypt->sink = sink;
        decrypt->ctx = ctx;
    }
    return decrypt;
}

void cap_decrypt_free(cap_decrypt *decrypt)
{
    free(decrypt);
}

static void store_u16(uint8_t *at, uint16_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

/* ---- checksums (RFC 1071) ---- */

static uint64_t add_words(uint64_t sum, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        sum += i % 2 ? bytes[i] : (uint64_t)bytes[i] << 8;
    return sum;
}

static uint16_t fold(uint64_t sum)
{
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

static uint16_t udp_checksum(const cap_ip *ip, const uint8_t *udp, size_t len)
{
    size_t address_len = ip->source.family == UFTP_IPV4 ? 4 : 16;
    uint64_t sum = CAP_PROTOCOL_UDP + len;
    sum = add_words(sum, ip->source.bytes, address_len);
    sum = add_words(sum, ip->destination.bytes, address_len);
    uint16_t checksum = fold(add_words(sum, udp, len));
    return checksum ? checksum : 0xffff; /* 0 would say that there is none */
}

/* ---- a frame ---- */

/* The IP header of what carries `len` bytes; returns where its payload begins, or NULL when there
 * is no room. A fragment's header becomes that of the whole. */
static uint8_t *put_ip(const cap_ip *ip, size_t len, uint8_t *at, const uint8_t *end)
{
    size_t header_len = (size_t)(ip->payload.data - ip->header);
    if (ip->source.family == UFTP_IPV6 && ip->is_fragment)
        header_len = IPV6_HEADER_LEN; /* the extensions go with the fragment header */
    if ((size_t)(end - at) < header_len + len || header_len + len > PACKET_MAX)
        return NULL;
    memcpy(at, ip->header, header_len);
    if (ip->source.family == UFTP_IPV6) {
        store_u16(at + 4, (uint16_t)(header_len - IPV6_HEADER_LEN + len));
        if (ip->is_fragment)
            at[6] = CAP_PROTOCOL_UDP;
    } else {
        store_u16(at + 2, (uint16_t)(header_len + len));
        if (ip->is_fragment)
            store_u16(at + 6, 0);
        store_u16(at + 10, 0);
        store_u16(at + 10, fold(add_words(0, at, header_len)));
    }
    return at + header_len;
}

/* The datagram with the message in the clear, or as it is when it did not open. */
static size_t put_datagram(const cap_packet *packet, uint8_t *at)
{
    if (!packet->key || packet->plain.len == 0) {
        memcpy(at, packet->bytes.data, packet->bytes.len);
        return packet->bytes.len;
    }
    size_t header_len = packet->wire->header_len;
    memcpy(at, packet->bytes.data, header_len);
    at[1] = packet->plain.data[0]; /* the type, in header and message the first that differs */
    memcpy(at + header_len, packet->plain.data, packet->plain.len);
    return header_len + packet->plain.len;
}

/* False: it does not fit into a frame, which no packet does that came in one. */
static bool put_packet(cap_decrypt *decrypt, const cap_frame *frame, const cap_ip *ip,
                       const cap_packet *packet)
{
    size_t link_len = (size_t)(ip->header - frame->bytes.data);
    size_t udp_len = UDP_HEADER_LEN + (packet->key ? packet->wire->header_len + packet->plain.len
                                                   : packet->bytes.len);
    const uint8_t *end = decrypt->bytes + sizeof decrypt->bytes;
    if (link_len > sizeof decrypt->bytes)
        return false;
    memcpy(decrypt->bytes, frame->bytes.data, link_len);
    uint8_t *udp = put_ip(ip, udp_len, decrypt->bytes + link_len, end);
    if (!udp)
        return false;
    store_u16(udp, packet->source.port);
    store_u16(udp + 2, packet->destination.port);
    store_u16(udp + 6, 0);
    udp_len = UDP_HEADER_LEN + put_datagram(packet, udp + UDP_HEADER_LEN);
    store_u16(udp + 4, (uint16_t)udp_len);
    store_u16(udp + 6, udp_checksum(ip, udp, udp_len));
    const size_t len = (size_t)(udp - decrypt->bytes) + udp_len;
    const cap_frame out = {.number = frame->number,
                           .time = frame->time,
                           .wire_len = (uint32_t)len,
                           .bytes = {decrypt->bytes, len}};
    decrypt->sink(decrypt->ctx, &out);
    return true;
}

/* Whether the frame holds more than this one datagram. */
static bool is_train(const cap_ip *ip, const cap_packet *packet)
{
    cap_udp udp;
    return !ip->is_fragment && !packet->cut &&
           cap_udp_read(ip->payload, ip->cut, &udp) == CAP_FOUND &&
           udp.payload.len > packet->bytes.len;
}

void cap_decrypt_frame(cap_decrypt *decrypt, cap_tracker *tracker, const cap_frame *frame)
{
    cap_ip ip;
    const cap_packet *packet;
    bool read = cap_frame_read(decrypt->link, frame->bytes, &ip) == CAP_FOUND;
    bool got = cap_tracker_take(tracker, decrypt->link, frame, &packet), put = false;
    if (read && got && (packet->key || is_train(&ip, packet)))
        for (; got; got = cap_tracker_next(tracker, &packet))
            put = put_packet(decrypt, frame, &ip, packet) || put;
    if (!put)
        decrypt->sink(decrypt->ctx, frame);
    while (cap_tracker_next(tracker, &packet)) /* the tracker has seen all of it in any case */
        ;
}
