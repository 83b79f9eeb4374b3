/* SPDX-License-Identifier: MIT */
#include "generate_v5.h"

/* A number of `bits` bits: all zero, all one, or any. */
static uint64_t number(test_random *random, unsigned bits)
{
    uint64_t mask = UINT64_MAX >> (64 - bits);
    switch (test_random_below(random, 8)) {
    case 0:
        return 0;
    case 1:
        return mask;
    default:
        return test_random_u64(random) & mask;
    }
}

#define U8(random) (uint8_t) number(random, 8)
#define U16(random) (uint16_t) number(random, 16)
#define U32(random) (uint32_t) number(random, 32)
#define U64(random) number(random, 64)

static bool coin(test_random *random)
{
    return test_random_below(random, 2);
}

/* least..most, both often. */
static size_t length(test_random *random, size_t least, size_t most)
{
    switch (test_random_below(random, 8)) {
    case 0:
        return least;
    case 1:
        return most;
    default:
        return least + test_random_below(random, most - least + 1);
    }
}

static uftp_bytes blob(test_random *random, const generated_v5 *out, size_t len)
{
    return (uftp_bytes){.data = out->bytes + test_random_below(random, sizeof out->bytes - len + 1),
                        .len = len};
}

/* Cuts `count` blobs out of at most `room` bytes, so that together they end at a word. */
static void blobs(test_random *random, const generated_v5 *out, size_t room, size_t count,
                  uftp_bytes *const into[])
{
    size_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        *into[i] = blob(random, out, length(random, 0, (room - sum) / (count - i)));
        sum += into[i]->len;
    }
    size_t padding = (4 - sum % 4) % 4; /* room is a multiple of 4: it fits */
    *into[count - 1] = blob(random, out, into[count - 1]->len + padding);
}

static uftp_uid_list uids(test_random *random, const generated_v5 *out)
{
    size_t count = length(random, 0, UFTP_BLOCK_SIZE_MAX / 4);
    return (uftp_uid_list){.bytes = blob(random, out, 4 * count).data, .count = count};
}

static uftp_address address(test_random *random, uint8_t family)
{
    uftp_address result = {.family = family};
    bool zero = test_random_below(random, 8) == 0;
    for (size_t i = 0; i < (family == UFTP_IPV4 ? 4 : 16) && !zero; i++)
        result.bytes[i] = (uint8_t)test_random_u64(random);
    return result;
}

static uftp_announce announce(test_random *random, const generated_v5 *out)
{
    uint8_t family = coin(random) ? UFTP_IPV4 : UFTP_IPV6;
    uftp_announce result = {.sync_preview = coin(random),
                            .robust = (uint8_t)length(random, 1, 255),
                            .cc_type = U8(random),
                            .block_size =
                                (uint16_t)length(random, UFTP_BLOCK_SIZE_MIN, UFTP_BLOCK_SIZE_MAX),
                            .timestamp_us = U64(random),
                            .public_address = address(random, family),
                            .private_address = address(random, family),
                            .encrypted = coin(random),
                            .members = uids(random, out)};
    result.sync_mode = result.sync_preview || coin(random);
    if (result.encrypted) {
        uftp_enc_info *info = &result.enc_info;
        *info = (uftp_enc_info){
            .client_auth = coin(random),
            .cipher = (uint8_t)length(random, UFTP_CIPHER_AES128_GCM, UFTP_CIPHER_AES256_CCM),
            .hash = (uint8_t)length(random, UFTP_HASH_SHA256, UFTP_HASH_SHA512),
            .random = blob(random, out, UFTP_RANDOM_LEN).data};
        uftp_bytes *const into[] = {&info->public_key, &info->ecdh_key, &info->signature};
        blobs(random, out, 1020 - 16 - (family == UFTP_IPV4 ? 8 : 32) - 44, 3, into);
    }
    return result;
}

