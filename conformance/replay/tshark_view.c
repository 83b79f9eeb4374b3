/* SPDX-License-Identifier: MIT */
#include "tshark_view.h"

#include <stdio.h>
#include <stdlib.h>
#include <uftp/quantise.h>

view_field *view_add(view *v, view_kind kind, const char *prefix, const char *name)
{
    if (v->count == VIEW_FIELDS_MAX)
        abort();
    view_field *field = &v->fields[v->count++];
    *field = (view_field){.kind = kind};
    snprintf(field->name, sizeof field->name, "%s%s%s", prefix, *prefix ? "." : "", name);
    return field;
}

enum { VERSION_4 = 0x40 };

static bool is_v4(const view *v)
{
    return v->version == VERSION_4;
}

static void number(view *v, const char *prefix, const char *name, uint64_t value)
{
    view_add(v, VIEW_NUMBER, prefix, name)->number = value;
}

static void bytes(view *v, const char *prefix, const char *name, uftp_bytes value)
{
    if (value.len) /* tshark leaves out what is empty */
        view_add(v, VIEW_BYTES, prefix, name)->bytes = value;
}

static void text(view *v, const char *prefix, const char *name, uftp_bytes value)
{
    view_add(v, VIEW_TEXT, prefix, name)->bytes = value;
}

static void stamp(view *v, const char *prefix, const char *name, uint64_t us)
{
    view_add(v, VIEW_TIME, prefix, name)->number = us;
}

/* Rates beyond 32 bits: tshark keeps them in 32, and shows what is left of "no limit". */
static void rate(view *v, const char *prefix, const char *name, uint16_t word)
{
    number(v, prefix, name, (uint32_t)uftp_rate_expand(word));
}

static void uids(view *v, const uftp_uid_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        number(v, "", "dest", uftp_uid_list_get(list, i));
}

static uint64_t load(const uint8_t *at, size_t len)
{
    uint64_t value = 0;
    for (size_t i = 0; i < len; i++)
        value = value << 8 | at[i];
    return value;
}

/* Public keys (spec v5 1.19). */
static void blob(view *v, uftp_bytes b)
{
    if (b.len < 4)
        return;
    uint64_t len = load(b.data + 2, 2);
    if (b.data[0] == 1) {
        number(v, "rsablob", "blobtype", 1);
        number(v, "rsablob", "reserved", b.data[1]);
        number(v, "rsablob", "modlen", len);
        number(v, "rsablob", "exponent", load(b.data + 4, 4));
        bytes(v, "rsablob", "modulus", (uftp_bytes){b.data + 8, (size_t)len});
    } else {
        number(v, "ecblob", "blobtype", b.data[0]);
        number(v, "ecblob", "curve", b.data[1]);
        number(v, "ecblob", "keylen", len);
        bytes(v, "ecblob", "key", (uftp_bytes){b.data + 4, (size_t)len});
    }
}

static void group_address(view *v, const char *name, const uftp_address *address)
{
    char whole[32];
    snprintf(whole, sizeof whole, "%s.%s", name, address->family == UFTP_IPV6 ? "ipv6" : "ipv4");
    view_add(v, VIEW_ADDRESS, "announce", whole)->address = *address;
}

