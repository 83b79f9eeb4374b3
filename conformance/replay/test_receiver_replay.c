/* SPDX-License-Identifier: MIT
 *
 * The receiver in the place of a captured one: it is handed what the sender sent then, at the times
 * of the capture, and has to end with the same files, having said the same things in the same
 * order. Times, sequence numbers and random values apart.
 *
 * Encrypted sessions: keys follow from what the receiver draws. Where the key log has the ephemeral
 * ECDH key of the captured receiver, the core is fed it, and the random number of the captured
 * REGISTER, in place of randomness; it then has to derive the very keys of the log, or its replies
 * do not open. Most logs were written by the sender alone and do not have it, and no receiver can
 * take part in a session without: there the session is decrypted and replayed in clear, which tests
 * all but the handshake. That is tested by the vectors, which have these keys. A session through
 * proxies is replayed in clear as well: the receiver does not take a proxy's keys yet.
 *
 *     test_receiver_replay FOLDER
 */
#include "check.h"
#include "golden.h"
#include "tests/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uftp/receiver.h>

enum { REPLIES_MAX = 400, NAKS_MAX = 64 };

static const char *folder;

/* What one packet of a receiver says, as far as it has to be the same. */
typedef struct reply {
    uint8_t type;
    uint8_t status; /* of COMPLETE */
    bool partial;   /* of FILEINFO_ACK */
    uint16_t file_id, section;
    size_t naks_len;
    uint8_t naks[NAKS_MAX];
} reply;

typedef struct replies {
    size_t count;
    reply items[REPLIES_MAX];
} replies;

typedef struct replay {
    const json_t *manifest;
    const char *node;
    uint32_t uid;
    char path[600];
    cap_keylog keylog;
    replies captured, own;
    uint64_t shutdown_at; /* when the captured one was told to end; 0: never */

    uint8_t random[UFTP_RANDOM_LEN]; /* of its REGISTER */
    uint32_t group;
    test_random stream; /* behind the two values that are known */
    unsigned draws;
    uftp_random source;

    test_memory memory;
    sim_store store;
    uftp_key *key;
    uftp_receiver *receiver;
    cap_tracker *tracker; /* reads what the core hears and says */
    bool in_clear;        /* an encrypted session, replayed in clear */
    cap_check *check;
    uint64_t start, end; /* of the capture */
    uint64_t now;        /* of the core */
} replay;

/* ---- replies ---- */

/* Not compared: what belongs to a handshake that is not replayed; feedback for congestion control,
 * which a receiver gives or spares by a random delay; the second and later of equal refusals, which
 * the reference repeats with each ANNOUNCE and we do not; more than ROBUST REGISTERs in a row,
 * where we stop and the reference goes on until its deadline. */
static bool is_compared(const replay *r, const replies *list, const cap_packet *packet)
{
    uint8_t type = packet->message.type;
    if (r->in_clear && (type == UFTP_MESSAGE_KEYINFO_ACK || type == UFTP_MESSAGE_CLIENT_KEY))
        return false;
    if (type == UFTP_MESSAGE_ABORT && list->count)
        return list->items[list->count - 1].type != UFTP_MESSAGE_ABORT;
    size_t registers = 0;
    while (registers < list->count &&
           list->items[list->count - 1 - registers].type == UFTP_MESSAGE_REGISTER)
        registers++;
    if (type == UFTP_MESSAGE_REGISTER)
        return registers < packet->session->robust;
    return type != UFTP_MESSAGE_CC_ACK;
}

static void add_reply(const replay *r, replies *list, const cap_packet *packet)
{
    if (packet->depth != CAP_DEPTH_MESSAGE)
        fail_msg("a %s does not open", uftp_message_name(packet->header.type));
    if (!is_compared(r, list, packet))
        return;
    assert_true(list->count < REPLIES_MAX);
    reply *added = &list->items[list->count++];
    const uftp_message *m = &packet->message;
    *added = (reply){.type = m->type};
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
    }
}