static uftp_register registration(test_random *random, const generated_v5 *out)
{
    return (uftp_register){.timestamp_us = U64(random),
                           .random = blob(random, out, UFTP_RANDOM_LEN).data,
                           .ecdh_key = blob(random, out, 4 * length(random, 0, (1020 - 44) / 4)),
                           .clients = uids(random, out)};
}

static uftp_keyinfo keyinfo(test_random *random, const generated_v5 *out)
{
    size_t count = length(random, 0, UFTP_BLOCK_SIZE_MAX / UFTP_KEYINFO_ENTRY_LEN);
    return (uftp_keyinfo){.iv_counter = U64(random),
                          .signature = blob(random, out, 4 * length(random, 0, (1020 - 12) / 4)),
                          .entries = blob(random, out, count * UFTP_KEYINFO_ENTRY_LEN).data,
                          .entry_count = count};
}

static uftp_bytes text(test_random *random, const generated_v5 *out, size_t most)
{
    return (uftp_bytes){.data = out->text, .len = length(random, 0, most)};
}

static uftp_fileinfo fileinfo(test_random *random, const generated_v5 *out)
{
    return (uftp_fileinfo){.file_id = (uint16_t)length(random, 1, 65535),
                           .file_type = U8(random),
                           .size = number(random, 48),
                           .mtime = number(random, 48),
                           .timestamp_us = U64(random),
                           .name = text(random, out, UFTP_NAME_MAX),
                           .link = text(random, out, UFTP_NAME_MAX),
                           .clients = uids(random, out)};
}

static uftp_fileseg fileseg(test_random *random, const generated_v5 *out)
{
    uftp_fileseg result = {.file_id = U16(random),
                           .section = U16(random),
                           .block = U16(random),
                           .has_tfmcc = coin(random),
                           .data = blob(random, out, length(random, 1, UFTP_BLOCK_SIZE_MAX))};
    if (result.has_tfmcc)
        result.tfmcc = (uftp_tfmcc_data){
            .send_rate = U16(random), .cc_seq = U16(random), .cc_rate = U16(random)};
    return result;
}

static uftp_tfmcc_ack tfmcc_ack(test_random *random)
{
    return (uftp_tfmcc_ack){.flags = U8(random),
                            .cc_seq = U16(random),
                            .cc_rate = U16(random),
                            .client = U32(random),
                            .timestamp_us = U64(random)};
}

static uftp_status status(test_random *random, const generated_v5 *out)
{
    uftp_status result = {.file_id = U16(random),
                          .section = U16(random),
                          .has_tfmcc = coin(random),
                          .naks = blob(random, out, length(random, 1, UFTP_BLOCK_SIZE_MAX + 1))};
    if (result.has_tfmcc)
        result.tfmcc = tfmcc_ack(random);
    return result;
}

static uftp_complete complete(test_random *random, const generated_v5 *out)
{
    bool has_free_space = coin(random);
    return (uftp_complete){.file_id = U16(random),
                           .status = U8(random),
                           .has_free_space = has_free_space,
                           .free_space = has_free_space ? U64(random) : 0,
                           .clients = uids(random, out)};
}

static uftp_cong_ctrl cong_ctrl(test_random *random, const generated_v5 *out)
{
    size_t count = length(random, 0, UFTP_BLOCK_SIZE_MAX / UFTP_CONG_ITEM_LEN);
    return (uftp_cong_ctrl){.cc_seq = U16(random),
                            .cc_rate = U16(random),
                            .timestamp_us = U64(random),
                            .items = blob(random, out, count * UFTP_CONG_ITEM_LEN).data,
                            .item_count = count};
}

void generate_header_v5(test_random *random, uftp_header *out)
{
    *out = (uftp_header){.version = 0x50,
                         .type = U8(random),
                         .seq = U16(random),
                         .source = U32(random),
                         .group = U32(random),
                         .instance = U8(random),
                         .grtt = U8(random),
                         .group_size = U8(random)};
}

