/* SPDX-License-Identifier: MIT */
#include "passed.h"

#include "rules.h"
#include "tests/support.h"

#include <stdlib.h>
#include <string.h>

static uint64_t digest(uint64_t value, uftp_bytes bytes)
{
    value ^= UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < bytes.len; i++)
        value = (value ^ bytes.data[i]) * UINT64_C(0x100000001b3);
    return value;
}

static int rising(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    return left < right ? -1 : left > right;
}

static void take_list(passed *out, const uftp_uid_list *list)
{
    assert_true(list->count <= PASSED_UIDS_MAX);
    out->count = list->count;
    for (size_t i = 0; i < list->count; i++)
        out->uids[i] = uftp_uid_list_get(list, i);
    qsort(out->uids, out->count, sizeof *out->uids, rising);
}

static void take_entries(passed *out, const uftp_keyinfo *keyinfo)
{
    assert_true(keyinfo->entry_count <= PASSED_UIDS_MAX);
    out->count = keyinfo->entry_count;
    for (size_t i = 0; i < out->count; i++) {
        const uint8_t *sealed;
        out->uids[i] = uftp_keyinfo_entry(keyinfo, i, &sealed);
    }
    qsort(out->uids, out->count, sizeof *out->uids, rising);
}

/* What the proxy says for itself. */
static void take_message(passed *out, const uftp_message *m)
{
    switch ((uftp_message_type)m->type) {
    case UFTP_MESSAGE_REGISTER:
        take_list(out, &m->as.registration.clients);
        out->digest = digest(0, (uftp_bytes){m->as.registration.random, UFTP_RANDOM_LEN});
        out->digest = digest(out->digest, m->as.registration.ecdh_key);
        break;
    case UFTP_MESSAGE_CLIENT_KEY:
        out->digest = digest(0, m->as.client_key.public_key);
        break;
    case UFTP_MESSAGE_PROXY_KEY:
        out->digest = digest(digest(0, m->as.proxy_key.public_key), m->as.proxy_key.ecdh_key);
        break;
    case UFTP_MESSAGE_KEYINFO:
        take_entries(out, &m->as.keyinfo);
        break;
    case UFTP_MESSAGE_KEYINFO_ACK:
        out->digest = digest(0, m->as.keyinfo_ack.verify_data);
        break;
    case UFTP_MESSAGE_FILEINFO_ACK:
        out->file_id = m->as.fileinfo_ack.file_id;
        out->status = m->as.fileinfo_ack.partial;
        take_list(out, &m->as.fileinfo_ack.clients);
        break;
    case UFTP_MESSAGE_STATUS:
        out->file_id = m->as.status.file_id;
        out->section = m->as.status.section;
        out->digest = digest(0, m->as.status.naks);
        break;
    case UFTP_MESSAGE_COMPLETE:
        out->file_id = m->as.complete.file_id;
        out->status = m->as.complete.status;
        take_list(out, &m->as.complete.clients);
        break;
    case UFTP_MESSAGE_HB_REQ: /* the number that it answers is what is signed */
        out->section = (uint16_t)(m->as.hb_req.nonce != 0);
        out->digest = digest(m->as.hb_req.nonce, m->as.hb_req.public_key);
        break;
    case UFTP_MESSAGE_HB_RESP:
        out->status = m->as.hb_resp.result;
        out->digest = m->as.hb_resp.nonce;
        break;
    case UFTP_MESSAGE_ABORT:
        out->count = 1;
        out->uids[0] = m->as.abort.host;
        break;
    default:
        break;
    }
}

void passed_add(passed_list *list, const cap_packet *packet, uint32_t uid)
{
    assert_true(list->count < PASSED_MAX);
    passed *added = &list->items[list->count++];
    *added = (passed){.number = packet->number,
                      .type = packet->header.type,
                      .source = packet->header.source,
                      .relayed = packet->header.source != uid};
    if (added->relayed) {
        added->digest = digest(0, packet->bytes);
        return;
    }
    if (packet->depth != CAP_DEPTH_MESSAGE)
        fail_msg("packet %d: a %s does not open", (int)packet->number,
                 uftp_message_name(packet->header.type));
    added->type = packet->message.type;
    take_message(added, &packet->message);
}

static bool same(const passed *a, const passed *b)
{
    return a->type == b->type && a->source == b->source && a->relayed == b->relayed &&
           a->file_id == b->file_id && a->section == b->section && a->status == b->status &&
           a->digest == b->digest && a->count == b->count &&
           memcmp(a->uids, b->uids, sizeof a->uids) == 0;
}

static void print_passed(const char *whose, const passed *p)
{
    print_message("  %s %s of %08X%s file %u status %u digest %llx, for", whose,
                  uftp_message_name(p->type), (unsigned)p->source, p->relayed ? " relayed" : "",
                  p->file_id, p->status, (unsigned long long)p->digest);
    for (size_t i = 0; i < p->count; i++)
        print_message(" %08X", (unsigned)p->uids[i]);
    print_message("\n");
}

void passed_compare(const passed_list *captured, const passed_list *own, const char *capture,
                    const char *who)
{
    size_t i = 0;
    while (i < captured->count && i < own->count && same(&captured->items[i], &own->items[i]))
        i++;
    if (i == captured->count && i == own->count)
        return;
    for (size_t k = i > 2 ? i - 2 : 0; k < i + 3; k++) {
        if (k < captured->count)
            print_passed("captured", &captured->items[k]);
        if (k < own->count)
            print_passed("ours    ", &own->items[k]);
    }
    replay_broken(REPLAY_RULE_PROXY_MESSAGE, capture,
                  i < captured->count ? captured->items[i].number : 0,
                  "%s: message %d differs (%d captured, %d ours)", who, (int)i + 1,
                  (int)captured->count, (int)own->count);
}
