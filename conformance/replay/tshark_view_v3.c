/* SPDX-License-Identifier: MIT
 *
 * Version 3, which tshark calls "uftp". Where it differs from the text of the protocol:
 *
 *   keyinfo.tstamp, encrypted.tstamp   seconds and microseconds are taken for seconds and
 *                                      nanoseconds: 123456 us are shown as .000123456
 *   fileinfo.name                      of a link ends at the first NUL; the target behind it is
 *                                      only remarked upon
 */
#include "tshark_view.h"

static void number(view *v, const char *prefix, const char *name, uint64_t value)
{
    view_add(v, VIEW_NUMBER, prefix, name)->number = value;
}

static void bytes(view *v, const char *prefix, const char *name, uftp_bytes value)
{
    if (value.len) /* tshark leaves out what is empty */
        view_add(v, VIEW_BYTES, prefix, name)->bytes = value;
}

static void host(view *v, const char *prefix, const char *name, uint32_t value)
{
    view_field *field = view_add(v, VIEW_ADDRESS, prefix, name);
    field->address.family = UFTP_IPV4;
    for (size_t i = 0; i < 4; i++)
        field->address.bytes[i] = (uint8_t)(value >> (24 - 8 * i));
}

static void hosts(view *v, const uftp_uid_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        host(v, "", "dest", uftp_uid_list_get(list, i));
}

static void stamp(view *v, const char *prefix, uftp_v3_time time)
{
    view_add(v, VIEW_TIME_SHIFT, prefix, "tstamp")->number =
        (uint64_t)time.seconds * 1000000 + time.us;
}

static void announce(view *v, const uftp_v3_announce *m)
{
    number(v, "announce", "flags",
           (uint64_t)(m->restart | m->sync_mode << 1 | m->sync_preview << 2));
    number(v, "announce", "flags.restart", m->restart);
    number(v, "announce", "flags.sync", m->sync_mode);
    number(v, "announce", "flags.syncpreview", m->sync_preview);
    number(v, "announce", "flags.reserved", 0);
    number(v, "announce", "destcount", m->members.count);
    number(v, "announce", "announce_int", m->announce_interval_ms);
    number(v, "announce", "status_int", m->status_interval_ms);
    number(v, "announce", "register_int", m->register_interval_ms);
    number(v, "announce", "done_int", m->done_interval_ms);
    number(v, "announce", "announce_time", m->announce_time_s);
    number(v, "announce", "status_time", m->status_time_s);
    number(v, "announce", "mtu", m->mtu);
    host(v, "announce", "privatemcast", m->private_address);
    number(v, "announce", "client_auth", m->client_auth);
    number(v, "announce", "sigtype", m->sigtype);
    number(v, "announce", "hashtype", m->hash);
    number(v, "announce", "keytype", m->cipher);
    number(v, "announce", "keylen", m->modulus.len);
    number(v, "announce", "reserved", 0);
    number(v, "announce", "keyexp", m->exponent);
    bytes(v, "announce", "rand1", (uftp_bytes){m->random, UFTP_RANDOM_LEN});
    bytes(v, "announce", "keymod", m->modulus);
    hosts(v, &m->members);
}

/* CLIENT_KEY says "verifylen" where the others say "siglen". */
static void key(view *v, const char *part, const uftp_v3_key *m, bool has_nonce)
{
    number(v, part, "reserved", 0);
    if (has_nonce)
        number(v, part, "nonce", m->nonce);
    number(v, part, "keylen", m->modulus.len);
    number(v, part, has_nonce ? "siglen" : "verifylen", m->signature.len);
    number(v, part, "keyexp", m->exponent);
    bytes(v, part, "keymod", m->modulus);
    bytes(v, part, "verify", m->signature);
}

static void fileinfo(view *v, const uftp_v3_fileinfo *m)
{
    number(v, "fileinfo", "ftype", m->file_type);
    number(v, "fileinfo", "file_id", m->file_id);
    number(v, "fileinfo", "block_total", m->blocks);
    number(v, "fileinfo", "section_total", m->sections);
    number(v, "fileinfo", "destcount", m->clients.count);
    number(v, "fileinfo", "fsize", m->size);
    if (m->has_mtime)
        number(v, "fileinfo", "tstamp", m->mtime);
    view_add(v, VIEW_TEXT, "fileinfo", "name")->bytes = m->name;
    hosts(v, &m->clients);
}

