/* SPDX-License-Identifier: MIT
 *
 * Where the text of version 4, or what version 5 does, leads astray (spec v4 15 and 11): what a
 * codec can show of it. Traps of the key schedule are in test_handshake_v4.c.
 */
#include "codec_v4.h"
#include "samples_v4.h"
#include "support.h"

#include <string.h>

/* Decodes into *out, which points into memory that lives until the next call. */
static int decode(const uint8_t *bytes, size_t len, uftp_message *out)
{
    static uint8_t copy[SAMPLE_V4_LEN_MAX];
    assert_true(len <= sizeof copy);
    memcpy(copy, bytes, len);
    uftp_reader r = {.at = copy, .end = copy + len};
    return uftp_wire_v4.message_read(&r, out);
}

/* The bytes of a sample with `count` of them replaced, decoded. */
static int changed(const char *name, size_t offset, const uint8_t *with, size_t count,
                   uftp_message *out)
{
    uint8_t bytes[SAMPLE_V4_LEN_MAX];
    size_t len = sample_v5_bytes(sample_v4_find(name), bytes);
    assert_true(offset + count <= len);
    memcpy(bytes + offset, with, count);
    return decode(bytes, len, out);
}

#define CHANGED(name, offset, out, ...) \
    changed(name, offset, (const uint8_t[]){__VA_ARGS__}, sizeof(const uint8_t[]){__VA_ARGS__}, out)

#define ENC_INFO 24 /* in an ANNOUNCE of IPv4 */

/* Trap 7, 8: lengths stand in their places when the signature is still zero. */
static void what_is_signed_is_written_with_zeros_for_the_signature(void **state)
{
    (void)state;
    uftp_message message;
    uint8_t bytes[SAMPLE_V4_LEN_MAX];
    size_t len = sample_v5_bytes(sample_v4_find("announce_ecdh_rsa_unsigned"), bytes);
    assert_int_equal(decode(bytes, len, &message), UFTP_OK);
    static const uint8_t zeros[4];
    assert_int_equal(message.as.announce.enc_info.signature.len, 4);
    assert_memory_equal(message.as.announce.enc_info.signature.data, zeros, 4);
    uint8_t wrapper[12 + 4 + 8];
    memset(wrapper, 0xa5, sizeof wrapper);
    uftp_writer w = {.at = wrapper, .end = wrapper + sizeof wrapper};
    const uftp_encrypted in = {.signature = {NULL, 4}, .payload = {NULL, 8}};
    assert_int_equal(uftp_wire_v4.encrypted_write(&w, &in), UFTP_OK);
    static const uint8_t wanted[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 8, 0, 0, 0, 0, 0xa5};
    assert_memory_equal(wrapper, wanted, sizeof wanted);
}

/* Trap 10: a client without encryption still sends 32 bytes of random number. */
static void register_without_its_random_number_is_refused(void **state)
{
    (void)state;
    uftp_message message;
    uint8_t bytes[SAMPLE_V4_LEN_MAX];
    (void)sample_v5_bytes(sample_v4_find("register_plain"), bytes);
    bytes[1] = 3; /* ends behind the time */
    assert_int_equal(decode(bytes, 12, &message), UFTP_ERR_TRUNCATED);
}

/* Trap 11: a bitmap has floor(n/8)+1 bytes, so never none. */
static void status_without_a_bitmap_is_refused(void **state)
{
    (void)state;
    uftp_message message;
    uint8_t bytes[SAMPLE_V4_LEN_MAX];
    (void)sample_v5_bytes(sample_v4_find("status"), bytes);
    assert_int_equal(decode(bytes, 8, &message), UFTP_ERR_MALFORMED);
    assert_int_equal(decode(bytes, 9, &message), UFTP_OK);
    assert_int_equal(message.as.status.naks.len, 1);
}

