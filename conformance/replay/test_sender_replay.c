/* SPDX-License-Identifier: MIT
 *
 * The sender in the place of a captured one: with the same command line and files it is handed what
 * the receivers said then, and has to say the same things in the same order: what it announces,
 * which blocks it sends and sends again, whom it asks and whom it confirms. FILESEG data included.
 *
 * A receiver's packet answers something. It is handed over when our sender has sent the message it
 * answers in the capture, as much later as it came then, with the echoed timestamp moved by the
 * same distance: so small differences in pace do not add up to other sessions.
 *
 * Encrypted sessions (rules.h, standin_clients.h):
 *
 *   full    the sender draws what the captured one drew (ECDH scalar, random number, group master)
 *           and has its key: every key is the captured one, and the receivers' proofs are theirs
 *   opened  its scalar or its key was not kept: the receivers do their share of the handshake anew
 *
 *     test_sender_replay FOLDER [KIND]
 *
 * With KIND it fails when that is not how the session is replayed.
 */
#include "captured_sender.h"
#include "engine/random.h"
#include "known_random.h"
#include "own_packets.h"
#include "standin_clients.h"
#include "uftp/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uftp/sender.h>
#include <unistd.h>

enum { CAPTURE_NAME_MAX = 300 };

static const char *folder, *wanted_kind, *capture, *capture_shown;

typedef struct replay {
    cap_keylog keylog;
    json_t *manifest;
    captured_sender captured;
    replay_kind kind;
    unsigned run; /* the sender's, from 0 */

    uftp_sender_options options;
    uftp_member members[SAID_UIDS_MAX];
    ordered_source source;
    test_memory memory;
    known_random random;
    uftp_key *key;
    uftp_sender *sender;
    uint64_t now;
    own_packets packets;
    standin_clients clients;
    size_t interrupt_at; /* so many messages were said when the captured sender was interrupted */
    bool interrupted;

    size_t own_count;
    said own[SAID_MAX];
} replay;

/* ---- the core ---- */

static void fill_source(replay *r)
{
    size_t i;
    const json_t *object;
    json_array_foreach(json_object_get(r->manifest, "sent"), i, object)
    {
        char path[400];
        sim_source *files = &r->source.files;
        const char *type = golden_text(object, "type"), *name = golden_text(object, "path");
        snprintf(path, sizeof path, "send/%s", name);
        if (strcmp(type, "dir") == 0) {
            sim_source_dir(files, path);
        } else if (strcmp(type, "link") == 0) {
            sim_source_link(files, path, golden_text(object, "to"));
        } else if (json_is_true(json_object_get(object, "generated"))) { /* by the simulator */
            uint64_t size = (uint64_t)json_integer_value(json_object_get(object, "size"));
            sim_source_generated(files, path, sim_mix(size + 1), size,
                                 (uint64_t)json_integer_value(json_object_get(object, "mtime")));
        } else {
            const char *stream = golden_text(object, "stream");
            size_t size = (size_t)json_integer_value(json_object_get(object, "size"));
            uint8_t *bytes = golden_content(*stream ? stream : name, size);
            sim_source_file(files, path, bytes, size,
                            (uint64_t)json_integer_value(json_object_get(object, "mtime")));
            free(bytes);
        }
    }
}

/* The command of one run of the captured sender. */
static const json_t *sender_command(const replay *r, unsigned run)
{
    size_t i;
    const json_t *command;
    json_array_foreach(json_object_get(r->manifest, "commands"), i, command)
    {
        if (strcmp(golden_text(command, "program"), "uftp") == 0 && run-- == 0)
            return json_object_get(command, "argv");
    }
    return NULL;
}

/* The options of a captured command line, in the words of our own program. */
static void parse_options(uftp_sender_options *options, const json_t *words, bool v4)
{
    static char *argv[64];
    int argc = 0;
    size_t k;
    const json_t *word;
    argv[argc++] = "uftp";
    json_array_foreach(words, k, word)
    {
        assert_true(argc < 58);
        argv[argc++] = (char *)(uintptr_t)json_string_value(word);
    }
    if (v4) {
        argv[argc++] = "--wire";
        argv[argc++] = "4";
        argv[argc++] = "--legacy-crypto";
    }
    uftp_failure failure = {0};
    if (uftp_sender_options_parse(options, argc, argv, &failure) ||
        (!options->restart_path && uftp_sender_options_load(options, &failure)))
        fail_msg("%s", failure.text);
}

