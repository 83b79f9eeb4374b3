/* SPDX-License-Identifier: MIT
 *
 * Whole encrypted sessions of version 4: every key exchange, curve, cipher, hash and signature
 * mode, client authentication, the handshake under loss, and what is refused.
 */
#include "session.h"

#include <string.h>

#define LIMIT UFTP_S(600)

static const uftp_key *rsa_key(void)
{
    return session_key(UFTP_KEY_RSA, 0);
}

static const uftp_key *ec_key(void)
{
    return session_key(UFTP_KEY_EC, UFTP_CURVE_SECP256R1);
}

/* What is not broken today: ECDH_ECDSA, AES-256-GCM, SHA-256. */
static session_options version_4(void)
{
    return (session_options){.plants = 2,
                             .big_size = 30000,
                             .sender = {.version = 4, .key = ec_key()},
                             .receiver = {.key = ec_key(), .encrypted_only = true}};
}

static session_options legacy(void)
{
    session_options o = version_4();
    o.sender.key = rsa_key();
    o.sender.key_exchange = UFTP_KEY_EXCHANGE_RSA;
    o.sender.legacy_crypto = true;
    o.receiver.key = rsa_key();
    o.receiver.legacy_crypto = true;
    return o;
}

/* An algorithm that the two ends do not agree on would show here, and nowhere else all at once. */
static void every_modern_mode_delivers(void **state)
{
    (void)state;
    static const uftp_cipher ciphers[] = {UFTP_CIPHER_AES128_GCM, UFTP_CIPHER_AES256_GCM,
                                          UFTP_CIPHER_AES128_CCM, UFTP_CIPHER_AES256_CCM};
    static const uftp_curve curves[] = {UFTP_CURVE_SECP192R1, UFTP_CURVE_SECP224R1,
                                        UFTP_CURVE_SECP256R1, UFTP_CURVE_SECP384R1,
                                        UFTP_CURVE_SECP521R1};
    for (size_t i = 0; i < 20; i++) {
        session_options o = version_4();
        o.sender.cipher = ciphers[i % 4];
        o.sender.hash = (uftp_hash)(UFTP_HASH_SHA256 + i % 3);
        o.sender.ecdh_curve = curves[i % 5];
        o.sender.key = i % 3 ? ec_key() : rsa_key();
        o.sender.client_auth = i % 2;
        o.receiver.key = i % 4 ? ec_key() : rsa_key();
        session_must_succeed(i, &o, UFTP_S(60));
    }
}

static void every_legacy_mode_delivers_when_asked_for(void **state)
{
    (void)state;
    for (unsigned cipher = UFTP_CIPHER_DES_CBC; cipher <= UFTP_CIPHER_AES256_CCM; cipher++)
        for (unsigned hash = UFTP_HASH_SHA1; hash <= UFTP_HASH_SHA512; hash++) {
            session_options o = legacy();
            o.sender.cipher = (uftp_cipher)cipher;
            o.sender.hash = (uftp_hash)hash;
            if ((cipher + hash) % 2) {
                o.sender.key_exchange = UFTP_KEY_EXCHANGE_ECDH_ECDSA;
                o.sender.key = ec_key();
            }
            o.sender.client_auth = hash % 2;
            session_must_succeed(cipher * 8 + hash, &o, UFTP_S(60));
        }
}

/* Each packet is signed by who sends it: the receivers' too, so that each must show its key. */
static void signatures_on_each_packet_work_with_any_mixture_of_keys(void **state)
{
    (void)state;
    const uftp_key *keys[] = {rsa_key(), ec_key(), session_key(UFTP_KEY_EC, UFTP_CURVE_SECP521R1)};
    for (size_t i = 0; i < 3; i++) {
        session_options o = legacy();
        o.big_size = 10000;
        o.sender.cipher = UFTP_CIPHER_AES128_CBC;
        o.sender.sigtype = UFTP_SIGTYPE_KEYEX;
        o.sender.key = keys[i];
        o.sender.key_exchange = i ? UFTP_KEY_EXCHANGE_ECDH_ECDSA : UFTP_KEY_EXCHANGE_ECDH_RSA;
        o.receiver.key = keys[(i + 1) % 3];
        session_must_succeed(i, &o, UFTP_S(60));
    }
}

static void sessions_of_version_4_survive_loss_doubling_and_reordering(void **state)
{
    (void)state;
    const sim_link bad = {.delay = UFTP_MS(30),
                          .loss_ppm = 100000,
                          .duplicate_ppm = 50000,
                          .duplicate_gap = UFTP_MS(80),
                          .hold_ppm = 50000,
                          .hold_time = UFTP_MS(150)};
    SIM_EACH_SEED(seed, 1, 8)
    {
        session_options o = seed % 2 ? version_4() : legacy();
        o.plants = 3;
        o.closed = seed % 4 < 2;
        o.sender.client_auth = seed % 3 == 0;
        if (seed % 4 == 0)
            o.sender.cipher = UFTP_CIPHER_3DES_CBC;
        o.world.join_trains = seed % 2 == 1;
        o.plants_down = &bad;
        o.plants_up = &bad;
        session_must_succeed(seed, &o, LIMIT);
    }
}