static bool same_reply(const reply *a, const reply *b)
{
    return a->type == b->type && a->status == b->status && a->partial == b->partial &&
           a->file_id == b->file_id && a->section == b->section && a->naks_len == b->naks_len &&
           memcmp(a->naks, b->naks, a->naks_len) == 0;
}

static void print_replies(const char *whose, const replies *list)
{
    print_message("%s:", whose);
    for (size_t i = 0; i < list->count; i++)
        print_message(" %s(%u/%u/%u)", uftp_message_name(list->items[i].type),
                      list->items[i].file_id, list->items[i].section, list->items[i].status);
    print_message("\n");
}

static void compare_replies(const replay *r)
{
    size_t i = 0;
    while (i < r->own.count && i < r->captured.count &&
           same_reply(&r->own.items[i], &r->captured.items[i]))
        i++;
    if (i == r->own.count && i == r->captured.count)
        return;
    print_replies("captured", &r->captured);
    print_replies("ours", &r->own);
    fail_msg("%s of %s: reply %d differs (%d captured, %d ours)", r->node, r->path, (int)i + 1,
             (int)r->captured.count, (int)r->own.count);
}

/* ---- the capture ---- */

static cap_input *open_capture(const replay *r)
{
    char error[CAP_INPUT_ERROR_MAX] = "";
    cap_input *input = cap_input_open(&(cap_input_config){.path = r->path}, error);
    if (!input)
        fail_msg("%s", error);
    return input;
}

static const cap_keylog_entry *find_scalar(const replay *r)
{
    size_t count;
    return cap_keylog_find(&r->keylog, CAP_KEYLOG_CLIENT_ECDH_PRIVATE, r->group, r->uid, &count);
}

/* The first pass: what the captured receiver said, and what it drew. */
static void read_captured(replay *r)
{
    cap_input *input = open_capture(r);
    cap_tracker *tracker = cap_tracker_new(&r->keylog);
    assert_non_null(tracker);
    cap_frame frame;
    const cap_packet *p;
    bool proxied = false;
    while (cap_input_next(input, &frame) == CAP_NEXT_FRAME) {
        if (r->start == 0)
            r->start = frame.time;
        r->end = frame.time;
        if (!cap_tracker_take(tracker, cap_input_link(input), &frame, &p))
            continue;
        proxied |= p->header.type == UFTP_MESSAGE_PROXY_KEY;
        if (p->header.source != r->uid)
            continue;
        r->group = p->header.group;
        r->in_clear = p->session->encrypted && (proxied || !find_scalar(r));
        add_reply(r, &r->captured, p);
        if (p->message.type == UFTP_MESSAGE_REGISTER)
            memcpy(r->random, p->message.as.registration.random, sizeof r->random);
        static const char farewell[] = "Client shutting down";
        if (p->message.type == UFTP_MESSAGE_ABORT &&
            p->message.as.abort.text.len == sizeof farewell - 1 &&
            memcmp(p->message.as.abort.text.data, farewell, sizeof farewell - 1) == 0)
            r->shutdown_at = p->time;
    }
    cap_tracker_free(tracker);
    cap_input_close(input);
}

/* ---- the core ---- */

/* The first two draws of an encrypted session are its random number and its ECDH scalar. */
static void fill_random(void *ctx, size_t len, uint8_t *out)
{
    replay *r = ctx;
    size_t count = 0;
    const cap_keylog_entry *scalar =
        cap_keylog_find(&r->keylog, CAP_KEYLOG_CLIENT_ECDH_PRIVATE, r->group, r->uid, &count);
    if (scalar && r->draws == 0 && len == sizeof r->random) {
        memcpy(out, r->random, len);
        r->draws = 1;
    } else if (scalar && r->draws == 1 && len == scalar->len) {
        memcpy(out, scalar->value, len);
        r->draws = 2;
    } else {
        r->stream.random.fill(r->stream.random.ctx, len, out);
    }
}

