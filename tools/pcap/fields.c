/* SPDX-License-Identifier: MIT */
#include "fields_internal.h"

#include <inttypes.h>
#include <string.h>
#include <uftp/quantise.h>

static const char *name_of(const char *const *names, size_t count, size_t number)
{
    return number < count && names[number] ? names[number] : "unknown";
}
#define NAME_OF(names, number) name_of(names, sizeof names / sizeof *names, number)

const char *cap_cipher_name(uint8_t cipher)
{
    static const char *const names[] = {
        [1] = "des-cbc",    [2] = "3des-cbc",   [3] = "aes128-cbc", [4] = "aes256-cbc",
        [5] = "aes128-gcm", [6] = "aes256-gcm", [7] = "aes128-ccm", [8] = "aes256-ccm"};
    return NAME_OF(names, cipher);
}

const char *cap_hash_name(uint8_t hash)
{
    static const char *const names[] = {
        [1] = "md5", [2] = "sha1", [3] = "sha256", [4] = "sha384", [5] = "sha512"};
    return NAME_OF(names, hash);
}

const char *cap_status_name(uint8_t status)
{
    static const char *const names[] = {"normal", "skipped", "overwrite", "rejected"};
    return NAME_OF(names, status);
}

const char *cap_file_type_name(uint8_t type)
{
    static const char *const names[] = {"regular", "directory", "symlink", "delete", "free-space"};
    return NAME_OF(names, type);
}

/* ---- fields ---- */

static void write_uids(cap_writer *w, const char *name, const uftp_uid_list *list)
{
    if (list->count == 0)
        return;
    cap_open_list(w, name);
    for (size_t i = 0; i < list->count; i++)
        cap_write_uid(w, NULL, uftp_uid_list_get(list, i));
    cap_close_list(w);
}

static void write_rate(cap_writer *w, const char *name, const char *raw_name, uint16_t word)
{
    cap_write_number(w, raw_name, word);
    cap_write_number(w, name, uftp_rate_expand(word));
}

static void write_enc_info(cap_writer *w, const uftp_enc_info *info)
{
    cap_open_object(w, "encryption");
    cap_write_flag(w, "client_auth", info->client_auth);
    cap_write_number(w, "cipher", info->cipher);
    cap_write_text(w, "cipher_name", cap_cipher_name(info->cipher));
    cap_write_number(w, "hash", info->hash);
    cap_write_text(w, "hash_name", cap_hash_name(info->hash));
    cap_write_hex(w, "random", (uftp_bytes){info->random, UFTP_RANDOM_LEN});
    cap_write_hex(w, "public_key", info->public_key);
    cap_write_hex(w, "ecdh_key", info->ecdh_key);
    cap_write_hex(w, "signature", info->signature);
    cap_close_object(w);
}

static void write_announce(cap_writer *w, const uftp_announce *m)
{
    cap_write_flag(w, "sync_mode", m->sync_mode);
    cap_write_flag(w, "sync_preview", m->sync_preview);
    cap_write_number(w, "robust", m->robust);
    cap_write_number(w, "cc_type", m->cc_type);
    cap_write_number(w, "block_size", m->block_size);
    cap_write_number(w, "timestamp_us", m->timestamp_us);
    cap_write_address(w, "public_address", &m->public_address);
    cap_write_address(w, "private_address", &m->private_address);
    if (m->encrypted)
        write_enc_info(w, &m->enc_info);
    write_uids(w, "members", &m->members);
}

static void write_register(cap_writer *w, const uftp_register *m)
{
    cap_write_number(w, "timestamp_us", m->timestamp_us);
    cap_write_hex(w, "random", (uftp_bytes){m->random, UFTP_RANDOM_LEN});
    cap_write_hex(w, "ecdh_key", m->ecdh_key);
    write_uids(w, "clients", &m->clients);
}

static void write_keyinfo(cap_writer *w, const uftp_keyinfo *m)
{
    cap_write_number(w, "iv_counter", m->iv_counter);
    cap_write_hex(w, "signature", m->signature);
    cap_open_list(w, "keys");
    for (size_t i = 0; i < m->entry_count; i++) {
        const uint8_t *sealed;
        uint32_t uid = uftp_keyinfo_entry(m, i, &sealed);
        cap_open_object(w, NULL);
        cap_write_uid(w, "client", uid);
        cap_write_hex(w, "sealed", (uftp_bytes){sealed, UFTP_SEALED_MASTER_LEN});
        cap_close_object(w);
    }
    cap_close_list(w);
}

