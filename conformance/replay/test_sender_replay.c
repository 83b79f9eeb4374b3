/* SPDX-License-Identifier: MIT
 *
 * The sender in the place of a captured one: with the same command line and files it is handed what
 * the receivers said then, and has to say the same things in the same order: what it announces,
 * which blocks it sends and sends again, whom it asks and whom it confirms. FILESEG data included.
 *
 * A receiver's packet answers something. It is handed over when our sender has sent the message it
 * answers in the capture, as much later as it came then, with the echoed timestamp moved by the
 * same distance: so small differences in pace do not add up to other sessions. Encrypted sessions
 * are replayed in clear: what the captured receivers sealed is bound to the captured sender's keys.
 *
 *     test_sender_replay FOLDER
 */
#include "engine/memory_source.h"
#include "golden.h"
#include "tests/support.h"
#include "uftp/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uftp/sender.h>
#include <unistd.h>

enum { SAID_MAX = 1200, ANSWERS_MAX = 400, UIDS_MAX = 16 };

static const char *folder;

/* What one packet of a sender says, as far as it has to be the same. */
typedef struct said {
    uint8_t type;
    uint16_t file_id, section, block;
    uint64_t digest; /* of a file's description, of a block's data */
    size_t count;    /* receivers listed, in rising order */
    uint32_t uids[UIDS_MAX];
} said;

/* A receiver's packet and what it answers: the nth message of a type about a file. */
typedef struct answer {
    uint8_t type;
    uint16_t file_id;
    unsigned nth;
    uint64_t delay; /* behind that message */
    int64_t echo;   /* us, from that message's timestamp to the one that is echoed */
    uint32_t source;
    uftp_address from;
    uint8_t bytes[2048]; /* in clear, without the timestamp */
    size_t len;
    uint64_t due; /* core time; 0: not yet, UFTP_NEVER: handed over */
} answer;

typedef struct replay {
    cap_keylog keylog;
    json_t *manifest;
    uftp_sender_options options;
    sim_source source;
    test_memory memory;
    test_random random;
    uftp_sender *sender;
    uint64_t now, wall_us, start; /* start: capture time of the first ANNOUNCE */
    uftp_address server;
    uint32_t uid, group;
    uftp_announce announce;

    size_t captured_count, own_count;
    said captured[SAID_MAX], own[SAID_MAX];
    size_t answer_count;
    answer answers[ANSWERS_MAX];
} replay;

/* ---- what is said ---- */

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
    assert_true(list->count <= UIDS_MAX);
    s->count = list->count;
    for (size_t i = 0; i < list->count; i++)
        s->uids[i] = uftp_uid_list_get(list, i);
    qsort(s->uids, s->count, sizeof *s->uids, rising);
}

static said say(const uftp_message *m)
{
    said s = {.type = m->type};
    if (m->type == UFTP_MESSAGE_ANNOUNCE) {
        take_list(&s, &m->as.announce.members);
    } else if (m->type == UFTP_MESSAGE_FILEINFO) {
        const uftp_fileinfo *info = &m->as.fileinfo;
        s.file_id = info->file_id;
        s.digest = digest(info->file_type, info->name.data, info->name.len);
        s.digest = digest(s.digest, info->link.data, info->link.len);
        s.digest = digest(s.digest + info->size, &info->mtime, sizeof info->mtime);
        take_list(&s, &info->clients);
    } else if (m->type == UFTP_MESSAGE_FILESEG) {
        s.file_id = m->as.fileseg.file_id;
        s.section = m->as.fileseg.section;
        s.block = m->as.fileseg.block;
        s.digest = digest(0, m->as.fileseg.data.data, m->as.fileseg.data.len);
    } else if (m->type == UFTP_MESSAGE_DONE) {
        s.file_id = m->as.done.file_id;
        s.section = m->as.done.section;
        take_list(&s, &m->as.done.clients);
    } else if (m->type == UFTP_MESSAGE_DONE_CONF) {
        take_list(&s, &m->as.done_conf.clients);
    }
    return s;
}

/* Not compared: in clear a receiver is confirmed by REG_CONF, where the captured session had
 * KEYINFO; and a DONE that asks nobody, which the reference sends when all have answered. */
static bool is_compared(const uftp_message *m)
{
    return m->type != UFTP_MESSAGE_REG_CONF && m->type != UFTP_MESSAGE_KEYINFO &&
           (m->type != UFTP_MESSAGE_DONE || m->as.done.clients.count > 0);
}

static bool same(const said *a, const said *b)
{
    return a->type == b->type && a->file_id == b->file_id && a->section == b->section &&
           a->block == b->block && a->digest == b->digest && a->count == b->count &&
           memcmp(a->uids, b->uids, sizeof a->uids) == 0;
}