static void load_key(replay *r)
{
    char path[600];
    snprintf(path, sizeof path, "%s/keys/%s.pem", folder, r->node);
    size_t len;
    char *text = test_read_file(path, &len);
    if (!text) /* any key will do where none is asked for */
        text = test_read_file(UFTP_SOURCE_DIR "/proto/tests/keys/ec256.pem", &len);
    assert_non_null(text);
    assert_int_equal(uftp_key_parse_pem(&r->memory.allocator, text, len, &r->key), UFTP_OK);
    free(text);
}

static bool has_option(const replay *r, const char *option)
{
    size_t i, k;
    const json_t *command, *word;
    json_array_foreach(json_object_get(r->manifest, "commands"), i, command)
    {
        if (strcmp(golden_text(command, "node"), r->node) != 0)
            continue;
        json_array_foreach(json_object_get(command, "argv"), k,
                           word) if (strcmp(json_string_value(word), option) == 0) return true;
    }
    return false;
}

/* Files that lay there before the session: their streams are told where they are not their names.
 */
static void preload(replay *r)
{
    size_t i;
    const json_t *file, *all = json_object_get(r->manifest, "preloaded_streams");
    json_array_foreach(json_object_get(all, r->node), i, file)
    {
        const char *path = golden_text(file, "path"), *stream = golden_text(file, "stream");
        const json_t *mtime = json_object_get(file, "mtime");
        golden_put(&r->store, path, *stream ? stream : path,
                   (size_t)json_integer_value(json_object_get(file, "size")),
                   mtime ? (uint64_t)json_integer_value(mtime) : 1700000000);
    }
}

static void start_receiver(replay *r)
{
    static const char *const destinations[] = {"/in"};
    bool temp = has_option(r, "-T");
    test_memory_init(&r->memory);
    test_random_init(&r->stream, 1);
    load_key(r);
    sim_store_init(&r->store, &(sim_store_options){.temp = temp});
    preload(r);
    r->source = (uftp_random){.fill = fill_random, .ctx = r};
    const uftp_receiver_config config = {.memory = &r->memory.allocator,
                                         .random = &r->source,
                                         .store = &r->store.core,
                                         .wall_us = r->start / 1000,
                                         .uid = r->uid,
                                         .key = r->key,
                                         .destinations = destinations,
                                         .destination_count = 1,
                                         .temp_directory = temp,
                                         .encrypted_only = has_option(r, "-E")};
    r->now = UFTP_S(1);
    assert_int_equal(uftp_receiver_create(&config, r->now, &r->receiver), UFTP_OK);
    r->tracker = cap_tracker_new(&r->keylog);
    r->check = cap_check_new();
    assert_true(r->tracker && r->check);
}

/* A datagram in an IPv4 packet, for the tracker and the rules to look at like any other. */
static const cap_packet *track(replay *r, const uint8_t *data, size_t len, bool checked)
{
    static uint8_t packet[UFTP_DATAGRAM_MAX + 28];
    assert_true(len <= UFTP_DATAGRAM_MAX);
    memset(packet, 0, 28);
    packet[0] = 0x45;
    packet[2] = (uint8_t)((len + 28) >> 8);
    packet[3] = (uint8_t)(len + 28);
    packet[9] = CAP_PROTOCOL_UDP;
    packet[22] = packet[20] = 4; /* port 1044 */
    packet[23] = packet[21] = 20;
    packet[24] = (uint8_t)((len + 8) >> 8);
    packet[25] = (uint8_t)(len + 8);
    memcpy(packet + 28, data, len);
    const cap_frame frame = {.time = r->start + r->now - UFTP_S(1), .bytes = {packet, len + 28}};
    const cap_packet *p;
    assert_true(cap_tracker_take(r->tracker, CAP_LINK_RAW, &frame, &p));
    if (checked)
        cap_check_packet(r->check, p);
    return p;
}