static void write_fileinfo(cap_writer *w, const uftp_fileinfo *m)
{
    cap_write_number(w, "file", m->file_id);
    cap_write_number(w, "file_type", m->file_type);
    cap_write_text(w, "file_type_name", cap_file_type_name(m->file_type));
    cap_write_name(w, "name", m->name);
    if (m->file_type == UFTP_FILE_SYMLINK)
        cap_write_name(w, "link", m->link);
    cap_write_number(w, "size", m->size);
    cap_write_number(w, "mtime", m->mtime);
    cap_write_number(w, "timestamp_us", m->timestamp_us);
    write_uids(w, "clients", &m->clients);
}

static void write_fileseg(cap_writer *w, const uftp_fileseg *m)
{
    cap_write_number(w, "file", m->file_id);
    cap_write_number(w, "section", m->section);
    cap_write_number(w, "block", m->block);
    if (m->has_tfmcc) {
        cap_open_object(w, "tfmcc");
        write_rate(w, "send_rate", "send_rate_word", m->tfmcc.send_rate);
        cap_write_number(w, "cc_seq", m->tfmcc.cc_seq);
        write_rate(w, "cc_rate", "cc_rate_word", m->tfmcc.cc_rate);
        cap_close_object(w);
    }
    cap_write_number(w, "data_len", m->data.len);
}

static void write_tfmcc_ack(cap_writer *w, const uftp_tfmcc_ack *m)
{
    cap_open_object(w, "tfmcc");
    cap_write_number(w, "flags", m->flags);
    cap_write_number(w, "cc_seq", m->cc_seq);
    write_rate(w, "cc_rate", "cc_rate_word", m->cc_rate);
    cap_write_uid(w, "client", m->client);
    cap_write_number(w, "timestamp_us", m->timestamp_us);
    cap_close_object(w);
}

static void write_status(cap_writer *w, const uftp_status *m)
{
    cap_write_number(w, "file", m->file_id);
    cap_write_number(w, "section", m->section);
    if (m->has_tfmcc)
        write_tfmcc_ack(w, &m->tfmcc);
    cap_write_hex(w, "naks", m->naks);
}

static void write_complete(cap_writer *w, const uftp_complete *m)
{
    cap_write_number(w, "file", m->file_id);
    cap_write_number(w, "status", m->status);
    cap_write_text(w, "status_name", cap_status_name(m->status));
    if (m->has_free_space)
        cap_write_number(w, "free_space", m->free_space);
    write_uids(w, "clients", &m->clients);
}

static void write_cong_ctrl(cap_writer *w, const uftp_cong_ctrl *m)
{
    cap_write_number(w, "cc_seq", m->cc_seq);
    write_rate(w, "cc_rate", "cc_rate_word", m->cc_rate);
    cap_write_number(w, "timestamp_us", m->timestamp_us);
    cap_open_list(w, "items");
    for (size_t i = 0; i < m->item_count; i++) {
        uftp_cong_item item = uftp_cong_ctrl_item(m, i);
        cap_open_object(w, NULL);
        cap_write_uid(w, "client", item.client);
        cap_write_number(w, "flags", item.flags);
        cap_write_number(w, "rtt_byte", item.rtt);
        cap_write_seconds(w, "rtt", uftp_grtt_expand(item.rtt));
        cap_close_object(w);
    }
    cap_close_list(w);
}

