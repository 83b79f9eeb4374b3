/* SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE /* the types of BSD that libpcap's headers use */
#include "capture.h"

#include <pcap/pcap.h>

#include <stdbool.h>
#include <stdio.h>

enum { ETHER_LEN = 14, UDP_LEN = 8, PROTOCOL_UDP = 17 };

/* What is left of a frame. */
typedef struct bytes {
    const uint8_t *at;
    size_t len;
} bytes;

static unsigned u16_at(const bytes *b, size_t offset)
{
    return (unsigned)(b->at[offset] << 8 | b->at[offset + 1]);
}

static bool skip(bytes *b, size_t len)
{
    if (b->len < len)
        return false;
    b->at += len;
    b->len -= len;
    return true;
}

typedef enum strip_result { STRIP_OTHER, STRIP_UDP, STRIP_BAD } strip_result;

/* Behind the header stands what the IP length says, not Ethernet's padding. */
static strip_result strip_ipv4(bytes *b)
{
    if (b->len < 20)
        return STRIP_BAD;
    if (b->at[9] != PROTOCOL_UDP)
        return STRIP_OTHER;
    size_t header_len = 4 * (size_t)(b->at[0] & 15), total_len = u16_at(b, 2);
    if ((u16_at(b, 6) & 0x3fff) != 0 || total_len > b->len || total_len < header_len)
        return STRIP_BAD;
    b->len = total_len;
    return skip(b, header_len) ? STRIP_UDP : STRIP_BAD;
}

static strip_result strip_ipv6(bytes *b)
{
    if (b->len < 40)
        return STRIP_BAD;
    if (b->at[6] != PROTOCOL_UDP)
        return b->at[6] == 44 ? STRIP_BAD : STRIP_OTHER; /* 44: fragment header */
    size_t payload_len = u16_at(b, 4);
    if (payload_len > b->len - 40)
        return STRIP_BAD;
    b->len = 40 + payload_len;
    return skip(b, 40) ? STRIP_UDP : STRIP_BAD;
}

static strip_result strip_to_payload(bytes *b)
{
    if (b->len < ETHER_LEN)
        return STRIP_BAD;
    unsigned ether_type = u16_at(b, 12);
    (void)skip(b, ETHER_LEN);
    while (ether_type == 0x8100 || ether_type == 0x88a8) { /* VLAN tag */
        if (b->len < 4)
            return STRIP_BAD;
        ether_type = u16_at(b, 2);
        (void)skip(b, 4);
    }
    strip_result result = ether_type == 0x0800   ? strip_ipv4(b)
                          : ether_type == 0x86dd ? strip_ipv6(b)
                                                 : STRIP_OTHER;
    if (result != STRIP_UDP)
        return result;
    if (b->len < UDP_LEN || u16_at(b, 4) != b->len)
        return STRIP_BAD;
    (void)skip(b, UDP_LEN);
    return STRIP_UDP;
}

static int visit_all(pcap_t *capture, capture_visit *visit, void *ctx)
{
    struct pcap_pkthdr *info;
    const uint8_t *data;
    int datagrams = 0, frame = 0, got;
    while ((got = pcap_next_ex(capture, &info, &data)) == 1) {
        frame++;
        bytes rest = {.at = data, .len = info->caplen};
        strip_result result = info->caplen == info->len ? strip_to_payload(&rest) : STRIP_BAD;
        if (result == STRIP_BAD) {
            fprintf(stderr, "frame %d: damaged, cut off or a fragment\n", frame);
            return -1;
        }
        if (result == STRIP_OTHER)
            continue;
        datagrams++;
        uint64_t at = (uint64_t)info->ts.tv_sec * 1000000 + (uint64_t)info->ts.tv_usec;
        visit(ctx, frame, at, rest.at, rest.len);
    }
    return got == PCAP_ERROR_BREAK ? datagrams : -1;
}

int capture_each(const char *path, capture_visit *visit, void *ctx)
{
    char error[PCAP_ERRBUF_SIZE];
    pcap_t *capture = pcap_open_offline(path, error);
    if (!capture) {
        fprintf(stderr, "%s\n", error);
        return -1;
    }
    int datagrams = pcap_datalink(capture) == DLT_EN10MB ? visit_all(capture, visit, ctx) : -1;
    pcap_close(capture);
    return datagrams;
}
