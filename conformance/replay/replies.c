/* SPDX-License-Identifier: MIT */
#include "replies.h"

#include "tests/support.h"

#include <string.h>

/* Not compared: what belongs to a handshake that is not replayed; feedback for congestion control,
 * which a receiver gives or spares by a random delay; the second and later of equal refusals, which
 * the reference repeats with each ANNOUNCE and we do not; more than ROBUST REGISTERs in a row (each
 * with its CLIENT_KEY), where we stop and the reference goes on until its deadline. In encrypted
 * sessions more than one: how often it is repeated follows from the GRTT, which ours does not take
 * from packets that nobody has signed. */
static bool is_compared(const replies *list, const cap_packet *packet)
{
    uint8_t type = packet->message.type;
    if (list->kind == REPLAY_PLAIN &&
        (type == UFTP_MESSAGE_KEYINFO_ACK || type == UFTP_MESSAGE_CLIENT_KEY))
        return false;
    if (type == UFTP_MESSAGE_ABORT && list->count)
        return list->items[list->count - 1].type != UFTP_MESSAGE_ABORT;
    unsigned limit = list->kind == REPLAY_PLAIN ? packet->session->robust : 1;
    if (type == UFTP_MESSAGE_REGISTER || type == UFTP_MESSAGE_CLIENT_KEY) {
        unsigned said = 0;
        for (size_t i = list->count; i > 0; i--) {
            uint8_t before = list->items[i - 1].type;
            if (before != UFTP_MESSAGE_REGISTER && before != UFTP_MESSAGE_CLIENT_KEY)
                break;
            said += before == type;
        }
        return said < limit;
    }
    return type != UFTP_MESSAGE_CC_ACK;
}

static uint64_t digest(uint64_t value, const void *bytes, size_t len)
{
    const uint8_t *at = bytes;
    value ^= UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < len; i++)
        value = (value ^ at[i]) * UINT64_C(0x100000001b3);
    return value;
}

/* A premaster under the server's RSA key is sealed with a random pad: whether it is the right one
 * shows in the keys. */
static uint64_t register_digest(const cap_packet *packet)
{
    const uftp_register *m = &packet->message.as.registration;
    uint64_t value = digest(0, m->random, UFTP_RANDOM_LEN);
    bool blob = uftp_ecdh_blob_curve(m->ecdh_key) != 0;
    return blob ? digest(value, m->ecdh_key.data, m->ecdh_key.len) : value;
}

void replies_add(replies *list, const cap_packet *packet)
{
    if (packet->depth != CAP_DEPTH_MESSAGE)
        fail_msg("packet %d: a %s does not open", (int)packet->number,
                 uftp_message_name(packet->header.type));
    if (!is_compared(list, packet))
        return;
    assert_true(list->count < REPLIES_MAX);
    reply *added = &list->items[list->count++];
    const uftp_message *m = &packet->message;
    *added = (reply){.type = m->type, .number = packet->number};
    if (m->type == UFTP_MESSAGE_FILEINFO_ACK) {
        added->file_id = m->as.fileinfo_ack.file_id;
        added->partial = m->as.fileinfo_ack.partial;
    } else if (m->type == UFTP_MESSAGE_COMPLETE) {
        added->file_id = m->as.complete.file_id;
        added->status = m->as.complete.status;
    } else if (m->type == UFTP_MESSAGE_STATUS) {
        added->file_id = m->as.status.file_id;
        added->section = m->as.status.section;
        added->naks_len = m->as.status.naks.len;
        assert_true(added->naks_len <= NAKS_MAX);
        memcpy(added->naks, m->as.status.naks.data, added->naks_len);
    } else if (m->type == UFTP_MESSAGE_REGISTER && list->kind == REPLAY_FULL) {
        added->keys = register_digest(packet);
    } else if (m->type == UFTP_MESSAGE_CLIENT_KEY && list->kind != REPLAY_PLAIN) {
        added->keys = digest(0, m->as.client_key.public_key.data, m->as.client_key.public_key.len);
    } else if (m->type == UFTP_MESSAGE_KEYINFO_ACK && list->kind == REPLAY_FULL) {
        added->verify =
            digest(0, m->as.keyinfo_ack.verify_data.data, m->as.keyinfo_ack.verify_data.len);
    }
}

/* The rule that is broken where two replies differ; REPLAY_RULE_COUNT: none. */
static replay_rule difference(const reply *a, const reply *b)
{
    if (a->type != b->type)
        return REPLAY_RULE_REPLY_KIND;
    if (a->file_id != b->file_id)
        return REPLAY_RULE_REPLY_FILE;
    if (a->section != b->section)
        return REPLAY_RULE_REPLY_SECTION;
    if (a->naks_len != b->naks_len || memcmp(a->naks, b->naks, a->naks_len) != 0)
        return REPLAY_RULE_NAK_BITMAP;
    if (a->status != b->status)
        return REPLAY_RULE_REPLY_STATUS;
    if (a->partial != b->partial)
        return REPLAY_RULE_PARTIAL_FLAG;
    if (a->keys != b->keys)
        return REPLAY_RULE_REGISTER_KEYS;
    return a->verify != b->verify ? REPLAY_RULE_VERIFY_DATA : REPLAY_RULE_COUNT;
}

static void print_reply(const char *whose, const reply *r)
{
    print_message("  %s %s file %u section %u status %u partial %d naks ", whose,
                  uftp_message_name(r->type), r->file_id, r->section, r->status, r->partial);
    for (size_t i = 0; i < r->naks_len; i++)
        print_message("%02x", r->naks[i]);
    print_message("\n");
}

/* The surroundings of a difference. */
static void print_around(const replies *captured, const replies *own, size_t at)
{
    for (size_t i = at > 2 ? at - 2 : 0; i < at + 3; i++) {
        if (i < captured->count)
            print_reply("captured", &captured->items[i]);
        if (i < own->count)
            print_reply("ours    ", &own->items[i]);
    }
}

void replies_compare(const replies *captured, const replies *own, const char *capture,
                     const char *who)
{
    size_t i = 0;
    while (i < own->count && i < captured->count &&
           difference(&captured->items[i], &own->items[i]) == REPLAY_RULE_COUNT)
        i++;
    if (i == own->count && i == captured->count)
        return;
    print_around(captured, own, i);
    if (i == own->count)
        replay_broken(REPLAY_RULE_REPLY_MISSING, capture, captured->items[i].number,
                      "%s: no %s as reply %d", who, uftp_message_name(captured->items[i].type),
                      (int)i + 1);
    if (i == captured->count)
        replay_broken(REPLAY_RULE_REPLY_UNASKED, capture, 0, "%s: %s as reply %d", who,
                      uftp_message_name(own->items[i].type), (int)i + 1);
    replay_broken(difference(&captured->items[i], &own->items[i]), capture,
                  captured->items[i].number, "%s: reply %d is %s, captured %s", who, (int)i + 1,
                  uftp_message_name(own->items[i].type),
                  uftp_message_name(captured->items[i].type));
}