static void announce(view *v, const uftp_announce *m)
{
    bool ipv6 = m->public_address.family == UFTP_IPV6;
    number(v, "announce", "flags",
           (uint64_t)(m->sync_mode | m->sync_preview << 1 | (ipv6 ? 4 : 0)));
    number(v, "announce", "flags.sync", m->sync_mode);
    number(v, "announce", "flags.syncpreview", m->sync_preview);
    number(v, "announce", "flags.ipv6", ipv6);
    number(v, "announce", "flags.reserved", 0);
    number(v, "announce", "robust", m->robust);
    number(v, "announce", "cc_type", m->cc_type);
    number(v, "announce", "reserved", 0);
    number(v, "announce", "blocksize", m->block_size);
    stamp(v, "announce", "tstamp", m->timestamp_us);
    group_address(v, "publicmcast", &m->public_address);
    group_address(v, "privatemcast", &m->private_address);
    if (m->encrypted) {
        const uftp_enc_info *info = &m->enc_info;
        number(v, "encinfo", "exttype", 1);
        number(v, "encinfo", "extlen", info->whole.len);
        number(v, "encinfo", "flags", info->client_auth);
        number(v, "encinfo", "flags.client_auth", info->client_auth);
        number(v, "encinfo", "flags.reserved", 0);
        if (is_v4(v)) {
            number(v, "encinfo", "keyextype", info->key_exchange);
            number(v, "encinfo", "sigtype", info->sigtype);
        } else {
            number(v, "encinfo", "reserved", 0);
        }
        number(v, "encinfo", "keytype", info->cipher);
        number(v, "encinfo", "hashtype", info->hash);
        number(v, "encinfo", "keylen", info->public_key.len);
        number(v, "encinfo", "dhlen", info->ecdh_key.len);
        number(v, "encinfo", "siglen", info->signature.len);
        bytes(v, "encinfo", "rand1", (uftp_bytes){info->random, UFTP_RANDOM_LEN});
        blob(v, info->public_key);
        blob(v, info->ecdh_key);
        bytes(v, "encinfo", "sig", info->signature);
    }
    uids(v, &m->members);
}

static void keyinfo(view *v, const uftp_keyinfo *m)
{
    if (is_v4(v))
        number(v, "keyinfo", "reserved", 0);
    else
        number(v, "keyinfo", "siglen", m->signature.len);
    number(v, "keyinfo", "ivctr", m->iv_counter);
    bytes(v, "keyinfo", "sig", m->signature);
    for (size_t i = 0; i < m->entry_count; i++) {
        const uint8_t *sealed;
        number(v, "keyinfo", "destid", uftp_keyinfo_entry(m, i, &sealed));
        bytes(v, "keyinfo", "groupmaster", (uftp_bytes){sealed, UFTP_SEALED_MASTER_LEN});
    }
}

static void fileinfo(view *v, const uftp_fileinfo *m)
{
    number(v, "fileinfo", "file_id", m->file_id);
    number(v, "fileinfo", "ftype", m->file_type);
    number(v, "fileinfo", "reserved", 0);
    if (!is_v4(v))
        number(v, "fileinfo", "ftstamp_hi", m->mtime >> 32);
    number(v, "fileinfo", "namelen", (m->name.len + 3) / 4);
    number(v, "fileinfo", "linklen", (m->link.len + 3) / 4);
    number(v, "fileinfo", "fsize", m->size);
    stamp(v, "fileinfo", "ftstamp", (m->mtime & UINT32_MAX) * 1000000);
    stamp(v, "fileinfo", "tstamp", m->timestamp_us);
    text(v, "fileinfo", "name", m->name);
    if (m->link.len)
        text(v, "fileinfo", "link", m->link);
    uids(v, &m->clients);
}

static void fileseg(view *v, const uftp_fileseg *m)
{
    number(v, "fileseg", "file_id", m->file_id);
    number(v, "fileseg", "section", m->section);
    number(v, "fileseg", "sec_block", m->block);
    if (m->has_tfmcc) {
        number(v, "tfmccdata", "exttype", 2);
        number(v, "tfmccdata", "extlen", 8);
        rate(v, "tfmccdata", "send_rate", m->tfmcc.send_rate);
        number(v, "tfmccdata", "cc_seq", m->tfmcc.cc_seq);
        rate(v, "tfmccdata", "cc_rate", m->tfmcc.cc_rate);
    }
    bytes(v, "fileseg", "data", m->data);
}

