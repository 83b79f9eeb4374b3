/* SPDX-License-Identifier: MIT
 *
 * The fields of version 3. Hosts are IPv4 addresses there, or numbers that look like them.
 */
#include "fields_internal.h"

#include <inttypes.h>

static uftp_address ipv4(uint32_t address)
{
    uftp_address out = {.family = UFTP_IPV4};
    for (size_t i = 0; i < 4; i++)
        out.bytes[i] = (uint8_t)(address >> (24 - 8 * i));
    return out;
}

static void write_host(cap_writer *w, const char *name, uint32_t address)
{
    uftp_address host = ipv4(address);
    cap_write_address(w, name, &host);
}

static void write_hosts(cap_writer *w, const char *name, const uftp_uid_list *list)
{
    if (list->count == 0)
        return;
    cap_open_list(w, name);
    for (size_t i = 0; i < list->count; i++)
        write_host(w, NULL, uftp_uid_list_get(list, i));
    cap_close_list(w);
}

static void write_time(cap_writer *w, uftp_v3_time time)
{
    cap_write_number(w, "timestamp_us", (uint64_t)time.seconds * 1000000 + time.us);
}

static void write_announce(cap_writer *w, const uftp_v3_announce *m)
{
    cap_write_flag(w, "restart", m->restart);
    cap_write_flag(w, "sync_mode", m->sync_mode);
    cap_write_flag(w, "sync_preview", m->sync_preview);
    cap_write_number(w, "announce_interval_ms", m->announce_interval_ms);
    cap_write_number(w, "status_interval_ms", m->status_interval_ms);
    cap_write_number(w, "register_interval_ms", m->register_interval_ms);
    cap_write_number(w, "done_interval_ms", m->done_interval_ms);
    cap_write_number(w, "announce_time_s", m->announce_time_s);
    cap_write_number(w, "status_time_s", m->status_time_s);
    cap_write_number(w, "mtu", m->mtu);
    write_host(w, "private_address", m->private_address);
    cap_open_object(w, "encryption");
    cap_write_flag(w, "client_auth", m->client_auth);
    cap_write_number(w, "signature_type", m->sigtype);
    cap_write_number(w, "cipher", m->cipher);
    cap_write_text(w, "cipher_name", m->cipher ? cap_cipher_name(m->cipher) : "none");
    cap_write_number(w, "hash", m->hash);
    cap_write_text(w, "hash_name", m->hash ? cap_hash_name(m->hash) : "none");
    cap_write_number(w, "exponent", m->exponent);
    cap_write_hex(w, "random", (uftp_bytes){m->random, UFTP_RANDOM_LEN});
    cap_write_hex(w, "modulus", m->modulus);
    cap_close_object(w);
    write_hosts(w, "members", &m->members);
}

static void write_key(cap_writer *w, const uftp_v3_key *m, bool has_nonce)
{
    if (has_nonce)
        cap_write_number(w, "nonce", m->nonce);
    cap_write_number(w, "exponent", m->exponent);
    cap_write_hex(w, "modulus", m->modulus);
    cap_write_hex(w, "signature", m->signature);
}

static void write_fileinfo(cap_writer *w, const uftp_v3_fileinfo *m)
{
    cap_write_number(w, "file", m->file_id);
    cap_write_number(w, "file_type", m->file_type);
    cap_write_text(w, "file_type_name", cap_file_type_name(m->file_type));
    cap_write_name(w, "name", m->name);
    if (m->file_type == UFTP_FILE_SYMLINK)
        cap_write_name(w, "link", m->link);
    cap_write_number(w, "size", m->size);
    cap_write_number(w, "blocks", m->blocks);
    cap_write_number(w, "sections", m->sections);
    if (m->has_mtime)
        cap_write_number(w, "mtime", m->mtime);
    write_hosts(w, "clients", &m->clients);
}

static void write_keyinfo(cap_writer *w, const uftp_v3_keyinfo *m)
{
    write_time(w, m->time);
    cap_write_number(w, "master_len", m->master_len);
    cap_open_list(w, "keys");
    for (size_t i = 0; i < m->entry_count; i++) {
        const uint8_t *entry = m->entries + i * UFTP_KEYINFO_ENTRY_LEN;
        const uftp_uid_list host = {.bytes = entry, .count = 1};
        cap_open_object(w, NULL);
        write_host(w, "client", uftp_uid_list_get(&host, 0));
        cap_write_hex(w, "sealed", (uftp_bytes){entry + 4, UFTP_SEALED_MASTER_LEN});
        cap_close_object(w);
    }
    cap_close_list(w);
}

