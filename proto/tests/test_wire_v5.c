/* SPDX-License-Identifier: MIT
 *
 * The v5 codec: what is written and read, byte by byte. What it refuses is in
 * test_wire_v5_hostile.c, traps of the protocol text in test_traps_v5.c.
 */
#include "codec_v5.h"
#include "compare.h"
#include "samples_v5.h"
#include "support.h"
#include <uftp/wire.h>

#include <string.h>

static const uftp_wire *const wire = &uftp_wire_v5;

/* Breaks with any change of layout, order, byte order or padding. */
static void every_sample_encodes_to_its_exact_bytes(void **state)
{
    (void)state;
    for (size_t i = 0; i < samples_v5_count; i++) {
        uint8_t wanted[SAMPLE_V5_LEN_MAX], out[SAMPLE_V5_LEN_MAX];
        size_t wanted_len = sample_v5_bytes(&samples_v5[i], wanted), len;
        memset(out, 0xa5, sizeof out); /* what is not written shows */
        int err = v5_encode(&samples_v5[i].message, out, sizeof out, &len);
        if (err < 0 || len != wanted_len)
            fail_msg("%s: error %d, %zu bytes for %zu", samples_v5[i].name, err, len, wanted_len);
        assert_memory_equal(out, wanted, len);
    }
}

static void every_sample_decodes_to_its_values(void **state)
{
    (void)state;
    for (size_t i = 0; i < samples_v5_count; i++) {
        uint8_t bytes[SAMPLE_V5_LEN_MAX];
        size_t len = sample_v5_bytes(&samples_v5[i], bytes);
        if (!v5_decodes_to(bytes, len, &samples_v5[i].message))
            fail_msg("%s decodes to something else, or not at all", samples_v5[i].name);
    }
}

/* The samples leave out no message of the version. */
static void every_message_type_has_a_sample(void **state)
{
    (void)state;
    bool seen[UFTP_MESSAGE_TYPE_MAX + 1] = {false};
    for (size_t i = 0; i < samples_v5_count; i++)
        seen[samples_v5[i].message.type] = true;
    for (int type = 1; type <= UFTP_MESSAGE_TYPE_MAX; type++)
        assert_int_equal(seen[type],
                         type != UFTP_MESSAGE_KEY_REQ && type != UFTP_MESSAGE_ENCRYPTED);
}

/* spec v5 1.7, the table of sizes. */
static void an_encrypted_announce_has_the_sizes_of_the_protocol_text(void **state)
{
    (void)state;
    static const struct {
        uint8_t family;
        size_t public_key, ecdh_key, signature, words, datagram;
    } cases[] = {{UFTP_IPV4, 68, 68, 68, 68, 288},
                 {UFTP_IPV4, 264, 100, 256, 172, 704},
                 {UFTP_IPV4, 136, 136, 136, 119, 492},
                 {UFTP_IPV4, 392, 68, 384, 228, 928},
                 {UFTP_IPV6, 392, 136, 384, 251, 1020}}; /* 1.21: the longest there is */
    static const uint8_t blob[392];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const uftp_message message = {
            .type = UFTP_MESSAGE_ANNOUNCE,
            .as.announce = {.robust = 20,
                            .block_size = 1300,
                            .public_address.family = cases[i].family,
                            .private_address.family = cases[i].family,
                            .encrypted = true,
                            .enc_info = {.cipher = UFTP_CIPHER_AES256_GCM,
                                         .hash = UFTP_HASH_SHA256,
                                         .random = blob,
                                         .public_key = {blob, cases[i].public_key},
                                         .ecdh_key = {blob, cases[i].ecdh_key},
                                         .signature = {NULL, cases[i].signature}}}};
        uint8_t out[2000];
        size_t len;
        assert_int_equal(v5_encode(&message, out, sizeof out, &len), UFTP_OK);
        assert_int_equal(out[1], cases[i].words);
        assert_int_equal(wire->header_len + len, cases[i].datagram);
    }
}