static void tfmcc_ack(view *v, const uftp_tfmcc_ack *m)
{
    number(v, "tfmccack", "exttype", 3);
    number(v, "tfmccack", "extlen", 20);
    number(v, "tfmccack", "flags", m->flags);
    number(v, "tfmccack", "flags.clr", m->flags & UFTP_TFMCC_CLR);
    number(v, "tfmccack", "flags.rtt", (m->flags & UFTP_TFMCC_RTT) != 0);
    number(v, "tfmccack", "flags.start", (m->flags & UFTP_TFMCC_START) != 0);
    number(v, "tfmccack", "flags.leave", (m->flags & UFTP_TFMCC_LEAVE) != 0);
    number(v, "tfmccack", "flags.reserved", m->flags >> 4);
    number(v, "tfmccack", "reserved", 0);
    number(v, "tfmccack", "cc_seq", m->cc_seq);
    rate(v, "tfmccack", "cc_rate", m->cc_rate);
    number(v, "tfmccack", "client_id", m->client);
    stamp(v, "tfmccack", "tstamp", m->timestamp_us);
}

static void cong_ctrl(view *v, const uftp_cong_ctrl *m)
{
    number(v, "congctrl", "reserved", 0);
    number(v, "congctrl", "cc_seq", m->cc_seq);
    rate(v, "congctrl", "cc_rate", m->cc_rate);
    stamp(v, "congctrl", "tstamp", m->timestamp_us);
    for (size_t i = 0; i < m->item_count; i++) {
        uftp_cong_item item = uftp_cong_ctrl_item(m, i);
        number(v, "congctrl", "item.destid", item.client);
        number(v, "congctrl", "item.flags", item.flags);
        number(v, "congctrl", "item.flags.clr", item.flags & UFTP_CONG_CLR);
        number(v, "congctrl", "item.flags.rtt", (item.flags & UFTP_CONG_RTT) != 0);
        number(v, "congctrl", "item.flags.start", (item.flags & UFTP_CONG_START) != 0);
        number(v, "congctrl", "item.flags.leave", item.flags >> 3 & 1);
        number(v, "congctrl", "item.flags.reserved", item.flags >> 4);
        view_add(v, VIEW_SPAN, "congctrl", "item.rtt")->number = uftp_grtt_expand(item.rtt);
        number(v, "congctrl", "item.rate", 0); /* reserved; of version 4 */
    }
}

static void proxy_key(view *v, const uftp_proxy_key *m)
{
    number(v, "proxykey", "bloblen", m->public_key.len);
    number(v, "proxykey", "dhlen", m->ecdh_key.len);
    number(v, "proxykey", "siglen", m->signature.len);
    if (is_v4(v))
        number(v, "proxykey", "nonce", m->nonce);
    blob(v, m->public_key);
    blob(v, m->ecdh_key);
    bytes(v, "proxykey", is_v4(v) ? "verify" : "sig", m->signature);
}

static void abort_message(view *v, const uftp_abort *m)
{
    number(v, "abort", "flags", m->current_file);
    number(v, "abort", "flags.curfile", m->current_file);
    number(v, "abort", "flags.reserved", 0);
    number(v, "abort", "reserved", 0);
    number(v, "abort", "clientid", m->host);
    text(v, "abort", "message", m->text);
}

/* What tshark calls the part of a message. */
static const char *part_name(uint8_t type)
{
    static const char *const names[CAP_TYPES] = {
        [UFTP_MESSAGE_ANNOUNCE] = "announce",
        [UFTP_MESSAGE_REGISTER] = "register",
        [UFTP_MESSAGE_CLIENT_KEY] = "clientkey",
        [UFTP_MESSAGE_KEYINFO_ACK] = "keyinfoack",
        [UFTP_MESSAGE_KEY_REQ] = "keyreq",
        [UFTP_MESSAGE_REG_CONF] = "regconf",
        [UFTP_MESSAGE_KEYINFO] = "keyinfo",
        [UFTP_MESSAGE_FILEINFO] = "fileinfo",
        [UFTP_MESSAGE_FILEINFO_ACK] = "fileinfoack",
        [UFTP_MESSAGE_FILESEG] = "fileseg",
        [UFTP_MESSAGE_DONE] = "done",
        [UFTP_MESSAGE_STATUS] = "status",
        [UFTP_MESSAGE_COMPLETE] = "complete",
        [UFTP_MESSAGE_DONE_CONF] = "doneconf",
        [UFTP_MESSAGE_HB_REQ] = "hbreq",
        [UFTP_MESSAGE_HB_RESP] = "hbresp",
        [UFTP_MESSAGE_PROXY_KEY] = "proxykey",
        [UFTP_MESSAGE_ABORT] = "abort",
        [UFTP_MESSAGE_CONG_CTRL] = "congctrl",
        [UFTP_MESSAGE_CC_ACK] = "ccack",
    };
    return type < CAP_TYPES && names[type] ? names[type] : "none";
}