static void fill(test_random *random, generated_v5 *out)
{
    random->random.fill(random->random.ctx, sizeof out->bytes, out->bytes);
    for (size_t i = 0; i < sizeof out->text; i++)
        out->text[i] = (uint8_t)(1 + test_random_below(random, 255));
}

void generate_message_v5(test_random *random, generated_v5 *out)
{
    fill(random, out);
    uftp_message *m = &out->message;
    *m = (uftp_message){.type = (uint8_t)(1 + test_random_below(random, UFTP_MESSAGE_TYPE_MAX))};
    switch ((uftp_message_type)m->type) {
    case UFTP_MESSAGE_ANNOUNCE:
        m->as.announce = announce(random, out);
        break;
    case UFTP_MESSAGE_REGISTER:
        m->as.registration = registration(random, out);
        break;
    case UFTP_MESSAGE_CLIENT_KEY: {
        uftp_bytes *const into[] = {&m->as.client_key.public_key, &m->as.client_key.signature};
        blobs(random, out, 1020 - 8, 2, into);
        break;
    }
    case UFTP_MESSAGE_REG_CONF:
        m->as.reg_conf.clients = uids(random, out);
        break;
    case UFTP_MESSAGE_KEYINFO:
        m->as.keyinfo = keyinfo(random, out);
        break;
    case UFTP_MESSAGE_KEYINFO_ACK:
        m->as.keyinfo_ack.verify_data = blob(random, out, 4 * length(random, 0, 1016 / 4));
        break;
    case UFTP_MESSAGE_FILEINFO:
        m->as.fileinfo = fileinfo(random, out);
        break;
    case UFTP_MESSAGE_FILEINFO_ACK:
        m->as.fileinfo_ack = (uftp_fileinfo_ack){.file_id = U16(random),
                                                 .partial = coin(random),
                                                 .timestamp_us = U64(random),
                                                 .clients = uids(random, out)};
        break;
    case UFTP_MESSAGE_KEY_REQ: /* of v4 */
    case UFTP_MESSAGE_ENCRYPTED:
        m->type = UFTP_MESSAGE_FILESEG;
        /* fall through */
    case UFTP_MESSAGE_FILESEG:
        m->as.fileseg = fileseg(random, out);
        break;
    case UFTP_MESSAGE_DONE:
        m->as.done = (uftp_done){
            .file_id = U16(random), .section = U16(random), .clients = uids(random, out)};
        break;
    case UFTP_MESSAGE_STATUS:
        m->as.status = status(random, out);
        break;
    case UFTP_MESSAGE_COMPLETE:
        m->as.complete = complete(random, out);
        break;
    case UFTP_MESSAGE_DONE_CONF:
        m->as.done_conf.clients = uids(random, out);
        break;
    case UFTP_MESSAGE_HB_REQ: {
        m->as.hb_req.nonce = U32(random);
        uftp_bytes *const into[] = {&m->as.hb_req.public_key, &m->as.hb_req.signature};
        blobs(random, out, 1020 - 12, 2, into);
        break;
    }
    case UFTP_MESSAGE_HB_RESP:
        m->as.hb_resp = (uftp_hb_resp){.result = U8(random), .nonce = U32(random)};
        break;
    case UFTP_MESSAGE_PROXY_KEY: {
        uftp_proxy_key *key = &m->as.proxy_key;
        uftp_bytes *const into[] = {&key->public_key, &key->ecdh_key, &key->signature};
        blobs(random, out, 1020 - 8, 3, into);
        break;
    }
    case UFTP_MESSAGE_ABORT:
        m->as.abort = (uftp_abort){.current_file = coin(random),
                                   .host = U32(random),
                                   .text = text(random, out, UFTP_ABORT_TEXT_MAX)};
        break;
    case UFTP_MESSAGE_CONG_CTRL:
        m->as.cong_ctrl = cong_ctrl(random, out);
        break;
    case UFTP_MESSAGE_CC_ACK:
        m->as.cc_ack.tfmcc = tfmcc_ack(random);
        break;
    }
}
