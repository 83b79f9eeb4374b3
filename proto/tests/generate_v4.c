/* SPDX-License-Identifier: MIT */
#include "generate_v4.h"

/* 32 bits of seconds and less than a second. */
#define TIME_COUNT (UINT64_C(0x100000000) * 1000000)

static void adapt_enc_info(test_random *random, uftp_enc_info *info)
{
    info->key_exchange = (uint8_t)(1 + test_random_below(random, 3));
    info->cipher = (uint8_t)(1 + test_random_below(random, 8));
    info->hash = (uint8_t)(2 + test_random_below(random, 4));
    info->sigtype = info->cipher >= UFTP_CIPHER_AES128_GCM
                        ? UFTP_SIGTYPE_AUTHENC
                        : (uint8_t)(1 + test_random_below(random, 2));
    if (info->key_exchange == UFTP_KEY_EXCHANGE_RSA) {
        info->ecdh_key = info->signature = (uftp_bytes){0};
        info->public_key.len -= info->public_key.len % 4;
    } else if (info->ecdh_key.len == 0 || info->signature.len == 0) {
        info->public_key.len = 4 * test_random_below(random, 100);
        info->ecdh_key = info->signature = (uftp_bytes){info->random, 16};
    }
}

/* The nonce takes a word of the header: one of the blobs gives it up. */
static void adapt_proxy_key(test_random *random, uftp_proxy_key *key)
{
    uftp_bytes *const blobs[] = {&key->public_key, &key->ecdh_key, &key->signature};
    key->nonce = (uint32_t)test_random_u64(random);
    for (size_t i = 0; i < 3; i++)
        if (blobs[i]->len >= 4) {
            blobs[i]->len -= 4;
            return;
        }
}

void generate_message_v4(test_random *random, generated_v5 *out)
{
    generate_message_v5(random, out);
    uftp_message *m = &out->message;
    if (test_random_below(random, UFTP_MESSAGE_TYPE_MAX) == 0)
        *m = (uftp_message){.type = UFTP_MESSAGE_KEY_REQ};
    switch ((uftp_message_type)m->type) {
    case UFTP_MESSAGE_ANNOUNCE:
        m->as.announce.timestamp_us %= TIME_COUNT;
        if (m->as.announce.encrypted)
            adapt_enc_info(random, &m->as.announce.enc_info);
        break;
    case UFTP_MESSAGE_REGISTER:
        m->as.registration.timestamp_us %= TIME_COUNT;
        break;
    case UFTP_MESSAGE_KEYINFO:
        m->as.keyinfo.signature = (uftp_bytes){0};
        break;
    case UFTP_MESSAGE_KEYINFO_ACK:
        m->as.keyinfo_ack.verify_data = (uftp_bytes){out->bytes, UFTP_V4_VERIFY_LEN};
        break;
    case UFTP_MESSAGE_FILEINFO:
        m->as.fileinfo.timestamp_us %= TIME_COUNT;
        m->as.fileinfo.mtime &= UINT32_MAX;
        break;
    case UFTP_MESSAGE_FILEINFO_ACK:
        m->as.fileinfo_ack.timestamp_us %= TIME_COUNT;
        break;
    case UFTP_MESSAGE_STATUS:
        m->as.status.tfmcc.timestamp_us %= TIME_COUNT;
        break;
    case UFTP_MESSAGE_PROXY_KEY:
        adapt_proxy_key(random, &m->as.proxy_key);
        break;
    case UFTP_MESSAGE_CONG_CTRL:
        m->as.cong_ctrl.timestamp_us %= TIME_COUNT;
        break;
    case UFTP_MESSAGE_CC_ACK:
        m->as.cc_ack.tfmcc.timestamp_us %= TIME_COUNT;
        break;
    case UFTP_MESSAGE_CLIENT_KEY: /* the rest is the same in both */
    case UFTP_MESSAGE_REG_CONF:
    case UFTP_MESSAGE_FILESEG:
    case UFTP_MESSAGE_DONE:
    case UFTP_MESSAGE_COMPLETE:
    case UFTP_MESSAGE_DONE_CONF:
    case UFTP_MESSAGE_HB_REQ:
    case UFTP_MESSAGE_HB_RESP:
    case UFTP_MESSAGE_KEY_REQ:
    case UFTP_MESSAGE_ENCRYPTED:
    case UFTP_MESSAGE_ABORT:
        break;
    }
}