/* A restarted session sends what the first one sent, to those that it announces. */
static void continue_session(const replay *r, uftp_sender_config *config,
                             uftp_sender_options *first)
{
    parse_options(first, sender_command(r, 0), r->captured.wire == &uftp_wire_v4);
    config->instance = r->captured.instance;
    config->operands = (const char *const *)first->operands.items;
    config->operand_count = first->operands.count;
    config->members = r->members;
    config->member_count = r->captured.member_count;
}

static void fill_crypto(replay *r, uftp_sender_config *config)
{
    const uftp_enc_info *info = &r->captured.announce.enc_info;
    config->plain = !r->captured.encrypted;
    if (config->plain) {
        config->client_auth = false;
        config->key = NULL;
        return;
    }
    config->client_auth = info->client_auth;
    config->cipher = info->cipher;
    config->hash = info->hash;
    if (!r->captured.rsa)
        config->ecdh_curve = r->captured.curve;
    config->key_exchange = info->key_exchange;
    config->sigtype = info->sigtype;
    config->key = r->key;
    config->key_log = &r->packets.key_log;
}

static void fill_addresses(const replay *r, uftp_sender_config *config)
{
    config->public_address = r->captured.announce.public_address;
    config->private_address = r->captured.announce.private_address;
    if (!uftp_address_is_zero(&config->public_address))
        return; /* a unicast session does not say: */
    const json_t *nodes = json_object_get(r->manifest, "nodes");
    unsigned b[4];
    assert_int_equal(sscanf(golden_text(json_object_get(nodes, "r1"), "ip"), "%u.%u.%u.%u", &b[0],
                            &b[1], &b[2], &b[3]),
                     4);
    config->public_address =
        uftp_address_ipv4((uint8_t)b[0], (uint8_t)b[1], (uint8_t)b[2], (uint8_t)b[3], 1044);
}

static void start_sender(replay *r)
{
    uftp_sender_options *o = &r->options, first = {0};
    parse_options(o, sender_command(r, r->run), r->captured.wire == &uftp_wire_v4);
    uftp_sender_config config = o->core;
    config.memory = &r->memory.allocator;
    config.random = &r->random.random;
    config.source = &r->source.core;
    config.wall_us = r->captured.wall_us;
    config.uid = r->captured.uid;
    config.group = r->captured.group;
    config.version = r->captured.wire == &uftp_wire_v4 ? 4 : 5;
    fill_addresses(r, &config);
    fill_crypto(r, &config);
    config.members = o->members.items;
    config.member_count = o->members.count;
    config.operands = (const char *const *)o->operands.items;
    config.operand_count = o->operands.count;
    config.destination_name = o->destination_name;
    if (o->restart_path)
        continue_session(r, &config, &first);
    r->now = UFTP_S(1);
    assert_int_equal(uftp_sender_create(&config, r->now, &r->sender), UFTP_OK);
    uftp_sender_options_free(&first);
}

/* ---- what the captured sender drew ---- */

static const cap_keylog_entry *find_secret(const replay *r, cap_keylog_label label)
{
    size_t count;
    return cap_keylog_find(&r->keylog, label, r->captured.group, r->captured.uid, &count);
}

static void choose_kind(replay *r)
{
    const cap_keylog_entry *scalar = find_secret(r, CAP_KEYLOG_SERVER_ECDH_PRIVATE);
    const cap_keylog_entry *master = find_secret(r, CAP_KEYLOG_GROUP_MASTER);
    known_random_init(&r->random, 1);
    r->kind = REPLAY_FULL;
    if (r->captured.encrypted) {
        r->key = golden_key(folder, "server", &r->memory.allocator);
        r->kind = r->key && master && (scalar || r->captured.rsa) ? REPLAY_FULL : REPLAY_OPENED;
        if (!r->key)
            r->key = golden_any_key(&r->memory.allocator);
    }
    if (wanted_kind && strcmp(wanted_kind, replay_kind_name(r->kind)) != 0)
        replay_broken(REPLAY_RULE_REPLAY_KIND, capture_shown, 0, "replayed %s, not %s",
                      replay_kind_name(r->kind), wanted_kind);
    if (!r->captured.encrypted || r->kind != REPLAY_FULL)
        return;
    bool v4 = r->captured.wire == &uftp_wire_v4; /* its master begins with the version */
    if (!r->captured.rsa)
        known_random_add(&r->random, scalar->value, scalar->len);
    known_random_add(&r->random, r->captured.random, sizeof r->captured.random);
    known_random_add(&r->random, master->value + v4, (size_t)(master->len - v4));
}

