/* SPDX-License-Identifier: MIT */
#include "models/mtu.h"

#include "base/assert.h"

/* IP headers without options, and the header of an IPv6 fragment. The fragments of a UDP datagram
 * share its 8 bytes of header: they are the first bytes of the first one. */
enum { IPV4_HEADER = 20, IPV6_HEADER = 40, IPV6_FRAGMENT_HEADER = 8, UDP_HEADER = 8 };

typedef struct mtu {
    sim_model model;
    sim_mtu_config config;
    uint64_t fragmented, fragments;
} mtu;

static size_t header_of(const sim_packet *packet, bool fragment)
{
    if (packet->source.family != UFTP_IPV6)
        return IPV4_HEADER;
    return fragment ? IPV6_HEADER + IPV6_FRAGMENT_HEADER : IPV6_HEADER;
}

static void push(sim_model *model, uint64_t now, sim_packet *packet)
{
    mtu *m = (mtu *)model;
    size_t udp = packet->offset == 0 ? UDP_HEADER : 0, total = udp + packet->len;
    if (header_of(packet, packet->whole != NULL) + total <= m->config.mtu) {
        sim_model_forward(model, now, packet);
        return;
    }
    if (m->config.drop) {
        sim_model_drop(model, packet);
        return;
    }
    /* Offsets of fragments are counted in units of 8 bytes. */
    size_t step = (m->config.mtu - header_of(packet, true)) & ~(size_t)7;
    m->fragmented++;
    for (size_t at = 0; at < total; at += step) {
        size_t end = total - at < step ? total : at + step, begin = at ? at - udp : 0;
        m->fragments++;
        sim_model_forward(model, now, sim_packet_fragment(packet, begin, end - udp - begin));
    }
    sim_packet_free(packet);
}

static void mtu_tell(const sim_model *model, sim_tell *tell, void *ctx)
{
    const mtu *m = (const mtu *)model;
    tell(ctx, "fragmented", m->fragmented);
    tell(ctx, "fragments", m->fragments);
}

sim_model *sim_mtu_new(sim_medium *medium, const char *place, const sim_mtu_config *config)
{
    static const sim_model_type type = {.name = "mtu", .push = push, .tell = mtu_tell};
    UFTP_ASSERT(config->mtu >= SIM_MTU_MIN);
    mtu *m = sim_model_new(medium, &type, place, sizeof *m);
    m->config = *config;
    return &m->model;
}