static void write_message(cap_writer *w, const uftp_message *m)
{
    switch ((uftp_message_type)m->type) {
    case UFTP_MESSAGE_ANNOUNCE:
        write_announce(w, &m->as.announce);
        break;
    case UFTP_MESSAGE_REGISTER:
        write_register(w, &m->as.registration);
        break;
    case UFTP_MESSAGE_CLIENT_KEY:
        cap_write_hex(w, "public_key", m->as.client_key.public_key);
        cap_write_hex(w, "signature", m->as.client_key.signature);
        break;
    case UFTP_MESSAGE_REG_CONF:
        write_uids(w, "clients", &m->as.reg_conf.clients);
        break;
    case UFTP_MESSAGE_KEYINFO:
        write_keyinfo(w, &m->as.keyinfo);
        break;
    case UFTP_MESSAGE_KEYINFO_ACK:
        cap_write_hex(w, "verify_data", m->as.keyinfo_ack.verify_data);
        break;
    case UFTP_MESSAGE_FILEINFO:
        write_fileinfo(w, &m->as.fileinfo);
        break;
    case UFTP_MESSAGE_FILEINFO_ACK:
        cap_write_number(w, "file", m->as.fileinfo_ack.file_id);
        cap_write_flag(w, "partial", m->as.fileinfo_ack.partial);
        cap_write_number(w, "timestamp_us", m->as.fileinfo_ack.timestamp_us);
        write_uids(w, "clients", &m->as.fileinfo_ack.clients);
        break;
    case UFTP_MESSAGE_FILESEG:
        write_fileseg(w, &m->as.fileseg);
        break;
    case UFTP_MESSAGE_DONE:
        cap_write_number(w, "file", m->as.done.file_id);
        cap_write_number(w, "section", m->as.done.section);
        write_uids(w, "clients", &m->as.done.clients);
        break;
    case UFTP_MESSAGE_STATUS:
        write_status(w, &m->as.status);
        break;
    case UFTP_MESSAGE_COMPLETE:
        write_complete(w, &m->as.complete);
        break;
    case UFTP_MESSAGE_DONE_CONF:
        write_uids(w, "clients", &m->as.done_conf.clients);
        break;
    case UFTP_MESSAGE_HB_REQ:
        cap_write_number(w, "nonce", m->as.hb_req.nonce);
        cap_write_hex(w, "public_key", m->as.hb_req.public_key);
        cap_write_hex(w, "signature", m->as.hb_req.signature);
        break;
    case UFTP_MESSAGE_HB_RESP:
        cap_write_number(w, "result", m->as.hb_resp.result);
        cap_write_number(w, "nonce", m->as.hb_resp.nonce);
        break;
    case UFTP_MESSAGE_PROXY_KEY:
        cap_write_hex(w, "public_key", m->as.proxy_key.public_key);
        cap_write_hex(w, "ecdh_key", m->as.proxy_key.ecdh_key);
        cap_write_hex(w, "signature", m->as.proxy_key.signature);
        break;
    case UFTP_MESSAGE_ABORT:
        cap_write_flag(w, "current_file", m->as.abort.current_file);
        cap_write_uid(w, "host", m->as.abort.host);
        cap_write_name(w, "text", m->as.abort.text);
        break;
    case UFTP_MESSAGE_CONG_CTRL:
        write_cong_ctrl(w, &m->as.cong_ctrl);
        break;
    case UFTP_MESSAGE_CC_ACK:
        write_tfmcc_ack(w, &m->as.cc_ack.tfmcc);
        break;
    case UFTP_MESSAGE_KEY_REQ:
    case UFTP_MESSAGE_ENCRYPTED:
        break;
    }
}

void cap_fields_packet(cap_writer *w, const cap_packet *packet)
{
    if (packet->is_v3) {
        cap_v3_fields_packet(w, packet);
        return;
    }
    const uftp_header *header = &packet->header;
    cap_open_object(w, "header");
    cap_write_number(w, "version", header->version);
    cap_write_number(w, "type", header->type);
    cap_write_text(w, "type_name", uftp_message_name(header->type));
    cap_write_number(w, "seq", header->seq);
    cap_write_uid(w, "source", header->source);
    cap_write_uid(w, "group", header->group);
    cap_write_number(w, "instance", header->instance);
    cap_write_number(w, "grtt_byte", header->grtt);
    cap_write_seconds(w, "grtt", uftp_grtt_expand(header->grtt));
    cap_write_number(w, "group_size_byte", header->group_size);
    cap_write_number(w, "group_size", uftp_size_expand(header->group_size));
    cap_close_object(w);
    if (packet->sealed && packet->encrypted.payload.data) {
        cap_open_object(w, "encrypted");
        cap_write_number(w, "iv_counter", packet->encrypted.iv_counter);
        cap_write_number(w, "payload_len", packet->encrypted.payload.len);
        cap_close_object(w);
    }
    if (packet->depth != CAP_DEPTH_MESSAGE)
        return;
    cap_open_object(w, "message");
    cap_write_text(w, "type", uftp_message_name(packet->message.type));
    write_message(w, &packet->message);
    cap_close_object(w);
}

/* ---- one line ---- */

static void print_uids(FILE *out, const char *what, const uftp_uid_list *list)
{
    if (list->count == 0)
        return;
    fprintf(out, " %s %08" PRIX32, what, uftp_uid_list_get(list, 0));
    if (list->count > 1)
        fprintf(out, " and %zu more", list->count - 1);
}

void cap_print_bits(FILE *out, uftp_bytes naks)
{
    size_t missing = 0;
    for (size_t i = 0; i < naks.len; i++)
        for (unsigned bit = 0; bit < 8; bit++)
            missing += naks.data[i] >> bit & 1u;
    fprintf(out, ", %zu missing", missing);
}