/* The form that is hashed and signed: a NULL signature writes zeros of its length. */
static void a_missing_signature_is_written_as_zeros(void **state)
{
    (void)state;
    static const char *const names[] = {"announce_encrypted_preview", "client_key", "keyinfo",
                                        "hb_req_signed", "proxy_key"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        uftp_message message = sample_v5_find(names[i])->message;
        uftp_bytes *signatures[] = {&message.as.announce.enc_info.signature,
                                    &message.as.client_key.signature, &message.as.keyinfo.signature,
                                    &message.as.hb_req.signature, &message.as.proxy_key.signature};
        signatures[i]->data = NULL;
        uint8_t out[SAMPLE_V5_LEN_MAX];
        size_t len;
        memset(out, 0xa5, sizeof out);
        assert_int_equal(v5_encode(&message, out, sizeof out, &len), UFTP_OK);
        static const uint8_t zeros[8];
        signatures[i]->data = zeros;
        assert_true(v5_decodes_to(out, len, &message));
    }
}

static void enc_info_alone_is_what_stands_in_the_announce(void **state)
{
    (void)state;
    const sample_v5 *sample = sample_v5_find("announce_encrypted_preview");
    uint8_t bytes[SAMPLE_V5_LEN_MAX], out[SAMPLE_V5_LEN_MAX];
    sample_v5_bytes(sample, bytes);
    uftp_writer w = {.at = out, .end = out + sizeof out};
    assert_int_equal(wire->enc_info_write(&w, &sample->message.as.announce.enc_info), UFTP_OK);
    assert_int_equal(w.at - out, 64);
    assert_memory_equal(out, bytes + 24, 64);
}

/* The key schedule hashes these bytes: from the type byte to the end, nothing else. */
static void whole_spans_the_extension_or_the_header(void **state)
{
    (void)state;
    uint8_t bytes[SAMPLE_V5_LEN_MAX];
    uftp_message message;
    size_t len = sample_v5_bytes(sample_v5_find("announce_encrypted_preview"), bytes);
    uftp_reader r = {.at = bytes, .end = bytes + len};
    assert_int_equal(wire->message_read(&r, &message), UFTP_OK);
    assert_ptr_equal(message.as.announce.enc_info.whole.data, bytes + 24);
    assert_int_equal(message.as.announce.enc_info.whole.len, 64);
    len = sample_v5_bytes(sample_v5_find("client_key"), bytes);
    r = (uftp_reader){.at = bytes, .end = bytes + len};
    assert_int_equal(wire->message_read(&r, &message), UFTP_OK);
    assert_ptr_equal(message.as.client_key.whole.data, bytes);
    assert_int_equal(message.as.client_key.whole.len, 24);
    len = sample_v5_bytes(sample_v5_find("proxy_key"), bytes);
    r = (uftp_reader){.at = bytes, .end = bytes + len};
    assert_int_equal(wire->message_read(&r, &message), UFTP_OK);
    assert_ptr_equal(message.as.proxy_key.whole.data, bytes);
    assert_int_equal(message.as.proxy_key.whole.len, 28);
}

/* The block is read from disk straight into this place. */
static void a_fileseg_without_data_leaves_room_as_it_is(void **state)
{
    (void)state;
    const uftp_message message = {.type = UFTP_MESSAGE_FILESEG,
                                  .as.fileseg = {.file_id = 1, .data = {.len = 100}}};
    uint8_t out[108];
    size_t len;
    memset(out, 0xa5, sizeof out);
    assert_int_equal(v5_encode(&message, out, sizeof out - 1, &len), UFTP_ERR_SPACE);
    assert_int_equal(v5_encode(&message, out, sizeof out, &len), UFTP_OK);
    assert_int_equal(len, wire->fileseg_header_len + 100);
    for (size_t i = 8; i < len; i++)
        assert_int_equal(out[i], 0xa5);
}

/* A list with NULL bytes is empty, whatever its count says; a missing random number is zeros. */
static void missing_lists_and_random_numbers_are_empty_and_zero(void **state)
{
    (void)state;
    uint8_t out[128], wanted[SAMPLE_V5_LEN_MAX];
    size_t len;
    memset(out, 0xa5, sizeof out);
    const uftp_message done = {.type = UFTP_MESSAGE_DONE, .as.done = {.clients = {NULL, 7}}};
    assert_int_equal(v5_encode(&done, out, sizeof out, &len), UFTP_OK);
    assert_int_equal(len, 8);
    const sample_v5 *sample = sample_v5_find("register_plain");
    uftp_message registration = sample->message;
    registration.as.registration.random = NULL;
    assert_int_equal(v5_encode(&registration, out, sizeof out, &len), UFTP_OK);
    assert_int_equal(len, sample_v5_bytes(sample, wanted));
    assert_memory_equal(out, wanted, len);
}