static void print_said(const char *whose, const said *s)
{
    print_message("%s: %s file %u section %u block %u, %d listed\n", whose,
                  uftp_message_name(s->type), s->file_id, s->section, s->block, (int)s->count);
}

static void compare(const replay *r)
{
    size_t i = 0;
    while (i < r->captured_count && i < r->own_count && same(&r->captured[i], &r->own[i]))
        i++;
    if (i == r->captured_count && i == r->own_count)
        return;
    for (size_t k = i > 2 ? i - 2 : 0; k < i + 4; k++) {
        if (k < r->captured_count)
            print_said("captured", &r->captured[k]);
        if (k < r->own_count)
            print_said("ours    ", &r->own[k]);
    }
    fail_msg("message %d differs (%d captured, %d ours)", (int)i + 1, (int)r->captured_count,
             (int)r->own_count);
}

/* ---- the capture ---- */

/* What a receiver's message answers: the kinds of message, and the file. */
static bool answers(const uftp_message *reply, const said *s)
{
    switch ((uftp_message_type)reply->type) {
    case UFTP_MESSAGE_REGISTER:
        return s->type == UFTP_MESSAGE_ANNOUNCE;
    case UFTP_MESSAGE_FILEINFO_ACK:
        return s->type == UFTP_MESSAGE_FILEINFO && s->file_id == reply->as.fileinfo_ack.file_id;
    case UFTP_MESSAGE_COMPLETE:
        return (s->type == UFTP_MESSAGE_FILEINFO || s->type == UFTP_MESSAGE_DONE) &&
               s->file_id == reply->as.complete.file_id;
    case UFTP_MESSAGE_STATUS:
        return s->type == UFTP_MESSAGE_DONE && s->file_id == reply->as.status.file_id;
    case UFTP_MESSAGE_ABORT: /* nothing, but then */
        return true;
    default:
        return false;
    }
}

static uint64_t *stamp_of(uftp_message *m)
{
    if (m->type == UFTP_MESSAGE_ANNOUNCE)
        return &m->as.announce.timestamp_us;
    if (m->type == UFTP_MESSAGE_FILEINFO)
        return &m->as.fileinfo.timestamp_us;
    if (m->type == UFTP_MESSAGE_REGISTER)
        return &m->as.registration.timestamp_us;
    return m->type == UFTP_MESSAGE_FILEINFO_ACK ? &m->as.fileinfo_ack.timestamp_us : NULL;
}

/* When each captured message was sent, beside what it says. */
static uint64_t times[SAID_MAX], stamps[SAID_MAX];

static unsigned count_before(const said *list, size_t end, const said *like)
{
    unsigned count = 0;
    for (size_t i = 0; i < end; i++)
        count += list[i].type == like->type && list[i].file_id == like->file_id;
    return count;
}

static void take_answer(replay *r, const cap_packet *p)
{
    uftp_message message = p->message;
    size_t i = r->captured_count;
    while (i > 0 && !answers(&message, &r->captured[i - 1]))
        i--;
    if (i == 0)
        return; /* of the handshake, or of congestion control */
    const said *trigger = &r->captured[--i];
    assert_true(r->answer_count < ANSWERS_MAX);
    answer *a = &r->answers[r->answer_count++];
    *a = (answer){.type = trigger->type,
                  .file_id = trigger->file_id,
                  .nth = count_before(r->captured, i, trigger) + 1,
                  .delay = p->time - times[i],
                  .source = p->header.source,
                  .from = p->source};
    uint64_t *stamp = stamp_of(&message);
    if (stamp)
        a->echo = (int64_t)(*stamp - stamps[i]);
    if (message.type == UFTP_MESSAGE_REGISTER) {
        message.as.registration.random = NULL;
        message.as.registration.ecdh_key = (uftp_bytes){0};
    }
    uftp_header header = p->header;
    header.type = message.type;
    uftp_writer w = {.at = a->bytes, .end = a->bytes + sizeof a->bytes};
    assert_int_equal(p->wire->header_write(&w, &header), UFTP_OK);
    assert_int_equal(p->wire->message_write(&w, &message), UFTP_OK);
    a->len = (size_t)(w.at - a->bytes);
}

static void take_server(replay *r, const cap_packet *p)
{
    uftp_message message = p->message;
    if (message.type == UFTP_MESSAGE_ANNOUNCE && r->start == 0) {
        r->start = p->time;
        r->wall_us = message.as.announce.timestamp_us;
        r->server = p->source;
        r->group = p->header.group;
        r->announce = message.as.announce;
        r->announce.public_address.port = p->destination.port;
    }
    if (!is_compared(&message))
        return;
    assert_true(r->captured_count < SAID_MAX);
    const uint64_t *stamp = stamp_of(&message);
    times[r->captured_count] = p->time;
    stamps[r->captured_count] = stamp ? *stamp : 0;
    r->captured[r->captured_count++] = say(&message);
}

