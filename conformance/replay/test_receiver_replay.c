/* SPDX-License-Identifier: MIT
 *
 * The receiver in the place of a captured one: it is handed what the sender sent then, at the times
 * of the capture, and has to end with the same files, having said the same things in the same
 * order. Times, sequence numbers and random values apart.
 *
 * Encrypted sessions are replayed as far as the private values of the captured programs are known
 * (rules.h, docs/captures.md):
 *
 *   full    the receiver draws what the captured one drew (random number, ECDH scalar or premaster)
 *           and is handed the very packets: same keys, same proof
 *   opened  its scalar was not logged, but the sender's was: the receiver has a key of its own, and
 *           a stand-in for the sender does its share of the handshake with it
 *   plain   neither is known: decrypted, and replayed in clear
 *
 *     test_receiver_replay FOLDER [KIND]
 *
 * With KIND it fails when that is not how the session is replayed.
 */
#include "golden.h"
#include "known_random.h"
#include "own_packets.h"
#include "replies.h"
#include "standin_server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uftp/receiver.h>

static const char *folder, *wanted_kind;

typedef struct replay {
    const json_t *manifest;
    const char *node;
    uint32_t uid;
    char path[600];
    cap_keylog keylog;
    replies captured, own;
    uint64_t shutdown_at; /* when the captured one was told to end; 0: never */

    uint32_t group;
    known_random random; /* what the captured one drew */
    own_packets said;    /* of the core, and what it heard */

    test_memory memory;
    sim_store store;
    uftp_key *key;
    uftp_receiver *receiver;
    cap_tracker *tracker;    /* reads what the core hears and says */
    standin_server *standin; /* OPENED: speaks for the sender */
    bool encrypted, rsa;
    uint8_t version;        /* of the wire */
    uint32_t server, proxy; /* proxy: that has keys for the receivers, 0: none */
    replay_kind kind;
    uint64_t start, end; /* of the capture */
    uint64_t now;        /* of the core */
} replay;

/* ---- the capture ---- */

static cap_input *open_capture(const replay *r)
{
    char error[CAP_INPUT_ERROR_MAX] = "";
    cap_input *input = cap_input_open(&(cap_input_config){.path = r->path}, error);
    if (!input)
        fail_msg("%s", error);
    return input;
}

static const cap_keylog_entry *find_secret(const replay *r, cap_keylog_label label, uint32_t uid)
{
    size_t count;
    return cap_keylog_find(&r->keylog, label, r->group, uid, &count);
}

/* What the captured receiver drew beside its random number; NULL: nobody knows. */
static const cap_keylog_entry *find_drawn(const replay *r)
{
    return find_secret(r, r->rsa ? CAP_KEYLOG_PREMASTER : CAP_KEYLOG_CLIENT_ECDH_PRIVATE, r->uid);
}

static replay_kind choose_kind(const replay *r)
{
    if (!r->encrypted)
        return REPLAY_FULL;
    if (find_drawn(r) && (!r->proxy || r->version == uftp_wire_v5.version))
        return REPLAY_FULL;
    return !r->proxy && find_secret(r, CAP_KEYLOG_SERVER_ECDH_PRIVATE, r->server) ? REPLAY_OPENED
                                                                                  : REPLAY_PLAIN;
}

static bool says_farewell(const cap_packet *p)
{
    static const char farewell[] = "Client shutting down";
    return p->message.type == UFTP_MESSAGE_ABORT &&
           p->message.as.abort.text.len == sizeof farewell - 1 &&
           memcmp(p->message.as.abort.text.data, farewell, sizeof farewell - 1) == 0;
}

typedef void packet_taker(replay *r, const cap_packet *packet);

static void each_packet(replay *r, packet_taker *take)
{
    cap_input *input = open_capture(r);
    cap_tracker *tracker = cap_tracker_new(&r->keylog);
    assert_non_null(tracker);
    cap_frame frame;
    const cap_packet *p;
    while (cap_input_next(input, &frame) == CAP_NEXT_FRAME) {
        if (r->start == 0)
            r->start = frame.time;
        r->end = frame.time;
        if (cap_tracker_take(tracker, cap_input_link(input), &frame, &p))
            take(r, p);
    }
    cap_tracker_free(tracker);
    cap_input_close(input);
}

/* The first pass: what kind of session it is. */
static void learn(replay *r, const cap_packet *p)
{
    if (p->header.type == UFTP_MESSAGE_PROXY_KEY)
        r->proxy = p->header.source;
    if (p->header.type == UFTP_MESSAGE_ANNOUNCE) {
        const uftp_announce *announce = &p->message.as.announce;
        r->group = p->header.group;
        r->encrypted = announce->encrypted;
        r->rsa = announce->encrypted && announce->enc_info.ecdh_key.len == 0;
        r->server = p->header.source;
        r->version = p->header.version;
    }
}

/* The second: what the captured receiver said, and what it drew. */
static void take_captured(replay *r, const cap_packet *p)
{
    if (p->header.source != r->uid || !p->session) /* KEY_REQ is of no session */
        return;
    if (p->message.type == UFTP_MESSAGE_REGISTER && r->kind == REPLAY_FULL && r->encrypted &&
        r->random.count == 0) {
        const cap_keylog_entry *drawn = find_drawn(r);
        known_random_add(&r->random, p->message.as.registration.random, UFTP_RANDOM_LEN);
        known_random_add(&r->random, drawn->value, drawn->len);
    }
    replies_add(&r->captured, p);
    if (says_farewell(p))
        r->shutdown_at = p->time;
}