static void an_announce_of_two_families_cannot_be_written(void **state)
{
    (void)state;
    uftp_message message = sample_v5_find("announce_open_ipv4")->message;
    uint8_t out[128];
    size_t len;
    message.as.announce.private_address.family = UFTP_IPV6;
    assert_int_equal(v5_encode(&message, out, sizeof out, &len), UFTP_ERR_MALFORMED);
    message.as.announce.private_address = (uftp_address){0}; /* none: all zero on the wire */
    assert_int_equal(v5_encode(&message, out, sizeof out, &len), UFTP_OK);
    assert_memory_equal(out + 20, "\0\0\0\0", 4);
    message.as.announce.public_address = (uftp_address){0};
    assert_int_equal(v5_encode(&message, out, sizeof out, &len), UFTP_ERR_MALFORMED);
}

static void a_lone_preview_flag_means_sync_mode_too(void **state)
{
    (void)state;
    uint8_t bytes[SAMPLE_V5_LEN_MAX];
    const sample_v5 *sample = sample_v5_find("announce_encrypted_preview");
    size_t len = sample_v5_bytes(sample, bytes);
    bytes[2] = 0x02;
    assert_true(v5_decodes_to(bytes, len, &sample->message));
}

static void the_common_header_has_its_exact_bytes(void **state)
{
    (void)state;
    static const uint8_t wanted[] = {0x50, 9,    0x12, 0x34, 0x0a, 0x4d, 5,    1,
                                     0x3d, 0x30, 0xc2, 0x38, 2,    0x6a, 0x18, 0};
    uftp_header header = sample_v5_header, again;
    header.type = UFTP_MESSAGE_FILESEG;
    uint8_t out[16];
    memset(out, 0xa5, sizeof out);
    uftp_writer w = {.at = out, .end = out + sizeof out};
    assert_int_equal(wire->header_write(&w, &header), UFTP_OK);
    assert_memory_equal(out, wanted, sizeof wanted);
    for (size_t cut = 0; cut < sizeof out; cut++) {
        uftp_reader r = {.at = out, .end = out + cut};
        assert_int_equal(wire->header_read(&r, &again), UFTP_ERR_TRUNCATED);
        w = (uftp_writer){.at = out, .end = out + cut};
        assert_int_equal(wire->header_write(&w, &header), UFTP_ERR_SPACE);
    }
    memcpy(out, wanted, sizeof out);
    out[15] = 0xff; /* reserved */
    uftp_reader r = {.at = out, .end = out + sizeof out};
    assert_int_equal(wire->header_read(&r, &again), UFTP_OK);
    assert_true(test_header_equal(&header, &again));
    assert_ptr_equal(r.at, out + wire->header_len);
}

static void another_version_byte_is_refused(void **state)
{
    (void)state;
    for (unsigned version = 0; version < 256; version++) {
        uint8_t bytes[16] = {(uint8_t)version};
        uftp_reader r = {.at = bytes, .end = bytes + sizeof bytes};
        uftp_header header;
        assert_int_equal(wire->header_read(&r, &header),
                         version == 0x50 ? UFTP_OK : UFTP_ERR_VERSION);
        assert_int_equal(uftp_wire_find((uint8_t)version) == &uftp_wire_v5, version == 0x50);
    }
}