static void keyinfo(view *v, const uftp_v3_keyinfo *m)
{
    number(v, "keyinfo", "reserved", 0);
    number(v, "keyinfo", "destcount", m->entry_count);
    number(v, "keyinfo", "groupmaster_len", m->master_len);
    stamp(v, "keyinfo", m->time);
    for (size_t i = 0; i < m->entry_count; i++) {
        const uftp_uid_list entry = {.bytes = m->entries + i * UFTP_KEYINFO_ENTRY_LEN, .count = 1};
        host(v, "keyinfo", "destaddr", uftp_uid_list_get(&entry, 0));
        bytes(v, "keyinfo", "groupmaster", (uftp_bytes){entry.bytes + 4, m->master_len});
    }
}

static void fileseg(view *v, const uftp_v3_fileseg *m)
{
    number(v, "fileseg", "reserved1", 0);
    number(v, "fileseg", "file_id", m->file_id);
    number(v, "fileseg", "pass", m->pass);
    number(v, "fileseg", "reserved2", 0);
    number(v, "fileseg", "section", m->section);
    number(v, "fileseg", "seq_num", m->block);
    bytes(v, "fileseg", "data", m->data);
}

static void status(view *v, const uftp_v3_status *m, bool is_proxy)
{
    const char *part = is_proxy ? "prstatus" : "status";
    number(v, part, is_proxy ? "reserved1" : "reserved", 0);
    number(v, part, "file_id", m->file_id);
    number(v, part, "pass", m->pass);
    number(v, part, "seq", m->seq);
    number(v, part, "section", m->section);
    if (!is_proxy) {
        number(v, part, "nak_count", m->nak_count);
        bytes(v, part, "naks", m->naks);
        return;
    }
    number(v, part, "destcount", m->clients.count);
    number(v, part, "reserved2", 0);
    hosts(v, &m->clients);
}

static const char *part_name(uint8_t type)
{
    switch ((uftp_v3_type)type) {
    case UFTP_V3_ANNOUNCE:
        return "announce";
    case UFTP_V3_REGISTER:
        return "register";
    case UFTP_V3_CLIENT_KEY:
        return "clientkey";
    case UFTP_V3_REG_CONF:
        return "regconf";
    case UFTP_V3_FILEINFO:
        return "fileinfo";
    case UFTP_V3_KEYINFO:
        return "keyinfo";
    case UFTP_V3_INFO_ACK:
        return "infoack";
    case UFTP_V3_FILESEG:
        return "fileseg";
    case UFTP_V3_DONE:
        return "done";
    case UFTP_V3_STATUS:
        return "status";
    case UFTP_V3_PRSTATUS:
        return "prstatus";
    case UFTP_V3_COMPLETE:
        return "complete";
    case UFTP_V3_DONE_CONF:
        return "doneconf";
    case UFTP_V3_HB_REQ:
        return "hbreq";
    case UFTP_V3_HB_RESP:
        return "hbresp";
    case UFTP_V3_KEY_REQ:
        return "keyreq";
    case UFTP_V3_PROXY_KEY:
        return "proxykey";
    case UFTP_V3_ABORT:
        return "abort";
    case UFTP_V3_ENCRYPTED:
        return "encrypted";
    }
    return "none";
}