static void read_captured(replay *r)
{
    each_packet(r, learn);
    r->kind = choose_kind(r);
    if (wanted_kind && strcmp(wanted_kind, replay_kind_name(r->kind)) != 0)
        replay_broken(REPLAY_RULE_REPLAY_KIND, r->path, 0, "%s: replayed %s, not %s", r->node,
                      replay_kind_name(r->kind), wanted_kind);
    r->captured.kind = r->own.kind = r->encrypted ? r->kind : REPLAY_PLAIN;
    known_random_init(&r->random, 1);
    /* One that waits for longer than the captured one could hear that it is confirmed before it has
     * registered. */
    r->random.no_delays = true;
    each_packet(r, take_captured);
}

/* ---- the core ---- */

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
    r->key = golden_key(folder, r->node, &r->memory.allocator);
    if (!r->key) /* any key will do where none is asked for */
        r->key = golden_any_key(&r->memory.allocator);
    sim_store_init(&r->store, &(sim_store_options){.temp = temp});
    preload(r);
    own_packets_init(&r->said, folder);
    const uftp_server_entry server = {.uid = r->server, .proxy = r->proxy};
    const bool proxied = r->proxy && r->kind == REPLAY_FULL && r->encrypted;
    const uftp_receiver_config config = {.memory = &r->memory.allocator,
                                         .random = &r->random.random,
                                         .store = &r->store.core,
                                         .wall_us = r->start / 1000,
                                         .uid = r->uid,
                                         .key = r->key,
                                         .key_log = &r->said.key_log,
                                         .legacy_crypto = true,
                                         .destinations = destinations,
                                         .destination_count = 1,
                                         .servers = proxied ? &server : NULL,
                                         .server_count = proxied,
                                         .temp_directory = temp,
                                         .encrypted_only = has_option(r, "-E")};
    r->now = UFTP_S(1);
    assert_int_equal(uftp_receiver_create(&config, r->now, &r->receiver), UFTP_OK);
    if (r->kind == REPLAY_OPENED) {
        r->standin = calloc(1, sizeof *r->standin);
        assert_non_null(r->standin);
        standin_server_open(r->standin, &r->keylog, folder, r->uid);
    }
}

static const cap_packet *track(replay *r, const uint8_t *data, size_t len, bool checked)
{
    return own_packets_take(&r->said, r->start + r->now - UFTP_S(1), data, len, checked);
}

static void hear(replay *r, const uint8_t *data, size_t len)
{
    const cap_packet *p = track(r, data, len, true);
    replies_add(&r->own, p);
    if (r->standin && !standin_server_hear(r->standin, p))
        replay_broken(REPLAY_RULE_VERIFY_DATA, r->path, 0, "%s: other than the sender's", r->node);
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
    const uint8_t *from = p->bytes.data;
    if (r->standin) {
        uftp_bytes said = standin_server_say(r->standin, p);
        from = said.data;
        len = said.len;
    }
    if (r->kind == REPLAY_PLAIN)
        len = write_clear(p, bytes, sizeof bytes);
    else
        memcpy(bytes, from, len);
    /* A proxy's numbers are not the sender's. */
    (void)track(r, bytes, len, p->peer->is_server || p->header.type == UFTP_MESSAGE_PROXY_KEY);
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

/* The sender's; or a proxy's, in clear only its KEYINFO in the sender's place. */
static bool is_from_server(const replay *r, const cap_packet *p)
{
    return p->peer->is_server ||
           (r->kind == REPLAY_FULL && r->encrypted && p->header.source == r->proxy) ||
           (r->kind == REPLAY_PLAIN && p->header.type == UFTP_MESSAGE_KEYINFO &&
            p->header.source != r->uid);
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
        const char *path = golden_text(object, "path");
        const char *why = golden_differs(sim_store_find(&r->store, 0, path), object);
        if (why)
            replay_broken(REPLAY_RULE_FILES_KEPT, r->path, 0, "%s: %s %s", r->node, path, why);
        listed += !strchr(path, '/');
    }
    if (r->store.roots[0]->count != listed)
        replay_broken(REPLAY_RULE_FILES_KEPT, r->path, 0, "%s: %d names, captured %d", r->node,
                      (int)r->store.roots[0]->count, (int)listed);
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
    replies_compare(&r->captured, &r->own, r->path, r->node);
    own_packets_expect_kept(&r->said, r->path, r->node);
    uftp_receiver_destroy(r->receiver);
    compare_files(r);
    print_message("%s: %d replies, %s\n", node, (int)r->own.count, replay_kind_name(r->kind));
    if (r->standin)
        standin_server_close(r->standin);
    free(r->standin);
    own_packets_free(&r->said);
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
    if (argc != 2 && argc != 3) {
        fprintf(stderr, "usage: test_receiver_replay FOLDER [full|opened|plain]\n");
        return 2;
    }
    folder = argv[1];
    wanted_kind = argc == 3 ? argv[2] : NULL;
    replay_command(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(our_receivers_say_and_keep_what_the_captured_ones_did),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
