/* SPDX-License-Identifier: MIT
 *
 * Rules of version 3. It has no sequence numbers, no counters and no clock on the wire, so that
 * less can be asked; and it was never captured, so that nothing is asked which its text leaves
 * open.
 */
#include "check_internal.h"

/* ---- form ---- */

enum { FROM_SERVER = 1, FROM_OTHERS = 2 };

static unsigned origins_of(uint8_t type)
{
    switch ((uftp_v3_type)type) {
    case UFTP_V3_ANNOUNCE:
    case UFTP_V3_FILEINFO:
    case UFTP_V3_FILESEG:
    case UFTP_V3_DONE:
    case UFTP_V3_DONE_CONF:
        return FROM_SERVER;
    case UFTP_V3_REGISTER:
    case UFTP_V3_CLIENT_KEY:
    case UFTP_V3_INFO_ACK:
    case UFTP_V3_STATUS:
    case UFTP_V3_PRSTATUS:
    case UFTP_V3_COMPLETE:
        return FROM_OTHERS;
    case UFTP_V3_REG_CONF: /* of proxies, too */
    case UFTP_V3_KEYINFO:
    case UFTP_V3_PROXY_KEY:
    case UFTP_V3_HB_REQ:
    case UFTP_V3_HB_RESP:
    case UFTP_V3_KEY_REQ:
    case UFTP_V3_ENCRYPTED:
    case UFTP_V3_ABORT:
        break;
    }
    return FROM_SERVER | FROM_OTHERS;
}

static bool has_to_be_sealed(uint8_t type)
{
    switch ((uftp_v3_type)type) {
    case UFTP_V3_FILEINFO:
    case UFTP_V3_INFO_ACK:
    case UFTP_V3_FILESEG:
    case UFTP_V3_DONE:
    case UFTP_V3_STATUS:
    case UFTP_V3_PRSTATUS:
    case UFTP_V3_COMPLETE:
    case UFTP_V3_DONE_CONF:
        return true;
    default: /* an ABORT may have to be sent before there are keys */
        return false;
    }
}

static void check_form(const check_case *c)
{
    const cap_packet *packet = c->packet;
    const cap_session *session = packet->session;
    cap_rule_expect(c, CAP_RULE_ENCODING, !packet->v3.reserved_set);
    if (!session->announced)
        return;
    unsigned origin = packet->header.source == session->server ? FROM_SERVER : FROM_OTHERS;
    cap_rule_expect(c, CAP_RULE_DIRECTION, (origins_of(packet->v3.type) & origin) != 0);
    if (session->encrypted)
        cap_rule_expect(c, CAP_RULE_CLEAR, !has_to_be_sealed(packet->v3.type));
}

/* ---- beginning and end of a session ---- */

static void check_announce(const check_case *c)
{
    const uftp_v3_announce *m = &c->packet->v3.as.announce;
    check_session *s = c->session;
    const uint16_t fixed[] = {m->sync_mode,
                              m->sync_preview,
                              m->announce_interval_ms,
                              m->status_interval_ms,
                              m->register_interval_ms,
                              m->done_interval_ms,
                              m->announce_time_s,
                              m->status_time_s,
                              m->mtu,
                              m->client_auth,
                              m->sigtype,
                              m->hash,
                              m->cipher};
    uint64_t digest = cap_digest(0, fixed, sizeof fixed);
    digest = cap_digest(digest, &m->private_address, sizeof m->private_address);
    digest = cap_digest(digest, m->random, UFTP_RANDOM_LEN);
    if (m->restart && s->announced) { /* the same group begins anew */
        s->end_asked = false;
        s->announce_digest = digest;
    }
    if (s->announced) /* a proxy puts in its own key */
        cap_rule_expect(c, CAP_RULE_ANNOUNCE_CHANGED, digest == s->announce_digest);
    s->announced = true;
    s->announce_digest = digest;
}

static void check_register(const check_case *c)
{
    const uftp_v3_register *m = &c->packet->v3.as.registration;
    c->peer->registered = true;
    c->peer->is_proxy |= m->clients.count > 0;
    if (c->session->announced)
        cap_rule_expect(c, CAP_RULE_REGISTER_KEYS,
                        (m->premaster.len != 0) == c->packet->session->encrypted);
}

