/* SPDX-License-Identifier: MIT */
#include "run/pcap.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define MAGIC_NS UINT32_C(0xa1b23c4d)
#define LINKTYPE_RAW 101
#define IPV4_LEN 20
#define IPV6_LEN 40
#define UDP_LEN 8
#define PACKET_MAX (IPV6_LEN + UDP_LEN + UFTP_DATAGRAM_MAX)

/* ---- bytes ---- */

static uint8_t *put_u16(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
    return at + 2;
}

static uint8_t *put_u32(uint8_t *at, uint32_t value)
{
    return put_u16(put_u16(at, value >> 16), value);
}

static uint32_t add_words(uint32_t sum, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        sum += i % 2 ? bytes[i] : (uint32_t)bytes[i] << 8;
    return sum;
}

static uint16_t fold(uint32_t sum)
{
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

static uint8_t *put_ipv4(uint8_t *at, const sim_packet *packet)
{
    uint8_t *start = at;
    at = put_u16(at, 0x4500u | packet->tos);
    at = put_u16(at, (uint32_t)(IPV4_LEN + UDP_LEN + packet->len));
    at = put_u32(at, 0x4000); /* no identification; may not be cut */
    at = put_u16(at, 64u << 8 | 17);
    at = put_u16(at, 0);
    memcpy(at, packet->source.bytes, 4);
    memcpy(at + 4, packet->destination.bytes, 4);
    put_u16(start + 10, fold(add_words(0, start, IPV4_LEN)));
    return at + 8;
}

static uint8_t *put_ipv6(uint8_t *at, const sim_packet *packet)
{
    at = put_u32(at, UINT32_C(6) << 28 | (uint32_t)packet->tos << 20);
    at = put_u16(at, (uint32_t)(UDP_LEN + packet->len));
    at = put_u16(at, 17u << 8 | 64);
    memcpy(at, packet->source.bytes, 16);
    memcpy(at + 16, packet->destination.bytes, 16);
    return at + 32;
}

static uint16_t udp_checksum(const sim_packet *packet, const uint8_t *udp, size_t len)
{
    size_t address_len = packet->destination.family == UFTP_IPV4 ? 4 : 16;
    uint32_t sum = 17 + (uint32_t)len;
    sum = add_words(sum, packet->source.bytes, address_len);
    sum = add_words(sum, packet->destination.bytes, address_len);
    uint16_t checksum = fold(add_words(sum, udp, len));
    return checksum ? checksum : 0xffff;
}

/* The packet as IP carries it; returns its length. */
static size_t compose(uint8_t out[PACKET_MAX], const sim_packet *packet)
{
    uint8_t *udp =
        packet->destination.family == UFTP_IPV4 ? put_ipv4(out, packet) : put_ipv6(out, packet);
    size_t len = UDP_LEN + packet->len;
    uint8_t *at = put_u16(udp, packet->source.port);
    at = put_u16(at, packet->destination.port);
    at = put_u16(at, (uint32_t)len);
    at = put_u16(at, 0);
    memcpy(at, packet->bytes, packet->len);
    put_u16(udp + 6, udp_checksum(packet, udp, len));
    return (size_t)(udp - out) + len;
}

/* ---- the file ---- */

/* In the byte order of this machine, which the magic number tells a reader. */
static void write_numbers(sim_pcap *pcap, const uint32_t *numbers, size_t count)
{
    if (fwrite(numbers, sizeof *numbers, count, pcap->file) != count)
        pcap->failed = true;
}

static void record(sim_pcap *pcap, uint64_t now, const sim_packet *packet)
{
    uint8_t bytes[PACKET_MAX];
    size_t len = compose(bytes, packet);
    uint64_t since = SIM_WALL_START_US / 1000000 + now / UFTP_S(1);
    const uint32_t head[] = {(uint32_t)since, (uint32_t)(now % UFTP_S(1)), (uint32_t)len,
                             (uint32_t)len};
    write_numbers(pcap, head, 4);
    if (fwrite(bytes, 1, len, pcap->file) != len)
        pcap->failed = true;
}

static void on_sent(void *ctx, const sim_node *node, uint64_t now, const sim_packet *packet)
{
    sim_pcap *pcap = ctx;
    if (!pcap->to && strcmp(sim_name(node), pcap->from) == 0)
        record(pcap, now, packet);
}

static void on_arrived(void *ctx, const sim_node *node, uint64_t now, const sim_packet *packet)
{
    sim_pcap *pcap = ctx;
    if (strcmp(sim_name(node), pcap->to ? pcap->to : pcap->from) != 0)
        return;
    if (!pcap->to || strcmp(sim_stage_name(pcap->stage, packet->from), pcap->from) == 0)
        record(pcap, now, packet);
}

bool sim_pcap_open(sim_pcap *pcap, char *what, const sim_stage *stage)
{
    char *equals = strchr(what, '=');
    *pcap = (sim_pcap){.stage = stage, .from = what};
    pcap->tap = (sim_tap){.sent = on_sent, .arrived = on_arrived, .ctx = pcap};
    if (!equals || equals == what || !equals[1]) {
        fprintf(stderr, "uftp-sim: --pcap wants NODE=FILE, not '%s'\n", what);
        return false;
    }
    *equals = '\0';
    char *arrow = strchr(what, '>');
    if (arrow) {
        *arrow = '\0';
        pcap->to = arrow + 1;
    }
    pcap->path = equals + 1;
    pcap->file = fopen(pcap->path, "wb");
    if (!pcap->file) {
        fprintf(stderr, "uftp-sim: %s: %s\n", equals + 1, strerror(errno));
        return false;
    }
    const uint32_t head[] = {MAGIC_NS, 0, 0, 0, UINT32_C(65535), LINKTYPE_RAW};
    const uint16_t version[] = {2, 4};
    write_numbers(pcap, head, 1);
    if (fwrite(version, sizeof *version, 2, pcap->file) != 2)
        pcap->failed = true;
    write_numbers(pcap, head + 2, 4);
    return true;
}

static bool exists(const sim_stage *stage, const char *name)
{
    for (size_t i = 0; i < sim_stage_node_count(stage); i++)
        if (strcmp(sim_stage_name(stage, (uint32_t)i), name) == 0)
            return true;
    fprintf(stderr, "uftp-sim: --pcap: no node is named '%s'\n", name);
    return false;
}

bool sim_pcap_names_exist(const sim_pcap *pcap)
{
    return exists(pcap->stage, pcap->from) && (!pcap->to || exists(pcap->stage, pcap->to));
}

bool sim_pcap_close(sim_pcap *pcap)
{
    if (!pcap->file)
        return true;
    bool written = fclose(pcap->file) == 0 && !pcap->failed;
    pcap->file = NULL;
    if (!written)
        fprintf(stderr, "uftp-sim: a capture could not be written whole\n");
    return written;
}

/* ---- secrets ---- */

static void log_secret(void *ctx, const char *label, uint32_t group, uint32_t uid,
                       const uint8_t *value, size_t len)
{
    FILE *file = ((sim_keylog *)ctx)->file;
    fprintf(file, "%s %08" PRIX32 " %08" PRIX32 " ", label, group, uid);
    for (size_t i = 0; i < len; i++)
        fprintf(file, "%02x", value[i]);
    fputc('\n', file);
}

bool sim_keylog_open(sim_keylog *keylog, const char *path)
{
    *keylog = (sim_keylog){.file = fopen(path, "w"), .log = {.log = log_secret, .ctx = keylog}};
    if (!keylog->file)
        fprintf(stderr, "uftp-sim: %s: %s\n", path, strerror(errno));
    return keylog->file != NULL;
}

bool sim_keylog_close(sim_keylog *keylog)
{
    if (!keylog->file)
        return true;
    bool written = !ferror(keylog->file);
    written = fclose(keylog->file) == 0 && written;
    keylog->file = NULL;
    if (!written)
        fprintf(stderr, "uftp-sim: the key log could not be written whole\n");
    return written;
}
