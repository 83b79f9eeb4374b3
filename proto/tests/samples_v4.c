/* SPDX-License-Identifier: MIT */
#include "samples_v4.h"

#include "sample_parts.h"
#include "support.h"

#include <string.h>

/* clang-format off */
/* 1795175313 s and 427750 us */
#define TIME (UINT64_C(1795175313) * 1000000 + 427750)
#define HEX_TIME "6b003391 000686e6"

#define ANNOUNCE_FIELDS \
    .timestamp_us = TIME, .block_size = 1300, .robust = 20, \
    .public_address = {.family = UFTP_IPV4, .bytes = {230, 4, 4, 1}}, \
    .private_address = {.family = UFTP_IPV4, .bytes = {230, 5, 5, 0xdc}}

const sample_v4 samples_v4[] = {
    {.name = "announce_plain",
     .hex = "01 06 00 14 00 00 0514 " HEX_TIME " e6040401 e60505dc",
     .message = {.type = UFTP_MESSAGE_ANNOUNCE, .as.announce = {ANNOUNCE_FIELDS}}},
    {.name = "announce_ipv6_tfmcc_closed",
     .hex = "01 0c 07 32 02 00 2260 " HEX_TIME
            " ff020000000000000000000000000001 ff020000000000000000000000000002 01020304 05060708",
     .message = {.type = UFTP_MESSAGE_ANNOUNCE, .as.announce = {
         .sync_mode = true, .sync_preview = true, .robust = 50, .cc_type = UFTP_CC_TFMCC,
         .block_size = 8800, .timestamp_us = TIME,
         .public_address = {.family = UFTP_IPV6, .bytes = {0xff, 2, [15] = 1}},
         .private_address = {.family = UFTP_IPV6, .bytes = {0xff, 2, [15] = 2}},
         .members = UIDS(0, 2)}}},
    {.name = "announce_rsa_hmac", /* neither ECDH key nor signature */
     .hex = "01 13 00 14 00 00 0514 " HEX_TIME " e6040401 e60505dc"
            "01 0d 00 11 04 02 0008 0000 0000 " HEX_1_32 " 0102030405060708",
     .message = {.type = UFTP_MESSAGE_ANNOUNCE, .as.announce = {
         ANNOUNCE_FIELDS, .encrypted = true,
         .enc_info = {.key_exchange = UFTP_KEY_EXCHANGE_RSA, .sigtype = UFTP_SIGTYPE_HMAC,
                      .cipher = UFTP_CIPHER_AES256_CBC, .hash = UFTP_HASH_SHA1,
                      .random = pattern, .public_key = BLOB(0, 8)}}}},
    {.name = "announce_ecdh_ecdsa_keyex",
     .hex = "01 15 00 14 00 00 0514 " HEX_TIME " e6040401 e60505dc"
            "01 0f 01 32 02 05 0008 0004 0004 " HEX_1_32 " 0102030405060708 090a0b0c 0d0e0f10"
            "05060708",
     .message = {.type = UFTP_MESSAGE_ANNOUNCE, .as.announce = {
         ANNOUNCE_FIELDS, .encrypted = true,
         .enc_info = {.client_auth = true, .key_exchange = UFTP_KEY_EXCHANGE_ECDH_ECDSA,
                      .sigtype = UFTP_SIGTYPE_KEYEX, .cipher = UFTP_CIPHER_3DES_CBC,
                      .hash = UFTP_HASH_SHA512, .random = pattern, .public_key = BLOB(0, 8),
                      .ecdh_key = BLOB(8, 4), .signature = BLOB(12, 4)},
         .members = UIDS(4, 1)}}},
    {.name = "announce_ecdh_rsa_unsigned", /* the form that is signed: zeros, lengths in place */
     .hex = "01 15 00 14 00 00 0514 " HEX_TIME " e6040401 e60505dc"
            "01 0f 00 23 06 03 0008 0004 0004 " HEX_1_32 " 0102030405060708 090a0b0c 00000000",
     .message = {.type = UFTP_MESSAGE_ANNOUNCE, .as.announce = {
         ANNOUNCE_FIELDS, .encrypted = true,
         .enc_info = {.key_exchange = UFTP_KEY_EXCHANGE_ECDH_RSA, .sigtype = UFTP_SIGTYPE_AUTHENC,
                      .cipher = UFTP_CIPHER_AES256_GCM, .hash = UFTP_HASH_SHA256,
                      .random = pattern, .public_key = BLOB(0, 8), .ecdh_key = BLOB(8, 4),
                      .signature = {(const uint8_t[4]){0}, 4}}}}},
    {.name = "register_plain", /* trap 10 */
     .hex = "02 0b 0000 " HEX_TIME, .zeros = 32,
     .message = {.type = UFTP_MESSAGE_REGISTER, .as.registration = {
         .timestamp_us = TIME, .random = (const uint8_t[UFTP_RANDOM_LEN]){0}}}},
    {.name = "register_from_proxy",
     .hex = "02 0d 0008 " HEX_TIME HEX_1_32 "0102030405060708 05060708 090a0b0c",
     .message = {.type = UFTP_MESSAGE_REGISTER, .as.registration = {
         .timestamp_us = TIME, .random = pattern, .ecdh_key = BLOB(0, 8),
         .clients = UIDS(4, 2)}}},
    {.name = "client_key",
     .hex = "03 06 0000 000c 0004 0102030405060708090a0b0c 0d0e0f10",
     .message = {.type = UFTP_MESSAGE_CLIENT_KEY, .as.client_key = {
         .public_key = BLOB(0, 12), .signature = BLOB(12, 4)}}},
    {.name = "reg_conf",
     .hex = "04 01 0000 01020304 05060708",
     .message = {.type = UFTP_MESSAGE_REG_CONF, .as.reg_conf = {.clients = UIDS(0, 2)}}},
    {.name = "keyinfo",
     .hex = "05 03 0000 0000000100000002" HEX_1_32 HEX_33_52,
     .message = {.type = UFTP_MESSAGE_KEYINFO, .as.keyinfo = {
         .iv_counter = 0x0000000100000002, .entries = pattern, .entry_count = 1}}},
    {.name = "keyinfo_ack",
     .hex = "06 04 0000 0102030405060708090a0b0c",
     .message = {.type = UFTP_MESSAGE_KEYINFO_ACK, .as.keyinfo_ack = {
         .verify_data = BLOB(0, 12)}}},
    {.name = "fileinfo_regular",
     .hex = "07 0a 0001 00 000000 03 00 0003 00004e20 6b003372 " HEX_TIME
            " 7372632f6632306b2e62696e 01020304",
     .message = {.type = UFTP_MESSAGE_FILEINFO, .as.fileinfo = {
         .file_id = 1, .file_type = UFTP_FILE_REGULAR, .size = 0x000300004e20,
         .mtime = 0x6b003372, .timestamp_us = TIME, .name = TEXT("src/f20k.bin"),
         .clients = UIDS(0, 1)}}},
    {.name = "fileinfo_symlink",
     .hex = "07 0d 0002 02 000000 03 03 0000 00000000 00000000 " HEX_TIME
            " 7372632f6c696e6b31000000 736d616c6c2e747874000000",
     .message = {.type = UFTP_MESSAGE_FILEINFO, .as.fileinfo = {
         .file_id = 2, .file_type = UFTP_FILE_SYMLINK, .timestamp_us = TIME,
         .name = TEXT("src/link1"), .link = TEXT("small.txt")}}},
    {.name = "fileinfo_ack_partial",
     .hex = "08 04 0001 01 000000 " HEX_TIME " 01020304",
     .message = {.type = UFTP_MESSAGE_FILEINFO_ACK, .as.fileinfo_ack = {
         .file_id = 1, .partial = true, .timestamp_us = TIME, .clients = UIDS(0, 1)}}},
    {.name = "fileseg_tfmcc",
     .hex = "09 04 0001 0000 ffff 02 02 20c5 0011 481e 0102030405",
     .message = {.type = UFTP_MESSAGE_FILESEG, .as.fileseg = {
         .file_id = 1, .block = 65535, .has_tfmcc = true,
         .tfmcc = {.send_rate = 0x20c5, .cc_seq = 0x11, .cc_rate = 0x481e},
         .data = BLOB(0, 5)}}},
    {.name = "done",
     .hex = "0a 02 0001 0007 0000 01020304",
     .message = {.type = UFTP_MESSAGE_DONE, .as.done = {
         .file_id = 1, .section = 7, .clients = UIDS(0, 1)}}},
    {.name = "done_nobody", /* trap 15 */
     .hex = "0a 02 0003 0007 0000",
     .message = {.type = UFTP_MESSAGE_DONE, .as.done = {.file_id = 3, .section = 7}}},
    {.name = "status",
     .hex = "0b 02 0001 0000 0000 100000",
     .message = {.type = UFTP_MESSAGE_STATUS, .as.status = {
         .file_id = 1, .naks = {.data = (const uint8_t[]){0x10, 0, 0}, .len = 3}}}},
    {.name = "status_tfmcc",
     .hex = "0b 07 0001 0002 0000 03 05 06 00 0011 481e 0a4d0502 " HEX_TIME " 01",
     .message = {.type = UFTP_MESSAGE_STATUS, .as.status = {
         .file_id = 1, .section = 2, .has_tfmcc = true,
         .tfmcc = {.flags = UFTP_TFMCC_RTT | UFTP_TFMCC_START, .cc_seq = 0x11, .cc_rate = 0x481e,
                   .client = 0x0a4d0502, .timestamp_us = TIME},
         .naks = BLOB(0, 1)}}},
    {.name = "complete_free_space",
     .hex = "0c 05 0003 00 000000 07 03 0000 7fffffffffffffff",
     .message = {.type = UFTP_MESSAGE_COMPLETE, .as.complete = {
         .file_id = 3, .has_free_space = true, .free_space = INT64_MAX}}},
    {.name = "done_conf",
     .hex = "0d 01 0000 01020304",
     .message = {.type = UFTP_MESSAGE_DONE_CONF, .as.done_conf = {.clients = UIDS(0, 1)}}},
    {.name = "hb_req",
     .hex = "0e 06 0000 0008 0004 deadbeef 0102030405060708 090a0b0c",
     .message = {.type = UFTP_MESSAGE_HB_REQ, .as.hb_req = {
         .nonce = 0xdeadbeef, .public_key = BLOB(0, 8), .signature = BLOB(8, 4)}}},
    {.name = "hb_resp_challenge",
     .hex = "0f 02 02 00 deadbeef",
     .message = {.type = UFTP_MESSAGE_HB_RESP, .as.hb_resp = {.result = 2, .nonce = 0xdeadbeef}}},
    {.name = "key_req",
     .hex = "10 01 0000",
     .message = {.type = UFTP_MESSAGE_KEY_REQ}},
    {.name = "proxy_key_rsa",
     .hex = "11 06 0008 0000 0004 deadbeef 0102030405060708 090a0b0c",
     .message = {.type = UFTP_MESSAGE_PROXY_KEY, .as.proxy_key = {
         .nonce = 0xdeadbeef, .public_key = BLOB(0, 8), .signature = BLOB(8, 4)}}},
    {.name = "proxy_key_ecdh",
     .hex = "11 07 0008 0004 0004 deadbeef 0102030405060708 090a0b0c 0d0e0f10",
     .message = {.type = UFTP_MESSAGE_PROXY_KEY, .as.proxy_key = {
         .nonce = 0xdeadbeef, .public_key = BLOB(0, 8), .ecdh_key = BLOB(8, 4),
         .signature = BLOB(12, 4)}}},
    {.name = "abort",
     .hex = "13 4d 01 00 0a4d0502 5374 6f70", .zeros = 296,
     .message = {.type = UFTP_MESSAGE_ABORT, .as.abort = {
         .current_file = true, .host = 0x0a4d0502, .text = TEXT("Stop")}}},
    {.name = "cong_ctrl",
     .hex = "14 04 0000 0011 481e " HEX_TIME " 01020304 05 06 0708",
     .message = {.type = UFTP_MESSAGE_CONG_CTRL, .as.cong_ctrl = {
         .cc_seq = 0x11, .cc_rate = 0x481e, .timestamp_us = TIME, .items = pattern,
         .item_count = 1}}},
    {.name = "cc_ack",
     .hex = "15 06 0000 03 05 02 00 0011 481e 0a4d0502 " HEX_TIME,
     .message = {.type = UFTP_MESSAGE_CC_ACK, .as.cc_ack = {
         .tfmcc = {.flags = UFTP_TFMCC_RTT, .cc_seq = 0x11, .cc_rate = 0x481e,
                   .client = 0x0a4d0502, .timestamp_us = TIME}}}},
};
/* clang-format on */
const size_t samples_v4_count = sizeof samples_v4 / sizeof *samples_v4;

const sample_v4 *sample_v4_find(const char *name)
{
    for (size_t i = 0; i < samples_v4_count; i++)
        if (strcmp(samples_v4[i].name, name) == 0)
            return &samples_v4[i];
    fail_msg("no sample %s", name);
    return NULL;
}