static void check_confirmed(const check_case *c, uint32_t host)
{
    const check_peer *peer = c->session->announced ? cap_check_other(c, host) : NULL;
    if (peer)
        cap_rule_expect(c, CAP_RULE_CONFIRMED_UNSEEN, peer->registered || peer->is_proxy);
}

static void check_reg_conf(const check_case *c)
{
    const uftp_uid_list *list = &c->packet->v3.as.reg_conf.clients;
    for (size_t i = 0; i < list->count; i++)
        check_confirmed(c, uftp_uid_list_get(list, i));
}

static void check_keyinfo(const check_case *c)
{
    const uftp_v3_keyinfo *m = &c->packet->v3.as.keyinfo;
    if (c->session->announced)
        cap_rule_expect(c, CAP_RULE_KEYINFO_PLAIN, c->packet->session->encrypted);
    for (size_t i = 0; i < m->entry_count; i++) {
        const uftp_uid_list host = {.bytes = m->entries + i * UFTP_KEYINFO_ENTRY_LEN, .count = 1};
        check_confirmed(c, uftp_uid_list_get(&host, 0));
    }
}

static void check_complete(const check_case *c)
{
    const uftp_v3_complete *m = &c->packet->v3.as.complete;
    cap_rule_expect(c, CAP_RULE_COMPLETE_STATUS, m->status <= UFTP_COMPLETE_REJECTED);
    if (m->file_id != 0)
        return;
    c->peer->ended = true;
    if (c->session->announced)
        cap_rule_expect(c, CAP_RULE_END_UNASKED, c->session->end_asked);
}

static void check_done_conf(const check_case *c)
{
    const uftp_uid_list *list = &c->packet->v3.as.complete.clients;
    for (size_t i = 0; i < list->count; i++) {
        const check_peer *peer = cap_check_other(c, uftp_uid_list_get(list, i));
        if (peer && peer->registered)
            cap_rule_expect(c, CAP_RULE_END_UNSEEN, peer->ended);
    }
}

/* ---- files ---- */

static void check_fileinfo(const check_case *c)
{
    const uftp_v3_fileinfo *m = &c->packet->v3.as.fileinfo;
    check_session *s = c->session;
    const uint64_t fixed[] = {m->file_type, m->blocks, m->sections, m->size, m->mtime};
    uint64_t digest = cap_digest(0, m->name.data, m->name.len);
    digest = cap_digest(digest, m->link.data, m->link.len);
    digest = cap_digest(digest, fixed, sizeof fixed);
    bool is_link = m->file_type == UFTP_FILE_SYMLINK;
    cap_rule_expect(c, CAP_RULE_FILE_TYPE, m->file_type <= UFTP_FILE_SYMLINK);
    cap_rule_expect(c, CAP_RULE_FILE_NAME, m->name.len > 0 && (m->link.len > 0) == is_link);
    const cap_file *file = c->packet->file;
    if (c->packet->session->announced && file && m->file_type == UFTP_FILE_REGULAR)
        cap_rule_expect(c, CAP_RULE_FILE_LAYOUT, file->has_layout);
    if (s->file_seen && m->file_id == s->file_id)
        cap_rule_expect(c, CAP_RULE_FILEINFO_CHANGED, digest == s->file_digest);
    else
        s->pass = 0;
    s->file_seen = true;
    s->file_id = m->file_id;
    s->file_digest = digest;
}

/* Blocks and DONEs of one file: passes never go back. */
static void check_pass(const check_case *c, uint16_t file_id, uint8_t pass)
{
    check_session *s = c->session;
    bool of_file = s->file_seen && file_id == s->file_id;
    cap_rule_expect(c, CAP_RULE_PASS_ORDER, pass > 0 && (!of_file || pass >= s->pass));
    if (of_file && pass > s->pass)
        s->pass = pass;
}

static void check_fileseg(const check_case *c)
{
    const uftp_v3_fileseg *m = &c->packet->v3.as.fileseg;
    const cap_file *file = c->packet->file;
    if (c->session->file_seen)
        cap_rule_expect(c, CAP_RULE_FILESEG_FILE, m->file_id == c->session->file_id);
    check_pass(c, m->file_id, m->pass);
    if (!file || !file->has_layout)
        return;
    bool exists = m->block < file->layout.blocks && m->section == m->block / file->layout.big + 1;
    cap_rule_expect(c, CAP_RULE_FILESEG_RANGE, exists);
    if (exists)
        cap_rule_expect(c, CAP_RULE_FILESEG_LENGTH,
                        m->data.len == uftp_layout_block_len(&file->layout, m->block));
}

