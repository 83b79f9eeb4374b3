/* SPDX-License-Identifier: MIT */
#include "engine/packet.h"

#include "base/assert.h"
#include "engine/memory.h"
#include "engine/random.h"

#include <stdatomic.h>
#include <string.h>

sim_packet *sim_packet_new(const uint8_t *bytes, size_t len)
{
    sim_packet *packet = sim_allocate(sizeof *packet + len);
    packet->references = 1;
    packet->len = len;
    packet->hash = sim_hash_bytes(bytes, len); /* once, however many receive it */
    memcpy(packet->bytes, bytes, len);
    return packet;
}

sim_packet *sim_packet_share(sim_packet *packet)
{
    if (packet->logged)
        sim_packet_view(packet)->references++;
    else
        atomic_fetch_add_explicit(&packet->references, 1, memory_order_relaxed);
    return packet;
}

static void end(sim_packet *packet)
{
    for (size_t i = 0; i < SIM_THREADS_MAX; i++)
        sim_release(packet->views[i]);
    if (packet->whole)
        sim_packet_free(packet->whole);
    sim_release(packet);
}

void sim_packet_free(sim_packet *packet)
{
    if (packet->logged)
        sim_packet_view(packet)->references--;
    else if (atomic_fetch_sub_explicit(&packet->references, 1, memory_order_acq_rel) == 1)
        end(packet);
}

void sim_packet_log(sim_packet *packet)
{
    UFTP_ASSERT(packet->references == 1 && !packet->logged);
    packet->logged = true;
}

bool sim_packet_held(const sim_packet *packet)
{
    int64_t references = 0;
    for (size_t i = 0; i < SIM_THREADS_MAX; i++)
        if (packet->views[i])
            references += packet->views[i]->references;
    return references != 0;
}

void sim_packet_unlog(sim_packet *packet)
{
    UFTP_ASSERT(packet->logged && !sim_packet_held(packet));
    end(packet);
}

sim_packet *sim_packet_alter(sim_packet *packet)
{
    if (packet->references == 1 && !packet->logged) {
        for (size_t i = 0; i < SIM_THREADS_MAX; i++) { /* of what it was */
            sim_release(packet->views[i]);
            packet->views[i] = NULL;
        }
        return packet;
    }
    sim_packet *copy = sim_allocate(sizeof *copy + packet->len);
    *copy = (sim_packet){.references = 1,
                         .from = packet->from,
                         .sent = packet->sent,
                         .hash = packet->hash,
                         .source = packet->source,
                         .destination = packet->destination,
                         .tos = packet->tos,
                         .whole = packet->whole ? sim_packet_share(packet->whole) : NULL,
                         .offset = packet->offset,
                         .len = packet->len};
    memcpy(copy->bytes, packet->bytes, packet->len);
    sim_packet_free(packet);
    return copy;
}

void sim_packet_rehash(sim_packet *packet)
{
    packet->hash = sim_hash_bytes(packet->bytes, packet->len);
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