static void write_status(cap_writer *w, const uftp_v3_status *m, bool is_proxy)
{
    cap_write_number(w, "file", m->file_id);
    cap_write_number(w, "pass", m->pass);
    cap_write_number(w, "seq", m->seq);
    cap_write_number(w, "section", m->section);
    if (is_proxy) {
        write_hosts(w, "clients", &m->clients);
        return;
    }
    cap_write_number(w, "nak_count", m->nak_count);
    cap_write_hex(w, "naks", m->naks);
}

static void write_message(cap_writer *w, const uftp_v3_message *m)
{
    switch ((uftp_v3_type)m->type) {
    case UFTP_V3_ANNOUNCE:
        write_announce(w, &m->as.announce);
        break;
    case UFTP_V3_REGISTER:
        cap_write_hex(w, "random", (uftp_bytes){m->as.registration.random, UFTP_RANDOM_LEN});
        cap_write_hex(w, "premaster", m->as.registration.premaster);
        write_hosts(w, "clients", &m->as.registration.clients);
        break;
    case UFTP_V3_CLIENT_KEY:
        write_key(w, &m->as.key, false);
        break;
    case UFTP_V3_REG_CONF:
        write_hosts(w, "clients", &m->as.reg_conf.clients);
        break;
    case UFTP_V3_FILEINFO:
        write_fileinfo(w, &m->as.fileinfo);
        break;
    case UFTP_V3_KEYINFO:
        write_keyinfo(w, &m->as.keyinfo);
        break;
    case UFTP_V3_INFO_ACK:
        cap_write_number(w, "file", m->as.info_ack.file_id);
        cap_write_flag(w, "partial", m->as.info_ack.partial);
        cap_write_hex(w, "verify_data", m->as.info_ack.verify_data);
        write_hosts(w, "clients", &m->as.info_ack.clients);
        break;
    case UFTP_V3_FILESEG:
        cap_write_number(w, "file", m->as.fileseg.file_id);
        cap_write_number(w, "pass", m->as.fileseg.pass);
        cap_write_number(w, "section", m->as.fileseg.section);
        cap_write_number(w, "block", m->as.fileseg.block);
        cap_write_number(w, "data_len", m->as.fileseg.data.len);
        break;
    case UFTP_V3_DONE:
        cap_write_number(w, "file", m->as.done.file_id);
        cap_write_number(w, "pass", m->as.done.pass);
        cap_write_number(w, "section", m->as.done.section);
        write_hosts(w, "clients", &m->as.done.clients);
        break;
    case UFTP_V3_STATUS:
    case UFTP_V3_PRSTATUS:
        write_status(w, &m->as.status, m->type == UFTP_V3_PRSTATUS);
        break;
    case UFTP_V3_COMPLETE:
        cap_write_number(w, "file", m->as.complete.file_id);
        cap_write_number(w, "status", m->as.complete.status);
        cap_write_text(w, "status_name", cap_status_name(m->as.complete.status));
        write_hosts(w, "clients", &m->as.complete.clients);
        break;
    case UFTP_V3_DONE_CONF:
        cap_write_number(w, "file", m->as.complete.file_id);
        write_hosts(w, "clients", &m->as.complete.clients);
        break;
    case UFTP_V3_HB_REQ:
    case UFTP_V3_PROXY_KEY:
        write_key(w, &m->as.key, true);
        break;
    case UFTP_V3_HB_RESP:
        cap_write_number(w, "result", m->as.hb_resp.result);
        cap_write_number(w, "nonce", m->as.hb_resp.nonce);
        break;
    case UFTP_V3_ABORT:
        cap_write_flag(w, "current_file", m->as.abort.current_file);
        write_host(w, "host", m->as.abort.host);
        cap_write_name(w, "text", m->as.abort.text);
        break;
    case UFTP_V3_KEY_REQ:
    case UFTP_V3_ENCRYPTED:
        break;
    }
}

void cap_v3_fields_packet(cap_writer *w, const cap_packet *packet)
{
    const uftp_v3_header *header = &packet->v3_header;
    cap_open_object(w, "header");
    cap_write_number(w, "version", header->version);
    cap_write_number(w, "type", header->type);
    cap_write_text(w, "type_name", uftp_v3_message_name(header->type));
    cap_write_number(w, "message_len", header->len);
    cap_write_uid(w, "group", header->group);
    write_host(w, "source", header->source);
    write_host(w, "destination", header->destination);
    cap_close_object(w);
    if (packet->depth == CAP_DEPTH_WRAPPER) {
        cap_open_object(w, "encrypted");
        write_time(w, packet->v3.as.encrypted.time);
        cap_write_hex(w, "signature", packet->v3.as.encrypted.signature);
        cap_write_number(w, "payload_len", packet->v3.as.encrypted.payload.len);
        cap_close_object(w);
    }
    if (packet->depth != CAP_DEPTH_MESSAGE)
        return;
    cap_open_object(w, "message");
    cap_write_text(w, "type", uftp_v3_message_name(packet->v3.type));
    write_message(w, &packet->v3);
    cap_close_object(w);
}