/* Sections count from 1; what has no blocks has one all the same. */
static bool section_exists(const cap_file *file, uint16_t section)
{
    uint32_t sections =
        file && file->has_layout && file->layout.sections ? file->layout.sections : 1;
    return section >= 1 && section <= sections;
}

static void check_done(const check_case *c)
{
    const uftp_v3_done *m = &c->packet->v3.as.done;
    const cap_file *file = c->packet->file;
    if (m->file_id == 0)
        c->session->end_asked = true;
    else
        check_pass(c, m->file_id, m->pass);
    if (m->file_id == 0 || file)
        cap_rule_expect(c, CAP_RULE_DONE_SECTION, section_exists(file, m->section));
}

static uint32_t bits_from(uftp_bytes bitmap, uint32_t first)
{
    uint32_t count = 0;
    for (size_t i = 0; i < bitmap.len; i++)
        for (unsigned bit = 0; bit < 8; bit++)
            count += 8 * i + bit >= first && (bitmap.data[i] >> bit & 1u);
    return count;
}

static void check_status(const check_case *c)
{
    const uftp_v3_status *m = &c->packet->v3.as.status;
    const cap_file *file = c->packet->file;
    if (file)
        cap_rule_expect(c, CAP_RULE_STATUS_SECTION, section_exists(file, m->section));
    if (c->packet->v3.type == UFTP_V3_PRSTATUS)
        return;
    uint16_t block = c->packet->session->block_size;
    if (m->nak_count == 0 || c->packet->session->announced)
        cap_rule_expect(c, CAP_RULE_NAK_LENGTH, m->naks.len == (m->nak_count ? block : 0));
    cap_rule_expect(c, CAP_RULE_NAK_COUNT, bits_from(m->naks, 0) == m->nak_count);
    if (file && file->has_layout && m->section >= 1)
        cap_rule_expect(
            c, CAP_RULE_NAK_BITS,
            bits_from(m->naks, uftp_layout_section_blocks(&file->layout, m->section - 1u)) == 0);
}

void cap_check_v3(const check_case *c)
{
    const cap_packet *packet = c->packet;
    if (packet->sealed && packet->depth == CAP_DEPTH_WRAPPER) {
        if (packet->session->announced)
            cap_rule_expect(c, CAP_RULE_SEALED_IN_PLAIN, packet->session->encrypted);
        return;
    }
    cap_rule_expect(c, CAP_RULE_MALFORMED, packet->depth == CAP_DEPTH_MESSAGE);
    if (packet->depth != CAP_DEPTH_MESSAGE)
        return;
    check_form(c);
    switch ((uftp_v3_type)packet->v3.type) {
    case UFTP_V3_ANNOUNCE:
        check_announce(c);
        break;
    case UFTP_V3_REGISTER:
        check_register(c);
        break;
    case UFTP_V3_CLIENT_KEY:
        if (packet->session->announced)
            cap_rule_expect(c, CAP_RULE_CLIENT_KEY_UNASKED, packet->session->client_auth);
        break;
    case UFTP_V3_REG_CONF:
        check_reg_conf(c);
        break;
    case UFTP_V3_KEYINFO:
        check_keyinfo(c);
        break;
    case UFTP_V3_FILEINFO:
        check_fileinfo(c);
        break;
    case UFTP_V3_FILESEG:
        check_fileseg(c);
        break;
    case UFTP_V3_DONE:
        check_done(c);
        break;
    case UFTP_V3_STATUS:
    case UFTP_V3_PRSTATUS:
        check_status(c);
        break;
    case UFTP_V3_COMPLETE:
        check_complete(c);
        break;
    case UFTP_V3_DONE_CONF:
        check_done_conf(c);
        break;
    case UFTP_V3_INFO_ACK:
    case UFTP_V3_HB_REQ:
    case UFTP_V3_HB_RESP:
    case UFTP_V3_KEY_REQ:
    case UFTP_V3_PROXY_KEY:
    case UFTP_V3_ENCRYPTED:
    case UFTP_V3_ABORT:
        break;
    }
}