/* ---- the session ---- */

/* Our sender has said something: whoever answered it may do so now. */
static void trigger(replay *r, const said *s, uint64_t stamp)
{
    unsigned nth = captured_count(r->own, r->own_count - 1, s) + 1;
    for (size_t i = 0; i < r->captured.answer_count; i++) {
        answer *a = &r->captured.answers[i];
        if (a->due || a->type != s->type || a->file_id != s->file_id || a->nth != nth)
            continue;
        a->due = a->lost ? UFTP_NEVER : r->now + a->delay;
        a->stamp_us = stamp + (uint64_t)a->echo;
    }
}

static uint64_t capture_time(const replay *r)
{
    return r->captured.start + r->now - UFTP_S(1);
}

static void take_own(replay *r, const uint8_t *data, size_t len)
{
    const cap_packet *p = own_packets_take(&r->packets, capture_time(r), data, len, true);
    if (p->depth != CAP_DEPTH_MESSAGE)
        fail_msg("a %s of ours does not open", uftp_message_name(p->header.type));
    uftp_message message = p->message;
    if (r->captured.encrypted)
        standin_clients_hear(&r->clients, p);
    said s;
    if (!said_read(&message, &s))
        return;
    assert_true(r->own_count < SAID_MAX);
    r->own[r->own_count++] = s;
    const uint64_t *stamp = captured_stamp(&message);
    trigger(r, &s, stamp ? *stamp : 0);
}

/* One packet at a time: an interrupt comes between two. */
static void turn(replay *r)
{
    static uint8_t buffer[UFTP_DATAGRAM_MAX];
    uftp_event event;
    for (;;) {
        if (r->interrupt_at && !r->interrupted && r->own_count == r->interrupt_at) {
            r->interrupted = true;
            uftp_sender_interrupt(r->sender, r->now);
        }
        uftp_transmit out = {.data = buffer, .capacity = sizeof buffer};
        if (uftp_sender_poll_transmit(r->sender, r->now, &out) <= 0)
            break;
        for (size_t at = 0; at < out.len; at += out.segment_len)
            take_own(r, buffer + at,
                     out.len - at < out.segment_len ? out.len - at : out.segment_len);
    }
    while (uftp_sender_poll_event(r->sender, &event) > 0)
        ;
}

/* The answer that is due first, in the order of the capture; NULL: none. */
static answer *next_answer(replay *r)
{
    answer *first = NULL;
    for (size_t i = 0; i < r->captured.answer_count; i++) {
        answer *a = &r->captured.answers[i];
        if (a->due && a->due != UFTP_NEVER && (!first || a->due < first->due))
            first = a;
    }
    return first;
}

static void hand_over(replay *r, answer *a)
{
    uint8_t bytes[UFTP_DATAGRAM_MAX];
    uftp_message message;
    uftp_reader reader = {.at = a->bytes, .end = a->bytes + a->len};
    assert_int_equal(a->wire->message_read(&reader, &message), UFTP_OK);
    uint64_t *echo = captured_stamp(&message);
    if (echo)
        *echo = a->stamp_us;
    const standin_words words = {.wire = a->wire,
                                 .header = a->header,
                                 .message = &message,
                                 .sealed = a->sealed,
                                 .counter = a->counter};
    size_t len = standin_clients_write(&r->clients, &words, bytes, sizeof bytes);
    (void)own_packets_take(&r->packets, capture_time(r), bytes, len, false);
    const uftp_datagram datagram = {.data = bytes, .len = len, .source = a->from};
    a->due = UFTP_NEVER;
    a->heard_at = r->own_count;
    uftp_sender_recv(r->sender, r->now, &datagram, 1);
}

static void play(replay *r)
{
    turn(r);
    for (int guard = 0; guard < 100000; guard++) {
        answer *a = next_answer(r);
        uint64_t deadline = uftp_sender_next_deadline(r->sender);
        if (!a && deadline == UFTP_NEVER)
            return;
        /* At one instant, as only a simulator has: in the order of the capture. */
        if (a && (a->due < deadline || (a->due == deadline && a->after <= r->own_count))) {
            r->now = a->due > r->now ? a->due : r->now;
            hand_over(r, a);
        } else {
            r->now = deadline > r->now ? deadline : r->now;
            uftp_sender_on_timeout(r->sender, r->now);
        }
        turn(r);
    }
    fail_msg("the session does not end");
}

