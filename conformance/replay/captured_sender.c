/* SPDX-License-Identifier: MIT */
#include "captured_sender.h"

#include "crypto/ecdh.h"
#include "tests/support.h"

#include <string.h>

/* What a receiver's message answers: the kinds of message, and the file. */
static bool answers(const uftp_message *reply, const said *s)
{
    switch ((uftp_message_type)reply->type) {
    case UFTP_MESSAGE_REGISTER:
    case UFTP_MESSAGE_CLIENT_KEY:
        return s->type == UFTP_MESSAGE_ANNOUNCE;
    case UFTP_MESSAGE_KEYINFO_ACK:
        return s->type == UFTP_MESSAGE_KEYINFO;
    case UFTP_MESSAGE_FILEINFO_ACK:
        return s->type == UFTP_MESSAGE_FILEINFO && s->file_id == reply->as.fileinfo_ack.file_id;
    case UFTP_MESSAGE_COMPLETE:
        return (s->type == UFTP_MESSAGE_FILEINFO || s->type == UFTP_MESSAGE_DONE) &&
               s->file_id == reply->as.complete.file_id;
    case UFTP_MESSAGE_STATUS:
        return s->type == UFTP_MESSAGE_DONE && s->file_id == reply->as.status.file_id;
    case UFTP_MESSAGE_ABORT: /* nothing, but then */
    case UFTP_MESSAGE_CC_ACK:
        return true;
    default:
        return false;
    }
}

uint64_t *captured_stamp(uftp_message *m)
{
    switch ((uftp_message_type)m->type) {
    case UFTP_MESSAGE_ANNOUNCE:
        return &m->as.announce.timestamp_us;
    case UFTP_MESSAGE_FILEINFO:
        return &m->as.fileinfo.timestamp_us;
    case UFTP_MESSAGE_REGISTER:
        return &m->as.registration.timestamp_us;
    case UFTP_MESSAGE_FILEINFO_ACK:
        return &m->as.fileinfo_ack.timestamp_us;
    default:
        return NULL;
    }
}

unsigned captured_count(const said *list, size_t end, const said *like)
{
    unsigned count = 0;
    for (size_t i = 0; i < end; i++)
        count += list[i].type == like->type && list[i].file_id == like->file_id;
    return count;
}

static void take_answer(captured_sender *c, const cap_packet *p)
{
    uftp_message message = p->message;
    size_t i = c->said_count;
    while (i > 0 && !answers(&message, &c->said[i - 1]))
        i--;
    if (i == 0)
        return; /* of an earlier life of the session */
    const said *trigger = &c->said[--i];
    assert_true(c->answer_count < ANSWERS_MAX);
    answer *a = &c->answers[c->answer_count++];
    *a = (answer){.number = p->number,
                  .type = trigger->type,
                  .file_id = trigger->file_id,
                  .nth = captured_count(c->said, i, trigger) + 1,
                  .delay = p->time - c->times[i],
                  .after = c->said_count,
                  .wire = p->wire,
                  .header = p->header,
                  .from = p->source,
                  .sealed = p->sealed,
                  .counter = p->sealed ? p->encrypted.iv_counter : 0};
    const uint64_t *stamp = captured_stamp(&message);
    if (stamp)
        a->echo = (int64_t)(*stamp - c->stamps[i]);
    assert_true(p->plain.len <= sizeof a->bytes);
    memcpy(a->bytes, p->plain.data, p->plain.len);
    a->len = p->plain.len;
}

static void take_announce(captured_sender *c, const cap_packet *p)
{
    const uftp_announce *announce = &p->message.as.announce;
    if (c->found)
        return;
    c->found = true;
    c->wire = p->wire;
    c->start = p->time;
    c->wall_us = announce->timestamp_us;
    c->uid = p->header.source;
    c->address = p->source;
    c->group = p->header.group;
    c->announce = *announce;
    c->announce.public_address.port = p->destination.port;
    c->encrypted = announce->encrypted;
    c->member_count = announce->members.count;
    assert_true(c->member_count <= SAID_UIDS_MAX);
    for (size_t i = 0; i < c->member_count; i++)
        c->members[i] = uftp_uid_list_get(&announce->members, i);
    if (!c->encrypted)
        return;
    memcpy(c->random, announce->enc_info.random, sizeof c->random);
    c->rsa = announce->enc_info.ecdh_key.len == 0;
    c->curve = c->rsa ? 0 : uftp_ecdh_blob_curve(announce->enc_info.ecdh_key);
}

static void take_server(captured_sender *c, const cap_packet *p, ordered_source *order)
{
    uftp_message message = p->message;
    said what;
    if (message.type == UFTP_MESSAGE_ANNOUNCE)
        take_announce(c, p);
    if (message.type == UFTP_MESSAGE_FILEINFO && order)
        ordered_source_add(order, message.as.fileinfo.name.data, message.as.fileinfo.name.len);
    if (!said_read(&message, &what))
        return;
    if (c->aborted && message.type == UFTP_MESSAGE_FILESEG)
        return; /* the reference's other thread sends on for a moment (spec v5 trap 58) */
    c->aborted |= message.type == UFTP_MESSAGE_ABORT && message.as.abort.host == 0;
    assert_true(c->said_count < SAID_MAX);
    const uint64_t *stamp = captured_stamp(&message);
    c->times[c->said_count] = p->time;
    c->stamps[c->said_count] = stamp ? *stamp : 0;
    what.number = p->number;
    c->said[c->said_count++] = what;
}

void captured_sender_read(captured_sender *c, const char *path, const cap_keylog *keylog,
                          ordered_source *order)
{
    char error[CAP_INPUT_ERROR_MAX] = "";
    cap_input *input = cap_input_open(&(cap_input_config){.path = path}, error);
    cap_tracker *tracker = cap_tracker_new(keylog);
    assert_true(input && tracker);
    cap_frame frame;
    const cap_packet *p;
    while (cap_input_next(input, &frame) == CAP_NEXT_FRAME) {
        if (!cap_tracker_take(tracker, cap_input_link(input), &frame, &p) || !p->peer ||
            p->header.instance != c->instance)
            continue;
        if (p->depth != CAP_DEPTH_MESSAGE)
            fail_msg("%s: packet %d does not open", path, (int)p->number);
        if (p->peer->is_server)
            take_server(c, p, order);
        else if (uftp_address_equal(&p->destination, &c->address)) /* not to a proxy */
            take_answer(c, p);
    }
    cap_tracker_free(tracker);
    cap_input_close(input);
}