/* Trap 13: 255 words hold no ANNOUNCE with an RSA-4096 key that is also signed. */
static void announce_of_rsa_4096_with_ecdh_cannot_be_written(void **state)
{
    (void)state;
    static const uint8_t blob[520];
    uftp_message message = sample_v4_find("announce_ecdh_rsa_unsigned")->message;
    uftp_enc_info *info = &message.as.announce.enc_info;
    info->public_key = (uftp_bytes){blob, 520};
    info->ecdh_key = (uftp_bytes){blob, 68};
    info->signature = (uftp_bytes){NULL, 512};
    uint8_t out[2048];
    size_t len;
    assert_int_equal(v4_encode(&message, out, sizeof out, &len), UFTP_ERR_LIMIT);
    info->public_key.len = 392; /* RSA-3072 */
    info->signature.len = 384;
    assert_int_equal(v4_encode(&message, out, sizeof out, &len), UFTP_OK);
    assert_int_equal(len, 24 + 44 + 392 + 68 + 384);
}

/* Trap 15 */
static void done_to_nobody_is_a_message(void **state)
{
    (void)state;
    uftp_message message;
    uint8_t bytes[SAMPLE_V4_LEN_MAX];
    size_t len = sample_v5_bytes(sample_v4_find("done_nobody"), bytes);
    assert_int_equal(decode(bytes, len, &message), UFTP_OK);
    assert_int_equal(message.as.done.clients.count, 0);
}

/* 3.5: version 5 has the signature's length in these bytes. */
static void keyinfo_has_no_signature_whatever_its_reserved_bytes_say(void **state)
{
    (void)state;
    uftp_message message;
    assert_int_equal(CHANGED("keyinfo", 2, &message, 0xff, 0xff), UFTP_OK);
    assert_int_equal(message.as.keyinfo.iv_counter, 0x0000000100000002);
    assert_int_equal(message.as.keyinfo.signature.len, 0);
    assert_int_equal(message.as.keyinfo.entry_count, 1);
    static const uint8_t signature[4];
    message.as.keyinfo.signature = (uftp_bytes){signature, 4};
    uint8_t out[128];
    size_t len;
    assert_int_equal(v4_encode(&message, out, sizeof out, &len), UFTP_ERR_MALFORMED);
}

/* 3.6: always 12 bytes, whatever the hash. */
static void keyinfo_ack_has_twelve_bytes_of_verify_data(void **state)
{
    (void)state;
    uftp_message message;
    assert_int_equal(CHANGED("keyinfo_ack", 1, &message, 3), UFTP_ERR_TRUNCATED);
    assert_int_equal(CHANGED("keyinfo_ack", 1, &message, 4), UFTP_OK);
    assert_int_equal(message.as.keyinfo_ack.verify_data.len, UFTP_V4_VERIFY_LEN);
    static const uint8_t data[32];
    const uftp_message long_one = {.type = UFTP_MESSAGE_KEYINFO_ACK,
                                   .as.keyinfo_ack.verify_data = {data, 32}};
    uint8_t out[64];
    size_t len;
    assert_int_equal(v4_encode(&long_one, out, sizeof out, &len), UFTP_ERR_MALFORMED);
}

/* 3.7: version 5 has the high bits of the time in these bytes. */
static void fileinfo_has_32_bits_of_file_time(void **state)
{
    (void)state;
    uftp_message message;
    assert_int_equal(CHANGED("fileinfo_regular", 6, &message, 0xff, 0xff), UFTP_OK);
    assert_int_equal(message.as.fileinfo.mtime, 0x6b003372);
    message.as.fileinfo.mtime = UINT64_C(0x100000000);
    uint8_t out[128];
    size_t len;
    assert_int_equal(v4_encode(&message, out, sizeof out, &len), UFTP_ERR_LIMIT);
}