static void hear(replay *r, const uint8_t *data, size_t len)
{
    add_reply(r, &r->own, track(r, data, len, true));
}

static void turn(replay *r)
{
    static uint8_t buffer[UFTP_TRAIN_BYTES_MAX];
    uftp_transmit out = {.data = buffer, .capacity = sizeof buffer};
    while (uftp_receiver_poll_transmit(r->receiver, r->now, &out) > 0) {
        for (size_t at = 0; at < out.len; at += out.segment_len)
            hear(r, buffer + at, out.len - at < out.segment_len ? out.len - at : out.segment_len);
        out = (uftp_transmit){.data = buffer, .capacity = sizeof buffer};
    }
    uftp_event event;
    while (uftp_receiver_poll_event(r->receiver, &event) > 0)
        ;
}

static void advance(replay *r, uint64_t to)
{
    for (uint64_t next; (next = uftp_receiver_next_deadline(r->receiver)) <= to;) {
        r->now = next > r->now ? next : r->now;
        uftp_receiver_on_timeout(r->receiver, r->now);
        turn(r);
    }
    r->now = to > r->now ? to : r->now;
}

static uint64_t core_time(const replay *r, uint64_t time)
{
    return UFTP_S(1) + (time > r->start ? time - r->start : 0);
}

/* What the sender would have sent in a session without encryption. */
static size_t write_clear(const cap_packet *p, uint8_t *out, size_t capacity)
{
    static uint8_t uids[UFTP_DATAGRAM_MAX];
    uftp_message message = p->message;
    if (message.type == UFTP_MESSAGE_ANNOUNCE) {
        message.as.announce.encrypted = false;
    } else if (message.type == UFTP_MESSAGE_KEYINFO) {
        size_t count = p->message.as.keyinfo.entry_count;
        for (size_t i = 0; i < count; i++)
            memcpy(uids + 4 * i, p->message.as.keyinfo.entries + i * UFTP_KEYINFO_ENTRY_LEN, 4);
        message = (uftp_message){.type = UFTP_MESSAGE_REG_CONF,
                                 .as.reg_conf.clients = {.bytes = uids, .count = count}};
    }
    uftp_header header = p->header;
    header.type = message.type;
    header.source = p->session->server; /* a proxy spoke for it */
    uftp_writer w = {.at = out, .end = out + capacity};
    assert_int_equal(p->wire->header_write(&w, &header), UFTP_OK);
    assert_int_equal(p->wire->message_write(&w, &message), UFTP_OK);
    return (size_t)(w.at - out);
}

static void deliver(replay *r, const cap_packet *p)
{
    static uint8_t bytes[UINT16_MAX];
    size_t len = p->bytes.len;
    if (r->in_clear)
        len = write_clear(p, bytes, sizeof bytes);
    else
        memcpy(bytes, p->bytes.data, len);
    (void)track(r, bytes, len, p->peer->is_server); /* a proxy's number is not the sender's */
    const uftp_datagram datagram = {.data = bytes,
                                    .len = len,
                                    .source = p->source,
                                    .destination = p->destination,
                                    .interface_index = 1,
                                    .tos = p->tos};
    uftp_receiver_recv(r->receiver, r->now, &datagram, 1);
    turn(r);
}

/* Whether the node heard it: multicast, or sent to it alone. */
static bool is_for(const replay *r, const cap_packet *p)
{
    const json_t *nodes = json_object_get(r->manifest, "nodes");
    const char *ip = golden_text(json_object_get(nodes, r->node), "ip");
    uftp_address host = p->destination;
    char text[UFTP_ADDRESS_TEXT_MAX];
    host.port = 0;
    return uftp_address_is_multicast(&host) || strcmp(uftp_address_format(&host, text), ip) == 0;
}

/* The sender's, or the KEYINFO of a proxy in its place. */
static bool is_from_server(const replay *r, const cap_packet *p)
{
    return p->peer->is_server ||
           (r->in_clear && p->header.type == UFTP_MESSAGE_KEYINFO && p->header.source != r->uid);
}