static void compare(replay *r)
{
    const captured_sender *c = &r->captured;
    said_compare(c->said, c->said_count, r->own, r->own_count, capture_shown);
    for (size_t i = 0; i < c->answer_count; i++)
        if (c->answers[i].due != UFTP_NEVER)
            replay_broken(REPLAY_RULE_REPLIES_HEARD, capture_shown, c->answers[i].number,
                          "not heard");
    own_packets_expect_kept(&r->packets, capture_shown, "sender");
}

/* Where somebody interrupted the captured sender. */
static size_t find_interrupt(const replay *r)
{
    size_t i;
    const json_t *what;
    bool interrupted = false;
    json_array_foreach(json_object_get(r->manifest, "interventions"), i, what) interrupted |=
        strcmp(golden_text(what, "do"), "signal") == 0 &&
        strcmp(golden_text(what, "id"), "server") == 0;
    for (i = 0; interrupted && i < r->captured.said_count; i++)
        if (r->captured.said[i].type == UFTP_MESSAGE_ABORT)
            return i;
    return 0;
}

/* ---- answers that did not arrive ----
 *
 * A capture beside the sender's network shows what receivers sent, not what was lost on its way.
 * The sender then asks again, and that tells: where a session that is replayed with all answers
 * goes another way than the captured one, one of the answers before that point did not arrive. It
 * is the one without which the session follows the captured one furthest. No more may be found this
 * way than the manifest counts. */

enum { LOSSES_MAX = 20, SUSPECTS = 12 };

typedef struct losses {
    size_t count, most;
    size_t answers[LOSSES_MAX]; /* indices */
} losses;

/* Packets that were dropped towards the sender. A restarted sender of the reference does not hear a
 * STATUS that comes at once after its DONE (spec v5 trap 57), for each receiver that restarts. */
static size_t losses_counted(const json_t *manifest, unsigned run)
{
    size_t i, sum = 0;
    const json_t *where;
    json_array_foreach(json_object_get(manifest, "loss"), i,
                       where) if (strcmp(golden_text(where, "direction"), "up") == 0) sum +=
        (size_t)json_integer_value(json_object_get(where, "dropped_packets"));
    return sum + run;
}

typedef struct outcome {
    bool found; /* the captured sender ran so often */
    size_t same, captured_count, own_count;
    size_t heard_count;
    size_t heard[ANSWERS_MAX]; /* answers that were handed over before the two went apart */
} outcome;

static void begin(replay *r, json_t *manifest, unsigned run)
{
    r->manifest = manifest;
    r->run = run;
    r->captured.instance = (uint8_t)run;
    golden_keylog(folder, &r->keylog);
    ordered_source_init(&r->source, "send");
    captured_sender_read(&r->captured, capture, &r->keylog, &r->source);
}

static void run_session(replay *r, const losses *lost)
{
    for (size_t i = 0; i < lost->count; i++)
        r->captured.answers[lost->answers[i]].lost = true;
    for (size_t i = 0; i < r->captured.member_count; i++)
        r->members[i].uid = r->captured.members[i];
    fill_source(r);
    test_memory_init(&r->memory);
    choose_kind(r);
    own_packets_init(&r->packets, folder);
    standin_clients_open(&r->clients, r->kind, &r->keylog, folder, r->manifest);
    start_sender(r);
    r->interrupt_at = find_interrupt(r);
    play(r);
}

static void end_session(replay *r)
{
    uftp_sender_destroy(r->sender);
    standin_clients_close(&r->clients);
    uftp_key_free(r->key);
    own_packets_free(&r->packets);
    assert_int_equal(r->memory.live, 0);
}

static void end(replay *r)
{
    uftp_sender_options_free(&r->options);
    ordered_source_free(&r->source);
    cap_keylog_free(&r->keylog);
    free(r);
}

/* What was found to be lost is what was dropped, receiver by receiver. */
static void compare_losses(const replay *r)
{
    size_t i, k;
    const json_t *where;
    json_array_foreach(json_object_get(r->manifest, "loss"), i, where)
    {
        const char *host = golden_text(where, "host");
        int dropped = (int)json_integer_value(json_object_get(where, "dropped_packets")), found = 0;
        if (strcmp(golden_text(where, "direction"), "up") != 0)
            continue;
        for (k = 0; k < r->captured.answer_count; k++)
            found += r->captured.answers[k].lost &&
                     r->captured.answers[k].header.source == golden_uid(r->manifest, host);
        if (found != dropped)
            replay_broken(REPLAY_RULE_LOSSES_COUNTED, capture_shown, 0,
                          "%s: %d, the manifest has %d", host, found, dropped);
    }
}