static void read_capture(replay *r)
{
    char path[600], error[CAP_INPUT_ERROR_MAX] = "";
    snprintf(path, sizeof path, "%s/session.pcap", folder);
    cap_input *input = cap_input_open(&(cap_input_config){.path = path}, error);
    cap_tracker *tracker = cap_tracker_new(&r->keylog);
    assert_true(input && tracker);
    cap_frame frame;
    const cap_packet *p;
    while (cap_input_next(input, &frame) == CAP_NEXT_FRAME) {
        if (!cap_tracker_take(tracker, CAP_LINK_ETHERNET, &frame, &p))
            continue;
        assert_true(p->depth == CAP_DEPTH_MESSAGE && p->peer);
        if (p->peer->is_server)
            take_server(r, p);
        else
            take_answer(r, p);
    }
    cap_tracker_free(tracker);
    cap_input_close(input);
}

/* ---- the core ---- */

static void fill_source(replay *r)
{
    size_t i;
    const json_t *object;
    sim_source_init(&r->source);
    json_array_foreach(json_object_get(r->manifest, "sent"), i, object)
    {
        char path[400];
        const char *type = golden_text(object, "type"), *name = golden_text(object, "path");
        snprintf(path, sizeof path, "send/%s", name);
        if (strcmp(type, "dir") == 0) {
            sim_source_dir(&r->source, path);
        } else if (strcmp(type, "link") == 0) {
            sim_source_link(&r->source, path, golden_text(object, "to"));
        } else {
            const char *stream = golden_text(object, "stream");
            size_t size = (size_t)json_integer_value(json_object_get(object, "size"));
            uint8_t *bytes = golden_content(*stream ? stream : name, size);
            sim_source_file(&r->source, path, bytes, size,
                            (uint64_t)json_integer_value(json_object_get(object, "mtime")));
            free(bytes);
        }
    }
}

/* The options of the captured command line, in the words of our own program. */
static void read_options(replay *r)
{
    static char *argv[64];
    int argc = 0;
    size_t i, k;
    const json_t *command, *word;
    argv[argc++] = "uftp";
    json_array_foreach(json_object_get(r->manifest, "commands"), i, command)
    {
        if (strcmp(golden_text(command, "program"), "uftp") != 0)
            continue;
        json_array_foreach(json_object_get(command, "argv"), k, word)
        {
            assert_true(argc < 60);
            argv[argc++] = (char *)(uintptr_t)json_string_value(word);
        }
    }
    uftp_failure failure = {0};
    if (uftp_sender_options_parse(&r->options, argc, argv, &failure) ||
        uftp_sender_options_load(&r->options, &failure))
        fail_msg("%s", failure.text);
}

static void start_sender(replay *r)
{
    const uftp_sender_options *o = &r->options;
    uftp_sender_config config = o->core;
    test_memory_init(&r->memory);
    test_random_init(&r->random, 1);
    config.memory = &r->memory.allocator;
    config.random = &r->random.random;
    config.source = &r->source.core;
    config.wall_us = r->wall_us;
    config.uid = r->uid;
    config.group = r->group;
    config.public_address = r->announce.public_address;
    config.private_address = r->announce.private_address;
    if (uftp_address_is_zero(&config.public_address)) { /* a unicast session does not say */
        const json_t *nodes = json_object_get(r->manifest, "nodes");
        unsigned b[4];
        assert_int_equal(sscanf(golden_text(json_object_get(nodes, "r1"), "ip"), "%u.%u.%u.%u",
                                &b[0], &b[1], &b[2], &b[3]),
                         4);
        config.public_address =
            uftp_address_ipv4((uint8_t)b[0], (uint8_t)b[1], (uint8_t)b[2], (uint8_t)b[3], 1044);
    }
    config.plain = true;
    config.client_auth = false;
    config.key = NULL;
    config.members = o->members.items;
    config.member_count = o->members.count;
    config.operands = (const char *const *)o->operands.items;
    config.operand_count = o->operands.count;
    config.destination_name = o->destination_name;
    r->now = UFTP_S(1);
    assert_int_equal(uftp_sender_create(&config, r->now, &r->sender), UFTP_OK);
}