static void the_wrapper_has_its_exact_bytes(void **state)
{
    (void)state;
    uint8_t bytes[12 + 21] = {1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 21}, out[sizeof bytes];
    for (size_t i = 12; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)i;
    uftp_encrypted encrypted;
    for (size_t cut = 0; cut < sizeof bytes; cut++) {
        uftp_reader r = {.at = bytes, .end = bytes + cut};
        assert_int_equal(wire->encrypted_read(&r, &encrypted), UFTP_ERR_TRUNCATED);
    }
    uftp_reader r = {.at = bytes, .end = bytes + sizeof bytes};
    assert_int_equal(wire->encrypted_read(&r, &encrypted), UFTP_OK);
    assert_true(encrypted.iv_counter == UINT64_C(0x0102030405060708));
    assert_int_equal(encrypted.payload.len, 21);
    for (size_t room = 0; room <= sizeof bytes; room++) {
        uftp_writer w = {.at = out, .end = out + room};
        assert_int_equal(wire->encrypted_write(&w, &encrypted),
                         room < sizeof bytes ? UFTP_ERR_SPACE : UFTP_OK);
    }
    assert_memory_equal(out, bytes, sizeof bytes);
    /* In place: the ciphertext is made where it stands. */
    encrypted.payload.data = NULL;
    memset(out, 0xa5, sizeof out);
    uftp_writer w = {.at = out, .end = out + sizeof out};
    assert_int_equal(wire->encrypted_write(&w, &encrypted), UFTP_OK);
    assert_ptr_equal(w.at, out + sizeof out);
    assert_memory_equal(out, bytes, 12);
    for (size_t i = 12; i < sizeof out; i++)
        assert_int_equal(out[i], 0xa5);
    encrypted.payload.len = 65536;
    assert_int_equal(wire->encrypted_write(&w, &encrypted), UFTP_ERR_LIMIT);
    assert_int_equal(wire->encrypted_overhead, 12 + 16);
}

static void a_uid_is_found_in_a_list(void **state)
{
    (void)state;
    const uint8_t bytes[] = {0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff};
    const uftp_uid_list list = {.bytes = bytes, .count = 2}, none = {0}, null = {NULL, 3};
    assert_true(uftp_uid_list_get(&list, 1) == UINT32_MAX);
    assert_true(uftp_uid_list_contains(&list, 1));
    assert_true(uftp_uid_list_contains(&list, UINT32_MAX));
    assert_false(uftp_uid_list_contains(&list, 2));
    assert_false(uftp_uid_list_contains(&none, 1));
    assert_false(uftp_uid_list_contains(&null, 1));
}

static void entries_and_items_are_taken_from_their_places(void **state)
{
    (void)state;
    const uint8_t *sealed;
    const uftp_keyinfo *keyinfo = &sample_v5_find("keyinfo")->message.as.keyinfo;
    assert_true(uftp_keyinfo_entry(keyinfo, 1, &sealed) == 0x35363738);
    assert_ptr_equal(sealed, keyinfo->entries + 56);
    uftp_cong_item item =
        uftp_cong_ctrl_item(&sample_v5_find("cong_ctrl")->message.as.cong_ctrl, 1);
    assert_true(item.client == 0x090a0b0c);
    assert_int_equal(item.flags, 2);
    assert_int_equal(item.rtt, 0x88);
}

static void every_type_has_a_name(void **state)
{
    (void)state;
    assert_string_equal(uftp_message_name(1), "ANNOUNCE");
    assert_string_equal(uftp_message_name(21), "CC_ACK");
    assert_string_equal(uftp_message_name(0), "UNKNOWN");
    assert_string_equal(uftp_message_name(22), "UNKNOWN");
    assert_string_equal(uftp_message_name(255), "UNKNOWN");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_sample_encodes_to_its_exact_bytes),
        cmocka_unit_test(every_sample_decodes_to_its_values),
        cmocka_unit_test(every_message_type_has_a_sample),
        cmocka_unit_test(an_encrypted_announce_has_the_sizes_of_the_protocol_text),
        cmocka_unit_test(a_missing_signature_is_written_as_zeros),
        cmocka_unit_test(enc_info_alone_is_what_stands_in_the_announce),
        cmocka_unit_test(whole_spans_the_extension_or_the_header),
        cmocka_unit_test(a_fileseg_without_data_leaves_room_as_it_is),
        cmocka_unit_test(missing_lists_and_random_numbers_are_empty_and_zero),
        cmocka_unit_test(an_announce_of_two_families_cannot_be_written),
        cmocka_unit_test(a_lone_preview_flag_means_sync_mode_too),
        cmocka_unit_test(the_common_header_has_its_exact_bytes),
        cmocka_unit_test(another_version_byte_is_refused),
        cmocka_unit_test(the_wrapper_has_its_exact_bytes),
        cmocka_unit_test(a_uid_is_found_in_a_list),
        cmocka_unit_test(entries_and_items_are_taken_from_their_places),
        cmocka_unit_test(every_type_has_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