static void play(replay *r)
{
    cap_input *input = open_capture(r);
    cap_tracker *reader = cap_tracker_new(&r->keylog);
    assert_non_null(reader);
    cap_frame frame;
    const cap_packet *p;
    while (cap_input_next(input, &frame) == CAP_NEXT_FRAME) {
        if (r->shutdown_at && frame.time >= r->shutdown_at) {
            advance(r, core_time(r, r->shutdown_at));
            uftp_receiver_shutdown(r->receiver, r->now);
            turn(r);
            break;
        }
        if (!cap_tracker_take(reader, cap_input_link(input), &frame, &p) || !p->peer ||
            !is_from_server(r, p) || !is_for(r, p))
            continue;
        advance(r, core_time(r, frame.time));
        deliver(r, p);
    }
    if (!r->shutdown_at)
        advance(r, core_time(r, r->end));
    cap_tracker_free(reader);
    cap_input_close(input);
}

/* ---- one receiver ---- */

static void compare_files(replay *r)
{
    size_t i, listed = 0;
    const json_t *object;
    const json_t *expected = json_object_get(json_object_get(r->manifest, "expected"), r->node);
    json_array_foreach(json_object_get(expected, "files"), i, object)
    {
        golden_compare(sim_store_find(&r->store, 0, golden_text(object, "path")), object);
        listed += !strchr(golden_text(object, "path"), '/');
    }
    assert_int_equal(r->store.roots[0]->count, listed); /* and nothing else */
}

static void check_rules(const replay *r)
{
    if (cap_check_broken(r->check) == 0)
        return;
    cap_writer w = {.out = stdout, .first = true};
    cap_check_write(r->check, &w);
    fail_msg("%s of %s: our replies break rules", r->node, r->path);
}

static void replay_node(const json_t *manifest, const char *node)
{
    replay *r = calloc(1, sizeof *r);
    assert_non_null(r);
    r->manifest = manifest;
    r->node = node;
    r->uid = golden_uid(manifest, node);
    golden_keylog(folder, &r->keylog);
    char own[80];
    snprintf(own, sizeof own, "at-%.60s.pcap", node);
    const json_t *captures = json_object_get(manifest, "captures");
    snprintf(r->path, sizeof r->path, "%s/%s", folder,
             json_object_get(captures, own)            ? own
             : json_object_get(captures, "net-b.pcap") ? "net-b.pcap" /* behind a proxy */
                                                       : "session.pcap");
    read_captured(r);
    start_receiver(r);
    play(r);
    compare_replies(r);
    check_rules(r);
    uftp_receiver_destroy(r->receiver);
    compare_files(r);
    print_message("%s: %d replies%s\n", node, (int)r->own.count,
                  r->in_clear ? ", replayed in clear"
                  : r->draws  ? ", keys as captured"
                              : "");
    cap_check_free(r->check);
    cap_tracker_free(r->tracker);
    cap_keylog_free(&r->keylog);
    sim_store_free(&r->store);
    uftp_key_free(r->key);
    assert_int_equal(r->memory.live, 0);
    free(r);
}

/* Breaks when our receiver answers anything else than the captured one did, or more, or less. */
static void our_receivers_say_and_keep_what_the_captured_ones_did(void **state)
{
    (void)state;
    json_t *manifest = golden_manifest(folder);
    const char *node;
    const json_t *described;
    int replayed = 0;
    json_object_foreach(json_object_get(manifest, "nodes"), node, described)
    {
        if (strcmp(golden_text(described, "role"), "receiver") != 0)
            continue;
        replay_node(manifest, node);
        replayed++;
    }
    assert_true(replayed > 0);
    json_decref(manifest);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: test_receiver_replay FOLDER\n");
        return 2;
    }
    folder = argv[1];
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(our_receivers_say_and_keep_what_the_captured_ones_did),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