/* Our sender has said something: whoever answered it may do so now. */
static void trigger(replay *r, const said *s, uint64_t stamp)
{
    unsigned nth = count_before(r->own, r->own_count - 1, s) + 1;
    for (size_t i = 0; i < r->answer_count; i++) {
        answer *a = &r->answers[i];
        if (a->due || a->type != s->type || a->file_id != s->file_id || a->nth != nth)
            continue;
        a->due = r->now + a->delay;
        uftp_message message;
        uftp_reader reader = {.at = a->bytes + uftp_wire_v5.header_len, .end = a->bytes + a->len};
        assert_int_equal(uftp_wire_v5.message_read(&reader, &message), UFTP_OK);
        uint64_t *echo = stamp_of(&message);
        if (!echo)
            continue;
        *echo = stamp + (uint64_t)a->echo;
        uint8_t again[sizeof a->bytes];
        uftp_writer w = {.at = again, .end = again + sizeof again};
        assert_int_equal(uftp_wire_v5.message_write(&w, &message), UFTP_OK);
        memcpy(a->bytes + uftp_wire_v5.header_len, again, (size_t)(w.at - again));
    }
}

static void take_own(replay *r, const uint8_t *data, size_t len)
{
    uftp_header header;
    uftp_message message;
    uftp_reader reader = {.at = data, .end = data + len};
    assert_int_equal(uftp_wire_v5.header_read(&reader, &header), UFTP_OK);
    assert_int_equal(uftp_wire_v5.message_read(&reader, &message), UFTP_OK);
    if (!is_compared(&message))
        return;
    assert_true(r->own_count < SAID_MAX);
    said s = say(&message);
    r->own[r->own_count++] = s;
    const uint64_t *stamp = stamp_of(&message);
    trigger(r, &s, stamp ? *stamp : 0);
}

static void turn(replay *r)
{
    static uint8_t buffer[UFTP_TRAIN_BYTES_MAX];
    uftp_transmit out = {.data = buffer, .capacity = sizeof buffer};
    while (uftp_sender_poll_transmit(r->sender, r->now, &out) > 0) {
        for (size_t at = 0; at < out.len; at += out.segment_len)
            take_own(r, buffer + at,
                     out.len - at < out.segment_len ? out.len - at : out.segment_len);
        out = (uftp_transmit){.data = buffer, .capacity = sizeof buffer};
    }
    uftp_event event;
    while (uftp_sender_poll_event(r->sender, &event) > 0)
        ;
}

/* The answer that is due first, in the order of the capture; NULL: none. */
static answer *next_answer(replay *r)
{
    answer *first = NULL;
    for (size_t i = 0; i < r->answer_count; i++) {
        answer *a = &r->answers[i];
        if (a->due && a->due != UFTP_NEVER && (!first || a->due < first->due))
            first = a;
    }
    return first;
}

static void play(replay *r)
{
    turn(r);
    for (int guard = 0; guard < 100000; guard++) {
        answer *a = next_answer(r);
        uint64_t deadline = uftp_sender_next_deadline(r->sender);
        if (!a && deadline == UFTP_NEVER)
            return;
        if (a && a->due <= deadline) {
            const uftp_datagram datagram = {.data = a->bytes, .len = a->len, .source = a->from};
            r->now = a->due > r->now ? a->due : r->now;
            a->due = UFTP_NEVER;
            uftp_sender_recv(r->sender, r->now, &datagram, 1);
        } else {
            r->now = deadline > r->now ? deadline : r->now;
            uftp_sender_on_timeout(r->sender, r->now);
        }
        turn(r);
    }
    fail_msg("the session does not end");
}

/* Breaks when our sender announces, sends, repeats or confirms anything else than the captured one
 * did, given the same answers. */
static void our_sender_says_what_the_captured_one_did(void **state)
{
    (void)state;
    replay *r = calloc(1, sizeof *r);
    assert_non_null(r);
    r->manifest = golden_manifest(folder);
    r->uid = golden_uid(r->manifest, "server");
    golden_keylog(folder, &r->keylog);
    read_capture(r);
    fill_source(r);
    read_options(r);
    start_sender(r);
    play(r);
    compare(r);
    for (size_t i = 0; i < r->answer_count; i++)
        assert_true(r->answers[i].due == UFTP_NEVER);
    print_message("%d messages, %d answers\n", (int)r->own_count, (int)r->answer_count);
    uftp_sender_destroy(r->sender);
    assert_int_equal(r->memory.live, 0);
    uftp_sender_options_free(&r->options);
    sim_source_free(&r->source);
    cap_keylog_free(&r->keylog);
    json_decref(r->manifest);
    free(r);
}

int main(int argc, char **argv)
{
    if (argc != 2 || chdir(argv[1]) != 0) { /* lists on the command line lie in the folder */
        fprintf(stderr, "usage: test_sender_replay FOLDER\n");
        return 2;
    }
    folder = argv[1];
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(our_sender_says_what_the_captured_one_did),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