static void message(view *v, const uftp_v3_message *m)
{
    const char *part = part_name(m->type);
    if (m->type != UFTP_V3_ENCRYPTED)
        number(v, part, "func", m->type);
    switch ((uftp_v3_type)m->type) {
    case UFTP_V3_ANNOUNCE:
        announce(v, &m->as.announce);
        break;
    case UFTP_V3_REGISTER:
        number(v, part, "reserved", 0);
        number(v, part, "destcount", m->as.registration.clients.count);
        number(v, part, "premaster_len", m->as.registration.premaster.len);
        bytes(v, part, "rand2", (uftp_bytes){m->as.registration.random, UFTP_RANDOM_LEN});
        bytes(v, part, "premaster", m->as.registration.premaster);
        hosts(v, &m->as.registration.clients);
        break;
    case UFTP_V3_CLIENT_KEY:
        key(v, part, &m->as.key, false);
        break;
    case UFTP_V3_REG_CONF:
        number(v, part, "reserved", 0);
        number(v, part, "destcount", m->as.reg_conf.clients.count);
        hosts(v, &m->as.reg_conf.clients);
        break;
    case UFTP_V3_FILEINFO:
        fileinfo(v, &m->as.fileinfo);
        break;
    case UFTP_V3_KEYINFO:
        keyinfo(v, &m->as.keyinfo);
        break;
    case UFTP_V3_INFO_ACK:
        number(v, part, "flags", m->as.info_ack.partial);
        number(v, part, "flags.partial", m->as.info_ack.partial);
        number(v, part, "flags.reserved", 0);
        number(v, part, "file_id", m->as.info_ack.file_id);
        number(v, part, "destcount", m->as.info_ack.clients.count);
        number(v, part, "reserved", 0);
        bytes(v, part, "verify_data", m->as.info_ack.verify_data);
        hosts(v, &m->as.info_ack.clients);
        break;
    case UFTP_V3_FILESEG:
        fileseg(v, &m->as.fileseg);
        break;
    case UFTP_V3_DONE:
        number(v, part, "pass", m->as.done.pass);
        number(v, part, "section", m->as.done.section);
        number(v, part, "file_id", m->as.done.file_id);
        number(v, part, "destcount", m->as.done.clients.count);
        hosts(v, &m->as.done.clients);
        break;
    case UFTP_V3_STATUS:
    case UFTP_V3_PRSTATUS:
        status(v, &m->as.status, m->type == UFTP_V3_PRSTATUS);
        break;
    case UFTP_V3_COMPLETE:
    case UFTP_V3_DONE_CONF:
        number(v, part, m->type == UFTP_V3_COMPLETE ? "status" : "reserved1",
               m->as.complete.status);
        number(v, part, "file_id", m->as.complete.file_id);
        number(v, part, "destcount", m->as.complete.clients.count);
        number(v, part, "reserved2", 0);
        hosts(v, &m->as.complete.clients);
        break;
    case UFTP_V3_HB_REQ:
    case UFTP_V3_PROXY_KEY:
        key(v, part, &m->as.key, true);
        break;
    case UFTP_V3_HB_RESP:
        number(v, part, "authenticated", m->as.hb_resp.result);
        number(v, part, "reserved", 0);
        number(v, part, "nonce", m->as.hb_resp.nonce);
        break;
    case UFTP_V3_KEY_REQ:
        number(v, part, "reserved", 0);
        break;
    case UFTP_V3_ABORT:
        number(v, part, "flags", m->as.abort.current_file);
        number(v, part, "flags.curfile", m->as.abort.current_file);
        number(v, part, "flags.reserved", 0);
        number(v, part, "reserved", 0);
        host(v, part, "host", m->as.abort.host);
        view_add(v, VIEW_TEXT, part, "message")->bytes = m->as.abort.text;
        break;
    case UFTP_V3_ENCRYPTED:
        stamp(v, part, m->as.encrypted.time);
        number(v, part, "sig_len", m->as.encrypted.signature.len);
        number(v, part, "payload_len", m->as.encrypted.payload.len);
        bytes(v, part, "signature", m->as.encrypted.signature);
        bytes(v, part, "payload", m->as.encrypted.payload);
        break;
    }
}

void view_packet_v3(view *v, const cap_packet *packet)
{
    const uftp_v3_header *header = &packet->v3_header;
    number(v, "", "version", header->version);
    number(v, "", "func", header->type);
    number(v, "", "blsize", header->len);
    number(v, "", "group_id", header->group);
    host(v, "", "srcaddr", header->source);
    host(v, "", "destaddr", header->destination);
    message(v, &packet->v3);
}
