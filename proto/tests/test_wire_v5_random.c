/* SPDX-License-Identifier: MIT
 *
 * The v5 codec on random messages and damaged ones. A failure prints its seed.
 */
#include "codec_v5.h"
#include "compare.h"
#include "generate_v5.h"
#include "samples_v5.h"
#include "support.h"
#include <uftp/wire.h>

#include <stdlib.h>
#include <string.h>

static const uftp_wire *const wire = &uftp_wire_v5;

#define PROPERTY_SEED UINT64_C(0x5eed0050)
#define PROPERTY_ROUNDS 20000
#define MUTATION_ROUNDS 40000

/* decode(encode(x)) = x. The seed of a round alone reproduces it. */
static void a_random_message_decodes_to_what_was_encoded(void **state)
{
    (void)state;
    static generated_v5 generated;
    static uint8_t out[GENERATED_V5_LEN_MAX], again[GENERATED_V5_LEN_MAX];
    for (uint64_t round = 0; round < PROPERTY_ROUNDS; round++) {
        test_random random;
        test_random_init(&random, PROPERTY_SEED + round);
        generate_message_v5(&random, &generated);
        const uftp_message *message = &generated.message;
        uint8_t *memory = NULL;
        size_t len, again_len;
        uftp_message decoded;
        memset(out, 0xa5, sizeof out);
        if (v5_encode(message, out, sizeof out, &len) < 0 ||
            v5_read(out, len, &decoded, &memory) < 0 || !test_message_equal(message, &decoded) ||
            v5_encode(&decoded, again, sizeof again, &again_len) < 0 || again_len != len ||
            memcmp(out, again, len) != 0)
            fail_msg("seed %#llx: %s", (unsigned long long)(PROPERTY_SEED + round),
                     uftp_message_name(message->type));
        free(memory);
    }
}

static void a_random_header_decodes_to_what_was_encoded(void **state)
{
    (void)state;
    test_random random;
    test_random_init(&random, PROPERTY_SEED);
    for (int round = 0; round < PROPERTY_ROUNDS; round++) {
        uftp_header header, decoded;
        uint8_t out[16];
        generate_header_v5(&random, &header);
        uftp_writer w = {.at = out, .end = out + sizeof out};
        uftp_reader r = {.at = out, .end = out + sizeof out};
        assert_int_equal(wire->header_write(&w, &header), UFTP_OK);
        assert_int_equal(wire->header_read(&r, &decoded), UFTP_OK);
        if (!test_header_equal(&header, &decoded))
            fail_msg("seed %#llx, round %d", (unsigned long long)PROPERTY_SEED, round);
    }
}

/* Damaged samples: whatever decodes can be encoded, in no more bytes, and means the same again. */
static void what_decodes_from_damaged_bytes_can_be_encoded(void **state)
{
    (void)state;
    int decoded_count = 0;
    for (uint64_t round = 0; round < MUTATION_ROUNDS; round++) {
        test_random random;
        test_random_init(&random, PROPERTY_SEED ^ round << 32);
        uint8_t bytes[SAMPLE_V5_LEN_MAX], out[SAMPLE_V5_LEN_MAX];
        const sample_v5 *sample = &samples_v5[test_random_below(&random, samples_v5_count)];
        size_t len = sample_v5_bytes(sample, bytes), out_len;
        for (uint64_t hits = 1 + test_random_below(&random, 4); hits > 0; hits--)
            bytes[test_random_below(&random, len < 48 ? len : 48)] =
                (uint8_t)(test_random_below(&random, 2) ? test_random_u64(&random)
                                                        : test_random_below(&random, 8));
        uftp_message message;
        uint8_t *memory;
        if (v5_read(bytes, len, &message, &memory) == UFTP_OK) {
            decoded_count++;
            if (v5_encode(&message, out, len, &out_len) < 0 ||
                !v5_decodes_to(out, out_len, &message))
                fail_msg("seed %#llx: %s", (unsigned long long)(PROPERTY_SEED ^ round << 32),
                         sample->name);
        }
        free(memory);
    }
    assert_true(decoded_count > MUTATION_ROUNDS / 10); /* or nothing was tested */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_random_message_decodes_to_what_was_encoded),
        cmocka_unit_test(a_random_header_decodes_to_what_was_encoded),
        cmocka_unit_test(what_decodes_from_damaged_bytes_can_be_encoded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