static void view_message(view *v, const cap_packet *packet)
{
    const uftp_message *m = &packet->message;
    const char *part = part_name(m->type);
    unsigned words = packet->plain.data[1];
    if (is_v4(v) && m->type == UFTP_MESSAGE_CC_ACK) { /* where tshark 4.0 is one field off */
        number(v, part, "func", 4 * words);
        number(v, part, "hlen", words);
    } else {
        number(v, part, "func", m->type);
        number(v, part, "hlen", 4 * words); /* tshark counts bytes */
    }
    switch ((uftp_message_type)m->type) {
    case UFTP_MESSAGE_ANNOUNCE:
        announce(v, &m->as.announce);
        break;
    case UFTP_MESSAGE_REGISTER:
        number(v, part, is_v4(v) ? "keyinfo_len" : "dhlen", m->as.registration.ecdh_key.len);
        stamp(v, part, "tstamp", m->as.registration.timestamp_us);
        bytes(v, part, "rand2", (uftp_bytes){m->as.registration.random, UFTP_RANDOM_LEN});
        bytes(v, part, is_v4(v) ? "keyinfo" : "dhkey", m->as.registration.ecdh_key);
        uids(v, &m->as.registration.clients);
        break;
    case UFTP_MESSAGE_REG_CONF:
        number(v, part, "reserved", 0);
        uids(v, &m->as.reg_conf.clients);
        break;
    case UFTP_MESSAGE_KEYINFO:
        keyinfo(v, &m->as.keyinfo);
        break;
    case UFTP_MESSAGE_FILEINFO:
        fileinfo(v, &m->as.fileinfo);
        break;
    case UFTP_MESSAGE_FILEINFO_ACK:
        number(v, part, "file_id", m->as.fileinfo_ack.file_id);
        number(v, part, "flags", m->as.fileinfo_ack.partial);
        number(v, part, "flags.partial", m->as.fileinfo_ack.partial);
        number(v, part, "flags.reserved", 0);
        number(v, part, "reserved", 0);
        stamp(v, part, "tstamp", m->as.fileinfo_ack.timestamp_us);
        uids(v, &m->as.fileinfo_ack.clients);
        break;
    case UFTP_MESSAGE_FILESEG:
        fileseg(v, &m->as.fileseg);
        break;
    case UFTP_MESSAGE_DONE:
        number(v, part, "file_id", m->as.done.file_id);
        number(v, part, "section", m->as.done.section);
        number(v, part, "reserved", 0);
        uids(v, &m->as.done.clients);
        break;
    case UFTP_MESSAGE_STATUS:
        number(v, part, "file_id", m->as.status.file_id);
        number(v, part, "section", m->as.status.section);
        number(v, part, "reserved", 0);
        if (m->as.status.has_tfmcc)
            tfmcc_ack(v, &m->as.status.tfmcc);
        bytes(v, part, "naks", m->as.status.naks);
        break;
    case UFTP_MESSAGE_COMPLETE:
        number(v, part, "file_id", m->as.complete.file_id);
        number(v, part, "status", m->as.complete.status);
        number(v, part, "reserved", 0);
        if (m->as.complete.has_free_space) {
            number(v, "freespace", "exttype", 7);
            number(v, "freespace", "extlen", 12);
            number(v, "freespace", "reserved", 0);
            number(v, "freespace", "freespace", m->as.complete.free_space);
        }
        uids(v, &m->as.complete.clients);
        break;
    case UFTP_MESSAGE_DONE_CONF:
        number(v, part, "reserved", 0);
        uids(v, &m->as.done_conf.clients);
        break;
    case UFTP_MESSAGE_HB_REQ:
        number(v, part, "reserved", 0);
        number(v, part, "bloblen", m->as.hb_req.public_key.len);
        number(v, part, "siglen", m->as.hb_req.signature.len);
        number(v, part, "nonce", m->as.hb_req.nonce);
        blob(v, m->as.hb_req.public_key);
        bytes(v, part, "verify", m->as.hb_req.signature);
        break;
    case UFTP_MESSAGE_HB_RESP:
        number(v, part, "authenticated", m->as.hb_resp.result);
        number(v, part, "reserved", 0);
        number(v, part, "nonce", m->as.hb_resp.nonce);
        break;
    case UFTP_MESSAGE_PROXY_KEY:
        proxy_key(v, &m->as.proxy_key);
        break;
    case UFTP_MESSAGE_ABORT:
        abort_message(v, &m->as.abort);
        break;
    case UFTP_MESSAGE_CONG_CTRL:
        cong_ctrl(v, &m->as.cong_ctrl);
        break;
    case UFTP_MESSAGE_CC_ACK:
        number(v, part, "reserved", 0);
        tfmcc_ack(v, &m->as.cc_ack.tfmcc);
        break;
    case UFTP_MESSAGE_CLIENT_KEY:
        number(v, part, "reserved", 0);
        number(v, part, "bloblen", m->as.client_key.public_key.len);
        number(v, part, "siglen", m->as.client_key.signature.len);
        blob(v, m->as.client_key.public_key);
        bytes(v, part, "verify", m->as.client_key.signature);
        break;
    case UFTP_MESSAGE_KEYINFO_ACK:
        if (is_v4(v)) { /* one byte too far (0, and the first one behind), and then no more */
            number(v, part, "reserved", m->as.keyinfo_ack.verify_data.data[0]);
            break;
        }
        /* The length that goes with it is 0 on the wire (v5 1.12): tshark believes it. */
        number(v, part, "verify_len", 0);
        view_add(v, VIEW_BYTES, part, "verify_data")->bytes = (uftp_bytes){0};
        break;
    case UFTP_MESSAGE_KEY_REQ:
        number(v, part, "reserved", 0);
        break;
    case UFTP_MESSAGE_ENCRYPTED:
        break;
    }
}