/* Congestion control makes FILESEGs and STATUSes longer, and adds sealed messages. */
static void congestion_control_works_under_either_kind_of_sealing(void **state)
{
    (void)state;
    const sim_link lossy = {.delay = UFTP_MS(20), .loss_ppm = 10000};
    for (uint64_t seed = 1; seed <= 4; seed++) {
        session_options o = seed % 2 ? version_4() : legacy();
        o.sender.congestion_control = UFTP_CC_TFMCC;
        if (seed % 2 == 0)
            o.sender.cipher = UFTP_CIPHER_AES256_CBC;
        if (seed == 4)
            o.sender.sigtype = UFTP_SIGTYPE_KEYEX;
        o.plants_down = &lossy;
        session_must_succeed(seed, &o, LIMIT);
    }
}

static void only_what_version_4_leaves_so_is_sent_in_the_clear(void **state)
{
    (void)state;
    session_options o = version_4();
    o.sender.client_auth = true;
    session s = session_new(1, &o);
    session_expect_success(&s, UFTP_S(60));
    static const uftp_message_type secret[] = {UFTP_MESSAGE_FILEINFO,  UFTP_MESSAGE_FILEINFO_ACK,
                                               UFTP_MESSAGE_FILESEG,   UFTP_MESSAGE_DONE,
                                               UFTP_MESSAGE_STATUS,    UFTP_MESSAGE_COMPLETE,
                                               UFTP_MESSAGE_DONE_CONF, UFTP_MESSAGE_KEYINFO_ACK};
    for (size_t i = 0; i < sizeof secret / sizeof *secret; i++) {
        sim_expect_sent_type(s.hub, secret[i], 0);
        sim_expect_sent_type(s.plants[0], secret[i], 0);
    }
    assert_true(sim_count(s.plants[0])->sent[UFTP_MESSAGE_CLIENT_KEY] > 0); /* clear in this one */
    sim_free(s.world);
}

/* Runs a session that every plant must turn down. */
static void expect_refused(const session_options *o)
{
    session s = session_new(1, o);
    sim_expect_quiet_by(s.world, LIMIT);
    sim_expect_result(s.hub, UFTP_RESULT_NO_REGISTRATION);
    for (size_t i = 0; i < s.plant_count; i++)
        sim_expect_event_count(s.plants[i], UFTP_EVENT_SESSION_REFUSED, 1);
    sim_free(s.world);
}

static void receivers_refuse_broken_cryptography_unless_told(void **state)
{
    (void)state;
    session_options o = legacy(); /* RSA exchange */
    o.receiver.legacy_crypto = false;
    expect_refused(&o);
    o = version_4();
    o.sender.legacy_crypto = true;
    o.sender.cipher = UFTP_CIPHER_AES256_CBC;
    expect_refused(&o);
    o.sender.cipher = UFTP_CIPHER_AES256_GCM;
    o.sender.hash = UFTP_HASH_SHA1;
    expect_refused(&o);
}

static void receivers_refuse_a_server_whose_key_is_not_the_pinned_one(void **state)
{
    (void)state;
    const uftp_bytes blob = uftp_key_blob(rsa_key());
    uftp_server_entry pinned = {.uid = 1, .has_fingerprint = true};
    uftp_fingerprint(blob.data, blob.len, pinned.fingerprint);
    session_options o = version_4();
    o.receiver.servers = &pinned;
    o.receiver.server_count = 1;
    expect_refused(&o);
    o.sender.key = rsa_key();
    session_must_succeed(1, &o, UFTP_S(60));
}

/* From the first file on one datagram in ten is damaged behind its header: in the wrapper with its
 * lengths, the signature, the padding or the tag. All of it must be noticed, in either kind. */
static void damaged_datagrams_of_version_4_never_reach_a_file(void **state)
{
    (void)state;
    const sim_link bad = {.corrupt_ppm = 100000, .corrupt_bits = 2, .corrupt_from = 16};
    SIM_EACH_SEED(seed, 1, 6)
    {
        session_options o = seed % 2 ? version_4() : legacy();
        o.closed = true;
        o.big_size = 300000;
        if (seed % 2 == 0)
            o.sender.cipher = UFTP_CIPHER_AES128_CBC;
        if (seed == 6)
            o.sender.sigtype = UFTP_SIGTYPE_KEYEX;
        session s = session_new(seed, &o);
        uint64_t time = 0;
        while (sim_event_count(s.plants[0], UFTP_EVENT_FILE_STARTED) == 0 && time < UFTP_S(20))
            sim_run_until(s.world, time += UFTP_MS(10));
        for (size_t i = 0; i < s.plant_count; i++) {
            sim_downlink(s.plants[i], &bad);
            sim_uplink(s.plants[i], &bad);
        }
        session_expect_success(&s, LIMIT);
        assert_true(sim_event_count(s.plants[0], UFTP_EVENT_REJECTED) > 10);
        sim_free(s.world);
    }
}

static const struct CMUnitTest tests[] = {
    SIM_TEST(every_modern_mode_delivers),
    SIM_TEST(every_legacy_mode_delivers_when_asked_for),
    SIM_TEST(signatures_on_each_packet_work_with_any_mixture_of_keys),
    SIM_TEST(sessions_of_version_4_survive_loss_doubling_and_reordering),
    SIM_TEST(damaged_datagrams_of_version_4_never_reach_a_file),
    SIM_TEST(congestion_control_works_under_either_kind_of_sealing),
    SIM_TEST(only_what_version_4_leaves_so_is_sent_in_the_clear),
    SIM_TEST(receivers_refuse_broken_cryptography_unless_told),
    SIM_TEST(receivers_refuse_a_server_whose_key_is_not_the_pinned_one),
};

static int free_keys(void **state)
{
    (void)state;
    session_keys_free();
    return 0;
}

SIM_TEST_MAIN_TEARDOWN(tests, free_keys)
