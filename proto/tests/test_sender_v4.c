/* SPDX-License-Identifier: MIT
 *
 * A sender of version 4 and receivers that answer in it (spec v4 8): plain sessions, and what
 * is refused. Encrypted ones run in the simulator.
 */
#include "sender_bench.h"

static sender_bench b;
static unsigned other_versions;

static void honest_in_version_4(sender_bench *bench, const uftp_header *header,
                                const uftp_message *message, const uftp_address *to)
{
    other_versions += header->version != 0x40;
    if (message->type == UFTP_MESSAGE_ANNOUNCE)
        /* What it is answered with comes back through two fields of 32 bits. */
        assert_true(message->as.announce.timestamp_us >= BENCH_WALL_US);
    bench_all_honest(bench, header, message, to);
}

static void a_plain_session_of_version_4_ends_well(void **state)
{
    (void)state;
    other_versions = 0;
    bench_init(&b, 30000);
    b.config.version = 4;
    b.on_message = honest_in_version_4;
    bench_start(&b);
    assert_int_equal(bench_run_to_end(&b), UFTP_RESULT_OK);
    assert_int_equal(other_versions, 0);
    assert_true(b.sent[UFTP_MESSAGE_FILESEG] > 0);
    bench_end(&b);
}

static void honest_in_version_5(sender_bench *bench, const uftp_header *header,
                                const uftp_message *message, const uftp_address *to)
{
    bench->config.version = 5; /* of the replies; the sender has a copy */
    bench_all_honest(bench, header, message, to);
}

/* Both have nearly the same layouts: taking one for the other would seem to work. */
static void answers_in_version_5_are_no_answers(void **state)
{
    (void)state;
    bench_init(&b, 3000);
    b.config.version = 4;
    b.on_message = honest_in_version_5;
    bench_start(&b);
    assert_int_equal(bench_run_to_end(&b), UFTP_RESULT_NO_REGISTRATION);
    bench_end(&b);
}

static void what_cannot_be_spoken_is_told_at_creation(void **state)
{
    (void)state;
    uftp_sender *sender = NULL;
    bench_init(&b, 3000);
    b.config.version = 3;
    assert_int_equal(uftp_sender_create(&b.config, b.now, &sender), UFTP_ERR_ARGUMENT);
    const uftp_key_spec spec = {.type = UFTP_KEY_EC, .curve = UFTP_CURVE_SECP256R1};
    uftp_key *key;
    assert_int_equal(uftp_key_generate(&b.memory.allocator, &b.random.random, &spec, &key),
                     UFTP_OK);
    b.config.key = key;
    b.config.plain = false;
    b.config.version = 4;
    b.config.key_exchange = UFTP_KEY_EXCHANGE_ECDH_RSA; /* whose server has an RSA key */
    assert_int_equal(uftp_sender_create(&b.config, b.now, &sender), UFTP_ERR_KEY);
    b.config.key_exchange = UFTP_KEY_EXCHANGE_RSA; /* broken cryptography, and nobody said so */
    assert_int_equal(uftp_sender_create(&b.config, b.now, &sender), UFTP_ERR_UNSUPPORTED);
    b.config.key_exchange = UFTP_KEY_EXCHANGE_ECDH_ECDSA;
    b.config.hash = UFTP_HASH_SHA1;
    assert_int_equal(uftp_sender_create(&b.config, b.now, &sender), UFTP_ERR_UNSUPPORTED);
    b.config.hash = UFTP_HASH_SHA256;
    b.config.cipher = UFTP_CIPHER_AES256_CBC;
    assert_int_equal(uftp_sender_create(&b.config, b.now, &sender), UFTP_ERR_UNSUPPORTED);
    b.config.legacy_crypto = true;
    assert_int_equal(uftp_sender_create(&b.config, b.now, &sender), UFTP_OK);
    uftp_sender_destroy(sender);
    b.config.cipher = UFTP_CIPHER_AES256_GCM;
    b.config.version = 5;
    b.config.ecdh_curve = UFTP_CURVE_SECP192R1; /* and a curve that only it has */
    assert_int_equal(uftp_sender_create(&b.config, b.now, &sender), UFTP_ERR_UNSUPPORTED);
    uftp_key_free(key);
    const uftp_key_spec short_spec = {.type = UFTP_KEY_EC, .curve = UFTP_CURVE_SECP224R1};
    assert_int_equal(uftp_key_generate(&b.memory.allocator, &b.random.random, &short_spec, &key),
                     UFTP_ERR_UNSUPPORTED);
    assert_int_equal(b.memory.live, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_session_of_version_4_ends_well),
        cmocka_unit_test(answers_in_version_5_are_no_answers),
        cmocka_unit_test(what_cannot_be_spoken_is_told_at_creation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
