/* SPDX-License-Identifier: MIT */
#include "samples_v5.h"

#include "sample_parts.h"

#include <string.h>

/* clang-format off */
#define TIME 0x000660b42da5c0d8
#define HEX_TIME "000660b42da5c0d8"

const sample_v5 samples_v5[] = {
    {.name = "announce_open_ipv4",
     .hex = "01 06 00 0a 00 00 0514 " HEX_TIME " e6040401 e60505e0",
     .message = {.type = UFTP_MESSAGE_ANNOUNCE, .as.announce = {
         .robust = 10, .block_size = 1300, .timestamp_us = TIME,
         .public_address = {.family = UFTP_IPV4, .bytes = {230, 4, 4, 1}},
         .private_address = {.family = UFTP_IPV4, .bytes = {230, 5, 5, 0xe0}}}}},
    {.name = "announce_closed_ipv6_tfmcc",
     .hex = "01 0c 04 32 02 00 2260 " HEX_TIME
            " ff020000000000000000000000000001 ff020000000000000000000000000002 01020304 05060708",
     .message = {.type = UFTP_MESSAGE_ANNOUNCE, .as.announce = {
         .robust = 50, .cc_type = UFTP_CC_TFMCC, .block_size = 8800, .timestamp_us = TIME,
         .public_address = {.family = UFTP_IPV6, .bytes = {0xff, 2, [15] = 1}},
         .private_address = {.family = UFTP_IPV6, .bytes = {0xff, 2, [15] = 2}},
         .members = UIDS(0, 2)}}},
    {.name = "announce_unicast_sync",
     .hex = "01 06 01 14 00 00 0200 " HEX_TIME " 00000000 00000000",
     .message = {.type = UFTP_MESSAGE_ANNOUNCE, .as.announce = {
         .sync_mode = true, .robust = 20, .block_size = 512, .timestamp_us = TIME,
         .public_address = {.family = UFTP_IPV4}, .private_address = {.family = UFTP_IPV4}}}},
    {.name = "announce_encrypted_preview",
     .hex = "01 16 03 14 00 00 0514 " HEX_TIME " e6040401 e60505e0"
            "01 10 01 00 06 03 0008 0004 0008 " HEX_1_32
            " 0102030405060708 090a0b0c 0d0e0f1011121314 05060708",
     .message = {.type = UFTP_MESSAGE_ANNOUNCE, .as.announce = {
         .sync_mode = true, .sync_preview = true, .robust = 20, .block_size = 1300,
         .timestamp_us = TIME,
         .public_address = {.family = UFTP_IPV4, .bytes = {230, 4, 4, 1}},
         .private_address = {.family = UFTP_IPV4, .bytes = {230, 5, 5, 0xe0}},
         .encrypted = true,
         .enc_info = {.client_auth = true, .cipher = UFTP_CIPHER_AES256_GCM,
                      .hash = UFTP_HASH_SHA256, .random = pattern, .public_key = BLOB(0, 8),
                      .ecdh_key = BLOB(8, 4), .signature = BLOB(12, 8)},
         .members = UIDS(4, 1)}}},
    {.name = "register_plain",
     .hex = "02 0b 0000 " HEX_TIME, .zeros = 32,
     .message = {.type = UFTP_MESSAGE_REGISTER, .as.registration = {
         .timestamp_us = TIME, .random = (const uint8_t[UFTP_RANDOM_LEN]){0}}}},
    {.name = "register_encrypted",
     .hex = "02 0e 000c " HEX_TIME HEX_1_32 "0102030405060708090a0b0c",
     .message = {.type = UFTP_MESSAGE_REGISTER, .as.registration = {
         .timestamp_us = TIME, .random = pattern, .ecdh_key = BLOB(0, 12)}}},
    {.name = "register_from_proxy",
     .hex = "02 0c 0004 " HEX_TIME HEX_1_32 "01020304 05060708 090a0b0c 0d0e0f10",
     .message = {.type = UFTP_MESSAGE_REGISTER, .as.registration = {
         .timestamp_us = TIME, .random = pattern, .ecdh_key = BLOB(0, 4),
         .clients = UIDS(4, 3)}}},
    {.name = "client_key",
     .hex = "03 06 0000 000c 0004 0102030405060708090a0b0c 0d0e0f10",
     .message = {.type = UFTP_MESSAGE_CLIENT_KEY, .as.client_key = {
         .public_key = BLOB(0, 12), .signature = BLOB(12, 4)}}},
    {.name = "reg_conf",
     .hex = "04 01 0000 01020304 05060708",
     .message = {.type = UFTP_MESSAGE_REG_CONF, .as.reg_conf = {.clients = UIDS(0, 2)}}},
    {.name = "keyinfo",
     .hex = "05 05 0008 0000000100000002 0102030405060708" HEX_1_32 HEX_33_52 HEX_53_104,
     .message = {.type = UFTP_MESSAGE_KEYINFO, .as.keyinfo = {
         .iv_counter = 0x0000000100000002, .signature = BLOB(0, 8), .entries = pattern,
         .entry_count = 2}}},
    {.name = "keyinfo_ack",
     .hex = "06 09 0000 " HEX_1_32,
     .message = {.type = UFTP_MESSAGE_KEYINFO_ACK, .as.keyinfo_ack = {
         .verify_data = BLOB(0, 32)}}},
    {.name = "fileinfo_regular", /* 12 characters: no NUL; size and mtime of more than 32 bits */
     .hex = "07 0a 0001 00 00 0002 03 00 0003 00004e20 6b003372 " HEX_TIME
            " 7372632f6632306b2e62696e 01020304",
     .message = {.type = UFTP_MESSAGE_FILEINFO, .as.fileinfo = {
         .file_id = 1, .file_type = UFTP_FILE_REGULAR, .size = 0x000300004e20,
         .mtime = 0x00026b003372, .timestamp_us = TIME, .name = TEXT("src/f20k.bin"),
         .clients = UIDS(0, 1)}}},
    {.name = "fileinfo_symlink",
     .hex = "07 0d 0002 02 00 0000 03 03 0000 00000000 00000000 " HEX_TIME
            " 7372632f6c696e6b31000000 736d616c6c2e747874000000",
     .message = {.type = UFTP_MESSAGE_FILEINFO, .as.fileinfo = {
         .file_id = 2, .file_type = UFTP_FILE_SYMLINK, .timestamp_us = TIME,
         .name = TEXT("src/link1"), .link = TEXT("small.txt")}}},
    {.name = "fileinfo_ack_partial",
     .hex = "08 04 0001 01 000000 " HEX_TIME,
     .message = {.type = UFTP_MESSAGE_FILEINFO_ACK, .as.fileinfo_ack = {
         .file_id = 1, .partial = true, .timestamp_us = TIME}}},
    {.name = "fileinfo_ack_from_proxy",
     .hex = "08 04 ffff 00 000000 " HEX_TIME " 01020304",
     .message = {.type = UFTP_MESSAGE_FILEINFO_ACK, .as.fileinfo_ack = {
         .file_id = 65535, .timestamp_us = TIME, .clients = UIDS(0, 1)}}},
    {.name = "fileseg_odd_length",
     .hex = "09 02 0001 0203 0405 0102030405",
     .message = {.type = UFTP_MESSAGE_FILESEG, .as.fileseg = {
         .file_id = 1, .section = 0x0203, .block = 0x0405, .data = BLOB(0, 5)}}},
    {.name = "fileseg_tfmcc",
     .hex = "09 04 0001 0000 ffff 02 02 20c5 0011 481e 01020304",
     .message = {.type = UFTP_MESSAGE_FILESEG, .as.fileseg = {
         .file_id = 1, .block = 65535, .has_tfmcc = true,
         .tfmcc = {.send_rate = 0x20c5, .cc_seq = 0x11, .cc_rate = 0x481e},
         .data = BLOB(0, 4)}}},
    {.name = "done",
     .hex = "0a 02 0001 0007 0000 01020304 05060708",
     .message = {.type = UFTP_MESSAGE_DONE, .as.done = {
         .file_id = 1, .section = 7, .clients = UIDS(0, 2)}}},
    {.name = "done_session_nobody",
     .hex = "0a 02 0000 0000 0000",
     .message = {.type = UFTP_MESSAGE_DONE, .as.done = {0}}},
    {.name = "status", /* 16 blocks: three bytes */
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
    {.name = "complete",
     .hex = "0c 02 0001 02 000000",
     .message = {.type = UFTP_MESSAGE_COMPLETE, .as.complete = {
         .file_id = 1, .status = UFTP_COMPLETE_OVERWRITE}}},
    {.name = "complete_free_space_from_proxy",
     .hex = "0c 05 0003 00 000000 07 03 0000 7fffffffffffffff 01020304",
     .message = {.type = UFTP_MESSAGE_COMPLETE, .as.complete = {
         .file_id = 3, .has_free_space = true, .free_space = INT64_MAX,
         .clients = UIDS(0, 1)}}},
    {.name = "done_conf",
     .hex = "0d 01 0000 01020304",
     .message = {.type = UFTP_MESSAGE_DONE_CONF, .as.done_conf = {.clients = UIDS(0, 1)}}},
    {.name = "hb_req_signed",
     .hex = "0e 06 0000 0008 0004 deadbeef 0102030405060708 090a0b0c",
     .message = {.type = UFTP_MESSAGE_HB_REQ, .as.hb_req = {
         .nonce = 0xdeadbeef, .public_key = BLOB(0, 8), .signature = BLOB(8, 4)}}},
    {.name = "hb_req_bare",
     .hex = "0e 03 0000 0000 0000 00000000",
     .message = {.type = UFTP_MESSAGE_HB_REQ, .as.hb_req = {0}}},
    {.name = "hb_resp_challenge",
     .hex = "0f 02 02 00 deadbeef",
     .message = {.type = UFTP_MESSAGE_HB_RESP, .as.hb_resp = {.result = 2, .nonce = 0xdeadbeef}}},
    {.name = "proxy_key",
     .hex = "11 07 0008 0004 0008 0102030405060708 090a0b0c 0d0e0f1011121314",
     .message = {.type = UFTP_MESSAGE_PROXY_KEY, .as.proxy_key = {
         .public_key = BLOB(0, 8), .ecdh_key = BLOB(8, 4), .signature = BLOB(12, 8)}}},
    {.name = "proxy_key_plain",
     .hex = "11 02 0000 0000 0000",
     .message = {.type = UFTP_MESSAGE_PROXY_KEY, .as.proxy_key = {.public_key = {0}}}},
    {.name = "abort",
     .hex = "13 4d 01 00 0a4d0502 676f6e65", .zeros = 296,
     .message = {.type = UFTP_MESSAGE_ABORT, .as.abort = {
         .current_file = true, .host = 0x0a4d0502, .text = TEXT("gone")}}},
    {.name = "cong_ctrl",
     .hex = "14 04 0000 0011 481e " HEX_TIME " 01020304 05 06 0000 090a0b0c 02 88 0000",
     .message = {.type = UFTP_MESSAGE_CONG_CTRL, .as.cong_ctrl = {
         .cc_seq = 0x11, .cc_rate = 0x481e, .timestamp_us = TIME,
         .items = (const uint8_t[]){1, 2, 3, 4, 5, 6, 0, 0, 9, 10, 11, 12, 2, 0x88, 0, 0},
         .item_count = 2}}},
    {.name = "cc_ack",
     .hex = "15 06 0000 03 05 02 00 0011 481e 0a4d0502 " HEX_TIME,
     .message = {.type = UFTP_MESSAGE_CC_ACK, .as.cc_ack = {
         .tfmcc = {.flags = UFTP_TFMCC_RTT, .cc_seq = 0x11, .cc_rate = 0x481e,
                   .client = 0x0a4d0502, .timestamp_us = TIME}}}},
};
/* clang-format on */

const size_t samples_v5_count = sizeof samples_v5 / sizeof *samples_v5;

const uftp_header sample_v5_header = {.version = 0x50,
                                      .seq = 0x1234,
                                      .source = 0x0a4d0501,
                                      .group = 0x3d30c238,
                                      .instance = 2,
                                      .grtt = 0x6a,
                                      .group_size = 0x18};

static uint8_t digit(char c)
{
    return (uint8_t)(c <= '9' ? c - '0' : c - 'a' + 10);
}

size_t sample_v5_bytes(const sample_v5 *sample, uint8_t out[SAMPLE_V5_LEN_MAX])
{
    size_t len = 0;
    for (const char *at = sample->hex; *at;) {
        if (*at == ' ') {
            at++;
            continue;
        }
        out[len++] = (uint8_t)(digit(at[0]) << 4 | digit(at[1]));
        at += 2;
    }
    memset(out + len, 0, sample->zeros);
    return len + sample->zeros;
}

const sample_v5 *sample_v5_find(const char *name)
{
    for (size_t i = 0; i < samples_v5_count; i++)
        if (strcmp(samples_v5[i].name, name) == 0)
            return &samples_v5[i];
    return NULL;
}
