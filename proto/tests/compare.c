/* SPDX-License-Identifier: MIT */
#include "compare.h"

#include <string.h>

#define SAME(field) (a->field == b->field)

static bool same_memory(const uint8_t *a, const uint8_t *b, size_t len)
{
    if (len == 0)
        return true;
    return a && b && memcmp(a, b, len) == 0;
}

static bool same_bytes(uftp_bytes a, uftp_bytes b)
{
    return a.len == b.len && same_memory(a.data, b.data, a.len);
}

static bool same_uids(uftp_uid_list a, uftp_uid_list b)
{
    return a.count == b.count && same_memory(a.bytes, b.bytes, 4 * a.count);
}

static bool same_address(const uftp_address *a, const uftp_address *b)
{
    return SAME(family) && SAME(port) && SAME(scope) && memcmp(a->bytes, b->bytes, 16) == 0;
}

bool test_header_equal(const uftp_header *a, const uftp_header *b)
{
    return SAME(version) && SAME(type) && SAME(seq) && SAME(source) && SAME(group) &&
           SAME(instance) && SAME(grtt) && SAME(group_size);
}

static bool same_enc_info(const uftp_enc_info *a, const uftp_enc_info *b)
{
    return SAME(client_auth) && SAME(key_exchange) && SAME(sigtype) && SAME(cipher) && SAME(hash) &&
           same_memory(a->random, b->random, UFTP_RANDOM_LEN) &&
           same_bytes(a->public_key, b->public_key) && same_bytes(a->ecdh_key, b->ecdh_key) &&
           same_bytes(a->signature, b->signature);
}

static bool same_announce(const uftp_announce *a, const uftp_announce *b)
{
    return SAME(sync_mode) && SAME(sync_preview) && SAME(robust) && SAME(cc_type) &&
           SAME(block_size) && SAME(timestamp_us) && SAME(encrypted) &&
           same_address(&a->public_address, &b->public_address) &&
           same_address(&a->private_address, &b->private_address) &&
           (!a->encrypted || same_enc_info(&a->enc_info, &b->enc_info)) &&
           same_uids(a->members, b->members);
}

static bool same_register(const uftp_register *a, const uftp_register *b)
{
    return SAME(timestamp_us) && same_memory(a->random, b->random, UFTP_RANDOM_LEN) &&
           same_bytes(a->ecdh_key, b->ecdh_key) && same_uids(a->clients, b->clients);
}

static bool same_client_key(const uftp_client_key *a, const uftp_client_key *b)
{
    return same_bytes(a->public_key, b->public_key) && same_bytes(a->signature, b->signature);
}

static bool same_keyinfo(const uftp_keyinfo *a, const uftp_keyinfo *b)
{
    return SAME(iv_counter) && same_bytes(a->signature, b->signature) && SAME(entry_count) &&
           same_memory(a->entries, b->entries, a->entry_count * UFTP_KEYINFO_ENTRY_LEN);
}

static bool same_fileinfo(const uftp_fileinfo *a, const uftp_fileinfo *b)
{
    return SAME(file_id) && SAME(file_type) && SAME(size) && SAME(mtime) && SAME(timestamp_us) &&
           same_bytes(a->name, b->name) && same_bytes(a->link, b->link) &&
           same_uids(a->clients, b->clients);
}

static bool same_fileinfo_ack(const uftp_fileinfo_ack *a, const uftp_fileinfo_ack *b)
{
    return SAME(file_id) && SAME(partial) && SAME(timestamp_us) &&
           same_uids(a->clients, b->clients);
}

static bool same_fileseg(const uftp_fileseg *a, const uftp_fileseg *b)
{
    return SAME(file_id) && SAME(section) && SAME(block) && SAME(has_tfmcc) &&
           SAME(tfmcc.send_rate) && SAME(tfmcc.cc_seq) && SAME(tfmcc.cc_rate) &&
           same_bytes(a->data, b->data);
}

static bool same_done(const uftp_done *a, const uftp_done *b)
{
    return SAME(file_id) && SAME(section) && same_uids(a->clients, b->clients);
}

static bool same_tfmcc_ack(const uftp_tfmcc_ack *a, const uftp_tfmcc_ack *b)
{
    return SAME(flags) && SAME(cc_seq) && SAME(cc_rate) && SAME(client) && SAME(timestamp_us);
}

