/* SPDX-License-Identifier: MIT
 *
 * Rules on files: their order, their blocks, and what is said about them.
 */
#include "check_internal.h"

static uint64_t fileinfo_digest(const uftp_fileinfo *m)
{
    uint64_t digest = cap_digest(m->file_type, m->name.data, m->name.len);
    digest = cap_digest(digest, m->link.data, m->link.len);
    digest = cap_digest(digest, &m->size, sizeof m->size);
    return cap_digest(digest, &m->mtime, sizeof m->mtime);
}

static void check_fileinfo(const check_case *c)
{
    const uftp_fileinfo *m = &c->packet->message.as.fileinfo;
    check_session *s = c->session;
    uint64_t digest = fileinfo_digest(m);
    cap_rule_expect(c, CAP_RULE_FILE_TYPE, m->file_type <= UFTP_FILE_FREE_SPACE);
    cap_rule_expect(c, CAP_RULE_FILE_NAME,
                    m->name.len > 0 && m->name.len <= UFTP_NAME_MAX &&
                        (m->link.len > 0) == (m->file_type == UFTP_FILE_SYMLINK));
    cap_rule_expect(c, CAP_RULE_FILE_SIZE, m->file_type == UFTP_FILE_REGULAR || m->size == 0);
    if (!s->file_seen) {
        /* A capture that has the ANNOUNCE has the first file, too. */
        if (s->announced)
            cap_rule_expect(c, CAP_RULE_FILE_ORDER, m->file_id == 1);
    } else if (m->file_id == s->file_id) {
        cap_rule_expect(c, CAP_RULE_FILEINFO_CHANGED, digest == s->file_digest);
    } else {
        uint16_t next = s->file_id == UINT16_MAX ? 1 : (uint16_t)(s->file_id + 1);
        cap_rule_expect(c, CAP_RULE_FILE_ORDER, m->file_id == next);
    }
    s->file_seen = true;
    s->file_id = m->file_id;
    s->file_digest = digest;
}

static void check_fileseg(const check_case *c)
{
    const uftp_fileseg *m = &c->packet->message.as.fileseg;
    const cap_file *file = c->packet->file;
    if (c->session->file_seen)
        cap_rule_expect(c, CAP_RULE_FILESEG_FILE, m->file_id == c->session->file_id);
    if (!file || !file->has_layout)
        return;
    bool exists = m->block < uftp_layout_section_blocks(&file->layout, m->section);
    cap_rule_expect(c, CAP_RULE_FILESEG_RANGE, exists);
    if (!exists)
        return;
    uint32_t number = uftp_layout_section_start(&file->layout, m->section) + m->block;
    cap_rule_expect(c, CAP_RULE_FILESEG_LENGTH,
                    m->data.len == uftp_layout_block_len(&file->layout, number));
}

static void check_done(const check_case *c)
{
    const uftp_done *m = &c->packet->message.as.done;
    const cap_file *file = c->packet->file;
    if (m->file_id == 0)
        c->session->end_asked = true;
    if (m->file_id != 0 && !file)
        return;
    uint32_t last =
        file && file->has_layout && file->layout.sections ? file->layout.sections - 1 : 0;
    cap_rule_expect(c, CAP_RULE_DONE_SECTION, m->section == last);
}

static bool any_bit(uftp_bytes bitmap)
{
    for (size_t i = 0; i < bitmap.len; i++)
        if (bitmap.data[i])
            return true;
    return false;
}

static void check_status(const check_case *c)
{
    const uftp_status *m = &c->packet->message.as.status;
    const cap_file *file = c->packet->file;
    cap_rule_expect(c, CAP_RULE_STATUS_EMPTY, any_bit(m->naks));
    if (!file || !file->has_layout)
        return;
    uint32_t blocks = uftp_layout_section_blocks(&file->layout, m->section);
    cap_rule_expect(c, CAP_RULE_STATUS_SECTION, blocks > 0);
    if (blocks == 0)
        return;
    bool fits = m->naks.len == blocks / 8 + 1;
    cap_rule_expect(c, CAP_RULE_NAK_LENGTH, fits);
    if (fits)
        cap_rule_expect(c, CAP_RULE_NAK_BITS, m->naks.data[blocks / 8] >> blocks % 8 == 0);
}

static void check_complete(const check_case *c)
{
    const uftp_complete *m = &c->packet->message.as.complete;
    cap_rule_expect(c, CAP_RULE_COMPLETE_STATUS, m->status <= UFTP_COMPLETE_REJECTED);
    if (m->has_free_space && c->packet->file)
        cap_rule_expect(c, CAP_RULE_FREE_SPACE, c->packet->file->type == UFTP_FILE_FREE_SPACE);
    if (m->file_id != 0)
        return;
    c->peer->ended = true;
    if (c->session->announced)
        cap_rule_expect(c, CAP_RULE_END_UNASKED, c->session->end_asked);
}

/* Only of nodes whose beginning was seen here: others may be behind a proxy, or answer on a path
 * that this capture does not see. */
static void check_done_conf(const check_case *c)
{
    const uftp_uid_list *list = &c->packet->message.as.done_conf.clients;
    for (size_t i = 0; i < list->count; i++) {
        const check_peer *peer = cap_check_other(c, uftp_uid_list_get(list, i));
        if (peer && peer->registered)
            cap_rule_expect(c, CAP_RULE_END_UNSEEN, peer->ended);
    }
}

void cap_check_files(const check_case *c)
{
    switch ((uftp_message_type)c->packet->message.type) {
    case UFTP_MESSAGE_FILEINFO:
        check_fileinfo(c);
        break;
    case UFTP_MESSAGE_FILESEG:
        check_fileseg(c);
        break;
    case UFTP_MESSAGE_DONE:
        check_done(c);
        break;
    case UFTP_MESSAGE_STATUS:
        check_status(c);
        break;
    case UFTP_MESSAGE_COMPLETE:
        check_complete(c);
        break;
    case UFTP_MESSAGE_DONE_CONF:
        check_done_conf(c);
        break;
    default: /* of the handshake */
        break;
    }
}