/* ---- one line ---- */

static void print_hosts(FILE *out, const uftp_uid_list *list)
{
    char text[UFTP_ADDRESS_TEXT_MAX];
    if (list->count == 0)
        return;
    uftp_address first = ipv4(uftp_uid_list_get(list, 0));
    fprintf(out, " for %s", uftp_address_format(&first, text));
    if (list->count > 1)
        fprintf(out, " and %zu more", list->count - 1);
}

static void print_announce(FILE *out, const uftp_v3_announce *m)
{
    char text[UFTP_ADDRESS_TEXT_MAX];
    uftp_address private_address = ipv4(m->private_address);
    fprintf(out, " private %s mtu %u%s", uftp_address_format(&private_address, text), m->mtu,
            m->restart ? " restart" : "");
    if (m->cipher)
        fprintf(out, " %s %s%s", cap_cipher_name(m->cipher), cap_hash_name(m->hash),
                m->client_auth ? " client-auth" : "");
    print_hosts(out, &m->members);
}

void cap_v3_print_message(FILE *out, const cap_packet *packet)
{
    const uftp_v3_message *m = &packet->v3;
    char text[UFTP_ADDRESS_TEXT_MAX];
    switch ((uftp_v3_type)m->type) {
    case UFTP_V3_ANNOUNCE:
        print_announce(out, &m->as.announce);
        break;
    case UFTP_V3_REGISTER:
        print_hosts(out, &m->as.registration.clients);
        break;
    case UFTP_V3_REG_CONF:
        print_hosts(out, &m->as.reg_conf.clients);
        break;
    case UFTP_V3_FILEINFO:
        fprintf(out, " file %u %s \"", m->as.fileinfo.file_id,
                cap_file_type_name(m->as.fileinfo.file_type));
        cap_print_safe(out, m->as.fileinfo.name);
        fprintf(out, "\" %" PRIu64 " bytes", m->as.fileinfo.size);
        print_hosts(out, &m->as.fileinfo.clients);
        break;
    case UFTP_V3_KEYINFO:
        fprintf(out, " for %zu", m->as.keyinfo.entry_count);
        break;
    case UFTP_V3_INFO_ACK:
        fprintf(out, " file %u%s", m->as.info_ack.file_id,
                m->as.info_ack.partial ? " partial" : "");
        print_hosts(out, &m->as.info_ack.clients);
        break;
    case UFTP_V3_FILESEG:
        fprintf(out, " file %u pass %u section %u block %" PRIu32 ", %zu bytes",
                m->as.fileseg.file_id, m->as.fileseg.pass, m->as.fileseg.section,
                m->as.fileseg.block, m->as.fileseg.data.len);
        break;
    case UFTP_V3_DONE:
        fprintf(out, " file %u pass %u section %u", m->as.done.file_id, m->as.done.pass,
                m->as.done.section);
        print_hosts(out, &m->as.done.clients);
        break;
    case UFTP_V3_STATUS:
        fprintf(out, " file %u pass %u section %u", m->as.status.file_id, m->as.status.pass,
                m->as.status.section);
        cap_print_bits(out, m->as.status.naks);
        break;
    case UFTP_V3_PRSTATUS:
        fprintf(out, " file %u pass %u section %u", m->as.status.file_id, m->as.status.pass,
                m->as.status.section);
        print_hosts(out, &m->as.status.clients);
        break;
    case UFTP_V3_COMPLETE:
        fprintf(out, " file %u %s", m->as.complete.file_id, cap_status_name(m->as.complete.status));
        print_hosts(out, &m->as.complete.clients);
        break;
    case UFTP_V3_DONE_CONF:
        print_hosts(out, &m->as.complete.clients);
        break;
    case UFTP_V3_HB_RESP:
        fprintf(out, " result %u", m->as.hb_resp.result);
        break;
    case UFTP_V3_ABORT: {
        uftp_address host = ipv4(m->as.abort.host);
        fprintf(out, " host %s \"", uftp_address_format(&host, text));
        cap_print_safe(out, m->as.abort.text);
        fputc('"', out);
        break;
    }
    case UFTP_V3_CLIENT_KEY:
    case UFTP_V3_HB_REQ:
    case UFTP_V3_KEY_REQ:
    case UFTP_V3_PROXY_KEY:
    case UFTP_V3_ENCRYPTED:
        break;
    }
}
