/* SPDX-License-Identifier: MIT */
#include "models/corrupt.h"

typedef struct corrupt {
    sim_model model;
    sim_corrupt_config config;
    sim_random random;
    uint64_t corrupted;
} corrupt;

static void push(sim_model *model, uint64_t now, sim_packet *packet)
{
    corrupt *c = (corrupt *)model;
    if (sim_random_ppm(&c->random, c->config.chance_ppm) && packet->len > c->config.from) {
        packet = sim_packet_alter(packet);
        for (uint32_t i = 0; i < c->config.bits; i++) {
            uint64_t bit = sim_random_below(&c->random, (packet->len - c->config.from) * 8);
            packet->bytes[c->config.from + bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        sim_packet_rehash(packet);
        c->corrupted++;
    }
    sim_model_forward(model, now, packet);
}

static void corrupt_tell(const sim_model *model, sim_tell *tell, void *ctx)
{
    tell(ctx, "corrupted", ((const corrupt *)model)->corrupted);
}

sim_model *sim_corrupt_new(sim_medium *medium, const char *place, const sim_corrupt_config *config)
{
    static const sim_model_type type = {.name = "corrupt", .push = push, .tell = corrupt_tell};
    corrupt *c = sim_model_new(medium, &type, place, sizeof *c);
    c->config = *config;
    if (!c->config.bits)
        c->config.bits = 1;
    sim_model_random(&c->model, &c->random);
    return &c->model;
}