static void print_message(FILE *out, const cap_packet *packet)
{
    const uftp_message *m = &packet->message;
    char address[UFTP_ADDRESS_TEXT_MAX];
    switch ((uftp_message_type)m->type) {
    case UFTP_MESSAGE_ANNOUNCE:
        fprintf(out, " private %s block %u robust %u%s",
                uftp_address_format(&m->as.announce.private_address, address),
                m->as.announce.block_size, m->as.announce.robust,
                m->as.announce.cc_type == UFTP_CC_TFMCC ? " tfmcc" : "");
        if (m->as.announce.encrypted)
            fprintf(out, " %s %s%s", cap_cipher_name(m->as.announce.enc_info.cipher),
                    cap_hash_name(m->as.announce.enc_info.hash),
                    m->as.announce.enc_info.client_auth ? " client-auth" : "");
        print_uids(out, "for", &m->as.announce.members);
        break;
    case UFTP_MESSAGE_REGISTER:
        print_uids(out, "for", &m->as.registration.clients);
        break;
    case UFTP_MESSAGE_REG_CONF:
        print_uids(out, "for", &m->as.reg_conf.clients);
        break;
    case UFTP_MESSAGE_KEYINFO:
        fprintf(out, " for %zu", m->as.keyinfo.entry_count);
        break;
    case UFTP_MESSAGE_FILEINFO:
        fprintf(out, " file %u %s \"", m->as.fileinfo.file_id,
                cap_file_type_name(m->as.fileinfo.file_type));
        cap_print_safe(out, m->as.fileinfo.name);
        fprintf(out, "\" %" PRIu64 " bytes", m->as.fileinfo.size);
        print_uids(out, "for", &m->as.fileinfo.clients);
        break;
    case UFTP_MESSAGE_FILEINFO_ACK:
        fprintf(out, " file %u%s", m->as.fileinfo_ack.file_id,
                m->as.fileinfo_ack.partial ? " partial" : "");
        print_uids(out, "for", &m->as.fileinfo_ack.clients);
        break;
    case UFTP_MESSAGE_FILESEG:
        fprintf(out, " file %u section %u block %u, %zu bytes", m->as.fileseg.file_id,
                m->as.fileseg.section, m->as.fileseg.block, m->as.fileseg.data.len);
        break;
    case UFTP_MESSAGE_DONE:
        fprintf(out, " file %u section %u", m->as.done.file_id, m->as.done.section);
        print_uids(out, "for", &m->as.done.clients);
        break;
    case UFTP_MESSAGE_STATUS:
        fprintf(out, " file %u section %u", m->as.status.file_id, m->as.status.section);
        cap_print_bits(out, m->as.status.naks);
        break;
    case UFTP_MESSAGE_COMPLETE:
        fprintf(out, " file %u %s", m->as.complete.file_id, cap_status_name(m->as.complete.status));
        print_uids(out, "for", &m->as.complete.clients);
        break;
    case UFTP_MESSAGE_DONE_CONF:
        print_uids(out, "for", &m->as.done_conf.clients);
        break;
    case UFTP_MESSAGE_HB_RESP:
        fprintf(out, " result %u", m->as.hb_resp.result);
        break;
    case UFTP_MESSAGE_ABORT:
        fprintf(out, " host %08" PRIX32 " \"", m->as.abort.host);
        cap_print_safe(out, m->as.abort.text);
        fputc('"', out);
        break;
    case UFTP_MESSAGE_CONG_CTRL:
        fprintf(out, " cc_seq %u rate %" PRIu64 " for %zu", m->as.cong_ctrl.cc_seq,
                uftp_rate_expand(m->as.cong_ctrl.cc_rate), m->as.cong_ctrl.item_count);
        break;
    case UFTP_MESSAGE_CC_ACK:
        fprintf(out, " cc_seq %u rate %" PRIu64, m->as.cc_ack.tfmcc.cc_seq,
                uftp_rate_expand(m->as.cc_ack.tfmcc.cc_rate));
        break;
    case UFTP_MESSAGE_CLIENT_KEY:
    case UFTP_MESSAGE_KEYINFO_ACK:
    case UFTP_MESSAGE_HB_REQ:
    case UFTP_MESSAGE_KEY_REQ:
    case UFTP_MESSAGE_PROXY_KEY:
    case UFTP_MESSAGE_ENCRYPTED:
        break;
    }
}

void cap_summary(FILE *out, const cap_packet *packet)
{
    if (packet->sealed && packet->depth == CAP_DEPTH_MESSAGE)
        fprintf(out, "[%s]", uftp_message_name(packet->message.type));
    else
        fputs(cap_type_name(packet->header.version, packet->header.type), out);
    if (!packet->is_v3) /* which has no such number */
        fprintf(out, " seq %u", packet->header.seq);
    if (packet->depth == CAP_DEPTH_MESSAGE && packet->is_v3)
        cap_v3_print_message(out, packet);
    else if (packet->depth == CAP_DEPTH_MESSAGE)
        print_message(out, packet);
    else if (packet->depth == CAP_DEPTH_WRAPPER)
        fprintf(out, " %zu bytes, %s", packet->encrypted.payload.len,
                packet->has_key ? "no key fits" : "no key");
    else
        fprintf(out, " %s",
                packet->cut ? "cut short by the capture" : uftp_strerror(packet->error));
}