void view_packet(view *v, const cap_packet *packet)
{
    const uftp_header *header = &packet->header;
    v->count = 0;
    v->version = header->version;
    if (packet->is_v3) {
        view_packet_v3(v, packet);
        return;
    }
    number(v, "", "version", header->version);
    number(v, "", "func", header->type);
    number(v, "", "seq", header->seq);
    number(v, "", "src_id", header->source);
    number(v, "", "group_id", header->group);
    number(v, "", "group_inst", header->instance);
    view_add(v, VIEW_SPAN, "", "grtt")->number = uftp_grtt_expand(header->grtt);
    number(v, "", "gsize", uftp_size_expand(header->group_size));
    number(v, "", "reserved", 0);
    if (!packet->sealed) {
        view_message(v, packet);
        return;
    }
    number(v, "encrypted", "ivctr", packet->encrypted.iv_counter);
    if (is_v4(v))
        number(v, "encrypted", "sig_len", packet->encrypted.signature.len);
    else
        number(v, "encrypted", "reserved", 0);
    number(v, "encrypted", "payload_len", packet->encrypted.payload.len);
    if (is_v4(v)) /* shown also when it is empty */
        view_add(v, VIEW_BYTES, "encrypted", "signature")->bytes = packet->encrypted.signature;
    bytes(v, "encrypted", "payload", packet->encrypted.payload);
}
