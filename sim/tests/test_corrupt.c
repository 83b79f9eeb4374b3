/* SPDX-License-Identifier: MIT */
#include "models.h"

#include "models/corrupt.h"

#include <string.h>

static uint8_t original[200];
static uint64_t flipped, changed;

static void compare(sim_model *model, uint64_t now, sim_packet *packet)
{
    (void)model;
    (void)now;
    uint64_t bits = 0;
    assert_int_equal(packet->len, sizeof original);
    for (size_t i = 0; i < sizeof original; i++)
        for (unsigned diff = packet->bytes[i] ^ original[i]; diff; diff &= diff - 1)
            bits++;
    flipped += bits;
    changed += bits > 0;
    sim_packet_free(packet);
}

/* One bit in 10 % of the packets, and the copies of others are not touched. 10000 packets: 1000,
 * deviation 30. */
static void one_bit_is_flipped_in_a_copy(void **state)
{
    (void)state;
    static const sim_model_type type = {.name = "sink", .push = compare};
    for (size_t i = 0; i < sizeof original; i++)
        original[i] = (uint8_t)i;
    SIM_EACH_SEED(seed, 1, 10)
    {
        bench *b = bench_new(seed);
        sim_model sink = {.type = &type, .medium = &b->medium};
        sim_model *model =
            sim_corrupt_new(&b->medium, "a>b", &(sim_corrupt_config){.chance_ppm = 100000});
        model->next = &sink;
        flipped = changed = 0;
        sim_packet *packet = sim_packet_new(original, sizeof original);
        uint64_t hash = packet->hash;
        for (int i = 0; i < 10000; i++)
            sim_model_push(model, 0, sim_packet_share(packet));
        assert_in_range(changed, 850, 1150);
        assert_int_equal(flipped, changed);
        assert_int_equal(bench_figure_of(model, "corrupted"), changed);
        assert_memory_equal(packet->bytes, original, sizeof original);
        assert_int_equal(packet->hash, hash);
        assert_int_equal(packet->references, 1);
        sim_packet_free(packet);
        sim_chain_free(model, &sink);
        bench_free(b);
    }
}

/* The trace must see the damage: else two runs that differ would have one digest. */
static void damaged_packet_has_another_hash(void **state)
{
    (void)state;
    sim_packet *packet = sim_packet_new(original, sizeof original);
    uint64_t hash = packet->hash;
    packet->bytes[7] ^= 1;
    sim_packet_rehash(packet);
    assert_true(packet->hash != hash);
    sim_packet_free(packet);
}

static void bytes_before_the_given_one_are_spared(void **state)
{
    (void)state;
    bench *b = bench_new(1);
    bench_branch link;
    bench_branch_open(b, &link, "a>b",
                      &(sim_link){.corrupt_ppm = 1000000, .corrupt_bits = 50, .corrupt_from = 4});
    for (uint32_t i = 0; i < 100; i++) {
        bench_branch_send(b, &link, i, i, 4 + i % 2);
        assert_int_equal(link.number, i); /* the first four bytes */
    }
    assert_int_equal(bench_figure_of(link.first, "corrupted"), 50);
    bench_branch_close(&link);
    bench_free(b);
}

static const struct CMUnitTest tests[] = {
    SIM_TEST(one_bit_is_flipped_in_a_copy),
    SIM_TEST(bytes_before_the_given_one_are_spared),
    SIM_TEST(damaged_packet_has_another_hash),
};

SIM_TEST_MAIN(tests)