static bool same_status(const uftp_status *a, const uftp_status *b)
{
    return SAME(file_id) && SAME(section) && SAME(has_tfmcc) &&
           same_tfmcc_ack(&a->tfmcc, &b->tfmcc) && same_bytes(a->naks, b->naks);
}

static bool same_complete(const uftp_complete *a, const uftp_complete *b)
{
    return SAME(file_id) && SAME(status) && SAME(has_free_space) && SAME(free_space) &&
           same_uids(a->clients, b->clients);
}

static bool same_hb_req(const uftp_hb_req *a, const uftp_hb_req *b)
{
    return SAME(nonce) && same_bytes(a->public_key, b->public_key) &&
           same_bytes(a->signature, b->signature);
}

static bool same_hb_resp(const uftp_hb_resp *a, const uftp_hb_resp *b)
{
    return SAME(result) && SAME(nonce);
}

static bool same_proxy_key(const uftp_proxy_key *a, const uftp_proxy_key *b)
{
    return SAME(nonce) && same_bytes(a->public_key, b->public_key) &&
           same_bytes(a->ecdh_key, b->ecdh_key) && same_bytes(a->signature, b->signature);
}

static bool same_abort(const uftp_abort *a, const uftp_abort *b)
{
    return SAME(current_file) && SAME(host) && same_bytes(a->text, b->text);
}

static bool same_cong_ctrl(const uftp_cong_ctrl *a, const uftp_cong_ctrl *b)
{
    return SAME(cc_seq) && SAME(cc_rate) && SAME(timestamp_us) && SAME(item_count) &&
           same_memory(a->items, b->items, a->item_count * UFTP_CONG_ITEM_LEN);
}

bool test_message_equal(const uftp_message *a, const uftp_message *b)
{
    if (!SAME(type))
        return false;
    switch ((uftp_message_type)a->type) {
    case UFTP_MESSAGE_ANNOUNCE:
        return same_announce(&a->as.announce, &b->as.announce);
    case UFTP_MESSAGE_REGISTER:
        return same_register(&a->as.registration, &b->as.registration);
    case UFTP_MESSAGE_CLIENT_KEY:
        return same_client_key(&a->as.client_key, &b->as.client_key);
    case UFTP_MESSAGE_REG_CONF:
        return same_uids(a->as.reg_conf.clients, b->as.reg_conf.clients);
    case UFTP_MESSAGE_KEYINFO:
        return same_keyinfo(&a->as.keyinfo, &b->as.keyinfo);
    case UFTP_MESSAGE_KEYINFO_ACK:
        return same_bytes(a->as.keyinfo_ack.verify_data, b->as.keyinfo_ack.verify_data);
    case UFTP_MESSAGE_FILEINFO:
        return same_fileinfo(&a->as.fileinfo, &b->as.fileinfo);
    case UFTP_MESSAGE_FILEINFO_ACK:
        return same_fileinfo_ack(&a->as.fileinfo_ack, &b->as.fileinfo_ack);
    case UFTP_MESSAGE_FILESEG:
        return same_fileseg(&a->as.fileseg, &b->as.fileseg);
    case UFTP_MESSAGE_DONE:
        return same_done(&a->as.done, &b->as.done);
    case UFTP_MESSAGE_STATUS:
        return same_status(&a->as.status, &b->as.status);
    case UFTP_MESSAGE_COMPLETE:
        return same_complete(&a->as.complete, &b->as.complete);
    case UFTP_MESSAGE_DONE_CONF:
        return same_uids(a->as.done_conf.clients, b->as.done_conf.clients);
    case UFTP_MESSAGE_HB_REQ:
        return same_hb_req(&a->as.hb_req, &b->as.hb_req);
    case UFTP_MESSAGE_HB_RESP:
        return same_hb_resp(&a->as.hb_resp, &b->as.hb_resp);
    case UFTP_MESSAGE_PROXY_KEY:
        return same_proxy_key(&a->as.proxy_key, &b->as.proxy_key);
    case UFTP_MESSAGE_ABORT:
        return same_abort(&a->as.abort, &b->as.abort);
    case UFTP_MESSAGE_CONG_CTRL:
        return same_cong_ctrl(&a->as.cong_ctrl, &b->as.cong_ctrl);
    case UFTP_MESSAGE_CC_ACK:
        return same_tfmcc_ack(&a->as.cc_ack.tfmcc, &b->as.cc_ack.tfmcc);
    case UFTP_MESSAGE_KEY_REQ:
        return true; /* nothing in it */
    case UFTP_MESSAGE_ENCRYPTED:
        break;
    }
    return false;
}