/* 3.8: no carry is lost when microseconds reach a second, and nothing wraps at the end of time. */
static void times_outside_their_range_neither_wrap_nor_block(void **state)
{
    (void)state;
    uftp_message message;
    assert_int_equal(CHANGED("fileinfo_ack_partial", 8, &message, 0, 0, 0, 1, 0, 0x0f, 0x42, 0x41),
                     UFTP_OK);
    assert_int_equal(message.as.fileinfo_ack.timestamp_us, 2000001);
    assert_int_equal(CHANGED("fileinfo_ack_partial", 8, &message, 0xff, 0xff, 0xff, 0xff, 0xff,
                             0xff, 0xff, 0xff),
                     UFTP_OK);
    assert_int_equal(message.as.fileinfo_ack.timestamp_us, UINT64_C(4294967295999999));
    uint8_t out[64];
    size_t len;
    assert_int_equal(v4_encode(&message, out, sizeof out, &len), UFTP_OK);
    message.as.fileinfo_ack.timestamp_us++;
    assert_int_equal(v4_encode(&message, out, sizeof out, &len), UFTP_ERR_LIMIT);
}

/* 3.1: the extension is as long as its parts say, to the byte. */
static void enc_info_that_its_parts_do_not_fill_is_refused(void **state)
{
    (void)state;
    uftp_message message;
    static const char name[] = "announce_ecdh_rsa_unsigned";
    for (size_t field = 6; field <= 10; field += 2) {
        assert_int_equal(CHANGED(name, ENC_INFO + field, &message, 0, 0), UFTP_ERR_MALFORMED);
        assert_int_equal(CHANGED(name, ENC_INFO + field, &message, 0, 12), UFTP_ERR_MALFORMED);
        assert_int_equal(CHANGED(name, ENC_INFO + field, &message, 0xff, 0xff), UFTP_ERR_MALFORMED);
    }
    /* The same sum, but no ECDH key, or nothing signed. */
    assert_int_equal(CHANGED(name, ENC_INFO + 6, &message, 0, 12, 0, 0, 0, 4), UFTP_ERR_MALFORMED);
    assert_int_equal(CHANGED(name, ENC_INFO + 6, &message, 0, 12, 0, 4, 0, 0), UFTP_ERR_MALFORMED);
    /* An RSA exchange that has both. */
    assert_int_equal(CHANGED(name, ENC_INFO + 3, &message, 0x13), UFTP_ERR_MALFORMED);
}

/* 4: what there is of each number, and that AEAD and type 3 go together. */
static void suites_that_do_not_exist_are_unsupported(void **state)
{
    (void)state;
    int accepted = 0;
    for (unsigned types = 0; types <= UINT8_MAX; types++)
        for (unsigned cipher = 0; cipher < 12; cipher++)
            for (unsigned hash = 0; hash < 8; hash++) {
                uftp_message message;
                int err = CHANGED("announce_ecdh_rsa_unsigned", ENC_INFO + 3, &message,
                                  (uint8_t)types, (uint8_t)cipher, (uint8_t)hash);
                if (err == UFTP_OK)
                    accepted++;
                else
                    assert_true(err == UFTP_ERR_UNSUPPORTED || types >> 4 == 1);
            }
    /* 2 exchanges, 4 hashes; 4 ciphers in CBC with types 1 and 2, 4 AEAD with type 3. */
    assert_int_equal(accepted, 2 * 4 * (4 * 2 + 4));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_signed_is_written_with_zeros_for_the_signature),
        cmocka_unit_test(register_without_its_random_number_is_refused),
        cmocka_unit_test(status_without_a_bitmap_is_refused),
        cmocka_unit_test(announce_of_rsa_4096_with_ecdh_cannot_be_written),
        cmocka_unit_test(done_to_nobody_is_a_message),
        cmocka_unit_test(keyinfo_has_no_signature_whatever_its_reserved_bytes_say),
        cmocka_unit_test(keyinfo_ack_has_twelve_bytes_of_verify_data),
        cmocka_unit_test(fileinfo_has_32_bits_of_file_time),
        cmocka_unit_test(times_outside_their_range_neither_wrap_nor_block),
        cmocka_unit_test(enc_info_that_its_parts_do_not_fill_is_refused),
        cmocka_unit_test(suites_that_do_not_exist_are_unsupported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
