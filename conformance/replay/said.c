/* SPDX-License-Identifier: MIT */
#include "said.h"

#include "tests/support.h"

#include <stdlib.h>
#include <string.h>

static uint64_t digest(uint64_t seed, const void *bytes, size_t len)
{
    const uint8_t *at = bytes;
    uint64_t value = seed ^ UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < len; i++)
        value = (value ^ at[i]) * UINT64_C(0x100000001b3);
    return value;
}

static int rising(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    return left < right ? -1 : left > right;
}

static void take_list(said *s, const uftp_uid_list *list)
{
    assert_true(list->count <= SAID_UIDS_MAX);
    s->count = list->count;
    for (size_t i = 0; i < list->count; i++)
        s->uids[i] = uftp_uid_list_get(list, i);
    qsort(s->uids, s->count, sizeof *s->uids, rising);
}

static void take_entries(said *s, const uftp_keyinfo *keyinfo)
{
    assert_true(keyinfo->entry_count <= SAID_UIDS_MAX);
    s->count = keyinfo->entry_count;
    for (size_t i = 0; i < s->count; i++) {
        const uint8_t *sealed;
        s->uids[i] = uftp_keyinfo_entry(keyinfo, i, &sealed);
    }
    qsort(s->uids, s->count, sizeof *s->uids, rising);
}

static void take_file(said *s, const uftp_fileinfo *info)
{
    s->file_id = info->file_id;
    s->digest = digest(info->file_type, info->name.data, info->name.len);
    s->digest = digest(s->digest, info->link.data, info->link.len);
    s->digest = digest(s->digest + info->size, &info->mtime, sizeof info->mtime);
    take_list(s, &info->clients);
}

static void take_block(said *s, const uftp_fileseg *m)
{
    s->file_id = m->file_id;
    s->section = m->section;
    s->block = m->block;
    s->digest = digest(0, m->data.data, m->data.len);
}

/* Not compared: a DONE that asks nobody, which the reference sends when all have answered; and
 * CONG_CTRL, which goes by the time that rates make. */
bool said_read(const uftp_message *m, said *out)
{
    *out = (said){.type = m->type};
    switch ((uftp_message_type)m->type) {
    case UFTP_MESSAGE_ANNOUNCE:
        take_list(out, &m->as.announce.members);
        return true;
    case UFTP_MESSAGE_REG_CONF:
        take_list(out, &m->as.reg_conf.clients);
        return true;
    case UFTP_MESSAGE_KEYINFO:
        take_entries(out, &m->as.keyinfo);
        return true;
    case UFTP_MESSAGE_FILEINFO:
        take_file(out, &m->as.fileinfo);
        return true;
    case UFTP_MESSAGE_FILESEG:
        take_block(out, &m->as.fileseg);
        return true;
    case UFTP_MESSAGE_DONE:
        out->file_id = m->as.done.file_id;
        out->section = m->as.done.section;
        take_list(out, &m->as.done.clients);
        return out->count > 0;
    case UFTP_MESSAGE_DONE_CONF:
        take_list(out, &m->as.done_conf.clients);
        return true;
    case UFTP_MESSAGE_ABORT:
        out->count = m->as.abort.host != 0;
        out->uids[0] = m->as.abort.host;
        return true;
    default:
        return false;
    }
}

/* The rule that is broken where two messages differ; REPLAY_RULE_COUNT: none. */
static replay_rule difference(const said *a, const said *b)
{
    if (a->type != b->type)
        return REPLAY_RULE_MESSAGE_KIND;
    if (a->file_id != b->file_id)
        return REPLAY_RULE_MESSAGE_FILE;
    if (a->section != b->section || a->block != b->block)
        return REPLAY_RULE_BLOCK_ORDER;
    if (a->digest != b->digest)
        return a->type == UFTP_MESSAGE_FILEINFO ? REPLAY_RULE_FILE_DESCRIBED
                                                : REPLAY_RULE_BLOCK_DATA;
    if (a->count != b->count || memcmp(a->uids, b->uids, sizeof a->uids) != 0)
        return REPLAY_RULE_RECEIVERS_LISTED;
    return REPLAY_RULE_COUNT;
}

size_t said_same(const said *captured, size_t captured_count, const said *own, size_t own_count)
{
    size_t i = 0;
    while (i < captured_count && i < own_count &&
           difference(&captured[i], &own[i]) == REPLAY_RULE_COUNT)
        i++;
    return i;
}

static void print_said(const char *whose, const said *s)
{
    print_message("  %s %s file %u section %u block %u, for", whose, uftp_message_name(s->type),
                  s->file_id, s->section, s->block);
    for (size_t i = 0; i < s->count; i++)
        print_message(" %08X", (unsigned)s->uids[i]);
    print_message("\n");
}

void said_compare(const said *captured, size_t captured_count, const said *own, size_t own_count,
                  const char *capture)
{
    size_t i = said_same(captured, captured_count, own, own_count);
    if (i == captured_count && i == own_count)
        return;
    for (size_t k = i > 2 ? i - 2 : 0; k < i + 4; k++) {
        if (k < captured_count)
            print_said("captured", &captured[k]);
        if (k < own_count)
            print_said("ours    ", &own[k]);
    }
    if (i == own_count)
        replay_broken(REPLAY_RULE_MESSAGE_MISSING, capture, captured[i].number,
                      "no %s as message %d", uftp_message_name(captured[i].type), (int)i + 1);
    if (i == captured_count)
        replay_broken(REPLAY_RULE_MESSAGE_UNASKED, capture, 0, "%s as message %d",
                      uftp_message_name(own[i].type), (int)i + 1);
    replay_broken(difference(&captured[i], &own[i]), capture, captured[i].number,
                  "message %d is %s, captured %s", (int)i + 1, uftp_message_name(own[i].type),
                  uftp_message_name(captured[i].type));
}