/* Plays the session once. `report`: a difference fails. */
static outcome attempt(json_t *manifest, unsigned run, const losses *lost, bool report)
{
    replay *r = calloc(1, sizeof *r);
    assert_non_null(r);
    begin(r, manifest, run);
    const captured_sender *c = &r->captured;
    outcome out = {.found = c->found};
    if (c->found) {
        run_session(r, lost);
        if (report) {
            compare(r);
            compare_losses(r);
        }
        out.captured_count = c->said_count;
        out.own_count = r->own_count;
        out.same = said_same(c->said, c->said_count, r->own, r->own_count);
        for (size_t i = 0; i < c->answer_count; i++)
            if (!c->answers[i].lost && c->answers[i].heard_at && c->answers[i].heard_at <= out.same)
                out.heard[out.heard_count++] = i;
        if (report)
            print_message("%d messages, %d answers, %d of them lost, %s\n", (int)r->own_count,
                          (int)c->answer_count, (int)lost->count, replay_kind_name(r->kind));
        end_session(r);
    }
    end(r);
    return out;
}

static bool is_whole(const outcome *o)
{
    return o->same == o->captured_count && o->same == o->own_count;
}

static void keep_furthest(json_t *manifest, unsigned run, const losses *with, losses *best,
                          outcome *furthest)
{
    outcome o = attempt(manifest, run, with, false);
    if (o.same > furthest->same || (is_whole(&o) && !is_whole(furthest))) {
        *furthest = o;
        *best = *with;
    }
}

/* One answer more that did not arrive, or two at once; false: neither makes the session follow
 * further. */
static bool find_loss(json_t *manifest, unsigned run, losses *lost, outcome *at)
{
    outcome furthest = *at;
    losses best = *lost;
    size_t suspects = at->heard_count < SUSPECTS ? at->heard_count : SUSPECTS;
    const size_t *last = &at->heard[at->heard_count];
    for (size_t pair = 0; pair < 2 && best.count == lost->count; pair++)
        for (size_t i = 1; i <= suspects; i++)
            for (size_t k = pair ? 1 : i; k <= (pair ? i - 1 : i); k++) {
                losses with = *lost;
                with.answers[with.count++] = *(last - i);
                if (pair)
                    with.answers[with.count++] = *(last - k);
                if (with.count <= with.most)
                    keep_furthest(manifest, run, &with, &best, &furthest);
            }
    bool found = best.count > lost->count;
    *lost = best;
    *at = furthest;
    return found;
}

/* False: the sender did not run so often. */
static bool replay_run(json_t *manifest, unsigned run)
{
    losses lost = {.most = losses_counted(manifest, run)};
    assert_true(lost.most <= LOSSES_MAX);
    if (lost.most > 0) {
        outcome o = attempt(manifest, run, &lost, false);
        while (o.found && !is_whole(&o) && lost.count < lost.most)
            if (!find_loss(manifest, run, &lost, &o))
                break;
    }
    return attempt(manifest, run, &lost, true).found;
}

/* Breaks when our sender announces, sends, repeats or confirms anything else than the captured one
 * did, given the same answers. */
static void our_sender_says_what_the_captured_one_did(void **state)
{
    (void)state;
    json_t *manifest = golden_manifest(folder);
    unsigned run = 0;
    while (replay_run(manifest, run))
        run++;
    assert_true(run > 0);
    json_decref(manifest);
}

int main(int argc, char **argv)
{
    static char here[CAPTURE_NAME_MAX + 20];
    if ((argc != 2 && argc != 3) || strlen(argv[1]) > CAPTURE_NAME_MAX) {
        fprintf(stderr, "usage: test_sender_replay FOLDER [full|opened]\n");
        return 2;
    }
    replay_command(argc, argv);
    snprintf(here, sizeof here, "%s/session.pcap", argv[1]);
    capture_shown = here;
    if (chdir(argv[1]) != 0) { /* lists on the command line lie in the folder */
        perror(argv[1]);
        return 2;
    }
    folder = ".";
    capture = "session.pcap";
    wanted_kind = argc == 3 ? argv[2] : NULL;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(our_sender_says_what_the_captured_one_did),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
