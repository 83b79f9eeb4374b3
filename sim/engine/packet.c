/* SPDX-License-Identifier: MIT */
#include "engine/packet.h"

#include "engine/memory.h"

#include <nettle/sha2.h>
#include <string.h>

static uint64_t hash_bytes(const uint8_t *bytes, size_t len)
{
    struct sha256_ctx sha;
    uint8_t digest[8];
    uint64_t hash = 0;
    sha256_init(&sha);
    sha256_update(&sha, len, bytes);
    sha256_digest(&sha, sizeof digest, digest);
    for (size_t i = 0; i < sizeof digest; i++)
        hash = hash << 8 | digest[i];
    return hash;
}

sim_packet *sim_packet_new(const uint8_t *bytes, size_t len)
{
    sim_packet *packet = sim_allocate(sizeof *packet + len);
    packet->references = 1;
    packet->len = len;
    packet->hash = hash_bytes(bytes, len); /* once, however many receive it */
    memcpy(packet->bytes, bytes, len);
    return packet;
}

sim_packet *sim_packet_share(sim_packet *packet)
{
    packet->references++;
    return packet;
}

void sim_packet_free(sim_packet *packet)
{
    if (--packet->references > 0)
        return;
    if (packet->whole)
        sim_packet_free(packet->whole);
    sim_release(packet);
}

sim_packet *sim_packet_alter(sim_packet *packet)
{
    if (packet->references == 1)
        return packet;
    sim_packet *copy = sim_allocate(sizeof *copy + packet->len);
    memcpy(copy, packet, sizeof *copy + packet->len);
    copy->references = 1;
    if (copy->whole)
        sim_packet_share(copy->whole);
    sim_packet_free(packet);
    return copy;
}

void sim_packet_rehash(sim_packet *packet)
{
    packet->hash = hash_bytes(packet->bytes, packet->len);
}

sim_packet *sim_packet_fragment(sim_packet *packet, size_t offset, size_t len)
{
    sim_packet *part = sim_packet_new(packet->bytes + offset, len);
    part->from = packet->from;
    part->sent = packet->sent;
    part->source = packet->source;
    part->destination = packet->destination;
    part->tos = packet->tos;
    part->whole = sim_packet_share(packet->whole ? packet->whole : packet);
    part->offset = packet->offset + offset;
    return part;
}
